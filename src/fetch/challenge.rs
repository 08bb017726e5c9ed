//! `WWW-Authenticate`: which logins a server takes (RFC 9110, 11.6.1). Several challenges may stand in one header,
//! parted by the same commas as their parameters, and commas may stand in quotes.

/// One way to log in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Challenge {
    /// In lower case: `bearer`, `basic`.
    pub scheme: String,
    /// Names in lower case, in the order written.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    /// A parameter.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads one header.
pub(super) fn parse(header: &str) -> Result<Vec<Challenge>, String> {
    let mut text = Text(header);
    let mut all: Vec<Challenge> = Vec::new();
    loop {
        text.skip(|c| c == ',' || blank(c));
        if text.0.is_empty() {
            return Ok(all);
        }
        let word = text.take(is_token);
        if word.is_empty() {
            return Err(format!("`{}` begins no scheme and no parameter", first(text.0)));
        }
        let blanks = text.take(blank);
        if text.eat('=') {
            let value = text.value()?;
            let Some(challenge) = all.last_mut() else {
                return Err(format!("the parameter `{word}` belongs to no scheme"));
            };
            if challenge.get(&word.to_ascii_lowercase()).is_some() {
                return Err(format!("`{word}` is said twice"));
            }
            challenge.parameters.push((word.to_ascii_lowercase(), value));
        } else {
            all.push(Challenge { scheme: word.to_ascii_lowercase(), parameters: Vec::new() });
            if !blanks.is_empty() {
                text.token68();
            }
        }
    }
}

fn blank(c: char) -> bool {
    c == ' ' || c == '\t'
}

fn is_token(c: char) -> bool {
    c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c)
}

fn first(text: &str) -> String {
    text.chars().take(1).collect()
}

/// What is left to read.
struct Text<'a>(&'a str);

impl<'a> Text<'a> {
    fn take(&mut self, wanted: impl Fn(char) -> bool) -> &'a str {
        let rest = self.0.trim_start_matches(wanted);
        let taken = self.0.strip_suffix(rest).unwrap_or_default();
        self.0 = rest;
        taken
    }

    fn skip(&mut self, unwanted: impl Fn(char) -> bool) {
        self.take(unwanted);
    }

    fn eat(&mut self, c: char) -> bool {
        let rest = self.0.strip_prefix(c);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    /// A token or a quoted string.
    fn value(&mut self) -> Result<String, String> {
        self.skip(blank);
        if !self.eat('"') {
            let token = self.take(is_token);
            return if token.is_empty() {
                Err("a parameter has no value".into())
            } else {
                Ok(token.to_owned())
            };
        }
        let mut value = String::new();
        let mut chars = self.0.chars();
        while let Some(c) = chars.next() {
            match c {
                '"' => {
                    self.0 = chars.as_str();
                    return Ok(value);
                }
                '\\' => value.extend(chars.next()),
                c => value.push(c),
            }
        }
        Err("a quote is not closed".into())
    }

    /// What some schemes have in place of parameters; nobody here needs it.
    fn token68(&mut self) {
        let before = self.0;
        self.skip(|c| c.is_ascii_alphanumeric() || "-._~+/".contains(c));
        self.skip(|c| c == '=');
        self.skip(blank);
        if !(self.0.is_empty() || self.0.starts_with(',')) {
            self.0 = before;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(header: &str) -> String {
        match parse(header) {
            Ok(all) => all
                .iter()
                .map(|challenge| {
                    let parameters: Vec<String> =
                        challenge.parameters.iter().map(|(name, value)| format!("{name}={value}")).collect();
                    format!("{}({})", challenge.scheme, parameters.join("|"))
                })
                .collect::<Vec<_>>()
                .join(" "),
            Err(reason) => format!("error: {reason}"),
        }
    }

    #[test]
    #[rustfmt::skip] // a table
    fn headers() {
        for (header, expected) in [
            (r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull,push""#,
             "bearer(realm=https://auth.docker.io/token|service=registry.docker.io|scope=repository:a/b:pull,push)"),
            (r#"Basic realm="x", Bearer realm="y""#, "basic(realm=x) bearer(realm=y)"),
            (r#"Basic realm="a \"b\", Bearer realm=c", charset=UTF-8"#, r#"basic(realm=a "b", Bearer realm=c|charset=UTF-8)"#),
            ("Negotiate, Basic realm=x", "negotiate() basic(realm=x)"),
            ("Negotiate dGVzdA==, BASIC REALM = \"x\"", "negotiate() basic(realm=x)"),
            (", ,Basic realm=x,,", "basic(realm=x)"),
            ("Basic", "basic()"),
            ("", ""),
            ("Basic realm=\"x", "error: a quote is not closed"),
            ("Basic realm=", "basic()"),
            ("Bearer a=b, realm=", "error: a parameter has no value"),
            ("realm=x", "error: the parameter `realm` belongs to no scheme"),
            ("Bearer realm=a, realm=b", "error: `realm` is said twice"),
            ("\"Basic\"", "error: `\"` begins no scheme and no parameter"),
            ("Basic realm=\"x\\", "error: a quote is not closed"),
        ] {
            assert_eq!(told(header), expected, "{header}");
        }
    }
}
