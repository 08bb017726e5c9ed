//! The collector.

use std::collections::BTreeSet;

use super::{Code, Finding, Severity};
use crate::source::Span;

/// More than this in one run helps nobody: the rest is counted, not kept.
const LIMIT: usize = 1_000;

/// Gathers what a run found.
#[derive(Debug, Default)]
pub struct Findings {
    all: Vec<Finding>,
    dropped: usize,
    dropped_errors: usize,
    errors: usize,
    given_up: BTreeSet<Span>,
}

impl Findings {
    /// A value that has been told to be wrong: what later steps say of it would be an echo.
    pub fn give_up(&mut self, span: Span) {
        self.given_up.insert(span);
    }

    /// Whether this value has been told to be wrong.
    pub fn gave_up(&self, span: Span) -> bool {
        self.given_up.contains(&span)
    }

    /// Takes one in, unless it is an echo.
    pub fn push(&mut self, finding: Finding) {
        if self.gave_up(finding.primary.span) {
            return;
        }
        if finding.severity == Severity::Error {
            self.errors = self.errors.saturating_add(1);
        }
        if self.full() {
            self.dropped = self.dropped.saturating_add(1);
            let error = usize::from(finding.severity == Severity::Error);
            self.dropped_errors = self.dropped_errors.saturating_add(error);
        } else {
            self.all.push(finding);
        }
    }

    /// Errors among those that went past the limit.
    pub fn dropped_errors(&self) -> usize {
        self.dropped_errors
    }

    /// Whether no more are kept.
    pub fn full(&self) -> bool {
        self.all.len() >= LIMIT
    }

    /// Errors so far, twins and those dropped as well: a step that told one has raised it.
    pub fn errors(&self) -> usize {
        self.errors
    }

    /// Whether one with this code is among them.
    pub fn has(&self, code: &Code) -> bool {
        self.all.iter().any(|finding| finding.code == code)
    }

    /// Whether an error stands at this very place.
    pub fn tells(&self, span: Span) -> bool {
        self.all.iter().any(|finding| finding.primary.span == span && finding.severity == Severity::Error)
    }

    /// Findings that went past the limit.
    pub fn dropped(&self) -> usize {
        self.dropped
    }

    /// By file, place and code; of twins (same code, place and message) one remains.
    #[must_use]
    pub fn sorted(mut self) -> Vec<Finding> {
        self.all.sort_by(|a, b| {
            let key = |f: &Finding| (f.primary.span.file, f.primary.span.start, f.code.name);
            key(a).cmp(&key(b)).then_with(|| a.message.cmp(&b.message))
        });
        self.all
            .dedup_by(|a, b| a.code == b.code && a.primary.span == b.primary.span && a.message == b.message);
        self.all
    }
}
