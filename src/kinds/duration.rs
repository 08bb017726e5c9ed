//! A length of time as users write it: `10s`, `5m`, `1h`.

use crate::finding::Findings;
use crate::stack::value_invalid;
use crate::yaml::Spanned;

/// Seconds, told when they cannot be read or lie outside of the range.
pub(super) fn seconds(
    name: &str,
    text: &Spanned<String>,
    range: std::ops::RangeInclusive<u32>,
    found: &mut Findings,
) -> Option<u32> {
    let message = match parse(&text.value) {
        Some(seconds) if range.contains(&seconds) => return Some(seconds),
        Some(_) => format!("`{name}` is {} to {}", words(*range.start()), words(*range.end())),
        None => format!("`{name}` is a length of time, a number with `s`, `m` or `h`"),
    };
    found.push(value_invalid(text.span, message).help(format!("{name}: {}", words(*range.start().max(&1)))));
    None
}

fn parse(text: &str) -> Option<u32> {
    let (number, factor) = [("s", 1), ("m", 60), ("h", 3_600)]
        .into_iter()
        .find_map(|(unit, factor)| Some((text.strip_suffix(unit)?, factor)))?;
    let digits = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| number.parse::<u32>().unwrap_or(u32::MAX).saturating_mul(factor))
}

/// The same, written.
fn words(seconds: u32) -> String {
    let unit = [("h", 3_600), ("m", 60)]
        .into_iter()
        .find(|(_, factor)| seconds > 0 && seconds.is_multiple_of(*factor));
    match unit {
        Some((unit, factor)) => format!("{}{unit}", seconds.checked_div(factor).unwrap_or(0)),
        None => format!("{seconds}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::{parse, words};

    #[test]
    fn lengths_of_time() {
        for (text, seconds) in
            [("0s", 0), ("10s", 10), ("5m", 300), ("2h", 7_200), ("99999999999h", u32::MAX)]
        {
            assert_eq!(parse(text), Some(seconds), "{text}");
        }
        for text in ["", "s", "10", "1h30m", "-1s", "1.5s", "10 s", "10S"] {
            assert_eq!(parse(text), None, "{text}");
        }
        assert_eq!([0, 10, 300, 7_200].map(words), ["0s", "10s", "5m", "2h"]);
    }
}
