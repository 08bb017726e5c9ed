//! `kind: proxy`: a way out for people elsewhere, behind Traefik and Cloudflare as an ordinary web site.

use serde::Deserialize;

use super::engine::{self, Engine};
use super::secret::{self, SecretKey};
use super::{Asked, COMPUTED, General, Kind, data};
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::source::Span;
use crate::stack::{SecretRead, value_invalid};
use crate::yaml::{Build, KEY_MISSING, Node, Spanned, VALUE_UNKNOWN, decode, fields};

pub(super) static KIND: Kind =
    Kind { name: "proxy", own: fields::<Own>, computes: COMPUTED, shorts: &[], general, one_node };

/// A small cluster and the head of an app, for the examples.
macro_rules! example {
    ($rest:literal) => {
        concat!(
            "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n",
            "platforms: {ghcr.io/xtls/xray-core: [amd64]}\nsecrets: {proxy: [config.json]}\n",
            "# apps/proxy.yaml\nkind: proxy\nengine: xray\nimage: ghcr.io/xtls/xray-core:26.7.28\ntransport: ws\n",
            "host: proxy.example.org\nconfig: {secret: proxy, key: config.json}\n",
            $rest
        )
    };
}

/// The whole host for the proxy.
pub(super) static PATH_IS_ROOT: Code = Code {
    name: "path-is-root",
    severity: Severity::Error,
    page: Page {
        about: "A proxy at `/` answers whoever opens the host, and every scanner does. Give it a path that nobody\n\
                guesses; the rest of the host is then free for an ordinary site.",
        bad: example!("path: /\n"),
        good: example!("path: /updates-7f3a\n"),
    },
};

/// A path out of every guide.
pub(super) static PATH_IS_COMMON: Code = Code {
    name: "path-is-common",
    severity: Severity::Warning,
    page: Page {
        about: "`/ws` and `/ray` stand in every guide, so they are what scanners for proxies try first. Any other path\n\
                does as well; the clients need the same.",
        bad: example!("path: /ray\n"),
        good: example!("path: /updates-7f3a\n"),
    },
};

static ENGINES: &[Engine] = &[
    Engine { name: "xray", images: &["ghcr.io/xtls/xray-core"] },
    Engine { name: "v2ray", images: &["docker.io/v2fly/v2fly-core"] },
    Engine { name: "gost", images: &["docker.io/gogost/gost", "docker.io/ginuerzh/gost"] },
    Engine { name: "sing-box", images: &["ghcr.io/sagernet/sing-box"] },
];

/// How a transport shows in a request's path.
#[derive(Clone, Copy)]
enum Shape {
    /// Exactly this path: xray answers anything else with 404.
    Exact,
    /// The path and what clients put behind it.
    Below,
    /// `/SERVICE/METHOD`, over HTTP/2 without TLS.
    Grpc,
    /// Not xray's.
    Foreign,
}

const TRANSPORTS: [(&str, Shape); 5] = [
    ("ws", Shape::Exact),
    ("httpupgrade", Shape::Exact),
    ("xhttp", Shape::Below),
    ("grpc", Shape::Grpc),
    ("gost-ws", Shape::Foreign),
];

/// xray tells a file's format by its ending alone, and does not start otherwise.
const ENDINGS: [&str; 6] = [".json", ".jsonc", ".yaml", ".yml", ".toml", ".pb"];
const FOLDER: &str = "/etc/xray";
/// The user of its image.
const USER: u32 = 65_532;

#[derive(Deserialize)]
struct Own {
    engine: Spanned<String>,
    transport: Spanned<String>,
    host: Spanned<String>,
    path: Option<Spanned<String>>,
    #[serde(rename = "serviceName")]
    service_name: Option<Spanned<String>>,
    port: Option<Spanned<u16>>,
    clients: Option<Node>,
    protocol: Option<Node>,
    #[serde(rename = "clientIP")]
    client_ip: Option<Node>,
    #[expect(dead_code, reason = "decoded to check the word; `one_node` reads it earlier")]
    egress: Option<Egress>,
    config: Node,
}

/// Whether the address on the internet matters.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Egress {
    /// One node, one address.
    Pinned,
    /// Any.
    Any,
}

fn one_node(own: &Node, asked: &Asked<'_>) -> Option<Span> {
    let egress = own.get("egress");
    let any = egress.and_then(Node::as_text) == Some("any");
    (!any).then(|| egress.map_or(asked.at, |egress| egress.span))
}

fn general(own: &Node, asked: &Asked<'_>, found: &mut Findings) -> Option<General> {
    secret::not_in_text(own, &["config", "clients"], asked, &[], found);
    let own: Own = decode(own, found)?;
    if !engine::check(&own.engine, "xray", ENGINES, asked, found) {
        return None;
    }
    lacking(&own, found);
    let config = SecretKey::of(&own.config, found);
    if let Some(config) = &config {
        check_key(&config.key, found);
    }
    if let Some(port) = own.port.as_ref().filter(|port| port.value < 1_024) {
        found.push(
            value_invalid(port.span, "xray's user cannot listen on a port below 1024").help("port: 8080"),
        );
    }
    let route = route(&own, found);
    let (config, route) = (config?, route?);
    let read = SecretRead { secret: (&config.secret).into(), key: (&config.key).into() };
    Some(General { app: app(&own, &config, route, asked.at), made: Vec::new(), reads: vec![read] })
}

fn app(own: &Own, config: &SecretKey, route: Node, span: Span) -> Node {
    let at = || Build::at(span);
    let file = Node::text(config.key.span, format!("{FOLDER}/{}", config.key.value));
    let args = Node::list(span, [Node::text(span, "run"), Node::text(span, "-c"), file]);
    let port = own.port.as_ref().map_or_else(|| Node::int(span, 8_080), Node::from);
    // The whole Secret as a folder: a file mounted alone would stay as it was when the Secret changes.
    let secret =
        Build::at(config.secret.span).with("name", (&config.secret).into()).int("mode", 0o440).node();
    let volumes = at()
        .with(FOLDER, Build::at(config.secret.span).with("secret", secret).text("name", "config").node())
        // Its own place for logs, where the configuration names a file there.
        .with(
            "/var/log/xray",
            at().with("emptyDir", at().text("sizeLimit", "100Mi").node()).text("name", "log").node(),
        );
    // It has no path that tells its health.
    let open = || at().with("tcpSocket", at().text("port", "proxy").node()).node();
    let memory = at().text("memory", "64Mi").node();
    at().with("args", args)
        .with("ports", at().with("proxy", port).node())
        .with("volumes", volumes.node())
        .with("probes", at().with("liveness", open()).with("readiness", open()).node())
        .with("resources", at().text("cpu", "50m").text("memory", "256Mi").with("requests", memory).node())
        .with("securityContext", data::restricted(span, USER))
        .text("strategy", "Recreate")
        // It drops its connections at once when asked to stop.
        .int("terminationGracePeriodSeconds", 10)
        .with("routes", Build::at(own.host.span).with("proxy", route).node())
        .node()
}

/// The route by which requests of this transport come.
fn route(own: &Own, found: &mut Findings) -> Option<Node> {
    let transport = &own.transport;
    let Some((_, shape)) = TRANSPORTS.into_iter().find(|(name, _)| *name == transport.value) else {
        let names = || TRANSPORTS.into_iter().map(|(name, _)| name);
        let near = nearest(&transport.value, names()).map(|near| format!("did you mean `{near}`?"));
        found.push(
            Finding::new(
                &VALUE_UNKNOWN,
                transport.span,
                format!("there is no transport `{}`", transport.value),
            )
            .help(near.unwrap_or_else(|| format!("the transports are {}", list(names())))),
        );
        return None;
    };
    let host = Node::list(own.host.span, [(&own.host).into()]);
    let route = Build::at(own.host.span).with("host", host);
    let route = match shape {
        Shape::Exact => route.with("path", path(own, found)?.into()),
        // The server adds the `/`, clients put their session behind it.
        Shape::Below => {
            let path = path(own, found)?;
            route.with("pathPrefix", Node::text(path.span, format!("{}/", path.value.trim_end_matches('/'))))
        }
        Shape::Grpc => route.with("pathPrefix", service(own, found)?).text("scheme", "h2c"),
        Shape::Foreign => {
            let message = format!("xray has no transport `{}`", transport.value);
            found.push(engine::lacks(transport.span, message).help("transport: ws"));
            return None;
        }
    };
    Some(route.text("port", "proxy").node())
}

fn path<'a>(own: &'a Own, found: &mut Findings) -> Option<&'a Spanned<String>> {
    let transport = &own.transport;
    if let Some(name) = &own.service_name {
        let message = format!("`serviceName` belongs to grpc, `{}` has a `path`", transport.value);
        found.push(value_invalid(name.span, message));
    }
    let Some(path) = &own.path else {
        found.push(missing("path", transport).help("path: /SOMETHING-NOBODY-GUESSES"));
        return None;
    };
    match path.value.as_str() {
        "/" | "" => found.push(
            Finding::new(&PATH_IS_ROOT, path.span, "the proxy would answer whoever opens the host")
                .help("path: /SOMETHING-NOBODY-GUESSES"),
        ),
        "/ws" | "/ray" => found.push(
            Finding::new(&PATH_IS_COMMON, path.span, format!("`{}` is what scanners try first", path.value))
                .help("path: /SOMETHING-NOBODY-GUESSES"),
        ),
        text if text.contains(['?', '#']) => {
            found.push(value_invalid(
                path.span,
                "a path holds neither `?` nor `#`: Traefik matches the path alone",
            ));
        }
        _ => {}
    }
    Some(path)
}

fn missing(key: &str, transport: &Spanned<String>) -> Finding {
    let message = format!("the key `{key}` is missing");
    Finding::new(&KEY_MISSING, transport.span, message).label(format!("`{}` needs it", transport.value))
}

/// `/NAME/`. A name that begins with `/` is a path of its own, whose last part names the methods: `/a/b/Tun|Multi`.
fn service(own: &Own, found: &mut Findings) -> Option<Node> {
    if let Some(path) = &own.path {
        found.push(
            value_invalid(path.span, "grpc has a `serviceName`, not a `path`").help("leave `path` out"),
        );
    }
    let Some(name) = &own.service_name else {
        found.push(missing("serviceName", &own.transport).help("serviceName: SOMETHING-NOBODY-GUESSES"));
        return None;
    };
    let folder = match name.value.strip_prefix('/') {
        Some(rest) => rest.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default(),
        None => name.value.as_str(),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
    let whole = folder.split('/').all(|part| !part.is_empty() && part.chars().all(plain));
    if !whole || (folder.contains('/') && !name.value.starts_with('/')) {
        let message = format!("`{}` makes no path of its own", name.value);
        found.push(
            value_invalid(name.span, message).help("letters, digits, `-`, `_`, `.`; or a path as /a/b/Tun"),
        );
        return None;
    }
    Some(Node::text(name.span, format!("/{folder}/")))
}

fn check_key(key: &Spanned<String>, found: &mut Findings) {
    if !ENDINGS.iter().any(|ending| key.value.ends_with(ending)) {
        let message = format!("xray does not know the format of `{}`", key.value);
        found.push(
            value_invalid(key.span, message).help(format!("name the key with one of {}", list(ENDINGS))),
        );
    }
}

/// Keys of the kind that say nothing to an xray whose whole configuration is in a Secret.
fn lacking(own: &Own, found: &mut Findings) {
    engine::lacks_keys(
        "xray",
        &[
            ("clients", &own.clients, "it takes its whole configuration from `config`"),
            ("protocol", &own.protocol, "the configuration in the Secret says it"),
        ],
        found,
    );
    if let Some(client) = &own.client_ip {
        found.push(
            engine::lacks(client.span, "`clientIP` has no effect with xray: the configuration in the Secret says it")
                .note("from 26.6.22 on xray believes X-Forwarded-For only where a header that you name is there")
                .help("in the inbound's streamSettings: \"sockopt\": {\"trustedXForwardedFor\": [\"CF-Connecting-IP\"]}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::super::trial::{app, codes, with};
    use crate::stack::{Route, Scheme};

    const BASE: &str = "kind: proxy\nengine: xray\nimage: ghcr.io/xtls/xray-core:26.7.28\ntransport: ws\n\
                        host: proxy.example.org\npath: /updates-7f3a\nconfig: {secret: proxy, key: config.json}\n";

    fn route(lines: &str) -> Route {
        let (app, found) = app(&with(BASE, lines));
        let app = app.unwrap_or_else(|| panic!("{lines}: {found:?}"));
        app.pod.routes.get("proxy").unwrap().clone()
    }

    #[test]
    fn findings() {
        let rows: &[(&str, &[&str])] = &[
            ("engine: gost", &["engine-not-built"]),
            ("image: v2fly/v2fly-core:v5.52.0", &["engine-image-mismatch"]),
            ("transport: gost-ws", &["engine-lacks-setting"]),
            ("transport: websocket", &["value-unknown"]),
            ("path: /", &["path-is-root"]),
            ("path: /ray", &["path-is-common"]),
            ("path: /ws", &["path-is-common"]),
            ("path: /a?ed=2048", &["value-invalid"]),
            ("path: OUT", &["key-missing"]),
            ("serviceName: x", &["value-invalid"]),
            ("transport: grpc", &["value-invalid", "key-missing"]),
            ("transport: grpc\npath: OUT", &["key-missing"]),
            ("transport: grpc\npath: OUT\nserviceName: a/b", &["value-invalid"]),
            ("transport: grpc\npath: OUT\nserviceName: /Tun", &["value-invalid"]),
            ("config: OUT", &["key-missing"]),
            ("config: '{\"inbounds\": []}'", &["secret-in-text"]),
            ("config: {secret: proxy, key: config}", &["value-invalid"]),
            ("clients: {secret: proxy, key: x.json}", &["engine-lacks-setting"]),
            ("clientIP: true", &["engine-lacks-setting"]),
            ("protocol: vless", &["engine-lacks-setting"]),
            ("port: 443", &["value-invalid"]),
            ("port: 1024", &[]),
            ("egress: any", &[]),
            ("egress: free", &["value-unknown"]),
        ];
        for (line, expected) in rows {
            let mut got = codes(BASE, line);
            let mut expected = expected.to_vec();
            got.sort_unstable();
            expected.sort_unstable();
            assert_eq!(got, expected, "{line}");
        }
    }

    #[test]
    fn each_transport_has_its_route() {
        let exact = route("transport: httpupgrade");
        assert_eq!((exact.path.unwrap().value.as_str(), exact.scheme), ("/updates-7f3a", None));
        let below = route("transport: xhttp");
        assert_eq!(below.path_prefix.unwrap().value, "/updates-7f3a/");
        for (name, prefix) in [("tube", "/tube/"), ("/a/b/Tun|Multi", "/a/b/")] {
            let grpc = route(&format!("transport: grpc\npath: OUT\nserviceName: {name}"));
            assert_eq!((grpc.path_prefix.unwrap().value.as_str(), grpc.scheme), (prefix, Some(Scheme::H2c)));
        }
    }

    #[test]
    fn it_is_pinned_unless_its_address_does_not_matter() {
        let pinned = |lines: &str| app(&with(BASE, lines)).0.unwrap().one_node.is_some();
        assert!(pinned("") && pinned("egress: pinned"));
        assert!(!pinned("egress: any"));
    }

    #[test]
    fn the_secret_is_mounted_whole_and_its_key_is_known() {
        let app = app(BASE).0.unwrap();
        let secret = app.container.volumes.get("/etc/xray").unwrap().secret.as_ref().unwrap();
        assert!(secret.key.is_none());
        assert_eq!(secret.mode.as_ref().unwrap().value, 0o440);
        assert_eq!(app.reads[0].key.as_text(), Some("config.json"));
    }
}
