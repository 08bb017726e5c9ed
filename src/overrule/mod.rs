//! What the user says of findings: comments that allow one (schema.md S17), and severities under `checks`.
//!
//! In: comments, `checks`, and every code that a run can raise. Out: rules of [`Findings`], and findings on what the user
//! said: an unknown code, no reason, a comment that allows nothing.
//!
//! What the output's safety rests on is not up to the user: `guard` says what that is. To guard a check: a row there.
//!
//! What must hold: an allowed finding is told in no form, and each comment allows something (`tests/overrule.rs`).

mod comment;
mod dotenv;
mod guard;
mod pages;

pub use guard::guard;

use std::collections::BTreeMap;

use crate::finding::{Allow, Code, Finding, Findings, nearest};
use crate::source::{FileId, Sources, Span};
use crate::stack::Weight;
use crate::yaml::{self, Named, Spanned};
use comment::Asked;
use pages::{ALLOW_INVALID, ALLOW_REASON_MISSING, ALLOW_UNUSED, CODE_GUARDED, CODE_UNKNOWN};

/// What is wrong with what the user says of findings.
pub static CODES: &[&Code] =
    &[&ALLOW_INVALID, &ALLOW_REASON_MISSING, &ALLOW_UNUSED, &CODE_GUARDED, &CODE_UNKNOWN];

/// Heeds the comments of files. `bound` ones have to allow something: not those of a base or an included folder, which
/// other stacks may need.
pub fn read(
    (files, bound): (impl IntoIterator<Item = FileId>, bool),
    sources: &Sources,
    known: &[&'static Code],
    found: &mut Findings,
) {
    let mut allows = Vec::new();
    for file in files {
        for (span, of) in comments(sources, file) {
            let asked = match comment::parse(sources.text(span)) {
                Ok(asked) => asked,
                Err(help) => {
                    let finding = Finding::new(&ALLOW_INVALID, span, "nothing is allowed by this comment");
                    found.push(finding.maybe_help(Some(help)));
                    continue;
                }
            };
            let Some(Asked { codes, reason }) = asked else { continue };
            if !reason {
                found.push(
                    Finding::new(&ALLOW_REASON_MISSING, span, "no reason is given, so nothing is allowed")
                        .help("say why, behind the bracket: # stackc: allow(CODE) REASON"),
                );
                continue;
            }
            for (from, name) in codes {
                let at = span.part(from, from.saturating_add(name.len()));
                let code = code(name, at, known, found);
                let over = of.map(|over| with_end(over, sources));
                allows.extend(code.map(|code| Allow { code, over, at, bound }));
            }
        }
    }
    found.heed(allows);
}

/// Comments that hold the mark, and what each speaks of.
fn comments(sources: &Sources, file: FileId) -> Vec<(Span, Option<Span>)> {
    if dotenv::is_dotenv(&sources.file(file).path) {
        return dotenv::comments(sources, file);
    }
    let comments = yaml::comments(sources, file, comment::MARK).into_iter();
    comments.map(|comment| (comment.span, comment.of)).collect()
}

/// With the blank lines behind it: a text in a block ends behind its last line.
fn with_end(over: Span, sources: &Sources) -> Span {
    let end = usize::try_from(over.end).unwrap_or(usize::MAX);
    let rest = sources.file(over.file).text.get(end..).unwrap_or_default();
    let ends = rest.starts_with(['\n', '\r']);
    let blank = if ends { rest.len().saturating_sub(rest.trim_start().len()) } else { 0 };
    Span { end: over.end.saturating_add(u32::try_from(blank).unwrap_or(0)), ..over }
}

/// Gives codes the severities that stack.yaml says.
pub fn weigh(checks: &Named<Spanned<Weight>>, known: &[&'static Code], found: &mut Findings) {
    let mut weights = BTreeMap::new();
    for (name, weight) in checks.iter() {
        let severity = weight.value.severity();
        // A code that is guarded is an error already.
        let Some(code) = known.iter().find(|code| code.name == name.value) else {
            found.push(unknown(&name.value, name.span, known));
            continue;
        };
        match guard(code).filter(|_| severity != Some(code.severity)) {
            Some(why) => found.push(guarded(code, why, weight.span)),
            None => drop(weights.insert(code.name, severity)),
        }
    }
    found.weigh(weights);
}

/// Tells comments that allow nothing. Where something else kept part of the stack from being checked, nobody knows.
pub fn unused(found: &mut Findings) {
    if found.any(|finding| guard(finding.code).is_some()) {
        return;
    }
    let unused: Vec<Allow> = found.rules().unused().copied().collect();
    for Allow { code, over, at, .. } in unused {
        let finding = Finding::new(
            &ALLOW_UNUSED,
            at,
            format!("`{}` is not found here, so nothing is allowed", code.name),
        );
        found.push(
            match over {
                Some(over) => finding.also(over, "looked for in here"),
                None => finding.note("no value is below this comment"),
            }
            .help("remove the comment, or put it at the line that the finding marks"),
        );
    }
}

/// Whether a finding tells that a comment allows nothing: the step after may find what it allows.
pub fn is_unused(finding: &Finding) -> bool {
    finding.code == &ALLOW_UNUSED
}

/// The code of a name, if it is one that the user may overrule.
fn code(name: &str, at: Span, known: &[&'static Code], found: &mut Findings) -> Option<&'static Code> {
    let Some(code) = known.iter().find(|code| code.name == name) else {
        found.push(unknown(name, at, known));
        return None;
    };
    if let Some(why) = guard(code) {
        found.push(guarded(code, why, at));
        return None;
    }
    Some(code)
}

fn unknown(name: &str, at: Span, known: &[&'static Code]) -> Finding {
    let near = nearest(name, known.iter().map(|code| code.name));
    let help =
        near.map_or_else(|| "stackc explain --list".to_owned(), |near| format!("did you mean `{near}`?"));
    Finding::new(&CODE_UNKNOWN, at, format!("no finding has the code `{name}`")).help(help)
}

fn guarded(code: &Code, why: &'static str, at: Span) -> Finding {
    Finding::new(&CODE_GUARDED, at, format!("`{}` cannot be silenced", code.name))
        .note(why)
        .help(format!("mend what it tells: stackc explain {}", code.name))
}
