//! Where pods may run: selectors and affinity as an app's `place`. What has no form is left out here, and found missing by
//! the proof.

use super::plan::role;
use super::short::short;
use crate::kube::Pod;
use crate::source::Span;
use crate::yaml::{Build, Node};

/// Node labels that `place` has words for.
const WORDS: [(&str, &str); 2] = [("kubernetes.io/hostname", "node"), ("kubernetes.io/arch", "arch")];

/// What a set of labels says, in `place`'s words.
#[derive(Default)]
struct Terms {
    roles: Vec<Node>,
    words: Vec<(&'static str, Node)>,
    labels: Vec<(String, Node)>,
}

impl Terms {
    fn put(&mut self, label: &str, values: &[Node]) {
        let all = || match values {
            [one] => Some(one.clone()),
            [first, ..] => Some(Node::list(first.span, values.iter().cloned())),
            [] => None,
        };
        let is_role = matches!(values, [value] if value.as_text() == Some("true"));
        if let Some((role, value)) = role(label).zip(values.first()).filter(|_| is_role) {
            self.roles.push(Node::text(value.span, role.to_owned()));
        } else if let Some((_, word)) = WORDS.iter().find(|(known, _)| *known == label) {
            self.words.extend(all().map(|value| (*word, value)));
        } else {
            self.labels.extend(all().map(|value| (label.to_owned(), value)));
        }
    }

    /// The expressions of a list of terms. Several terms are several roles, all else being the same in each.
    fn take<'a>(&mut self, list: impl Iterator<Item = &'a Node>, wanted: &str) {
        for (at, term) in list.enumerate() {
            for (label, operator, values) in expressions(term).iter().filter_map(read) {
                if operator == wanted && (at == 0 || role(label).is_some()) {
                    self.put(label, values);
                }
            }
        }
    }

    fn node(self, span: Span) -> Build {
        let roles = match self.roles.as_slice() {
            [] => None,
            [one] => Some(one.clone()),
            _ => Some(Node::list(span, self.roles)),
        };
        let build = Build::at(span).maybe("role", roles);
        let build = self.words.into_iter().fold(build, |build, (word, value)| build.with(word, value));
        let labels =
            self.labels.into_iter().fold(Build::at(span), |build, (key, value)| build.with(key, value));
        build.unless_empty("labels", labels.node())
    }
}

/// `place` of an app, empty where nothing is said. `selector` finds the app's pods.
pub(super) fn place(pod: Pod<'_>, selector: Option<&Node>, span: Span) -> Node {
    let required = pod.required_affinity().ok().flatten().and_then(|node| node.get("nodeSelectorTerms"));
    let required = required.map_or(&[][..], Node::items);
    let mut terms = Terms::default();
    for entry in pod.node_selector().map_or(&[][..], Node::entries) {
        terms.put(&entry.key.text, std::slice::from_ref(&entry.value));
    }
    terms.take(required.iter(), "In");
    let mut not = Terms::default();
    not.take(required.iter().take(1), "NotIn");
    let mut prefer = Terms::default();
    let preferred = pod.preferred_affinity().map_or(&[][..], Node::items);
    prefer.take(preferred.iter().filter_map(|item| item.get("preference")), "In");
    terms
        .node(span)
        .unless_empty("not", not.node(span).node())
        .unless_empty("prefer", prefer.node(span).node())
        .maybe("spread", spread(pod, selector, span))
        .unless_empty("tolerations", tolerations(pod, span))
        .node()
}

fn expressions(term: &Node) -> &[Node] {
    term.get("matchExpressions").map_or(&[][..], Node::items)
}

fn read(expression: &Node) -> Option<(&str, &str, &[Node])> {
    let values = expression.get("values").map_or(&[][..], Node::items);
    Some((expression.text_at(&["key"])?, expression.text_at(&["operator"])?, values))
}

fn spread(pod: Pod<'_>, selector: Option<&Node>, span: Span) -> Option<Node> {
    let [constraint] = pod.spec.get("topologySpreadConstraints")?.items() else { return None };
    let own = constraint.at(&["labelSelector", "matchLabels"]);
    own.zip(selector).filter(|(own, selector)| own.entries().len() == selector.entries().len())?;
    let key = constraint.get("topologyKey")?;
    let more = Build::at(span)
        .maybe("maxSkew", constraint.get("maxSkew").filter(|skew| skew.as_int() != Some(1)).cloned())
        .maybe(
            "whenUnsatisfiable",
            constraint
                .get("whenUnsatisfiable")
                .filter(|when| when.as_text() != Some("ScheduleAnyway"))
                .cloned(),
        )
        .node();
    let by_node = key.as_text() == Some("kubernetes.io/hostname") && more.entries().is_empty();
    Some(short("topologyKey", if by_node { Node::text(span, "node") } else { key.clone() }, more))
}

fn tolerations(pod: Pod<'_>, span: Span) -> Node {
    Node::list(span, pod.tolerations().map_or(&[][..], Node::items).iter().map(|own| toleration(own, span)))
}

/// `KEY[=VALUE][:EFFECT]` where these say it all; else Kubernetes' own map.
fn toleration(node: &Node, span: Span) -> Node {
    let text = |key: &str| node.text_at(&[key]);
    let plain = node
        .entries()
        .iter()
        .all(|entry| ["key", "operator", "value", "effect"].contains(&entry.key.text.as_ref()));
    let start = match (text("key"), text("operator"), text("value")) {
        (Some(key), Some("Exists"), None) => Some(key.to_owned()),
        (Some(key), Some("Equal") | None, Some(value)) => Some(format!("{key}={value}")),
        _ => None,
    };
    let Some(start) = start.filter(|_| plain) else { return node.clone() };
    let effect = text("effect").map(|effect| format!(":{effect}")).unwrap_or_default();
    Node::text(span, format!("{start}{effect}"))
}
