//! Health checks.

use super::port;
use crate::finding::Findings;
use crate::source::Span;
use crate::stack::{Container, NamedIn, Probe, value_invalid};
use crate::yaml::{Build, Node, Spanned};

/// The probes that the user wrote, and no others; `owner` names the container.
pub(super) fn probes(
    build: Build,
    (container, owner): (&Container, &str),
    cause: Span,
    found: &mut Findings,
) -> Build {
    let Some(probes) = &container.probes else { return build };
    let kinds = [
        ("startupProbe", "startup", &probes.startup),
        ("livenessProbe", "liveness", &probes.liveness),
        ("readinessProbe", "readiness", &probes.readiness),
    ];
    kinds.into_iter().fold(build, |build, (key, name, probe)| match probe {
        Some(probe) => build.maybe(key, self::probe(name, probe, (container, owner), cause, found)),
        None => build,
    })
}

fn probe(
    name: &str,
    probe: &Probe,
    (container, owner): (&Container, &str),
    cause: Span,
    found: &mut Findings,
) -> Option<Node> {
    let at = place(probe).unwrap_or(cause);
    let port_name = |wanted, at, found: &mut Findings| {
        let (name, port) =
            port::resolve((&container.ports, owner), wanted, &format!("the {name} probe"), at, found)?;
        let named = port.is_named_in(NamedIn::Probes) && port.is_named_in(NamedIn::Container);
        Some(if named { Node::text(at, name.to_owned()) } else { Node::int(at, port.in_container().value) })
    };
    let handler = match (&probe.http_get, &probe.tcp_socket, &probe.exec, &probe.grpc) {
        (Some(http), None, None, None) => {
            let port = port_name(http.port.as_ref(), http.path.span, found)?;
            let build = Build::at(http.path.span).with("path", (&http.path).into()).with("port", port);
            let build = build.maybe("scheme", http.scheme.as_ref().map(Node::from));
            ("httpGet", build.maybe("httpHeaders", http.http_headers.clone()).node())
        }
        (None, Some(tcp), None, None) => {
            let port = port_name(Some(&tcp.port), tcp.port.span, found)?;
            ("tcpSocket", Build::at(tcp.port.span).with("port", port).node())
        }
        (None, None, Some(command), None) => {
            ("exec", Build::at(at).with("command", Node::list(at, command.iter().map(Node::from))).node())
        }
        (None, None, None, Some(grpc)) => {
            let wanted = format!("the {name} probe");
            let (_, port) =
                port::resolve((&container.ports, owner), Some(&grpc.port), &wanted, grpc.port.span, found)?;
            // Unlike the others, this one takes a number only.
            let build = Build::at(grpc.port.span).with("port", port.in_container().into());
            ("grpc", build.maybe("service", grpc.service.as_ref().map(Node::from)).node())
        }
        _ => {
            let message =
                format!("the {name} probe takes exactly one of `httpGet`, `tcpSocket`, `exec` and `grpc`");
            found.push(value_invalid(at, message).help(format!("{name}: {{httpGet: /healthz}}")));
            return None;
        }
    };
    let start = Build::at(at).with(handler.0, handler.1);
    Some(
        numbers(probe)
            .into_iter()
            .fold(start, |build, (key, number)| build.maybe(key, number.as_ref().map(Node::from)))
            .node(),
    )
}

fn numbers(probe: &Probe) -> [(&'static str, &Option<Spanned<u32>>); 6] {
    [
        ("initialDelaySeconds", &probe.initial_delay_seconds),
        ("periodSeconds", &probe.period_seconds),
        ("timeoutSeconds", &probe.timeout_seconds),
        ("successThreshold", &probe.success_threshold),
        ("failureThreshold", &probe.failure_threshold),
        ("terminationGracePeriodSeconds", &probe.termination_grace_period_seconds),
    ]
}

fn place(probe: &Probe) -> Option<Span> {
    let http = probe.http_get.as_ref().map(|http| http.path.span);
    let tcp = probe.tcp_socket.as_ref().map(|tcp| tcp.port.span);
    let exec = probe.exec.as_ref().and_then(|command| command.first()).map(|word| word.span);
    let numbers =
        || numbers(probe).into_iter().find_map(|(_, number)| number.as_ref().map(|number| number.span));
    http.or(tcp).or(exec).or_else(numbers)
}
