//! Nodes to types by serde derive, gathering all errors of a run.
//!
//! A wrong value is told and replaced by a neutral one (0, "", nothing) so that decoding goes on; a run that told
//! errors never uses what it decoded. Text wanted takes a plain number, truth or date as the characters written
//! (schema.md S21); null is an error. Every field of a struct is offered, those that are not written as absent: an
//! `Option` or a collection is then empty, anything else is told as missing, all of them at once.
//!
//! Not for the typed surface: serde's `flatten`, `untagged`, `default` and tagged enums, which lose places.

use std::cell::RefCell;
use std::fmt;

use serde::Deserialize;
use serde::de::value::StrDeserializer;
use serde::de::{self, DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};

use super::scalar::{self, Scalar};
use super::shape::LIKE;
use super::spanned::{NODE, Parts, SPANNED};
use super::{Entry, Key, Node, Value, write};
use crate::finding::{Code, Finding, Findings, Page, Severity, Words, list, nearest};
use crate::source::Span;

/// A key that nothing reads.
pub static KEY_UNKNOWN: Code = Code {
    name: "key-unknown",
    severity: Severity::Error,
    page: Page {
        about: "A key that the format does not know. Nothing would read it, so what it asks for would silently not\n\
                happen. Most often it is a slip of the pen, or it stands one level too deep or too high.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nreplica: 2\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nreplicas: 2\n",
    },
};

/// A key that must be written.
pub static KEY_MISSING: Code = Code {
    name: "key-missing",
    severity: Severity::Error,
    page: Page {
        about: "A key without which there is nothing to compile. There is no default, since any default would be a\n\
                silent choice.",
        bad: "# apps/web.yaml\nkind: app\nports: {http: 8080}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n",
    },
};

/// A value of the wrong type.
pub static VALUE_TYPE: Code = Code {
    name: "value-type",
    severity: Severity::Error,
    page: Page {
        about: "A value of the wrong type. Where a number or true/false is wanted, only that is taken: text in\n\
                quotes stays text. Where text is wanted, a plain number is taken as its characters; nothing\n\
                (null, ~) never is.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nreplicas: \"2\"\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nreplicas: 2\n",
    },
};

/// A number out of range.
pub static VALUE_RANGE: Code = Code {
    name: "value-range",
    severity: Severity::Error,
    page: Page {
        about: "A number outside of what makes sense here: a port is 1 to 65535, a count is not negative.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 80800}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n",
    },
};

/// A word that is not among those that the key takes.
pub static VALUE_UNKNOWN: Code = Code {
    name: "value-unknown",
    severity: Severity::Error,
    page: Page {
        about: "A word that is not among those that this key takes.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nstrategy: Recreated\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nstrategy: Recreate\n",
    },
};

/// A key that is not written; `inside` is what wants it.
pub fn key_missing(span: Span, key: &str, inside: &str) -> Finding {
    Finding::new(&KEY_MISSING, span, format!("the key `{key}` is missing: {inside} needs it"))
}

/// A number out of range.
pub fn out_of_range(span: Span, message: impl Into<Words>, range: impl Into<Words>) -> Finding {
    Finding::new(&VALUE_RANGE, span, message).label(range)
}

/// A value of the wrong type.
pub fn wrong_type(node: &Node, key: &str, wanted: &str) -> Finding {
    Finding::new(&VALUE_TYPE, node.span, format!("`{key}` wants {wanted}, this is {}", node.kind()))
        .label(format!("{wanted} is wanted"))
}

/// A line of words as a list; what only a shell understands goes to a shell.
fn listed(text: &str) -> String {
    if text.contains(['\'', '"', '\\', '|', '&', ';', '$', '<', '>', '\n']) {
        return format!("as a shell would read it: [sh, \"-c\", {}]", write::inline(text));
    }
    let words: Vec<String> = text.split_whitespace().map(write::inline).collect();
    format!("write it as a list: [{}]", words.join(", "))
}

/// Decodes a tree. `None` when something was wrong; all of it has been told.
pub fn decode<'de, T: Deserialize<'de>>(node: &'de Node, found: &mut Findings) -> Option<T> {
    let before = found.errors();
    let told = RefCell::new(found);
    let result = T::deserialize(De { node, key: None, item: false, told: &told });
    let found = told.into_inner();
    match result {
        Ok(value) if found.errors() == before => Some(value),
        Ok(_) => None,
        Err(error) => {
            error.tell(node.span, found);
            None
        }
    }
}

/// Why decoding of one value stopped.
#[derive(Debug)]
pub struct Stop(Option<String>);

impl Stop {
    const TOLD: Stop = Stop(None);

    fn tell(self, span: Span, found: &mut Findings) {
        if let Some(message) = self.0 {
            found.push(Finding::new(&VALUE_TYPE, span, message));
        }
    }
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or("told already"))
    }
}

impl std::error::Error for Stop {}

impl de::Error for Stop {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Stop(Some(message.to_string()))
    }
}

#[derive(Clone, Copy)]
struct De<'de, 't, 'f> {
    node: &'de Node,
    key: Option<&'de Key>,
    /// Whether it is an item of a list, which goes by the list's key.
    item: bool,
    told: &'t RefCell<&'f mut Findings>,
}

impl<'de, 't, 'f> De<'de, 't, 'f> {
    /// The same for a value inside; a list's item goes by the name of the list, and what a short form grew into by the
    /// key that the user wrote. A grown key lies where its value lies.
    fn of(&self, node: &'de Node, key: Option<&'de Key>) -> De<'de, 't, 'f> {
        let grown = |key: &&Key| key.span.start <= node.span.start && node.span.start < key.span.end;
        let item = key.is_none();
        De { node, key: key.filter(|key| !grown(key)).or(self.key), item, told: self.told }
    }

    /// Decodes; what a type refuses by itself is told at the value.
    fn told<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Stop> {
        seed.deserialize(self).map_err(|stop| {
            stop.tell(self.node.span, &mut self.told.borrow_mut());
            Stop::TOLD
        })
    }

    fn tell(&self, finding: Finding) {
        self.told.borrow_mut().push(finding);
    }

    /// `` `replicas` wants a whole number, this is text ``
    fn wrong(&self, wanted: &str) {
        if matches!(self.node.value, Value::Null) {
            return self.nothing();
        }
        let message = match self.key {
            Some(key) if self.item => {
                format!("an entry of `{}` wants {wanted}, this is {}", key.text, self.node.kind())
            }
            Some(key) => format!("`{}` wants {wanted}, this is {}", key.text, self.node.kind()),
            None => format!("{wanted} is wanted here, this is {}", self.node.kind()),
        };
        let mut finding =
            Finding::new(&VALUE_TYPE, self.node.span, message).label(format!("{wanted} is wanted"));
        if let Some(text) = self.node.as_text() {
            let plain = scalar::plain(text);
            let fits = match wanted {
                "true or false" => matches!(plain, Scalar::Bool(_)),
                "a whole number" => matches!(plain, Scalar::Int(_)),
                _ => false,
            };
            if fits {
                finding = finding.help(format!("write it without quotes: {text}"));
            } else if wanted == "a list" {
                finding = finding.help(listed(text));
            }
        }
        self.tell(finding);
    }

    fn nothing(&self) {
        let what = self.key.map_or("this".to_owned(), |key| format!("`{}`", key.text));
        let help = "write a value (\"\" for empty text), or leave the key out";
        self.tell(
            Finding::new(&VALUE_TYPE, self.node.span, format!("{what} holds nothing (null)")).help(help),
        );
    }

    fn int<T: TryFrom<i64>>(&self, low: &dyn fmt::Display, high: &dyn fmt::Display) -> Option<T> {
        let Some(number) = self.node.as_int() else {
            self.wrong("a whole number");
            return None;
        };
        let fit = T::try_from(number).ok();
        if fit.is_none() {
            let what = self.key.map_or("this".to_owned(), |key| format!("`{}`", key.text));
            self.tell(
                Finding::new(&VALUE_RANGE, self.node.span, format!("{what} is out of range: {number}"))
                    .label(format!("{low} to {high}")),
            );
        }
        fit
    }
}

macro_rules! int {
    ($($method:ident $visit:ident $type:ty),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            visitor.$visit(self.int(&<$type>::MIN, &<$type>::MAX).unwrap_or(<$type>::MIN.max(0)))
        }
    )*};
}

impl<'de> Deserializer<'de> for De<'de, '_, '_> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match &self.node.value {
            Value::Null => visitor.visit_unit(),
            Value::Bool(truth, _) => visitor.visit_bool(*truth),
            Value::Int(number, _) => visitor.visit_i64(*number),
            Value::Float(number, _) => visitor.visit_f64(*number),
            Value::Text(text) => visitor.visit_borrowed_str(text),
            Value::List(_) => self.deserialize_seq(visitor),
            Value::Map(_) => self.deserialize_map(visitor),
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        if self.node.as_bool().is_none() {
            self.wrong("true or false");
        }
        visitor.visit_bool(self.node.as_bool().unwrap_or(false))
    }

    int!(deserialize_i8 visit_i8 i8, deserialize_i16 visit_i16 i16, deserialize_i32 visit_i32 i32,
         deserialize_i64 visit_i64 i64, deserialize_u8 visit_u8 u8, deserialize_u16 visit_u16 u16,
         deserialize_u32 visit_u32 u32, deserialize_u64 visit_u64 u64);

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        match self.node.value {
            Value::Float(number, _) => visitor.visit_f64(number),
            Value::Int(number, _) => visitor.visit_i64(number),
            _ => {
                self.wrong("a number");
                visitor.visit_f64(0.0)
            }
        }
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_f64(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        let Some(text) = self.node.written() else {
            self.wrong("text");
            return visitor.visit_str("");
        };
        visitor.visit_str(&text)
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_str(visitor)
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_str(visitor)
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_str(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        if matches!(self.node.value, Value::Null) {
            self.nothing();
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match name {
            SPANNED => visitor.visit_seq(Parts::of_value(self.node.span, self)),
            NODE => visitor.visit_seq(Parts::of_node(self.node, self)),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        if !matches!(self.node.value, Value::List(_)) {
            self.wrong("a list");
        }
        visitor.visit_seq(Items { items: self.node.items().iter(), de: self })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: usize,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        if self.node.as_map().is_none() {
            self.wrong("a map");
        }
        visitor.visit_map(Entries { left: self.node.entries().iter(), value: None, de: self })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        if self.node.as_map().is_none() {
            // What has a short form says so (serde's `expecting`); the derive's own words begin with `struct`.
            let expected: &dyn de::Expected = &visitor;
            let expected = expected.to_string();
            self.wrong(if expected.starts_with("struct ") { "a map" } else { &expected });
            return visitor.visit_map(Neutral { left: fields.iter(), de: self });
        }
        unknown_keys(self.node, fields, self.key.map(|key| key.text.as_ref()), &mut self.told.borrow_mut());
        visitor.visit_map(Fields { left: fields.iter(), field: "", de: self })
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        let Some(word) = self.node.written() else {
            self.wrong("a word");
            return Err(Stop::TOLD);
        };
        if !variants.contains(&word.as_ref()) {
            let what = self.key.map_or(String::new(), |key| format!(" of `{}`", key.text));
            let near = nearest(&word, variants.iter().copied()).map(|near| format!("did you mean `{near}`?"));
            self.tell(
                Finding::new(&VALUE_UNKNOWN, self.node.span, format!("unknown value `{word}`{what}"))
                    .label(format!("{} is wanted", list(variants.iter().copied())))
                    .maybe_help(near),
            );
            return Err(Stop::TOLD);
        }
        let word: StrDeserializer<'_, Stop> = word.as_ref().into_deserializer();
        visitor.visit_enum(word)
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! { i128 u128 }
}

/// Tells every key of a map that is not among the known ones, with the nearest that is.
pub fn unknown_keys(map: &Node, known: &[&str], inside: Option<&str>, found: &mut Findings) {
    for Entry { key, .. } in map.entries() {
        if known.contains(&key.text.as_ref()) {
            continue;
        }
        // Looking for a near name costs more than all else, and what is kept is bounded.
        let help = (!found.full()).then(|| match nearest(&key.text, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", list(known.iter().copied())),
        });
        found.push(key_unknown(key, inside).maybe_help(help));
    }
}

/// A key that nothing reads, in the map under a key.
pub fn key_unknown(key: &Key, inside: Option<&str>) -> Finding {
    let inside = inside.map_or(String::new(), |outer| format!(" in `{outer}`"));
    Finding::new(&KEY_UNKNOWN, key.span, format!("unknown key `{}`{inside}", key.text))
}

/// A list's items.
struct Items<'de, 't, 'f> {
    items: std::slice::Iter<'de, Node>,
    de: De<'de, 't, 'f>,
}

impl<'de> SeqAccess<'de> for Items<'de, '_, '_> {
    type Error = Stop;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Stop> {
        self.items.next().map(|node| self.de.of(node, None).told(seed)).transpose()
    }
}

/// A map's entries.
struct Entries<'de, 't, 'f> {
    left: std::slice::Iter<'de, Entry>,
    value: Option<&'de Entry>,
    de: De<'de, 't, 'f>,
}

impl<'de> MapAccess<'de> for Entries<'de, '_, '_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        self.value = self.left.next();
        self.value.map(|entry| seed.deserialize(KeyDe(&entry.key))).transpose()
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        let entry = self.value.take().ok_or(Stop::TOLD)?;
        self.de.of(&entry.value, Some(&entry.key)).told(seed)
    }
}

/// A struct's fields, each offered once, written or not.
struct Fields<'de, 't, 'f> {
    left: std::slice::Iter<'static, &'static str>,
    field: &'static str,
    de: De<'de, 't, 'f>,
}

impl<'de> MapAccess<'de> for Fields<'de, '_, '_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        let Some(field) = self.left.next() else { return Ok(None) };
        self.field = field;
        let name: StrDeserializer<'_, Stop> = (*field).into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        match self.de.node.as_map().and_then(|map| map.entry(self.field)) {
            Some(entry) => self.de.of(&entry.value, Some(&entry.key)).told(seed),
            None => seed.deserialize(Absent { field: self.field, told: false, de: self.de }),
        }
    }
}

/// The fields of a struct that is not there and has been told: none is told again, so that siblings are.
struct Neutral<'de, 't, 'f> {
    left: std::slice::Iter<'static, &'static str>,
    de: De<'de, 't, 'f>,
}

impl<'de> MapAccess<'de> for Neutral<'de, '_, '_> {
    type Error = Stop;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Stop> {
        let Some(field) = self.left.next() else { return Ok(None) };
        let name: StrDeserializer<'_, Stop> = (*field).into_deserializer();
        seed.deserialize(name).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Stop> {
        seed.deserialize(Absent { field: "", told: true, de: self.de })
    }
}

/// A key as text, with its place where asked for.
pub(super) struct KeyDe<'de>(pub(super) &'de Key);

impl<'de> Deserializer<'de> for KeyDe<'de> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_borrowed_str(&self.0.text)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        visitor.visit_seq(Parts::of_value(self.0.span, self))
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A field that is not written.
#[derive(Clone, Copy)]
struct Absent<'de, 't, 'f> {
    field: &'static str,
    /// With what it would stand in.
    told: bool,
    de: De<'de, 't, 'f>,
}

impl Absent<'_, '_, '_> {
    fn missing(&self) {
        if self.told {
            return;
        }
        let inside = self.de.key.map_or(String::new(), |key| format!(" in `{}`", key.text));
        let first = || self.de.node.entries().first().map_or(self.de.node.span, |entry| entry.key.span);
        let span = self.de.key.filter(|_| !self.de.item).map_or_else(first, |key| key.span);
        self.de.tell(
            Finding::new(&KEY_MISSING, span, format!("the key `{}` is missing{inside}", self.field))
                .label(format!("`{}` is wanted here", self.field)),
        );
    }
}

macro_rules! absent {
    ($($method:ident $visit:ident $neutral:expr),*) => {$(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
            self.missing();
            visitor.$visit($neutral)
        }
    )*};
}

impl<'de> Deserializer<'de> for Absent<'de, '_, '_> {
    type Error = Stop;

    fn deserialize_any<V: Visitor<'de>>(self, _: V) -> Result<V::Value, Stop> {
        self.missing();
        Err(Stop::TOLD)
    }

    absent!(deserialize_bool visit_bool false, deserialize_u16 visit_u16 0, deserialize_u32 visit_u32 0,
            deserialize_u64 visit_u64 0, deserialize_i64 visit_i64 0);

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Stop> {
        self.missing();
        visitor.visit_map(Neutral { left: fields.iter(), de: self.de })
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_none()
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_seq(Items { items: [].iter(), de: self.de })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_map(Entries { left: [].iter(), value: None, de: self.de })
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.missing();
        visitor.visit_str("")
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        self.deserialize_str(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Stop> {
        match name {
            SPANNED => visitor.visit_seq(Parts::of_value(self.de.node.span, self)),
            NODE => {
                self.missing();
                visitor.visit_seq(Parts::of_node(self.de.node, self.de))
            }
            LIKE => visitor.visit_newtype_struct(self),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Stop> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i32 i128 u8 u128 f32 f64 char bytes byte_buf unit unit_struct
        tuple tuple_struct enum identifier
    }
}
