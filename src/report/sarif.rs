//! Findings as SARIF 2.1.0, for code scanning: each code is a rule with its page, places are regions by characters.
//! No text of a file is in it, so no secret either.

use serde::Serialize;
use serde_json::{Value, json};

use super::Told;
use super::json::document;
use super::visible::{is_hidden, stand_in};
use crate::finding::{Code, Finding, Label};
use crate::source::Sources;

/// The standard's own address of its schema.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// One log with one run.
pub fn findings(told: &Told<'_>) -> String {
    let all = told.all();
    let mut codes: Vec<&Code> = all.iter().map(|(finding, _)| finding.code).collect();
    codes.sort_by_key(|code| code.name);
    codes.dedup();
    let results: Vec<Value> = all.iter().map(|(finding, sources)| result(finding, sources, &codes)).collect();
    document(&json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "stackc",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": codes.iter().map(|code| rule(code)).collect::<Vec<_>>(),
            }},
            "columnKind": "unicodeCodePoints",
            "results": results,
            "properties": {
                "errors": told.errors,
                "warnings": told.warnings,
                "dropped": told.dropped,
                "allowed": told.allowed,
            },
        }],
    }))
}

fn rule(code: &Code) -> Value {
    let about = code.page.about.replace('\n', " ");
    let first = about.split_inclusive(". ").next().unwrap_or(&about).trim();
    let page = &code.page;
    json!({
        "id": code.name,
        "shortDescription": {"text": first},
        "fullDescription": {"text": about},
        "help": {
            "text": format!("{about}\n\nFails:\n\n{}\nMended:\n\n{}", page.bad, page.good),
            "markdown": format!(
                "{about}\n\nFails:\n\n```yaml\n{}```\n\nMended:\n\n```yaml\n{}```\n", page.bad, page.good
            ),
        },
        "defaultConfiguration": {"level": code.severity.word()},
    })
}

#[derive(Serialize)]
struct Location {
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Value>,
    #[serde(rename = "physicalLocation")]
    physical: Physical,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Value,
    /// None for a file that could not be read, which has no text to mark.
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

/// From 1; the end is behind the last character.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

fn result(finding: &Finding, sources: &Sources, codes: &[&Code]) -> Value {
    let index = codes.binary_search_by_key(&finding.code.name, |code| code.name).unwrap_or_default();
    let related = finding.labels.iter().enumerate().map(|(id, label)| location(Some(id), label, sources));
    json!({
        "ruleId": finding.code.name,
        "ruleIndex": index,
        "level": finding.severity.word(),
        "message": {"text": shown(&finding.words())},
        "locations": [location(None, &finding.primary, sources)],
        "relatedLocations": related.collect::<Vec<_>>(),
    })
}

fn location(id: Option<usize>, label: &Label, sources: &Sources) -> Location {
    let file = sources.file(label.span.file);
    let (start_line, start_column) = file.line_column(label.span.start);
    let (end_line, end_column) = file.line_column(label.span.end);
    let region = Region { start_line, start_column, end_line, end_column };
    Location {
        id,
        message: (!label.text.is_empty()).then(|| json!({"text": shown(&label.text)})),
        physical: Physical {
            artifact_location: json!({"uri": uri(&file.path)}),
            region: (!file.text.is_empty()).then_some(region),
        },
    }
}

fn shown(text: &str) -> String {
    text.chars().map(|c| if c != '\n' && is_hidden(c) { stand_in(c) } else { c }).collect()
}

/// A relative reference, or an absolute address of a file (RFC 3986).
fn uri(path: &str) -> String {
    let mut uri = if path.starts_with('/') { "file://".to_owned() } else { String::new() };
    for byte in path.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' | b'/' => {
                uri.push(byte.into());
            }
            byte => uri.push_str(&format!("%{byte:02X}")),
        }
    }
    uri
}
