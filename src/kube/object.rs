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
