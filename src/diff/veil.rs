//! What no form of a diff may show: values of Secrets, and what has the look of one elsewhere.
//!
//! Hiding happens here, before anything leaves the room, so that no form of output can forget it. It hides too much
//! rather than too little: the name of what is hidden is always shown.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::ops::Range;

use super::field::{Path, Step};
use crate::kube::exposed::{all_exposed, is_secret_name as is_secret};
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
            [.., Step::Item(_, label), Step::Key("value")] => is_secret(label),
            [.., Step::Key(key)] => is_secret(key),
            _ => false,
        };
        self.hides_all(&names) || (by_name && is_text(node))
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
                    let hidden = is_secret(&key) || (key == "value" && is_secret(&name));
                    let path: Vec<&str> = path.iter().copied().chain([key.as_str()]).collect();
                    entry.value = if hidden && is_text(&entry.value) {
                        whole(&entry.value)
                    } else {
                        self.below(&entry.value, &path)
                    };
                }
                Value::Map(map)
            }
            other => other.clone(),
        };
        Node { span: node.span, value }
    }

    /// `--password x` as two arguments.
    fn items(&self, items: &[Node], path: &[&str]) -> Vec<Node> {
        let path: Vec<&str> = path.iter().copied().chain([""]).collect();
        let befores = std::iter::once(None).chain(items.iter().map(Some));
        let item = |(item, before): (&Node, Option<&Node>)| {
            let flag = before.and_then(Node::as_text).and_then(|flag| flag.strip_prefix('-'));
            if flag.is_some_and(is_secret) && is_text(item) { whole(item) } else { self.below(item, &path) }
        };
        items.iter().zip(befores).map(item).collect()
    }
}

fn is_text(node: &Node) -> bool {
    matches!(node.value, Value::Text(_))
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

/// A text with its secret lines hidden.
pub(super) fn texts(text: &str) -> String {
    lines(text).collect::<Vec<_>>().join("\n")
}

/// The lines of a text as they may be shown, one for each.
pub fn lines(text: &str) -> impl Iterator<Item = Cow<'_, str>> {
    let exposed = all_exposed(text);
    let mut inside = Inside::Nothing;
    let mut start = 0_usize;
    text.split('\n').map(move |line| {
        let from = start;
        start = from.saturating_add(line.len()).saturating_add(1);
        let shown = shown(line, &mut inside);
        // What its name does not give away may do so by its form.
        if shown == line { without_exposed(line, from, &exposed) } else { shown }
    })
}

/// A line that begins at a byte of its text, without what is secret in it.
fn without_exposed<'a>(line: &'a str, from: usize, exposed: &[Range<usize>]) -> Cow<'a, str> {
    let end = from.saturating_add(line.len());
    let mut kept = 0_usize;
    let mut told = String::new();
    for range in exposed.iter().filter(|range| range.start < end && from < range.end) {
        told.push_str(line.get(kept..range.start.saturating_sub(from)).unwrap_or_default());
        told.push_str(HIDDEN);
        kept = range.end.saturating_sub(from).min(line.len());
    }
    if told.is_empty() {
        return line.into();
    }
    told.push_str(line.get(kept..).unwrap_or_default());
    told.into()
}

/// A value that goes on over lines.
enum Inside {
    Nothing,
    /// A private key in PEM.
    Pem,
    /// What stands deeper than this column.
    Block(usize),
}

fn shown<'a>(line: &'a str, inside: &mut Inside) -> Cow<'a, str> {
    let column = line.len().saturating_sub(line.trim_start().len());
    match inside {
        Inside::Pem => {
            if line.contains("-----END ") {
                *inside = Inside::Nothing;
            }
            return HIDDEN.into();
        }
        Inside::Block(above) if column > *above && !line.trim().is_empty() => return HIDDEN.into(),
        Inside::Block(_) if line.trim().is_empty() => return line.into(),
        Inside::Block(_) | Inside::Nothing => *inside = Inside::Nothing,
    }
    if line.contains("-----BEGIN ") && line.contains("PRIVATE KEY") {
        if !line.contains("-----END ") {
            *inside = Inside::Pem;
        }
        return HIDDEN.into();
    }
    if let Some((name, value)) = secret_pair(line) {
        if value.is_empty() || value.starts_with(['|', '>']) {
            *inside = Inside::Block(column);
        }
        let indent = line.get(..column).unwrap_or_default();
        return format!("{indent}{name}: {HIDDEN}").into();
    }
    without_userinfo(line)
}

/// The first secret name of a line with its value. JSON, YAML, TOML and flags all write a name, `:` or `=`, and a value.
fn secret_pair(line: &str) -> Option<(&str, &str)> {
    line.split(['{', '}', '[', ']', ',', ';', '&', '?']).find_map(|pair| {
        let (name, value) = pair.split_once([':', '='])?;
        let trim =
            |text| str::trim_matches(text, |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '-'));
        // `export PASSWORD=x`, `user=a password=b`
        let name = trim(name);
        let last = name.rsplit(char::is_whitespace).next().unwrap_or(name);
        let value = trim(value);
        let named = |name| is_secret(name) || (is_secret_line(value));
        let number = name.eq_ignore_ascii_case("uuid") || (name.eq_ignore_ascii_case("id") && is_uuid(value));
        (named(last) || (number && !value.is_empty())).then_some((last, value))
    })
}

/// `host=a password=b`: the pair is in the value of another one.
fn is_secret_line(value: &str) -> bool {
    value.split_whitespace().any(|word| word.split_once([':', '=']).is_some_and(|(name, _)| is_secret(name)))
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// `postgres://user:password@host` without what stands before the `@`.
fn without_userinfo(line: &str) -> Cow<'_, str> {
    let Some((scheme, rest)) = line.split_once("://") else { return line.into() };
    let end =
        rest.find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '?')).unwrap_or(rest.len());
    let (authority, behind) = rest.split_at(end);
    let behind = without_userinfo(behind);
    match authority.rsplit_once('@') {
        Some((user, host)) if user.contains(':') => format!("{scheme}://{HIDDEN}@{host}{behind}").into(),
        _ => match behind {
            Cow::Borrowed(_) => line.into(),
            Cow::Owned(behind) => format!("{scheme}://{authority}{behind}").into(),
        },
    }
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
            ("  \"password\": \"hunter2\",", "  password: (not shown)"),
            (
                "password: |\n  hunter2\n\n  more\nb: 1",
                "password: (not shown)\n(not shown)\n\n(not shown)\nb: 1",
            ),
            ("password:\n  hunter2\nb: 1", "password: (not shown)\n(not shown)\nb: 1"),
            ("--admin-password=hunter2", "admin-password: (not shown)"),
            ("export TOKEN_A=x TOKEN=hunter2", "TOKEN_A: (not shown)"),
            ("host=db password=hunter2", "host: (not shown)"),
            ("{\"users\":[{\"id\":\"b831381d-6324-4d53-ad4f-8cda48b30811\"}]}", "id: (not shown)"),
            ("postgres://me:hunter2@db/x?a=b", "postgres://(not shown)@db/x?a=b"),
            ("a://b/c d://e:f@g", "a://b/c d://(not shown)@g"),
            ("https://example.org:443/a@b", "https://example.org:443/a@b"),
            (
                "x\n-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\ny",
                "x\n(not shown)\n(not shown)\n(not shown)\ny",
            ),
            ("http://example.org/?token=hunter2", "token: (not shown)"),
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
                "args": ["--password", HIDDEN, "y", "token: (not shown)"], "users": {"token": HIDDEN, "pass": {"secretKeyRef": {"key": "x"}}}})
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
