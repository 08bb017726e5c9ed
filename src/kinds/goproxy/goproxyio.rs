//! goproxyio/goproxy, by its arguments (`main.go`). It sets GOPROXY, GOSUMDB and GO111MODULE itself, so its environment says
//! nothing about them.

use super::cache::Cache;
use super::{HOME_NETRC, Own, Program, Start};
use crate::finding::Findings;
use crate::kinds::Asked;
use crate::kinds::engine::{self, Engine};
use crate::yaml::{Build, Node};

pub(super) const ENGINE: Engine<Program> = Engine {
    name: "goproxyio",
    images: &["docker.io/goproxy/goproxy"],
    program: Program { port: PORT, start },
};

const PORT: u16 = 8_081;
/// The image's GOPATH: `go` writes there whatever `-cacheDir` says, and older builds knew no other place.
const FOLDER: &str = "/go";

fn start(own: &Own, cache: &Cache, asked: &Asked<'_>, found: &mut Findings) -> Option<Start> {
    let before = found.errors();
    engine::lacks_keys(
        "goproxyio",
        &[
            (
                "sumdb",
                own.sumdb.as_ref().map(|sumdb| sumdb.span),
                "it asks none itself, and passes on to sum.golang.org",
            ),
            ("maxFetches", own.max_fetches.as_ref().map(|fetches| fetches.span), "it has no limit"),
            ("fetchTimeout", own.fetch_timeout.as_ref().map(|timeout| timeout.span), "it has no limit"),
        ],
        found,
    );
    if let Cache::S3(s3) = cache {
        found.push(
            engine::lacks(s3.endpoint.span, "goproxyio keeps modules in a folder alone")
                .help("cache: {hostPath: /data/goproxy}"),
        );
    }
    let upstream = upstream(own, found);
    let mut args = vec![format!("-listen=0.0.0.0:{PORT}"), format!("-cacheDir={FOLDER}")];
    args.extend(upstream.map(|url| format!("-proxy={url}")));
    args.extend(own.private().map(|private| format!("-exclude={private}")));
    let start = Start {
        // Its entrypoint is a tini of amd64 in the image of every architecture.
        command: Some("/goproxy"),
        args: args.into_iter().map(|arg| Node::text(asked.at, arg)).collect(),
        env: Build::at(asked.at).text("HOME", "/tmp").node(),
        folder: Some(FOLDER),
        netrc: HOME_NETRC,
        health: None,
        authenticates: false,
    };
    (found.errors() == before).then_some(start)
}

/// The one proxy that it asks; none where it fetches directly.
fn upstream<'a>(own: &'a Own, found: &mut Findings) -> Option<&'a str> {
    let Some(said) = &own.upstream else { return Some("https://proxy.golang.org") };
    if said.value.contains([',', '|']) || said.value == "off" {
        let first = said.value.split([',', '|']).next().unwrap_or_default();
        found.push(
            engine::lacks(said.span, "goproxyio asks one proxy, and goes directly to what `private` names")
                .help(format!("upstream: {first}")),
        );
    }
    Some(said.value.as_str()).filter(|url| *url != "direct")
}

#[cfg(test)]
mod tests {
    use crate::kinds::trial::{app, codes, with};

    const BASE: &str = "kind: goproxy\nengine: goproxyio\nimage: goproxy/goproxy:v2.0.7\nhost: go.example.org\n\
                        cache: {hostPath: /data/goproxy}\n";

    #[test]
    fn findings() {
        let rows: &[(&str, &[&str])] = &[
            ("", &[]),
            ("sumdb: off", &["engine-lacks-setting"]),
            ("maxFetches: 4", &["engine-lacks-setting"]),
            ("fetchTimeout: 1m", &["engine-lacks-setting"]),
            ("upstream: https://a.org,direct", &["engine-lacks-setting"]),
            ("upstream: direct", &[]),
            ("private: [a.org]", &["sumdb-hears-private"]),
            ("image: ghcr.io/goproxy/goproxy:0.26.1", &["engine-image-mismatch"]),
            (
                "cache: {s3: {endpoint: 'http://m:9000', bucket: go, accessKey: {secret: s, key: a}, secretKey: {secret: s, key: b}}}",
                &["engine-lacks-setting"],
            ),
        ];
        for (line, expected) in rows {
            assert_eq!(codes(BASE, line), *expected, "{line}");
        }
    }

    #[test]
    fn arguments() {
        let args = |lines: &str| {
            let container = app(&with(BASE, lines)).0.unwrap().container;
            assert_eq!(container.command[0].value, "/goproxy");
            container.args.into_iter().map(|arg| arg.value).collect::<Vec<_>>()
        };
        assert_eq!(args(""), ["-listen=0.0.0.0:8081", "-cacheDir=/go", "-proxy=https://proxy.golang.org"]);
        assert_eq!(args("upstream: direct\nprivate: [a.org, b.org]")[2..], ["-exclude=a.org,b.org"]);
    }
}
