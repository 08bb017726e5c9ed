//! Which lines set an object's values, for people.

use std::fmt::Write;

use super::text::harmless;
use crate::provenance::{Cause, Field};

/// Each field with its value, and beneath it the lines that set it, the one that won first.
pub fn text(object: &str, fields: &[Field]) -> String {
    let mut text = format!("{}\n", harmless(object));
    for field in fields {
        let _ = writeln!(text, "\n{}: {}", harmless(&field.path), harmless(&field.value));
        for (at, cause) in field.causes.iter().enumerate() {
            let _ = writeln!(text, "    {}", line(cause, at > 0));
        }
    }
    text
}

fn line(cause: &Cause, beneath: bool) -> String {
    let path = harmless(&cause.place.path);
    let place = if cause.unasked {
        format!("{path}: no line says it, stackc chose")
    } else {
        format!("{path}:{}:{}", cause.place.line, cause.place.column)
    };
    match &cause.value {
        Some(value) if beneath => format!("over {} at {place}", harmless(value)),
        _ if beneath => format!("over {place}"),
        _ => place,
    }
}
