//! The Services of an app (schema.md S5): those that it names, and one under its own name for the ports that no other
//! lists.

use std::collections::BTreeMap;

use super::meta::{app_object, overlay, own_name};
use super::port::unknown_port;
use crate::finding::{Findings, nearest};
use crate::kube::Object;
use crate::kube::names;
use crate::source::Span;
use crate::stack::{
    App, IpFamilyPolicy, NamedIn, Port, ServiceFile, ServiceType, Stack, TrafficPolicy, name_invalid,
    value_invalid,
};
use crate::yaml::{Build, Named, Node, Spanned};

/// A port by its name.
type NamedPort<'a> = (&'a Spanned<String>, &'a Port);

/// All Services of an app; none without ports.
pub(super) fn services(app: &App, stack: &Stack, found: &mut Findings) -> Vec<Object> {
    let own = own_name(app);
    let listed: Vec<&str> = app
        .pod
        .services
        .iter()
        .filter_map(|(_, file)| file.ports.as_ref())
        .flatten()
        .map(|port| port.value.as_str())
        .collect();
    let is_free =
        |(name, port): &NamedPort<'_>| port.service != Some(false) && !listed.contains(&name.value.as_str());
    let free: Vec<NamedPort<'_>> = app.container.ports.iter().filter(is_free).collect();
    let mut services = Vec::new();
    let mut taken = false;
    let before = found.errors();
    for (name, file) in app.pod.services.iter() {
        let ports = match &file.ports {
            Some(names) => ports_of(app, names, found),
            None if taken => {
                found.push(
                    value_invalid(name.span, "two Services take the ports that no other lists")
                        .help("ports: [NAME]"),
                );
                continue;
            }
            None => {
                taken = true;
                free.clone()
            }
        };
        services.extend(service(app, stack, name, Some(file), &ports, found));
    }
    let is_named = app.pod.services.get(&app.name).is_some();
    if !taken && !is_named && !free.is_empty() {
        services.extend(service(app, stack, &own, None, &free, found));
    } else if let Some((port, _)) = free.first().filter(|_| !taken && found.errors() == before) {
        let name = &port.value;
        let message = format!("no Service carries the port `{name}`");
        let help = format!("list it: services: {{{}: {{ports: [{name}]}}}}", app.name);
        found.push(
            value_invalid(port.span, message)
                .help(help)
                .help("or leave the port out: what the pod's own containers reach needs no entry"),
        );
    }
    services
}

/// The ports that a Service lists, each once.
fn ports_of<'a>(app: &'a App, names: &[Spanned<String>], found: &mut Findings) -> Vec<NamedPort<'a>> {
    let mut seen: BTreeMap<&str, Span> = BTreeMap::new();
    let mut ports = Vec::new();
    for name in names {
        let first = *seen.entry(&name.value).or_insert(name.span);
        if first == name.span {
            ports.extend(port_of(app, name, found));
        } else {
            let finding = value_invalid(name.span, format!("the port `{}` is listed twice", name.value));
            found.push(finding.also(first, "first here"));
        }
    }
    ports
}

fn port_of<'a>(app: &'a App, name: &Spanned<String>, found: &mut Findings) -> Option<NamedPort<'a>> {
    let port = app.container.ports.iter().find(|(known, _)| known.value == name.value);
    if port.is_some_and(|(_, port)| port.service == Some(false)) {
        let message = format!("the port `{}` says `service: false`", name.value);
        found.push(value_invalid(name.span, message).help("leave one of the two out"));
    }
    if port.is_none() {
        let near =
            nearest(&name.value, app.container.ports.names()).map(|near| format!("did you mean `{near}`?"));
        found.push(unknown_port(name.span, &name.value, "the app").maybe_help(near));
    }
    port
}

fn service(
    app: &App,
    stack: &Stack,
    name: &Spanned<String>,
    file: Option<&ServiceFile>,
    ports: &[NamedPort<'_>],
    found: &mut Findings,
) -> Option<Object> {
    if let Err(reason) = names::service_name(&name.value) {
        found.push(name_invalid("Service's name", &name.value, name.span, &reason));
    }
    let headless = file.and_then(|file| file.cluster_ip.as_ref()).is_some_and(|ip| ip.value == "None");
    if ports.is_empty() && !headless {
        // A port that is not there has been told.
        let unknown = file.and_then(|file| file.ports.as_ref()).is_some_and(|names| !names.is_empty());
        if file.is_some() && !unknown {
            found.push(value_invalid(name.span, format!("the Service `{}` has no ports", name.value)));
        }
        return None;
    }
    let kind = file.and_then(|file| file.kind).unwrap_or(ServiceType::ClusterIP);
    let ports = ports.iter().map(|port| self::port(*port, &name.value, kind, found)).collect::<Vec<_>>();
    let span = name.span;
    let build = Build::at(span).text("type", type_word(kind));
    let build = match file {
        Some(file) => settings(build, file, span),
        None => build,
    };
    let spec = build.with("selector", selector(app)).unless_empty("ports", Node::list(span, ports)).node();
    let mut object = app_object(app, stack, ("v1", "Service"), name, vec![("spec", spec)]);
    if let Some(file) = file {
        own_metadata(&mut object, "labels", &file.labels);
        own_metadata(&mut object, "annotations", &file.annotations);
    }
    Some(object)
}

/// `selector`, or the label that stackc puts on every pod (schema.md S11).
pub(super) fn selector(app: &App) -> Node {
    let span = app.kind.span;
    if app.pod.selector.is_empty() {
        return Build::at(span).text("app", app.name.clone()).node();
    }
    let mut selector = Build::at(span).node();
    if let Some(map) = selector.as_map_mut() {
        overlay(map, &app.pod.selector);
    }
    selector
}

/// Each with its own place, which findings point at.
fn settings(build: Build, file: &ServiceFile, span: Span) -> Build {
    let texts = |texts: &[Spanned<String>]| {
        Node::list(texts.first().map_or(span, |first| first.span), texts.iter().map(Node::from))
    };
    build
        .maybe("clusterIP", file.cluster_ip.as_ref().map(Node::from))
        .maybe(
            "externalTrafficPolicy",
            file.external_traffic_policy.as_ref().map(|policy| {
                let word = match policy.value {
                    TrafficPolicy::Cluster => "Cluster",
                    TrafficPolicy::Local => "Local",
                };
                Node::text(policy.span, word)
            }),
        )
        .maybe(
            "ipFamilyPolicy",
            file.ip_family_policy.as_ref().map(|policy| {
                let word = match policy.value {
                    IpFamilyPolicy::SingleStack => "SingleStack",
                    IpFamilyPolicy::PreferDualStack => "PreferDualStack",
                    IpFamilyPolicy::RequireDualStack => "RequireDualStack",
                };
                Node::text(policy.span, word)
            }),
        )
        .unless_empty("ipFamilies", texts(&file.ip_families))
        .maybe("loadBalancerIP", file.load_balancer_ip.as_ref().map(Node::from))
        .unless_empty("loadBalancerSourceRanges", texts(&file.load_balancer_source_ranges))
        .maybe(
            "publishNotReadyAddresses",
            file.publish_not_ready_addresses.map(|truth| Node::bool(span, truth)),
        )
}

fn port((name, port): NamedPort<'_>, service: &str, kind: ServiceType, found: &mut Findings) -> Node {
    if let Some(number) = port.node_port.as_ref().filter(|_| kind == ServiceType::ClusterIP) {
        found.push(
            value_invalid(
                number.span,
                format!("the port `{}` has a `nodePort`, but its Service is of type ClusterIP", name.value),
            )
            .help(format!("services: {{{service}: NodePort}}")),
        );
    }
    let by_name = port.is_named_in(NamedIn::TargetPort) && port.is_named_in(NamedIn::Container);
    let target = if by_name { name.into() } else { port.in_container().into() };
    Build::at(name.span)
        .maybe("name", port.is_named_in(NamedIn::Service).then(|| name.into()))
        .maybe("protocol", port.protocol.map(|protocol| Node::text(name.span, protocol.word())))
        .maybe("appProtocol", port.app_protocol.as_ref().map(Node::from))
        .with("port", (&port.port).into())
        .with("targetPort", target)
        .maybe("nodePort", port.node_port.as_ref().filter(|_| kind != ServiceType::ClusterIP).map(Node::from))
        .node()
}

/// Labels and annotations of one Service alone.
fn own_metadata(object: &mut Object, field: &'static str, texts: &Named<Spanned<String>>) {
    if texts.is_empty() {
        return;
    }
    let span = object.body.span;
    let Some(metadata) = object.body.as_map_mut().and_then(|map| map.get_mut("metadata")) else { return };
    let Some(map) = metadata.as_map_mut().map(|map| map.or_insert(field, Build::at(span).node())) else {
        return;
    };
    if let Some(map) = map.as_map_mut() {
        overlay(map, texts);
        map.entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
    }
}

fn type_word(kind: ServiceType) -> &'static str {
    match kind {
        ServiceType::ClusterIP => "ClusterIP",
        ServiceType::NodePort => "NodePort",
        ServiceType::LoadBalancer => "LoadBalancer",
    }
}
