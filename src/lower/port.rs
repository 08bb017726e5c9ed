//! Which port a route or a probe means.

use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::source::Span;
use crate::stack::{App, Port, Protocol, ServiceFile, value_invalid};
use crate::yaml::{Named, Spanned};

/// A port that the app does not have, or no word which of several is meant.
pub static PORT_UNKNOWN: Code = Code {
    name: "port-unknown",
    severity: Severity::Error,
    page: Page {
        about: "A route or a probe goes to a port by its name under `ports`. Without a name it means the only port,\n\
                or the one named `http`; with several others it must say which.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
              probes: {readiness: {httpGet: {path: /, port: https}}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
               probes: {readiness: {httpGet: {path: /, port: http}}}\n",
    },
};

/// The port's name and entry; `owner` is what has the ports, `user` what wants one, `at` its place.
pub(super) fn resolve<'a>(
    (ports, owner): (&'a Named<Port>, &str),
    wanted: Option<&Spanned<String>>,
    user: &str,
    at: Span,
    found: &mut Findings,
) -> Option<(&'a str, &'a Port)> {
    let entry = |name: &str| {
        ports.iter().find(|(key, _)| key.value == name).map(|(key, port)| (key.value.as_str(), port))
    };
    let only = || match ports.0.as_slice() {
        [(key, port)] => Some((key.value.as_str(), port)),
        _ => None,
    };
    let port = wanted.map_or_else(|| only().or_else(|| entry("http")), |name| entry(&name.value));
    if port.is_none() {
        found.push(unknown((ports, owner), wanted, user, at));
    }
    port
}

/// Tells a port of the other protocol: Traefik's HTTP and TCP go to TCP ports, its UDP to UDP ports.
pub(super) fn check_protocol(name: &str, port: &Port, wanted: Protocol, at: Span, found: &mut Findings) {
    let own = port.protocol.unwrap_or(Protocol::TCP);
    if own != wanted {
        let (own, wanted) = (own.word(), wanted.word());
        let finding = value_invalid(at, format!("the port `{name}` is {own}, this route wants {wanted}"));
        let way = if wanted == "UDP" { "udpRoutes" } else { "tcpRoutes or routes" };
        found.push(finding.note(format!("ports of {wanted} go with {way}")));
    }
}

/// Tells a port that no Service carries, through which a route would go.
pub(super) fn check_served(name: &str, port: &Port, at: Span, found: &mut Findings) {
    if port.service == Some(false) {
        let message = format!("a route goes through a Service, and the port `{name}` says `service: false`");
        found.push(value_invalid(at, message).help("take `service: false` away from the port"));
    }
}

/// The Service that carries a port: the one that lists it, else the one that takes the rest.
pub(super) fn service_of<'a>(app: &'a App, port: &str) -> &'a str {
    let lists = |file: &ServiceFile| {
        file.ports.as_ref().is_some_and(|ports| ports.iter().any(|name| name.value == port))
    };
    let services = || app.pod.services.iter();
    let listed = services().find(|(_, file)| lists(file));
    let rest = || services().find(|(_, file)| file.ports.is_none());
    listed.or_else(rest).map_or(app.name.as_str(), |(name, _)| name.value.as_str())
}

/// A port that its owner does not have.
pub(super) fn unknown_port(span: Span, name: &str, owner: &str) -> Finding {
    let named = if name.parse::<u16>().is_ok() { "" } else { "named " };
    Finding::new(&PORT_UNKNOWN, span, format!("{owner} has no port {named}`{name}`"))
}

fn unknown(
    (ports, owner): (&Named<Port>, &str),
    wanted: Option<&Spanned<String>>,
    user: &str,
    at: Span,
) -> Finding {
    let known = || list(ports.names());
    if ports.is_empty() {
        return Finding::new(&PORT_UNKNOWN, at, format!("{user} needs a port, and {owner} has none"))
            .help("ports: {http: 8080}");
    }
    match wanted {
        Some(name) => {
            let numbered = ports.iter().find(|(_, port)| port.port.value.to_string() == name.value);
            let near = numbered.map(|(key, _)| key.value.as_str()).or(nearest(&name.value, ports.names()));
            unknown_port(name.span, &name.value, owner).help(
                near.map_or_else(
                    || format!("known here: {}", known()),
                    |near| format!("did you mean `{near}`?"),
                ),
            )
        }
        None => Finding::new(&PORT_UNKNOWN, at, format!("{user} does not say which port it means"))
            .help(format!("port: {}", known())),
    }
}
