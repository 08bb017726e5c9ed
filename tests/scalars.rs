//! Each row of `data/scalars.tsv` means to stackc what it means to kubectl, or is refused for a reason that
//! `data/refused.tsv` names. No row means anything else.

use stackc::yaml::{Dialect, Node, Value};

use crate::reader::{json, read, unescaped};

const TABLE: &str = include_str!("data/scalars.tsv");
const REFUSED: &str = include_str!("data/refused.tsv");

fn rows(table: &'static str) -> impl Iterator<Item = (&'static str, &'static str)> {
    table.lines().filter(|line| !line.starts_with('#')).map(|line| line.split_once('\t').unwrap())
}

/// The row's text as the spec of a document, and what kubectl makes of it.
fn document(row: &str, kubectl: &str) -> (String, String) {
    let long = |before: &str, length: usize, after: &str| {
        let key = "k".repeat(length);
        (format!("{before}{key}{after}"), format!("{{\"{key}\":\"a\"}}"))
    };
    let (text, long) = match row {
        "<key1024>" => long("", 1024, ": a"),
        "<key1025>" => long("", 1025, ": a"),
        "<qkey1022>" => long("\"", 1022, "\": a"),
        "<qkey1023>" => long("\"", 1023, "\": a"),
        "<?key1100>" => long("? ", 1100, "\n  : a"),
        "<flowkey1100>" => long("{", 1100, ": a}"),
        _ => (unescaped(row), kubectl.to_owned()),
    };
    let text = format!("apiVersion: example.com/v1\nkind: X\nmetadata: {{name: x}}\nspec:\n  {text}\n");
    (text, if kubectl == "ok" { long } else { kubectl.to_owned() })
}

/// The part of the document that the row is about: of `v: …` only the value, but where the JSON says `v` itself.
fn subject<'n>(spec: &'n Node, row: &str, kubectl: &str) -> &'n Node {
    let says_v = kubectl.starts_with("{\"v\":") || kubectl.contains(",\"v\":");
    if row.starts_with("v: ") && !says_v { spec.get("v").unwrap() } else { spec }
}

/// Numbers by std, as `serde_json` is off by a bit for some.
fn is(node: &Node, kubectl: &str) -> bool {
    match node.value {
        Value::Int(number, _) => kubectl.parse() == Ok(number),
        Value::Float(number, _) => kubectl.parse() == Ok(number),
        _ => serde_json::from_str::<serde_json::Value>(kubectl).unwrap() == json(node),
    }
}

/// How each row ends.
enum End {
    Same,
    /// kubectl refuses it too.
    BothRefuse,
    Refused(Vec<&'static str>),
    Other(String),
}

fn end(row: &str, kubectl: &str, dialect: Dialect) -> End {
    let (text, kubectl) = document(row, kubectl);
    let refuses = kubectl.starts_with("ERROR");
    match read(text, dialect) {
        Err(_) if refuses => End::BothRefuse,
        Err(codes) => End::Refused(codes),
        Ok(documents) => {
            let [document] = documents.as_slice() else { return End::Other(format!("{documents:?}")) };
            let spec = document.get("spec").unwrap();
            if !refuses && is(subject(spec, row, &kubectl), &kubectl) {
                return End::Same;
            }
            End::Other(json(spec).to_string())
        }
    }
}

#[test]
fn every_row_is_as_listed_or_refused_by_a_named_policy() {
    let (mut same, mut both, mut refused, mut wrong) = (0, 0, Vec::new(), Vec::new());
    for (row, kubectl) in rows(TABLE) {
        match end(row, kubectl, Dialect::Manifest) {
            End::Same => same += 1,
            End::BothRefuse => both += 1,
            End::Refused(codes) => refused.push(format!("{row}\t{}", codes.join(" "))),
            End::Other(ours) => wrong.push(format!("{row}: {ours}, but kubectl says {kubectl}")),
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    let named: Vec<String> =
        rows(REFUSED).map(|(row, rest)| format!("{row}\t{}", rest.split_once('\t').unwrap().0)).collect();
    assert_eq!(refused.join("\n"), named.join("\n"));
    assert_eq!((same, both, refused.len()), (586, 220, 33));
}

/// Typed files refuse more: keys that are no text.
#[test]
fn typed_files_give_no_row_another_value() {
    let mut refused = Vec::new();
    for (row, kubectl) in rows(TABLE) {
        match end(row, kubectl, Dialect::Typed) {
            End::Same | End::BothRefuse => {}
            End::Refused(codes) => refused.push(codes),
            End::Other(ours) => panic!("{row}: {ours}, but kubectl says {kubectl}"),
        }
    }
    let keys = refused.iter().filter(|codes| codes.contains(&"key-not-text")).count();
    assert_eq!((keys, refused.len() - keys), (40, 29));
}
