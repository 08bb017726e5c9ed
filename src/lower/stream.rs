//! TCP and UDP routes, each with its own object: `APP-ROUTE`.

use super::meta::app_object;
use super::middleware::{self, Used};
use super::middleware_kind::Wire;
use super::port;
use crate::finding::{Findings, list, nearest};
use crate::kube::Object;
use crate::stack::{App, Protocol, Stack, TcpRoute, UdpRoute, value_invalid};
use crate::yaml::{Build, Node, Spanned, Value};

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
    check_entry_points(name, &route.entry_points, Protocol::TCP, stack, found);
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
    let service =
        service(app, name, route.port.as_ref(), found)?.maybe("proxyProtocol", route.proxy_protocol.clone());
    let middlewares = middleware::references(app, (&route.middlewares, Wire::Tcp), stack, used, found);
    let rule = Build::at(name.span)
        .text("match", format!("HostSNI(`{}`)", sni.value))
        .maybe("middlewares", middlewares)
        .with("services", Node::list(name.span, [service.node()]));
    let spec = spec(name, &route.entry_points, rule.node()).maybe("tls", route.tls.as_ref().map(tls));
    Some(object(app, stack, "IngressRouteTCP", name, spec))
}

fn udp(
    app: &App,
    stack: &Stack,
    name: &Spanned<String>,
    route: &UdpRoute,
    found: &mut Findings,
) -> Option<Object> {
    check_entry_points(name, &route.entry_points, Protocol::UDP, stack, found);
    let service = service(app, name, route.port.as_ref(), found)?;
    let rule = Build::at(name.span).with("services", Node::list(name.span, [service.node()]));
    Some(object(app, stack, "IngressRouteUDP", name, spec(name, &route.entry_points, rule.node())))
}

/// A Secret's name, or Traefik's own map.
fn tls(node: &Node) -> Node {
    match &node.value {
        Value::Text(secret) => Build::at(node.span).text("secretName", secret.clone()).node(),
        _ => node.clone(),
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
    found: &mut Findings,
) -> Option<Build> {
    let own = app.container.ports.get(&name.value).is_some().then_some(name);
    let wanted = wanted.or(own);
    let at = wanted.map_or(name.span, |port| port.span);
    let user = format!("the route `{}`", name.value);
    let (port_name, port) = port::resolve(&app.container.ports, wanted, &user, at, found)?;
    Some(
        Build::at(at)
            .text("name", port::service_of(app, port_name).to_owned())
            .with("port", (&port.port).into()),
    )
}

fn check_entry_points(
    name: &Spanned<String>,
    points: &[Spanned<String>],
    protocol: Protocol,
    stack: &Stack,
    found: &mut Findings,
) {
    let declared = stack.ingress.as_ref().map_or(&[][..], |ingress| &ingress.entry_points);
    if points.is_empty() {
        let help = declared.first().map_or_else(
            || "declare one in stack.yaml: ingress: {entryPoints: {ssh: 2222}}".to_owned(),
            |first| format!("entryPoints: [{}]", first.name.value),
        );
        found.push(
            value_invalid(name.span, format!("the route `{}` names no entry point", name.value)).help(help),
        );
    }
    for point in points {
        match declared.iter().find(|known| known.name.value == point.value) {
            Some(known) if known.protocol == protocol => {}
            Some(known) => found.push(
                value_invalid(
                    point.span,
                    format!("the entry point `{}` speaks the other protocol", point.value),
                )
                .also(known.name.span, "declared here"),
            ),
            None if protocol == Protocol::TCP && matches!(point.value.as_str(), "web" | "websecure") => {}
            None => {
                let names = || declared.iter().map(|known| known.name.value.as_str());
                let near = nearest(&point.value, names()).map(|near| format!("did you mean `{near}`?"));
                let help = near.unwrap_or_else(|| match names().next() {
                    Some(_) => format!("declared are {}", list(names())),
                    None => format!(
                        "declare it in stack.yaml: ingress: {{entryPoints: {{{}: PORT}}}}",
                        point.value
                    ),
                });
                found.push(
                    value_invalid(point.span, format!("there is no entry point `{}`", point.value))
                        .help(help),
                );
            }
        }
    }
}
