//! Fields of a Service that do not go with its type or with the cluster (`pkg/apis/core/validation`,
//! `pkg/registry/core/service/storage/alloc.go`).

use std::net::IpAddr;

use ipnet::IpNet;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::stack::Network;
use crate::yaml::Node;

/// A field that is refused, or does nothing, because of another.
pub static CODE: Code = Code {
    name: "service-conflict",
    severity: Severity::Error,
    page: Page {
        about: "A field of a Service contradicts its type or the cluster, so the API server refuses it or it does nothing:\n\
                a headless NodePort, `externalTrafficPolicy` or a LoadBalancer's fields on another type, an address\n\
                outside of the cluster's `serviceCIDR`, a family of addresses that the cluster does not have.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
              services: {web: {type: NodePort, clusterIP: None}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
               services: {web: {clusterIP: None}}\n",
    },
};

/// Fields, and the types that have them.
const OF_TYPES: [(&str, &[&str]); 3] = [
    ("externalTrafficPolicy", &["NodePort", "LoadBalancer"]),
    ("loadBalancerIP", &["LoadBalancer"]),
    ("loadBalancerSourceRanges", &["LoadBalancer"]),
];

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for object in &facts.services {
        let Some(spec) = object.body.get("spec") else { continue };
        let mut tell = |node: &Node, message: String, help: &str| {
            if !found.tells(node.span) {
                found.push(Finding::new(&CODE, node.span, format!("{}: {message}", object.id)).help(help.to_owned()));
            }
        };
        kind(spec, &mut tell);
        address(spec, &facts.stack.network, &mut tell);
        families(spec, &facts.stack.network, &mut tell);
    }
}

type Tell<'a> = dyn FnMut(&Node, String, &str) + 'a;

fn kind(spec: &Node, tell: &mut Tell<'_>) {
    let kind = spec.text_at(&["type"]).unwrap_or("ClusterIP");
    for (field, types) in OF_TYPES {
        let Some(value) = spec.get(field).filter(|_| !types.contains(&kind)) else { continue };
        let message = format!("`{field}` is for type {}, this is {kind}", types.join(" or "));
        tell(value, message, &format!("leave it out, or write type: {}", types.last().unwrap_or(&"")));
    }
    for port in spec.get("ports").map_or(&[][..], Node::items).iter().filter(|_| kind == "ClusterIP") {
        if let Some(value) = port.get("nodePort").filter(|port| port.as_int().is_some_and(|port| port != 0)) {
            let message = "`nodePort` is for type NodePort or LoadBalancer, this is ClusterIP".to_owned();
            tell(value, message, "leave it out, or write type: NodePort");
        }
    }
    let headless = spec.get("clusterIP").filter(|ip| ip.as_text() == Some("None"));
    if let Some(ip) = headless.filter(|_| ["NodePort", "LoadBalancer"].contains(&kind)) {
        let message = format!("a headless Service (`clusterIP: None`) cannot be of type {kind}");
        tell(ip, message, "leave `clusterIP` out, or the type; two Services can serve both");
    }
}

fn address(spec: &Node, network: &Network, tell: &mut Tell<'_>) {
    let read = |node: &Node| node.as_text().and_then(|text| text.parse::<IpAddr>().ok());
    let own = |ip: IpAddr| network.service.iter().any(|(range, _)| range.contains(&ip));
    if let Some((node, ip)) = spec.get("clusterIP").and_then(|node| Some((node, read(node)?)))
        && !network.service.is_empty()
        && !own(ip)
    {
        let ranges: Vec<String> = network.service.iter().map(|(range, _)| range.to_string()).collect();
        let message = format!("{ip} is not in the cluster's `serviceCIDR`, {}", ranges.join(", "));
        tell(node, message, "leave it out, and Kubernetes chooses one");
    }
    for node in spec.get("externalIPs").map_or(&[][..], Node::items) {
        let pods = |ip: IpAddr| network.cluster.iter().any(|(range, _)| range.contains(&ip));
        let Some(ip) = read(node).filter(|ip| own(*ip) || pods(*ip)) else { continue };
        let message = format!("the external address {ip} is the cluster's own: its packets would go here instead");
        tell(node, message, "an address outside of the cluster's ranges that leads to a node");
    }
}

fn families(spec: &Node, network: &Network, tell: &mut Tell<'_>) {
    let has = |family: &str| {
        network.service.iter().any(|(range, _)| matches!(range, IpNet::V6(_)) == (family == "IPv6"))
    };
    let declare = "declare both ranges in stack.yaml: network: {serviceCIDR: [10.43.0.0/16, \"fd00:43::/112\"]}";
    let listed = spec.get("ipFamilies").map_or(&[][..], Node::items);
    for (index, node) in listed.iter().enumerate() {
        let Some(family) = node.as_text().filter(|text| ["IPv4", "IPv6"].contains(text)) else { continue };
        if listed.iter().take(index).any(|earlier| earlier.as_text() == Some(family)) {
            tell(node, format!("`{family}` is listed twice"), "each family once");
        } else if !has(family) {
            tell(node, format!("the cluster's Services have no {family} addresses"), declare);
        }
    }
    let Some(policy) = spec.get("ipFamilyPolicy") else { return };
    match policy.as_text() {
        Some("RequireDualStack") if !(has("IPv4") && has("IPv6")) => {
            tell(policy, "the cluster's Services have addresses of one family only".into(), declare);
        }
        Some("SingleStack") if listed.len() > 1 => {
            tell(policy, "`SingleStack` has one family, two are listed".into(), "ipFamilyPolicy: RequireDualStack");
        }
        _ => {}
    }
}
