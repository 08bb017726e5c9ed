//! Address ranges and addresses.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::ops::RangeInclusive;

use ipnet::IpNet;

use super::ClusterNode;
use super::cluster::NetworkFile;
use super::invalid::{is_name, value_invalid};
use super::range_unfit::special;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::names;
use crate::source::Span;
use crate::yaml::{Build, Node, Spanned};

/// Ranges that overlap, or an address outside of its range.
pub static NETWORK_CONFLICT: Code = Code {
    name: "network-conflict",
    severity: Severity::Error,
    page: Page {
        about: "The ranges of nodes, pods and Services must not overlap, and each node's address lies in the nodes'\n\
                range, in no other, and belongs to one node. k3s cannot change these ranges after the first start.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
              network: {clusterCIDR: 10.42.0.0/16, serviceCIDR: 10.42.128.0/17}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
               network: {clusterCIDR: 10.42.0.0/16, serviceCIDR: 10.43.0.0/16}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\n",
    },
};

/// k3s' defaults (facts on k3s, 6), as `network` says them.
const CLUSTER: &str = "10.42.0.0/16";
const SERVICE: &str = "10.43.0.0/16";
const DOMAIN: &str = "cluster.local";
const NODE_PORTS: RangeInclusive<u16> = 30000..=32767;

/// The cluster's ranges, each with its place when it is written down.
#[derive(Debug)]
pub struct Network {
    /// The machines' own.
    pub node: Vec<(IpNet, Option<Span>)>,
    /// Pods.
    pub cluster: Vec<(IpNet, Option<Span>)>,
    /// Services.
    pub service: Vec<(IpNet, Option<Span>)>,
    /// What a nodePort may be.
    pub node_ports: (RangeInclusive<u16>, Option<Span>),
    /// What Services' full names end in, with its place, where it is not k3s' default.
    pub domain: Option<(String, Span)>,
}

impl Network {
    /// What the file says, over k3s' defaults.
    pub fn resolve(file: Option<&NetworkFile>, found: &mut Findings) -> Network {
        let part = |written: Option<&Vec<Spanned<String>>>, default: &str, found: &mut Findings| match written
        {
            Some(written) => written.iter().filter_map(|text| range(text, found)).collect(),
            None => default.parse().ok().map(|range| (range, None)).into_iter().collect(),
        };
        let network = Network {
            node: part(file.and_then(|file| file.node.as_ref()), "", found),
            cluster: part(file.and_then(|file| file.cluster.as_ref()), CLUSTER, found),
            service: part(file.and_then(|file| file.service.as_ref()), SERVICE, found),
            node_ports: node_ports(file.and_then(|file| file.node_ports.as_ref()), found),
            domain: file
                .and_then(|file| file.domain.as_ref())
                .filter(|domain| domain.value != DOMAIN)
                .map(|domain| (domain.value.clone(), domain.span)),
        };
        if let Some(domain) = file.and_then(|file| file.domain.as_ref()) {
            is_name("cluster's domain", domain, names::dns_subdomain, found);
        }
        network.overlaps(found);
        network.check_ranges(found);
        network
    }

    /// What templates know as `network`: what is written, over k3s' defaults. Ranges are lists (schema.md S8).
    pub fn known(written: Option<&Node>, span: Span) -> Node {
        let range = |text: &'static str| Node::list(span, [Node::text(span, text)]);
        let ports = format!("{}-{}", NODE_PORTS.start(), NODE_PORTS.end());
        let defaults = [
            ("clusterCIDR", range(CLUSTER)),
            ("serviceCIDR", range(SERVICE)),
            ("clusterDomain", Node::text(span, DOMAIN)),
            ("nodePortRange", Node::text(span, ports)),
        ];
        let written = written.map_or(&[][..], Node::entries);
        let missing = |key: &str| !written.iter().any(|entry| entry.key.text == key);
        let defaults = defaults.into_iter().filter(|(key, _)| missing(key));
        let all = defaults.fold(Build::at(span), |all, (key, value)| all.with(key, value));
        let all =
            written.iter().fold(all, |all, entry| all.with(entry.key.text.clone(), entry.value.clone()));
        all.node()
    }

    /// Whether the cluster speaks IPv6.
    pub fn has_v6(&self) -> bool {
        self.node.iter().chain(&self.cluster).any(|(range, _)| matches!(range, IpNet::V6(_)))
    }

    /// The address of the cluster's DNS in each range of Services: the tenth (facts on k3s, 6).
    pub fn dns(&self) -> impl Iterator<Item = IpAddr> {
        self.service.iter().filter_map(|(range, _)| nth(range, 10))
    }

    /// The address of the API server in each range of Services: the first.
    pub fn api_server(&self) -> impl Iterator<Item = IpAddr> {
        self.service.iter().filter_map(|(range, _)| nth(range, 1))
    }

    fn overlaps(&self, found: &mut Findings) {
        let named =
            [("nodeCIDR", &self.node), ("clusterCIDR", &self.cluster), ("serviceCIDR", &self.service)];
        let all: Vec<_> = named
            .iter()
            .flat_map(|(name, ranges)| ranges.iter().map(move |(range, at)| (*name, range, *at)))
            .collect();
        let ranges: Vec<IpNet> = all.iter().map(|(_, range, _)| **range).collect();
        for (index, (name, range, at)) in all.iter().enumerate() {
            for (other_name, other, other_at) in all.iter().skip(index.saturating_add(1)) {
                let Some(span) =
                    other_at.or(*at).filter(|_| range.contains(*other) || other.contains(*range))
                else {
                    continue;
                };
                let mut finding = Finding::new(
                    &NETWORK_CONFLICT,
                    span,
                    format!("{other_name} {other} overlaps {name} {range}"),
                );
                if let Some(first) = at.filter(|first| *first != span) {
                    finding = finding.also(first, "this range");
                }
                for (name, at) in [(name, at), (other_name, other_at)] {
                    if at.is_none() {
                        finding = finding.note(format!("{name} is not written: this is k3s' default"));
                    }
                }
                let free = free(other_name, other, &ranges);
                finding = finding.maybe_help(free.map(|free| format!("{other_name}: {free}")));
                found.push(finding);
            }
        }
    }

    /// Each node's addresses lie in the nodes' range, in no other, and are its own.
    pub fn check_addresses(&self, nodes: &[ClusterNode], found: &mut Findings) {
        let mut seen: BTreeMap<IpAddr, Span> = BTreeMap::new();
        let mut outside = Vec::new();
        for node in nodes {
            for (address, span) in &node.ips {
                match seen.get(address) {
                    Some(first) => found.push(
                        Finding::new(
                            &NETWORK_CONFLICT,
                            *span,
                            format!("two nodes have the address {address}"),
                        )
                        .also(*first, "first here"),
                    ),
                    None => drop(seen.insert(*address, *span)),
                }
                // What the machine has beside its internal address lies elsewhere by right.
                let beside =
                    node.external_ips.iter().chain(&node.public_ips).any(|(other, _)| other == address);
                if !beside && self.is_outside(*address) {
                    outside.push((*address, *span));
                } else if !beside {
                    self.no_machine(*address, *span, found);
                }
            }
            for (address, span) in node.ips.iter().chain(&node.external_ips).chain(&node.public_ips) {
                self.taken(*address, *span, found);
            }
        }
        self.tell_outside(&outside, found);
        self.check_room(nodes, found);
    }

    /// The nodes' ranges of an address' family.
    fn own(&self, address: IpAddr) -> impl Iterator<Item = &(IpNet, Option<Span>)> {
        self.node.iter().filter(move |(range, _)| range.addr().is_ipv4() == address.is_ipv4())
    }

    fn is_outside(&self, address: IpAddr) -> bool {
        let mut own = self.own(address).peekable();
        own.peek().is_some() && !own.any(|(range, _)| range.contains(&address))
    }

    /// All addresses of a family at once: where most lie outside, the range is the mistake.
    fn tell_outside(&self, outside: &[(IpAddr, Span)], found: &mut Findings) {
        for v4 in [true, false] {
            let mut addresses = outside.iter().filter(|(address, _)| address.is_ipv4() == v4);
            let Some((address, span)) = addresses.next() else { continue };
            let Some((range, at)) = self.own(*address).next() else { continue };
            let message = format!("{address} lies outside of nodeCIDR {range}");
            let finding = Finding::new(&NETWORK_CONFLICT, *span, message);
            let finding =
                addresses.fold(finding, |finding, (other, at)| finding.also(*at, format!("and {other}")));
            found.push(at.iter().fold(finding, |finding, at| finding.also(*at, "the nodes' range")));
        }
    }

    fn no_machine(&self, address: IpAddr, span: Span, found: &mut Findings) {
        let Some((range, at)) = self.own(address).find(|(range, _)| range.contains(&address)) else { return };
        let wrong = match range {
            IpNet::V4(range) if range.prefix_len() < 31 && address == range.network() => {
                format!("{address} is the name of the network {range}, no machine's address")
            }
            IpNet::V4(range) if range.prefix_len() < 31 && address == range.broadcast() => {
                format!("{address} is everybody's address in the network {range}, no machine's")
            }
            _ => return,
        };
        let finding = Finding::new(&NETWORK_CONFLICT, span, wrong);
        found.push(at.iter().fold(finding, |finding, at| finding.also(*at, "the nodes' range")));
    }

    /// Pods' and Services' addresses are caught on every machine: one that a machine has is not reached any more.
    fn taken(&self, address: IpAddr, span: Span, found: &mut Findings) {
        if let Some(what) = special(&IpNet::from(address)) {
            found.push(Finding::new(&NETWORK_CONFLICT, span, format!("{address} is {what}: no node has it")));
        }
        // Where the nodes' range itself overlaps, that has been told.
        if self.node.iter().any(|(range, _)| range.contains(&address)) {
            return;
        }
        for (name, ranges) in [("clusterCIDR", &self.cluster), ("serviceCIDR", &self.service)] {
            let Some((range, at)) = ranges.iter().find(|(range, _)| range.contains(&address)) else {
                continue;
            };
            let message = format!("the node's address {address} lies in {name} {range}");
            let finding = Finding::new(&NETWORK_CONFLICT, span, message);
            found.push(match at {
                Some(at) => finding.also(*at, "this range"),
                None => finding
                    .note(format!("{name} is not written: this is k3s' default"))
                    .help("network: {clusterCIDR: 172.30.0.0/16, serviceCIDR: 172.31.0.0/16}, as the servers were set up"),
            });
        }
    }
}

/// An address of a range, counted from its network.
fn nth(range: &IpNet, count: u8) -> Option<IpAddr> {
    let address = match range.network() {
        IpAddr::V4(first) => IpAddr::from(u32::from(first).checked_add(count.into())?.to_be_bytes()),
        IpAddr::V6(first) => IpAddr::from(u128::from(first).checked_add(count.into())?.to_be_bytes()),
    };
    Some(address).filter(|address| range.contains(address))
}

/// `FIRST-LAST`, as k3s' flag takes it. What cannot be read was told, and refuses no port.
fn node_ports(
    written: Option<&Spanned<String>>,
    found: &mut Findings,
) -> (RangeInclusive<u16>, Option<Span>) {
    let Some(written) = written else { return (NODE_PORTS, None) };
    let ends = written.value.split_once('-').and_then(|(first, last)| {
        let end = |text: &str| text.trim().parse::<u16>().ok().filter(|port| *port > 0);
        Some((end(first)?, end(last)?))
    });
    let ports = ends.filter(|(first, last)| first <= last).map(|(first, last)| first..=last);
    if ports.is_none() {
        found.push(
            value_invalid(written.span, format!("`{}` is no range of ports", written.value))
                .help("write FIRST-LAST, such as 30000-32767"),
        );
    }
    (ports.unwrap_or(1..=u16::MAX), Some(written.span))
}

/// A canonical range, or a finding.
pub(super) fn range(text: &Spanned<String>, found: &mut Findings) -> Option<(IpNet, Option<Span>)> {
    let Ok(range) = text.value.parse::<IpNet>() else {
        let message = format!("`{}` is no address range", text.value);
        found.push(value_invalid(text.span, message).help("write ADDRESS/BITS, such as 10.42.0.0/16"));
        return None;
    };
    if range.trunc() != range {
        let message = format!("`{range}` has bits set behind its prefix");
        found.push(value_invalid(text.span, message).help(format!("the range is {}", range.trunc())));
        return None;
    }
    Some((range, Some(text.span)))
}

/// Ranges of k3s' docs and of private use that can stand in the place of one that overlaps.
const SPARE: [(&str, [&str; 3]); 2] = [
    ("clusterCIDR", ["10.42.0.0/16", "10.52.0.0/16", "172.20.0.0/16"]),
    ("serviceCIDR", ["10.43.0.0/16", "10.53.0.0/16", "172.21.0.0/16"]),
];

/// A range for this key that meets none of the others. Of nodes nobody can choose.
fn free(name: &str, taken: &IpNet, all: &[IpNet]) -> Option<IpNet> {
    let (_, spare) = SPARE.iter().find(|(key, _)| *key == name).filter(|_| taken.addr().is_ipv4())?;
    let meets = |range: &IpNet| all.iter().any(|other| other.contains(range) || range.contains(other));
    spare.iter().filter_map(|text| text.parse().ok()).find(|range| !meets(range))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Sources;
    use crate::yaml::read_typed;

    fn ports(text: &str) -> (RangeInclusive<u16>, usize) {
        let span = Sources::default().add("stack.yaml".into(), Ok(Vec::new())).start();
        let mut found = Findings::default();
        let written = Spanned { span, value: text.to_owned() };
        let (ports, _) = node_ports(Some(&written), &mut found);
        (ports, found.sorted().len())
    }

    #[test]
    fn a_range_that_is_free() {
        let ranges =
            |texts: &[&str]| texts.iter().map(|text| text.parse::<IpNet>().unwrap()).collect::<Vec<_>>();
        let all = ranges(&["10.42.0.0/24", "10.42.0.0/16", "10.43.0.0/16"]);
        let free = |name: &str| free(name, &all[0], &all).map(|range| range.to_string());
        assert_eq!(free("clusterCIDR").as_deref(), Some("10.52.0.0/16"));
        assert_eq!(free("serviceCIDR").as_deref(), Some("10.53.0.0/16"));
        assert_eq!(free("nodeCIDR"), None);
    }

    #[test]
    fn ranges_of_ports_are_read_as_k3s_reads_them() {
        for (text, range) in [("30000-32767", 30000..=32767), ("80-80", 80..=80), ("1-65535", 1..=65535)] {
            assert_eq!(ports(text), (range, 0), "{text}");
        }
        for text in ["", "30000", "0-100", "32767-30000", "30000-70000", "a-b", "1-2-3", "-5", "5-"] {
            assert_eq!(ports(text), (1..=65535, 1), "{text}");
        }
    }

    #[test]
    fn templates_know_what_is_written_and_k3s_defaults() {
        let (mut sources, mut found) = (Sources::default(), Findings::default());
        let text = "clusterCIDR: [10.1.0.0/16]\nclusterDomain: home.arpa\nnodeCIDR: [10.0.0.0/24]\n";
        let file = sources.add("stack.yaml".into(), Ok(text.into()));
        let written = read_typed(&sources, file, &mut found).unwrap();
        let told = |node: &Node, key: &str| {
            let value = node.get(key).unwrap();
            value.items().first().unwrap_or(value).as_text().unwrap().to_owned()
        };
        for (written, expected) in [
            (None, ["10.42.0.0/16", "10.43.0.0/16", "cluster.local", "30000-32767"]),
            (Some(&written), ["10.1.0.0/16", "10.43.0.0/16", "home.arpa", "30000-32767"]),
        ] {
            let known = Network::known(written, file.start());
            let keys = ["clusterCIDR", "serviceCIDR", "clusterDomain", "nodePortRange"];
            assert_eq!(keys.map(|key| told(&known, key)), expected);
            assert_eq!(known.get("nodeCIDR").is_some(), written.is_some());
        }
    }
}
