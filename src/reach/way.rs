//! Ways into the cluster: routes and load balancers, with the nodes that answer for them.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::{Traefik, balancing, hosts, is_balanced, labels};
use crate::kube::{Object, Pod};
use crate::schedule::may;
use crate::stack::{ClusterNode, Stack, host_name};
use crate::yaml::Node;

/// What is spoken on a way. Cloudflare's proxy carries HTTP alone.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Wire {
    /// HTTP, with or without TLS.
    Http,
    /// Anything else: a raw TCP or UDP route, a Service of its own.
    Raw,
}

/// A way into the cluster.
#[derive(Clone, Debug)]
pub struct Way<'a> {
    /// The route or Service.
    pub object: &'a Object,
    /// The host that leads to it; none where any name does.
    pub host: Option<Cow<'a, str>>,
    /// What is spoken.
    pub wire: Wire,
    /// The ports at which it is found, where they are known: `2222/TCP`.
    pub ports: Vec<String>,
    /// The nodes that may answer.
    pub nodes: Vec<&'a ClusterNode>,
    /// Whether it is found at IPv4 and at IPv6 addresses.
    pub families: [bool; 2],
    /// Why its nodes are not known, where they are not.
    pub unknown: Option<&'static str>,
}

/// Entry points of Traefik that its Service does not have.
const INTERNAL: [&str; 2] = ["traefik", "metrics"];

/// Where external-dns looks for a Service's name.
const EXTERNAL_DNS: &str = "external-dns.alpha.kubernetes.io/hostname";

const OTHER_BALANCER: &str = "another load balancer than k3s' own gives it an address";

/// All ways, in the order of the objects.
pub fn ways<'a>(stack: &'a Stack, objects: &'a [Object], traefik: &Traefik<'_>) -> Vec<Way<'a>> {
    let door = Door::of(stack, objects, traefik);
    let mut ways = Vec::new();
    for object in objects {
        match object.id.kind.as_str() {
            "IngressRoute" => routes(object, Wire::Http, &door, &mut ways),
            "IngressRouteTCP" | "IngressRouteUDP" => routes(object, Wire::Raw, &door, &mut ways),
            "Ingress" => ingress(object, &door, &mut ways),
            "Service" => service(object, objects, stack, &mut ways),
            _ => {}
        }
    }
    ways
}

/// Traefik, as a way's end.
struct Door<'a, 't> {
    traefik: &'t Traefik<'t>,
    nodes: Vec<&'a ClusterNode>,
    families: [bool; 2],
    unknown: Option<&'static str>,
}

impl<'a, 't> Door<'a, 't> {
    fn of(stack: &'a Stack, objects: &[Object], traefik: &'t Traefik<'t>) -> Self {
        let (nodes, unknown) = if !traefik.packaged {
            let nodes = landing(stack, objects, is_traefik);
            let unseen = nodes.is_empty().then_some("which Traefik serves it is not among the objects");
            (nodes, unseen)
        } else if traefik.on_host() {
            (traefik.nodes(stack), None)
        } else if stack.disables("servicelb").is_some() {
            (Vec::new(), Some(OTHER_BALANCER))
        } else {
            (behind_balancer(stack, traefik), None)
        };
        let cluster = has_families(stack);
        let policy = [&["service", "spec", "ipFamilyPolicy"][..], &["service", "ipFamilyPolicy"]];
        let policy = policy.iter().find_map(|path| traefik.values.text_at(path));
        let families = match cluster {
            _ if traefik.on_host() => [true, true],
            [true, true] if policy == Some("SingleStack") => [true, false],
            // k3s' own values prefer both
            cluster => cluster,
        };
        Door { traefik, nodes, families, unknown }
    }

    fn way(&self, object: &'a Object, wire: Wire, host: Option<Cow<'a, str>>, ports: Vec<String>) -> Way<'a> {
        let Door { nodes, families, unknown, .. } = self;
        Way { object, host, wire, ports, nodes: nodes.clone(), families: *families, unknown: *unknown }
    }
}

/// The nodes where Traefik may land and its Service is open. With the policy `Cluster` any node that is open leads on to
/// it, so where there is no such node, any will do.
fn behind_balancer<'a>(stack: &'a Stack, traefik: &Traefik<'_>) -> Vec<&'a ClusterNode> {
    let open = balancing(traefik.labels(), stack);
    let is_open = |node: &&ClusterNode| open.iter().any(|other| other.name.value == node.name.value);
    let both: Vec<_> = traefik.nodes(stack).into_iter().filter(is_open).collect();
    if both.is_empty() && traefik.local().is_none() { open } else { both }
}

/// Whether the cluster's Services have IPv4 and IPv6 addresses.
fn has_families(stack: &Stack) -> [bool; 2] {
    let v4 = |v4: bool| stack.network.service.iter().any(|(range, _)| range.addr().is_ipv4() == v4);
    [v4(true), v4(false)]
}

fn is_traefik(image: &str) -> bool {
    let path = image.split('@').next().unwrap_or_default();
    let last = path.rsplit('/').next().unwrap_or_default();
    last.split(':').next() == Some("traefik")
}

/// The nodes of workloads with such an image.
fn landing<'a>(stack: &'a Stack, objects: &[Object], is: fn(&str) -> bool) -> Vec<&'a ClusterNode> {
    let pods = objects.iter().filter_map(Pod::of);
    let pods: Vec<Pod<'_>> = pods
        .filter(|pod| pod.containers().any(|one| one.image.and_then(Node::as_text).is_some_and(is)))
        .collect();
    let open = |node: &&ClusterNode| pods.iter().any(|pod| may(pod, &node.machine).is_ok());
    stack.nodes.iter().filter(open).collect()
}

fn routes<'a>(object: &'a Object, wire: Wire, door: &Door<'a, '_>, ways: &mut Vec<Way<'a>>) {
    if !object.id.api_version.starts_with("traefik.") {
        return;
    }
    let listed = object.body.at(&["spec", "entryPoints"]).map_or(&[][..], Node::items);
    let points: Vec<&str> = listed.iter().filter_map(Node::as_text).collect();
    if !points.is_empty() && points.iter().all(|point| INTERNAL.contains(point)) {
        return;
    }
    let protocol = if object.id.kind == "IngressRouteUDP" { "UDP" } else { "TCP" };
    let port = |point: &&str| Some(format!("{}/{protocol}", door.traefik.exposed(point)?));
    let ports: Vec<String> = points.iter().filter_map(port).collect();
    for rule in object.body.at(&["spec", "routes"]).map_or(&[][..], Node::items) {
        let hosts = hosts(rule.text_at(&["match"]).unwrap_or_default());
        // The pattern that stackc writes for a typed wildcard is one that DNS can say.
        let wild = hosts.patterns.into_iter().map(wildcard);
        let mut named: Vec<_> = hosts.names.into_iter().map(known).chain(wild).collect();
        if named.is_empty() {
            named.push(None);
        }
        ways.extend(named.into_iter().map(|host| door.way(object, wire, host, ports.clone())));
    }
}

/// A host that DNS can have, `*.` before it included; `*` alone and what is none lead nowhere by themselves.
fn known(host: &str) -> Option<Cow<'_, str>> {
    Some(host).filter(|host| host_name(&host.to_ascii_lowercase()).is_ok()).map(Cow::from)
}

/// `*.example.org` for the patterns that mean it, in the syntax of Traefik 2 and 3: stackc writes them for a wildcard.
fn wildcard(pattern: &str) -> Option<Cow<'_, str>> {
    let two =
        pattern.strip_prefix('{').and_then(|rest| rest.split_once("}.")).map(|(_, rest)| rest.to_owned());
    let anchored = || pattern.strip_prefix('^')?.strip_suffix('$');
    let label = |text: &'_ str| {
        ["[^.]+\\.", ".+\\."].iter().find_map(|any| text.strip_prefix(any)).map(str::to_owned)
    };
    let three = || Some(anchored().and_then(label)?.replace("\\.", "."));
    let host = format!("*.{}", two.or_else(three)?);
    host_name(&host).is_ok().then_some(Cow::from(host))
}

fn ingress<'a>(object: &'a Object, door: &Door<'a, '_>, ways: &mut Vec<Way<'a>>) {
    let class = object.body.text_at(&["metadata", "annotations", "kubernetes.io/ingress.class"]);
    let class = class.or_else(|| object.body.text_at(&["spec", "ingressClassName"]));
    let ours = object.id.api_version.starts_with("networking.k8s.io/");
    if !ours || class.is_some_and(|class| class != "traefik") {
        return;
    }
    for rule in object.body.at(&["spec", "rules"]).map_or(&[][..], Node::items) {
        let host = rule.text_at(&["host"]).and_then(known);
        ways.push(door.way(object, Wire::Http, host, Vec::new()));
    }
}

fn service<'a>(object: &'a Object, objects: &'a [Object], stack: &'a Stack, ways: &mut Vec<Way<'a>>) {
    let Some(spec) = object.body.get("spec").filter(|spec| spec.text_at(&["type"]) == Some("LoadBalancer"))
    else {
        return;
    };
    let balanced = is_balanced(object, stack);
    let mut nodes = if balanced { balancing(labels(object), stack) } else { Vec::new() };
    if spec.text_at(&["externalTrafficPolicy"]) == Some("Local") {
        nodes.retain(|node| selected(object, objects).iter().any(|pod| may(pod, &node.machine).is_ok()));
    }
    let ports = spec.get("ports").map_or(&[][..], Node::items).iter().filter_map(|port| {
        Some(format!("{}/{}", port.get("port")?.as_int()?, port.text_at(&["protocol"]).unwrap_or("TCP")))
    });
    let way = Way {
        object,
        host: None,
        wire: Wire::Raw,
        ports: ports.collect(),
        nodes,
        families: families(spec, has_families(stack)),
        unknown: (!balanced).then_some(OTHER_BALANCER),
    };
    let asked = object.body.text_at(&["metadata", "annotations", EXTERNAL_DNS]).unwrap_or_default();
    let hosts = asked.split(',').filter_map(|name| known(name.trim()));
    let mut own: Vec<Way<'a>> = hosts.map(|host| Way { host: Some(host), ..way.clone() }).collect();
    if own.is_empty() {
        own.push(way);
    }
    ways.extend(own);
}

/// Of which families a Service has addresses: of the cluster's first unless it says otherwise.
fn families(spec: &Node, cluster: [bool; 2]) -> [bool; 2] {
    let dual = matches!(spec.text_at(&["ipFamilyPolicy"]), Some("PreferDualStack" | "RequireDualStack"));
    let listed = spec.get("ipFamilies").map_or(&[][..], Node::items);
    match listed {
        [only] if !dual => [only.as_text() == Some("IPv4"), only.as_text() == Some("IPv6")],
        [] if !dual && cluster == [true, true] => [true, false],
        _ => cluster,
    }
}

/// The pods behind a Service.
fn selected<'a>(service: &Object, objects: &'a [Object]) -> Vec<Pod<'a>> {
    let wanted: BTreeMap<&str, &str> = service
        .body
        .at(&["spec", "selector"])
        .map_or(&[][..], Node::entries)
        .iter()
        .filter_map(|entry| Some((&*entry.key.text, entry.value.as_text()?)))
        .collect();
    let own = objects.iter().filter(|object| object.id.namespace == service.id.namespace);
    own.filter_map(Pod::of)
        .filter(|pod| {
            let label = |key: &str| pod.template.text_at(&["metadata", "labels", key]);
            !wanted.is_empty() && wanted.iter().all(|(key, value)| label(key) == Some(value))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::wildcard;

    #[test]
    fn patterns_that_dns_can_say() {
        for (pattern, name) in [
            ("^[^.]+\\.example\\.org$", Some("*.example.org")),
            ("^.+\\.example\\.org$", Some("*.example.org")),
            ("{label:[^.]+}.example.org", Some("*.example.org")),
            ("^(www|mail)\\.example\\.org$", None),
            ("^[^.]+\\.example\\.(org|net)$", None),
            (".+", None),
            ("{any:.*}", None),
        ] {
            assert_eq!(wildcard(pattern).as_deref(), name, "{pattern}");
        }
    }
}
