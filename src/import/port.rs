//! The ports of a container, and the Services that carry them.

use std::collections::BTreeSet;

use super::plan::Misfit;
use super::short::short;
use crate::kube::Object;
use crate::source::Span;
use crate::yaml::{Build, Node};

/// A port as an app would write it.
pub(super) struct Port<'a> {
    /// Its name in the app.
    pub(super) handle: String,
    /// The number in the container.
    number: i64,
    node: &'a Node,
    /// The port of the first Service that carries it.
    served: Option<&'a Node>,
    /// A probe names it by its number.
    probed_by_number: bool,
}

/// Names for ports that have none: what is usually spoken there.
const USUAL: [(i64, &str); 16] = [
    (22, "ssh"),
    (25, "smtp"),
    (53, "dns"),
    (80, "http"),
    (443, "https"),
    (1883, "mqtt"),
    (3000, "http"),
    (3306, "mysql"),
    (5000, "http"),
    (5432, "postgres"),
    (6379, "redis"),
    (8000, "http"),
    (8080, "http"),
    (8443, "https"),
    (9090, "http"),
    (27017, "mongodb"),
];

/// The ports of a container in their order.
///
/// # Errors
/// A Service has a port that none of the container's is: a Service of an app carries the app's ports.
pub(super) fn ports<'a>(
    container: &'a Node,
    services: &[(usize, &'a Object)],
) -> Result<Vec<Port<'a>>, Misfit> {
    let mut ports: Vec<Port<'a>> = Vec::new();
    let mut taken: BTreeSet<String> = container_ports(container).iter().filter_map(name_of).collect();
    for node in container_ports(container) {
        let Some(number) = node.get("containerPort").and_then(Node::as_int) else {
            return Err(Misfit::whole("a `containerPort` is no number"));
        };
        let carried = services.iter().flat_map(|(_, service)| service_ports(service));
        let served = carried.into_iter().find(|port| leads_to(port, node));
        let given = name_of(node).or_else(|| served.and_then(name_of).filter(|name| !taken.contains(name)));
        let handle = given.unwrap_or_else(|| usual(number, node, &taken));
        taken.insert(handle.clone());
        let probed_by_number = probe_ports(container).any(|port| port.as_int() == Some(number));
        ports.push(Port { handle, number, node, served, probed_by_number });
    }
    for (at, service) in services {
        for port in service_ports(service) {
            if !ports.iter().any(|own| leads_to(port, own.node)) {
                let number = port.get("port").and_then(Node::written).unwrap_or_default();
                return Err(Misfit::part(*at, format!("its port {number} is none that the container names")));
            }
        }
    }
    Ok(ports)
}

/// Handles of the ports that a Service carries, in its order.
pub(super) fn carried(service: &Object, ports: &[Port<'_>]) -> Vec<String> {
    let own = |port: &Node| ports.iter().find(|own| leads_to(port, own.node)).map(|own| own.handle.clone());
    service_ports(service).iter().filter_map(own).collect()
}

/// The port that a route, a Service's number or name, leads to.
pub(super) fn by_service<'a>(wanted: &Node, ports: &'a [Port<'_>]) -> Option<&'a Port<'a>> {
    ports.iter().find(|port| {
        let served = |key| port.served.and_then(|served| served.get(key));
        served("port").is_some_and(|number| number.same(wanted))
    })
}

/// The port that a probe means, by its name or its number.
pub(super) fn by_probe<'a>(wanted: &Node, ports: &'a [Port<'_>]) -> Option<&'a Port<'a>> {
    ports.iter().find(|port| match wanted.as_int() {
        Some(number) => port.number == number,
        None => wanted.as_text().is_some() && name_of(port.node).as_deref() == wanted.as_text(),
    })
}

/// Whether a reference without a name means this port: the only one, or `http`.
pub(super) fn is_meant(port: &Port<'_>, ports: &[Port<'_>]) -> bool {
    ports.len() == 1 || port.handle == "http"
}

fn container_ports(container: &Node) -> &[Node] {
    container.get("ports").map_or(&[][..], Node::items)
}

fn service_ports(service: &Object) -> &[Node] {
    service.body.at(&["spec", "ports"]).map_or(&[][..], Node::items)
}

fn name_of(port: &Node) -> Option<String> {
    port.text_at(&["name"]).filter(|name| !name.is_empty()).map(str::to_owned)
}

fn protocol(port: &Node) -> &str {
    port.text_at(&["protocol"]).unwrap_or("TCP")
}

/// Whether a Service's port leads to a container's.
fn leads_to(service: &Node, container: &Node) -> bool {
    let target = service.get("targetPort").or(service.get("port"));
    let meets = target.is_some_and(|target| match target.as_text() {
        Some(name) => container.text_at(&["name"]) == Some(name),
        None => container.get("containerPort").is_some_and(|number| number.same(target)),
    });
    meets && protocol(service) == protocol(container)
}

fn usual(number: i64, node: &Node, taken: &BTreeSet<String>) -> String {
    let usual = USUAL.iter().find(|(known, _)| *known == number).map(|(_, name)| (*name).to_owned());
    let numbered = format!("{}-{number}", if protocol(node) == "TCP" { "port" } else { "udp" });
    usual.filter(|name| !taken.contains(name)).unwrap_or(numbered)
}

fn probe_ports(container: &Node) -> impl Iterator<Item = &Node> {
    let probes = ["startupProbe", "livenessProbe", "readinessProbe"].into_iter();
    let probes = probes.filter_map(|probe| container.get(probe));
    probes.flat_map(|probe| ["httpGet", "tcpSocket"].into_iter().filter_map(|way| probe.at(&[way, "port"])))
}

/// `ports`, by their handles.
pub(super) fn node(ports: &[Port<'_>], main: bool, span: Span) -> Node {
    let all = ports
        .iter()
        .fold(Build::at(span), |build, port| build.with(port.handle.clone(), one(port, main, span)));
    all.node()
}

fn one(port: &Port<'_>, main: bool, span: Span) -> Node {
    let own = |key: &str| port.node.get(key).cloned();
    let served = |key: &str| port.served.and_then(|served| served.get(key)).cloned();
    let inside = Node::int(span, port.number);
    let number = served("port").unwrap_or_else(|| inside.clone());
    let target = Some(inside).filter(|inside| !inside.same(&number));
    let long = Build::at(span)
        .maybe("targetPort", target)
        .maybe("hostPort", own("hostPort"))
        .maybe("hostIP", own("hostIP"))
        .maybe("nodePort", served("nodePort"))
        .maybe("appProtocol", served("appProtocol"))
        .maybe("service", (main && port.served.is_none()).then(|| Node::bool(span, false)))
        .maybe("names", names(port, span))
        .node();
    let protocol =
        [Some(port.node), port.served].into_iter().flatten().find_map(|port| port.text_at(&["protocol"]));
    if long.entries().is_empty() {
        return match (protocol, number.as_int()) {
            (Some(protocol), Some(number)) => Node::text(span, format!("{number}/{protocol}")),
            _ => number,
        };
    }
    let start = Build::at(span).maybe("protocol", protocol.map(|word| Node::text(span, word.to_owned())));
    let all = long.entries().iter();
    let more = all.fold(start, |build, entry| build.with(entry.key.text.clone(), entry.value.clone()));
    short("port", number, more.node())
}

/// Where its name stands, unless that is where it always does.
fn names(port: &Port<'_>, span: Span) -> Option<Node> {
    let in_container = name_of(port.node).is_some();
    let in_service = port.served.map_or(in_container, |served| name_of(served).is_some());
    let by_name =
        port.served.is_some_and(|served| served.get("targetPort").and_then(Node::as_text).is_some());
    let in_probes = in_container && !port.probed_by_number;
    if (in_container, in_service, by_name, in_probes) == (true, true, false, true) {
        return None;
    }
    let places = [
        (in_container, "container"),
        (in_service, "service"),
        (by_name, "targetPort"),
        (in_probes, "probes"),
    ];
    let words = places.into_iter().filter(|(is, _)| *is).map(|(_, word)| Node::text(span, word));
    Some(Node::list(span, words))
}
