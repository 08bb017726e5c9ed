//! The Service of an app: all its ports under its own name (schema.md S5).

use super::meta::{app_object, own_name};
use crate::finding::Findings;
use crate::kube::Object;
use crate::kube::names;
use crate::stack::{App, Protocol, Stack, name_invalid};
use crate::yaml::{Build, Node};

/// None without ports.
pub(super) fn service(app: &App, stack: &Stack, found: &mut Findings) -> Option<Object> {
    let first = app.container.ports.0.first()?;
    let span = first.0.span;
    if let Err(reason) = names::service_name(&app.name) {
        found.push(
            name_invalid("Service's name", &app.name, app.kind.span, &reason).help("rename the app's file"),
        );
    }
    let ports = app.container.ports.iter().map(|(name, port)| {
        Build::at(name.span)
            .with("name", name.into())
            .maybe("protocol", port.protocol.map(|protocol| Node::text(name.span, word(protocol))))
            .maybe("appProtocol", port.app_protocol.as_ref().map(Node::from))
            .with("port", (&port.port).into())
            .with("targetPort", port.target_port.as_ref().unwrap_or(&port.port).into())
            .node()
    });
    let spec = Build::at(span)
        .text("type", "ClusterIP")
        .with("selector", Build::at(span).text("app", app.name.clone()).node())
        .with("ports", Node::list(span, ports))
        .node();
    Some(app_object(app, stack, ("v1", "Service"), &own_name(app), vec![("spec", spec)]))
}

/// Kubernetes' word.
pub(super) fn word(protocol: Protocol) -> &'static str {
    match protocol {
        Protocol::TCP => "TCP",
        Protocol::UDP => "UDP",
        Protocol::SCTP => "SCTP",
    }
}
