//! Programs that do not start with the arguments they are given.

use super::Facts;
use super::program::{DNSPROXY, GOPROXY, GOPROXYIO, GOST, MINIO, Program, V2RAY, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::Span;
use crate::yaml::Node;

/// Arguments of another program, or of another release.
pub static CODE: Code = Code {
    name: "program-args-wrong",
    severity: Severity::Error,
    page: Page {
        about: "A program that stackc knows is started with arguments that it does not take, or without those that it\n\
                needs: v2ray 5 wants `run` first, which v2ray 4 does not know; minio prints its help and exits without\n\
                `server`; goproxy/goproxy of Docker Hub (`-listen`) and ghcr.io/goproxy/goproxy (`server --address`) are\n\
                two different programs; dnsproxy opens no port for DNS over HTTPS without a certificate; a listener of\n\
                gost with TLS does not understand Traefik, which ends TLS itself.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {v2fly/v2fly-core: [amd64]}\n\
              # apps/tube.yaml\nkind: app\nimage: v2fly/v2fly-core:v5.52.0\nargs: [\"-config\", /etc/v2ray/config.json]\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {v2fly/v2fly-core: [amd64]}\n\
               # apps/tube.yaml\nkind: app\nimage: v2fly/v2fly-core:v5.52.0\nargs: [run, \"-config\", /etc/v2ray/config.json]\n",
    },
};

/// What is wrong: where, what, the way out.
type Wrong = (Span, &'static str, &'static str);

/// A program's images, and what may be wrong with its arguments.
type Row = (&'static [&'static str], fn(&Program<'_>) -> Option<Wrong>);

const ROWS: &[Row] = &[
    (&[GOPROXY], |program| {
        let arg = program.arg(&["-listen", "-cacheDir", "-proxy", "-exclude", "-cacheExpire"])?;
        Some((arg.span, "ghcr.io/goproxy/goproxy is another program than goproxy/goproxy on Docker Hub", "args: [server, --address, \":8080\"]"))
    }),
    (&[GOPROXYIO], |program| {
        let arg = program.arg(&["server", "--address", "--cacher"])?;
        Some((arg.span, "goproxy/goproxy on Docker Hub is another program than ghcr.io/goproxy/goproxy", "args: [\"-listen=0.0.0.0:8081\"]"))
    }),
    (&[V2RAY], |program| {
        let first = program.list("args").first()?;
        match (program.major()?, first.as_text()?) {
            (4, "run") => Some((first.span, "v2ray 4 knows no `run`", "leave `run` out, or take an image of v2ray 5")),
            (5.., arg) if arg.starts_with('-') => Some((first.span, "v2ray 5 wants `run` first", "args: [run, …]")),
            _ => None,
        }
    }),
    (MINIO, |program| {
        let bare = program.list("args").is_empty();
        bare.then_some((program.written.span, "without arguments minio prints its help and exits", "args: [server, /data, --address, \":9000\", --console-address, \":9001\"]"))
    }),
    (MINIO, |program| {
        let server = program.list("args").first().filter(|arg| arg.as_text() == Some("server"))?;
        let console = program.list("ports").iter().find(|port| port.get("containerPort").and_then(Node::as_int) == Some(9_001))?;
        let random = program.option("--console-address").is_none() && program.env("MINIO_CONSOLE_ADDRESS").is_none();
        random.then_some((console.get("containerPort").map_or(server.span, |port| port.span), "without --console-address the console takes a random port: 9001 answers nothing", "args: [server, …, --console-address, \":9001\"]"))
    }),
    (&[DNSPROXY], |program| {
        let port = program.arg(&["--https-port", "-s"])?;
        let certificate = program.option("--tls-crt").or(program.option("-c")).or(program.option("--config-path"));
        certificate.is_none().then_some((port.span, "without a certificate dnsproxy opens no port for DNS over HTTPS", "args: [--https-port, \"8443\", --tls-crt, FILE, --tls-key, FILE]"))
    }),
    (&[GOST], |program| {
        let listener = program.list("args").iter().find(|arg| arg.as_text().is_some_and(speaks_tls))?;
        Some((listener.span, "this listener of gost speaks TLS, which Traefik has ended", "`ws` for `wss`, `grpc` with `grpcInsecure=true`"))
    }),
];

/// `relay+wss://:8080?path=/x` and the like.
fn speaks_tls(arg: &str) -> bool {
    let Some((scheme, rest)) = arg.trim_start_matches("-L").trim_start_matches('=').split_once("://") else { return false };
    match scheme.rsplit('+').next().unwrap_or_default() {
        "wss" | "mwss" | "tls" | "https" => true,
        "grpc" => !rest.contains("grpcInsecure=true"),
        _ => false,
    }
}

/// Tells the first mistake of each container. A command of one's own may take anything.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts).filter(|program| !program.has_command()) {
        let rows = ROWS.iter().filter(|(images, _)| program.is(images));
        let wrong = rows.into_iter().find_map(|(_, wrong)| wrong(&program));
        if let Some((span, message, help)) = wrong {
            found.push(Finding::new(&CODE, span, message).help(help));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::speaks_tls;

    #[test]
    fn listeners() {
        for arg in ["-L=relay+wss://:8080", "socks5+tls://:1", "-L=relay+grpc://:8080?path=/a", "relay+mwss://:1"] {
            assert!(speaks_tls(arg), "{arg}");
        }
        for arg in ["-L=relay+ws://$(U):$(P)@:8080?path=/x", "relay+grpc://:8080?grpcInsecure=true", "-C", "-L"] {
            assert!(!speaks_tls(arg), "{arg}");
        }
    }
}
