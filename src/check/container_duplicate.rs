//! Two containers of a pod with one name.

use std::collections::BTreeMap;

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Role;

/// A name that two containers of a pod have.
pub static CODE: Code = Code {
    name: "container-duplicate",
    severity: Severity::Error,
    page: Page {
        about: "Two containers of a pod have one name, init containers and sidecars included; the API server refuses the\n\
                pod. The main container is named after its app.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nsidecars: {web: {}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nsidecars: {watch: {}}\n",
    },
};

/// Tells the second and every further one.
pub(super) fn of_pod(_: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    let mut seen = BTreeMap::new();
    let containers = landing.pod.containers().filter(|container| container.role != Role::Volume);
    for container in containers.filter(|container| !container.name.is_empty()) {
        let span = container.node.get("name").map_or(container.node.span, |name| name.span);
        let first = *seen.entry(container.name).or_insert(span);
        if first != span {
            let id = &landing.object.id;
            let message = format!("two containers of {id} are called `{}`", container.name);
            found.push(Finding::new(&CODE, span, message).also(first, "the other one"));
        }
    }
}
