//! A Kubernetes object and what names it.

use std::fmt;

use crate::source::Span;
use crate::yaml::Node;

/// What makes an object one: Kubernetes' own identity.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct ObjectId {
    /// Such as `apps/v1`.
    pub api_version: String,
    /// Such as `Deployment`.
    pub kind: String,
    /// None for what lives in no namespace.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// Which part of the stack an object belongs to, and so which file it goes to.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Unit {
    /// All that an app makes.
    App(String),
    /// The namespaces.
    Namespaces,
    /// Traefik's configuration.
    Traefik,
    /// Merged routes.
    Ingress,
    /// What the stack's `kustomize` adds.
    Generated,
    /// A file of `manifests/`, by its path below that folder.
    Manifest(String),
}

/// An object on its way to a file.
#[derive(Clone, Debug)]
pub struct Object {
    /// Its identity.
    pub id: ObjectId,
    /// The whole object; each value knows the line that caused it.
    pub body: Node,
    /// Where it belongs.
    pub unit: Unit,
    /// What asks that its pods keep to architectures that all their images run on. That is known only when the object
    /// is final, so `finish` does it.
    pub arch_auto: Option<Span>,
    /// How it came to be what it is; kept where somebody asks.
    pub past: Past,
    /// Whether its fields, or a patch of them, are as someone wrote them: what stackc makes by itself has the right shape.
    pub written: bool,
}

/// How an object came to be what it is.
#[derive(Clone, Default, Debug)]
pub struct Past {
    /// What it was before each change of the finished object, oldest first.
    pub before: Vec<Before>,
    /// Places of names of other objects that were followed, and what those are called now.
    pub follows: Vec<(Span, ObjectId)>,
}

/// An object before a change.
#[derive(Clone, Debug)]
pub struct Before {
    /// All of it.
    pub body: Node,
    /// What asked for the change, where one line did.
    pub by: Option<Span>,
    /// Whether that brought values from elsewhere.
    pub copies: bool,
}

impl Past {
    /// All that the object was called.
    pub fn names(&self) -> impl Iterator<Item = (Option<&str>, &str)> {
        self.before.iter().filter_map(|before| {
            let text = |key| before.body.text_at(&["metadata", key]);
            Some((text("namespace"), text("name")?))
        })
    }
}

impl ObjectId {
    /// What two texts of one object have in common: group, kind, namespace, name. The version does not count: `v1beta1`
    /// and `v1` of a kind are one object.
    pub fn key(&self) -> (&str, &str, Option<&str>, &str) {
        (self.group(), &self.kind, self.namespace.as_deref(), &self.name)
    }

    /// `apps` of `apps/v1`; nothing for Kubernetes' core.
    pub fn group(&self) -> &str {
        self.api_version.split_once('/').map_or("", |(group, _)| group)
    }

    /// `PersistentVolumeClaim/default/data`, `Namespace/web`: as people name it to a command.
    pub fn path(&self) -> String {
        let namespace = self.namespace.as_ref().map(|namespace| format!("{namespace}/"));
        format!("{}/{}{}", self.kind, namespace.unwrap_or_default(), self.name)
    }
}

impl Object {
    /// Where it is named, for a finding about the whole of it.
    pub fn place(&self) -> Span {
        self.body.at(&["metadata", "name"]).map_or(self.body.span, |name| name.span)
    }
}

impl fmt::Display for ObjectId {
    /// `Deployment default/minio`, as findings name it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}
