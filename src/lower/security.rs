//! Users and rights: one map in the app, two in Kubernetes.

use crate::finding::Findings;
use crate::stack::SecurityContext;
use crate::stack::value_invalid;
use crate::yaml::{Build, Entry, Node, Value, decode, wrong_type};

/// What Kubernetes takes on the pod; users are set there too, so that all containers share them.
const POD: [&str; 9] = [
    "fsGroup",
    "fsGroupChangePolicy",
    "runAsGroup",
    "runAsNonRoot",
    "runAsUser",
    "seLinuxChangePolicy",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "sysctls",
];

/// What Kubernetes takes on a container.
const CONTAINER: [&str; 9] = [
    "allowPrivilegeEscalation",
    "appArmorProfile",
    "capabilities",
    "privileged",
    "procMount",
    "readOnlyRootFilesystem",
    "seLinuxOptions",
    "seccompProfile",
    "windowsOptions",
];

/// The two halves; none where nothing is said.
#[derive(Default)]
pub(super) struct Security {
    pub(super) pod: Option<Node>,
    pub(super) container: Option<Node>,
}

/// Splits the app's map; `profile: restricted` adds what the Pod Security Standard of that name asks for, and what
/// the user says lies over it.
pub(super) fn split(written: Option<&Node>, found: &mut Findings) -> Security {
    let Some(node) = written else { return Security::default() };
    let span = node.span;
    let (mut pod, mut container) = (Build::at(span).node(), Build::at(span).node());
    // Read for its findings only: what is written goes to Kubernetes as it stands, with its places.
    let before = found.errors();
    decode::<SecurityContext>(node, found);
    if found.errors() > before {
        return Security::default();
    }
    if let Some(profile) = node.get("profile") {
        (pod, container) = restricted(profile);
    }
    for Entry { key, value } in node.entries() {
        let side = match key.text.as_ref() {
            name if POD.contains(&name) => &mut pod,
            name if CONTAINER.contains(&name) => &mut container,
            _ => continue,
        };
        if key.text == "capabilities" {
            value.entries().iter().for_each(|entry| capabilities(entry, found));
        }
        let value = if key.text == "sysctls" { sysctls(value) } else { value.clone() };
        if let Some(map) = side.as_map_mut() {
            map.set(key.clone(), value);
        }
    }
    let unless_empty = |node: Node| (!node.entries().is_empty()).then_some(node);
    Security { pod: unless_empty(pod), container: unless_empty(container) }
}

/// The map of a sidecar or init container. Users and the seccomp profile may differ by container; what only a pod has
/// stands with the app.
pub(super) fn of_container(written: Option<&Node>, found: &mut Findings) -> Option<Node> {
    let span = written?.span;
    let Security { pod, container } = split(written, found);
    let mut own = container.unwrap_or_else(|| Build::at(span).node());
    for Entry { key, value } in pod.as_ref().map_or(&[][..], Node::entries) {
        if BOTH.contains(&key.text.as_ref()) {
            if let Some(map) = own.as_map_mut() {
                map.set(key.clone(), value.clone());
            }
        } else {
            let message =
                format!("`{}` is the whole pod's: it stands in the app's own securityContext", key.text);
            found.push(value_invalid(key.span, message));
        }
    }
    (!own.entries().is_empty()).then_some(own)
}

/// What a container may set against its pod.
const BOTH: [&str; 4] = ["runAsGroup", "runAsNonRoot", "runAsUser", "seccompProfile"];

/// The runtime puts `CAP_` in front itself.
fn capabilities(Entry { key, value }: &Entry, found: &mut Findings) {
    let Value::List(names) = &value.value else {
        let help = value.as_text().map(|name| format!("{}: [{}]", key.text, name.trim_start_matches("CAP_")));
        found.push(wrong_type(value, &key.text, "a list").maybe_help(help));
        return;
    };
    for name in names {
        if let Some(rest) = name.as_text().and_then(|text| text.strip_prefix("CAP_")) {
            let message = format!("Kubernetes writes the capability `CAP_{rest}` without `CAP_`");
            found.push(value_invalid(name.span, message).help(rest.to_owned()));
        }
    }
}

fn restricted(profile: &Node) -> (Node, Node) {
    let at = || Build::at(profile.span);
    let seccomp = at().text("type", "RuntimeDefault").node();
    let drop = Node::list(profile.span, [Node::text(profile.span, "ALL")]);
    let pod = at().bool("runAsNonRoot", true).with("seccompProfile", seccomp).node();
    let container = at()
        .bool("allowPrivilegeEscalation", false)
        .with("capabilities", at().with("drop", drop).node())
        .node();
    (pod, container)
}

/// A map in the app, Kubernetes' list of names and texts in the pod.
fn sysctls(node: &Node) -> Node {
    let Value::Map(map) = &node.value else { return node.clone() };
    let items = map.entries.iter().map(|entry| {
        let value = entry.value.written().unwrap_or_default().into_owned();
        Build::at(entry.key.span)
            .text("name", entry.key.text.clone())
            .with("value", Node::text(entry.value.span, value))
            .node()
    });
    Node::list(node.span, items)
}

#[cfg(test)]
mod tests {
    use super::{CONTAINER, POD};
    use crate::stack::SecurityContext;
    use crate::yaml::fields;

    #[test]
    fn what_is_described_is_what_is_split() {
        let mut split: Vec<&str> = POD.into_iter().chain(CONTAINER).chain(["profile"]).collect();
        let mut described = fields::<SecurityContext>().to_vec();
        split.sort_unstable();
        described.sort_unstable();
        assert_eq!(split, described);
    }
}
