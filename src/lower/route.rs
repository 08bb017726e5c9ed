//! Routes as IngressRoutes: an app's own, or one a namespace that gathers them (schema.md S6).

use std::collections::BTreeMap;

use super::entry_point;
use super::meta::{self, Head, object, stack_labels};
use super::middleware::{self, Used};
use super::middleware_kind::Wire;
use super::port;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::{Object, Unit};
use crate::source::Span;
use crate::stack::{
    App, Certificate, Ingress, Protocol, Route, Scheme, ServersTransport, Stack, host_name, value_invalid,
};
use crate::traefik;
use crate::yaml::{Build, Node, Spanned, Value};

/// A host that no certificate names.
pub static HOST_UNCOVERED: Code = Code {
    name: "host-uncovered",
    severity: Severity::Error,
    page: Page {
        about: "A route's host is in none of the certificates under `ingress.tls`, so Traefik would answer with its\n\
                own certificate, which browsers and Cloudflare (Full, strict) refuse. A wildcard covers one label:\n\
                *.example.org names a.example.org, but neither example.org nor a.b.example.org.\n\
                `tls: SECRET` on the route names another certificate, `tls: false` serves it without.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              ingress: {tls: {cert: [\"*.example.org\"]}}\nsecrets: {cert: {type: kubernetes.io/tls}}\n\
              platforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
              routes: {web: a.b.example.org}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               ingress: {tls: {cert: [\"*.example.org\"]}}\nsecrets: {cert: {type: kubernetes.io/tls}}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
               routes: {web: a.example.org}\n",
    },
};

const DEFAULT_ENTRY_POINTS: [&str; 1] = ["websecure"];

/// The one for plain HTTP. Traefik's chart gives TLS to `websecure` alone; on every other a route says it itself.
const PLAIN_ENTRY_POINT: &str = "web";

/// Routes on their way to the merged IngressRoute, by namespace.
#[derive(Default)]
pub struct Merged {
    routes: BTreeMap<String, Vec<Node>>,
    namespaces: BTreeMap<String, Spanned<String>>,
    pub(super) middlewares: Used,
}

/// What routes must share to stand in one IngressRoute.
#[derive(Clone, PartialEq, Eq)]
struct Shared {
    entry_points: Vec<String>,
    certificate: Tls,
}

#[derive(Clone, PartialEq, Eq)]
enum Tls {
    /// Plain HTTP.
    Off,
    /// Traefik's own certificate.
    Own,
    /// A Secret.
    Secret(String),
    /// Traefik's own resolver fetches it.
    Resolver(String),
}

/// An IngressRoute under construction.
struct Group {
    shared: Shared,
    name: Spanned<String>,
    tls_span: Span,
    routes: Vec<Node>,
}

/// The app's own IngressRoutes; what goes elsewhere is put into `merged`.
pub(super) fn routes(app: &App, stack: &Stack, merged: &mut Merged, found: &mut Findings) -> Vec<Object> {
    let mut groups: Vec<Group> = Vec::new();
    for (name, route) in app.pod.routes.iter() {
        let Some(rule) = rule(name, route, stack, found) else { continue };
        let tls = certificate(name, route, stack, found);
        let Some(node) = node(app, stack, name, route, rule, &mut merged.middlewares, found) else {
            continue;
        };
        let named = route.entry_points.as_deref().unwrap_or_default();
        entry_point::check(named, Protocol::TCP, stack, found);
        let entry_points = route.entry_points.as_ref().map_or_else(
            || DEFAULT_ENTRY_POINTS.map(str::to_owned).to_vec(),
            |points| points.iter().map(|point| point.value.clone()).collect(),
        );
        let shared = Shared { entry_points, certificate: tls.0 };
        if is_merged(&shared, stack.ingress.as_ref()) {
            merged.namespaces.entry(app.namespace.value.clone()).or_insert_with(|| app.namespace.clone());
            merged.routes.entry(app.namespace.value.clone()).or_default().push(node);
        } else if let Some(group) = groups.iter_mut().find(|group| group.shared == shared) {
            group.routes.push(node);
        } else {
            let own = Spanned {
                span: name.span,
                value: if groups.is_empty() {
                    app.name.clone()
                } else {
                    format!("{}-{}", app.name, name.value)
                },
            };
            groups.push(Group { shared, name: own, tls_span: tls.1, routes: vec![node] });
        }
    }
    groups.into_iter().map(|group| own(app, stack, group)).collect()
}

fn own(app: &App, stack: &Stack, group: Group) -> Object {
    let spec = spec(&group.shared, group.name.span, group.tls_span, group.routes);
    let api = (stack.release.ingress_route_api(), "IngressRoute");
    meta::app_object(app, stack, api, &group.name, vec![("spec", spec)])
}

fn is_merged(shared: &Shared, ingress: Option<&Ingress>) -> bool {
    let Some(ingress) = ingress.filter(|ingress| ingress.merge_into.is_some()) else { return false };
    let first = ingress.certificates.first().map_or(Tls::Own, tls_of);
    shared.entry_points == DEFAULT_ENTRY_POINTS && shared.certificate == first
}

/// What a route names: a transport that the app's kind computed, or one that exists.
fn transport_name(app: &App, name: &Spanned<String>) -> Node {
    match app.transports.iter().find(|transport| transport.name.value == name.value) {
        Some(own) => Node::text(name.span, format!("{}-{}", app.name, own.name.value)),
        None => name.into(),
    }
}

/// The ServersTransports that the app's kind computed.
pub(super) fn transports(app: &App, stack: &Stack) -> Vec<Object> {
    let object = |transport: &ServersTransport| {
        let value = format!("{}-{}", app.name, transport.name.value);
        let name = Spanned { span: transport.name.span, value };
        let api = (stack.release.ingress_route_api(), "ServersTransport");
        meta::app_object(app, stack, api, &name, vec![("spec", transport.spec.clone())])
    };
    app.transports.iter().map(object).collect()
}

/// The merged IngressRoutes, one a namespace.
pub(super) fn merged(stack: &Stack, merged: Merged) -> Vec<Object> {
    let Some(ingress) = &stack.ingress else { return Vec::new() };
    let Some(name) = &ingress.merge_into else { return Vec::new() };
    let first = ingress.certificates.first();
    let certificate = first.map_or(Tls::Own, tls_of);
    let shared = Shared { entry_points: DEFAULT_ENTRY_POINTS.map(str::to_owned).to_vec(), certificate };
    let tls_span = first.map_or(name.span, |first| first.secret.span);
    let objects = merged.routes.into_iter().filter_map(|(namespace, routes)| {
        let head = Head {
            api_version: stack.release.ingress_route_api(),
            kind: "IngressRoute",
            name,
            namespace: merged.namespaces.get(&namespace),
            labels: stack_labels(stack, name.span),
            annotations: Build::at(name.span).node(),
        };
        head.namespace?;
        Some(object(Unit::Ingress, head, vec![("spec", spec(&shared, name.span, tls_span, routes))]))
    });
    objects.collect()
}

fn spec(shared: &Shared, span: Span, tls_span: Span, routes: Vec<Node>) -> Node {
    let entry_points = shared.entry_points.iter().map(|name| Node::text(span, name.clone()));
    let tls = match &shared.certificate {
        Tls::Off => None,
        Tls::Own => Some(Build::at(tls_span).node()),
        Tls::Secret(name) => Some(Build::at(tls_span).text("secretName", name.clone()).node()),
        Tls::Resolver(name) => Some(Build::at(tls_span).text("certResolver", name.clone()).node()),
    };
    Build::at(span)
        .with("entryPoints", Node::list(span, entry_points))
        .with("routes", Node::list(span, routes))
        .maybe("tls", tls)
        .node()
}

fn tls_of(certificate: &Certificate) -> Tls {
    match &certificate.resolver {
        Some(resolver) => Tls::Resolver(resolver.value.clone()),
        None => Tls::Secret(certificate.secret.value.clone()),
    }
}

fn node(
    app: &App,
    stack: &Stack,
    name: &Spanned<String>,
    route: &Route,
    rule: String,
    used: &mut Used,
    found: &mut Findings,
) -> Option<Node> {
    let wanted = route.port.as_ref();
    let at = wanted.map_or(name.span, |port| port.span);
    let wanting = format!("the route `{}`", name.value);
    let (port_name, port) = port::resolve((&app.container.ports, "the app"), wanted, &wanting, at, found)?;
    port::check_protocol(port_name, port, Protocol::TCP, at, found);
    port::check_served(port_name, port, at, found);
    let scheme = route.scheme.map(|scheme| match scheme {
        Scheme::Http => "http",
        Scheme::Https => "https",
        Scheme::H2c => "h2c",
    });
    let cookie = || Build::at(at).bool("httpOnly", true).bool("secure", true).node();
    let sticky = route.sticky.unwrap_or(false).then(|| Build::at(at).with("cookie", cookie()).node());
    let service = Build::at(at)
        .text("name", port::service_of(app, port_name).to_owned())
        .with("port", (&port.port).into())
        .maybe("scheme", scheme.map(|scheme| Node::text(at, scheme)))
        .maybe("serversTransport", route.servers_transport.as_ref().map(|name| transport_name(app, name)))
        .maybe("sticky", sticky);
    let middlewares = middleware::references(app, (&route.middlewares, Wire::Http), stack, used, found);
    let at = route.host.first().or(route.rule.as_ref()).map_or(name.span, |host| host.span);
    let node = Build::at(at)
        .text("match", rule)
        .text("kind", "Rule")
        .maybe("priority", route.priority.as_ref().map(|priority| Node::int(priority.span, priority.value)))
        .maybe("middlewares", middlewares)
        .with("services", Node::list(at, [service.node()]));
    Some(node.node())
}

/// Traefik's rule. Hosts and paths are checked first, so that nothing in them can end the quoted text.
fn rule(name: &Spanned<String>, route: &Route, stack: &Stack, found: &mut Findings) -> Option<String> {
    let before = found.errors();
    if let Some(rule) = &route.rule {
        return raw(rule, route, stack, found);
    }
    for host in &route.host {
        if let Err(reason) = host_name(&host.value) {
            let finding = value_invalid(host.span, format!("`{}` is no host: {reason}", host.value));
            found.push(finding.maybe_help(meant(&host.value)));
        }
    }
    if route.host.is_empty() {
        let message = format!("the route `{}` names no host", name.value);
        found.push(value_invalid(name.span, message).help(format!("{}: www.example.org", name.value)));
    }
    let path = match (&route.path, &route.path_prefix) {
        (Some(path), None) => Some(("Path", path)),
        (None, Some(path)) => Some(("PathPrefix", path)),
        (None, None) => None,
        (Some(path), Some(_)) => {
            found.push(value_invalid(path.span, "a route has `path` or `pathPrefix`, not both"));
            None
        }
    };
    if let Some((_, path)) = path {
        check_path(path, found);
    }
    if found.errors() > before {
        return None;
    }
    let hosts: Vec<String> =
        route.host.iter().map(|host| host_rule(&host.value, stack.release.traefik())).collect();
    Some(match (path, hosts.len()) {
        (None, _) => hosts.join(" || "),
        (Some((matcher, path)), 1) => format!("{} && {matcher}(`{}`)", hosts.concat(), path.value),
        // `&&` binds tighter than `||`.
        (Some((matcher, path)), _) => format!("({}) && {matcher}(`{}`)", hosts.join(" || "), path.value),
    })
}

/// The host in what people copy from a browser: `https://Www.example.org:443/`.
fn meant(text: &str) -> Option<String> {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let host = rest.split(['/', ':', '?', '#']).next().unwrap_or(rest).to_ascii_lowercase();
    (host != text && host_name(&host).is_ok()).then_some(host)
}

/// A rule in Traefik's own words.
fn raw(rule: &Spanned<String>, route: &Route, stack: &Stack, found: &mut Findings) -> Option<String> {
    let alone = route.host.is_empty() && route.path.is_none() && route.path_prefix.is_none();
    if !alone {
        found.push(value_invalid(rule.span, "`match` stands alone: host and path go into the rule"));
        return None;
    }
    if let Err(reason) = traefik::read(&rule.value, traefik::Wire::Http, stack.release.traefik()) {
        let finding = value_invalid(rule.span, format!("Traefik cannot read this rule: {reason}"));
        let way = traefik::in_three(&rule.value, traefik::Wire::Http, stack.release.traefik());
        found.push(finding.maybe_help(way.map(|rule| format!("match: {rule}"))));
        return None;
    }
    Some(rule.value.clone())
}

/// A wildcard covers one label, in the syntax of Traefik 2 or 3.
fn host_rule(host: &str, traefik: u16) -> String {
    match host.strip_prefix("*.") {
        None => format!("Host(`{host}`)"),
        Some(rest) if traefik < 3 => format!("HostRegexp(`{{label:[^.]+}}.{rest}`)"),
        Some(rest) => format!("HostRegexp(`^[^.]+\\.{}$`)", rest.replace('.', "\\.")),
    }
}

fn check_path(path: &Spanned<String>, found: &mut Findings) {
    if !path.value.starts_with('/') {
        found.push(
            value_invalid(path.span, format!("the path `{}` does not start with `/`", path.value))
                .help(format!("/{}", path.value)),
        );
    }
    if let Some((before, _)) = path.value.split_once(['?', '#']) {
        let message = format!(
            "the path `{}` goes too far: what comes behind `?` and `#` is no part of a path",
            path.value
        );
        found.push(value_invalid(path.span, message).help(before.to_owned()));
    }
    if let Some(bad) = path
        .value
        .chars()
        .find(|c| matches!(c, '`' | '"' | '\\' | '{' | '}') || c.is_control() || c.is_whitespace())
    {
        let message = format!("the path holds {bad:?}, which would change Traefik's rule");
        found.push(value_invalid(path.span, message).help("write it percent-encoded"));
    }
}

/// The certificate of a route, and what asks for it.
fn certificate(name: &Spanned<String>, route: &Route, stack: &Stack, found: &mut Findings) -> (Tls, Span) {
    match route.tls.as_ref().map(|node| (&node.value, node.span)) {
        Some((Value::Bool(false, _), span)) => return (Tls::Off, span),
        Some((Value::Text(secret), span)) => return (Tls::Secret(secret.to_string()), span),
        Some((_, span)) => {
            found.push(value_invalid(span, "`tls` is a Secret's name or false"));
            return (Tls::Off, span);
        }
        None => {}
    }
    let points = route.entry_points.as_deref().unwrap_or_default();
    if !points.is_empty() && points.iter().all(|point| point.value == PLAIN_ENTRY_POINT) {
        return (Tls::Off, name.span);
    }
    let certificates = stack.ingress.as_ref().map_or(&[][..], |ingress| &ingress.certificates);
    if certificates.is_empty() {
        return (Tls::Own, name.span);
    }
    let all = |covers: fn(&Certificate, &str) -> bool| {
        certificates.iter().find(|certificate| route.host.iter().all(|host| covers(certificate, &host.value)))
    };
    if let Some(certificate) = all(Certificate::covers_exactly).or_else(|| all(Certificate::covers)) {
        return (tls_of(certificate), certificate.secret.span);
    }
    uncovered(route, certificates, found);
    (Tls::Own, name.span)
}

fn uncovered(route: &Route, certificates: &[Certificate], found: &mut Findings) {
    let lone = route.host.iter().find(|host| !certificates.iter().any(|c| c.covers(&host.value)));
    let Some(host) = lone.or(route.host.first()) else { return };
    let message = match lone {
        Some(_) => format!("no certificate under `ingress.tls` names `{}`", host.value),
        None => "no single certificate under `ingress.tls` names all hosts of this route".to_owned(),
    };
    let mut finding = Finding::new(&HOST_UNCOVERED, host.span, message);
    if let Some(name) = certificates.first().and_then(|certificate| certificate.hosts.first()) {
        finding = finding.also(name.span, "the certificates' names stand here");
    }
    found.push(finding.help(
        "a wildcard covers one label; add the name, or say `tls: SECRET` or `tls: false` on the route",
    ));
}
