//! Findings as rustc shows them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{
    Annotation, AnnotationKind, Group, Level, Origin, Renderer, Snippet, normalize_untrusted_str,
};

use crate::finding::{Finding, Label, Severity};
use crate::kube::secret::all_exposed;
use crate::source::{FileId, Sources, Span};

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
}

/// Secrets that no finding may show: those that one of them marks, and what has the look of one in the files shown. An
/// app with a mistake is not compiled, so that no check could mark what is secret in it.
struct Secrets(BTreeMap<FileId, Vec<Range<u32>>>);

impl Secrets {
    fn of(findings: &[Finding], sources: &Sources) -> Secrets {
        let mut all: BTreeMap<FileId, Vec<Range<u32>>> = BTreeMap::new();
        for finding in findings {
            for label in std::iter::once(&finding.primary).chain(&finding.labels) {
                all.entry(label.span.file).or_insert_with(|| {
                    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                    let places = all_exposed(&sources.file(label.span.file).text).into_iter();
                    places.map(|place| byte(place.start)..byte(place.end)).collect()
                });
            }
            let Span { file, start, end } = finding.primary.span;
            if let Some(places) = all.get_mut(&file).filter(|_| finding.secret) {
                places.push(start..end);
            }
        }
        Secrets(all)
    }

    /// Those in a piece of a file, from the piece's beginning.
    fn within(&self, file: FileId, begin: u32, length: usize) -> Vec<Range<usize>> {
        let end = begin.saturating_add(u32::try_from(length).unwrap_or(u32::MAX));
        let places = self.0.get(&file).map_or(&[][..], Vec::as_slice).iter();
        let near = places.filter(|place| place.start < end && begin < place.end);
        let byte = |at: u32| usize::try_from(at.saturating_sub(begin)).unwrap_or(usize::MAX);
        near.map(|place| byte(place.start)..byte(place.end)).collect()
    }
}

/// All findings, each followed by an empty line.
pub fn findings(findings: &[Finding], sources: &Sources, style: Style) -> String {
    let renderer = if style.color { Renderer::styled() } else { Renderer::plain() };
    let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(style.width.unwrap_or(WIDTH));
    let secrets = Secrets::of(findings, sources);
    let mut text = String::new();
    for finding in findings {
        text.push_str(&renderer.render(&[group(finding, sources, &secrets)]));
        text.push_str("\n\n");
    }
    text
}

fn group<'a>(finding: &'a Finding, sources: &'a Sources, secrets: &Secrets) -> Group<'a> {
    let level = match finding.severity {
        Severity::Error => Level::ERROR,
        Severity::Warning => Level::WARNING,
        Severity::Note => Level::NOTE,
    };
    let title = level.primary_title(harmless(&finding.message)).id(finding.code.name);
    let mut group = Group::with_title(title);
    for labels in groups(finding, sources) {
        group = match snippet(&labels, finding, sources, secrets) {
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
    secrets: &Secrets,
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
    let text = sources.text(Span { file, start: begin, end });
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
    let secrets = secrets.within(file, begin, text.len());
    let snippet = Snippet::source(masked(visible(text), &secrets)).path(harmless(&source.path));
    Some(snippet.line_start(first).fold(true).annotations(annotations))
}

/// The text with a `*` for each byte of a secret, so that places stay where they are.
fn masked<'a>(text: Cow<'a, str>, secrets: &[Range<usize>]) -> Cow<'a, str> {
    if secrets.is_empty() {
        return text;
    }
    let mut shown = String::with_capacity(text.len());
    for (at, character) in text.char_indices() {
        if secrets.iter().any(|place| place.contains(&at)) && character != '\n' {
            shown.extend(std::iter::repeat_n('*', character.len_utf8()));
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// A span's first line, relative to the text shown: maps and lists that go on for a screen are marked where they begin.
fn one_line(span: Span, begin: u32, text: &str) -> Range<usize> {
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
        let shown = findings(&told, &sources, Style { color: false, width: None });
        assert_eq!(shown.matches("{user: a, pass: ********}").count(), 2, "{shown}");
    }

    #[test]
    fn what_no_check_could_mark_is_hidden_as_well() {
        let mut sources = Sources::default();
        let text = "{env: {DB_PASSWORD: hunter2}, replicas: two}\n";
        let file = sources.add("x.yaml".into(), Ok(text.into()));
        let told = [Finding::new(&CODE, Span { file, start: 40, end: 43 }, "it")];
        let shown = findings(&told, &sources, Style { color: false, width: None });
        assert!(shown.contains("{env: {DB_PASSWORD: *******}, replicas: two}"), "{shown}");
    }
}
