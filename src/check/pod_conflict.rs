//! Fields of a pod that contradict or need each other (`pkg/apis/core/validation`, the kubelet's `security_context`).

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::field::given;
use crate::kube::{Container, Pod, Role};
use crate::yaml::Node;

/// A field that another one rules out.
pub static CODE: Code = Code {
    name: "pod-conflict",
    severity: Severity::Error,
    page: Page {
        about: "Two fields of a pod contradict each other, or one needs another: `dnsPolicy: None` without a name server, a\n\
                `hostPort` beside `hostNetwork` that is not the port itself, a probe of a container that ends before the\n\
                others begin. The API server refuses the workload. `runAsUser: 0` beside `runAsNonRoot` it takes, and the\n\
                kubelet does not start the container.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\ndnsPolicy: None\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\ndnsPolicy: None\ndnsConfig: {nameservers: [1.1.1.1]}\n",
    },
};

/// What only a container has that goes on.
const OF_LASTING: [&str; 4] = ["lifecycle", "livenessProbe", "readinessProbe", "startupProbe"];

/// Tells each.
pub(super) fn of_pod(_: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    let pod = &landing.pod;
    names(pod, found);
    let own_network = pod.spec.get("hostNetwork").and_then(Node::as_bool) == Some(true);
    for container in pod.containers() {
        if own_network {
            ports(container.node, found);
        }
        probes(&container, found);
        root(pod, container.node, found);
    }
}

fn names(pod: &Pod<'_>, found: &mut Findings) {
    let none = pod.spec.get("dnsPolicy").filter(|policy| policy.as_text() == Some("None"));
    let servers = pod.spec.at(&["dnsConfig", "nameservers"]).map_or(&[][..], Node::items);
    if let Some(policy) = none.filter(|_| servers.is_empty()) {
        found.push(
            Finding::new(&CODE, policy.span, "`dnsPolicy: None` needs a name server")
                .note("the API server refuses the workload")
                .help("dnsConfig: {nameservers: [1.1.1.1]}"),
        );
    }
}

fn ports(container: &Node, found: &mut Findings) {
    for port in container.get("ports").map_or(&[][..], Node::items) {
        let number = |key: &str| given(port, key).and_then(Node::as_int).filter(|number| *number != 0);
        if let (Some(host), Some(own), Some(place)) = (number("hostPort"), number("containerPort"), port.get("hostPort"))
            && host != own
        {
            let message = format!("with `hostNetwork` the port of the node is the container's own, {own}, not {host}");
            found.push(
                Finding::new(&CODE, place.span, message)
                    .note("the API server refuses the workload")
                    .help("leave `hostPort` out, or `hostNetwork`"),
            );
        }
    }
}

fn probes(container: &Container<'_>, found: &mut Findings) {
    let lasting = container.node.text_at(&["restartPolicy"]) == Some("Always");
    if !matches!(container.role, Role::Init) || lasting {
        return;
    }
    for key in OF_LASTING {
        if let Some(value) = given(container.node, key) {
            let message = format!("the init container `{}` ends before the others begin: it has no `{key}`", container.name);
            found.push(
                Finding::new(&CODE, value.span, message)
                    .note("the API server refuses the workload")
                    .help("leave it out; one that goes on beside the others is a sidecar (restartPolicy: Always)"),
            );
        }
    }
}

/// A container's own word goes before the pod's.
fn root(pod: &Pod<'_>, container: &Node, found: &mut Findings) {
    let is_root = said(pod, container, "runAsUser").filter(|user| user.as_int() == Some(0));
    let Some(user) = is_root else { return };
    let Some(never) = said(pod, container, "runAsNonRoot").filter(|never| never.as_bool() == Some(true)) else {
        return;
    };
    found.push(
        Finding::new(&CODE, user.span, "`runAsUser: 0` is root, and `runAsNonRoot` rules that out")
            .also(never.span, "not root")
            .note("the kubelet does not start the container: CreateContainerConfigError"),
    );
}

fn said<'a>(pod: &Pod<'a>, container: &'a Node, key: &str) -> Option<&'a Node> {
    let of = |node: &'a Node| given(given(node, "securityContext")?, key);
    of(container).or_else(|| of(pod.spec))
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told_of_pods};

    fn of(spec: &str, container: &str) -> Vec<String> {
        let line = if spec.is_empty() { String::new() } else { format!("  {spec}\n") };
        told_of_pods(super::of_pod, "", &pod(&line, container))
    }

    #[test]
    fn name_servers() {
        assert_eq!(of("dnsPolicy: None", ""), ["None: `dnsPolicy: None` needs a name server"]);
        assert_eq!(of("dnsPolicy: None\n  dnsConfig: {searches: [a]}", "").len(), 1);
        assert_eq!(of("dnsPolicy: None\n  dnsConfig: {nameservers: [1.1.1.1]}", ""), [""; 0]);
        assert_eq!(of("dnsPolicy: Default", ""), [""; 0]);
    }

    #[test]
    fn ports_of_the_node() {
        let ports = |spec: &str, host: &str| of(spec, &format!(", ports: [{{containerPort: 80{host}}}]"));
        let message = "81: with `hostNetwork` the port of the node is the container's own, 80, not 81";
        assert_eq!(ports("hostNetwork: true", ", hostPort: 81"), [message]);
        assert_eq!(ports("hostNetwork: true", ", hostPort: 80"), [""; 0]);
        assert_eq!(ports("hostNetwork: true", ""), [""; 0]);
        assert_eq!(ports("", ", hostPort: 81"), [""; 0]);
    }

    #[test]
    fn probes_of_what_ends() {
        let init = |more: &str| {
            of(&format!("initContainers: [{{name: i, image: \"registry.example/web:1.0\", livenessProbe: {{exec: {{command: [a]}}}}{more}}}]"), "")
        };
        assert_eq!(init("").len(), 1);
        assert_eq!(init(", restartPolicy: Always"), [""; 0]);
        assert_eq!(of("", ", livenessProbe: {exec: {command: [a]}}"), [""; 0]);
    }

    #[test]
    fn root_is_said_and_ruled_out() {
        let root = |pod: &str, own: &str| {
            of(&format!("securityContext: {{{pod}}}"), &format!(", securityContext: {{{own}}}")).len()
        };
        assert_eq!(root("runAsNonRoot: true", "runAsUser: 0"), 1);
        assert_eq!(root("runAsNonRoot: true, runAsUser: 0", ""), 1);
        assert_eq!(root("runAsNonRoot: true, runAsUser: 0", "runAsUser: 1"), 0);
        assert_eq!(root("runAsNonRoot: true", "runAsNonRoot: false, runAsUser: 0"), 0);
        assert_eq!(root("runAsUser: 0", ""), 0);
    }
}
