//! A field of objects of a kind, as kustomize's configurations name it: `spec/template/metadata/labels`; lists on the way
//! are gone through item by item, `\/` is a slash in a key, `[]` says that the key holds a list.

use crate::source::Span;
use crate::transform::resource::Id;
use crate::yaml::{Key, Node, Value};

/// Where a field is, and of which objects; an empty group, version or kind is any.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Field {
    /// API group.
    pub group: String,
    /// API version without group.
    pub version: String,
    /// Kind.
    pub kind: String,
    /// The path, a step a key.
    pub path: Vec<String>,
    /// Whether it is made where it is not.
    pub create: bool,
}

/// A row of a table: group, version, kind, path, create.
pub type Row = (&'static str, &'static str, &'static str, &'static str, bool);

impl From<&Row> for Field {
    fn from((group, version, kind, path, create): &Row) -> Field {
        Field {
            group: (*group).to_owned(),
            version: (*version).to_owned(),
            kind: (*kind).to_owned(),
            path: steps(path),
            create: *create,
        }
    }
}

/// The steps of a path.
pub fn steps(path: &str) -> Vec<String> {
    let mut steps: Vec<String> = Vec::new();
    for part in path.trim_start_matches('/').split('/') {
        match steps.last_mut().filter(|last| last.ends_with('\\')) {
            Some(last) => {
                last.pop();
                last.push('/');
                last.push_str(part);
            }
            None => steps.push(part.to_owned()),
        }
    }
    steps
}

impl Field {
    /// Whether objects called so have it.
    pub fn is_of(&self, id: &Id) -> bool {
        (self.kind.is_empty() || self.kind == id.kind)
            && (self.group.is_empty() || self.group == id.group())
            && (self.version.is_empty() || self.version == id.version())
    }

    /// Visits each place of it in an object; what is made stands at `span`, and is a map unless it is the last (`leaf`).
    pub fn visit(&self, body: &mut Node, leaf: &Value, span: Span, visit: &mut dyn FnMut(&mut Node)) {
        // A deeper path is nobody's, and what it makes would be too deep to walk.
        let make = self.create.then_some((leaf, span)).filter(|_| self.path.len() <= DEEPEST);
        walk(body, &self.path, make, visit);
    }
}

/// Levels of an object.
const DEEPEST: usize = 128;

fn walk(node: &mut Node, path: &[String], make: Option<(&Value, Span)>, visit: &mut dyn FnMut(&mut Node)) {
    let Some((step, rest)) = path.split_first() else { return visit(node) };
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| walk(item, path, make, visit)),
        Value::Map(map) => {
            let (key, is_list) = step.strip_suffix("[]").map_or((step.as_str(), false), |key| (key, true));
            let make = make.filter(|_| !is_list || map.get(key).is_some());
            if let Some((leaf, span)) = make {
                let blank = || match rest {
                    [] => Node { span, value: leaf.clone() },
                    _ => Node::map::<&str>(span, []),
                };
                match map.get_mut(key) {
                    None => map.push(Key { span, text: key.to_owned().into() }, blank()),
                    Some(null) if matches!(null.value, Value::Null) => *null = blank(),
                    Some(_) => {}
                }
            }
            let is_there = |next: &&mut Node| make.is_some() || !matches!(next.value, Value::Null);
            if let Some(next) = map.get_mut(key).filter(is_there) {
                walk(next, rest, make, visit);
            }
        }
        _ => {}
    }
}
