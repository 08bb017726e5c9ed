//! Items of one list with one name.

use std::collections::BTreeMap;

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Role;
use crate::source::Span;
use crate::yaml::Node;

/// A name that two items have, where each must have its own.
pub static CODE: Code = Code {
    name: "item-duplicate",
    severity: Severity::Error,
    page: Page {
        about: "Two items of a list have one name: two volumes, two mounts at one path, two ports of a container or of a\n\
                Service. The API server refuses the object. Of two variables of one name it takes the last, and only\n\
                warns whoever looks.",
        bad: "# manifests/api.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: default}\nspec:\n\
              \x20 containers: [{name: api, image: \"registry.example/web:1.0\"}]\n\
              \x20 volumes: [{name: data, emptyDir: {}}, {name: data, emptyDir: {}}]\n",
        good: "# manifests/api.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: default}\nspec:\n\
               \x20 containers: [{name: api, image: \"registry.example/web:1.0\"}]\n\
               \x20 volumes: [{name: data, emptyDir: {}}, {name: more, emptyDir: {}}]\n",
    },
};

/// Lists of a container: where, the key of an item, what an item is, what two of one name come to.
const CONTAINER: [(&str, &str, &str, Severity); 3] = [
    ("env", "name", "variables", Severity::Warning),
    ("ports", "name", "ports", Severity::Error),
    ("volumeMounts", "mountPath", "mounts", Severity::Error),
];

/// So many are compared one by one.
const FEW: usize = 8;

/// Tells the second and every further one.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for object in facts.of("Service") {
        let words = |name: &str| format!("two ports of {} are called `{name}`", object.id);
        tell(object.body.at(&["spec", "ports"]), "name", words, Severity::Error, found);
    }
}

/// The same of a pod's lists.
pub(super) fn of_pod(_: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    let id = &landing.object.id;
    tell(landing.pod.spec.get("volumes"), "name", |name| format!("two volumes of {id} are called `{name}`"), Severity::Error, found);
    for container in landing.pod.containers().filter(|container| container.role != Role::Volume) {
        for (field, key, what, severity) in CONTAINER {
            let words = |name: &str| format!("two {what} of container `{}` of {id} are called `{name}`", container.name);
            tell(container.node.get(field), key, words, severity, found);
        }
    }
}

fn tell(
    list: Option<&Node>,
    key: &str,
    words: impl Fn(&str) -> String,
    severity: Severity,
    found: &mut Findings,
) {
    let items = list.map_or(&[][..], Node::items);
    let names = || items.iter().map(|item| item.get(key).and_then(Node::as_text));
    let twice = |at: usize, name: Option<&str>| name.is_some() && names().take(at).any(|other| other == name);
    if items.len() <= FEW && !names().enumerate().any(|(at, name)| twice(at, name)) {
        return;
    }
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    for node in items.iter().filter_map(|item| item.get(key)) {
        let Some(name) = node.as_text() else { continue };
        match seen.insert(name, node.span) {
            Some(first) if first != node.span && !found.tells(node.span) => found.push(
                Finding::new(&CODE, node.span, words(name)).weighs(severity).also(first, "the other one"),
            ),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told, told_of_pods};

    #[test]
    fn each_list() {
        let of = |container: &str| told_of_pods(super::of_pod, "", &pod("", container));
        assert_eq!(
            of(", env: [{name: A, value: a}, {name: B}, {name: A, value: b}]"),
            ["A: two variables of container `web` of Pod default/web are called `A`"]
        );
        assert_eq!(of(", ports: [{name: a, containerPort: 1}, {name: a, containerPort: 2}, {containerPort: 3}]").len(), 1);
        assert_eq!(of(", volumeMounts: [{name: a, mountPath: /a}, {name: a, mountPath: /b}]"), [""; 0]);
        assert_eq!(of(", volumeMounts: [{name: a, mountPath: /a}, {name: b, mountPath: /a}]").len(), 1);
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {ports: [{name: a, port: 1}, {name: a, port: 2}]}\n";
        assert_eq!(told(super::run, "", service), ["a: two ports of Service default/a are called `a`"]);
    }
}
