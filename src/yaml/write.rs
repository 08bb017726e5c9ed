//! Nodes to block-style YAML that kubectl, YAML 1.1 and YAML 1.2 read alike.
//!
//! Three forms of text: plain, literal block, double quotes; nothing is ever folded or wrapped, as that is where
//! readers differ. The rules were tried on kubectl, PyYAML, ruamel.yaml, js-yaml and npm's yaml. Everything goes
//! straight into one buffer.

use std::fmt;
use std::fmt::Write;
use std::ptr;

use crate::yaml::scalar;
use crate::yaml::{Entry, Node, Value};

/// The longest key without quotes (bytes).
const LONGEST_PLAIN_KEY: usize = 128;

/// A written key of more than 1024 characters must not stand on one line with its colon; a little less, to be safe.
const LONGEST_SIMPLE_KEY: usize = 1000;

/// Appends a document: its lines, the last one ended, no separator. Keys keep the node's order.
pub fn document(node: &Node, out: &mut String) {
    Writer { out, last: last_leaf(node), note: None }.value(node, 0);
}

/// What a comment behind a value says.
pub type Note<'a> = &'a dyn Fn(&Node) -> String;

/// The same with a comment behind each value; what it says is of one line.
pub fn annotated(tree: &Node, note: Note<'_>, out: &mut String) {
    Writer { out, last: last_leaf(tree), note: Some(note) }.value(tree, 0);
}

/// Text on one line as a document would hold it, for messages.
pub fn inline(text: &str) -> String {
    let mut out = String::new();
    plain_or_quoted(text, scalar::is_plain_safe(text), &mut out);
    out
}

/// Text in double quotes on one line, whatever is in it.
pub fn quoted(text: &str) -> String {
    let mut out = String::new();
    plain_or_quoted(text, false, &mut out);
    out
}

/// The value on a document's last line.
fn last_leaf(node: &Node) -> &Node {
    let last = match &node.value {
        Value::Map(map) => map.entries.last().map(|entry| &entry.value),
        Value::List(items) => items.last(),
        _ => None,
    };
    last.map_or(node, last_leaf)
}

struct Writer<'a> {
    out: &'a mut String,
    /// Must not end in blank lines that count: a document ends in one line feed, and files are joined.
    last: &'a Node,
    note: Option<Note<'a>>,
}

impl Writer<'_> {
    /// A value in lines of its own; the first one's indentation is already there, as a list's item starts behind
    /// its dash.
    fn value(&mut self, node: &Node, indent: usize) {
        match &node.value {
            Value::Map(map) if !map.entries.is_empty() => self.map(&map.entries, indent),
            Value::List(items) if !items.is_empty() => self.list(items, indent),
            _ => self.leaf(node, indent),
        }
    }

    fn map(&mut self, entries: &[Entry], indent: usize) {
        for (at, entry) in entries.iter().enumerate() {
            if at > 0 {
                self.pad(indent);
            }
            self.key(&entry.key.text, indent);
            match &entry.value.value {
                Value::Map(map) if !map.entries.is_empty() => self.below(&entry.value, indent + 2),
                // at the key's own column, as kubectl writes it
                Value::List(items) if !items.is_empty() => self.below(&entry.value, indent),
                _ => {
                    self.out.push(' ');
                    self.leaf(&entry.value, indent + 2);
                }
            }
        }
    }

    /// A value on the lines after its key.
    fn below(&mut self, node: &Node, indent: usize) {
        self.out.push('\n');
        self.pad(indent);
        self.value(node, indent);
    }

    fn list(&mut self, items: &[Node], indent: usize) {
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                self.pad(indent);
            }
            self.out.push_str("- ");
            self.value(item, indent + 2);
        }
    }

    /// The key and its colon.
    fn key(&mut self, text: &str, indent: usize) {
        let start = self.out.len();
        let is_plain = text.len() <= LONGEST_PLAIN_KEY && scalar::is_plain_safe(text);
        plain_or_quoted(text, is_plain, self.out);
        if self.out.len() - start > LONGEST_SIMPLE_KEY {
            self.out.insert_str(start, "? ");
            self.out.push('\n');
            self.pad(indent);
        }
        self.out.push(':');
    }

    /// What has no lines of its own below it, and the end of its line.
    fn leaf(&mut self, node: &Node, indent: usize) {
        match &node.value {
            Value::Null => self.out.push_str("null"),
            Value::Bool(truth, _) => self.out.push_str(if *truth { "true" } else { "false" }),
            Value::Int(number, _) => format(self.out, format_args!("{number}")),
            Value::Float(number, _) => self.out.push_str(&scalar::float_text(*number)),
            Value::Text(text) => {
                let is_plain = scalar::is_plain_safe(text);
                let is_last = ptr::eq(node, self.last);
                if !is_plain && indent > 0 && is_block_safe(text) && !(is_last && text.ends_with("\n\n")) {
                    return self.block(node, text, indent);
                }
                plain_or_quoted(text, is_plain, self.out);
            }
            Value::List(_) => self.out.push_str("[]"),
            Value::Map(_) => self.out.push_str("{}"),
        }
        self.end(node);
    }

    /// The end of a line that holds a value, or the header of a block.
    fn end(&mut self, node: &Node) {
        if let Some(note) = self.note {
            self.out.push_str(" # ");
            self.out.extend(note(node).chars().map(|c| if is_readable(c) { c } else { '?' }));
        }
        self.out.push('\n');
    }

    /// A literal block: as many line feeds at its end as its header says.
    fn block(&mut self, node: &Node, text: &str, indent: usize) {
        self.out.push_str(match text {
            _ if text.ends_with("\n\n") => "|+",
            _ if text.ends_with('\n') => "|",
            _ => "|-",
        });
        self.end(node);
        for line in text.split_terminator('\n') {
            if !line.is_empty() {
                self.pad(indent);
                self.out.push_str(line);
            }
            self.out.push('\n');
        }
    }

    fn pad(&mut self, indent: usize) {
        const SPACES: &str = "                                ";
        match SPACES.get(..indent) {
            Some(spaces) => self.out.push_str(spaces),
            None => self.out.extend(std::iter::repeat_n(' ', indent)),
        }
    }
}

/// Text on one line.
fn plain_or_quoted(text: &str, is_plain: bool, out: &mut String) {
    if is_plain {
        return out.push_str(text);
    }
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            _ if is_readable(c) => out.push(c),
            _ => escape(c, out),
        }
    }
    out.push('"');
}

/// The escapes that YAML has for any character. Never a pair of surrogates: go-yaml v2 refuses them.
fn escape(c: char, out: &mut String) {
    match u32::from(c) {
        number @ ..0x100 => format(out, format_args!("\\x{number:02X}")),
        number @ 0x100..0x1_0000 => format(out, format_args!("\\u{number:04X}")),
        number => format(out, format_args!("\\U{number:08X}")),
    }
}

/// Formats without a buffer between; a `String` takes everything.
fn format(out: &mut String, arguments: fmt::Arguments<'_>) {
    let _ = out.write_fmt(arguments);
}

/// Whether text survives as a literal block in every reader: its indentation must be plain to see, and no line
/// may be lost as blank.
fn is_block_safe(text: &str) -> bool {
    let is_blank = |line: &str| !line.is_empty() && line.bytes().all(|byte| b" \t".contains(&byte));
    let is_kept = |c| is_readable(c) || c == '\n' || c == '\t';
    text.contains('\n')
        && !text.starts_with(['\n', ' ', '\t'])
        && text.chars().all(is_kept)
        && !text.split('\n').any(is_blank)
}

/// Whether people see the character for what it is, and readers keep it: no controls, no line separators, no
/// blanks but the space, nothing without width, no marks of direction, nothing private or unassigned for ever.
fn is_readable(c: char) -> bool {
    match c {
        ' '..='~' => true,
        ..'\u{a1}'
        | '\u{ad}'
        | '\u{61c}'
        | '\u{1680}'
        | '\u{2000}'..='\u{200f}'
        | '\u{2028}'..='\u{202f}'
        | '\u{205f}'..='\u{206f}'
        | '\u{3000}'
        | '\u{e000}'..='\u{f8ff}'
        | '\u{fdd0}'..='\u{fdef}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffc}'
        | '\u{e0000}'.. => false,
        // the last two of each plane are no characters
        _ => u32::from(c) & 0xfffe != 0xfffe,
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;
    use crate::finding::Findings;
    use crate::source::{Sources, Span};
    use crate::yaml::{Dialect, read};

    /// How many cases a property is tried on; `STACKC_LONG=1` for the long run.
    #[expect(clippy::disallowed_methods, reason = "tests know the environment")]
    pub(crate) fn cases() -> ProptestConfig {
        let is_long = std::env::var_os("STACKC_LONG").is_some_and(|value| value == "1");
        ProptestConfig::with_cases(if is_long { 20_000 } else { 256 })
    }

    fn place() -> Span {
        Sources::default().add("test".into(), Ok(Vec::new())).start()
    }

    fn text(text: &str) -> Node {
        Node::text(place(), text.to_owned())
    }

    fn map(entries: Vec<(&'static str, Node)>) -> Node {
        Node::map(place(), entries)
    }

    fn list(items: Vec<Node>) -> Node {
        Node::list(place(), items)
    }

    fn written(node: &Node) -> String {
        let mut out = String::new();
        document(node, &mut out);
        out
    }

    /// Text of the letters that matter to some reader.
    fn any_text() -> impl Strategy<Value = String> {
        let letters = "[ -~\n\t\r\u{0}\u{7f}\u{85}\u{a0}é\u{2028}\u{202e}\u{feff}\u{ffff}😀]{0,12}";
        prop_oneof![letters, "[ab \n\t]{0,12}", "[-+.0-9_eExo:]{0,8}", "[a-z]{1,6}", any::<String>()]
    }

    /// Any tree that the reader could give.
    pub(crate) fn any_node() -> impl Strategy<Value = Node> {
        let int = any::<i64>().prop_map(|number| Node::int(place(), number));
        let float = any::<f64>().prop_filter_map("integers are no floats", |number| {
            let value = Value::Float(number, None);
            let is_float = number.is_finite() && number.to_string().parse::<i64>().is_err();
            is_float.then(|| Node { span: place(), value })
        });
        let truth = any::<bool>().prop_map(|truth| Node::bool(place(), truth));
        let leaf = prop_oneof![
            1 => Just(Node::null(place())),
            1 => truth,
            1 => int,
            1 => float,
            4 => any_text().prop_map(|text| Node::text(place(), text)),
        ];
        leaf.prop_recursive(5, 40, 5, |node| {
            let map = proptest::collection::btree_map(any_text(), node.clone(), 0..5);
            prop_oneof![
                vec(node, 0..5).prop_map(|items| Node::list(place(), items)),
                map.prop_map(|entries| Node::map(place(), entries)),
            ]
        })
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn what_is_written_is_read_back(node in any_node()) {
            let mut sources = Sources::default();
            let node = Node::map(place(), [("v", node)]);
            let text = written(&node);
            for dialect in [Dialect::Typed, Dialect::Manifest] {
                let mut found = Findings::default();
                let file = sources.add("test".into(), Ok(text.clone().into_bytes()));
                let back = read(&sources, file, dialect, &mut found);
                prop_assert!(back.len() == 1 && node.same(&back[0]), "{}\n{:?}\n{:?}", text, back, found);
            }
        }

        #[test]
        fn a_comment_behind_each_value_changes_none(node in any_node(), comment in "[ -~\u{0}-\u{20}\u{2028}]{0,20}") {
            let mut sources = Sources::default();
            let node = Node::map(place(), [("v", node)]);
            let mut text = String::new();
            annotated(&node, &|_| comment.clone(), &mut text);
            let mut found = Findings::default();
            let file = sources.add("test".into(), Ok(text.clone().into_bytes()));
            let back = read(&sources, file, Dialect::Manifest, &mut found);
            prop_assert!(back.len() == 1 && node.same(&back[0]), "{}\n{:?}\n{:?}", text, back, found);
        }

        /// Readers split documents by lines, before they parse.
        #[test]
        fn lines_are_a_document_s(node in any_node()) {
            let out = written(&node);
            prop_assert!(out.ends_with('\n') && !out.ends_with("\n\n"), "{}", out);
            prop_assert!(out.chars().all(|c| is_readable(c) || c == '\n' || c == '\t'), "{}", out);
            let is_marker = |line: &str| ["---", "...", "%"].iter().any(|marker| line.starts_with(marker));
            prop_assert!(!out.lines().any(is_marker), "{}", out);
        }
    }

    #[test]
    fn a_document_looks_as_kubectl_writes_it() {
        let node = map(vec![
            ("kind", text("X")),
            ("empty", map(vec![("list", list(vec![])), ("map", map(vec![])), ("null", Node::null(place()))])),
            (
                "list",
                list(vec![
                    map(vec![
                        ("name", text("a")),
                        ("args", list(vec![text("--x=1"), text("y")])),
                        ("n", Node::int(place(), -1)),
                    ]),
                    list(vec![text("b"), list(vec![Node::bool(place(), true)])]),
                    text("one\ntwo\n"),
                    map(vec![("deep", map(vec![("text", text("a\n\n  b\t"))]))]),
                ]),
            ),
            ("kept", text("a\n\n\n")),
            ("float", Node { span: place(), value: Value::Float(1e21, None) }),
        ]);
        assert_eq!(
            written(&node),
            concat!(
                "kind: X\n",
                "empty:\n  list: []\n  map: {}\n  \"null\": null\n",
                "list:\n",
                "- name: a\n  args:\n  - \"--x=1\"\n  - \"y\"\n  \"n\": -1\n",
                "- - b\n  - - true\n",
                "- |\n  one\n  two\n",
                "- deep:\n    text: |-\n      a\n\n        b\t\n",
                "kept: |+\n  a\n\n\n",
                "float: 1.0e+21\n",
            )
        );
    }

    #[test]
    fn text_takes_one_of_three_forms() {
        for (value, form) in [
            ("a b", "a b"),
            ("", r#""""#),
            ("yes", r#""yes""#),
            ("a: \"b\"\\", r#""a: \"b\"\\""#),
            ("é ß", r#""é ß""#),
            ("\0\t\r\n", r#""\x00\t\r\n""#),
            ("\u{85}\u{2028}\u{1f600}\u{1fffe}", r#""\x85\u2028😀\U0001FFFE""#),
            ("\na", r#""\na""#),
            (" a\nb", r#"" a\nb""#),
            ("a\n \nb", r#""a\n \nb""#),
            ("a\r\nb", r#""a\r\nb""#),
            ("a\nb", "|-\n  a\n  b"),
            ("a\n\tb \n", "|\n  a\n  \tb "),
        ] {
            assert_eq!(written(&map(vec![("a", text(value))])), format!("a: {form}\n"));
        }
        assert_eq!(inline("a\nb"), r#""a\nb""#);
    }

    #[test]
    fn no_document_ends_in_blank_lines_that_count() {
        let node = list(vec![text("a\n\n"), map(vec![("b", text("a\n\n"))])]);
        assert_eq!(written(&node), "- |+\n  a\n\n- b: \"a\\n\\n\"\n");
        assert_eq!(written(&text("---\na")), "\"---\\na\"\n");
    }

    #[test]
    fn long_keys_stand_alone() {
        let key = |length| {
            let out =
                written(&Node::map(place(), [("k".repeat(length), map(vec![("a", list(vec![text("b")]))]))]));
            out.replace(&"k".repeat(length), "K")
        };
        assert_eq!(key(LONGEST_PLAIN_KEY), "K:\n  a:\n  - b\n");
        assert_eq!(key(LONGEST_PLAIN_KEY + 1), "\"K\":\n  a:\n  - b\n");
        assert_eq!(key(LONGEST_SIMPLE_KEY - 2), "\"K\":\n  a:\n  - b\n");
        assert_eq!(key(LONGEST_SIMPLE_KEY - 1), "? \"K\"\n:\n  a:\n  - b\n");
    }
}
