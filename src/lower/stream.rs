//! TCP and UDP routes, each with its own object: `APP-ROUTE`.

use super::entry_point;
use super::meta::app_object;
use super::middleware::{self, Used};
use super::middleware_kind::Wire;
use super::port;
use crate::finding::Findings;
use crate::kube::Object;
use crate::stack::{App, Protocol, Stack, TcpRoute, UdpRoute, value_invalid};
use crate::yaml::{Build, Node, Spanned, Value, unknown_keys};

/// The app's TCP and UDP routes.
pub(super) fn routes(app: &App, stack: &Stack, used: &mut Used, found: &mut Findings) -> Vec<Object> {
    let mut objects = Vec::new();
    for (name, route) in app.pod.tcp_routes.iter() {
        objects.extend(tcp(app, stack, name, route, used, found));
    }
    for (name, route) in app.pod.udp_routes.iter() {
        objects.extend(udp(app, stack, name, route, found));
    }
    objects
}

fn tcp(
    app: &App,
    stack: &Stack,
    name: &Spanned<String>,
    route: &TcpRoute,
    used: &mut Used,
    found: &mut Findings,
) -> Option<Object> {
    entry_points(name, &route.entry_points, Protocol::TCP, stack, found);
    let any = Spanned { span: name.span, value: "*".to_owned() };
    let sni = route.host_sni.as_ref().unwrap_or(&any);
    if sni.value != "*" && route.tls.is_none() {
        found.push(
            value_invalid(sni.span, "without TLS a connection names no host: `hostSNI` must be `*`")
                .help("add tls: SECRET, or tls: {passthrough: true}"),
        );
    }
    if sni.value.contains('`') {
        found.push(value_invalid(sni.span, "the host holds a backtick"));
    }
    let service = service(app, name, route.port.as_ref(), Protocol::TCP, found)?
        .maybe("proxyProtocol", route.proxy_protocol.clone());
    let middlewares = middleware::references(app, (&route.middlewares, Wire::Tcp), stack, used, found);
    let rule = Build::at(name.span)
        .with("match", Node::text(sni.span, format!("HostSNI(`{}`)", sni.value)))
        .maybe("middlewares", middlewares)
        .with("services", Node::list(name.span, [service.node()]));
    let spec = spec(name, &route.entry_points, rule.node())
        .maybe("tls", route.tls.as_ref().and_then(|node| tls(node, found)));
    Some(object(app, stack, "IngressRouteTCP", name, spec))
}

fn udp(
    app: &App,
    stack: &Stack,
    name: &Spanned<String>,
    route: &UdpRoute,
    found: &mut Findings,
) -> Option<Object> {
    entry_points(name, &route.entry_points, Protocol::UDP, stack, found);
    let service = service(app, name, route.port.as_ref(), Protocol::UDP, found)?;
    let rule = Build::at(name.span).with("services", Node::list(name.span, [service.node()]));
    Some(object(app, stack, "IngressRouteUDP", name, spec(name, &route.entry_points, rule.node())))
}

/// What the map `tls` of an IngressRouteTCP holds; the API server drops other keys without a word.
const TLS: [&str; 6] = ["secretName", "passthrough", "options", "store", "certResolver", "domains"];

/// A Secret's name, or Traefik's own map.
fn tls(node: &Node, found: &mut Findings) -> Option<Node> {
    match &node.value {
        Value::Text(secret) => Some(Build::at(node.span).text("secretName", secret.clone()).node()),
        Value::Map(_) => {
            unknown_keys(node, &TLS, Some("tls"), found);
            Some(node.clone())
        }
        _ => {
            let finding = value_invalid(node.span, "`tls` is the name of a Secret, or a map");
            found.push(finding.help("for a route without TLS leave `tls` out"));
            None
        }
    }
}

fn spec(name: &Spanned<String>, entry_points: &[Spanned<String>], rule: Node) -> Build {
    let points = Node::list(name.span, entry_points.iter().map(Node::from));
    Build::at(name.span).with("entryPoints", points).with("routes", Node::list(name.span, [rule]))
}

fn object(app: &App, stack: &Stack, kind: &'static str, name: &Spanned<String>, spec: Build) -> Object {
    let full = Spanned { span: name.span, value: format!("{}-{}", app.name, name.value) };
    app_object(app, stack, (stack.release.ingress_route_api(), kind), &full, vec![("spec", spec.node())])
}

/// The port that the route names; else the one with the route's own name, else the only one.
fn service(
    app: &App,
    name: &Spanned<String>,
    wanted: Option<&Spanned<String>>,
    protocol: Protocol,
    found: &mut Findings,
) -> Option<Build> {
    let ports = &app.container.ports;
    let own = (ports.get(&name.value).is_some() || ports.0.len() > 1).then_some(name);
    let wanted = wanted.or(own);
    let at = wanted.map_or(name.span, |port| port.span);
    let user = format!("the route `{}`", name.value);
    let (port_name, port) = port::resolve((ports, "the app"), wanted, &user, at, found)?;
    port::check_protocol(port_name, port, protocol, at, found);
    port::check_served(port_name, port, at, found);
    Some(
        Build::at(at)
            .text("name", port::service_of(app, port_name).to_owned())
            .with("port", (&port.port).into()),
    )
}

/// A TCP or UDP route has no entry point by default.
fn entry_points(
    name: &Spanned<String>,
    points: &[Spanned<String>],
    protocol: Protocol,
    stack: &Stack,
    found: &mut Findings,
) {
    if points.is_empty() {
        let declared = entry_point::declared(stack);
        let help = declared.iter().find(|point| point.protocol == protocol).map_or_else(
            || "declare one in stack.yaml: ingress: {entryPoints: {ssh: 2222}}".to_owned(),
            |first| format!("entryPoints: [{}]", first.name.value),
        );
        found.push(
            value_invalid(name.span, format!("the route `{}` names no entry point", name.value)).help(help),
        );
    }
    entry_point::check(points, protocol, stack, found);
}
