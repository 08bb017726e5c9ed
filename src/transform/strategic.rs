//! A strategic merge patch laid over an object (`apimachinery/pkg/util/strategicpatch`, and the project's facts page on
//! kustomize, 3): maps merge, null deletes, the items of keyed lists meet by their keys, `$patch` and its like direct.
//!
//! What a patch sets keeps the patch's place. Where the API would refuse the mixture (two sources of one volume), what
//! the patch chose drives out what was there, and that is told.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::kube::Union;
use crate::source::Span;
use crate::transform::Wrong;
use crate::transform::shape::{Field, KeyList, Shape, meets, scalar, shown};
use crate::yaml::{Entry, Map, Node, Value};

/// What a merge did.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Whether any value is another one than before.
    pub changed: bool,
    /// Whether the patch asked for the object to be removed.
    pub deleted: bool,
    /// Why the patch cannot be.
    pub wrong: Vec<Wrong>,
    /// Fields that gave way to one that excludes them: the field, its place, the place of what excludes it.
    pub gave_way: Vec<(String, Span, Span)>,
    /// Values that something else had set, and that are others now: the key, the old place, the new one.
    pub replaced: Vec<(String, Span, Span)>,
    /// Lists of a custom kind that had items and were replaced whole: the key and the new place.
    pub lists: Vec<(String, Span)>,
    /// Containers that the patch adds without an image.
    pub hollow: Vec<Hollow>,
    /// Entries of lists that the patch deletes and that are not there.
    pub absent: Vec<Absent>,
}

/// An entry of a list that is not there.
#[derive(Clone, Debug)]
pub struct Absent {
    /// Where the patch names it.
    pub span: Span,
    /// As people see it: `name: web`.
    pub entry: String,
    /// Its key.
    pub name: String,
    /// Those that are there.
    pub others: Vec<String>,
}

/// A container that a patch adds without an image: a misspelt name, most of the time.
#[derive(Clone, Debug)]
pub struct Hollow {
    /// The entry.
    pub item: Span,
    /// Where its name stands.
    pub place: Span,
    /// Its name.
    pub name: String,
    /// Those that are there.
    pub others: Vec<String>,
}

/// Lists of containers.
const CONTAINERS: [&str; 2] = ["containers", "initContainers"];

/// Lays a patch over an object.
pub fn merge(base: &mut Node, patch: &Node, shape: Shape<'_>, minor: u16) -> Outcome {
    let mut merge = Merge { minor, outcome: Outcome::default() };
    if let (Value::Map(base), Value::Map(patch)) = (&mut base.value, &patch.value)
        && merge.map(base, patch, shape) == After::Removed
    {
        merge.outcome.deleted = true;
        merge.outcome.changed = true;
    }
    merge.outcome
}

/// What kustomize's merge does to an object beside what the patch says: keys with nothing behind them go (a `null` that
/// is written stays), and what a replacement made of nothing is text where Kubernetes wants text.
pub fn tidy(object: &mut Node, shape: Shape<'_>, minor: u16) {
    tidy_map(object, "", shape, minor);
}

/// Maps of texts.
const TEXTS: [&str; 6] = ["annotations", "labels", "matchLabels", "nodeSelector", "data", "stringData"];

fn tidy_map(node: &mut Node, of: &str, shape: Shape<'_>, minor: u16) {
    let Some(map) = node.as_map_mut() else { return };
    map.entries.retain(|entry| !is_blank(&entry.value));
    for Entry { key, value } in &mut map.entries {
        let (field, inner) = shape.field(&key.text, minor);
        match &mut value.value {
            Value::List(items) if matches!(field, Field::Keyed(_)) => {
                for item in items {
                    tidy_map(item, &key.text, inner, minor);
                }
            }
            Value::Int(_, None) | Value::Float(_, None) | Value::Bool(_, None)
                if TEXTS.contains(&of) || (of == "env" && key.text == "value") =>
            {
                let text = value.written().unwrap_or_default().into_owned();
                *value = Node::text(value.span, text);
            }
            _ => tidy_map(value, &key.text, inner, minor),
        }
    }
}

/// Null of which no character is written.
fn is_blank(node: &Node) -> bool {
    matches!(node.value, Value::Null) && node.span.start == node.span.end
}

/// What remains of a map that was patched.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Kept,
    Removed,
}

struct Merge {
    minor: u16,
    outcome: Outcome,
}

const ORDER: &str = "$setElementOrder/";
const DELETE: &str = "$deleteFromPrimitiveList/";
const RETAIN: &str = "$retainKeys";
const PATCH: &str = "$patch";

/// Whether a key directs the merge and belongs to no object.
fn is_directive(key: &str) -> bool {
    key == PATCH || key == RETAIN || key.starts_with(ORDER) || key.starts_with(DELETE)
}

/// `$patch: WORD`.
fn word(node: &Node) -> Option<&str> {
    node.text_at(&[PATCH])
}

impl Merge {
    fn wrong(&mut self, span: Span, reason: impl Into<String>, help: Option<String>) {
        self.outcome.wrong.push(Wrong { help, ..Wrong::at(span, reason) });
    }

    fn map(&mut self, base: &mut Map, patch: &Map, shape: Shape<'_>) -> After {
        match patch.get(PATCH) {
            None => {}
            Some(node) => match node.as_text() {
                Some("merge") => {}
                Some("delete") => return After::Removed,
                Some("replace") => {
                    self.replace_map(base, patch, shape);
                    return After::Kept;
                }
                _ => {
                    let said = node.written().unwrap_or_default().into_owned();
                    let help = Some("one of `merge`, `replace`, `delete`".to_owned());
                    self.wrong(node.span, format!("`$patch: {said}` is no directive"), help);
                }
            },
        }
        for entry in &patch.entries {
            if let Some(list) = entry.key.text.strip_prefix(DELETE) {
                self.delete_scalars(base, list, &entry.value);
            } else if !is_directive(&entry.key.text) {
                self.entry(base, entry, shape);
            }
        }
        self.retain(base, patch);
        self.exclude(base, patch, shape.union());
        for entry in &patch.entries {
            if let Some(list) = entry.key.text.strip_prefix(ORDER) {
                let (field, _) = shape.field(list, self.minor);
                self.order(base, list, &entry.value, field);
            }
        }
        After::Kept
    }

    fn replace_map(&mut self, base: &mut Map, patch: &Map, shape: Shape<'_>) {
        let new = self.fresh_map(patch, shape);
        let same = base.entries.len() == new.entries.len()
            && new
                .entries
                .iter()
                .all(|entry| base.get(&entry.key.text).is_some_and(|old| old.same(&entry.value)));
        if !same {
            self.outcome.changed = true;
            *base = new;
        }
    }

    fn entry(&mut self, base: &mut Map, entry: &Entry, shape: Shape<'_>) {
        let Entry { key, value } = entry;
        let (field, inner) = shape.field(&key.text, self.minor);
        let at = base.entries.iter().position(|old| old.key.text == key.text);
        let Some(old) = at.and_then(|at| base.entries.get_mut(at)) else {
            if let Some(fresh) = self.fresh(value, field, inner) {
                base.push(key.clone(), fresh);
                self.outcome.changed = true;
            }
            return;
        };
        let remove = match &value.value {
            Value::Null => true,
            _ => self.value(&key.text, &mut old.value, value, field, inner) == After::Removed,
        };
        if remove {
            self.outcome.changed = true;
            base.remove(&key.text);
        }
    }

    /// Lays a value over one that is there.
    fn value(&mut self, key: &str, old: &mut Node, new: &Node, field: Field<'_>, inner: Shape<'_>) -> After {
        match (&mut old.value, &new.value) {
            (Value::Null, _) => match self.fresh(new, field, inner) {
                Some(fresh) => self.replace(key, old, fresh),
                None => return After::Removed,
            },
            (Value::Map(under), Value::Map(over)) if !matches!(field, Field::Replace) => {
                return self.map(under, over, inner);
            }
            (Value::List(_), Value::List(over)) if matches!(field, Field::Keyed(_)) && deletes(over) => {
                if let Some(other) = over.iter().find(|item| !is_list_directive(item)) {
                    let reason = "an entry beside `$patch: delete`, which removes the list";
                    let help = "`$patch: replace` puts the patch's entries in its place";
                    self.wrong(other.span, reason, Some(help.to_owned()));
                    return After::Kept;
                }
                return After::Removed;
            }
            (Value::List(under), Value::List(over)) if matches!(field, Field::Keyed(_) | Field::Set) => {
                match field {
                    Field::Keyed(keys) => self.list(key, under, over, keys, inner),
                    _ => self.set(under, over),
                }
            }
            (Value::Map(_), Value::Map(_)) | (Value::List(_), Value::List(_)) => {
                let had = !old.items().is_empty();
                if let Some(fresh) = self.fresh(new, Field::Plain, inner)
                    && !old.same(&fresh)
                {
                    if had {
                        self.outcome.lists.push((key.to_owned(), new.span));
                    }
                    self.replace(key, old, fresh);
                }
            }
            (Value::Map(_) | Value::List(_), _) | (_, Value::Map(_) | Value::List(_)) => {
                let reason =
                    format!("`{key}` is {} in the object, and {} in the patch", old.kind(), new.kind());
                self.wrong(new.span, reason, None);
            }
            _ => {
                if !old.same(new) {
                    self.replace(key, old, new.clone());
                }
            }
        }
        After::Kept
    }

    fn replace(&mut self, key: &str, old: &mut Node, new: Node) {
        self.outcome.changed = true;
        self.outcome.replaced.push((key.to_owned(), old.span, new.span));
        *old = new;
    }

    /// What a patch sets where nothing was: its directives are followed and left out. None where nothing is to be set.
    fn fresh(&mut self, node: &Node, field: Field<'_>, inner: Shape<'_>) -> Option<Node> {
        let value = match &node.value {
            Value::Null => return None,
            Value::Map(_) if word(node) == Some("delete") => return None,
            Value::Map(map) => Value::Map(self.fresh_map(map, inner)),
            Value::List(items) => match field {
                Field::Keyed(keys) => Value::List(self.fresh_list(items, keys, inner)),
                _ => Value::List(items.iter().filter_map(plain_item).collect()),
            },
            _ => return Some(node.clone()),
        };
        Some(Node { span: node.span, value })
    }

    fn fresh_map(&mut self, map: &Map, shape: Shape<'_>) -> Map {
        let mut fresh = Map::default();
        for entry in map.entries.iter().filter(|entry| !is_directive(&entry.key.text)) {
            let (field, inner) = shape.field(&entry.key.text, self.minor);
            if let Some(value) = self.fresh(&entry.value, field, inner) {
                fresh.push(entry.key.clone(), value);
            }
        }
        fresh
    }

    fn fresh_list(&mut self, items: &[Node], keys: KeyList<'_>, inner: Shape<'_>) -> Vec<Node> {
        let known = self.known(items, keys);
        known.into_iter().filter_map(|(item, _)| self.fresh(item, Field::Plain, inner)).collect()
    }

    /// The items of a patch's list with their keys; what has none, or one that another has, is told.
    fn known<'n>(
        &mut self,
        items: &'n [Node],
        keys: KeyList<'n>,
    ) -> Vec<(&'n Node, Vec<Option<Cow<'n, str>>>)> {
        let mut known: Vec<(&Node, Vec<Option<Cow<'_, str>>>)> = Vec::with_capacity(items.len());
        let mut seen = BTreeMap::new();
        for item in items.iter().filter(|item| !is_list_directive(item)) {
            if item.as_map().is_none() {
                self.wrong(item.span, format!("a map is wanted here, this is {}", item.kind()), None);
                continue;
            }
            let first = keys.first();
            if item.get(first).and_then(scalar).is_none() {
                let reason =
                    format!("the entry has no `{first}`, by which entries of this list are told apart");
                self.wrong(
                    item.span,
                    reason,
                    Some(format!("write the `{first}` of the entry that is meant")),
                );
                continue;
            }
            if word(item) == Some("replace") {
                let help = "an entry `$patch: replace` of its own replaces the list";
                let reason = "`$patch: replace` beside other keys: tools read it differently";
                self.wrong(item.span, reason, Some(help.to_owned()));
                continue;
            }
            let key = keys.of(item);
            if let Some(first) = seen.insert(key.clone(), item.span) {
                let reason = format!("two entries of the patch have {}", shown(keys, item));
                let _ = first;
                self.wrong(item.span, reason, Some("join them to one".to_owned()));
                continue;
            }
            known.push((item, key));
        }
        known
    }

    fn list(&mut self, key: &str, base: &mut Vec<Node>, patch: &[Node], keys: KeyList<'_>, inner: Shape<'_>) {
        if patch.iter().any(|item| is_list_directive(item) && word(item) == Some("replace")) {
            let new = self.fresh_list(patch, keys, inner);
            if base.len() != new.len() || !base.iter().zip(&new).all(|(a, b)| a.same(b)) {
                self.outcome.changed = true;
                *base = new;
            }
            return;
        }
        for (item, known) in self.known(patch, keys) {
            let matches = matching(base, &known, keys);
            let delete = word(item) == Some("delete");
            match (matches.as_slice(), delete) {
                ([], true) => self.absent(base, item, keys),
                ([], false) => {
                    self.hollow(key, base, item);
                    if let Some(fresh) = self.fresh(item, Field::Plain, inner) {
                        self.outcome.changed = true;
                        base.push(fresh);
                    }
                }
                ([at], false) => {
                    if let Some(old) = base.get_mut(*at) {
                        self.value(key, old, item, Field::Plain, inner);
                    }
                }
                (_, true) => {
                    self.outcome.changed = true;
                    base.retain(|old| !meets(&keys.of(old), &known));
                }
                (several, false) => {
                    let all: Vec<String> =
                        several.iter().filter_map(|at| base.get(*at)).map(|old| shown(keys, old)).collect();
                    let reason = format!("several entries have {}", shown(keys, item));
                    self.wrong(item.span, reason, Some(format!("say which one: {}", all.join("; "))));
                }
            }
        }
    }

    fn absent(&mut self, base: &[Node], item: &Node, keys: KeyList<'_>) {
        let text = |node: &Node| node.get(keys.first()).and_then(scalar).map(Cow::into_owned);
        let others = base.iter().filter_map(text).collect();
        let (entry, name) = (shown(keys, item), text(item).unwrap_or_default());
        self.outcome.absent.push(Absent { span: item.span, entry, name, others });
    }

    fn hollow(&mut self, key: &str, base: &[Node], item: &Node) {
        let Some(name) =
            item.get("name").filter(|_| CONTAINERS.contains(&key) && item.get("image").is_none())
        else {
            return;
        };
        let others = base.iter().filter_map(|old| old.text_at(&["name"]).map(str::to_owned)).collect();
        let text = name.as_text().unwrap_or_default().to_owned();
        self.outcome.hollow.push(Hollow { item: item.span, place: name.span, name: text, others });
    }

    fn set(&mut self, base: &mut Vec<Node>, patch: &[Node]) {
        for item in patch {
            if !base.iter().any(|old| old.same(item)) {
                self.outcome.changed = true;
                base.push(item.clone());
            }
        }
    }

    fn delete_scalars(&mut self, base: &mut Map, list: &str, gone: &Node) {
        let Some(Value::List(items)) = base.get_mut(list).map(|node| &mut node.value) else { return };
        let before = items.len();
        items.retain(|item| !gone.items().iter().any(|gone| gone.same(item)));
        self.outcome.changed |= items.len() != before;
    }

    /// `$retainKeys`: of the map only these keys stay.
    fn retain(&mut self, base: &mut Map, patch: &Map) {
        let Some(node) = patch.get(RETAIN) else { return };
        let keys: Vec<&str> = node.items().iter().filter_map(Node::as_text).collect();
        for entry in patch.entries.iter().filter(|entry| !is_directive(&entry.key.text)) {
            if !matches!(entry.value.value, Value::Null) && !keys.contains(&entry.key.text.as_ref()) {
                let reason = format!("`{}` is set, and not among `$retainKeys`", entry.key.text);
                self.wrong(
                    entry.key.span,
                    reason,
                    Some(format!("add `{}` to `$retainKeys`", entry.key.text)),
                );
            }
        }
        let before = base.entries.len();
        base.entries.retain(|entry| keys.contains(&entry.key.text.as_ref()));
        self.outcome.changed |= base.entries.len() != before;
    }

    /// What the patch chose drives out what excludes it.
    fn exclude(&mut self, base: &mut Map, patch: &Map, union: Union) {
        let set = |key: &str| patch.get(key).is_some_and(|node| !matches!(node.value, Value::Null));
        let chosen = match union {
            Union::No => None,
            Union::Rolling => {
                let other = patch.entry("type").filter(|kind| kind.value.as_text() != Some("RollingUpdate"));
                other.filter(|_| !set("rollingUpdate"))
            }
            _ => patch.entries.iter().find(|entry| is_arm(union, &entry.key.text) && set(&entry.key.text)),
        };
        let Some(chosen) = chosen else { return };
        let goes = |entry: &Entry| is_arm(union, &entry.key.text) && !set(&entry.key.text);
        for entry in base.entries.iter().filter(|entry| goes(entry)) {
            let gone = (entry.key.text.to_string(), entry.key.span, chosen.key.span);
            self.outcome.gave_way.push(gone);
            self.outcome.changed = true;
        }
        base.entries.retain(|entry| !goes(entry));
    }

    /// `$setElementOrder/LIST`: the items that it names stand in its order, in the places that they have together.
    fn order(&mut self, base: &mut Map, list: &str, order: &Node, field: Field<'_>) {
        let Some(Value::List(items)) = base.get_mut(list).map(|node| &mut node.value) else { return };
        let rank = |item: &Node| {
            order.items().iter().position(|named| match field {
                Field::Keyed(keys) => meets(&keys.of(named), &keys.of(item)),
                _ => named.same(item),
            })
        };
        let ranks: Vec<Option<usize>> = items.iter().map(rank).collect();
        let mut sorted: Vec<(usize, usize)> =
            ranks.iter().enumerate().filter_map(|(at, rank)| rank.map(|rank| (rank, at))).collect();
        let places: Vec<usize> = sorted.iter().map(|(_, at)| *at).collect();
        sorted.sort_unstable();
        let mut moved: Vec<(usize, Node)> = sorted
            .iter()
            .zip(&places)
            .filter_map(|((_, from), to)| items.get(*from).map(|item| (*to, item.clone())))
            .collect();
        self.outcome.changed |= sorted.iter().zip(&places).any(|((_, from), to)| from != to);
        for (to, item) in moved.drain(..) {
            if let Some(place) = items.get_mut(to) {
                *place = item;
            }
        }
    }
}

/// Where the items are that a patch's entry means: the one that has all its keys, else all that differ in none.
fn matching(base: &[Node], known: &[Option<Cow<'_, str>>], keys: KeyList<'_>) -> Vec<usize> {
    if let Some(exact) = base.iter().position(|old| keys.of(old) == known) {
        return vec![exact];
    }
    let meant = |old: &Node| old.get(keys.first()).is_some() && meets(&keys.of(old), known);
    base.iter().enumerate().filter(|(_, old)| meant(old)).map(|(at, _)| at).collect()
}

/// Whether a field is one of several that exclude each other.
fn is_arm(union: Union, key: &str) -> bool {
    match union {
        Union::No => false,
        Union::OneOf(arms) => arms.contains(&key),
        Union::AllBut(others) => !others.contains(&key) && !is_directive(key),
        Union::Rolling => key == "rollingUpdate",
    }
}

/// An entry that speaks of its list: `{$patch: replace}`.
fn is_list_directive(item: &Node) -> bool {
    matches!(item.entries(), [only] if only.key.text == PATCH)
}

/// Whether a patch's list has an item `$patch: delete`, which means the list itself.
fn deletes(items: &[Node]) -> bool {
    items.iter().any(|item| is_list_directive(item) && word(item) == Some("delete"))
}

/// An item of a list that is replaced whole stays as it is, nulls and all; only directives go.
fn plain_item(item: &Node) -> Option<Node> {
    if is_list_directive(item) || word(item) == Some("delete") {
        return None;
    }
    let mut item = item.clone();
    if let Some(map) = item.as_map_mut() {
        map.entries.retain(|entry| !is_directive(&entry.key.text));
    }
    Some(item)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kube::type_of;
    use crate::transform::difference::merged;

    /// A patch of a pod's spec, in a Deployment.
    fn pod(base: &Json, patch: &Json) -> (Json, Outcome) {
        let wrap = |spec: &Json| json!({"spec": {"template": {"spec": spec}}});
        let (made, outcome) = merged(&wrap(base), &wrap(patch), Shape::Known(type_of("apps", "Deployment")));
        (made["spec"]["template"]["spec"].clone(), outcome)
    }

    /// A patch of the spec of a kind.
    fn spec(group: &str, kind: &str, base: &Json, patch: &Json) -> (Json, Outcome) {
        let wrap = |spec: &Json| json!({"spec": spec});
        let (made, outcome) = merged(&wrap(base), &wrap(patch), Shape::Known(type_of(group, kind)));
        (made["spec"].clone(), outcome)
    }

    #[test]
    fn keyed_lists_meet_by_key_and_keep_both_orders() {
        let base = json!({"containers": [{"name": "a", "image": "x"}, {"name": "b"}]});
        let patch = json!({"containers": [{"name": "b", "image": "y"}, {"name": "n"}]});
        let (made, _) = pod(&base, &patch);
        assert_eq!(
            made["containers"],
            json!([{"name": "a", "image": "x"}, {"name": "b", "image": "y"}, {"name": "n"}])
        );
    }

    #[test]
    fn directives_are_followed_and_never_left() {
        let base =
            json!({"containers": [{"name": "a"}, {"name": "b"}], "nodeSelector": {"x": "1", "y": "2"}});
        let rows = [
            (
                json!({"containers": [{"name": "a", "$patch": "delete"}]}),
                json!([{"name": "b"}]),
                json!({"x": "1", "y": "2"}),
            ),
            (
                json!({"containers": [{"name": "n"}, {"$patch": "replace"}]}),
                json!([{"name": "n"}]),
                json!({"x": "1", "y": "2"}),
            ),
            (json!({"containers": []}), json!([{"name": "a"}, {"name": "b"}]), json!({"x": "1", "y": "2"})),
            (
                json!({"$setElementOrder/containers": [{"name": "b"}, {"name": "a"}]}),
                json!([{"name": "b"}, {"name": "a"}]),
                json!({"x": "1", "y": "2"}),
            ),
            (
                json!({"nodeSelector": {"$patch": "replace", "z": "3"}}),
                json!([{"name": "a"}, {"name": "b"}]),
                json!({"z": "3"}),
            ),
            (
                json!({"nodeSelector": {"$patch": "delete"}}),
                json!([{"name": "a"}, {"name": "b"}]),
                json!(null),
            ),
            (
                json!({"nodeSelector": {"x": null, "q": null}}),
                json!([{"name": "a"}, {"name": "b"}]),
                json!({"y": "2"}),
            ),
            (
                json!({"nodeSelector": {"$patch": "merge", "x": "9"}}),
                json!([{"name": "a"}, {"name": "b"}]),
                json!({"x": "9", "y": "2"}),
            ),
            (
                json!({"nodeSelector": {"$retainKeys": ["y"]}}),
                json!([{"name": "a"}, {"name": "b"}]),
                json!({"y": "2"}),
            ),
        ];
        for (patch, containers, selector) in rows {
            let (made, outcome) = pod(&base, &patch);
            assert_eq!((&made["containers"], &made["nodeSelector"]), (&containers, &selector), "{patch}");
            assert_eq!(outcome.wrong, vec![], "{patch}");
        }
        let fresh = json!({"volumes": [{"name": "v", "emptyDir": {"$retainKeys": ["medium"], "medium": "Memory", "sizeLimit": null}}, {"name": "w", "$patch": "delete"}]});
        assert_eq!(pod(&base, &fresh).0["volumes"], json!([{"name": "v", "emptyDir": {"medium": "Memory"}}]));
    }

    #[test]
    fn ports_are_known_by_their_protocol_too() {
        let base =
            json!({"ports": [{"port": 53, "name": "tcp"}, {"port": 53, "protocol": "UDP", "name": "udp"}]});
        let (made, _) =
            spec("", "Service", &base, &json!({"ports": [{"port": 53, "protocol": "TCP", "nodePort": 1}]}));
        assert_eq!(made["ports"][0], json!({"port": 53, "name": "tcp", "nodePort": 1, "protocol": "TCP"}));
        let (made, _) =
            spec("", "Service", &base, &json!({"ports": [{"port": 53, "protocol": "UDP", "nodePort": 2}]}));
        assert_eq!(made["ports"][1]["nodePort"], 2);
        let base =
            json!({"containers": [{"name": "c", "ports": [{"containerPort": 53, "protocol": "UDP"}]}]});
        let (made, _) = pod(&base, &json!({"containers": [{"name": "c", "ports": [{"containerPort": 53}]}]}));
        assert_eq!(
            made["containers"][0]["ports"],
            json!([{"containerPort": 53, "protocol": "UDP"}, {"containerPort": 53}])
        );
    }

    #[test]
    fn what_is_chosen_drives_out_what_it_excludes() {
        let base = json!({"volumes": [{"name": "v", "emptyDir": {}}], "containers": [{"name": "c", "env": [{"name": "E", "value": "x"}], "livenessProbe": {"httpGet": {"path": "/"}, "periodSeconds": 3}}]});
        let patch = json!({"volumes": [{"name": "v", "hostPath": {"path": "/d"}}], "containers": [{"name": "c", "env": [{"name": "E", "valueFrom": {}}], "livenessProbe": {"exec": {}}}]});
        let (made, outcome) = pod(&base, &patch);
        assert_eq!(made["volumes"], json!([{"name": "v", "hostPath": {"path": "/d"}}]));
        assert_eq!(made["containers"][0]["env"], json!([{"name": "E", "valueFrom": {}}]));
        assert_eq!(made["containers"][0]["livenessProbe"], json!({"periodSeconds": 3, "exec": {}}));
        let gone: Vec<&str> = outcome.gave_way.iter().map(|(key, ..)| key.as_str()).collect();
        assert_eq!(gone, ["value", "httpGet", "emptyDir"]);
        let base = json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": 1}}});
        let (made, _) = spec("apps", "Deployment", &base, &json!({"strategy": {"type": "Recreate"}}));
        assert_eq!(made["strategy"], json!({"type": "Recreate"}));
    }

    #[test]
    fn what_cannot_be_is_told() {
        let rows = [
            (
                json!({"containers": [{"image": "x"}]}),
                "the entry has no `name`, by which entries of this list are told apart",
            ),
            (json!({"containers": [{"name": "a"}, {"name": "a"}]}), "two entries of the patch have name: a"),
            (
                json!({"containers": [{"name": "a", "$patch": "replace"}]}),
                "`$patch: replace` beside other keys: tools read it differently",
            ),
            (json!({"containers": ["a"]}), "a map is wanted here, this is text"),
            (
                json!({"containers": {"name": "a"}}),
                "`containers` is a list in the object, and a map in the patch",
            ),
            (
                json!({"containers": [{"name": "a", "image": {"x": 1}}]}),
                "`image` is text in the object, and a map in the patch",
            ),
            (json!({"nodeSelector": {"$patch": "remove"}}), "`$patch: remove` is no directive"),
            (
                json!({"nodeSelector": {"$retainKeys": ["a"], "b": "c"}}),
                "`b` is set, and not among `$retainKeys`",
            ),
        ];
        let base = json!({"containers": [{"name": "a", "image": "x"}], "nodeSelector": {"a": "1"}});
        for (patch, reason) in rows {
            let (_, outcome) = pod(&base, &patch);
            let told: Vec<&str> = outcome.wrong.iter().map(|wrong| wrong.reason.as_str()).collect();
            assert_eq!(told, [reason], "{patch}");
        }
    }

    #[test]
    fn a_row_s_strategy_decides() {
        let (made, _) = spec(
            "policy",
            "PodDisruptionBudget",
            &json!({"selector": {"a": {"x": 1}}}),
            &json!({"selector": {"b": {}}}),
        );
        assert_eq!(made, json!({"selector": {"b": {}}}));
        let of = Shape::Known(type_of("apps", "Deployment"));
        let (made, _) = merged(
            &json!({"metadata": {"finalizers": ["a", "b"]}}),
            &json!({"metadata": {"finalizers": ["c", "a"]}}),
            of,
        );
        assert_eq!(made["metadata"]["finalizers"], json!(["a", "b", "c"]));
        let constraints = json!({"topologySpreadConstraints": [{"topologyKey": "z", "whenUnsatisfiable": "DoNotSchedule"}]});
        let other = json!({"topologySpreadConstraints": [{"topologyKey": "z", "whenUnsatisfiable": "ScheduleAnyway"}]});
        assert_eq!(pod(&constraints, &other).0["topologySpreadConstraints"].as_array().unwrap().len(), 2);
        let (made, _) = pod(
            &json!({"tolerations": [{"key": "a"}]}),
            &json!({"tolerations": [{"key": "b", "value": null}]}),
        );
        assert_eq!(made, json!({"tolerations": [{"key": "b", "value": null}]}));
    }

    #[test]
    fn routes_meet_by_their_rule_and_other_custom_lists_are_replaced() {
        let base = json!({"routes": [{"match": "a", "services": [{"name": "x", "port": 80}]}], "entryPoints": ["web"]});
        let patch = json!({"routes": [{"match": "a", "services": [{"name": "x", "weight": 2}]}, {"match": "b"}], "entryPoints": ["other"]});
        let (made, outcome) = spec("traefik.io", "IngressRoute", &base, &patch);
        assert_eq!(
            made["routes"],
            json!([{"match": "a", "services": [{"name": "x", "port": 80, "weight": 2}]}, {"match": "b"}])
        );
        assert_eq!(made["entryPoints"], json!(["other"]));
        assert_eq!(outcome.lists.iter().map(|(key, _)| key.as_str()).collect::<Vec<_>>(), ["entryPoints"]);
    }

    #[test]
    fn a_whole_object_can_be_deleted_or_replaced() {
        let of = Shape::Known(type_of("apps", "Deployment"));
        assert!(merged(&json!({"a": 1}), &json!({"$patch": "delete"}), of).1.deleted);
        assert_eq!(merged(&json!({"a": 1}), &json!({"$patch": "replace", "b": 2}), of).0, json!({"b": 2}));
    }
}
