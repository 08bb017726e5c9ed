//! Findings for machines: versioned, places from 1.

use std::borrow::Cow;

use serde::Serialize;

use super::veil::Veil;
use crate::finding::{Finding, Label, Words};
use crate::source::Sources;

/// Grows by one when a field changes its meaning or goes; fields may be added under the same number.
pub const SCHEMA_VERSION: u32 = 1;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    errors: usize,
    warnings: usize,
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
pub fn findings(runs: &[(&[Finding], &Sources)], errors: usize, warnings: usize) -> String {
    let told = runs.iter().flat_map(|(findings, sources)| {
        let veil = Veil::over(findings, sources);
        findings.iter().map(move |finding| (veil.told(finding), *sources))
    });
    let told: Vec<(Cow<'_, Finding>, &Sources)> = told.collect();
    let items = told.iter().map(|(finding, sources)| Item {
        code: finding.code.name,
        severity: finding.severity.word(),
        message: &finding.message,
        place: place(&finding.primary, sources),
        labels: finding.labels.iter().map(|label| place(label, sources)).collect(),
        notes: &finding.notes,
        help: &finding.helps,
    });
    let report = Report { version: SCHEMA_VERSION, errors, warnings, findings: items.collect() };
    let mut text = serde_json::to_string_pretty(&report).unwrap_or_default();
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
