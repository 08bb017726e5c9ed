//! Ports of nodes, and who takes them: pods by themselves, and k3s' ServiceLB, which has a DaemonSet for each LoadBalancer
//! with every port of it as a hostPort (the project's facts page on k3s, 4). No check itself.

use std::collections::BTreeMap;

use super::Facts;
use crate::finding::Findings;
use crate::kube::{Effect, HostPort, Object};
use crate::source::{Sources, Span};
use crate::stack::{ClusterNode, Protocol};
use crate::yaml::{Dialect, Node, read};

/// A node label: with it on any node, ServiceLB runs on those nodes alone where it is `true`.
const ENABLED: &str = "svccontroller.k3s.cattle.io/enablelb";
/// A label of nodes and Services: a Service's ports are bound on nodes of its own pool.
const POOL: &str = "svccontroller.k3s.cattle.io/lbpool";

/// Taints that ServiceLB's pods bear.
const BORNE: [&str; 3] =
    ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master", "CriticalAddonsOnly"];

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
        all.extend(traefik(facts));
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

/// The nodes where ServiceLB binds the ports of a Service of this pool.
fn balanced_nodes(nodes: &[ClusterNode], pool: Option<&str>) -> Vec<usize> {
    let label = |node: &ClusterNode, key: &str| node.machine.labels.get(key).cloned();
    let chosen = nodes.iter().any(|node| label(node, ENABLED).is_some());
    let is_chosen = |node: &ClusterNode| {
        let pooled = pool.is_none_or(|pool| label(node, POOL).as_deref() == Some(pool));
        !chosen || (label(node, ENABLED).as_deref() == Some("true") && pooled)
    };
    let bears = |node: &ClusterNode| {
        node.machine
            .taints
            .iter()
            .all(|taint| taint.effect == Effect::PreferNoSchedule || BORNE.contains(&taint.key.as_str()))
    };
    let open = nodes.iter().enumerate().filter(|(_, node)| is_chosen(node) && bears(node));
    open.map(|(index, _)| index).collect()
}

/// The ports of k3s' own Traefik; none where it does not run, or has no LoadBalancer of ServiceLB.
fn traefik<'a>(facts: &Facts<'a>) -> Vec<Taken<'a>> {
    if facts.stack.disables("traefik").is_some() {
        return Vec::new();
    }
    let written = facts.find("HelmChartConfig", Some("kube-system"), "traefik");
    let written = written.and_then(|config| config.body.at(&["spec", "valuesContent"]));
    let values = written.and_then(values);
    let ingress = facts.stack.ingress.as_ref();
    let values = values.as_ref().or_else(|| ingress.and_then(|ingress| ingress.values.as_ref()));
    if values.is_some_and(|values| !is_exposed(values)) {
        return Vec::new();
    }
    let mut ports: BTreeMap<(i64, &str), Span> = BTreeMap::new();
    let points = ingress.map_or(&[][..], |ingress| &ingress.entry_points);
    for point in points {
        let protocol = if point.protocol == Protocol::UDP { "UDP" } else { "TCP" };
        ports.insert((i64::from(point.exposed.value), protocol), point.exposed.span);
    }
    let chart = values.and_then(|values| values.get("ports"));
    for (name, number) in TRAEFIK {
        let own = chart.and_then(|ports| ports.get(name));
        let number = own.and_then(|port| port.get("exposedPort")).and_then(Node::as_int).unwrap_or(number);
        if own.and_then(expose).unwrap_or(true) {
            ports.entry((number, "TCP")).or_insert(facts.stack.release_span);
        }
    }
    for entry in chart.map_or(&[][..], Node::entries) {
        let port = &entry.value;
        let known = TRAEFIK.iter().any(|(name, _)| *name == entry.key.text);
        let number = port.get("exposedPort").or_else(|| port.get("port")).and_then(Node::as_int);
        if let Some(number) = number.filter(|_| !known && expose(port) == Some(true)) {
            let protocol = if port.text_at(&["protocol"]) == Some("UDP") { "UDP" } else { "TCP" };
            ports
                .entry((number, protocol))
                .or_insert(written.map_or(facts.stack.release_span, |node| node.span));
        }
    }
    let pool = values.and_then(|values| values.text_at(&["service", "labels", POOL]));
    let nodes = balanced_nodes(&facts.stack.nodes, pool);
    let ports = ports.into_iter();
    ports
        .map(|((number, protocol), span)| take(Who::Traefik, protocol, (number, span), nodes.clone()))
        .collect()
}

/// A chart's values are YAML in a text.
fn values(written: &Node) -> Option<Node> {
    let mut sources = Sources::default();
    let text = written.as_text()?.as_bytes().to_vec();
    let file = sources.add(String::new(), Ok(text));
    read(&sources, file, Dialect::Manifest, &mut Findings::default()).pop()
}

/// Whether the chart's Service is left to ServiceLB: what a release ignores (`service.type` from chart 40 on) counts as if
/// it did not, since nothing is then claimed.
fn is_exposed(values: &Node) -> bool {
    let service = |path: &[&str]| values.get("service").and_then(|service| service.at(path));
    let kinds = [service(&["type"]), service(&["spec", "type"])];
    let balanced = kinds.into_iter().flatten().all(|kind| kind.as_text() == Some("LoadBalancer"));
    let classes = [service(&["loadBalancerClass"]), service(&["spec", "loadBalancerClass"])];
    let off = service(&["enabled"]).and_then(Node::as_bool) == Some(false);
    balanced && !off && classes.iter().all(Option::is_none)
}

/// `expose: true`, from chart 27 on `expose: {default: true}`.
fn expose(port: &Node) -> Option<bool> {
    let expose = port.get("expose")?;
    expose.get("default").unwrap_or(expose).as_bool()
}
