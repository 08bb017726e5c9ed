//! By which fields the items of a list are known.
//!
//! A row is for reading alone: an item that is found by the wrong name is still shown with all that changed in it.

use crate::yaml::Node;

/// The fields that make an item itself.
pub(super) type Keys = &'static [&'static str];

/// Lists whose items have no name of their own, from Kubernetes' OpenAPI (`x-kubernetes-patch-merge-key` and
/// `x-kubernetes-list-map-keys`, the project's facts: merge_keys.json), and Traefik's routes. Of a name that two types
/// have, the row counts whose fields the items have.
const KEYS: [(&str, Keys); 9] = [
    ("hostAliases", &["ip"]),
    ("items", &["key"]),
    ("ownerReferences", &["uid"]),
    ("ports", &["containerPort", "protocol"]),
    ("ports", &["port", "protocol"]),
    ("routes", &["match"]),
    ("topologySpreadConstraints", &["topologyKey", "whenUnsatisfiable"]),
    ("volumeDevices", &["devicePath"]),
    ("volumeMounts", &["mountPath"]),
];

/// All other lists that Kubernetes merges (containers, env, volumes, webhooks …), and most of custom resources.
const NAME: Keys = &["name"];

/// What Kubernetes puts in where a port says none.
const PROTOCOL: (&str, &str) = ("protocol", "TCP");

/// How the items of two states of a list are known, if all of them are, each by itself.
pub(super) fn keyed(list: &str, old: &[Node], new: &[Node]) -> Option<(Keys, Vec<String>, Vec<String>)> {
    let rows = KEYS.iter().filter(|(name, _)| *name == list).map(|(_, keys)| *keys);
    rows.chain([NAME]).find_map(|keys| Some((keys, labels(old, keys)?, labels(new, keys)?)))
}

fn labels(items: &[Node], keys: Keys) -> Option<Vec<String>> {
    let labels: Vec<String> = items.iter().map(|item| label(item, keys)).collect::<Option<_>>()?;
    let mut sorted: Vec<&String> = labels.iter().collect();
    sorted.sort_unstable();
    let unique = sorted.windows(2).all(|pair| pair.first() != pair.last());
    unique.then_some(labels)
}

/// What an item is called: `minio`, `9000/TCP`.
pub(super) fn label(item: &Node, keys: Keys) -> Option<String> {
    let parts = keys.iter().map(|key| match item.get(key) {
        Some(value) => value.written().map(std::borrow::Cow::into_owned),
        None => (*key == PROTOCOL.0 && item.as_map().is_some()).then(|| PROTOCOL.1.to_owned()),
    });
    let parts: Option<Vec<String>> = parts.collect();
    parts.map(|parts| parts.join("/"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kube::tree::tree;

    #[test]
    fn rows() {
        for (list, items, expected) in [
            ("containers", json!([{"name": "a"}, {"name": "b"}]), Some("a b")),
            (
                "ports",
                json!([{"containerPort": 53}, {"containerPort": 53, "protocol": "UDP"}]),
                Some("53/TCP 53/UDP"),
            ),
            ("ports", json!([{"name": "dns", "port": 53}]), Some("53/TCP")),
            ("ports", json!([{"name": "only"}]), Some("only")),
            (
                "volumeMounts",
                json!([{"name": "v", "mountPath": "/a"}, {"name": "v", "mountPath": "/b"}]),
                Some("/a /b"),
            ),
            ("routes", json!([{"match": "Host(`a`)"}]), Some("Host(`a`)")),
            ("env", json!([{"name": "a"}, {"name": "a"}]), None),
            ("args", json!(["a"]), None),
            ("rules", json!([{"host": "a"}]), None),
            ("empty", json!([]), Some("")),
        ] {
            let items = tree(&items);
            let found = keyed(list, items.items(), items.items()).map(|(_, old, _)| old.join(" "));
            assert_eq!(found.as_deref(), expected, "{list}");
        }
    }
}
