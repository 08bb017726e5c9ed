//! Fields of an object, taken as the API server's decoder takes them: null is absent, and text is only what is text
//! after YAML's conversions (`role: true` is no text).
//!
//! A field of another kind comes back as a place with the reason, for the caller to make a finding of.

use crate::finding::{Label, Words};
use crate::yaml::{Entry, Node, Value};

/// The value of a key, unless it is null.
pub fn given<'a>(node: &'a Node, key: &str) -> Option<&'a Node> {
    node.get(key).filter(|value| !matches!(value.value, Value::Null))
}

/// The text.
///
/// # Errors
/// Where it is something else, with the line to write.
pub fn text(node: &Node) -> Result<&str, Label> {
    node.as_text().ok_or_else(|| {
        let way_out = node.written().map_or_else(String::new, |word| format!(": write `\"{word}\"`"));
        wrong(node, format!("text is wanted here, this is {}{way_out}", node.kind()))
    })
}

/// The items of a list.
///
/// # Errors
/// Where it is no list.
pub fn list(node: &Node) -> Result<&[Node], Label> {
    match &node.value {
        Value::List(items) => Ok(items),
        _ => Err(wrong(node, format!("a list is wanted here, this is {}", node.kind()))),
    }
}

/// The entries of a map.
///
/// # Errors
/// Where it is no map.
pub fn map(node: &Node) -> Result<&[Entry], Label> {
    match &node.value {
        Value::Map(map) => Ok(&map.entries),
        _ => Err(wrong(node, format!("a map is wanted here, this is {}", node.kind()))),
    }
}

/// A reason at the place of a node.
pub fn wrong(node: &Node, text: impl Into<Words>) -> Label {
    Label { span: node.span, text: text.into() }
}
