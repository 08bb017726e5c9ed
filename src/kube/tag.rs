//! Tags that follow a scheme: `1.27.3-alpine`, `v0.18.0`, `RELEASE.2025-09-07T16-13-09Z`.
//!
//! A scheme is what remains of a tag when its numbers are taken out. Tags of one scheme are compared by these numbers, so
//! that `1.28.0-rc1` is no successor of `1.27.3`, nor `1.28.0-alpine` of `1.27.3`.

use std::cmp::Ordering;

/// A tag as its text and its numbers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Tag<'a> {
    /// As it stands.
    pub text: &'a str,
    /// The text between the numbers, each number as `#`.
    scheme: String,
    /// The numbers' digits, without leading zeros.
    numbers: Vec<&'a str>,
}

impl<'a> Tag<'a> {
    /// Reads a tag; none for one without a number (`latest`), and for what looks like a hash, whose numbers mean nothing.
    pub fn read(text: &'a str) -> Option<Tag<'a>> {
        let mut tag = Tag { text, scheme: String::new(), numbers: Vec::new() };
        let mut rest = text;
        while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
            let (before, from) = rest.split_at_checked(start)?;
            let end = from.find(|c: char| !c.is_ascii_digit()).unwrap_or(from.len());
            let (number, after) = from.split_at_checked(end)?;
            tag.scheme.push_str(before);
            tag.scheme.push('#');
            tag.numbers.push(number.trim_start_matches('0'));
            rest = after;
        }
        tag.scheme.push_str(rest);
        (!tag.numbers.is_empty() && !is_hash(text)).then_some(tag)
    }

    /// Whether this one comes after another of the same scheme.
    pub fn is_after(&self, other: &Tag<'_>) -> bool {
        self.scheme == other.scheme && self.order(other) == Ordering::Greater
    }

    /// Whether the first number is the same: what semver calls compatible.
    pub fn same_major(&self, other: &Tag<'_>) -> bool {
        self.scheme == other.scheme && self.numbers.first() == other.numbers.first()
    }

    /// By the numbers, of any length.
    pub fn order(&self, other: &Tag<'_>) -> Ordering {
        let key = |number: &&'a str| (number.len(), *number);
        self.numbers.iter().map(key).cmp(other.numbers.iter().map(|number| (number.len(), *number)))
    }
}

/// Seven or more hexadecimal digits in one word, letters among them.
fn is_hash(text: &str) -> bool {
    text.split(['-', '.', '_']).any(|word| {
        word.len() >= 7
            && word.bytes().all(|byte| byte.is_ascii_hexdigit())
            && word.bytes().any(|byte| byte.is_ascii_alphabetic())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip] // a table
    fn what_comes_after_what() {
        for (old, new, after) in [
            ("1.27.3", "1.27.10", true), ("1.27.10", "1.27.3", false), ("1.27.3", "1.27.3", false),
            ("1.27.3", "1.28.0-rc1", false), ("1.27.3", "1.28.0-alpine", false), ("1.27", "1.27.3", false),
            ("1.27.3-alpine", "1.28.0-alpine", true), ("v0.9", "v0.10", true), ("v0.9", "0.10", false),
            ("RELEASE.2025-09-07T16-13-09Z", "RELEASE.2025-10-15T17-29-55Z", true),
            ("RELEASE.2025-09-07T16-13-09Z", "RELEASE.2025-08-31T00-00-00Z", false),
            ("2025-09-07", "2025-10-01", true), ("1.08", "1.9", true), ("3.18", "20240315", false),
            ("1.99999999999999999999999", "1.100000000000000000000000", true),
        ] {
            let (a, b) = (Tag::read(old).unwrap(), Tag::read(new).unwrap());
            assert_eq!(b.is_after(&a), after, "{old} {new}");
        }
        for text in ["latest", "alpine", "", "sha-4f9a1c2", "deadbee1"] {
            assert_eq!(Tag::read(text), None, "{text}");
        }
        assert!(Tag::read("1.2.3").unwrap().same_major(&Tag::read("1.9.0").unwrap()));
        assert!(!Tag::read("1.2.3").unwrap().same_major(&Tag::read("2.0.0").unwrap()));
    }
}
