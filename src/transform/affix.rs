//! `namePrefix` and `nameSuffix`: around every name; what refers to the object follows in the end.

use crate::kube::Unit;
use crate::transform::field::Field;
use crate::transform::resource::Resources;
use crate::yaml::{Node, Spanned, Value};

/// Names that mean something by themselves.
const KEPT: [(&str, &str); 3] = [
    ("", "Namespace"),
    ("apiextensions.k8s.io", "CustomResourceDefinition"),
    ("apiregistration.k8s.io", "APIService"),
];

/// Where the text goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Side {
    /// In front.
    Prefix,
    /// Behind.
    Suffix,
}

impl Side {
    fn around(self, name: &str, text: &str) -> String {
        match self {
            Side::Prefix => format!("{text}{name}"),
            Side::Suffix => format!("{name}{text}"),
        }
    }
}

/// Adds the text to every name, and to the fields of custom kinds that take it, too.
pub fn apply(text: &Spanned<String>, side: Side, own: &[Field], resources: &mut Resources) {
    if text.value.is_empty() {
        return;
    }
    // k3s and Traefik know their configuration by its name.
    for resource in resources.iter_mut().filter(|resource| resource.unit != Unit::Traefik) {
        let kept = |(group, kind): &(&str, &str)| {
            resource.original().kind == *kind && (group.is_empty() || resource.original().group() == *group)
        };
        if KEPT.iter().any(kept) {
            continue;
        }
        resource.remember();
        let list = if side == Side::Prefix { &mut resource.prefixes } else { &mut resource.suffixes };
        list.push(text.value.clone());
        for field in
            own.iter().filter(|field| field.is_of(&resource.id) && field.path != ["metadata", "name"])
        {
            field.visit(&mut resource.body, &Value::Null, text.span, &mut |node| {
                if let Some(old) = node.as_text() {
                    *node = Node::text(text.span, side.around(old, &text.value));
                }
            });
        }
        let name = side.around(&resource.id.name, &text.value);
        resource.rename(name, text.span);
    }
}
