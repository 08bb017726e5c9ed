//! Athens, by its environment. It reads all that it needs from there; the image's own configuration file lies beneath.

use super::cache::Cache;
use super::modules::SUMDB;
use super::{Auth, Own, Program, Start};
use crate::finding::Findings;
use crate::kinds::Asked;
use crate::kinds::engine::Engine;
use crate::source::Span;
use crate::yaml::{Build, Node, Spanned};

pub(super) const ENGINE: Engine<Program> =
    Engine { name: "athens", images: &["docker.io/gomods/athens"], program: Program { port: 3_000, start } };

const STORAGE: &str = "/var/lib/athens";
const NETRC: &str = "/etc/athens/netrc";

fn start(own: &Own, cache: &Cache, asked: &Asked<'_>, found: &mut Findings) -> Option<Start> {
    Some(Start {
        command: None,
        args: Vec::new(),
        env: env(own, cache, asked.at, found)?,
        folder: matches!(cache, Cache::Volume(_)).then_some(STORAGE),
        netrc: NETRC,
        health: Some(("/healthz", "/readyz")),
        authenticates: true,
    })
}

fn env(own: &Own, cache: &Cache, at: Span, found: &mut Findings) -> Option<Node> {
    let fetches = own.fetches(found);
    let timeout = own.timeout(found);
    let storage = storage(cache, at, found)?;
    let place = |span: Option<Span>| span.unwrap_or(at);
    let fetches_at = place(own.max_fetches.as_ref().map(|fetches| fetches.span));
    let timeout_at = place(own.fetch_timeout.as_ref().map(|timeout| timeout.span));
    let build = storage
        .with("ATHENS_GO_BINARY_ENV_VARS", go_variables(own, at))
        .with("ATHENS_SUM_DBS", sum_dbs(own, at))
        .with("ATHENS_GOGET_WORKERS", Node::text(fetches_at, fetches.to_string()))
        .with("ATHENS_TIMEOUT", Node::text(timeout_at, timeout?.to_string()))
        // git and go want a home that can be written to; the root cannot.
        .text("HOME", "/tmp");
    let private = own.private.first().map(|first| Node::text(first.span, unasked(&own.private)));
    let from = |auth: &Auth, key: &'static str| {
        Build::at(auth.secret.span).with("secret", (&auth.secret).into()).text("key", key).node()
    };
    let build = build
        .maybe("ATHENS_GONOSUM_PATTERNS", private)
        .maybe("ATHENS_NETRC_PATH", own.netrc.is_some().then(|| Node::text(at, NETRC)))
        .maybe("BASIC_AUTH_USER", own.auth.as_ref().map(|auth| from(auth, "username")))
        .maybe("BASIC_AUTH_PASS", own.auth.as_ref().map(|auth| from(auth, "password")));
    Some(build.node())
}

/// The default storage is memory: all would be lost with the pod.
fn storage(cache: &Cache, at: Span, found: &mut Findings) -> Option<Build> {
    let Cache::S3(s3) = cache else {
        let disk = Build::at(at).text("ATHENS_STORAGE_TYPE", "disk");
        return Some(disk.text("ATHENS_DISK_STORAGE_ROOT", STORAGE));
    };
    let bucket = s3.bucket(found)?;
    let path_style = if s3.path_style == Some(true) { "true" } else { "false" };
    let build = Build::at(at)
        .text("ATHENS_STORAGE_TYPE", "s3")
        .with("AWS_ENDPOINT", (&s3.endpoint).into())
        .text("AWS_REGION", bucket.region.to_owned())
        .with("ATHENS_S3_BUCKET_NAME", (&s3.bucket).into())
        .with("AWS_ACCESS_KEY_ID", bucket.access_key.env())
        .with("AWS_SECRET_ACCESS_KEY", bucket.secret_key.env())
        .text("AWS_FORCE_PATH_STYLE", path_style);
    Some(build)
}

/// Variables of the `go` that Athens starts, joined as it wants them.
fn go_variables(own: &Own, at: Span) -> Node {
    let span = own.upstream.as_ref().map_or(at, |upstream| upstream.span);
    let mut variables = format!("GOPROXY={}", own.upstream());
    if own.sumdb() != Some(SUMDB) {
        variables.push_str(&format!(";GOSUMDB={}", own.sumdb().unwrap_or("off")));
    }
    if let Some(private) = own.private() {
        variables.push_str(&format!(";GOPRIVATE={private}"));
    }
    Node::text(span, variables)
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
