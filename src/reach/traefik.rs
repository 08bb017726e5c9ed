//! k3s' own Traefik, as the final HelmChartConfig makes it.

use ipnet::IpNet;

use super::balancer::{toleration, workload};
use crate::finding::Findings;
use crate::kube::{Object, Pod};
use crate::lower;
use crate::schedule::{Reason, may};
use crate::source::Sources;
use crate::stack::{ClusterNode, Stack};
use crate::yaml::{Build, Entry, Node, inner, merge};

/// What k3s' own values tolerate; a list in a HelmChartConfig takes their place (facts on k3s, 2).
const TOLERATED: [(&str, Option<&str>); 3] = [
    ("CriticalAddonsOnly", None),
    ("node-role.kubernetes.io/control-plane", Some("NoSchedule")),
    ("node-role.kubernetes.io/master", Some("NoSchedule")),
];

/// Ports of its Service that are open without a word: entry point, port.
const EXPOSED: [(&str, i64); 2] = [("web", 80), ("websecure", 443)];

/// Traefik and its chart's values.
#[derive(Debug)]
pub struct Traefik<'a> {
    /// The object that configures it; none where another stack's does, or none.
    pub config: Option<&'a Object>,
    /// The values; an empty map where nothing is configured.
    pub values: Node,
    /// Whether k3s packages it here: then its own values lie under these.
    pub packaged: bool,
}

/// Which words of a caller an entry point believes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Header {
    /// `X-Forwarded-For` and its like.
    Forwarded,
    /// The PROXY protocol.
    Proxy,
}

/// Whom an entry point believes.
#[derive(Clone, Debug)]
pub struct Trusted<'a> {
    /// The entry point, as written.
    pub point: &'a str,
    /// What it believes.
    pub header: Header,
    /// Addresses and ranges, as written, each with the value that holds it.
    pub ranges: Vec<(&'a str, &'a Node)>,
    /// Where it is told to believe everybody.
    pub insecure: Option<&'a Node>,
}

/// Whether an object is the one that configures k3s' own Traefik.
pub fn is_traefik_config(object: &Object) -> bool {
    is_config(object) && object.id.namespace.as_deref() == Some("kube-system")
}

fn is_config(object: &Object) -> bool {
    object.id.kind == "HelmChartConfig"
        && object.id.name == "traefik"
        && object.id.api_version.starts_with("helm.cattle.io/")
}

impl<'a> Traefik<'a> {
    /// Reads the values. Those that stackc wrote itself keep the places of the keys that asked for them.
    pub fn read(
        stack: &Stack,
        objects: &'a [Object],
        sources: &Sources,
        found: &mut Findings,
    ) -> Traefik<'a> {
        let typed = lower::traefik_values(stack);
        let config = objects.iter().find(|object| is_traefik_config(object));
        let values = match config {
            None => typed,
            Some(config) => {
                let content = config.body.at(&["spec", "valuesContent"]);
                let text = content.and_then(Node::as_text);
                let typed = typed.filter(|typed| text == Some(&*lower::text_of(typed)));
                let read = || Some(inner(sources, content?.span, text?, found)).flatten();
                let content = typed.or_else(read).filter(|node| node.as_map().is_some());
                // An older release drops the field.
                let spelled =
                    config.body.at(&["spec", "values"]).filter(|_| stack.release.has_chart_values());
                let spelled = spelled.filter(|node| node.as_map().is_some());
                match (content, spelled) {
                    (Some(content), Some(spelled)) => Some(merge(content, spelled.clone(), &[])),
                    (content, spelled) => content.or(spelled.cloned()),
                }
            }
        };
        let span = config.map_or(stack.span, |config| config.body.span);
        Traefik {
            config,
            values: values.unwrap_or_else(|| Build::at(span).node()),
            packaged: stack.disables("traefik").is_none(),
        }
    }

    /// The word that keeps a caller's address: `externalTrafficPolicy: Local`.
    pub fn local(&self) -> Option<&Node> {
        let policy = self.values.at(&["service", "spec", "externalTrafficPolicy"]);
        policy.filter(|policy| policy.as_text() == Some("Local"))
    }

    /// The labels of its Service.
    pub fn labels(&self) -> Option<&Node> {
        self.values.at(&["service", "labels"])
    }

    /// Whether its Service is left to k3s' own load balancer. What a release ignores (`service.type` from chart 40 on)
    /// counts as if it did not: then nothing is claimed.
    pub fn is_balanced(&self, stack: &Stack) -> bool {
        let service = |path: &[&str]| self.values.get("service").and_then(|service| service.at(path));
        let kinds = [service(&["type"]), service(&["spec", "type"])];
        let kind = kinds.into_iter().flatten().all(|kind| kind.as_text() == Some("LoadBalancer"));
        let class = [service(&["loadBalancerClass"]), service(&["spec", "loadBalancerClass"])];
        let off = service(&["enabled"]).and_then(Node::as_bool) == Some(false);
        let runs = self.packaged && stack.disables("servicelb").is_none();
        runs && kind && !off && class.iter().all(Option::is_none)
    }

    /// Whether it has the node's own address, so that no Service changes a caller's.
    pub fn on_host(&self) -> bool {
        let host_network = self.values.get("hostNetwork").and_then(Node::as_bool) == Some(true);
        let taken = |point: &str| self.values.at(&["ports", point, "hostPort"]).is_some();
        host_network || (taken("web") && taken("websecure"))
    }

    /// Whether it runs on every node where it may.
    pub fn is_everywhere(&self) -> bool {
        self.values
            .text_at(&["deployment", "kind"])
            .is_some_and(|kind| kind.eq_ignore_ascii_case("DaemonSet"))
    }

    /// How many pods it has, where it is a Deployment.
    pub fn replicas(&self) -> i64 {
        self.values.at(&["deployment", "replicas"]).and_then(Node::as_int).unwrap_or(1)
    }

    /// The port at which the world finds an entry point, if it does.
    pub fn exposed(&self, point: &str) -> Option<i64> {
        let own = EXPOSED.iter().find(|(name, _)| *name == point).map(|(_, port)| *port);
        let written = self.values.at(&["ports", point]);
        let number = |key: &str| written.and_then(|written| written.get(key)?.as_int());
        let shut = written.and_then(|written| written.get("expose")).is_some_and(is_shut);
        let open = own.is_some() || written.is_some_and(|written| written.get("expose").is_some());
        let port = number("exposedPort").or(own).or(number("port"));
        port.filter(|_| open && !shut)
    }

    /// Whom each entry point believes, in the order of the values.
    pub fn trusted(&self) -> Vec<Trusted<'_>> {
        let lists = ["globalArguments", "additionalArguments"];
        let arguments = lists.iter().filter_map(|list| self.values.get(list)).flat_map(Node::items);
        let ports = self.values.get("ports").map_or(&[][..], Node::entries);
        arguments.filter_map(argument).chain(ports.iter().flat_map(of_port)).collect()
    }

    /// Whether Cloudflare stands before it: some entry point believes one of its ranges.
    pub fn behind_cloudflare(&self, stack: &Stack) -> bool {
        let typed = stack.ingress.as_ref().and_then(|ingress| ingress.trust.as_ref());
        let ranges: Vec<IpNet> = stack.cloudflare().all().collect();
        let believed = self.trusted();
        let mut written = believed.iter().flat_map(|trusted| &trusted.ranges);
        typed.is_some_and(|trust| trust.cloudflare)
            || written.any(|(text, _)| text.parse().is_ok_and(|range| ranges.contains(&range)))
    }

    /// The nodes where its pods may land.
    pub fn nodes<'s>(&self, stack: &'s Stack) -> Vec<&'s ClusterNode> {
        let verdicts = self.verdicts(stack).into_iter();
        verdicts.filter(|(_, verdict)| verdict.is_ok()).map(|(node, _)| node).collect()
    }

    /// Each node, and what keeps its pods from it.
    pub fn verdicts<'s>(&self, stack: &'s Stack) -> Vec<(&'s ClusterNode, Result<(), Reason>)> {
        let object = self.workload();
        let Some(pod) = Pod::of(&object) else { return Vec::new() };
        stack.nodes.iter().map(|node| (node, may(&pod, &node.machine))).collect()
    }

    /// Its workload, as far as the scheduler is concerned.
    fn workload(&self) -> Object {
        let span = self.values.span;
        let own = Node::list(span, TOLERATED.map(|(key, effect)| toleration(span, key, effect)));
        let written = |key: &str| self.values.get(key).cloned();
        let pod = Build::at(span)
            .maybe("nodeSelector", written("nodeSelector"))
            .maybe("affinity", written("affinity"))
            .with("tolerations", written("tolerations").unwrap_or(own));
        workload(span, if self.is_everywhere() { "DaemonSet" } else { "Deployment" }, "traefik", pod.node())
    }
}

/// `false`, or from chart 27 on `{default: false}`.
fn is_shut(expose: &Node) -> bool {
    expose.get("default").unwrap_or(expose).as_bool() == Some(false)
}

/// `--entryPoints.NAME.forwardedHeaders.trustedIPs=A,B`: Traefik reads flags in any case.
fn argument(node: &Node) -> Option<Trusted<'_>> {
    let (key, value) = {
        let text = node.as_text()?.trim().strip_prefix("--")?;
        text.split_once('=').unwrap_or((text, "true"))
    };
    let mut parts = key.split('.');
    let (points, point, header, last) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let header = [("forwardedHeaders", Header::Forwarded), ("proxyProtocol", Header::Proxy)]
        .into_iter()
        .find(|(name, _)| name.eq_ignore_ascii_case(header))?
        .1;
    if !points.eq_ignore_ascii_case("entryPoints") || parts.next().is_some() {
        return None;
    }
    let listed = last.eq_ignore_ascii_case("trustedIPs");
    let ranges = value.split(',').map(str::trim).filter(|range| listed && !range.is_empty());
    let insecure = last.eq_ignore_ascii_case("insecure") && value.eq_ignore_ascii_case("true");
    Some(Trusted {
        point,
        header,
        ranges: ranges.map(|range| (range, node)).collect(),
        insecure: insecure.then_some(node),
    })
}

/// `ports.NAME.forwardedHeaders.trustedIPs`.
fn of_port(port: &Entry) -> impl Iterator<Item = Trusted<'_>> {
    let keys = [("forwardedHeaders", Header::Forwarded), ("proxyProtocol", Header::Proxy)];
    keys.into_iter().filter_map(|(key, header)| {
        let written = port.value.get(key)?;
        let listed = written.get("trustedIPs").map_or(&[][..], Node::items);
        Some(Trusted {
            point: &port.key.text,
            header,
            ranges: listed.iter().filter_map(|range| Some((range.as_text()?.trim(), range))).collect(),
            insecure: written.get("insecure").filter(|insecure| insecure.as_bool() == Some(true)),
        })
    })
}
