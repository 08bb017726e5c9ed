//! The namespaces that the objects use.

use std::collections::BTreeMap;

use super::meta::{Head, object, stack_labels};
use crate::kube::{Object, Unit};
use crate::source::Span;
use crate::stack::Stack;
use crate::yaml::{Build, Node, Spanned};

/// k3s deletes what is missing from a file, and a namespace takes everything in it along: this label keeps wrangler
/// from pruning the object (facts on k3s, 1.5).
pub(super) const KEEP: (&str, &str) = ("objectset.rio.cattle.io/prune", "false");

/// A Namespace for each one that an object lives in, except those that Kubernetes makes and those that are among the
/// objects already.
pub fn namespaces(objects: &[Object], stack: &Stack) -> Vec<Object> {
    let mut used: BTreeMap<&str, Span> = BTreeMap::new();
    for object in objects {
        let Some(namespace) = &object.id.namespace else { continue };
        let span = object.body.at(&["metadata", "namespace"]).map_or(object.body.span, |node| node.span);
        used.entry(namespace).or_insert(span);
    }
    for own in objects.iter().filter(|object| object.id.kind == "Namespace") {
        used.remove(own.id.name.as_str());
    }
    used.into_iter()
        .filter(|(name, _)| *name != "default" && !name.starts_with("kube-"))
        .map(|(name, span)| namespace(&Spanned { span, value: name.to_owned() }, stack))
        .collect()
}

fn namespace(name: &Spanned<String>, stack: &Stack) -> Object {
    let mut labels = stack_labels(stack, name.span);
    if let Some(map) = labels.as_map_mut() {
        map.push(crate::yaml::Key { span: name.span, text: KEEP.0.into() }, Node::text(name.span, KEEP.1));
    }
    let head = Head {
        api_version: "v1",
        kind: "Namespace",
        name,
        namespace: None,
        labels,
        annotations: Build::at(name.span).node(),
    };
    object(Unit::Namespaces, head, Vec::new())
}
