//! Changes of finished objects, with kustomize's words and meaning.
//!
//! In: objects, and what shall be done with them. Out: the objects, changed, each value with the place that set it. One
//! file a field of kustomize's; `strategic` and `json6902` are the two kinds of patch and know nothing of kustomize.
//!
//! What must hold: an instruction that does nothing is told; a patch applied twice equals one applied once, an empty one
//! changes nothing, the difference of two objects makes the one of the other (property tests in `difference.rs`); what
//! comes out is what kustomize makes, but for a list of differences with reasons (`tests/kustomize.rs`).

mod addresses;
mod affix;
mod app;
mod build;
mod codes;
mod configuration;
#[cfg(test)]
mod difference;
mod field;
mod forms;
mod generators;
mod hash;
mod images;
mod json6902;
mod kustomization;
mod labels;
mod load;
mod merge_key;
mod namespace;
mod order;
mod patches;
mod pattern;
mod references;
mod refused;
mod replacements;
mod replicas;
mod resource;
mod secrets;
mod selectors;
mod shape;
mod strategic;
mod target;

pub use app::app;
pub use build::{Ground, Over, apply, build};
pub use kustomization::Kustomization;
pub use load::{Layer, layer, load};
pub use refused::{keys, templates};
pub use secrets::hide;

use crate::finding::{Code, Finding};
use crate::source::Span;

/// What transforming can find.
pub static CODES: &[&Code] = &[
    &codes::KUSTOMIZATION_INVALID,
    &codes::KUSTOMIZATION_REFUSED,
    &codes::KUSTOMIZATION_PATH,
    &codes::RESOURCE_INVALID,
    &codes::RESOURCE_DUPLICATE,
    &codes::PATCH_INVALID,
    &codes::PATCH_NO_TARGET,
    &codes::PATCH_NO_CHANGE,
    &codes::PATCH_OVERRIDDEN,
    &codes::FIELD_GAVE_WAY,
    &codes::LIST_REPLACED_WHOLE,
    &codes::INSTRUCTION_NO_MATCH,
    &codes::INSTRUCTION_NO_CHANGE,
    &codes::SELECTORS_MADE_EQUAL,
    &codes::REPLACEMENT_INVALID,
    &codes::GENERATOR_INVALID,
    &codes::REFERENCE_AMBIGUOUS,
    &addresses::ADDRESS_RENAMED,
];

/// Why an instruction cannot be followed; whoever gave it makes a finding of it.
#[derive(Clone, PartialEq, Debug)]
pub struct Wrong {
    /// What is wrong.
    pub span: Span,
    /// The reason, in a user's words.
    pub reason: String,
    /// The way out.
    pub help: Option<String>,
    /// Whether a secret may stand there.
    pub secret: bool,
    /// Another place that it is about, and what stands there.
    pub beside: Option<(Span, &'static str)>,
}

impl Wrong {
    /// Without a way out.
    pub fn at(span: Span, reason: impl Into<String>) -> Wrong {
        Wrong { span, reason: reason.into(), help: None, secret: false, beside: None }
    }

    /// With a way out.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Wrong {
        self.help = Some(help.into());
        self
    }

    /// A secret may stand there: its characters are not shown.
    #[must_use]
    pub fn secret(mut self) -> Wrong {
        self.secret = true;
        self
    }

    /// Tells another place, too.
    #[must_use]
    pub fn beside(mut self, span: Span, what: &'static str) -> Wrong {
        self.beside = Some((span, what));
        self
    }

    /// A finding of it.
    pub fn finding(self, code: &'static Code) -> Finding {
        let finding = Finding::new(code, self.span, self.reason).maybe_help(self.help);
        let finding = self.beside.into_iter().fold(finding, |finding, (span, what)| finding.also(span, what));
        if self.secret { finding.secret() } else { finding }
    }
}
