//! `loadBalancerIP` of a Service that k3s' own load balancer serves.

use std::net::IpAddr;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::reach::is_balanced;

/// An address that nobody takes.
pub static CODE: Code = Code {
    name: "balancer-ip-ignored",
    severity: Severity::Warning,
    page: Page {
        about: "k3s' own load balancer gives a Service the addresses of the nodes and does not look at `loadBalancerIP`\n\
                (klipper-lb issue 81). At an address that no node has, nobody answers. MetalLB or kube-vip can give one;\n\
                with `loadBalancerClass` or `disable: [servicelb]` the Service is left to them.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
              nodes:\n  alpha: {arch: amd64, ip: 192.168.1.4}\nplatforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
              services: {web: {type: LoadBalancer, loadBalancerIP: 192.168.1.240}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
               nodes:\n  alpha: {arch: amd64, ip: 192.168.1.4}\nplatforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
               services: {web: {type: LoadBalancer}}\n",
    },
};

/// Tells each that is no node's, where the addresses of all nodes are known.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let nodes = &facts.stack.nodes;
    if nodes.iter().any(|node| node.ips.is_empty()) {
        return;
    }
    let of_node = |address: IpAddr| {
        let mut all = nodes.iter().flat_map(|node| node.ips.iter().chain(&node.external_ips).chain(&node.public_ips));
        all.any(|(own, _)| *own == address)
    };
    for object in facts.services.iter().filter(|object| is_balanced(object, facts.stack)) {
        let Some(node) = object.body.at(&["spec", "loadBalancerIP"]) else { continue };
        let Some(address) = node.as_text().and_then(|text| text.parse().ok()).filter(|address| !of_node(*address)) else {
            continue;
        };
        found.push(
            Finding::new(&CODE, node.span, format!("{} does not get {address}: k3s gives it the nodes' addresses", object.id))
                .help("leave it out; or disable servicelb and let MetalLB or kube-vip give addresses"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    #[test]
    fn addresses_that_no_node_has() {
        let service = |spec: &str| {
            format!("apiVersion: v1\nkind: Service\nmetadata: {{name: dns}}\nspec: {{type: LoadBalancer, loadBalancerIP: 192.168.1.240{spec}}}\n")
        };
        let known = "nodes: {alpha: {arch: amd64, ip: 192.168.1.4}}";
        assert_eq!(told(super::run, known, &service("")).len(), 1);
        assert_eq!(told(super::run, "", &service("")).len(), 0, "their addresses are not known");
        assert_eq!(told(super::run, known, &service(", loadBalancerClass: a.example/b")).len(), 0);
        let disabled = format!("k3s: {{version: v1.37.1+k3s1, disable: [servicelb]}}\n{known}");
        assert_eq!(told(super::run, &disabled, &service("")).len(), 0);
        assert_eq!(told(super::run, "nodes: {alpha: {arch: amd64, ip: 192.168.1.240}}", &service("")).len(), 0);
    }
}
