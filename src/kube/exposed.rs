//! What has the look of a secret: names whose values are secret, and tokens that show by their form what they are.
//!
//! Two questions are asked of names. [`is_secret_name`] hides too much rather than too little, for what is only shown;
//! [`exposes`] and [`exposed`] rest findings, and take a name together with a value that somebody means.

use std::ops::Range;

/// Words in a name whose value is secret.
const WORDS: [&str; 11] = [
    "apikey",
    "credential",
    "credentials",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "privatekey",
    "psk",
    "token",
    "tokens",
];
/// A `key` behind one of these is no public one, and no key of a map.
const KEYS: [&str; 8] = ["access", "api", "auth", "encryption", "private", "secret", "signing", "ssh"];
/// A `secret` behind one of these is a value; elsewhere (`caSecret`) it is the name of a Secret.
const SECRETS: [&str; 11] =
    ["app", "auth", "client", "cookie", "hmac", "jwt", "oauth", "session", "shared", "signing", "webhook"];
/// A name that ends in one of these says where something is, or how much.
const ELSEWHERE: [&str; 10] =
    ["dir", "expiration", "file", "length", "name", "path", "ref", "seconds", "ttl", "type"];

/// Whether a value of this name may be secret.
pub fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some((last, before)) = words.split_last() else { return false };
    let before_last = before.last().copied().unwrap_or_default();
    let variable = !before.is_empty() && !name.contains(|c: char| c.is_ascii_lowercase());
    !ELSEWHERE.contains(last)
        && (words.iter().any(|word| WORDS.contains(word) || (variable && *word == "secret"))
            || (*last == "key" && KEYS.contains(&before_last))
            || (*last == "secret" && SECRETS.contains(&before_last)))
}

/// `MINIO_ROOT_PASSWORD`, `clientSecret`, `api-key` as small words.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut small = false;
    for c in name.chars() {
        if !c.is_alphanumeric() || (small && c.is_uppercase()) {
            words.push(String::new());
        }
        small = c.is_lowercase();
        if let Some(word) = words.last_mut().filter(|_| c.is_alphanumeric()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

/// A secret in plain sight. None of it may be shown but the name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed<'a> {
    /// What it is: `a GitHub token`, or the name whose value it is.
    pub what: What<'a>,
    /// Where in the text.
    pub place: Range<usize>,
}

/// What a secret is known by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum What<'a> {
    /// Its form: nothing else looks so.
    Form(&'static str),
    /// Its form, of which many are worth little.
    Url,
    /// The name before it.
    Name(&'a str),
}

impl What<'_> {
    /// Whether it can be nothing but a secret.
    pub fn is_certain(self) -> bool {
        matches!(self, What::Form(_))
    }
}

impl std::fmt::Display for What<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            What::Form(what) => f.write_str(what),
            What::Url => f.write_str("a URL with a password"),
            What::Name(name) => write!(f, "the value of `{name}`"),
        }
    }
}

/// Whether a value of a name is a secret that somebody means.
pub fn exposes<'a>(name: &'a str, value: &str) -> Option<What<'a>> {
    let kind = kind(name)?;
    is_real(value, kind).then_some(What::Name(name))
}

/// How a name says that its value is secret.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// May be digits alone.
    Password,
    Token,
}

/// By the end of the name, digits and dashes apart: `DB_PASSWORD`, `adminPassword2`, `api-key`.
fn kind(name: &str) -> Option<Kind> {
    let name = name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '_' | '-'));
    // Of `password`, `pwd`, `passphrase`, `pass`, `psk`, `token`, `secret`, `key`.
    name.as_bytes().last().filter(|last| b"dDeEsSkKnNtTyY".contains(last))?;
    let end = |word: &str| {
        let at = name.len().checked_sub(word.len())?;
        let (before, tail) = (name.get(..at)?, name.get(at..)?);
        tail.eq_ignore_ascii_case(word).then_some(before)
    };
    let apart = |before: &str, word: &str| {
        let first = name.get(before.len()..).and_then(|tail| tail.chars().next());
        before.ends_with(|c: char| !c.is_ascii_alphanumeric())
            || (first.is_some_and(|c| c.is_ascii_uppercase())
                && before.ends_with(|c: char| c.is_ascii_lowercase()))
            || (before.is_empty() && word.len() > 3)
    };
    if ["password", "passwd", "passphrase", "requirepass"].iter().any(|word| end(word).is_some()) {
        return Some(Kind::Password);
    }
    if ["pass", "pwd", "psk"].iter().any(|word| end(word).is_some_and(|before| apart(before, word))) {
        return Some(Kind::Password);
    }
    let is_public = || name.to_ascii_lowercase().contains("public");
    let behind = |before: &str, words: &[&str]| {
        let before = before.trim_end_matches(['_', '-', '.']).to_ascii_lowercase();
        words.iter().any(|word| before.ends_with(word))
    };
    let token = end("token").is_some()
        || end("key").is_some_and(|before| behind(before, &KEYS))
        || end("secret").is_some_and(|before| behind(before, &SECRETS));
    (token && !is_public()).then_some(Kind::Token)
}

/// What people write where no secret is meant, or none yet.
const PLACEHOLDERS: [&str; 34] = [
    "any",
    "auto",
    "basic",
    "bearer",
    "bool",
    "boolean",
    "changeme",
    "default",
    "disabled",
    "dummy",
    "enabled",
    "example",
    "false",
    "generated",
    "md5",
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
    "yes",
];

/// Whether it is a secret itself, and neither a placeholder nor where the secret is to be found.
fn is_real(value: &str, kind: Kind) -> bool {
    let value = value.trim();
    let lower = value.to_ascii_lowercase();
    let bare: String = lower.chars().filter(|c| !matches!(c, '-' | '_' | ' ')).collect();
    let one = value.chars().next();
    let repeated = one.is_some_and(|first| value.chars().all(|c| c == first));
    let elsewhere = [
        "/", "./", "../", "enc[", "file:", "env:", "env.", "vault:", "op://", "ref+", "ssm:", "arn:", "ref:",
    ];
    let code = value.contains(['(', '{', '[', '<', '`', '*', '%']) || refers(value);
    let path = value.split_once("://").is_some_and(|(_, behind)| password(behind).is_none());
    let dotted =
        value.contains('.') && value.chars().all(|c| c.is_ascii_alphabetic() || matches!(c, '.' | '_'));
    let digits = value.chars().all(|c| c.is_ascii_digit());
    value.chars().count() >= 4
        && !repeated
        && !code
        && !path
        && !dotted
        && !value.starts_with(['&', '!', '|', '>', '@'])
        && !value.contains(char::is_whitespace)
        && !elsewhere.iter().any(|start| lower.starts_with(start))
        && !PLACEHOLDERS.contains(&lower.as_str())
        && !["changeme", "replaceme", "your", "insert"].iter().any(|start| bare.starts_with(start))
        && (kind == Kind::Password || !digits)
}

/// `$NAME`, `${NAME}`, `$(NAME)`.
fn refers(value: &str) -> bool {
    value
        .split('$')
        .skip(1)
        .any(|behind| behind.starts_with(|c: char| c.is_ascii_alphabetic() || "_({$".contains(c)))
}

/// Characters of a token behind its beginning.
type Letters = fn(char) -> bool;

fn alphanumeric(c: char) -> bool {
    c.is_ascii_alphanumeric()
}

fn wordlike(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

fn capital(c: char) -> bool {
    c.is_ascii_uppercase() || c.is_ascii_digit()
}

/// Beginning, how many characters follow at least, which, what it is. From the issuers' pages on their tokens' forms.
const FORMS: [(&str, usize, Letters, &str); 31] = [
    ("AGE-SECRET-KEY-1", 50, capital, "an age key"),
    ("AIza", 35, wordlike, "a Google API key"),
    ("AKIA", 16, capital, "an AWS access key"),
    ("ASIA", 16, capital, "an AWS access key"),
    ("SG.", 16, wordlike, "a SendGrid key"),
    ("dckr_pat_", 20, wordlike, "a Docker Hub token"),
    ("dop_v1_", 60, alphanumeric, "a DigitalOcean token"),
    ("eyJhIjoi", 90, alphanumeric, "a Cloudflare tunnel token"),
    ("ghp_", 30, alphanumeric, "a GitHub token"),
    ("gho_", 30, alphanumeric, "a GitHub token"),
    ("ghu_", 30, alphanumeric, "a GitHub token"),
    ("ghs_", 30, alphanumeric, "a GitHub token"),
    ("ghr_", 30, alphanumeric, "a GitHub token"),
    ("github_pat_", 22, wordlike, "a GitHub token"),
    ("glpat-", 20, wordlike, "a GitLab token"),
    ("hf_", 30, alphanumeric, "a Hugging Face token"),
    ("npm_", 36, alphanumeric, "an npm token"),
    ("pypi-AgE", 50, wordlike, "a PyPI token"),
    ("rk_live_", 16, alphanumeric, "a Stripe key"),
    ("sk_live_", 16, alphanumeric, "a Stripe key"),
    ("sk-ant-", 20, wordlike, "an Anthropic key"),
    ("sk-proj-", 20, wordlike, "an OpenAI key"),
    ("tskey-auth-", 10, wordlike, "a Tailscale key"),
    ("tskey-api-", 10, wordlike, "a Tailscale key"),
    ("tskey-client-", 10, wordlike, "a Tailscale key"),
    ("xapp-", 20, wordlike, "a Slack token"),
    ("xoxa-", 10, wordlike, "a Slack token"),
    ("xoxb-", 10, wordlike, "a Slack token"),
    ("xoxp-", 10, wordlike, "a Slack token"),
    ("xoxr-", 10, wordlike, "a Slack token"),
    ("xoxs-", 10, wordlike, "a Slack token"),
];

/// The first secret in a text: a configuration, an argument, a script.
pub fn exposed(text: &str) -> Option<Exposed<'_>> {
    let mut before = b'\n';
    for (at, byte) in text.bytes().enumerate() {
        let begins = !before.is_ascii_alphanumeric() && before != b'_';
        before = byte;
        let seen = match byte {
            b':' | b'=' => pair(text, at).or_else(|| url_at(text, at)),
            b'-' => private_key(text, at),
            b'A' | b'S' | b'a' | b'd' | b'e' | b'g' | b'h' | b'n' | b'p' | b'r' | b's' | b't' | b'x'
                if begins && begins_form(text, at) =>
            {
                form(text, at)
            }
            b'0'..=b'9' if begins => telegram(text, at),
            _ => None,
        };
        if seen.is_some() {
            return seen;
        }
    }
    None
}

/// Whether some form begins with these two characters: few words do, and a text has many.
fn begins_form(text: &str, at: usize) -> bool {
    let two = text.as_bytes().get(at..).and_then(|rest| rest.first_chunk::<2>());
    two.is_some_and(|two| {
        matches!(
            two,
            b"AG"
                | b"AI"
                | b"AK"
                | b"AS"
                | b"SG"
                | b"dc"
                | b"do"
                | b"ey"
                | b"gh"
                | b"gi"
                | b"gl"
                | b"hf"
                | b"np"
                | b"py"
                | b"rk"
                | b"sk"
                | b"ts"
                | b"xa"
                | b"xo"
        )
    })
}

/// Every secret in a text, for whoever shows it.
pub fn all_exposed(text: &str) -> Vec<Range<usize>> {
    let mut all = variables(text);
    let mut from = 0;
    while let Some(Exposed { what, place }) = text.get(from..).and_then(exposed) {
        let start = from.saturating_add(place.start);
        let end = match what {
            // A key ends at its last line.
            What::Form(_) if text.get(start..).is_some_and(|rest| rest.starts_with("-----")) => {
                let rest = text.get(start..).unwrap_or_default();
                rest.find("-----END").map_or(text.len(), |end| start.saturating_add(end))
            }
            _ => from.saturating_add(place.end),
        };
        all.push(start..end);
        from = end.max(start.saturating_add(1));
    }
    all
}

/// `name: PASSWORD` and behind it `value: hunter2`, as Kubernetes writes variables.
fn variables(text: &str) -> Vec<Range<usize>> {
    const SIGN: &str = "value:";
    let mut all = Vec::new();
    for (at, _) in text.match_indices(SIGN) {
        let before =
            tail(text.get(..at).unwrap_or_default()).trim_end_matches(['-', ',', ' ', '\n', '\r', '\t']);
        let line = before.rsplit(['\n', '{']).next().unwrap_or(before);
        let name = line.rsplit_once("name:").map(|(_, name)| name.trim().trim_matches(['"', '\'']));
        let start = at.saturating_add(SIGN.len());
        let value = text.get(start..).and_then(value);
        if let (Some(name), Some(value)) = (name, value)
            && exposes(name, value).is_some()
            && let Some(skipped) = text.get(start..).and_then(|behind| behind.find(value))
        {
            let start = start.saturating_add(skipped);
            all.push(start..start.saturating_add(value.len()));
        }
    }
    all
}

fn form(text: &str, at: usize) -> Option<Exposed<'_>> {
    let rest = text.get(at..)?;
    let length = |tail: &str, letters: Letters| tail.find(|c: char| !letters(c)).unwrap_or(tail.len());
    let row = FORMS.iter().find_map(|(start, least, letters, what)| {
        let tail = rest.strip_prefix(start)?;
        let length = length(tail, *letters);
        (length >= *least).then_some((start.len().saturating_add(length), *what))
    });
    let token = row.or_else(|| Some((web_token(rest)?, "a signed token (JWT)")));
    let (length, what) = token?;
    Some(Exposed { what: What::Form(what), place: at..at.saturating_add(length) })
}

/// Three parts of base64, of which two are JSON.
fn web_token(text: &str) -> Option<usize> {
    if !text.starts_with("eyJ") {
        return None;
    }
    let length = text.find(|c: char| !wordlike(c) && c != '.').unwrap_or(text.len());
    let parts: Vec<&str> = text.get(..length)?.splitn(4, '.').collect();
    let [head, body, signature] = parts.as_slice() else { return None };
    (head.len() > 10 && body.len() > 10 && body.starts_with("eyJ") && signature.len() > 10).then_some(length)
}

/// A bot's number and its token.
fn telegram(text: &str, at: usize) -> Option<Exposed<'_>> {
    let rest = text.get(at..)?;
    let digits = rest.find(|c: char| !c.is_ascii_digit())?;
    if !(8..=10).contains(&digits) {
        return None;
    }
    let token = rest.get(digits..)?.strip_prefix(":AA")?;
    let length = token.find(|c: char| !wordlike(c)).unwrap_or(token.len());
    let end = at.saturating_add(digits).saturating_add(3).saturating_add(length);
    (length == 33).then_some(Exposed { what: What::Form("a Telegram bot's token"), place: at..end })
}

fn private_key(text: &str, at: usize) -> Option<Exposed<'_>> {
    let rest = text.get(at..)?.strip_prefix("-----BEGIN ")?;
    let title = rest.split("-----").next()?;
    if !title.ends_with("PRIVATE KEY") && title != "PGP PRIVATE KEY BLOCK" {
        return None;
    }
    // An example without a key in it is none.
    let body = rest.get(title.len()..)?.trim_start_matches('-').trim_start_matches("\\n").trim_start();
    body.starts_with(|c: char| c.is_ascii_alphanumeric())
        .then_some(Exposed { what: What::Form("a private key"), place: at..text.len() })
}

fn url_at(text: &str, at: usize) -> Option<Exposed<'_>> {
    let rest = text.get(at..)?.strip_prefix("://")?;
    let password = password(rest)?;
    let start = text.len().checked_sub(rest.len())?.checked_add(rest.find(password)?)?;
    Some(Exposed { what: What::Url, place: start..start.saturating_add(password.len()) })
}

/// The password before the host, if it is one; `behind` is what stands behind `://`.
fn password(behind: &str) -> Option<&str> {
    let behind = head(behind);
    let end = behind.find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '?' | ',' | '`'));
    let (user, _) = behind.get(..end.unwrap_or(behind.len()))?.rsplit_once('@')?;
    let (_, password) = user.split_once(':')?;
    is_real(password, Kind::Password).then_some(password)
}

/// No name and no value is longer; a text may be, and have thousands of them in one line.
const NEAR: usize = 256;

fn head(text: &str) -> &str {
    let end = (0..=NEAR).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    if text.len() > NEAR { text.get(..end).unwrap_or(text) } else { text }
}

fn tail(text: &str) -> &str {
    let start = text.len().saturating_sub(NEAR);
    let start = (start..=text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(start..).unwrap_or(text)
}

/// `NAME: VALUE` and `NAME=VALUE`, as JSON, YAML, TOML, flags and scripts write it; `at` is the sign between.
fn pair(text: &str, at: usize) -> Option<Exposed<'_>> {
    let (before, behind) = (tail(text.get(..at)?), text.get(at.checked_add(1)?..)?);
    let before = before.trim_end_matches(['"', '\'', ' ']);
    // Most names end otherwise.
    let [one, two] = before.as_bytes().last_chunk::<2>()?;
    let digit = two.is_ascii_digit() || *two == b'_';
    let end = [one.to_ascii_lowercase(), two.to_ascii_lowercase()];
    let ends = [b"rd", b"wd", b"se", b"ss", b"sk", b"en", b"et", b"ey"];
    if !digit && !ends.contains(&&end) {
        return None;
    }
    let start = before.rfind(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '_' | '-' | '.'));
    let name = before.get(start.map_or(0, |start| start.saturating_add(1))..)?.trim_start_matches('-');
    let kind = kind(name)?;
    let line = before.rsplit('\n').next().unwrap_or(before).trim_start();
    let comment = ["#", ";", "//", "*", "--  ", "<!--"].iter().any(|sign| line.starts_with(sign));
    let value = value(behind)?;
    let own = value.eq_ignore_ascii_case(name);
    if comment || own || !is_real(value, kind) {
        return None;
    }
    let start = text.len().checked_sub(behind.len())?.checked_add(behind.find(value)?)?;
    Some(Exposed { what: What::Name(name), place: start..start.saturating_add(value.len()) })
}

/// What stands behind the sign on its line: in quotes, or a word.
fn value(behind: &str) -> Option<&str> {
    let line = head(behind).split('\n').next()?.trim_start();
    if let Some(quote) = line.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        return line.get(1..)?.split(quote).next();
    }
    let end =
        line.find(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '}' | ']' | '&' | '"' | '\'' | ')'));
    line.get(..end.unwrap_or(line.len()))
        .filter(|value| !value.is_empty() && !value.starts_with(['=', '>', '~']))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names() {
        for (name, expected) in [
            ("MINIO_ROOT_PASSWORD", true),
            ("password", true),
            ("adminPassword", true),
            ("AWS_SECRET_ACCESS_KEY", true),
            ("CLIENT_SECRET", true),
            ("clientSecret", true),
            ("api-key", true),
            ("GITHUB_TOKEN", true),
            ("POSTGRES_PASSWORD_FILE", false),
            ("secretName", false),
            ("caSecret", false),
            ("secret", false),
            ("SECRET", false),
            ("key", false),
            ("PUBLIC_KEY", false),
            ("tokenExpirationSeconds", false),
            ("PASSENGER", false),
            ("", false),
        ] {
            assert_eq!(is_secret_name(name), expected, "{name}");
        }
    }

    #[test]
    fn names_with_values() {
        for (name, value) in [
            ("PASSWORD", "hunter2"),
            ("PGPASSWORD", "swordfish"),
            ("MYSQL_PWD", "hunter2"),
            ("DB_PASS", "12345678"),
            ("adminPassword2", "hunter2"),
            ("API_KEY", "5f3a9c0e"),
            ("CF_API_TOKEN", "v8x_qJ3kP0"),
            ("clientSecret", "abcd-efgh"),
            ("JWT_SECRET", "correct-horse-battery-staple"),
            ("AWS_SECRET_ACCESS_KEY", "wJalrXUtnFEMI/K7MDENG/bPxRfiCY"),
            ("wifi.psk", "hunter22"),
            ("password", "p@ss$1word"),
        ] {
            assert!(exposes(name, value).is_some(), "{name} {value}");
        }
        for (name, value) in [
            ("PASSWORD_FILE", "/run/secrets/password"),
            ("PASSWORD", "/run/secrets/password"),
            ("PASSWORD", ""),
            ("PASSWORD", "$(DB_PASSWORD)"),
            ("PASSWORD", "${DB_PASSWORD}"),
            ("PASSWORD", "changeme"),
            ("PASSWORD", "change-me-please"),
            ("PASSWORD", "<password>"),
            ("PASSWORD", "xxxxxxxx"),
            ("PASSWORD", "true"),
            ("ALLOW_EMPTY_PASSWORD", "yes"),
            ("MAX_TOKENS", "4096"),
            ("TOKEN", "3600"),
            ("TOKEN_URL", "https://example.org/token"),
            ("REFRESH_TOKEN", "https://example.org/token"),
            ("TLS_SECRET", "web-cert"),
            ("SECRET_NAME", "web"),
            ("NEXT_PUBLIC_API_KEY", "5f3a9c0e"),
            ("COMPASS", "north-east"),
            ("PASS", "north"),
            ("BYPASS", "10.0.0.0/8"),
            ("SORT_KEY", "created"),
            ("password", "ENC[AES256_GCM,data:x]"),
            ("KEYBOARD", "hunter2"),
        ] {
            let expected = name == "PASS";
            assert_eq!(exposes(name, value).is_some(), expected, "{name} {value}");
        }
    }

    fn what(text: &str) -> String {
        exposed(text).map_or_else(String::new, |found| {
            format!("{} at {}", found.what, text.get(found.place).unwrap_or("?"))
        })
    }

    #[test]
    fn every_form_begins_as_the_filter_says() {
        for (start, ..) in FORMS {
            assert!(begins_form(start, 0), "{start}");
        }
        assert!(begins_form("eyJ", 0));
    }

    #[test]
    fn forms() {
        let of =
            |start: &str, length: usize| format!("x {start}{}", "A1b2".repeat(30).get(..length).unwrap());
        for (start, length, expected) in [
            ("ghp_", 36, "a GitHub token"),
            ("github_pat_", 40, "a GitHub token"),
            ("glpat-", 20, "a GitLab token"),
            ("xoxb-", 20, "a Slack token"),
            ("sk_live_", 24, "a Stripe key"),
            ("AIza", 35, "a Google API key"),
            ("123456789:AA", 33, "a Telegram bot's token"),
            ("eyJhIjoi", 100, "a Cloudflare tunnel token"),
            ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.", 30, "a signed token (JWT)"),
        ] {
            assert!(what(&of(start, length)).starts_with(expected), "{start}");
            assert_eq!(what(&of(start, length / 3)), "", "{start}");
        }
        assert!(what("key AKIAIOSFODNN7EXAMPLE").starts_with("an AWS access key"));
        assert!(what("-----BEGIN RSA PRIVATE KEY-----\nMIIE\n").starts_with("a private key"));
        assert_eq!(what("postgres://me:hunter2@db/x http://a/"), "a URL with a password at hunter2");
        for quiet in [
            "-----BEGIN CERTIFICATE-----\nMIIE\n",
            "-----BEGIN PRIVATE KEY-----\n...\n",
            "https://example.org:443/a@b",
            "postgres://me:$(PASSWORD)@db/x",
            "postgres://me:${PASSWORD}@db/x",
            "postgres://me@db/x",
            "http://a/ http://b/",
            "xAKIAIOSFODNN7EXAMPLE",
            "skate-park gho_st hf_",
            "12:34:56 2026-11-23T10:00:00",
            "",
        ] {
            assert_eq!(what(quiet), "", "{quiet}");
        }
    }

    #[test]
    fn pairs_in_texts() {
        for (text, expected) in [
            ("a: 1\npassword: hunter2\n", "the value of `password` at hunter2"),
            ("{\"user\": \"a\", \"password\": \"hunter2\"}", "the value of `password` at hunter2"),
            ("admin_password = hunter2", "the value of `admin_password` at hunter2"),
            ("export DB_PASSWORD='hunter2'; run", "the value of `DB_PASSWORD` at hunter2"),
            ("--admin-password=hunter2", "the value of `admin-password` at hunter2"),
            ("?a=b&token=hunter2&c=d", "the value of `token` at hunter2"),
            ("requirepass: hunter2", "the value of `requirepass` at hunter2"),
            ("api_key: \"5f3a9c0e\" # mine", "the value of `api_key` at 5f3a9c0e"),
            ("# password: hunter2\n", ""),
            (";admin_password = hunter2\n", ""),
            ("password: ${PASSWORD}", ""),
            ("password:\n  secretKeyRef: {name: hunter2}", ""),
            ("password = os.environ[\"PASSWORD\"]", ""),
            ("password = config.password", ""),
            ("password=password", ""),
            ("token := get()", ""),
            ("if token == hunter2", ""),
            ("proxy_pass http://web:8080;", ""),
            ("tokenFile: /var/run/token", ""),
            ("password_hash: hunter2", ""),
            ("hosts:\n- a=b\n", ""),
            ("auth: password\n", ""),
        ] {
            assert_eq!(what(text), expected, "{text}");
        }
    }

    #[test]
    fn all_of_a_text() {
        let shown = |text: &str| {
            let mut shown = text.to_owned();
            for place in all_exposed(text) {
                shown.replace_range(place.clone(), &"*".repeat(place.len()));
            }
            shown
        };
        assert_eq!(
            shown("env: {A_TOKEN: hunter2, B: x, B_PASSWORD: 'swordfish'}"),
            "env: {A_TOKEN: *******, B: x, B_PASSWORD: '*********'}"
        );
        assert_eq!(
            shown("- name: PASSWORD\n  value: hunter2\n- name: A\n  value: b\n"),
            "- name: PASSWORD\n  value: *******\n- name: A\n  value: b\n"
        );
        assert_eq!(shown("[{name: PASSWORD, value: \"hunter2\"}]"), "[{name: PASSWORD, value: \"*******\"}]");
        let key = "a\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nb: 1\n";
        assert!(!shown(key).contains("MIIE") && shown(key).ends_with("b: 1\n"));
    }

    #[test]
    fn a_long_line_takes_no_square_of_its_length() {
        for piece in
            ["password=x ", "a://b:c@ ", "value: {", "-----BEGIN ", "name:value:", "password=\"hunter2 "]
        {
            assert!(all_exposed(&piece.repeat(20_000)).len() <= 20_000, "{piece}");
        }
    }
}
