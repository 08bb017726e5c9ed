//! Health checks.

use super::plan::Misfit;
use super::port::{self, Port};
use super::short::short;
use crate::source::Span;
use crate::yaml::{Build, Node};

const PROBES: [(&str, &str); 3] =
    [("startup", "startupProbe"), ("liveness", "livenessProbe"), ("readiness", "readinessProbe")];

const NUMBERS: [&str; 6] = [
    "initialDelaySeconds",
    "periodSeconds",
    "timeoutSeconds",
    "successThreshold",
    "failureThreshold",
    "terminationGracePeriodSeconds",
];

/// `probes` of a container, empty where it has none.
///
/// # Errors
/// A check goes to a port that the container does not name.
pub(super) fn probes(container: &Node, ports: &[Port<'_>], span: Span) -> Result<Node, Misfit> {
    let mut build = Build::at(span);
    for (word, key) in PROBES {
        if let Some(probe) = container.get(key) {
            build = build.with(word, one(probe, ports, word, span)?);
        }
    }
    Ok(build.node())
}

fn one(probe: &Node, ports: &[Port<'_>], word: &str, span: Span) -> Result<Node, Misfit> {
    let find = |way: &Node| {
        let wanted = way.get("port");
        wanted.and_then(|wanted| port::by_probe(wanted, ports)).ok_or_else(|| {
            let port = wanted.and_then(Node::written).unwrap_or_default();
            Misfit::whole(format!("its {word} probe goes to port {port}, which the container does not name"))
        })
    };
    let mut build = Build::at(span);
    if let Some(http) = probe.get("httpGet") {
        build = build.with("httpGet", http_get(http, find(http)?, ports, span));
    }
    if let Some(tcp) = probe.get("tcpSocket") {
        build = build.with("tcpSocket", Node::text(span, find(tcp)?.handle.clone()));
    }
    if let Some(command) = probe.at(&["exec", "command"]) {
        build = build.with("exec", command.clone());
    }
    if let Some(grpc) = probe.get("grpc") {
        let handle = Node::text(span, find(grpc)?.handle.clone());
        let service = grpc.get("service").filter(|service| service.as_text() != Some(""));
        let more = Build::at(span).maybe("service", service.cloned()).node();
        build = build.with("grpc", short("port", handle, more));
    }
    Ok(NUMBERS.iter().fold(build, |build, key| build.maybe(key, probe.get(key).cloned())).node())
}

fn http_get(http: &Node, port: &Port<'_>, ports: &[Port<'_>], span: Span) -> Node {
    let path = http.get("path").cloned().unwrap_or_else(|| Node::text(span, "/"));
    let more = Build::at(span)
        .maybe("port", (!port::is_meant(port, ports)).then(|| Node::text(span, port.handle.clone())))
        .maybe("scheme", http.get("scheme").cloned())
        .maybe("httpHeaders", http.get("httpHeaders").cloned())
        .node();
    short("path", path, more)
}
