//! How Kubernetes lets things be called (`apimachinery/pkg/util/validation`).
//!
//! Each function answers with a reason that has no subject, so that a message can say what is called so:
//! ``app `My_App`: only small letters, digits and `-` may stand in it, not `M` ``.

/// Characters that may stand in a name.
struct Letters {
    words: &'static str,
    has: fn(char) -> bool,
}

const LABEL: Letters = Letters {
    words: "small letters, digits and `-`",
    has: |c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-',
};

const SUBDOMAIN: Letters = Letters {
    words: "small letters, digits, `-` and `.`",
    has: |c| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '.'),
};

const QUALIFIED: Letters = Letters {
    words: "letters, digits, `-`, `_` and `.`",
    has: |c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'),
};

/// A DNS label: namespaces, containers, volumes, and most names that stackc takes.
///
/// # Errors
/// The reason, in a user's words.
pub fn dns_label(text: &str) -> Result<(), String> {
    if is_plain(text) {
        return Ok(());
    }
    made_of(text, 63, &LABEL)?;
    ends(text)
}

/// A DNS subdomain: most objects, nodes.
///
/// # Errors
/// The reason, in a user's words.
pub fn dns_subdomain(text: &str) -> Result<(), String> {
    if is_plain(text) {
        return Ok(());
    }
    made_of(text, 253, &SUBDOMAIN)?;
    if text.split('.').any(str::is_empty) {
        return Err("each `.` must stand between letters or digits".into());
    }
    text.split('.').try_for_each(ends)
}

/// A Service's name, an RFC 1035 label: unlike other labels it begins with a letter.
///
/// # Errors
/// The reason, in a user's words.
pub fn service_name(text: &str) -> Result<(), String> {
    dns_label(text)?;
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("it must begin with a letter".into());
    }
    Ok(())
}

/// A label's or annotation's key: `NAME` or `PREFIX/NAME`.
///
/// # Errors
/// The reason, in a user's words.
pub fn label_key(text: &str) -> Result<(), String> {
    let name = match text.split_once('/') {
        Some((prefix, name)) => {
            dns_subdomain(prefix).map_err(|reason| format!("in the part before `/`, {reason}"))?;
            name
        }
        None => text,
    };
    made_of(name, 63, &QUALIFIED)?;
    ends(name)
}

/// A label's value; it may be empty.
///
/// # Errors
/// The reason, in a user's words.
pub fn label_value(text: &str) -> Result<(), String> {
    if text.is_empty() || is_plain(text) {
        return Ok(());
    }
    made_of(text, 63, &QUALIFIED)?;
    ends(text)
}

/// The name of an environment variable, as all releases take it (from 1.32 on nearly every character is taken).
///
/// # Errors
/// The reason, in a user's words.
pub fn env_name(text: &str) -> Result<(), String> {
    made_of(text, usize::MAX, &QUALIFIED)?;
    if text.starts_with(|c: char| c.is_ascii_digit()) {
        return Err("it may not begin with a digit".into());
    }
    if text == "." || text.starts_with("..") {
        return Err("it may not be `.` nor begin with `..`".into());
    }
    Ok(())
}

/// A port's name (`IANA_SVC_NAME`).
///
/// # Errors
/// The reason, in a user's words.
pub fn port_name(text: &str) -> Result<(), String> {
    made_of(text, 15, &LABEL)?;
    if !text.contains(|c: char| c.is_ascii_lowercase()) {
        return Err("it must have a letter in it, or it reads as a number".into());
    }
    if text.contains("--") {
        return Err("`--` may not stand in it".into());
    }
    ends(text)
}

/// A key of a ConfigMap or Secret, and so the name of a file made of it.
///
/// # Errors
/// The reason, in a user's words.
pub fn config_key(text: &str) -> Result<(), String> {
    made_of(text, 253, &QUALIFIED)?;
    if text == "." || text.starts_with("..") {
        return Err("it may not be `.` nor begin with `..`".into());
    }
    Ok(())
}

/// Most names: what all of these rules take, told at a glance.
fn is_plain(text: &str) -> bool {
    let bytes = text.as_bytes();
    let alphanumeric = |byte: Option<&u8>| byte.is_some_and(|byte| *byte != b'-');
    bytes.len() <= 63
        && alphanumeric(bytes.first())
        && alphanumeric(bytes.last())
        && bytes.iter().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'-'))
}

fn made_of(text: &str, longest: usize, letters: &Letters) -> Result<(), String> {
    if text.is_empty() {
        return Err("it is empty".into());
    }
    if let Some(bad) = text.chars().find(|c| !(letters.has)(*c)) {
        return Err(format!("only {} may stand in it, not `{bad}`", letters.words));
    }
    if text.len() > longest {
        return Err(format!("it has {} characters, {longest} at most", text.len()));
    }
    Ok(())
}

fn ends(text: &str) -> Result<(), String> {
    let is_plain = |c: char| c.is_ascii_alphanumeric();
    if text.starts_with(is_plain) && text.ends_with(is_plain) {
        Ok(())
    } else {
        Err("it must begin and end with a letter or a digit".into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hold(rule: fn(&str) -> Result<(), String>, good: &[&str], bad: &[(&str, &str)]) {
        for name in good {
            assert_eq!(rule(name), Ok(()), "{name}");
        }
        for (name, reason) in bad {
            let error = rule(name).expect_err(name);
            assert!(error.contains(reason), "{name}: {error}");
        }
    }

    #[test]
    fn labels_of_dns() {
        let (longest, too_long) = ("a".repeat(63), "a".repeat(64));
        let bad = [
            ("", "it is empty"),
            (&too_long, "64 characters, 63 at most"),
            ("A", "not `A`"),
            ("a_b", "not `_`"),
            ("a.b", "not `.`"),
            ("é", "not `é`"),
            ("-a", "begin and end"),
            ("a-", "begin and end"),
        ];
        hold(dns_label, &["a", "0a", "a-b", "a--b", &longest], &bad);
        hold(service_name, &["a", "a0", &longest], &bad);
        hold(service_name, &[], &[("0a", "begin with a letter")]);
    }

    #[test]
    fn subdomains() {
        let (longest, too_long) = (format!("{}.{}", "a".repeat(200), "a".repeat(52)), "a".repeat(254));
        let bad = [
            ("", "it is empty"),
            (&too_long, "254 characters, 253 at most"),
            ("a..b", "each `.`"),
            (".a", "each `.`"),
            ("a.", "each `.`"),
            ("a.-b", "begin and end"),
            ("a_b", "not `_`"),
        ];
        hold(dns_subdomain, &["a", "a.b-c.d", "0.1", &longest], &bad);
    }

    #[test]
    fn labels_of_objects() {
        let (longest, too_long) = ("a".repeat(63), "a".repeat(64));
        let (key, long_key) = (format!("example.com/{longest}"), format!("example.com/{too_long}"));
        let bad = [
            ("", "it is empty"),
            ("/a", "before `/`, it is empty"),
            ("a/", "it is empty"),
            ("a/b/c", "not `/`"),
            ("A.io/b", "before `/`, only small letters"),
            ("-a", "begin and end"),
            (&long_key, "64 characters"),
            ("a b", "not ` `"),
        ];
        hold(label_key, &["a", "A_b.c", "kubernetes.io/arch", "node-role.kubernetes.io/s3", &key], &bad);
        let bad = [
            (too_long.as_str(), "64 characters"),
            ("-5", "begin and end"),
            ("a/b", "not `/`"),
            (" ", "not ` `"),
        ];
        hold(label_value, &["", "true", "A_b.c", "0", &longest], &bad);
    }

    #[test]
    fn environment_and_ports() {
        let bad = [
            ("", "it is empty"),
            ("0A", "begin with a digit"),
            (".", "`.`"),
            ("..a", "`..`"),
            ("a=b", "not `=`"),
        ];
        hold(env_name, &["A", "_a", "a.b-c", "-a", ".a", &"A".repeat(300)], &bad);
        let bad = [
            ("", "it is empty"),
            ("a234567890123456", "16 characters, 15 at most"),
            ("8080", "must have a letter"),
            ("a--b", "`--`"),
            ("-a", "begin and end"),
            ("Http", "not `H`"),
        ];
        hold(port_name, &["http", "8080-a", "s3-console", "a23456789012345"], &bad);
    }
}
