//! What serde cannot carry by itself: places, maps with free keys, and whole nodes.
//!
//! serde knows numbers, texts and lists, so a place travels as three numbers in front of its value, and a node as a
//! place, a word for its kind and its content. Two names that no user type has ask the Deserializer for them.

use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::U32Deserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::scalar;
use super::{Key, Map, Node, Value};
use crate::source::Span;

/// Asks for a place and a value.
pub(super) const SPANNED: &str = "\0spanned";
/// Asks for a place, a kind and a content.
pub(super) const NODE: &str = "\0node";

/// A value with its place.
#[derive(Clone, Debug)]
pub struct Spanned<T> {
    /// Where it stands.
    pub span: Span,
    /// The value.
    pub value: T,
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Spanned<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pair<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Pair<T> {
            type Value = Spanned<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a value with its place")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Spanned<T>, A::Error> {
                let span = place(&mut parts)?;
                Ok(Spanned { span, value: next(&mut parts)? })
            }
        }
        deserializer.deserialize_newtype_struct(SPANNED, Pair(PhantomData))
    }
}

/// A map with free keys, in the order written; an entry that could not be decoded is left out.
#[derive(Clone, Debug)]
pub struct Named<T>(pub Vec<(Spanned<String>, T)>);

impl<T> Default for Named<T> {
    fn default() -> Self {
        Named(Vec::new())
    }
}

impl<T> Named<T> {
    /// Keys and values, in the order written.
    pub fn iter(&self) -> impl Iterator<Item = (&Spanned<String>, &T)> {
        self.0.iter().map(|(key, value)| (key, value))
    }

    /// The value of a key.
    pub fn get(&self, name: &str) -> Option<&T> {
        self.iter().find(|(key, _)| key.value == name).map(|(_, value)| value)
    }

    /// The keys' texts.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(|(key, _)| key.value.as_str())
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct All<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for All<T> {
            type Value = Named<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a map")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<T>, A::Error> {
                let mut named = Named::default();
                while let Some(key) = map.next_key()? {
                    // The Deserializer has told what was wrong; the siblings go on.
                    if let Ok(value) = map.next_value() {
                        named.0.push((key, value));
                    }
                }
                named.0.shrink_to_fit();
                Ok(named)
            }
        }
        deserializer.deserialize_map(All(PhantomData))
    }
}

/// For fields whose type can fail as a whole: the failure is told, the struct's other fields go on.
///
/// # Errors
/// None; the signature is serde's.
pub fn maybe<'de, D: Deserializer<'de>, T: Deserialize<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    Ok(Option::deserialize(deserializer).unwrap_or(None))
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Whole;
        impl<'de> Visitor<'de> for Whole {
            type Value = Node;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("any value")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Node, A::Error> {
                let span = place(&mut parts)?;
                let kind: u32 = next(&mut parts)?;
                let value = match kind {
                    PLAIN => plain(next(&mut parts)?),
                    TEXT => Value::Text(next::<_, String>(&mut parts)?.into()),
                    LIST => Value::List(next(&mut parts)?),
                    MAP => Value::Map(map(next(&mut parts)?)),
                    _ => Value::Null,
                };
                Ok(Node { span, value })
            }
        }
        deserializer.deserialize_newtype_struct(NODE, Whole)
    }
}

const NULL: u32 = 0;
const PLAIN: u32 = 1;
const TEXT: u32 = 2;
const LIST: u32 = 3;
const MAP: u32 = 4;

fn plain(text: String) -> Value {
    scalar::plain(&text).into_value(text.into()).unwrap_or(Value::Null)
}

fn map(named: Named<Node>) -> Map {
    let mut map = Map::default();
    for (key, value) in named.0 {
        map.push(Key { span: key.span, text: key.value.into() }, value);
    }
    map
}

fn place<'de, A: SeqAccess<'de>>(parts: &mut A) -> Result<Span, A::Error> {
    Ok(Span::from_numbers([next(parts)?, next(parts)?, next(parts)?]))
}

fn next<'de, A: SeqAccess<'de>, T: Deserialize<'de>>(parts: &mut A) -> Result<T, A::Error> {
    parts.next_element()?.ok_or_else(|| de::Error::custom("a part is missing"))
}

/// The numbers of a place, then, for a node, its kind; then the content.
pub(super) struct Parts<D> {
    numbers: std::array::IntoIter<u32, 4>,
    content: Option<D>,
}

impl<'de, D: Deserializer<'de>> Parts<D> {
    pub(super) fn of_value(span: Span, content: D) -> Self {
        let [file, start, end] = span.to_numbers();
        let mut numbers = [0, file, start, end].into_iter();
        numbers.next();
        Parts { numbers, content: Some(content) }
    }

    pub(super) fn of_node(node: &Node, content: D) -> Self {
        let [file, start, end] = node.span.to_numbers();
        let kind = match node.value {
            Value::Null => NULL,
            Value::Bool(..) | Value::Int(..) | Value::Float(..) => PLAIN,
            Value::Text(_) => TEXT,
            Value::List(_) => LIST,
            Value::Map(_) => MAP,
        };
        Parts { numbers: [file, start, end, kind].into_iter(), content: Some(content) }
    }
}

impl<'de, D: Deserializer<'de>> SeqAccess<'de> for Parts<D> {
    type Error = D::Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, D::Error> {
        if let Some(number) = self.numbers.next() {
            let number: U32Deserializer<D::Error> = number.into_deserializer();
            return seed.deserialize(number).map(Some);
        }
        self.content.take().map(|content| seed.deserialize(content)).transpose()
    }
}
