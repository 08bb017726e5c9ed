//! Names that other objects refer to: once all names are final, every field that names an object by what it was called
//! gets what it is called now.
//!
//! A new kind of reference is a row. Kubernetes' rows are kustomize's, for every kind of workload alike; Traefik's are this
//! project's (kustomize leaves them at the old names, the project's facts page on kustomize, 1.3).

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::finding::{Finding, Findings, Severity};
use crate::kube::ObjectId;
use crate::source::Span;
use crate::transform::codes::REFERENCE_AMBIGUOUS;
use crate::transform::field::{Field, steps};
use crate::transform::resource::{Resource, Resources};
use crate::yaml::{Key, Node, Value};

/// What a field holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// The name, or a list of names; or a map of name and namespace, where a user says so.
    Name,
    /// A map with `name`, and `namespace`, which is set too.
    Object,
    /// A map with `name`, and `namespace` where it is another one.
    Near,
}

/// Where objects of a kind are named.
#[derive(Clone, Debug)]
pub struct Reference {
    /// The group of what is named; empty is any.
    pub group: String,
    /// The kind of what is named.
    pub kind: String,
    /// The field, and whose.
    pub field: Field,
    /// What the field holds.
    pub form: Form,
}

/// In a pod: group and kind of what is named, path in the pod's spec.
const PODS: &[(&str, &str, &str)] = &[
    ("", "ConfigMap", "volumes/configMap/name"),
    ("", "ConfigMap", "volumes/projected/sources/configMap/name"),
    ("", "ConfigMap", "containers/env/valueFrom/configMapKeyRef/name"),
    ("", "ConfigMap", "initContainers/env/valueFrom/configMapKeyRef/name"),
    ("", "ConfigMap", "ephemeralContainers/env/valueFrom/configMapKeyRef/name"),
    ("", "ConfigMap", "containers/envFrom/configMapRef/name"),
    ("", "ConfigMap", "initContainers/envFrom/configMapRef/name"),
    ("", "ConfigMap", "ephemeralContainers/envFrom/configMapRef/name"),
    ("", "Secret", "volumes/secret/secretName"),
    ("", "Secret", "volumes/projected/sources/secret/name"),
    ("", "Secret", "containers/env/valueFrom/secretKeyRef/name"),
    ("", "Secret", "initContainers/env/valueFrom/secretKeyRef/name"),
    ("", "Secret", "ephemeralContainers/env/valueFrom/secretKeyRef/name"),
    ("", "Secret", "containers/envFrom/secretRef/name"),
    ("", "Secret", "initContainers/envFrom/secretRef/name"),
    ("", "Secret", "ephemeralContainers/envFrom/secretRef/name"),
    ("", "Secret", "imagePullSecrets/name"),
    ("", "ServiceAccount", "serviceAccountName"),
    ("", "ServiceAccount", "serviceAccount"),
    ("", "PersistentVolumeClaim", "volumes/persistentVolumeClaim/claimName"),
    ("scheduling.k8s.io", "PriorityClass", "priorityClassName"),
];

/// Where workloads keep the spec of their pods.
const WORKLOADS: [(&str, &str); 9] = [
    ("Pod", "spec"),
    ("PodTemplate", "template/spec"),
    ("ReplicationController", "spec/template/spec"),
    ("Deployment", "spec/template/spec"),
    ("ReplicaSet", "spec/template/spec"),
    ("DaemonSet", "spec/template/spec"),
    ("StatefulSet", "spec/template/spec"),
    ("Job", "spec/template/spec"),
    ("CronJob", "spec/jobTemplate/spec/template/spec"),
];

/// Elsewhere: group and kind of what is named, kind that names it, path, form.
const ROWS: &[(&str, &str, &str, &str, Form)] = &[
    ("", "Deployment", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", Form::Name),
    ("", "ReplicationController", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", Form::Name),
    ("", "ReplicaSet", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", Form::Name),
    ("", "StatefulSet", "HorizontalPodAutoscaler", "spec/scaleTargetRef/name", Form::Name),
    ("", "ConfigMap", "Node", "spec/configSource/configMap", Form::Name),
    ("", "ConfigMap", "Role", "rules/resourceNames", Form::Name),
    ("", "ConfigMap", "ClusterRole", "rules/resourceNames", Form::Name),
    (
        "",
        "ConfigMap",
        "Ingress",
        "metadata/annotations/nginx.ingress.kubernetes.io\\/fastcgi-params-configmap",
        Form::Name,
    ),
    ("", "Secret", "Role", "rules/resourceNames", Form::Name),
    ("", "Secret", "ClusterRole", "rules/resourceNames", Form::Name),
    ("", "Secret", "Ingress", "spec/tls/secretName", Form::Name),
    ("", "Secret", "Ingress", "metadata/annotations/ingress.kubernetes.io\\/auth-secret", Form::Name),
    ("", "Secret", "Ingress", "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-secret", Form::Name),
    (
        "",
        "Secret",
        "Ingress",
        "metadata/annotations/nginx.ingress.kubernetes.io\\/auth-tls-secret",
        Form::Name,
    ),
    ("", "Secret", "ServiceAccount", "imagePullSecrets/name", Form::Name),
    ("", "Secret", "ServiceAccount", "secrets/name", Form::Name),
    ("", "Secret", "StorageClass", "parameters/secretName", Form::Name),
    ("", "Secret", "StorageClass", "parameters/adminSecretName", Form::Name),
    ("", "Secret", "StorageClass", "parameters/userSecretName", Form::Name),
    ("", "Secret", "StorageClass", "parameters/secretRef", Form::Name),
    ("", "Secret", "PersistentVolume", "spec/azureFile/secretName", Form::Name),
    ("", "Service", "StatefulSet", "spec/serviceName", Form::Name),
    ("", "Service", "Ingress", "spec/rules/http/paths/backend/serviceName", Form::Name),
    ("", "Service", "Ingress", "spec/backend/serviceName", Form::Name),
    ("", "Service", "Ingress", "spec/rules/http/paths/backend/service/name", Form::Name),
    ("", "Service", "Ingress", "spec/defaultBackend/service/name", Form::Name),
    ("", "Service", "APIService", "spec/service/name", Form::Name),
    ("", "Service", "ValidatingWebhookConfiguration", "webhooks/clientConfig/service", Form::Object),
    ("", "Service", "MutatingWebhookConfiguration", "webhooks/clientConfig/service", Form::Object),
    ("", "Service", "CustomResourceDefinition", "spec/conversion/webhook/clientConfig/service", Form::Near),
    ("", "Service", "HTTPRoute", "spec/rules/backendRefs/name", Form::Name),
    ("", "Service", "GRPCRoute", "spec/rules/backendRefs/name", Form::Name),
    ("rbac.authorization.k8s.io", "Role", "RoleBinding", "roleRef/name", Form::Name),
    ("rbac.authorization.k8s.io", "ClusterRole", "RoleBinding", "roleRef/name", Form::Name),
    ("rbac.authorization.k8s.io", "ClusterRole", "ClusterRoleBinding", "roleRef/name", Form::Name),
    ("", "ServiceAccount", "RoleBinding", "subjects", Form::Object),
    ("", "ServiceAccount", "ClusterRoleBinding", "subjects", Form::Object),
    ("", "PersistentVolume", "PersistentVolumeClaim", "spec/volumeName", Form::Name),
    ("", "PersistentVolume", "ClusterRole", "rules/resourceNames", Form::Name),
    ("storage.k8s.io", "StorageClass", "PersistentVolume", "spec/storageClassName", Form::Name),
    ("storage.k8s.io", "StorageClass", "PersistentVolumeClaim", "spec/storageClassName", Form::Name),
    (
        "storage.k8s.io",
        "StorageClass",
        "StatefulSet",
        "spec/volumeClaimTemplates/spec/storageClassName",
        Form::Name,
    ),
    ("networking.k8s.io", "IngressClass", "Ingress", "spec/ingressClassName", Form::Name),
    ("", "Middleware", "IngressRoute", "spec/routes/middlewares", Form::Near),
    ("", "MiddlewareTCP", "IngressRouteTCP", "spec/routes/middlewares", Form::Near),
    ("", "Service", "IngressRoute", "spec/routes/services", Form::Near),
    ("", "TraefikService", "IngressRoute", "spec/routes/services", Form::Near),
    ("", "Service", "IngressRouteTCP", "spec/routes/services", Form::Near),
    ("", "Service", "IngressRouteUDP", "spec/routes/services", Form::Near),
    ("", "ServersTransport", "IngressRoute", "spec/routes/services/serversTransport", Form::Name),
    ("", "ServersTransportTCP", "IngressRouteTCP", "spec/routes/services/serversTransport", Form::Name),
    ("", "Secret", "IngressRoute", "spec/tls/secretName", Form::Name),
    ("", "Secret", "IngressRouteTCP", "spec/tls/secretName", Form::Name),
    ("", "TLSOption", "IngressRoute", "spec/tls/options", Form::Near),
    ("", "TLSOption", "IngressRouteTCP", "spec/tls/options", Form::Near),
    ("", "TLSStore", "IngressRoute", "spec/tls/store", Form::Near),
    ("", "TLSStore", "IngressRouteTCP", "spec/tls/store", Form::Near),
    ("", "Secret", "Middleware", "spec/basicAuth/secret", Form::Name),
    ("", "Secret", "Middleware", "spec/digestAuth/secret", Form::Name),
    ("", "Secret", "Middleware", "spec/forwardAuth/tls/caSecret", Form::Name),
    ("", "Secret", "Middleware", "spec/forwardAuth/tls/certSecret", Form::Name),
    ("", "Middleware", "Middleware", "spec/chain/middlewares", Form::Near),
    ("", "Service", "Middleware", "spec/errors/service", Form::Near),
    ("", "TraefikService", "Middleware", "spec/errors/service", Form::Near),
    ("", "ServersTransport", "Middleware", "spec/errors/service/serversTransport", Form::Name),
    ("", "Secret", "ServersTransport", "spec/certificatesSecrets", Form::Name),
    ("", "Secret", "ServersTransport", "spec/rootCAsSecrets", Form::Name),
    ("", "Secret", "ServersTransport", "spec/rootCAs/secret", Form::Name),
    ("", "ConfigMap", "ServersTransport", "spec/rootCAs/configMap", Form::Name),
    ("", "Secret", "ServersTransportTCP", "spec/tls/certificatesSecrets", Form::Name),
    ("", "Secret", "ServersTransportTCP", "spec/tls/rootCAsSecrets", Form::Name),
    ("", "Secret", "ServersTransportTCP", "spec/tls/rootCAs/secret", Form::Name),
    ("", "ConfigMap", "ServersTransportTCP", "spec/tls/rootCAs/configMap", Form::Name),
    ("", "Secret", "TLSStore", "spec/defaultCertificate/secretName", Form::Name),
    ("", "Secret", "TLSStore", "spec/certificates/secretName", Form::Name),
    ("", "Secret", "TLSOption", "spec/clientAuth/secretNames", Form::Name),
    ("", "Service", "TraefikService", "spec/weighted/services", Form::Near),
    ("", "TraefikService", "TraefikService", "spec/weighted/services", Form::Near),
    ("", "Service", "TraefikService", "spec/highestRandomWeight/services", Form::Near),
    ("", "TraefikService", "TraefikService", "spec/highestRandomWeight/services", Form::Near),
    ("", "Service", "TraefikService", "spec/failover/service", Form::Near),
    ("", "TraefikService", "TraefikService", "spec/failover/service", Form::Near),
    ("", "Service", "TraefikService", "spec/failover/fallback", Form::Near),
    ("", "TraefikService", "TraefikService", "spec/failover/fallback", Form::Near),
    ("", "IngressRoute", "IngressRoute", "spec/parentRefs", Form::Near),
    ("", "Service", "TraefikService", "spec/mirroring", Form::Near),
    ("", "Service", "TraefikService", "spec/mirroring/mirrors", Form::Near),
    ("", "TraefikService", "TraefikService", "spec/mirroring", Form::Near),
    ("", "TraefikService", "TraefikService", "spec/mirroring/mirrors", Form::Near),
    ("", "ServersTransport", "TraefikService", "spec/weighted/services/serversTransport", Form::Name),
    ("", "ServersTransport", "TraefikService", "spec/mirroring/serversTransport", Form::Name),
    ("", "ServersTransport", "TraefikService", "spec/mirroring/mirrors/serversTransport", Form::Name),
];

/// Kinds of Traefik's, whose references end where `@` says that somebody else provides the name.
const ELSEWHERE: char = '@';

/// Annotations with names of Traefik's objects, `NAMESPACE-NAME@kubernetescrd`, parted by commas: whose, and the kind.
const ANNOTATIONS: [(&str, &str, &str); 3] = [
    ("Ingress", "traefik.ingress.kubernetes.io/router.middlewares", "Middleware"),
    ("Ingress", "traefik.ingress.kubernetes.io/router.tls.options", "TLSOption"),
    ("Service", "traefik.ingress.kubernetes.io/service.serverstransport", "ServersTransport"),
];
const PROVIDER: &str = "@kubernetescrd";

/// stackc's own rows.
fn rows() -> impl Iterator<Item = Reference> {
    let reference = |group: &str, kind: &str, of: &str, path: &str, form| Reference {
        group: group.to_owned(),
        kind: kind.to_owned(),
        field: Field {
            group: String::new(),
            version: String::new(),
            kind: of.to_owned(),
            path: steps(path),
            create: false,
        },
        form,
    };
    let pods = WORKLOADS.iter().flat_map(move |(of, spec)| {
        PODS.iter()
            .map(move |(group, kind, path)| reference(group, kind, of, &format!("{spec}/{path}"), Form::Name))
    });
    ROWS.iter().map(move |(group, kind, of, path, form)| reference(group, kind, of, path, *form)).chain(pods)
}

/// Gives every reference the name that its object has now.
/// `past` is whether to keep which did.
pub fn follow(own: &[Reference], resources: &mut Resources, (past, found): (bool, &mut Findings)) {
    let mut by_kind: BTreeMap<String, Vec<Reference>> = BTreeMap::new();
    for row in rows().chain(own.iter().cloned()) {
        by_kind.entry(row.field.kind.clone()).or_default().push(row);
    }
    let of_any = by_kind.remove("").unwrap_or_default();
    let mut bodies = resources.take_bodies();
    let mut follows: Vec<Vec<(Span, ObjectId)>> = vec![Vec::new(); if past { bodies.len() } else { 0 }];
    let mut followed = follows.iter_mut();
    let names = Names::of(resources);
    for (resource, body) in resources.iter().zip(&mut bodies).filter(|_| !names.by_name.is_empty()) {
        let from = Referrer { resource, accounts: accounts(resource, body) };
        let told = &mut Told { found: &mut *found, follows: followed.next() };
        let mine = by_kind.get(&resource.id.kind).map_or(&[][..], Vec::as_slice);
        for row in mine.iter().chain(&of_any).filter(|row| row.field.is_of(&resource.id)) {
            let role = role_ref(body).filter(|_| row.field.path == ["roleRef", "name"]);
            if role.is_some_and(|(group, kind)| {
                kind != row.kind || (!row.group.is_empty() && group != row.group)
            }) {
                continue;
            }
            let span = body.span;
            row.field.visit(body, &Value::Null, span, &mut |node| names.update(node, row, &from, told));
        }
        for (_, annotation, kind) in ANNOTATIONS.iter().filter(|(of, ..)| *of == resource.id.kind) {
            names.annotated(body, annotation, kind, &from, told);
        }
    }
    resources.put_bodies(bodies);
    for (resource, follows) in resources.bodies_mut().zip(follows) {
        resource.past.follows.extend(follows);
    }
}

/// What is told of references.
struct Told<'t> {
    found: &'t mut Findings,
    /// See [`crate::kube::Past::follows`]; where that is kept.
    follows: Option<&'t mut Vec<(Span, ObjectId)>>,
}

/// What a binding's `roleRef` says it names.
fn role_ref(body: &Node) -> Option<(&str, &str)> {
    let role = body.get("roleRef")?;
    Some((role.text_at(&["apiGroup"])?, role.text_at(&["kind"])?))
}

/// An object that names others.
struct Referrer<'r> {
    resource: &'r Resource,
    /// Namespaces whose accounts a binding names.
    accounts: Vec<String>,
}

/// All objects by what they were called.
struct Names<'r> {
    resources: &'r Resources,
    by_name: BTreeMap<&'r str, Vec<usize>>,
    /// Where objects lived at first.
    namespaces: BTreeSet<&'r str>,
}

impl<'r> Names<'r> {
    fn of(resources: &'r Resources) -> Names<'r> {
        let mut by_name: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (at, resource) in resources.iter().enumerate() {
            for id in &resource.before {
                let places = by_name.entry(&id.name).or_default();
                if places.last() != Some(&at) {
                    places.push(at);
                }
            }
        }
        let namespaces = resources.iter().map(|resource| resource.original().scope()).collect();
        Names { resources, by_name, namespaces }
    }

    fn update(&self, node: &mut Node, row: &Reference, referrer: &Referrer<'_>, told: &mut Told<'_>) {
        match &mut node.value {
            Value::List(items) => items.iter_mut().for_each(|item| self.update(item, row, referrer, told)),
            Value::Map(_) => self.object(node, row, referrer, told),
            Value::Text(_) => self.name(node, row, referrer, told),
            _ => {}
        }
    }

    fn name(&self, node: &mut Node, row: &Reference, referrer: &Referrer<'_>, told: &mut Told<'_>) {
        let Some(text) = node.as_text().filter(|text| !text.contains(ELSEWHERE)) else { return };
        if let Some(target) = self.target(text, None, row, referrer, node.span, told)
            && target.id.name != text
        {
            *node = Node::text(node.span, target.id.name.clone());
        }
    }

    /// A map with a name, and perhaps a namespace and a kind.
    fn object(&self, node: &mut Node, row: &Reference, referrer: &Referrer<'_>, told: &mut Told<'_>) {
        let Some(name) =
            node.get("name").filter(|name| name.as_text().is_some_and(|text| !text.contains(ELSEWHERE)))
        else {
            return;
        };
        let own_kind = node.text_at(&["kind"]);
        if own_kind.is_some_and(|kind| kind != row.kind)
            || (own_kind.is_none() && row.kind == "TraefikService")
        {
            return;
        }
        let (text, span) = (name.as_text().unwrap_or_default(), name.span);
        let namespace = node.text_at(&["namespace"]).map(str::to_owned);
        let Some(target) = self.target(text, namespace.as_deref(), row, referrer, span, told) else {
            return;
        };
        let (new_name, new_namespace) = (target.id.name.clone(), target.id.namespace.clone());
        let Some(map) = node.as_map_mut() else { return };
        let mut set = |key: &'static str, text: String| {
            let span = map.get(key).map_or(span, |node| node.span);
            if map.get(key).and_then(Node::as_text) != Some(&text) {
                map.set(Key { span, text: key.into() }, Node::text(span, text));
            }
        };
        set("name", new_name);
        if !new_namespace.is_empty() && (row.form != Form::Near || namespace.is_some()) {
            set("namespace", new_namespace);
        }
    }

    /// The object that a field means; none if nothing here was called so.
    fn target(
        &self,
        name: &str,
        namespace: Option<&str>,
        row: &Reference,
        referrer: &Referrer<'_>,
        span: Span,
        told: &mut Told<'_>,
    ) -> Option<&'r Resource> {
        let places = self.by_name.get(name)?;
        let from = referrer.resource;
        let is_target = |resource: &&Resource| {
            let was = |id: &crate::transform::resource::Id| {
                id.kind == row.kind && (row.group.is_empty() || row.group == id.group())
            };
            resource.before.iter().any(|id| id.name == name && was(id))
                && referrer.can_reach(resource, namespace, row.form)
        };
        let mut fits: Vec<&Resource> =
            places.iter().filter_map(|at| self.resources.get(*at)).filter(is_target).collect();
        if let Some(namespace) = namespace {
            // The namespace as it was written, if anything lived there then.
            let first = self.namespaces.contains(namespace);
            fits.retain(|to| (if first { to.original() } else { &to.id }).scope() == namespace);
        }
        let all = fits.clone();
        for empty_fits in [true, false] {
            if fits.len() > 1 {
                fits.retain(|resource| affixed_alike(from, resource, empty_fits));
            }
        }
        let Some(first) = fits.first().copied() else {
            // kustomize leaves the old name, which nothing has any more.
            if all.len() > 1 && !self.is_name(name, row) {
                told.found.push(ambiguous(name, &all, row, from, span).weighs(Severity::Warning));
            }
            return None;
        };
        let same = |other: &&Resource| {
            other.id.name == first.id.name
                && (row.form == Form::Name || other.id.namespace == first.id.namespace)
        };
        if fits.iter().all(same) {
            if let Some(follows) = &mut told.follows {
                follows.push((span, first.object_id()));
            }
            return Some(first);
        }
        told.found.push(ambiguous(name, &fits, row, from, span));
        None
    }

    /// Whether something of the kind is called so now.
    fn is_name(&self, name: &str, row: &Reference) -> bool {
        self.resources.iter().any(|resource| resource.id.name == name && resource.id.kind == row.kind)
    }

    fn annotated(
        &self,
        body: &mut Node,
        annotation: &str,
        kind: &str,
        referrer: &Referrer<'_>,
        told: &mut Told<'_>,
    ) {
        let annotations =
            body.as_map_mut().and_then(|map| map.get_mut("metadata")).and_then(Node::as_map_mut);
        let node = annotations
            .and_then(|map| map.get_mut("annotations"))
            .and_then(Node::as_map_mut)
            .and_then(|map| map.get_mut(annotation));
        let Some(node) = node else { return };
        let Some(text) = node.as_text() else { return };
        let parts: Vec<String> =
            text.split(',').map(|part| self.joined(part, kind, referrer, node.span, told)).collect();
        let joined = parts.join(",");
        if joined != text {
            *node = Node::text(node.span, joined);
        }
    }

    /// `NAMESPACE-NAME@kubernetescrd`: where one ends and the other begins is known from the objects.
    fn joined(
        &self,
        part: &str,
        kind: &str,
        referrer: &Referrer<'_>,
        span: Span,
        told: &mut Told<'_>,
    ) -> String {
        let row = Reference {
            group: String::new(),
            kind: kind.to_owned(),
            field: Field {
                group: String::new(),
                version: String::new(),
                kind: String::new(),
                path: Vec::new(),
                create: false,
            },
            form: Form::Near,
        };
        let Some(both) = part.trim().strip_suffix(PROVIDER) else { return part.to_owned() };
        for (at, _) in both.match_indices('-') {
            let (namespace, name) = both.split_at(at);
            let name = name.strip_prefix('-').unwrap_or(name);
            if let Some(target) = self.target(name, Some(namespace), &row, referrer, span, told) {
                return format!("{}-{}{PROVIDER}", target.id.scope(), target.id.name);
            }
        }
        part.to_owned()
    }
}

fn ambiguous(name: &str, fits: &[&Resource], row: &Reference, from: &Resource, span: Span) -> Finding {
    let names: Vec<String> = fits.iter().map(|resource| format!("`{}`", resource.id.name)).collect();
    let message =
        format!("{} names {} `{name}`, which could be {}", from.id.shown(), row.kind, names.join(" or "));
    Finding::new(&REFERENCE_AMBIGUOUS, span, message)
        .help("write the name that is meant as it will be in the end")
}

/// Of a RoleBinding, the namespaces of the accounts that it names.
fn accounts(resource: &Resource, body: &Node) -> Vec<String> {
    let subjects =
        body.get("subjects").filter(|_| resource.id.kind == "RoleBinding").map_or(&[][..], Node::items);
    let accounts = subjects.iter().filter(|subject| subject.text_at(&["kind"]) == Some("ServiceAccount"));
    accounts.filter_map(|subject| subject.text_at(&["namespace"])).map(str::to_owned).collect()
}

impl Referrer<'_> {
    /// Whether it can name another object: both are in one namespace, or one is in none.
    fn can_reach(&self, to: &Resource, namespace: Option<&str>, form: Form) -> bool {
        let from = self.resource;
        if from.id.is_cluster_scoped() || to.id.is_cluster_scoped() || from.id.scope() == to.id.scope() {
            return true;
        }
        let named = namespace.is_some() && form == Form::Near;
        named || (to.id.kind == "ServiceAccount" && self.accounts.contains(&to.id.namespace))
    }
}

/// Whether two objects got their prefixes and suffixes from the same layers: those of one end as those of the other.
fn affixed_alike(a: &Resource, b: &Resource, empty_fits: bool) -> bool {
    let alike = |a: &[String], b: &[String]| {
        if a.is_empty() || b.is_empty() {
            return empty_fits || a.len() == b.len();
        }
        a.iter().rev().zip(b.iter().rev()).all(|(a, b)| a == b)
    };
    alike(&a.prefixes, &b.prefixes) && alike(&a.suffixes, &b.suffixes)
}
