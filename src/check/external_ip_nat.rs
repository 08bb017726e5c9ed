//! `node-external-ip` beside `externalTrafficPolicy: Local`.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Object;
use crate::reach::is_balanced;
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
    let stack = facts.stack;
    if stack.disables("servicelb").is_some() || !stack.release.servicelb_honours_local() {
        return;
    }
    let configured = facts.configured().map(|(_, traefik)| traefik);
    let traefik = configured.filter(|traefik| traefik.local().is_some() && !traefik.on_host());
    let local = |object: &&&Object| object.body.text_at(&["spec", "externalTrafficPolicy"]) == Some("Local");
    let service = facts.services.iter().filter(local).find(|object| is_balanced(object, stack));
    if traefik.is_none() && service.is_none() {
        return;
    }
    let natted: Vec<Finding> = stack.nodes.iter().filter_map(natted).collect();
    let told = !natted.is_empty();
    for finding in natted {
        // Traefik's own is what people mean by it.
        let other = service.filter(|_| traefik.is_none()).and_then(|object| object.body.at(&["spec", "externalTrafficPolicy"]));
        found.push(other.iter().fold(finding, |finding, policy| finding.also(policy.span, "callers' addresses are to be kept")));
    }
    let Some(traefik) = traefik.filter(|_| !told) else { return };
    let nodes = traefik.nodes(stack);
    let without = nodes.iter().find(|node| node.external_ips.is_empty());
    let first = stack.nodes.iter().find_map(|node| node.external_ips.first());
    if let (Some(node), Some((_, span))) = (without, first) {
        let name = &node.name.value;
        let message = format!("k3s then announces external addresses alone, and `{name}`, where Traefik may land, has none");
        found.push(
            Finding::new(&CODE, *span, message)
                .note(format!("what arrives at {name}'s own address goes through ServiceLB's pod, which hides the caller's"))
                .help("node-external-ip on every node where Traefik may land, or on none"),
        );
    }
}

/// An external address that is none of the machine's own.
fn natted(node: &ClusterNode) -> Option<Finding> {
    let own = |address| node.ips.iter().any(|(other, _)| *other == address);
    let (address, span) = node.external_ips.iter().find(|(address, _)| !own(*address))?;
    let name = &node.name.value;
    Some(
        Finding::new(&CODE, *span, format!("behind NAT, k3s' external address {address} hides callers' addresses"))
            .note("packets arrive at the private address and go through ServiceLB's pod, which hides the caller's")
            .note("with one such node, k3s announces external addresses alone")
            .help(format!("take node-external-ip from {name}'s k3s configuration, and write publicIP: {address} here"))
            .help(format!("if the machine itself has {address}, list it in its `ip`, too")),
    )
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{told, traefik};

    #[test]
    fn addresses_that_a_machine_may_not_have() {
        let local = traefik("service: {spec: {externalTrafficPolicy: Local}}");
        let nodes = |alpha: &str, beta: &str| format!("nodes: {{alpha: {{arch: amd64{alpha}}}, beta: {{arch: amd64{beta}}}}}");
        let check = |lines: &str| told(super::run, lines, &local).len();
        let (own, nat) = (", ip: [10.0.0.1, 192.0.2.1], externalIP: 192.0.2.1", ", ip: 10.0.0.2, externalIP: 192.0.2.2");
        let other = ", ip: [10.0.0.2, 192.0.2.2], externalIP: 192.0.2.2";
        assert_eq!(check(&nodes("", "")), 0);
        assert_eq!(check(&nodes(own, other)), 0);
        assert_eq!(check(&nodes(own, nat)), 1);
        assert_eq!(check(&nodes(own, "")), 1, "beta is not announced");
        assert_eq!(check(&nodes(own, ", taints: ['a:NoSchedule']")), 0);
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: mqtt}\nspec: {type: LoadBalancer, externalTrafficPolicy: Local}\n";
        assert_eq!(told(super::run, &nodes(own, nat), service).len(), 1);
        assert_eq!(told(super::run, &nodes(own, ""), service).len(), 0, "its pods may be elsewhere");
        assert_eq!(told(super::run, &nodes(own, nat), &service.replace("Local", "Cluster")).len(), 0);
        let cluster = traefik("service: {spec: {externalTrafficPolicy: Cluster}}");
        assert_eq!(told(super::run, &nodes(own, nat), &cluster).len(), 0);
        let old = format!("k3s: v1.22.7+k3s1\n{}", nodes(own, nat));
        assert_eq!(told(super::run, &old, &local).len(), 0, "another finding");
    }
}
