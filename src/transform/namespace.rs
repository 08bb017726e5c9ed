//! `namespace`: where all objects live that live in one, and where fields say that they do.

use std::collections::BTreeSet;

use crate::kube::Unit;
use crate::source::Span;
use crate::transform::field::{Field, Row};
use crate::transform::resource::{Resource, Resources};
use crate::yaml::{Key, Node, Spanned, Value};

/// Fields that name the namespace beside `metadata`. A Namespace is called so itself.
pub const ROWS: &[Row] = &[
    ("", "", "Namespace", "metadata/name", true),
    ("apiregistration.k8s.io", "", "APIService", "spec/service/namespace", true),
    (
        "apiextensions.k8s.io",
        "",
        "CustomResourceDefinition",
        "spec/conversion/webhook/clientConfig/service/namespace",
        false,
    ),
];

/// Sets the namespace. Traefik's own configuration means what it does where it is, and stays.
pub fn apply(namespace: &Spanned<String>, fields: &[Field], resources: &mut Resources) {
    for resource in resources.iter_mut().filter(|resource| resource.unit != Unit::Traefik) {
        resource.remember();
        if !resource.id.is_cluster_scoped() && !resource.wide && resource.id.namespace != namespace.value {
            resource.set_metadata("namespace", namespace.value.clone(), namespace.span);
        }
        if matches!(resource.id.kind.as_str(), "RoleBinding" | "ClusterRoleBinding") {
            default_accounts(&mut resource.body, namespace);
        }
        for field in fields.iter().filter(|field| field.is_of(&resource.id)) {
            field.visit(&mut resource.body, &Value::Null, namespace.span, &mut |node| set(node, namespace));
        }
        resource.id = super::resource::Id::of(&resource.body);
    }
}

/// Of the Namespaces that stackc made, and that are one now, one is enough: the one that was called so, else the first.
pub fn unite(resources: &mut Resources) {
    let made = |resource: &&Resource| resource.unit == Unit::Namespaces;
    let own = resources.iter().filter(made).filter(|resource| resource.original().name == resource.id.name);
    let mut taken: BTreeSet<String> = own.map(|resource| resource.id.name.clone()).collect();
    resources.retain(|resource| {
        !made(&resource)
            || resource.original().name == resource.id.name
            || taken.insert(resource.id.name.clone())
    });
}

fn set(node: &mut Node, namespace: &Spanned<String>) {
    if node.as_text() != Some(&namespace.value) {
        *node = text(namespace);
    }
}

fn text(namespace: &Spanned<String>) -> Node {
    Node::text(namespace.span, namespace.value.clone())
}

/// The account `default` is in every namespace, so a binding to it means the one here; others are followed by name.
fn default_accounts(body: &mut Node, namespace: &Spanned<String>) {
    let subjects = body.as_map_mut().and_then(|map| map.get_mut("subjects"));
    let Some(Value::List(subjects)) = subjects.map(|node| &mut node.value) else { return };
    for subject in subjects {
        let is_default = subject.text_at(&["name"]) == Some("default");
        if let Some(map) = subject.as_map_mut().filter(|_| is_default) {
            let span: Span = namespace.span;
            map.set(Key { span, text: "namespace".into() }, text(namespace));
        }
    }
}
