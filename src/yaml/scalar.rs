//! Plain scalars as Kubernetes resolves them, in both directions.
//!
//! The rules are those of go-yaml v2 (`resolve.go`, YAML 1.1 without base 60), which kubectl and k3s' manifest
//! watcher read with, and of `sigs.k8s.io/yaml`, which turns its values into JSON. One table, [`WORDS`], serves
//! reading and quoting.

use std::borrow::Cow;
use std::fmt;

use crate::yaml::Value;

/// What a scalar resolves to, before it is made JSON. Keys are made of this too, and by other rules than values.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Scalar {
    /// `null`, `~`, or nothing.
    Null,
    /// `true`, `yes`, `on` …
    Bool(bool),
    /// A 64-bit integer.
    Int(i64),
    /// An integer from 2^63 to 2^64-1: a rounded number as a value, an error as a key.
    Large(u64),
    /// Any other number, also infinity and NaN.
    Float(f64),
    /// The text itself.
    Text,
}

/// Why a scalar cannot be what it asks to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Reason {
    /// `!!int x`.
    Tag,
    /// `!!timestamp`: JSON has none, and go-yaml only checks that the text looks like one.
    Timestamp,
    /// `!!binary` with anything but padded base64.
    Base64,
    /// `!!binary` whose bytes are not UTF-8; kubectl would replace them without a word.
    NotText,
    /// `.inf` or `.nan` as a value.
    NotFinite,
    /// Null as a key.
    NullKey,
    /// An integer key that needs more than 63 bits.
    LargeKey,
}

impl Reason {
    /// In words, none of them from a file.
    pub fn words(self) -> &'static str {
        match self {
            Reason::Tag => "the tag asks for another kind of value",
            Reason::Timestamp => "Kubernetes has no timestamps: leave out the tag, a date is read as text",
            Reason::Base64 => "`!!binary` takes padded base64 without blanks",
            Reason::NotText => "`!!binary` holds bytes that are no text (UTF-8)",
            Reason::NotFinite => "Kubernetes knows no infinite numbers: put it in quotes if text is meant",
            Reason::NullKey => "a key cannot be null: put it in quotes if text is meant",
            Reason::LargeKey => "a key cannot be an integer of more than 63 bits: put it in quotes",
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.words())
    }
}

/// Words that mean more than themselves, each spelling that go-yaml v2 knows. The last row means nothing to it but
/// something to other readers, so it matters for quoting only.
const WORDS: [(Scalar, &[&str]); 7] = [
    (Scalar::Null, &["", "~", "null", "Null", "NULL"]),
    (Scalar::Bool(true), &["y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"]),
    (Scalar::Bool(false), &["n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"]),
    (Scalar::Float(f64::INFINITY), &[".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"]),
    (Scalar::Float(f64::NEG_INFINITY), &["-.inf", "-.Inf", "-.INF"]),
    (Scalar::Float(f64::NAN), &[".nan", ".NaN", ".NAN"]),
    (Scalar::Text, &["nil", "none", "nan", "inf", "infinity"]),
];

/// The bytes of the longest of [`WORDS`]: most text is longer and needs no look.
const LONGEST_WORD: usize = 8;

/// What starts an integer of another base than ten; the last row is 1.1's octal.
const PREFIXES: [(&str, u32); 7] =
    [("0x", 16), ("0X", 16), ("0b", 2), ("0B", 2), ("0o", 8), ("0O", 8), ("0", 8)];

/// Above this, a plain scalar of one line is hard to read and nearer to the readers' limits (bytes).
const LONGEST_PLAIN: usize = 512;

/// Resolves a scalar that was written without quotes and without a tag.
pub fn plain(text: &str) -> Scalar {
    if let Some(scalar) = word(text) {
        return scalar;
    }
    match text.as_bytes().first() {
        Some(b'.') if is_grouped(text) => float(&text.replace('_', "")).unwrap_or(Scalar::Text),
        Some(b'+' | b'-' | b'0'..=b'9') => {
            let text = text.replace('_', "");
            integer(&text).or_else(|| float(&text)).unwrap_or(Scalar::Text)
        }
        _ => Scalar::Text,
    }
}

/// Resolves a scalar, quoted or not, with a tag of YAML's own: `suffix` is `int` for `!!int`. Any other tag leaves
/// text as it is. The text changes only for `!!binary`.
///
/// # Errors
/// When the text is not what the tag asks for.
pub fn tagged<'t>(suffix: &str, text: Cow<'t, str>) -> Result<(Scalar, Cow<'t, str>), Reason> {
    let scalar = match (suffix, plain(&text)) {
        ("null", scalar @ Scalar::Null)
        | ("bool", scalar @ Scalar::Bool(_))
        | ("int", scalar @ (Scalar::Int(_) | Scalar::Large(_)))
        | ("float", scalar @ Scalar::Float(_)) => scalar,
        ("float", Scalar::Int(number)) => nearest(&number.to_string())?,
        ("null" | "bool" | "int" | "float", _) => return Err(Reason::Tag),
        ("timestamp", _) => return Err(Reason::Timestamp),
        ("binary", _) => return Ok((Scalar::Text, Cow::Owned(binary(&text)?))),
        _ => Scalar::Text,
    };
    Ok((scalar, text))
}

impl Scalar {
    /// The value, where `text` is what resolved to this.
    ///
    /// # Errors
    /// For infinity and NaN, which JSON cannot say.
    pub fn into_value(self, text: Cow<'_, str>) -> Result<Value, Reason> {
        Ok(match self {
            Scalar::Null => Value::Null,
            Scalar::Bool(truth) => Value::Bool(truth, Some(text.into())),
            Scalar::Int(number) => Value::Int(number, Some(text.into())),
            Scalar::Large(number) => nearest(&number.to_string())?.into_value(text)?,
            Scalar::Float(number) if !number.is_finite() => return Err(Reason::NotFinite),
            // Kubernetes writes the number as JSON and reads it again, so `1.0` is an integer from then on, and a
            // great one is the integer that its shortest digits spell.
            Scalar::Float(number) => match number.to_string().parse() {
                Ok(integer) => Value::Int(integer, Some(text.into())),
                Err(_) => Value::Float(number, Some(text.into())),
            },
            Scalar::Text => Value::Text(Cow::Owned(text.into_owned())),
        })
    }

    /// The key as text, where `text` is what resolved to this (`sigs.k8s.io/yaml`, `convertToJSONableObject`).
    ///
    /// # Errors
    /// For null and for integers of more than 63 bits.
    pub fn into_key(self, text: Cow<'_, str>) -> Result<Cow<'static, str>, Reason> {
        Ok(match self {
            Scalar::Null => return Err(Reason::NullKey),
            Scalar::Large(_) => return Err(Reason::LargeKey),
            Scalar::Bool(truth) => Cow::Borrowed(if truth { "true" } else { "false" }),
            Scalar::Int(number) => Cow::Owned(number.to_string()),
            Scalar::Float(number) => Cow::Owned(float_key(number)),
            Scalar::Text => Cow::Owned(text.into_owned()),
        })
    }
}

/// A finite number so that every reader of YAML takes it as a float: the shortest digits that give it back, always
/// with a point, and a signed exponent outside of 1e-6 to 1e21. (`1e+21` is text to PyYAML, `1.0e+21` is not.)
pub fn float_text(number: f64) -> String {
    let (mantissa, exponent) = scientific(&format!("{number:e}"));
    let (mut text, power) = if (-6..21).contains(&exponent) {
        (number.to_string(), String::new())
    } else {
        (mantissa, format!("e{exponent:+03}"))
    };
    if !text.contains('.') {
        text.push_str(".0");
    }
    text + &power
}

/// Whether text may stand without quotes, as a key or as a value, and be read as just this text by kubectl and by
/// every other reader, YAML 1.1 or 1.2.
pub fn is_plain_safe(text: &str) -> bool {
    let bytes = text.as_bytes();
    let starts_well = bytes.first().is_some_and(|byte| byte.is_ascii_alphabetic() || b"/_".contains(byte));
    let ends_well = bytes.last().is_some_and(|byte| may_stand(*byte, None));
    starts_well
        && ends_well
        && bytes.len() <= LONGEST_PLAIN
        && bytes.windows(2).all(|pair| matches!(pair, [byte, next] if may_stand(*byte, Some(*next))))
        && !is_reserved(text)
}

/// Whether a byte may stand before the next one, or at the end, of a plain scalar.
fn may_stand(byte: u8, next: Option<u8>) -> bool {
    match byte {
        b':' | b' ' => next.is_some_and(|next| next != b' '),
        b',' => next.is_some(),
        _ => byte.is_ascii_alphanumeric() || b"_-./+=@$();~^<>\\*".contains(&byte),
    }
}

/// Whether some reader takes these letters for something other than text.
fn is_reserved(text: &str) -> bool {
    let is_among = |words: &[&str]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if text.len() <= LONGEST_WORD && WORDS.iter().any(|(_, words)| is_among(words)) {
        return true;
    }
    match text.as_bytes() {
        // readers of YAML 1.1 that drop every `_` of a number
        [b'_', rest @ ..] => rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'_'),
        // npm's yaml in its 1.1 mode takes `e1` for a float
        [b'e' | b'E', rest @ ..] => rest.iter().all(|byte| byte.is_ascii_digit() || b"._+-".contains(byte)),
        _ => false,
    }
}

fn word(text: &str) -> Option<Scalar> {
    if text.len() > LONGEST_WORD {
        return None;
    }
    WORDS.iter().find(|(_, words)| words.contains(&text)).map(|(scalar, _)| *scalar)
}

/// Whether each `_` stands between two digits: Go's own rule, which holds after a leading point only, as go-yaml
/// drops every `_` of other numbers.
fn is_grouped(text: &str) -> bool {
    let is_alone = |part: &[u8]| matches!(part, [before, b'_', after] if !(before.is_ascii_digit() && after.is_ascii_digit()));
    !text.ends_with('_') && !text.as_bytes().windows(3).any(is_alone)
}

/// An integer, its base by its prefix. Too great for its 64 bits, it is none.
fn integer(text: &str) -> Option<Scalar> {
    let unsigned = text.strip_prefix(['+', '-']);
    let text_of_digits = unsigned.unwrap_or(text);
    let based = PREFIXES.iter().find_map(|(prefix, radix)| {
        let digits = text_of_digits.strip_prefix(prefix)?;
        (!digits.is_empty()).then_some((*radix, digits))
    });
    let (radix, digits) = based.unwrap_or((10, text_of_digits));
    if digits.starts_with('+') {
        return None;
    }
    let magnitude = u64::from_str_radix(digits, radix).ok()?;
    let sign = if text.starts_with('-') { -1 } else { 1 };
    match i64::try_from(i128::from(magnitude) * sign) {
        Ok(number) => Some(Scalar::Int(number)),
        Err(_) if unsigned.is_some() => None,
        Err(_) => Some(Scalar::Large(magnitude)),
    }
}

/// A decimal float; none when it is too great for 64 bits, zero when it is too small.
fn float(text: &str) -> Option<Scalar> {
    if !is_decimal(text) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(Scalar::Float)
}

/// `[-+]?(\.\d+|\d+(\.\d*)?)([eE][-+]?\d+)?`
fn is_decimal(text: &str) -> bool {
    let unsigned = |text| str::strip_prefix(text, ['+', '-']).unwrap_or(text);
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let text = unsigned(text);
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent = unsigned(exponent);
    let is_empty = exponent.is_empty() || whole.is_empty() && fraction.is_empty();
    !is_empty && [whole, fraction, exponent].into_iter().all(are_digits)
}

/// The float nearest to a whole number: through its digits, as std has no other way that is not a cast.
fn nearest(digits: &str) -> Result<Scalar, Reason> {
    digits.parse().map(Scalar::Float).map_err(|_| Reason::NotFinite)
}

/// Go's `strconv.FormatFloat(number, 'g', -1, 32)`: keys lose what 32 bits cannot hold.
fn float_key(number: f64) -> String {
    #[expect(
        clippy::as_conversions,
        clippy::cast_possible_truncation,
        reason = "rounds as Go does; std has no other way"
    )]
    let number = number as f32;
    if number.is_nan() {
        return ".nan".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.into();
    }
    let (mantissa, exponent) = scientific(&format!("{number:e}"));
    if (-4..6).contains(&exponent) { number.to_string() } else { format!("{mantissa}e{exponent:+03}") }
}

/// Takes Rust's `1.5e-7` apart.
fn scientific(text: &str) -> (String, i32) {
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    (mantissa.into(), exponent.parse().unwrap_or(0))
}

fn binary(text: &str) -> Result<String, Reason> {
    let bytes = base64(text).ok_or(Reason::Base64)?;
    String::from_utf8(bytes).map_err(|_| Reason::NotText)
}

/// Padded base64 with line ends anywhere, as Go's `StdEncoding` takes it.
fn base64(text: &str) -> Option<Vec<u8>> {
    const DIGITS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let text: String = text.chars().filter(|c| !matches!(c, '\r' | '\n')).collect();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let digits = text.strip_suffix("==").or(text.strip_suffix('=')).unwrap_or(&text);
    let (mut bytes, mut bits, mut held) = (Vec::new(), 0_u32, 0);
    for digit in digits.bytes() {
        let value = DIGITS.iter().position(|known| *known == digit)?;
        bits = (bits << 6) | u32::try_from(value).ok()?;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push(u8::try_from((bits >> held) & 0xff).ok()?);
        }
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TABLE: &str = include_str!("../../tests/data/scalars.tsv");

    /// Input and JSON, of each row of the table.
    fn rows() -> impl Iterator<Item = (&'static str, &'static str)> {
        TABLE.lines().filter(|line| !line.starts_with('#')).filter_map(|line| line.split_once('\t'))
    }

    /// A value as JSON; a reason as an error's start.
    fn json(value: Result<Value, Reason>) -> serde_json::Value {
        match value {
            Err(Reason::NotFinite) => "ERROR json".into(),
            Err(Reason::Base64) => "ERROR yaml: !!binary".into(),
            Err(_) => "ERROR yaml: cannot decode".into(),
            Ok(Value::Null) => serde_json::Value::Null,
            Ok(Value::Bool(truth, _)) => truth.into(),
            Ok(Value::Int(number, _)) => number.into(),
            Ok(Value::Float(number, _)) => number.into(),
            Ok(Value::Text(text)) => text.into(),
            Ok(value) => panic!("no scalar: {value:?}"),
        }
    }

    /// What the table says. Floats by std: `serde_json` is off by a bit for some.
    fn expected(text: &str) -> serde_json::Value {
        match (text.parse::<i64>(), text.parse::<f64>()) {
            _ if text.starts_with("ERROR") => text.into(),
            (Ok(integer), _) => integer.into(),
            (_, Ok(float)) => float.into(),
            _ => serde_json::from_str(text).unwrap(),
        }
    }

    fn agrees(input: &str, value: Result<Value, Reason>, kubectl: &str) {
        let (ours, theirs) = (json(value), expected(kubectl));
        let is_refused = matches!((ours.as_str(), theirs.as_str()),
            (Some(ours), Some(theirs)) if ours.starts_with("ERROR") && theirs.starts_with(ours));
        assert!(is_refused || ours == theirs, "{input}: {ours}, but kubectl says {theirs}");
    }

    #[test]
    fn plain_scalars_are_what_kubectl_reads() {
        let is_plain = |text: &str| {
            !text.starts_with(|c| "\"'!&*|>[]{}@`%,#".contains(c))
                && !text.contains('\\')
                && !text.contains(" #")
        };
        let mut count = 0;
        for (input, json) in rows().filter(|(_, json)| !json.starts_with("ERROR yaml")) {
            let Some(text) = input.strip_prefix("v: ").filter(|text| is_plain(text)) else {
                continue;
            };
            agrees(input, plain(text).into_value(text.into()), json);
            count += 1;
        }
        assert_eq!(count, 281);
    }

    #[test]
    fn tags_ask_for_what_kubectl_asks_for() {
        let mut count = 0;
        for (input, json) in rows() {
            let Some((suffix, text)) =
                input.strip_prefix("v: !!").map(|tag| tag.split_once(' ').unwrap_or((tag, "")))
            else {
                continue;
            };
            let text = if text == "|" { "" } else { text.trim_matches('"') };
            if text.starts_with(['[', '{']) {
                continue;
            }
            match tagged(suffix, text.into()) {
                Err(reason @ (Reason::Timestamp | Reason::NotText)) => {
                    let refused = ["!!timestamp 2020-01-01", "!!timestamp \"2020-01-01\"", "!!binary gIGC"];
                    let is_known =
                        json.starts_with("ERROR") || refused.iter().any(|row| input.ends_with(row));
                    assert!(is_known, "{input}: {reason}");
                }
                result => agrees(input, result.and_then(|(scalar, text)| scalar.into_value(text)), json),
            }
            count += 1;
        }
        assert_eq!(count, 56);
    }

    #[test]
    fn keys_become_the_text_that_kubectl_makes_of_them() {
        let mut count = 0;
        for (input, json) in rows() {
            let Some(text) = input.strip_suffix(": a") else {
                continue;
            };
            if text.starts_with(|c| "\\\"'!&*?[{<".contains(c)) || text.starts_with("v: ") {
                continue;
            }
            match plain(text).into_key(text.into()) {
                Ok(key) => assert_eq!(format!("{{\"{key}\":\"a\"}}"), json, "{input}"),
                Err(_) => assert!(json.starts_with("ERROR unsupported map key"), "{input}: {json}"),
            }
            count += 1;
        }
        assert_eq!(count, 43);
    }

    /// Beyond the table; each was tried on kubectl.
    #[test]
    fn the_kind_before_json_decides() {
        let tagged = |suffix, text: &'static str| tagged(suffix, text.into());
        let as_key = |suffix, text| tagged(suffix, text).and_then(|(scalar, text)| scalar.into_key(text));
        assert_eq!(as_key("float", "12345678").as_deref(), Ok("1.2345678e+07"));
        assert_eq!(as_key("float", "9223372036854775807").as_deref(), Ok("9.223372e+18"));
        assert_eq!(as_key("int", "18446744073709551615"), Err(Reason::LargeKey));
        assert_eq!(as_key("binary", "aGk=").as_deref(), Ok("hi"));
        assert_eq!(as_key("str", "~").as_deref(), Ok("~"));
        assert_eq!(tagged("float", "9223372036854775808"), Err(Reason::Tag));
        assert_eq!(tagged("float", "~"), Err(Reason::Tag));
        assert_eq!(tagged("int", "0x10000000000000000"), Err(Reason::Tag));
        for (text, key) in [("-0.0", "-0"), ("-1e-50", "-0"), ("0.00001", "1e-05"), ("0.0001", "0.0001")] {
            assert_eq!(plain(text).into_key(text.into()).as_deref(), Ok(key));
        }
        for text in ["+9223372036854775808", "0x8000000000000000"] {
            assert_eq!(json(plain(text).into_value(text.into())), expected("9223372036854776000"));
        }
        for text in [".5e400", ".1_e1", "+-1", "0x+1", "0b-1"] {
            assert_eq!(plain(text), Scalar::Text, "{text}");
        }
    }

    #[test]
    fn base64_is_go_s() {
        let decoded = |text| binary(text).ok();
        for (text, hello) in [("aGVsbG8=", "hello"), ("aGVs\nbG8=\n", "hello"), ("aB==", "h"), ("", "")] {
            assert_eq!(decoded(text).as_deref(), Some(hello), "{text}");
        }
        for text in ["aGVsbG8", "aGVs bG8=", "a===", "====", "ab=c", "abcde===", "aGVs-_8="] {
            assert_eq!(binary(text), Err(Reason::Base64), "{text}");
        }
        assert_eq!(binary("gIGC"), Err(Reason::NotText));
    }

    #[test]
    fn floats_are_floats_to_every_reader() {
        for (number, text) in [
            (1.0, "1.0"),
            (-0.5, "-0.5"),
            (1e20, "100000000000000000000.0"),
            (1e21, "1.0e+21"),
            (-1.5e300, "-1.5e+300"),
            (1e-6, "0.000001"),
            (1e-7, "1.0e-07"),
            (5e-324, "5.0e-324"),
        ] {
            assert_eq!(float_text(number), text);
            assert_eq!(plain(text), Scalar::Float(number));
        }
    }

    #[test]
    fn what_stands_plain_is_text() {
        for text in "a /a _acme a:b http://x:80/y a,b n1 a=b a* Tru".split(' ').chain(["a, b c"]) {
            assert!(is_plain_safe(text), "{text}");
        }
        for text in
            "-a 1 No nUlL NaN infinity e e1 E1_ _1 a: a, a#b é".split(' ').chain(["", "a ", "a  b", "a: b"])
        {
            assert!(!is_plain_safe(text), "{text}");
        }
        assert!(is_plain_safe(&"a".repeat(LONGEST_PLAIN)) && !is_plain_safe(&"a".repeat(LONGEST_PLAIN + 1)));
        let nasty: Vec<String> = serde_json::from_str(include_str!("../../tests/data/nasty.json")).unwrap();
        for text in nasty.iter().filter(|text| is_plain_safe(text)) {
            assert_eq!(plain(text), Scalar::Text, "{text}");
        }
    }

    #[test]
    fn no_word_is_longer_than_the_longest() {
        let longest = WORDS.iter().flat_map(|(_, words)| words.iter()).map(|word| word.len()).max();
        assert_eq!(longest, Some(LONGEST_WORD));
    }
}
