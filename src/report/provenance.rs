//! Which lines set an object's values, for people.

use std::fmt::Write;

use super::text::harmless;
use crate::provenance::{Cause, Field, Role};

/// Each field with its value, and beneath it the lines that set it, the one that won first.
pub fn text(object: &str, fields: &[Field]) -> String {
    let mut text = format!("{}\n", harmless(object));
    for field in fields {
        let _ = writeln!(text, "\n{}: {}", harmless(&field.path), harmless(&field.value));
        for cause in &field.causes {
            let _ = writeln!(text, "    {}", line(cause));
        }
    }
    text
}

fn line(cause: &Cause) -> String {
    let path = harmless(&cause.place.path);
    let place = if cause.unasked {
        format!("{path}: no line says it, stackc chose")
    } else {
        format!("{path}:{}:{}", cause.place.line, cause.place.column)
    };
    let value = cause.value.as_ref().map(|value| harmless(value));
    match (&cause.role, value) {
        (Role::Set, _) => place,
        (Role::Named(object), _) => format!("{place}, which names {}", harmless(object)),
        (Role::From, _) => format!("from {place}"),
        (Role::With(name), Some(value)) => format!("with {}: {value} at {place}", harmless(name)),
        (Role::With(name), None) => format!("with {} at {place}", harmless(name)),
        (Role::OverName(name), Some(value)) => format!("over {}: {value} at {place}", harmless(name)),
        (Role::OverName(name), None) => format!("over {} at {place}", harmless(name)),
        (Role::Over, Some(value)) => format!("over {value} at {place}"),
        (Role::Over, None) => format!("over {place}"),
    }
}
