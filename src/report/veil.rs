//! What of the files no finding shows, in whatever form: values of Secrets.
//!
//! Of a Secret that can be read, the lines show its keys and what is no secret; of a document that cannot be read, where
//! a value begins and ends is not known. If a Secret may be in it, its lines are not shown, and of what is said only
//! stackc's own words; elsewhere what follows a name such as `password` is hidden.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::path::Path;

use crate::diff::{HIDDEN, without_secrets};
use crate::finding::{Finding, Findings, Label, Words};
use crate::kube::exposed::all_exposed;
use crate::kube::secret;
use crate::source::{FileId, Sources, Span};
use crate::yaml::{Dialect, Node, Value, read};

/// Of the files that findings point into.
#[derive(Default)]
pub(super) struct Veil {
    /// Documents that are not shown at all.
    shut: Vec<Span>,
    /// Text that is not shown.
    covered: Vec<Span>,
}

impl Veil {
    pub(super) fn over(findings: &[Finding], sources: &Sources) -> Veil {
        let secret = findings.iter().filter(|finding| finding.secret);
        let mut veil = Veil { shut: Vec::new(), covered: secret.map(|f| f.primary.span).collect() };
        let files: BTreeSet<FileId> = findings.iter().flat_map(labels).map(|label| label.span.file).collect();
        for file in files {
            let source = sources.file(file);
            // An app with a mistake is not compiled, so that no check could mark what is secret in it.
            let exposed = all_exposed(&source.text).into_iter();
            veil.covered.extend(exposed.map(|place| file.part(place.start, place.end)));
            if is_yaml(&source.path) {
                veil.look(file, &source.text);
            }
        }
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
            return Cow::Borrowed(finding);
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

    fn look(&mut self, file: FileId, text: &str) {
        let near = secret::is_near(text);
        for (start, document) in documents(text) {
            let place = Place { file, start, text: document };
            match document_of(document) {
                Ok(_) if !near => {}
                Ok(Some(node)) => self.covered.extend(place.covered(&node)),
                Ok(None) => self.covered.extend(place.words(0, document.len())),
                Err(()) if near => self.shut.push(place.span(0, document.len())),
                Err(()) => self.covered.extend(place.by_name()),
            }
        }
    }
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
fn documents(text: &str) -> Vec<(usize, &str)> {
    let mut all = Vec::new();
    let (mut start, mut at) = (0_usize, 0_usize);
    for line in text.split_inclusive('\n') {
        let rest = line.strip_prefix("---").map(str::trim);
        if rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('#')) {
            all.push((start, text.get(start..at).unwrap_or_default()));
            start = at.saturating_add(line.len());
        }
        at = at.saturating_add(line.len());
    }
    all.push((start, text.get(start..).unwrap_or_default()));
    all
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

    /// What follows a name whose value is secret.
    fn by_name(&self) -> Vec<Span> {
        let mut covered = Vec::new();
        let mut at = 0_usize;
        for (line, shown) in self.text.split('\n').zip(without_secrets(self.text)) {
            let end = at.saturating_add(line.len());
            if line != shown {
                let sign = line.find([':', '=']).filter(|_| shown != HIDDEN);
                covered
                    .push(self.span(sign.map_or(at, |sign| at.saturating_add(sign).saturating_add(1)), end));
            }
            at = end.saturating_add(1);
        }
        covered
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
                open.push(entry.key.span);
                path.push(&entry.key.text);
                leaves(&entry.value, path, open);
                path.pop();
            }
        }
        Value::List(items) => items.iter().for_each(|item| leaves(item, path, open)),
        _ => open.extend(secret::is_open(path).then_some(node.span)),
    }
}
