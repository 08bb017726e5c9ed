//! References to ConfigMaps, claims and ServiceAccounts that nobody said exist. (Secrets have keys, and a check of their
//! own.)

use std::collections::BTreeSet;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::kube::Target;

/// An object that is neither declared nor among the objects.
pub static CODE: Code = Code {
    name: "reference-unknown",
    severity: Severity::Error,
    page: Page {
        about: "A pod uses a ConfigMap, a claim or a ServiceAccount that is neither among the stack's objects nor under\n\
                `external` in stack.yaml. Without its claim a pod stays Pending, without its ConfigMap it waits in\n\
                CreateContainerConfigError or ContainerCreating, without its ServiceAccount it is not even made.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/data: {claim: web-data}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\nexternal: [PersistentVolumeClaim/web-data]\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/data: {claim: web-data}}\n",
    },
};

/// What Kubernetes makes in every namespace.
const EVERYWHERE: [(&str, &str); 2] = [("ConfigMap", "kube-root-ca.crt"), ("ServiceAccount", "default")];

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let key = |kind, namespace, name| -> (&str, &str, &str) { (kind, namespace, name) };
    let made: BTreeSet<_> = facts
        .objects
        .iter()
        .map(|object| {
            key(&object.id.kind, object.id.namespace.as_deref().unwrap_or_default(), &object.id.name)
        })
        .collect();
    for landing in &facts.landings {
        let namespace = landing.object.id.namespace.as_deref().unwrap_or_default();
        for reference in landing.pod.references() {
            let (kind, Some(name)) = (reference.target.kind(), reference.name.as_text()) else { continue };
            let known = made.contains(&key(kind, namespace, name))
                || EVERYWHERE.contains(&(kind, name))
                || facts.stack.external_name(kind, namespace, name).is_some();
            if known || reference.optional || reference.target == Target::Secret {
                continue;
            }
            let near = made.iter().filter(|other| other.0 == kind && other.1 == namespace).map(|other| other.2);
            let help = nearest(name, near).map_or_else(
                || format!("if it exists, say so in stack.yaml:\nexternal: [{kind}/{name}]"),
                |near| format!("did you mean `{near}`?"),
            );
            found.push(
                Finding::new(&CODE, reference.name.span, format!("nothing says that the {kind} {namespace}/{name} exists"))
                    .label(format!("{} uses it", landing.object.id))
                    .help(help),
            );
        }
    }
}
