//! The collector.

use std::collections::{BTreeMap, BTreeSet};

use super::rules::Verdict;
use super::{Allow, Code, Finding, Rules, Severity};
use crate::source::Span;

/// More than this in one run helps nobody: the rest is counted, not kept.
const LIMIT: usize = 1_000;

/// Gathers what a run found.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    all: Vec<Finding>,
    dropped: usize,
    dropped_errors: usize,
    errors: usize,
    given_up: BTreeSet<Span>,
    rules: Rules,
    /// Places that no form shows, whether or not something is told of them.
    secrets: BTreeSet<Span>,
    /// Things of which one finding is told, by code.
    told_things: BTreeSet<(&'static str, String)>,
    /// Errors that are not told, for whoever would tell of the same place once more.
    silenced: BTreeSet<Span>,
    /// Codes of findings that are not told.
    untold: BTreeSet<&'static str>,
    /// What comments allow: place and code.
    allowed: BTreeSet<(Span, &'static str)>,
}

impl Findings {
    /// What comments allow is not taken in from now on.
    pub fn heed(&mut self, allows: Vec<Allow>) {
        self.rules.heed(allows);
    }

    /// From now on these codes weigh what is said here, nothing = not told; what was found before as well.
    pub fn weigh(&mut self, weights: BTreeMap<&'static str, Option<Severity>>) {
        self.rules.weigh(weights);
        self.retell(|all| all);
    }

    /// Tells all in other words, or at other places; what the user says of findings holds there.
    pub fn retell(&mut self, words: impl FnOnce(Vec<Finding>) -> Vec<Finding>) {
        self.errors = self.dropped_errors;
        for finding in words(std::mem::take(&mut self.all)) {
            self.keep(finding);
        }
    }

    /// All so far.
    pub fn iter(&self) -> impl Iterator<Item = &Finding> {
        self.all.iter()
    }

    /// What the user says of findings.
    pub fn rules(&self) -> &Rules {
        &self.rules
    }

    /// The same, for the findings of a later step.
    pub fn take_rules(&mut self) -> Rules {
        std::mem::take(&mut self.rules)
    }

    /// A collector under the rules of another.
    pub fn under(rules: Rules) -> Findings {
        Findings { rules, ..Findings::default() }
    }

    /// Places where a comment allows what is wrong.
    pub fn allowed(&self) -> usize {
        self.allowed.len()
    }

    /// A value that has been told to be wrong: what later steps say of it would be an echo.
    pub fn give_up(&mut self, span: Span) {
        self.given_up.insert(span);
    }

    /// Whether this value has been told to be wrong.
    pub fn gave_up(&self, span: Span) -> bool {
        self.given_up.contains(&span)
    }

    /// A secret stands here: no form shows its characters, whatever is told around it.
    pub fn hide(&mut self, span: Span) {
        self.secrets.insert(span);
    }

    /// Whether no form shows what stands at this very place.
    pub fn hides(&self, span: Span) -> bool {
        self.secrets.contains(&span)
    }

    /// Places that no form shows.
    pub fn take_secrets(&mut self) -> BTreeSet<Span> {
        std::mem::take(&mut self.secrets)
    }

    /// Takes one in, unless it is an echo.
    pub fn push(&mut self, finding: Finding) {
        if finding.secret {
            self.hide(finding.primary.span);
        }
        if !self.gave_up(finding.primary.span) {
            self.keep(finding);
        }
    }

    /// Takes in the first about a thing, such as an image: the user mends them together. What a comment allows at one
    /// place is told at the next, unless that is allowed as well.
    pub fn push_once(&mut self, thing: String, finding: Finding) {
        if self.gave_up(finding.primary.span) {
            return;
        }
        let key = (finding.code.name, thing);
        if self.told_things.contains(&key) {
            self.judge(&mut finding.clone());
        } else if self.keep(finding) {
            self.told_things.insert(key);
        }
    }

    /// Whether it is told, and not left to the user.
    fn keep(&mut self, mut finding: Finding) -> bool {
        if !self.judge(&mut finding) {
            return false;
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
        true
    }

    /// Holds it to what the user says; whether it is to be told.
    fn judge(&mut self, finding: &mut Finding) -> bool {
        let (span, was) = (finding.primary.span, finding.severity);
        let verdict = self.rules.judge(finding);
        if was == Severity::Error && (verdict != Verdict::Told || finding.severity != was) {
            self.silenced.insert(span);
        }
        if verdict != Verdict::Told {
            self.untold.insert(finding.code.name);
        }
        if verdict == Verdict::Allowed {
            self.allowed.insert((span, finding.code.name));
        }
        verdict == Verdict::Told
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

    /// Whether one with this code is among them, or was left to the user.
    pub fn has(&self, code: &Code) -> bool {
        self.untold.contains(code.name) || self.any(|finding| finding.code == code)
    }

    /// Whether one of this kind is among them.
    pub fn any(&self, kind: impl Fn(&Finding) -> bool) -> bool {
        self.all.iter().any(kind)
    }

    /// Whether an error stands at this very place, or one that the user has talked down.
    pub fn tells(&self, span: Span) -> bool {
        self.silenced.contains(&span)
            || self
                .all
                .iter()
                .any(|finding| finding.primary.span == span && finding.severity == Severity::Error)
    }

    /// Whether an error stands inside of this place, or one that the user has talked down: what seems to be missing there
    /// may be that.
    pub fn tells_within(&self, span: Span) -> bool {
        self.silenced.iter().any(|told| span.holds(*told))
            || self.any(|finding| span.holds(finding.primary.span) && finding.severity == Severity::Error)
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
