//! Nodes to JSON.

use serde::{Serialize, Serializer};

use crate::yaml::{Node, Value};

/// Appends the document with two spaces a level, ended by a line feed. Keys keep the node's order.
///
/// # Panics
/// Never: a node has only text for keys, and memory takes every byte.
pub fn document(node: &Node, out: &mut String) {
    #[expect(clippy::expect_used, reason = "all keys are text, and memory takes every byte")]
    let text = serde_json::to_string_pretty(node).expect("a node is JSON");
    out.push_str(&text);
    out.push('\n');
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.value {
            Value::Null => serializer.serialize_unit(),
            Value::Bool(truth, _) => serializer.serialize_bool(*truth),
            Value::Int(number, _) => serializer.serialize_i64(*number),
            Value::Float(number, _) => float(*number, serializer),
            Value::Text(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items),
            Value::Map(map) => {
                serializer.collect_map(map.entries.iter().map(|entry| (&entry.key.text, &entry.value)))
            }
        }
    }
}

/// As Go does: digits without a point or an exponent for whole numbers below 1e21.
fn float<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    match number.to_string().parse::<i128>() {
        Ok(whole) if number.abs() < 1e21 => serializer.serialize_i128(whole),
        _ => serializer.serialize_f64(number),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;

    #[test]
    fn numbers_look_as_kubectl_prints_them() {
        let span = Sources::default().add("test".into(), Ok(Vec::new())).start();
        let float = |number| Node { span, value: Value::Float(number, None) };
        let numbers =
            [float(1e20), float(-9_223_372_036_854_776_000.0), float(0.1), Node::int(span, i64::MIN)];
        let node = Node::map(
            span,
            [
                ("z", Node::list(span, numbers)),
                ("a", Node::text(span, "\"é\n\0")),
                ("m", Node::map::<&str>(span, [])),
            ],
        );
        let mut out = String::new();
        document(&node, &mut out);
        let numbers = "100000000000000000000,\n    -9223372036854776000,\n    0.1,\n    -9223372036854775808";
        assert_eq!(
            out,
            format!(
                "{{\n  \"z\": [\n    {numbers}\n  ],\n  \"a\": \"\\\"é\\n\\u0000\",\n  \"m\": {{}}\n}}\n"
            )
        );
    }
}
