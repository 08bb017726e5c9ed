//! From a place in a decoded text back to the characters that it was written with.

use std::ops::Range;

use crate::source::{Sources, Span};

/// The source of a part of a decoded scalar, `part` in bytes of the decoded text. Where the two texts cannot be
/// walked side by side, the whole scalar.
pub fn within(sources: &Sources, span: Span, decoded: &str, part: Range<usize>) -> Span {
    let raw = sources.text(span);
    let offset = |at: usize| source_offset(raw, decoded, at);
    match (offset(part.start), offset(part.end)) {
        (Some(from), Some(to)) if from <= to => span.part(from, to),
        _ => span,
    }
}

/// Where byte `at` of the decoded text stands in the raw text.
fn source_offset(raw: &str, decoded: &str, at: usize) -> Option<usize> {
    let quote = raw.chars().next().filter(|c| matches!(c, '"' | '\''));
    let mut rest = raw.get(quote.map_or(0, char::len_utf8)..)?;
    let mut left = decoded.get(..at)?.chars();
    let mut wanted = left.next();
    while let Some(character) = wanted {
        let (length, matched) = step(rest, quote, character)?;
        rest = rest.get(length..)?;
        if matched {
            wanted = left.next();
        }
    }
    // The indentation of a line belongs to no character.
    raw.len().checked_sub(rest.len())
}

/// How many raw bytes stand for the next decoded character, and whether they complete it.
fn step(raw: &str, quote: Option<char>, decoded: char) -> Option<(usize, bool)> {
    let first = raw.chars().next()?;
    match (quote, first) {
        (Some('"'), '\\') => {
            let length = match raw.chars().nth(1)? {
                'x' => 4,
                'u' => 6,
                'U' => 10,
                '\n' => return Some((2, false)),
                other => 1_usize.saturating_add(other.len_utf8()),
            };
            Some((length, true))
        }
        (Some('\''), '\'') => Some((2, true)),
        (_, first) if first == decoded => Some((first.len_utf8(), true)),
        (_, '\n') if decoded == ' ' => Some((1, true)),
        (_, first) if first.is_whitespace() => Some((first.len_utf8(), false)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::source_offset;

    #[test]
    fn every_style_is_walked() {
        let rows = [
            ("plain {{ x }}", "plain {{ x }}", 6, 6),
            ("\"a\\tb {{ x }}\"", "a\tb {{ x }}", 4, 6),
            ("\"\\u00e9 {{\"", "é {{", 3, 8),
            ("'it''s {{'", "it's {{", 5, 7),
            ("one\n    two {{", "one\ntwo {{", 8, 12),
            ("\"one\n    two {{\"", "one two {{", 8, 13),
        ];
        for (raw, decoded, at, expected) in rows {
            assert_eq!(source_offset(raw, decoded, at), Some(expected), "{raw:?}");
        }
    }
}
