//! CoreDNS, by its Corefile.
//!
//! A block `https://` without the plugin `tls` speaks plain HTTP, which is what Traefik wants behind itself (CoreDNS
//! pull request 4997, from 1.9.0 on). All that is written comes from parsed addresses and numbers.

use super::upstreams::{Server, Takes, servers};
use super::{Cache, Own, Program, Start, one_path};
use crate::finding::Findings;
use crate::kinds::engine::{self, Engine};
use crate::kinds::{Asked, duration};
use crate::stack::{MadeFile, value_invalid};
use crate::yaml::{Build, Node, Spanned};

pub(super) const ENGINE: Engine<Program> = Engine {
    name: "coredns",
    images: &[
        "docker.io/coredns/coredns",
        "registry.k8s.io/coredns/coredns",
        "docker.io/rancher/mirrored-coredns-coredns",
    ],
    program: Program { ports: &[("doh", PORT), ("health", HEALTH), ("ready", READY)], start },
};

/// Where DNS questions arrive; below 1024 its user could not listen.
const PORT: u16 = 8053;
/// Where it says that it lives, and that it is ready.
const HEALTH: u16 = 8080;
const READY: u16 = 8181;
/// A file of no user, see `MadeFile`.
const COREFILE: &str = "/Corefile";
/// The user `nonroot` of its image. The image names it, and Kubernetes cannot tell whether a name is root.
const USER: u32 = 65_532;
/// `forward` refuses more.
const MOST_UPSTREAMS: usize = 15;

const TAKES: Takes = Takes { engine: "coredns", schemes: &["udp", "tcp", "tls"], names: false };

fn start(own: &Own, asked: &Asked<'_>, found: &mut Findings) -> Option<Start> {
    lacking(own, found);
    let text = text(own, asked, found)?;
    let at = || Build::at(asked.at);
    let get = |path: &'static str, port: &'static str| {
        at().with("httpGet", at().text("path", path).text("port", port).node()).node()
    };
    let config = at().text("file", COREFILE).text("name", "config");
    let span = own.upstreams.first().map_or(asked.at, |first| first.span);
    Some(Start {
        command: None,
        args: vec!["-conf".to_owned(), "/etc/coredns/Corefile".to_owned()],
        volumes: at().with("/etc/coredns/Corefile", config.node()).node(),
        made: vec![MadeFile { path: COREFILE.to_owned(), text: Node::text(span, text) }],
        reads: Vec::new(),
        probes: at()
            .with("liveness", get("/health", "health"))
            .with("readiness", get("/ready", "ready"))
            .node(),
        user: USER,
        bears_capability: true,
        tls: false,
    })
}

/// Keys of the kind that CoreDNS has no words for.
fn lacking(own: &Own, found: &mut Findings) {
    let log = own.log_client_ip.as_ref().filter(|log| log.value).map(|log| log.span);
    engine::lacks_keys(
        "coredns",
        &[
            ("timeout", own.timeout.as_ref().map(|text| text.span), "it waits 2 s for an answer, always"),
            (
                "tries",
                own.tries.as_ref().map(|tries| tries.span),
                "it goes from one upstream to the next for 5 s",
            ),
            ("tls", own.tls.as_ref().map(|tls| tls.secret.span), "Traefik ends TLS, and speaks HTTP to it"),
            ("logClientIP", log, "it sees Traefik's address, not the client's"),
        ],
        found,
    );
    one_path("coredns", own, found);
}

/// The whole file.
fn text(own: &Own, asked: &Asked<'_>, found: &mut Findings) -> Option<String> {
    let before = found.errors();
    let servers = servers(own, &TAKES, asked, found);
    one_plain_transport(&own.upstreams, &servers, found);
    if let Some(over) = own.upstreams.get(MOST_UPSTREAMS) {
        found.push(engine::lacks(over.span, format!("coredns asks {MOST_UPSTREAMS} upstreams at most")));
    }
    let cache = own.cache.as_ref().map(|cache| cache_lines(&cache.value, found)).unwrap_or_default();
    if found.errors() > before {
        return None;
    }
    let forward = forward_lines(&servers);
    // Lame duck: on SIGTERM it goes on answering until Traefik has heard that it goes.
    Some(format!(
        "https://.:{PORT} {{\n    errors\n    health :{HEALTH} {{\n        lameduck 5s\n    }}\n    ready :{READY}\n{cache}{forward}}}\n"
    ))
}

/// `prefer_udp` and `force_tcp` hold for all upstreams of a `forward`.
fn one_plain_transport(written: &[Spanned<String>], servers: &[Server], found: &mut Findings) {
    let has = |scheme: &str| servers.iter().any(|server| server.scheme == scheme);
    if let Some(first) = written.first().filter(|_| has("udp") && has("tcp")) {
        let message = "coredns asks all its plain upstreams by udp or all by tcp";
        found.push(engine::lacks(first.span, message).help("use one of `udp` and `tcp`"));
    }
}

/// A question that came by HTTP would go on by TCP unless told otherwise: it counts as come by TCP.
fn forward_lines(servers: &[Server]) -> String {
    let mut to = String::new();
    for Server { scheme, authority, .. } in servers {
        let scheme = if *scheme == "tls" { "tls" } else { "dns" };
        to.push_str(&format!(" {scheme}://{authority}"));
    }
    let option = [("udp", "prefer_udp"), ("tcp", "force_tcp")]
        .into_iter()
        .find(|(scheme, _)| servers.iter().any(|server| server.scheme == *scheme));
    match option {
        Some((_, option)) => format!("    forward .{to} {{\n        {option}\n    }}\n"),
        None => format!("    forward .{to}\n"),
    }
}

/// The numbers not said are CoreDNS's own.
fn cache_lines(cache: &Cache, found: &mut Findings) -> String {
    let size = cache.size.as_ref().map_or(Some(9_984), |size| entries(size, found));
    let mut ttl = |name: &str, text: &Option<Spanned<String>>| {
        text.as_ref().map(|text| duration::seconds(name, text, 0..=604_800, found))
    };
    let (min, max) = (ttl("minTTL", &cache.min_ttl), ttl("maxTTL", &cache.max_ttl));
    let (Some(size), Some(min), Some(max)) = (size, min.unwrap_or(Some(5)), max.unwrap_or(Some(3_600)))
    else {
        return String::new();
    };
    if let Some(text) = cache.min_ttl.as_ref().filter(|_| min > max) {
        found.push(value_invalid(text.span, format!("`minTTL` is longer than `maxTTL`, {max}s")));
    }
    // That there is no such name is kept for half an hour at most, unless the user says longer or shorter.
    let denial = if cache.max_ttl.is_some() { max } else { max.min(1_800).max(min) };
    format!(
        "    cache {{\n        success {size} {max} {min}\n        denial {size} {denial} {min}\n    }}\n"
    )
}

/// CoreDNS counts answers, where others count bytes.
fn entries(size: &Spanned<String>, found: &mut Findings) -> Option<u32> {
    let number = size.value.parse::<u32>().ok().filter(|count| (1_024..=10_000_000).contains(count));
    if number.is_none() {
        found.push(
            value_invalid(size.span, "the size of coredns's cache is a number of answers, 1024 to 10000000")
                .help("size: 10000"),
        );
    }
    number
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
            ("engine: OUT", &["engine-image-mismatch"]),
            ("upstreams: [1.1.1.1]", &["value-invalid"]),
            ("upstreams: [quic://1.1.1.1]", &["value-invalid"]),
            ("upstreams: [\"udp://1.1.1.1:0\"]", &["value-invalid"]),
            ("upstreams: [\"udp://1.1.1.1:65536\"]", &["value-invalid"]),
            ("upstreams: [https://1.1.1.1/dns-query]", &["engine-lacks-setting"]),
            ("upstreams: [tls://dns.google]", &["engine-lacks-setting"]),
            ("upstreams: [tls://doh.example.org]", &["upstream-loop"]),
            ("upstreams: [https://DOH.example.org./dns-query]", &["upstream-loop"]),
            ("upstreams: [udp://10.43.0.10]", &["upstream-loop"]),
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
