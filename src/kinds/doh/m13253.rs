//! m13253/dns-over-https, by its TOML, of which it knows each key or does not start (`doh-server/config.go`). The image
//! satishweb/doh-server holds the same program behind a script that writes its own file, so the script is left out.

use super::upstreams::{Takes, servers};
use super::{Ecs, Own, PATH, Program, Start, open};
use crate::finding::Findings;
use crate::kinds::engine::{self, Engine};
use crate::kinds::{Asked, duration};
use crate::stack::{MadeFile, value_invalid};
use crate::yaml::{Build, Node};

pub(super) const ENGINE: Engine<Program> = Engine {
    name: "m13253",
    images: &["docker.io/m13253/dns-over-https-server", SATISHWEB],
    program: Program { ports: &[("doh", PORT)], start },
};

const SATISHWEB: &str = "docker.io/satishweb/doh-server";
const PORT: u16 = 8053;
/// Nobody: the one image has root for its user, the other a user by name, of whom Kubernetes cannot tell whether he is.
const USER: u32 = 65_534;
/// A file of no user, see `MadeFile`.
const FILE: &str = "/doh-server.conf";
const MOUNT: &str = "/etc/doh-server/doh-server.conf";

const TAKES: Takes = Takes { engine: "m13253", schemes: &["udp", "tcp", "tls"], names: true };

fn start(own: &Own, asked: &Asked<'_>, found: &mut Findings) -> Option<Start> {
    engine::lacks_keys(
        "m13253",
        &[
            ("cache", own.cache.as_ref().map(|cache| cache.span), "it keeps no answers"),
            ("tls", own.tls.as_ref().map(|tls| tls.secret.span), "Traefik ends TLS, and speaks HTTP to it"),
        ],
        found,
    );
    let text = text(own, asked, found)?;
    let satishweb = engine::image_of(asked).is_some_and(|(_, image)| image.repository() == SATISHWEB);
    let span = own.upstreams.first().map_or(asked.at, |first| first.span);
    let config = Build::at(asked.at).text("file", FILE).text("name", "config");
    Some(Start {
        command: satishweb.then_some("/server/doh-server"),
        args: vec!["-conf".to_owned(), MOUNT.to_owned()],
        volumes: Build::at(asked.at).with(MOUNT, config.node()).node(),
        made: vec![MadeFile { path: FILE.to_owned(), text: Node::text(span, text) }],
        reads: Vec::new(),
        probes: open(asked),
        user: USER,
        bears_capability: false,
        tls: false,
    })
}

/// The whole file. All texts in it are plain letters, so none needs an escape.
fn text(own: &Own, asked: &Asked<'_>, found: &mut Findings) -> Option<String> {
    let before = found.errors();
    let servers = servers(own, &TAKES, asked, found);
    let timeout =
        own.timeout.as_ref().map_or(Some(10), |text| duration::seconds("timeout", text, 1..=60, found));
    let path = own.path.as_ref().map_or(PATH, |path| path.value.as_str());
    if let Some(said) = own.path.as_ref().filter(|path| !is_plain_path(&path.value)) {
        found.push(
            value_invalid(
                said.span,
                format!("`{path}` is no path of letters, digits, `-`, `_`, `.` and `/`"),
            )
            .help(format!("path: {PATH}")),
        );
    }
    let tries = own.tries.as_ref().map_or(3, |tries| tries.value);
    if let Some(said) = own.tries.as_ref().filter(|tries| !(1..=10).contains(&tries.value)) {
        found.push(value_invalid(said.span, "`tries` is 1 to 10").help("tries: 3"));
    }
    if found.errors() > before {
        return None;
    }
    let schemes = |scheme: &str| if scheme == "tls" { "tcp-tls" } else { scheme }.to_owned();
    let upstreams: Vec<String> = servers
        .iter()
        .map(|server| format!("    \"{}:{}\",\n", schemes(server.scheme), server.authority))
        .collect();
    let mut text = format!(
        "listen = [\":{PORT}\"]\npath = \"{path}\"\nupstream = [\n{}]\ntimeout = {}\ntries = {tries}\n",
        upstreams.concat(),
        timeout?
    );
    // Without `verbose` it logs no question at all.
    if own.log_client_ip.as_ref().is_some_and(|log| log.value) {
        text.push_str("verbose = true\nlog_guessed_client_ip = true\n");
    }
    if own.ecs.as_ref().is_some_and(|ecs| ecs.value == Ecs::Precise) {
        text.push_str("ecs_use_precise_ip = true\n");
    }
    Some(text)
}

/// It takes the path as a pattern of Go's, in which braces and blanks mean something.
fn is_plain_path(path: &str) -> bool {
    path.starts_with('/')
        && path.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~'))
}

#[cfg(test)]
mod tests {
    use crate::kinds::trial::{app, codes, with};

    const BASE: &str = "kind: doh\nimage: satishweb/doh-server:v2.3.10-alpine\nhost: doh.example.org\n\
                        upstreams: [\"tls://9.9.9.9:853\"]\n";

    fn file(lines: &str) -> String {
        let (app, found) = app(&with(BASE, lines));
        let app = app.unwrap_or_else(|| panic!("{lines}: {found:?}"));
        app.made[0].text.as_text().unwrap().to_owned()
    }

    #[test]
    fn findings() {
        let rows: &[(&str, &[&str])] = &[
            ("cache: {size: 4Mi}", &["engine-lacks-setting"]),
            ("cache: {}", &["engine-lacks-setting"]),
            ("tls: {secret: x}", &["engine-lacks-setting"]),
            ("upstreams: [1.1.1.1]", &["value-invalid"]),
            ("upstreams: [https://dns.google/dns-query]", &["engine-lacks-setting"]),
            ("upstreams: ['tls://a\"b']", &["value-invalid"]),
            ("upstreams: [tls://dns.google]", &[]),
            ("upstreams: [udp://doh.example.org]", &["upstream-loop"]),
            ("timeout: 0s", &["value-invalid"]),
            ("timeout: 61s", &["value-invalid"]),
            ("tries: 0", &["value-invalid"]),
            ("tries: 11", &["value-invalid"]),
            ("path: dns", &["value-invalid"]),
            ("path: '/a\"b'", &["value-invalid"]),
            ("path: /{x}", &["value-invalid"]),
        ];
        for (line, expected) in rows {
            assert_eq!(codes(BASE, line), *expected, "{line}");
        }
    }

    #[test]
    fn the_file() {
        assert_eq!(
            file(""),
            "listen = [\":8053\"]\npath = \"/dns-query\"\nupstream = [\n    \"tcp-tls:9.9.9.9:853\",\n]\ntimeout = 10\n\
             tries = 3\n"
        );
        let more = file(
            "upstreams: [udp://1.1.1.1, tcp://dns.example, \"tls://[2620:fe::fe]\"]\npath: /q\ntimeout: 2s\ntries: 1\n\
             logClientIP: true\necs: precise",
        );
        assert!(more.contains(
            "\"udp:1.1.1.1:53\",\n    \"tcp:dns.example:53\",\n    \"tcp-tls:[2620:fe::fe]:853\",\n"
        ));
        assert!(more.contains("path = \"/q\"\n") && more.contains("timeout = 2\ntries = 1\n"));
        assert!(more.ends_with("verbose = true\nlog_guessed_client_ip = true\necs_use_precise_ip = true\n"));
    }

    #[test]
    fn the_script_of_the_other_image_is_left_out() {
        let command = |lines: &str| app(&with(BASE, lines)).0.unwrap().container.command.len();
        assert_eq!((command(""), command("image: m13253/dns-over-https-server:x")), (1, 0));
    }
}
