//! The pod template.

use super::container::{self, Place};
use super::service::selector;
use super::volume::{Claims, Volumes};
use super::{meta, place, security};
use crate::finding::Findings;
use crate::kube::names;
use crate::stack::{App, Container, DnsPolicy, RestartPolicy, Stack, Workload, name_invalid};
use crate::yaml::{Build, Named, Node, Spanned, Value};

/// The pod template of an app. Claims and ConfigMaps that it needs are gathered in `volumes`.
pub(super) fn template(app: &App, stack: &Stack, volumes: &mut Volumes<'_>, found: &mut Findings) -> Node {
    let span = app.kind.span;
    let mut labels = meta::labels(app, stack);
    if let Some(map) = labels.as_map_mut() {
        meta::overlay(map, &app.pod.selector);
        meta::overlay(map, &app.pod.pod_labels);
    }
    let mut annotations = meta::texts(span, &app.pod.annotations);
    if let Some(map) = annotations.as_map_mut() {
        meta::overlay(map, &app.pod.pod_annotations);
    }
    let metadata = Build::at(span).with("labels", labels).unless_empty("annotations", annotations).node();
    Build::at(span).with("metadata", metadata).with("spec", spec(app, stack, volumes, found)).node()
}

fn spec(app: &App, stack: &Stack, volumes: &mut Volumes<'_>, found: &mut Findings) -> Node {
    let (span, pod) = (app.kind.span, &app.pod);
    let security = security::split(app.container.security_context.as_ref(), found);
    let name = pod.container_name.clone().unwrap_or_else(|| meta::own_name(app));
    if let Err(reason) = names::dns_label(&name.value) {
        found.push(name_invalid("container's name", &name.value, name.span, &reason));
    }
    let mut containers = vec![one(app, (&name, &app.container), "", security.container, volumes, found)];
    containers.extend(side_containers(app, &pod.sidecars, volumes, found));
    let init = side_containers(app, &pod.init, volumes, found);
    let pull_secrets =
        pod.image_pull_secrets.iter().map(|name| Build::at(name.span).with("name", name.into()).node());
    let text = |text: &Option<Spanned<String>>| text.as_ref().map(Node::from);
    let build = Build::at(span);
    let build = place::place(build, pod.place.as_ref(), &selector(app), &stack.nodes, found)
        .maybe("restartPolicy", restart_policy(app))
        .maybe("serviceAccountName", text(&pod.service_account))
        // A pod that needs neither gets neither: the token is a way into the cluster's API, and a Service named like
        // a program injects variables that the program reads (facts on apps).
        .bool("automountServiceAccountToken", pod.service_account.is_some())
        .bool("enableServiceLinks", pod.enable_service_links.unwrap_or(false))
        .unless_empty("imagePullSecrets", Node::list(span, pull_secrets))
        .maybe("priorityClassName", text(&pod.priority_class_name))
        .maybe("runtimeClassName", text(&pod.runtime_class_name));
    network(app, build, found)
        .maybe("terminationGracePeriodSeconds", pod.termination_grace_period_seconds.as_ref().map(Node::from))
        .maybe("securityContext", security.pod)
        .unless_empty("initContainers", Node::list(span, init))
        .with("containers", Node::list(span, containers))
        .unless_empty("volumes", Node::list(span, std::mem::take(&mut volumes.pod)))
        .node()
}

/// Sidecars and init containers: each with its own rights, its volumes named after it.
fn side_containers(
    app: &App,
    files: &Named<Container>,
    volumes: &mut Volumes<'_>,
    found: &mut Findings,
) -> Vec<Node> {
    let mut all = Vec::new();
    for (name, file) in files.iter() {
        if let Err(reason) = names::dns_label(&name.value) {
            found.push(name_invalid("container's name", &name.value, name.span, &reason));
        }
        let security = security::of_container(file.security_context.as_ref(), found);
        all.push(one(app, (name, file), &format!("{}-", name.value), security, volumes, found));
    }
    all
}

fn one(
    app: &App,
    (name, file): (&Spanned<String>, &Container),
    prefix: &str,
    security: Option<Node>,
    volumes: &mut Volumes<'_>,
    found: &mut Findings,
) -> Node {
    let claims = match app.pod.workload {
        Some(Workload::StatefulSet) => Claims::Templates,
        _ => Claims::Apart,
    };
    let mounts = volumes.add(app, file, prefix, claims, found);
    container::container(app, Place { name, security, mounts, file }, &mut volumes.configs, found)
}

/// Jobs end, so their pods say what happens then.
fn restart_policy(app: &App) -> Option<Node> {
    app.pod.workload.filter(|workload| workload.ends())?;
    let word = match app.pod.job.as_ref().and_then(|job| job.restart_policy) {
        Some(RestartPolicy::Never) => "Never",
        Some(RestartPolicy::OnFailure) | None => "OnFailure",
    };
    Some(Node::text(app.kind.span, word))
}

/// Whose network, processes and names the pod sees.
fn network(app: &App, build: Build, found: &mut Findings) -> Build {
    let (span, pod) = (app.kind.span, &app.pod);
    if let Some(hostname) = &pod.hostname
        && let Err(reason) = names::dns_label(&hostname.value)
    {
        let label = hostname.value.split('.').next().unwrap_or_default();
        let help =
            (label != hostname.value).then(|| format!("a pod knows itself by one label: hostname: {label}"));
        found.push(name_invalid("hostname", &hostname.value, hostname.span, &reason).maybe_help(help));
    }
    let host_network = pod.host_network.unwrap_or(false);
    // On the node's network, ClusterFirst would quietly mean the node's own names.
    let dns_policy = pod.dns_policy.as_ref().map(|policy| (policy.value, policy.span));
    let dns_policy = dns_policy.or(host_network.then_some((DnsPolicy::ClusterFirstWithHostNet, span)));
    let aliases = pod.host_aliases.iter().map(|(ip, names)| {
        let names = Node::list(ip.span, names.iter().map(Node::from));
        Build::at(ip.span).with("ip", ip.into()).with("hostnames", names).node()
    });
    let yes = |truth: bool| truth.then(|| Node::bool(span, true));
    build
        .maybe("hostNetwork", yes(host_network))
        .maybe("hostPID", yes(pod.host_pid.unwrap_or(false)))
        .maybe("hostname", pod.hostname.as_ref().map(Node::from))
        .maybe("dnsPolicy", dns_policy.map(|(policy, span)| Node::text(span, word(policy))))
        .maybe("dnsConfig", pod.dns_config.clone().filter(|node| matches!(node.value, Value::Map(_))))
        .unless_empty("hostAliases", Node::list(span, aliases))
}

fn word(policy: DnsPolicy) -> &'static str {
    match policy {
        DnsPolicy::ClusterFirst => "ClusterFirst",
        DnsPolicy::ClusterFirstWithHostNet => "ClusterFirstWithHostNet",
        DnsPolicy::Default => "Default",
        DnsPolicy::None => "None",
    }
}
