//! Rules in Traefik's own words, read as Traefik reads them: matchers, `&&`, `||`, `!` and parentheses. A rule that it
//! cannot read becomes a line in its log and a route that is not there.

use std::borrow::Cow;
use std::net::IpAddr;

use ipnet::IpNet;

use crate::finding::{list, nearest};

/// What a rule asks of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rule<'a> {
    /// One matcher.
    One(Matcher<'a>),
    /// All of these.
    All(Vec<Rule<'a>>),
    /// One of these at least.
    Any(Vec<Rule<'a>>),
    /// Not this.
    Not(Box<Rule<'a>>),
}

/// A matcher with its values.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Matcher<'a> {
    /// As Traefik's documentation spells it.
    pub name: &'static str,
    /// At least one.
    pub values: Vec<Cow<'a, str>>,
}

/// What a rule is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Wire {
    /// Requests.
    Http,
    /// Connections.
    Tcp,
}

/// A matcher, and how many values it takes.
type Known = (&'static str, usize, usize);

const MANY: usize = usize::MAX;

/// Of Traefik 2 (`pkg/rules`, v2.11).
const TWO: &[Known] = &[
    ("Host", 1, MANY),
    ("HostHeader", 1, MANY),
    ("HostRegexp", 1, MANY),
    ("Path", 1, MANY),
    ("PathPrefix", 1, MANY),
    ("Method", 1, MANY),
    ("Headers", 2, 2),
    ("HeadersRegexp", 2, 2),
    ("Query", 1, MANY),
    ("ClientIP", 1, MANY),
];

/// Of Traefik 3 (`pkg/muxer/http`, v3.0).
const THREE: &[Known] = &[
    ("Host", 1, 1),
    ("HostRegexp", 1, 1),
    ("Path", 1, 1),
    ("PathRegexp", 1, 1),
    ("PathPrefix", 1, 1),
    ("Method", 1, 1),
    ("Header", 2, 2),
    ("HeaderRegexp", 2, 2),
    ("Query", 1, 2),
    ("QueryRegexp", 1, 2),
    ("ClientIP", 1, 1),
];

/// Of connections (`pkg/muxer/tcp`): those of the last Traefik 2, which the first ones had not all.
const TCP_TWO: &[Known] =
    &[("HostSNI", 1, MANY), ("HostSNIRegexp", 1, MANY), ("ClientIP", 1, MANY), ("ALPN", 1, MANY)];

/// Of connections, in Traefik 3.
const TCP_THREE: &[Known] = &[("HostSNI", 1, 1), ("HostSNIRegexp", 1, 1), ("ClientIP", 1, 1), ("ALPN", 1, 1)];

/// More parentheses than any rule has; each costs a little stack here and there.
const DEEPEST: usize = 50;

/// A rule as this major of Traefik reads it.
///
/// # Errors
/// The reason that it cannot, in a user's words.
pub fn read(rule: &str, wire: Wire, traefik: u16) -> Result<Rule<'_>, String> {
    let mut reader = Reader { rest: rule, wire, traefik, depth: 0 };
    let read = reader.either()?;
    match reader.rest.trim_start() {
        "" => Ok(read),
        rest => Err(format!("`&&` or `||` is wanted before `{}`", start(rest))),
    }
}

impl<'a> Rule<'a> {
    /// Every matcher in it, asked for or ruled out.
    pub fn matchers(&self) -> Vec<&Matcher<'a>> {
        match self {
            Rule::One(matcher) => vec![matcher],
            Rule::All(parts) | Rule::Any(parts) => parts.iter().flat_map(Rule::matchers).collect(),
            Rule::Not(part) => part.matchers(),
        }
    }
}

struct Reader<'a> {
    rest: &'a str,
    wire: Wire,
    traefik: u16,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn either(&mut self) -> Result<Rule<'a>, String> {
        let first = self.both()?;
        let mut parts = vec![first];
        while self.takes("||") {
            parts.push(self.both()?);
        }
        Ok(alone(parts).unwrap_or_else(Rule::Any))
    }

    fn both(&mut self) -> Result<Rule<'a>, String> {
        let first = self.one()?;
        let mut parts = vec![first];
        while self.takes("&&") {
            parts.push(self.one()?);
        }
        Ok(alone(parts).unwrap_or_else(Rule::All))
    }

    fn one(&mut self) -> Result<Rule<'a>, String> {
        let mut not = false;
        while self.takes("!") {
            not = !not;
        }
        let rule = if self.takes("(") { self.group()? } else { Rule::One(self.matcher()?) };
        Ok(if not { Rule::Not(Box::new(rule)) } else { rule })
    }

    fn group(&mut self) -> Result<Rule<'a>, String> {
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEEPEST {
            return Err("it has too many parentheses".to_owned());
        }
        let rule = self.either()?;
        self.depth = self.depth.saturating_sub(1);
        self.wants(")")?;
        Ok(rule)
    }

    fn matcher(&mut self) -> Result<Matcher<'a>, String> {
        let text = self.rest.trim_start();
        let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        let example = self.example();
        if name.is_empty() {
            return Err(match text {
                "" => format!("it ends where a matcher is wanted, such as {example}"),
                _ => format!("a matcher is wanted, such as {example}, not `{}`", start(text)),
            });
        }
        self.rest = rest;
        let &(name, least, most) = self.known(name)?;
        self.wants("(")?;
        let mut values = vec![self.value(name)?];
        while self.takes(",") {
            values.push(self.value(name)?);
        }
        self.wants(")")?;
        self.count(name, values.len(), least, most)?;
        self.no_names(&values)?;
        values.iter().try_for_each(|value| takes(name, value))?;
        Ok(Matcher { name, values })
    }

    fn count(&self, name: &str, values: usize, least: usize, most: usize) -> Result<(), String> {
        if values < least {
            return Err(format!("`{name}` wants {least} values"));
        }
        if values > most {
            return Err(format!("`{name}` takes {most} in Traefik {}: join several by `||`", self.traefik));
        }
        Ok(())
    }

    /// `{name:pattern}`; `{2}` is a count of a regular expression, which both majors read.
    fn no_names(&self, values: &[Cow<'a, str>]) -> Result<(), String> {
        // `${name}` was to be filled in by somebody.
        let is_name = |part: &str, before: &str| {
            part.starts_with(|c: char| c.is_ascii_alphabetic()) && !before.ends_with('$')
        };
        let named = |value: &&Cow<'a, str>| {
            let parts = || value.split('{');
            parts().skip(1).zip(parts()).any(|(part, before)| is_name(part, before))
        };
        match values.iter().find(named) {
            Some(value) if self.traefik > 2 => Err(format!(
                "`{value}` is the syntax of Traefik 2; this release has Traefik {}",
                self.traefik
            )),
            _ => Ok(()),
        }
    }

    fn example(&self) -> &'static str {
        match self.wire {
            Wire::Http => "Host(`example.org`)",
            Wire::Tcp => "HostSNI(`*`)",
        }
    }

    fn known(&self, name: &str) -> Result<&'static Known, String> {
        let (two, three) = match self.wire {
            Wire::Http => (TWO, THREE),
            Wire::Tcp => (TCP_TWO, TCP_THREE),
        };
        let (own, other, elsewhere) = if self.traefik < 3 { (two, three, 3) } else { (three, two, 2) };
        let find =
            |matchers: &'static [Known]| matchers.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name));
        find(own).ok_or_else(|| {
            let names = || own.iter().map(|(known, ..)| *known);
            let near = nearest(name, names()).map(|near| format!(": did you mean `{near}`?"));
            match find(other) {
                Some(_) => format!(
                    "`{name}` is the syntax of Traefik {elsewhere}; this release has Traefik {}{}",
                    self.traefik,
                    near.unwrap_or_default()
                ),
                None => near.map_or_else(
                    || format!("there is no matcher `{name}`: known are {}", list(names())),
                    |near| format!("there is no matcher `{name}`{near}"),
                ),
            }
        })
    }

    /// A text in backticks or double quotes, as Go has them.
    fn value(&mut self, matcher: &str) -> Result<Cow<'a, str>, String> {
        let text = self.rest.trim_start();
        if let Some((value, rest)) = text.strip_prefix('`').and_then(|text| text.split_once('`')) {
            self.rest = rest;
            return Ok(Cow::Borrowed(value));
        }
        if let Some((value, rest)) = text.strip_prefix('"').and_then(quoted) {
            self.rest = rest;
            return Ok(value);
        }
        Err(format!("`{matcher}` wants a value in backticks: {matcher}(`…`)"))
    }

    fn takes(&mut self, sign: &str) -> bool {
        let rest = self.rest.trim_start().strip_prefix(sign);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }

    fn wants(&mut self, sign: &str) -> Result<(), String> {
        if self.takes(sign) {
            return Ok(());
        }
        Err(match self.rest.trim_start() {
            "" => format!("it ends where `{sign}` is wanted"),
            rest => format!("`{sign}` is wanted before `{}`", start(rest)),
        })
    }
}

/// What Traefik refuses in the values themselves.
fn takes(name: &str, value: &str) -> Result<(), String> {
    match name {
        "Path" | "PathPrefix" if !value.starts_with('/') => {
            Err(format!("the path `{value}` does not start with `/`"))
        }
        "Host" | "HostHeader" | "HostRegexp" if !value.is_ascii() => {
            Err(format!("`{value}` is not ASCII: write it as browsers send it, with `xn--`"))
        }
        "ClientIP" if value.parse::<IpNet>().is_err() && value.parse::<IpAddr>().is_err() => {
            Err(format!("`{value}` is neither an address nor a range"))
        }
        _ => Ok(()),
    }
}

/// The only one, or all of them.
fn alone(mut parts: Vec<Rule<'_>>) -> Result<Rule<'_>, Vec<Rule<'_>>> {
    match parts.pop() {
        Some(only) if parts.is_empty() => Ok(only),
        last => {
            parts.extend(last);
            Err(parts)
        }
    }
}

/// What stands before the closing quote and what comes behind it; a backslash takes the next character as it is, which
/// is right for all that hosts and paths hold.
fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let (plain, rest) = text.split_once('"')?;
    if !plain.contains('\\') {
        return Some((Cow::Borrowed(plain), rest));
    }
    let mut value = String::new();
    let mut characters = text.chars();
    loop {
        match characters.next()? {
            '"' => return Some((Cow::Owned(value), characters.as_str())),
            '\\' => value.push(characters.next()?),
            other => value.push(other),
        }
    }
}

/// The first word, to name a place.
fn start(rest: &str) -> String {
    rest.split_whitespace().next().unwrap_or_default().chars().take(20).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reason(rule: &str, traefik: u16) -> Option<String> {
        read(rule, Wire::Http, traefik).err()
    }

    #[test]
    fn rules_of_both_majors() {
        for rule in [
            "Host(`a.example`)",
            "host(\"a.example\") && (PathPrefix(`/x`) || !Path(`/y`))",
            "!Method(`GET`)||ClientIP(`10.0.0.0/8`)",
            "Path(\"/a\\\"b\")",
        ] {
            assert_eq!((reason(rule, 2), reason(rule, 3)), (None, None), "{rule}");
        }
        assert_eq!(reason("Host(`a`, `b`) && HostRegexp(`{x:.+}.example`) && Headers(`a`, `b`)", 2), None);
        assert_eq!(reason("HostRegexp(`^[a-z]{2}$`) && Header(`a`, `b`) && Query(`q`)", 3), None);
        assert_eq!(read("HostSNI(`*`) && !ALPN(`h2`)", Wire::Tcp, 3).err(), None);
    }

    #[test]
    fn and_binds_tighter_than_or() {
        let one = |name, value: &'static str| Rule::One(Matcher { name, values: vec![value.into()] });
        assert_eq!(
            read("Host(`a`) || !Path(`/b`) && !!Path(\"/\\\"c\")", Wire::Http, 3),
            Ok(Rule::Any(vec![
                one("Host", "a"),
                Rule::All(vec![Rule::Not(Box::new(one("Path", "/b"))), one("Path", "/\"c")]),
            ]))
        );
        let both = read("(Host(`a`) || Host(`b`)) && Path(`/`)", Wire::Http, 3).unwrap();
        assert_eq!(both.matchers().len(), 3);
    }

    #[test]
    fn what_traefik_cannot_read() {
        for (rule, told) in [
            ("", "it ends where a matcher is wanted, such as Host(`example.org`)"),
            ("Host(`a`) &&", "it ends where a matcher is wanted, such as Host(`example.org`)"),
            ("Host(`a`) and Path(`/`)", "`&&` or `||` is wanted before `and`"),
            ("Hots(`a`)", "there is no matcher `Hots`: did you mean `Host`?"),
            ("Host('a')", "`Host` wants a value in backticks: Host(`…`)"),
            ("Host(`a`", "it ends where `)` is wanted"),
            ("Host(`a`, `b`)", "`Host` takes 1 in Traefik 3: join several by `||`"),
            ("Header(`a`)", "`Header` wants 2 values"),
            ("Path(`a`)", "the path `a` does not start with `/`"),
            (
                "Host(`bücher.example`)",
                "`bücher.example` is not ASCII: write it as browsers send it, with `xn--`",
            ),
            ("ClientIP(`10.0.0.0/33`)", "`10.0.0.0/33` is neither an address nor a range"),
            ("HostRegexp(`{x:.+}`)", "`{x:.+}` is the syntax of Traefik 2; this release has Traefik 3"),
            (
                "Headers(`a`, `b`)",
                "`Headers` is the syntax of Traefik 2; this release has Traefik 3: did you mean `Header`?",
            ),
        ] {
            assert_eq!(reason(rule, 3).as_deref(), Some(told), "{rule}");
        }
        assert!(reason("PathRegexp(`x`)", 2).is_some());
        assert!(reason(&"(".repeat(100_000), 3).is_some());
        assert!(read("Host(`a`)", Wire::Tcp, 3).is_err());
    }
}
