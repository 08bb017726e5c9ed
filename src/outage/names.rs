//! Names of routes, and what stands behind them.

use std::collections::{BTreeMap, BTreeSet};

use crate::check::{Facts, Traefik};
use crate::kube::Object;
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
}

impl Gone {
    /// In a user's words.
    pub fn text(&self) -> String {
        match self {
            Gone::Door => "points nowhere".to_owned(),
            Gone::Backend(workload) => format!("answers with an error: {workload} stops"),
        }
    }
}

/// Kinds of routes, and what a rule of theirs names hosts with.
const ROUTES: [(&str, &str); 2] = [("IngressRoute", "Host("), ("IngressRouteTCP", "HostSNI(")];

/// Names that go dark with a node, and what DNS has to know.
pub(super) fn dark(
    facts: &Facts<'_>,
    traefik: Option<&Traefik>,
    down: usize,
    stopped: &dyn Fn(&str) -> bool,
) -> (Vec<Dark>, Option<String>) {
    let hosts = hosts(facts);
    let (closed, doors) =
        traefik.map_or((false, None), |traefik| doors(facts, traefik, down, !hosts.is_empty()));
    let why = |backends: &BTreeSet<String>| {
        let backend = backends.iter().find(|name| stopped(name)).map(|name| Gone::Backend(name.clone()));
        if closed { Some(Gone::Door) } else { backend }
    };
    let dark =
        hosts.iter().filter_map(|(host, backends)| Some(Dark { host: host.clone(), why: why(backends)? }));
    (dark.collect(), doors)
}

/// Whether no way in is left, and what to do where one is.
fn doors(facts: &Facts<'_>, traefik: &Traefik, down: usize, routed: bool) -> (bool, Option<String>) {
    let places = traefik.places(facts);
    if places.is_empty() || !routed {
        return (false, None);
    }
    if places == [down] {
        return (true, Some("Traefik has no other node".to_owned()));
    }
    // Addresses of a program that is not k3s' own may move with Traefik.
    let Some(answers) = traefik.answers(facts).filter(|answers| answers.contains(&down)) else {
        return (false, None);
    };
    let reached: Vec<&ClusterNode> = answers.iter().filter_map(|node| facts.stack.nodes.get(*node)).collect();
    let public = reached.iter().any(|node| !node.public_ips.is_empty());
    let gone = facts.stack.nodes.get(down).map(|node| node.name.value.as_str()).unwrap_or_default();
    let left: Vec<&&ClusterNode> = reached
        .iter()
        .filter(|node| node.name.value != gone && (!public || !node.public_ips.is_empty()))
        .collect();
    if left.is_empty() {
        let why = if public { "no other node that answers has a publicIP" } else { "no other node answers" };
        return (true, Some(why.to_owned()));
    }
    let was = facts.stack.nodes.get(down).map(address).unwrap_or_default();
    let others: Vec<String> = left.iter().map(|node| address(node)).collect();
    let told = !public || facts.stack.nodes.get(down).is_some_and(|node| !node.public_ips.is_empty());
    (
        false,
        told.then(|| {
            format!("a name that points at {was} alone points nowhere; others answer: {}", others.join(", "))
        }),
    )
}

/// What the world uses, else what the network does, else the name.
fn address(node: &ClusterNode) -> String {
    let ip = node.public_ips.first().or(node.ips.first());
    ip.map_or_else(|| node.name.value.clone(), |(ip, _)| format!("{ip} ({})", node.name.value))
}

/// Every host that a route names, with the workloads that answer for it.
fn hosts(facts: &Facts<'_>) -> BTreeMap<String, BTreeSet<String>> {
    let services = services(facts);
    let mut hosts: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut add = |object: &Object, names: Vec<&str>, backends: &mut dyn Iterator<Item = &str>| {
        let namespace = object.id.namespace.as_deref().unwrap_or_default();
        let workloads: BTreeSet<String> =
            backends.filter_map(|service| services.get(&(namespace, service))).flatten().cloned().collect();
        for name in names {
            hosts.entry(name.to_owned()).or_default().extend(workloads.iter().cloned());
        }
    };
    for object in facts.objects {
        let kind = object.id.kind.as_str();
        let list = |key: &str| object.body.at(&["spec", key]).map_or(&[][..], Node::items);
        if let Some((_, matcher)) = ROUTES.iter().find(|(route, _)| *route == kind) {
            for rule in list("routes") {
                let names = named(rule.text_at(&["match"]).unwrap_or_default(), matcher);
                let services = rule.get("services").map_or(&[][..], Node::items);
                add(object, names, &mut services.iter().filter_map(|service| service.text_at(&["name"])));
            }
        }
        if kind == "Ingress" {
            for rule in list("rules") {
                let paths = rule.at(&["http", "paths"]).map_or(&[][..], Node::items);
                let backends = paths.iter().filter_map(|path| path.text_at(&["backend", "service", "name"]));
                add(object, rule.text_at(&["host"]).into_iter().collect(), &mut { backends });
            }
        }
    }
    hosts
}

/// The hosts that a rule names in a matcher: one in Traefik v3, several in v2. `*` is every name, and none.
fn named<'a>(rule: &'a str, matcher: &str) -> Vec<&'a str> {
    let inside = rule.split(matcher).skip(1).filter_map(|rest| rest.split(')').next());
    let quoted = inside.flat_map(|text| text.split(['`', '"']).skip(1).step_by(2));
    quoted.filter(|host| *host != "*").collect()
}

/// By namespace and name of each Service, the workloads that its selector takes.
fn services<'f>(facts: &'f Facts<'_>) -> BTreeMap<(&'f str, &'f str), Vec<String>> {
    let mut services = BTreeMap::new();
    for object in facts.objects.iter().filter(|object| object.id.kind == "Service") {
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

#[cfg(test)]
mod tests {
    use super::named;

    #[test]
    fn rules_name_hosts_in_either_syntax() {
        for (rule, hosts) in [
            ("Host(`a.example`)", &["a.example"][..]),
            ("(Host(`a.example`) || Host(`b.example`)) && PathPrefix(`/x`)", &["a.example", "b.example"]),
            ("Host(`a.example`, `b.example`)", &["a.example", "b.example"]),
            ("Host(\"a.example\")", &["a.example"]),
            ("PathPrefix(`/x`)", &[]),
            ("HostRegexp(`.*`)", &[]),
            ("Host(`open", &["open"]),
        ] {
            assert_eq!(named(rule, "Host("), hosts, "{rule}");
        }
        assert_eq!(named("HostSNI(`*`)", "HostSNI("), [""; 0]);
    }
}
