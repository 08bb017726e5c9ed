//! A container.

use super::config::Wanted;
use super::{env, probe};
use crate::finding::Findings;
use crate::kube::Quantity;
use crate::kube::names;
use crate::source::Span;
use crate::stack::{App, Container, NamedIn, PullPolicy, Resources, name_invalid, value_invalid};
use crate::yaml::{Build, Key, Map, Node, Spanned, Value};

/// What the pod decided for one of its containers.
pub(super) struct Place<'a> {
    /// Its name, at the place that causes it.
    pub(super) name: &'a Spanned<String>,
    pub(super) security: Option<Node>,
    pub(super) mounts: Vec<Node>,
    /// The main container's probes and ports fall back to nothing; others name their own.
    pub(super) file: &'a Container,
}

/// The container. ConfigMaps that its environment needs are put among the wanted ones.
pub(super) fn container(app: &App, place: Place<'_>, wanted: &mut Vec<Wanted>, found: &mut Findings) -> Node {
    let file = place.file;
    let image = file.image.as_ref().or(app.container.image.as_ref());
    let span = image.map_or(place.name.span, |image| image.span);
    let list = |texts: &[Spanned<String>]| {
        let at = texts.first().map_or(span, |text| text.span);
        Node::list(at, texts.iter().map(Node::from))
    };
    let ports = ports(file, found);
    let build = Build::at(span)
        .with("name", place.name.into())
        .maybe("image", image.map(Node::from))
        .text("imagePullPolicy", pull_policy(app.pod.image_pull_policy))
        .unless_empty("command", list(&file.command))
        .unless_empty("args", list(&file.args))
        .maybe("workingDir", file.working_dir.as_ref().map(Node::from))
        .unless_empty("envFrom", Node::list(span, env::env_from(app, file, wanted, found)))
        .unless_empty("env", Node::list(span, env::env(file, found)))
        .unless_empty("ports", Node::list(span, ports));
    let is_main = std::ptr::eq(file, &raw const app.container);
    let owner = if is_main { "the app".to_owned() } else { format!("the container `{}`", place.name.value) };
    let build = probe::probes(build, (file, &owner), span, found);
    let build = match &file.resources {
        Some(resources) => build.unless_empty("resources", self::resources(span, resources, found)),
        None => build,
    };
    build
        .maybe("securityContext", place.security)
        .unless_empty("volumeMounts", Node::list(span, place.mounts))
        .node()
}

fn pull_policy(policy: Option<PullPolicy>) -> &'static str {
    match policy {
        Some(PullPolicy::Always) => "Always",
        Some(PullPolicy::Never) => "Never",
        // Kubernetes' default depends on the tag, and would pull `latest` at each start.
        Some(PullPolicy::IfNotPresent) | None => "IfNotPresent",
    }
}

fn ports(file: &Container, found: &mut Findings) -> Vec<Node> {
    let mut ports = Vec::new();
    for (name, port) in file.ports.iter() {
        if let Err(reason) = names::port_name(&name.value) {
            found.push(name_invalid("port's name", &name.value, name.span, &reason));
        }
        let named = port.is_named_in(NamedIn::Container);
        let numbers = [Some(&port.port), port.target_port.as_ref(), port.host_port.as_ref()];
        for number in numbers.into_iter().flatten().filter(|number| number.value == 0) {
            found.push(value_invalid(number.span, "0 is no port").help("ports are 1 to 65535"));
        }
        let host_ip = port.host_ip.as_ref();
        if let Some(ip) = host_ip.filter(|ip| ip.value.parse::<std::net::IpAddr>().is_err()) {
            found.push(value_invalid(ip.span, format!("`{}` is no IP address", ip.value)));
        }
        ports.push(
            Build::at(name.span)
                .maybe("name", named.then(|| name.into()))
                .with("containerPort", port.in_container().into())
                .maybe("protocol", port.protocol.map(|protocol| Node::text(name.span, protocol.word())))
                .maybe("hostPort", port.host_port.as_ref().map(Node::from))
                .maybe("hostIP", host_ip.map(Node::from))
                .node(),
        );
    }
    ports
}

/// `cpu` is a request, `memory` request and limit; `requests` and `limits` lie over them.
fn resources(span: Span, file: &Resources, found: &mut Findings) -> Node {
    let mut requests = Map::default();
    let mut limits = Map::default();
    for (key, quantity, limited) in [("cpu", &file.cpu, false), ("memory", &file.memory, true)] {
        let Some(quantity) = quantity else { continue };
        requests.push(Key { span: quantity.span, text: key.into() }, quantity.into());
        if limited {
            limits.push(Key { span: quantity.span, text: key.into() }, quantity.into());
        }
    }
    super::meta::overlay(&mut requests, &file.requests);
    super::meta::overlay(&mut limits, &file.limits);
    for entry in requests.entries.iter().chain(&limits.entries) {
        let is_bytes = matches!(entry.key.text.as_ref(), "memory" | "ephemeral-storage");
        let read = if is_bytes { Quantity::bytes } else { Quantity::parse };
        if let Err(reason) = read(entry.value.as_text().unwrap_or_default()) {
            found.push(value_invalid(entry.value.span, reason));
        }
    }
    let map = |map| Node { span, value: Value::Map(map) };
    Build::at(span).unless_empty("requests", map(requests)).unless_empty("limits", map(limits)).node()
}
