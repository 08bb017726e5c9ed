//! `kind: doh`: a DNS server that is asked over HTTPS (RFC 8484).
//!
//! To add an engine: a file here with its `program`, a row in [`ENGINES`], an app in `tests/stacks/kinds`.

mod coredns;
mod dnsproxy;
mod ecs;
mod m13253;
mod upstreams;

use serde::Deserialize;

use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kinds::engine::{self, Engine};
use crate::kinds::{Asked, COMPUTED, General, Kind, data, route};
use crate::stack::{MadeFile, SecretRead, ServersTransport};
use crate::yaml::{Build, KEY_MISSING, Node, Spanned, decode, fields, maybe, shape};

pub(super) use ecs::{ECS_SENT_UNASKED, ECS_WITHOUT_EFFECT};

pub(super) static KIND: Kind = Kind {
    name: "doh",
    own: fields::<Own>,
    shape: shape::<Own>,
    computes: COMPUTED,
    shorts: &[],
    ports: |own, at| {
        let ports = engine::named(own, ENGINES).map_or(&[][..], |engine| engine.program.ports);
        ports.iter().fold(Build::at(at), |build, (name, port)| build.int(name, *port)).node()
    },
    general,
    one_node: |_, _| None,
};

/// The default first.
static ENGINES: &[Engine<Program>] = &[m13253::ENGINE, coredns::ENGINE, dnsproxy::ENGINE];

/// A liveness probe that depends on other servers.
pub(super) static PROBE_ASKS_UPSTREAM: Code = Code {
    name: "probe-asks-upstream",
    severity: Severity::Warning,
    page: Page {
        about: "The liveness probe asks a DNS question, which a server upstream has to answer. When that one is away,\n\
                the kubelet kills this pod again and again, and a short failure elsewhere becomes a long one here.\n\
                Leave the probe out: the kind has one that asks this program alone.",
        bad: concat!(
            doh_stack!(),
            "# apps/doh.yaml\nkind: doh\nimage: satishweb/doh-server:v2.3.10-alpine\nhost: doh.example.org\n",
            "upstreams: [\"tls://9.9.9.9:853\"]\nprobes: {liveness: {httpGet: {path: \"/dns-query?name=.&type=NS\", port: doh}}}\n"
        ),
        good: concat!(
            doh_stack!(),
            "# apps/doh.yaml\nkind: doh\nimage: satishweb/doh-server:v2.3.10-alpine\nhost: doh.example.org\n",
            "upstreams: [\"tls://9.9.9.9:853\"]\n"
        ),
    },
};

/// What the kind knows of a program.
struct Program {
    /// Its ports; `doh` is the one that is asked.
    ports: &'static [(&'static str, u16)],
    /// How it is started for these keys.
    start: fn(&Own, &Asked<'_>, &mut Findings) -> Option<Start>,
}

/// How a program is started.
struct Start {
    /// Instead of the image's entrypoint.
    command: Option<&'static str>,
    args: Vec<String>,
    /// What it reads, by mount path.
    volumes: Node,
    made: Vec<MadeFile>,
    reads: Vec<SecretRead>,
    /// Liveness and readiness.
    probes: Node,
    user: u32,
    /// Its binary bears the capability to listen below 1024, and without it in reach the kernel refuses to run it.
    bears_capability: bool,
    /// It speaks TLS itself.
    tls: bool,
}

#[derive(Deserialize)]
struct Own {
    /// The program: `m13253` (dns-over-https), `coredns`, `dnsproxy`. Default: `m13253`.
    engine: Option<Spanned<String>>,
    /// The host at which it is asked.
    host: Spanned<String>,
    /// The servers that it asks, at least one: `udp://ADDRESS`, `tcp://ADDRESS`, `tls://ADDRESS`, with `:PORT` or without;
    /// dnsproxy also `https://HOST/PATH`. Coredns wants addresses, the others take names as well.
    upstreams: Vec<Spanned<String>>,
    /// The path at which it is asked. Default: `/dns-query`, the only one of coredns and dnsproxy.
    path: Option<Spanned<String>>,
    /// Answers that are kept; with `{}` each program's own numbers. Not with m13253. Default: none.
    #[serde(deserialize_with = "maybe")]
    cache: Option<Spanned<Cache>>,
    /// How long it waits for an answer: `1s` to `60s`. Not with coredns. Default: `10s`.
    timeout: Option<Spanned<String>>,
    /// How often it asks: 1 to 10. Only with m13253. Default: `3`.
    tries: Option<Spanned<u32>>,
    /// What it tells upstreams of the client's address. Default: `off`, but m13253 cannot: it tells the subnet as soon as
    /// it knows the client's address.
    ecs: Option<Spanned<Ecs>>,
    /// Whether it logs who asks what. Only with m13253. Default: `false`.
    #[serde(rename = "logClientIP")]
    log_client_ip: Option<Spanned<bool>>,
    /// Its own certificate. Only with dnsproxy, which needs one; the others speak HTTP, and Traefik ends TLS.
    #[serde(deserialize_with = "maybe")]
    tls: Option<Certificate>,
}

/// Answers that are kept, and for how long.
#[derive(Deserialize)]
struct Cache {
    /// Coredns: how many answers, 1024 to 10000000. Dnsproxy: bytes, such as `4Mi`. Default: `9984` and `64Ki`.
    size: Option<Spanned<String>>,
    /// The shortest time, a number with `s`, `m` or `h`. Default: coredns `5s`, dnsproxy what the answer says.
    #[serde(rename = "minTTL")]
    min_ttl: Option<Spanned<String>>,
    /// The longest time, a number with `s`, `m` or `h`. Default: coredns `1h`, dnsproxy what the answer says.
    #[serde(rename = "maxTTL")]
    max_ttl: Option<Spanned<String>>,
}

/// What upstreams are told of a client's address.
#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Ecs {
    /// Nothing.
    Off,
    /// Its first 24 bits, or 56 of IPv6.
    Subnet,
    /// All of it.
    Precise,
}

/// A certificate of its own.
#[derive(Deserialize)]
struct Certificate {
    /// The Secret, of the type `kubernetes.io/tls`.
    secret: Spanned<String>,
}

/// The path of RFC 8484's examples, which every client proposes.
const PATH: &str = "/dns-query";
/// The ServersTransport by which Traefik reaches a program that speaks TLS itself.
const TRANSPORT: &str = "tls";

fn general(own: &Node, asked: &Asked<'_>, found: &mut Findings) -> Option<General> {
    let own: Own = decode(own, found)?;
    let engine = engine::choose(own.engine.as_ref(), ENGINES, asked, found)?;
    if own.upstreams.is_empty() {
        found.push(
            Finding::new(&KEY_MISSING, asked.at, "`upstreams` names no server to ask")
                .help("upstreams: [\"tls://1.1.1.1:853\"]"),
        );
        return None;
    }
    let before = found.errors();
    let start = (engine.program.start)(&own, asked, found).filter(|_| found.errors() == before)?;
    ecs::check(engine.name, &own, asked, found);
    liveness(&own, asked, found);
    let route = doh_route(&own, start.tls);
    route::kept("doh", &route, asked, found);
    let transports = if start.tls { vec![unverified(&own)] } else { Vec::new() };
    let app = app(&own, route, &start, asked);
    Some(General { app, made: start.made, reads: start.reads, transports })
}

fn app(own: &Own, route: Node, start: &Start, asked: &Asked<'_>) -> Node {
    let at = || Build::at(asked.at);
    let list =
        |words: &[&'static str]| Node::list(asked.at, words.iter().map(|word| Node::text(asked.at, *word)));
    let mut security = data::restricted(asked.at, start.user);
    if let Some(map) = security.as_map_mut().filter(|_| start.bears_capability) {
        let capabilities = at().with("drop", list(&["ALL"])).with("add", list(&["NET_BIND_SERVICE"])).node();
        map.or_insert("capabilities", capabilities);
    }
    let memory = at().text("memory", "32Mi").node();
    at().maybe("command", start.command.map(|command| list(&[command])))
        .with("args", Node::list(asked.at, start.args.iter().map(|arg| Node::text(asked.at, arg.clone()))))
        .with("volumes", start.volumes.clone())
        .with("probes", start.probes.clone())
        .with("resources", at().text("cpu", "20m").text("memory", "128Mi").with("requests", memory).node())
        .with("securityContext", security)
        // Who asks the cluster's DNS, which asks the node's, may come back here.
        .text("dnsPolicy", "Default")
        .with("routes", Build::at(own.host.span).with("doh", route).node())
        .node()
}

fn doh_route(own: &Own, tls: bool) -> Node {
    let path = own.path.as_ref().map_or_else(|| Node::text(own.host.span, PATH), Node::from);
    let host = Node::list(own.host.span, [(&own.host).into()]);
    let route = Build::at(own.host.span).with("host", host).with("path", path).text("port", "doh");
    if tls { route.text("scheme", "https").text("serversTransport", TRANSPORT).node() } else { route.node() }
}

/// Traefik reaches pods by their addresses, which no certificate names, and an origin certificate of Cloudflare is signed
/// by nobody whom Traefik knows.
fn unverified(own: &Own) -> ServersTransport {
    let span = own.tls.as_ref().map_or(own.host.span, |tls| tls.secret.span);
    let spec = Build::at(span).with("serverName", (&own.host).into()).bool("insecureSkipVerify", true);
    ServersTransport { name: Spanned { span, value: TRANSPORT.to_owned() }, spec: spec.node() }
}

/// Both probes: the port is open. A question would depend on the servers upstream.
fn open(asked: &Asked<'_>) -> Node {
    let probe = || {
        let port = Build::at(asked.at).text("port", "doh").node();
        Build::at(asked.at).with("tcpSocket", port).node()
    };
    Build::at(asked.at).with("liveness", probe()).with("readiness", probe()).node()
}

fn liveness(own: &Own, asked: &Asked<'_>, found: &mut Findings) {
    let Some(path) = asked.said.at(&["probes", "liveness", "httpGet", "path"]) else { return };
    let asks = path.as_text().and_then(|path| path.split('?').next());
    if asks == Some(own.path.as_ref().map_or(PATH, |path| path.value.as_str())) {
        found.push(
            Finding::new(
                &PROBE_ASKS_UPSTREAM,
                path.span,
                "this liveness probe fails when the servers upstream do",
            )
            .label("a question to them")
            .help("leave the liveness probe out"),
        );
    }
}

/// Tells another path than the only one of this engine.
fn one_path(engine: &str, own: &Own, found: &mut Findings) {
    if let Some(path) = own.path.as_ref().filter(|path| path.value != PATH) {
        found.push(
            engine::lacks(path.span, format!("{engine} answers on {PATH} alone"))
                .help(format!("path: {PATH}")),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::trial::codes;

    const BASE: &str = "kind: doh\nimage: satishweb/doh-server:v2.3.10-alpine\nhost: doh.example.org\n\
                        upstreams: [\"tls://9.9.9.9:853\"]\n";

    #[test]
    fn findings_of_every_engine() {
        let rows: &[(&str, &[&str])] = &[
            ("", &[]),
            ("engine: m13253", &[]),
            ("engine: corends", &["value-unknown"]),
            ("engine: coredns", &["engine-image-mismatch"]),
            ("image: adguard/dnsproxy:v0.84.1", &["engine-image-mismatch"]),
            ("image: registry.example/doh:mine", &[]),
            ("upstreams: OUT", &["key-missing"]),
            ("upstreams: []", &["key-missing"]),
            ("routes: {doh: {middlewares: [limit]}}", &[]),
            ("routes: {doh: {path: /dns-query}}", &[]),
            ("routes: {doh: {path: /x}}", &["route-unfit"]),
            ("routes: {doh: {pathPrefix: /}}", &["route-unfit"]),
            ("routes: {doh: {scheme: https}}", &["route-unfit"]),
            ("probes: {liveness: {httpGet: /dns-query}}", &["probe-asks-upstream"]),
            ("probes: {readiness: {httpGet: {path: /dns-query}}}", &[]),
        ];
        for (line, expected) in rows {
            assert_eq!(codes(BASE, line), *expected, "{line}");
        }
    }
}
