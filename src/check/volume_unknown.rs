//! Mounts of volumes that the pod does not have.

use std::collections::BTreeSet;

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::kube::Role;
use crate::yaml::Node;

/// A volume that is mounted and not there.
pub static CODE: Code = Code {
    name: "volume-unknown",
    severity: Severity::Error,
    page: Page {
        about: "A container mounts a volume by a name that neither `volumes` nor `volumeClaimTemplates` has. The API\n\
                server refuses the pod.",
        bad: "# manifests/api.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: default}\nspec:\n\
              \x20 containers: [{name: api, image: \"registry.example/web:1.0\", volumeMounts: [{name: dat, mountPath: /data}]}]\n\
              \x20 volumes: [{name: data, emptyDir: {}}]\n",
        good: "# manifests/api.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: default}\nspec:\n\
               \x20 containers: [{name: api, image: \"registry.example/web:1.0\", volumeMounts: [{name: data, mountPath: /data}]}]\n\
               \x20 volumes: [{name: data, emptyDir: {}}]\n",
    },
};

/// So many are compared one by one.
const FEW: usize = 8;

/// Tells each.
pub(super) fn of_pod(_: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    let own: BTreeSet<&str> = match names_of(landing).nth(FEW) {
        Some(_) => names_of(landing).collect(),
        None => BTreeSet::new(),
    };
    let has = |name: &str| own.contains(name) || (own.is_empty() && names_of(landing).any(|own| own == name));
    for container in landing.pod.containers().filter(|container| container.role != Role::Volume) {
        let uses = |field: &str| container.node.get(field).map_or(&[][..], Node::items).iter();
        let names = uses("volumeMounts").chain(uses("volumeDevices")).filter_map(|mount| mount.get("name"));
        for node in names {
            let Some(name) = node.as_text() else { continue };
            if has(name) || found.gave_up(node.span) {
                continue;
            }
            let help = match nearest(name, names_of(landing)) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names_of(landing).next().is_none() => format!("volumes: [{{name: {name}, emptyDir: {{}}}}]"),
                None => format!("its volumes: {}", list(names_of(landing).take(20))),
            };
            let message = format!("{} has no volume `{name}`", landing.object.id);
            found.push(Finding::new(&CODE, node.span, message).help(help));
        }
    }
}

/// Names of all volumes.
fn names_of<'a>(landing: &Landing<'a>) -> impl Iterator<Item = &'a str> + use<'a> {
    let volumes = landing.pod.spec.get("volumes").map_or(&[][..], Node::items).iter();
    let own = volumes.filter_map(|volume| volume.text_at(&["name"]));
    let object = landing.object;
    let claims = object.body.at(&["spec", "volumeClaimTemplates"]).map_or(&[][..], Node::items).iter();
    own.chain(claims.filter_map(|claim| claim.text_at(&["metadata", "name"])))
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told_of_pods};

    #[test]
    fn volumes_and_claims() {
        let mount = ", volumeMounts: [{name: data, mountPath: /a}]";
        assert_eq!(told_of_pods(super::of_pod, "", &pod("", mount)), ["data: Pod default/web has no volume `data`"]);
        assert_eq!(told_of_pods(super::of_pod, "", &pod("  volumes: [{name: data, emptyDir: {}}]\n", mount)), [""; 0]);
        let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {template: {spec: {containers: [{name: db, \
                   image: \"registry.example/web:1.0\", volumeMounts: [{name: data, mountPath: /a}]}]}}, \
                   volumeClaimTemplates: [{metadata: {name: data}}]}\n";
        assert_eq!(told_of_pods(super::of_pod, "", set), [""; 0]);
    }
}
