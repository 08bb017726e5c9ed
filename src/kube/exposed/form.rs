//! Secrets that show by their form what they are. To add one: a row, and its first two letters in [`begins`].

use std::ops::Range;

use super::name::Kind;
use super::value::{Stands, is_mixed, is_real};
use super::{Exposed, What, head};

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
pub(super) const FORMS: [(&str, usize, Letters, &str); 38] = [
    ("AGE-SECRET-KEY-1", 50, capital, "an age key"),
    ("AIza", 35, wordlike, "a Google API key"),
    ("AKIA", 16, capital, "an AWS access key"),
    ("ASIA", 16, capital, "an AWS access key"),
    ("SG.", 16, wordlike, "a SendGrid key"),
    ("claim-", 20, wordlike, "a Plex claim"),
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
    ("hvs.", 24, wordlike, "a Vault token"),
    ("npm_", 36, alphanumeric, "an npm token"),
    ("pypi-AgE", 50, wordlike, "a PyPI token"),
    ("rk_live_", 16, alphanumeric, "a Stripe key"),
    ("rk_test_", 16, alphanumeric, "a Stripe key"),
    ("sk_live_", 16, alphanumeric, "a Stripe key"),
    ("sk_test_", 16, alphanumeric, "a Stripe key"),
    ("sk-ant-", 20, wordlike, "an Anthropic key"),
    ("sk-proj-", 20, wordlike, "an OpenAI key"),
    ("sk-", 40, alphanumeric, "an OpenAI key"),
    ("tskey-auth-", 10, wordlike, "a Tailscale key"),
    ("tskey-api-", 10, wordlike, "a Tailscale key"),
    ("tskey-client-", 10, wordlike, "a Tailscale key"),
    ("whsec_", 24, alphanumeric, "a Stripe webhook's secret"),
    ("xapp-", 20, wordlike, "a Slack token"),
    ("xoxa-", 10, wordlike, "a Slack token"),
    ("xoxb-", 10, wordlike, "a Slack token"),
    ("xoxp-", 10, wordlike, "a Slack token"),
    ("xoxr-", 10, wordlike, "a Slack token"),
    ("xoxs-", 10, wordlike, "a Slack token"),
    ("xoxe-", 10, wordlike, "a Slack token"),
];

/// Whether some form begins with these two characters: few words do, and a text has many.
pub(super) fn begins(text: &str, at: usize) -> bool {
    let two = text.as_bytes().get(at..).and_then(|rest| rest.first_chunk::<2>());
    two.is_some_and(|two| {
        matches!(
            two,
            b"AG"
                | b"AI"
                | b"AK"
                | b"AS"
                | b"SG"
                | b"cl"
                | b"dc"
                | b"do"
                | b"ey"
                | b"gh"
                | b"gi"
                | b"gl"
                | b"hf"
                | b"hv"
                | b"np"
                | b"py"
                | b"rk"
                | b"sk"
                | b"ts"
                | b"wh"
                | b"xa"
                | b"xo"
        )
    })
}

/// A token of an issuer.
pub(super) fn token(text: &str, at: usize) -> Option<Exposed<'_>> {
    let rest = text.get(at..)?;
    let (length, what) = FORMS.iter().find_map(|(start, least, letters, what)| {
        let tail = rest.strip_prefix(start)?;
        let length = tail.find(|c: char| !letters(c)).unwrap_or(tail.len());
        (length >= *least).then_some((start.len().saturating_add(length), *what))
    })?;
    Some(certain(what, at..at.saturating_add(length)))
}

fn certain(what: &'static str, place: Range<usize>) -> Exposed<'static> {
    Exposed { what: What::Form(what), place }
}

fn likely(what: &'static str, place: Range<usize>) -> Exposed<'static> {
    Exposed { what: What::Likely(what), place }
}

/// Three parts of base64, of which two are JSON.
///
/// # Errors
/// None begins here, nor before this place: what follows in the first part has the same other parts behind it.
pub(super) fn web_token(text: &str, at: usize) -> Result<Exposed<'_>, usize> {
    let part = |from: usize| {
        let rest = text.get(from..).unwrap_or_default();
        from.saturating_add(rest.find(|c: char| !wordlike(c)).unwrap_or(rest.len()))
    };
    let dot =
        |at: usize| text.get(at..).is_some_and(|rest| rest.starts_with('.')).then(|| at.saturating_add(1));
    let head = part(at);
    let token = || {
        let body = dot(head)?;
        text.get(body..)?.starts_with("eyJ").then_some(())?;
        let body_end = part(body);
        let signature = dot(body_end)?;
        let end = part(signature);
        let long = |from: usize, to: usize| to.saturating_sub(from) > 10;
        (long(at, head) && long(body, body_end) && long(signature, end) && dot(end).is_none()).then_some(end)
    };
    token().map(|end| certain("a signed token (JWT)", at..end)).ok_or(head)
}

/// A bot's number, and its token behind the colon at this place.
pub(super) fn telegram(text: &str, at: usize) -> Option<Exposed<'_>> {
    let before = text.as_bytes().get(..at)?.iter().rev().take(12);
    let digits = before.take_while(|c| c.is_ascii_digit()).count();
    let token = text.get(at.checked_add(1)?..)?.strip_prefix("AA")?;
    let length = head(token).find(|c: char| !wordlike(c)).unwrap_or(head(token).len());
    let start = at.checked_sub(digits)?;
    let end = at.saturating_add(3).saturating_add(length);
    ((6..=11).contains(&digits) && (30..=36).contains(&length))
        .then(|| certain("a Telegram bot's token", start..end))
}

/// From its title to its end.
pub(super) fn private_key(text: &str, at: usize) -> Option<Exposed<'_>> {
    let rest = text.get(at..)?.strip_prefix("-----BEGIN ")?;
    let title = head(rest).split("-----").next()?;
    if !title.ends_with("PRIVATE KEY") && title != "PGP PRIVATE KEY BLOCK" {
        return None;
    }
    // An example without a key in it is none.
    let body = rest.get(title.len()..)?.trim_start_matches('-').trim_start_matches("\\n").trim_start();
    let end = || {
        rest.find("-----END")
            .map_or(text.len(), |end| text.len().saturating_sub(rest.len()).saturating_add(end))
    };
    body.starts_with(|c: char| c.is_ascii_alphanumeric()).then(|| certain("a private key", at..end()))
}

/// A password's hash as `crypt` writes it: `$2y$05$…`, `$apr1$…`, `$6$…`.
pub(super) fn hash(text: &str, at: usize) -> Option<Exposed<'_>> {
    const METHODS: [(&str, usize); 11] = [
        ("$1$", 22),
        ("$2a$", 50),
        ("$2b$", 50),
        ("$2y$", 50),
        ("$5$", 20),
        ("$6$", 20),
        ("$7$", 20),
        ("$apr1$", 22),
        ("$argon2", 30),
        ("$scrypt$", 30),
        ("$y$", 30),
    ];
    let rest = head(text.get(at..)?);
    let (_, least) = METHODS.iter().find(|(method, _)| rest.starts_with(method))?;
    let letter =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '$' | '.' | '/' | '+' | '=' | ',' | '-' | '_');
    let length = rest.find(|c| !letter(c)).unwrap_or(rest.len());
    (length >= *least).then(|| likely("a password's hash", at..at.saturating_add(length)))
}

/// `Bearer TOKEN`, `Basic BASE64`, wherever a header is written.
pub(super) fn header(text: &str, at: usize) -> Option<Exposed<'_>> {
    let rest = head(text.get(at..)?);
    let scheme = ["Bearer ", "Basic "].into_iter().find(|scheme| rest.starts_with(scheme))?;
    let token = rest.get(scheme.len()..)?;
    let letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '/' | '+' | '=' | '-' | '_' | '~');
    let token = token.get(..token.find(|c| !letter(c)).unwrap_or(token.len()))?;
    let start = at.saturating_add(scheme.len());
    let sure = token.len() >= 12 && is_mixed(token) && is_real("", token, Kind::Token, Stands::Bare);
    sure.then(|| likely("an `Authorization` header", start..start.saturating_add(token.len())))
}

/// Addresses that hold what lets in: host and path before it, characters of what follows at least.
const ADDRESSES: [(&str, usize); 6] = [
    ("hooks.slack.com/services/", 20),
    ("hooks.slack.com/workflows/", 20),
    ("discord.com/api/webhooks/", 30),
    ("discordapp.com/api/webhooks/", 30),
    ("ptb.discord.com/api/webhooks/", 30),
    ("canary.discord.com/api/webhooks/", 30),
];

/// An address with a password, or that is one itself; `at` is the colon.
pub(super) fn address(text: &str, at: usize) -> Option<Exposed<'_>> {
    let rest = text.get(at..)?.strip_prefix("://")?;
    let start = text.len().checked_sub(rest.len())?;
    if is_comment(text, at) {
        return None;
    }
    if rest.starts_with(['h', 'd', 'p', 'c'])
        && let Some((host, least)) = ADDRESSES.iter().find(|(host, _)| rest.starts_with(host))
    {
        let path = head(rest.get(host.len()..)?);
        let length = path.find(|c| !wordlike(c) && c != '/').unwrap_or(path.len());
        let start = start.saturating_add(host.len());
        return (length >= *least)
            .then(|| likely("an address that lets post", start..start.saturating_add(length)));
    }
    let password = password(rest)?;
    let start = start.checked_add(rest.find(password)?)?;
    Some(Exposed { what: What::Url, place: start..start.saturating_add(password.len()) })
}

/// The password before the host, if it is one; `behind` is what stands behind `://`.
pub(super) fn password(behind: &str) -> Option<&str> {
    let (user, password, host) = userinfo(behind)?;
    let generic = |word: &str| ["pass", "password", "passwd", "pw", "pwd", "secret"].contains(&word);
    let example = ["me", "name", "user", "username"].contains(&user)
        || ["localhost", "127.0.0.1", "host", "hostname"]
            .contains(&host.split([':', '/']).next().unwrap_or(host))
        || host.starts_with("example.");
    (!(generic(password) && example) && is_real("", password, Kind::Password, Stands::Bare))
        .then_some(password)
}

/// Who and with what, before the host; `behind` is what stands behind `://`.
pub(super) fn userinfo(behind: &str) -> Option<(&str, &str, &str)> {
    let behind = head(behind);
    let end = behind.find(|c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '?' | ',' | '`'));
    let (user, host) = behind.get(..end.unwrap_or(behind.len()))?.rsplit_once('@')?;
    let (user, password) = user.split_once(':')?;
    Some((user, password, host))
}

/// Whether the line up to here is one that nothing reads.
pub(super) fn is_comment(text: &str, at: usize) -> bool {
    let before = super::tail(text.get(..at).unwrap_or_default());
    let line = before.rsplit('\n').next().unwrap_or(before).trim_start();
    ["#", ";", "//", "*", "--  ", "<!--"].iter().any(|sign| line.starts_with(sign))
}
