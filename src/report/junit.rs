//! Findings as a report of tests (JUnit's XML, as Jenkins and GitLab read it): one suite, a case for each finding. What
//! fails the run is a failure; the rest passes, with its words as output.

use super::Told;
use super::visible::{is_hidden, no_commands, stand_in};
use crate::finding::{Finding, Severity};
use crate::source::Sources;

/// The document.
pub fn findings(told: &Told<'_>) -> String {
    let (mut cases, mut tests, mut failures) = (String::new(), 0_usize, 0_usize);
    let mut add = |case: String, fails: bool| {
        cases.push_str(&case);
        tests = tests.saturating_add(1);
        failures = failures.saturating_add(usize::from(fails));
    };
    let all = told.all();
    for (finding, sources) in &all {
        let fails = fails(finding.severity, told.denied);
        add(case(finding, sources, fails), fails);
    }
    if told.dropped > 0 {
        let failed = told.errors > 0 || told.denied;
        let more = format!("and {} more", told.dropped);
        add(named("stackc", &more, &result(failed, "more", &more, &more)), failed);
    }
    if all.is_empty() && told.dropped == 0 {
        add(named("stackc", "no findings", ""), false);
    }
    let counts = format!("name=\"stackc\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\"");
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n<testsuite {counts} skipped=\"0\">\n\
         {cases}</testsuite>\n</testsuites>\n"
    )
}

fn fails(severity: Severity, denied: bool) -> bool {
    severity == Severity::Error || denied && severity == Severity::Warning
}

fn case(finding: &Finding, sources: &Sources, fails: bool) -> String {
    let place = sources.place(finding.primary.span);
    let name = format!("{} at {}:{}", finding.code.name, place.line, place.column);
    let path = place.path.replace('\n', "\u{240a}");
    let words = no_commands(&format!("{path}:{}:{}\n{}", place.line, place.column, finding.words()));
    named(&place.path, &name, &result(fails, finding.code.name, &finding.message, &words))
}

fn named(class: &str, name: &str, content: &str) -> String {
    let (class, name) = (attribute(class), attribute(name));
    format!("<testcase classname=\"{class}\" name=\"{name}\">{content}</testcase>\n")
}

fn result(fails: bool, kind: &str, message: &str, words: &str) -> String {
    let (kind, message, words) = (attribute(kind), attribute(message), content(words));
    if fails {
        format!("<failure type=\"{kind}\" message=\"{message}\">{words}</failure>")
    } else {
        format!("<system-out>{words}</system-out>")
    }
}

/// Readers make a space of a line's end in an attribute, so it is written as a character's number.
fn attribute(text: &str) -> String {
    content(text).replace('\n', "&#10;")
}

/// XML 1.0 has no way to write most control characters.
fn content(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push('\n'),
            c if is_hidden(c) => escaped.push(stand_in(c)),
            c => escaped.push(c),
        }
    }
    escaped
}
