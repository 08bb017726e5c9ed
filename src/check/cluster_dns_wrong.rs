//! Pods that ask for names where nobody answers.

use std::collections::BTreeSet;
use std::net::IpAddr;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::Span;
use crate::yaml::{Node, Value};

/// A name server in the Services' range that is no Service, or another cluster's.
pub static CODE: Code = Code {
    name: "cluster-dns-wrong",
    severity: Severity::Error,
    page: Page {
        about: "A pod's `dnsConfig` names a server that is not there: an address of the Services' range that no Service\n\
                asks for, or the cluster DNS of an installation with other ranges. The cluster's DNS has the tenth\n\
                address of serviceCIDR: 10.43.0.10 by default, 10.254.0.10 with 10.254.0.0/16.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnetwork: {serviceCIDR: 10.254.0.0/16}\n\
              nodes:\n  alpha: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\ndnsPolicy: None\n\
              dnsConfig: {nameservers: [10.43.0.10]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnetwork: {serviceCIDR: 10.254.0.0/16}\n\
               nodes:\n  alpha: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\ndnsPolicy: None\n\
               dnsConfig: {nameservers: [10.254.0.10]}\n",
    },
};

/// Cluster DNS as k3s and kubeadm have it by default, which examples carry along.
const DEFAULTS: [&str; 2] = ["10.43.0.10", "10.96.0.10"];

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    if let Some((domain, at)) = &facts.stack.network.domain {
        for object in facts.objects {
            other_domain(&object.body, (domain, *at), found);
        }
    }
    let mut servers = facts.landings.iter().flat_map(|landing| {
        let listed = landing.pod.spec.at(&["dnsConfig", "nameservers"]).map_or(&[][..], Node::items);
        listed.iter().filter_map(|node| Some((node, node.as_text()?.parse::<IpAddr>().ok()?)))
    });
    let Some(first) = servers.next() else { return };
    let network = &facts.stack.network;
    let services: BTreeSet<IpAddr> = facts
        .existing()
        .filter(|object| object.id.kind == "Service")
        .filter_map(|object| object.body.text_at(&["spec", "clusterIP"])?.parse().ok())
        .collect();
    for (node, address) in std::iter::once(first).chain(servers) {
        let within = network.service.iter().any(|(range, _)| range.contains(&address));
        let elsewhere = network.node.iter().chain(&network.cluster).any(|(range, _)| range.contains(&address));
        let known = services.contains(&address) || network.dns().any(|own| own == address);
        let carried = !elsewhere && DEFAULTS.iter().any(|text| text.parse() == Ok(address));
        if known || !(within || carried) {
            continue;
        }
        let why = if within { "no Service asks for it" } else { "it is in no range of this cluster" };
        let finding = Finding::new(&CODE, node.span, format!("nobody answers at the name server {address}: {why}"));
        let dns: Vec<String> = network.dns().map(|own| own.to_string()).collect();
        found.push(finding.help(format!("the cluster's DNS: nameservers: [{}]", dns.join(", "))));
    }
}

/// What names of Services end in unless the cluster says otherwise.
const USUAL: &str = ".svc.cluster.local";

/// Full names of Services under the usual domain, where the cluster has another: nobody answers for them.
fn other_domain(node: &Node, (domain, at): (&str, Span), found: &mut Findings) {
    match &node.value {
        Value::Text(text) if names(text) && !found.tells(node.span) => found.push(
            Finding::new(&CODE, node.span, "a Service's name ends in `svc.cluster.local`, and this cluster's domain is another")
                .weighs(Severity::Warning)
                .also(at, "the cluster's domain")
                .help(format!("svc.{domain}, or the name up to `svc` alone, which every domain completes")),
        ),
        Value::Map(map) => map.entries.iter().for_each(|entry| other_domain(&entry.value, (domain, at), found)),
        Value::List(items) => items.iter().for_each(|item| other_domain(item, (domain, at), found)),
        _ => {}
    }
}

/// `web.default.svc.cluster.local`, and not `svc.cluster.local.example.org`.
fn names(text: &str) -> bool {
    let ends = |rest: &str| !rest.trim_start_matches('.').starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-') || rest.is_empty();
    text.split(USUAL).skip(1).any(ends)
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told};

    #[test]
    fn names_of_another_domain() {
        let env = pod("", ", env: [{name: URL, value: 'http://web.default.svc.cluster.local:80/'}]");
        let count = |lines: &str, env: &str| told(super::run, lines, env).len();
        assert_eq!(count("network: {clusterDomain: home.arpa}", &env), 1);
        assert_eq!(count("network: {clusterDomain: home.arpa}", &env.replace("svc.cluster.local", "svc.home.arpa")), 0);
        assert_eq!(count("network: {clusterDomain: home.arpa}", &env.replace("cluster.local", "cluster.local.example.org")), 0);
        assert_eq!(count("network: {clusterDomain: cluster.local}", &env), 0);
        assert_eq!(count("", &env), 0);
    }

    #[test]
    fn servers_that_are_not_there() {
        let ranges = "network: {serviceCIDR: 10.254.0.0/16}";
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: dns}\nspec: {clusterIP: 10.254.0.53}\n";
        for (lines, server, wrong) in [
            ("", "10.43.0.10", 0),
            ("", "10.43.0.11", 1),
            ("", "10.96.0.10", 1),
            ("", "1.1.1.1", 0),
            (ranges, "10.254.0.10", 0),
            (ranges, "10.254.0.53", 0),
            (ranges, "10.43.0.10", 1),
            ("network: {serviceCIDR: 10.254.0.0/16, nodeCIDR: 10.43.0.0/24}", "10.43.0.10", 0),
        ] {
            let manifest = pod(&format!("  dnsConfig: {{nameservers: [{server}]}}\n"), "");
            assert_eq!(told(super::run, lines, &format!("{manifest}{service}")).len(), wrong, "{lines} {server}");
        }
    }
}
