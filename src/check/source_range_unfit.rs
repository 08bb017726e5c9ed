//! `loadBalancerSourceRanges` that mean something else than they say.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::reach::is_balanced;
use crate::yaml::Node;

/// A range with bits behind its prefix, of a family that the Service lacks, or on a release that looks at none.
pub static CODE: Code = Code {
    name: "source-range-unfit",
    severity: Severity::Warning,
    page: Page {
        about: "`loadBalancerSourceRanges` says who may connect to a LoadBalancer. A range with bits behind its prefix\n\
                lets in its whole network, one of IPv6 lets nobody in where the Service has IPv4 alone, one of all\n\
                addresses keeps nobody out, and k3s' own load balancer looks at them from v1.26.0, v1.25.5, v1.24.9 and\n\
                v1.23.15 on.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
              services: {web: {type: LoadBalancer, loadBalancerSourceRanges: [192.168.1.7/24]}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
               services: {web: {type: LoadBalancer, loadBalancerSourceRanges: [192.168.1.0/24]}}\n",
    },
};

/// Tells each. What is no range at all is told where fields are read.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for object in &facts.services {
        let Some(spec) = object.body.get("spec").filter(|spec| spec.text_at(&["type"]) == Some("LoadBalancer")) else {
            continue;
        };
        let Some(listed) = spec.get("loadBalancerSourceRanges") else { continue };
        for (range, node) in ranges(listed) {
            if let Some(finding) = told(range, node, speaks(facts, spec, range.addr().is_ipv4())) {
                found.push(finding);
            }
        }
        if ranges(listed).next().is_some() && is_balanced(object, facts.stack) {
            found_old(facts, listed, found);
        }
    }
    of_traefik(facts, found);
}

/// Those of k3s' own Traefik, in its chart's values. Its Service has all families of the cluster, unless it is told
/// otherwise.
fn of_traefik(facts: &Facts<'_>, found: &mut Findings) {
    let Some((_, traefik)) = facts.configured() else { return };
    let Some(service) = traefik.values.get("service") else { return };
    let mut tell = |listed: &Node| {
        let policy = service.text_at(&["spec", "ipFamilyPolicy"]).or(service.text_at(&["ipFamilyPolicy"]));
        let mut cluster = facts.stack.network.service.iter().map(|(range, _)| range.addr().is_ipv4());
        let families: Vec<bool> = if policy == Some("SingleStack") { cluster.next().into_iter().collect() } else { cluster.collect() };
        let speaks = |v4: bool| families.is_empty() || families.contains(&v4);
        for (range, node) in ranges(listed) {
            if let Some(finding) = told(range, node, speaks(range.addr().is_ipv4())) {
                found.push(finding);
            }
        }
        if ranges(listed).next().is_some() && traefik.is_balanced(facts.stack) {
            found_old(facts, listed, found);
        }
    };
    // From chart 40 on what stands right in `service` is not read, which is another finding.
    let read = !facts.stack.release.traefik_charts().within((40, u16::MAX));
    service.get("loadBalancerSourceRanges").filter(|_| read).into_iter().for_each(&mut tell);
    service.at(&["spec", "loadBalancerSourceRanges"]).into_iter().for_each(&mut tell);
}

fn ranges(listed: &Node) -> impl Iterator<Item = (IpNet, &Node)> {
    listed.items().iter().filter_map(|node| Some((node.as_text()?.trim().parse::<IpNet>().ok()?, node)))
}

/// `speaks`: whether the Service has addresses of the range's family.
fn told(range: IpNet, node: &Node, speaks: bool) -> Option<Finding> {
    if range.trunc() != range {
        let message = format!("`{range}` has bits set behind its prefix, and lets in all of {}", range.trunc());
        let one = IpNet::from(range.addr());
        return Some(Finding::new(&CODE, node.span, message).help(format!("{}, or {one} for that one alone", range.trunc())));
    }
    if range.prefix_len() == 0 {
        return Some(Finding::new(&CODE, node.span, format!("`{range}` keeps nobody out")).help("leave the list out, or name networks"));
    }
    if !speaks {
        let (own, other) = if range.addr().is_ipv4() { ("IPv4", "IPv6") } else { ("IPv6", "IPv4") };
        let message = format!("`{range}` lets nobody in: the Service has {other} addresses only, this is {own}");
        return Some(Finding::new(&CODE, node.span, message).help(format!("name a network of {other}, or ipFamilyPolicy: PreferDualStack")));
    }
    None
}

/// Whether the Service has addresses of a family: the cluster's first, unless it says otherwise.
fn speaks(facts: &Facts<'_>, spec: &Node, v4: bool) -> bool {
    let has = |address: IpAddr| address.is_ipv4() == v4;
    let mut cluster = facts.stack.network.service.iter().map(|(range, _)| range.addr());
    let dual = matches!(spec.text_at(&["ipFamilyPolicy"]), Some("PreferDualStack" | "RequireDualStack"));
    let listed = spec.get("ipFamilies").map_or(&[][..], Node::items);
    if !listed.is_empty() && !dual {
        return listed.iter().any(|family| family.as_text() == Some(if v4 { "IPv4" } else { "IPv6" }));
    }
    if dual { cluster.any(has) } else { cluster.next().is_none_or(has) }
}

fn found_old(facts: &Facts<'_>, listed: &Node, found: &mut Findings) {
    let release = &facts.stack.release;
    if !release.servicelb_honours_source_ranges() {
        let message = format!("the load balancer of {} lets everybody in: it does not look at source ranges", release.version());
        found.push(
            Finding::new(&CODE, listed.span, message)
                .also(facts.stack.release_span, "this release")
                .help("upgrade to v1.23.15, v1.24.9, v1.25.5, v1.26.0 or newer, or filter before the nodes"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{told, traefik};

    #[test]
    fn traefiks_own_service() {
        let dual = "network: {clusterCIDR: [10.42.0.0/16, 'fd00:42::/56'], serviceCIDR: [10.43.0.0/16, 'fd00:43::/112']}";
        for (lines, values, wrong) in [
            ("", "{spec: {loadBalancerSourceRanges: [192.168.1.7/24]}}", 1),
            ("", "{spec: {loadBalancerSourceRanges: [192.168.1.0/24]}}", 0),
            ("", "{loadBalancerSourceRanges: [192.168.1.7/24]}", 0), // the chart ignores it
            ("k3s: v1.34.5+k3s1", "{loadBalancerSourceRanges: [192.168.1.7/24]}", 1),
            ("k3s: v1.22.7+k3s1", "{loadBalancerSourceRanges: [192.168.1.0/24]}", 1),
            ("", "{spec: {loadBalancerSourceRanges: ['fd00::/64']}}", 1),
            (dual, "{spec: {loadBalancerSourceRanges: ['fd00::/64']}}", 0),
            (dual, "{spec: {ipFamilyPolicy: SingleStack, loadBalancerSourceRanges: ['fd00::/64']}}", 1),
        ] {
            let told = told(super::run, lines, &traefik(&format!("service: {values}")));
            assert_eq!(told.len(), wrong, "{lines} {values} {told:?}");
        }
    }

    fn unfit(lines: &str, spec: &str) -> usize {
        let text = format!("apiVersion: v1\nkind: Service\nmetadata: {{name: dns}}\nspec: {{type: LoadBalancer, {spec}}}\n");
        told(super::run, lines, &text).len()
    }

    #[test]
    fn ranges_that_do_what_they_say() {
        let dual = "network: {clusterCIDR: [10.42.0.0/16, 'fd00:42::/56'], serviceCIDR: [10.43.0.0/16, 'fd00:43::/112']}";
        for (lines, spec, wrong) in [
            ("", "loadBalancerSourceRanges: [192.168.1.0/24, 10.0.0.7/32]", 0),
            ("", "loadBalancerSourceRanges: [192.168.1.7/24]", 1),
            ("", "loadBalancerSourceRanges: [0.0.0.0/0]", 1),
            ("", "loadBalancerSourceRanges: ['fd00::/64']", 1),
            ("", "loadBalancerSourceRanges: [nonsense]", 0),
            (dual, "loadBalancerSourceRanges: ['fd00::/64']", 1),
            (dual, "ipFamilyPolicy: PreferDualStack, loadBalancerSourceRanges: ['fd00::/64', 10.0.0.0/8]", 0),
            (dual, "ipFamilies: [IPv6], loadBalancerSourceRanges: ['fd00::/64']", 0),
            ("k3s: v1.22.7+k3s1", "loadBalancerSourceRanges: [192.168.1.0/24]", 1),
            ("k3s: v1.22.7+k3s1", "loadBalancerClass: a.example/b, loadBalancerSourceRanges: [192.168.1.0/24]", 0),
            ("k3s: v1.25.5+k3s1", "loadBalancerSourceRanges: [192.168.1.0/24]", 0),
        ] {
            assert_eq!(unfit(lines, spec), wrong, "{lines} {spec}");
        }
    }
}
