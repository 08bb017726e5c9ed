//! What DNS has to say so that each way is found.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::{Way, Wire};
use crate::stack::Stack;

/// A record.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Record<'a> {
    /// The name, in small letters, without a dot behind.
    pub name: String,
    /// The address: `A` if it is IPv4, `AAAA` if it is IPv6.
    pub address: IpAddr,
    /// The node that has it.
    pub node: &'a str,
    /// Whether Cloudflare's proxy stands before it: its address is then what the world sees. Raw TCP and UDP never pass
    /// through it.
    pub proxied: bool,
}

/// All that DNS needs, and what is missing for it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Records<'a> {
    /// By name, then address.
    pub records: Vec<Record<'a>>,
    /// What is found at an address by any name: the way in words, and its addresses with their nodes.
    pub unnamed: Vec<(String, Vec<(IpAddr, &'a str)>)>,
    /// Names of which no address is known.
    pub lost: Vec<String>,
    /// What is missing, as sentences.
    pub notes: Vec<String>,
    /// Whether Cloudflare stands before the cluster.
    pub cloudflare: bool,
}

/// Addresses with the nodes that have them.
type Known<'a> = BTreeSet<(IpAddr, &'a str)>;

/// The records of some ways. A name of which one way is raw is not proxied at all, for a name has one address.
pub fn records<'a>(stack: &Stack, ways: &[Way<'a>], cloudflare: bool) -> Records<'a> {
    let mut notes = BTreeSet::new();
    let mut names: BTreeMap<String, (Known<'a>, bool)> = BTreeMap::new();
    let mut unnamed: BTreeMap<String, Known<'a>> = BTreeMap::new();
    for way in ways {
        let addresses = addresses(way, &mut notes);
        match &way.host {
            Some(host) => {
                let (known, raw) = names.entry(host.to_ascii_lowercase()).or_default();
                known.extend(addresses);
                *raw |= way.wire == Wire::Raw;
            }
            None => unnamed.entry(words(way)).or_default().extend(addresses),
        }
    }
    if !stack.nodes_complete {
        notes.insert("not every node could be read".to_owned());
    }
    let lost =
        names.iter().filter(|(_, (known, _))| known.is_empty()).map(|(name, _)| name.clone()).collect();
    let record = |name: &str, raw: bool, (address, node): (IpAddr, &'a str)| Record {
        name: name.to_owned(),
        address,
        node,
        proxied: cloudflare && !raw,
    };
    let records = names
        .iter()
        .flat_map(|(name, (known, raw))| known.iter().map(move |one| record(name, *raw, *one)))
        .collect();
    let unnamed = unnamed.into_iter().map(|(way, known)| (way, known.into_iter().collect())).collect();
    Records { records, unnamed, lost, notes: notes.into_iter().collect(), cloudflare }
}

/// `IngressRouteTCP default/git (2222/TCP)`.
fn words(way: &Way<'_>) -> String {
    let ports = if way.ports.is_empty() { String::new() } else { format!(" ({})", way.ports.join(", ")) };
    format!("{}{ports}", way.object.id)
}

/// The public addresses of the nodes that answer; what keeps one from being known is noted.
fn addresses<'a>(way: &Way<'a>, notes: &mut BTreeSet<String>) -> Vec<(IpAddr, &'a str)> {
    let mut known = Vec::new();
    if let Some(why) = way.unknown {
        notes.insert(format!("{}: {why}", way.object.id));
    } else if way.nodes.is_empty() {
        notes.insert(format!("{}: no node answers for it", way.object.id));
    }
    for node in &way.nodes {
        let name = node.name.value.as_str();
        if node.public_ips.is_empty() {
            notes.insert(format!("node {name} has no `publicIP`: nodes: {{{name}: {{publicIP: ADDRESS}}}}"));
        }
        for (address, _) in &node.public_ips {
            let [v4, v6] = way.families;
            if if address.is_ipv4() { v4 } else { v6 } {
                known.push((*address, name));
            } else {
                let family = if address.is_ipv4() { "IPv4" } else { "IPv6" };
                notes.insert(format!(
                    "{}: not found at {address} of node {name}, for it has no {family} address",
                    way.object.id
                ));
            }
        }
    }
    known
}
