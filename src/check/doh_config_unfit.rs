//! Configurations of m13253's DNS server that it refuses, or that nobody reaches.

use super::Facts;
use super::program::{DOH_SERVER, Mounted, SATISHWEB, is_loopback, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};

/// A file that the server does not start with, or by which it is not reached.
pub static CODE: Code = Code {
    name: "doh-config-unfit",
    severity: Severity::Error,
    page: Page {
        about: "m13253's DNS server ends at a key that it does not know and at an upstream without `udp:`, `tcp:` or\n\
                `tcp-tls:`. The sample file of its repository listens on loopback addresses alone, where Traefik does\n\
                not reach it; with `cert` and `key` it speaks TLS, and Traefik HTTP.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {satishweb/doh-server: [amd64]}\n\
              # apps/doh.yaml\nkind: doh\nimage: satishweb/doh-server:v2.3.10-alpine\nhost: doh.example.org\n\
              upstreams: [\"tls://9.9.9.9:853\"]\nvolumes: {/etc/doh-server/doh-server.conf: {file: doh-server.conf}}\n\
              # files/doh-server.conf\nlisten = [\"127.0.0.1:8053\", \"[::1]:8053\"]\nupstream = [\"udp:9.9.9.9:53\"]\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {satishweb/doh-server: [amd64]}\n\
               # apps/doh.yaml\nkind: doh\nimage: satishweb/doh-server:v2.3.10-alpine\nhost: doh.example.org\n\
               upstreams: [\"tls://9.9.9.9:853\"]\nvolumes: {/etc/doh-server/doh-server.conf: {file: doh-server.conf}}\n\
               # files/doh-server.conf\nlisten = [\":8053\"]\nupstream = [\"udp:9.9.9.9:53\"]\n",
    },
};

/// All that it knows (`doh-server/config.go` of v2.3.10).
const KEYS: [&str; 15] = [
    "listen",
    "local_addr",
    "cert",
    "key",
    "path",
    "upstream",
    "timeout",
    "tries",
    "verbose",
    "debug_http_headers",
    "log_guessed_client_ip",
    "ecs_allow_non_global_ip",
    "ecs_use_precise_ip",
    "tls_client_auth",
    "tls_client_auth_ca",
];

/// Tells each mistake of each file.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts).filter(|program| program.is(&[DOH_SERVER, SATISHWEB])) {
        for file in &program.mounted(facts) {
            look(file, found);
        }
    }
}

fn look(file: &Mounted<'_>, found: &mut Findings) {
    let settings = settings(&file.text);
    // Another file, such as a certificate.
    if !settings.iter().any(|(name, _)| ["listen", "upstream"].contains(name)) {
        return;
    }
    let values = |key: &str| {
        let all = settings.iter().filter(move |(name, _)| *name == key);
        all.flat_map(|(_, values)| values.clone()).collect::<Vec<_>>()
    };
    let mut tell = |message: String, help: Option<String>| {
        found.push(
            Finding::new(&CODE, file.node.span, message).note(format!("in the file `{}`", file.key)).maybe_help(help),
        );
    };
    for (name, _) in settings.iter().filter(|(name, _)| !KEYS.contains(name)) {
        let near = nearest(name, KEYS).map(|near| format!("did you mean `{near}`?"));
        tell(format!("m13253's server does not start: it knows no key `{name}`"), near);
    }
    let listen = values("listen");
    if !listen.is_empty() && listen.iter().all(|address| is_loopback(address)) {
        tell("it listens on loopback addresses alone, where Traefik does not reach it".to_owned(), Some("listen = [\":8053\"]".to_owned()));
    }
    for upstream in values("upstream") {
        if !["udp:", "tcp:", "tcp-tls:"].iter().any(|prefix| upstream.starts_with(prefix)) {
            tell(format!("m13253's server does not start: the upstream `{upstream}` does not say how to ask it"), Some(format!("\"udp:{upstream}\"")));
        }
    }
    if values("cert").iter().any(|cert| !cert.is_empty()) {
        tell("with a certificate it speaks TLS, and Traefik speaks HTTP to it: 502".to_owned(), Some("leave `cert` and `key` out".to_owned()));
    }
}

/// Keys and the texts in quotes that belong to them. Values of this file hold no `#` and no `=` in quotes.
fn settings(text: &str) -> Vec<(&str, Vec<&str>)> {
    let mut settings: Vec<(&str, Vec<&str>)> = Vec::new();
    for line in text.lines().map(|line| line.split('#').next().unwrap_or_default().trim()) {
        let (value, key) = match line.split_once('=') {
            Some((key, value)) if !key.contains('"') => (value, Some(key.trim())),
            _ => (line, None),
        };
        if let Some(key) = key {
            settings.push((key, Vec::new()));
        }
        if let Some((_, values)) = settings.last_mut() {
            values.extend(value.split('"').skip(1).step_by(2));
        }
    }
    settings
}

#[cfg(test)]
mod tests {
    use super::settings;

    #[test]
    fn keys_and_values() {
        let text = "# HTTP\nlisten = [\n    \"127.0.0.1:8053\",\n    # \":8053\",\n]\ncert = \"\"\ntries = 3\nupstream = [\"udp:a\", \"b\"]\n";
        let expected = [("listen", vec!["127.0.0.1:8053"]), ("cert", vec![""]), ("tries", vec![]), ("upstream", vec!["udp:a", "b"])];
        assert_eq!(settings(text), expected);
    }
}
