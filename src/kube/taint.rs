//! Taints of nodes.

use std::fmt;

use crate::finding::{list, nearest};
use crate::kube::names;

/// What a taint does to pods that do not tolerate it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Effect {
    /// The scheduler brings none.
    NoSchedule,
    /// The scheduler prefers other nodes.
    PreferNoSchedule,
    /// None may come and none may stay.
    NoExecute,
}

/// Kubernetes' words.
const EFFECTS: [(&str, Effect); 3] = [
    ("NoSchedule", Effect::NoSchedule),
    ("PreferNoSchedule", Effect::PreferNoSchedule),
    ("NoExecute", Effect::NoExecute),
];

/// A taint: `CriticalAddonsOnly=true:NoExecute`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Taint {
    /// A label key.
    pub key: String,
    /// A label value; empty where none is written.
    pub value: String,
    /// What it does.
    pub effect: Effect,
}

impl Effect {
    /// Reads Kubernetes' word.
    ///
    /// # Errors
    /// The reason with the nearest word, in a user's words.
    pub fn parse(text: &str) -> Result<Effect, String> {
        if let Some((_, effect)) = EFFECTS.iter().find(|(word, _)| *word == text) {
            return Ok(*effect);
        }
        let words = EFFECTS.map(|(word, _)| word);
        match nearest(text, words) {
            Some(word) => Err(format!("`{text}` is no effect of a taint: write `{word}`")),
            None => Err(format!("`{text}` is no effect of a taint: {}", list(words))),
        }
    }

    /// Kubernetes' word.
    pub fn word(self) -> &'static str {
        EFFECTS.iter().find(|(_, effect)| *effect == self).map_or("", |(word, _)| word)
    }
}

impl Taint {
    /// Reads `KEY[=VALUE]:EFFECT`, the notation of k3s's `node-taint` and of `kubectl taint`.
    ///
    /// # Errors
    /// The reason, in a user's words.
    pub fn parse(text: &str) -> Result<Taint, String> {
        let (label, effect) = text.rsplit_once(':').ok_or_else(|| {
            format!("the effect is missing: write `{text}:NoSchedule` or `{text}:NoExecute`")
        })?;
        let (key, value) = label.split_once('=').unwrap_or((label, ""));
        if key.is_empty() {
            return Err(format!("`{text}` names no key: write KEY:EFFECT or KEY=VALUE:EFFECT"));
        }
        names::label_key(key).map_err(|reason| format!("key `{key}`: {reason}"))?;
        names::label_value(value).map_err(|reason| format!("value `{value}`: {reason}"))?;
        Ok(Taint { key: key.into(), value: value.into(), effect: Effect::parse(effect)? })
    }
}

impl fmt::Display for Taint {
    /// As [`Taint::parse`] reads it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let equals = if self.value.is_empty() { "" } else { "=" };
        write!(f, "{}{equals}{}:{}", self.key, self.value, self.effect.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_and_written() {
        for text in ["CriticalAddonsOnly=true:NoExecute", "gpu:NoSchedule", "a.io/b=c:PreferNoSchedule"] {
            assert_eq!(Taint::parse(text).map(|taint| taint.to_string()), Ok(text.into()));
        }
        assert_eq!(Taint::parse("gpu=:NoSchedule").map(|taint| taint.value), Ok(String::new()));
    }

    #[test]
    fn refused() {
        for (text, reason) in [
            ("gpu", "write `gpu:NoSchedule` or `gpu:NoExecute`"),
            ("gpu:NoScheduel", "write `NoSchedule`"),
            ("gpu:Never", "`NoSchedule`, `PreferNoSchedule` or `NoExecute`"),
            ("gpu:", "`NoSchedule`, `PreferNoSchedule` or `NoExecute`"),
            (":NoSchedule", "`:NoSchedule` names no key"),
            ("a b:NoSchedule", "key `a b`"),
            ("a=-:NoSchedule", "value `-`"),
            ("a:b:NoSchedule", "key `a:b`"),
        ] {
            let error = Taint::parse(text).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }
}
