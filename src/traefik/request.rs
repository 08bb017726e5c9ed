//! What one matcher asks of a request, as far as two of them can be compared.

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;
use regex_lite::Regex;

use super::Matcher;

/// What a release's Traefik makes of the same words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Dialect {
    /// Its major, or 2 where a rule asks for the old syntax.
    pub traefik: u16,
    /// Whether `*.` in `Host` stands for one label: since Traefik 3.7 (its pull request 12884).
    pub wildcards: bool,
}

/// A question with the answer yes or no. Names of hosts are in lower case, without a dot at the end, as Traefik
/// compares them.
#[derive(Clone, Debug)]
pub enum Atom<'a> {
    /// Any request. Paths begin with `/`, so that is one of them.
    Always,
    /// This host.
    Host(Cow<'a, str>),
    /// One label before this.
    Wildcard(Cow<'a, str>),
    /// A host that the pattern finds.
    HostLike(Pattern),
    /// This path.
    Path(Cow<'a, str>),
    /// A path that begins so; not by its parts, `/a` is the beginning of `/ab`.
    Prefix(Cow<'a, str>),
    /// A path that the pattern finds.
    PathLike(Pattern),
    /// This method, in capitals.
    Method(String),
    /// An address in this range.
    Address(IpNet),
    /// What only the same words surely ask as well.
    Other(&'static str, Vec<Cow<'a, str>>),
}

/// A regular expression in Go's syntax; what the reader here does not know stays unread.
#[derive(Clone, Debug)]
pub struct Pattern {
    text: String,
    regex: Option<Regex>,
    /// Whether all is known of what it does not find.
    exact: bool,
}

impl Pattern {
    fn new(text: String, exact: bool) -> Self {
        let regex = Regex::new(&text).ok();
        Pattern { text, regex, exact }
    }

    fn finds(&self, text: &str) -> bool {
        self.regex.as_ref().is_some_and(|regex| regex.is_match(text))
    }

    fn misses(&self, text: &str) -> bool {
        self.exact && self.regex.as_ref().is_some_and(|regex| !regex.is_match(text))
    }
}

impl<'a> Atom<'a> {
    /// What a matcher asks: one of these.
    pub fn of(matcher: &Matcher<'a>, dialect: Dialect) -> Vec<Atom<'a>> {
        let each = |atom: fn(&Cow<'a, str>, Dialect) -> Option<Atom<'a>>| {
            matcher.values.iter().map(|value| atom(value, dialect)).collect::<Option<Vec<_>>>()
        };
        let atoms = match matcher.name {
            "Host" | "HostHeader" => each(host),
            "HostSNI" => each(|value, dialect| match value.as_ref() {
                "*" => Some(Atom::Always),
                _ => host(value, dialect),
            }),
            "HostRegexp" | "HostSNIRegexp" => each(host_like),
            "Path" => each(|value, dialect| plain(value, dialect).then(|| Atom::Path(value.clone()))),
            "PathPrefix" => each(|value, dialect| match value.as_ref() {
                "/" => Some(Atom::Always),
                _ => plain(value, dialect).then(|| Atom::Prefix(value.clone())),
            }),
            "PathRegexp" => each(|value, _| Some(Atom::PathLike(Pattern::new(value.to_string(), true)))),
            "Method" => each(|value, _| Some(Atom::Method(value.to_ascii_uppercase()))),
            "ClientIP" => each(|value, _| address(value).map(Atom::Address)),
            _ => None,
        };
        atoms.unwrap_or_else(|| vec![Atom::Other(matcher.name, matcher.values.clone())])
    }

    /// Whether each request that meets this meets the other as well.
    pub fn implies(&self, other: &Atom<'a>) -> bool {
        match (self, other) {
            (_, Atom::Always) => true,
            (Atom::Host(a), Atom::Host(b))
            | (Atom::Wildcard(a), Atom::Wildcard(b))
            | (Atom::Path(a), Atom::Path(b)) => a == b,
            (Atom::Host(host), Atom::Wildcard(rest)) => is_below(host, rest),
            (Atom::Host(host), Atom::HostLike(pattern)) => pattern.finds(host),
            (Atom::HostLike(a), Atom::HostLike(b)) | (Atom::PathLike(a), Atom::PathLike(b)) => {
                a.text == b.text
            }
            (Atom::Path(path) | Atom::Prefix(path), Atom::Prefix(start)) => path.starts_with(&**start),
            (Atom::Path(path), Atom::PathLike(pattern)) => pattern.finds(path),
            (Atom::Method(a), Atom::Method(b)) => a == b,
            (Atom::Address(a), Atom::Address(b)) => b.contains(a),
            (Atom::Other(name, values), Atom::Other(other, others)) => name == other && values == others,
            _ => false,
        }
    }

    /// Whether no request meets both.
    pub fn excludes(&self, other: &Atom<'a>) -> bool {
        match (self, other) {
            (Atom::Host(a), Atom::Host(b))
            | (Atom::Wildcard(a), Atom::Wildcard(b))
            | (Atom::Path(a), Atom::Path(b)) => a != b,
            (Atom::Host(host), Atom::Wildcard(rest)) | (Atom::Wildcard(rest), Atom::Host(host)) => {
                !is_below(host, rest)
            }
            (Atom::Host(text), Atom::HostLike(pattern))
            | (Atom::HostLike(pattern), Atom::Host(text))
            | (Atom::Path(text), Atom::PathLike(pattern))
            | (Atom::PathLike(pattern), Atom::Path(text)) => pattern.misses(text),
            (Atom::Path(path), Atom::Prefix(start)) | (Atom::Prefix(start), Atom::Path(path)) => {
                !path.starts_with(&**start)
            }
            (Atom::Prefix(a), Atom::Prefix(b)) => !a.starts_with(&**b) && !b.starts_with(&**a),
            (Atom::Method(a), Atom::Method(b)) => a != b,
            (Atom::Address(a), Atom::Address(b)) => !a.contains(b) && !b.contains(a),
            _ => false,
        }
    }
}

fn is_below(host: &str, rest: &str) -> bool {
    host.split_once('.').is_some_and(|(label, own)| !label.is_empty() && own == rest)
}

fn host<'a>(value: &Cow<'a, str>, dialect: Dialect) -> Option<Atom<'a>> {
    let low = match value {
        Cow::Borrowed(text) if !text.bytes().any(|byte| byte.is_ascii_uppercase()) => {
            Cow::Borrowed(text.strip_suffix('.').unwrap_or(text))
        }
        _ => Cow::Owned(value.strip_suffix('.').unwrap_or(value).to_ascii_lowercase()),
    };
    if !low.contains('*') {
        return Some(Atom::Host(low));
    }
    let rest = low.strip_prefix("*.").filter(|rest| dialect.wildcards && !rest.contains('*'))?;
    Some(Atom::Wildcard(Cow::Owned(rest.to_owned())))
}

/// In Traefik 3 the pattern is searched for, in Traefik 2 it is a whole host with `{name:pattern}` in it, whose case
/// may not count.
fn host_like<'a>(value: &Cow<'a, str>, dialect: Dialect) -> Option<Atom<'a>> {
    if dialect.traefik > 2 {
        return Some(Atom::HostLike(Pattern::new(value.to_string(), true)));
    }
    named(value).map(|text| Atom::HostLike(Pattern::new(text, false)))
}

/// `{label:[a-z]+}.example.org` as a regular expression; none where its braces do not close.
pub(super) fn named(value: &str) -> Option<String> {
    let mut text = "^".to_owned();
    let mut rest = value;
    while let Some((literal, behind)) = rest.split_once('{') {
        let end = closing(behind)?;
        let (inner, behind) = behind.split_at_checked(end)?;
        let pattern = inner.split_once(':').map_or("[^.]+", |(_, pattern)| pattern);
        text.push_str(&format!("{}(?:{pattern})", regex_lite::escape(literal)));
        rest = behind.strip_prefix('}')?;
    }
    Some(format!("{text}{}$", regex_lite::escape(rest)))
}

/// Where the brace closes that was opened just before.
fn closing(text: &str) -> Option<usize> {
    let mut open = 1_usize;
    for (at, character) in text.char_indices() {
        open = match character {
            '{' => open.saturating_add(1),
            '}' => open.saturating_sub(1),
            _ => open,
        };
        if open == 0 {
            return Some(at);
        }
    }
    None
}

/// A path without `{name}`, which Traefik 2 would fill.
fn plain(value: &str, dialect: Dialect) -> bool {
    dialect.traefik > 2 || !value.contains(['{', '}'])
}

fn address(value: &str) -> Option<IpNet> {
    let range = value.parse::<IpNet>().ok().map(|range| range.trunc());
    range.or_else(|| value.parse::<IpAddr>().ok().map(IpNet::from))
}
