//! The format as JSON Schema, draft-07, for editors.
//!
//! It never refuses what stackc takes: a key that another layer may give is not required, and one that lies over
//! another layer may be null. A place takes at most one form of each JSON type, so a schema is one set of keywords, and
//! an editor's message speaks of one form.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use stackc::compile::NOT_FILLED;
use stackc::kinds::{ALTERNATIVES, KINDS, Kind};
use stackc::stack::expand::{self, Long};
use stackc::stack::layers::DEFAULTS;
use stackc::stack::{Container, LayersFile, PodFile, StackFile};
use stackc::transform::{self, Kustomization};
use stackc::yaml::{Form, Shape, shape};

use super::docs::Docs;
use super::rows::Rows;

/// A text that a template makes something else of.
const TEMPLATE: &str = r"\{\{";
const PORT: &str = r"^[0-9]+/(TCP|UDP|SCTP)$";

/// JSON types of a text: a plain number or truth is taken as its characters.
const TEXT: [&str; 3] = ["string", "number", "boolean"];

/// The forms of one place, at most one of each JSON type.
#[derive(Default)]
struct Forms {
    anything: bool,
    /// Types without more to say of them.
    types: BTreeSet<&'static str>,
    words: Vec<&'static str>,
    patterns: Vec<&'static str>,
    int: Option<(i128, i128)>,
    items: Option<Value>,
    /// The keywords of a map.
    map: Option<Map<String, Value>>,
}

impl Forms {
    fn of(types: &[&'static str]) -> Forms {
        Forms { types: types.iter().copied().collect(), ..Forms::default() }
    }

    fn and(self, other: Forms) -> Forms {
        Forms {
            anything: self.anything || other.anything,
            types: self.types.union(&other.types).copied().collect(),
            words: [self.words, other.words].concat(),
            patterns: [self.patterns, other.patterns].concat(),
            int: self.int.or(other.int),
            items: self.items.or(other.items),
            map: match (self.map, other.map) {
                (Some(first), Some(second)) => Some(either(first, &second)),
                (first, second) => first.or(second),
            },
        }
    }

    /// Those that are neither list nor map.
    fn plain(self) -> Forms {
        Forms { items: None, map: None, ..self }
    }

    fn takes_text(&self) -> bool {
        self.types.contains("string")
    }

    fn render(mut self) -> Value {
        if self.anything {
            return json!({});
        }
        if self.takes_text() {
            (self.words, self.patterns, self.int) = (Vec::new(), Vec::new(), None);
        }
        if !self.words.is_empty() {
            let words = json!({"enum": std::mem::take(&mut self.words)});
            let rest = self.render();
            return json!({"anyOf": [words, rest]});
        }
        let described = [
            (self.map.is_some(), "object"),
            (self.items.is_some(), "array"),
            (self.int.is_some(), "integer"),
            (!self.patterns.is_empty(), "string"),
        ];
        self.types.extend(described.into_iter().filter(|(has, _)| *has).map(|(_, name)| name));
        let mut schema = self.map.unwrap_or_default();
        let types: Vec<_> = self.types.into_iter().collect();
        schema.insert("type".to_owned(), if let [one] = types[..] { json!(one) } else { json!(types) });
        schema.extend(self.items.map(|items| ("items".to_owned(), items)));
        if let Some((low, high)) = self.int.filter(|(low, _)| *low == 0) {
            schema.insert("minimum".to_owned(), json!(i64::try_from(low).unwrap()));
            // A count is as large as it likes; a port is not.
            if high == i128::from(u16::MAX) {
                schema.insert("maximum".to_owned(), json!(u16::MAX));
            }
        }
        if !self.patterns.is_empty() {
            schema.insert("pattern".to_owned(), json!(self.patterns.join("|")));
        }
        Value::Object(schema)
    }
}

/// A schema on its way.
pub(super) struct Schema<'a> {
    docs: &'a Docs,
    definitions: BTreeMap<String, Value>,
}

/// Where the writer is.
#[derive(Clone, Copy)]
struct At<'a> {
    /// The file of the types of that name that it means.
    home: &'a str,
    /// Whether templates are filled here.
    filled: bool,
}

impl<'a> Schema<'a> {
    fn new(docs: &'a Docs) -> Self {
        Schema { docs, definitions: BTreeMap::new() }
    }

    /// What a place takes; a struct becomes a definition.
    fn place(&mut self, shape: &Shape, rows: &Rows, at: At<'_>) -> Value {
        let mut forms = self.forms(shape, rows, at);
        forms.types.insert("null");
        let Form::Struct(name, _) = shape.form else { return forms.render() };
        let mut schema = forms.render();
        schema["description"] = json!(self.docs.of(name, at.home).about);
        let known = self.definitions.insert(name.to_owned(), schema.clone());
        assert!(known.is_none_or(|known| known == schema), "{name} takes other short forms elsewhere");
        json!({"$ref": format!("#/definitions/{name}")})
    }

    fn forms(&mut self, shape: &Shape, rows: &Rows, at: At<'_>) -> Forms {
        let mut forms = self.long(shape, rows, at);
        let short = rows.here();
        if let Some(long) = short {
            let form = &shape.form;
            let short = match (long, form) {
                (Long::Under(key), _) => self.field(form, key, rows, at).plain(),
                (Long::ListUnder(key), _) => Forms { map: None, ..self.field(form, key, rows, at) },
                (Long::Listed, Form::List(item)) => self.forms(item, &rows.below("*"), at).plain(),
                (Long::Listed, _) => panic!("only a list is written as one of its items"),
                (Long::Port, _) => {
                    Forms { patterns: vec![PORT], ..self.field(form, "port", rows, at).plain() }
                }
                (Long::Spread, _) => self.field(form, "topologyKey", rows, at).plain(),
                (Long::Inside(_), _) => panic!("opened by Rows"),
            };
            forms = forms.and(short);
        }
        if at.filled && !forms.takes_text() && !forms.patterns.contains(&TEMPLATE) {
            forms.patterns.push(TEMPLATE);
        }
        forms
    }

    /// What a field takes by itself.
    fn field(&mut self, form: &Form, key: &str, rows: &Rows, at: At<'_>) -> Forms {
        let Form::Struct(_, fields) = form else { panic!("`{key}` is no key of {form:?}") };
        let (_, shape) = fields.iter().find(|(name, _)| *name == key).unwrap();
        self.forms(shape, &rows.below(key), At { filled: false, ..at })
    }

    fn long(&mut self, shape: &Shape, rows: &Rows, at: At<'_>) -> Forms {
        let none = Forms::default();
        match &shape.form {
            Form::Any => Forms { anything: true, ..none },
            Form::Text => Forms::of(&TEXT),
            Form::Bool => Forms::of(&["boolean"]),
            Form::Int(low, high) => Forms { int: Some((*low, *high)), ..none },
            Form::Words(_, words) => Forms { words: words.to_vec(), ..none },
            Form::List(item) => {
                // No layer lies over an item, so none is null.
                let items = match item.form {
                    Form::Struct(..) => self.place(item, &rows.below("*"), at),
                    _ => self.forms(item, &rows.below("*"), at).render(),
                };
                Forms { items: Some(items), ..none }
            }
            Form::Map(value) => {
                let value = self.place(value, &rows.below("*"), at);
                Forms { map: Some(keywords(json!({"additionalProperties": value}))), ..none }
            }
            Form::Struct(name, fields) => {
                let properties = self.properties(name, fields, rows, at);
                Forms { map: Some(closed(&properties)), ..none }
            }
            Form::Either(first, second) => {
                // Two maps are filled key by key; of two others a template would make either.
                let maps = matches!((&first.form, &second.form), (Form::Struct(..), Form::Struct(..)));
                let at = At { filled: at.filled && maps, ..at };
                self.forms(first, rows, at).and(self.forms(second, rows, at))
            }
        }
    }

    fn properties(
        &mut self,
        name: &str,
        fields: &[(&'static str, Shape)],
        rows: &Rows,
        at: At<'_>,
    ) -> Map<String, Value> {
        let docs = self.docs;
        let about = docs.of(name, at.home);
        let mut properties = Map::new();
        for (key, shape) in fields {
            let place = self.place(shape, &rows.below(key), at);
            properties.insert((*key).to_owned(), described(place, about.key(key)));
        }
        properties
    }

    /// The keys of the general app.
    fn general(&mut self) -> Map<String, Value> {
        let rows = Rows::new(expand::APP);
        let at = At { home: "", filled: true };
        let mut properties = Map::new();
        for shape in [shape::<Container>(), shape::<PodFile>()] {
            let Form::Struct(name, fields) = shape.form else { panic!("no struct") };
            let mut own = self.properties(name, &fields, &rows, at);
            properties.append(&mut own);
        }
        for place in ALTERNATIVES {
            let [key, "*"] = place else { panic!("{place:?} is no map of alternatives") };
            // No layer adds to what it replaces.
            if let Some(needed) = shape::<Container>().inside(key).needed() {
                let mut all = properties[*key]["allOf"].as_array().cloned().unwrap_or_default();
                all.push(needed);
                properties[*key]["allOf"] = json!(all);
            }
        }
        properties
    }

    /// A kind's own keys.
    fn own(&mut self, kind: &Kind) -> Map<String, Value> {
        let Form::Struct(name, fields) = (kind.shape)().form else { panic!("no struct") };
        let home = format!("kinds/{}", kind.name);
        self.properties(name, &fields, &Rows::new(kind.shorts), At { home: &home, filled: true })
    }

    /// What a stack takes of kustomize's fields.
    fn kustomize(&mut self) -> Value {
        let Form::Struct(name, fields) = shape::<Kustomization>().form else { panic!("no struct") };
        let taken: BTreeSet<&str> = transform::keys().collect();
        let fields: Vec<_> = fields.into_iter().filter(|(key, _)| taken.contains(key)).collect();
        assert_eq!(fields.len(), taken.len());
        let at = At { home: "transform/kustomization", filled: true };
        let mut keys = closed(&self.properties(name, &fields, &Rows::new(&[]), at));
        keys.insert("type".to_owned(), json!(["object", "null"]));
        Value::Object(keys)
    }

    fn finish(self, title: &str, root: Value) -> Value {
        let mut schema = json!({
            "$schema": "http://json-schema.org/draft-07/schema#",
            "title": title,
            "$comment": "written by STACKC_REWRITE=1 cargo test reference",
        });
        let all = schema.as_object_mut().unwrap();
        all.extend(keywords(root));
        all.insert("definitions".to_owned(), json!(self.definitions));
        schema
    }
}

/// stack.yaml, or include.yaml or overlay.yaml, of which any key may be missing but what makes it one.
pub(super) fn stack(docs: &Docs, file: &str) -> Value {
    let mut schema = Schema::new(docs);
    let rows = Rows::new(expand::STACK);
    let shape = shape::<StackFile>();
    let Form::Struct(name, fields) = &shape.form else { panic!("no struct") };
    let (early, late): (Vec<_>, Vec<_>) =
        fields.clone().into_iter().partition(|(key, _)| NOT_FILLED.contains(key));
    let mut properties = schema.properties(name, &early, &rows, At { home: "", filled: false });
    properties.append(&mut schema.properties(name, &late, &rows, At { home: "", filled: true }));
    let mut layers = layers(&mut schema);
    if file != "overlay.yaml" {
        layers.remove("base");
    }
    properties.append(&mut layers);
    let mut root = json!({"type": "object"});
    root.as_object_mut().unwrap().extend(closed(&properties));
    if file == "stack.yaml" {
        // What is not here may be in what is included.
        root["if"] = json!({"not": {"required": ["include"]}});
        root["then"] = shape.needed().unwrap();
    }
    if file == "overlay.yaml" {
        root["required"] = json!(["stackc", "base"]);
    }
    schema.finish(&format!("stackc: {file}"), root)
}

/// `base`, `include`, `defaults`, `apps`, `kustomize`.
fn layers(schema: &mut Schema<'_>) -> Map<String, Value> {
    let docs = schema.docs.of("LayersFile", "");
    let general = schema.general();
    let defaults = general.iter().filter(|(key, _)| DEFAULTS.contains(&key.as_str()));
    let defaults: Map<_, _> = defaults.map(|(key, value)| (key.clone(), value.clone())).collect();
    assert_eq!(defaults.len(), DEFAULTS.len());
    let mut change = general;
    for kind in KINDS {
        for (key, value) in schema.own(kind) {
            match change.get_mut(&key) {
                Some(other) if other["anyOf"].is_array() => {
                    other["anyOf"].as_array_mut().unwrap().push(value);
                }
                Some(other) => *other = json!({"anyOf": [other.take(), value]}),
                None => drop(change.insert(key, value)),
            }
        }
    }
    let mut change = closed(&change);
    change.insert("type".to_owned(), json!(["object", "null"]));
    schema.definitions.insert("Change".to_owned(), Value::Object(change));
    let mut defaults = closed(&defaults);
    defaults.insert("type".to_owned(), json!(["object", "null"]));
    let kustomize = schema.kustomize();
    let [base, include, _, _, _] = &shape::<LayersFile>().fields()[..] else { panic!("five keys") };
    let mut place = |shape| schema.place(shape, &Rows::new(&[]), At { home: "", filled: false });
    let (base, include) = (place(&base.1), place(&include.1));
    let apps = json!({"type": "object", "additionalProperties": {"$ref": "#/definitions/Change"}});
    let all = [
        ("base", base),
        ("include", include),
        ("defaults", Value::Object(defaults)),
        ("apps", apps),
        ("kustomize", kustomize),
    ];
    all.into_iter().map(|(key, value)| (key.to_owned(), described(value, docs.key(key)))).collect()
}

/// apps/NAME.yaml.
pub(super) fn app(docs: &Docs) -> Value {
    let mut schema = Schema::new(docs);
    let general = schema.general();
    let kind_key =
        |kinds: Value| described(kinds, "What the program is: a kind with keys of its own, or `app`.");
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name).collect();
    let mut by_kind = Vec::new();
    for kind in KINDS {
        let taken = general.iter().filter(|(key, _)| !kind.computes.contains(&key.as_str()));
        let mut properties = Map::new();
        properties.insert("kind".to_owned(), kind_key(json!({"const": kind.name})));
        properties.append(&mut schema.own(kind));
        properties.extend(taken.map(|(key, value)| (key.clone(), value.clone())));
        schema.definitions.insert(kind.name.to_owned(), Value::Object(closed(&properties)));
        by_kind.push(json!({
            "if": {"required": ["kind"], "properties": {"kind": {"const": kind.name}}},
            "then": {"$ref": format!("#/definitions/{}", kind.name)},
        }));
    }
    let root = json!({
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": kind_key(json!({"enum": names}))},
        "allOf": by_kind,
    });
    schema.finish("stackc: apps/NAME.yaml", root)
}

/// Beside a `$ref`, draft-07 reads nothing.
fn described(place: Value, about: &str) -> Value {
    let mut schema = json!({"description": about});
    let keywords = keywords(place);
    if keywords.contains_key("$ref") {
        schema["allOf"] = json!([keywords]);
    } else {
        schema.as_object_mut().unwrap().extend(keywords);
    }
    schema
}

fn keywords(schema: Value) -> Map<String, Value> {
    let Value::Object(keywords) = schema else { panic!("no schema: {schema}") };
    keywords
}

fn closed(properties: &Map<String, Value>) -> Map<String, Value> {
    keywords(json!({"properties": properties, "additionalProperties": false}))
}

/// A map with the keys of either; which of them go together is for stackc to say.
fn either(mut first: Map<String, Value>, second: &Map<String, Value>) -> Map<String, Value> {
    let more = second["properties"].as_object().unwrap().clone();
    first["properties"].as_object_mut().unwrap().extend(more);
    first
}

/// Ways into a shape.
pub(super) trait Inside {
    /// The keys of a struct, or of either of two.
    fn fields(&self) -> Vec<(&'static str, Shape)>;
    /// What stands below a key.
    fn inside(&self, key: &str) -> Shape;
    /// The keys that must be there, as a schema that says no more.
    fn needed(&self) -> Option<Value>;
}

impl Inside for Shape {
    fn fields(&self) -> Vec<(&'static str, Shape)> {
        match &self.form {
            Form::Struct(_, fields) => fields.clone(),
            Form::Either(first, second) => [first.fields(), second.fields()].concat(),
            _ => Vec::new(),
        }
    }

    fn inside(&self, key: &str) -> Shape {
        self.fields().into_iter().find(|(name, _)| *name == key).unwrap().1
    }

    fn needed(&self) -> Option<Value> {
        if let Form::Map(value) | Form::List(value) = &self.form {
            let word = if matches!(self.form, Form::Map(_)) { "additionalProperties" } else { "items" };
            return value.needed().map(|needed| json!({word: needed}));
        }
        if matches!(self.form, Form::Either(..)) {
            return None;
        }
        let fields = self.fields();
        let required: Vec<_> =
            fields.iter().filter(|(_, shape)| !shape.optional).map(|(key, _)| *key).collect();
        let inside = fields.iter().filter_map(|(key, shape)| Some(((*key).to_owned(), shape.needed()?)));
        let properties: Map<_, _> = inside.collect();
        let mut schema = Map::new();
        if !required.is_empty() {
            schema.insert("required".to_owned(), json!(required));
        }
        if !properties.is_empty() {
            schema.insert("properties".to_owned(), Value::Object(properties));
        }
        (!schema.is_empty()).then_some(Value::Object(schema))
    }
}
