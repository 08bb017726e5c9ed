//! What a run tells, for every form.

use std::borrow::Cow;

use super::text::{Style, harmless_lines};
use super::veil::Veil;
use crate::finding::Finding;
use crate::source::Sources;

/// Findings of all stacks of a run, and what they come to.
#[derive(Debug)]
pub struct Told<'a> {
    /// Findings of each stack with the files that they point into.
    pub runs: Vec<(&'a [Finding], &'a Sources)>,
    /// Errors, those beyond what a run keeps as well.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Findings beyond what a run keeps.
    pub dropped: usize,
    /// Findings that comments allow.
    pub allowed: usize,
    /// Whether a warning fails the run.
    pub denied: bool,
    /// What people read behind the findings.
    pub after: &'a str,
    /// How people see them.
    pub style: Style,
}

/// A form: all of it as text.
pub type Form = fn(&Told<'_>) -> String;

impl<'a> Told<'a> {
    /// Each finding as it may be told, with its files.
    pub(super) fn all(&self) -> Vec<(Cow<'a, Finding>, &'a Sources)> {
        let run = |(findings, sources): &(&'a [Finding], &'a Sources)| {
            let (veil, sources) = (Veil::over(findings, sources), *sources);
            findings.iter().map(move |finding| (veil.told(finding), sources)).collect::<Vec<_>>()
        };
        self.runs.iter().flat_map(run).collect()
    }

    /// What people read in the end.
    pub(super) fn end(&self) -> String {
        let more = if self.dropped > 0 { format!("and {} more\n\n", self.dropped) } else { String::new() };
        let refused = self.denied && self.errors == 0 && self.warnings > 0;
        let why = if refused { "refused: warnings are denied (--deny warnings)\n" } else { "" };
        format!("{more}{}{why}", harmless_lines(self.after))
    }
}
