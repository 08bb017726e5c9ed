//! `kind: proxy`: a way out for people elsewhere, behind Traefik and Cloudflare as an ordinary web site.

use serde::Deserialize;

use super::engine::{self, Engine};
use super::secret::{self, SecretKey};
use super::{Asked, COMPUTED, General, Kind, data, transport};
use crate::finding::{Findings, list};
use crate::source::Span;
use crate::stack::{SecretRead, value_invalid};
use crate::yaml::{Build, Node, Spanned, decode, fields, like, shape};

pub(super) static KIND: Kind = Kind {
    name: "proxy",
    own: fields::<Own>,
    shape: shape::<Own>,
    computes: COMPUTED,
    shorts: &[],
    ports,
    general,
    one_node,
};

static ENGINES: &[Engine] = &[
    Engine { name: "xray", images: &["ghcr.io/xtls/xray-core"] },
    Engine { name: "v2ray", images: &["docker.io/v2fly/v2fly-core"] },
    Engine { name: "gost", images: &["docker.io/gogost/gost", "docker.io/ginuerzh/gost"] },
    Engine { name: "sing-box", images: &["ghcr.io/sagernet/sing-box"] },
];

/// xray tells a file's format by its ending alone, and does not start otherwise.
const ENDINGS: [&str; 6] = [".json", ".jsonc", ".yaml", ".yml", ".toml", ".pb"];
const FOLDER: &str = "/etc/xray";
/// The user of its image.
const USER: u32 = 65_532;

#[derive(Deserialize)]
pub(super) struct Own {
    /// The program: `xray`. (`v2ray`, `gost` and `sing-box` are not built yet.)
    engine: Spanned<String>,
    /// How its requests look: `ws`, `httpupgrade`, `xhttp`, `grpc`.
    pub(super) transport: Spanned<String>,
    /// The host behind which it stands.
    pub(super) host: Spanned<String>,
    /// The path at which it is asked, one that nobody guesses; for all transports but `grpc`.
    pub(super) path: Option<Spanned<String>>,
    /// The name of the service, one that nobody guesses; for `grpc`.
    #[serde(rename = "serviceName")]
    pub(super) service_name: Option<Spanned<String>>,
    /// The port on which it listens, 1024 or higher, as its configuration says. Default: `8080`.
    port: Option<Spanned<u16>>,
    /// Who may use it. Not with xray, whose configuration says it.
    #[serde(deserialize_with = "like::<Option<SecretKey>, _, _>")]
    clients: Option<Node>,
    /// What is spoken inside the transport. Not with xray, whose configuration says it.
    protocol: Option<Node>,
    /// Whether it believes the client's address that Traefik tells. Not with xray, whose configuration says it.
    #[serde(rename = "clientIP")]
    client_ip: Option<Node>,
    /// Whether its address on the internet matters. Default: `pinned`.
    #[expect(dead_code, reason = "decoded to check the word; `one_node` reads it earlier")]
    egress: Option<Egress>,
    /// Its whole configuration; the key's ending tells xray the format.
    #[serde(deserialize_with = "like::<SecretKey, _, _>")]
    config: Node,
}

/// Whether the address on the internet matters.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Egress {
    /// One node, and so one address: an error if the pod may land on several.
    Pinned,
    /// Any node.
    Any,
}

fn one_node(own: &Node, asked: &Asked<'_>) -> Option<Span> {
    let egress = own.get("egress");
    let any = egress.and_then(Node::as_text) == Some("any");
    (!any).then(|| egress.map_or(asked.at, |egress| egress.span))
}

fn ports(own: &Node, at: Span) -> Node {
    let port = own.get("port").cloned().unwrap_or_else(|| Node::int(at, 8_080));
    Build::at(at).with("proxy", port).node()
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
    let route = transport::route(&own, found);
    let (config, route) = (config?, route?);
    let read = SecretRead { secret: (&config.secret).into(), key: (&config.key).into() };
    Some(General { app: app(&own, &config, route, asked.at), made: Vec::new(), reads: vec![read] })
}

fn app(own: &Own, config: &SecretKey, route: Node, span: Span) -> Node {
    let at = || Build::at(span);
    let file = Node::text(config.key.span, format!("{FOLDER}/{}", config.key.value));
    let args = Node::list(span, [Node::text(span, "run"), Node::text(span, "-c"), file]);
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
    use crate::kinds::trial::{app, codes, with};

    const BASE: &str = "kind: proxy\nengine: xray\nimage: ghcr.io/xtls/xray-core:26.7.28\ntransport: ws\n\
                        host: proxy.example.org\npath: /updates-7f3a\nconfig: {secret: proxy, key: config.json}\n";

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
