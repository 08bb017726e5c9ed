//! The fields of the kinds that people write, and what each takes, over all releases that stackc knows: `shapes.txt`, which
//! `tests/shapes.py` writes from Kubernetes' own OpenAPI.
//!
//! Kinds of k3s and Traefik are a file by hand of the same form, `shapes_custom.txt`.
//!
//! A line of such a file is `apiVersion kind TYPE`, or `TYPE FIELD=SHAPE …`. A field's name may carry `+25` (the first minor
//! that has it) and `-31` (the first that has it no more). A shape is one of the words of [`Shape::read`], a type,
//! `[SHAPE]` for a list, `{SHAPE}` for a map with free keys. The field `*` is any that has no row.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// What a place takes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Shape {
    /// Text.
    Text,
    /// A whole number.
    Whole,
    /// Any number.
    Number,
    /// True or false.
    Truth,
    /// An amount: text or a number.
    Amount,
    /// A whole number or text.
    Port,
    /// Whatever is written.
    Any,
    /// A list of such.
    List(Box<Shape>),
    /// A map with free keys to such.
    Map(Box<Shape>),
    /// A map with the fields of a type, by its number in the table.
    Type(usize),
}

/// A type of Kubernetes'.
#[derive(Debug)]
pub struct Type {
    /// Its name, without its group where there is one of that name only.
    pub name: &'static str,
    /// Sorted by name.
    fields: Vec<Field>,
}

/// A field of a type.
#[derive(Debug)]
pub struct Field {
    /// Its name.
    pub name: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// The first minor of Kubernetes 1 that has it.
    pub since: u16,
    /// The first that has it no more.
    pub until: u16,
}

struct Table {
    types: Vec<Type>,
    kinds: BTreeMap<(&'static str, &'static str), usize>,
}

const FILES: [&str; 2] = [include_str!("shapes.txt"), include_str!("shapes_custom.txt")];

static TABLE: LazyLock<Table> = LazyLock::new(|| Table::read(&FILES));

/// What objects of a kind look like; none for kinds of others, and for versions that no release here serves.
pub fn of(api_version: &str, kind: &str) -> Option<&'static Type> {
    let at = TABLE.kinds.iter().find(|((version, own), _)| *version == api_version && *own == kind)?;
    TABLE.types.get(*at.1)
}

impl Type {
    /// The field of a name.
    pub fn field(&self, name: &str) -> Option<&Field> {
        let find = |name: &str| self.fields.binary_search_by(|field| field.name.cmp(name));
        self.fields.get(find(name).or_else(|_| find("*")).ok()?)
    }

    /// All its fields, by name.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }
}

impl Shape {
    /// The type, if it is one.
    pub fn fields(&self) -> Option<&'static Type> {
        match self {
            Shape::Type(at) => TABLE.types.get(*at),
            _ => None,
        }
    }

    /// The type of it, of its items or of its values.
    pub fn inner(&self) -> Option<&'static Type> {
        match self {
            Shape::List(inner) | Shape::Map(inner) => inner.inner(),
            own => own.fields(),
        }
    }

    fn read(text: &str, types: &[&str]) -> Option<Shape> {
        let within = |open, close| text.strip_prefix(open).and_then(|text| text.strip_suffix(close));
        if let Some(item) = within('[', ']') {
            return Some(Shape::List(Box::new(Shape::read(item, types)?)));
        }
        if let Some(value) = within('{', '}') {
            return Some(Shape::Map(Box::new(Shape::read(value, types)?)));
        }
        Some(match text {
            "text" => Shape::Text,
            "whole" => Shape::Whole,
            "number" => Shape::Number,
            "truth" => Shape::Truth,
            "quantity" => Shape::Amount,
            "port" => Shape::Port,
            "any" => Shape::Any,
            name => Shape::Type(types.binary_search(&name).ok()?),
        })
    }
}

impl Table {
    fn read(files: &'static [&'static str]) -> Table {
        let lines = || {
            files
                .iter()
                .flat_map(|text| text.lines())
                .filter(|line| !line.is_empty() && !line.starts_with('#'))
        };
        let is_type = |line: &&'static str| line.contains('=');
        let mut rows: Vec<(&str, &str)> =
            lines().filter(is_type).filter_map(|line| line.split_once(' ')).collect();
        rows.sort_unstable();
        let names: Vec<&str> = rows.iter().map(|(name, _)| *name).collect();
        let types = rows.iter().map(|(name, fields)| {
            let mut fields: Vec<Field> =
                fields.split(' ').filter_map(|field| Field::read(field, &names)).collect();
            fields.sort_unstable_by_key(|field| field.name);
            Type { name, fields }
        });
        let kinds = lines().filter(|line| !is_type(line)).filter_map(|line| {
            let mut words = line.split(' ');
            let (version, kind, name) = (words.next()?, words.next()?, words.next()?);
            Some(((version, kind), names.binary_search(&name).ok()?))
        });
        Table { types: types.collect(), kinds: kinds.collect() }
    }
}

impl Field {
    fn read(text: &'static str, types: &[&str]) -> Option<Field> {
        let (name, shape) = text.split_once('=')?;
        // Kubernetes' own `x-kubernetes-…` have a `-` too, which no digit follows.
        let (name, until) = match name.rsplit_once('-').map(|(name, until)| (name, until.parse())) {
            Some((name, Ok(until))) => (name, until),
            _ => (name, u16::MAX),
        };
        let (name, since) = match name.split_once('+') {
            Some((name, since)) => (name, since.parse().ok()?),
            None => (name, 0),
        };
        Some(Field { name, shape: Shape::read(shape, types)?, since, until })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_is_understood() {
        let text = FILES.concat();
        let written: usize =
            text.lines().filter(|line| !line.starts_with('#')).map(|line| line.matches('=').count()).sum();
        let read: usize = TABLE.types.iter().map(|row| row.fields.len()).sum();
        assert_eq!(read, written);
        let kinds =
            text.lines().filter(|line| !line.is_empty() && !line.starts_with('#') && !line.contains('='));
        assert_eq!(TABLE.kinds.len(), kinds.count());
        assert!(text.lines().next().unwrap().contains("tests/shapes.py"), "its origin");
    }

    #[test]
    fn types_are_reached() {
        let path = ["spec", "template", "spec", "containers", "livenessProbe", "httpGet"];
        let row = path
            .iter()
            .try_fold(of("apps/v1", "Deployment").unwrap(), |row, key| row.field(key)?.shape.inner());
        let row = row.unwrap();
        assert_eq!(row.name, "HTTPGetAction");
        assert_eq!(row.field("port").unwrap().shape, Shape::Port);
        assert!(row.field("prot").is_none());
        assert!(of("apps/v1beta1", "Deployment").is_none());
        assert!(of("v1", "Deployment").is_none());
    }

    #[test]
    fn fields_come_and_go() {
        let field = |version, kind, name| {
            let spec = of(version, kind).unwrap().field("spec").unwrap().shape.inner().unwrap();
            let field = spec.field(name).unwrap();
            (field.since, field.until)
        };
        assert_eq!(field("v1", "Pod", "hostUsers"), (25, u16::MAX));
        assert_eq!(field("v1", "Pod", "hostNetwork"), (0, u16::MAX));
        assert_eq!(field("v1", "Service", "topologyKeys"), (0, 22));
        assert_eq!(field("v1", "Pod", "workloadRef"), (35, 36));
    }
}
