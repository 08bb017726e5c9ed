//! `place` as selectors, affinity and tolerations (schema.md S9, S10).

use crate::finding::Findings;
use crate::source::Span;
use crate::stack::{ClusterNode, Place, role_label, value_invalid};
use crate::yaml::{Build, Key, Map, Node, Spanned, Value};

/// Adds what a place asks of the scheduler. The same keys serve Traefik's chart.
pub(super) fn place(
    build: Build,
    place: Option<&Place>,
    nodes: &[ClusterNode],
    found: &mut Findings,
) -> Build {
    let Some(place) = place else { return build };
    place.check(nodes, found);
    let Some(span) = place.first() else { return build };
    let tolerations: Vec<Node> =
        place.tolerations.iter().filter_map(|text| toleration(text, found)).collect();
    build
        .unless_empty("nodeSelector", Node { span, value: Value::Map(selector(place)) })
        .maybe("affinity", affinity(place))
        .unless_empty("tolerations", Node::list(span, tolerations))
}

/// Keys with one value.
fn selector(place: &Place) -> Map {
    let mut map = Map::default();
    let mut put = |value: &Spanned<String>, key: String, text: Node| {
        map.push(Key { span: value.span, text: key.into() }, text);
    };
    if let Some([role]) = place.role.as_deref() {
        put(role, role_label(&role.value), Node::text(role.span, "true"));
    }
    for (values, key) in [(&place.node, "kubernetes.io/hostname"), (&place.arch, "kubernetes.io/arch")] {
        if let Some([value]) = values.as_deref() {
            put(value, key.to_owned(), value.into());
        }
    }
    for (key, values) in place.labels.iter() {
        if let [value] = values.as_slice() {
            put(value, key.value.clone(), value.into());
        }
    }
    map
}

/// Keys with several values: one required term, or, with several roles, a term for each role.
fn affinity(place: &Place) -> Option<Node> {
    let lists = [(&place.node, "kubernetes.io/hostname"), (&place.arch, "kubernetes.io/arch")];
    let mut shared: Vec<Node> = lists
        .into_iter()
        .filter_map(|(values, key)| requirement(key.to_owned(), values.as_deref().unwrap_or_default()))
        .collect();
    shared.extend(place.labels.iter().filter_map(|(key, values)| requirement(key.value.clone(), values)));
    let roles: &[Spanned<String>] = match place.role.as_deref() {
        Some(roles) if roles.len() > 1 => roles,
        _ => &[],
    };
    let span = roles.first().map(|role| role.span).or(shared.first().map(|node| node.span))?;
    let term = |expressions: Vec<Node>| {
        Build::at(span).with("matchExpressions", Node::list(span, expressions)).node()
    };
    let terms: Vec<Node> = if roles.is_empty() {
        vec![term(shared)]
    } else {
        let of_role = |role: &Spanned<String>| {
            expression(role.span, role_label(&role.value), [Node::text(role.span, "true")])
        };
        roles.iter().map(|role| term(shared.iter().cloned().chain([of_role(role)]).collect())).collect()
    };
    let required = Build::at(span).with("nodeSelectorTerms", Node::list(span, terms)).node();
    let node = Build::at(span).with("requiredDuringSchedulingIgnoredDuringExecution", required).node();
    Some(Build::at(span).with("nodeAffinity", node).node())
}

/// One value is a selector's, none asks for nothing.
fn requirement(key: String, values: &[Spanned<String>]) -> Option<Node> {
    let first = values.first().filter(|_| values.len() > 1)?;
    Some(expression(first.span, key, values.iter().map(Node::from)))
}

fn expression(span: Span, key: String, values: impl IntoIterator<Item = Node>) -> Node {
    Build::at(span).text("key", key).text("operator", "In").with("values", Node::list(span, values)).node()
}

/// `KEY[=VALUE][:EFFECT]`: without `=` any value, without `:` any effect.
fn toleration(text: &Spanned<String>, found: &mut Findings) -> Option<Node> {
    let (rest, effect) = match text.value.rsplit_once(':') {
        Some((rest, effect)) => (rest, Some(effect)),
        None => (text.value.as_str(), None),
    };
    let (key, value) = match rest.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (rest, None),
    };
    let bad_effect = effect.is_some_and(|effect| crate::kube::Effect::parse(effect).is_err());
    if key.is_empty() || bad_effect {
        found.push(
            value_invalid(text.span, format!("`{}` is no toleration", text.value))
                .help("write KEY, KEY=VALUE or KEY=VALUE:NoSchedule (or NoExecute, PreferNoSchedule)"),
        );
        return None;
    }
    let build = Build::at(text.span).text("key", key.to_owned());
    let build = match value {
        Some(value) => build.text("operator", "Equal").text("value", value.to_owned()),
        None => build.text("operator", "Exists"),
    };
    Some(build.maybe("effect", effect.map(|effect| Node::text(text.span, effect.to_owned()))).node())
}
