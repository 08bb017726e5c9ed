//! Changes of finished objects, with kustomize's words and meaning.
//!
//! In: objects, and what shall be done with them. Out: the objects, changed, each value with the place that set it. One
//! file a field of kustomize's; `strategic` and `json6902` are the two kinds of patch and know nothing of kustomize.
//!
//! What must hold: an instruction that does nothing is told; a patch applied twice equals one applied once, an empty one
//! changes nothing, the difference of two objects makes the one of the other (property tests in `difference.rs`); what
//! comes out is what kustomize makes, but for a list of differences with reasons (`tests/kustomize.rs`).

#[cfg(test)]
mod difference;
pub mod json6902;
pub mod merge_key;
pub mod strategic;

use crate::source::Span;

/// Why an instruction cannot be followed; whoever gave it makes a finding of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Wrong {
    /// What is wrong.
    pub span: Span,
    /// The reason, in a user's words.
    pub reason: String,
    /// The way out.
    pub help: Option<String>,
}

impl Wrong {
    /// Without a way out.
    pub fn at(span: Span, reason: impl Into<String>) -> Wrong {
        Wrong { span, reason: reason.into(), help: None }
    }

    /// With a way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Wrong {
        self.help = Some(help.into());
        self
    }
}
