//! Address ranges and addresses.

use std::net::IpAddr;

use ipnet::IpNet;

use super::ClusterNode;
use super::cluster::NetworkFile;
use super::resolve::value_invalid;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::Span;
use crate::yaml::Spanned;

/// Ranges that overlap, or an address outside of its range.
pub static NETWORK_CONFLICT: Code = Code {
    name: "network-conflict",
    severity: Severity::Error,
    page: Page {
        about: "The ranges of nodes, pods and Services must not overlap, and each node's address lies in the nodes'\n\
                range and belongs to one node. k3s cannot change these ranges after the first start.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
              network: {clusterCIDR: 10.42.0.0/16, serviceCIDR: 10.42.128.0/17}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
               network: {clusterCIDR: 10.42.0.0/16, serviceCIDR: 10.43.0.0/16}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\n",
    },
};

/// The cluster's ranges, each with its place when it is written down.
#[derive(Debug)]
pub struct Network {
    /// The machines' own.
    pub node: Vec<(IpNet, Option<Span>)>,
    /// Pods.
    pub cluster: Vec<(IpNet, Option<Span>)>,
    /// Services.
    pub service: Vec<(IpNet, Option<Span>)>,
    /// The first and the last port that a `nodePort` may be.
    pub node_ports: (u16, u16),
}

/// k3s' default.
const NODE_PORTS: (u16, u16) = (30_000, 32_767);

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
            cluster: part(file.and_then(|file| file.cluster.as_ref()), "10.42.0.0/16", found),
            service: part(file.and_then(|file| file.service.as_ref()), "10.43.0.0/16", found),
            node_ports: file
                .and_then(|file| node_ports(file.node_ports.as_ref()?, found))
                .unwrap_or(NODE_PORTS),
        };
        network.overlaps(found);
        network
    }

    /// Whether the cluster speaks IPv6.
    pub fn has_v6(&self) -> bool {
        self.node.iter().chain(&self.cluster).any(|(range, _)| matches!(range, IpNet::V6(_)))
    }

    fn overlaps(&self, found: &mut Findings) {
        let named =
            [("nodeCIDR", &self.node), ("clusterCIDR", &self.cluster), ("serviceCIDR", &self.service)];
        let all: Vec<_> = named
            .iter()
            .flat_map(|(name, ranges)| ranges.iter().map(move |(range, at)| (*name, range, *at)))
            .collect();
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
                found.push(finding);
            }
        }
    }

    /// Each node's addresses lie in the nodes' range and are its own.
    pub fn check_addresses(&self, nodes: &[ClusterNode], found: &mut Findings) {
        let mut seen: Vec<(IpAddr, Span)> = Vec::new();
        for (address, span) in nodes.iter().flat_map(|node| &node.ips) {
            if let Some((_, first)) = seen.iter().find(|(other, _)| other == address) {
                found.push(
                    Finding::new(&NETWORK_CONFLICT, *span, format!("two nodes have the address {address}"))
                        .also(*first, "first here"),
                );
            }
            seen.push((*address, *span));
            let family = |range: &IpNet| range.addr().is_ipv4() == address.is_ipv4();
            let mut own = self.node.iter().filter(|(range, _)| family(range)).peekable();
            if let Some((range, at)) = own.peek().copied()
                && !own.any(|(range, _)| range.contains(address))
            {
                let mut finding = Finding::new(
                    &NETWORK_CONFLICT,
                    *span,
                    format!("{address} lies outside of nodeCIDR {range}"),
                );
                if let Some(at) = at {
                    finding = finding.also(*at, "the nodes' range");
                }
                found.push(finding);
            }
        }
    }
}

fn node_ports(text: &Spanned<String>, found: &mut Findings) -> Option<(u16, u16)> {
    let ends =
        text.value.split_once('-').and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    let ends = ends.filter(|(first, last): &(u16, u16)| *first > 0 && first <= last);
    if ends.is_none() {
        let message = format!("`{}` is no range of ports", text.value);
        found.push(value_invalid(text.span, message).help("nodePortRange: 30000-32767"));
    }
    ends
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
