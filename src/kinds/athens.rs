//! Athens' environment, for `kind: goproxy`. It reads all that it needs from there; the image's own configuration
//! file lies beneath.

use super::goproxy::{Auth, NETRC, Own, STORAGE};
use super::{duration, secret, upstream};
use crate::finding::Findings;
use crate::source::Span;
use crate::stack::value_invalid;
use crate::yaml::{Build, Node, Spanned};

const UPSTREAM: &str = "https://proxy.golang.org,direct";
const SUMDB: &str = "sum.golang.org";

/// Its environment. The default storage is memory: all would be lost with the pod.
pub(super) fn env(own: &Own, netrc: bool, at: Span, found: &mut Findings) -> Option<Node> {
    let go = go_variables(own, at, found);
    let fetches = own.max_fetches.as_ref().map_or_else(|| Node::int(at, 4), Node::from);
    if own.max_fetches.as_ref().is_some_and(|fetches| !(1..=64).contains(&fetches.value)) {
        // Athens takes 0 for nothing said, and does not start.
        found.push(value_invalid(fetches.span, "`maxFetches` is 1 to 64").help("maxFetches: 4"));
    }
    let timeout = match &own.fetch_timeout {
        Some(text) => {
            duration::seconds("fetchTimeout", text, 10..=1_800, found).map(|seconds| (text.span, seconds))
        }
        None => Some((at, 600)),
    };
    let (span, seconds) = timeout?;
    let written = |node: &Node| Node::text(node.span, node.as_int().unwrap_or_default().to_string());
    let build = Build::at(at)
        .text("ATHENS_STORAGE_TYPE", "disk")
        .text("ATHENS_DISK_STORAGE_ROOT", STORAGE)
        .with("ATHENS_GO_BINARY_ENV_VARS", go?)
        .with("ATHENS_SUM_DBS", sum_dbs(own, at))
        .with("ATHENS_GOGET_WORKERS", written(&fetches))
        .with("ATHENS_TIMEOUT", Node::text(span, seconds.to_string()))
        // git and go want a home that can be written to; the root cannot.
        .text("HOME", "/tmp");
    let private = own.private.first().map(|first| Node::text(first.span, unasked(&own.private)));
    let from = |auth: &Auth, key: &'static str| {
        Build::at(auth.secret.span).with("secret", (&auth.secret).into()).text("key", key).node()
    };
    let build = build
        .maybe("ATHENS_GONOSUM_PATTERNS", private)
        .maybe("ATHENS_NETRC_PATH", netrc.then(|| Node::text(at, NETRC)))
        .maybe("BASIC_AUTH_USER", own.auth.as_ref().map(|auth| from(auth, "username")))
        .maybe("BASIC_AUTH_PASS", own.auth.as_ref().map(|auth| from(auth, "password")));
    Some(build.node())
}

/// Variables of the `go` that Athens starts, joined as it wants them.
fn go_variables(own: &Own, at: Span, found: &mut Findings) -> Option<Node> {
    let before = found.errors();
    let span = own.upstream.as_ref().map_or(at, |upstream| upstream.span);
    let upstream = own.upstream.as_ref().map_or(UPSTREAM, |upstream| upstream.value.as_str());
    if let Some(upstream) = &own.upstream {
        check_upstream(upstream, &own.host, found);
    }
    for word in own.private.iter().chain(&own.sumdb) {
        if word.value.is_empty() || word.value.contains([',', ';', ' ', '|']) {
            found.push(value_invalid(word.span, format!("`{}` is not one pattern or name", word.value)));
        }
    }
    let mut variables = format!("GOPROXY={upstream}");
    if let Some(sumdb) = own.sumdb.as_ref().filter(|sumdb| sumdb.value != SUMDB) {
        variables.push_str(&format!(";GOSUMDB={}", sumdb.value));
    }
    if !own.private.is_empty() {
        let patterns: Vec<&str> = own.private.iter().map(|pattern| pattern.value.as_str()).collect();
        variables.push_str(&format!(";GOPRIVATE={}", patterns.join(",")));
    }
    (found.errors() == before).then(|| Node::text(span, variables))
}

/// A list as in GOPROXY: URLs, `direct`, `off`; `,` goes on after 404 and 410, `|` after any error.
fn check_upstream(upstream: &Spanned<String>, own: &Spanned<String>, found: &mut Findings) {
    for part in upstream.value.split([',', '|']) {
        match upstream::parts(part) {
            None if matches!(part, "direct" | "off") => {}
            Some(_) if part.contains('@') => {
                found.push(
                    secret::in_text("upstream", upstream.span)
                        .help("netrc: {secret: NAME, key: KEY}, and the URL without it"),
                );
            }
            Some(("https" | "http", host, _)) if !part.contains([';', ' ']) => {
                if let Some(finding) = upstream::is_loop(upstream, host, own) {
                    found.push(finding);
                }
            }
            _ => {
                let message = format!("`{part}` is no URL of a module proxy, nor `direct`, nor `off`");
                found.push(value_invalid(upstream.span, message).help(format!("upstream: {UPSTREAM}")));
            }
        }
    }
}

/// Databases of checksums that Athens passes on to clients; an empty text is an empty list.
fn sum_dbs(own: &Own, at: Span) -> Node {
    match &own.sumdb {
        None => Node::text(at, format!("https://{SUMDB}")),
        Some(sumdb) if sumdb.value == "off" => Node::text(sumdb.span, ""),
        Some(sumdb) => Node::text(sumdb.span, format!("https://{}", sumdb.value)),
    }
}

/// What Athens refuses to look up, so that no private name reaches the public database. Go's patterns match whole
/// prefixes of a path; Athens' match `PATH@VERSION` as asked, part by part, with `!x` for `X`.
fn unasked(private: &[Spanned<String>]) -> String {
    let mut patterns = Vec::new();
    for pattern in private {
        let escaped: String = pattern.value.chars().map(escape).collect();
        patterns.extend(
            ["@*", "/*", "/*/*", "/*/*/*"].map(|end| format!("{}{end}", escaped.trim_end_matches('/'))),
        );
    }
    patterns.join(",")
}

fn escape(letter: char) -> String {
    if letter.is_ascii_uppercase() { format!("!{}", letter.to_ascii_lowercase()) } else { letter.to_string() }
}

#[cfg(test)]
mod tests {
    use crate::kinds::trial::{app, with};

    const BASE: &str = "kind: goproxy\nengine: athens\nimage: gomods/athens:v0.18.0\nhost: go.example.org\n\
                        cache: {hostPath: /data/goproxy}\n";

    fn value(lines: &str, name: &str) -> Option<String> {
        let (app, found) = app(&with(BASE, lines));
        let app = app.unwrap_or_else(|| panic!("{lines}: {found:?}"));
        app.container.env.get(name).and_then(|value| value.value.as_ref()).map(|text| text.value.clone())
    }

    #[test]
    fn variables() {
        let rows = [
            ("", "ATHENS_GO_BINARY_ENV_VARS", Some("GOPROXY=https://proxy.golang.org,direct")),
            (
                "sumdb: off",
                "ATHENS_GO_BINARY_ENV_VARS",
                Some("GOPROXY=https://proxy.golang.org,direct;GOSUMDB=off"),
            ),
            ("sumdb: off", "ATHENS_SUM_DBS", Some("")),
            ("sumdb: sum.golang.google.cn", "ATHENS_SUM_DBS", Some("https://sum.golang.google.cn")),
            (
                "upstream: direct\nprivate: [a.org/X]",
                "ATHENS_GO_BINARY_ENV_VARS",
                Some("GOPROXY=direct;GOPRIVATE=a.org/X"),
            ),
            (
                "private: [a.org/X]",
                "ATHENS_GONOSUM_PATTERNS",
                Some("a.org/!x@*,a.org/!x/*,a.org/!x/*/*,a.org/!x/*/*/*"),
            ),
            ("", "ATHENS_GONOSUM_PATTERNS", None),
            ("", "ATHENS_TIMEOUT", Some("600")),
            ("fetchTimeout: 2m", "ATHENS_TIMEOUT", Some("120")),
            ("maxFetches: 8", "ATHENS_GOGET_WORKERS", Some("8")),
            ("netrc: {secret: go, key: netrc}", "ATHENS_NETRC_PATH", Some("/etc/athens/netrc")),
        ];
        for (lines, name, expected) in rows {
            assert_eq!(value(lines, name).as_deref(), expected, "{lines}: {name}");
        }
    }
}
