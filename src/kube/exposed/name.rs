//! Names whose values are secret. One table for what is told and for what is hidden.

/// How a name says that its value is secret.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// May be digits alone, or words.
    Password,
    /// Made by a machine, or no word at least.
    Token,
    /// A header with a scheme before the secret.
    Header,
    /// Names other things as often: only a value that nobody would write as a word.
    Vague,
}

/// What stands before the end of a name.
enum Before {
    /// Anything: `PGPASSWORD`.
    Any,
    /// Nothing, or the end of a word: `DB_PASS`, not `COMPASS`.
    Word,
    /// One of these words: a `key` behind them is no public one, and no key of a map; a `secret` behind them is a value,
    /// elsewhere (`caSecret`) it is the name of a Secret.
    Behind(&'static [&'static str]),
}

/// Of `key`.
const KEYS: &[&str] = &[
    "access",
    "account",
    "api",
    "auth",
    "encryption",
    "master",
    "preshared",
    "private",
    "secret",
    "shared",
    "signing",
    "ssh",
];
/// Of `key`, and of as many names that are no secrets.
const VAGUE_KEYS: &[&str] = &["app", "cookie", "jwt", "license", "session", "wg"];
/// Of `secret`.
const SECRETS: &[&str] = &[
    "admin", "api", "app", "auth", "client", "cookie", "cron", "django", "hmac", "jwt", "oauth", "session",
    "shared", "signing", "stripe", "token", "webhook",
];

/// How names of secrets end, the first that fits counts. The last two letters are in [`may_end`] as well.
const ENDS: [(&str, Before, Kind); 26] = [
    ("password", Before::Any, Kind::Password),
    ("passwd", Before::Any, Kind::Password),
    ("passphrase", Before::Any, Kind::Password),
    ("pass_phrase", Before::Word, Kind::Password),
    ("pass-phrase", Before::Word, Kind::Password),
    ("requirepass", Before::Any, Kind::Password),
    ("masterauth", Before::Any, Kind::Password),
    ("pass", Before::Word, Kind::Password),
    ("pwd", Before::Word, Kind::Password),
    ("psk", Before::Word, Kind::Password),
    ("pw", Before::Word, Kind::Password),
    ("authorization", Before::Any, Kind::Header),
    ("token", Before::Any, Kind::Token),
    ("key", Before::Behind(KEYS), Kind::Token),
    ("secret", Before::Behind(SECRETS), Kind::Token),
    ("key_base", Before::Behind(&["secret"]), Kind::Token),
    ("key", Before::Behind(VAGUE_KEYS), Kind::Vague),
    ("secret", Before::Word, Kind::Vague),
    ("credential", Before::Word, Kind::Vague),
    ("credentials", Before::Word, Kind::Vague),
    ("auth", Before::Word, Kind::Vague),
    ("bearer", Before::Word, Kind::Vague),
    ("claim", Before::Behind(&["plex"]), Kind::Vague),
    ("pat", Before::Word, Kind::Vague),
    ("token_id", Before::Any, Kind::Vague),
    ("cookie", Before::Word, Kind::Vague),
];

/// Words behind the end that leave it what it is.
const SUFFIXES: [&str; 4] = ["_old", "_new", "_prev", "_previous"];

/// Whether a name of a secret ends in these two letters: most names end otherwise.
pub(super) fn may_end(one: u8, two: u8) -> bool {
    let ends = [
        b"rd", b"wd", b"se", b"ss", b"th", b"sk", b"pw", b"on", b"en", b"ey", b"et", b"al", b"ls", b"er",
        b"im", b"at", b"id", b"ie", b"ld", b"ew", b"ev", b"us",
    ];
    two.is_ascii_digit()
        || two == b'_'
        || ends.contains(&&[one.to_ascii_lowercase(), two.to_ascii_lowercase()])
}

/// By the end of the name, digits and dashes apart: `DB_PASSWORD`, `adminPassword2`, `api-key`.
pub(super) fn kind(name: &str) -> Option<Kind> {
    let trimmed =
        |name: &'_ str| name.trim_end_matches(|c: char| c.is_ascii_digit() || matches!(c, '_' | '-')).len();
    let name = name.get(..trimmed(name))?;
    let [.., one, two] = name.as_bytes() else { return None };
    if !may_end(*one, *two) {
        return None;
    }
    let name = SUFFIXES.iter().find_map(|suffix| before(name, suffix)).unwrap_or(name);
    let (_, _, kind) = ENDS
        .iter()
        .find(|(end, place, _)| before(name, end).is_some_and(|before| place.fits(before, name)))?;
    let public = matches!(kind, Kind::Token | Kind::Vague) && name.to_ascii_lowercase().contains("public");
    // The shell's.
    (!public && name != "PWD" && name != "OLDPWD").then_some(*kind)
}

/// What stands before the end of a name, however that is written.
fn before<'a>(name: &'a str, end: &str) -> Option<&'a str> {
    let at = name.len().checked_sub(end.len())?;
    let (before, tail) = name.split_at_checked(at)?;
    tail.eq_ignore_ascii_case(end).then_some(before)
}

impl Before {
    fn fits(&self, before: &str, name: &str) -> bool {
        match self {
            Before::Any => true,
            Before::Word => {
                let first = name.as_bytes().get(before.len());
                !before.ends_with(|c: char| c.is_ascii_alphanumeric())
                    || (first.is_some_and(u8::is_ascii_uppercase)
                        && before.ends_with(|c: char| c.is_ascii_lowercase()))
            }
            Before::Behind(words) => {
                let before = before.trim_end_matches(['_', '-', '.']).to_ascii_lowercase();
                words.iter().any(|word| before.ends_with(word))
            }
        }
    }
}

/// Words anywhere in a name whose value is hidden.
const WORDS: [&str; 15] = [
    "apikey",
    "authorization",
    "credential",
    "credentials",
    "pass",
    "passphrase",
    "passwd",
    "password",
    "pin",
    "privatekey",
    "psk",
    "pw",
    "salt",
    "token",
    "tokens",
];
/// A name that ends in one of these says where something is, or how much.
const ELSEWHERE: [&str; 10] =
    ["dir", "expiration", "file", "length", "name", "path", "ref", "seconds", "ttl", "type"];

/// Whether a value of this name may be secret: too often rather than too rarely, for what is only shown.
pub fn is_secret_name(name: &str) -> bool {
    let words = words(name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let Some(last) = words.last() else { return false };
    // Of variables, no name of a Secret is the value.
    let variable = !name.contains(|c: char| c.is_ascii_lowercase());
    // `pin` alone is stackc's own key.
    let is_own = name == "pin";
    let is_word =
        |word: &&str| (WORDS.contains(word) && !is_own) || (variable && ["secret", "dsn"].contains(word));
    let kind = kind(name);
    !ELSEWHERE.contains(last)
        && (words.iter().any(is_word)
            || (variable && (kind.is_some() || *last == "key" && !words.contains(&"public")))
            || kind.is_some_and(|kind| kind != Kind::Vague))
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
