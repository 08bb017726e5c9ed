//! AdGuard's dnsproxy, by its arguments. Its DNS over HTTPS always speaks TLS: without a certificate it opens no such port
//! and says nothing (`internal/cmd/proxy.go`).

use super::upstreams::{Server, Takes, servers};
use super::{Cache, Ecs, Own, Program, Start, one_path, open};
use crate::finding::{Finding, Findings};
use crate::kinds::engine::{self, Engine};
use crate::kinds::{Asked, duration};
use crate::kube::Quantity;
use crate::stack::{SecretRead, value_invalid};
use crate::yaml::{Build, KEY_MISSING, Node, Spanned};

pub(super) const ENGINE: Engine<Program> = Engine {
    name: "dnsproxy",
    images: &["docker.io/adguard/dnsproxy"],
    program: Program { ports: &[("doh", PORT)], start },
};

const PORT: u16 = 8443;
/// Nobody, whose its binary is; the image runs it as root.
const USER: u32 = 65_534;
const FOLDER: &str = "/etc/dnsproxy/tls";
/// It caps the shortest time of its cache there.
const LONGEST_MIN_TTL: u32 = 3_600;

const TAKES: Takes = Takes { engine: "dnsproxy", schemes: &["udp", "tcp", "tls", "https"], names: true };

fn start(own: &Own, asked: &Asked<'_>, found: &mut Findings) -> Option<Start> {
    lacking(own, found);
    let args = args(own, asked, found);
    let Some(tls) = &own.tls else {
        found.push(
            Finding::new(
                &KEY_MISSING,
                own.engine.as_ref().map_or(asked.at, |engine| engine.span),
                "the key `tls` is missing",
            )
            .label("without a certificate dnsproxy opens no port")
            .help("tls: {secret: NAME}   (of the type kubernetes.io/tls)"),
        );
        return None;
    };
    let secret = Build::at(tls.secret.span).with("name", (&tls.secret).into()).int("mode", 0o440);
    let volume = Build::at(tls.secret.span).with("secret", secret.node()).text("name", "tls");
    let read = |key: &'static str| SecretRead {
        secret: (&tls.secret).into(),
        key: Node::text(tls.secret.span, key),
    };
    Some(Start {
        command: None,
        args: args?,
        volumes: Build::at(asked.at).with(FOLDER, volume.node()).node(),
        made: Vec::new(),
        reads: vec![read("tls.crt"), read("tls.key")],
        probes: open(asked),
        user: USER,
        bears_capability: true,
        tls: true,
    })
}

/// Keys of the kind that dnsproxy has no words for.
fn lacking(own: &Own, found: &mut Findings) {
    let log = own.log_client_ip.as_ref().filter(|log| log.value).map(|log| log.span);
    engine::lacks_keys(
        "dnsproxy",
        &[
            ("tries", own.tries.as_ref().map(|tries| tries.span), "it asks each upstream once"),
            ("logClientIP", log, "it logs all of each question or nothing"),
        ],
        found,
    );
    if let Some(ecs) = own.ecs.as_ref().filter(|ecs| ecs.value == Ecs::Precise) {
        found.push(
            engine::lacks(ecs.span, "dnsproxy tells upstreams the subnet, never the address")
                .help("ecs: subnet"),
        );
    }
    one_path("dnsproxy", own, found);
}

fn args(own: &Own, asked: &Asked<'_>, found: &mut Findings) -> Option<Vec<String>> {
    let before = found.errors();
    let servers = servers(own, &TAKES, asked, found);
    let timeout =
        own.timeout.as_ref().map_or(Some(10), |text| duration::seconds("timeout", text, 1..=60, found));
    // Zero: no plain DNS, for which it would listen on port 53.
    let mut args = vec![
        "--port=0".to_owned(),
        format!("--https-port={PORT}"),
        format!("--tls-crt={FOLDER}/tls.crt"),
        format!("--tls-key={FOLDER}/tls.key"),
    ];
    args.extend(
        servers
            .iter()
            .map(|Server { scheme, authority, path }| format!("--upstream={scheme}://{authority}{path}")),
    );
    args.push(format!("--timeout={}s", timeout.unwrap_or_default()));
    if own.ecs.as_ref().is_some_and(|ecs| ecs.value == Ecs::Subnet) {
        args.push("--edns".to_owned());
    }
    if let Some(cache) = &own.cache {
        args.extend(cache_args(&cache.value, found));
    }
    (found.errors() == before).then_some(args)
}

fn cache_args(cache: &Cache, found: &mut Findings) -> Vec<String> {
    let mut args = vec!["--cache".to_owned()];
    if let Some(size) = &cache.size {
        args.extend(bytes(size, found).map(|bytes| format!("--cache-size={bytes}")));
    }
    let mut ttl = |name: &str, text: &Option<Spanned<String>>, most: u32| {
        text.as_ref().and_then(|text| duration::seconds(name, text, 0..=most, found))
    };
    let (min, max) = (ttl("minTTL", &cache.min_ttl, LONGEST_MIN_TTL), ttl("maxTTL", &cache.max_ttl, 604_800));
    args.extend(min.map(|seconds| format!("--cache-min-ttl={seconds}")));
    args.extend(max.map(|seconds| format!("--cache-max-ttl={seconds}")));
    if let (Some(text), Some(max)) = (&cache.min_ttl, max.filter(|max| min.is_some_and(|min| min > *max))) {
        found.push(value_invalid(text.span, format!("`minTTL` is longer than `maxTTL`, {max}s")));
    }
    args
}

/// dnsproxy counts bytes, where others count answers.
fn bytes(size: &Spanned<String>, found: &mut Findings) -> Option<i128> {
    let nanos = Quantity::parse(&size.value).ok().map(Quantity::nanos);
    let bytes = nanos.and_then(|nanos| nanos.checked_div(1_000_000_000));
    let fits = bytes.filter(|bytes| (4_096..=1_i128 << 30).contains(bytes));
    if fits.is_none() {
        found.push(
            value_invalid(size.span, "the size of dnsproxy's cache is a number of bytes, 4Ki to 1Gi")
                .help("size: 4Mi"),
        );
    }
    fits
}

#[cfg(test)]
mod tests {
    use crate::kinds::trial::{app, codes, port, with};
    use crate::stack::Scheme;

    const BASE: &str = "kind: doh\nengine: dnsproxy\nimage: adguard/dnsproxy:v0.84.1\nhost: doh.example.org\n\
                        upstreams: [\"tls://1.1.1.1:853\"]\ntls: {secret: doh-cert}\n";

    fn args(lines: &str) -> Vec<String> {
        let (app, found) = app(&with(BASE, lines));
        let app = app.unwrap_or_else(|| panic!("{lines}: {found:?}"));
        app.container.args.into_iter().map(|arg| arg.value).collect()
    }

    #[test]
    fn findings() {
        let rows: &[(&str, &[&str])] = &[
            ("tls: OUT", &["key-missing"]),
            ("tries: 3", &["engine-lacks-setting"]),
            ("logClientIP: true", &["engine-lacks-setting"]),
            ("ecs: precise", &["engine-lacks-setting"]),
            ("path: /x", &["engine-lacks-setting"]),
            ("upstreams: [quic://dns.adguard.com]", &["value-invalid"]),
            ("cache: {size: 10}", &["value-invalid"]),
            ("cache: {size: lots}", &["value-invalid"]),
            ("cache: {minTTL: 2h}", &["value-invalid"]),
            ("cache: {minTTL: 10m, maxTTL: 5m}", &["value-invalid"]),
            ("routes: {doh: {scheme: http}}", &["route-unfit"]),
        ];
        for (line, expected) in rows {
            assert_eq!(codes(BASE, line), *expected, "{line}");
        }
    }

    #[test]
    fn arguments() {
        let all =
            args("upstreams: [https://dns.google/dns-query, udp://9.9.9.9]\ncache: {size: 4Mi, minTTL: 1m}");
        assert_eq!(
            all[4..],
            [
                "--upstream=https://dns.google:443/dns-query",
                "--upstream=udp://9.9.9.9:53",
                "--timeout=10s",
                "--cache",
                "--cache-size=4194304",
                "--cache-min-ttl=60"
            ]
        );
        assert_eq!(all[..2], ["--port=0", "--https-port=8443"]);
    }

    #[test]
    fn traefik_speaks_tls_to_it() {
        let app = app(BASE).0.unwrap();
        let route = app.pod.routes.get("doh").unwrap();
        assert_eq!(route.scheme, Some(Scheme::Https));
        assert_eq!(route.servers_transport.as_ref().unwrap().value, app.transports[0].name.value);
        assert_eq!(port(BASE, "doh"), Some(8_443));
        let keys: Vec<_> = app.reads.iter().map(|read| read.key.as_text().unwrap()).collect();
        assert_eq!(keys, ["tls.crt", "tls.key"]);
    }
}
