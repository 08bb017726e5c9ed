//! Making maps.

use std::borrow::Cow;

use super::{Key, Map, Node, Spanned, Value};
use crate::source::Span;

/// A map under construction, all of it caused by one place unless a value says another.
#[derive(Debug)]
pub struct Build {
    span: Span,
    map: Map,
}

impl Build {
    /// An empty map caused by a place.
    pub fn at(span: Span) -> Self {
        Build { span, map: Map::default() }
    }

    /// A key and its value.
    #[must_use]
    pub fn with(mut self, key: impl Into<Cow<'static, str>>, value: Node) -> Self {
        self.map.push(Key { span: value.span, text: key.into() }, value);
        self
    }

    /// A key if it has a value.
    #[must_use]
    pub fn maybe(self, key: &'static str, value: Option<Node>) -> Self {
        match value {
            Some(value) => self.with(key, value),
            None => self,
        }
    }

    /// A key if its list or map has anything in it.
    #[must_use]
    pub fn unless_empty(self, key: &'static str, value: Node) -> Self {
        let empty = match &value.value {
            Value::List(items) => items.is_empty(),
            Value::Map(map) => map.entries.is_empty(),
            _ => false,
        };
        if empty { self } else { self.with(key, value) }
    }

    /// Text caused by the map's own place.
    #[must_use]
    pub fn text(self, key: &'static str, text: impl Into<Cow<'static, str>>) -> Self {
        let value = Node::text(self.span, text);
        self.with(key, value)
    }

    /// A number caused by the map's own place.
    #[must_use]
    pub fn int(self, key: &'static str, number: impl Into<i64>) -> Self {
        let value = Node::int(self.span, number);
        self.with(key, value)
    }

    /// A truth caused by the map's own place.
    #[must_use]
    pub fn bool(self, key: &'static str, truth: bool) -> Self {
        let value = Node::bool(self.span, truth);
        self.with(key, value)
    }

    /// The map.
    pub fn node(mut self) -> Node {
        // Most maps are small and stay: the room that they grew into would be half of a large stack's memory.
        self.map.entries.shrink_to_fit();
        Node { span: self.span, value: Value::Map(self.map) }
    }
}

impl From<&Spanned<String>> for Node {
    fn from(text: &Spanned<String>) -> Node {
        Node::text(text.span, text.value.clone())
    }
}

impl From<&Spanned<u32>> for Node {
    fn from(number: &Spanned<u32>) -> Node {
        Node::int(number.span, number.value)
    }
}

impl From<&Spanned<u16>> for Node {
    fn from(number: &Spanned<u16>) -> Node {
        Node::int(number.span, number.value)
    }
}
