//! Kinds of which all fields but a few are fixed.

use super::{Fate, NEW_NAME};
use crate::diff::field::equal;
use crate::kube::Object;
use crate::yaml::Node;

/// Kinds, and the fields of their `spec` that may change, or that `fixed.rs` judges.
const FREE: [(&str, &[&str]); 5] = [
    (
        // All else says what it is a volume of.
        "PersistentVolume",
        &[
            "accessModes",
            "capacity",
            "claimRef",
            "mountOptions",
            "nodeAffinity",
            "persistentVolumeReclaimPolicy",
            "storageClassName",
            "volumeAttributesClassName",
            "volumeMode",
        ],
    ),
    ("CertificateSigningRequest", &[]),
    ("ResourceClaim", &[]),
    ("ResourceClaimTemplate", &[]),
    ("VolumeAttachment", &[]),
];

pub(super) fn of(old: &Object, new: &Object) -> Vec<Fate> {
    let Some((_, free)) = FREE.iter().find(|(kind, _)| *kind == new.id.kind) else { return Vec::new() };
    let others = others(old.body.get("spec"), new.body.get("spec"), free);
    others.map(|field| Fate::stuck(format!("spec.{field}"), NEW_NAME)).collect()
}

/// Keys of two maps whose values differ, but for those that are free.
pub(super) fn others<'a>(
    old: Option<&'a Node>,
    new: Option<&'a Node>,
    free: &'a [&str],
) -> impl Iterator<Item = &'a str> {
    let entries = |side: Option<&'a Node>| side.map_or(&[][..], Node::entries).iter();
    let differs = move |key: &str| match (old.and_then(|old| old.get(key)), new.and_then(|new| new.get(key)))
    {
        (Some(old), Some(new)) => !equal(old, new),
        (old, new) => old.is_some() || new.is_some(),
    };
    let came = entries(new).filter(move |entry| old.is_none_or(|old| old.get(&entry.key.text).is_none()));
    let keys = entries(old).chain(came).map(|entry| entry.key.text.as_ref());
    keys.filter(move |key| !free.contains(key) && differs(key))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::diff::fate::trial::stuck;

    #[test]
    fn volumes() {
        let volume = |more: serde_json::Value| {
            let mut spec = json!({"capacity": {"storage": "1Gi"}, "hostPath": {"path": "/a"}});
            spec.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"spec": spec})
        };
        let old = volume(json!({}));
        let rows = [
            (
                json!({"capacity": {"storage": "2Gi"}, "mountOptions": ["ro"], "storageClassName": "a"}),
                vec![],
            ),
            (json!({"hostPath": {"path": "/b"}}), vec!["spec.hostPath"]),
            (json!({"hostPath": {"path": "/a", "type": "Directory"}}), vec!["spec.hostPath"]),
            (json!({"nfs": {"server": "a"}}), vec!["spec.nfs"]),
            (json!({"nodeAffinity": {"required": {}}}), vec![]),
        ];
        for (more, expected) in rows {
            assert_eq!(stuck("PersistentVolume", &old, &volume(more.clone())), expected, "{more}");
        }
        let affinity = |name: &str| volume(json!({"nodeAffinity": {"required": name}}));
        for new in [affinity("b"), volume(json!({}))] {
            assert_eq!(stuck("PersistentVolume", &affinity("a"), &new), ["spec.nodeAffinity"]);
        }
        assert_eq!(stuck("VolumeAttachment", &json!({"spec": {"a": 1}}), &json!({"spec": {}})), ["spec.a"]);
    }
}
