//! stackc's reader of YAML asked from outside, and the notation of the tables of YAML texts.

use stackc::finding::Findings;
use stackc::source::Sources;
use stackc::yaml::{self, Dialect, Node};

/// All documents of a text, or the codes of what is wrong with it.
pub(crate) fn read(text: impl Into<Vec<u8>>, dialect: Dialect) -> Result<Vec<Node>, Vec<&'static str>> {
    let mut sources = Sources::default();
    let file = sources.add("test.yaml".into(), Ok(text.into()));
    let mut found = Findings::default();
    let documents = yaml::read(&sources, file, dialect, &mut found);
    if found.errors() == 0 {
        return Ok(documents);
    }
    Err(found.sorted().iter().map(|finding| finding.code.name).collect())
}

/// A node as the JSON that `build --emit json` prints.
pub(crate) fn json(node: &Node) -> serde_json::Value {
    let mut text = String::new();
    yaml::json::document(node, &mut text);
    serde_json::from_str(&text).unwrap()
}

/// A table's text without its escapes; each line after the first at two columns more, but for those after `\N`.
pub(crate) fn unescaped(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, escape)) = rest.split_once('\\') {
        out.push_str(before);
        let digits = match escape.chars().next().unwrap() {
            'x' => 2,
            'u' => 4,
            'U' => 8,
            _ => 0,
        };
        let (escape, after) = escape.split_at(1 + digits);
        match escape {
            "n" => out.push_str("\n  "),
            "N" => out.push('\n'),
            "r" => out.push('\r'),
            "t" => out.push('\t'),
            "\\" => out.push('\\'),
            code => {
                let number =
                    u32::from_str_radix(code.trim_start_matches(|c: char| !c.is_ascii_hexdigit()), 16)
                        .unwrap();
                out.push(char::from_u32(number).unwrap());
            }
        }
        rest = after;
    }
    out + rest
}

#[test]
fn tables_have_escapes_of_their_own() {
    assert_eq!(unescaped(r"a\x41\u00e9\U0001f600\\n\n\t\r\Nb"), "aAé😀\\n\n  \t\r\nb");
}
