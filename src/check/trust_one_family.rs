//! A cluster that is reached over IPv6, and a proxy that is believed over IPv4 alone.

use ipnet::IpNet;

use super::Facts;
use super::trust::{believed, typed};
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// Cloudflare's IPv4 ranges without its IPv6 ones.
pub static CODE: Code = Code {
    name: "trust-one-family",
    severity: Severity::Warning,
    page: Page {
        about: "Traefik can be reached over IPv6 (the cluster's Services have IPv6 addresses, and a node where Traefik\n\
                runs a public one), but of Cloudflare only IPv4 ranges are trusted. Requests that Cloudflare sends over\n\
                IPv6 all have Cloudflare's address. `clientIP: cloudflare` trusts both where the cluster speaks both.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
              network: {clusterCIDR: [10.42.0.0/16, \"fd00:42::/56\"], serviceCIDR: [10.43.0.0/16, \"fd00:43::/112\"]}\n\
              nodes:\n  alpha: {arch: amd64, publicIP: [203.0.113.1, \"2001:db8::1\"]}\n\
              ingress: {clientIP: {trust: [173.245.48.0/20, 103.21.244.0/22]}}\nplatforms: {registry.example/web: [amd64]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
               network: {clusterCIDR: [10.42.0.0/16, \"fd00:42::/56\"], serviceCIDR: [10.43.0.0/16, \"fd00:43::/112\"]}\n\
               nodes:\n  alpha: {arch: amd64, publicIP: [203.0.113.1, \"2001:db8::1\"]}\n\
               ingress: {clientIP: cloudflare}\nplatforms: {registry.example/web: [amd64]}\n",
    },
};

/// Tells it at the first range.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let Some((_, traefik)) = facts.configured() else { return };
    let dual = facts.stack.network.service.iter().any(|(range, _)| matches!(range, IpNet::V6(_)));
    let all = believed(facts);
    let ranges = || all.iter().filter_map(|one| one.range);
    if !dual || ranges().next().is_none() || ranges().any(|range| matches!(range, IpNet::V6(_))) {
        return;
    }
    let known = facts.stack.cloudflare();
    let Some(first) = all.iter().find(|one| known.all().any(|range| one.range == Some(range))) else { return };
    let nodes = traefik.nodes(facts.stack);
    let mut public = nodes.iter().flat_map(|node| &node.public_ips);
    let Some((address, at)) = public.find(|(address, _)| address.is_ipv6()) else { return };
    let Some(span) = first.places.first() else { return };
    found.push(
        Finding::new(&CODE, *span, "of Cloudflare only IPv4 ranges are trusted, and Traefik is reached over IPv6, too")
            .also(*at, format!("at {address}"))
            .note("over IPv6 every client has Cloudflare's address")
            .help(typed(facts, "{clientIP: cloudflare}")),
    );
}
