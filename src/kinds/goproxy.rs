//! `kind: goproxy`: a proxy of Go modules that keeps what it has fetched.

use serde::Deserialize;

use super::engine::{self, Engine};
use super::secret::{self, SecretKey};
use super::{Asked, COMPUTED, General, Kind, data, duration, upstream};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::Span;
use crate::stack::expand::{self, Short};
use crate::stack::value_invalid;
use crate::yaml::{Build, Node, Spanned, decode, fields, maybe};

pub(super) static KIND: Kind = Kind {
    name: "goproxy",
    own: fields::<Own>,
    computes: COMPUTED,
    shorts: &[Short { place: &["cache"], long: expand::volume }],
    general,
    one_node: |_, _| None,
};

/// A cache that may fill the node's disk.
pub(super) static CACHE_UNBOUNDED: Code = Code {
    name: "cache-unbounded",
    severity: Severity::Warning,
    page: Page {
        about: "No proxy of Go modules throws anything away, and an `emptyDir` lies on the node's own disk. Without a\n\
                limit it grows until the kubelet evicts pods of that node, this one or others. Give it a size, or a\n\
                folder on a disk of its own.",
        bad: concat!(
            "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n",
            "platforms: {gomods/athens: [amd64]}\n",
            "# apps/goproxy.yaml\nkind: goproxy\nengine: athens\nimage: gomods/athens:v0.18.0\nhost: go.example.org\n",
            "cache: {emptyDir: {}}\n"
        ),
        good: concat!(
            "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n",
            "platforms: {gomods/athens: [amd64]}\n",
            "# apps/goproxy.yaml\nkind: goproxy\nengine: athens\nimage: gomods/athens:v0.18.0\nhost: go.example.org\n",
            "cache: {emptyDir: 10Gi}\n"
        ),
    },
};

/// `goproxy/goproxy` is another program on Docker Hub than on ghcr.io.
static ENGINES: &[Engine] = &[
    Engine { name: "athens", images: &["docker.io/gomods/athens"] },
    Engine { name: "goproxy", images: &["ghcr.io/goproxy/goproxy"] },
    Engine { name: "goproxyio", images: &["docker.io/goproxy/goproxy"] },
];

/// Credentials by their names in the environment.
const CREDENTIALS: [&str; 2] = ["BASIC_AUTH_PASS", "ATHENS_GITHUB_TOKEN"];

const UPSTREAM: &str = "https://proxy.golang.org,direct";
const SUMDB: &str = "sum.golang.org";
const STORAGE: &str = "/var/lib/athens";
const NETRC: &str = "/etc/athens/netrc";
const PORT: u16 = 3000;
/// Nobody: the image has a user of its own, but does not use it.
const USER: u32 = 65_534;

#[derive(Deserialize)]
struct Own {
    /// No default yet: the format's, goproxy, is not built.
    engine: Spanned<String>,
    host: Spanned<String>,
    /// A list as in GOPROXY.
    upstream: Option<Spanned<String>>,
    /// A name, or `off`.
    sumdb: Option<Spanned<String>>,
    /// Patterns as in GOPRIVATE.
    private: Vec<Spanned<String>>,
    netrc: Option<Node>,
    #[serde(rename = "maxFetches")]
    max_fetches: Option<Spanned<u32>>,
    #[serde(rename = "fetchTimeout")]
    fetch_timeout: Option<Spanned<String>>,
    #[serde(deserialize_with = "maybe")]
    auth: Option<Auth>,
    /// A volume.
    cache: Node,
}

/// A Secret of the type `kubernetes.io/basic-auth`, or with its keys.
#[derive(Deserialize)]
struct Auth {
    secret: Spanned<String>,
}

fn general(own: &Node, asked: &Asked<'_>, found: &mut Findings) -> Option<General> {
    secret::not_in_text(own, &["netrc"], asked, &CREDENTIALS, found);
    let own: Own = decode(own, found)?;
    if !engine::check(&own.engine, "athens", ENGINES, asked, found) {
        return None;
    }
    check_cache(&own.cache, asked, found)?;
    let netrc = match &own.netrc {
        Some(netrc) => Some(SecretKey::of(netrc, found)?),
        None => None,
    };
    let env = env(&own, netrc.is_some(), asked.at, found);
    let at = || Build::at(asked.at);
    let get = |path: &'static str| at().with("httpGet", at().text("path", path).node()).node();
    let volumes = Build::at(own.cache.span)
        .with(STORAGE, own.cache.clone())
        .with("/tmp", at().with("emptyDir", at().text("sizeLimit", "4Gi").node()).node())
        .maybe(NETRC, netrc.as_ref().map(netrc_volume));
    let route = Build::at(own.host.span).with("host", Node::list(own.host.span, [(&own.host).into()]));
    let memory = at().text("memory", "128Mi").node();
    let app = at()
        .with("env", env?)
        .with("ports", at().int("http", PORT).node())
        .with("volumes", volumes.node())
        .with("probes", at().with("liveness", get("/healthz")).with("readiness", get("/readyz")).node())
        .with("resources", at().text("cpu", "50m").text("memory", "512Mi").with("requests", memory).node())
        .with("securityContext", security(&own.cache, asked.at))
        .with("routes", Build::at(own.host.span).with("go", route.node()).node());
    Some(General::of(app.node()))
}

/// In a folder of the node, which Kubernetes makes as root's, it stays root; elsewhere it is nobody.
fn security(cache: &Node, at: Span) -> Node {
    if cache.get("hostPath").is_none() {
        return data::restricted(at, USER);
    }
    let mut security = data::root(at);
    if let Some(map) = security.as_map_mut() {
        map.or_insert("readOnlyRootFilesystem", Node::bool(at, true));
    }
    security
}

fn netrc_volume(netrc: &SecretKey) -> Node {
    let at = || Build::at(netrc.secret.span);
    let source =
        at().with("name", (&netrc.secret).into()).with("key", (&netrc.key).into()).int("mode", 0o440);
    at().with("secret", source.node()).text("name", "netrc").node()
}

fn check_cache(cache: &Node, asked: &Asked<'_>, found: &mut Findings) -> Option<()> {
    if let Some(s3) = cache.get("s3") {
        found.push(
            value_invalid(s3.span, "a cache in S3 is not built yet").help("cache: {hostPath: /data/goproxy}"),
        );
        return None;
    }
    if let Some(empty) = cache.get("emptyDir").filter(|empty| empty.get("sizeLimit").is_none()) {
        found.push(
            Finding::new(&CACHE_UNBOUNDED, empty.span, "the cache may fill the node's disk")
                .note("nothing is ever thrown away; on a full disk the kubelet evicts pods")
                .help("cache: {emptyDir: 10Gi}"),
        );
    }
    data::owner(cache, asked, found);
    Some(())
}

fn env(own: &Own, netrc: bool, at: Span, found: &mut Findings) -> Option<Node> {
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
    // The default storage is memory: all is lost with the pod.
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
    use super::super::trial::{app, codes, with};

    const BASE: &str = "kind: goproxy\nengine: athens\nimage: gomods/athens:v0.18.0\nhost: go.example.org\n\
                        cache: {hostPath: /data/goproxy}\n";

    fn value(lines: &str, name: &str) -> Option<String> {
        let (app, found) = app(&with(BASE, lines));
        let app = app.unwrap_or_else(|| panic!("{lines}: {found:?}"));
        app.container.env.get(name).and_then(|value| value.value.as_ref()).map(|text| text.value.clone())
    }

    #[test]
    fn findings() {
        let rows: &[(&str, &[&str])] = &[
            ("engine: OUT", &["key-missing"]),
            ("engine: goproxyio", &["engine-not-built"]),
            ("image: goproxy/goproxy:v1", &["engine-image-mismatch"]),
            ("cache: OUT", &["key-missing"]),
            ("cache: {emptyDir: 10Gi}", &[]),
            ("cache: {emptyDir: {}}", &["cache-unbounded"]),
            ("cache: {s3: {bucket: x}}", &["value-invalid"]),
            ("securityContext: {runAsUser: 65534}", &["data-owner-root"]),
            ("upstream: https://goproxy.cn|direct", &[]),
            ("upstream: goproxy.cn", &["value-invalid"]),
            ("upstream: \"https://a;b\"", &["value-invalid"]),
            ("upstream: https://go.example.org,direct", &["upstream-loop"]),
            ("private: [\"git.example.org/*\"]", &[]),
            ("private: [\"a,b\"]", &["value-invalid"]),
            ("netrc: {secret: go, key: netrc}", &[]),
            ("netrc: machine x password y", &["secret-in-text"]),
            ("auth: {secret: go}", &[]),
            ("env: {ATHENS_GITHUB_TOKEN: abc}", &["secret-in-text"]),
            ("maxFetches: 0", &["value-invalid"]),
            ("maxFetches: 65", &["value-invalid"]),
            ("fetchTimeout: 10s", &[]),
            ("fetchTimeout: 31m", &["value-invalid"]),
            ("command: [x]", &["key-unknown"]),
        ];
        for (line, expected) in rows {
            assert_eq!(codes(BASE, line), *expected, "{line}");
        }
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

    #[test]
    fn root_only_where_the_folder_is_roots() {
        let user = |lines: &str| {
            let app = app(&with(BASE, lines)).0.unwrap();
            app.container.security_context.unwrap().get("runAsUser").and_then(crate::yaml::Node::as_int)
        };
        assert_eq!(user(""), None);
        assert_eq!(user("cache: {emptyDir: 10Gi}"), Some(65_534));
    }
}
