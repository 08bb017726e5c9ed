//! What a new state of files changes, in the forms that people and machines read. One file a form.
//!
//! What must hold: no text of a file or cluster leaves its place: control characters and marks of direction are made
//! visible, and in Markdown nothing ends a fence or a code span before its time.

mod json;
mod markdown;
mod text;

pub use json::diff as diff_json;
pub use markdown::diff as diff_markdown;
pub use text::diff as diff_text;

use crate::diff::{Call, Change, Diff, Fate, Kind, Sign, Turn, Verdict};
use crate::report::text::harmless as one_line;
use crate::source::{Sources, Span};

/// What was compared.
#[derive(Debug)]
pub struct Compared<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// What it was compared with, in a user's words.
    pub against: &'a str,
    /// What people should know of that.
    pub remarks: &'a [String],
    /// What changes.
    pub diff: &'a Diff,
    /// The files of the new side.
    pub sources: &'a Sources,
}

/// Lines of one value that are shown; JSON has them all.
const LINES: usize = 80;

impl Compared<'_> {
    /// `apps/minio.yaml:12`.
    fn place(&self, span: Option<Span>) -> Option<String> {
        let (path, line) = self.line(span?);
        Some(format!("{path}:{line}"))
    }

    /// The line alone: to count the columns of many places on one long line takes the square of their number.
    fn line(&self, span: Span) -> (&str, usize) {
        let file = self.sources.file(span.file);
        (&file.path, file.line_of(span.start))
    }

    fn calls(&self) -> impl Iterator<Item = (&Change, &Call)> {
        self.diff.changes.iter().flat_map(|change| change.calls.iter().map(move |call| (change, call)))
    }

    /// What is more than the deletion of what left, worst first.
    fn fates(&self) -> Vec<(&Change, &Fate)> {
        let all =
            self.diff.changes.iter().flat_map(|change| change.fates.iter().map(move |fate| (change, fate)));
        let is_more = |(change, fate): &(&Change, &Fate)| {
            fate.verdict != Verdict::Deleted || change.kind != Kind::Removed
        };
        let mut all: Vec<_> = all.filter(is_more).collect();
        all.sort_by_key(|(_, fate)| fate.verdict);
        all
    }

    /// `1 added, 2 changed, 12 as they were`.
    fn counts(&self) -> String {
        let count = |kind: Kind| self.diff.changes.iter().filter(|change| change.kind == kind).count();
        let rows = [
            (count(Kind::Added), "added"),
            (count(Kind::Changed), "changed"),
            (count(Kind::Moved), "moved"),
            (count(Kind::Removed), "removed"),
            (self.diff.unchanged, "as it was"),
        ];
        let parts: Vec<String> = rows
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| format!("{number} {word}"))
            .collect();
        if parts.is_empty() { "no objects".to_owned() } else { parts.join(", ") }
    }
}

fn sign(kind: Kind) -> char {
    match kind {
        Kind::Added => '+',
        Kind::Changed => '~',
        Kind::Moved => '>',
        Kind::Removed => '-',
    }
}

fn turn(turn: Turn) -> char {
    match turn {
        Turn::Gained => '+',
        Turn::Lost => '-',
        Turn::Changed => '~',
    }
}

fn mark(sign: Sign) -> char {
    match sign {
        Sign::Old => '-',
        Sign::New => '+',
        Sign::Same | Sign::Gap => ' ',
    }
}

/// Where an object is, and where it was.
fn file(change: &Change) -> String {
    match &change.moved_from {
        Some(from) => format!("{from} -> {}", change.file),
        None => change.file.clone(),
    }
}
