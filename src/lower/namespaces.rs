//! The namespaces that the objects use, and those to which stack.yaml adds something.

use std::collections::BTreeMap;

use super::meta::{Head, object, overlay, stack_labels, texts};
use crate::finding::Findings;
use crate::kube::{Object, Unit};
use crate::source::Span;
use crate::stack::{Stack, value_invalid};
use crate::yaml::{Build, Key, Node, Spanned};

/// k3s deletes what is missing from a file, and a namespace takes everything in it along: this label keeps wrangler
/// from pruning the object (facts on k3s, 1.5).
pub(super) const KEEP: (&str, &str) = ("objectset.rio.cattle.io/prune", "false");

/// A Namespace for each one that an object lives in, except those that Kubernetes makes and those that are among the
/// objects already; and for each one that stack.yaml lists, unless another stack makes it.
pub fn namespaces(objects: &[Object], stack: &Stack, found: &mut Findings) -> Vec<Object> {
    let mut wanted: BTreeMap<&str, Span> = BTreeMap::new();
    for object in objects {
        let Some(namespace) = &object.id.namespace else { continue };
        if namespace == "default" || namespace.starts_with("kube-") {
            continue;
        }
        let span = object.body.at(&["metadata", "namespace"]).map_or(object.body.span, |node| node.span);
        wanted.entry(namespace).or_insert(span);
    }
    for (name, file) in stack.namespaces.iter() {
        if file.create == Some(false) {
            wanted.remove(name.value.as_str());
        } else {
            wanted.insert(&name.value, name.span);
        }
    }
    for own in objects.iter().filter(|object| object.id.kind == "Namespace") {
        wanted.remove(own.id.name.as_str());
        if let Some((name, _)) = stack.namespaces.iter().find(|(name, _)| name.value == own.id.name) {
            let message = format!("`{}` stands among the manifests, so nothing is added to it", name.value);
            found.push(
                value_invalid(name.span, message)
                    .also(own.body.span, "this one")
                    .help("say it there, or remove one of the two"),
            );
        }
    }
    let named = |(name, span): (&str, Span)| Spanned { span, value: name.to_owned() };
    wanted.into_iter().map(|wanted| namespace(&named(wanted), stack)).collect()
}

fn namespace(name: &Spanned<String>, stack: &Stack) -> Object {
    let file = stack.namespaces.get(&name.value);
    let mut labels = stack_labels(stack, name.span);
    if let Some(map) = labels.as_map_mut() {
        map.push(Key { span: name.span, text: KEEP.0.into() }, Node::text(name.span, KEEP.1));
        if let Some(file) = file {
            overlay(map, &file.labels);
            map.entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
        }
    }
    let none = || Build::at(name.span).node();
    let head = Head {
        api_version: "v1",
        kind: "Namespace",
        name,
        namespace: None,
        labels,
        annotations: file.map_or_else(none, |file| texts(name.span, &file.annotations)),
    };
    object(Unit::Namespaces, head, Vec::new())
}
