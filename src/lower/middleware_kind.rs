//! Traefik's middlewares by their names: which majors have each, and what kind of route takes it.
//!
//! Names and fields are Traefik's own of the release, so only what is known to differ between releases is held here.

use crate::finding::{Finding, Findings, list, nearest};
use crate::k3s::Release;
use crate::stack::{Stack, value_invalid};
use crate::yaml::{Node, Spanned};

/// What kind of route a middleware stands before.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Wire {
    Http,
    Tcp,
}

impl Wire {
    /// The object's kind.
    pub(super) fn kind(self) -> &'static str {
        match self {
            Wire::Http => "Middleware",
            Wire::Tcp => "MiddlewareTCP",
        }
    }
}

const HTTP: &[Wire] = &[Wire::Http];
const TCP: &[Wire] = &[Wire::Tcp];
const BOTH: &[Wire] = &[Wire::Http, Wire::Tcp];

/// The name, the first and the last major that has it, what takes it (Traefik's reference of its custom resources).
const KNOWN: [(&str, u16, u16, &[Wire]); 27] = [
    ("addPrefix", 2, 3, HTTP),
    ("basicAuth", 2, 3, HTTP),
    ("buffering", 2, 3, HTTP),
    ("chain", 2, 3, HTTP),
    ("circuitBreaker", 2, 3, HTTP),
    ("compress", 2, 3, HTTP),
    ("contentType", 2, 3, HTTP),
    ("digestAuth", 2, 3, HTTP),
    ("encodedCharacters", 3, 3, HTTP),
    ("errors", 2, 3, HTTP),
    ("forwardAuth", 2, 3, HTTP),
    ("grpcWeb", 3, 3, HTTP),
    ("headers", 2, 3, HTTP),
    ("inFlightConn", 2, 3, TCP),
    ("inFlightReq", 2, 3, HTTP),
    ("ipAllowList", 3, 3, BOTH),
    ("ipWhiteList", 2, 2, BOTH),
    ("passTLSClientCert", 2, 3, HTTP),
    ("plugin", 2, 3, HTTP),
    ("rateLimit", 2, 3, HTTP),
    ("redirectRegex", 2, 3, HTTP),
    ("redirectScheme", 2, 3, HTTP),
    ("replacePath", 2, 3, HTTP),
    ("replacePathRegex", 2, 3, HTTP),
    ("retry", 2, 3, HTTP),
    ("stripPrefix", 2, 3, HTTP),
    ("stripPrefixRegex", 2, 3, HTTP),
];

/// One name in place of another, by major.
const RENAMED: [(&str, &str); 2] = [("ipWhiteList", "ipAllowList"), ("ipAllowList", "ipWhiteList")];

/// From here on Traefik 2 has `ipAllowList` beside `ipWhiteList` (2.11), by the chart that brings it.
const ALLOW_LIST: (u16, u16) = (27, u16::MAX);

/// Whether a release's Traefik surely has no such middleware, though a newer one has.
pub fn is_newer_middleware(word: &str, release: &Release) -> bool {
    let newer = KNOWN.iter().any(|(known, from, ..)| *known == word && *from > release.traefik());
    newer && (word != "ipAllowList" || release.traefik_charts().last < ALLOW_LIST.0)
}

/// What a release's Traefik calls a middleware that it has under another name.
pub fn renamed_middleware(word: &str) -> Option<&'static str> {
    RENAMED.iter().find(|(other, _)| *other == word).map(|(_, name)| *name)
}

/// Exactly one of Traefik's names, and one that this release's Traefik has.
pub(super) fn check(name: &Spanned<String>, body: &Node, stack: &Stack, found: &mut Findings) {
    let major = stack.release.traefik();
    let [entry] = body.entries() else {
        let message =
            format!("the middleware `{}` is exactly one of Traefik's, such as `rateLimit`", name.value);
        found.push(
            value_invalid(body.span, message).help(format!("{}: {{rateLimit: {{average: 50}}}}", name.value)),
        );
        return;
    };
    let word = entry.key.text.as_ref();
    let newer = is_newer_middleware(word, &stack.release);
    if KNOWN.iter().any(|(known, from, to, _)| *known == word && (*from..=*to).contains(&major))
        || (word == "ipAllowList" && !newer)
    {
        return;
    }
    let renamed = RENAMED.iter().find(|(old, _)| *old == word && KNOWN.iter().any(|row| row.0 == word));
    let known = || KNOWN.iter().filter(|row| (row.1..=row.2).contains(&major)).map(|row| row.0);
    let help = match renamed {
        Some((_, new)) => format!("Traefik {major} calls it `{new}`"),
        None => nearest(word, known()).map_or_else(
            || format!("Traefik {major} has {}", list(known())),
            |near| format!("did you mean `{near}`?"),
        ),
    };
    found.push(
        value_invalid(entry.key.span, format!("Traefik {major} has no middleware `{word}`")).help(help),
    );
}

/// That a route takes a middleware; of a name that nobody knows nothing more is said.
pub(super) fn check_wire(
    name: &Spanned<String>,
    body: &Node,
    wire: Wire,
    stack: &Stack,
    found: &mut Findings,
) {
    let [entry] = body.entries() else { return };
    let word = entry.key.text.as_ref();
    if KNOWN.iter().all(|row| row.0 != word || row.3.contains(&wire)) {
        return;
    }
    let major = stack.release.traefik();
    let fits = KNOWN.iter().filter(|row| (row.1..=row.2).contains(&major) && row.3.contains(&wire));
    let (is, takes) = match wire {
        Wire::Http => ("TCP", "an HTTP route"),
        Wire::Tcp => ("HTTP", "a TCP route"),
    };
    let message = format!("the middleware `{}` is for {is}: {takes} has no `{word}`", name.value);
    let finding: Finding = value_invalid(name.span, message).also(entry.key.span, "it is this one");
    found.push(finding.help(format!("{takes} takes {}", list(fits.map(|row| row.0)))));
}

#[cfg(test)]
mod tests {
    use super::KNOWN;

    #[test]
    fn rows_are_sorted_and_of_some_major() {
        assert!(KNOWN.is_sorted_by_key(|row| row.0.to_lowercase()));
        assert!(KNOWN.iter().all(|(_, from, to, wires)| from <= to && !wires.is_empty()));
    }
}
