//! Rules in Traefik's own words, read as Traefik reads them: matchers, `&&`, `||`, `!` and parentheses. A rule that it
//! cannot read becomes a line in its log and a route that is not there.

use crate::finding::{list, nearest};

/// A matcher, and how many values it takes.
type Matcher = (&'static str, usize, usize);

const MANY: usize = usize::MAX;

/// Of Traefik 2 (`pkg/rules`, v2.11).
const TWO: &[Matcher] = &[
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
const THREE: &[Matcher] = &[
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

/// More parentheses than any rule has; each costs a little stack here and there.
const DEEPEST: usize = 50;

/// Whether this major of Traefik reads the rule.
///
/// # Errors
/// The reason, in a user's words.
pub(super) fn read(rule: &str, traefik: u16) -> Result<(), String> {
    let mut reader = Reader { rest: rule, traefik, depth: 0 };
    reader.either()?;
    match reader.rest.trim_start() {
        "" => Ok(()),
        rest => Err(format!("`&&` or `||` is wanted before `{}`", start(rest))),
    }
}

struct Reader<'a> {
    rest: &'a str,
    traefik: u16,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn either(&mut self) -> Result<(), String> {
        self.both()?;
        while self.takes("||") {
            self.both()?;
        }
        Ok(())
    }

    fn both(&mut self) -> Result<(), String> {
        self.one()?;
        while self.takes("&&") {
            self.one()?;
        }
        Ok(())
    }

    fn one(&mut self) -> Result<(), String> {
        while self.takes("!") {}
        if !self.takes("(") {
            return self.matcher();
        }
        self.depth = self.depth.saturating_add(1);
        if self.depth > DEEPEST {
            return Err("it has too many parentheses".to_owned());
        }
        self.either()?;
        self.depth = self.depth.saturating_sub(1);
        self.wants(")")
    }

    fn matcher(&mut self) -> Result<(), String> {
        let text = self.rest.trim_start();
        let end = text.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if name.is_empty() {
            return Err(match text {
                "" => "it ends where a matcher is wanted, such as Host(`example.org`)".to_owned(),
                _ => format!("a matcher is wanted, such as Host(`example.org`), not `{}`", start(text)),
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
        if values.len() < least {
            return Err(format!("`{name}` wants {least} values"));
        }
        if values.len() > most {
            return Err(format!("`{name}` takes {most} here: join several by `||`"));
        }
        // `{name:pattern}`; `{2}` is a count of a regular expression, which both majors read.
        let named = |value: &&&str| {
            value.split('{').skip(1).any(|part| part.starts_with(|c: char| c.is_ascii_alphabetic()))
        };
        match values.iter().find(named) {
            Some(value) if self.traefik > 2 => Err(format!(
                "`{value}` is the syntax of Traefik 2; this release has Traefik {}",
                self.traefik
            )),
            _ => Ok(()),
        }
    }

    fn known(&self, name: &str) -> Result<&'static Matcher, String> {
        let (own, other, elsewhere) = if self.traefik < 3 { (TWO, THREE, 3) } else { (THREE, TWO, 2) };
        let find = |matchers: &'static [Matcher]| {
            matchers.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))
        };
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

    /// A text in backticks or double quotes.
    fn value(&mut self, matcher: &str) -> Result<&'a str, String> {
        let text = self.rest.trim_start();
        for quote in ['`', '"'] {
            if let Some((value, rest)) = text.strip_prefix(quote).and_then(|text| text.split_once(quote)) {
                self.rest = rest;
                return Ok(value);
            }
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

/// The first word, to name a place.
fn start(rest: &str) -> String {
    rest.split_whitespace().next().unwrap_or_default().chars().take(20).collect()
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn rules_of_both_majors() {
        for rule in [
            "Host(`a.example`)",
            "host(\"a.example\") && (PathPrefix(`/x`) || !Path(`/y`))",
            "!Method(`GET`)||ClientIP(`10.0.0.0/8`)",
        ] {
            assert_eq!((read(rule, 2), read(rule, 3)), (Ok(()), Ok(())), "{rule}");
        }
        assert_eq!(read("Host(`a`, `b`) && HostRegexp(`{x:.+}.example`) && Headers(`a`, `b`)", 2), Ok(()));
        assert_eq!(read("HostRegexp(`^[a-z]{2}$`) && Header(`a`, `b`) && Query(`q`)", 3), Ok(()));
    }

    #[test]
    fn what_traefik_cannot_read() {
        for (rule, reason) in [
            ("", "it ends where a matcher is wanted, such as Host(`example.org`)"),
            ("Host(`a`) &&", "it ends where a matcher is wanted, such as Host(`example.org`)"),
            ("Host(`a`) and Path(`/`)", "`&&` or `||` is wanted before `and`"),
            ("Hots(`a`)", "there is no matcher `Hots`: did you mean `Host`?"),
            ("Host('a')", "`Host` wants a value in backticks: Host(`…`)"),
            ("Host(`a`", "it ends where `)` is wanted"),
            ("Host(`a`, `b`)", "`Host` takes 1 here: join several by `||`"),
            ("Header(`a`)", "`Header` wants 2 values"),
            ("HostRegexp(`{x:.+}`)", "`{x:.+}` is the syntax of Traefik 2; this release has Traefik 3"),
            (
                "Headers(`a`, `b`)",
                "`Headers` is the syntax of Traefik 2; this release has Traefik 3: did you mean `Header`?",
            ),
        ] {
            assert_eq!(read(rule, 3), Err(reason.to_owned()), "{rule}");
        }
        assert!(read("PathRegexp(`x`)", 2).is_err());
        assert!(read(&"(".repeat(100_000), 3).is_err());
    }
}
