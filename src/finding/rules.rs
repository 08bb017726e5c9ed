//! What the user says of findings: which may stand where, and what a code weighs.

use std::collections::BTreeMap;

use super::{Code, Finding, Severity};
use crate::source::Span;

/// A comment that allows a code in a value.
#[derive(Clone, Copy, Debug)]
pub struct Allow {
    /// What it allows.
    pub code: &'static Code,
    /// The value that it speaks of; none where no value is below it.
    pub over: Option<Span>,
    /// Where the comment names the code.
    pub at: Span,
    /// Whether it has to allow something: not where its file is only the ground of others.
    pub bound: bool,
}

/// What becomes of a finding.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Verdict {
    Told,
    /// A comment allows it.
    Allowed,
    /// Its code is off.
    Off,
}

/// All of it. Empty where nobody said anything.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// By code, file and start, so that those that may cover a place are found by search.
    rows: Vec<Row>,
    weights: BTreeMap<&'static str, Option<Severity>>,
}

#[derive(Clone, Debug)]
struct Row {
    allow: Allow,
    used: bool,
    /// The row that reaches furthest among this one and those before it, of the same code and file.
    furthest: usize,
}

impl Row {
    /// One that speaks of no value covers no byte.
    fn key(&self) -> (&'static str, Span) {
        (self.allow.code.name, self.allow.over.unwrap_or(self.allow.at.part(0, 0)))
    }
}

impl Rules {
    pub(super) fn heed(&mut self, allows: Vec<Allow>) {
        self.rows.extend(allows.into_iter().map(|allow| Row { allow, used: false, furthest: 0 }));
        self.rows.sort_by_key(|row| {
            let (code, span) = row.key();
            (code, span.file, span.start, std::cmp::Reverse(span.end))
        });
        let mut best: Option<(usize, &'static str, Span)> = None;
        for (index, row) in self.rows.iter_mut().enumerate() {
            let (code, span) = row.key();
            best = best.filter(|(_, other, reached)| {
                *other == code && reached.file == span.file && reached.end >= span.end
            });
            let (furthest, ..) = *best.get_or_insert((index, code, span));
            row.furthest = furthest;
        }
    }

    pub(super) fn weigh(&mut self, weights: BTreeMap<&'static str, Option<Severity>>) {
        self.weights = weights;
    }

    /// What a command demands (`--locked`) weighs more than its code, and no file talks it down.
    pub(super) fn judge(&mut self, finding: &mut Finding) -> Verdict {
        let allowed = self.covers(finding);
        let weight = self.weights.get(finding.code.name);
        let weighed = weight.is_some_and(|weight| *weight == Some(finding.severity));
        if finding.severity < finding.code.severity && !weighed {
            return Verdict::Told;
        }
        match weight {
            _ if allowed => Verdict::Allowed,
            Some(None) => Verdict::Off,
            Some(Some(severity)) => {
                finding.severity = *severity;
                Verdict::Told
            }
            None => Verdict::Told,
        }
    }

    fn covers(&mut self, finding: &Finding) -> bool {
        let (code, place) = (finding.code.name, finding.primary.span);
        let before = self.rows.partition_point(|row| {
            let (other, span) = row.key();
            (other, span.file, span.start) <= (code, place.file, place.start)
        });
        let Some(furthest) =
            before.checked_sub(1).and_then(|last| self.rows.get(last)).map(|row| row.furthest)
        else {
            return false;
        };
        let Some(row) = self.rows.get_mut(furthest) else { return false };
        let over = row.allow.over.filter(|over| over.file == place.file && place.end <= over.end);
        let covers = row.allow.code.name == code && over.is_some();
        row.used |= covers;
        covers
    }

    /// Comments that allowed nothing, though they have to.
    pub fn unused(&self) -> impl Iterator<Item = &Allow> {
        self.rows.iter().filter(|row| row.allow.bound && !row.used).map(|row| &row.allow)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Page;
    use crate::source::Span;

    static ONE: Code =
        Code { name: "one-wrong", severity: Severity::Warning, page: Page { about: "", bad: "", good: "" } };
    static TWO: Code =
        Code { name: "two-wrong", severity: Severity::Error, page: Page { about: "", bad: "", good: "" } };

    fn span(file: u32, start: u32, end: u32) -> Span {
        Span::from_numbers([file, start, end])
    }

    fn rules(rows: &[(&'static Code, Option<Span>)]) -> Rules {
        let mut rules = Rules::default();
        let allow = |(code, over): &(&'static Code, Option<Span>)| Allow {
            code,
            over: *over,
            at: span(0, 0, 1),
            bound: true,
        };
        rules.heed(rows.iter().map(allow).collect());
        rules
    }

    #[test]
    fn a_finding_inside_of_the_value_is_allowed_and_no_other() {
        let rows = [
            (&ONE, Some(span(0, 10, 90))),
            (&ONE, Some(span(0, 20, 30))),
            (&ONE, Some(span(0, 95, 99))),
            (&TWO, Some(span(1, 10, 20))),
            (&TWO, None),
        ];
        for (code, place, expected) in [
            (&ONE, span(0, 10, 90), true),
            (&ONE, span(0, 40, 50), true), // behind the inner one, inside of the outer
            (&ONE, span(0, 97, 97), true),
            (&ONE, span(0, 9, 11), false),
            (&ONE, span(0, 89, 91), false),
            (&ONE, span(0, 91, 92), false),
            (&ONE, span(1, 12, 13), false), // the other file's is of the other code
            (&TWO, span(0, 12, 13), false),
            (&TWO, span(0, 0, 1), false), // the comment itself
            (&TWO, span(1, 12, 13), true),
        ] {
            let mut rules = rules(&rows);
            let verdict = rules.judge(&mut Finding::new(code, place, "x"));
            assert_eq!(verdict == Verdict::Allowed, expected, "{} at {place:?}", code.name);
            assert_eq!(rules.unused().count(), rows.len() - usize::from(expected));
        }
    }

    /// A finding that moves to another place is judged once more.
    #[test]
    fn what_was_weighed_may_be_allowed_elsewhere() {
        let mut rules = rules(&[(&ONE, Some(span(0, 10, 20)))]);
        rules.weigh([(ONE.name, Some(Severity::Error))].into());
        let mut finding = Finding::new(&ONE, span(0, 1, 2), "x");
        assert_eq!(rules.judge(&mut finding), Verdict::Told);
        assert_eq!(finding.severity, Severity::Error);
        finding.primary.span = span(0, 11, 12);
        assert_eq!(rules.judge(&mut finding), Verdict::Allowed);
    }

    #[test]
    fn a_weight_changes_all_but_what_a_command_demands() {
        let judge = |weight: Option<Severity>, finding: Finding| {
            let mut rules = Rules::default();
            rules.weigh([(ONE.name, weight)].into());
            let mut finding = finding;
            (rules.judge(&mut finding), finding.severity)
        };
        let one = || Finding::new(&ONE, span(0, 0, 1), "x");
        for severity in [Severity::Error, Severity::Warning, Severity::Note] {
            assert_eq!(judge(Some(severity), one()), (Verdict::Told, severity));
            let demanded = one().weighs(Severity::Error);
            assert_eq!(judge(Some(severity), demanded), (Verdict::Told, Severity::Error));
        }
        assert_eq!(judge(None, one()).0, Verdict::Off);
        assert_eq!(judge(None, one().weighs(Severity::Note)).0, Verdict::Off);
        assert_eq!(judge(None, one().weighs(Severity::Error)).0, Verdict::Told);
    }
}
