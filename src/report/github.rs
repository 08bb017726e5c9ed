//! Findings as annotations of a GitHub workflow: `::error file=…,line=…::MESSAGE`.
//!
//! The runner reads such commands line by line and undoes the escapes (actions/toolkit, `packages/core/src/command.ts`).
//! It drops columns where the lines differ, so they are left out there.

use super::Told;
use super::visible::{is_hidden, stand_in};
use crate::finding::{Finding, Severity};
use crate::source::Sources;

/// All findings, a line each.
pub fn findings(told: &Told<'_>) -> String {
    let mut text: String = told.all().iter().map(|(finding, sources)| annotation(finding, sources)).collect();
    if told.dropped > 0 {
        let command = if told.errors > 0 { "error" } else { "warning" };
        text.push_str(&format!("::{command} title=stackc::and {} more\n", told.dropped));
    }
    text
}

fn annotation(finding: &Finding, sources: &Sources) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let span = finding.primary.span;
    let file = sources.file(span.file);
    let (line, column) = file.line_column(span.start);
    let (end_line, end_column) = file.line_column(span.end);
    let mut properties = format!("file={},line={line}", property(&file.path));
    if line == end_line {
        // The last column is marked as well.
        let last = end_column.saturating_sub(1).max(column);
        properties.push_str(&format!(",col={column},endLine={end_line},endColumn={last}"));
    } else {
        properties.push_str(&format!(",endLine={end_line}"));
    }
    format!("::{command} {properties},title={}::{}\n", property(finding.code.name), data(&finding.words()))
}

/// Text behind the last `::`.
fn data(text: &str) -> String {
    escape(text, "%\r\n")
}

/// The value of a property.
fn property(text: &str) -> String {
    escape(text, "%\r\n:,")
}

fn escape(text: &str, special: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            c if special.contains(c) => escaped.push_str(&format!("%{:02X}", u32::from(c))),
            c if is_hidden(c) => escaped.push(stand_in(c)),
            c => escaped.push(c),
        }
    }
    escaped
}
