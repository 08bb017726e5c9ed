//! Where apps reach one another.

use crate::source::Span;
use crate::yaml::{Build, Node};

/// Where other apps reach an app.
pub struct Address {
    /// Its namespace.
    pub namespace: String,
    /// Whether it has a Service of its own name at all.
    pub has_service: bool,
    /// Its Service's ports, in the order written.
    pub ports: Vec<(String, u16)>,
}

/// `apps` in templates. An app with one port has a `port` and an `address` of its own (schema.md S8).
pub fn addresses<'a>(span: Span, apps: impl Iterator<Item = (&'a str, &'a Address)>) -> Node {
    let known = apps.fold(Build::at(span), |build, (name, app)| {
        let host = format!("{name}.{}.svc", app.namespace);
        let number = |port: u16| Node::int(span, port);
        let ports = app
            .ports
            .iter()
            .fold(Build::at(span), |ports, (name, port)| ports.with(name.clone(), number(*port)));
        let served = app.has_service.then(|| Node::text(span, host.clone()));
        let node = Build::at(span).text("namespace", app.namespace.clone()).maybe("host", served);
        let node = match app.ports.as_slice() {
            [(_, port)] => node.with("port", number(*port)).text("address", format!("{host}:{port}")),
            _ => node,
        };
        build.with(name.to_owned(), node.with("ports", ports.node()).node())
    });
    known.node()
}
