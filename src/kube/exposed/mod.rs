//! What has the look of a secret: names whose values are secret, and tokens that show by their form what they are.
//!
//! Two questions are asked. [`exposes`], [`exposed`] and [`all_exposed`] rest findings, and take a name together with a
//! value that somebody means; [`is_secret_name`] and [`hidden`] hide too much rather than too little, for what is only
//! shown. Both ask the same table of names (`name.rs`) and the same rows of forms (`form.rs`).
//!
//! What must hold: what rests a finding is hidden as well; the time is linear in the text, whatever is in it.

mod command;
mod form;
mod hide;
mod name;
mod pair;
mod value;

pub use command::Command;
pub use hide::{hidden, hidden_near, hidden_words, hides, is_secret_file};
pub use name::is_secret_name;

use std::ops::Range;

use name::kind;
use value::{Stands, is_real};

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
    /// Its form, of which some are worth little.
    Likely(&'static str),
    /// The same, in an address.
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
            What::Form(what) | What::Likely(what) => f.write_str(what),
            What::Url => f.write_str("a URL with a password"),
            What::Name(name) => write!(f, "the value of `{name}`"),
        }
    }
}

/// Whether a value of a name is a secret that somebody means: all of a variable, of an argument.
pub fn exposes<'a>(name: &'a str, value: &str) -> Option<What<'a>> {
    of_name(name, value, Stands::Alone)
}

/// The same in a configuration, where people's words stand as well.
pub fn exposes_in_config<'a>(name: &'a str, value: &str) -> Option<What<'a>> {
    of_name(name, value, Stands::Quoted)
}

fn of_name<'a>(name: &'a str, value: &str, stands: Stands) -> Option<What<'a>> {
    is_real(name, value, kind(name)?, stands).then_some(What::Name(name))
}

/// Whether a value that is secret by its place is one that somebody means.
pub fn is_meant(value: &str) -> bool {
    value.trim().contains('\n') || is_real("", value, name::Kind::Password, Stands::Alone)
}

/// The first secret in a text: a configuration, an argument, a script.
pub fn exposed(text: &str) -> Option<Exposed<'_>> {
    all_exposed(text).next()
}

/// Every secret in a text.
pub fn all_exposed(text: &str) -> impl Iterator<Item = Exposed<'_>> {
    Scan { text, bytes: text.bytes().enumerate(), before: b'\n', no_token: 0 }
}

struct Scan<'a> {
    text: &'a str,
    bytes: std::iter::Enumerate<std::str::Bytes<'a>>,
    before: u8,
    /// Up to here no signed token begins.
    no_token: usize,
}

impl<'a> Iterator for Scan<'a> {
    type Item = Exposed<'a>;

    fn next(&mut self) -> Option<Exposed<'a>> {
        while let Some((at, byte)) = self.bytes.next() {
            let before = std::mem::replace(&mut self.before, byte);
            if let Some(found) = self.at(at, byte, before) {
                // On behind it.
                let rest = found.place.end.saturating_sub(at).checked_sub(2);
                if let Some((_, byte)) = rest.and_then(|rest| self.bytes.nth(rest)) {
                    self.before = byte;
                }
                return Some(found);
            }
        }
        None
    }
}

impl<'a> Scan<'a> {
    fn at(&mut self, at: usize, byte: u8, before: u8) -> Option<Exposed<'a>> {
        let text = self.text;
        match byte {
            b':' if before.is_ascii_digit() => form::telegram(text, at).or_else(|| pair::pair(text, at)),
            b':' => pair::pair(text, at).or_else(|| form::address(text, at)),
            b'=' => pair::pair(text, at),
            b' ' => pair::words(text, at),
            b'-' => form::private_key(text, at),
            b'>' => pair::element(text, at),
            b'(' => pair::definition(text, at),
            b'$' => form::hash(text, at),
            b'B' if !is_word(before) => form::header(text, at),
            b'A' | b'S' | b'c' | b'd' | b'e' | b'g' | b'h' | b'n' | b'p' | b'r' | b's' | b't' | b'w'
            | b'x'
                if !is_word(before) && form::begins(text, at) =>
            {
                form::token(text, at).or_else(|| self.web_token(at))
            }
            _ => None,
        }
    }

    fn web_token(&mut self, at: usize) -> Option<Exposed<'a>> {
        if at < self.no_token || !self.text.get(at..)?.starts_with("eyJ") {
            return None;
        }
        form::web_token(self.text, at).map_err(|end| self.no_token = end).ok()
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
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

#[cfg(test)]
mod tests {
    use super::form::{FORMS, begins};
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
            ("SECRET", true),
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
            assert!(begins(start, 0), "{start}");
        }
        assert!(begins("eyJ", 0));
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
    fn more_forms_and_pairs() {
        for (text, expected) in [
            ("'password' => 'hunter2',", "the value of `password` at hunter2"),
            ("define( 'DB_PASSWORD', 'hunter2' );", "the value of `DB_PASSWORD` at hunter2"),
            ("password := \"hunter2\"", "the value of `password` at hunter2"),
            ("requirepass hunter2", "the value of `requirepass` at hunter2"),
            ("machine h login u password hunter2", "the value of `password` at hunter2"),
            ("redis-server --requirepass hunter2", "the value of `requirepass` at hunter2"),
            ("set $token \"hunter2\";", "the value of `token` at hunter2"),
            ("<ApiKey>hunter2</ApiKey>", "the value of `ApiKey` at hunter2"),
            ("<add key=\"Password\" value=\"hunter2\"/>", "the value of `Password` at hunter2"),
            ("- name: CF_DNS_API_TOKEN\n  value: hunter2\n", "the value of `CF_DNS_API_TOKEN` at hunter2"),
            ("[{name: CF_DNS_API_TOKEN, value: \"hunter2\"}]", "the value of `CF_DNS_API_TOKEN` at hunter2"),
            ("Authorization: Bearer hunter2", "the value of `Authorization` at Bearer hunter2"),
            ("x \"Basic dXNlcjpodW50ZXIy\";", "an `Authorization` header at dXNlcjpodW50ZXIy"),
            (
                "{\"auths\":{\"r\":{\"auth\":\"dXNlcjpodW50ZXIy\"}}}",
                "the value of `auth` at dXNlcjpodW50ZXIy",
            ),
            ("psk=\"hunter22\"", "the value of `psk` at hunter22"),
            ("Server=x;Pwd=hunter2;", "the value of `Pwd` at hunter2"),
            ("AccountKey=hunter2==;", "the value of `AccountKey` at hunter2=="),
            ("PresharedKey = hunter2=", "the value of `PresharedKey` at hunter2="),
            ("password: hunter*2", "the value of `password` at hunter*2"),
            ("bind_password: \"hunter 2x\"", "the value of `bind_password` at hunter 2x"),
            (
                "https://hooks.slack.com/services/T0/B0/hunter2hunter2hunter2",
                "an address that lets post at T0/B0/hunter2hunter2hunter2",
            ),
            (
                "https://api.telegram.org/bot123456789:AAEhBP0av28-abcdefghijklmnopqrstuv/x",
                "a Telegram bot's token at 123456789:AAEhBP0av28-abcdefghijklmnopqrstuv",
            ),
            ("password: Passwort\nlabel.password=password\ni18n.token=Token:", ""),
            ("password: \"Forgot your password?\"", ""),
            ("# https://user:hunter2@host/", ""),
            ("postgres://user:password@localhost/db", ""),
            ("if password == \"hunter2\": return", ""),
            ("password := get(\"x\")", ""),
            ("secret: my-tls-secret-2", ""),
            ("auth: oauth2proxy", ""),
            ("PWD=hunter2", ""),
            ("the password hunter2 is shown", ""),
            ("access_key = access", ""),
            ("Basic authentication for Bearer tokens", ""),
        ] {
            assert_eq!(what(text), expected, "{text}");
        }
    }

    #[test]
    fn names_of_secrets() {
        let names = "API_SECRET STRIPE_SECRET DB_SECRET ADMIN_SECRET S3_SECRET CRON_SECRET DJANGO_SECRET SECRET \
                     SECRET_KEY_BASE APP_KEY MASTER_KEY MEILI_MASTER_KEY JWT_KEY COOKIE_KEY WG_KEY CREDENTIALS \
                     BASIC_AUTH MYSQL_ROOT_PW LDAP_BIND_PW GITHUB_PAT VAULT_ROOT_TOKEN_ID POSTGRES_PASSWORD_OLD \
                     PASS_PHRASE PLEX_CLAIM BEARER";
        for name in names.split_whitespace() {
            assert!(exposes(name, "Zq7hunterXX9wQ2").is_some() && is_secret_name(name), "{name}");
        }
        for name in ["EXISTING_SECRET", "TLS_SECRET", "BASIC_AUTH", "WG_KEY", "CREDENTIALS"] {
            assert!(exposes(name, "db-secret-2").is_none() && is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn values_of_variables() {
        for value in [
            "Tr0ub4dor*3",
            "a%b^c#d9",
            "MyP@ss[2024]",
            "correct horse battery staple",
            "!bang9x0aa",
            "p4$$w0rd",
            "yourmom99",
            "changeme123",
            "s3cr(et)x",
            "x{y}z9aa",
            "@at9x0aa1",
            "&amp9x0aa",
            "[brk]9x",
            "a`b9x0",
            "aB3$xYz9q",
            "abc",
            "insertcoin1",
        ] {
            assert!(exposes("DB_PASSWORD", value).is_some(), "{value}");
        }
        for value in [
            "never",
            "always",
            "see the wiki",
            "{{ password }}",
            "$PASSWORD",
            "<password>",
            "[redacted]",
            "1",
            "12",
        ] {
            assert!(exposes("DB_PASSWORD", value).is_none(), "{value}");
        }
    }

    #[test]
    fn commands() {
        let of = |line: &[&str]| {
            let mut command = Command::default();
            line.iter().filter(|word| command.word(word).is_some()).count()
        };
        for bad in [
            &["mysql", "-phunter2"][..],
            &["sh", "-c", "mysql -uroot -phunter2"],
            &["redis-cli", "-a", "hunter2", "ping"],
            &["curl", "-u", "me:hunter2", "http://a"],
            &["sh", "-c", "curl --user me:hunter2 http://a"],
            &["--user", "me:hunter2"],
            &["--password", "hunter 2"],
            &["--db-password=Tr0ub4dor*3"],
            &["-H", "Authorization: Bearer hunter2hunter2"],
        ] {
            assert_eq!(of(bad), 1, "{bad:?}");
        }
        for quiet in [
            &["-p8080"][..],
            &["mysql", "-p$PASSWORD"],
            &["sh", "-c", "mysql -p\"$MYSQL_ROOT_PASSWORD\" -e x"],
            &["--user", "1000:1000"],
            &["-u", "www-data:www-data"],
            &["redis-cli", "-a", "$(PASSWORD)"],
            &["sh", "-c", "echo \"$PASSWORD\" | x --password-stdin"],
        ] {
            assert_eq!(of(quiet), 0, "{quiet:?}");
        }
    }

    #[test]
    fn what_is_hidden() {
        let shown = |text: &str| {
            let mut shown = text.to_owned();
            for place in hidden(text) {
                let stars: String = text
                    .get(place.clone())
                    .unwrap_or_default()
                    .chars()
                    .map(|c| if c == '\n' { c } else { '*' })
                    .collect();
                shown.replace_range(place, &stars);
            }
            shown
        };
        for (text, expected) in [
            (
                "env: {A_TOKEN: hunter2, B: x, B_PASSWORD: 'swordfish'}",
                "env: {A_TOKEN: *******, B: x, B_PASSWORD: '*********'}",
            ),
            (
                "- name: PASSWORD\n  value: hunter2\n- name: A\n  value: b\n",
                "- name: PASSWORD\n  value: *******\n- name: A\n  value: b\n",
            ),
            ("[{name: PASSWORD, value: \"hunter2\"}]", "[{name: PASSWORD, value: \"*******\"}]"),
            ("[{value: hunter2, name: PASSWORD}]", "[{value: *******, name: PASSWORD}]"),
            ("env: {PASSWORD: {valu: hunter2}, B: x}", "env: {PASSWORD: {valu: *******}, B: x}"),
            ("env: {PASSWORD: [hunter2], B: x}", "env: {PASSWORD: [*******], B: x}"),
            ("PASSWORD: {secret: a, key: b}", "PASSWORD: {secret: a, key: b}"),
            (
                "PASSWORD:\n  secret: a\n  valu: hunter2\nb: c",
                "PASSWORD:\n  secret: a\n  valu: *******\nb: c",
            ),
            ("  PASSWORD hunter2", "  PASSWORD *******"),
            ("A: \"x\", PASSWORD: \"a{{ b }}\", C: d", "A: \"x\", PASSWORD: \"********\", C: d"),
            ("PASSWORD=a b,c}d # e", "PASSWORD=******* # e"),
            ("{\"PASSWORD=hunter2\": x}", "{\"PASSWORD=*******\": x}"),
            ("args: [--password, 12345, -p, 80]", "args: [--password, *****, -p, 80]"),
            ("- --password\n- 12345\n- a", "- --password\n- *****\n- a"),
            ("exec: [redis-cli, -a, hunter2]", "exec: [redis-cli, -a, *******]"),
            ("nfs: \"u:hunter2@srv:/x\"", "nfs: \"u:*******@srv:/x\""),
            ("image: registry.example/token:1.0@sha256:abc", "image: registry.example/token:1.0@sha256:abc"),
            ("<db><password>hunter2</password></db>", "<db><password>*******</password></db>"),
            (
                "{user: a, id: b831381d-6324-4d53-ad4f-8cda48b30811}",
                "{user: a, id: ************************************}",
            ),
            ("tokenExpirationSeconds: 3600", "tokenExpirationSeconds: 3600"),
            ("key: password, secret: minio", "key: password, secret: minio"),
            ("users: [\"me:hunter2\", x]", "users: [\"me:********, *]"),
            ("users:\n- me:hunter2\nb: c", "users:\n************\nb: c"),
            ("users:\n- name: me\n", "users:\n- name: me\n"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
        let key = "a\n-----BEGIN PRIVATE KEY-----\nMIIE\n-----END PRIVATE KEY-----\nb: 1\n";
        assert!(!shown(key).contains("MIIE") && shown(key).ends_with("b: 1\n"));
    }

    #[test]
    fn files_of_secrets() {
        for (name, secret) in [
            (".pgpass", true),
            ("a/.netrc", true),
            ("users.htpasswd", true),
            (".dockerconfigjson", true),
            ("id_rsa", true),
            ("id_rsa.pub", false),
            ("app.conf", false),
            ("valid_rsa", false),
            ("netrc.j2", true),
        ] {
            assert_eq!(is_secret_file(name), secret, "{name}");
        }
    }

    /// Each of these would take the square of its length in a careless scanner; `tests/bounds.rs` holds the time.
    #[test]
    fn long_lines() {
        for piece in [
            "password=x ",
            "password=x,",
            "a://b:c@ ",
            "value: {",
            "-----BEGIN ",
            "-----BEGIN PRIVATE KEY-----\nA",
            "name:value:",
            "password=\"hunter2 ",
            "password: {",
            "password: [",
            "eyJ.",
            "eyJ-",
            "eyJhbGciOiJ.",
            "$2y$",
            "Basic ",
            "Bearer a",
            "<password>",
            "--password ",
            "-u a:",
            "xoxb-",
            "a:b@",
            "define(",
            "name: TOKEN, value: ",
            "value: x, name: TOKEN, ",
            "PASSWORD ",
            "`password",
            "password:\n",
            "password: |\n",
            "id: ",
            "12345678:AA",
        ] {
            let text = piece.repeat(40_000 / piece.len());
            assert!(all_exposed(&text).count() <= text.len(), "{piece}");
            assert!(hidden(&text).len() <= text.len(), "{piece}");
        }
    }
}
