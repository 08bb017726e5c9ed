//! What of a Secret is no secret.

use crate::finding::Findings;
use crate::yaml::{Node, Value};

/// Annotations that repeat the whole object: kubectl's as JSON, and wrangler's, by which k3s applies, packed.
const REPEATS: [&str; 2] =
    ["kubectl.kubernetes.io/last-applied-configuration", "objectset.rio.cattle.io/applied"];

/// Fields that say which object it is, and how Kubernetes treats it.
const OPEN: [&str; 5] = ["apiVersion", "immutable", "kind", "metadata", "type"];

/// Whether a field of a Secret, by the keys that lead to it, may be shown. What Kubernetes does not know may be a value at
/// the wrong place.
pub fn is_open(path: &[&str]) -> bool {
    match path {
        [first, ..] => OPEN.contains(first) && !repeats(path),
        [] => true,
    }
}

/// Whether a field of any object repeats all of it.
pub fn repeats(path: &[&str]) -> bool {
    matches!(path, ["metadata", "annotations", name, ..] if REPEATS.contains(name))
}

/// Whether an object is one.
pub fn is_secret(body: &Node) -> bool {
    body.text_at(&["kind"]) == Some("Secret")
        && body.text_at(&["apiVersion"]).is_none_or(|of| !of.contains('/'))
}

/// Hides the values of a Secret, or of a part of one, to which `path` leads.
pub fn hide(node: &Node, path: &mut Vec<String>, found: &mut Findings) {
    match &node.value {
        Value::Map(map) => {
            for entry in &map.entries {
                path.push(entry.key.text.to_string());
                hide(&entry.value, path, found);
                path.pop();
            }
        }
        Value::List(items) => items.iter().for_each(|item| hide(item, path, found)),
        Value::Null | Value::Bool(..) => {}
        _ => {
            let keys: Vec<&str> = path.iter().map(String::as_str).collect();
            if !is_open(&keys) {
                found.hide(node.span);
            }
        }
    }
}

/// Whether a Secret may be in a text, read or not.
pub fn is_near(text: &str) -> bool {
    text.contains("Secret")
}

#[cfg(test)]
mod tests {
    use super::is_open;

    #[test]
    fn fields() {
        for (path, open) in [
            (&["kind"][..], true),
            (&["metadata", "labels", "a"], true),
            (&["metadata", "annotations", "a"], true),
            (&["metadata", "annotations", "objectset.rio.cattle.io/applied"], false),
            (&["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"], false),
            (&["data", "a"], false),
            (&["stringData"], false),
            (&["password"], false),
        ] {
            assert_eq!(is_open(path), open, "{path:?}");
        }
    }
}
