//! What a type takes, asked of serde's derive, so that neither a list of keys nor a schema stands beside the type.
//!
//! A decoding that never happens is led to one place of the type; what is asked for there is noted, and the decoding
//! stopped. To know a whole type, each place is asked for once.

use std::borrow::Cow;
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::Key;
use super::decode::KeyDe;
use super::spanned::{NODE, Parts, SPANNED};
use crate::source::Span;

/// Asks what a node is like.
pub(super) const LIKE: &str = "\0like";
/// Asks for either of two.
const EITHER: &str = "\0either";

/// Stands for the key and the place that an entry would have.
static NAME: Key = Key { span: Span::from_numbers([0, 0, 0]), text: Cow::Borrowed("") };

/// What a place takes.
#[derive(Clone, PartialEq, Debug)]
pub struct Shape {
    /// Its form.
    pub form: Form,
    /// Whether the key may be left out: an `Option` or a collection (see `decode`).
    pub optional: bool,
}

/// The form of what a place takes.
#[derive(Clone, PartialEq, Debug)]
pub enum Form {
    /// Text; plain numbers, truths and dates are taken as their characters.
    Text,
    /// A truth.
    Bool,
    /// A whole number of this range.
    Int(i128, i128),
    /// One of some words.
    Words(&'static str, &'static [&'static str]),
    /// A list.
    List(Box<Shape>),
    /// A map with free keys.
    Map(Box<Shape>),
    /// A map with these keys, and the type's name.
    Struct(&'static str, Vec<(&'static str, Shape)>),
    /// Either form.
    Either(Box<Shape>, Box<Shape>),
    /// Anything.
    Any,
}

/// What a type takes.
pub fn shape<T: Deserialize<'static>>() -> Shape {
    shape_at::<T>(&mut Vec::new())
}

/// The keys of a struct, as written in files; none for what is no struct.
pub fn fields<T: Deserialize<'static>>() -> &'static [&'static str] {
    match ask::<T>(&[]).1 {
        Head::Struct(_, fields) => fields,
        _ => &[],
    }
}

/// For a field that is kept as a node, and given to something that takes it as a `T` later (an `Option` if it may be
/// left out): its shape is that of `T`.
///
/// # Errors
/// None of its own; the signature is serde's.
pub fn like<'de, T, N, D>(deserializer: D) -> Result<N, D::Error>
where
    T: Deserialize<'de>,
    N: Deserialize<'de>,
    D: Deserializer<'de>,
{
    struct Both<T, N>(PhantomData<(T, N)>);
    impl<'de, T: Deserialize<'de>, N: Deserialize<'de>> Visitor<'de> for Both<T, N> {
        type Value = N;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("any value")
        }

        fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<N, D::Error> {
            N::deserialize(deserializer)
        }

        fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<N, D::Error> {
            T::deserialize(deserializer)?;
            Err(de::Error::custom("only asked"))
        }
    }
    deserializer.deserialize_newtype_struct(LIKE, Both::<T, N>(PhantomData))
}

/// In [`like`]: one of two forms.
pub struct Either<A, B>(PhantomData<(A, B)>);

impl<'de, A: Deserialize<'de>, B: Deserialize<'de>> Deserialize<'de> for Either<A, B> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Two<A, B>(PhantomData<(A, B)>);
        impl<'de, A: Deserialize<'de>, B: Deserialize<'de>> Visitor<'de> for Two<A, B> {
            type Value = Either<A, B>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("either of two forms")
            }

            fn visit_newtype_struct<D: Deserializer<'de>>(self, first: D) -> Result<Self::Value, D::Error> {
                A::deserialize(first).map(|_| Either(PhantomData))
            }

            fn visit_some<D: Deserializer<'de>>(self, second: D) -> Result<Self::Value, D::Error> {
                B::deserialize(second).map(|_| Either(PhantomData))
            }
        }
        deserializer.deserialize_newtype_struct(EITHER, Two(PhantomData))
    }
}

/// A form without what is inside.
#[derive(Clone, Copy)]
enum Head {
    Text,
    Bool,
    Int(i128, i128),
    Words(&'static str, &'static [&'static str]),
    List,
    Map,
    Struct(&'static str, &'static [&'static str]),
    Either,
    Any,
}

/// The way from a place to one inside it.
#[derive(Clone, Copy)]
enum Step {
    Field(&'static str),
    Inside,
    First,
    Second,
}

fn shape_at<T: Deserialize<'static>>(path: &mut Vec<Step>) -> Shape {
    let (optional, head) = ask::<T>(path);
    let mut at = |step| {
        path.push(step);
        let shape = shape_at::<T>(path);
        path.pop();
        shape
    };
    let form = match head {
        Head::Text => Form::Text,
        Head::Bool => Form::Bool,
        Head::Int(low, high) => Form::Int(low, high),
        Head::Words(name, words) => Form::Words(name, words),
        Head::List => Form::List(Box::new(at(Step::Inside))),
        Head::Map => Form::Map(Box::new(at(Step::Inside))),
        Head::Struct(name, fields) => {
            Form::Struct(name, fields.iter().map(|field| (*field, at(Step::Field(field)))).collect())
        }
        Head::Either => Form::Either(Box::new(at(Step::First)), Box::new(at(Step::Second))),
        Head::Any => Form::Any,
    };
    Shape { form, optional }
}

/// What stands at a place, and whether it may be left out.
fn ask<T: Deserialize<'static>>(path: &[Step]) -> (bool, Head) {
    let answer = Cell::new((false, Head::Any));
    // The answer is in the cell: on its way, a failure may be taken for a missing value.
    let _ = T::deserialize(Probe { path, answer: &answer, optional: false });
    answer.get()
}

#[derive(Clone, Copy)]
struct Probe<'a> {
    path: &'a [Step],
    answer: &'a Cell<(bool, Head)>,
    optional: bool,
}

impl<'a> Probe<'a> {
    /// Notes the form if this is the place, else goes one step on.
    fn step(self, head: Head) -> Result<(Step, Probe<'a>), Asked> {
        let Some((step, path)) = self.path.split_first() else {
            let collection = matches!(head, Head::List | Head::Map);
            self.answer.set((self.optional || collection, head));
            return Err(Asked);
        };
        Ok((*step, Probe { path, optional: false, ..self }))
    }

    fn end<T>(self, head: Head) -> Result<T, Asked> {
        self.step(head).and(Err(Asked))
    }
}

/// Ends a decoding that never happens.
#[derive(Debug)]
struct Asked;

impl fmt::Display for Asked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("only asked")
    }
}

impl std::error::Error for Asked {}

impl de::Error for Asked {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Asked
    }
}

macro_rules! int {
    ($($method:ident $type:ty),*) => {$(
        fn $method<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Asked> {
            self.end(Head::Int(<$type>::MIN.into(), <$type>::MAX.into()))
        }
    )*};
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Asked;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Asked> {
        self.end(Head::Any)
    }

    fn deserialize_bool<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Asked> {
        self.end(Head::Bool)
    }

    int!(deserialize_i8 i8, deserialize_i16 i16, deserialize_i32 i32, deserialize_i64 i64,
         deserialize_u8 u8, deserialize_u16 u16, deserialize_u32 u32, deserialize_u64 u64);

    fn deserialize_str<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Asked> {
        self.end(Head::Text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Asked> {
        self.end(Head::Text)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Asked> {
        visitor.visit_some(Probe { optional: true, ..self })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Asked> {
        match name {
            SPANNED => visitor.visit_seq(Parts::of_value(NAME.span, self)),
            NODE => self.end(Head::Any),
            LIKE => visitor.visit_some(self),
            EITHER => match self.step(Head::Either)? {
                (Step::First, first) => visitor.visit_newtype_struct(first),
                (_, second) => visitor.visit_some(second),
            },
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Asked> {
        let (_, inside) = self.step(Head::List)?;
        visitor.visit_seq(One(Some(inside)))
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Asked> {
        let (_, inside) = self.step(Head::Map)?;
        visitor.visit_map(Entry { field: None, left: true, inside })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Asked> {
        match self.step(Head::Struct(name, fields))? {
            (Step::Field(field), inside) => {
                visitor.visit_map(Entry { field: Some(field), left: true, inside })
            }
            _ => Err(Asked),
        }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        _: V,
    ) -> Result<V::Value, Asked> {
        self.end(Head::Words(name, variants))
    }

    serde::forward_to_deserialize_any! {
        i128 u128 f32 f64 char bytes byte_buf unit unit_struct tuple tuple_struct identifier ignored_any
    }
}

/// A list of one item.
struct One<'a>(Option<Probe<'a>>);

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Asked;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Asked> {
        // Once: a map of what cannot be decoded is an empty map.
        self.0.take().map(|inside| seed.deserialize(inside)).transpose()
    }
}

/// A map of one entry: a field of a struct, or any.
struct Entry<'a> {
    field: Option<&'static str>,
    left: bool,
    inside: Probe<'a>,
}

impl<'de> MapAccess<'de> for Entry<'_> {
    type Error = Asked;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Asked> {
        if !std::mem::take(&mut self.left) {
            return Ok(None);
        }
        if let Some(field) = self.field {
            let field: StrDeserializer<'_, Asked> = field.into_deserializer();
            return seed.deserialize(field).map(Some);
        }
        seed.deserialize(KeyDe(&NAME)).map(Some).map_err(|_| Asked)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Asked> {
        seed.deserialize(self.inside)
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::{Either, Form, Shape, fields, like, shape};
    use crate::finding::Findings;
    use crate::yaml::{Build, Named, Node, Spanned, decode, maybe};

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only asked what it takes")]
    struct Outer {
        count: Spanned<u16>,
        #[serde(rename = "maybeInner", deserialize_with = "maybe")]
        inner: Option<Inner>,
        list: Vec<Spanned<String>>,
        free: Named<Node>,
        maps: Vec<Named<Spanned<bool>>>,
        #[serde(deserialize_with = "like::<Option<Either<Inner, bool>>, _, _>")]
        node: Option<Node>,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only asked what it takes")]
    struct Inner {
        word: Word,
    }

    #[derive(Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Word {
        One,
        Two,
    }

    fn must(form: Form) -> Shape {
        Shape { form, optional: false }
    }

    fn may(form: Form) -> Shape {
        Shape { form, optional: true }
    }

    #[test]
    fn a_type_tells_what_it_takes() {
        let inner = || Form::Struct("Inner", vec![("word", must(Form::Words("Word", &["one", "two"])))]);
        let either = Form::Either(Box::new(must(inner())), Box::new(must(Form::Bool)));
        let expected = vec![
            ("count", must(Form::Int(0, 65_535))),
            ("maybeInner", may(inner())),
            ("list", may(Form::List(Box::new(must(Form::Text))))),
            ("free", may(Form::Map(Box::new(must(Form::Any))))),
            ("maps", may(Form::List(Box::new(may(Form::Map(Box::new(must(Form::Bool)))))))),
            ("node", may(either)),
        ];
        assert_eq!(shape::<Outer>(), must(Form::Struct("Outer", expected)));
        assert_eq!(fields::<Outer>(), ["count", "maybeInner", "list", "free", "maps", "node"]);
        assert_eq!(fields::<Spanned<String>>(), [""; 0]);
    }

    #[test]
    fn what_is_like_another_type_is_decoded_as_it_is() {
        let span = crate::source::Span::from_numbers([0, 0, 0]);
        let tree = Build::at(span).int("count", 1).text("node", "as it is").node();
        let outer: Outer = decode(&tree, &mut Findings::default()).unwrap();
        assert_eq!(outer.node.unwrap().as_text(), Some("as it is"));
        let tree = Build::at(span).int("count", 1).node();
        let outer: Outer = decode(&tree, &mut Findings::default()).unwrap();
        assert!(outer.node.is_none());
    }
}
