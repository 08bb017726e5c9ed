//! `kind: goproxy`: a proxy of Go modules that keeps what it has fetched.
//!
//! To add an engine: a file here with its `program`, a row in [`ENGINES`], an app in `tests/stacks/kinds`.

mod athens;
mod cache;
mod goproxy_goproxy;
mod goproxyio;
mod modules;

use serde::Deserialize;

use crate::finding::Findings;
use crate::kinds::engine::{self, Engine};
use crate::kinds::secret::{self, SecretKey};
use crate::kinds::{Asked, COMPUTED, General, Kind, data};
use crate::source::Span;
use crate::stack::expand::{self, Long, Short};
use crate::stack::{Volume, value_invalid};
use crate::yaml::{Build, Either, Node, Spanned, decode, fields, like, maybe, shape};

use cache::{Cache, S3File};

pub(super) use cache::CACHE_UNBOUNDED;
pub(super) use modules::SUMDB_HEARS_PRIVATE;

pub(super) static KIND: Kind = Kind {
    name: "goproxy",
    own: fields::<Own>,
    shape: shape::<Own>,
    computes: COMPUTED,
    shorts: &[Short { place: &["cache"], long: Long::Inside(expand::VOLUME) }],
    ports: |own, at| {
        let engine = engine::named(own, ENGINES);
        engine.map_or(Build::at(at), |engine| Build::at(at).int("http", engine.program.port)).node()
    },
    general,
    one_node: |_, _| None,
};

/// `goproxy/goproxy` is another program on Docker Hub than on ghcr.io. The default first.
static ENGINES: &[Engine<Program>] = &[goproxy_goproxy::ENGINE, goproxyio::ENGINE, athens::ENGINE];

/// Credentials by their names in the environment.
const CREDENTIALS: [&str; 4] =
    ["BASIC_AUTH_PASS", "ATHENS_GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY", "S3_SECRET_ACCESS_KEY"];

/// Nobody. One image has him by name, of whom Kubernetes cannot tell whether he is root; the others run as root.
const USER: u32 = 65_534;
/// Where a program that is told no other place looks for a .netrc.
const HOME_NETRC: &str = "/tmp/.netrc";

/// What the kind knows of a program.
struct Program {
    port: u16,
    /// How it is started for these keys.
    start: fn(&Own, &Cache, &Asked<'_>, &mut Findings) -> Option<Start>,
}

/// How a program is started.
struct Start {
    /// Instead of the image's entrypoint.
    command: Option<&'static str>,
    args: Vec<Node>,
    env: Node,
    /// Where it keeps what it fetched; none where that is a matter of S3 alone.
    folder: Option<&'static str>,
    /// Where it reads a .netrc.
    netrc: &'static str,
    /// Paths of liveness and readiness; without, an open port is all that can be asked.
    health: Option<(&'static str, &'static str)>,
    /// It asks for the password itself; else Traefik does.
    authenticates: bool,
}

#[derive(Deserialize)]
struct Own {
    /// The program: `goproxy` (goproxy/goproxy, from 0.26 on), `goproxyio`, `athens`. Default: `goproxy`.
    engine: Option<Spanned<String>>,
    /// The host at which it is asked.
    host: Spanned<String>,
    /// Where it fetches modules, a list as in GOPROXY; with goproxyio one URL, or `direct`. Default:
    /// `https://proxy.golang.org,direct`.
    upstream: Option<Spanned<String>>,
    /// The database of checksums that it asks and passes on, or `off`. Not with goproxyio. Default: `sum.golang.org`.
    sumdb: Option<Spanned<String>>,
    /// Modules that no database of checksums hears of: patterns as in GOPRIVATE.
    private: Vec<Spanned<String>>,
    /// A .netrc with what it needs to fetch private modules.
    #[serde(deserialize_with = "like::<Option<SecretKey>, _, _>")]
    netrc: Option<Node>,
    /// How many modules it fetches at a time: 1 to 64. Not with goproxyio. Default: `4`.
    #[serde(rename = "maxFetches")]
    max_fetches: Option<Spanned<u32>>,
    /// How long a fetch may take: `10s` to `30m`. Not with goproxyio. Default: `10m`.
    #[serde(rename = "fetchTimeout")]
    fetch_timeout: Option<Spanned<String>>,
    /// Who may ask it. Default: everybody.
    #[serde(deserialize_with = "maybe")]
    auth: Option<Auth>,
    /// What keeps what it fetched: a volume, or a bucket: `{s3: …}`, not with goproxyio.
    #[serde(deserialize_with = "like::<Either<Volume, S3File>, _, _>")]
    cache: Node,
}

/// Basic authentication.
#[derive(Deserialize)]
struct Auth {
    /// The Secret, of the type `kubernetes.io/basic-auth`, or with its keys `username` and `password`.
    secret: Spanned<String>,
}

impl Own {
    /// How many modules at a time.
    fn fetches(&self, found: &mut Findings) -> u32 {
        let Some(fetches) = &self.max_fetches else { return 4 };
        if !(1..=64).contains(&fetches.value) {
            // Athens takes 0 for nothing said, and does not start; goproxy takes it for no limit.
            found.push(value_invalid(fetches.span, "`maxFetches` is 1 to 64").help("maxFetches: 4"));
        }
        fetches.value
    }

    /// Seconds that a fetch may take.
    fn timeout(&self, found: &mut Findings) -> Option<u32> {
        let Some(text) = &self.fetch_timeout else { return Some(600) };
        crate::kinds::duration::seconds("fetchTimeout", text, 10..=1_800, found)
    }
}

fn general(own: &Node, asked: &Asked<'_>, found: &mut Findings) -> Option<General> {
    secret::not_in_text(
        own,
        &["netrc", "cache.s3.accessKey", "cache.s3.secretKey"],
        asked,
        &CREDENTIALS,
        found,
    );
    let own: Own = decode(own, found)?;
    let engine = engine::choose(own.engine.as_ref(), ENGINES, asked, found)?;
    let netrc = match &own.netrc {
        Some(netrc) => Some(SecretKey::of(netrc, found)?),
        None => None,
    };
    let cache = cache::read(&own.cache, asked, found)?;
    let before = found.errors();
    modules::check(engine.name, &own, found);
    let start = (engine.program.start)(&own, &cache, asked, found);
    let guard = own.auth.as_ref().filter(|_| start.as_ref().is_some_and(|start| !start.authenticates));
    if let Some(auth) = guard {
        guarded(auth, asked, found);
    }
    let start = start.filter(|_| found.errors() == before)?;
    Some(General::of(app(&own, &cache, netrc.as_ref(), &start, guard, asked.at)))
}

fn app(
    own: &Own,
    cache: &Cache,
    netrc: Option<&SecretKey>,
    start: &Start,
    guard: Option<&Auth>,
    span: Span,
) -> Node {
    let at = || Build::at(span);
    let host = Node::list(own.host.span, [(&own.host).into()]);
    let route = Build::at(own.host.span).with("host", host);
    let route = match guard {
        Some(auth) => {
            let name = Node::text(auth.secret.span, GUARD);
            route.with("middlewares", Node::list(auth.secret.span, [name]))
        }
        None => route,
    };
    let memory = at().text("memory", "128Mi").node();
    at().maybe("command", start.command.map(|command| Node::list(span, [Node::text(span, command)])))
        .unless_empty("args", Node::list(span, start.args.clone()))
        .with("env", start.env.clone())
        .with("volumes", volumes(cache, netrc, start, span))
        .with("probes", probes(start, span))
        .with("resources", at().text("cpu", "50m").text("memory", "512Mi").with("requests", memory).node())
        .with("securityContext", security(cache, span))
        .maybe("middlewares", guard.map(middleware))
        .with("routes", Build::at(own.host.span).with("go", route.node()).node())
        .node()
}

fn volumes(cache: &Cache, netrc: Option<&SecretKey>, start: &Start, span: Span) -> Node {
    let scratch = |size: &'static str| {
        let size = Build::at(span).text("sizeLimit", size).node();
        Build::at(span).with("emptyDir", size).node()
    };
    let kept = start.folder.map(|folder| match cache {
        Cache::Volume(volume) => (folder, volume.clone()),
        // What `go` leaves behind after a fetch that asked no proxy.
        Cache::S3(_) => (folder, scratch("10Gi")),
    });
    let build = kept.into_iter().fold(Build::at(span), |build, (folder, volume)| build.with(folder, volume));
    build.with("/tmp", scratch("4Gi")).maybe(start.netrc, netrc.map(netrc_volume)).node()
}

fn netrc_volume(netrc: &SecretKey) -> Node {
    let at = || Build::at(netrc.secret.span);
    let source =
        at().with("name", (&netrc.secret).into()).with("key", (&netrc.key).into()).int("mode", 0o440);
    at().with("secret", source.node()).text("name", "netrc").node()
}

fn probes(start: &Start, span: Span) -> Node {
    let at = || Build::at(span);
    let open = || at().with("tcpSocket", at().text("port", "http").node()).node();
    let get = |path: &'static str| at().with("httpGet", at().text("path", path).node()).node();
    let (live, ready) =
        start.health.map_or_else(|| (open(), open()), |(live, ready)| (get(live), get(ready)));
    at().with("liveness", live).with("readiness", ready).node()
}

/// In a folder of the node, which Kubernetes makes as root's, it stays root; elsewhere it is nobody.
fn security(cache: &Cache, at: Span) -> Node {
    if !matches!(cache, Cache::Volume(volume) if volume.get("hostPath").is_some()) {
        return data::restricted(at, USER);
    }
    let mut security = data::root(at);
    if let Some(map) = security.as_map_mut() {
        map.or_insert("readOnlyRootFilesystem", Node::bool(at, true));
    }
    security
}

/// The middleware that asks for the password, of the app's own.
const GUARD: &str = "auth";

fn middleware(auth: &Auth) -> Node {
    let at = || Build::at(auth.secret.span);
    let basic = at().with("secret", (&auth.secret).into()).bool("removeHeader", true).node();
    at().with(GUARD, at().with("basicAuth", basic).node()).node()
}

/// A list of the user's own replaces the computed one, and with it the question for the password.
fn guarded(auth: &Auth, asked: &Asked<'_>, found: &mut Findings) {
    let Some(said) = asked.said.at(&["routes", "go", "middlewares"]) else { return };
    if !said.items().iter().any(|name| name.as_text() == Some(GUARD)) {
        found.push(
            value_invalid(said.span, "without the middleware `auth` nobody asks for the password")
                .also(auth.secret.span, "the password")
                .help("middlewares: [auth, …]"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::trial::{app, codes, port, with};

    const BASE: &str = "kind: goproxy\nimage: ghcr.io/goproxy/goproxy:0.26.1\nhost: go.example.org\n\
                        cache: {hostPath: /data/goproxy}\n";
    const S3: &str = "cache: {s3: {endpoint: 'http://minio.default.svc:9000', bucket: go, accessKey: {secret: s, key: a}, \
                      secretKey: {secret: s, key: b}}}";

    #[test]
    fn findings_of_every_engine() {
        let rows: &[(&str, &[&str])] = &[
            ("", &[]),
            ("engine: goproxi", &["value-unknown"]),
            ("image: goproxy/goproxy:v1", &["engine-image-mismatch"]),
            ("engine: athens", &["engine-image-mismatch"]),
            ("cache: OUT", &["key-missing"]),
            ("cache: {emptyDir: 10Gi}", &[]),
            ("cache: {emptyDir: {}}", &["cache-unbounded"]),
            (S3, &[]),
            ("cache: {s3: {bucket: x}}", &["key-missing", "key-missing", "key-missing"]),
            (
                "cache: {s3: {endpoint: 'https://a', bucket: x, accessKey: a, secretKey: b}}",
                &["secret-in-text"; 2],
            ),
            ("securityContext: {runAsUser: 65534}", &["data-owner-root"]),
            ("upstream: https://goproxy.cn|direct", &[]),
            ("upstream: goproxy.cn", &["value-invalid"]),
            ("upstream: \"https://a;b\"", &["value-invalid"]),
            ("upstream: \"https://a/$(HOME)\"", &["value-invalid"]),
            ("upstream: https://go.example.org,direct", &["upstream-loop"]),
            ("upstream: https://me:pass@a.org", &["secret-in-text"]),
            ("private: [\"git.example.org/*\"]\nsumdb: off", &[]),
            ("private: [\"git.example.org/*\"]", &["sumdb-hears-private"]),
            ("private: [\"a,b\"]\nsumdb: off", &["value-invalid"]),
            ("netrc: {secret: go, key: netrc}", &[]),
            ("netrc: machine x password y", &["secret-in-text"]),
            ("auth: {secret: go}", &[]),
            ("auth: {secret: go}\nroutes: {go: {middlewares: [auth, limit]}}", &[]),
            ("auth: {secret: go}\nroutes: {go: {middlewares: [limit]}}", &["value-invalid"]),
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
        let waiting =
            |lines: &str| with(BASE, &format!("upstream: \"http://{{{{ apps.other.address }}}}\"\n{lines}"));
        assert_eq!(port(&waiting(""), "http"), Some(8_080));
        assert_eq!(port(&waiting("engine: athens"), "http"), Some(3_000));
        assert_eq!(port(&waiting("engine: goproxyio"), "http"), Some(8_081));
    }

    #[test]
    fn root_only_where_the_folder_is_roots() {
        let user = |lines: &str| {
            let app = app(&with(BASE, lines)).0.unwrap();
            app.container.security_context.unwrap().get("runAsUser").and_then(crate::yaml::Node::as_int)
        };
        assert_eq!(user(""), None);
        assert_eq!(user("cache: {emptyDir: 10Gi}"), Some(65_534));
        assert_eq!(user(S3), Some(65_534));
    }

    #[test]
    fn traefik_asks_for_the_password_where_the_program_cannot() {
        let app = app(&with(BASE, "auth: {secret: go}")).0.unwrap();
        let middleware = app.pod.middlewares.get("auth").unwrap();
        assert_eq!(middleware.text_at(&["basicAuth", "secret"]), Some("go"));
        assert_eq!(app.pod.routes.get("go").unwrap().middlewares[0].value, "auth");
    }
}
