//! What goes to stdout and stderr.
#![expect(clippy::disallowed_methods, reason = "cli knows the environment")]

use std::io::{self, IsTerminal, Write};

use anstream::{AutoStream, ColorChoice};

use super::telling::Telling;
use super::{Color, Trouble};
use crate::compile::Compiled;
use crate::finding::Severity;
use crate::report::{self, Style, Told};

/// Bytes that go out at once.
const PART: usize = 64 * 1024;

/// Where findings go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Stream {
    Out,
    Err,
}

/// Writes to stdout as it is.
pub(super) fn out(text: &str) -> Result<(), Trouble> {
    write(&mut io::stdout().lock(), [text])
}

/// Writes parts to stdout one after another.
pub(super) fn out_parts(parts: impl Iterator<Item = impl AsRef<str>>) -> Result<(), Trouble> {
    write(&mut io::BufWriter::with_capacity(PART, io::stdout().lock()), parts)
}

/// Writes to stderr as it is.
pub(super) fn err(text: &str) -> Result<(), Trouble> {
    write(&mut io::stderr().lock(), [text])
}

fn write(stream: &mut dyn Write, parts: impl IntoIterator<Item = impl AsRef<str>>) -> Result<(), Trouble> {
    let mut parts = parts.into_iter();
    let written = parts.try_for_each(|part| stream.write_all(part.as_ref().as_bytes()));
    let written = written.and_then(|()| stream.flush());
    written.map_err(|error| match error.kind() {
        io::ErrorKind::BrokenPipe => Trouble::Gone,
        _ => Trouble::Told(format!("cannot write the output: {error}")),
    })
}

/// Says what stopped the run. If even that cannot be said, the status still tells.
pub(super) fn complain(message: &str) {
    let _ = err(&format!("stackc: {}\n", report::harmless_lines(message)));
}

/// How findings look on a stream: `--color`, then `NO_COLOR` and `CLICOLOR_FORCE`, then whether it is a terminal.
pub(super) fn style(color: Color, stream: Stream) -> Style {
    let (choice, terminal) = match stream {
        Stream::Out => (AutoStream::choice(&io::stdout()), io::stdout().is_terminal()),
        Stream::Err => (AutoStream::choice(&io::stderr()), io::stderr().is_terminal()),
    };
    let color = match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => choice != ColorChoice::Never,
    };
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    Style { color, width: columns.filter(|columns| terminal && *columns >= 40), lines: true }
}

/// The findings of all runs in the form asked for, `after` behind them where people read.
pub(super) fn findings(
    runs: &[Compiled],
    telling: impl Into<Telling>,
    color: Color,
    stream: Stream,
    after: &str,
) -> Result<(), Trouble> {
    let Telling { format, denied } = telling.into();
    let sum = |number: fn(&Compiled) -> usize| runs.iter().map(number).sum();
    let text = (format.form())(&Told {
        runs: runs.iter().map(|run| (run.findings.as_slice(), &run.sources)).collect(),
        errors: errors(runs),
        warnings: count(runs, Severity::Warning),
        dropped: sum(|run| run.dropped),
        allowed: allowed(runs),
        denied,
        after,
        style: style(color, stream),
    });
    match stream {
        Stream::Out => out(&text),
        Stream::Err => err(&text),
    }
}

/// Findings that comments allow.
fn allowed(runs: &[Compiled]) -> usize {
    runs.iter().map(|run| run.allowed).sum()
}

/// Errors of all runs.
pub(super) fn errors(runs: &[Compiled]) -> usize {
    runs.iter().map(|run| run.errors).sum()
}

/// Findings of a severity.
pub(super) fn count(runs: &[Compiled], severity: Severity) -> usize {
    runs.iter().flat_map(|run| &run.findings).filter(|finding| finding.severity == severity).count()
}

/// `1 error`, `2 errors`.
pub(super) fn plural(number: usize, word: &str) -> String {
    if number == 1 { format!("1 {word}") } else { format!("{number} {word}s") }
}

/// `2 errors, 1 warning, 1 finding allowed`; nothing where there is none of them.
pub(super) fn totals(runs: &[Compiled]) -> String {
    let parts = [
        (errors(runs), "error", ""),
        (count(runs, Severity::Warning), "warning", ""),
        (allowed(runs), "finding", " allowed"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, word, rest)| format!("{}{rest}", plural(number, word)))
        .collect();
    parts.join(", ")
}
