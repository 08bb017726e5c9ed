//! The end of a generated name: the hash of the content, as kustomize makes it (the project's facts page on kustomize, 2),
//! so that names stay when somebody moves from one to the other.

use crate::kube::digest;
use crate::transform::resource::{Resource, Resources};
use crate::yaml::{Node, Value};

/// Digits of the hash.
const LENGTH: usize = 10;

/// Letters and digits that would make words, and what stands for them.
const SPOKEN: [(char, char); 5] = [('0', 'g'), ('1', 'h'), ('3', 'k'), ('a', 'm'), ('e', 't')];

/// Adds the hash to each name that wants one.
pub fn apply(resources: &mut Resources) {
    for resource in resources.iter_mut() {
        let Some(span) = resource.hashed else { continue };
        let name = format!("{}-{}", resource.id.name, of(resource));
        resource.remember();
        resource.rename(name, span);
    }
}

fn of(resource: &Resource) -> String {
    let body = &resource.body;
    let mut out = String::from("{");
    let mut field = |key: &str, write: &dyn Fn(&mut String)| {
        if out.len() > 1 {
            out.push(',');
        }
        text(key, &mut out);
        out.push(':');
        write(&mut out);
    };
    let map = |key: &'static str| {
        move |out: &mut String| match body.get(key) {
            Some(node) => value(node, out),
            None => out.push_str("\"\""),
        }
    };
    let word = |word: String| move |out: &mut String| text(&word, out);
    let is_secret = resource.id.kind == "Secret";
    if !is_secret && body.get("binaryData").is_some() {
        field("binaryData", &map("binaryData"));
    }
    field("data", &map("data"));
    field("kind", &word(resource.id.kind.clone()));
    // Not the name: kustomize leaves it empty (tried with 5.8.1), and so two names of one content end alike.
    field("name", &word(String::new()));
    if is_secret {
        if body.get("stringData").is_some() {
            field("stringData", &map("stringData"));
        }
        field("type", &map("type"));
    }
    out.push('}');
    let spoken = |c: char| SPOKEN.iter().find(|(from, _)| *from == c).map_or(c, |(_, to)| *to);
    digest::digest(out.as_bytes()).trim_start_matches("sha256:").chars().take(LENGTH).map(spoken).collect()
}

/// JSON as Go writes it: sorted keys, no blanks, and nothing that HTML reads.
fn value(node: &Node, out: &mut String) {
    match &node.value {
        Value::Null => out.push_str("null"),
        Value::Bool(truth, _) => out.push_str(if *truth { "true" } else { "false" }),
        Value::Int(number, _) => out.push_str(&number.to_string()),
        Value::Float(number, _) => out.push_str(&number.to_string()),
        Value::Text(own) => text(own, out),
        Value::List(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                value(item, out);
            }
            out.push(']');
        }
        Value::Map(map) => {
            let mut entries: Vec<_> = map.entries.iter().collect();
            entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
            out.push('{');
            for (at, entry) in entries.into_iter().enumerate() {
                if at > 0 {
                    out.push(',');
                }
                text(&entry.key.text, out);
                out.push(':');
                value(&entry.value, out);
            }
            out.push('}');
        }
    }
}

fn text(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | ..' ' => {
                if c == ' ' {
                    out.push(c);
                } else {
                    out.push_str(&format!("\\u{:04x}", u32::from(c)));
                }
            }
            _ => out.push(c),
        }
    }
    out.push('"');
}
