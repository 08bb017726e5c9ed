//! Ports of nodes, and who takes them: pods by themselves, and k3s' ServiceLB, which has a DaemonSet for each LoadBalancer
//! with every port of it as a hostPort (the project's facts page on k3s, 4). No check itself.

use std::collections::BTreeMap;

use super::Facts;
use super::traefik::{POOL, Traefik, balanced_nodes};
use crate::kube::{HostPort, Object};
use crate::source::Span;
use crate::stack::Protocol;
use crate::yaml::Node;

/// Traefik's own ports on its LoadBalancer, unless its chart is told otherwise.
const TRAEFIK: [(&str, i64); 2] = [("web", 80), ("websecure", 443)];

/// Who takes a port.
#[derive(Clone, Copy, Debug)]
pub(super) enum Who<'a> {
    /// The pods of a workload, by its number among [`Facts::landings`].
    Pods(usize),
    /// ServiceLB, for a Service.
    Balancer(&'a Object),
    /// ServiceLB, for k3s' own Traefik.
    Traefik,
}

/// A port of some nodes, and who takes it.
#[derive(Debug)]
pub(super) struct Taken<'a> {
    pub(super) who: Who<'a>,
    pub(super) protocol: String,
    pub(super) address: String,
    pub(super) number: i64,
    pub(super) span: Span,
    /// The numbers of the nodes.
    pub(super) nodes: Vec<usize>,
}

impl Taken<'_> {
    pub(super) fn port(&self) -> HostPort<'_> {
        let Taken { protocol, address, number, span, .. } = self;
        HostPort { protocol, address, number: *number, span: *span, by: "" }
    }

    /// As sentences name it.
    pub(super) fn name(&self, facts: &Facts<'_>) -> String {
        match self.who {
            Who::Pods(index) => {
                facts.landings.get(index).map_or_else(String::new, |by| by.object.id.to_string())
            }
            Who::Balancer(service) => service.id.to_string(),
            Who::Traefik => "k3s' own Traefik".to_owned(),
        }
    }
}

/// Everything that takes a port: what k3s brings, then Services, then pods.
pub(super) fn taken<'a>(facts: &Facts<'a>) -> Vec<Taken<'a>> {
    let mut all = Vec::new();
    if facts.stack.disables("servicelb").is_none() {
        all.extend(traefik_ports(facts));
        for service in facts.objects.iter().filter(|object| is_balanced(object)) {
            let labels = service.body.at(&["metadata", "labels"]);
            let nodes = balanced_nodes(&facts.stack.nodes, labels.and_then(|labels| labels.text_at(&[POOL])));
            let ports = service.body.at(&["spec", "ports"]).map_or(&[][..], Node::items);
            all.extend(ports.iter().filter_map(|port| {
                let number = port.get("port")?;
                let protocol = port.text_at(&["protocol"]).unwrap_or("TCP");
                Some(take(Who::Balancer(service), protocol, (number.as_int()?, number.span), nodes.clone()))
            }));
        }
    }
    for (index, (landing, held)) in facts.held().enumerate().filter(|(_, (landing, _))| landing.readable) {
        let ports = landing.pod.host_ports();
        let nodes = if ports.is_empty() { Vec::new() } else { landing.places(held) };
        all.extend(ports.into_iter().map(|port| Taken {
            address: port.address.to_owned(),
            ..take(Who::Pods(index), port.protocol, (port.number, port.span), nodes.clone())
        }));
    }
    all
}

fn take<'a>(who: Who<'a>, protocol: &str, (number, span): (i64, Span), nodes: Vec<usize>) -> Taken<'a> {
    Taken { who, protocol: protocol.to_owned(), address: String::new(), number, span, nodes }
}

/// Whether ServiceLB serves it: one with a class is another program's.
pub(super) fn is_balanced(object: &Object) -> bool {
    let spec =
        object.body.get("spec").filter(|_| object.id.kind == "Service" && object.id.api_version == "v1");
    spec.is_some_and(|spec| {
        spec.text_at(&["type"]) == Some("LoadBalancer") && spec.get("loadBalancerClass").is_none()
    })
}

/// The ports of k3s' own Traefik; none where it does not run, or has no LoadBalancer of ServiceLB.
fn traefik_ports<'a>(facts: &Facts<'a>) -> Vec<Taken<'a>> {
    let Some(traefik) = Traefik::of(facts).filter(Traefik::is_balanced) else { return Vec::new() };
    let mut ports: BTreeMap<(i64, &str), Span> = BTreeMap::new();
    let points = facts.stack.ingress.as_ref().map_or(&[][..], |ingress| &ingress.entry_points);
    for point in points {
        let protocol = if point.protocol == Protocol::UDP { "UDP" } else { "TCP" };
        ports.insert((i64::from(point.exposed.value), protocol), point.exposed.span);
    }
    for (name, number) in TRAEFIK {
        let own = traefik.value(&["ports", name]);
        let number = own.and_then(|port| port.get("exposedPort")).and_then(Node::as_int).unwrap_or(number);
        if own.and_then(expose).unwrap_or(true) {
            ports.entry((number, "TCP")).or_insert(facts.stack.release_span);
        }
    }
    for entry in traefik.value(&["ports"]).map_or(&[][..], Node::entries) {
        let port = &entry.value;
        let known = TRAEFIK.iter().any(|(name, _)| *name == entry.key.text);
        let number = port.get("exposedPort").or_else(|| port.get("port")).and_then(Node::as_int);
        if let Some(number) = number.filter(|_| !known && expose(port) == Some(true)) {
            let protocol = if port.text_at(&["protocol"]) == Some("UDP") { "UDP" } else { "TCP" };
            ports.entry((number, protocol)).or_insert(traefik.span);
        }
    }
    let nodes = traefik.balanced_nodes(&facts.stack.nodes);
    let ports = ports.into_iter();
    ports
        .map(|((number, protocol), span)| take(Who::Traefik, protocol, (number, span), nodes.clone()))
        .collect()
}

/// `expose: true`, from chart 27 on `expose: {default: true}`.
fn expose(port: &Node) -> Option<bool> {
    let expose = port.get("expose")?;
    expose.get("default").unwrap_or(expose).as_bool()
}
