//! What is wrong, where, why, and what to do: one record for every form of output. Data only, no drawing.
//!
//! In: what a room noticed. Out: [`Findings`], sorted, twins dropped. A room that raises owns its [`Code`]s,
//! each with the page that `stackc explain` prints, and lists them in its `CODES`.
//!
//! What the user says of findings stands in [`Rules`]: a finding that a comment allows, or whose code is off, is never
//! kept; `overrule` makes them.
//!
//! What must hold: names of codes are unique; each page's failing example raises its code and the mended
//! one does not (`tests/pages.rs`).

mod code;
mod collect;
mod nearest;
mod rules;

pub use code::{Code, Page, Severity};
pub use collect::Findings;
pub use nearest::{list, list_all, nearest};
pub use rules::{Allow, Rules};

use std::borrow::Cow;

use crate::source::Span;

/// What a finding says. Borrowed: stackc's own words and nothing else. Owned: a word of a file may be in it, so it is
/// not for every eye.
pub type Words = Cow<'static, str>;

/// A place with a few words beside it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Label {
    /// What is marked.
    pub span: Span,
    /// The words; may be empty.
    pub text: Words,
}

/// One thing to tell the user.
#[derive(Clone, Debug)]
pub struct Finding {
    /// Its code.
    pub code: &'static Code,
    /// How much it weighs: as its code says, unless the run asks for more.
    pub severity: Severity,
    /// One line, lower case, no full stop.
    pub message: Words,
    /// The place that the user should look at first.
    pub primary: Label,
    /// Further places, in this file or others.
    pub labels: Vec<Label>,
    /// Facts that explain.
    pub notes: Vec<Words>,
    /// Ways out: commands or lines to paste.
    pub helps: Vec<Words>,
    /// Whether the primary place holds a secret: no report shows its characters.
    pub secret: bool,
}

impl Finding {
    /// A finding at its place.
    pub fn new(code: &'static Code, span: Span, message: impl Into<Words>) -> Self {
        Finding {
            code,
            severity: code.severity,
            message: short(message.into()),
            primary: Label { span, text: Words::default() },
            labels: Vec::new(),
            notes: Vec::new(),
            helps: Vec::new(),
            secret: false,
        }
    }

    /// Another weight than its code's.
    #[must_use]
    pub fn weighs(mut self, severity: Severity) -> Self {
        self.severity = severity;
        self
    }

    /// Words beside the primary place.
    #[must_use]
    pub fn label(mut self, text: impl Into<Words>) -> Self {
        self.primary.text = short(text.into());
        self
    }

    /// The primary place holds a secret.
    #[must_use]
    pub fn secret(mut self) -> Self {
        self.secret = true;
        self
    }

    /// A further place.
    #[must_use]
    pub fn also(mut self, span: Span, text: impl Into<Words>) -> Self {
        self.labels.push(Label { span, text: short(text.into()) });
        self
    }

    /// A fact that explains.
    #[must_use]
    pub fn note(mut self, text: impl Into<Words>) -> Self {
        self.notes.push(short(text.into()));
        self
    }

    /// A way out.
    #[must_use]
    pub fn help(mut self, text: impl Into<Words>) -> Self {
        self.helps.push(short(text.into()));
        self
    }

    /// All its words without its places, for forms that have no drawing: the message on the first line. Where the message
    /// or the label quotes the end of a line, it is made visible.
    pub fn words(&self) -> String {
        let one_line = |text: &str| text.replace('\n', "\u{240a}");
        let mut words = one_line(&self.message);
        if !self.primary.text.is_empty() {
            words.push_str(&format!("\nhere: {}", one_line(&self.primary.text)));
        }
        self.notes.iter().for_each(|note| words.push_str(&format!("\nnote: {note}")));
        self.helps.iter().for_each(|help| words.push_str(&format!("\nhelp: {help}")));
        words
    }

    /// A way out, if there is one.
    #[must_use]
    pub fn maybe_help(self, text: Option<impl Into<Words>>) -> Self {
        match text {
            Some(text) => self.help(text),
            None => self,
        }
    }
}

/// Characters of a text that is shown whole; a name may be as long as its file.
const LONGEST: usize = 1_000;

/// The start and the end of a text that is too long to be read.
fn short(text: Words) -> Words {
    let length = text.chars().count();
    if length <= LONGEST {
        return text;
    }
    let start: String = text.chars().take(LONGEST / 2).collect();
    let end: String = text.chars().skip(length.saturating_sub(LONGEST / 2)).collect();
    format!("{start}…{end}").into()
}
