//! What a strategic merge knows of an object's type: how each field takes its patch, and by what the items of a list are
//! told apart.

use std::borrow::Cow;

use crate::kube::{Absent as Lack, How, Keys, Type, Union};
use crate::transform::merge_key::{Own, OwnField};
use crate::yaml::{Node, Value};

/// What an object's type says of its fields.
#[derive(Clone, Copy, Debug)]
pub enum Shape<'a> {
    /// stackc's own rows.
    Known(&'static Type),
    /// A user's schema.
    Own(&'a Own),
}

/// By what the items of a list are known.
#[derive(Clone, Copy, Debug)]
pub enum KeyList<'a> {
    Known(Keys),
    Own(&'a [String]),
}

/// What a field does with its patch.
#[derive(Clone, Copy, Debug)]
pub enum Field<'a> {
    Plain,
    Keyed(KeyList<'a>),
    Set,
    Replace,
}

impl<'a> Shape<'a> {
    /// A field's way, and what lies below it, in a Kubernetes minor.
    pub fn field(self, name: &str, minor: u16) -> (Field<'a>, Shape<'a>) {
        match self {
            Shape::Known(known) => {
                let (how, inner) = known.field(name, minor);
                let field = match how {
                    How::Plain => Field::Plain,
                    How::Keyed(keys) => Field::Keyed(KeyList::Known(keys)),
                    How::Set => Field::Set,
                    How::Replace => Field::Replace,
                };
                (field, Shape::Known(inner))
            }
            Shape::Own(own) => {
                let (how, inner) = own.field(name);
                let field = match how {
                    OwnField::Plain => Field::Plain,
                    OwnField::Keyed(keys) => Field::Keyed(KeyList::Own(keys)),
                    OwnField::Set => Field::Set,
                    OwnField::Replace => Field::Replace,
                };
                (field, Shape::Own(inner))
            }
        }
    }

    /// Whether its fields exclude each other.
    pub fn union(self) -> Union {
        match self {
            Shape::Known(known) => known.union,
            Shape::Own(_) => Union::No,
        }
    }
}

impl<'a> KeyList<'a> {
    /// The keys, and what it means that one is missing.
    pub fn iter(self) -> impl Iterator<Item = (&'a str, Lack)> {
        let (known, own): (Keys, &[String]) = match self {
            KeyList::Known(keys) => (keys, &[]),
            KeyList::Own(names) => (&[], names),
        };
        let own = own
            .iter()
            .enumerate()
            .map(|(at, name)| (name.as_str(), if at == 0 { Lack::Refused } else { Lack::Any }));
        known.iter().map(|(name, absent)| (*name, *absent)).chain(own)
    }

    /// What tells an item apart: none in a place matches anything.
    pub fn of(self, item: &'a Node) -> Vec<Option<Cow<'a, str>>> {
        self.iter()
            .map(|(name, absent)| match (item.get(name).and_then(scalar), absent) {
                (Some(text), _) => Some(text),
                (None, Lack::Is(default)) => Some(Cow::Borrowed(default)),
                (None, _) => None,
            })
            .collect()
    }

    /// The key that is told where one is missing.
    pub fn first(self) -> &'a str {
        self.iter().next().map_or("name", |(name, _)| name)
    }
}

/// A scalar as the text that keys are compared by.
pub fn scalar(node: &Node) -> Option<Cow<'_, str>> {
    match &node.value {
        Value::Text(text) => Some(Cow::Borrowed(text)),
        Value::Int(number, _) => Some(Cow::Owned(number.to_string())),
        Value::Bool(truth, _) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
        Value::Float(number, _) => Some(Cow::Owned(number.to_string())),
        _ => None,
    }
}

/// Whether two items are the same as far as both say.
pub fn meets(a: &[Option<Cow<'_, str>>], b: &[Option<Cow<'_, str>>]) -> bool {
    a.iter().zip(b).all(|(a, b)| match (a, b) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    })
}

/// How people see a key: `name: web`, `port: 53, protocol: UDP`.
pub fn shown(keys: KeyList<'_>, item: &Node) -> String {
    let parts: Vec<String> = keys
        .iter()
        .filter_map(|(name, _)| item.get(name).and_then(scalar).map(|text| format!("{name}: {text}")))
        .collect();
    parts.join(", ")
}
