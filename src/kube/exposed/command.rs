//! Secrets in command lines: what programs take behind which flag.

use std::ops::Range;

use super::name::is_secret_name;
use super::value::is_mixed;
use super::{What, exposed, exposes};

/// How a flag takes a password.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    /// As the next word.
    Next,
    /// Without a blank.
    Joined,
}

/// Programs, a flag of theirs, how it takes a password. From their manual pages.
const ROWS: [(&[&str], &str, Takes); 5] = [
    (
        &[
            "mariadb",
            "mariadb-admin",
            "mariadb-dump",
            "mysql",
            "mysqladmin",
            "mysqlcheck",
            "mysqldump",
            "mysqlimport",
        ],
        "-p",
        Takes::Joined,
    ),
    (&["redis-cli", "valkey-cli"], "-a", Takes::Next),
    (&["sshpass"], "-p", Takes::Next),
    (&["sshpass"], "-p", Takes::Joined),
    (&["mongo", "mongodump", "mongorestore", "mongosh"], "-p", Takes::Next),
];
/// Flags that take a name, `:` and a password, whatever the program.
const USERS: [&str; 4] = ["--auth", "--proxy-user", "--user", "-u"];

/// A command line, word for word.
#[derive(Default)]
pub struct Command<'a> {
    program: Option<&'a str>,
    flag: Option<&'a str>,
}

impl<'a> Command<'a> {
    /// What is secret in the next word, by the words before it or by itself.
    pub fn word(&mut self, word: &'a str) -> Option<What<'a>> {
        if let Some(what) = given(word) {
            return Some(what);
        }
        if word.contains(char::is_whitespace) {
            let named = self.flag.take().and_then(|flag| exposes(flag.trim_start_matches('-'), word));
            let mut script = Command::default();
            return named.or_else(|| exposed(word).map(|found| found.what)).or_else(|| {
                parts(word).find_map(|part| {
                    script.part(part.word).filter(|_| is_shown(part.word)).map(|(what, _)| what)
                })
            });
        }
        let part = self.part(word).filter(|(what, _)| matches!(what, What::Name(_)) || is_shown(word));
        part.map(|(what, _)| what).or_else(|| exposed(word).map(|found| found.what))
    }

    /// A word without blanks: what is secret, and from which byte on.
    fn part(&mut self, word: &'a str) -> Option<(What<'a>, usize)> {
        let flag = self.flag.take();
        if word.starts_with('-') {
            self.flag = Some(word);
        }
        if let Some((_, password)) =
            flag.filter(|flag| USERS.contains(flag)).and_then(|_| word.split_once(':'))
            && password.len() >= 6
            && is_mixed(password)
        {
            return Some((
                What::Likely("a name and its password"),
                word.len().saturating_sub(password.len()),
            ));
        }
        if let Some(at) = self.joined(word).filter(|at| word.len() > at.saturating_add(3)) {
            return Some((What::Likely("a password"), at));
        }
        if let Some(flag) = flag.filter(|_| !word.starts_with('-')) {
            let named = exposes(flag.trim_start_matches('-'), word);
            let next = || self.takes(flag, Takes::Next).then_some(What::Likely("a password"));
            return named.or_else(next).map(|what| (what, 0));
        }
        if let (Some(what), Some(sign)) = (given(word), word.find('=')) {
            return Some((what, sign.saturating_add(1)));
        }
        let program = word.rsplit('/').next().unwrap_or(word);
        if ROWS.iter().any(|(programs, ..)| programs.contains(&program)) {
            self.program = Some(program);
        }
        None
    }

    /// Where the password begins that a flag holds.
    fn joined(&self, word: &str) -> Option<usize> {
        let flag = word.get(..2).filter(|flag| self.takes(flag, Takes::Joined))?;
        Some(flag.len())
    }

    fn takes(&self, flag: &str, how: Takes) -> bool {
        let is = |row: &&(&[&str], &str, Takes)| row.1 == flag && row.2 == how;
        let program = self.program;
        ROWS.iter()
            .filter(is)
            .any(|(programs, ..)| program.is_some_and(|program| programs.contains(&program)))
    }
}

/// `--password=hunter2`, all of it one argument.
fn given(word: &str) -> Option<What<'_>> {
    let (name, value) = word.split_once('=').filter(|(name, _)| name.starts_with("--"))?;
    if name.contains(char::is_whitespace) { None } else { exposes(name.trim_start_matches('-'), value) }
}

/// Whether it stands there itself, and is not taken from a variable.
fn is_shown(word: &str) -> bool {
    !word.contains('$') && !word.contains("{{")
}

impl<'a> Command<'a> {
    /// What of a line is hidden, if it is of a command: rather too much.
    pub fn hidden(&mut self, line: &'a str) -> Vec<Range<usize>> {
        let mut hidden = Vec::new();
        for part in parts(line) {
            let flag = self.flag;
            let found = self.part(part.word).map(|(_, at)| at);
            if let Some(at) = found.or_else(|| suspect(part.word, flag)) {
                hidden.push(part.place.start.saturating_add(at)..part.end(line));
            }
        }
        let ends = line.trim_end_matches(['"', '\'', ',', ' ']);
        self.flag = self.flag.filter(|flag| flag.len() > 1 && ends.ends_with(*flag));
        hidden
    }
}

/// Where it begins, of whatever program: `-phunter2`, `--password hunter2`, `--user name:hunter2`.
fn suspect(word: &str, flag: Option<&str>) -> Option<usize> {
    let joined = word
        .strip_prefix("-p")
        .filter(|rest| rest.len() >= 6 && is_mixed(rest) && !rest.contains(['=', '.', ':']));
    if joined.is_some() {
        return Some(2);
    }
    let flag = flag.filter(|flag| !word.starts_with('-') && !flag.contains(['=', ':']))?;
    if is_secret_name(flag.trim_start_matches('-')) {
        return Some(0);
    }
    (USERS.contains(&flag) && !word.contains("://"))
        .then(|| word.find(':'))
        .flatten()
        .map(|at| at.saturating_add(1))
}

struct Part<'a> {
    word: &'a str,
    place: Range<usize>,
}

impl Part<'_> {
    /// Of all that is in its quotes, if it begins them.
    fn end(&self, line: &str) -> usize {
        let before = line.get(..self.place.start).and_then(|before| before.chars().next_back());
        let Some(quote) = before.filter(|c| matches!(c, '"' | '\'')) else { return self.place.end };
        let rest = line.get(self.place.end..).unwrap_or_default();
        self.place.end.saturating_add(rest.find(quote).unwrap_or(rest.len()))
    }
}

/// A script's words with their places.
fn parts(text: &str) -> impl Iterator<Item = Part<'_>> {
    let ends = |c: char| {
        c.is_whitespace() || matches!(c, '"' | '\'' | ';' | '|' | '&' | '(' | ')' | ',' | '[' | ']')
    };
    text.split(ends).filter(|word| !matches!(*word, "" | "-")).map(|word| {
        let start = word.as_ptr().addr().saturating_sub(text.as_ptr().addr());
        Part { word, place: start..start.saturating_add(word.len()) }
    })
}
