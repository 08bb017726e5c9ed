//! A container.

use super::{probe, service};
use crate::finding::Findings;
use crate::kube::Quantity;
use crate::kube::names;
use crate::stack::{Container, EnvValue, PullPolicy, Resources, name_invalid, value_invalid};
use crate::yaml::{Build, Key, Map, Node, Spanned, Value};

/// The container named `name`, with what its pod decided for it.
pub(super) fn container(
    name: &str,
    file: &Container,
    security: Option<Node>,
    mounts: Vec<Node>,
    found: &mut Findings,
) -> Node {
    let span = file.image.span;
    let list = |texts: &[Spanned<String>]| {
        let at = texts.first().map_or(span, |text| text.span);
        Node::list(at, texts.iter().map(Node::from))
    };
    let ports = ports(file, found);
    let env = file.env.iter().filter_map(|(name, value)| env(name, value, found));
    let build = Build::at(span)
        .text("name", name.to_owned())
        .with("image", (&file.image).into())
        .text("imagePullPolicy", pull_policy(file.image_pull_policy))
        .unless_empty("command", list(&file.command))
        .unless_empty("args", list(&file.args))
        .maybe("workingDir", file.working_dir.as_ref().map(Node::from))
        .unless_empty("env", Node::list(span, env))
        .unless_empty("ports", Node::list(span, ports));
    let build = probe::probes(build, file, found);
    let build = match &file.resources {
        Some(resources) => build.unless_empty("resources", self::resources(span, resources, found)),
        None => build,
    };
    build.maybe("securityContext", security).unless_empty("volumeMounts", Node::list(span, mounts)).node()
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
        let number = port.target_port.as_ref().unwrap_or(&port.port);
        for number in [&port.port, number] {
            if number.value == 0 {
                found.push(value_invalid(number.span, "0 is no port").help("ports are 1 to 65535"));
            }
        }
        ports.push(
            Build::at(name.span)
                .with("name", name.into())
                .with("containerPort", number.into())
                .maybe(
                    "protocol",
                    port.protocol.map(|protocol| Node::text(name.span, service::word(protocol))),
                )
                .node(),
        );
    }
    ports
}

/// One value of the environment.
fn env(name: &Spanned<String>, value: &EnvValue, found: &mut Findings) -> Option<Node> {
    if let Err(reason) = names::env_name(&name.value) {
        found.push(name_invalid("variable's name", &name.value, name.span, &reason));
    }
    let build = Build::at(name.span).with("name", name.into());
    if let (Some(text), None, None, None, None) =
        (&value.value, &value.secret, &value.config_map, &value.field, &value.resource)
    {
        return Some(build.with("value", text.into()).node());
    }
    let source = source(name, value, found)?;
    Some(build.with("valueFrom", source).node())
}

fn source(name: &Spanned<String>, value: &EnvValue, found: &mut Findings) -> Option<Node> {
    let span = name.span;
    let by_key = |kind: &'static str, word: &str, object: &Spanned<String>, found: &mut Findings| {
        let Some(key) = &value.key else {
            found.push(
                value_invalid(object.span, format!("`{}` does not say which `key` of it", name.value))
                    .help(format!("{}: {{{word}: {}, key: KEY}}", name.value, object.value)),
            );
            return None;
        };
        let reference = Build::at(object.span)
            .with("name", object.into())
            .with("key", key.into())
            .maybe("optional", value.optional.map(|truth| Node::bool(span, truth)));
        Some(Build::at(span).with(kind, reference.node()).node())
    };
    match (&value.value, &value.secret, &value.config_map, &value.field, &value.resource) {
        (None, Some(secret), None, None, None) => by_key("secretKeyRef", "secret", secret, found),
        (None, None, Some(config), None, None) => by_key("configMapKeyRef", "configMap", config, found),
        (None, None, None, Some(field), None) => {
            let path = Build::at(field.span).with("fieldPath", field.into()).node();
            Some(Build::at(span).with("fieldRef", path).node())
        }
        (None, None, None, None, Some(resource)) => {
            let path = Build::at(resource.span).with("resource", resource.into()).node();
            Some(Build::at(span).with("resourceFieldRef", path).node())
        }
        _ => {
            found.push(
                value_invalid(
                    span,
                    format!(
                        "`{}` takes exactly one of text, `secret`, `configMap`, `field` and `resource`",
                        name.value
                    ),
                )
                .help(format!("{}: {{secret: NAME, key: KEY}}", name.value)),
            );
            None
        }
    }
}

/// `cpu` is a request, `memory` request and limit; `requests` and `limits` lie over them.
fn resources(span: crate::source::Span, file: &Resources, found: &mut Findings) -> Node {
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
        if let Err(reason) = Quantity::parse(entry.value.as_text().unwrap_or_default()) {
            found.push(value_invalid(entry.value.span, reason));
        }
    }
    let map = |map| Node { span, value: Value::Map(map) };
    Build::at(span).unless_empty("requests", map(requests)).unless_empty("limits", map(limits)).node()
}
