//! JSON patches: RFC 6902 with RFC 6901's pointers, to the letter, and one addition: `[name=web]` names an item of a list
//! by a field, where the RFC has an index only (`/spec/template/spec/containers/[name=web]/image`).
//!
//! What is wrong with one operation leaves the object as it was before the whole patch, as the RFC demands.

use std::borrow::Cow;

use crate::finding::{list_all, nearest};
use crate::kube::Before;
use crate::source::Span;
use crate::transform::Wrong;
use crate::yaml::write;
use crate::yaml::{Key, Node, Value};

/// The operations and what each needs beside `path`.
const OPERATIONS: [(&str, Kind, &[&str]); 6] = [
    ("add", Kind::Add, &["value"]),
    ("remove", Kind::Remove, &[]),
    ("replace", Kind::Replace, &["value"]),
    ("move", Kind::Move, &["from"]),
    ("copy", Kind::Copy, &["from"]),
    ("test", Kind::Test, &["value"]),
];

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Add,
    Remove,
    Replace,
    Move,
    Copy,
    Test,
}

/// One operation.
#[derive(Clone, Debug)]
pub struct Operation {
    kind: Kind,
    path: Pointer,
    from: Option<Pointer>,
    value: Option<Node>,
    /// As people name it: ``operation 2, `replace /spec/replicas` ``.
    name: String,
}

/// A place in a document.
#[derive(Clone, Debug)]
struct Pointer {
    span: Span,
    steps: Vec<Step>,
}

#[derive(Clone, PartialEq, Debug)]
enum Step {
    /// A key, or an index as it is written.
    Key(String),
    /// `[name=web]`.
    Item(String, String),
}

/// Reads the operations of a patch; what is wrong with any is told.
pub fn operations(patch: &Node, wrong: &mut Vec<Wrong>) -> Vec<Operation> {
    let Value::List(items) = &patch.value else {
        let reason = format!("a list of operations is wanted, this is {}", patch.kind());
        let help = "begin each operation with a dash: - {op: replace, path: /spec/replicas, value: 3}; a map goes under `patches`";
        wrong.push(Wrong::at(patch.span, reason).help(help));
        return Vec::new();
    };
    let read =
        |(at, item): (usize, &Node)| operation(at.saturating_add(1), item).map_err(|told| wrong.push(told));
    items.iter().enumerate().map(read).filter_map(Result::ok).collect()
}

fn operation(number: usize, item: &Node) -> Result<Operation, Wrong> {
    if item.as_map().is_none() {
        return Err(Wrong::at(item.span, format!("operation {number} is {}, a map is wanted", item.kind())));
    }
    let missing = |key: &str| Wrong::at(item.span, format!("operation {number} has no `{key}`"));
    let op = item.get("op").ok_or_else(|| missing("op"))?;
    let word = op.as_text().unwrap_or_default();
    let names = || OPERATIONS.iter().map(|row| row.0);
    let Some((name, kind, needs)) = OPERATIONS.iter().find(|row| row.0 == word) else {
        let near = nearest(word, names()).map_or_else(
            || format!("{} are known", list_all(names())),
            |near| format!("did you mean `{near}`?"),
        );
        let said = op.written().unwrap_or_default();
        return Err(Wrong::at(op.span, format!("operation {number}: unknown `op: {said}`")).help(near));
    };
    let path = pointer(item.get("path").ok_or_else(|| missing("path"))?, number)?;
    if let Some(key) = needs.iter().find(|key| item.get(key).is_none()) {
        return Err(Wrong::at(item.span, format!("operation {number}: `{name}` needs a `{key}`")));
    }
    let from =
        item.get("from").filter(|_| needs.contains(&"from")).map(|from| pointer(from, number)).transpose()?;
    let value = item.get("value").filter(|_| needs.contains(&"value")).cloned();
    let written = item.text_at(&["path"]).unwrap_or_default();
    let name = format!("operation {number}, `{name} {written}`");
    Ok(Operation { kind: *kind, path, from, value, name })
}

fn pointer(node: &Node, number: usize) -> Result<Pointer, Wrong> {
    let Some(text) = node.as_text() else {
        let reason =
            format!("operation {number}: a path is text such as `/spec/replicas`, this is {}", node.kind());
        return Err(Wrong::at(node.span, reason));
    };
    let steps = steps(text).map_err(|reason| {
        Wrong::at(node.span, format!("operation {number}: the path `{text}` cannot be: {reason}"))
    })?;
    Ok(Pointer { span: node.span, steps })
}

/// RFC 6901; a `/` inside of brackets belongs to the value.
fn steps(text: &str) -> Result<Vec<Step>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let Some(mut rest) = text.strip_prefix('/') else {
        return Err(format!("it does not begin with `/`; write `/{text}`"));
    };
    let mut steps = Vec::new();
    loop {
        let item = rest
            .starts_with('[')
            .then(|| rest.find(']').filter(|end| rest.contains('=') && *end > 0))
            .flatten();
        let (token, after) = match item.and_then(|end| rest.split_at_checked(end.saturating_add(1))) {
            Some((token, after)) if after.is_empty() || after.starts_with('/') => {
                (token, after.strip_prefix('/'))
            }
            _ => rest.split_once('/').map_or((rest, None), |(token, after)| (token, Some(after))),
        };
        steps.push(step(token)?);
        match after {
            Some(after) => rest = after,
            None => return Ok(steps),
        }
    }
}

fn step(token: &str) -> Result<Step, String> {
    let inner = token.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    if let Some((field, value)) = inner.and_then(|inner| inner.split_once('=')) {
        return Ok(Step::Item(unescaped(field)?, unescaped(value)?));
    }
    unescaped(token).map(Step::Key)
}

fn unescaped(token: &str) -> Result<String, String> {
    let mut out = String::with_capacity(token.len());
    let mut characters = token.chars();
    while let Some(c) = characters.next() {
        match (c, characters.as_str().chars().next()) {
            ('~', Some('0')) => out.push('~'),
            ('~', Some('1')) => out.push('/'),
            ('~', _) => return Err("`~` is followed by 0 or 1: `~0` is ~, `~1` is /".to_owned()),
            _ => {
                out.push(c);
                continue;
            }
        }
        characters.next();
    }
    Ok(out)
}

/// What a patch did.
#[derive(Debug)]
pub struct Done {
    /// Whether anything changed.
    pub changed: bool,
    /// Values that took the place of others: the pointer, the old place and the new one.
    pub replaced: Vec<(String, Span, Span)>,
    /// What was before each operation, where that is to be kept.
    pub past: Vec<Before>,
}

/// What patches have to keep to.
#[derive(Clone, Copy)]
pub struct Rules<'a> {
    /// What is missing in a result.
    pub lacks: &'a dyn Fn(&Node) -> Option<String>,
    /// Whether a value may be quoted.
    pub quotes: &'a dyn Fn(&Node) -> bool,
    /// Whether to keep what was before each operation.
    pub past: bool,
}

/// Applies all operations or none.
///
/// # Errors
/// The first operation that cannot be, with its name.
pub fn apply(document: &mut Node, operations: &[Operation], rules: &Rules<'_>) -> Result<Done, Wrong> {
    let mut new = document.clone();
    let (mut replaced, mut past) = (Vec::new(), Vec::new());
    let mut copied = 0_usize;
    for operation in operations {
        let wrong = |(span, reason)| Wrong::at(span, format!("{}: {reason}", operation.name));
        copied = copied.saturating_add(operation.copies(&mut new).map_err(wrong)?);
        if copied > MOST {
            return Err(wrong((
                operation.path.span,
                format!("the copies of this patch have over {MOST} values"),
            )));
        }
        replaced.extend(operation.replaces(&mut new));
        past.extend(rules.past.then(|| operation.before(&new)).flatten());
        if let Err(refused) = operation.run(&mut new, rules.quotes) {
            let tested = || operation.path.find(&mut new).ok().map(|node| (node.span, "the value"));
            let beside = (operation.kind == Kind::Test).then(tested).flatten();
            return Err(Wrong { beside, ..wrong(refused) });
        }
        if let Some(lacks) = (rules.lacks)(&new) {
            return Err(wrong((operation.path.span, lacks)));
        }
    }
    let changed = !equal(document, &new);
    *document = new;
    Ok(Done { changed, replaced, past })
}

type Refused = (Span, String);

/// Values that the copies of one patch may have: each copy of a tree into itself doubles it.
const MOST: usize = 100_000;
/// Steps of a pointer, and levels of what is put there.
const DEEPEST: usize = 128;

impl Operation {
    /// Whether it adds one annotation to an object.
    pub fn annotates(&self) -> bool {
        let steps = [Step::Key("metadata".to_owned()), Step::Key("annotations".to_owned())];
        self.kind == Kind::Add && self.path.steps.len() == 3 && self.path.steps.starts_with(&steps)
    }

    /// How much it copies.
    fn copies(&self, document: &mut Node) -> Result<usize, Refused> {
        let deep = || (self.path.span, format!("nothing lies deeper than {DEEPEST} levels"));
        if self.path.steps.len() > DEEPEST {
            return Err(deep());
        }
        let Some(from) = self.from.as_ref().filter(|_| self.kind == Kind::Copy) else { return Ok(0) };
        // Where there is nothing to copy, the operation itself says so.
        let Ok(source) = from.find(document) else { return Ok(0) };
        let (nodes, depth) = source.extent();
        if depth > DEEPEST { Err(deep()) } else { Ok(nodes) }
    }

    /// The value that gives way to another one, if one does. What is added to a list takes nothing's place.
    fn replaces(&self, document: &mut Node) -> Option<(String, Span, Span)> {
        let value = self.value.as_ref()?;
        let (last, before) = self.path.steps.split_last()?;
        let parent = self.path.walk(document, before).ok()?;
        let adds = self.kind == Kind::Add && parent.as_map().is_none() && matches!(last, Step::Key(_));
        if adds || self.kind == Kind::Test {
            return None;
        }
        let old = self.path.find(document).ok().filter(|old| !equal(old, value))?;
        Some((shown(&self.path.steps), old.span, value.span))
    }

    /// The document before it, if it changes that.
    fn before(&self, document: &Node) -> Option<Before> {
        let copies = matches!(self.kind, Kind::Copy | Kind::Move);
        let before = || Before { body: document.clone(), by: Some(self.path.span), copies };
        (self.kind != Kind::Test).then(before)
    }

    /// Its value and the keys that lead there.
    pub fn says(&self) -> Option<(Vec<String>, &Node)> {
        let key = |step: &Step| match step {
            Step::Key(key) => key.clone(),
            Step::Item(field, _) => field.clone(),
        };
        Some((self.path.steps.iter().map(key).collect(), self.value.as_ref()?))
    }

    fn run(&self, document: &mut Node, quotes: &dyn Fn(&Node) -> bool) -> Result<(), Refused> {
        let value = || self.value.clone().unwrap_or_else(|| Node::null(self.path.span));
        match self.kind {
            Kind::Add => self.path.add(document, value()),
            Kind::Remove => self.path.remove(document).map(|_| ()),
            Kind::Replace => self.path.find(document).map(|old| *old = value()),
            Kind::Test => {
                let found = self.path.find(document)?;
                let wanted = value();
                if equal(found, &wanted) {
                    return Ok(());
                }
                let reason = if quotes(found) && quotes(&wanted) {
                    format!("the value is {}, not {}", brief(found), brief(&wanted))
                } else {
                    "the value is another one".to_owned()
                };
                Err((wanted.span, reason))
            }
            Kind::Copy | Kind::Move => {
                let Some(from) = &self.from else { return Ok(()) };
                let is_inside =
                    self.path.steps.len() > from.steps.len() && self.path.steps.starts_with(&from.steps);
                if self.kind == Kind::Move && is_inside {
                    return Err((from.span, "a value cannot be moved into itself".to_owned()));
                }
                let moved = match self.kind {
                    Kind::Move => from.remove(document)?,
                    _ => from.find(document)?.clone(),
                };
                self.path.add(document, moved)
            }
        }
    }
}

impl Pointer {
    fn find<'n>(&self, document: &'n mut Node) -> Result<&'n mut Node, Refused> {
        self.walk(document, &self.steps)
    }

    fn walk<'n>(&self, document: &'n mut Node, steps: &[Step]) -> Result<&'n mut Node, Refused> {
        let mut node = document;
        for (at, step) in steps.iter().enumerate() {
            let before = steps.get(..at).unwrap_or_default();
            match step.place(node) {
                Ok(Place::Key(key)) => {
                    node = node
                        .as_map_mut()
                        .and_then(|map| map.get_mut(&key))
                        .ok_or((self.span, String::new()))?;
                }
                Ok(Place::Index(index)) => {
                    node = item_mut(node, index).ok_or((self.span, String::new()))?;
                }
                Err(reason) => return Err((self.span, format!("in `{}`, {reason}", shown(before)))),
            }
        }
        Ok(node)
    }

    /// The parent of the place, and the last step; none for the whole document.
    fn parent<'n>(&self, document: &'n mut Node) -> Result<Option<(&'n mut Node, &Step)>, Refused> {
        let Some((last, before)) = self.steps.split_last() else { return Ok(None) };
        Ok(Some((self.walk(document, before)?, last)))
    }

    fn add(&self, document: &mut Node, value: Node) -> Result<(), Refused> {
        let Some((parent, last)) = self.parent(document)? else {
            *document = value;
            return Ok(());
        };
        let kind = parent.kind();
        match (&mut parent.value, last) {
            (Value::Map(map), Step::Key(key)) => {
                map.set(Key { span: self.span, text: Cow::Owned(key.clone()) }, value);
                Ok(())
            }
            (Value::List(items), Step::Key(key)) if key == "-" => {
                items.push(value);
                Ok(())
            }
            (Value::List(items), Step::Key(key)) => {
                let index = index(key).filter(|index| *index <= items.len());
                let Some(index) = index else {
                    return Err((
                        self.span,
                        format!("the list has {} items, `{key}` is no place in it", items.len()),
                    ));
                };
                items.insert(index, value);
                Ok(())
            }
            (Value::List(_), Step::Item(..)) => self.find(document).map(|old| *old = value),
            _ => Err((self.span, format!("nothing can be added to {kind}"))),
        }
    }

    fn remove(&self, document: &mut Node) -> Result<Node, Refused> {
        let Some((parent, last)) = self.parent(document)? else {
            return Err((
                self.span,
                "the whole object cannot be removed: `$patch: delete` removes one".to_owned(),
            ));
        };
        let before = self.steps.split_last().map_or(&[][..], |(_, before)| before);
        let place =
            last.place(parent).map_err(|reason| (self.span, format!("in `{}`, {reason}", shown(before))))?;
        match (&mut parent.value, place) {
            (Value::Map(map), Place::Key(key)) => {
                map.remove(&key).map(|entry| entry.value).ok_or((self.span, String::new()))
            }
            (Value::List(items), Place::Index(index)) => Ok(items.remove(index)),
            _ => Err((self.span, String::new())),
        }
    }
}

enum Place {
    Key(String),
    Index(usize),
}

impl Step {
    /// The place of what is there.
    fn place(&self, node: &Node) -> Result<Place, String> {
        match (&node.value, self) {
            (Value::Map(map), Step::Key(key)) => {
                if map.get(key).is_some() {
                    return Ok(Place::Key(key.clone()));
                }
                let near = nearest(key, map.entries.iter().map(|entry| entry.key.text.as_ref()));
                let near = near.map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                Err(format!("there is no `{key}`{near}"))
            }
            (Value::List(items), Step::Key(key)) => match index(key) {
                Some(at) if at < items.len() => Ok(Place::Index(at)),
                Some(_) => Err(format!("there is no item {key}: the list has {}", items.len())),
                None if key == "-" => {
                    Err("`-` is the place behind the last item: it can only be added to".to_owned())
                }
                None if key.parse::<i64>().is_ok() => Err(format!(
                    "`{key}` is no index: items are counted from 0, without a sign or zeros in front"
                )),
                None => Err(format!("`{key}` is no index of a list; `[name={key}]` names an item")),
            },
            (Value::List(items), Step::Item(field, value)) => {
                let is =
                    |item: &Node| item.get(field).and_then(Node::written).is_some_and(|own| own == *value);
                items.iter().position(is).map(Place::Index).ok_or_else(|| {
                    let names = items.iter().filter_map(|item| item.text_at(&[field]));
                    let near = nearest(value, names.clone()).map_or_else(
                        || format!("; there are {}", list_all(names)),
                        |near| format!("; did you mean `{near}`?"),
                    );
                    format!("there is no item with {field}: {value}{near}")
                })
            }
            (_, Step::Key(key)) => Err(format!("there is {}, which has no `{key}`", node.kind())),
            (_, Step::Item(..)) => Err(format!("there is {}, a list is wanted", node.kind())),
        }
    }
}

fn item_mut(node: &mut Node, index: usize) -> Option<&mut Node> {
    match &mut node.value {
        Value::List(items) => items.get_mut(index),
        _ => None,
    }
}

/// RFC 6901: digits without leading zeros.
fn index(text: &str) -> Option<usize> {
    let plain = text == "0" || (!text.starts_with('0') && text.bytes().all(|byte| byte.is_ascii_digit()));
    text.parse().ok().filter(|_| plain)
}

/// The pointer again.
fn shown(steps: &[Step]) -> String {
    let parts = steps.iter().map(|step| match step {
        Step::Key(key) => format!("/{}", key.replace('~', "~0").replace('/', "~1")),
        Step::Item(field, value) => format!("/[{field}={value}]"),
    });
    let text: String = parts.collect();
    if text.is_empty() { "/".to_owned() } else { text }
}

/// A value in few words.
fn brief(node: &Node) -> String {
    let text = node.as_text().map(|text| Cow::Owned(write::inline(text))).or_else(|| node.written());
    text.map_or_else(|| node.kind().to_owned(), |text| format!("`{text}`"))
}

/// RFC 6902, 4.6: the order of keys does not count, numbers are equal by their value.
fn equal(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Map(a), Value::Map(b)) => {
            a.entries.len() == b.entries.len()
                && a.entries
                    .iter()
                    .all(|entry| b.get(&entry.key.text).is_some_and(|other| equal(&entry.value, other)))
        }
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        _ => a.same(b),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kube::tree::tree;

    const ANY: Rules<'static> = Rules { lacks: &|_| None, quotes: &|_| true, past: false };

    /// The document after a patch, or the reason why not.
    fn patched(document: &Json, patch: &Json) -> Result<Json, String> {
        let mut wrong = Vec::new();
        let operations = operations(&tree(patch), &mut wrong);
        if let Some(wrong) = wrong.first() {
            return Err(wrong.reason.clone());
        }
        let mut node = tree(document);
        apply(&mut node, &operations, &ANY).map_err(|wrong| wrong.reason)?;
        Ok(serde_json::to_value(&node).unwrap())
    }

    /// The cases of RFC 6902, appendix A, as own documents, and each rule of sections 3 to 5.
    #[test]
    #[expect(clippy::too_many_lines, reason = "a row a rule")]
    fn what_the_rfc_allows() {
        let rows = [
            // A.1 to A.16
            (json!({"a": 1}), json!([{"op": "add", "path": "/b", "value": 2}]), json!({"a": 1, "b": 2})),
            (
                json!({"l": [1, 3]}),
                json!([{"op": "add", "path": "/l/1", "value": 2}]),
                json!({"l": [1, 2, 3]}),
            ),
            (json!({"a": 1, "b": 2}), json!([{"op": "remove", "path": "/b"}]), json!({"a": 1})),
            (json!({"l": [1, 2, 3]}), json!([{"op": "remove", "path": "/l/1"}]), json!({"l": [1, 3]})),
            (json!({"a": 1}), json!([{"op": "replace", "path": "/a", "value": "x"}]), json!({"a": "x"})),
            (
                json!({"a": {"x": 1}, "b": {}}),
                json!([{"op": "move", "from": "/a/x", "path": "/b/y"}]),
                json!({"a": {}, "b": {"y": 1}}),
            ),
            (
                json!({"l": [1, 2, 3, 4]}),
                json!([{"op": "move", "from": "/l/1", "path": "/l/3"}]),
                json!({"l": [1, 3, 4, 2]}),
            ),
            (
                json!({"a": 1, "l": ["x", 2]}),
                json!([{"op": "test", "path": "/a", "value": 1}, {"op": "test", "path": "/l/1", "value": 2}]),
                json!({"a": 1, "l": ["x", 2]}),
            ),
            (
                json!({"a": 1}),
                json!([{"op": "add", "path": "/b", "value": {"c": {}}}]),
                json!({"a": 1, "b": {"c": {}}}),
            ),
            (
                json!({"a": 1}),
                json!([{"op": "add", "path": "/b", "value": 2, "unknown": 3}]),
                json!({"a": 1, "b": 2}),
            ),
            (
                json!({"/": 9, "~1": 10}),
                json!([{"op": "test", "path": "/~01", "value": 10}, {"op": "replace", "path": "/~1", "value": 8}]),
                json!({"/": 8, "~1": 10}),
            ),
            (
                json!({"l": [1]}),
                json!([{"op": "add", "path": "/l/-", "value": [2, 3]}]),
                json!({"l": [1, [2, 3]]}),
            ),
            // 4.1: an existing member is replaced, an index may equal the length, the root is replaced
            (json!({"a": 1}), json!([{"op": "add", "path": "/a", "value": 2}]), json!({"a": 2})),
            (json!({"l": [1]}), json!([{"op": "add", "path": "/l/1", "value": 2}]), json!({"l": [1, 2]})),
            (json!({"a": 1}), json!([{"op": "add", "path": "", "value": {"b": 2}}]), json!({"b": 2})),
            (json!({"a": 1}), json!([{"op": "replace", "path": "", "value": {"b": 2}}]), json!({"b": 2})),
            (json!({"a": 1}), json!([{"op": "add", "path": "/", "value": 2}]), json!({"a": 1, "": 2})),
            (json!({"a": null}), json!([{"op": "replace", "path": "/a", "value": null}]), json!({"a": null})),
            (
                json!({"a": {"b": 1}}),
                json!([{"op": "copy", "from": "/a", "path": "/c"}]),
                json!({"a": {"b": 1}, "c": {"b": 1}}),
            ),
            (
                json!({"a": {"b": 1}}),
                json!([{"op": "copy", "from": "/a", "path": "/a/c"}]),
                json!({"a": {"b": 1, "c": {"b": 1}}}),
            ),
            (json!({"a": 1}), json!([{"op": "move", "from": "/a", "path": "/a"}]), json!({"a": 1})),
            (
                json!({"l": [0, 1]}),
                json!([{"op": "move", "from": "/l/0", "path": "/l/-"}]),
                json!({"l": [1, 0]}),
            ),
            // 4.6: members in any order, numbers by value
            (
                json!({"a": {"x": 1, "y": 2}}),
                json!([{"op": "test", "path": "/a", "value": {"y": 2, "x": 1}}]),
                json!({"a": {"x": 1, "y": 2}}),
            ),
            // 5: one after the other
            (
                json!({}),
                json!([{"op": "add", "path": "/a", "value": {}}, {"op": "add", "path": "/a/b", "value": 1}, {"op": "remove", "path": "/a"}]),
                json!({}),
            ),
            // a key that looks like an index, or like nothing
            (
                json!({"0": "a", "-": "b"}),
                json!([{"op": "replace", "path": "/0", "value": "c"}, {"op": "replace", "path": "/-", "value": "d"}]),
                json!({"0": "c", "-": "d"}),
            ),
            // not the RFC's: an item by a field
            (
                json!({"l": [{"name": "a"}, {"name": "b/c"}]}),
                json!([{"op": "add", "path": "/l/[name=b/c]/x", "value": 1}]),
                json!({"l": [{"name": "a"}, {"name": "b/c", "x": 1}]}),
            ),
            (
                json!({"l": [{"name": "a"}, {"name": "b"}]}),
                json!([{"op": "remove", "path": "/l/[name=a]"}]),
                json!({"l": [{"name": "b"}]}),
            ),
            (
                json!({"l": [{"p": 80, "x": 1}]}),
                json!([{"op": "replace", "path": "/l/[p=80]/x", "value": 2}]),
                json!({"l": [{"p": 80, "x": 2}]}),
            ),
            (json!({"[a=b]": 1}), json!([]), json!({"[a=b]": 1})),
        ];
        for (document, patch, expected) in rows {
            assert_eq!(patched(&document, &patch), Ok(expected), "{patch} on {document}");
        }
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a row a rule")]
    fn what_the_rfc_refuses_is_named() {
        let rows = [
            (
                json!({"other": 1}),
                json!([{"op": "add", "path": "/b/c", "value": 2}]),
                "operation 1, `add /b/c`: in `/`, there is no `b`",
            ),
            (
                json!({"a": 1}),
                json!([{"op": "add", "path": "/a/c", "value": 2}]),
                "operation 1, `add /a/c`: nothing can be added to a whole number",
            ),
            (
                json!({"l": [1]}),
                json!([{"op": "add", "path": "/l/2", "value": 2}]),
                "operation 1, `add /l/2`: the list has 1 items, `2` is no place in it",
            ),
            (
                json!({"l": [1]}),
                json!([{"op": "add", "path": "/l/01", "value": 2}]),
                "operation 1, `add /l/01`: the list has 1 items, `01` is no place in it",
            ),
            (
                json!({"l": [1]}),
                json!([{"op": "add", "path": "/l/-1", "value": 2}]),
                "operation 1, `add /l/-1`: the list has 1 items, `-1` is no place in it",
            ),
            (
                json!({"replicas": 1}),
                json!([{"op": "remove", "path": "/replica"}]),
                "operation 1, `remove /replica`: in `/`, there is no `replica`; did you mean `replicas`?",
            ),
            (
                json!({"l": [1]}),
                json!([{"op": "remove", "path": "/l/1"}]),
                "operation 1, `remove /l/1`: in `/l`, there is no item 1: the list has 1",
            ),
            (
                json!({"l": [1]}),
                json!([{"op": "remove", "path": "/l/-"}]),
                "operation 1, `remove /l/-`: in `/l`, `-` is the place behind the last item: it can only be added to",
            ),
            (
                json!({}),
                json!([{"op": "remove", "path": ""}]),
                "operation 1, `remove `: the whole object cannot be removed: `$patch: delete` removes one",
            ),
            (
                json!({}),
                json!([{"op": "replace", "path": "/a", "value": 1}]),
                "operation 1, `replace /a`: in `/`, there is no `a`",
            ),
            (
                json!({"a": 1}),
                json!([{"op": "test", "path": "/a", "value": "1"}]),
                "operation 1, `test /a`: the value is `1`, not `\"1\"`",
            ),
            (
                json!({"a": 1}),
                json!([{"op": "test", "path": "/a", "value": 2}]),
                "operation 1, `test /a`: the value is `1`, not `2`",
            ),
            (
                json!({}),
                json!([{"op": "test", "path": "/a", "value": null}]),
                "operation 1, `test /a`: in `/`, there is no `a`",
            ),
            (
                json!({"a": {"b": 1}}),
                json!([{"op": "move", "from": "/a", "path": "/a/b"}]),
                "operation 1, `move /a/b`: a value cannot be moved into itself",
            ),
            (
                json!({}),
                json!([{"op": "copy", "from": "/a", "path": "/b"}]),
                "operation 1, `copy /b`: in `/`, there is no `a`",
            ),
            (
                json!({}),
                json!([{"op": "add", "path": "a", "value": 1}]),
                "operation 1: the path `a` cannot be: it does not begin with `/`; write `/a`",
            ),
            (
                json!({}),
                json!([{"op": "add", "path": "/a~2", "value": 1}]),
                "operation 1: the path `/a~2` cannot be: `~` is followed by 0 or 1: `~0` is ~, `~1` is /",
            ),
            (json!({}), json!([{"op": "ad", "path": "/a", "value": 1}]), "operation 1: unknown `op: ad`"),
            (json!({}), json!([{"op": "add", "path": "/a"}]), "operation 1: `add` needs a `value`"),
            (json!({}), json!([{"op": "move", "path": "/a"}]), "operation 1: `move` needs a `from`"),
            (json!({}), json!([{"op": "add", "value": 1}]), "operation 1 has no `path`"),
            (json!({}), json!([{"path": "/a"}]), "operation 1 has no `op`"),
            (json!({}), json!([1]), "operation 1 is a whole number, a map is wanted"),
            (json!({}), json!({"op": "add"}), "a list of operations is wanted, this is a map"),
            (
                json!({"l": [{"name": "web"}]}),
                json!([{"op": "remove", "path": "/l/[name=wed]"}]),
                "operation 1, `remove /l/[name=wed]`: in `/l`, there is no item with name: wed; did you mean `web`?",
            ),
            (
                json!({"l": [{"name": "web"}]}),
                json!([{"op": "remove", "path": "/l/web"}]),
                "operation 1, `remove /l/web`: in `/l`, `web` is no index of a list; `[name=web]` names an item",
            ),
            // the second one fails: the first is undone
            (
                json!({"a": 1}),
                json!([{"op": "add", "path": "/other", "value": 1}, {"op": "remove", "path": "/gone"}]),
                "operation 2, `remove /gone`: in `/`, there is no `gone`",
            ),
        ];
        for (document, patch, reason) in rows {
            assert_eq!(patched(&document, &patch), Err(reason.to_owned()), "{patch}");
        }
    }

    #[test]
    fn copies_of_a_tree_into_itself_end() {
        let copy = json!({"op": "copy", "from": "/a", "path": "/a/b"});
        let operations = |count: usize| {
            let mut wrong = Vec::new();
            let operations = operations(&tree(&Json::Array(vec![copy.clone(); count])), &mut wrong);
            assert_eq!(wrong, []);
            operations
        };
        let mut node = tree(&json!({"a": {"c": 1, "d": {"e": 2}}}));
        assert!(apply(&mut node, &operations(3), &ANY).is_ok());
        let wrong = apply(&mut node, &operations(500), &ANY).unwrap_err();
        assert!(
            wrong.reason.contains("over 100000 values") || wrong.reason.contains("128 levels"),
            "{}",
            wrong.reason
        );
    }

    #[test]
    fn all_or_nothing() {
        let mut node = tree(&json!({"a": 1}));
        let patch = tree(&json!([{"op": "remove", "path": "/a"}, {"op": "remove", "path": "/b"}]));
        let operations = operations(&patch, &mut Vec::new());
        assert!(apply(&mut node, &operations, &ANY).is_err());
        assert_eq!(serde_json::to_value(&node).unwrap(), json!({"a": 1}));
    }
}
