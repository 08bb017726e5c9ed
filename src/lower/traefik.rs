//! Traefik's own configuration: one HelmChartConfig, in the portable form that every chart from k3s 1.21 on takes
//! (facts on k3s, 3.3). `ports.*.forwardedHeaders` would be silently ignored by the charts before 16.2.

use super::meta::{Head, object, stack_labels};
use super::place;
use crate::finding::Findings;
use crate::k3s;
use crate::kube::{Object, Unit};
use crate::stack::{Ingress, Stack, TraefikWorkload, Trust};
use crate::yaml::{Build, Node, Spanned, write};

/// None when the stack asks Traefik for nothing.
pub(super) fn config(stack: &Stack, found: &mut Findings) -> Option<Object> {
    let ingress = stack.ingress.as_ref()?;
    let values = values(ingress, stack, found);
    if values.entries().is_empty() {
        return None;
    }
    let mut text = String::new();
    write::document(&values, &mut text);
    let span = ingress.span;
    let spec = Build::at(span)
        // The default uninstalls and installs anew when an upgrade failed: an outage of every route.
        .maybe("failurePolicy", stack.release.has_failure_policy().then(|| Node::text(span, "abort")))
        .text("valuesContent", text);
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

fn values(ingress: &Ingress, stack: &Stack, found: &mut Findings) -> Node {
    let span = ingress.span;
    let mut build = Build::at(span);
    if let Some(trust) = &ingress.trust {
        // A caller's address is only seen where no other node has forwarded the packet, so the two always go together.
        let spec = Build::at(trust.span).text("externalTrafficPolicy", "Local").node();
        build = build.with("service", Build::at(trust.span).with("spec", spec).node());
    }
    if let Some(workload) = ingress.workload {
        let kind = match workload {
            TraefikWorkload::Deployment => "Deployment",
            TraefikWorkload::DaemonSet => "DaemonSet",
        };
        build = build.with("deployment", Build::at(span).text("kind", kind).node());
    }
    let arguments = arguments(ingress, stack).into_iter().map(|text| Node::text(span, text));
    let build = build.unless_empty("additionalArguments", Node::list(span, arguments));
    place::place(build, ingress.place.as_ref(), &stack.nodes, found).node()
}

fn arguments(ingress: &Ingress, stack: &Stack) -> Vec<String> {
    let mut arguments = Vec::new();
    let trusted =
        ingress.trust.as_ref().map(|trust| trusted(trust, stack)).filter(|ranges| !ranges.is_empty());
    if let Some(ranges) = trusted {
        for entry_point in ["web", "websecure"] {
            arguments.push(format!(
                "--entryPoints.{entry_point}.forwardedHeaders.trustedIPs={}",
                ranges.join(",")
            ));
        }
    }
    if ingress.https_redirect {
        // `websecure` by name would redirect to port 8443, which nothing outside reaches.
        arguments.push("--entryPoints.web.http.redirections.entryPoint.to=:443".to_owned());
        arguments.push("--entryPoints.web.http.redirections.entryPoint.scheme=https".to_owned());
        arguments.push("--entryPoints.web.http.redirections.entryPoint.permanent=true".to_owned());
    }
    arguments
}

/// Canonical ranges; IPv6 ones where the cluster speaks IPv6.
fn trusted(trust: &Trust, stack: &Stack) -> Vec<String> {
    let mut ranges: Vec<String> = Vec::new();
    if trust.cloudflare {
        let pinned = k3s::ranges();
        ranges.extend(pinned.v4.iter().map(ToString::to_string));
        if stack.network.has_v6() {
            ranges.extend(pinned.v6.iter().map(ToString::to_string));
        }
    }
    ranges.extend(trust.ranges.iter().map(ToString::to_string));
    ranges
}
