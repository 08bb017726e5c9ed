//! Probes and hooks that ask a port which their container does not have.

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::kube::{Container, Pod, Role};
use crate::yaml::Node;

/// A port of no container.
pub static CODE: Code = Code {
    name: "probe-port-unknown",
    severity: Severity::Error,
    page: Page {
        about: "A probe or a hook asks a port by a name that its container does not declare, so it always fails: the\n\
                container is restarted for ever, or never gets traffic. A number may be any; where the pod declares\n\
                a single port and the probe asks another number, one of them is likely out of date (a warning).",
        bad: "# manifests/api.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: default}\nspec:\n\
              \x20 containers:\n  - name: api\n    image: registry.example/web:1.0\n    ports: [{name: http, containerPort: 8080}]\n\
              \x20   livenessProbe: {httpGet: {path: /, port: htpp}}\n",
        good: "# manifests/api.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: default}\nspec:\n\
               \x20 containers:\n  - name: api\n    image: registry.example/web:1.0\n    ports: [{name: http, containerPort: 8080}]\n\
               \x20   livenessProbe: {httpGet: {path: /, port: http}}\n",
    },
};

/// What asks: its path in a container, its name.
const ASKING: [(&[&str], &str); 5] = [
    (&["livenessProbe"], "livenessProbe"),
    (&["readinessProbe"], "readinessProbe"),
    (&["startupProbe"], "startupProbe"),
    (&["lifecycle", "postStart"], "postStart"),
    (&["lifecycle", "preStop"], "preStop"),
];

/// Tells each.
pub(super) fn of_pod(_: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    for container in landing.pod.containers().filter(|container| container.role != Role::Volume) {
        for (path, name) in ASKING {
            let Some(asking) = container.node.at(path) else { continue };
            for handler in ["httpGet", "tcpSocket", "grpc"] {
                let Some(handler) = asking.get(handler) else { continue };
                // A host of its own is no port of the pod.
                if let Some(port) = handler.get("port").filter(|_| handler.text_at(&["host"]).is_none()) {
                    tell(&landing.pod, &container, name, port, found);
                }
            }
        }
    }
}

fn tell(pod: &Pod<'_>, container: &Container<'_>, who: &str, port: &Node, found: &mut Findings) {
    if found.tells(port.span) || found.gave_up(port.span) {
        return;
    }
    let own = container.node.get("ports").map_or(&[][..], Node::items);
    if let Some(name) = port.as_text() {
        let names = || own.iter().filter_map(|port| port.text_at(&["name"]));
        if names().all(|own| own != name) {
            let help = match nearest(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None if names().next().is_none() => format!("ports: [{{name: {name}, containerPort: 8080}}]"),
                None => format!("its ports: {}", list(names())),
            };
            let message = format!("`{who}` asks the port `{name}`, container `{}` has none of that name", container.name);
            found.push(Finding::new(&CODE, port.span, message).help(help));
        }
    } else if let (Some(number), Some(only)) = (port.as_int(), only_port(pod))
        && Some(number) != only.as_int()
    {
        let declared = only.written().unwrap_or_default();
        let message = format!("`{who}` asks the port {number}, the pod declares {declared} alone");
        let finding = Finding::new(&CODE, port.span, message).weighs(Severity::Warning);
        found.push(finding.also(only.span, "the only port").help(format!("ask {declared}, or declare {number} too")));
    }
}

/// The port of a pod that declares a single one.
fn only_port<'a>(pod: &Pod<'a>) -> Option<&'a Node> {
    let mut ports = pod.containers().flat_map(|container| container.node.get("ports").map_or(&[][..], Node::items));
    let only = ports.next()?.get("containerPort");
    if ports.next().is_some() { None } else { only }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told_of_pods};

    fn of(ports: &str, probe: &str) -> Vec<String> {
        told_of_pods(super::of_pod, "", &pod("", &format!(", ports: [{ports}], {probe}")))
    }

    #[test]
    fn names() {
        let http = "{name: http, containerPort: 80}";
        assert_eq!(of(http, "livenessProbe: {httpGet: {port: http}}"), [""; 0]);
        assert_eq!(
            of(http, "livenessProbe: {tcpSocket: {port: htpp}}"),
            ["htpp: `livenessProbe` asks the port `htpp`, container `web` has none of that name"]
        );
        assert_eq!(of("", "lifecycle: {preStop: {httpGet: {port: http}}}").len(), 1);
    }

    #[test]
    fn numbers() {
        let one = "{containerPort: 80}";
        assert_eq!(of(one, "readinessProbe: {httpGet: {port: 80}}"), [""; 0]);
        assert_eq!(
            of(one, "readinessProbe: {grpc: {port: 81}}"),
            ["81: `readinessProbe` asks the port 81, the pod declares 80 alone"]
        );
        assert_eq!(of("", "readinessProbe: {httpGet: {port: 81}}"), [""; 0]);
        assert_eq!(of("{containerPort: 80}, {containerPort: 82}", "readinessProbe: {httpGet: {port: 81}}"), [""; 0]);
        assert_eq!(of(one, "readinessProbe: {httpGet: {port: 81, host: example.org}}"), [""; 0]);
    }
}
