//! `externalTrafficPolicy: Local` on a k3s whose load balancer does not know it yet.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Unit;

/// ServiceLB forwards from every node, Local or not.
pub static CODE: Code = Code {
    name: "servicelb-ignores-local",
    severity: Severity::Warning,
    page: Page {
        about: "`clientIP` makes Traefik's Service `externalTrafficPolicy: Local`. k3s' own load balancer honours that\n\
                from v1.26.2, v1.25.7, v1.24.11 and v1.23.17 on. An older one announces every node's address, while\n\
                only nodes that run Traefik answer: point DNS at those nodes alone (`ingress.place`), or upgrade k3s.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.22.7+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              ingress: {clientIP: cloudflare}\nplatforms: {registry.example/web: [amd64]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               ingress: {clientIP: cloudflare}\nplatforms: {registry.example/web: [amd64]}\n",
    },
};

/// Tells it at the key that asks for Local.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let Some(trust) = facts.stack.ingress.as_ref().and_then(|ingress| ingress.trust.as_ref()) else { return };
    // What was rendered elsewhere brings no Traefik; its stack's own check tells this.
    let traefik = facts.objects.iter().any(|object| object.unit == Unit::Traefik);
    if facts.stack.release.servicelb_honours_local() || !traefik {
        return;
    }
    let version = facts.stack.release.version();
    found.push(
        Finding::new(&CODE, trust.span, format!("the load balancer of {version} does not honour `externalTrafficPolicy: Local`"))
            .label("asks for it")
            .also(facts.stack.release_span, "this release")
            .note("every node's address is announced, but only nodes that run Traefik answer")
            .help("point DNS at the nodes that run Traefik (`ingress.place`), or upgrade to v1.23.17, v1.24.11, v1.25.7, v1.26.2 or newer"),
    );
}
