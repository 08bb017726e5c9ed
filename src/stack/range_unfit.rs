//! What k3s takes of address ranges: families that go together, room for each node, an address for the cluster's DNS.

use ipnet::IpNet;

use super::{ClusterNode, Network};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::Span;

/// A range with which k3s does not start, or soon has no more addresses.
pub static RANGE_UNFIT: Code = Code {
    name: "range-unfit",
    severity: Severity::Error,
    page: Page {
        about: "A range with which k3s does not start, or that has no room for the nodes. Ranges of pods and of Services\n\
                have the same families, each at most once. Each node takes a /24 of clusterCIDR (a /64 of IPv6), so a\n\
                /24 holds one node and a /22 four. serviceCIDR is a /12 at most (/112 of IPv6) and holds the cluster's\n\
                DNS, its tenth address. These ranges cannot be changed after the first start.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
              network: {clusterCIDR: 10.42.0.0/24}\nnodes:\n  alpha: {arch: amd64}\n  beta: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
               network: {clusterCIDR: 10.42.0.0/16}\nnodes:\n  alpha: {arch: amd64}\n  beta: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\n",
    },
};

type Range = (IpNet, Option<Span>);

/// What each node gets of the pods' range: `node-cidr-mask-size` of kube-controller-manager, by family.
const OF_NODE: [u8; 2] = [24, 64];

/// Bits by which a node's share may be longer than the whole (`cidrset.clusterSubnetMaxDiff`).
const MOST_BITS: u8 = 16;

/// The largest range of Services (k3s docs, networking), by family.
const LARGEST: [u8; 2] = [12, 112];

/// Bits that hold ten addresses and more: the cluster's DNS has the tenth.
const DNS_BITS: u8 = 4;

/// Addresses with a meaning of their own (IANA's special-purpose registries).
const SPECIAL: [(&str, &str); 8] = [
    ("0.0.0.0/8", "no address of a machine"),
    ("127.0.0.0/8", "every machine's own"),
    ("169.254.0.0/16", "link-local"),
    ("224.0.0.0/3", "multicast or reserved"),
    ("::/128", "no address of a machine"),
    ("::1/128", "every machine's own"),
    ("fe80::/10", "link-local"),
    ("ff00::/8", "multicast"),
];

/// What is special about a range or an address, if something is.
pub(super) fn special(range: &IpNet) -> Option<&'static str> {
    let meets =
        |text: &str| text.parse::<IpNet>().is_ok_and(|own| own.contains(range) || range.contains(&own));
    SPECIAL.iter().find(|(own, _)| meets(own)).map(|(_, what)| *what)
}

/// IPv4 or IPv6, as an index and in words.
fn family(range: &IpNet) -> (usize, &'static str) {
    if range.addr().is_ipv4() { (0, "IPv4") } else { (1, "IPv6") }
}

impl Network {
    /// Tells ranges that k3s does not take. A range by itself comes first: what is told of it is given up.
    pub(super) fn check_ranges(&self, found: &mut Findings) {
        let named =
            [("nodeCIDR", &self.node), ("clusterCIDR", &self.cluster), ("serviceCIDR", &self.service)];
        for (name, ranges) in named {
            for (range, at) in ranges {
                let Some((span, what)) = at.zip(special(range)) else { continue };
                tell(
                    span,
                    format!("{name} {range} is {what}"),
                    "take one of 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 or fd00::/8",
                    found,
                );
            }
        }
        for (name, ranges) in [("clusterCIDR", &self.cluster), ("serviceCIDR", &self.service)] {
            once(name, ranges, found);
        }
        for (range, at) in &self.service {
            service_size(range, *at, found);
        }
        self.same_families(found);
    }

    /// k3s: "cluster-cidr and service-cidr must share the same IP version" (its pull request 5492).
    fn same_families(&self, found: &mut Findings) {
        let sides = [("clusterCIDR", &self.cluster), ("serviceCIDR", &self.service)];
        let [pods, services] = sides;
        for ((name, ranges), (other_name, other)) in [(pods, services), (services, pods)] {
            let lacks = |range: &IpNet| !other.iter().any(|(other, _)| family(other) == family(range));
            let Some((range, at)) = ranges.iter().find(|(range, _)| lacks(range)) else { continue };
            // What could not be read has been told.
            let Some(first) = other.iter().find_map(|(_, at)| *at).or(*at).filter(|_| !other.is_empty())
            else {
                continue;
            };
            let (_, word) = family(range);
            let message = format!("{name} has {word} addresses, {other_name} has none");
            let finding = Finding::new(&RANGE_UNFIT, at.unwrap_or(first), message);
            let finding = match at.filter(|at| *at != first) {
                Some(_) => finding.also(first, format!("no {word} here")),
                None => finding,
            };
            let written = |ranges: &[Range]| ranges.iter().any(|(_, at)| at.is_some());
            let finding = [(name, ranges), (other_name, other)]
                .into_iter()
                .filter(|(_, ranges)| !written(ranges))
                .fold(finding, |finding, (name, _)| {
                    finding.note(format!("{name} is not written: this is k3s' default"))
                });
            found.push(
                finding
                    .note("k3s does not start: both have IPv4, or IPv6, or both")
                    .help("clusterCIDR: [10.42.0.0/16, \"fd00:42::/56\"]\nserviceCIDR: [10.43.0.0/16, \"fd00:43::/112\"]"),
            );
            return;
        }
        let first = |ranges: &[Range]| ranges.first().map(|(range, at)| (family(range), *at));
        if let (Some(((pods, pods_word), pods_at)), Some(((services, word), at))) =
            (first(&self.cluster), first(&self.service))
            && pods != services
            && let Some(span) = at.or(pods_at)
        {
            let message = format!("clusterCIDR begins with {pods_word}, serviceCIDR with {word}");
            let finding = Finding::new(&RANGE_UNFIT, span, message);
            let finding = pods_at
                .filter(|at| *at != span)
                .into_iter()
                .fold(finding, |finding, at| finding.also(at, "the pods'"));
            found.push(
                finding
                    .note("k3s does not start: the first of each is of one family")
                    .help("write them in one order"),
            );
        }
    }

    /// Room for each node, and nodes that speak the cluster's families.
    pub(super) fn check_room(&self, nodes: &[ClusterNode], found: &mut Findings) {
        for (range, at) in &self.cluster {
            let Some(span) = *at else { continue };
            let (index, word) = family(range);
            let share = OF_NODE.get(index).copied().unwrap_or_default();
            let Some(bits) = share.checked_sub(range.prefix_len()) else {
                let message = format!(
                    "clusterCIDR {range} is smaller than the /{share} of {word} that each node takes"
                );
                let usual = if index == 0 { "10.42.0.0/16" } else { "fd00:42::/56" };
                tell(span, message, &format!("clusterCIDR: {usual} has room for 256 nodes"), found);
                continue;
            };
            if bits > MOST_BITS {
                let message = format!(
                    "clusterCIDR {range} is too large: a node's /{share} may be {MOST_BITS} bits longer"
                );
                let least = share.saturating_sub(MOST_BITS);
                tell(span, message, &format!("a /{least} or smaller"), found);
                continue;
            }
            let room = 1_usize.checked_shl(u32::from(bits)).unwrap_or(usize::MAX);
            if room < nodes.len() {
                let plural = if room == 1 { "node" } else { "nodes" };
                let message =
                    format!("clusterCIDR {range} has room for {room} {plural}, there are {}", nodes.len());
                let help = format!(
                    "each node takes a /{share}: a /{} or larger holds {}",
                    wanted(share, nodes.len()),
                    nodes.len()
                );
                tell(span, message, &help, found);
            }
        }
        for node in nodes {
            self.speaks(node, found);
        }
        self.speak_both(nodes, found);
    }

    /// With both families k3s starts on no node that has one alone (`pkg/agent/run.go`). stack.yaml may leave an address
    /// out, so that this is no more than a hint.
    fn speak_both(&self, nodes: &[ClusterNode], found: &mut Findings) {
        let both = |of: &mut dyn Iterator<Item = bool>| {
            of.fold((false, false), |(v4, v6), is| (v4 || is, v6 || !is)) == (true, true)
        };
        if !both(&mut self.cluster.iter().map(|(range, _)| range.addr().is_ipv4())) {
            return;
        }
        let one = |node: &&ClusterNode| {
            !node.ips.is_empty() && !both(&mut node.ips.iter().map(|(address, _)| address.is_ipv4()))
        };
        let mut single = nodes.iter().filter(one);
        let Some((first, (address, span))) = single.next().and_then(|node| Some((node, node.ips.first()?)))
        else {
            return;
        };
        let (has, lacks) = if address.is_ipv4() { ("IPv4", "IPv6") } else { ("IPv6", "IPv4") };
        let more = single.count();
        let others = if more == 0 { String::new() } else { format!(", and so have {more} more") };
        let message = format!(
            "the node `{}` has {has} addresses only{others}; the cluster's pods have both families",
            first.name.value
        );
        found.push(
            Finding::new(&RANGE_UNFIT, *span, message)
                .weighs(Severity::Note)
                .note("k3s starts with both on a node that has both")
                .help(format!("if it has: ip: [{address}, its {lacks} address]")),
        );
    }

    fn speaks(&self, node: &ClusterNode, found: &mut Findings) {
        let same = |v4: bool| self.cluster.iter().any(|(range, _)| range.addr().is_ipv4() == v4);
        let Some((address, span)) = node.ips.first().filter(|_| !self.cluster.is_empty()) else { return };
        if !node.ips.iter().any(|(address, _)| same(address.is_ipv4())) {
            let (has, lacks) = if address.is_ipv4() { ("IPv4", "IPv6") } else { ("IPv6", "IPv4") };
            let message = format!(
                "the node `{}` has {has} addresses only, the cluster's pods have {lacks}",
                node.name.value
            );
            tell(*span, message, &format!("ip: [{address}, its {lacks} address]"), found);
        }
    }
}

/// The shortest prefix under which so many nodes have room.
fn wanted(share: u8, nodes: usize) -> u32 {
    let bits = nodes.max(1).next_power_of_two().trailing_zeros();
    u32::from(share).saturating_sub(bits)
}

fn tell(span: Span, message: String, help: &str, found: &mut Findings) {
    found.push(Finding::new(&RANGE_UNFIT, span, message).help(help.to_owned()));
}

/// One range a family.
fn once(name: &str, ranges: &[Range], found: &mut Findings) {
    for (index, (range, at)) in ranges.iter().enumerate() {
        let mut before = ranges.iter().take(index);
        let Some((first, first_at)) = before.find(|(other, _)| family(other) == family(range)) else {
            continue;
        };
        let Some(span) = at else { continue };
        let (_, word) = family(range);
        let finding = Finding::new(
            &RANGE_UNFIT,
            *span,
            format!("{name} has two ranges of {word}, {first} and {range}"),
        );
        let finding = first_at.iter().fold(finding, |finding, first| finding.also(*first, "the first"));
        found.push(finding.help("one of each family: the larger, or one range that holds both"));
    }
}

fn service_size(range: &IpNet, at: Option<Span>, found: &mut Findings) {
    let Some(span) = at else { return };
    let (index, word) = family(range);
    let largest = LARGEST.get(index).copied().unwrap_or_default();
    let usual = if index == 0 { "serviceCIDR: 10.43.0.0/16" } else { "serviceCIDR: \"fd00:43::/112\"" };
    if range.prefix_len() < largest {
        let message = format!("serviceCIDR {range} is too large: k3s takes a /{largest} of {word} at most");
        tell(span, message, usual, found);
    } else if range.max_prefix_len().saturating_sub(range.prefix_len()) < DNS_BITS {
        let message =
            format!("serviceCIDR {range} does not hold the cluster's DNS, which has its tenth address");
        tell(span, message, usual, found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::stack::expand::{self, expand};
    use crate::stack::resolve;
    use crate::yaml::{decode, read_typed};

    /// What is told of a network and as many nodes, or of nodes with these keys.
    fn told(network: &str, nodes: &[&str]) -> Vec<String> {
        let (mut sources, mut found) = (Sources::default(), Findings::default());
        let nodes: String =
            nodes.iter().enumerate().map(|(at, node)| format!("  n{at}: {{arch: amd64{node}}}\n")).collect();
        let text = format!("stackc: 1\nk3s: v1.37.1+k3s1\nnetwork: {{{network}}}\nnodes:\n{nodes}");
        let file = sources.add("stack.yaml".into(), Ok(text.into()));
        let mut tree = read_typed(&sources, file, &mut found).unwrap();
        expand(&mut tree, expand::STACK);
        resolve(decode(&tree, &mut found).unwrap(), file.start(), "demo", &mut found);
        found.sorted().into_iter().map(|finding| finding.message.into_owned()).collect()
    }

    #[test]
    fn each_node_takes_its_share() {
        for (range, nodes, wrong) in [
            ("10.42.0.0/16", 3, 0),
            ("10.42.0.0/24", 1, 0),
            ("10.42.0.0/24", 2, 1),
            ("10.42.0.0/22", 4, 0),
            ("10.42.0.0/22", 5, 1),
            ("10.42.0.0/25", 1, 1),
            ("11.0.0.0/8", 1, 0),
            ("12.0.0.0/7", 1, 1),
        ] {
            assert_eq!(
                told(&format!("clusterCIDR: {range}"), &vec![""; nodes]).len(),
                wrong,
                "{range} {nodes}"
            );
        }
        let v6 = |cluster: &str| format!("clusterCIDR: \"{cluster}\", serviceCIDR: \"fd00:43::/112\"");
        assert_eq!(told(&v6("fd00:42::/56"), &[""; 9]), [""; 0]);
        assert_eq!(told(&v6("fd00:42::/64"), &[""; 2]).len(), 1);
        assert_eq!(told(&v6("fd00:42::/72"), &[""]).len(), 1);
        assert_eq!(told(&v6("fd00::/40"), &[""]).len(), 1);
        assert_eq!(wanted(24, 5), 21);
    }

    #[test]
    fn services_have_a_dns() {
        for (range, wrong) in
            [("10.0.0.0/12", 0), ("10.0.0.0/11", 1), ("10.43.0.0/28", 0), ("10.43.0.0/29", 1)]
        {
            assert_eq!(
                told(&format!("clusterCIDR: 172.16.0.0/16, serviceCIDR: {range}"), &[""]).len(),
                wrong,
                "{range}"
            );
        }
    }

    #[test]
    fn families_go_together() {
        let both = |pods: &str, services: &str| {
            told(&format!("clusterCIDR: {pods}, serviceCIDR: {services}"), &[""])
        };
        let (v4, v6) = ("10.42.0.0/16", "\"fd00:42::/56\"");
        let (s4, s6) = ("10.43.0.0/16", "\"fd00:43::/112\"");
        assert_eq!(both(v4, s4), [""; 0]);
        assert_eq!(both(v6, s6), [""; 0]);
        assert_eq!(both(&format!("[{v4}, {v6}]"), &format!("[{s4}, {s6}]")), [""; 0]);
        assert_eq!(both(v4, s6), ["clusterCIDR has IPv4 addresses, serviceCIDR has none"]);
        assert_eq!(
            both(&format!("[{v4}, {v6}]"), s4),
            ["clusterCIDR has IPv6 addresses, serviceCIDR has none"]
        );
        assert_eq!(
            both(v4, &format!("[{s4}, {s6}]")),
            ["serviceCIDR has IPv6 addresses, clusterCIDR has none"]
        );
        assert_eq!(told(&format!("clusterCIDR: [{v4}, {v6}]"), &[""]).len(), 1, "the default has no IPv6");
        assert_eq!(
            both(&format!("[{v6}, {v4}]"), &format!("[{s4}, {s6}]")),
            ["clusterCIDR begins with IPv6, serviceCIDR with IPv4"]
        );
        assert_eq!(
            both(&format!("[{v4}, 10.44.0.0/16]"), s4),
            ["clusterCIDR has two ranges of IPv4, 10.42.0.0/16 and 10.44.0.0/16"]
        );
    }

    #[test]
    fn nodes_speak_the_clusters_family() {
        let message = "the node `n0` has IPv6 addresses only, the cluster's pods have IPv4";
        assert_eq!(told("", &[", ip: \"2001:db8::1\""]), [message]);
        assert_eq!(told("", &[", ip: [\"2001:db8::1\", 10.0.0.1]"]), [""; 0]);
        let dual =
            "clusterCIDR: [10.42.0.0/16, \"fd00:42::/56\"], serviceCIDR: [10.43.0.0/16, \"fd00:43::/112\"]";
        let one = "the node `n0` has IPv4 addresses only, and so have 1 more; the cluster's pods have both families";
        assert_eq!(
            told(dual, &[", ip: 10.0.0.1", ", ip: 10.0.0.2", ", ip: [10.0.0.3, \"2001:db8::1\"]"]),
            [one]
        );
        assert_eq!(told(dual, &["", ", ip: [10.0.0.3, \"2001:db8::1\"]"]), [""; 0]);
        assert_eq!(told("clusterCIDR: 169.254.0.0/16", &[""]).len(), 1);
    }
}
