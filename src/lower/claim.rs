//! Claims to storage. They hold data: k3s must not prune them with the app that left.

use super::meta::{app_object, labels, texts};
use crate::k3s::KEEP;
use crate::kube::Object;
use crate::stack::{App, Claim, Stack};
use crate::yaml::{Build, Key, Node, Spanned};

/// Claims that stand apart from their workload.
pub(super) fn claims(app: &App, stack: &Stack, claims: &[(Spanned<String>, Claim)]) -> Vec<Object> {
    let object = |(name, claim): &(Spanned<String>, Claim)| {
        let mut object =
            app_object(app, stack, ("v1", "PersistentVolumeClaim"), name, vec![("spec", spec(claim))]);
        let metadata = object.body.as_map_mut().and_then(|map| map.get_mut("metadata"));
        if let Some(labels) = metadata.and_then(Node::as_map_mut).and_then(|map| map.get_mut("labels")) {
            if let Some(own) = &claim.labels {
                *labels = texts(name.span, own);
            }
            if let Some(map) = labels.as_map_mut() {
                map.push(Key { span: name.span, text: KEEP.0.into() }, Node::text(name.span, KEEP.1));
            }
        }
        object
    };
    claims.iter().map(object).collect()
}

/// Claims that a StatefulSet makes, one a pod.
pub(super) fn templates(app: &App, stack: &Stack, claims: &[(Spanned<String>, Claim)]) -> Vec<Node> {
    let template = |(name, claim): &(Spanned<String>, Claim)| {
        let own = claim.labels.as_ref().map(|own| texts(name.span, own));
        let labels = own.unwrap_or_else(|| labels(app, stack));
        let metadata = Build::at(name.span).with("name", name.into()).unless_empty("labels", labels).node();
        Build::at(name.span).with("metadata", metadata).with("spec", spec(claim)).node()
    };
    claims.iter().map(template).collect()
}

fn spec(claim: &Claim) -> Node {
    let span = claim.size.span;
    let modes = if claim.access_modes.is_empty() {
        vec![Node::text(span, "ReadWriteOnce")]
    } else {
        claim.access_modes.iter().map(Node::from).collect()
    };
    let requests = Build::at(span).with("storage", (&claim.size).into()).node();
    Build::at(span)
        .with("accessModes", Node::list(span, modes))
        .maybe("storageClassName", claim.storage_class.as_ref().map(Node::from))
        .with("resources", Build::at(span).with("requests", requests).node())
        .node()
}
