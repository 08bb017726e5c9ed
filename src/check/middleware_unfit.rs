//! Middlewares that a program of a kind does not survive.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::yaml::Node;

/// A middleware on the wrong route.
pub static CODE: Code = Code {
    name: "middleware-unfit",
    severity: Severity::Error,
    page: Page {
        about: "A route of a kind has a middleware that its program or its clients cannot live with: a proxy's clients\n\
                send no password and its streams never end, so nothing may ask for one, gather or pack them; a changed\n\
                path is not the one that the program compares, and breaks S3's signature; S3 sends its own\n\
                Authorization.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {coredns/coredns: [amd64]}\nmiddlewares: {root: {stripPrefix: {prefixes: [/dns-query]}}}\n\
              # apps/doh.yaml\nkind: doh\nengine: coredns\nimage: coredns/coredns:1.11.1\nhost: doh.example.org\n\
              upstreams: [\"tls://1.1.1.1:853\"]\nroutes: {doh: {middlewares: [root]}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {coredns/coredns: [amd64]}\nmiddlewares: {slow: {rateLimit: {average: 50}}}\n\
               # apps/doh.yaml\nkind: doh\nengine: coredns\nimage: coredns/coredns:1.11.1\nhost: doh.example.org\n\
               upstreams: [\"tls://1.1.1.1:853\"]\nroutes: {doh: {middlewares: [slow]}}\n",
    },
};

/// Middlewares that change a request's path.
const PATHS: &[&str] = &["addPrefix", "replacePath", "replacePathRegex", "stripPrefix", "stripPrefixRegex"];
/// Middlewares that ask for a password.
const PASSWORDS: &[&str] = &["basicAuth", "digestAuth"];

/// A kind, its routes, middlewares, and why they do not fit.
const ROWS: &[(&str, &[&str], &[&str], &str)] = &[
    ("minio", &["s3", "domain"], PATHS, "the path is signed by the client"),
    ("minio", &["s3", "domain"], PASSWORDS, "clients of S3 send another Authorization"),
    ("minio", &["s3", "domain"], &["buffering"], "it holds uploads back until they are whole"),
    ("doh", &["doh"], PATHS, "the server answers on its own path alone"),
    ("goproxy", &["go"], PATHS, "paths of modules hold `!` and `@v`, and are compared as they are"),
    ("proxy", &["proxy"], PATHS, "the proxy compares the whole path"),
    ("proxy", &["proxy"], PASSWORDS, "a proxy's clients send no such password"),
    ("proxy", &["proxy"], &["buffering", "compress"], "it holds back a stream that never ends"),
];

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for app in facts.apps {
        for (_, routes, words, why) in ROWS.iter().filter(|(kind, ..)| *kind == app.kind.value) {
            let all = routes.iter().filter_map(|route| app.pod.routes.get(route));
            for name in all.flat_map(|route| &route.middlewares) {
                let own = app.pod.middlewares.get(&name.value);
                let body = own.or_else(|| facts.stack.middlewares.get(&name.value));
                let Some(word) = body.map_or(&[][..], Node::entries).first() else { continue };
                if words.contains(&word.key.text.as_ref()) {
                    found.push(
                        Finding::new(&CODE, name.span, format!("`{}` does not fit here: {why}", word.key.text))
                            .also(word.key.span, "the middleware"),
                    );
                }
            }
        }
    }
}
