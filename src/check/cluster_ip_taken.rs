//! Addresses of Services that another Service has.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Object;
use crate::yaml::Node;

/// A `clusterIP` twice, or one of k3s' own.
pub static CODE: Code = Code {
    name: "cluster-ip-taken",
    severity: Severity::Error,
    page: Page {
        about: "A Service asks for an address (`clusterIP`) that another one has, or that k3s gives to its own: the first\n\
                of serviceCIDR is the API server's, the tenth the cluster's DNS. The API server refuses the Service.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
              services: {web: {clusterIP: 10.43.0.10}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
               services: {web: {clusterIP: 10.43.0.53}}\n",
    },
};

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let mut seen: BTreeMap<IpAddr, (&Object, &Node)> = BTreeMap::new();
    for object in facts.services.iter().copied() {
        for (address, node) in addresses(object) {
            if let Some(finding) = own(facts, object, address, node) {
                found.push(finding);
            }
            match seen.get(&address) {
                // Twins and a field that repeats another are no second use.
                Some((other, _)) if other.id.key() == object.id.key() => {}
                Some((other, first)) => {
                    let message = format!("{} asks for {address}, which {} has", object.id, other.id);
                    found.push(
                        Finding::new(&CODE, node.span, message)
                            .also(first.span, "here")
                            .help("another address, or none: Kubernetes chooses one"),
                    );
                }
                None => drop(seen.insert(address, (object, node))),
            }
        }
    }
}

fn addresses(object: &Object) -> impl Iterator<Item = (IpAddr, &Node)> {
    let spec = object.body.get("spec");
    let listed = spec.and_then(|spec| spec.get("clusterIPs")).map_or(&[][..], Node::items);
    let all = spec.and_then(|spec| spec.get("clusterIP")).into_iter().chain(listed);
    all.filter_map(|node| Some((node.as_text()?.parse().ok()?, node)))
}

/// k3s' own. Who brings a DNS of their own may take its address.
fn own(facts: &Facts<'_>, object: &Object, address: IpAddr, node: &Node) -> Option<Finding> {
    let network = &facts.stack.network;
    let system = object.id.namespace.as_deref() == Some("kube-system");
    let dns = network.dns().any(|own| own == address) && !system && facts.stack.disables("coredns").is_none();
    let what = match (dns, network.api_server().any(|own| own == address)) {
        (true, _) => "the cluster's DNS, the tenth of serviceCIDR",
        (_, true) => "the API server's, the first of serviceCIDR",
        _ => return None,
    };
    let message = format!("{} asks for {address}, which is {what}", object.id);
    Some(Finding::new(&CODE, node.span, message).help("another address, or none: Kubernetes chooses one"))
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    #[test]
    fn an_address_has_one_service() {
        let service = |name: &str, spec: &str| {
            format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{{spec}}}\n---\n")
        };
        let check = |manifest: &str| told(super::run, "network: {serviceCIDR: 10.254.0.0/16}", manifest);
        let one = service("a", "clusterIP: 10.254.0.53, clusterIPs: [10.254.0.53]");
        assert_eq!(check(&one), [""; 0]);
        assert_eq!(check(&format!("{one}{}", service("b", "clusterIP: 10.254.0.53"))).len(), 1);
        assert_eq!(check(&format!("{one}{}", service("b", "clusterIP: None"))), [""; 0]);
        assert_eq!(check(&service("a", "clusterIP: 10.254.0.10")).len(), 1);
        assert_eq!(check(&service("a", "clusterIP: 10.254.0.1")).len(), 1);
        assert_eq!(check(&service("a", "clusterIP: 10.43.0.10")), [""; 0]);
        let dns = service("kube-dns", "clusterIP: 10.254.0.10").replace("{name: kube-dns}", "{name: kube-dns, namespace: kube-system}");
        assert_eq!(check(&dns), [""; 0]);
    }
}
