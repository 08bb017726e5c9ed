//! `place` as selectors, affinity, spread and tolerations (schema.md S9, S10). `arch: auto` comes later, in `finish`.

use crate::finding::Findings;
use crate::kube::Effect;
use crate::source::Span;
use crate::stack::{ClusterNode, Place, Spread, Terms, WhenUnsatisfiable, role_label, value_invalid};
use crate::yaml::{Build, Key, Map, Named, Node, Spanned, Value, unknown_keys};

/// Adds what a place asks of the scheduler; the same keys serve Traefik's chart. `selector` finds the pods that a spread
/// keeps apart.
pub(super) fn place(
    build: Build,
    place: Option<&Place>,
    selector: &Node,
    nodes: &[ClusterNode],
    found: &mut Findings,
) -> Build {
    let Some(place) = place else { return build };
    place.check(nodes, found);
    let tolerations: Vec<Node> =
        place.tolerations.iter().filter_map(|node| toleration(node, found)).collect();
    let cause = tolerations.first().map(|node| node.span);
    let build =
        build.maybe("nodeSelector", node_selector(&place.terms())).maybe("affinity", affinity(place)).maybe(
            "topologySpreadConstraints",
            place.spread.as_ref().map(|spread| self::spread(spread, selector)),
        );
    match cause {
        Some(span) => build.with("tolerations", Node::list(span, tolerations)),
        None => build,
    }
}

/// Keys with one value.
fn node_selector(terms: &Terms) -> Option<Node> {
    let mut map = Map::default();
    let mut put = |value: &Spanned<String>, key: String, text: Node| {
        map.push(Key { span: value.span, text: key.into() }, text);
    };
    if let Some([role]) = terms.role.as_deref() {
        put(role, role_label(&role.value), Node::text(role.span, "true"));
    }
    for (values, key) in named(terms) {
        if let Some([value]) = values.as_deref() {
            put(value, key.to_owned(), value.into());
        }
    }
    for (key, values) in terms.labels.iter() {
        if let [value] = values.as_slice() {
            put(value, key.value.clone(), value.into());
        }
    }
    let span = map.entries.first()?.key.span;
    Some(Node { span, value: Value::Map(map) })
}

type Values = Option<Vec<Spanned<String>>>;

/// Node names and architectures, with the labels that tell them.
fn named(terms: &Terms) -> [(&Values, &'static str); 2] {
    [(&terms.node, "kubernetes.io/hostname"), (&terms.arch, "kubernetes.io/arch")]
}

fn affinity(place: &Place) -> Option<Node> {
    let required = required(place);
    let preferred = place.prefer.as_ref().and_then(preferred);
    let span = required.as_ref().or(preferred.as_ref())?.span;
    let node = Build::at(span)
        .maybe("requiredDuringSchedulingIgnoredDuringExecution", required)
        .maybe("preferredDuringSchedulingIgnoredDuringExecution", preferred);
    Some(Build::at(span).with("nodeAffinity", node.node()).node())
}

/// Keys with several values and all of `not`: one term, or, with several roles, a term for each.
fn required(place: &Place) -> Option<Node> {
    let terms = place.terms();
    let several = |values: &[Spanned<String>]| values.len() > 1;
    let mut shared = expressions(&terms, "In", several);
    if let Some(not) = &place.not {
        shared.extend(roles(not).iter().map(|role| role_expression(role, "NotIn")));
        shared.extend(expressions(not, "NotIn", |values| !values.is_empty()));
    }
    let roles: &[Spanned<String>] = if several(roles(&terms)) { roles(&terms) } else { &[] };
    let span = roles.first().map(|role| role.span).or(shared.first().map(|node| node.span))?;
    let groups = by_role(roles, &shared);
    let terms = groups
        .into_iter()
        .map(|group| Build::at(span).with("matchExpressions", Node::list(span, group)).node());
    Some(Build::at(span).with("nodeSelectorTerms", Node::list(span, terms)).node())
}

/// `prefer` as one weight, or, with several roles, one for each.
fn preferred(terms: &Terms) -> Option<Node> {
    let shared = expressions(terms, "In", |values| !values.is_empty());
    let span = terms.first()?;
    let groups = by_role(roles(terms), &shared).into_iter().map(|group| {
        let preference = Build::at(span).with("matchExpressions", Node::list(span, group)).node();
        Build::at(span).int("weight", 100).with("preference", preference).node()
    });
    Some(Node::list(span, groups))
}

fn roles(terms: &Terms) -> &[Spanned<String>] {
    terms.role.as_deref().unwrap_or_default()
}

/// The shared expressions, once for each role.
fn by_role(roles: &[Spanned<String>], shared: &[Node]) -> Vec<Vec<Node>> {
    if roles.is_empty() {
        return vec![shared.to_vec()];
    }
    roles.iter().map(|role| shared.iter().cloned().chain([role_expression(role, "In")]).collect()).collect()
}

fn role_expression(role: &Spanned<String>, operator: &'static str) -> Node {
    expression(role.span, role_label(&role.value), operator, [Node::text(role.span, "true")])
}

/// Names, architectures and labels whose values `wanted` picks.
fn expressions(
    terms: &Terms,
    operator: &'static str,
    wanted: impl Fn(&[Spanned<String>]) -> bool,
) -> Vec<Node> {
    let labels: &Named<Vec<Spanned<String>>> = &terms.labels;
    let named = named(terms).into_iter().map(|(values, key)| (key, values.as_deref().unwrap_or_default()));
    let all = named.chain(labels.iter().map(|(key, values)| (key.value.as_str(), values.as_slice())));
    all.filter(|(_, values)| wanted(values))
        .filter_map(|(key, values)| {
            let span = values.first()?.span;
            Some(expression(span, key.to_owned(), operator, values.iter().map(Node::from)))
        })
        .collect()
}

fn expression(
    span: Span,
    key: String,
    operator: &'static str,
    values: impl IntoIterator<Item = Node>,
) -> Node {
    Build::at(span)
        .text("key", key)
        .text("operator", operator)
        .with("values", Node::list(span, values))
        .node()
}

fn spread(spread: &Spread, selector: &Node) -> Node {
    let span = spread.topology_key.span;
    let when = match spread.when_unsatisfiable {
        Some(WhenUnsatisfiable::DoNotSchedule) => "DoNotSchedule",
        Some(WhenUnsatisfiable::ScheduleAnyway) | None => "ScheduleAnyway",
    };
    let constraint = Build::at(span)
        .with("maxSkew", spread.max_skew.as_ref().map_or_else(|| Node::int(span, 1), Node::from))
        .with("topologyKey", (&spread.topology_key).into())
        .text("whenUnsatisfiable", when)
        .with("labelSelector", Build::at(span).with("matchLabels", selector.clone()).node());
    Node::list(span, [constraint.node()])
}

/// Keys of Kubernetes' own map: with another one, which the API server drops, a pod would bear more than was meant.
const TOLERATION: [&str; 5] = ["key", "operator", "value", "effect", "tolerationSeconds"];

/// `KEY[=VALUE][:EFFECT]`: without `=` any value, without `:` any effect; Kubernetes' own map stays as it is.
fn toleration(node: &Node, found: &mut Findings) -> Option<Node> {
    if node.as_map().is_some() {
        unknown_keys(node, &TOLERATION, Some("tolerations"), found);
        return Some(node.clone());
    }
    let text = node.written().unwrap_or_default();
    let (rest, effect) = match text.rsplit_once(':') {
        Some((rest, effect)) => (rest, Some(effect)),
        None => (text.as_ref(), None),
    };
    let (key, value) = match rest.split_once('=') {
        Some((key, value)) => (key, Some(value)),
        None => (rest, None),
    };
    let bad_effect = effect.is_some_and(|effect| Effect::parse(effect).is_err());
    if key.is_empty() || bad_effect {
        found.push(
            value_invalid(node.span, format!("`{text}` is no toleration"))
                .help("write KEY, KEY=VALUE or KEY=VALUE:NoSchedule (or NoExecute, PreferNoSchedule)"),
        );
        return None;
    }
    let build = Build::at(node.span).text("key", key.to_owned());
    let build = match value {
        Some(value) => build.text("operator", "Equal").text("value", value.to_owned()),
        None => build.text("operator", "Exists"),
    };
    Some(build.maybe("effect", effect.map(|effect| Node::text(node.span, effect.to_owned()))).node())
}
