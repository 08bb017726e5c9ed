//! ConfigMaps and Secrets that say `immutable: true`: neither what they hold nor that they say so can change.

use super::{Fate, IMMUTABLE, NEW_NAME};
use crate::diff::field::equal;
use crate::kube::Object;
use crate::yaml::Node;

const KINDS: [&str; 2] = ["ConfigMap", "Secret"];
const FIELDS: [&str; 4] = ["data", "binaryData", "stringData", "immutable"];

pub(super) fn of(old: &Object, new: &Object) -> Option<Fate> {
    let sealed = old.body.get("immutable").and_then(Node::as_bool) == Some(true);
    let other = |field: &&&str| match (old.body.get(field), new.body.get(field)) {
        (Some(old), Some(new)) => !equal(old, new),
        (old, new) => old.is_some() != new.is_some(),
    };
    let field = FIELDS.iter().find(other).filter(|_| sealed && KINDS.contains(&new.id.kind.as_str()))?;
    let why = format!("it says `immutable: true`: {IMMUTABLE}");
    Some(Fate { why, ..Fate::stuck((*field).to_owned(), NEW_NAME) })
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::diff::fate::trial::stuck;

    #[test]
    fn what_is_sealed_stays_so() {
        let sealed = |data: &str| json!({"immutable": true, "data": {"a": data}});
        let open = |data: &str| json!({"data": {"a": data}});
        let said = |data: &str| json!({"immutable": false, "data": {"a": data}});
        let none: [&str; 0] = [];
        let rows: [(Json, Json, &[&str]); 7] = [
            (open("b"), open("c"), &none),
            (open("b"), sealed("c"), &none),
            (said("b"), open("c"), &none),
            (sealed("b"), sealed("b"), &none),
            (sealed("b"), sealed("c"), &["data"]),
            (sealed("b"), open("b"), &["immutable"]),
            (sealed("b"), said("b"), &["immutable"]),
        ];
        for (old, new, expected) in rows {
            for kind in ["ConfigMap", "Secret"] {
                assert_eq!(stuck(kind, &old, &new), expected, "{old} {new}");
            }
            assert!(stuck("Other", &old, &new).is_empty());
        }
    }
}
