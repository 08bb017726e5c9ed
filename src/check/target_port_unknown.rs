//! Services that lead to a port by a name that their pods do not have.

use super::Facts;
use super::selected::Pods;
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::kube::{LabelSelector, Pod};
use crate::yaml::Node;

/// A named `targetPort` of no container.
pub static CODE: Code = Code {
    name: "target-port-unknown",
    severity: Severity::Error,
    page: Page {
        about: "A Service leads to a port of its pods by name, and no container of theirs has a port of that name and\n\
                protocol: Kubernetes leaves the port out, and connections to it are refused. (A number leads to\n\
                that port, declared or not.)",
        bad: "# manifests/more.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: default, labels: {app: api}}\n\
              spec: {containers: [{name: api, image: \"registry.example/web:1.0\", ports: [{name: http, containerPort: 8080}]}]}\n\
              ---\napiVersion: v1\nkind: Service\nmetadata: {name: api, namespace: default}\n\
              spec: {selector: {app: api}, ports: [{port: 80, targetPort: web}]}\n",
        good: "# manifests/more.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: api, namespace: default, labels: {app: api}}\n\
               spec: {containers: [{name: api, image: \"registry.example/web:1.0\", ports: [{name: http, containerPort: 8080}]}]}\n\
               ---\napiVersion: v1\nkind: Service\nmetadata: {name: api, namespace: default}\n\
               spec: {selector: {app: api}, ports: [{port: 80, targetPort: http}]}\n",
    },
};

/// Tells each that none of the Service's pods has.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let pods = Pods::of(facts);
    for object in facts.of("Service").iter().filter(|object| object.id.api_version == "v1") {
        let ports = object.body.at(&["spec", "ports"]).map_or(&[][..], Node::items);
        let mut named = ports.iter().filter(|port| port.text_at(&["targetPort"]).is_some()).peekable();
        let Some(selector) = object.body.at(&["spec", "selector"]).filter(|_| named.peek().is_some()) else { continue };
        let selector = LabelSelector::of_labels(selector);
        let meant = if selector.is_empty() { Vec::new() } else { pods.selected(object, &selector) };
        for port in named.filter(|_| !meant.is_empty()) {
            let (Some(target), protocol) = (port.get("targetPort"), protocol(port)) else { continue };
            let Some(name) = target.as_text() else { continue };
            let has = |pod: &Pod<'_>| declared(pod).any(|own| own == (name, protocol));
            if !meant.iter().any(|(_, pod)| has(pod)) && !found.tells(target.span) {
                let whose = meant.first().map(|(object, _)| object.id.to_string()).unwrap_or_default();
                let own: Vec<&str> = meant.iter().flat_map(|(_, pod)| declared(pod)).map(|own| own.0).collect();
                let message = format!("no container of {whose} has a port named `{name}` ({protocol})");
                let finding = Finding::new(&CODE, target.span, message).label(format!("{} leads to it", object.id));
                found.push(finding.help(way_out(name, own)));
            }
        }
    }
}

fn way_out(name: &str, mut names: Vec<&str>) -> String {
    names.sort_unstable();
    names.dedup();
    match nearest(name, names.iter().copied()) {
        Some(near) if near != name => format!("did you mean `{near}`?"),
        _ if names.is_empty() => "name the container's port, or write its number".to_owned(),
        _ => format!("its ports: {}", list(names)),
    }
}

fn protocol(port: &Node) -> &str {
    port.text_at(&["protocol"]).unwrap_or("TCP")
}

/// Names of ports, with their protocols.
fn declared<'a>(pod: &Pod<'a>) -> impl Iterator<Item = (&'a str, &'a str)> + use<'a> {
    let ports = pod.containers().flat_map(|container| container.node.get("ports").map_or(&[][..], Node::items));
    ports.filter_map(|port| Some((port.text_at(&["name"])?, protocol(port))))
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    fn of(port: &str) -> Vec<String> {
        let text = format!(
            "apiVersion: v1\nkind: Pod\nmetadata: {{name: web, labels: {{app: web}}}}\nspec: {{containers: [{{name: web, \
             image: \"registry.example/web:1.0\", ports: [{{name: http, containerPort: 80}}]}}]}}\n---\n\
             apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{selector: {{app: web}}, ports: [{{port: 80, {port}}}]}}\n"
        );
        told(super::run, "", &text)
    }

    #[test]
    fn names_and_protocols_count() {
        assert_eq!(of("targetPort: http"), [""; 0]);
        assert_eq!(of("targetPort: 8080"), [""; 0]);
        assert_eq!(of("targetPort: web"), ["web: no container of Pod default/web has a port named `web` (TCP)"]);
        assert_eq!(of("protocol: UDP, targetPort: http").len(), 1);
    }
}
