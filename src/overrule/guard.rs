//! What is not up to the user: findings without which the output would be missing something, or not be safe.

use crate::check;
use crate::finding::{Code, Severity};

/// Errors of checks that no comment allows, and why. All other errors of checks are judgements on an output that is
/// whole: who knows better says so.
static ROWS: [(&str, &str); 4] = [
    (
        "node-in-manifest",
        "k3s deletes the machine from the cluster, with all its pods, when the file no longer names it",
    ),
    (
        "object-duplicate",
        "k3s deletes an object with the first of its files that leaves, whoever else has it",
    ),
    ("range-delisted", "Traefik would take the word of strangers on who a visitor is"),
    ("trust-too-wide", "Traefik would take anybody's word on who a visitor is"),
];

/// Why a code can be neither allowed nor lowered, if so.
pub fn guard(code: &Code) -> Option<&'static str> {
    if code.severity != Severity::Error {
        return None;
    }
    if check::CODES.contains(&code) {
        return ROWS.iter().find(|(name, _)| *name == code.name).map(|(_, why)| *why);
    }
    Some(
        "the output would not be what is written: something in it would be missing, or k3s would refuse or delete it",
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rows_are_errors_of_checks() {
        for (name, _) in ROWS {
            let code = check::CODES.iter().find(|code| code.name == name);
            assert!(code.is_some_and(|code| code.severity == Severity::Error), "{name}");
        }
    }
}
