//! Plain Kubernetes YAML as objects. Nothing in it is repaired; what Kubernetes would put into `default` is told where it
//! lives.

use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::{Object, ObjectId, Past, Unit, secret};
use crate::yaml::{Key, Node, Value};

/// A document that is no Kubernetes object.
pub static MANIFEST_INVALID: Code = Code {
    name: "manifest-invalid",
    severity: Severity::Error,
    page: Page {
        about: "A document in `manifests` that is no Kubernetes object: it lacks apiVersion, kind or metadata.name, or\n\
                one of them, or its namespace, is no text. k3s refuses the whole file then.",
        bad: "# manifests/extra.yaml\napiVersion: v1\nkind: ConfigMap\ndata: {a: b}\n",
        good: "# manifests/extra.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\ndata: {a: b}\n",
    },
};

/// Kinds of Kubernetes and k3s that live in no namespace.
const CLUSTER_SCOPED: [&str; 25] = [
    "APIService",
    "CSIDriver",
    "CSINode",
    "CertificateSigningRequest",
    "ClusterRole",
    "ClusterRoleBinding",
    "ComponentStatus",
    "CustomResourceDefinition",
    "FlowSchema",
    "GatewayClass",
    "IngressClass",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PodSecurityPolicy",
    "PriorityClass",
    "PriorityLevelConfiguration",
    "RuntimeClass",
    "StorageClass",
    "ValidatingAdmissionPolicy",
    "ValidatingAdmissionPolicyBinding",
    "ValidatingWebhookConfiguration",
    "VolumeAttachment",
    "VolumeSnapshotClass",
];

/// The objects of a document, Lists taken apart. `namespace` is for objects that say none; wrangler clears it where a
/// kind has none, so it does no harm on a kind that stackc does not know.
pub fn objects(document: Node, unit: &Unit, namespace: &str, found: &mut Findings) -> Vec<Object> {
    if is_list(&document) {
        let items = document.get("items").map_or(&[][..], Node::items).to_vec();
        return items.into_iter().flat_map(|item| objects(item, unit, namespace, found)).collect();
    }
    if document.as_map().is_none() {
        let message = format!("the document is {}, an object is wanted", document.kind());
        found.push(Finding::new(&MANIFEST_INVALID, document.span, message));
        return Vec::new();
    }
    object(document, unit, namespace, found).into_iter().collect()
}

fn read_as(node: &Node) -> &'static str {
    match node.as_bool() {
        Some(true) => "true",
        Some(false) => "false",
        None => node.kind(),
    }
}

/// `kind: List`, and `PodList` and its like; a custom kind that merely ends in List has no items.
fn is_list(node: &Node) -> bool {
    let kind = node.text_at(&["kind"]).unwrap_or_default();
    kind.ends_with("List") && matches!(node.get("items").map(|items| &items.value), Some(Value::List(_)))
}

fn object(mut body: Node, unit: &Unit, namespace: &str, found: &mut Findings) -> Option<Object> {
    let wanted: [&[&str]; 3] = [&["apiVersion"], &["kind"], &["metadata", "name"]];
    let mut complete = true;
    for path in wanted {
        if body.text_at(path).is_none_or(str::is_empty) {
            let outer = path.split_last().and_then(|(_, outer)| body.at(outer)).filter(|_| path.len() > 1);
            let span = body.at(path).or(outer).map_or(first_key(&body), |node| node.span);
            let message = format!("the document has no `{}` that is text", path.join("."));
            let finding = Finding::new(&MANIFEST_INVALID, span, message);
            let written = body.at(path).filter(|node| node.as_text().is_none());
            found.push(match written.and_then(|node| Some((node, node.written()?))) {
                Some((node, text)) => finding
                    .note(format!("Kubernetes reads `{text}` as {}", read_as(node)))
                    .help(format!("{}: \"{text}\"", path.last().unwrap_or(&""))),
                None => finding,
            });
            complete = false;
        }
    }
    let namespace_given = body.at(&["metadata", "namespace"]);
    if let Some(given) = namespace_given.filter(|given| !matches!(given.value, Value::Text(_) | Value::Null))
    {
        let message = format!("`metadata.namespace` wants text, this is {}", given.kind());
        found.push(Finding::new(&MANIFEST_INVALID, given.span, message));
        complete = false;
    }
    if secret::is_secret(&body) {
        secret::hide(&body, &mut Vec::new(), found);
    }
    if !complete {
        return None;
    }
    let text = |path: &[&str]| body.text_at(path).unwrap_or_default().to_owned();
    let (api_version, kind, name) = (text(&["apiVersion"]), text(&["kind"]), text(&["metadata", "name"]));
    let written = body.text_at(&["metadata", "namespace"]).is_some_and(|own| !own.is_empty());
    let namespace = if is_cluster_scoped(&kind) || (is_cluster_wide(&kind) && !written) {
        None
    } else {
        Some(own_namespace(&mut body, namespace))
    };
    Some(Object {
        id: ObjectId { api_version, kind, namespace, name },
        body,
        unit: unit.clone(),
        arch_auto: None,
        past: Past::default(),
        written: true,
    })
}

/// Whether a kind of Kubernetes or k3s lives in no namespace.
pub fn is_cluster_scoped(kind: &str) -> bool {
    CLUSTER_SCOPED.contains(&kind)
}

/// By the custom among authors of custom kinds: `ClusterIssuer` beside `Issuer`.
fn is_cluster_wide(kind: &str) -> bool {
    kind.strip_prefix("Cluster")
        .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
}

fn first_key(node: &Node) -> crate::source::Span {
    node.entries().first().map_or(node.span, |entry| entry.key.span)
}

/// The namespace that the object says, or the one that it gets, put behind its name.
fn own_namespace(body: &mut Node, default: &str) -> String {
    let Some(metadata) = body.as_map_mut().and_then(|map| map.get_mut("metadata")) else {
        return default.to_owned();
    };
    if let Some(own) = metadata.text_at(&["namespace"]).filter(|own| !own.is_empty()) {
        return own.to_owned();
    }
    let span = metadata.get("name").map_or(metadata.span, |name| name.span);
    if let Some(map) = metadata.as_map_mut() {
        map.remove("namespace");
        let behind = map
            .entries
            .iter()
            .position(|entry| entry.key.text == "name")
            .map_or(0, |at| at.saturating_add(1));
        let entry = crate::yaml::Entry {
            key: Key { span, text: "namespace".into() },
            value: Node::text(span, default.to_owned()),
        };
        map.entries.insert(behind, entry);
    }
    default.to_owned()
}
