//! Which other objects an object needs: a pod its ConfigMaps, a route its Services.

use crate::kube::{Object, Pod};
use crate::yaml::Node;

/// What a reference names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// A `ConfigMap`.
    ConfigMap,
    /// A `Secret`.
    Secret,
    /// A `PersistentVolumeClaim`.
    Claim,
    /// A `ServiceAccount`.
    ServiceAccount,
    /// A `Service`.
    Service,
    /// Traefik's `Middleware`.
    Middleware,
    /// Traefik's `MiddlewareTCP`.
    MiddlewareTcp,
    /// Traefik's `ServersTransport`.
    ServersTransport,
    /// Traefik's `ServersTransportTCP`.
    ServersTransportTcp,
    /// Traefik's `TraefikService`.
    TraefikService,
    /// Traefik's `TLSOption`.
    TlsOption,
    /// An `IngressClass`, which lives in no namespace.
    IngressClass,
}

impl Target {
    /// Kubernetes' kind.
    pub fn kind(self) -> &'static str {
        match self {
            Target::ConfigMap => "ConfigMap",
            Target::Secret => "Secret",
            Target::Claim => "PersistentVolumeClaim",
            Target::ServiceAccount => "ServiceAccount",
            Target::Service => "Service",
            Target::Middleware => "Middleware",
            Target::MiddlewareTcp => "MiddlewareTCP",
            Target::ServersTransport => "ServersTransport",
            Target::ServersTransportTcp => "ServersTransportTCP",
            Target::TraefikService => "TraefikService",
            Target::TlsOption => "TLSOption",
            Target::IngressClass => "IngressClass",
        }
    }
}

/// A use of another object.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    /// What it names.
    pub target: Target,
    /// The name.
    pub name: &'a Node,
    /// Its namespace, where one is named; else it is the user's own.
    pub namespace: Option<&'a Node>,
    /// The key of it, where one is named.
    pub key: Option<&'a Node>,
    /// Whether the pod starts without it.
    pub optional: bool,
}

/// The word for each target in: a volume (with the field that holds the name), `envFrom`, `valueFrom`.
const ROWS: [(Target, (&str, &str), &str, &str); 2] = [
    (Target::ConfigMap, ("configMap", "name"), "configMapRef", "configMapKeyRef"),
    (Target::Secret, ("secret", "secretName"), "secretRef", "secretKeyRef"),
];

impl<'a> Pod<'a> {
    /// Every object that the pod needs, by kind, then in the order written.
    pub fn references(&self) -> Vec<Reference<'a>> {
        let mut all = Vec::new();
        for row in &ROWS {
            self.mounted(row, &mut all);
            for container in self.containers() {
                environment(container.node, row, &mut all);
            }
        }
        let pull_secrets = self.spec.get("imagePullSecrets").map_or(&[][..], Node::items);
        all.extend(pull_secrets.iter().filter_map(|secret| reference(Target::Secret, secret, "name", None)));
        let claims = self.spec.get("volumes").map_or(&[][..], Node::items).iter();
        all.extend(claims.filter_map(|volume| {
            reference(Target::Claim, volume.get("persistentVolumeClaim")?, "claimName", None)
        }));
        all.extend(reference(Target::ServiceAccount, self.spec, "serviceAccountName", None));
        all
    }

    fn mounted(&self, row: &(Target, (&str, &str), &str, &str), all: &mut Vec<Reference<'a>>) {
        let (target, (kind, field), ..) = row;
        for volume in self.spec.get("volumes").map_or(&[][..], Node::items) {
            let own = volume.get(kind).map(|source| (source, *field));
            let projected = volume.at(&["projected", "sources"]).map_or(&[][..], Node::items);
            let sources =
                projected.iter().filter_map(|source| source.get(kind)).map(|source| (source, "name"));
            for (source, field) in own.into_iter().chain(sources) {
                let items = source.get("items").map_or(&[][..], Node::items);
                let keys = items.iter().filter_map(|item| item.get("key"));
                let mut keyed =
                    keys.filter_map(|key| reference(*target, source, field, Some(key))).peekable();
                if keyed.peek().is_none() {
                    all.extend(reference(*target, source, field, None));
                }
                all.extend(keyed);
            }
        }
    }
}

fn environment<'a>(
    container: &'a Node,
    (target, _, from, key): &(Target, (&str, &str), &str, &str),
    all: &mut Vec<Reference<'a>>,
) {
    let list = |name: &str| container.get(name).map_or(&[][..], Node::items).iter();
    all.extend(list("envFrom").filter_map(|item| reference(*target, item.get(from)?, "name", None)));
    all.extend(list("env").filter_map(|item| {
        let source = item.at(&["valueFrom", key])?;
        reference(*target, source, "name", source.get("key"))
    }));
}

fn reference<'a>(
    target: Target,
    source: &'a Node,
    field: &str,
    key: Option<&'a Node>,
) -> Option<Reference<'a>> {
    let name = source.get(field)?;
    let optional = source.get("optional").and_then(Node::as_bool) == Some(true);
    Some(Reference { target, name, namespace: None, key, optional })
}

/// Where objects that make no pods name others; `*` is each item of a list. From the fields of Traefik's custom resources
/// and of Kubernetes' Ingress.
const PLACES: [(&str, &[&str], Target); 27] = [
    ("IngressRoute", &["spec", "routes", "*", "middlewares", "*", "name"], Target::Middleware),
    ("IngressRoute", &["spec", "routes", "*", "services", "*", "name"], Target::Service),
    ("IngressRoute", &["spec", "routes", "*", "services", "*", "serversTransport"], Target::ServersTransport),
    ("IngressRoute", &["spec", "tls", "secretName"], Target::Secret),
    ("IngressRoute", &["spec", "tls", "options", "name"], Target::TlsOption),
    ("IngressRouteTCP", &["spec", "routes", "*", "middlewares", "*", "name"], Target::MiddlewareTcp),
    ("IngressRouteTCP", &["spec", "routes", "*", "services", "*", "name"], Target::Service),
    (
        "IngressRouteTCP",
        &["spec", "routes", "*", "services", "*", "serversTransport"],
        Target::ServersTransportTcp,
    ),
    ("IngressRouteTCP", &["spec", "tls", "secretName"], Target::Secret),
    ("IngressRouteTCP", &["spec", "tls", "options", "name"], Target::TlsOption),
    ("IngressRouteUDP", &["spec", "routes", "*", "services", "*", "name"], Target::Service),
    ("Ingress", &["spec", "rules", "*", "http", "paths", "*", "backend", "service", "name"], Target::Service),
    ("Ingress", &["spec", "defaultBackend", "service", "name"], Target::Service),
    ("Ingress", &["spec", "ingressClassName"], Target::IngressClass),
    ("Ingress", &["spec", "tls", "*", "secretName"], Target::Secret),
    ("Middleware", &["spec", "basicAuth", "secret"], Target::Secret),
    ("Middleware", &["spec", "digestAuth", "secret"], Target::Secret),
    ("Middleware", &["spec", "forwardAuth", "tls", "caSecret"], Target::Secret),
    ("Middleware", &["spec", "forwardAuth", "tls", "certSecret"], Target::Secret),
    ("Middleware", &["spec", "chain", "middlewares", "*", "name"], Target::Middleware),
    ("Middleware", &["spec", "errors", "service", "name"], Target::Service),
    ("ServersTransport", &["spec", "certificatesSecrets", "*"], Target::Secret),
    ("TLSStore", &["spec", "defaultCertificate", "secretName"], Target::Secret),
    ("TLSStore", &["spec", "certificates", "*", "secretName"], Target::Secret),
    ("TraefikService", &["spec", "weighted", "services", "*", "name"], Target::Service),
    ("TraefikService", &["spec", "mirroring", "name"], Target::Service),
    ("TraefikService", &["spec", "mirroring", "mirrors", "*", "name"], Target::Service),
];

/// Every object that an object names which makes no pods, by [`PLACES`], then in the order written.
pub fn named(object: &Object) -> Vec<Reference<'_>> {
    let mut all = Vec::new();
    for (_, path, target) in PLACES.iter().filter(|(kind, ..)| *kind == object.id.kind) {
        below(&object.body, path, *target, &mut all);
    }
    all
}

fn below<'a>(node: &'a Node, path: &[&str], target: Target, all: &mut Vec<Reference<'a>>) {
    let Some((step, rest)) = path.split_first() else { return };
    for next in if *step == "*" { node.items() } else { node.get(step).map_or(&[][..], std::slice::from_ref) }
    {
        if !rest.is_empty() {
            below(next, rest, target, all);
        } else if !is_elsewhere(next) {
            let target = if is_traefiks(node, target) { Target::TraefikService } else { target };
            let namespace = node.get("namespace").filter(|_| *step != "*");
            all.push(Reference { target, name: next, namespace, key: None, optional: false });
        }
    }
}

/// Traefik takes `NAME@PROVIDER` for what does not come from Kubernetes' objects.
fn is_elsewhere(name: &Node) -> bool {
    name.as_text().is_some_and(|name| name.contains('@'))
}

/// Where a Service may stand, a route may name one of Traefik's own.
fn is_traefiks(owner: &Node, target: Target) -> bool {
    target == Target::Service && owner.text_at(&["kind"]) == Some("TraefikService")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kube::tree::object;

    #[test]
    fn every_place_is_looked_at() {
        let object = object(
            "v1",
            "Pod",
            &json!({
                "serviceAccountName": "robot",
                "imagePullSecrets": [{"name": "pull"}],
                "initContainers": [{"name": "i", "envFrom": [{"configMapRef": {"name": "a"}}]}],
                "containers": [{"name": "c", "env": [
                    {"name": "X", "valueFrom": {"secretKeyRef": {"name": "b", "key": "k", "optional": true}}},
                    {"name": "Y", "value": "plain"},
                ]}],
                "volumes": [
                    {"name": "v", "configMap": {"name": "c", "items": [{"key": "one", "path": "p"}]}},
                    {"name": "w", "secret": {"secretName": "d"}},
                    {"name": "y", "persistentVolumeClaim": {"claimName": "data"}},
                    {"name": "x", "projected": {"sources": [{"secret": {"name": "e"}}, {"configMap": {"name": "f"}}]}},
                ],
            }),
        );
        let pod = Pod::of(&object).unwrap();
        let told: Vec<String> = pod
            .references()
            .iter()
            .map(|r| {
                let key = r.key.and_then(Node::as_text).unwrap_or("-");
                format!(
                    "{:?} {} {key}{}",
                    r.target,
                    r.name.as_text().unwrap(),
                    if r.optional { "?" } else { "" }
                )
            })
            .collect();
        let expected = [
            "ConfigMap c one",
            "ConfigMap f -",
            "ConfigMap a -",
            "Secret d -",
            "Secret e -",
            "Secret b k?",
            "Secret pull -",
            "Claim data -",
            "ServiceAccount robot -",
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn routes_name_what_they_need() {
        let route = json!({
            "routes": [{
                "middlewares": [{"name": "a"}, {"name": "b", "namespace": "other"}, {"name": "ns-c@kubernetescrd"}],
                "services": [{"name": "web", "serversTransport": "own"}, {"name": "mirror", "kind": "TraefikService"}],
            }],
            "tls": {"secretName": "cert", "options": {"name": "strict", "namespace": "edge"}},
        });
        let mirror =
            json!({"mirroring": {"name": "web", "mirrors": [{"name": "copy", "kind": "TraefikService"}]}});
        let store = json!({"certificates": [{"secretName": "one"}, {"secretName": "two"}]});
        let transport = json!({"certificatesSecrets": ["client"]});
        let told = |kind: &str, spec: &serde_json::Value| -> Vec<String> {
            let object = object("traefik.io/v1alpha1", kind, spec);
            let tell = |r: &Reference<'_>| {
                let namespace =
                    r.namespace.and_then(Node::as_text).map_or_else(String::new, |own| format!("{own}/"));
                format!("{} {namespace}{}", r.target.kind(), r.name.as_text().unwrap())
            };
            named(&object).iter().map(tell).collect()
        };
        let expected = [
            "Middleware a",
            "Middleware other/b",
            "Service web",
            "TraefikService mirror",
            "ServersTransport own",
            "Secret cert",
            "TLSOption edge/strict",
        ];
        assert_eq!(told("IngressRoute", &route), expected);
        assert_eq!(told("TraefikService", &mirror), ["Service web", "TraefikService copy"]);
        assert_eq!(told("TLSStore", &store), ["Secret one", "Secret two"]);
        assert_eq!(told("ServersTransport", &transport), ["Secret client"]);
    }
}
