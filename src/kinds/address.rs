//! Where apps reach one another.

use std::collections::BTreeSet;

use crate::source::Span;
use crate::yaml::{Build, Entry, Node};

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

/// Of an app's ports, those of the Service that has the app's name: what it lists, or what no other one takes (schema.md
/// S5).
pub(super) fn carried(services: &[Entry], app: &str, mut ports: Vec<(String, u16)>) -> Vec<(String, u16)> {
    let listed = |entry: &Entry| {
        let names = entry.value.get("ports")?.items().iter();
        Some(names.filter_map(Node::as_text).map(str::to_owned).collect::<BTreeSet<_>>())
    };
    let (own, others): (Vec<&Entry>, Vec<&Entry>) = services.iter().partition(|entry| entry.key.text == app);
    if let Some(own) = own.first().and_then(|own| listed(own)) {
        ports.retain(|(name, _)| own.contains(name));
    } else if others.iter().all(|other| other.value.get("ports").is_some()) {
        let others: BTreeSet<String> = others.into_iter().filter_map(listed).flatten().collect();
        ports.retain(|(name, _)| !others.contains(name));
    } else {
        ports.clear();
    }
    ports
}

#[cfg(test)]
mod tests {
    use crate::kinds::trial;

    fn address(rest: &str) -> (String, bool, String) {
        let text =
            format!("kind: app\nimage: registry.example/web:1.0\nports: {{http: 80, admin: 81}}\n{rest}");
        let address = trial::address(&text, "namespace: home\n");
        let ports: Vec<_> = address.ports.iter().map(|(name, port)| format!("{name} {port}")).collect();
        (address.namespace, address.has_service, ports.join(", "))
    }

    #[test]
    fn the_service_of_the_apps_name_is_its_address() {
        for (services, served, ports) in [
            ("", true, "http 80, admin 81"),
            ("{x: {type: NodePort}}", true, "http 80, admin 81"),
            ("{z: {ports: [admin]}}", true, "http 80"),
            ("{z: {ports: [admin]}, x: {type: NodePort}}", true, "http 80"),
            ("{x: {ports: [admin]}, y: {type: NodePort}}", true, "admin 81"),
            ("{z: {type: NodePort}}", false, ""),
            ("{z: {ports: [http, admin]}}", false, ""),
        ] {
            let rest = if services.is_empty() { String::new() } else { format!("services: {services}\n") };
            assert_eq!(address(&rest), ("home".to_owned(), served, ports.to_owned()), "{services}");
        }
    }

    #[test]
    fn an_apps_namespace_wins_over_the_defaults() {
        assert_eq!(address("namespace: own\n").0, "own");
    }
}
