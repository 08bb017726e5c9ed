//! `kind: proxy`: a way out for people elsewhere, behind Traefik and Cloudflare as an ordinary web site.
//!
//! To add an engine: a file here with its `program`, a row in [`ENGINES`], an app in `tests/stacks/kinds`.

mod client_ip;
mod gost;
mod sing_box;
mod transport;
mod v2ray;
mod xray;

use serde::Deserialize;

use crate::finding::{Finding, Findings, list};
use crate::kinds::engine::{self, Engine};
use crate::kinds::secret::{self, SecretKey};
use crate::kinds::{Asked, COMPUTED, General, Kind, cloudflare, data, route};
use crate::source::Span;
use crate::stack::{MadeFile, SecretRead, value_invalid};
use crate::yaml::{Build, KEY_MISSING, Node, Spanned, decode, fields, like, shape};

pub(super) use client_ip::CLIENT_IP_UNTRUSTED;
pub(super) use transport::{PATH_IS_COMMON, PATH_IS_ROOT};

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

static ENGINES: &[Engine<Program>] = &[xray::ENGINE, v2ray::ENGINE, gost::ENGINE, sing_box::ENGINE];

/// A user of no name: the one of xray's image; the others' images have root, whom none of them needs.
const USER: u32 = 65_532;

/// What the kind knows of a program.
struct Program {
    /// Images without an entrypoint, and what is run there.
    commands: &'static [(&'static str, &'static str)],
    /// The transports that it has.
    transports: &'static [&'static str],
    /// Where the Secret with its configuration is mounted.
    folder: &'static str,
    /// Endings of a file's name by which it tells the format; empty: it knows one format alone.
    endings: &'static [&'static str],
    /// How it is started with a configuration of the user's own.
    args: fn(&Own, &str) -> Vec<String>,
    /// Where its images write logs, if that is a folder.
    logs: Option<&'static str>,
    /// How it is made to read clients from a Secret, the rest of its configuration made here.
    clients: Option<Clients>,
    /// From which release on it believes X-Forwarded-For only when told so, and how it is told.
    untrusting: Option<([u32; 3], &'static str)>,
}

/// A program that takes its clients from a file of their own.
struct Clients {
    /// What can be spoken inside the transport; the first where nothing is said.
    protocols: &'static [&'static str],
    make: fn(&Own, &str, &SecretKey, &mut Findings) -> Option<Made>,
}

/// A configuration made here.
struct Made {
    args: Vec<String>,
    /// Where it is mounted.
    path: &'static str,
    text: String,
    /// Where the clients are mounted, and whether as a folder with the whole Secret in it.
    clients: (String, bool),
}

#[derive(Deserialize)]
struct Own {
    /// The program: `xray`, `v2ray`, `gost` (3), `sing-box`.
    engine: Spanned<String>,
    /// How its requests look: `ws`, `httpupgrade`, `xhttp` (xray alone), `grpc`, `gost-ws` (gost's WebSocket).
    transport: Spanned<String>,
    /// The host behind which it stands.
    host: Spanned<String>,
    /// The path at which it is asked, one that nobody guesses; for all transports but `grpc`.
    path: Option<Spanned<String>>,
    /// The name of the service, one that nobody guesses; for `grpc`. Gost's clients need `path: /NAME/Tunnel`.
    #[serde(rename = "serviceName")]
    service_name: Option<Spanned<String>>,
    /// The port on which it listens, 1024 or higher, as its configuration says. Default: `8080`.
    port: Option<Spanned<u16>>,
    /// Its whole configuration; the key's ending tells xray, v2ray and gost the format. This or `clients`.
    #[serde(deserialize_with = "like::<Option<SecretKey>, _, _>")]
    config: Option<Node>,
    /// Who may use it; the rest of the configuration is made here. With v2ray JSON under a key that ends in `.json`:
    /// `{"inbounds": [{"tag": "in", "settings": {"clients": […]}}]}` (`accounts` for socks). With gost a line
    /// `NAME PASSWORD` for each; an empty file lets everybody in. Not with xray and sing-box.
    #[serde(deserialize_with = "like::<Option<SecretKey>, _, _>")]
    clients: Option<Node>,
    /// What is spoken inside the transport, with `clients`: `vless`, `vmess`, `trojan`, `socks` of v2ray; `relay`, `socks`
    /// of gost. Default: `vless`; with gost `relay`.
    protocol: Option<Spanned<String>>,
    /// Whether it believes the client's address that Traefik tells. With `config` it is the configuration that says it, and
    /// `true` or `false` here only that you have looked. Default: `true`.
    #[serde(rename = "clientIP")]
    client_ip: Option<Spanned<bool>>,
    /// Whether its address on the internet matters. Default: `pinned`.
    #[expect(dead_code, reason = "decoded to check the word; `one_node` reads it earlier")]
    egress: Option<Egress>,
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

impl Own {
    fn port(&self) -> u16 {
        self.port.as_ref().map_or(8_080, |port| port.value)
    }
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
    let engine = engine::choose(Some(&own.engine), ENGINES, asked, found)?;
    if let Some(port) = own.port.as_ref().filter(|port| port.value < 1_024) {
        found.push(
            value_invalid(port.span, "a user who is not root cannot listen on a port below 1024")
                .help("port: 8080"),
        );
    }
    let route = transport::route(&own, engine, found);
    let setup = match (&own.config, &own.clients) {
        (Some(config), None) => configured(&own, config, engine, asked, found),
        (None, Some(clients)) => made(&own, clients, engine, asked, found),
        (Some(_), Some(clients)) => {
            found.push(value_invalid(clients.span, "it has `config` and `clients`, and takes one of them"));
            None
        }
        (None, None) => {
            found.push(
                Finding::new(&KEY_MISSING, own.engine.span, "it has neither `config` nor `clients`")
                    .help("config: {secret: NAME, key: config.json}"),
            );
            None
        }
    };
    let (setup, route) = (setup?, route?);
    route::kept("proxy", &route, asked, found);
    client_ip::check(&own, engine, asked, found);
    cloudflare::grpc(&own.transport, asked, found);
    Some(General {
        app: app(&own, &setup, route, engine, asked),
        made: setup.made.into_iter().collect(),
        reads: vec![setup.read],
        transports: Vec::new(),
    })
}

/// What the program reads, and how it is started.
struct Setup {
    args: Vec<String>,
    volumes: Node,
    made: Option<MadeFile>,
    read: SecretRead,
}

/// With a configuration of the user's own.
fn configured(
    own: &Own,
    config: &Node,
    engine: &Engine<Program>,
    asked: &Asked<'_>,
    found: &mut Findings,
) -> Option<Setup> {
    let program = &engine.program;
    let protocol = own.protocol.as_ref().map(|protocol| protocol.span);
    engine::lacks_keys(
        engine.name,
        &[("protocol", protocol, "the configuration in the Secret says it")],
        found,
    );
    let config = SecretKey::of(config, found)?;
    check_key(engine.name, &config.key, program.endings, found);
    let file = format!("{}/{}", program.folder, config.key.value);
    let volume = whole(&config, "config");
    Some(Setup {
        args: (program.args)(own, &file),
        volumes: Build::at(asked.at).with(program.folder, volume).node(),
        made: None,
        read: read(&config),
    })
}

/// With clients in a Secret, and the rest made here.
fn made(
    own: &Own,
    clients: &Node,
    engine: &Engine<Program>,
    asked: &Asked<'_>,
    found: &mut Findings,
) -> Option<Setup> {
    let Some(Clients { protocols, make }) = &engine.program.clients else {
        found.push(
            engine::lacks(
                clients.span,
                format!("{} takes its whole configuration from one place", engine.name),
            )
            .help("config: {secret: NAME, key: config.json}"),
        );
        return None;
    };
    let key = SecretKey::of(clients, found)?;
    let said = own.protocol.as_ref().map(|protocol| protocol.value.as_str());
    let protocol = protocols.iter().find(|protocol| said.is_none_or(|said| said == **protocol));
    let Some(protocol) = protocol else {
        let span = own.protocol.as_ref().map_or(clients.span, |protocol| protocol.span);
        let message = format!("{} has no protocol `{}`", engine.name, said.unwrap_or_default());
        found.push(
            engine::lacks(span, message)
                .help(format!("its protocols are {}", list(protocols.iter().copied()))),
        );
        return None;
    };
    let made = make(own, protocol, &key, found)?;
    let config = Build::at(own.engine.span).text("file", made.path).text("name", "config").node();
    let (path, folder) = made.clients;
    let volume = if folder { whole(&key, "clients") } else { alone(&key, "clients") };
    Some(Setup {
        args: made.args,
        volumes: Build::at(asked.at).with(made.path, config).with(path, volume).node(),
        made: Some(MadeFile { path: made.path.to_owned(), text: Node::text(own.engine.span, made.text) }),
        read: read(&key),
    })
}

fn read(key: &SecretKey) -> SecretRead {
    SecretRead { secret: (&key.secret).into(), key: (&key.key).into() }
}

/// The whole Secret as a folder: a file mounted alone would stay as it was when the Secret changes.
fn whole(key: &SecretKey, name: &'static str) -> Node {
    let secret = Build::at(key.secret.span).with("name", (&key.secret).into()).int("mode", 0o440).node();
    Build::at(key.secret.span).with("secret", secret).text("name", name).node()
}

/// One key as a file: without it no pod starts.
fn alone(key: &SecretKey, name: &'static str) -> Node {
    let at = || Build::at(key.secret.span);
    let secret = at().with("name", (&key.secret).into()).with("key", (&key.key).into()).int("mode", 0o440);
    at().with("secret", secret.node()).text("name", name).node()
}

fn app(own: &Own, setup: &Setup, route: Node, engine: &Engine<Program>, asked: &Asked<'_>) -> Node {
    let at = || Build::at(asked.at);
    let text = |text: &str| Node::text(asked.at, text.to_owned());
    let command = engine::image_of(asked).and_then(|(_, image)| {
        let repository = image.repository();
        let rows = engine.program.commands.iter();
        rows.into_iter().find(|(known, _)| *known == repository).map(|(_, command)| *command)
    });
    let mut volumes = setup.volumes.clone();
    if let (Some(map), Some(folder)) = (volumes.as_map_mut(), engine.program.logs) {
        let size = at().text("sizeLimit", "100Mi").node();
        map.or_insert(folder, at().with("emptyDir", size).text("name", "log").node());
    }
    // No engine has a path that tells its health.
    let open = || at().with("tcpSocket", at().text("port", "proxy").node()).node();
    let memory = at().text("memory", "64Mi").node();
    at().maybe("command", command.map(|command| Node::list(asked.at, [text(command)])))
        .with("args", Node::list(asked.at, setup.args.iter().map(|arg| text(arg))))
        .with("volumes", volumes)
        .with("probes", at().with("liveness", open()).with("readiness", open()).node())
        .with("resources", at().text("cpu", "50m").text("memory", "256Mi").with("requests", memory).node())
        .with("securityContext", data::restricted(asked.at, USER))
        .text("strategy", "Recreate")
        // It drops its connections at once when asked to stop.
        .int("terminationGracePeriodSeconds", 10)
        .with("routes", Build::at(own.host.span).with("proxy", route).node())
        .node()
}

fn check_key(engine: &str, key: &Spanned<String>, endings: &[&'static str], found: &mut Findings) {
    if !endings.is_empty() && !endings.iter().any(|ending| key.value.ends_with(ending)) {
        let message = format!("{engine} does not know the format of `{}`", key.value);
        found.push(
            value_invalid(key.span, message)
                .help(format!("name the key with one of {}", list(endings.iter().copied()))),
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
            ("engine: gost", &["engine-image-mismatch"]),
            ("engine: xrey", &["value-unknown"]),
            ("image: v2fly/v2fly-core:v5.52.0", &["engine-image-mismatch"]),
            ("transport: gost-ws", &["engine-lacks-setting"]),
            ("transport: websocket", &["value-unknown"]),
            ("path: /", &["path-is-root"]),
            ("path: /ray", &["path-is-common"]),
            ("path: /ws", &["path-is-common"]),
            ("path: /a?ed=2048", &["value-invalid"]),
            ("path: a", &["value-invalid"]),
            ("path: /{x}", &["value-invalid"]),
            ("path: OUT", &["key-missing"]),
            ("serviceName: x", &["value-invalid"]),
            ("transport: grpc", &["value-invalid", "key-missing"]),
            ("transport: grpc\npath: OUT", &["key-missing"]),
            ("transport: grpc\npath: OUT\nserviceName: a/b", &["value-invalid"]),
            ("transport: grpc\npath: OUT\nserviceName: /Tun", &["value-invalid"]),
            ("config: OUT", &["key-missing"]),
            ("config: '{\"inbounds\": []}'", &["secret-in-text"]),
            ("config: {secret: proxy, key: config}", &["value-invalid"]),
            ("clients: {secret: proxy, key: x.json}", &["value-invalid"]),
            ("config: OUT\nclients: {secret: proxy, key: x.json}", &["engine-lacks-setting"]),
            ("clientIP: true", &[]),
            ("protocol: vless", &["engine-lacks-setting"]),
            ("port: 443", &["value-invalid"]),
            ("port: 1024", &[]),
            ("egress: any", &[]),
            ("egress: free", &["value-unknown"]),
            ("routes: {proxy: {path: /other}}", &["route-unfit"]),
            ("routes: {proxy: {pathPrefix: /updates-7f3a}}", &["route-unfit"]),
            ("routes: {proxy: {scheme: h2c}}", &["route-unfit"]),
            ("transport: xhttp\nroutes: {proxy: {path: /updates-7f3a}}", &["route-unfit"]),
            ("transport: grpc\npath: OUT\nserviceName: x\nroutes: {proxy: {scheme: http}}", &["route-unfit"]),
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

    #[test]
    fn how_each_is_started_with_a_configuration() {
        let rows = [
            ("", "run -c /etc/xray/config.json"),
            ("engine: v2ray\nimage: v2fly/v2fly-core:v5.52.0", "run -c /etc/v2ray/config.json"),
            (
                "engine: v2ray\nimage: v2fly/v2fly-core:v5.52.0\ntransport: httpupgrade",
                "run -c /etc/v2ray/config.json -format jsonv5",
            ),
            ("engine: gost\nimage: gogost/gost:3.2.6\ntransport: gost-ws", "-C /etc/gost/config.json"),
            (
                "engine: sing-box\nimage: ghcr.io/sagernet/sing-box:v1.13.0",
                "run -c /etc/sing-box/config.json",
            ),
        ];
        for (lines, expected) in rows {
            let (app, found) = app(&with(BASE, lines));
            let args = app.unwrap_or_else(|| panic!("{lines}: {found:?}")).container.args;
            let args: Vec<String> = args.into_iter().map(|arg| arg.value).collect();
            assert_eq!(args.join(" "), expected, "{lines}");
        }
    }

    #[test]
    fn an_image_without_an_entrypoint_gets_its_command() {
        let app = app(&with(BASE, "image: teddysun/xray:26.7.28")).0.unwrap();
        assert_eq!(app.container.command[0].value, "/usr/bin/xray");
    }
}
