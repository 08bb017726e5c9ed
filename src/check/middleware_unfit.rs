//! Middlewares that a program of a kind does not survive.

use std::collections::BTreeMap;

use super::Facts;
use super::rule::rules;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Object;
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

/// A kind, middlewares, and why they do not fit.
const ROWS: &[(&str, &[&str], &str)] = &[
    ("minio", PATHS, "the path is signed by the client"),
    ("minio", PASSWORDS, "clients of S3 send another Authorization"),
    ("minio", &["buffering"], "it holds uploads back until they are whole"),
    ("doh", PATHS, "the server answers on its own path alone"),
    ("goproxy", PATHS, "paths of modules hold `!` and `@v`, and are compared as they are"),
    ("proxy", PATHS, "the proxy compares the whole path"),
    ("proxy", PASSWORDS, "a proxy's clients send no such password"),
    ("proxy", &["buffering", "compress"], "it holds back a stream that never ends"),
];
/// The port of minio's console, a web page like any other.
const CONSOLE: i64 = 9_001;

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let place = |object: &'_ Object| (object.id.namespace.clone(), object.id.name.clone());
    let apps: BTreeMap<_, _> =
        facts.landings.iter().filter_map(|landing| Some((place(landing.object), landing.app?))).collect();
    let middlewares = facts.of("Middleware").iter();
    let middlewares: BTreeMap<_, _> = middlewares.map(|object| (place(object), object)).collect();
    for rule in rules(facts).filter(|rule| rule.port != Some(CONSOLE)) {
        let namespace = &rule.object.id.namespace;
        let Some(app) = apps.get(&(namespace.clone(), rule.service.to_owned())) else { continue };
        for name in rule.middlewares() {
            let known = name.as_text().and_then(|name| middlewares.get(&(namespace.clone(), name.to_owned())));
            let spec = known.and_then(|object| object.body.get("spec")).map_or(&[][..], Node::entries);
            let Some(word) = spec.first() else { continue };
            let fits = |row: &&(&str, &[&str], &str)| row.0 == app.kind && row.1.contains(&word.key.text.as_ref());
            if let Some((_, _, why)) = ROWS.iter().find(fits) {
                found.push(
                    Finding::new(&CODE, name.span, format!("`{}` does not fit here: {why}", word.key.text))
                        .also(word.key.span, "the middleware"),
                );
            }
        }
    }
}
