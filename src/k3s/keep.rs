//! What k3s must not delete unasked, and the label that keeps it from doing so.

use crate::yaml::Node;

/// The label that keeps k3s from deleting an object which is missing from its file: wrangler's, which applies files for
/// k3s (facts on k3s, 1.5). A namespace would take everything in it along, a claim its data.
pub const KEEP: (&str, &str) = ("objectset.rio.cattle.io/prune", "false");

/// Kinds whose deletion deletes what nobody can make again, and what that is.
const DATA: [(&str, &str); 4] = [
    ("Namespace", "everything in it goes with it, claims and their data too"),
    ("PersistentVolumeClaim", "its volume goes with it, with all data (unless its StorageClass retains)"),
    ("Secret", "its values are gone, if they are kept nowhere else"),
    ("CustomResourceDefinition", "all objects of that kind go with it, in all namespaces"),
];

/// Whether an object bears the label.
pub fn is_kept(object: &Node) -> bool {
    object.text_at(&["metadata", "labels", KEEP.0]) == Some(KEEP.1)
}

/// What is lost with an object; nothing with a Secret without values.
pub fn lost_with(kind: &str, object: &Node) -> Option<&'static str> {
    let empty = |field| object.get(field).is_none_or(|values| values.entries().is_empty());
    if kind == "Secret" && empty("data") && empty("stringData") {
        return None;
    }
    DATA.iter().find(|(known, _)| *known == kind).map(|(_, lost)| *lost)
}
