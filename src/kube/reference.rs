//! Which other objects an object needs: a pod its ConfigMaps, a route its Services.

use crate::kube::field::given;
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
    /// A `Role`.
    Role,
    /// A `ClusterRole`.
    ClusterRole,
    /// A `StorageClass`.
    StorageClass,
    /// A `PriorityClass`.
    PriorityClass,
    /// A `RuntimeClass`.
    RuntimeClass,
    /// A `Deployment`.
    Deployment,
    /// A `StatefulSet`.
    StatefulSet,
    /// A `ReplicaSet`.
    ReplicaSet,
}

/// Of references that name the kind themselves, those that lead to Kubernetes' own objects.
const BY_KIND: [Target; 6] = [
    Target::Role,
    Target::ClusterRole,
    Target::ServiceAccount,
    Target::Deployment,
    Target::StatefulSet,
    Target::ReplicaSet,
];

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
            Target::Role => "Role",
            Target::ClusterRole => "ClusterRole",
            Target::StorageClass => "StorageClass",
            Target::PriorityClass => "PriorityClass",
            Target::RuntimeClass => "RuntimeClass",
            Target::Deployment => "Deployment",
            Target::StatefulSet => "StatefulSet",
            Target::ReplicaSet => "ReplicaSet",
        }
    }

    /// Whether it lives in no namespace.
    pub fn is_cluster_wide(self) -> bool {
        matches!(
            self,
            Target::ClusterRole
                | Target::StorageClass
                | Target::PriorityClass
                | Target::RuntimeClass
                | Target::IngressClass
        )
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
        // The older name counts where the newer one is not given.
        let account =
            ["serviceAccountName", "serviceAccount"].into_iter().find(|key| given(self.spec, key).is_some());
        all.extend(account.and_then(|key| reference(Target::ServiceAccount, self.spec, key, None)));
        all.extend(reference(Target::PriorityClass, self.spec, "priorityClassName", None));
        all.extend(reference(Target::RuntimeClass, self.spec, "runtimeClassName", None));
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

/// Where objects name others beside their pods; `*` is each item of a list. From the fields of Traefik's custom resources
/// and of Kubernetes' own.
const PLACES: [(&str, &[&str], Target); 39] = [
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
    ("ServersTransport", &["spec", "rootCAs", "*", "secret"], Target::Secret),
    ("ServersTransport", &["spec", "rootCAs", "*", "configMap"], Target::ConfigMap),
    ("ServersTransportTCP", &["spec", "tls", "certificatesSecrets", "*"], Target::Secret),
    ("ServersTransportTCP", &["spec", "tls", "rootCAs", "*", "secret"], Target::Secret),
    ("ServersTransportTCP", &["spec", "tls", "rootCAs", "*", "configMap"], Target::ConfigMap),
    ("TLSStore", &["spec", "defaultCertificate", "secretName"], Target::Secret),
    ("TLSStore", &["spec", "certificates", "*", "secretName"], Target::Secret),
    ("TraefikService", &["spec", "weighted", "services", "*", "name"], Target::Service),
    ("TraefikService", &["spec", "highestRandomWeight", "services", "*", "name"], Target::Service),
    ("TraefikService", &["spec", "failover", "service", "name"], Target::Service),
    ("TraefikService", &["spec", "failover", "fallback", "name"], Target::Service),
    ("TraefikService", &["spec", "mirroring", "name"], Target::Service),
    ("TraefikService", &["spec", "mirroring", "mirrors", "*", "name"], Target::Service),
    ("PersistentVolumeClaim", &["spec", "storageClassName"], Target::StorageClass),
    ("ServiceAccount", &["imagePullSecrets", "*", "name"], Target::Secret),
    ("StatefulSet", &["spec", "serviceName"], Target::Service),
    ("StatefulSet", &["spec", "volumeClaimTemplates", "*", "spec", "storageClassName"], Target::StorageClass),
];

/// Where objects name others with their kind.
const TYPED: [(&str, &[&str]); 5] = [
    ("ClusterRoleBinding", &["roleRef"]),
    ("ClusterRoleBinding", &["subjects", "*"]),
    ("HorizontalPodAutoscaler", &["spec", "scaleTargetRef"]),
    ("RoleBinding", &["roleRef"]),
    ("RoleBinding", &["subjects", "*"]),
];

/// Whether objects of a kind name others beside their pods.
pub fn names_others(kind: &str) -> bool {
    PLACES.iter().any(|row| row.0 == kind) || TYPED.iter().any(|row| row.0 == kind)
}

/// Every object that an object names beside its pods, by [`PLACES`], then in the order written. Empty names are none.
pub fn named(object: &Object) -> Vec<Reference<'_>> {
    let mut all = Vec::new();
    for (_, path, target) in PLACES.iter().filter(|(kind, ..)| *kind == object.id.kind) {
        each(&object.body, path, None, &mut |name, owner| {
            if !is_elsewhere(name) && name.as_text() != Some("") {
                let namespace = owner.and_then(|owner| owner.get("namespace"));
                let target = if is_traefiks(owner, *target) { Target::TraefikService } else { *target };
                all.push(Reference { target, name, namespace, key: None, optional: false });
            }
        });
    }
    for (_, path) in TYPED.iter().filter(|(kind, _)| *kind == object.id.kind) {
        each(&object.body, path, None, &mut |node, _| {
            let kind = node.text_at(&["kind"]).unwrap_or_default();
            let target = BY_KIND.iter().find(|target| target.kind() == kind);
            if let (Some(target), Some(name)) = (target, node.get("name")) {
                let namespace = node.get("namespace");
                all.push(Reference { target: *target, name, namespace, key: None, optional: false });
            }
        });
    }
    all
}

/// All values at a path, each with the map that holds it.
fn each<'a>(
    node: &'a Node,
    path: &[&str],
    owner: Option<&'a Node>,
    visit: &mut dyn FnMut(&'a Node, Option<&'a Node>),
) {
    match path.split_first() {
        None => visit(node, owner),
        Some((&"*", rest)) => node.items().iter().for_each(|item| each(item, rest, None, visit)),
        Some((key, rest)) => node.get(key).into_iter().for_each(|below| each(below, rest, Some(node), visit)),
    }
}

/// Traefik takes `NAME@PROVIDER` for what does not come from Kubernetes' objects.
fn is_elsewhere(name: &Node) -> bool {
    name.as_text().is_some_and(|name| name.contains('@'))
}

/// Where a Service may stand, a route may name one of Traefik's own.
fn is_traefiks(owner: Option<&Node>, target: Target) -> bool {
    target == Target::Service && owner.and_then(|owner| owner.text_at(&["kind"])) == Some("TraefikService")
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

    #[test]
    fn others_name_objects_by_kind() {
        let told = |kind: &str, body: serde_json::Value| -> Vec<String> {
            let mut object = object("v1", kind, &json!({}));
            object.body = crate::kube::tree::tree(&body);
            named(&object)
                .iter()
                .map(|r| format!("{} {}", r.target.kind(), r.name.as_text().unwrap()))
                .collect()
        };
        let binding = json!({
            "roleRef": {"kind": "ClusterRole", "name": "view"},
            "subjects": [{"kind": "User", "name": "me"}, {"kind": "ServiceAccount", "name": "robot", "namespace": "a"}],
        });
        assert_eq!(told("RoleBinding", binding), ["ClusterRole view", "ServiceAccount robot"]);
        let scaler = json!({"spec": {"scaleTargetRef": {"kind": "Deployment", "name": "web"}}});
        assert_eq!(told("HorizontalPodAutoscaler", scaler), ["Deployment web"]);
        let set = json!({"spec": {"serviceName": "db", "volumeClaimTemplates": [{"spec": {"storageClassName": "fast"}}]}});
        assert_eq!(told("StatefulSet", set), ["Service db", "StorageClass fast"]);
        assert_eq!(told("StatefulSet", json!({"spec": {"serviceName": ""}})), [""; 0]);
        assert_eq!(told("PersistentVolumeClaim", json!({"spec": {"storageClassName": ""}})), [""; 0]);
        assert!(names_others("StatefulSet") && names_others("RoleBinding") && !names_others("ConfigMap"));
    }
}
