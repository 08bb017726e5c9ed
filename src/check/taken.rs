//! Ports of nodes, and who takes them: pods by themselves, and k3s' ServiceLB, which has a DaemonSet for each LoadBalancer
//! with every port of it as a hostPort (the project's facts page on k3s, 4). No check itself.

use std::collections::BTreeMap;

use super::Facts;
use crate::kube::{HostPort, Object};
use crate::reach::{balancing, is_balanced, labels};
use crate::source::Span;
use crate::stack::ClusterNode;
use crate::yaml::Node;

/// Entry points that Traefik's Service has unless its chart is told otherwise.
const TRAEFIK: [&str; 2] = ["web", "websecure"];

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

/// Other programs that give LoadBalancers their addresses, by a kind of theirs: two Services then may have one port.
const OTHERS: [&str; 3] = ["IPAddressPool", "CiliumLoadBalancerIPPool", "ServiceGroup"];

/// Everything that takes a port: what k3s brings, then Services, then pods.
pub(super) fn taken<'a>(facts: &Facts<'a>) -> Vec<Taken<'a>> {
    let mut all = Vec::new();
    let mut external = facts.stack.external.iter().map(|other| other.kind.as_str());
    let other = OTHERS.iter().any(|kind| facts.of_kind(kind).next().is_some());
    if !other && !external.any(|kind| OTHERS.contains(&kind)) {
        all.extend(traefik(facts));
        for service in facts.services.iter().filter(|service| is_balanced(service, facts.stack)) {
            let nodes = numbers(facts, &balancing(labels(service), facts.stack));
            let ports = service.body.at(&["spec", "ports"]).map_or(&[][..], Node::items);
            all.extend(ports.iter().filter_map(|port| {
                let number = port.get("port")?;
                let protocol = port.text_at(&["protocol"]).unwrap_or("TCP");
                Some(take(Who::Balancer(service), protocol, (number.as_int()?, number.span), nodes.clone()))
            }));
        }
    }
    for (index, (landing, held)) in facts.held().enumerate().filter(|(_, (landing, _))| landing.readable) {
        if landing.host_ports.is_empty() {
            continue;
        }
        let nodes = landing.places(held);
        all.extend(landing.host_ports.iter().map(|port| Taken {
            address: port.address.to_owned(),
            ..take(Who::Pods(index), port.protocol, (port.number, port.span), nodes.clone())
        }));
    }
    all
}

fn take<'a>(who: Who<'a>, protocol: &str, (number, span): (i64, Span), nodes: Vec<usize>) -> Taken<'a> {
    Taken { who, protocol: protocol.to_owned(), address: String::new(), number, span, nodes }
}

/// The numbers of nodes.
fn numbers(facts: &Facts<'_>, nodes: &[&ClusterNode]) -> Vec<usize> {
    let named = |node: &ClusterNode| nodes.iter().any(|other| other.name.value == node.name.value);
    facts.stack.nodes.iter().enumerate().filter(|(_, node)| named(node)).map(|(index, _)| index).collect()
}

/// The ports of k3s' own Traefik; none where it does not run, or has no LoadBalancer of ServiceLB.
fn traefik<'a>(facts: &Facts<'a>) -> Vec<Taken<'a>> {
    let Some(traefik) = facts.traefik.as_ref().filter(|traefik| traefik.is_balanced(facts.stack)) else {
        return Vec::new();
    };
    let written = traefik.values.get("ports").map_or(&[][..], Node::entries);
    let points = written.iter().map(|entry| entry.key.text.as_ref());
    let mut ports: BTreeMap<(i64, &str), Span> = BTreeMap::new();
    for point in points.chain(TRAEFIK) {
        let Some(number) = traefik.exposed(point) else { continue };
        let own = traefik.values.at(&["ports", point]);
        let protocol =
            own.and_then(|own| own.text_at(&["protocol"])).filter(|word| *word == "UDP").unwrap_or("TCP");
        let place = ["exposedPort", "port"].iter().find_map(|key| own?.get(key)).map(|node| node.span);
        ports.entry((number, protocol)).or_insert(place.unwrap_or(facts.stack.release_span));
    }
    let nodes = numbers(facts, &balancing(traefik.labels(), facts.stack));
    let ports = ports.into_iter();
    ports
        .map(|((number, protocol), span)| take(Who::Traefik, protocol, (number, span), nodes.clone()))
        .collect()
}
