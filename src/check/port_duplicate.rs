//! Two ports with one number.

use std::collections::{BTreeMap, BTreeSet};

use super::trust::is_raw;
use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::{Container, HostPort, Object, Pod};
use crate::source::Span;
use crate::yaml::Node;

/// A number that two ports of one protocol share, where only one can have it.
pub static CODE: Code = Code {
    name: "port-duplicate",
    severity: Severity::Error,
    page: Page {
        about: "Two ports of a Service, two ports that a pod takes of its node, or ports of two containers of a pod have\n\
                the same number and protocol. The API server refuses such a Service, and such a pod; and of two\n\
                containers, which share the pod's address, only the first to start can listen. TCP and UDP on one\n\
                number are two ports, and no clash.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 80, admin: {port: 80, targetPort: 8080}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 80, admin: 8080}\n",
    },
};

/// What must be used once: protocol, address, number.
type Key<'a> = (&'a str, &'a str, i64);

/// A use of a number: its place, and who uses it.
struct Use<'a> {
    key: Key<'a>,
    span: Span,
    by: &'a str,
}

/// So many are compared one by one; most things have two ports.
const FEW: usize = 8;

/// What it is to use a number twice.
struct Clash {
    severity: Severity,
    why: &'static str,
}

const SERVICE: Clash = Clash { severity: Severity::Error, why: "the API server refuses the Service" };
const HOST: Clash = Clash { severity: Severity::Error, why: "the API server refuses the pod" };
const CONTAINERS: Clash = Clash {
    severity: Severity::Warning,
    why: "the containers of a pod share one address: only the first to start can listen",
};

const ENTRY_POINTS: Clash = Clash {
    severity: Severity::Error,
    why: "Traefik listens on a port of its own for each of them, and does not start where two have one",
};

/// Tells the second and every further one.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for object in facts.of("Service") {
        for field in ["port", "nodePort"] {
            let message = |number: &str| format!("{} has two ports with the {field} {number}", object.id);
            SERVICE.tell(service(object, field), message, found);
        }
    }
    if is_raw(facts) {
        let message = |number: &str| format!("two entry points of Traefik listen on its port {number}");
        ENTRY_POINTS.tell(entry_points(facts), message, found);
    }
}

/// The chart's own entry points, and the ports on which their pods listen (facts on k3s, 3.3); `traefik` has moved.
const LISTENING: [(&str, i64); 3] = [("web", 8000), ("websecure", 8443), ("metrics", 9100)];
const DASHBOARD: [i64; 2] = [9000, 8080];
/// The chart since which it is the second.
const MOVED: u16 = 33;

fn entry_points<'f>(facts: &'f Facts<'_>) -> Vec<Use<'f>> {
    let Some((_, traefik)) = facts.configured() else { return Vec::new() };
    let written = traefik.values.get("ports").map_or(&[][..], Node::entries);
    let charts = facts.stack.release.traefik_charts();
    let dashboard = DASHBOARD.get(usize::from(charts.first >= MOVED)).map(|port| ("traefik", *port));
    let unsaid = |name: &str| !written.iter().any(|entry| entry.key.text == name && entry.value.get("port").is_some());
    let own = LISTENING.into_iter().chain(dashboard).filter(|(name, _)| unsaid(name));
    let own = own.map(|(by, number)| Use { key: ("TCP", "", number), span: facts.stack.release_span, by });
    let written = written.iter().filter_map(|entry| {
        let port = entry.value.get("port")?;
        Some(Use { key: (protocol(&entry.value), "", number(port)?), span: port.span, by: &entry.key.text })
    });
    own.chain(written).collect()
}

/// The same of a pod's ports.
pub(super) fn of_pod(_: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    let id = &landing.object.id;
    let message = |number: &str| format!("{id} takes the port {number} of its node twice");
    let told = HOST.tell(host_ports(landing), message, found);
    let own = own_ports(&landing.pod).into_iter().filter(|used| !told.contains(&used.span));
    let message = |number: &str| format!("two containers of {id} listen on the port {number}");
    CONTAINERS.tell(own.collect(), message, found);
}

impl Clash {
    /// Returns the places that were told.
    fn tell(&self, uses: Vec<Use<'_>>, message: impl Fn(&str) -> String, found: &mut Findings) -> BTreeSet<Span> {
        let mut told = BTreeSet::new();
        if uses.len() <= FEW && uses.iter().enumerate().all(|(at, used)| uses.iter().take(at).all(|other| other.key != used.key)) {
            return told;
        }
        let mut seen: BTreeMap<Key<'_>, (Span, &str)> = BTreeMap::new();
        for Use { key, span, by } in uses {
            let Some(&(first, other)) = seen.get(&key) else {
                seen.insert(key, (span, by));
                continue;
            };
            let (protocol, _, number) = key;
            let finding = Finding::new(&CODE, span, message(&format!("{number}/{protocol}")));
            let finding = finding.weighs(self.severity).label(format!("for `{by}`"));
            let finding = finding.also(first, format!("for `{other}`")).note(self.why);
            found.push(finding.help("give one of them another number, or remove it"));
            told.insert(span);
        }
        told
    }
}

fn protocol(port: &Node) -> &str {
    port.text_at(&["protocol"]).unwrap_or("TCP")
}

/// A number that is given: 0 is none.
fn number(node: &Node) -> Option<i64> {
    node.as_int().filter(|number| *number != 0)
}

fn service<'a>(object: &'a Object, field: &str) -> Vec<Use<'a>> {
    let ports = object.body.at(&["spec", "ports"]).map_or(&[][..], Node::items);
    let used = ports.iter().filter_map(|port| {
        let node = port.get(field)?;
        let by = port.text_at(&["name"]).unwrap_or_default();
        Some(Use { key: (protocol(port), "", number(node)?), span: node.span, by })
    });
    used.collect()
}

fn host_ports<'l>(landing: &'l Landing<'_>) -> Vec<Use<'l>> {
    let used = |port: &HostPort<'l>| Use {
        key: (port.protocol, port.address, port.number),
        span: port.span,
        by: port.by,
    };
    landing.host_ports.iter().map(used).collect()
}

/// A container may name a port of its own twice: two ports of its Service then lead to it.
fn own_ports<'a>(pod: &Pod<'a>) -> Vec<Use<'a>> {
    if pod.containers().filter(Container::is_lasting).nth(1).is_none() {
        return Vec::new();
    }
    let mut seen = BTreeSet::new();
    let lasting = pod.containers().filter(Container::is_lasting);
    let ports = lasting.flat_map(|container| container.ports().iter().map(move |port| (container, port)));
    let used = ports.filter_map(|(container, port)| {
        let node = port.get("containerPort")?;
        let key = (protocol(port), "", number(node)?);
        seen.insert((container.name, key)).then_some(Use { key, span: node.span, by: container.name })
    });
    used.collect()
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told, told_of_pods, traefik};

    #[test]
    fn entry_points_that_share_a_port_of_their_pod() {
        let told = |ports: &str| {
            let manifest = traefik(&format!("ports: {{{ports}}}"));
            told(super::run, "", &manifest)
        };
        assert_eq!(told("alt: {port: 8000}"), ["8000: two entry points of Traefik listen on its port 8000/TCP"]);
        assert_eq!(told("web: {port: 8001}, alt: {port: 8000}"), [""; 0]);
        assert_eq!(told("alt: {port: 8000, protocol: UDP}"), [""; 0]);
        assert_eq!(told("a: {port: 2222}, b: {port: 2222}").len(), 1);
        assert_eq!(told("alt: {port: 2222, exposedPort: 443}"), [""; 0]);
    }

    fn service(ports: &str) -> Vec<String> {
        let text = format!("apiVersion: v1\nkind: Service\nmetadata: {{name: web}}\nspec: {{ports: [{ports}]}}\n");
        told(super::run, "", &text)
    }

    fn of_pod(spec: &str, ports: &str) -> Vec<String> {
        told_of_pods(super::of_pod, "", &pod(spec, &format!(", ports: [{ports}]")))
    }

    #[test]
    fn a_service_has_each_number_once_a_protocol() {
        let twice = ["80: Service default/web has two ports with the port 80/TCP"];
        assert_eq!(service("{name: a, port: 80}, {name: b, port: 80, protocol: TCP, targetPort: 81}"), twice);
        assert_eq!(service("{name: a, port: 53}, {name: b, port: 53, protocol: UDP}"), [""; 0]);
        assert_eq!(service("{name: a, port: 80, targetPort: 8080}, {name: b, port: 81, targetPort: 8080}"), [""; 0]);
        assert_eq!(
            service("{name: a, port: 80, nodePort: 30080}, {name: b, port: 81, nodePort: 30080}"),
            ["30080: Service default/web has two ports with the nodePort 30080/TCP"]
        );
        assert_eq!(service("{name: a, port: 80, nodePort: 0}, {name: b, port: 81, nodePort: 0}"), [""; 0]);
    }

    #[test]
    fn a_pod_takes_each_port_of_its_node_once() {
        let twice = ["53: Pod default/web takes the port 53/TCP of its node twice"];
        let host = "{containerPort: 1, hostPort: 53}, {containerPort: 2, hostPort: 53";
        assert_eq!(of_pod("", &format!("{host}}}")), twice);
        assert_eq!(of_pod("", &format!("{host}, protocol: UDP}}")), [""; 0]);
        assert_eq!(of_pod("", &format!("{host}, hostIP: 10.0.0.1}}")), [""; 0]);
        let own = "{containerPort: 53}, {containerPort: 53}";
        assert_eq!(of_pod("", own), [""; 0]);
        assert_eq!(of_pod("  hostNetwork: true\n", own), twice);
    }

    #[test]
    fn two_containers_cannot_listen_on_one_port() {
        let other = |network: &str, port: &str| {
            let more = format!("  - {{name: other, image: \"registry.example/web:1.0\", ports: [{port}]}}\n{network}");
            of_pod(&more, "{containerPort: 80}")
        };
        let twice = ["80: two containers of Pod default/web listen on the port 80/TCP"];
        assert_eq!(other("", "{containerPort: 80}"), twice);
        assert_eq!(other("", "{containerPort: 80, protocol: UDP}"), [""; 0]);
        let host = ["80: Pod default/web takes the port 80/TCP of its node twice"];
        assert_eq!(other("  hostNetwork: true\n", "{containerPort: 80}"), host);
    }
}
