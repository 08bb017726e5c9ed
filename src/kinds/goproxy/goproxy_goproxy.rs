//! goproxy/goproxy, by its arguments (`cmd/goproxy/internal/server_cmd.go`) and Go's own environment.

use super::cache::{Bucket, Cache};
use super::modules::SUMDB;
use super::{HOME_NETRC, Own, Program, Start};
use crate::finding::Findings;
use crate::kinds::Asked;
use crate::kinds::engine::Engine;
use crate::source::Span;
use crate::yaml::{Build, Node};

pub(super) const ENGINE: Engine<Program> =
    Engine { name: "goproxy", images: &["ghcr.io/goproxy/goproxy"], program: Program { port: PORT, start } };

const PORT: u16 = 8_080;
const FOLDER: &str = "/goproxy";
/// The bucket's keys in the environment; Kubernetes puts them into the arguments, where no manifest shows them.
const ACCESS_KEY: &str = "S3_ACCESS_KEY_ID";
const SECRET_KEY: &str = "S3_SECRET_ACCESS_KEY";

fn start(own: &Own, cache: &Cache, asked: &Asked<'_>, found: &mut Findings) -> Option<Start> {
    let bucket = match cache {
        Cache::Volume(_) => None,
        Cache::S3(s3) => Some(s3.bucket(found)?),
    };
    Some(Start {
        command: None,
        args: args(own, bucket.as_ref(), asked.at, found)?,
        env: env(own, bucket.as_ref(), asked.at),
        folder: Some(FOLDER),
        netrc: HOME_NETRC,
        health: Some(("/healthz", "/healthz")),
        authenticates: false,
    })
}

fn args(own: &Own, bucket: Option<&Bucket<'_>>, at: Span, found: &mut Findings) -> Option<Vec<Node>> {
    let fetches = own.fetches(found);
    let timeout = own.timeout(found)?;
    // The binary alone listens on localhost.
    let start = vec!["server".to_owned(), format!("--address=:{PORT}")];
    let (span, cacher) = match bucket {
        Some(bucket) => (bucket.s3.endpoint.span, bucket_args(bucket)),
        None => (at, vec!["--cacher=dir".to_owned(), format!("--cacher-dir={FOLDER}/caches")]),
    };
    let mut rest =
        vec![format!("--max-concurrent-direct-fetches={fetches}"), format!("--fetch-timeout={timeout}s")];
    rest.extend(own.sumdb().map(|sumdb| format!("--proxied-sumdbs={sumdb}")));
    let nodes = |span, words: Vec<String>| words.into_iter().map(move |word| Node::text(span, word));
    Some(nodes(at, start).chain(nodes(span, cacher)).chain(nodes(at, rest)).collect())
}

fn bucket_args(bucket: &Bucket<'_>) -> Vec<String> {
    let mut args = vec![
        "--cacher=s3".to_owned(),
        format!("--cacher-s3-endpoint={}", bucket.authority),
        format!("--cacher-s3-region={}", bucket.region),
        format!("--cacher-s3-bucket={}", bucket.s3.bucket.value),
        format!("--cacher-s3-access-key-id=$({ACCESS_KEY})"),
        format!("--cacher-s3-secret-access-key=$({SECRET_KEY})"),
    ];
    if !bucket.tls {
        args.push("--cacher-s3-disable-tls".to_owned());
    }
    if bucket.s3.path_style == Some(true) {
        args.push("--cacher-s3-force-path-style".to_owned());
    }
    args
}

fn env(own: &Own, bucket: Option<&Bucket<'_>>, at: Span) -> Node {
    let span = own.upstream.as_ref().map_or(at, |upstream| upstream.span);
    let sumdb = (own.sumdb() != Some(SUMDB)).then(|| own.sumdb().unwrap_or("off").to_owned());
    let sumdb_at = own.sumdb.as_ref().map_or(at, |sumdb| sumdb.span);
    let private_at = own.private.first().map_or(at, |first| first.span);
    Build::at(at)
        .with("GOPROXY", Node::text(span, own.upstream().to_owned()))
        .maybe("GOSUMDB", sumdb.map(|sumdb| Node::text(sumdb_at, sumdb)))
        .maybe("GOPRIVATE", own.private().map(|private| Node::text(private_at, private)))
        // A fetch that asks no proxy fills it as well; of no use to it if it is shared with a client.
        .text("GOMODCACHE", format!("{FOLDER}/mod"))
        // git and go want a home that can be written to; the root cannot.
        .text("HOME", "/tmp")
        .maybe(ACCESS_KEY, bucket.map(|bucket| bucket.access_key.env()))
        .maybe(SECRET_KEY, bucket.map(|bucket| bucket.secret_key.env()))
        .node()
}

#[cfg(test)]
mod tests {
    use crate::kinds::trial::{app, with};
    use crate::stack::App;

    const BASE: &str = "kind: goproxy\nimage: ghcr.io/goproxy/goproxy:0.26.1\nhost: go.example.org\n\
                        cache: {hostPath: /data/goproxy}\n";

    fn made(lines: &str) -> App {
        let (app, found) = app(&with(BASE, lines));
        app.unwrap_or_else(|| panic!("{lines}: {found:?}"))
    }

    fn args(lines: &str) -> Vec<String> {
        made(lines).container.args.into_iter().map(|arg| arg.value).collect()
    }

    fn value(lines: &str, name: &str) -> Option<String> {
        let app = made(lines);
        app.container.env.get(name).and_then(|value| value.value.as_ref()).map(|text| text.value.clone())
    }

    #[test]
    fn arguments() {
        assert_eq!(
            args(""),
            [
                "server",
                "--address=:8080",
                "--cacher=dir",
                "--cacher-dir=/goproxy/caches",
                "--max-concurrent-direct-fetches=4",
                "--fetch-timeout=600s",
                "--proxied-sumdbs=sum.golang.org"
            ]
        );
        let changed = args("sumdb: off\nmaxFetches: 8\nfetchTimeout: 2m");
        assert_eq!(changed[4..], ["--max-concurrent-direct-fetches=8", "--fetch-timeout=120s"]);
    }

    #[test]
    fn a_bucket_whose_keys_stay_in_their_secret() {
        let s3 = "cache: {s3: {endpoint: 'http://minio.default.svc:9000', bucket: go, pathStyle: true, \
                  accessKey: {secret: s, key: a}, secretKey: {secret: s, key: b}}}";
        let all = args(s3);
        assert!(all.contains(&"--cacher-s3-endpoint=minio.default.svc:9000".to_owned()), "{all:?}");
        assert!(all.contains(&"--cacher-s3-secret-access-key=$(S3_SECRET_ACCESS_KEY)".to_owned()));
        assert!(all.contains(&"--cacher-s3-disable-tls".to_owned()));
        assert!(all.contains(&"--cacher-s3-force-path-style".to_owned()));
        let app = made(s3);
        assert_eq!(
            app.container.env.get("S3_SECRET_ACCESS_KEY").unwrap().secret.as_ref().unwrap().value,
            "s"
        );
        assert!(app.container.volumes.get("/goproxy").unwrap().empty_dir.is_some());
    }

    #[test]
    fn gos_own_variables() {
        let rows = [
            ("", "GOPROXY", Some("https://proxy.golang.org,direct")),
            ("upstream: direct", "GOPROXY", Some("direct")),
            ("", "GOSUMDB", None),
            ("sumdb: off", "GOSUMDB", Some("off")),
            ("sumdb: off\nprivate: [a.org/X, b.org]", "GOPRIVATE", Some("a.org/X,b.org")),
            ("", "GOMODCACHE", Some("/goproxy/mod")),
        ];
        for (lines, name, expected) in rows {
            assert_eq!(value(lines, name).as_deref(), expected, "{lines}: {name}");
        }
    }

    #[test]
    fn a_netrc_lies_in_its_home() {
        let app = made("netrc: {secret: go, key: netrc}");
        let secret = app.container.volumes.get("/tmp/.netrc").unwrap().secret.as_ref().unwrap();
        assert_eq!(secret.key.as_ref().unwrap().value, "netrc");
    }
}
