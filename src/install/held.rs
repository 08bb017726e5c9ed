//! The objects that a file of the folder holds.

use super::record::Made;
use crate::finding::Findings;
use crate::k3s::{KEEP, is_kept, lost_with};
use crate::kube::{Object, ObjectId, Unit, kubectl, objects};
use crate::source::Sources;
use crate::yaml::{Dialect, Entry, Key, Node, Value, read, write};

/// An object as a file holds it, or as the record says that one held it.
pub(super) struct Held {
    pub(super) id: ObjectId,
    data: bool,
    guarded: bool,
    /// None: only the record knows of it.
    body: Option<Node>,
}

/// All objects of a text, Lists taken apart.
///
/// # Errors
/// The first reason why k3s would not apply the text either.
pub(super) fn held(name: &str, text: &str) -> Result<Vec<Held>, String> {
    let mut sources = Sources::default();
    let mut found = Findings::default();
    let file = sources.add(name.to_owned(), Ok(text.as_bytes().to_vec()));
    let unit = Unit::Manifest(name.to_owned());
    let documents = read(&sources, file, Dialect::Manifest, &mut found);
    let documents = documents.into_iter().filter(|document| !matches!(document.value, Value::Null));
    let all: Vec<_> =
        documents.flat_map(|document| objects(document, &unit, "default", &mut found)).collect();
    match found.sorted().first() {
        Some(finding) => {
            let line = sources.place(finding.primary.span).line;
            Err(format!("line {line}: {}", finding.message))
        }
        None => Ok(all.into_iter().map(Held::of).collect()),
    }
}

/// An object without the version of its API: `v1beta1` and `v1` of a kind are one object.
pub(super) fn identity(id: &ObjectId) -> ObjectId {
    ObjectId { api_version: id.group().to_owned(), ..id.clone() }
}

impl Held {
    fn of(object: Object) -> Held {
        let data = lost_with(&object.id.kind, &object.body).is_some();
        Held { data, guarded: is_kept(&object.body), id: object.id, body: Some(object.body) }
    }

    /// What only the record knows of.
    pub(super) fn recorded(made: &Made) -> Held {
        let (kind, rest) = made.object.split_once('/').unwrap_or((&made.object, ""));
        let (namespace, name) = match rest.split_once('/') {
            Some((namespace, name)) => (Some(namespace.to_owned()), name),
            None => (None, rest),
        };
        let (api_version, kind, name) = (made.api.clone(), kind.to_owned(), name.to_owned());
        let id = ObjectId { api_version, kind, namespace, name };
        Held { id, data: made.data, guarded: made.guarded, body: None }
    }

    /// What the record says of it.
    pub(super) fn made(&self) -> Made {
        let (object, api) = (self.id.path(), self.id.api_version.clone());
        Made { object, api, data: self.data, guarded: self.guarded }
    }

    /// Whether only the record knows of it.
    pub(super) fn is_recorded(&self) -> bool {
        self.body.is_none()
    }

    /// Whether something is lost with it.
    pub(super) fn has_data(&self) -> bool {
        self.data
    }

    /// Whether k3s leaves it alone when it is missing from its file.
    pub(super) fn guarded(&self) -> bool {
        self.guarded
    }

    /// As a document, with the label that guards it or without; none if only the record knows of it.
    pub(super) fn document(&self, guarded: bool) -> Option<String> {
        let mut body = self.body.clone()?;
        if let Some(metadata) = body.as_map_mut().and_then(|map| map.get_mut("metadata")) {
            label(metadata, guarded);
        }
        let mut text = String::new();
        write::document(&body, &mut text);
        Some(text)
    }
}

fn label(metadata: &mut Node, guarded: bool) {
    let span = metadata.span;
    let Some(metadata) = metadata.as_map_mut() else { return };
    if metadata.get("labels").is_none_or(|labels| labels.as_map().is_none()) {
        metadata.remove("labels");
        let key = Key { span, text: "labels".into() };
        metadata.entries.push(Entry { key, value: Node::map::<&str>(span, []) });
    }
    if let Some(labels) = metadata.get_mut("labels").and_then(Node::as_map_mut) {
        labels.remove(KEEP.0);
        if guarded {
            labels.push(Key { span, text: KEEP.0.into() }, Node::text(span, KEEP.1));
        }
        if labels.entries.is_empty() {
            metadata.remove("labels");
        }
    }
}

/// Whether a key that a person wrote is this one: kinds are written in any case.
pub(super) fn means(written: &str, key: &str) -> bool {
    match (written.split_once('/'), key.split_once('/')) {
        (Some((kind, name)), Some((own_kind, own_name))) => {
            kind.eq_ignore_ascii_case(own_kind) && name == own_name
        }
        _ => false,
    }
}

/// The line that deletes an object by hand.
pub(super) fn kubectl_delete(id: &ObjectId) -> String {
    format!("{} --ignore-not-found", kubectl::delete(id))
}

/// The line that makes k3s forget an AddOn, whose checksum would else keep the same file from being applied anew.
pub(super) fn kubectl_delete_addon(name: &str) -> String {
    format!("kubectl delete addon {name} --namespace kube-system --ignore-not-found")
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLAIM: &str =
        "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata:\n  name: data\n  namespace: web\n";

    fn one(text: &str) -> Held {
        held("a.yaml", text).unwrap().remove(0)
    }

    #[test]
    fn what_holds_data() {
        for (text, data) in [
            (CLAIM, true),
            ("apiVersion: v1\nkind: Namespace\nmetadata: {name: web}\n", true),
            ("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\n", false),
            ("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {}\n", false),
            ("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\ndata: {a: eA==}\n", true),
            ("apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: x}\n", true),
            ("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\ndata: {a: x}\n", false),
        ] {
            assert_eq!(one(text).has_data(), data, "{text}");
        }
    }

    #[test]
    fn the_label_comes_and_goes() {
        let guarded = one(CLAIM).document(true).unwrap();
        assert_eq!(guarded, format!("{CLAIM}  labels:\n    objectset.rio.cattle.io/prune: \"false\"\n"));
        assert!(one(&guarded).guarded() && !one(CLAIM).guarded());
        assert_eq!(one(&guarded).document(true).unwrap(), guarded);
        assert_eq!(one(&guarded).document(false).unwrap(), CLAIM);
        let labelled = format!("{CLAIM}  labels: {{app: web, objectset.rio.cattle.io/prune: \"true\"}}\n");
        assert!(!one(&labelled).guarded());
        assert!(one(&labelled).document(false).unwrap().ends_with("  labels:\n    app: web\n"));
    }

    #[test]
    fn comments_lists_and_nonsense() {
        assert_eq!(held("a.yaml", "# stackc: a.yaml left\n").unwrap().len(), 0);
        assert_eq!(held("a.yaml", "# x\n---\n---\n").unwrap().len(), 0);
        let list =
            format!("apiVersion: v1\nkind: List\nitems:\n- {}", CLAIM.trim_end().replace('\n', "\n  "));
        assert_eq!(one(&list).id.path(), "PersistentVolumeClaim/web/data");
        assert_eq!(
            held("a.yaml", "# x\nkind: ConfigMap\n").err().unwrap(),
            "line 2: the document has no `apiVersion` that is text"
        );
        assert!(held("a.yaml", "a: [\n").is_err());
    }

    #[test]
    fn names_and_lines_to_paste() {
        let id = one(CLAIM).id;
        assert!(means("persistentvolumeclaim/web/data", &id.path()));
        assert!(!means("PersistentVolumeClaim/web/Data", &id.path()) && !means("data", &id.path()));
        assert_eq!(
            kubectl_delete(&id),
            "kubectl delete persistentvolumeclaim data --namespace web --ignore-not-found"
        );
        let route =
            "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: r, namespace: web}\n";
        assert_eq!(
            kubectl_delete(&one(route).id),
            "kubectl delete ingressroute.traefik.io r --namespace web --ignore-not-found"
        );
    }
}
