//! In what an object that a typed app makes may differ from the one that was imported.
//!
//! A row is a difference that changes nothing of what runs, with the reason that people read; everything else keeps an
//! object raw.

use super::labels::standard;
use super::world::World;
use crate::diff::Difference;
use crate::k3s::KEEP;
use crate::kube::{Object, Pod};
use crate::yaml::Node;

/// A difference that may be.
pub(super) struct Allowed {
    /// What it is.
    pub(super) what: &'static str,
    /// Why it does no harm, and what it is good for.
    pub(super) why: &'static str,
    is: fn(&Difference<'_>, &Object, &World<'_>) -> bool,
}

/// All of them.
pub(super) static ALLOWED: [Allowed; 5] = [
    Allowed {
        what: "labels app, app.kubernetes.io/name, /part-of, /managed-by are added",
        why: "by them you find what belongs to an app (no selector of the input looks for them); where they come onto \
              pods, these are replaced once",
        is: is_label,
    },
    Allowed {
        what: "annotation checksum/config is stackc's own on pods that use a ConfigMap of the stack",
        why: "when the configuration changes, the pods start anew; now they are replaced once",
        is: |difference, object, _| {
            let sum = ["metadata", "annotations", CHECKSUM];
            let path: Vec<&str> = template(object).iter().copied().chain(sum).collect();
            is_at(difference, &path) && difference.new.is_some()
        },
    },
    Allowed {
        what: "label objectset.rio.cattle.io/prune=false is added to claims",
        why: "k3s does not delete the data when an app leaves the stack",
        is: |difference, object, _| {
            object.id.kind == "PersistentVolumeClaim"
                && is_at(difference, &["metadata", "labels", KEEP.0])
                && difference.old.is_none()
        },
    },
    Allowed {
        what: "a volume lists all keys of its ConfigMap, or none",
        why: "without a list all keys are mounted too",
        is: |difference, object, world| is_all_keys(difference, object, world),
    },
    Allowed {
        what: "fields are left out that the cluster wrote: status, uid, resourceVersion …",
        why: "they are no one's to apply",
        // They are taken away as the objects are read, from raw ones too.
        is: |_, _, _| false,
    },
];

const CHECKSUM: &str = "checksum/config";

/// What `kubectl get -o yaml` shows beside what was applied.
pub(super) const SERVERS: [&[&str]; 16] = [
    &["status"],
    &["metadata", "creationTimestamp"],
    &["metadata", "generation"],
    &["metadata", "managedFields"],
    &["metadata", "resourceVersion"],
    &["metadata", "selfLink"],
    &["metadata", "uid"],
    &["metadata", "annotations", "deployment.kubernetes.io/revision"],
    &["metadata", "annotations", "deprecated.daemonset.template.generation"],
    &["metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"],
    &["metadata", "annotations", "pv.kubernetes.io/bind-completed"],
    &["metadata", "annotations", "pv.kubernetes.io/bound-by-controller"],
    &["metadata", "annotations", "volume.beta.kubernetes.io/storage-provisioner"],
    &["metadata", "annotations", "volume.kubernetes.io/selected-node"],
    &["metadata", "annotations", "volume.kubernetes.io/storage-provisioner"],
    &["spec", "volumeClaimTemplates", "*", "status"],
];

/// Finalizers that controllers of Kubernetes put on what they watch.
pub(super) const FINALIZERS: [&str; 3] = [
    "kubernetes.io/pv-protection",
    "kubernetes.io/pvc-protection",
    "service.kubernetes.io/load-balancer-cleanup",
];

/// The row of what the API server wrote.
pub(super) const SERVERS_ROW: usize = 4;

/// The row that allows a difference.
pub(super) fn allowed(difference: &Difference<'_>, object: &Object, world: &World<'_>) -> Option<usize> {
    ALLOWED.iter().position(|row| (row.is)(difference, object, world))
}

fn is_at(difference: &Difference<'_>, path: &[&str]) -> bool {
    difference.path.iter().map(String::as_str).eq(path.iter().copied())
}

/// Where the pod template is; nowhere in an object without pods.
fn template(object: &Object) -> &'static [&'static str] {
    Pod::path(&object.id).filter(|path| !path.is_empty()).unwrap_or(&["spec", "template"])
}

/// A label by which nothing chooses. A Job's pod template cannot be changed once it is in the cluster, and so not be
/// labelled.
fn is_label(difference: &Difference<'_>, object: &Object, world: &World<'_>) -> bool {
    let path: Vec<&str> = difference.path.iter().map(String::as_str).collect();
    let is_standard = |key: &str| standard("", "").iter().any(|(own, _)| *own == key);
    let Some((key, place)) = path.split_last().filter(|(key, _)| is_standard(key)) else { return false };
    let Some(value) = difference.new.and_then(Node::as_text).filter(|_| difference.old.is_none()) else {
        return false;
    };
    match place {
        ["metadata", "labels"] => object.id.kind != "Service" || !world.is_watched(key, value),
        [pods @ .., "metadata", "labels"] if pods == template(object) => {
            object.id.kind != "Job" && !world.is_selected(object, key, value)
        }
        _ => false,
    }
}

/// `items` of a volume that name each key of its ConfigMap after itself, in one of the two.
fn is_all_keys(difference: &Difference<'_>, object: &Object, world: &World<'_>) -> bool {
    let ((Some(list), None) | (None, Some(list))) = (difference.old, difference.new) else { return false };
    let spec: Vec<&str> = template(object).iter().copied().chain(["spec", "volumes"]).collect();
    let path: Vec<&str> = difference.path.iter().map(String::as_str).collect();
    let Some([volume, "configMap", "items"]) = path.strip_prefix(spec.as_slice()) else { return false };
    let volumes = Pod::of(object).and_then(|pod| pod.spec.get("volumes")).map_or(&[][..], Node::items);
    let own = volumes.iter().find(|own| own.text_at(&["name"]) == Some(*volume));
    let name = own.and_then(|own| own.text_at(&["configMap", "name"])).unwrap_or_default();
    let mut keys = world.config_keys(object.id.namespace.as_deref().unwrap_or_default(), name);
    let itself = |item: &Node| {
        let key = item.text_at(&["key"]).unwrap_or_default();
        item.text_at(&["path"]) == Some(key) && keys.remove(key)
    };
    list.items().iter().all(itself) && keys.is_empty()
}
