//! Objects from JSON, for unit tests; each node has a span of its own, so that a test can ask for the right one.

use crate::kube::{Object, ObjectId, Past, Unit};
use crate::source::{FileId, Sources, Span};
use crate::yaml::{Node, Value};

/// A tree. Spans are numbered in the order of the walk.
pub(crate) fn tree(json: &serde_json::Value) -> Node {
    let file = Sources::default().add("test.json".into(), Ok(Vec::new()));
    node(json, file, &mut 0)
}

/// An object with a spec: `object("apps/v1", "Deployment", …)`.
pub(crate) fn object(api_version: &str, kind: &str, spec: &serde_json::Value) -> Object {
    let id = ObjectId {
        api_version: api_version.into(),
        kind: kind.into(),
        namespace: Some("default".into()),
        name: "web".into(),
    };
    let body = serde_json::json!({"apiVersion": api_version, "kind": kind, "spec": spec});
    Object {
        id,
        body: tree(&body),
        unit: Unit::App("web".into()),
        arch_auto: None,
        past: Past::default(),
        written: false,
    }
}

fn node(json: &serde_json::Value, file: FileId, count: &mut u32) -> Node {
    let span = Span { file, start: *count, end: *count + 1 };
    *count += 1;
    match json {
        serde_json::Value::Null => Node::null(span),
        serde_json::Value::Bool(truth) => Node::bool(span, *truth),
        serde_json::Value::Number(number) => match number.as_i64() {
            Some(whole) => Node::int(span, whole),
            None => Node { span, value: Value::Float(number.as_f64().expect("a number"), None) },
        },
        serde_json::Value::String(text) => Node::text(span, text.clone()),
        serde_json::Value::Array(items) => {
            let items: Vec<_> = items.iter().map(|item| node(item, file, count)).collect();
            Node::list(span, items)
        }
        serde_json::Value::Object(entries) => {
            let entries: Vec<_> =
                entries.iter().map(|(key, value)| (key.clone(), node(value, file, count))).collect();
            Node::map(span, entries)
        }
    }
}
