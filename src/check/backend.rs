//! Services that routes lead to. No check itself.

use super::Facts;
use super::route::is_traefiks;
use crate::kube::Object;
use crate::yaml::Node;

/// A Service as a route names it.
pub(super) struct Backend<'a> {
    pub(super) user: &'a Object,
    pub(super) name: &'a Node,
    pub(super) namespace: &'a str,
    /// Its number or name.
    pub(super) port: Option<&'a Node>,
}

/// Where Traefik's own objects name Services; `*` is each item of a list.
const PLACES: [(&str, &[&str]); 7] = [
    ("IngressRoute", &["spec", "routes", "*", "services", "*"]),
    ("IngressRouteTCP", &["spec", "routes", "*", "services", "*"]),
    ("IngressRouteUDP", &["spec", "routes", "*", "services", "*"]),
    ("Middleware", &["spec", "errors", "service"]),
    ("TraefikService", &["spec", "weighted", "services", "*"]),
    ("TraefikService", &["spec", "mirroring"]),
    ("TraefikService", &["spec", "mirroring", "mirrors", "*"]),
];

/// All that the packaged Traefik would look for.
pub(super) fn backends<'a>(facts: &Facts<'a>) -> Vec<Backend<'a>> {
    let mut all = Vec::new();
    for object in facts.objects {
        match object.id.kind.as_str() {
            "Ingress" if object.id.group() == "networking.k8s.io" && is_traefiks(object) => {
                of_ingress(object, &mut all);
            }
            kind if object.id.group().starts_with("traefik.") => {
                for (_, path) in PLACES.iter().filter(|(of, _)| *of == kind) {
                    below(&object.body, path, &mut |node| all.extend(own(object, node)));
                }
            }
            _ => {}
        }
    }
    all
}

fn of_ingress<'a>(object: &'a Object, all: &mut Vec<Backend<'a>>) {
    let mut add = |node: &'a Node| {
        let port = node.get("port").and_then(|port| port.get("number").or(port.get("name")));
        all.extend(backend(object, node, port));
    };
    below(&object.body, &["spec", "defaultBackend", "service"], &mut add);
    below(&object.body, &["spec", "rules", "*", "http", "paths", "*", "backend", "service"], &mut add);
}

/// Not one of Traefik's own making, nor of another provider.
fn own<'a>(object: &'a Object, node: &'a Node) -> Option<Backend<'a>> {
    let is_service = node.text_at(&["kind"]).is_none_or(|kind| kind == "Service");
    backend(object, node, node.get("port")).filter(|_| is_service)
}

fn backend<'a>(user: &'a Object, node: &'a Node, port: Option<&'a Node>) -> Option<Backend<'a>> {
    let name = node.get("name")?;
    let own = user.id.namespace.as_deref().unwrap_or("default");
    let namespace = node.text_at(&["namespace"]).unwrap_or(own);
    let here = name.as_text().is_some_and(|name| !name.contains('@'));
    here.then_some(Backend { user, name, namespace, port })
}

/// Calls for each node at a path.
pub(super) fn below<'a>(node: &'a Node, path: &[&str], take: &mut dyn FnMut(&'a Node)) {
    match path.split_first() {
        None => take(node),
        Some((&"*", rest)) => node.items().iter().for_each(|item| below(item, rest, take)),
        Some((key, rest)) => {
            if let Some(next) = node.get(key) {
                below(next, rest, take);
            }
        }
    }
}

impl Backend<'_> {
    /// The Service, where it is among the objects.
    pub(super) fn service<'a>(&self, facts: &Facts<'a>) -> Option<&'a Object> {
        facts.find("Service", Some(self.namespace), self.name.as_text()?)
    }
}
