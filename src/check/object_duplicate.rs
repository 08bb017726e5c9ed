//! One object made twice.

use std::collections::BTreeMap;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Object;

/// Two objects with one identity.
pub static CODE: Code = Code {
    name: "object-duplicate",
    severity: Severity::Error,
    page: Page {
        about: "Two parts of the stack make the same object. In one file k3s silently keeps the last; in two files\n\
                both own it, and each apply undoes the other.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              # manifests/old.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n\
              \x20 selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n\
              \x20   spec: {containers: [{name: web, image: registry.example/web:1.0}]}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               # manifests/extra.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: extra}\nspec:\n\
               \x20 selector: {matchLabels: {app: extra}}\n  template:\n    metadata: {labels: {app: extra}}\n\
               \x20   spec: {containers: [{name: web, image: registry.example/web:1.0}]}\n",
    },
};

/// Tells the second and every further one. The API version's group counts, its version does not: `v1beta1` and `v1`
/// of a kind are one object.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let mut seen: BTreeMap<_, &Object> = BTreeMap::new();
    for object in facts.objects {
        let id = &object.id;
        let group = id.api_version.split_once('/').map_or("", |(group, _)| group);
        let key = (group, &id.kind, &id.namespace, &id.name);
        if let Some(first) = seen.get(&key) {
            found.push(
                Finding::new(&CODE, place(object), format!("{id} is made twice"))
                    .label("again here")
                    .also(place(first), "first here"),
            );
        } else {
            seen.insert(key, object);
        }
    }
}

fn place(object: &Object) -> crate::source::Span {
    object.body.at(&["metadata", "name"]).map_or(object.body.span, |node| node.span)
}
