//! Objects on their way through kustomizations: each remembers what it was called before, since patches, references and
//! replacements may name it so.

use std::collections::BTreeMap;

use crate::kube::{self, Before, Object, ObjectId, Past, Unit};
use crate::source::Span;
use crate::yaml::{Key, Node, Value};

/// The namespace of an object that says none.
const DEFAULT: &str = "default";

/// What kustomize tells objects apart by: with the version, which Kubernetes leaves out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Id {
    /// Such as `apps/v1`.
    pub api_version: String,
    /// Such as `Deployment`.
    pub kind: String,
    /// As written; empty where none is.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

impl Id {
    /// What an object says of itself.
    pub fn of(body: &Node) -> Id {
        let text = |path: &[&str]| body.text_at(path).unwrap_or_default().to_owned();
        Id {
            api_version: text(&["apiVersion"]),
            kind: text(&["kind"]),
            namespace: text(&["metadata", "namespace"]),
            name: text(&["metadata", "name"]),
        }
    }

    /// `apps` of `apps/v1`; nothing for Kubernetes' core.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// `v1` of `apps/v1`.
    pub fn version(&self) -> &str {
        self.api_version.split_once('/').map_or(&self.api_version, |(_, version)| version)
    }

    /// The namespace that it lives in; nothing for what lives in none.
    pub fn scope(&self) -> &str {
        match self.namespace.as_str() {
            _ if self.is_cluster_scoped() => "",
            "" => DEFAULT,
            own => own,
        }
    }

    /// Whether its kind lives in no namespace.
    pub fn is_cluster_scoped(&self) -> bool {
        kube::is_cluster_scoped(&self.kind)
    }

    /// Whether both mean one object.
    pub fn is(&self, other: &Id) -> bool {
        self.name == other.name
            && self.kind == other.kind
            && self.api_version == other.api_version
            && self.scope() == other.scope()
    }

    /// What is the same for two ids of one object.
    fn key(&self) -> (&str, &str, &str, &str) {
        (&self.api_version, &self.kind, self.scope(), &self.name)
    }

    /// `Deployment default/web`, as findings name it.
    pub fn shown(&self) -> String {
        match self.scope() {
            "" => format!("{} {}", self.kind, self.name),
            scope => format!("{} {scope}/{}", self.kind, self.name),
        }
    }
}

/// An object and its past.
#[derive(Clone, Debug)]
pub struct Resource {
    /// The object.
    pub body: Node,
    /// What it is called.
    pub id: Id,
    /// What it was called, oldest first.
    pub before: Vec<Id>,
    /// Prefixes that it got, innermost first.
    pub prefixes: Vec<String>,
    /// Suffixes that it got, innermost first.
    pub suffixes: Vec<String>,
    /// Whether the end of its name is to be the hash of its content: what asks for that.
    pub hashed: Option<Span>,
    /// Which file of the stack it goes to.
    pub unit: Unit,
    /// See [`Object::arch_auto`].
    pub arch_auto: Option<Span>,
    /// See [`Object::past`].
    pub past: Past,
    /// Whether a stack knows that it lives in no namespace; of kinds of its own kustomize does not.
    pub wide: bool,
}

impl Resource {
    /// An object that has no past.
    pub fn new(body: Node, unit: Unit) -> Resource {
        let id = Id::of(&body);
        Resource {
            body,
            id,
            before: Vec::new(),
            prefixes: Vec::new(),
            suffixes: Vec::new(),
            hashed: None,
            unit,
            arch_auto: None,
            past: Past::default(),
            wide: false,
        }
    }

    /// What it is called as an object.
    pub fn object_id(&self) -> ObjectId {
        let own = !self.id.namespace.is_empty() || !self.wide;
        let namespace = Some(self.id.scope()).filter(|scope| own && !scope.is_empty()).map(str::to_owned);
        let Id { api_version, kind, name, .. } = self.id.clone();
        ObjectId { api_version, kind, namespace, name }
    }

    /// What it was called first.
    pub fn original(&self) -> &Id {
        self.before.first().unwrap_or(&self.id)
    }

    /// All that it is and was called.
    pub fn ids(&self) -> impl Iterator<Item = &Id> {
        self.before.iter().chain([&self.id])
    }

    /// Where it is named, for a finding about the whole of it.
    pub fn place(&self) -> Span {
        self.body.at(&["metadata", "name"]).map_or(self.body.span, |name| name.span)
    }

    /// Remembers what it is called, before that changes.
    pub fn remember(&mut self) {
        self.before.push(self.id.clone());
    }

    /// Keeps what it was before, if that is another value.
    pub fn keep_past(&mut self, before: Before) {
        if !self.body.same(&before.body) {
            self.past.before.push(before);
        }
    }

    /// Gives it a name; what asked for it is its place.
    pub fn rename(&mut self, name: String, span: Span) {
        self.set_metadata("name", name, span);
    }

    /// Sets a text of its metadata.
    pub fn set_metadata(&mut self, key: &'static str, text: String, span: Span) {
        let Some(map) = self.body.as_map_mut() else { return };
        let metadata = map.or_insert("metadata", Node::map::<&str>(span, []));
        if metadata.as_map().is_none() {
            *metadata = Node::map::<&str>(span, []);
        }
        if let Some(metadata) = metadata.as_map_mut() {
            metadata.set(Key { span, text: key.into() }, Node::text(span, text));
        }
        self.id = Id::of(&self.body);
    }

    /// The text of a label or annotation.
    pub fn meta(&self, what: &str, key: &str) -> Option<&str> {
        self.body.at(&["metadata", what]).and_then(|map| map.get(key)).and_then(Node::as_text)
    }
}

impl From<Object> for Resource {
    fn from(object: Object) -> Resource {
        let wide = object.id.namespace.is_none();
        let new = Resource::new(object.body, object.unit);
        Resource { arch_auto: object.arch_auto, past: object.past, wide, ..new }
    }
}

impl From<Resource> for Object {
    fn from(resource: Resource) -> Object {
        Object {
            id: resource.object_id(),
            body: resource.body,
            unit: resource.unit,
            arch_auto: resource.arch_auto,
            past: resource.past,
            written: true,
        }
    }
}

/// Objects in their order, found by what they are or were called.
#[derive(Debug, Default)]
pub struct Resources {
    all: Vec<Resource>,
    index: Option<Index>,
}

/// Places by name; made anew once names have changed.
#[derive(Debug, Default)]
struct Index {
    /// By every name that an object has or had.
    names: BTreeMap<String, Vec<usize>>,
    kinds: BTreeMap<String, Vec<usize>>,
}

impl Resources {
    /// All, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &Resource> {
        self.all.iter()
    }

    /// All, to be changed; what they are called may change too.
    pub fn iter_mut(&mut self) -> impl Iterator<Item = &mut Resource> {
        self.index = None;
        self.all.iter_mut()
    }

    /// All, to be changed, their names left alone.
    pub fn bodies_mut(&mut self) -> impl Iterator<Item = &mut Resource> {
        self.all.iter_mut()
    }

    /// All bodies, for a while in which their owners are only asked what they are called.
    pub fn take_bodies(&mut self) -> Vec<Node> {
        let take = |resource: &mut Resource| {
            let empty = Node::null(resource.body.span);
            std::mem::replace(&mut resource.body, empty)
        };
        self.all.iter_mut().map(take).collect()
    }

    /// Copies of all bodies, for [`Resources::keep_past`].
    pub fn bodies(&self) -> Vec<Node> {
        self.all.iter().map(|resource| resource.body.clone()).collect()
    }

    /// Keeps what each was before, if that is another value.
    pub fn keep_past(&mut self, before: Vec<Node>) {
        for (resource, body) in self.all.iter_mut().zip(before) {
            resource.keep_past(Before { body, by: None, copies: false });
        }
    }

    /// The bodies again.
    pub fn put_bodies(&mut self, bodies: Vec<Node>) {
        for (resource, body) in self.all.iter_mut().zip(bodies) {
            resource.body = body;
        }
    }

    /// How many.
    pub fn len(&self) -> usize {
        self.all.len()
    }

    /// The one at a place.
    pub fn get(&self, at: usize) -> Option<&Resource> {
        self.all.get(at)
    }

    /// The one at a place, its name left alone, or [`Resources::renamed`] called.
    pub fn get_mut(&mut self, at: usize) -> Option<&mut Resource> {
        self.all.get_mut(at)
    }

    /// Names have changed.
    pub fn renamed(&mut self) {
        self.index = None;
    }

    /// Adds them at the end.
    pub fn extend(&mut self, more: impl IntoIterator<Item = Resource>) {
        self.index = None;
        self.all.extend(more);
    }

    /// Puts one in the place of another.
    pub fn put(&mut self, at: usize, resource: Resource) {
        self.index = None;
        if let Some(old) = self.all.get_mut(at) {
            *old = resource;
        }
    }

    /// Leaves those that the function wants.
    pub fn retain(&mut self, keep: impl FnMut(&Resource) -> bool) {
        self.index = None;
        self.all.retain(keep);
    }

    /// Another order.
    pub fn sort_by_cached_key<K: Ord>(&mut self, key: impl FnMut(&Resource) -> K) {
        self.index = None;
        self.all.sort_by_cached_key(key);
    }

    /// All of them.
    pub fn into_vec(self) -> Vec<Resource> {
        self.all
    }

    /// Pairs of objects that are called the same now: the first and a later one.
    pub fn twins(&self) -> Vec<(usize, usize)> {
        let mut seen = BTreeMap::new();
        let mut twins = Vec::new();
        for (at, resource) in self.all.iter().enumerate() {
            match seen.entry(resource.id.key()) {
                std::collections::btree_map::Entry::Vacant(free) => {
                    free.insert(at);
                }
                std::collections::btree_map::Entry::Occupied(first) => twins.push((*first.get(), at)),
            }
        }
        twins
    }

    fn index(&mut self) -> &Index {
        let all = &self.all;
        self.index.get_or_insert_with(|| {
            let mut index = Index::default();
            for (at, resource) in all.iter().enumerate() {
                for id in resource.ids() {
                    let places = index.names.entry(id.name.clone()).or_default();
                    if places.last() != Some(&at) {
                        places.push(at);
                    }
                }
                index.kinds.entry(resource.id.kind.clone()).or_default().push(at);
            }
            index
        })
    }

    /// Places of those that have or had a name.
    pub fn named(&mut self, name: &str) -> Vec<usize> {
        self.index().names.get(name).cloned().unwrap_or_default()
    }

    /// Places of those of a kind.
    pub fn of_kind(&mut self, kind: &str) -> Vec<usize> {
        self.index().kinds.get(kind).cloned().unwrap_or_default()
    }

    /// Places of those that are or were called so.
    pub fn called(&mut self, id: &Id) -> Vec<usize> {
        let places = self.named(&id.name);
        let is = |at: &usize| self.all.get(*at).is_some_and(|resource| resource.ids().any(|own| own.is(id)));
        places.into_iter().filter(is).collect()
    }
}

/// The items of a List: kustomize takes any kind that ends so for one, and so does kubectl.
fn items(document: &Node) -> Option<&[Node]> {
    document.text_at(&["kind"]).filter(|kind| kind.ends_with("List"))?;
    match &document.get("items")?.value {
        Value::List(items) => Some(items),
        Value::Null => Some(&[]),
        _ => None,
    }
}

/// The items of a List, and of the Lists in it; anything else as it is.
pub fn apart(document: Node) -> Vec<Node> {
    match items(&document) {
        Some(items) => items.iter().cloned().flat_map(apart).collect(),
        None => vec![document],
    }
}

/// The objects of a document, a List taken apart; the place of what is none.
pub fn read(document: Node, unit: &Unit, wrong: &mut Vec<(Span, String)>) -> Vec<Resource> {
    if items(&document).is_some() {
        return apart(document).into_iter().flat_map(|item| read(item, unit, wrong)).collect();
    }
    if document.as_map().is_none() {
        wrong.push((document.span, format!("the document is {}, an object is wanted", document.kind())));
        return Vec::new();
    }
    let paths: [&[&str]; 3] = [&["apiVersion"], &["kind"], &["metadata", "name"]];
    let lacking: Vec<&[&str]> =
        paths.into_iter().filter(|path| document.text_at(path).is_none_or(str::is_empty)).collect();
    if let Some(path) = lacking.first() {
        let first = document.entries().first().map_or(document.span, |entry| entry.key.span);
        let near = document.at(path).or(document.get("metadata").filter(|_| path.len() > 1));
        let names: Vec<String> = lacking.iter().map(|path| path.join(".")).collect();
        let message = format!("the object has no `{}` that is text", names.join("`, no `"));
        wrong.push((near.map_or(first, |node| node.span), message));
        return Vec::new();
    }
    vec![Resource::new(document, unit.clone())]
}
