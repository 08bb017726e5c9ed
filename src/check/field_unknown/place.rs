//! Where the walk stands, in words, and where else a field would be at home.

use super::forms::is_word;
use crate::check::field_refused::Field;
use crate::finding::list;
use crate::kube::shape::{Shape, Type};
use crate::yaml::Node;

/// A place of an object: the way to it, and the types on that way.
pub(super) struct At<'a> {
    up: Option<&'a At<'a>>,
    step: Step<'a>,
    of: Option<&'static Type>,
}

enum Step<'a> {
    Root,
    Key(&'a str),
    Item(usize),
}

/// How deep a field is looked for.
const DEEP: usize = 3;

/// Names of many things say nothing of where they belong.
const GENERAL: [&str; 9] = ["apiVersion", "key", "kind", "metadata", "name", "spec", "status", "type", "value"];

/// Whether a name says nothing.
pub(super) fn is_general(name: &str) -> bool {
    ["apiVersion", "kind", "status"].contains(&name)
}

impl<'a> At<'a> {
    /// The object itself.
    pub(super) fn root(of: &'static Type) -> At<'static> {
        At { up: None, step: Step::Root, of: Some(of) }
    }

    /// A key below; `of` is the type there, if it has one.
    pub(super) fn key(&'a self, key: &'a str, of: Option<&'static Type>) -> At<'a> {
        At { up: Some(self), step: Step::Key(key), of }
    }

    /// An item below.
    pub(super) fn item(&'a self, index: usize) -> At<'a> {
        At { up: Some(self), step: Step::Item(index), of: self.of }
    }

    /// From here to the object.
    fn ups(&self) -> impl Iterator<Item = &At<'a>> {
        std::iter::successors(Some(self), |at| at.up)
    }

    /// The last key.
    pub(super) fn name(&self) -> &'a str {
        self.keys().next().unwrap_or_default()
    }

    /// All keys, the last first.
    fn keys(&self) -> impl Iterator<Item = &'a str> + '_ {
        self.ups().filter_map(|at| match at.step {
            Step::Key(key) => Some(key),
            _ => None,
        })
    }

    /// Whether it is one of many.
    pub(super) fn is_item(&self) -> bool {
        matches!(self.step, Step::Item(_))
    }

    /// As other checks of fields name it.
    pub(super) fn field(&self) -> Field<'a> {
        let mut keys = self.keys();
        let (name, owner) = (keys.next().unwrap_or_default(), keys.next().unwrap_or_default());
        let free = self.of.is_none() && self.up.is_some_and(|up| up.of.is_none());
        match self.step {
            Step::Item(_) => Field::Among(name),
            _ if free || ["name", "value"].contains(&name) => Field::In(owner, name),
            _ => Field::Named(name),
        }
    }

    /// Whether the value here may be a secret: all of a Secret's, and what a program is told but for names and ports.
    pub(super) fn holds_secrets(&self, kind: &str, node: &Node) -> bool {
        match self.name() {
            _ if kind == "Secret" => self.keys().any(|key| ["data", "stringData"].contains(&key)),
            "command" if node.as_text().is_some_and(is_word) => false,
            "args" | "command" | "value" => {
                node.as_text().is_some() || node.written().is_none_or(|word| word.len() > 5)
            }
            _ => false,
        }
    }

    /// `spec.containers[0].ports`; none for the object itself.
    pub(super) fn path(&self) -> Option<String> {
        let mut steps: Vec<&At<'a>> = self.ups().collect();
        steps.reverse();
        let mut path = String::new();
        for at in steps {
            match at.step {
                Step::Root => {}
                Step::Key(key) if path.is_empty() => path.push_str(key),
                Step::Key(key) => path.push_str(&format!(".{key}")),
                Step::Item(index) => path.push_str(&format!("[{index}]")),
            }
        }
        Some(path).filter(|path| !path.is_empty())
    }

    /// The command that tells all fields of this place.
    pub(super) fn explain(&self, kind: &str) -> String {
        let mut keys: Vec<&str> = self.keys().collect();
        keys.push(kind);
        keys.reverse();
        format!("kubectl explain {}", keys.join("."))
    }

    /// Where a field of this name belongs: further out, or further in, the nearest first.
    pub(super) fn elsewhere(&self, name: &str) -> Option<String> {
        if GENERAL.contains(&name) {
            return None;
        }
        let mut outer: Vec<&At<'a>> = Vec::new();
        for at in self.ups().filter(|at| !matches!(at.step, Step::Item(_))) {
            if !outer.is_empty() && at.of.is_some_and(|of| of.field(name).is_some()) {
                return Some(match at.path() {
                    Some(path) => format!("it belongs into `{path}`, further out"),
                    None => "it belongs to the object itself, beside `metadata`".to_owned(),
                });
            }
            outer.push(at);
        }
        let depths = 1..=DEEP;
        let mut tries = depths.flat_map(|depth| outer.iter().map(move |at| (depth, *at)));
        tries.find_map(|(depth, at)| {
            let mut homes = Vec::new();
            within(at.of?, name, depth, &mut Vec::new(), &mut homes);
            homes.sort();
            let outer = at.path().map(|path| format!("{path}.")).unwrap_or_default();
            let homes: Vec<String> = homes.iter().map(|home| format!("{outer}{home}")).collect();
            (1..=3).contains(&homes.len()).then(|| format!("it belongs into {}", list(homes.iter().map(String::as_str))))
        })
    }
}

/// The ways to types that have the field, so many steps further in; each type once.
fn within(of: &'static Type, name: &str, depth: usize, way: &mut Vec<String>, homes: &mut Vec<String>) {
    let mut seen = Vec::new();
    // What is written by hand comes first: `containers` stands for the others.
    let other = |name: &str| ["ephemeralContainers", "initContainers", "status"].contains(&name);
    for field in of.fields().iter().filter(|field| !other(field.name)) {
        let Some(inner) = inner(&field.shape).filter(|inner| !seen.contains(&inner.name)) else { continue };
        seen.push(inner.name);
        let list = if matches!(field.shape, Shape::List(_)) { "[]" } else { "" };
        way.push(format!("{}{list}", field.name));
        match depth {
            1 if inner.field(name).is_some() => homes.push(way.join(".")),
            1 => {}
            deeper => within(inner, name, deeper.saturating_sub(1), way, homes),
        }
        way.pop();
    }
}

/// A map with free keys is no place for a field.
fn inner(shape: &Shape) -> Option<&'static Type> {
    match shape {
        Shape::Map(_) => None,
        shape => shape.inner(),
    }
}
