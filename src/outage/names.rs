//! Names of routes, and what stands behind them.

use std::collections::{BTreeMap, BTreeSet};

use super::Fate;
use crate::check::Facts;
use crate::kube::Object;
use crate::reach::{Traefik, Way, hosts, ways};
use crate::stack::ClusterNode;
use crate::yaml::Node;

/// A name that answers no more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Dark {
    /// The name.
    pub host: String,
    /// Why.
    pub why: Gone,
}

/// Why a name answers no more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Gone {
    /// No node is left that has Traefik, or that the world can reach.
    Door,
    /// This workload stops, and with it the answer of the name or of some of its paths.
    Backend(String),
    /// The same, if that workload runs on the node.
    Perhaps(String),
}

impl Gone {
    /// In a user's words.
    pub fn text(&self) -> String {
        match self {
            Gone::Door => "points nowhere".to_owned(),
            Gone::Backend(workload) => format!("answers with an error: {workload} stops"),
            Gone::Perhaps(workload) => format!("answers with an error, if {workload} runs there"),
        }
    }
}

/// Names that go dark with a node, and what DNS has to know.
pub(super) fn dark(
    facts: &Facts<'_>,
    down: &ClusterNode,
    fate: &dyn Fn(&str) -> Option<Fate>,
) -> (Vec<Dark>, Option<String>) {
    let Some(traefik) = &facts.traefik else { return (Vec::new(), None) };
    let ways = ways(facts.stack, facts.objects, traefik);
    let backends = backends(facts);
    let mut of_host: BTreeMap<&str, Vec<&Way<'_>>> = BTreeMap::new();
    for way in &ways {
        if let Some(host) = &way.host {
            of_host.entry(host).or_default().push(way);
        }
    }
    let why = |host: &str, ways: &[&Way<'_>]| {
        if ways.iter().all(|way| is_closed(way, down)) {
            return Some(Gone::Door);
        }
        let stands_behind = backends.get(host)?;
        let of = |wanted| stands_behind.iter().find(|name| fate(name) == Some(wanted)).cloned();
        let stops = of(Fate::Stops).map(Gone::Backend);
        stops.or_else(|| of(Fate::MayStop).map(Gone::Perhaps))
    };
    let dark = of_host
        .iter()
        .filter_map(|(host, ways)| Some(Dark { host: (*host).to_owned(), why: why(host, ways)? }));
    let dark = dark.collect();
    (dark, of_host.values().flatten().find_map(|way| doors(way, down, traefik, facts)))
}

/// The nodes of a way that the world finds: those with a publicIP where any has one.
fn found<'a>(way: &Way<'a>) -> Vec<&'a ClusterNode> {
    let public = way.nodes.iter().any(|node| !node.public_ips.is_empty());
    way.nodes.iter().copied().filter(|node| !public || !node.public_ips.is_empty()).collect()
}

fn is(node: &ClusterNode, down: &ClusterNode) -> bool {
    node.name.value == down.name.value
}

fn is_closed(way: &Way<'_>, down: &ClusterNode) -> bool {
    let nodes = found(way);
    way.unknown.is_none() && !nodes.is_empty() && nodes.iter().all(|node| is(node, down))
}

/// Why a way is closed, or at which addresses it is still open.
fn doors(way: &Way<'_>, down: &ClusterNode, traefik: &Traefik<'_>, facts: &Facts<'_>) -> Option<String> {
    let nodes = found(way);
    if way.unknown.is_some() || !nodes.iter().any(|node| is(node, down)) {
        return None;
    }
    if is_closed(way, down) {
        let only = traefik.packaged && traefik.nodes(facts.stack).iter().all(|node| is(node, down));
        let why =
            if only { "Traefik has no other node" } else { "no other node that answers has a publicIP" };
        return Some(why.to_owned());
    }
    let others = nodes.iter().filter(|node| !is(node, down)).map(|node| address(node));
    let others = others.collect::<Vec<_>>().join(", ");
    Some(format!("a name that points at {} alone points nowhere; others answer: {others}", address(down)))
}

/// What the world uses, else what the network does, else the name.
fn address(node: &ClusterNode) -> String {
    let ip = node.public_ips.first().or(node.ips.first());
    ip.map_or_else(|| node.name.value.clone(), |(ip, _)| format!("{ip} ({})", node.name.value))
}

/// Every host that a route names, with the workloads that answer for it.
fn backends(facts: &Facts<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let services = services(facts);
    let mut backends: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |object: &Object, name: &str, service: Option<&str>| {
        let namespace = object.id.namespace.as_deref().unwrap_or_default();
        let workloads = service.and_then(|service| services.get(&(namespace, service)));
        backends.entry(name.to_owned()).or_default().extend(workloads.into_iter().flatten().cloned());
    };
    for object in facts.objects {
        let kind = object.id.kind.as_str();
        let list = |key: &str| object.body.at(&["spec", key]).map_or(&[][..], Node::items);
        if kind.starts_with("IngressRoute") {
            for rule in list("routes") {
                let named = hosts(rule.text_at(&["match"]).unwrap_or_default()).names;
                let services = rule.get("services").map_or(&[][..], Node::items);
                for (name, service) in
                    named.iter().flat_map(|name| services.iter().map(move |one| (name, one)))
                {
                    add(object, name, service.text_at(&["name"]));
                }
            }
        } else if kind == "Ingress" {
            for rule in list("rules") {
                let Some(name) = rule.text_at(&["host"]) else { continue };
                for path in rule.at(&["http", "paths"]).map_or(&[][..], Node::items) {
                    add(object, name, path.text_at(&["backend", "service", "name"]));
                }
            }
        }
    }
    backends
}

/// By namespace and name of each Service, the workloads that its selector takes.
fn services<'f>(facts: &'f Facts<'_>) -> BTreeMap<(&'f str, &'f str), Vec<String>> {
    let mut services = BTreeMap::new();
    for object in &facts.services {
        let selector = object.body.at(&["spec", "selector"]).map_or(&[][..], Node::entries);
        let meant = facts.landings.iter().filter(|landing| {
            landing.object.id.namespace == object.id.namespace
                && !selector.is_empty()
                && selector.iter().all(|entry| {
                    landing
                        .labels()
                        .and_then(|labels| labels.get(&entry.key.text))
                        .is_some_and(|own| own.same(&entry.value))
                })
        });
        let meant = meant.map(|landing| landing.object.id.to_string()).collect();
        services.insert((object.id.namespace.as_deref().unwrap_or_default(), object.id.name.as_str()), meant);
    }
    services
}
