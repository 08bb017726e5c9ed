//! `node-external-ip` beside `externalTrafficPolicy: Local`.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::stack::ClusterNode;

/// An external address that the machine itself may not have.
pub static CODE: Code = Code {
    name: "external-ip-nat",
    severity: Severity::Warning,
    page: Page {
        about: "k3s was told an external address of a node (`node-external-ip`) that is none of its own `ip`s, and\n\
                Traefik's Service keeps callers' addresses (Local). k3s then announces external addresses alone, for all\n\
                nodes. Behind 1:1 NAT, as in most clouds, packets arrive at the private address instead: they take the way\n\
                through ServiceLB's pod, which puts its own address in the place of the caller's. k3s' documentation says\n\
                to define no node-external-ip then. If the machine does have the address itself, list it in `ip`, too.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
              nodes:\n  alpha: {arch: amd64, ip: 10.0.0.184, externalIP: 203.0.113.1}\n\
              ingress: {clientIP: cloudflare}\nplatforms: {registry.example/web: [amd64]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
               nodes:\n  alpha: {arch: amd64, ip: 10.0.0.184, publicIP: 203.0.113.1}\n\
               ingress: {clientIP: cloudflare}\nplatforms: {registry.example/web: [amd64]}\n",
    },
};

/// Tells each node. A release whose load balancer does not know Local has another finding.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let Some((_, traefik)) = facts.configured() else { return };
    let stack = facts.stack;
    let balanced = stack.disables("servicelb").is_none() && !traefik.on_host();
    if traefik.local().is_none() || !balanced || !stack.release.servicelb_honours_local() {
        return;
    }
    for node in &stack.nodes {
        let own = |node: &ClusterNode, address| node.ips.iter().any(|(other, _)| *other == address);
        let Some((address, span)) = node.external_ips.iter().find(|(address, _)| !own(node, *address)) else { continue };
        let name = &node.name.value;
        found.push(
            Finding::new(&CODE, *span, format!("behind NAT, k3s' external address {address} hides callers' addresses"))
                .note("packets arrive at the private address and go through ServiceLB's pod, which hides the caller's")
                .note("with one such node, k3s announces external addresses alone")
                .help(format!("take node-external-ip from {name}'s k3s configuration, and write publicIP: {address} here"))
                .help(format!("if the machine itself has {address}, list it in its `ip`, too")),
        );
    }
}
