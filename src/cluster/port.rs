//! Ports of the nodes that two stacks of one cluster take: nodePorts, hostPorts, ports of load balancers.

use std::collections::{BTreeMap, BTreeSet};

use super::Member;
use crate::finding::{Code, Finding, Findings, Page, Severity, list};
use crate::kube::{Object, Pod};
use crate::reach::{Traefik, balancing, is_balanced, labels};
use crate::schedule::may;
use crate::source::Span;
use crate::yaml::Node;

/// One port of a node for two.
pub static PORT: Code = Code {
    name: "cluster-port-twice",
    severity: Severity::Error,
    page: Page {
        about: "Two stacks of one cluster take the same port of a node. The API server gives a nodePort once and refuses\n\
                the second Service; of two pods, or two LoadBalancers, that want one port of one node, the second stays\n\
                Pending. k3s' own load balancer opens a Service's ports on every node.",
        bad: "# stack.yaml\nstackc: 1\nname: home\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
              platforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {dns: {port: 53, protocol: UDP}}\nservices: {web: LoadBalancer}\n\
              # ../other/stack.yaml\nstackc: 1\nname: media\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
              platforms: {registry.example/web: [amd64]}\n\
              # ../other/apps/films.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {dns: {port: 53, protocol: UDP, hostPort: 53}}\n",
        good: "# stack.yaml\nstackc: 1\nname: home\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {dns: {port: 53, protocol: UDP}}\nservices: {web: LoadBalancer}\n\
               # ../other/stack.yaml\nstackc: 1\nname: media\ncluster: house\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # ../other/apps/films.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {dns: {port: 53, protocol: UDP, hostPort: 5353}}\n",
    },
};

/// How a port of a node is taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum How {
    /// On every node, by the API server's word.
    NodePort,
    /// On all of its nodes: a load balancer, a DaemonSet.
    Everywhere,
    /// On one of its nodes, or some.
    Somewhere,
}

/// A port that something takes.
struct Claim<'a> {
    port: (&'a str, i64),
    how: How,
    nodes: BTreeSet<&'a str>,
    /// An address of the node; empty for all.
    address: &'a str,
    what: String,
    span: Span,
}

/// A claim of a stack that came before.
type Earlier<'a> = (usize, &'a Member<'a>, Claim<'a>);

/// Ports of Traefik's Service that it has in every cluster: a stack by itself is held against them.
const OWN: [i64; 2] = [80, 443];

/// What later stacks take that earlier ones have.
pub(super) fn told(members: &[(usize, &Member<'_>)]) -> Vec<(usize, Finding)> {
    let mut seen: BTreeMap<(&str, i64), Vec<Earlier<'_>>> = BTreeMap::new();
    let mut told = Vec::new();
    for (index, member) in members {
        for claim in claims(member) {
            let earlier = seen.entry(claim.port).or_default();
            let mut others = earlier.iter().filter(|(first, ..)| first != index);
            let clash = others.find_map(|(_, other, first)| Some((other, first, clash(first, &claim)?)));
            if let Some((other, first, why)) = clash {
                told.push((*index, finding(&claim, first, other, &why)));
            }
            earlier.push((*index, member, claim));
        }
    }
    told
}

fn finding(claim: &Claim<'_>, first: &Claim<'_>, other: &Member<'_>, why: &str) -> Finding {
    let (protocol, number) = claim.port;
    let stack = &other.stack.name.value;
    let message = format!(
        "{} takes the port {number}/{protocol}, as {} of the stack `{stack}` does",
        claim.what, first.what
    );
    Finding::new(&PORT, claim.span, message)
        .note(why.to_owned())
        .note(format!("the other: {}", other.at(first.span)))
        .help("give one of them another number")
}

/// Why two cannot have one port, if they cannot. Two that may keep out of each other's way are left to the scheduler.
fn clash(a: &Claim<'_>, b: &Claim<'_>) -> Option<String> {
    if a.how == How::NodePort && b.how == How::NodePort {
        return Some("the API server refuses the second Service".to_owned());
    }
    let address = a.address.is_empty() || b.address.is_empty() || a.address == b.address;
    let both: Vec<&str> = a.nodes.intersection(&b.nodes).copied().collect();
    if !address || both.is_empty() {
        return None;
    }
    let within = |inner: &Claim<'_>, outer: &Claim<'_>| {
        outer.how != How::Somewhere && inner.nodes.iter().all(|node| outer.nodes.contains(node))
    };
    let one = a.nodes.len() == 1 && a.nodes == b.nodes;
    let all = a.how != How::Somewhere && b.how != How::Somewhere;
    (one || all || within(a, b) || within(b, a))
        .then(|| format!("both want it on {}: one of them stays Pending", list(both.iter().copied())))
}

fn claims<'a>(member: &'a Member<'a>) -> Vec<Claim<'a>> {
    let mut claims = Vec::new();
    for object in member.objects {
        if object.id.kind == "Service" && object.id.api_version == "v1" {
            of_service(object, member, &mut claims);
        } else if let Some(pod) = Pod::of(object) {
            of_pod(object, &pod, member, &mut claims);
        }
    }
    of_traefik(member, &mut claims);
    claims
}

fn protocol(port: &Node) -> &str {
    port.text_at(&["protocol"]).unwrap_or("TCP")
}

/// 0 is no number.
fn number<'a>(port: &'a Node, key: &str) -> Option<(i64, &'a Node)> {
    let node = port.get(key)?;
    Some((node.as_int().filter(|number| *number != 0)?, node))
}

fn of_service<'a>(object: &'a Object, member: &'a Member<'a>, claims: &mut Vec<Claim<'a>>) {
    let ports = object.body.at(&["spec", "ports"]).map_or(&[][..], Node::items);
    let balanced = is_balanced(object, member.stack);
    let names = |nodes: Vec<&'a crate::stack::ClusterNode>| {
        nodes.into_iter().map(|node| node.name.value.as_str()).collect()
    };
    for port in ports {
        let mut claim = |key: &str, how, nodes| {
            let Some((number, node)) = number(port, key) else { return };
            let port = (protocol(port), number);
            claims.push(Claim {
                port,
                how,
                nodes,
                address: "",
                what: object.id.to_string(),
                span: node.span,
            });
        };
        claim("nodePort", How::NodePort, names(member.stack.nodes.iter().collect()));
        if balanced {
            claim("port", How::Everywhere, names(balancing(labels(object), member.stack)));
        }
    }
}

fn of_pod<'a>(object: &'a Object, pod: &Pod<'a>, member: &'a Member<'a>, claims: &mut Vec<Claim<'a>>) {
    let network = pod.host_network();
    let ports =
        pod.containers().flat_map(|container| container.node.get("ports").map_or(&[][..], Node::items));
    for port in ports {
        let own = number(port, "containerPort").filter(|_| network);
        let Some((number, node)) = number(port, "hostPort").or(own) else { continue };
        let nodes = member.stack.nodes.iter().filter(|node| may(pod, &node.machine).is_ok());
        claims.push(Claim {
            port: (protocol(port), number),
            how: if pod.is_daemon_set() { How::Everywhere } else { How::Somewhere },
            nodes: nodes.map(|node| node.name.value.as_str()).collect(),
            address: port.text_at(&["hostIP"]).unwrap_or_default(),
            what: object.id.to_string(),
            span: node.span,
        });
    }
}

/// Entry points beyond Traefik's own two, by the stack that configures it.
fn of_traefik<'a>(member: &'a Member<'a>, claims: &mut Vec<Claim<'a>>) {
    let traefik = Traefik::read(member.stack, member.objects, member.sources, &mut Findings::default());
    let open = traefik.config.is_some() && traefik.packaged && member.stack.disables("servicelb").is_none();
    for entry in traefik.values.get("ports").map_or(&[][..], Node::entries).iter().filter(|_| open) {
        let Some(number) = traefik.exposed(&entry.key.text).filter(|number| !OWN.contains(number)) else {
            continue;
        };
        claims.push(Claim {
            port: (if protocol(&entry.value) == "UDP" { "UDP" } else { "TCP" }, number),
            how: How::Everywhere,
            nodes: balancing(traefik.labels(), member.stack)
                .into_iter()
                .map(|node| node.name.value.as_str())
                .collect(),
            address: "",
            what: format!("Traefik's entry point `{}`", entry.key.text),
            span: entry.key.span,
        });
    }
}
