//! Findings as rustc shows them.

use std::borrow::Cow;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};

use crate::finding::{Finding, Label, Severity};
use crate::source::{FileId, Sources, Span};

/// Lines of context around a marked place.
const CONTEXT: usize = 1;
/// A line longer than this is cut by bytes before it is drawn; the renderer cuts the rest to the terminal's width.
const WIDTH: usize = 110;

/// How to draw.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// With colours.
    pub color: bool,
    /// Columns of the terminal.
    pub width: Option<usize>,
}

/// All findings, each followed by an empty line. A secret that one of them marks is shown by none.
pub fn findings(findings: &[Finding], sources: &Sources, style: Style) -> String {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(style.width.unwrap_or(WIDTH));
    let secrets: Vec<Span> =
        findings.iter().filter(|finding| finding.secret).map(|finding| finding.primary.span).collect();
    let mut text = String::new();
    for finding in findings {
        text.push_str(&renderer.render(&[group(finding, sources, &secrets)]));
        text.push_str("\n\n");
    }
    text
}

fn group<'a>(finding: &'a Finding, sources: &'a Sources, secrets: &[Span]) -> Group<'a> {
    let level = match finding.code.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(harmless(&finding.message)).id(finding.code.name);
    let mut group = Group::with_title(title);
    for (file, labels) in by_file(finding) {
        let source = sources.file(file);
        group = if source.text.is_empty() {
            let (line, column) = source.line_column(labels.first().map_or(0, |label| label.span.start));
            group.element(Origin::path(harmless(&source.path)).line(line).char_column(column))
        } else {
            group.element(snippet(file, &labels, finding, sources, secrets))
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
fn harmless(text: &str) -> String {
    normalize_untrusted_str(&visible(text))
}

/// The same for several lines: the renderer escapes line breaks as well, and those that stackc writes itself are meant.
pub fn harmless_lines(text: &str) -> String {
    text.split('\n').map(harmless).collect::<Vec<_>>().join("\n")
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

/// Labels by file, the primary one's file first.
fn by_file(finding: &Finding) -> Vec<(FileId, Vec<&Label>)> {
    let mut files: Vec<(FileId, Vec<&Label>)> = vec![(finding.primary.span.file, vec![&finding.primary])];
    for label in &finding.labels {
        match files.iter_mut().find(|(file, _)| *file == label.span.file) {
            Some((_, labels)) => labels.push(label),
            None => files.push((label.span.file, vec![label])),
        }
    }
    files
}

/// The lines around the labels only: the renderer's cost grows with the text that it is given.
fn snippet<'a>(
    file: FileId,
    labels: &[&'a Label],
    finding: &Finding,
    sources: &'a Sources,
    secrets: &[Span],
) -> Snippet<'a, Annotation<'a>> {
    let source = sources.file(file);
    let line_of = |byte: u32| source.line_column(byte).0;
    let first = labels
        .iter()
        .map(|label| line_of(label.span.start))
        .min()
        .unwrap_or(1)
        .saturating_sub(CONTEXT)
        .max(1);
    let last =
        labels.iter().map(|label| line_of(label.span.start)).max().unwrap_or(1).saturating_add(CONTEXT);
    let start_of = |line: usize| source.lines().get(line.saturating_sub(1)).copied();
    let begin = start_of(first).unwrap_or(0);
    let length = u32::try_from(source.text.len()).unwrap_or(u32::MAX);
    let end = start_of(last.saturating_add(1)).unwrap_or(length);
    let text = sources.text(Span { file, start: begin, end });
    let annotations = labels.iter().map(|label| {
        let kind = if std::ptr::eq(*label, &raw const finding.primary) {
            AnnotationKind::Primary
        } else {
            AnnotationKind::Context
        };
        let range = one_line(label.span, begin, text);
        let annotation = kind.span(range);
        if label.text.is_empty() {
            annotation
        } else {
            annotation.label(harmless(&label.text))
        }
    });
    Snippet::source(masked(visible(text), file, begin, secrets))
        .path(harmless(&source.path))
        .line_start(first)
        .fold(true)
        .annotations(annotations)
}

/// The text with a `*` for each byte of a secret, so that places stay where they are.
fn masked<'a>(text: Cow<'a, str>, file: FileId, begin: u32, secrets: &[Span]) -> Cow<'a, str> {
    let is_secret = |at: usize| {
        let at = u32::try_from(at).unwrap_or(u32::MAX).saturating_add(begin);
        secrets.iter().any(|span| span.file == file && span.start <= at && at < span.end)
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
