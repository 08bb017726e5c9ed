//! A name and its value in a text, as configurations, scripts and markup write them.

use super::form::is_comment;
use super::name::{Kind, kind, may_end};
use super::value::{Stands, is_mixed, is_real};
use super::{Exposed, What, head, tail};

/// Signs beside a name that are no part of it.
fn is_beside(c: char) -> bool {
    matches!(c, '"' | '\'' | ' ')
}

/// Characters of names.
pub(super) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')
}

/// The name that ends before a sign.
pub(super) fn name_before(before: &str) -> &str {
    let before = before.trim_end_matches(|c| is_beside(c) || c == ':');
    let start = before.rfind(|c| !is_name(c));
    before.get(start.map_or(0, |start| start.saturating_add(1))..).unwrap_or_default().trim_start_matches('-')
}

/// `NAME: VALUE`, `NAME=VALUE`, `NAME := "VALUE"`, `'NAME' => 'VALUE'`, as JSON, YAML, TOML, flags, scripts and programs
/// write it; `at` is the sign between.
pub(super) fn pair(text: &str, at: usize) -> Option<Exposed<'_>> {
    // Most names end otherwise.
    if at.checked_sub(2).and_then(|from| text.as_bytes().get(from..at)).is_some_and(ends_otherwise) {
        return None;
    }
    let all = text.get(..at)?;
    let before = tail(all).trim_end_matches(|c| is_beside(c) || c == ':');
    let [one, two] = before.as_bytes().last_chunk::<2>()?;
    let named = one.eq_ignore_ascii_case(&b'u') && two.eq_ignore_ascii_case(&b'e');
    if !named && !may_end(*one, *two) {
        return None;
    }
    let name = name_before(before);
    let behind = text.get(at.checked_add(1)?..)?;
    let name = if named && name.eq_ignore_ascii_case("value") { other_name(tail(before))? } else { name };
    let kind = kind(name).filter(|_| !is_path(before, name, behind))?;
    let (value, quoted) = value(behind, kind, text.as_bytes().get(at) == Some(&b':'))?;
    let stands = if quoted { Stands::Quoted } else { Stands::Bare };
    if is_comment(text, at) || value.eq_ignore_ascii_case(name) || !is_real(name, value, kind, stands) {
        return None;
    }
    exposed(name, text, value)
}

/// Whether it is a part of an image's or an address' path, and no name: `registry.example/token:1.0`.
pub(super) fn is_path(before: &str, name: &str, behind: &str) -> bool {
    let before = before.trim_end_matches(|c| is_beside(c) || c == ':').strip_suffix(name).unwrap_or_default();
    before.ends_with('/') && !behind.starts_with(' ')
}

/// Whether two letters before a sign show that no name of a secret, and no `value`, ends there.
fn ends_otherwise(two: &[u8]) -> bool {
    let [one, two] = two else { return false };
    two.is_ascii_alphabetic() && !may_end(*one, *two) && !two.eq_ignore_ascii_case(&b'e')
}

/// A piece of a text, with its place.
fn exposed<'a>(name: &'a str, text: &str, value: &str) -> Option<Exposed<'a>> {
    let start = value.as_ptr().addr().checked_sub(text.as_ptr().addr())?;
    Some(Exposed { what: What::Name(name), place: start..start.saturating_add(value.len()) })
}

/// `name: PASSWORD` before `value: hunter2`, as Kubernetes writes variables and headers, and `key="Password" value="…"`.
pub(super) fn other_name(before: &str) -> Option<&str> {
    let before = before.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let before = before.trim_end_matches(['-', ',', ' ', '\n', '\r', '\t', '"', '\'']);
    let line = before.rsplit(['\n', '{', '<']).next().unwrap_or(before);
    let name = ["name", "key"].iter().find_map(|word| {
        let (_, behind) = line.rsplit_once(word)?;
        let behind = behind.trim_start_matches(['"', '\'']).trim_start();
        behind.strip_prefix([':', '='])
    })?;
    let name = name.trim_matches(|c| is_beside(c) || c == ',');
    name.chars().all(is_name).then_some(name)
}

/// What stands behind the sign on its line, and whether in quotes.
fn value(behind: &str, kind: Kind, colon: bool) -> Option<(&str, bool)> {
    let line = head(behind).split('\n').next()?.trim_start();
    // `=>` and `:=` are of programs, where a bare word is a name.
    let rest = line.strip_prefix(if colon { '=' } else { '>' });
    let program = rest.is_some();
    let line = rest.unwrap_or(line).trim_start();
    if line.starts_with(['=', '>']) {
        return None;
    }
    if let Some(quote) = line.chars().next().filter(|c| matches!(c, '"' | '\'')) {
        return Some((line.get(1..)?.split(quote).next()?, true));
    }
    let end = |c: char| {
        (c.is_whitespace() && kind != Kind::Header)
            || matches!(c, ',' | ';' | '}' | ']' | '&' | '"' | '\'' | ')')
    };
    let value = line.get(..line.find(end).unwrap_or(line.len()))?;
    (!program && !value.is_empty() && !value.starts_with('~')).then_some((value, false))
}

/// `requirepass VALUE`, `--password VALUE`, `login NAME password VALUE`; `at` is the blank between.
pub(super) fn words(text: &str, at: usize) -> Option<Exposed<'_>> {
    // Texts have many blanks.
    let [one, two] = text.as_bytes().get(..at)?.last_chunk::<2>()?;
    let end = match &[one.to_ascii_lowercase(), two.to_ascii_lowercase()] {
        b"ss" => "pass",
        b"th" => "auth",
        b"rd" => "sword",
        b"en" => "token",
        b"ey" => "key",
        b"et" => "secret",
        _ => return None,
    };
    let from = at.checked_sub(end.len())?;
    if !text.as_bytes().get(from..at)?.eq_ignore_ascii_case(end.as_bytes()) {
        return None;
    }
    let all = tail(text.get(..at)?);
    let word = all.rsplit(|c: char| c.is_whitespace() || c == '"' || c == '\'').next()?;
    let name = word.trim_start_matches(['-', '$']);
    let kind = kind(name).filter(|kind| *kind != Kind::Vague)?;
    let line = head(text.get(at..)?).split('\n').next()?.trim_start();
    let quote = line.chars().next().filter(|c| matches!(c, '"' | '\''));
    let value = match quote {
        Some(quote) => line.get(1..)?.split(quote).next()?,
        None => {
            line.split(|c: char| c.is_whitespace() || matches!(c, ';' | '"' | '\'' | '`' | ')')).next()?
        }
    };
    let before = all.rsplit('\n').next()?.strip_suffix(word)?.trim();
    let alone =
        before.is_empty() && line.trim_end_matches(';').trim_matches(['"', '\'']).len() == value.len();
    let form = word.starts_with("--") && word.len() > 4
        || alone && matches!(name, "requirepass" | "masterauth")
        || alone && is_mixed(value)
        || before.contains("login ") && word == "password"
        || before == "set" && word.starts_with('$') && quote.is_some();
    let stands = if quote.is_some() { Stands::Quoted } else { Stands::Bare };
    let flag = value.starts_with('-');
    if !form || flag || is_comment(text, at) || !is_real(name, value, kind, stands) {
        return None;
    }
    exposed(name, text, value)
}

/// `<password>VALUE</password>`; `at` is the end of the first tag.
pub(super) fn element(text: &str, at: usize) -> Option<Exposed<'_>> {
    let before = tail(text.get(..at)?);
    let (_, name) = before.rsplit_once('<')?;
    let kind = kind(name)?;
    let behind = head(text.get(at.checked_add(1)?..)?);
    let (value, close) = behind.split_once('<')?;
    let real = close.starts_with('/') && is_real(name, value, kind, Stands::Quoted);
    if real { exposed(name, text, value) } else { None }
}

/// `define("NAME", "VALUE")`; `at` is the bracket.
pub(super) fn definition(text: &str, at: usize) -> Option<Exposed<'_>> {
    if !text.get(..at)?.ends_with("define") {
        return None;
    }
    let mut parts = head(text.get(at..)?).split('\n').next()?.split(['"', '\'']);
    let (name, between, value) = (parts.nth(1)?, parts.next()?, parts.next()?);
    let kind = kind(name).filter(|_| between.trim() == ",")?;
    if is_comment(text, at) || !is_real(name, value, kind, Stands::Quoted) {
        return None;
    }
    exposed(name, text, value)
}
