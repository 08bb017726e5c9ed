//! Two trees of one object, field by field.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::list::{self, Keys};
use crate::yaml::{Entry, Node, Value};

/// A step on the way to a field.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Step<'a> {
    /// A key of a map.
    Key(&'a str),
    /// An item of a list whose items are known by fields of theirs.
    Item(Keys, String),
    /// An item of any other list.
    At(usize),
}

/// A way from an object's root to a field.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Path<'a>(pub(super) Vec<Step<'a>>);

/// What became of a field.
#[derive(Clone, Debug)]
pub(super) enum What<'a> {
    /// Another value; none = it is not there.
    Value(Option<&'a Node>, Option<&'a Node>),
    /// A list's items stand in another order, which decides about init containers and variables: the new list, and what
    /// its items are called.
    Order(&'a Node, Vec<String>),
}

/// A field that is not as it was.
#[derive(Clone, Debug)]
pub(super) struct Field<'a> {
    pub(super) path: Path<'a>,
    pub(super) what: What<'a>,
}

impl<'a> Path<'a> {
    /// Its steps in words.
    pub(super) fn keys(&self) -> Vec<String> {
        let word = |step: &Step<'_>| match step {
            Step::Key(key) => (*key).to_owned(),
            Step::Item(_, label) => label.clone(),
            Step::At(index) => index.to_string(),
        };
        self.0.iter().map(word).collect()
    }

    fn with(&self, step: Step<'a>) -> Path<'a> {
        let mut steps = self.0.clone();
        steps.push(step);
        Path(steps)
    }

    /// The last key on the way.
    fn key(&self) -> Option<&'a str> {
        self.0.iter().rev().find_map(|step| match step {
            Step::Key(key) => Some(*key),
            _ => None,
        })
    }
}

impl fmt::Display for Path<'_> {
    /// `spec.template.spec.containers[minio].resources.limits.memory`, `data["config.json"]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, step) in self.0.iter().enumerate() {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
            match step {
                Step::Key(key) if !key.is_empty() && key.chars().all(plain) => {
                    write!(f, "{}{key}", if at > 0 { "." } else { "" })?;
                }
                Step::Key(key) => write!(f, "[\"{key}\"]")?,
                Step::Item(_, label) => write!(f, "[{label}]")?,
                Step::At(index) => write!(f, "[{index}]")?,
            }
        }
        Ok(())
    }
}

/// All fields that hold no others, in the order of the tree.
pub fn leaves(tree: &Node) -> Vec<(Path<'_>, &Node)> {
    let mut all = Vec::new();
    gather(Path::default(), tree, &mut all);
    all
}

fn gather<'a>(path: Path<'a>, node: &'a Node, all: &mut Vec<(Path<'a>, &'a Node)>) {
    match &node.value {
        Value::Map(map) if !map.entries.is_empty() => {
            for entry in &map.entries {
                gather(path.with(Step::Key(&entry.key.text)), &entry.value, all);
            }
        }
        Value::List(items) if !items.is_empty() => {
            let labels = list::keyed(path.key().unwrap_or_default(), items, &[]);
            for (at, item) in items.iter().enumerate() {
                let labelled =
                    labels.as_ref().and_then(|(keys, labels, _)| Some((*keys, labels.get(at)?.clone())));
                let step = labelled.map_or(Step::At(at), |(keys, label)| Step::Item(keys, label));
                gather(path.with(step), item, all);
            }
        }
        _ => all.push((path, node)),
    }
}

/// Where a way that somebody wrote leads no further: what was reached, the part that is not there, what is.
#[derive(Debug)]
pub struct Missing {
    /// As far as it goes.
    pub reached: String,
    /// The part that leads nowhere.
    pub part: String,
    /// What is there.
    pub known: Vec<String>,
}

/// The field at a way as people write it: `spec.replicas`, `spec.template.spec.containers[web].image`, with `[0]` and
/// `[name=web]` for the same, or `/spec/replicas`.
///
/// # Errors
/// Where the way ends before its end.
pub fn find<'a>(tree: &'a Node, way: &str) -> Result<(Path<'a>, &'a Node), Missing> {
    let parts = parts(way);
    let (mut path, mut node, mut at) = (Path::default(), tree, 0_usize);
    while let Some(part) = parts.get(at) {
        let rest = parts.get(at..).unwrap_or_default();
        let Some((step, below, taken)) = step(&path, node, rest) else {
            return Err(Missing { reached: path.to_string(), part: part.clone(), known: known(&path, node) });
        };
        (path, node, at) = (path.with(step), below, at.saturating_add(taken));
    }
    Ok((path, node))
}

/// One step, and how many parts it takes: a key may hold dots.
fn step<'a>(path: &Path<'a>, node: &'a Node, parts: &[String]) -> Option<(Step<'a>, &'a Node, usize)> {
    let first = parts.first()?;
    if let Value::List(items) = &node.value {
        let name = first.rsplit_once('=').map_or(first.as_str(), |(_, name)| name);
        let labels = list::keyed(path.key().unwrap_or_default(), items, &[]);
        let by_label =
            labels.as_ref().and_then(|(_, labels, _)| labels.iter().position(|label| label == name));
        let at = by_label.or_else(|| first.parse().ok())?;
        let labelled = labels.and_then(|(keys, labels, _)| Some(Step::Item(keys, labels.get(at)?.clone())));
        return Some((labelled.unwrap_or(Step::At(at)), items.get(at)?, 1));
    }
    let map = node.as_map()?;
    (1..=parts.len()).find_map(|taken| {
        let entry = map.entry(&parts.get(..taken)?.join("."))?;
        Some((Step::Key(&entry.key.text), &entry.value, taken))
    })
}

fn known(path: &Path<'_>, node: &Node) -> Vec<String> {
    match &node.value {
        Value::List(items) => list::keyed(path.key().unwrap_or_default(), items, &[])
            .map_or_else(|| (0..items.len()).map(|at| at.to_string()).collect(), |(_, labels, _)| labels),
        _ => node.entries().iter().map(|entry| entry.key.text.to_string()).collect(),
    }
}

/// The parts of a way: what stands between dots, in brackets, or between slashes where it begins with one.
fn parts(way: &str) -> Vec<String> {
    if let Some(pointer) = way.strip_prefix('/') {
        return pointer.split('/').map(|part| part.replace("~1", "/").replace("~0", "~")).collect();
    }
    let mut parts = Vec::new();
    let mut rest = way;
    while !rest.is_empty() {
        if let Some((inside, after)) = rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            parts.push(inside.trim_matches(['"', '\'']).to_owned());
            rest = after.strip_prefix('.').unwrap_or(after);
            continue;
        }
        let end = rest.find(['.', '[']).filter(|at| *at > 0).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        parts.push(part.to_owned());
        rest = after.strip_prefix('.').unwrap_or(after);
    }
    parts
}

/// Equal to Kubernetes: the order of a map's keys and how a number was written say nothing.
pub(super) fn equal(a: &Node, b: &Node) -> bool {
    match (&a.value, &b.value) {
        (Value::Map(one), Value::Map(other)) if one.entries.len() == other.entries.len() => {
            let in_order = one.entries.iter().zip(&other.entries).all(|(a, b)| a.key.text == b.key.text);
            if in_order {
                return one.entries.iter().zip(&other.entries).all(|(a, b)| equal(&a.value, &b.value));
            }
            let other = by_key(b);
            let same = |entry: &Entry| {
                other.get(entry.key.text.as_ref()).is_some_and(|other| equal(&entry.value, other))
            };
            one.entries.iter().all(same)
        }
        (Value::List(a), Value::List(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b)),
        _ => a.same(b),
    }
}

/// A map's values. To ask the map itself for each key of another would take the square of their number.
fn by_key(map: &Node) -> BTreeMap<&str, &Node> {
    map.entries().iter().map(|entry| (entry.key.text.as_ref(), &entry.value)).collect()
}

/// All fields that differ, in the new tree's order; what is gone stands where the old tree had it.
pub(super) fn fields<'a>(old: &'a Node, new: &'a Node) -> Vec<Field<'a>> {
    let mut all = Vec::new();
    walk(&Path::default(), old, new, &mut all);
    all
}

fn walk<'a>(path: &Path<'a>, old: &'a Node, new: &'a Node, all: &mut Vec<Field<'a>>) {
    if equal(old, new) {
        return;
    }
    match (&old.value, &new.value) {
        (Value::Map(_), Value::Map(_)) => maps(path, old, new, all),
        (Value::List(olds), Value::List(news)) => lists(path, (old, olds), (new, news), all),
        _ => all.push(Field { path: path.clone(), what: What::Value(Some(old), Some(new)) }),
    }
}

fn maps<'a>(path: &Path<'a>, old: &'a Node, new: &'a Node, all: &mut Vec<Field<'a>>) {
    let (olds, news) = (by_key(old), by_key(new));
    for Entry { key, value } in
        old.entries().iter().filter(|entry| !news.contains_key(entry.key.text.as_ref()))
    {
        all.push(Field { path: path.with(Step::Key(&key.text)), what: What::Value(Some(value), None) });
    }
    for Entry { key, value } in new.entries() {
        let path = path.with(Step::Key(&key.text));
        match olds.get(key.text.as_ref()) {
            Some(old) => walk(&path, old, value, all),
            None => all.push(Field { path, what: What::Value(None, Some(value)) }),
        }
    }
}

fn lists<'a>(
    path: &Path<'a>,
    (old, olds): (&'a Node, &'a [Node]),
    (new, news): (&'a Node, &'a [Node]),
    all: &mut Vec<Field<'a>>,
) {
    if let Some((keys, old_labels, new_labels)) = list::keyed(path.key().unwrap_or_default(), olds, news) {
        keyed(path, keys, (olds, &old_labels), (new, &new_labels), all);
    } else if olds.len() == news.len() && olds.iter().chain(news).all(|item| item.as_map().is_some()) {
        for (at, (old, new)) in olds.iter().zip(news).enumerate() {
            walk(&path.with(Step::At(at)), old, new, all);
        }
    } else {
        all.push(Field { path: path.clone(), what: What::Value(Some(old), Some(new)) });
    }
}

fn keyed<'a>(
    path: &Path<'a>,
    keys: Keys,
    (olds, old_labels): (&'a [Node], &[String]),
    (new_list, new_labels): (&'a Node, &[String]),
    all: &mut Vec<Field<'a>>,
) {
    let step = |label: &String| path.with(Step::Item(keys, label.clone()));
    let before: BTreeMap<&String, &'a Node> = old_labels.iter().zip(olds).collect();
    let after: BTreeSet<&String> = new_labels.iter().collect();
    for (old, label) in olds.iter().zip(old_labels).filter(|(_, label)| !after.contains(label)) {
        all.push(Field { path: step(label), what: What::Value(Some(old), None) });
    }
    for (new, label) in new_list.items().iter().zip(new_labels) {
        match before.get(label) {
            Some(old) => walk(&step(label), old, new, all),
            None => all.push(Field { path: step(label), what: What::Value(None, Some(new)) }),
        }
    }
    // What is added goes behind what stays; any other order has to be said.
    let stays = old_labels.iter().filter(|label| after.contains(label));
    let comes = new_labels.iter().filter(|label| !before.contains_key(label));
    if !stays.chain(comes).eq(new_labels) {
        all.push(Field { path: path.clone(), what: What::Order(new_list, new_labels.to_vec()) });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kube::tree::tree;
    use crate::yaml::Key;

    fn told(old: &Json, new: &Json) -> Vec<String> {
        let (old, new) = (tree(old), tree(new));
        let show = |node: Option<&Node>| node.map_or("-".into(), |node| serde_json::to_string(node).unwrap());
        fields(&old, &new)
            .iter()
            .map(|field| match &field.what {
                What::Value(old, new) => format!("{}: {} -> {}", field.path, show(*old), show(*new)),
                What::Order(_, labels) => format!("{}: order {}", field.path, labels.join(" ")),
            })
            .collect()
    }

    #[test]
    fn fields_are_named_by_path() {
        let container = |memory: &str, port: u16| {
            json!({"spec": {"containers": [
                {"name": "side"},
                {"name": "minio", "resources": {"limits": {"memory": memory}}, "ports": [{"containerPort": port}]},
            ]}})
        };
        assert_eq!(
            told(&container("1Gi", 9000), &container("2Gi", 9001)),
            [
                "spec.containers[minio].ports[9000/TCP]: {\"containerPort\":9000} -> -",
                "spec.containers[minio].ports[9001/TCP]: - -> {\"containerPort\":9001}",
                "spec.containers[minio].resources.limits.memory: \"1Gi\" -> \"2Gi\"",
            ]
        );
    }

    #[test]
    fn every_shape_of_change() {
        let rows = [
            (json!({"a": 1, "b": 2}), json!({"b": 2, "a": 1}), vec![]),
            (json!({"a": 1}), json!({"a": "1"}), vec!["a: 1 -> \"1\""]),
            (json!({"a": null}), json!({}), vec!["a: null -> -"]),
            (json!({"a": {}}), json!({"a": []}), vec!["a: {} -> []"]),
            (json!({"data": {"x.json": "1"}}), json!({"data": {}}), vec!["data[\"x.json\"]: \"1\" -> -"]),
            (json!({"a": [1, 2]}), json!({"a": [2]}), vec!["a: [1,2] -> [2]"]),
            (json!({"a": [{"b": 1}]}), json!({"a": [{"b": 2}]}), vec!["a[0].b: 1 -> 2"]),
            (
                json!({"env": [{"name": "A"}, {"name": "B"}]}),
                json!({"env": [{"name": "B"}, {"name": "A"}]}),
                vec!["env: order B A"],
            ),
            // Two of one name are not known by it.
            (
                json!({"env": [{"name": "A"}, {"name": "A"}]}),
                json!({"env": [{"name": "A"}]}),
                vec!["env: [{\"name\":\"A\"},{\"name\":\"A\"}] -> [{\"name\":\"A\"}]"],
            ),
        ];
        for (old, new, expected) in rows {
            assert_eq!(told(&old, &new), expected, "{old} {new}");
        }
    }

    /// Does to `node` what the fields say.
    fn apply(node: &mut Node, fields: &[Field<'_>]) {
        for field in fields {
            match (&field.what, field.path.0.split_last()) {
                (What::Value(_, new), None) => *node = (*new).unwrap().clone(),
                (What::Value(_, new), Some((last, steps))) => set(reach(node, steps), last, *new),
                (What::Order(new, _), _) => {
                    let list = reach(node, &field.path.0);
                    let Value::List(items) = &mut list.value else { panic!("a list has an order") };
                    items.sort_by_key(|item| new.items().iter().position(|new| equal(new, item)).unwrap());
                }
            }
        }
    }

    fn reach<'a>(node: &'a mut Node, steps: &[Step<'_>]) -> &'a mut Node {
        steps.iter().fold(node, |node, step| match (step, &mut node.value) {
            (Step::Key(key), Value::Map(map)) => map.get_mut(key).unwrap(),
            (Step::At(at), Value::List(items)) => &mut items[*at],
            (Step::Item(keys, own), Value::List(items)) => {
                items.iter_mut().find(|item| list::label(item, keys).as_ref() == Some(own)).unwrap()
            }
            _ => panic!("{step:?}"),
        })
    }

    fn set(parent: &mut Node, step: &Step<'_>, new: Option<&Node>) {
        match (step, &mut parent.value) {
            (Step::Key(key), Value::Map(map)) => {
                map.remove(key);
                let span = parent.span;
                let entry = |new: &Node| Entry {
                    key: Key { span, text: (*key).to_owned().into() },
                    value: new.clone(),
                };
                map.entries.extend(new.map(entry));
            }
            (Step::Item(keys, own), Value::List(items)) => {
                items.retain(|item| list::label(item, keys).as_ref() != Some(own));
                items.extend(new.cloned());
            }
            (Step::At(at), Value::List(items)) => items[*at] = new.unwrap().clone(),
            _ => panic!("{step:?}"),
        }
    }

    /// Small trees with the names that lists are known by, so that all ways of [`lists`] are gone.
    fn any_tree() -> impl Strategy<Value = Json> {
        let text = prop::sample::select(vec!["a", "b", "c", "TCP", "UDP", "/x", ""]);
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            (0..3_i64).prop_map(Json::from),
            text.prop_map(Json::from),
        ];
        let key = prop::sample::select(vec![
            "name",
            "env",
            "ports",
            "containerPort",
            "port",
            "protocol",
            "volumeMounts",
            "mountPath",
            "args",
        ]);
        leaf.prop_recursive(5, 48, 5, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..5).prop_map(Json::from),
                prop::collection::btree_map(key.clone().prop_map(str::to_owned), inner, 0..5)
                    .prop_map(|map| Json::Object(map.into_iter().collect())),
            ]
        })
    }

    /// A tree and one made of it by few edits: two random trees have little in common.
    fn edited() -> impl Strategy<Value = (Json, Json)> {
        (any_tree(), prop::collection::vec((any::<u16>(), any::<u8>(), any_tree()), 0..4)).prop_map(
            |(old, edits)| {
                let mut new = old.clone();
                for (at, kind, value) in edits {
                    edit(&mut new, usize::from(at), kind, value);
                }
                (old, new)
            },
        )
    }

    fn edit(tree: &mut Json, at: usize, kind: u8, value: Json) {
        match tree {
            Json::Array(items) if !items.is_empty() => {
                let place = at % items.len();
                match kind % 5 {
                    0 => drop(items.remove(place)),
                    1 => items.insert(place, value),
                    2 => items.reverse(),
                    _ => edit(&mut items[place], at / 5, kind / 5, value),
                }
            }
            Json::Object(map) if !map.is_empty() => {
                let key = map.keys().nth(at % map.len()).unwrap().clone();
                match kind % 4 {
                    0 => drop(map.remove(&key)),
                    _ => edit(map.get_mut(&key).unwrap(), at / 7, kind / 4, value),
                }
            }
            _ => *tree = value,
        }
    }

    proptest! {
        #[test]
        fn what_is_listed_makes_the_new_of_the_old((old, new) in edited()) {
            let (mut old, new) = (tree(&old), tree(&new));
            let before = old.clone();
            apply(&mut old, &fields(&before, &new));
            prop_assert!(equal(&old, &new));
            prop_assert_eq!(fields(&before, &new).is_empty(), equal(&before, &new));
        }
    }
}
