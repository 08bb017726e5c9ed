//! One tree laid over another, places kept (schema.md S2).

use std::collections::BTreeMap;

use super::{Entry, Key, Map, Node, Value};
use crate::finding::{Finding, nearest};
use crate::source::Span;

/// Maps merge by key; scalars, lists and alternatives replace; null removes what lies beneath. Where nothing lies
/// beneath, the null stays, for the decoder to tell.
///
/// `alternatives` are places (`*` for any key) whose maps choose one of several forms, so that a mixture of two has
/// no meaning: an env value, a volume, a probe.
pub fn merge(under: Node, over: Node, alternatives: &[&[&str]]) -> Node {
    Laying { alternatives, path: Vec::new(), overrides: None }.lay(under, over)
}

/// The same, and notes which value lay under which.
pub fn merge_noting(under: Node, over: Node, alternatives: &[&[&str]], overrides: &mut Overrides) -> Node {
    Laying { alternatives, path: Vec::new(), overrides: Some(overrides) }.lay(under, over)
}

/// More layers than anybody lays over one another.
const LAYERS: usize = 100;

/// Which value lay under which: the place of each that replaced another, and the place of that one.
#[derive(Clone, Default, Debug)]
pub struct Overrides {
    under: BTreeMap<Span, Span>,
    nothing: BTreeMap<Span, Nothing>,
}

/// A null with nothing beneath it.
#[derive(Clone, Debug)]
pub struct Nothing {
    key: String,
    /// The nearest key that is beneath.
    near: Option<String>,
}

impl Nothing {
    /// What a finding at that null should say.
    pub fn explain(&self, finding: &mut Finding) {
        let help = match &self.near {
            Some(near) => format!("did you mean `{near}`?"),
            None => "leave it out".to_owned(),
        };
        let message = format!("there is no `{}` beneath that null could remove", self.key);
        let code = finding.code;
        *finding = Finding::new(code, finding.primary.span, message).weighs(finding.severity).help(help);
    }
}

impl Overrides {
    /// Notes that one value took the place of another; of one that was noted before, the other lay under all that.
    pub fn note(&mut self, over: Span, under: Span) {
        let chain = std::iter::successors(Some(over), |span| self.under.get(span).copied()).take(LAYERS);
        // A value that an alias repeats may lie over itself.
        let (mut lowest, mut circle) = (over, false);
        for span in chain {
            circle |= span == under;
            lowest = span;
        }
        if !circle {
            self.under.entry(lowest).or_insert(under);
        }
    }

    /// What is known of the null at this place, if nothing lay beneath it.
    pub fn nothing(&self, place: Span) -> Option<&Nothing> {
        self.nothing.get(&place)
    }

    /// What lay under the value at this place, or under one that holds it.
    pub fn under(&self, place: Span) -> Option<Span> {
        let at = Span { end: u32::MAX, ..place };
        let (over, under) = self.under.range(..=at).next_back()?;
        (over.file == place.file && over.end >= place.end).then_some(*under)
    }
}

/// One tree being laid over another.
struct Laying<'a> {
    alternatives: &'a [&'a [&'a str]],
    path: Vec<String>,
    overrides: Option<&'a mut Overrides>,
}

impl Laying<'_> {
    fn lay(&mut self, under: Node, over: Node) -> Node {
        match (under.value, over.value) {
            (Value::Map(under), Value::Map(over_map)) if !is_alternative(&self.path, self.alternatives) => {
                Node { span: over.span, value: Value::Map(self.maps(under, over_map)) }
            }
            (_, value) => {
                if let Some(overrides) = &mut self.overrides {
                    overrides.note(over.span, under.span);
                }
                Node { span: over.span, value }
            }
        }
    }

    /// Notes a null that meets nothing.
    fn nothing(&mut self, under: &Map, key: &Key, value: &Node) {
        if let Value::Map(map) = &value.value {
            let none = Map::default();
            map.entries.iter().for_each(|entry| self.nothing(&none, &entry.key, &entry.value));
        }
        let (Value::Null, Some(overrides)) = (&value.value, &mut self.overrides) else { return };
        let near = nearest(&key.text, under.entries.iter().map(|entry| entry.key.text.as_ref()));
        let nothing = Nothing { key: key.text.to_string(), near: near.map(str::to_owned) };
        overrides.nothing.entry(value.span).or_insert(nothing);
    }

    fn maps(&mut self, mut under: Map, over: Map) -> Map {
        // The keys of `over` differ from each other, so only those beneath need to be searched.
        let mut beneath = under.entries.len();
        for Entry { key, value } in over.entries {
            let Some(at) = under.entries.iter().take(beneath).position(|entry| entry.key.text == key.text)
            else {
                self.nothing(&under, &key, &value);
                under.push(key, value);
                continue;
            };
            if matches!(value.value, Value::Null) {
                under.entries.remove(at);
                beneath = beneath.saturating_sub(1);
                continue;
            }
            if let Some(entry) = under.entries.get_mut(at) {
                self.path.push(key.text.to_string());
                let old = std::mem::replace(&mut entry.value, Node::null(key.span));
                entry.value = self.lay(old, value);
                entry.key = key;
                self.path.pop();
            }
        }
        under
    }
}

fn is_alternative(path: &[String], alternatives: &[&[&str]]) -> bool {
    alternatives.iter().any(|place| {
        place.len() == path.len() && place.iter().zip(path).all(|(key, part)| *key == "*" || key == part)
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::source::{Sources, Span};
    use crate::yaml::write::tests::{any_node, cases};

    fn place() -> Span {
        Sources::default().add("test".into(), Ok(Vec::new())).start()
    }

    fn map(entries: Vec<(&'static str, Node)>) -> Node {
        Node::map(place(), entries)
    }

    fn text(text: &'static str) -> Node {
        Node::text(place(), text)
    }

    /// Null removes; the laws here are of what is laid over.
    fn without_null(mut node: Node) -> Node {
        match &mut node.value {
            Value::Null => node.value = Value::Text("null".into()),
            Value::List(items) => {
                *items = std::mem::take(items).into_iter().map(without_null).collect();
            }
            Value::Map(map) => {
                for entry in &mut map.entries {
                    let value = std::mem::replace(&mut entry.value, Node::null(place()));
                    entry.value = without_null(value);
                }
            }
            _ => {}
        }
        node
    }

    /// A map over whose keys another one has a chance to lie.
    fn any_map() -> impl Strategy<Value = Node> {
        let entries = proptest::collection::btree_map("[ab]", prop_oneof![any_node(), any_small()], 0..3);
        entries.prop_map(|entries| Node::map(place(), entries))
    }

    fn any_small() -> impl Strategy<Value = Node> {
        proptest::collection::btree_map("[ab]", any_node(), 0..3)
            .prop_map(|entries| Node::map(place(), entries))
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn nothing_changes_nothing(tree in any_map()) {
            prop_assert!(merge(tree.clone(), map(vec![]), &[]).same(&tree));
            prop_assert!(merge(map(vec![]), tree.clone(), &[]).same(&tree));
        }

        #[test]
        fn once_is_as_good_as_twice(under in any_map(), over in any_map().prop_map(without_null)) {
            let once = merge(under, over.clone(), &[]);
            prop_assert!(merge(once.clone(), over, &[]).same(&once));
        }

        /// Every key of the lower tree is there, in its place; what comes on top comes last.
        #[test]
        fn keys_keep_their_order(under in any_map(), over in any_map().prop_map(without_null)) {
            let key = |entry: &Entry| entry.key.text.to_string();
            let mut expected: Vec<String> = under.entries().iter().map(key).collect();
            expected.extend(over.entries().iter().map(key).filter(|key| under.get(key).is_none()));
            let merged = merge(under, over, &[]);
            prop_assert_eq!(merged.entries().iter().map(key).collect::<Vec<_>>(), expected);
        }

        /// Where a map chooses a form, the upper one is taken whole.
        #[test]
        fn alternatives_replace(under in any_map(), over in any_map()) {
            prop_assert!(merge(under, over.clone(), &[&[]]).same(&over));
        }
    }

    #[test]
    fn each_rule_once() {
        let under = || {
            map(vec![
                ("kept", text("k")),
                ("list", Node::list(place(), [text("a"), text("b")])),
                ("gone", text("g")),
                ("env", map(vec![("A", map(vec![("secret", text("s")), ("key", text("k"))]))])),
            ])
        };
        let over = || {
            map(vec![
                ("list", Node::list(place(), [text("c")])),
                ("gone", Node::null(place())),
                ("nothing", Node::null(place())),
                (
                    "env",
                    map(vec![("A", map(vec![("value", text("v"))])), ("B", map(vec![("value", text("b"))]))]),
                ),
            ])
        };
        let merged = merge(under(), over(), &[&["env", "*"]]);
        let expected = map(vec![
            ("kept", text("k")),
            ("list", Node::list(place(), [text("c")])),
            (
                "env",
                map(vec![("A", map(vec![("value", text("v"))])), ("B", map(vec![("value", text("b"))]))]),
            ),
            ("nothing", Node::null(place())),
        ]);
        assert!(merged.same(&expected), "{merged:?}");
        let mixed = merge(under(), over(), &[]);
        assert_eq!(mixed.at(&["env", "A"]).map_or(0, |a| a.entries().len()), 3);
    }
}
