//! Programs that only their own pod can reach.

use super::Facts;
use super::program::{GOPROXY, MINIO, Program, SATISHWEB, is_loopback, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::Span;
use crate::yaml::Node;

/// A loopback address to listen on.
pub static CODE: Code = Code {
    name: "program-listens-local",
    severity: Severity::Error,
    page: Page {
        about: "A program that stackc knows listens on the pod's loopback address alone, so neither Traefik nor another\n\
                pod nor a probe reaches it: 502. For ghcr.io/goproxy/goproxy that is the default once its arguments are\n\
                replaced.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {ghcr.io/goproxy/goproxy: [amd64]}\n\
              # apps/go.yaml\nkind: app\nimage: ghcr.io/goproxy/goproxy:0.26.1\nargs: [server, --address, \"localhost:8080\"]\n\
              ports: {http: 8080}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {ghcr.io/goproxy/goproxy: [amd64]}\n\
               # apps/go.yaml\nkind: app\nimage: ghcr.io/goproxy/goproxy:0.26.1\nargs: [server, --address, \":8080\"]\n\
               ports: {http: 8080}\n",
    },
};

/// A program's images, and the place where it is told a loopback address.
type Row = (&'static [&'static str], fn(&Program<'_>) -> Option<Span>);

const ROWS: &[Row] = &[
    (&[GOPROXY], |program| match program.option("--address") {
        Some((arg, address)) => is_loopback(address).then_some(arg.span),
        None => program.arg(&["server"]).map(|arg| arg.span),
    }),
    (MINIO, |program| {
        let (arg, address) = program.option("--address")?;
        is_loopback(address).then_some(arg.span)
    }),
    (&[SATISHWEB], |program| {
        let value = program.env("DOH_SERVER_LISTEN")?.get("value")?;
        value.as_text().is_some_and(is_loopback).then_some(value.span)
    }),
];

/// Tells each container that has a port.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts).filter(|program| !program.list("ports").is_empty()) {
        let span = ROWS.iter().filter(|(images, _)| program.is(images)).find_map(|(_, place)| place(&program));
        if let Some(span) = span {
            let first = program.list("ports").first().and_then(|port| port.get("containerPort")).and_then(Node::as_int);
            let port = first.unwrap_or(8_080);
            found.push(
                Finding::new(&CODE, span, "it listens on the pod's own loopback address, where nobody reaches it")
                    .help(format!("an address without a host: \":{port}\"")),
            );
        }
    }
}
