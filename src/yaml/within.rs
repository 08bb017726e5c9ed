//! From a place in a decoded text back to the characters that it was written with.

use std::ops::Range;

use super::read::{Dialect, read_text};
use super::{Node, Value};
use crate::finding::Findings;
use crate::source::{Sources, Span};

/// The source of a part of a decoded scalar, `part` in bytes of the decoded text. Where the two texts cannot be
/// walked side by side, the whole scalar.
pub fn within(sources: &Sources, span: Span, decoded: &str, part: Range<usize>) -> Span {
    let walked = walk(sources.text(span), decoded).unwrap_or_default();
    match (walked.get(part.start), walked.get(part.end)) {
        (Some(from), Some(to)) if from.end <= to.end => span.part(from.end, to.end),
        _ => span,
    }
}

/// The document in a text that a scalar holds, such as a chart's values: each part of it at its own place where the two
/// texts can be walked side by side, else at the scalar's. What is wrong with it becomes findings; `None` where nothing
/// can be read, or nothing is in it.
pub fn inner(sources: &Sources, span: Span, text: &str, found: &mut Findings) -> Option<Node> {
    inner_all(sources, span, text, Dialect::Manifest, found).into_iter().next()
}

/// All documents in such a text, as kustomize's `patch: |-` has them.
pub fn inner_all(
    sources: &Sources,
    span: Span,
    text: &str,
    dialect: Dialect,
    found: &mut Findings,
) -> Vec<Node> {
    let mut wrong = Findings::default();
    let mut documents = read_text(span.file, text, dialect, &mut wrong);
    let walked = walk(sources.text(span), text);
    let place = |part: Span| {
        let part = walked.as_ref().and_then(|walked| {
            let at = |byte: u32| walked.get(usize::try_from(byte).ok()?);
            Some((at(part.start)?.start, at(part.end)?.end))
        });
        part.map_or(span, |(from, to)| span.part(from, to.max(from)))
    };
    for mut finding in wrong.sorted() {
        let labels = std::iter::once(&mut finding.primary).chain(&mut finding.labels);
        labels.for_each(|label| label.span = place(label.span));
        found.push(finding);
    }
    for document in &mut documents {
        move_to(document, &place);
    }
    documents
}

fn move_to(node: &mut Node, place: &impl Fn(Span) -> Span) {
    node.span = place(node.span);
    match &mut node.value {
        Value::List(items) => items.iter_mut().for_each(|item| move_to(item, place)),
        Value::Map(map) => {
            for entry in &mut map.entries {
                entry.key.span = place(entry.key.span);
                move_to(&mut entry.value, place);
            }
        }
        _ => {}
    }
}

/// Where a byte of the decoded text stands in the raw text: as the start of a part, and as its end. The indentation of a
/// line lies between the two.
#[derive(Clone, Copy)]
struct At {
    start: usize,
    end: usize,
}

/// For each byte of the decoded text and for its end; `None` where the two cannot be walked side by side.
fn walk(raw: &str, decoded: &str) -> Option<Vec<At>> {
    let quote = raw.chars().next().filter(|c| matches!(c, '"' | '\''));
    let mut rest = raw.get(quote.map_or(0, char::len_utf8)..)?;
    let mut walked = Vec::with_capacity(decoded.len().saturating_add(1));
    for character in decoded.chars() {
        let end = raw.len().checked_sub(rest.len())?;
        let start = loop {
            let before = rest;
            let Some((length, matched)) = step(rest, quote, character) else {
                // A block's span ends behind its last visible character.
                if before.is_empty() && character == '\n' {
                    break end;
                }
                return None;
            };
            rest = rest.get(length..)?;
            if matched {
                break raw.len().checked_sub(before.len())?;
            }
        };
        walked.extend(std::iter::repeat_n(At { start, end }, character.len_utf8()));
    }
    let end = raw.len().checked_sub(rest.len())?;
    walked.push(At { start: end, end });
    Some(walked)
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
    fn a_text_in_a_text_keeps_its_places() {
        let text = "service:\n  spec: {a: Local}\nlist:\n- \"x\"\n";
        for written in [
            "|\n    service:\n      spec: {a: Local}\n    list:\n    - \"x\"".to_owned(),
            "|-  # values\n  service:\n    spec: {a: Local}\n  list:\n  - \"x\"".to_owned(),
            serde_json::to_string(text).unwrap(),
        ] {
            let mut sources = Sources::default();
            let scalar = value(&mut sources, &written);
            let mut found = Findings::default();
            let node = inner(&sources, scalar.span, scalar.as_text().unwrap(), &mut found).expect(&written);
            assert_eq!(found.errors(), 0);
            assert_eq!(sources.text(node.at(&["service", "spec", "a"]).unwrap().span), "Local", "{written}");
            assert_eq!(
                sources.text(node.as_map().unwrap().entry("list").unwrap().key.span),
                "list",
                "{written}"
            );
        }
    }

    #[test]
    fn what_is_wrong_inside_is_told_inside() {
        for (written, marked) in [("|\n    a: 1\n    a: 2", "a"), ("\"a: 1\\na: 2\"", "a")] {
            let mut sources = Sources::default();
            let scalar = value(&mut sources, written);
            let mut found = Findings::default();
            let _ = inner(&sources, scalar.span, scalar.as_text().unwrap(), &mut found);
            let places: Vec<_> =
                found.sorted().iter().map(|one| sources.text(one.primary.span).to_owned()).collect();
            assert_eq!(places, [marked], "{written}");
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
            assert_eq!(walk(raw, decoded).unwrap().get(at).map(|at| at.end), Some(expected), "{raw:?}");
        }
    }

    fn patch(written: &str) -> (Sources, Vec<Node>, Findings) {
        let mut sources = Sources::default();
        let file = sources.add("test".into(), Ok(written.as_bytes().to_vec()));
        let mut found = Findings::default();
        let outer = read(&sources, file, Dialect::Manifest, &mut found);
        let text = outer.first().and_then(|node| node.get("patch")).cloned().expect("a patch");
        let documents =
            inner_all(&sources, text.span, text.as_text().unwrap_or_default(), Dialect::Manifest, &mut found);
        (sources, documents, found)
    }

    #[test]
    fn every_value_knows_its_place_in_the_file() {
        for written in [
            "a: 1\npatch: |-\n  spec:\n    replicas: 17\n    name: é x\nb: 2\n",
            "patch: |\n    spec:\n      replicas: 17\n      name: é x\n",
            "patch: \"spec: {replicas: 17,\\n name: é x}\"\n",
            "patch: 'spec: {replicas: 17, name: é x}'\n",
            "patch: >-\n  {spec: {replicas: 17,\n  name: é x}}\n",
        ] {
            let (sources, documents, found) = patch(written);
            assert_eq!(found.errors(), 0, "{written}");
            let value = documents[0].at(&["spec", "replicas"]).expect(written);
            assert_eq!((value.as_int(), sources.text(value.span)), (Some(17), "17"), "{written}");
            let name = documents[0].at(&["spec", "name"]).expect(written);
            assert_eq!(sources.text(name.span), "é x", "{written}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_in_the_file() {
        let (sources, _, found) = patch("patch: |-\n  a: 1\n  a: 2\n");
        let found = found.sorted();
        assert_eq!(found[0].code.name, "key-duplicate");
        assert_eq!((sources.text(found[0].primary.span), found[0].primary.span.start), ("a", 19));
    }
}
