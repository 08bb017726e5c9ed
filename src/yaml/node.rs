//! The tree: one shape for input and for manifests.

use std::borrow::Cow;

use crate::source::Span;

/// A value and the place that caused it.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where the user wrote it, or wrote what asked for it.
    pub span: Span,
    /// The value.
    pub value: Value,
}

/// The characters that a plain scalar was written with; none for a value that no file holds.
pub type Written = Option<Box<str>>;

/// A value as Kubernetes sees it.
#[derive(Clone, Debug)]
pub enum Value {
    /// `null`, `~`, or nothing.
    Null,
    /// `true`, `yes`, `on` …
    Bool(bool, Written),
    /// A 64-bit integer.
    Int(i64, Written),
    /// A finite number that is no 64-bit integer.
    Float(f64, Written),
    /// Text.
    Text(Cow<'static, str>),
    /// A list.
    List(Vec<Node>),
    /// A map, in the order written.
    Map(Map),
}

/// A map's key.
#[derive(Clone, Debug)]
pub struct Key {
    /// Its place.
    pub span: Span,
    /// The key after conversion to text.
    pub text: Cow<'static, str>,
}

/// A key and its value.
#[derive(Clone, Debug)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub value: Node,
}

/// Keys are unique; the order is the order written.
#[derive(Clone, Debug, Default)]
pub struct Map {
    /// The entries.
    pub entries: Vec<Entry>,
}

impl Node {
    /// Null.
    pub fn null(span: Span) -> Self {
        Node { span, value: Value::Null }
    }

    /// Text.
    pub fn text(span: Span, text: impl Into<Cow<'static, str>>) -> Self {
        Node { span, value: Value::Text(text.into()) }
    }

    /// A whole number.
    pub fn int(span: Span, number: impl Into<i64>) -> Self {
        Node { span, value: Value::Int(number.into(), None) }
    }

    /// True or false.
    pub fn bool(span: Span, truth: bool) -> Self {
        Node { span, value: Value::Bool(truth, None) }
    }

    /// A list.
    pub fn list(span: Span, items: impl IntoIterator<Item = Node>) -> Self {
        Node { span, value: Value::List(items.into_iter().collect()) }
    }

    /// A map whose keys stand at the map's own place.
    pub fn map<K: Into<Cow<'static, str>>>(span: Span, entries: impl IntoIterator<Item = (K, Node)>) -> Self {
        let mut map = Map::default();
        for (key, value) in entries {
            map.push(Key { span, text: key.into() }, value);
        }
        Node { span, value: Value::Map(map) }
    }

    /// The text, if it is text.
    pub fn as_text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The whole number, if it is one.
    pub fn as_int(&self) -> Option<i64> {
        match self.value {
            Value::Int(number, _) => Some(number),
            _ => None,
        }
    }

    /// The truth, if it is one.
    pub fn as_bool(&self) -> Option<bool> {
        match self.value {
            Value::Bool(truth, _) => Some(truth),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map(&self) -> Option<&Map> {
        match &self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The map, if it is one.
    pub fn as_map_mut(&mut self) -> Option<&mut Map> {
        match &mut self.value {
            Value::Map(map) => Some(map),
            _ => None,
        }
    }

    /// The items; none where it is no list.
    pub fn items(&self) -> &[Node] {
        match &self.value {
            Value::List(items) => items,
            _ => &[],
        }
    }

    /// The entries; none where it is no map.
    pub fn entries(&self) -> &[Entry] {
        self.as_map().map_or(&[], |map| &map.entries)
    }

    /// The value of a key of a map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.as_map().and_then(|map| map.get(key))
    }

    /// The value at the end of a path of keys.
    pub fn at(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// The text at the end of a path of keys.
    pub fn text_at(&self, path: &[&str]) -> Option<&str> {
        self.at(path).and_then(Node::as_text)
    }

    /// A scalar as the characters that the user wrote; none for null, lists and maps.
    pub fn written(&self) -> Option<Cow<'_, str>> {
        match &self.value {
            Value::Text(text) => Some(Cow::Borrowed(text)),
            Value::Bool(_, Some(text)) | Value::Int(_, Some(text)) | Value::Float(_, Some(text)) => {
                Some(Cow::Borrowed(text))
            }
            Value::Bool(truth, None) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
            Value::Int(number, None) => Some(Cow::Owned(number.to_string())),
            Value::Float(number, None) => Some(Cow::Owned(number.to_string())),
            Value::Null | Value::List(_) | Value::Map(_) => None,
        }
    }

    /// What it is, in a user's words.
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "nothing (null)",
            Value::Bool(..) => "true or false",
            Value::Int(..) => "a whole number",
            Value::Float(..) => "a decimal number",
            Value::Text(_) => "text",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// How many nodes a tree has, and how deep they lie: what copies within a tree have to keep in bounds.
    pub fn extent(&self) -> (usize, usize) {
        let children: &mut dyn Iterator<Item = &Node> = match &self.value {
            Value::List(items) => &mut items.iter(),
            Value::Map(map) => &mut map.entries.iter().map(|entry| &entry.value),
            _ => return (1, 1),
        };
        children.map(Node::extent).fold((1, 1), |(nodes, depth), (more, deep)| {
            (nodes.saturating_add(more), depth.max(deep.saturating_add(1)))
        })
    }

    /// Equal but for places and for how numbers were written.
    pub fn same(&self, other: &Node) -> bool {
        match (&self.value, &other.value) {
            (Value::Null, Value::Null) => true,
            (Value::Bool(a, _), Value::Bool(b, _)) => a == b,
            (Value::Int(a, _), Value::Int(b, _)) => a == b,
            (Value::Float(a, _), Value::Float(b, _)) => a.to_bits() == b.to_bits(),
            (Value::Text(a), Value::Text(b)) => a == b,
            (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.same(b)),
            (Value::Map(a), Value::Map(b)) => {
                a.entries.len() == b.entries.len()
                    && a.entries
                        .iter()
                        .zip(&b.entries)
                        .all(|(a, b)| a.key.text == b.key.text && a.value.same(&b.value))
            }
            _ => false,
        }
    }
}

impl Map {
    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entries.iter().find(|entry| entry.key.text == key).map(|entry| &entry.value)
    }

    /// The value of a key.
    pub fn get_mut(&mut self, key: &str) -> Option<&mut Node> {
        self.entries.iter_mut().find(|entry| entry.key.text == key).map(|entry| &mut entry.value)
    }

    /// Key and value.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.key.text == key)
    }

    /// Appends; the caller knows that the key is new.
    pub fn push(&mut self, key: Key, value: Node) {
        self.entries.push(Entry { key, value });
    }

    /// Replaces the value of a key in its place, or appends.
    pub fn set(&mut self, key: Key, value: Node) {
        match self.get_mut(&key.text) {
            Some(old) => *old = value,
            None => self.push(key, value),
        }
    }

    /// The value of a key, put there first if the map lacks it.
    pub fn or_insert(&mut self, key: &'static str, value: Node) -> &mut Node {
        let at = self.entries.iter().position(|entry| entry.key.text == key).unwrap_or_else(|| {
            self.push(Key { span: value.span, text: key.into() }, value);
            self.entries.len().saturating_sub(1)
        });
        #[expect(clippy::indexing_slicing, reason = "found or pushed just above")]
        &mut self.entries[at].value
    }

    /// Takes a key out.
    pub fn remove(&mut self, key: &str) -> Option<Entry> {
        let at = self.entries.iter().position(|entry| entry.key.text == key)?;
        Some(self.entries.remove(at))
    }
}
