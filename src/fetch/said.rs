//! What servers say, fit to be shown: it is a stranger's text, and the terminal is the user's.

use serde::Deserialize;

/// Bytes of a server's words that are shown.
const LONGEST: usize = 300;

#[derive(Deserialize)]
struct Errors {
    errors: Vec<One>,
}

#[derive(Deserialize)]
struct One {
    #[serde(default)]
    code: String,
    #[serde(default)]
    message: String,
}

/// The registry's errors as `CODE: message`, else nothing.
pub(super) fn errors(body: &[u8]) -> String {
    let Ok(Errors { errors }) = serde_json::from_slice::<Errors>(body) else { return String::new() };
    let each = errors.iter().take(3).map(|one| format!("{}: {}", one.code, one.message));
    clean(&each.collect::<Vec<_>>().join("; "))
}

/// A stranger's text on one line: characters that steer a terminal or turn the direction of writing are replaced, and
/// it is cut.
pub(super) fn clean(text: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let mut clean = String::new();
    for c in text.trim().chars() {
        if clean.len() + c.len_utf8() > LONGEST {
            clean.push('…');
            break;
        }
        clean.push(if steers(c) { '\u{fffd}' } else { c });
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_steers_the_terminal() {
        assert_eq!(clean("a\x1b[31mred\r\nb\u{202e}c\u{9b}"), "a�[31mred��b�c�");
        assert!(clean(&"é".repeat(1_000)).len() <= LONGEST + '…'.len_utf8());
    }

    #[test]
    fn errors_are_told_and_pages_are_not() {
        let body = br#"{"errors":[{"code":"NAME_UNKNOWN","message":"no\u001b[2J such","detail":{}},{"code":"DENIED"}]}"#;
        assert_eq!(errors(body), "NAME_UNKNOWN: no�[2J such; DENIED: ".trim_end());
        assert_eq!(errors(b"<html>"), "");
    }
}
