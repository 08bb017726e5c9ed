//! The environment of a container.

use super::config::{Content, Wanted};
use crate::finding::Findings;
use crate::kube::names;
use crate::stack::{App, Container, EnvFrom, EnvValue, name_invalid, value_invalid};
use crate::yaml::{Build, Node, Spanned};

/// Single values, in the order written.
pub(super) fn env(container: &Container, found: &mut Findings) -> Vec<Node> {
    container.env.iter().filter_map(|(name, value)| one(name, value, found)).collect()
}

fn one(name: &Spanned<String>, value: &EnvValue, found: &mut Findings) -> Option<Node> {
    if let Err(reason) = names::env_name(&name.value) {
        found.push(name_invalid("variable's name", &name.value, name.span, &reason));
    }
    let build = Build::at(name.span).with("name", name.into());
    if let (Some(text), None, None, None, None) =
        (&value.value, &value.secret, &value.config_map, &value.field, &value.resource)
    {
        return Some(build.with("value", text.into()).node());
    }
    let source = source(name, value, found)?;
    Some(build.with("valueFrom", source).node())
}

fn source(name: &Spanned<String>, value: &EnvValue, found: &mut Findings) -> Option<Node> {
    let span = name.span;
    match (&value.value, &value.secret, &value.config_map, &value.field, &value.resource) {
        (None, Some(secret), None, None, None) => {
            by_key("secretKeyRef", "secret", secret, name, value, found)
        }
        (None, None, Some(config), None, None) => {
            by_key("configMapKeyRef", "configMap", config, name, value, found)
        }
        (None, None, None, Some(field), None) => {
            let path = Build::at(field.span).with("fieldPath", field.into()).node();
            Some(Build::at(span).with("fieldRef", path).node())
        }
        (None, None, None, None, Some(resource)) => {
            let path = Build::at(resource.span).with("resource", resource.into()).node();
            Some(Build::at(span).with("resourceFieldRef", path).node())
        }
        _ => {
            let message = format!(
                "`{}` takes exactly one of text, `secret`, `configMap`, `field` and `resource`",
                name.value
            );
            found.push(
                value_invalid(span, message).help(format!("{}: {{secret: NAME, key: KEY}}", name.value)),
            );
            None
        }
    }
}

fn by_key(
    kind: &'static str,
    word: &str,
    object: &Spanned<String>,
    name: &Spanned<String>,
    value: &EnvValue,
    found: &mut Findings,
) -> Option<Node> {
    let Some(key) = &value.key else {
        found.push(
            value_invalid(object.span, format!("`{}` does not say which `key` of it", name.value))
                .help(format!("{}: {{{word}: {}, key: KEY}}", name.value, object.value)),
        );
        return None;
    };
    let reference = Build::at(object.span)
        .with("name", object.into())
        .with("key", key.into())
        .maybe("optional", value.optional.map(|truth| Node::bool(name.span, truth)));
    Some(Build::at(name.span).with(kind, reference.node()).node())
}

/// Whole ConfigMaps and Secrets; a dotenv file becomes a ConfigMap, which is put among the wanted ones.
pub(super) fn env_from(
    app: &App,
    container: &Container,
    wanted: &mut Vec<Wanted>,
    found: &mut Findings,
) -> Vec<Node> {
    container.env_from.iter().filter_map(|from| whole(app, from, wanted, found)).collect()
}

fn whole(
    app: &App,
    Spanned { span, value: from }: &Spanned<EnvFrom>,
    wanted: &mut Vec<Wanted>,
    found: &mut Findings,
) -> Option<Node> {
    let (kind, name) = match (&from.secret, &from.config_map, &from.file) {
        (Some(secret), None, None) => ("secretRef", secret.clone()),
        (None, Some(map), None) => ("configMapRef", map.clone()),
        (None, None, Some(file)) => ("configMapRef", dotenv(app, file, wanted)),
        _ => {
            found.push(
                value_invalid(
                    *span,
                    "an entry of `envFrom` takes exactly one of `secret`, `configMap` and `file`",
                )
                .help("envFrom: [{secret: NAME}]"),
            );
            return None;
        }
    };
    let reference = Build::at(name.span)
        .with("name", (&name).into())
        .maybe("optional", from.optional.map(|truth| Node::bool(name.span, truth)));
    Some(
        Build::at(name.span)
            .maybe("prefix", from.prefix.as_ref().map(Node::from))
            .with(kind, reference.node())
            .node(),
    )
}

/// The ConfigMap of a dotenv file, named after both; two containers that take one file share it.
fn dotenv(app: &App, file: &Spanned<String>, wanted: &mut Vec<Wanted>) -> Spanned<String> {
    let dashed: String = file
        .value
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
        .collect();
    let name = Spanned { span: file.span, value: format!("{}-env-{}", app.name, dashed.trim_matches('-')) };
    if !wanted.iter().any(|other| other.name.value == name.value) {
        wanted.push(Wanted { name: name.clone(), content: Content::Env(file.clone()) });
    }
    name
}
