//! How findings are told, and what they come to.

use clap::{Args, ValueEnum};

use super::Status;
use super::show;
use crate::compile::Compiled;
use crate::finding::Severity;
use crate::report;

/// The form of findings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// For people and editors: a line each
    Short,
    /// For machines: one versioned document (stackc schema findings)
    Json,
    /// For code scanning: SARIF 2.1.0
    Sarif,
    /// For a GitHub workflow: annotations
    Github,
    /// For a list of tests: JUnit's XML
    Junit,
}

impl Format {
    /// Who writes it.
    pub(super) fn form(self) -> report::Form {
        match self {
            Format::Text => report::text_told,
            Format::Short => report::short,
            Format::Json => report::json,
            Format::Sarif => report::sarif,
            Format::Github => report::github,
            Format::Junit => report::junit,
        }
    }

    /// Whether it is one document, which is there even if there is nothing to tell.
    pub(super) fn is_document(self) -> bool {
        matches!(self, Format::Json | Format::Sarif | Format::Junit)
    }
}

/// What fails a run beside errors.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Deny {
    /// Any warning
    Warnings,
}

/// Whether warnings fail the run.
#[derive(Clone, Copy, Default, Debug, Args)]
pub(super) struct Denial {
    /// What else fails the run
    #[arg(long, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
}

impl Denial {
    /// Whether these are runs to fail.
    pub(super) fn status(self, runs: &[Compiled]) -> Status {
        let denied = self.deny == Some(Deny::Warnings) && show::count(runs, Severity::Warning) > 0;
        if denied || show::errors(runs) > 0 { Status::Findings } else { Status::Fine }
    }
}

/// A form, and whether warnings fail in it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Telling {
    pub(super) format: Format,
    pub(super) denied: bool,
}

impl From<Format> for Telling {
    fn from(format: Format) -> Telling {
        Telling { format, denied: false }
    }
}

impl From<(Format, Denial)> for Telling {
    fn from((format, Denial { deny }): (Format, Denial)) -> Telling {
        Telling { format, denied: deny.is_some() }
    }
}
