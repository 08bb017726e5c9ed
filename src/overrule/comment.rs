//! The words of a comment: `# stackc: allow(CODE, …) REASON`.

use crate::finding::nearest;

/// What every such comment holds.
pub(super) const MARK: &str = "stackc:";

/// How other tools call it.
const OTHERS: [&str; 7] = ["disable", "ignore", "nolint", "noqa", "off", "silence", "skip"];

/// What a comment asks for.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Asked<'a> {
    /// Codes, with the byte of the comment at which each begins.
    pub codes: Vec<(usize, &'a str)>,
    /// Whether a reason is given.
    pub reason: bool,
}

/// A comment from its `#`. Nothing where it does not speak to stackc: the first line of each file that stackc makes, too,
/// begins with the mark.
///
/// # Errors
/// It is meant to allow something and does not say it as it is to be said; the help.
pub(super) fn parse(comment: &str) -> Result<Option<Asked<'_>>, String> {
    let words = comment.trim_start_matches('#').trim_start();
    let Some(said) = words.strip_prefix(MARK).map(str::trim_start) else { return Ok(None) };
    let end = said.find(|c: char| !c.is_ascii_alphabetic()).unwrap_or(said.len());
    let (word, rest) = said.split_at_checked(end).unwrap_or_default();
    let form = || Err("write it so: # stackc: allow(CODE) REASON".to_owned());
    // A name of a file: `allow-web.yaml`.
    if rest.starts_with(['-', '.', '_']) || rest.starts_with(char::is_numeric) {
        return Ok(None);
    }
    let rest = rest.trim_start();
    if word != "allow" {
        let meant = rest.starts_with('(') || OTHERS.contains(&word) || nearest(word, ["allow"]).is_some();
        return if meant { form() } else { Ok(None) };
    }
    let Some((list, reason)) = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')) else {
        return form();
    };
    let begin = |part: &str| part.as_ptr().addr().saturating_sub(comment.as_ptr().addr());
    let codes: Vec<_> = list.split(',').map(str::trim).map(|code| (begin(code), code)).collect();
    if codes.iter().any(|(_, code)| code.is_empty()) {
        return form();
    }
    Ok(Some(Asked { codes, reason: reason.contains(char::is_alphanumeric) }))
}

#[cfg(test)]
mod tests {
    use super::parse;

    fn codes(comment: &str) -> (Vec<&str>, bool) {
        let asked = parse(comment).unwrap().unwrap_or_else(|| panic!("{comment}"));
        for (at, code) in &asked.codes {
            assert!(comment.get(*at..).is_some_and(|rest| rest.starts_with(code)), "{comment}");
        }
        (asked.codes.into_iter().map(|(_, code)| code).collect(), asked.reason)
    }

    #[test]
    fn codes_and_a_reason() {
        for (comment, expected, reason) in [
            ("# stackc: allow(a-b) for a reason", vec!["a-b"], true),
            ("#stackc:allow(a-b)why", vec!["a-b"], true),
            ("## stackc:  allow ( a-b , c-d ) why (really)", vec!["a-b", "c-d"], true),
            ("# stackc: allow(a-b)", vec!["a-b"], false),
            ("# stackc: allow(a-b) - …", vec!["a-b"], false),
        ] {
            assert_eq!(codes(comment), (expected, reason), "{comment}");
        }
    }

    #[test]
    fn what_is_meant_and_missaid_is_told_and_other_comments_are_not() {
        for wrong in [
            "# stackc: allow a-b why",
            "# stackc: allow(a-b why",
            "# stackc: allow() why",
            "# stackc: allow(a-b,) why",
            "# stackc: allow",
            "# stackc: alow(a-b) why",
            "# stackc: Allow a-b",
            "# stackc: ignore(a-b) why",
            "# stackc: ignore a-b, why",
            "# stackc: frobnicate(a-b)",
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
        for other in [
            "# stackc: oracle-minio.yaml from apps/minio.yaml",
            "# stackc: allow-web.yaml from apps/web.yaml",
            "# stackc: end of 6 files",
            "# stackc: https://example.org",
            "# see stackc: allow(a-b) why",
            "# stackc:",
        ] {
            assert_eq!(parse(other), Ok(None), "{other}");
        }
    }
}
