//! Findings for machines: versioned, places from 1.

use serde::Serialize;

use super::Told;
use super::visible::is_hidden;
use crate::finding::{Label, Words};
use crate::source::Sources;

/// Grows by one when a field changes its meaning or goes; fields may be added under the same number.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    errors: usize,
    warnings: usize,
    /// Findings that comments allow.
    allowed: usize,
    /// Findings beyond what a run keeps.
    dropped: usize,
    findings: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    code: &'static str,
    severity: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Place,
    labels: Vec<Place>,
    notes: &'a [Words],
    help: &'a [Words],
}

#[derive(Serialize)]
struct Place {
    path: String,
    line: usize,
    column: usize,
    end_line: usize,
    end_column: usize,
    label: Words,
}

/// One document with all findings.
pub fn findings(told: &Told<'_>) -> String {
    let all = told.all();
    let items = all.iter().map(|(finding, sources)| Item {
        code: finding.code.name,
        severity: finding.severity.word(),
        message: &finding.message,
        place: place(&finding.primary, sources),
        labels: finding.labels.iter().map(|label| place(label, sources)).collect(),
        notes: &finding.notes,
        help: &finding.helps,
    });
    document(&Report {
        version: SCHEMA_VERSION,
        errors: told.errors,
        warnings: told.warnings,
        allowed: told.allowed,
        dropped: told.dropped,
        findings: items.collect(),
    })
}

/// JSON of several lines. What a terminal would obey stands in it as an escape: JSON itself escapes only some of it.
pub(super) fn document(value: &impl Serialize) -> String {
    let plain = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut text = String::with_capacity(plain.len().saturating_add(1));
    for c in plain.chars() {
        if c != '\n' && is_hidden(c) {
            c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| text.push_str(&format!("\\u{unit:04x}")));
        } else {
            text.push(c);
        }
    }
    text.push('\n');
    text
}

fn place(label: &Label, sources: &Sources) -> Place {
    let start = sources.place(label.span);
    let (end_line, end_column) = sources.file(label.span.file).line_column(label.span.end);
    Place {
        path: start.path,
        line: start.line,
        column: start.column,
        end_line,
        end_column,
        label: label.text.clone(),
    }
}
