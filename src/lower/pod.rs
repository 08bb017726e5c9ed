//! The pod template.

use super::{container, meta, place, security, volume};
use crate::finding::Findings;
use crate::stack::{App, DnsPolicy, Stack};
use crate::yaml::{Build, Node};

/// Metadata and spec of the pods of an app.
pub(super) fn template(app: &App, stack: &Stack, found: &mut Findings) -> Node {
    let span = app.kind.span;
    let mut labels = meta::labels(app, stack);
    if let Some(map) = labels.as_map_mut() {
        meta::overlay(map, &app.pod.pod_labels);
    }
    let mut annotations = meta::texts(span, &app.pod.annotations);
    if let Some(map) = annotations.as_map_mut() {
        meta::overlay(map, &app.pod.pod_annotations);
    }
    let metadata = Build::at(span).with("labels", labels).unless_empty("annotations", annotations).node();
    Build::at(span).with("metadata", metadata).with("spec", spec(app, stack, found)).node()
}

fn spec(app: &App, stack: &Stack, found: &mut Findings) -> Node {
    let span = app.kind.span;
    let security = security::split(app.container.security_context.as_ref(), found);
    let mounts = volume::volumes(app, found);
    let main = container::container(&app.name, &app.container, security.container, mounts.mounts, found);
    let pull_secrets =
        app.pod.image_pull_secrets.iter().map(|name| Build::at(name.span).with("name", name.into()).node());
    let build = Build::at(span);
    place::place(build, app.pod.place.as_ref(), &stack.nodes, found)
        // A pod that needs neither gets neither: the token is a way into the cluster's API, and a Service named like
        // a program injects variables that the program reads (facts on apps).
        .bool("automountServiceAccountToken", false)
        .bool("enableServiceLinks", false)
        .unless_empty("imagePullSecrets", Node::list(span, pull_secrets))
        .maybe("dnsPolicy", app.pod.dns_policy.map(|policy| Node::text(span, dns_policy(policy))))
        .maybe(
            "terminationGracePeriodSeconds",
            app.pod.termination_grace_period_seconds.as_ref().map(Node::from),
        )
        .maybe("securityContext", security.pod)
        .with("containers", Node::list(span, [main]))
        .unless_empty("volumes", Node::list(span, mounts.volumes))
        .node()
}

fn dns_policy(policy: DnsPolicy) -> &'static str {
    match policy {
        DnsPolicy::ClusterFirst => "ClusterFirst",
        DnsPolicy::ClusterFirstWithHostNet => "ClusterFirstWithHostNet",
        DnsPolicy::Default => "Default",
        DnsPolicy::None => "None",
    }
}
