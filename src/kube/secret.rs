//! What of a Secret is no secret.

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
