//! What every object begins with.

use crate::finding::Findings;
use crate::kube::names;
use crate::kube::{Object, ObjectId, Past, Unit};
use crate::source::Span;
use crate::stack::{App, Stack, is_name};
use crate::yaml::{Build, Key, Map, Named, Node, Spanned};

/// An object's names.
pub(super) struct Head<'a> {
    pub(super) api_version: &'static str,
    pub(super) kind: &'static str,
    pub(super) name: &'a Spanned<String>,
    /// None for what lives in no namespace.
    pub(super) namespace: Option<&'a Spanned<String>>,
    pub(super) labels: Node,
    pub(super) annotations: Node,
}

/// An object: its head, then `body`'s keys.
pub(super) fn object(unit: Unit, head: Head<'_>, body: Vec<(&'static str, Node)>) -> Object {
    let span = head.name.span;
    let metadata = Build::at(span)
        .with("name", head.name.into())
        .maybe("namespace", head.namespace.map(Node::from))
        .unless_empty("labels", head.labels)
        .unless_empty("annotations", head.annotations)
        .node();
    let start = Build::at(span)
        .text("apiVersion", head.api_version)
        .text("kind", head.kind)
        .with("metadata", metadata);
    let build = body.into_iter().fold(start, |build, (key, value)| build.with(key, value));
    Object {
        id: ObjectId {
            api_version: head.api_version.to_owned(),
            kind: head.kind.to_owned(),
            namespace: head.namespace.map(|namespace| namespace.value.clone()),
            name: head.name.value.clone(),
        },
        body: build.node(),
        unit,
        arch_auto: None,
        past: Past::default(),
        written: false,
    }
}

/// An object of an app, named after it unless it says otherwise.
pub(super) fn app_object(
    app: &App,
    stack: &Stack,
    api: (&'static str, &'static str),
    name: &Spanned<String>,
    body: Vec<(&'static str, Node)>,
) -> Object {
    let head = Head {
        api_version: api.0,
        kind: api.1,
        name,
        namespace: Some(&app.namespace),
        labels: labels(app, stack),
        annotations: texts(app.span, &app.pod.annotations),
    };
    object(Unit::App(app.name.clone()), head, body)
}

/// The app's own name at the place that causes it.
pub(super) fn own_name(app: &App) -> Spanned<String> {
    Spanned { span: app.kind.span, value: app.name.clone() }
}

/// schema.md S11: on every object and pod; the user's labels lie over them.
pub(super) fn labels(app: &App, stack: &Stack) -> Node {
    let mut labels = stack_labels(stack, app.kind.span);
    let own = [("app", app.name.clone()), ("app.kubernetes.io/name", app.name.clone())];
    let mut map = Map::default();
    for (key, value) in own {
        map.push(Key { span: app.kind.span, text: key.into() }, Node::text(app.kind.span, value));
    }
    if let Some(standard) = labels.as_map_mut() {
        map.entries.append(&mut standard.entries);
    }
    overlay(&mut map, &app.pod.labels);
    sorted(app.kind.span, map)
}

/// Tells labels and annotations that Kubernetes refuses.
pub(super) fn check(app: &App, found: &mut Findings) {
    for (key, value) in app.pod.labels.iter().chain(app.pod.pod_labels.iter()) {
        is_name("label", key, names::label_key, found);
        is_name("label's value", value, names::label_value, found);
    }
    for (key, _) in app.pod.annotations.iter().chain(app.pod.pod_annotations.iter()) {
        is_name("annotation", key, names::label_key, found);
    }
}

/// What every object of the stack bears.
pub(super) fn stack_labels(stack: &Stack, span: Span) -> Node {
    Build::at(span)
        .text("app.kubernetes.io/managed-by", "stackc")
        .text("app.kubernetes.io/part-of", stack.name.value.clone())
        .node()
}

/// Lays texts over a map.
pub(super) fn overlay(map: &mut Map, texts: &Named<Spanned<String>>) {
    // The texts' keys differ from each other.
    let beneath = map.entries.len();
    for (key, value) in texts.iter() {
        let key = Key { span: key.span, text: key.value.clone().into() };
        match map.entries.iter_mut().take(beneath).find(|entry| entry.key.text == key.text) {
            Some(entry) => entry.value = value.into(),
            None => map.push(key, value.into()),
        }
    }
}

/// A map of texts, sorted by key so that diffs stay small.
pub(super) fn texts(span: Span, texts: &Named<Spanned<String>>) -> Node {
    let mut map = Map::default();
    overlay(&mut map, texts);
    sorted(span, map)
}

/// Sorted by key.
pub(super) fn sorted(span: Span, mut map: Map) -> Node {
    map.entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
    map.entries.shrink_to_fit();
    Node { span, value: crate::yaml::Value::Map(map) }
}
