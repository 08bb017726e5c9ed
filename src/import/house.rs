//! Typed files as people write them: what fits on a line stands on one line, long texts stand in blocks. The words are
//! quoted by the table that the reader has, a little more carefully inside of brackets.

use crate::template::is_template;
use crate::yaml::scalar;
use crate::yaml::{Node, Value, write};

/// Columns of a line that is written in one piece.
const WIDTH: usize = 110;

/// Appends the keys of a map, each on a line of its own or on several.
pub(super) fn map(node: &Node, out: &mut String) {
    entries(node, 0, out);
}

/// Text that reads as a template is meant literally: it comes from a manifest.
pub(super) fn escape(node: &mut Node) {
    match &mut node.value {
        Value::Text(text) if is_template(text) => *text = format!("{{% raw %}}{text}{{% endraw %}}").into(),
        Value::List(items) => items.iter_mut().for_each(escape),
        Value::Map(map) => map.entries.iter_mut().for_each(|entry| escape(&mut entry.value)),
        _ => {}
    }
}

fn entries(node: &Node, indent: usize, out: &mut String) {
    for (at, entry) in node.entries().iter().enumerate() {
        if at > 0 || indent == 0 {
            pad(indent, out);
        }
        let key = word(&entry.key.text);
        let room = WIDTH.saturating_sub(indent.saturating_add(key.len()).saturating_add(2));
        let text = in_line(&entry.value, room).filter(|_| indent > 0 || !is_table(&entry.value));
        match text {
            Some(text) => out.push_str(&format!("{key}: {text}\n")),
            None => below(&key, &entry.value, indent, out),
        }
    }
}

/// Several things of one kind, each with fields of its own: nodes, volumes, routes. Each has a line.
fn is_table(node: &Node) -> bool {
    let entries = node.entries();
    entries.len() > 1 && entries.iter().all(|entry| entry.value.as_map().is_some())
}

fn below(key: &str, node: &Node, indent: usize, out: &mut String) {
    match &node.value {
        Value::Map(_) => {
            let inside = indent.saturating_add(2);
            out.push_str(&format!("{key}:\n"));
            pad(inside, out);
            entries(node, inside, out);
        }
        Value::List(items) => {
            out.push_str(&format!("{key}:\n"));
            for one in items {
                item(one, indent, out);
            }
        }
        _ => {
            out.push_str(&format!("{key}: "));
            block(node, indent, out);
        }
    }
}

fn item(node: &Node, indent: usize, out: &mut String) {
    pad(indent, out);
    out.push_str("- ");
    let inside = indent.saturating_add(2);
    match (in_line(node, WIDTH.saturating_sub(inside)), &node.value) {
        (Some(text), _) => out.push_str(&format!("{text}\n")),
        (None, Value::Map(_)) => entries(node, inside, out),
        (None, Value::List(items)) => {
            // Lists of lists are no one's configuration; they stand on one line, however long.
            let parts: Vec<String> = items.iter().filter_map(|item| in_line(item, usize::MAX)).collect();
            out.push_str(&format!("[{}]\n", parts.join(", ")));
        }
        _ => block(node, indent, out),
    }
}

/// A text of several lines, written as in manifests, with its lines moved to their place.
fn block(node: &Node, indent: usize, out: &mut String) {
    let mut text = String::new();
    write::document(
        &Node::map(node.span, [("text", node.clone()), ("end", Node::null(node.span))]),
        &mut text,
    );
    let body =
        text.strip_prefix("text: ").and_then(|text| text.strip_suffix("end: null\n")).unwrap_or_default();
    for (at, line) in body.split_inclusive('\n').enumerate() {
        if at > 0 && line != "\n" {
            pad(indent, out);
        }
        out.push_str(line);
    }
}

/// The value on one line of so many columns; none where it does not fit, or has several lines.
fn in_line(node: &Node, width: usize) -> Option<String> {
    let text = match &node.value {
        Value::Map(map) => {
            let entry = |entry: &crate::yaml::Entry| {
                Some(format!("{}: {}", word(&entry.key.text), in_line(&entry.value, width)?))
            };
            let parts: Vec<String> = map.entries.iter().map(entry).collect::<Option<_>>()?;
            format!("{{{}}}", parts.join(", "))
        }
        Value::List(items) => {
            let parts: Vec<String> = items.iter().map(|item| in_line(item, width)).collect::<Option<_>>()?;
            format!("[{}]", parts.join(", "))
        }
        Value::Text(text) if text.contains('\n') && width < usize::MAX => return None,
        Value::Text(text) => return Some(word(text)),
        Value::Int(number, Some(octal)) if is_octal(octal, *number) => octal.to_string(),
        _ => {
            let mut text = String::new();
            write::document(node, &mut text);
            text.trim_end().to_owned()
        }
    };
    (text.len() <= width).then_some(text)
}

/// A word on one line, safe within brackets.
fn word(text: &str) -> String {
    let plain = scalar::is_plain_safe(text) || is_quantity(text) || is_option(text) || is_address(text);
    if plain && !text.contains([',', '[', ']', '{', '}']) {
        return text.to_owned();
    }
    write::quoted(text)
}

/// `5Gi`, `100m`: text to every reader, and never quoted by people.
fn is_quantity(text: &str) -> bool {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    unit.len() < text.len() && ["m", "k", "M", "G", "T", "Ki", "Mi", "Gi", "Ti"].contains(&unit)
}

/// `192.168.1.10`: no number, with three dots.
fn is_address(text: &str) -> bool {
    text.parse::<std::net::Ipv4Addr>().is_ok()
}

/// `--config=/etc/x`, `-v`: a dash with a letter behind it begins no list.
fn is_option(text: &str) -> bool {
    let word = text.trim_start_matches('-');
    let dashes = text.len().saturating_sub(word.len());
    (1..=2).contains(&dashes)
        && word.starts_with(|c: char| c.is_ascii_alphabetic())
        && scalar::is_plain_safe(word)
}

/// `0440`: files' modes are written so, and read so by stackc.
fn is_octal(written: &str, number: i64) -> bool {
    written.starts_with('0') && i64::from_str_radix(written, 8).is_ok_and(|own| own == number && own > 7)
}

fn pad(indent: usize, out: &mut String) {
    out.extend(std::iter::repeat_n(' ', indent));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::finding::Findings;
    use crate::kube::tree::tree;
    use crate::source::Sources;
    use crate::yaml::{Dialect, read};

    fn written(json: &serde_json::Value) -> String {
        let mut out = String::new();
        map(&tree(json), &mut out);
        out
    }

    fn read_back(text: &str) -> Node {
        let mut sources = Sources::default();
        let file = sources.add("x".into(), Ok(text.as_bytes().to_vec()));
        let mut found = Findings::default();
        let mut documents = read(&sources, file, Dialect::Typed, &mut found);
        assert_eq!(found.errors(), 0, "{text}\n{:?}", found.sorted());
        documents.pop().expect("a document")
    }

    #[test]
    fn short_things_stand_on_one_line() {
        let app = json!({
            "args": ["-a", "b, c", "1Gi", "-1", "--x=y z"], "command": ["sh", "-c", "one\ntwo"], "empty": {},
            "env": {"A": "1", "B": ""}, "host": "192.168.1.10", "kind": "app", "ports": {"http": 80},
            "schedule": "0 3 * * *", "script": "one\ntwo\n",
            "zlong": {"first": "a".repeat(60), "second": "b".repeat(60), "third": {"x": "y"}},
        });
        let expected = "args: [-a, \"b, c\", 1Gi, \"-1\", --x=y z]\ncommand:\n- sh\n- -c\n- |-\n  one\n  two\nempty: {}\n\
                        env: {A: \"1\", B: \"\"}\nhost: 192.168.1.10\nkind: app\nports: {http: 80}\n\
                        schedule: \"0 3 * * *\"\nscript: |\n  one\n  two\n";
        let text = written(&app);
        let (start, rest) = text.split_at(expected.len());
        assert_eq!(start, expected);
        assert!(
            rest.starts_with("zlong:\n  first: aaa") && rest.ends_with("  third: {x: \"y\"}\n"),
            "{rest}"
        );
    }

    #[test]
    fn long_texts_in_lists() {
        let json =
            json!({"init": {"a": {"command": ["sh", "-c", "{% raw %}one {{ x }}\ntwo\n{% endraw %}"]}}});
        let text = written(&json);
        assert!(read_back(&text).same(&tree(&json)), "{text}");
    }

    #[test]
    fn what_needs_quotes_within_brackets_alone_is_escaped() {
        let json = json!({"args": ["a,b\\d", "x,\"y\"", "[\\n]", "{1,2}\\t"], "plain": "a\\d"});
        let text = written(&json);
        assert!(read_back(&text).same(&tree(&json)), "{text}");
        assert_eq!(text.lines().last(), Some("plain: a\\d"));
    }

    #[test]
    fn braces_are_meant_literally() {
        let mut node = tree(&json!({"a": ["{{ x }}", "{% if %}", "plain"]}));
        escape(&mut node);
        let mut out = String::new();
        map(&node, &mut out);
        assert_eq!(out, "a: [\"{% raw %}{{ x }}{% endraw %}\", \"{% raw %}{% if %}{% endraw %}\", plain]\n");
    }

    fn any_tree() -> impl Strategy<Value = serde_json::Value> {
        let text = prop_oneof![
            "[ -~]{0,12}",
            "[a-z\\n#: {},\\[\\]-]{0,12}",
            "[a-z]{1,8}",
            "(line [a-z ]{0,9}\\n){1,4}",
        ];
        let leaf = prop_oneof![
            text.prop_map(serde_json::Value::from),
            any::<i64>().prop_map(serde_json::Value::from),
            any::<bool>().prop_map(serde_json::Value::from),
        ];
        let tree = leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::btree_map("[a-z ,{}:]{0,9}", inner, 0..4)
                    .prop_map(|map| serde_json::Value::Object(map.into_iter().collect())),
            ]
        });
        prop::collection::btree_map("[a-z]{1,9}", tree, 1..5)
            .prop_map(|map| serde_json::Value::Object(map.into_iter().collect()))
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(json in any_tree()) {
            let text = written(&json);
            prop_assert!(read_back(&text).same(&tree(&json)), "{}", text);
        }
    }
}
