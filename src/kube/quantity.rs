//! Amounts of cpu, memory and disk (`apimachinery/pkg/api/resource`).

/// Suffix, base, exponent. `1E` is exa; an `E` with a number behind it is an exponent.
const SUFFIXES: [(&str, i128, i32); 16] = [
    ("n", 10, -9),
    ("u", 10, -6),
    ("m", 10, -3),
    ("", 10, 0),
    ("k", 10, 3),
    ("M", 10, 6),
    ("G", 10, 9),
    ("T", 10, 12),
    ("P", 10, 15),
    ("E", 10, 18),
    ("Ki", 2, 10),
    ("Mi", 2, 20),
    ("Gi", 2, 30),
    ("Ti", 2, 40),
    ("Pi", 2, 50),
    ("Ei", 2, 60),
];

/// Digits after the point that are looked at: twice as fine as Kubernetes keeps.
const FRACTION: usize = 18;

/// Kubernetes keeps an amount in nanos at its finest, and rounds up what is finer.
const NANO: i32 = 9;

/// An amount: `100m`, `1.5Gi`, `2`. Compares by value; the absurd (beyond 10^29) saturates.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Quantity {
    nanos: i128,
}

impl Quantity {
    /// Reads an amount.
    ///
    /// # Errors
    /// The reason, in a user's words.
    pub fn parse(text: &str) -> Result<Quantity, String> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let end = unsigned.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(unsigned.len());
        let (number, suffix) = unsigned.split_at(end);
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return Err(format!("`{text}` is no quantity: write a number such as `500m`, `2` or `1.5Gi`"));
        }
        let (base, exponent) = scale(suffix).ok_or_else(|| unknown(text, suffix))?;
        let nanos = nanos(whole, fraction, base, exponent);
        Ok(Quantity { nanos: if negative { nanos.saturating_neg() } else { nanos } })
    }

    /// Reads an amount of bytes.
    ///
    /// # Errors
    /// The reason, in a user's words. Less than a kibibyte is an error too: nobody means it, and a container with so
    /// little memory is killed before it starts.
    pub fn bytes(text: &str) -> Result<Quantity, String> {
        let quantity = Quantity::parse(text)?;
        if quantity.nanos < 0 {
            return Err(format!("`{text}` is less than nothing"));
        }
        let kibibyte = Quantity { nanos: 1_024_000_000_000 };
        if quantity.nanos == 0 || quantity >= kibibyte {
            return Ok(quantity);
        }
        // `1e3` is a number as it stands, but takes no suffix.
        let plain = (quantity.nanos / 1_000_000_000).to_string();
        let number = text.trim_end_matches(|c: char| c.is_ascii_alphabetic());
        let number = if number.contains(['e', 'E']) { plain.as_str() } else { number };
        let amount = if text.ends_with('m') { "thousandths of a byte" } else { "bytes" };
        Err(format!("`{text}` is {number} {amount}: write `{number}Mi` or `{number}Gi`"))
    }

    /// As the scheduler counts it, rounded up: thousandths of what is first in [`COUNTED`](super::COUNTED), whole ones of
    /// the others. Less than nothing is nothing.
    pub fn counted(self, counted: usize) -> u64 {
        let unit = if counted == 0 { 1_000_000 } else { 1_000_000_000 };
        u64::try_from(divided_up(self.nanos.max(0), unit)).unwrap_or(u64::MAX)
    }

    /// Its value in billionths.
    pub fn nanos(self) -> i128 {
        self.nanos
    }
}

/// Base and exponent of a suffix, or of `e3`.
fn scale(suffix: &str) -> Option<(i128, i32)> {
    if let Some((_, base, exponent)) = SUFFIXES.iter().find(|(word, ..)| *word == suffix) {
        return Some((*base, *exponent));
    }
    let exponent = suffix.strip_prefix(['e', 'E'])?;
    let digits = exponent.strip_prefix(['+', '-']).unwrap_or(exponent);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    // 10^99 and 10^-99 are beyond what is kept, whatever stands before them
    let size = digits.parse().map_or(99, |size: i32| size.min(99));
    Some((10, if exponent.starts_with('-') { -size } else { size }))
}

fn nanos(whole: &str, fraction: &str, base: i128, exponent: i32) -> i128 {
    let kept: String = fraction.chars().take(FRACTION).collect();
    let finer = fraction.chars().skip(FRACTION).any(|c| c != '0');
    let digits = format!("{whole}{kept}");
    // nothing but digits: it fails only when it is too large
    let number = digits.parse().unwrap_or(i128::MAX).saturating_add(i128::from(finer));
    let places = i32::try_from(kept.len()).unwrap_or(0);
    let (number, ten) = match base {
        2 => (times(number, 2, exponent), NANO - places),
        _ => (number, NANO - places + exponent),
    };
    times(number, 10, ten)
}

/// `number * base^exponent`, saturating above and rounding up below.
fn times(number: i128, base: i128, exponent: i32) -> i128 {
    let factor = base.checked_pow(exponent.unsigned_abs()).unwrap_or(i128::MAX);
    if exponent >= 0 {
        return number.saturating_mul(factor);
    }
    divided_up(number, factor)
}

/// Divided, rounded up.
fn divided_up(number: i128, unit: i128) -> i128 {
    let rest = number.checked_rem(unit).unwrap_or(0);
    number.checked_div(unit).unwrap_or(0).saturating_add(i128::from(rest != 0))
}

fn unknown(text: &str, suffix: &str) -> String {
    let plain = suffix.trim_end_matches(['b', 'B']);
    // `mb` is no thousandth.
    let bytes = plain != suffix;
    let same = |word: &&str| !word.is_empty() && *word == plain && !(bytes && *word == "m");
    let alike = |word: &&str| !word.is_empty() && *word != "m" && word.eq_ignore_ascii_case(plain);
    let words = || SUFFIXES.iter().map(|(word, ..)| *word);
    let meant = words().find(same).or_else(|| words().find(alike));
    let way_out = match meant {
        Some(word) => format!("write `{word}`"),
        None => "the suffixes are m, k, M, G, T, P, E, Ki, Mi, Gi, Ti, Pi and Ei".to_owned(),
    };
    format!("`{suffix}` in `{text}` is no suffix of a quantity: {way_out}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values() {
        let unit = 1_000_000_000;
        for (text, nanos) in [
            ("0", 0),
            ("2", 2 * unit),
            ("+2", 2 * unit),
            ("-2", -2 * unit),
            ("007", 7 * unit),
            ("1.", unit),
            (".5", unit / 2),
            ("0.5", unit / 2),
            ("100m", unit / 10),
            ("1n", 1),
            ("1u", 1_000),
            ("1k", 1_000 * unit),
            ("1M", 1_000_000 * unit),
            ("1G", 1_000_000_000 * unit),
            ("1T", 1_000_000_000_000 * unit),
            ("1P", 1_000_000_000_000_000 * unit),
            ("1E", 1_000_000_000_000_000_000 * unit),
            ("1E0", unit),
            ("1e3", 1_000 * unit),
            ("1E3", 1_000 * unit),
            ("1e+3", 1_000 * unit),
            ("1.5e-3", 1_500_000),
            ("1Ki", 1_024 * unit),
            ("1.5Gi", 3 * 512 * 1_048_576 * unit),
            ("24Gi", 24 * 1_073_741_824 * unit),
            ("1Ti", (1 << 40) * unit),
            ("1Pi", (1 << 50) * unit),
            ("1Ei", (1 << 60) * unit),
            ("1.500000000000000000Ei", 3 * (1 << 59) * unit),
            // finer than a nano: rounded up, as Kubernetes does
            ("0.1n", 1),
            ("1e-99", 1),
            ("-0.1n", -1),
            ("0.1234567891", 123_456_790),
            ("1.00000000000000000000000000000000000000001", unit + 1),
            ("0e99", 0),
            // absurd
            ("1e99", i128::MAX),
            ("1e99999999999999999999", i128::MAX),
            ("-1e99", -i128::MAX),
            ("999999999999999999999999999999999999999999", i128::MAX),
        ] {
            assert_eq!(Quantity::parse(text).map(Quantity::nanos), Ok(nanos), "{text}");
        }
    }

    #[test]
    fn they_compare_by_value() {
        let read = |text| Quantity::parse(text).expect(text);
        assert_eq!(read("1"), read("1000m"));
        assert_eq!(read("1e3"), read("1k"));
        assert!(read("1Gi") > read("1G"));
        assert!(read("999m") < read("1"));
    }

    #[test]
    fn refused() {
        for (text, reason) in [
            ("", "is no quantity"),
            (".", "is no quantity"),
            ("-", "is no quantity"),
            ("Gi", "is no quantity"),
            (" 1", "is no quantity"),
            ("1.1.M", "is no quantity"),
            ("--1", "is no quantity"),
            ("aoeu", "is no quantity"),
            ("1 ", "no suffix"),
            ("1i", "no suffix"),
            ("1e", "write `E`"),
            ("1e-", "no suffix"),
            ("1e3i", "no suffix"),
            ("1+1", "no suffix"),
            ("0.1mi", "write `Mi`"),
            ("1K", "write `k`"),
            ("1gb", "write `G`"),
            ("1GiB", "write `Gi`"),
            ("512MB", "write `M`"),
            ("512mb", "write `M`"),
            ("1B", "the suffixes are"),
            ("1é", "no suffix"),
        ] {
            let error = Quantity::parse(text).map(Quantity::nanos).expect_err(text);
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn bytes_are_many() {
        for fine in ["0", "1Ki", "1024", "2000", "64Mi", "1e4"] {
            assert!(Quantity::bytes(fine).is_ok(), "{fine}");
        }
        for (text, reason) in [
            ("512m", "`512m` is 512 thousandths of a byte: write `512Mi` or `512Gi`"),
            ("-1Gi", "`-1Gi` is less than nothing"),
            ("10", "`10` is 10 bytes: write `10Mi` or `10Gi`"),
            ("1x", "`x` in `1x` is no suffix"),
        ] {
            let error = Quantity::bytes(text).map(Quantity::nanos).expect_err(text);
            assert!(error.starts_with(reason), "{error}");
        }
    }
}
