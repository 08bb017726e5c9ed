//! What no form of a diff may show: values of Secrets, and what has the look of one elsewhere.
//!
//! Hiding happens here, before anything leaves the room, so that no form of output can forget it. It hides too much
//! rather than too little: the name of what is hidden is always shown.

use std::collections::BTreeSet;
use std::ops::Range;

use super::field::{Path, Step};
use crate::kube::exposed::{Command, hidden, hides, is_secret_file, is_secret_name as is_secret};
use crate::kube::{Object, secret};
use crate::source::Span;
use crate::yaml::{Node, Value};

/// Stands for a value.
pub const HIDDEN: &str = "(not shown)";

/// What hides one side of a comparison.
pub struct Veil<'a> {
    /// Whether the object is a Secret.
    pub(super) secret: bool,
    /// What findings have marked.
    pub(super) marked: &'a BTreeSet<Span>,
}

impl<'a> Veil<'a> {
    /// What hides an object's values.
    pub fn of(object: &Object, marked: &'a BTreeSet<Span>) -> Veil<'a> {
        Veil { secret: object.id.kind == "Secret" && object.id.group().is_empty(), marked }
    }

    /// The value of a field with everything secret in it hidden.
    pub fn over(&self, path: &Path<'_>, node: &Node) -> Node {
        if self.hides(path, node) {
            return whole(node);
        }
        let names: Vec<&str> = path
            .0
            .iter()
            .map(|step| match step {
                Step::Key(key) => key,
                Step::Item(_, label) => label.as_str(),
                Step::At(_) => "",
            })
            .collect();
        self.below(node, &names)
    }

    /// Whether all of a field is secret.
    fn hides(&self, path: &Path<'_>, node: &Node) -> bool {
        let names: Vec<&str> = path
            .0
            .iter()
            .map_while(|step| match step {
                Step::Key(key) => Some(*key),
                _ => None,
            })
            .collect();
        let by_name = match path.0.as_slice() {
            [.., Step::Item(_, label), Step::Key("value")] => named(label, node),
            [.., Step::Key(key)] => named(key, node),
            _ => false,
        };
        self.hides_all(&names) || by_name
    }

    /// By the keys that lead there. What repeats the whole object does so past all names.
    fn hides_all(&self, path: &[&str]) -> bool {
        secret::repeats(path) || (self.secret && !secret::is_open(path))
    }

    fn below(&self, node: &Node, path: &[&str]) -> Node {
        if self.hides_all(path) {
            return whole(node);
        }
        if self.marked.contains(&node.span) && node.written().is_some() {
            return marked(node);
        }
        let value = match &node.value {
            Value::Text(text) => Value::Text(texts(text).into()),
            Value::List(items) => Value::List(self.items(items, path)),
            Value::Map(map) => {
                let name = node.text_at(&["name"]).unwrap_or_default().to_owned();
                let mut map = map.clone();
                for entry in &mut map.entries {
                    let key = entry.key.text.to_string();
                    let hidden = named(&key, &entry.value) || (key == "value" && named(&name, &entry.value));
                    let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
                    entry.value = if hidden { whole(&entry.value) } else { self.below(&entry.value, &path) };
                }
                Value::Map(map)
            }
            other => other.clone(),
        };
        Node { span: node.span, value }
    }

    /// Of a command line, what a word says of the next one.
    fn items(&self, items: &[Node], path: &[&str]) -> Vec<Node> {
        let path: Vec<&str> = path.iter().copied().chain([""]).collect();
        let mut command = Command::default();
        let mut flag = None;
        let mut shown = Vec::with_capacity(items.len());
        for item in items {
            let text = item.as_text();
            let before = std::mem::replace(&mut flag, text.and_then(|text| text.strip_prefix('-')));
            let words = text.map(|text| command.hidden(text)).unwrap_or_default();
            shown.push(match text {
                Some(_) if before.is_some_and(is_secret) && flag.is_none() => whole(item),
                Some(text) if !words.is_empty() => {
                    Node::text(item.span, without(text, &[hidden(text), words].concat()))
                }
                _ => self.below(item, &path),
            });
        }
        shown
    }
}

/// Whether a value is secret by its name. Structures below it say where a secret is, and truths whether there is one.
fn named(name: &str, node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => hides(name, text) || is_secret_file(name),
        Value::Int(..) | Value::Float(..) => is_secret(name),
        // Of a middleware: names with their passwords.
        Value::List(items) if name == "users" => {
            !items.is_empty()
                && items.iter().all(|item| item.as_text().is_some_and(|text| text.contains(':')))
        }
        Value::List(items) => {
            is_secret(name) && !items.is_empty() && items.iter().all(|item| item.written().is_some())
        }
        _ => false,
    }
}

/// A finding marks a configuration by all of its text; what it means is in some of its lines.
fn marked(node: &Node) -> Node {
    let text = node.as_text().filter(|text| text.contains('\n'));
    let shown = text.map(texts).filter(|shown| Some(shown.as_str()) != text);
    shown.map_or_else(|| whole(node), |shown| Node::text(node.span, shown))
}

/// The keys of a map stay.
fn whole(node: &Node) -> Node {
    match &node.value {
        Value::Map(map) => {
            let mut map = map.clone();
            for entry in &mut map.entries {
                entry.value = whole(&entry.value);
            }
            Node { span: node.span, value: Value::Map(map) }
        }
        _ => Node::text(node.span, HIDDEN),
    }
}

/// A text with what is secret in it hidden.
pub(super) fn texts(text: &str) -> String {
    without(text, &hidden(text))
}

/// The same without some places.
fn without(text: &str, places: &[Range<usize>]) -> String {
    let mut places = places.to_vec();
    places.sort_by_key(|range| range.start);
    let (mut told, mut kept) = (String::with_capacity(text.len()), 0_usize);
    for range in places {
        let range = range.start.max(kept)..range.end.max(kept);
        if range.is_empty() {
            continue;
        }
        told.push_str(text.get(kept..range.start).unwrap_or_default());
        // A key in PEM, a block: line for line.
        let lines = text.get(range.clone()).unwrap_or_default().split('\n').map(|_| HIDDEN);
        told.push_str(&lines.collect::<Vec<_>>().join("\n"));
        kept = range.end;
    }
    told.push_str(text.get(kept..).unwrap_or_default());
    told
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kube::tree::tree;

    #[test]
    fn secret_lines_of_texts() {
        for (text, expected) in [
            ("a: 1\npassword: hunter2\n", "a: 1\npassword: (not shown)\n"),
            ("  \"password\": \"hunter2\",", "  \"password\": \"(not shown)\","),
            ("password: |\n  hunter2\n\n  more\nb: 1", "password: |\n  (not shown)\n\n  (not shown)\nb: 1"),
            ("password:\n  hunter2\nb: 1", "password:\n  (not shown)\nb: 1"),
            ("--admin-password=hunter2", "--admin-password=(not shown)"),
            ("export TOKEN_A=x TOKEN=hunter2", "export TOKEN_A=(not shown)"),
            ("host=db password=hunter2", "host=db password=(not shown)"),
            (
                "{\"users\":[{\"id\":\"b831381d-6324-4d53-ad4f-8cda48b30811\"}]}",
                "{\"users\":[{\"id\":\"(not shown)\"}]}",
            ),
            ("postgres://me:hunter2@db/x?a=b", "postgres://me:(not shown)@db/x?a=b"),
            ("a://b/c d://e:f@g", "a://b/c d://e:(not shown)@g"),
            ("https://example.org:443/a@b", "https://example.org:443/a@b"),
            (
                "x\n-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\ny",
                "x\n(not shown)\n(not shown)\n(not shown)-----END RSA PRIVATE KEY-----\ny",
            ),
            ("http://example.org/?token=hunter2", "http://example.org/?token=(not shown)"),
            (
                "a = 1\nx = ghp_0123456789abcdefghijABCDEFGHIJ012345 y\nb = 2",
                "a = 1\nx = (not shown) y\nb = 2",
            ),
            ("", ""),
        ] {
            assert_eq!(texts(text), expected, "{text}");
        }
    }

    #[test]
    fn trees() {
        let marked = BTreeSet::new();
        let show = |secret: bool, json: serde_json::Value| {
            let veil = Veil { secret, marked: &marked };
            serde_json::to_value(veil.over(&Path::default(), &tree(&json))).unwrap()
        };
        assert_eq!(
            show(true, json!({"data": {"a": "aHVudGVyMg=="}, "type": "Opaque", "metadata": {"name": "a"}})),
            json!({"data": {"a": HIDDEN}, "type": "Opaque", "metadata": {"name": "a"}})
        );
        assert_eq!(
            show(
                false,
                json!({"env": [{"name": "DB_PASSWORD", "value": "x"}, {"name": "A", "value": "x"}],
                "args": ["--password", "x", "y", "--token=z"], "users": {"token": "x", "pass": {"secretKeyRef": {"key": "x"}}}})
            ),
            json!({"env": [{"name": "DB_PASSWORD", "value": HIDDEN}, {"name": "A", "value": "x"}],
                "args": ["--password", HIDDEN, "y", "--token=(not shown)"], "users": {"token": HIDDEN, "pass": {"secretKeyRef": {"key": "x"}}}})
        );
        let repeated = |hidden: &str| {
            let annotations = json!({"a": "b", "objectset.rio.cattle.io/applied": hidden,
                "kubectl.kubernetes.io/last-applied-configuration": hidden});
            json!({"metadata": {"annotations": annotations}})
        };
        for secret in [true, false] {
            assert_eq!(show(secret, repeated("x")), repeated(HIDDEN));
        }
        assert_eq!(
            show(true, json!({"spec": {"a": ["x"]}, "a": "x", "immutable": true})),
            json!({"spec": {"a": HIDDEN}, "a": HIDDEN, "immutable": true})
        );
        let marked: BTreeSet<Span> = [tree(&json!({"a": "x"})).entries()[0].value.span].into();
        let veil = Veil { secret: false, marked: &marked };
        for (text, expected) in
            [("x", HIDDEN), ("x\ny\n", HIDDEN), ("x\ntoken: y\n", "x\ntoken: (not shown)\n")]
        {
            let shown = veil.over(&Path::default(), &tree(&json!({"a": text})));
            assert_eq!(serde_json::to_value(shown).unwrap(), json!({"a": expected}));
        }
    }
}
