//! What is said of a value of the right type that its place cannot use.

use crate::finding::{Code, Finding, Findings, Page, Severity, Words};
use crate::source::Span;
use crate::yaml::Spanned;

/// A value that its place cannot use.
pub static VALUE_INVALID: Code = Code {
    name: "value-invalid",
    severity: Severity::Error,
    page: Page {
        about: "A value of the right type that its place cannot use: a name that Kubernetes refuses, an address\n\
                that is none, two alternatives where one is wanted. The message says what is wrong with it.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {HTTP_PORT: 8080}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n",
    },
};

/// A value that its place cannot use.
pub fn value_invalid(span: Span, message: impl Into<Words>) -> Finding {
    Finding::new(&VALUE_INVALID, span, message)
}

/// A name that Kubernetes refuses, with the grammar's reason.
pub fn name_invalid(what: &str, name: &str, span: Span, reason: &str) -> Finding {
    value_invalid(span, format!("the {what} `{name}`: {reason}"))
}

/// Tells a name that breaks a grammar.
pub fn is_name(
    what: &str,
    name: &Spanned<String>,
    grammar: fn(&str) -> Result<(), String>,
    found: &mut Findings,
) {
    if let Err(reason) = grammar(&name.value) {
        found.push(name_invalid(what, &name.value, name.span, &reason));
    }
}
