//! Words of findings without what no one is to see.
//!
//! Whoever tells a finding quotes what the user wrote, and seldom knows whether it is a secret. Here it is known: a word
//! that is hidden in the lines which a finding marks is not said in its message, labels, notes and helps either; nor is
//! what gives itself away there by a name before it or by its form.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Bound;

use data_encoding::BASE64;

use crate::finding::{Finding, Label, Words};
use crate::kube::exposed::hidden_words;
use crate::source::{FileId, Sources, Span};

/// Stands for what is not said.
const UNSAID: &str = "***";

/// What is hidden, as words, and where.
#[derive(Default)]
pub(super) struct Said {
    words: BTreeMap<FileId, BTreeMap<String, Vec<u32>>>,
    /// The lines that each label marks.
    lines: BTreeMap<Span, (u32, u32)>,
}

impl Said {
    pub(super) fn of(findings: &[Finding], covered: &[Span], sources: &Sources) -> Said {
        let mut said = Said::default();
        for label in findings.iter().flat_map(labels) {
            let source = sources.file(label.span.file);
            let line = |byte: u32| source.line_of(byte);
            let start = source.lines().get(line(label.span.start).saturating_sub(1)).copied().unwrap_or(0);
            let end = source.lines().get(line(label.span.end)).copied().unwrap_or(u32::MAX);
            said.lines.insert(label.span, (start, end));
        }
        for span in covered {
            let words = said.words.entry(span.file).or_default();
            for (at, word) in words_of(sources.text(*span)) {
                let place = span.start.saturating_add(u32::try_from(at).unwrap_or(u32::MAX));
                words.entry(cut(word).to_owned()).or_default().push(place);
            }
        }
        // What a generator made of a value stands where the value does.
        for span in sources.secrets() {
            let words = said.words.entry(span.file).or_default();
            for line in sources.text(span).lines() {
                let plain = line.trim().trim_matches(['"', '\'']);
                let value = plain.split_once('=').map(|(_, value)| value);
                for text in [Some(plain), value].into_iter().flatten().filter(|text| !text.is_empty()) {
                    let word = BASE64.encode(text.as_bytes());
                    words.entry(cut(&word).to_owned()).or_default().push(span.start);
                }
            }
        }
        said.words.values_mut().flat_map(BTreeMap::values_mut).for_each(|places| places.sort_unstable());
        said
    }

    /// A finding as it may be told.
    pub(super) fn without<'a>(&self, finding: &'a Finding) -> Cow<'a, Finding> {
        let mut told = Cow::Borrowed(finding);
        let lines: Vec<(FileId, (u32, u32))> = labels(finding)
            .filter_map(|label| Some((label.span.file, *self.lines.get(&label.span)?)))
            .collect();
        let mut say = |words: &Words, place: fn(&mut Finding, usize) -> Option<&mut Words>, at: usize| {
            if let Words::Owned(text) = words
                && let Some(shown) = self.shown(text, &lines)
                && let Some(words) = place(told.to_mut(), at)
            {
                *words = shown.into();
            }
        };
        say(&finding.message, |told, _| Some(&mut told.message), 0);
        say(&finding.primary.text, |told, _| Some(&mut told.primary.text), 0);
        for (at, label) in finding.labels.iter().enumerate() {
            say(&label.text, |told, at| told.labels.get_mut(at).map(|label| &mut label.text), at);
        }
        for (at, note) in finding.notes.iter().enumerate() {
            say(note, |told, at| told.notes.get_mut(at), at);
        }
        for (at, help) in finding.helps.iter().enumerate() {
            say(help, |told, at| told.helps.get_mut(at), at);
        }
        told
    }

    /// A text without what is hidden; none if all of it may be said.
    fn shown(&self, text: &str, lines: &[(FileId, (u32, u32))]) -> Option<String> {
        let mut places = hidden_words(text).into_iter().peekable();
        let (mut shown, mut at, mut any) = (String::new(), 0_usize, false);
        let mut before = ' ';
        while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
            while places.next_if(|place| place.end <= at).is_some() {}
            let named =
                places.peek().filter(|place| place.start <= at).map(|place| place.end.saturating_sub(at));
            let hidden =
                named.or_else(|| if before.is_alphanumeric() { None } else { self.word(rest, lines) });
            let next = rest.chars().next().unwrap_or(' ');
            let length = hidden.unwrap_or(next.len_utf8());
            match hidden {
                Some(_) => shown.push_str(UNSAID),
                None => shown.push(next),
            }
            any |= hidden.is_some();
            before = rest.get(..length).and_then(|said| said.chars().next_back()).unwrap_or(' ');
            at = at.saturating_add(length.max(1));
        }
        any.then_some(shown)
    }

    /// How long the hidden word is with which a text begins, if one does.
    fn word(&self, text: &str, lines: &[(FileId, (u32, u32))]) -> Option<usize> {
        lines.iter().filter_map(|(file, lines)| longest(self.words.get(file)?, text, *lines)).max()
    }
}

/// Bytes of a hidden word that are kept.
const KEPT: usize = 512;
/// A word that begins with as many bytes of a hidden one is the beginning of it: a long message is cut.
const BEGINNING: usize = 32;

fn cut(word: &str) -> &str {
    let end = (0..=KEPT).rev().find(|at| word.is_char_boundary(*at)).unwrap_or(0);
    if word.len() > KEPT { word.get(..end).unwrap_or(word) } else { word }
}

/// The longest of the words with which a text begins and a word of it ends, and that stands in the lines.
fn longest(words: &BTreeMap<String, Vec<u32>>, text: &str, (start, end): (u32, u32)) -> Option<usize> {
    let mut within = text;
    loop {
        let (word, places) =
            words.range::<str, _>((Bound::Unbounded, Bound::Included(within))).next_back()?;
        let same = word.bytes().zip(within.bytes()).take_while(|(a, b)| a == b).count();
        let begins = same >= BEGINNING && (same < word.len() || word.len() >= KEPT.saturating_sub(4));
        if begins || same == word.len() {
            let rest = text.get(same..).unwrap_or_default();
            let length =
                if begins { same.saturating_add(rest.find('`').unwrap_or(rest.len())) } else { same };
            let ends = begins || !rest.starts_with(char::is_alphanumeric);
            let first = places.partition_point(|place| *place < start);
            if ends && places.get(first).is_some_and(|place| *place < end) {
                return Some(length);
            }
        }
        let shorter = same.min(within.len().checked_sub(1)?);
        let boundary = (0..=shorter).rev().find(|at| within.is_char_boundary(*at))?;
        within = within.get(..boundary).filter(|within| !within.is_empty())?;
    }
}

/// What of a hidden piece may be quoted: its lines, without the signs around, and the parts between signs that stackc would
/// escape.
fn words_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let at = move |word: &str| word.as_ptr().addr().saturating_sub(text.as_ptr().addr());
    let sign = |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | ',' | '{' | '}' | '[' | ']');
    let lines = text.split('\n').flat_map(move |line| [line.trim(), line.trim_matches(sign)]);
    // A word of a language may be one of stackc's own.
    let telling = |part: &&str| part.len() >= 4 && !part.bytes().all(|c| c.is_ascii_lowercase());
    let parts = text.split(['"', '\'', '\\', '\n']).filter(telling);
    lines.chain(parts).filter(|word| !word.is_empty()).map(move |word| (at(word), word))
}

fn labels(finding: &Finding) -> impl Iterator<Item = &Label> {
    std::iter::once(&finding.primary).chain(&finding.labels)
}

#[cfg(test)]
mod tests {
    use super::Said;
    use crate::finding::{Code, Finding, Page, Severity};
    use crate::source::{Sources, Span};

    static CODE: Code =
        Code { name: "x-y", severity: Severity::Error, page: Page { about: "", bad: "", good: "" } };

    fn told(text: &str, hidden: &str, at: &str, message: &str) -> String {
        let mut sources = Sources::default();
        let file = sources.add("x.yaml".into(), Ok(text.into()));
        let span = |word: &str| {
            let start = u32::try_from(text.find(word).unwrap()).unwrap();
            Span { file, start, end: start + u32::try_from(word.len()).unwrap() }
        };
        let finding = [Finding::new(&CODE, span(at), message.to_owned())];
        let said = Said::of(&finding, &[span(hidden)], &sources);
        said.without(&finding[0]).message.to_string()
    }

    #[test]
    fn hidden_words_of_the_marked_lines_are_not_said() {
        let text = "a: swordfish, b: x\nc: y\n";
        assert_eq!(told(text, "swordfish", "x", "`swordfish` wants (swordfish)"), "`***` wants (***)");
        assert_eq!(told(text, "swordfish", "x", "swordfishes and a-swordfish"), "swordfishes and a-***");
        assert_eq!(told(text, "swordfish", "y", "no `swordfish`"), "no `swordfish`");
        assert_eq!(told("a: \"one\\\"two2two\" x", "one\\\"two2two", "x", "'one\"two2two'"), "'one\"***'");
    }

    #[test]
    fn the_start_of_a_long_word_is_not_said() {
        let word = "aB3-".repeat(1_000);
        let told = told(&format!("a: {word}"), &word, "a", &format!("`{word}` is wrong"));
        assert!(!told.contains("aB3"), "{told}");
    }

    #[test]
    fn what_gives_itself_away_is_not_said_either() {
        for (message, expected) in [
            ("write [server, \"--password=hunter2\"] here", "write [server, \"--password=***\"] here"),
            (
                "helm template --repo https://u:hunter2@example.org | x",
                "helm template --repo https://u:***@example.org | x",
            ),
            ("`u:hunter2@example.org/a:1` is none", "`u:***@example.org/a:1` is none"),
            ("env: {DB_PASSWORD: {secret: NAME, key: KEY}}", "env: {DB_PASSWORD: {secret: NAME, key: KEY}}"),
            ("registry.example/web:1.0@sha256:abc", "registry.example/web:1.0@sha256:abc"),
        ] {
            assert_eq!(told("a: b", "b", "a", message), expected);
        }
    }

    #[test]
    fn many_hidden_words_and_findings_take_no_product_of_both() {
        let text = "password=x1 ".repeat(20_000);
        let mut sources = Sources::default();
        let file = sources.add("x.yaml".into(), Ok(text.clone().into_bytes()));
        let part = |at: usize| file.part(at * 12 + 9, at * 12 + 11);
        let covered: Vec<Span> = (0..20_000).map(part).collect();
        let finding = |at| Finding::new(&CODE, part(at), format!("{at} x1 {}", "x1".repeat(400)));
        let findings: Vec<Finding> = (0..1_000).map(finding).collect();
        let said = Said::of(&findings, &covered, &sources);
        assert!(findings.iter().all(|finding| said.without(finding).message.contains("***")));
    }
}
