//! Entry points at ports that Cloudflare's proxy does not carry, where the stack stands behind it.

use super::Facts;
use super::route::{Route, annotation};
use super::served::declared;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::Span;
use crate::stack::{EntryPoint, Protocol};
use crate::yaml::Node;

/// A port that nobody reaches by the proxy.
pub static CODE: Code = Code {
    name: "port-not-proxied",
    severity: Severity::Warning,
    page: Page {
        about: "`clientIP` trusts Cloudflare, so the hosts of the stack stand behind its proxy, and that carries HTTP at\n\
                the ports 80, 8080, 8880, 2052, 2082, 2086 and 2095, HTTPS at 443, 2053, 2083, 2087, 2096 and 8443, and\n\
                nothing else: no raw TCP, no UDP. What comes in elsewhere needs a DNS record that is not proxied.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\ningress: {clientIP: cloudflare, entryPoints: {admin: 8444}}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
              routes: {web: {host: www.example.org, entryPoints: [admin]}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\n\
               ingress: {clientIP: cloudflare, entryPoints: {admin: {port: 9443, exposedPort: 2053}}}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
               routes: {web: {host: www.example.org, entryPoints: [admin]}}\n",
    },
};

/// What the proxy carries (facts on apps: proxied ports).
const HTTP: [u16; 7] = [80, 8080, 8880, 2052, 2082, 2086, 2095];
const HTTPS: [u16; 6] = [443, 2053, 2083, 2087, 2096, 8443];

/// Tells each entry point once.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let trust = facts.stack.ingress.as_ref().and_then(|ingress| ingress.trust.as_ref());
    let Some(trust) = trust.filter(|trust| trust.cloudflare) else { return };
    raw(facts, trust.span, found);
    for point in declared(facts) {
        let at = |route: &&Route<'_>| route.ways.iter().any(|(name, _)| *name == point.name.value);
        let finding = match (facts.routes.iter().filter(at).find_map(|route| refused(route, point)), facts.streams.iter().find(at)) {
            (Some((route, what)), _) => {
                let message = format!("Cloudflare carries no {what} at port {}, the entry point `{}`", point.exposed.value, point.name.value);
                Finding::new(&CODE, point.exposed.span, message)
                    .also(route.at, "a route comes in there")
                    .help(if what == "HTTPS" { "exposedPort: 2053" } else { "exposedPort: 8080" })
            }
            (None, Some(route)) => {
                let protocol = if point.protocol == Protocol::UDP { "UDP" } else { "TCP" };
                let message = format!("Cloudflare carries no {protocol} to the entry point `{}`", point.name.value);
                Finding::new(&CODE, point.name.span, message).weighs(Severity::Note).also(route.at, "a route comes in there")
            }
            (None, None) => continue,
        };
        let note = "a host that is reached there needs a DNS record that is not proxied, which shows the node's address";
        found.push(finding.also(trust.span, "the stack stands behind Cloudflare").note(note));
    }
}

/// Raw TCP at the entry points for HTTP. Under TLS that is passed on, it may well be HTTPS.
fn raw(facts: &Facts<'_>, trust: Span, found: &mut Findings) {
    for route in facts.streams.iter().filter(|route| route.object.id.kind == "IngressRouteTCP") {
        let passed = route.object.body.at(&["spec", "tls", "passthrough"]).and_then(Node::as_bool) == Some(true);
        let Some((point, _)) = route.ways.iter().find(|(name, _)| ["web", "websecure"].contains(name)) else { continue };
        if passed || route.object.body.at(&["spec", "entryPoints"]).is_none() {
            continue;
        }
        let message = format!("Cloudflare carries HTTP alone to the entry point `{point}`, and this route is raw TCP");
        found.push(
            Finding::new(&CODE, route.at, message)
                .weighs(Severity::Note)
                .also(trust, "the stack stands behind Cloudflare")
                .note("it needs a DNS record that is not proxied, which shows the node's address"),
        );
    }
}

/// What the port is not for, if the route comes in there.
fn refused<'r, 'a>(route: &'r Route<'a>, point: &EntryPoint) -> Option<(&'r Route<'a>, &'static str)> {
    let (_, tls) = route.ways.iter().find(|(name, _)| *name == point.name.value)?;
    // One that names no entry point comes in everywhere, mostly unasked.
    let object = route.object;
    let asked = object.body.at(&["spec", "entryPoints"]).is_some() || annotation(object, "entrypoints").is_some();
    let (carried, what): (&[u16], _) = if *tls { (&HTTPS, "HTTPS") } else { (&HTTP, "plain HTTP") };
    (asked && !carried.contains(&point.exposed.value)).then_some((route, what))
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    fn count(points: &str, trust: &str, kind: &str, more: &str) -> Vec<String> {
        let manifest = format!(
            "apiVersion: traefik.io/v1alpha1\nkind: {kind}\nmetadata: {{name: web}}\nspec: {{entryPoints: [own], {more} routes: \
             [{{match: Host(`a.org`)}}]}}\n"
        );
        told(super::run, &format!("ingress: {{clientIP: {trust}, entryPoints: {{own: {points}}}}}"), &manifest)
    }

    #[test]
    fn ports_that_the_proxy_carries() {
        for (points, more, told_of) in [
            ("8444", "tls: {},", 1),
            ("{port: 9443, exposedPort: 2053}", "tls: {},", 0),
            ("{port: 9443, exposedPort: 2053}", "", 1),
            ("2052", "", 0),
            ("2052", "tls: {},", 1),
        ] {
            assert_eq!(count(points, "cloudflare", "IngressRoute", more).len(), told_of, "{points} {more}");
            assert_eq!(count(points, "10.0.0.0/8", "IngressRoute", more), [""; 0]);
        }
    }

    #[test]
    fn raw_tcp_at_an_entry_point_for_http() {
        let told = |more: &str| {
            let manifest = format!(
                "apiVersion: traefik.io/v1alpha1\nkind: IngressRouteTCP\nmetadata: {{name: db}}\nspec: {{entryPoints: [websecure], routes: \
                 [{{match: HostSNI(`db.a.org`)}}], tls: {more}}}\n"
            );
            told(super::run, "ingress: {clientIP: cloudflare}", &manifest).len()
        };
        assert_eq!(told("{secretName: c}"), 1);
        assert_eq!(told("{passthrough: true}"), 0, "it may be HTTPS");
    }

    #[test]
    fn raw_streams_are_noted() {
        assert_eq!(
            count("{port: 53, protocol: UDP}", "cloudflare", "IngressRouteUDP", ""),
            ["own: Cloudflare carries no UDP to the entry point `own`"]
        );
        assert_eq!(count("2222", "cloudflare", "IngressRouteTCP", "").len(), 1);
        assert_eq!(count("2222", "cloudflare", "IngressRouteTCP", "").len(), 1);
    }
}
