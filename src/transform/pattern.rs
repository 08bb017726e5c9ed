//! Texts that select: kustomize takes them for regular expressions that must fit the whole text.

use regex_lite::Regex;

/// What a text must be.
#[derive(Clone, Debug)]
pub enum Pattern {
    /// Anything.
    Any,
    /// This very text.
    Text(String),
    /// What fits as a whole.
    Regex(Regex),
}

impl Pattern {
    /// Reads a pattern; one without special characters is the text itself.
    ///
    /// # Errors
    /// Why it is no regular expression.
    pub fn read(text: &str) -> Result<Pattern, String> {
        if text.is_empty() {
            return Ok(Pattern::Any);
        }
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_/:@ ".contains(&byte));
        if plain {
            return Ok(Pattern::Text(text.to_owned()));
        }
        whole(text).map(Pattern::Regex)
    }

    /// Whether a text fits.
    pub fn fits(&self, text: &str) -> bool {
        match self {
            Pattern::Any => true,
            Pattern::Text(own) => own == text,
            Pattern::Regex(regex) => regex.is_match(text),
        }
    }

    /// The text, if only one fits.
    pub fn text(&self) -> Option<&str> {
        match self {
            Pattern::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A regular expression that must fit a whole text.
///
/// # Errors
/// Why it is none.
pub fn whole(text: &str) -> Result<Regex, String> {
    // Anchored already is anchored once (kustomize's `anchorRegex`).
    let start = if text.starts_with('^') { "" } else { "^" };
    let end = if text.ends_with('$') { "" } else { "$" };
    let anchored =
        if start.is_empty() && end.is_empty() { text.to_owned() } else { format!("{start}(?:{text}){end}") };
    Regex::new(&anchored).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_text_must_fit() {
        let fits = |pattern: &str, text: &str| Pattern::read(pattern).unwrap().fits(text);
        assert!(fits("", "anything") && fits("web", "web") && fits("web.*", "web-1") && fits("^web$", "web"));
        assert!(!fits("web", "web-1") && !fits("we", "web") && fits("a|b", "b") && !fits("a|b", "ab"));
        assert!(Pattern::read("(").is_err());
    }
}
