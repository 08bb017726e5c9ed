//! `kind: doh`: a DNS server that is asked over HTTPS (RFC 8484).

use serde::Deserialize;

use super::corefile::{self, Cache};
use super::engine::{self, Engine};
use super::{Asked, COMPUTED, General, Kind, data};
use crate::finding::{Finding, Findings};
use crate::stack::MadeFile;
use crate::yaml::{Build, KEY_MISSING, Node, Spanned, decode, fields, like, maybe, shape};

pub(super) static KIND: Kind = Kind {
    name: "doh",
    own: fields::<Own>,
    shape: shape::<Own>,
    computes: COMPUTED,
    shorts: &[],
    ports: |_, at| {
        let ports = Build::at(at).int("doh", corefile::PORT);
        ports.int("health", corefile::HEALTH).int("ready", corefile::READY).node()
    },
    general,
    one_node: |_, _| None,
};

static ENGINES: &[Engine] = &[
    Engine {
        name: "coredns",
        images: &[
            "docker.io/coredns/coredns",
            "registry.k8s.io/coredns/coredns",
            "docker.io/rancher/mirrored-coredns-coredns",
        ],
    },
    Engine {
        name: "m13253",
        images: &["docker.io/m13253/dns-over-https-server", "docker.io/satishweb/doh-server"],
    },
    Engine { name: "dnsproxy", images: &["docker.io/adguard/dnsproxy"] },
];

/// The one path that CoreDNS answers on.
const PATH: &str = "/dns-query";
/// A file of no user, see `MadeFile`.
const COREFILE: &str = "/Corefile";
/// The user `nonroot` of its image. The image names it, and Kubernetes cannot tell whether a name is root.
const USER: u32 = 65_532;

#[derive(Deserialize)]
struct Own {
    /// The program: `coredns`. (`m13253` and `dnsproxy` are not built yet.)
    engine: Spanned<String>,
    /// The host at which it is asked.
    host: Spanned<String>,
    /// The servers that it asks: `udp://ADDRESS`, `tcp://ADDRESS`, `tls://ADDRESS`, with `:PORT` or without. At least one.
    upstreams: Vec<Spanned<String>>,
    /// The path at which it is asked. Default: `/dns-query`, the only one of coredns.
    path: Option<Spanned<String>>,
    /// Answers that are kept. Default: 9984 answers, 5 seconds to 1 hour.
    #[serde(deserialize_with = "maybe")]
    cache: Option<Cache>,
    /// How long it waits for an answer. Not with coredns.
    timeout: Option<Node>,
    /// How often it asks. Not with coredns.
    tries: Option<Node>,
    /// What it tells upstreams of the client's address: `off`. Default: `off`.
    ecs: Option<Spanned<String>>,
    /// Whether it logs the client's address. Not with coredns. Default: `false`.
    #[serde(rename = "logClientIP")]
    log_client_ip: Option<Spanned<bool>>,
    /// The Secret with its own certificate. Not with coredns, behind which Traefik ends TLS.
    #[serde(deserialize_with = "like::<Option<Certificate>, _, _>")]
    tls: Option<Node>,
}

/// A certificate of its own.
#[derive(Deserialize)]
#[expect(dead_code, reason = "no engine that is built has one")]
struct Certificate {
    /// The Secret, of the type `kubernetes.io/tls`.
    secret: Spanned<String>,
}

fn general(own: &Node, asked: &Asked<'_>, found: &mut Findings) -> Option<General> {
    let own: Own = decode(own, found)?;
    if !engine::check(&own.engine, "coredns", ENGINES, asked, found) {
        return None;
    }
    lacking(&own, found);
    let Some(first) = own.upstreams.first() else {
        found.push(
            Finding::new(&KEY_MISSING, asked.at, "`upstreams` names no server to ask")
                .help("upstreams: [\"tls://1.1.1.1:853\"]"),
        );
        return None;
    };
    let text = corefile::text(&own.upstreams, own.cache.as_ref(), &own.host, found)?;
    let made = MadeFile { path: COREFILE.to_owned(), text: Node::text(first.span, text) };
    Some(General { app: app(&own, asked), made: vec![made], reads: Vec::new() })
}

fn app(own: &Own, asked: &Asked<'_>) -> Node {
    let at = || Build::at(asked.at);
    let words =
        |words: &[&'static str]| Node::list(asked.at, words.iter().map(|word| Node::text(asked.at, *word)));
    let get = |path: &'static str, port: &'static str| {
        at().with("httpGet", at().text("path", path).text("port", port).node()).node()
    };
    let config = at().text("file", COREFILE).text("name", "config");
    let path = own.path.as_ref().map_or_else(|| Node::text(own.host.span, PATH), Node::from);
    let host = Node::list(own.host.span, [(&own.host).into()]);
    let route = Build::at(own.host.span).with("host", host).with("path", path).text("port", "doh");
    let mut security = data::restricted(asked.at, USER);
    if let Some(map) = security.as_map_mut() {
        // Its binary bears this capability, and without it in reach the kernel refuses to run it at all.
        let capabilities =
            at().with("drop", words(&["ALL"])).with("add", words(&["NET_BIND_SERVICE"])).node();
        map.or_insert("capabilities", capabilities);
    }
    at().with("args", words(&["-conf", "/etc/coredns/Corefile"]))
        .with("volumes", at().with("/etc/coredns/Corefile", config.node()).node())
        .with(
            "probes",
            at().with("liveness", get("/health", "health")).with("readiness", get("/ready", "ready")).node(),
        )
        .with(
            "resources",
            at().text("cpu", "20m")
                .text("memory", "128Mi")
                .with("requests", at().text("memory", "32Mi").node())
                .node(),
        )
        .with("securityContext", security)
        // Who asks the cluster's DNS, which asks the node's, may come back here.
        .text("dnsPolicy", "Default")
        .with("routes", Build::at(own.host.span).with("doh", route.node()).node())
        .node()
}

/// Keys of the kind that CoreDNS has no words for.
fn lacking(own: &Own, found: &mut Findings) {
    engine::lacks_keys(
        "coredns",
        &[
            ("timeout", &own.timeout, "it waits 2 s for an answer, always"),
            ("tries", &own.tries, "it goes from one upstream to the next for 5 s"),
            ("tls", &own.tls, "Traefik ends TLS, and speaks HTTP to it"),
        ],
        found,
    );
    if let Some(path) = own.path.as_ref().filter(|path| path.value != PATH) {
        found.push(
            engine::lacks(path.span, format!("coredns answers on {PATH} alone"))
                .help(format!("path: {PATH}")),
        );
    }
    if let Some(ecs) = own.ecs.as_ref().filter(|ecs| ecs.value != "off") {
        found.push(
            engine::lacks(
                ecs.span,
                "coredns sees Traefik's address, not the client's, and so sends no `ecs`",
            )
            .help("ecs: off"),
        );
    }
    if let Some(log) = own.log_client_ip.as_ref().filter(|log| log.value) {
        found.push(
            engine::lacks(log.span, "coredns sees Traefik's address, not the client's")
                .help("logClientIP: false"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::trial::{app, codes, with};

    const BASE: &str = "kind: doh\nengine: coredns\nimage: coredns/coredns:1.11.1\nhost: doh.example.org\n\
                        upstreams: [\"tls://1.1.1.1:853\"]\n";

    fn corefile(lines: &str) -> String {
        let (app, found) = app(&with(BASE, lines));
        let app = app.unwrap_or_else(|| panic!("{lines}: {found:?}"));
        app.made[0].text.as_text().unwrap().to_owned()
    }

    #[test]
    fn findings() {
        let rows: &[(&str, &[&str])] = &[
            ("engine: OUT", &["key-missing"]),
            ("engine: m13253", &["engine-not-built"]),
            ("engine: corends", &["value-unknown"]),
            ("image: adguard/dnsproxy:v0.84.1", &["engine-image-mismatch"]),
            ("image: registry.example/coredns:mine", &[]),
            ("upstreams: OUT", &["key-missing"]),
            ("upstreams: []", &["key-missing"]),
            ("upstreams: [1.1.1.1]", &["value-invalid"]),
            ("upstreams: [quic://1.1.1.1]", &["value-invalid"]),
            ("upstreams: [\"udp://1.1.1.1:0\"]", &["value-invalid"]),
            ("upstreams: [\"udp://1.1.1.1:65536\"]", &["value-invalid"]),
            ("upstreams: [https://1.1.1.1/dns-query]", &["engine-lacks-setting"]),
            ("upstreams: [tls://dns.google]", &["engine-lacks-setting"]),
            ("upstreams: [tls://doh.example.org]", &["upstream-loop"]),
            ("upstreams: [https://DOH.example.org./dns-query]", &["upstream-loop"]),
            ("upstreams: [udp://1.1.1.1, tcp://1.1.1.1]", &["engine-lacks-setting"]),
            ("path: /dns-query", &[]),
            ("path: /secret", &["engine-lacks-setting"]),
            ("timeout: 5s", &["engine-lacks-setting"]),
            ("tries: 3", &["engine-lacks-setting"]),
            ("tls: {secret: x}", &["engine-lacks-setting"]),
            ("ecs: off", &[]),
            ("ecs: subnet", &["engine-lacks-setting"]),
            ("logClientIP: false", &[]),
            ("logClientIP: true", &["engine-lacks-setting"]),
            ("cache: {size: 4Mi}", &["value-invalid"]),
            ("cache: {size: 100}", &["value-invalid"]),
            ("cache: {minTTL: 1h, maxTTL: 5m}", &["value-invalid"]),
            ("cache: {minTTL: 60}", &["value-invalid"]),
            ("cache: {minTLL: 60s}", &["key-unknown"]),
        ];
        for (line, expected) in rows {
            assert_eq!(codes(BASE, line), *expected, "{line}");
        }
        let many: Vec<String> = (1..=16).map(|n| format!("udp://10.0.0.{n}")).collect();
        assert_eq!(codes(BASE, &format!("upstreams: [{}]", many.join(", "))), ["engine-lacks-setting"]);
    }

    #[test]
    fn upstreams_as_coredns_writes_them() {
        let rows = [
            ("[udp://9.9.9.9]", " . dns://9.9.9.9:53 {\n        prefer_udp\n    }\n"),
            ("[\"tcp://9.9.9.9:5353\"]", " . dns://9.9.9.9:5353 {\n        force_tcp\n    }\n"),
            (
                "[tls://1.1.1.1, \"tls://[2606:4700::1111]\"]",
                " . tls://1.1.1.1:853 tls://[2606:4700::1111]:853\n",
            ),
        ];
        for (upstreams, expected) in rows {
            let text = corefile(&format!("upstreams: {upstreams}"));
            let forward = text.split("    forward").nth(1).unwrap();
            assert_eq!(forward, format!("{expected}}}\n"), "{upstreams}");
        }
    }

    #[test]
    fn caches() {
        let rows = [
            ("{}", "success 9984 3600 5\n        denial 9984 1800 5"),
            ("{size: 20000, maxTTL: 5m}", "success 20000 300 5\n        denial 20000 300 5"),
            ("{minTTL: 40m}", "success 9984 3600 2400\n        denial 9984 2400 2400"),
        ];
        for (cache, expected) in rows {
            assert!(corefile(&format!("cache: {cache}")).contains(expected), "{cache}");
        }
        assert!(!corefile("").contains("cache"));
    }

    #[test]
    fn a_file_of_the_users_own_replaces_the_computed_one() {
        let app = app(&with(BASE, "volumes: {/etc/coredns/Corefile: {file: Corefile}}")).0.unwrap();
        let volume = app.container.volumes.get("/etc/coredns/Corefile").unwrap();
        let file = volume.file.as_ref().unwrap();
        assert!(app.made.iter().all(|made| made.path != file.value));
    }
}
