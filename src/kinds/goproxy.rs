//! `kind: goproxy`: a proxy of Go modules that keeps what it has fetched.

use serde::Deserialize;

use super::engine::{self, Engine};
use super::secret::{self, SecretKey};
use super::{Asked, COMPUTED, General, Kind, athens, data};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::Span;
use crate::stack::expand::{self, Long, Short};
use crate::stack::{Volume, value_invalid};
use crate::yaml::{Build, Node, Spanned, decode, fields, like, maybe, shape};

pub(super) static KIND: Kind = Kind {
    name: "goproxy",
    own: fields::<Own>,
    shape: shape::<Own>,
    computes: COMPUTED,
    shorts: &[Short { place: &["cache"], long: Long::Inside(expand::VOLUME) }],
    ports: |_, at| Build::at(at).int("http", PORT).node(),
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

pub(super) const STORAGE: &str = "/var/lib/athens";
pub(super) const NETRC: &str = "/etc/athens/netrc";
const PORT: u16 = 3000;
/// Nobody: the image has a user of its own, but does not use it.
const USER: u32 = 65_534;

#[derive(Deserialize)]
pub(super) struct Own {
    /// The program: `athens`. (`goproxy` and `goproxyio` are not built yet.)
    pub(super) engine: Spanned<String>,
    /// The host at which it is asked.
    pub(super) host: Spanned<String>,
    /// Where it fetches modules, a list as in GOPROXY. Default: `https://proxy.golang.org,direct`.
    pub(super) upstream: Option<Spanned<String>>,
    /// The database of checksums that it asks and passes on, or `off`. Default: `sum.golang.org`.
    pub(super) sumdb: Option<Spanned<String>>,
    /// Modules that no database of checksums hears of: patterns as in GOPRIVATE.
    pub(super) private: Vec<Spanned<String>>,
    /// A .netrc with what it needs to fetch private modules.
    #[serde(deserialize_with = "like::<Option<SecretKey>, _, _>")]
    pub(super) netrc: Option<Node>,
    /// How many modules it fetches at a time: 1 to 64. Default: `4`.
    #[serde(rename = "maxFetches")]
    pub(super) max_fetches: Option<Spanned<u32>>,
    /// How long a fetch may take: `10s` to `30m`. Default: `10m`.
    #[serde(rename = "fetchTimeout")]
    pub(super) fetch_timeout: Option<Spanned<String>>,
    /// Who may ask it. Default: everybody.
    #[serde(deserialize_with = "maybe")]
    pub(super) auth: Option<Auth>,
    /// The volume that keeps what it fetched.
    #[serde(deserialize_with = "like::<Volume, _, _>")]
    pub(super) cache: Node,
}

/// Basic authentication.
#[derive(Deserialize)]
pub(super) struct Auth {
    /// The Secret, of the type `kubernetes.io/basic-auth`, or with its keys `username` and `password`.
    pub(super) secret: Spanned<String>,
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
    let env = athens::env(&own, netrc.is_some(), asked.at, found);
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

#[cfg(test)]
mod tests {
    use crate::kinds::trial::{app, codes, port, with};

    const BASE: &str = "kind: goproxy\nengine: athens\nimage: gomods/athens:v0.18.0\nhost: go.example.org\n\
                        cache: {hostPath: /data/goproxy}\n";

    #[test]
    fn findings() {
        let rows: &[(&str, &[&str])] = &[
            ("upstream: https://me:pass@a.org", &["secret-in-text"]),
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
    fn its_port_is_known_before_other_apps_names_are() {
        let waiting = with(BASE, "upstream: \"http://{{ apps.other.address }}\"");
        assert_eq!(port(&waiting, "http"), Some(3_000));
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
