//! Caches in the cluster's own S3, by way of the internet.

use super::Facts;
use super::program::{ATHENS, GOPROXY, Program, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::stack::App;
use crate::yaml::{Node, Spanned};

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

/// The host of a route, if one of the stack's has it.
fn served<'a>(apps: &'a [App], host: &str) -> Option<(&'a App, &'a Spanned<String>)> {
    apps.iter().find_map(|app| {
        let mut hosts = app.pod.routes.iter().flat_map(|(_, route)| &route.host);
        hosts.find(|own| own.value.eq_ignore_ascii_case(host)).map(|own| (app, own))
    })
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
        if let Some((app, own)) = served(facts.apps, host) {
            let port = app.container.ports.iter().next().map_or(9_000, |(_, port)| port.port.value);
            found.push(
                Finding::new(&CODE, node.span, format!("uploads to {host} go by Cloudflare, which takes 100 MB at most"))
                    .also(own.span, format!("the app `{}` of this stack", app.name))
                    .help(format!("endpoint: http://{}.{}.svc:{port}", app.name, app.namespace.value)),
            );
        }
    }
}
