//! What of the files no finding shows, in whatever form: values of Secrets.
//!
//! Of a Secret that can be read, the lines show its keys and what is no secret; of a document that cannot be read, where
//! a value begins and ends is not known. If a Secret may be in it, its lines are not shown, and of what is said only
//! stackc's own words. Elsewhere what follows a name such as `password`, or looks like a key, is hidden. What is hidden in
//! the lines of a finding is not said in its words either.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use super::said::Said;
use crate::finding::{Finding, Findings, Label, Words};
use crate::kube::exposed::{hidden, hidden_near, is_secret_file};
use crate::kube::names;
use crate::kube::secret;
use crate::source::{FileId, SourceFile, Sources, Span};
use crate::yaml::{Dialect, Node, Value, read};

/// Lines around a place that may be shown with it: those between labels of one piece.
const AROUND: usize = 24;
/// Bytes of a document that is read once more, of a longer one nothing is shown; and of a file that is looked at whole.
const LONGEST: usize = 1 << 20;

/// Of the files that findings point into.
#[derive(Default)]
pub(super) struct Veil {
    /// Documents that are not shown at all.
    shut: Vec<Span>,
    /// Text that is not shown.
    covered: Vec<Span>,
    /// The same as words.
    words: Said,
}

impl Veil {
    pub(super) fn over(findings: &[Finding], sources: &Sources) -> Veil {
        let secret = findings.iter().filter(|finding| finding.secret);
        let mut veil = Veil {
            shut: Vec::new(),
            words: Said::default(),
            covered: secret.map(|f| f.primary.span).chain(sources.secrets()).collect(),
        };
        let mut files: BTreeMap<FileId, Looked> = BTreeMap::new();
        for finding in findings {
            for label in labels(finding) {
                let looked = files.entry(label.span.file).or_default();
                looked.places.push(label.span.start);
            }
        }
        for (file, looked) in files {
            let source = sources.file(file);
            // An app with a mistake is not compiled, so that no check could mark what is secret in it.
            let pieces = looked.pieces(source);
            let exposed = exposed(&source.text, &pieces).into_iter();
            veil.covered.extend(exposed.map(|place| file.part(place.start, place.end)));
            if is_secret_file(&source.path) {
                veil.covered.push(file.part(0, source.text.len()));
            }
            veil.look(source, file, &pieces);
        }
        veil.words = Said::of(findings, &veil.covered, sources);
        veil
    }

    /// Whether a place lies in what is not shown at all.
    pub(super) fn is_shut(&self, at: Span) -> bool {
        self.shut.iter().any(|shut| shut.file == at.file && shut.start <= at.start && at.start <= shut.end)
    }

    /// What of a piece of a file is covered.
    pub(super) fn covered(&self, piece: Span) -> Vec<Span> {
        let all = self.covered.iter().chain(&self.shut);
        let touches =
            |span: &&Span| span.file == piece.file && span.start < piece.end && piece.start < span.end;
        all.filter(touches).copied().collect()
    }

    /// A finding as it may be told.
    pub(super) fn told<'a>(&self, finding: &'a Finding) -> Cow<'a, Finding> {
        if !labels(finding).any(|label| self.is_shut(label.span)) {
            return self.words.without(finding);
        }
        let own = |words: &Words| matches!(words, Words::Borrowed(_));
        let mut told = finding.clone();
        if !own(&told.message) {
            told.message = told.code.gist().into();
        }
        for label in std::iter::once(&mut told.primary).chain(&mut told.labels) {
            label.text = if own(&label.text) { std::mem::take(&mut label.text) } else { Words::default() };
        }
        told.notes.retain(own);
        told.helps.retain(own);
        Cow::Owned(told.note("a Secret is in this file, so its lines are not shown"))
    }

    fn look(&mut self, source: &SourceFile, file: FileId, pieces: &[Range<u32>]) {
        let near = secret::is_near(&source.text);
        if !is_yaml(&source.path) || !near {
            return;
        }
        for (start, document) in documents(&source.text) {
            let place = Place { file, start, text: document };
            let all = place.span(0, document.len());
            let shown = pieces.partition_point(|piece| piece.end < all.start);
            if pieces.get(shown).is_none_or(|piece| piece.start > all.end) {
                continue;
            }
            let is_long = document.len() > LONGEST;
            match if is_long { Err(()) } else { document_of(document) } {
                Ok(Some(node)) => self.covered.extend(place.covered(&node)),
                Ok(None) => self.covered.extend(place.words(0, document.len())),
                Err(()) => self.shut.push(all),
            }
        }
    }
}

/// What findings look at in a file.
#[derive(Default)]
struct Looked {
    places: Vec<u32>,
}

impl Looked {
    /// The places with the lines that may be shown around them, in their order.
    fn pieces(mut self, source: &SourceFile) -> Vec<Range<u32>> {
        self.places.sort_unstable();
        let start_of = |line: usize| source.lines().get(line.saturating_sub(1)).copied();
        let piece = |place: u32| {
            let line = source.line_of(place);
            let from = start_of(line.saturating_sub(AROUND).max(1)).unwrap_or(0);
            from..start_of(line.saturating_add(AROUND)).unwrap_or(u32::MAX)
        };
        self.places.into_iter().map(piece).collect()
    }
}

/// What gives itself away in a file; of a long one, near what is shown.
fn exposed(text: &str, pieces: &[Range<u32>]) -> Vec<Range<usize>> {
    if text.len() <= LONGEST {
        return hidden(text);
    }
    let mut ahead = pieces.iter().peekable();
    hidden_near(text, |line| {
        let line = u32::try_from(line).unwrap_or(u32::MAX);
        while ahead.next_if(|piece| piece.end < line).is_some() {}
        ahead.peek().is_some_and(|piece| piece.start <= line)
    })
}

fn labels(finding: &Finding) -> impl Iterator<Item = &Label> {
    std::iter::once(&finding.primary).chain(&finding.labels)
}

/// Texts without an ending are streams of manifests.
fn is_yaml(path: &str) -> bool {
    let ending = Path::new(path).extension().and_then(|ending| ending.to_str());
    ending.is_none_or(|ending| ["yaml", "yml", "json"].iter().any(|known| ending.eq_ignore_ascii_case(known)))
}

/// Where each document begins, and its text, parted as Kubernetes does it. What only looks like a separator, such as the
/// first line of a key in PEM, stays in its document.
fn documents(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_separator = |line: &str| {
        let rest = line.strip_prefix("---").map(str::trim);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#'))
    };
    let mut next = Some(0_usize);
    std::iter::from_fn(move || {
        let start = next?;
        let rest = text.get(start..)?;
        let mut length = 0_usize;
        let separator = rest.split_inclusive('\n').find(|line| {
            let found = is_separator(line);
            length = length.saturating_add(if found { 0 } else { line.len() });
            found
        });
        next = separator.map(|line| start.saturating_add(length).saturating_add(line.len()));
        Some((start, rest.get(..length).unwrap_or_default()))
    })
}

/// The one map that a text is; none for comments alone.
fn document_of(text: &str) -> Result<Option<Node>, ()> {
    let (mut sources, mut found) = (Sources::default(), Findings::default());
    let file = sources.add(String::new(), Ok(text.as_bytes().to_vec()));
    let mut nodes = read(&sources, file, Dialect::Manifest, &mut found);
    let is_sound = found.errors() == 0 && nodes.iter().all(|node| node.as_map().is_some());
    if is_sound && nodes.len() <= 1 { Ok(nodes.pop()) } else { Err(()) }
}

/// A document in its file.
struct Place<'a> {
    file: FileId,
    start: usize,
    text: &'a str,
}

impl Place<'_> {
    /// Bytes of the document, by their place in the file.
    fn span(&self, start: usize, end: usize) -> Span {
        self.file.part(self.start.saturating_add(start), self.start.saturating_add(end))
    }

    /// All but what is open, if there is a Secret in it.
    fn covered(&self, node: &Node) -> Vec<Span> {
        let mut open = Vec::new();
        if !opens(node, &mut open) {
            return Vec::new();
        }
        open.sort();
        let byte = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
        let (mut covered, mut at) = (Vec::new(), 0_usize);
        for span in &open {
            covered.extend(self.words(at, byte(span.start)));
            at = at.max(byte(span.end));
        }
        covered.extend(self.words(at, self.text.len()));
        covered
    }

    /// Each line of a piece without its indentation and the sign that stands before a value.
    fn words(&self, start: usize, end: usize) -> Vec<Span> {
        let piece = self.text.get(start..end).unwrap_or_default();
        let sign = |c: char| c.is_whitespace() || matches!(c, ':' | '{' | '}');
        let trimmed = piece.split('\n').map(|line| line.trim_start_matches(sign).trim_end());
        let worthy = trimmed.filter(|word| !matches!(*word, "" | "-" | "," | "|" | "["));
        let place = |word: &str| {
            let from = word.as_ptr().addr().saturating_sub(self.text.as_ptr().addr());
            self.span(from, from.saturating_add(word.len()))
        };
        worthy.map(place).collect()
    }
}

/// Gathers what may be shown of a document; whether there is a Secret in it.
fn opens(node: &Node, open: &mut Vec<Span>) -> bool {
    let kind = node.text_at(&["kind"]).unwrap_or_default();
    if kind == "Secret" {
        leaves(node, &mut Vec::new(), open);
        return true;
    }
    let items = node.get("items").map_or(&[][..], Node::items);
    if !kind.ends_with("List") || items.is_empty() {
        return false;
    }
    for entry in node.entries() {
        open.push(entry.key.span);
        open.extend((entry.key.text != "items").then_some(entry.value.span));
    }
    let mut any = false;
    for item in items {
        if kind == "SecretList" {
            leaves(item, &mut Vec::new(), open);
            any = true;
        } else if opens(item, open) {
            any = true;
        } else {
            open.push(item.span);
        }
    }
    any
}

fn leaves<'a>(node: &'a Node, path: &mut Vec<&'a str>, open: &mut Vec<Span>) {
    match &node.value {
        Value::Map(map) => {
            for entry in &map.entries {
                // What can be no key may be a value at the wrong place.
                let is_key =
                    path.is_empty() || secret::is_open(path) || names::config_key(&entry.key.text).is_ok();
                open.extend(is_key.then_some(entry.key.span));
                path.push(&entry.key.text);
                leaves(&entry.value, path, open);
                path.pop();
            }
        }
        Value::List(items) => items.iter().for_each(|item| leaves(item, path, open)),
        _ => open.extend(secret::is_open(path).then_some(node.span)),
    }
}

#[cfg(test)]
mod tests {
    use super::{documents, is_yaml};

    #[test]
    fn documents_are_parted_at_separators_alone() {
        for (text, expected) in [
            ("", vec![(0, "")]),
            ("a: b", vec![(0, "a: b")]),
            ("a\n---\nb\n", vec![(0, "a\n"), (6, "b\n")]),
            ("---\na\n--- # x\nb", vec![(0, ""), (4, "a\n"), (14, "b")]),
            ("k: |\n-----BEGIN X-----\n ---\n---y\n", vec![(0, "k: |\n-----BEGIN X-----\n ---\n---y\n")]),
            ("a\n---", vec![(0, "a\n"), (5, "")]),
        ] {
            assert_eq!(documents(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn files_of_yaml() {
        for (path, yaml) in
            [("a/b.yaml", true), ("a.YML", true), ("a.json", true), ("<stdin>", true), ("a.conf.j2", false)]
        {
            assert_eq!(is_yaml(path), yaml, "{path}");
        }
    }
}
