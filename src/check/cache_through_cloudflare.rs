//! Caches in the cluster's own S3, by way of the internet.

use super::Facts;
use super::rule::rules;
use super::program::{ATHENS, GOPROXY, Program, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::yaml::Node;

/// A public host of this stack's own for a client beside it.
pub static CODE: Code = Code {
    name: "cache-through-cloudflare",
    severity: Severity::Warning,
    page: Page {
        about: "A program of this stack writes to an S3 server of this stack by its public host: all goes out to\n\
                Cloudflare and back, where a body over 100 MB gets 413, and goproxy uploads in parts of 100 MiB, which is\n\
                more. Use the Service's address.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {ghcr.io/goproxy/goproxy: [amd64], registry.example/s3: [amd64]}\nsecrets: {s3: [id, key]}\n\
              ingress: {clientIP: cloudflare}\n\
              # apps/s3.yaml\nkind: app\nimage: registry.example/s3:1.0\nports: {http: 9000}\nroutes: {s3: s3.example.org}\n\
              # apps/go.yaml\nkind: goproxy\nimage: ghcr.io/goproxy/goproxy:0.26.1\nhost: go.example.org\n\
              cache: {s3: {endpoint: \"https://s3.example.org\", bucket: go, accessKey: {secret: s3, key: id}, secretKey: {secret: s3, key: key}}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {ghcr.io/goproxy/goproxy: [amd64], registry.example/s3: [amd64]}\nsecrets: {s3: [id, key]}\n\
               ingress: {clientIP: cloudflare}\n\
               # apps/s3.yaml\nkind: app\nimage: registry.example/s3:1.0\nports: {http: 9000}\nroutes: {s3: s3.example.org}\n\
               # apps/go.yaml\nkind: goproxy\nimage: ghcr.io/goproxy/goproxy:0.26.1\nhost: go.example.org\n\
               cache: {s3: {endpoint: \"http://{{ apps.s3.address }}\", bucket: go, accessKey: {secret: s3, key: id}, secretKey: {secret: s3, key: key}}}\n",
    },
};

/// The server's address, as the program is told.
fn endpoint<'a>(program: &Program<'a>) -> Option<(&'a Node, &'a str)> {
    if program.is(&[GOPROXY]) {
        return program.option("--cacher-s3-endpoint");
    }
    let value = program.env("AWS_ENDPOINT").filter(|_| program.is(&[ATHENS]))?.get("value")?;
    let text = value.as_text()?;
    Some((value, text.split_once("://").map_or(text, |(_, rest)| rest)))
}

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let trust = facts.stack.ingress.as_ref().and_then(|ingress| ingress.trust.as_ref());
    if !trust.is_some_and(|trust| trust.cloudflare) {
        return;
    }
    for program in programs(facts) {
        let Some((node, text)) = endpoint(&program) else { continue };
        let host = text.split(['/', ':']).next().unwrap_or_default();
        let served = rules(facts).find(|rule| rule.hosts().any(|own| own.eq_ignore_ascii_case(host)));
        if let Some(rule) = served {
            let namespace = rule.object.id.namespace.as_deref().unwrap_or("default");
            let message = format!("uploads to {host} go by Cloudflare, which takes 100 MB at most");
            found.push(
                Finding::new(&CODE, node.span, message)
                    .also(rule.written.span, "a route of this stack")
                    .help(format!("endpoint: http://{}.{namespace}.svc:{}", rule.service, rule.port.unwrap_or(9_000))),
            );
        }
    }
}
