//! Users and rights: two maps in Kubernetes, one in an app.

use crate::source::Span;
use crate::yaml::{Build, Node};

/// What an app's map puts on the pod.
const POD: [&str; 9] = [
    "runAsUser",
    "runAsGroup",
    "runAsNonRoot",
    "fsGroup",
    "fsGroupChangePolicy",
    "supplementalGroups",
    "supplementalGroupsPolicy",
    "seLinuxChangePolicy",
    "sysctls",
];

/// What it puts on the container.
const CONTAINER: [&str; 9] = [
    "privileged",
    "allowPrivilegeEscalation",
    "readOnlyRootFilesystem",
    "capabilities",
    "seccompProfile",
    "seLinuxOptions",
    "appArmorProfile",
    "procMount",
    "windowsOptions",
];

/// The map of an app.
pub(super) fn of_app(pod: Option<&Node>, container: Option<&Node>, span: Span) -> Node {
    let profile = Node::text(span, "RuntimeDefault");
    let seccomp = pod.and_then(|pod| pod.get("seccompProfile"));
    // On the pod only the profile puts it.
    let restricted = seccomp.and_then(|own| own.get("type")).is_some_and(|own| own.same(&profile));
    let build = Build::at(span).maybe("profile", restricted.then(|| Node::text(span, "restricted")));
    let build = POD.iter().fold(build, |build, key| {
        let value = pod.and_then(|pod| pod.get(key));
        let value = value.filter(|value| !(restricted && *key == "runAsNonRoot" && is(value, true)));
        build.maybe(
            key,
            value.map(|value| if *key == "sysctls" { sysctls(value, span) } else { value.clone() }),
        )
    });
    let said = |key: &str, value: &Node| match key {
        "allowPrivilegeEscalation" => is(value, false),
        "capabilities" => drops_all(value),
        _ => false,
    };
    let build = CONTAINER.iter().fold(build, |build, key| {
        let value = container.and_then(|container| container.get(key));
        build.maybe(key, value.filter(|value| !(restricted && said(key, value))).cloned())
    });
    short(build.node(), span)
}

/// The map of a sidecar or init container.
pub(super) fn of_container(container: Option<&Node>, span: Span) -> Node {
    let keys = ["runAsUser", "runAsGroup", "runAsNonRoot"].into_iter().chain(CONTAINER);
    let value = |key: &str| container.and_then(|container| container.get(key)).cloned();
    keys.fold(Build::at(span), |build, key| build.maybe(key, value(key))).node()
}

fn short(node: Node, span: Span) -> Node {
    match node.entries() {
        [only] if only.key.text == "profile" => Node::text(span, "restricted"),
        _ => node,
    }
}

fn is(node: &Node, truth: bool) -> bool {
    node.as_bool() == Some(truth)
}

fn drops_all(capabilities: &Node) -> bool {
    let all = |list: &Node| matches!(list.items(), [word] if word.as_text() == Some("ALL"));
    capabilities.entries().len() == 1 && capabilities.get("drop").is_some_and(all)
}

fn sysctls(list: &Node, span: Span) -> Node {
    list.items()
        .iter()
        .filter_map(|item| Some((item.text_at(&["name"])?, item.get("value")?)))
        .fold(Build::at(span), |build, (name, value)| build.with(name.to_owned(), value.clone()))
        .node()
}
