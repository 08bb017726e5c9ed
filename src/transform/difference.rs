//! The strategic patch that makes one object of another, and the laws of patches.

use proptest::prelude::*;
use serde_json::{Value as Json, json};

use super::shape::Shape;
use super::strategic::{Outcome, merge};
use crate::kube::tree::tree;
use crate::kube::{Absent, How, Type, type_of};
use crate::yaml::write::tests::cases;
use crate::yaml::{Node, json};

const MINOR: u16 = 37;

fn shape() -> Shape<'static> {
    Shape::Known(type_of("apps", "Deployment"))
}

fn text(node: &Node) -> Json {
    let mut out = String::new();
    json::document(node, &mut out);
    serde_json::from_str(&out).unwrap()
}

pub(super) fn merged(base: &Json, patch: &Json, shape: Shape<'_>) -> (Json, Outcome) {
    let mut base = tree(base);
    let outcome = merge(&mut base, &tree(patch), shape, MINOR);
    (text(&base), outcome)
}

/// A patch that makes `to` of `from`; nothing where they are one.
fn difference(from: &Json, to: &Json, of: &'static Type) -> Json {
    let (Json::Object(from), Json::Object(to)) = (from, to) else { return to.clone() };
    let mut patch = serde_json::Map::new();
    for (key, new) in to {
        let (how, inner) = of.field(key, MINOR);
        match (from.get(key), how) {
            (Some(old), _) if old == new => {}
            (Some(Json::Object(_)), How::Plain) if new.is_object() => {
                patch.insert(key.clone(), difference(&from[key], new, inner));
            }
            (Some(Json::Array(old)), How::Keyed(keys)) => items(&mut patch, key, (old, new), keys, inner),
            (Some(Json::Array(old)), How::Set) => {
                let new = new.as_array().unwrap();
                let gone: Vec<Json> = old.iter().filter(|item| !new.contains(item)).cloned().collect();
                patch.insert(key.clone(), json!(new));
                patch.insert(format!("$deleteFromPrimitiveList/{key}"), json!(gone));
                patch.insert(format!("$setElementOrder/{key}"), json!(new));
            }
            _ => {
                patch.insert(key.clone(), new.clone());
            }
        }
    }
    for key in from.keys().filter(|key| !to.contains_key(*key)) {
        patch.insert(key.clone(), Json::Null);
    }
    Json::Object(patch)
}

fn items(
    patch: &mut serde_json::Map<String, Json>,
    key: &str,
    (old, new): (&[Json], &Json),
    keys: &'static [(&'static str, Absent)],
    inner: &'static Type,
) {
    let same = |a: &Json, b: &Json| keys.iter().all(|(key, _)| a.get(key) == b.get(key));
    let new = new.as_array().unwrap();
    let mut list = Vec::new();
    for item in new {
        let before = old.iter().find(|old| same(old, item));
        let mut change = before.map_or(item.clone(), |before| difference(before, item, inner));
        for (key, _) in keys {
            change[key] = item[key].clone();
        }
        list.push(change);
    }
    for gone in old.iter().filter(|old| !new.iter().any(|item| same(old, item))) {
        let mut entry = json!({"$patch": "delete"});
        for (key, _) in keys {
            entry[key] = gone[key].clone();
        }
        list.push(entry);
    }
    let order: Vec<Json> = new
        .iter()
        .map(|item| keys.iter().map(|(key, _)| (key.to_string(), item[key].clone())).collect())
        .collect();
    patch.insert(key.to_owned(), Json::Array(list));
    patch.insert(format!("$setElementOrder/{key}"), Json::Array(order));
}

fn some_map() -> impl Strategy<Value = Json> {
    proptest::collection::btree_map("[a-c]", "[x-z]", 0..3).prop_map(|map| json!(map))
}

/// Items of a list that differ in their name.
fn named(item: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    proptest::collection::vec(("[a-d]", item), 0..4).prop_map(|items| {
        let mut list: Vec<Json> = Vec::new();
        for (name, mut item) in items {
            if !list.iter().any(|other| other["name"] == json!(name)) {
                item["name"] = json!(name);
                list.push(item);
            }
        }
        Json::Array(list)
    })
}

fn container() -> impl Strategy<Value = Json> {
    let env = named("[x-z]".prop_map(|value| json!({"value": value})));
    let args = proptest::collection::vec("[x-z]", 0..3);
    let ports = proptest::collection::btree_map((1..4_u16, prop_oneof!["TCP", "UDP"]), "[x-z]", 0..3);
    (proptest::option::of(env), proptest::option::of(args), ports).prop_map(|(env, args, ports)| {
        let ports: Vec<Json> = ports
            .into_iter()
            .map(
                |((port, protocol), name)| json!({"containerPort": port, "protocol": protocol, "name": name}),
            )
            .collect();
        let mut container = json!({"ports": ports});
        if let Some(env) = env {
            container["env"] = env;
        }
        if let Some(args) = args {
            container["args"] = json!(args);
        }
        container
    })
}

fn deployment() -> impl Strategy<Value = Json> {
    let finalizers = proptest::collection::btree_set("[a-d]", 0..3);
    (
        some_map(),
        finalizers,
        proptest::option::of(0..3_u8),
        named(container()),
        proptest::option::of(some_map()),
    )
        .prop_map(|(labels, finalizers, replicas, containers, selector)| {
            let mut object = json!({
                "metadata": {"name": "web", "labels": labels, "finalizers": finalizers},
                "spec": {"template": {"spec": {"containers": containers}}},
            });
            if let Some(replicas) = replicas {
                object["spec"]["replicas"] = json!(replicas);
            }
            if let Some(selector) = selector {
                object["spec"]["template"]["spec"]["nodeSelector"] = selector;
            }
            object
        })
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_difference_makes_one_of_the_other(from in deployment(), to in deployment()) {
        let patch = difference(&from, &to, type_of("apps", "Deployment"));
        let (made, outcome) = merged(&from, &patch, shape());
        prop_assert_eq!(outcome.wrong, vec![]);
        prop_assert_eq!(&made, &to, "{}", patch);
        prop_assert_eq!(outcome.changed, from != to);
    }

    #[test]
    fn twice_equals_once(base in deployment(), patch in deployment()) {
        let (once, _) = merged(&base, &patch, shape());
        let (twice, second) = merged(&once, &patch, shape());
        prop_assert!(!second.changed);
        prop_assert_eq!(once, twice);
    }

    #[test]
    fn an_empty_patch_changes_nothing(base in deployment()) {
        let (same, outcome) = merged(&base, &json!({}), shape());
        prop_assert!(!outcome.changed);
        prop_assert_eq!(same, base);
    }
}
