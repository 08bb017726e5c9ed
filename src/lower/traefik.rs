//! Traefik's own configuration: one HelmChartConfig, in the portable form that every chart from k3s 1.21 on takes
//! (facts on k3s, 3.3). `ports.*.forwardedHeaders` would be silently ignored by the charts before 16.2.

use super::meta::{Head, object, stack_labels};
use super::place;
use crate::finding::Findings;
use crate::kube::{Object, Unit};
use crate::stack::{Ingress, Protocol, Stack, TraefikWorkload, Trust, value_invalid};
use crate::yaml::{Build, Node, Spanned, Value, merge, write, wrong_type};

/// The HelmChartConfig and the TLSStore; nothing when the stack asks Traefik for nothing, or when another stack of the
/// cluster owns Traefik.
pub(super) fn config(stack: &Stack, found: &mut Findings) -> Vec<Object> {
    let ingress = stack.ingress.as_ref().filter(|ingress| ingress.owned);
    let objects = ingress.map(|ingress| [chart(ingress, stack, found), store(ingress, stack)]);
    objects.into_iter().flatten().flatten().collect()
}

/// The certificate that Traefik serves where no other fits.
fn store(ingress: &Ingress, stack: &Stack) -> Option<Object> {
    let certificate = ingress.certificates.iter().find(|certificate| certificate.default)?;
    let span = certificate.secret.span;
    let default = Build::at(span).with("secretName", (&certificate.secret).into()).node();
    let head = Head {
        api_version: stack.release.ingress_route_api(),
        kind: "TLSStore",
        // Traefik takes the store of this name alone.
        name: &Spanned { span, value: "default".to_owned() },
        namespace: Some(&stack.namespace),
        labels: stack_labels(stack, span),
        annotations: Build::at(span).node(),
    };
    let spec = Build::at(span).with("defaultCertificate", default).node();
    Some(object(Unit::Traefik, head, vec![("spec", spec)]))
}

fn chart(ingress: &Ingress, stack: &Stack, found: &mut Findings) -> Option<Object> {
    let values = values(ingress, stack, found);
    if values.entries().is_empty() {
        return None;
    }
    let span = ingress.span;
    let spec = Build::at(span)
        // The default uninstalls and installs anew when an upgrade failed: an outage of every route.
        .maybe("failurePolicy", stack.release.has_failure_policy().then(|| Node::text(span, "abort")))
        // What strangers may say of themselves matters most of all that stands in it.
        .with(
            "valuesContent",
            Node::text(ingress.trust.as_ref().map_or(span, |trust| trust.span), text_of(&values)),
        );
    let head = Head {
        api_version: "helm.cattle.io/v1",
        kind: "HelmChartConfig",
        name: &Spanned { span, value: "traefik".to_owned() },
        namespace: Some(&Spanned { span, value: "kube-system".to_owned() }),
        labels: stack_labels(stack, span),
        annotations: Build::at(span).node(),
    };
    Some(object(Unit::Traefik, head, vec![("spec", spec.node())]))
}

/// The chart's values as `ingress` asks for them, whichever stack of the cluster writes them. What is wrong with them is
/// told where the HelmChartConfig is made.
pub fn traefik_values(stack: &Stack) -> Option<Node> {
    stack.ingress.as_ref().map(|ingress| values(ingress, stack, &mut Findings::default()))
}

/// Values as the text that `valuesContent` holds.
pub fn text_of(values: &Node) -> String {
    let mut text = String::new();
    write::document(values, &mut text);
    text
}

fn values(ingress: &Ingress, stack: &Stack, found: &mut Findings) -> Node {
    let span = ingress.span;
    let mut build = Build::at(span);
    if let Some(trust) = &ingress.trust {
        // A caller's address is only seen where no other node has forwarded the packet, so the two always go together.
        let spec = Build::at(trust.span).text("externalTrafficPolicy", "Local").node();
        build = build.with("service", Build::at(trust.span).with("spec", spec).node());
    }
    let deployment = Build::at(span)
        .maybe("kind", ingress.workload.map(|workload| Node::text(span, word(workload))))
        .maybe("replicas", ingress.replicas.as_ref().map(Node::from));
    build = build.unless_empty("deployment", deployment.node());
    build = build.unless_empty("ports", ports(ingress, stack));
    let mut arguments = arguments(ingress, stack);
    arguments.extend(own_arguments(ingress, found));
    build = build.unless_empty("additionalArguments", Node::list(span, arguments));
    let selector = Build::at(span).text("app.kubernetes.io/name", "traefik").node();
    let own = place::place(build, ingress.place.as_ref(), &selector, &stack.nodes, found).node();
    with_own_values(own, ingress, found)
}

fn word(workload: TraefikWorkload) -> &'static str {
    match workload {
        TraefikWorkload::Deployment => "Deployment",
        TraefikWorkload::DaemonSet => "DaemonSet",
    }
}

/// Entry points beyond the chart's own. From chart 27 on `expose` is a map (facts on k3s, 3.3), which for those before is
/// as good as true.
fn ports(ingress: &Ingress, stack: &Stack) -> Node {
    let span = ingress.span;
    ingress
        .entry_points
        .iter()
        .fold(Build::at(span), |ports, point| {
            let at = point.name.span;
            let expose = if stack.release.traefik_charts().last < 27 {
                Node::bool(at, true)
            } else {
                Build::at(at).bool("default", true).node()
            };
            let protocol = match point.protocol {
                Protocol::TCP | Protocol::SCTP => "TCP",
                Protocol::UDP => "UDP",
            };
            let port = Build::at(at)
                .with("port", (&point.port).into())
                .with("expose", expose)
                .with("exposedPort", (&point.exposed).into())
                .text("protocol", protocol);
            ports.with(point.name.value.clone(), port.node())
        })
        .node()
}

/// `values.additionalArguments` come behind those that stackc writes; a list would replace them.
fn own_arguments(ingress: &Ingress, found: &mut Findings) -> Vec<Node> {
    let written = ingress.values.as_ref().and_then(|values| values.get("additionalArguments"));
    let Some(written) = written else { return Vec::new() };
    if !matches!(written.value, Value::List(_)) {
        found.push(wrong_type(written, "additionalArguments", "a list"));
    }
    written.items().to_vec()
}

/// The user's other values beside those that stackc writes; one that stackc writes itself is told.
fn with_own_values(own: Node, ingress: &Ingress, found: &mut Findings) -> Node {
    let Some(values) = &ingress.values else { return own };
    let mut values = values.clone();
    if let Some(map) = values.as_map_mut() {
        map.remove("additionalArguments");
    }
    told_twice(&own, &values, found);
    merge(values, own, &[])
}

fn told_twice(own: &Node, values: &Node, found: &mut Findings) {
    for entry in values.entries() {
        match own.get(&entry.key.text) {
            Some(mine) if mine.as_map().is_some() && entry.value.as_map().is_some() => {
                told_twice(mine, &entry.value, found);
            }
            Some(mine) => found.push(
                value_invalid(entry.key.span, format!("stackc itself writes the value `{}`", entry.key.text))
                    .also(mine.span, "because of this")
                    .help("remove one of them"),
            ),
            None => {}
        }
    }
}

fn arguments(ingress: &Ingress, stack: &Stack) -> Vec<Node> {
    let mut arguments = Vec::new();
    let trust = ingress.trust.as_ref().map(|trust| (trust.span, trusted(trust, stack)));
    if let Some((span, ranges)) = trust.filter(|(_, ranges)| !ranges.is_empty()) {
        arguments.extend(["web", "websecure"].map(|entry_point| {
            let ranges = ranges.join(",");
            Node::text(span, format!("--entryPoints.{entry_point}.forwardedHeaders.trustedIPs={ranges}"))
        }));
    }
    if ingress.https_redirect {
        // `websecure` by name would redirect to port 8443, which nothing outside reaches.
        let options = ["to=:443", "scheme=https", "permanent=true"];
        arguments.extend(options.map(|option| {
            let text = format!("--entryPoints.web.http.redirections.entryPoint.{option}");
            Node::text(ingress.span, text)
        }));
    }
    arguments
}

/// Canonical ranges; IPv6 ones where the cluster speaks IPv6.
fn trusted(trust: &Trust, stack: &Stack) -> Vec<String> {
    let mut ranges: Vec<String> = Vec::new();
    if trust.cloudflare {
        let pinned = stack.cloudflare();
        ranges.extend(pinned.v4.iter().map(ToString::to_string));
        if stack.network.has_v6() {
            ranges.extend(pinned.v6.iter().map(ToString::to_string));
        }
    }
    ranges.extend(trust.ranges.iter().map(|(range, _)| range.to_string()));
    ranges
}
