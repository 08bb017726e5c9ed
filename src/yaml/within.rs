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
                '\n' | '\r' => return Some((2, false)),
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
    use proptest::prelude::*;

    use super::*;
    use crate::finding::Findings;
    use crate::yaml::write::inline;
    use crate::yaml::write::tests::cases;
    use crate::yaml::{Dialect, Node, read};

    /// The value of `a:` in a file of its own.
    fn value(sources: &mut Sources, written: &str) -> Node {
        let file = sources.add("test".into(), Ok(format!("a: {written}\n").into_bytes()));
        let mut found = Findings::default();
        let documents = read(sources, file, Dialect::Typed, &mut found);
        documents.first().and_then(|document| document.get("a")).cloned().expect(written)
    }

    proptest! {
        #![proptest_config(cases())]

        #[test]
        fn any_texts_can_be_walked(raw in any::<String>(), decoded in any::<String>(), from in 0..40_usize, to in 0..40_usize) {
            let mut sources = Sources::default();
            let file = sources.add("test".into(), Ok(raw.clone().into_bytes()));
            let end = u32::try_from(raw.len()).unwrap_or(0);
            let part = within(&sources, Span { file, start: 0, end }, &decoded, from..to);
            prop_assert!(part.start <= part.end && part.end <= end);
        }

        /// What stands at the place of a part is that part.
        #[test]
        fn a_part_s_source_means_the_part(
            text in "([a-z \"'\\\\é😀]|\n|\t|\u{0}|\u{85}|\u{2028}|\u{fffe}|\u{10ffff}){1,12}",
            from in 0..12_usize,
            length in 1..12_usize,
        ) {
            let bounds: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let (from, to) = (from.min(bounds.len() - 2), from.saturating_add(length).min(bounds.len() - 1));
            let part = bounds[from]..bounds[to.max(from)];
            let mut sources = Sources::default();
            let node = value(&mut sources, &inline(&text));
            let place = within(&sources, node.span, &text, part.clone());
            let source = sources.text(place).to_owned();
            let quoted = sources.text(node.span).starts_with('"');
            let back = if quoted { value(&mut sources, &format!("\"{source}\"")) } else { Node::text(place, source) };
            prop_assert_eq!(back.as_text(), text.get(part));
        }
    }

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
