//! What of a text is not shown: rather too much than too little. The names stay, and what says where a secret is.

use std::ops::Range;

use super::command::Command;
use super::name::{Kind, is_secret_name, kind};
use super::pair::{is_name, is_path, name_before, other_name};
use super::value::is_random;
use super::{all_exposed, head, tail};

/// Keys under a secret name that say where the value is.
const OPEN: [&str; 17] = [
    "configMap",
    "configMapKeyRef",
    "containerName",
    "divisor",
    "existingSecret",
    "field",
    "fieldPath",
    "fieldRef",
    "key",
    "name",
    "optional",
    "resource",
    "resourceFieldRef",
    "secret",
    "secretKeyRef",
    "secretName",
    "valueFrom",
];

/// Files of which every line may be secret, by their names.
const FILES: [&str; 12] = [
    "credentials",
    "dockercfg",
    "dockerconfigjson",
    "htpasswd",
    "id_dsa",
    "id_ecdsa",
    "id_ed25519",
    "id_rsa",
    "kubeconfig",
    "netrc",
    "pgpass",
    "rclone.conf",
];

/// Bytes of a line that is looked at; a longer one is hidden whole.
const LONGEST: usize = 1 << 20;

/// Whether all of a file of this name is hidden.
pub fn is_secret_file(name: &str) -> bool {
    let name = name.rsplit('/').next().unwrap_or(name);
    let name = name.strip_suffix(".j2").unwrap_or(name);
    FILES.iter().any(|file| {
        let before = name.strip_suffix(file);
        before.is_some_and(|before| before.is_empty() || before.ends_with(['.', '-', '_']))
    })
}

/// Whether a value of a name is hidden.
pub fn hides(name: &str, value: &str) -> bool {
    is_secret_name(name) || (kind(name) == Some(Kind::Vague) && is_random(value))
}

/// The places in a file that no one is to see, in their order.
pub fn hidden(text: &str) -> Vec<Range<usize>> {
    of_text(text, false, |_| true)
}

/// The same, but only those by a form or in lines that are near: by the byte at which a line begins. For long files.
pub fn hidden_near(text: &str, near: impl FnMut(usize) -> bool) -> Vec<Range<usize>> {
    of_text(text, false, near)
}

/// The same in words that stackc says, where a name and a sign may stand as well.
pub fn hidden_words(text: &str) -> Vec<Range<usize>> {
    of_text(text, true, |_| true)
}

fn of_text(text: &str, said: bool, mut near: impl FnMut(usize) -> bool) -> Vec<Range<usize>> {
    let mut hider = Hider { text, said, all: all_exposed(text).map(|found| found.place).collect() };
    let (mut start, mut inside, mut command) = (0_usize, None, Command::default());
    for line in text.split('\n') {
        let near = near(start);
        if near && line.len() > LONGEST {
            hider.hide(start, 0..line.len());
        }
        let near = near && line.len() <= LONGEST;
        inside = match inside {
            Some(below) if Hider::is_below(below, line) => {
                if near {
                    hider.below(below, line, start);
                }
                inside
            }
            // A line far away matters if the value of a name goes on below it.
            _ if near || line.trim_end().ends_with([':', '|', '>', '-', '+']) => hider.line(line, start),
            _ => None,
        };
        if near {
            hider.all.extend(command.hidden(line).iter().map(|word| at(start, word)));
        }
        start = start.saturating_add(line.len()).saturating_add(1);
    }
    hider.merged()
}

fn at(start: usize, range: &Range<usize>) -> Range<usize> {
    start.saturating_add(range.start)..start.saturating_add(range.end)
}

/// A value that goes on over lines.
#[derive(Clone, Copy)]
struct Below {
    /// Of the name.
    column: usize,
    /// Whether it is text, or may be a map.
    text: bool,
}

struct Hider<'a> {
    text: &'a str,
    said: bool,
    all: Vec<Range<usize>>,
}

fn column(line: &str) -> usize {
    line.len().saturating_sub(line.trim_start().len())
}

impl Hider<'_> {
    fn is_below(below: Below, line: &str) -> bool {
        let item = !below.text && column(line) == below.column && line.trim_start().starts_with("- ");
        line.trim().is_empty() || column(line) > below.column || item
    }

    /// A line under a secret name.
    fn below(&mut self, below: Below, line: &str, start: usize) {
        let from = column(line);
        let Some((key, value)) = line.split_once(": ").filter(|_| !below.text) else {
            let key = line.trim().trim_start_matches("- ").strip_suffix(':');
            if !key.is_some_and(|key| OPEN.contains(&key)) {
                self.hide(start, from..line.trim_end().len());
            }
            return;
        };
        let key = key.trim().trim_start_matches("- ");
        if !OPEN.contains(&key) {
            self.hide(start, line.len().saturating_sub(value.len())..line.trim_end().len());
        }
    }

    fn hide(&mut self, start: usize, range: Range<usize>) {
        if range.start < range.end {
            self.all.push(at(start, &range));
        }
    }

    /// A line; what is below it if its last value goes on.
    fn line(&mut self, line: &str, start: usize) -> Option<Below> {
        let bytes = line.as_bytes();
        let (mut at, mut flow) = (self.first_word(line, start), false);
        while let Some(byte) = bytes.get(at) {
            let next = at.saturating_add(1);
            let end = match byte {
                b'{' | b'[' | b'(' | b'"' | b'\'' | b'`' => {
                    flow = true;
                    None
                }
                b':' | b'=' if self.is_secret(line, at, start) => match self.value(line, at, start, flow) {
                    Ok(end) => Some(end),
                    Err(text) => return Some(Below { column: column(line), text }),
                },
                b'@' => self.user(line, at, start),
                b'>' => self.element(line, at, start),
                _ => None,
            };
            at = end.unwrap_or(next).max(next);
        }
        None
    }

    /// `PASSWORD hunter2`, where a sign is forgotten; where to go on.
    fn first_word(&mut self, line: &str, start: usize) -> usize {
        let words = line.trim_start().trim_start_matches("- ").trim_start_matches("export ");
        let words = words.trim_start_matches(['"', '\'']);
        let Some((name, value)) = words.split_once([' ', '\t']).filter(|_| !self.said) else { return 0 };
        let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.'));
        let variable = !name.contains(|c: char| c.is_ascii_lowercase());
        let known = ["masterauth", "passwd", "password", "requirepass"].contains(&name);
        if plain && (variable || known) && !value.trim_start().starts_with(['=', ':']) && is_secret_name(name)
        {
            self.hide(start, line.len().saturating_sub(value.len())..line.trim_end().len());
            return line.len();
        }
        0
    }

    /// Whether the value behind a sign is.
    fn is_secret(&mut self, line: &str, at: usize, start: usize) -> bool {
        let all = tail(self.text.get(..start.saturating_add(at)).unwrap_or_default());
        let name = name_before(all);
        if name.is_empty() || (self.said && is_own_word(name)) {
            return false;
        }
        let behind = line.get(at.saturating_add(1)..).unwrap_or_default();
        let word = head(behind).trim_start_matches(['"', '\'', ' ', '=', '>']);
        let word = || {
            word.split(|c: char| c.is_whitespace() || matches!(c, ',' | '"' | '\'' | '}'))
                .next()
                .unwrap_or_default()
        };
        match name {
            "value" | "Value" => return other_name(all).is_some_and(is_secret_name),
            "name" if is_secret_name(word().split(|c| !is_name(c)).next().unwrap_or_default()) => {
                self.value_before(all, start.saturating_add(at));
            }
            "id" | "uuid" => return is_uuid(word()),
            "users" => return self.is_login(behind, start.saturating_add(line.len())),
            _ => {}
        }
        !is_path(all, name, behind) && hides(name, word())
    }

    /// Whether the first of a list is a name with its password or its hash, `me:hunter2`: here, or on the line that ends.
    fn is_login(&self, behind: &str, end: usize) -> bool {
        let below = || head(self.text.get(end.saturating_add(1)..).unwrap_or_default()).split('\n').next();
        let first = match behind.trim() {
            "" => below().and_then(|line| line.trim_start().strip_prefix("- ")),
            list => list.strip_prefix('['),
        };
        let first = first.and_then(|first| first.split([',', ']']).next()).unwrap_or_default();
        let sign = first.split_once(':').map(|(_, password)| password);
        !first.contains('{')
            && sign.is_some_and(|password| !password.is_empty() && !password.starts_with(' '))
    }

    /// `value: hunter2` before `name: PASSWORD`.
    fn value_before(&mut self, all: &str, at: usize) {
        let Some((before, value)) = all.rsplit_once("value:") else { return };
        if value.contains('{') || value.contains("\n-") || before.is_empty() {
            return;
        }
        let value = value.trim_end_matches(|c: char| !matches!(c, ',' | '\n'));
        let value = value.trim_end_matches([',', '\n']);
        let start = at.saturating_sub(all.len()).saturating_add(before.len()).saturating_add("value:".len());
        let blank = value.len().saturating_sub(value.trim_start().len());
        self.hide(start, blank..value.len());
    }

    /// Hides what is behind a sign; where it ends.
    ///
    /// # Errors
    /// It is on the lines below: whether it is text.
    fn value(&mut self, line: &str, sign: usize, start: usize, flow: bool) -> Result<usize, bool> {
        let rest = line.get(sign.saturating_add(1)..).unwrap_or_default();
        let value = rest.trim_start_matches([' ', '\t', '=', '>', ':']);
        let block = rest.trim().trim_start_matches(['|', '>', '-', '+']);
        if !self.said && !flow && (rest.trim().is_empty() || block.is_empty() || rest.trim().starts_with('|'))
        {
            return Err(!rest.trim().is_empty());
        }
        let from = line.len().saturating_sub(value.len());
        let first = value.chars().next();
        let length = match first {
            Some(quote @ ('"' | '\'')) => {
                let inside = value.get(1..).unwrap_or_default();
                let length = closing(inside, quote);
                self.hide(start, from.saturating_add(1)..from.saturating_add(1).saturating_add(length));
                length.saturating_add(2)
            }
            Some('{' | '[') => {
                let length = balanced(value);
                self.inside(value.get(..length).unwrap_or(value), start.saturating_add(from));
                length
            }
            _ => {
                let length = self.bare(value, flow);
                if !(self.said && is_own_word(value.get(..length).unwrap_or_default())) {
                    self.hide(start, from..from.saturating_add(length));
                }
                length
            }
        };
        Ok(from.saturating_add(length))
    }

    /// How long a word without quotes is.
    fn bare(&self, value: &str, flow: bool) -> usize {
        let flows = |c: char| flow && matches!(c, ',' | '}' | ']' | '"' | '\'' | '`' | ')');
        let said = |c: char| self.said && (c.is_whitespace() || matches!(c, '`' | ';' | ','));
        let end = value.find(|c| flows(c) || said(c) || c == '&').unwrap_or(value.len());
        let value = value.get(..end).unwrap_or(value);
        value.split(" #").next().unwrap_or(value).trim_end().len()
    }

    /// The values of a map or a list in brackets, but for those that say where the secret is.
    fn inside(&mut self, value: &str, start: usize) {
        let mut from = 0_usize;
        for (at, c) in value.char_indices().chain([(value.len(), ',')]) {
            if !matches!(c, '{' | '[' | ',' | '}' | ']') {
                continue;
            }
            let item = value.get(from..at).unwrap_or_default();
            let (key, word) = item.split_once(':').map_or(("", item), |(key, word)| (key, word));
            let key = key.trim().trim_matches(['"', '\'']);
            let blank = item.len().saturating_sub(word.trim_start().len());
            let own = self.said && is_own_word(word.trim());
            if !own && !OPEN.contains(&key) {
                let from = from.saturating_add(blank);
                self.hide(start, from..from.saturating_add(word.trim().len()));
            }
            from = at.saturating_add(1);
        }
    }

    /// `user:password@host`, `https://TOKEN@host`; `at` is the sign before the host.
    fn user(&mut self, line: &str, at: usize, start: usize) -> Option<usize> {
        let ends =
            |c: char| c.is_whitespace() || matches!(c, '/' | '"' | '\'' | '`' | '(' | '[' | '{' | ',' | '=');
        let all = line.get(..at)?;
        let before = tail(all);
        let run = before.get(before.rfind(ends).map_or(0, |end| end.saturating_add(1))..)?;
        let rest = line.get(at..)?;
        // An image by its digest.
        let digest = rest.starts_with("@sha256:") || rest.starts_with("@sha512:");
        let length = match run.split_once(':') {
            Some((_, password)) if !digest => password.len(),
            None if all.strip_suffix(run)?.ends_with("://") && is_random(run) => run.len(),
            _ => return None,
        };
        self.hide(start, at.saturating_sub(length)..at);
        None
    }

    /// `<password>hunter2</password>`
    fn element(&mut self, line: &str, at: usize, start: usize) -> Option<usize> {
        let before = tail(line.get(..at)?);
        let (_, name) = before.rsplit_once('<')?;
        if name.contains(char::is_whitespace) || name.starts_with('/') || !is_secret_name(name) {
            return None;
        }
        let value = line.get(at.checked_add(1)?..)?;
        let end = at.saturating_add(1).saturating_add(value.find('<').unwrap_or(value.len()));
        self.hide(start, at.saturating_add(1)..end);
        Some(end)
    }

    /// In their order, none over another.
    fn merged(mut self) -> Vec<Range<usize>> {
        self.all.sort_by_key(|range| (range.start, range.end));
        let mut merged: Vec<Range<usize>> = Vec::with_capacity(self.all.len());
        for range in self.all {
            match merged.last_mut().filter(|last| range.start <= last.end) {
                Some(last) => last.end = last.end.max(range.end),
                None => merged.push(range),
            }
        }
        merged
    }
}

/// What stackc writes where the user puts something: `NAME`, `…`.
fn is_own_word(word: &str) -> bool {
    let first = word.find(|c: char| !c.is_ascii_uppercase()).and_then(|end| word.get(..end)).unwrap_or(word);
    ["KEY", "NAME", "PASSWORD", "PATH", "SECRET", "TEXT", "TOKEN", "VALUE"].contains(&first)
        || word.starts_with('…')
}

/// Bytes up to the quote that closes.
fn closing(inside: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in inside.char_indices() {
        if c == quote && !escaped {
            return at;
        }
        escaped = c == '\\' && !escaped && quote == '"';
    }
    inside.len()
}

/// Bytes up to the bracket that closes the first one, and with it.
fn balanced(value: &str) -> usize {
    let mut depth = 0_usize;
    for (at, c) in value.char_indices() {
        match c {
            '{' | '[' => depth = depth.saturating_add(1),
            '}' | ']' if depth == 1 => return at.saturating_add(1),
            '}' | ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    value.len()
}

fn is_uuid(text: &str) -> bool {
    let mut parts = text.split('-').map(str::len);
    [8, 4, 4, 4, 12].iter().all(|length| parts.next() == Some(*length))
        && parts.next().is_none()
        && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}
