//! Which values are secrets that somebody means, and which are placeholders, references and words.

use super::form::password;
use super::name::Kind;

/// How much is known of where a value begins and ends.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Stands {
    /// All of a field: no shell, no program and no people read it as anything else.
    Alone,
    /// In quotes within a text, which may be a program or what people read.
    Quoted,
    /// A word within a text.
    Bare,
}

/// What people write where no secret is meant, or none yet.
const PLACEHOLDERS: [&str; 43] = [
    "access",
    "always",
    "any",
    "ask",
    "auto",
    "basic",
    "bearer",
    "bool",
    "boolean",
    "changeme",
    "default",
    "disabled",
    "dummy",
    "empty",
    "enabled",
    "example",
    "false",
    "generated",
    "jwt",
    "ldap",
    "md5",
    "never",
    "nil",
    "no",
    "none",
    "null",
    "off",
    "on",
    "optional",
    "placeholder",
    "plain",
    "prompt",
    "redacted",
    "required",
    "scram-sha-256",
    "secret",
    "str",
    "string",
    "todo",
    "true",
    "unset",
    "yes",
    "undefined",
];
/// What people write for a user who puts something there.
const INSTEAD: [&str; 16] = [
    "changeme",
    "changemenow",
    "changemeplease",
    "changethis",
    "changethisplease",
    "insert",
    "inserthere",
    "replaceme",
    "replacethis",
    "yourapikey",
    "yourkey",
    "yourpass",
    "yourpassword",
    "yoursecret",
    "yourtoken",
    "yourvalue",
];
/// How a value begins that says where the secret is.
const ELSEWHERE: [&str; 17] = [
    "/", "./", "../", "enc[", "file:", "env:", "env.", "vault:", "op://", "ref+", "ssm:", "arn:", "ref:",
    "@/", "@-", "$__", "{{",
];

/// Whether it is a secret itself, and neither a placeholder nor where the secret is to be found.
pub(super) fn is_real(name: &str, value: &str, kind: Kind, stands: Stands) -> bool {
    let value = value.trim();
    let suits = match kind {
        Kind::Password => true,
        Kind::Token => !value.bytes().all(|c| c.is_ascii_digit()),
        Kind::Header => return is_credential(value),
        Kind::Vague => is_random(value),
    };
    suits
        && is_long(value, kind, stands)
        && !is_placeholder(value)
        && !is_elsewhere(value, stands)
        && match stands {
            Stands::Alone => !is_sentence(value, kind),
            Stands::Quoted => {
                !is_label(name, value) && (!value.contains(char::is_whitespace) || has_mixed_word(value))
            }
            Stands::Bare => !is_label(name, value) && !is_code(value),
        }
}

/// Short words are none but where somebody calls them a password.
fn is_long(value: &str, kind: Kind, stands: Stands) -> bool {
    let short =
        kind == Kind::Password && stands == Stands::Alone && !value.bytes().all(|c| c.is_ascii_digit());
    value.chars().nth(if short { 1 } else { 3 }).is_some()
}

fn is_placeholder(value: &str) -> bool {
    let mut chars = value.chars();
    let first = chars.next();
    let repeated = chars.all(|c| Some(c) == first);
    // `Bearer`, `Change-Me!`
    let bare =
        || -> String { value.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect() };
    let within = |open, close| value.starts_with(open) && value.ends_with(close);
    let begins = |start: &str| value.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    repeated
        || PLACEHOLDERS.iter().any(|word| word.eq_ignore_ascii_case(value))
        || within('<', '>')
        || within('%', '%')
        || (within('[', ']') && value.bytes().all(|c| !c.is_ascii_digit()))
        || ["your-", "your_", "your ", "insert-", "insert_", "insert "].iter().any(|start| begins(start))
        || (begins("change") || begins("replace") || begins("your") || begins("insert"))
            && INSTEAD.contains(&bare().as_str())
        || (begins("change-me") || begins("change_me") || begins("replace-me"))
}

fn is_elsewhere(value: &str, stands: Stands) -> bool {
    let begins = |start: &&str| value.get(..start.len()).is_some_and(|head| head.eq_ignore_ascii_case(start));
    let address = value.split_once("://").is_some_and(|(_, behind)| password(behind).is_none());
    ELSEWHERE.iter().any(begins) || address || refers(value, stands)
}

/// `${NAME}`, `$(NAME)`, `{{ name }}`, `%(name)s`; in a text, which a shell may read, `$NAME` as well.
fn refers(value: &str, stands: Stands) -> bool {
    if !value.contains(['$', '{', '%']) {
        return false;
    }
    let word = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    let all = |rest: &str| word(rest) && rest.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let dollar = |rest: &str| match stands {
        Stands::Alone => rest.starts_with('{') || rest.starts_with('(') && rest.contains(')'),
        _ => rest.starts_with(['{', '(', '$']) || word(rest),
    };
    value.strip_prefix('$').is_some_and(all)
        || value.split('$').skip(1).any(dollar)
        || value.contains("{{") && value.contains("}}")
        || value.starts_with("%(")
        || value.starts_with("%{")
        || value == "%s"
}

/// What a program computes, of which a text may hold anything.
fn is_code(value: &str) -> bool {
    let dotted =
        value.contains('.') && value.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '.' | '_'));
    dotted
        || value.contains(['(', '{', '[', '<', '`'])
        || value.starts_with(['&', '!', '|', '>', '@', '*', '%'])
}

/// What people read beside a field: a word of theirs, in any language, and no variable's value.
fn is_label(name: &str, value: &str) -> bool {
    const LABELS: [&str; 6] = ["hint", "i18n", "label", "placeholder", "text", "title"];
    if !name.contains(|c: char| c.is_ascii_lowercase()) {
        return false;
    }
    let words = value.trim_end_matches([':', '?', '.', '…', '*', '!', ' ']);
    let first = words.chars().next();
    let foreign = !words.is_ascii();
    let lower = name.to_ascii_lowercase();
    words.chars().all(|c| c.is_alphabetic() || matches!(c, ' ' | '-' | '\''))
        && (foreign
            || first.is_some_and(char::is_uppercase)
            || LABELS.iter().any(|label| lower.contains(label)))
}

/// `see the wiki`, and no passphrase.
fn is_sentence(value: &str, kind: Kind) -> bool {
    const STARTS: [&str; 8] = ["ask", "from", "see", "set", "stored", "taken", "the", "use"];
    let mut words = value.split_whitespace();
    let first = words.next().unwrap_or_default();
    words.next().is_some()
        && (kind != Kind::Password || STARTS.iter().any(|start| start.eq_ignore_ascii_case(first)))
}

/// A word with letters and digits.
fn has_mixed_word(value: &str) -> bool {
    value.split_whitespace().any(is_mixed)
}

/// Letters and digits.
pub(super) fn is_mixed(value: &str) -> bool {
    value.contains(|c: char| c.is_ascii_digit()) && value.contains(char::is_alphabetic)
}

/// What nobody writes as a word or a name: digits at two places among letters, or letters of both sizes with digits.
pub(super) fn is_random(value: &str) -> bool {
    let part = |part: &str| {
        let (mut runs, mut before) = (0_usize, false);
        for digit in part.bytes().map(|c| c.is_ascii_digit()) {
            runs = runs.saturating_add(usize::from(digit && !before));
            before = digit;
        }
        let has = |is: fn(&u8) -> bool| part.as_bytes().iter().any(is);
        let letters = has(u8::is_ascii_lowercase) || has(u8::is_ascii_uppercase);
        let both = has(u8::is_ascii_lowercase) && has(u8::is_ascii_uppercase);
        part.len() >= 8 && letters && (runs >= 2 || (runs == 1 && both))
    };
    value.split(['-', '_', '.', '/', ':', ' ']).any(part)
}

/// What stands in an `Authorization` header: `Bearer TOKEN`.
fn is_credential(value: &str) -> bool {
    let mut words = value.split_whitespace();
    let (first, second) = (words.next().unwrap_or_default(), words.next());
    let secret = second.unwrap_or(first);
    let placeholder = is_placeholder(secret) || is_elsewhere(secret, Stands::Bare) || is_code(secret);
    !placeholder && secret.len() >= 6 && (second.is_some() || is_random(secret))
}
