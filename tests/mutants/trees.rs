//! Edits of values and keys: files that are good YAML and say something else.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value as Json;
use stackc::source::Span;
use stackc::yaml::{self, Dialect, Entry, Key, Node, Value};

use super::Herd;
use crate::random::Random;
use crate::reader;

/// What edits put in place of what was there.
pub(super) struct Pool {
    /// Every value of every stack, and some that none should hold.
    values: Vec<Node>,
    /// Keys that the format knows, by the map in which they stand.
    siblings: Vec<BTreeSet<String>>,
}

/// Values of every type, and of every size that a type has.
#[rustfmt::skip] // a table
const NASTY: &str = r#"
[null, true, false, 0, -1, 1, 65535, 65536, 4294967296, 9223372036854775807, -9223372036854775808, 9223372036854775808, 0.5,
 1e308, 0777, 08, 1_000, 0x10, 2001-01-01, on, y, "", " ", "a b", "a\nb", "{{ domain }}", "{{ nothing }}", "{{ apps.web }}",
 "{{ apps.web.ports }}", "{{ nodes }}", "{{ network.clusterCIDR }}", "{{", "{% if x %}", "*", "*.example.org", "-", "/", "..",
 "../x", "/a/../b", "a/b:c@d", "10.0.0.0/33", "::/0", "fd00::1", "1Gi", "-1Gi", "1Zi", "99999999999999999999", "0s", "1h30m",
 "\u0000", "\u001b[31m", "\u202e", "ÄÖ😀", "x86_64", "auto", "latest", "registry.example/web@sha256:00",
 [], [null], [[]], ["a", "a"], [1, two, [3]], {}, {"": null}, {a: {b: {c: {d: e}}}}, {secret: a, key: b}, {name: a}, {port: 0}]
"#;

impl Pool {
    pub(super) fn gather(herd: &Herd) -> Pool {
        let mut nasty = reader::read(NASTY, Dialect::Manifest).unwrap().remove(0);
        keep_written(&mut nasty);
        let mut values = nasty.items().to_vec();
        for (path, content) in herd.files.iter().filter(|(path, _)| is_yaml(path)) {
            for document in read(path, content) {
                all(&document, &mut values);
            }
        }
        let mut siblings = Vec::new();
        for schema in
            [include_str!("../../docs/schema/app.json"), include_str!("../../docs/schema/stack.json")]
        {
            known(&serde_json::from_str(schema).unwrap(), &mut siblings);
        }
        Pool { values, siblings }
    }

    /// A key that may stand beside these, or any.
    fn key(&self, beside: &[Entry], random: &mut Random) -> String {
        let fits = |known: &&BTreeSet<String>| beside.iter().all(|entry| known.contains(&*entry.key.text));
        let fitting: Vec<_> = self.siblings.iter().filter(fits).collect();
        let known = fitting.get(random.below(fitting.len())).copied().unwrap_or(&self.siblings[0]);
        random.of(&known.iter().cloned().collect::<Vec<_>>()).clone()
    }
}

fn all(node: &Node, into: &mut Vec<Node>) {
    into.push(node.clone());
    node.items()
        .iter()
        .chain(node.entries().iter().map(|entry| &entry.value))
        .for_each(|node| all(node, into));
}

/// The keys of each map that a schema describes.
fn known(schema: &Json, into: &mut Vec<BTreeSet<String>>) {
    if let Some(properties) =
        schema["properties"].as_object().filter(|properties| !properties.contains_key("const"))
    {
        into.push(properties.keys().cloned().collect());
    }
    match schema {
        Json::Object(map) => map.values().for_each(|value| known(value, into)),
        Json::Array(list) => list.iter().for_each(|value| known(value, into)),
        _ => {}
    }
}

/// Whether stackc reads it as a tree; what lies below `files` is mounted as it is.
pub(super) fn is_yaml(path: &str) -> bool {
    Path::new(path).extension().is_some_and(|ending| ending == "yaml") && !path.contains("/files/")
}

pub(super) fn read(path: &str, content: &[u8]) -> Vec<Node> {
    let dialect = if path.contains("/manifests/") { Dialect::Manifest } else { Dialect::Typed };
    let mut documents = reader::read(content, dialect).unwrap();
    documents.iter_mut().for_each(keep_written);
    documents
}

/// Stands before the characters of a plain scalar that is no text: the writer would write `0400` as 256 and `off` as false,
/// which typed files tell apart.
const AS_WRITTEN: &str = "AS-WRITTEN-";

fn keep_written(node: &mut Node) {
    match &mut node.value {
        Value::Bool(_, Some(written)) | Value::Int(_, Some(written)) | Value::Float(_, Some(written)) => {
            node.value = Value::Text(format!("{AS_WRITTEN}{written}").into());
        }
        Value::List(items) => items.iter_mut().for_each(keep_written),
        Value::Map(map) => map.entries.iter_mut().for_each(|entry| keep_written(&mut entry.value)),
        _ => {}
    }
}

pub(super) fn write(documents: &[Node]) -> String {
    let written = documents.iter().map(|document| {
        let mut text = String::new();
        yaml::write::document(document, &mut text);
        text
    });
    written.collect::<Vec<_>>().join("---\n").replace(AS_WRITTEN, "")
}

/// Values in the tree, itself the first.
fn count(node: &Node) -> usize {
    let below = node.items().iter().chain(node.entries().iter().map(|entry| &entry.value));
    1 + below.map(count).sum::<usize>()
}

/// The value of this number, in the order of the file.
fn nth<'a>(node: &'a mut Node, number: &mut usize) -> Option<&'a mut Node> {
    if *number == 0 {
        return Some(node);
    }
    *number -= 1;
    match &mut node.value {
        Value::List(items) => items.iter_mut().find_map(|item| nth(item, number)),
        Value::Map(map) => map.entries.iter_mut().find_map(|entry| nth(&mut entry.value, number)),
        _ => None,
    }
}

pub(super) fn edit(documents: &mut [Node], pool: &Pool, random: &mut Random) {
    let at = random.below(documents.len());
    let document = &mut documents[at];
    let mut number = random.below(count(document));
    let other = random.below(count(document));
    let moved = nth(document, &mut { other }).cloned();
    let Some(node) = nth(document, &mut number) else { return };
    let span = node.span;
    let value = random.of(&pool.values).clone();
    match random.below(6) {
        0 => *node = value,
        1 => *node = moved.unwrap_or(value),
        2 => *node = wrapped(node.clone(), pool, random),
        _ => match &mut node.value {
            Value::Map(map) => edit_map(&mut map.entries, value, moved, span, pool, random),
            Value::List(items) => edit_list(items, value, random),
            _ => *node = value,
        },
    }
}

fn wrapped(node: Node, pool: &Pool, random: &mut Random) -> Node {
    let span = node.span;
    if random.below(2) == 0 {
        Node::list(span, [node])
    } else {
        Node::map(span, [(pool.key(&[], random), node)])
    }
}

fn edit_list(items: &mut Vec<Node>, value: Node, random: &mut Random) {
    let (one, other) = (random.below(items.len()), random.below(items.len()));
    match random.below(4) {
        0 => items.push(value),
        _ if items.is_empty() => {}
        1 => items.push(items[one].clone()),
        2 => items.swap(one, other),
        _ => drop(items.remove(one)),
    }
}

fn edit_map(
    entries: &mut Vec<Entry>,
    value: Node,
    moved: Option<Node>,
    span: Span,
    pool: &Pool,
    random: &mut Random,
) {
    let one = random.below(entries.len());
    let edit = random.below(6);
    let key = |text: String| Key { span, text: text.into() };
    if edit < 2 || entries.is_empty() {
        let added = pool.key(entries, random);
        let value = if edit == 0 { value } else { moved.unwrap_or(value) };
        entries.push(Entry { key: key(added), value });
        return;
    }
    match edit {
        2 => drop(entries.remove(one)),
        3 => entries.push(entries[one].clone()),
        4 => {
            let other = random.below(entries.len());
            entries.swap(one, other);
        }
        _ if random.below(2) == 0 => entries[one].key = key(pool.key(&[], random)),
        _ => entries[one].key = key(slip(&entries[one].key.text, random)),
    }
}

/// A key as one hurried would write it.
fn slip(text: &str, random: &mut Random) -> String {
    let mut chars: Vec<char> = text.chars().collect();
    let at = random.below(chars.len());
    match random.below(4) {
        _ if chars.is_empty() => chars.push('x'),
        0 => drop(chars.remove(at)),
        1 => chars.insert(at, chars[at]),
        2 => chars.swap(0, at),
        _ => chars[at] = *random.of(&['_', 'S', ' ', '.', '/', 'é']),
    }
    chars.into_iter().collect()
}
