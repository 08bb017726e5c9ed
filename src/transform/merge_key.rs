//! Merge keys that a user's own schema says (kustomize's `openapi`): of custom kinds, which Kubernetes' rows do not know.

use std::collections::BTreeMap;

/// What a user's schema says of a type.
#[derive(Clone, Debug, Default)]
pub struct Own {
    fields: BTreeMap<String, (OwnField, Own)>,
}

/// What a field does with its patch.
#[derive(Clone, Debug, Default)]
pub enum OwnField {
    /// A list is replaced, a map merged.
    #[default]
    Plain,
    /// A list whose items are known by these fields.
    Keyed(Vec<String>),
    /// A list of scalars that are added.
    Set,
    /// Replaced, though it is a map.
    Replace,
}

static NOTHING: Own = Own { fields: BTreeMap::new() };

impl Own {
    /// What a field does, and what its value is, or its items are.
    pub fn field(&self, name: &str) -> (&OwnField, &Own) {
        self.fields.get(name).map_or((&OwnField::Plain, &NOTHING), |(field, inner)| (field, inner))
    }

    /// Adds a field.
    pub fn insert(&mut self, name: String, field: OwnField, inner: Own) {
        self.fields.insert(name, (field, inner));
    }

    /// Whether nothing is said.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}
