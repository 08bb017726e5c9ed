//! Findings as rustc shows them.

use std::borrow::Cow;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};

use super::Told;
use super::veil::Veil;
use super::visible::no_commands;
use crate::finding::{Finding, Label, Severity};
use crate::source::{Sources, Span};

/// Lines of context around a marked place.
const CONTEXT: usize = 1;
/// Labels so many lines apart are shown in one piece.
const NEAR: usize = 20;
/// Bytes of the lines that are shown in one piece.
const LONG: usize = 16 << 10;
/// Columns where no terminal says how many it has.
const WIDTH: usize = 110;

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// Columns of the terminal.
    pub width: Option<usize>,
    /// With lines of the files around each place.
    pub lines: bool,
}

/// All that a run tells.
pub fn told(told: &Told<'_>) -> String {
    let runs = told.runs.iter().map(|(all, sources)| findings(all, sources, told.style));
    format!("{}{}", runs.collect::<String>(), told.end())
}

/// All findings, each followed by an empty line.
pub fn findings(findings: &[Finding], sources: &Sources, style: Style) -> String {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(style.width.unwrap_or(WIDTH));
    let veil = Veil::over(findings, sources);
    let mut text = String::new();
    for finding in findings {
        let finding = veil.told(finding);
        text.push_str(&renderer.render(&[group(&finding, sources, &veil, style)]));
        text.push_str("\n\n");
    }
    text
}

fn group<'a>(finding: &'a Finding, sources: &'a Sources, veil: &Veil, style: Style) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(harmless(&finding.message)).id(finding.code.name);
    let mut group = Group::with_title(title);
    for labels in groups(finding, sources) {
        let shut = !style.lines || labels.iter().any(|label| veil.is_shut(label.span));
        let snippet = if shut { None } else { snippet(&labels, finding, sources, veil) };
        group = match snippet {
            Some(snippet) => group.element(snippet),
            None => group.element(origin(&labels, sources)),
        };
    }
    for note in &finding.notes {
        group = group.element(Level::NOTE.message(harmless_lines(note)));
    }
    for help in &finding.helps {
        group = group.element(Level::HELP.message(harmless_lines(help)));
    }
    group
}

/// Text from files and command lines as a terminal may show it: no character in it moves the cursor, turns the line
/// around or hides.
pub(super) fn harmless(text: &str) -> String {
    normalize_untrusted_str(&visible(text)).replace('\n', "\u{240a}")
}

/// The same for several lines: the breaks that stackc writes itself are meant.
pub fn harmless_lines(text: &str) -> String {
    no_commands(&text.split('\n').map(harmless).collect::<Vec<_>>().join("\n"))
}

/// What the renderer lets through: the second set of control characters, which terminals obey as well, and marks of
/// direction. Each becomes a character of as many bytes, so that places stay.
fn visible(text: &str) -> Cow<'_, str> {
    let stand_in = |c: char| match c {
        '\u{80}'..='\u{9f}' | '\u{61c}' => '\u{a4}',
        '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' => '\u{fffd}',
        c => c,
    };
    if text.chars().any(|c| stand_in(c) != c) {
        Cow::Owned(text.chars().map(stand_in).collect())
    } else {
        Cow::Borrowed(text)
    }
}

/// Labels that are shown together: of one file and near each other, the primary one's first.
fn groups<'a>(finding: &'a Finding, sources: &Sources) -> Vec<Vec<&'a Label>> {
    let line = |label: &Label| sources.file(label.span.file).line_of(label.span.start);
    let mut groups: Vec<Vec<&Label>> = vec![vec![&finding.primary]];
    for label in &finding.labels {
        let near =
            |other: &&Label| other.span.file == label.span.file && line(other).abs_diff(line(label)) <= NEAR;
        match groups.iter_mut().find(|group| group.iter().any(near)) {
            Some(group) => group.push(label),
            None => groups.push(vec![label]),
        }
    }
    groups
}

/// The place alone.
fn origin<'a>(labels: &[&Label], sources: &Sources) -> Origin<'a> {
    let Some(label) = labels.first() else { return Origin::path("") };
    let source = sources.file(label.span.file);
    let (line, column) = source.line_column(label.span.start);
    Origin::path(harmless(&source.path)).line(line).char_column(column)
}

/// The lines around the labels only: the renderer's cost grows with the text that it is given. None where there is
/// nothing to show, or more than people read.
fn snippet<'a>(
    labels: &[&'a Label],
    finding: &Finding,
    sources: &'a Sources,
    veil: &Veil,
) -> Option<Snippet<'a, Annotation<'a>>> {
    let file = labels.first()?.span.file;
    let source = sources.file(file);
    let lines = || labels.iter().map(|label| source.line_of(label.span.start));
    let first = lines().min()?.saturating_sub(CONTEXT).max(1);
    let last = lines().max()?.saturating_add(CONTEXT);
    let start_of = |line: usize| source.lines().get(line.saturating_sub(1)).copied();
    let begin = start_of(first).unwrap_or(0);
    let length = u32::try_from(source.text.len()).unwrap_or(u32::MAX);
    let end = start_of(last.saturating_add(1)).unwrap_or(length);
    let piece = Span { file, start: begin, end };
    let text = sources.text(piece);
    if text.is_empty() || text.len() > LONG {
        return None;
    }
    let annotations = labels.iter().map(|label| {
        let kind = if std::ptr::eq(*label, &raw const finding.primary) {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let annotation = kind.span(one_line(label.span, begin, text));
        if label.text.is_empty() { annotation } else { annotation.label(harmless(&label.text)) }
    });
    let snippet =
        Snippet::source(masked(visible(text), begin, &veil.covered(piece))).path(harmless(&source.path));
    Some(snippet.line_start(first).fold(true).annotations(annotations))
}

/// The text with a `*` for each byte of a secret, so that places stay where they are.
fn masked<'a>(text: Cow<'a, str>, begin: u32, secrets: &[Span]) -> Cow<'a, str> {
    let is_secret = |at: usize| {
        let at = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(begin);
        secrets.iter().any(|span| span.start <= at && at < span.end)
    };
    if !text.char_indices().any(|(at, _)| is_secret(at)) {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        if is_secret(at) && character != '\n' {
            shown.extend(std::iter::repeat_n('*', character.len_utf8()));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// A span's first line, relative to the text shown: maps and lists that go on for a screen are marked where they begin.
fn one_line(span: Span, begin: u32, text: &str) -> std::ops::Range<usize> {
    let relative = |byte: u32| usize::try_from(byte.saturating_sub(begin)).unwrap_or(0).min(text.len());
    let (start, end) = (relative(span.start), relative(span.end));
    let marked = text.get(start..end).unwrap_or("");
    let first = marked.lines().next().unwrap_or("").len();
    start..start.saturating_add(first)
}

#[cfg(test)]
mod tests {
    use super::{Style, findings};
    use crate::finding::{Code, Finding, Page, Severity};
    use crate::source::{Sources, Span};

    static CODE: Code =
        Code { name: "x-y", severity: Severity::Error, page: Page { about: "", bad: "", good: "" } };

    #[test]
    fn a_secret_is_shown_by_no_finding() {
        let mut sources = Sources::default();
        let text = "{user: a, pass: hünter2}\n";
        let file = sources.add("x.yaml".into(), Ok(text.into()));
        let secret = Span { file, start: 16, end: 24 };
        let told = [
            Finding::new(&CODE, Span { file, start: 1, end: 5 }, "before"),
            Finding::new(&CODE, secret, "it").secret(),
        ];
        let shown = findings(&told, &sources, Style { color: false, width: None, lines: true });
        assert_eq!(shown.matches("{user: a, pass: ********}").count(), 2, "{shown}");
    }

    #[test]
    fn what_no_check_could_mark_is_hidden_as_well() {
        let mut sources = Sources::default();
        let text = "{env: {DB_PASSWORD: hunter2}, replicas: two}\n";
        let file = sources.add("x.yaml".into(), Ok(text.into()));
        let told = [Finding::new(&CODE, Span { file, start: 40, end: 43 }, "it")];
        let shown = findings(&told, &sources, Style { color: false, width: None, lines: true });
        assert!(shown.contains("{env: {DB_PASSWORD: *******}, replicas: two}"), "{shown}");
    }
}
