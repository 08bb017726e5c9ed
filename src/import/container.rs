//! A container: what an app, a sidecar and an init container have in common.

use super::plan::Misfit;
use super::port::{self, Port};
use super::volume::Volumes;
use super::{probe, security};
use crate::kube::Object;
use crate::source::Span;
use crate::yaml::{Build, Node};

/// A container beside the main one, with its name.
///
/// # Errors
/// What has no form.
pub(super) fn side(
    container: &Node,
    image: Option<&Node>,
    volumes: &mut Volumes<'_>,
    span: Span,
) -> Result<(String, Node), Misfit> {
    let Some(name) = container.text_at(&["name"]) else {
        return Err(Misfit::whole("a container has no name"));
    };
    let ports = port::ports(container, &[])?;
    let own = container.get("image").filter(|own| image.is_none_or(|image| !image.same(own))).cloned();
    let build = Build::at(span).maybe("image", own).unless_empty("ports", port::node(&ports, false, span));
    let mounts = volumes.of(container, &format!("{name}-"))?;
    let security = security::of_container(container.get("securityContext"), span);
    let build = common(build, container, &ports, mounts, span)?;
    Ok((name.to_owned(), build.unless_empty("securityContext", security).node()))
}

/// The ports of the main container, with the Services that carry them.
///
/// # Errors
/// What has no form.
pub(super) fn main_ports<'a>(
    container: &'a Node,
    services: &[(usize, &'a Object)],
) -> Result<Vec<Port<'a>>, Misfit> {
    port::ports(container, services)
}

/// What follows the ports.
///
/// # Errors
/// What has no form.
pub(super) fn common(
    build: Build,
    container: &Node,
    ports: &[Port<'_>],
    mounts: Node,
    span: Span,
) -> Result<Build, Misfit> {
    let own = |key: &str| container.get(key).cloned();
    let list = |key: &str| own(key).unwrap_or_else(|| Node::list(span, []));
    let resources =
        container.get("resources").map_or_else(|| Build::at(span).node(), |own| resources(own, span));
    Ok(build
        .unless_empty("command", list("command"))
        .unless_empty("args", list("args"))
        .maybe("workingDir", own("workingDir"))
        .unless_empty("env", env(container, span)?)
        .unless_empty("envFrom", env_from(container, span))
        .unless_empty("volumes", mounts)
        .unless_empty("resources", resources)
        .unless_empty("probes", probe::probes(container, ports, span)?))
}

/// Where a variable may come from: Kubernetes' source, the field that names it, the app's word.
const SOURCES: [(&str, &str, &str); 4] = [
    ("secretKeyRef", "name", "secret"),
    ("configMapKeyRef", "name", "configMap"),
    ("fieldRef", "fieldPath", "field"),
    ("resourceFieldRef", "resource", "resource"),
];

fn env(container: &Node, span: Span) -> Result<Node, Misfit> {
    let mut build = Build::at(span);
    let mut seen: Vec<&str> = Vec::new();
    for variable in container.get("env").map_or(&[][..], Node::items) {
        let name = variable.text_at(&["name"]).unwrap_or_default();
        if seen.contains(&name) {
            return Err(Misfit::whole(format!("it sets the variable {name} twice")));
        }
        seen.push(name);
        build = build.with(name.to_owned(), value(variable, span));
    }
    Ok(build.node())
}

fn value(variable: &Node, span: Span) -> Node {
    let from = variable.get("valueFrom");
    let source = SOURCES.iter().find_map(|(source, field, word)| {
        let own = from?.get(source)?;
        let optional = own.get("optional");
        let build =
            Build::at(span).maybe(word, own.get(field).cloned()).maybe("key", own.get("key").cloned());
        Some(build.maybe("optional", optional.cloned()).node())
    });
    let text = || variable.get("value").cloned().unwrap_or_else(|| Node::text(span, ""));
    source.unwrap_or_else(text)
}

fn env_from(container: &Node, span: Span) -> Node {
    let one = |from: &Node| {
        let build = [("secretRef", "secret"), ("configMapRef", "configMap")].into_iter();
        let build = build.fold(Build::at(span), |build, (source, word)| {
            build.maybe(word, from.at(&[source, "name"]).cloned())
        });
        let optional =
            ["secretRef", "configMapRef"].into_iter().find_map(|source| from.at(&[source, "optional"]));
        let prefix = from.get("prefix").filter(|prefix| prefix.as_text() != Some(""));
        build.maybe("prefix", prefix.cloned()).maybe("optional", optional.cloned()).node()
    };
    Node::list(span, container.get("envFrom").map_or(&[][..], Node::items).iter().map(one))
}

/// `cpu` is a request, `memory` request and limit; the rest by Kubernetes' names.
fn resources(own: &Node, span: Span) -> Node {
    let side = |side: &str| own.get(side).map_or(&[][..], Node::entries);
    let both = |key: &str| {
        own.at(&["requests", key]).filter(|a| own.at(&["limits", key]).is_some_and(|b| a.same(b)))
    };
    let cpu = own.at(&["requests", "cpu"]);
    let memory = both("memory");
    let rest = |name: &str| {
        let shown = |key: &str| key == "memory" && memory.is_some() || key == "cpu" && name == "requests";
        let rest = side(name).iter().filter(|entry| !shown(&entry.key.text));
        rest.fold(Build::at(span), |build, entry| build.with(entry.key.text.clone(), entry.value.clone()))
            .node()
    };
    Build::at(span)
        .maybe("cpu", cpu.cloned())
        .maybe("memory", memory.cloned())
        .unless_empty("requests", rest("requests"))
        .unless_empty("limits", rest("limits"))
        .node()
}
