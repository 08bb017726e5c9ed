//! Callers' addresses arrive, and nobody's word is taken: behind a proxy every client has the proxy's address.

use super::Facts;
use super::trust::typed;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Unit;
use crate::reach::Header;
use crate::reach::Traefik;

/// `externalTrafficPolicy: Local` without trusted ranges, or ranges for one of two entry points.
pub static CODE: Code = Code {
    name: "trust-missing",
    severity: Severity::Note,
    page: Page {
        about: "Traefik sees its callers' addresses, but believes nobody about a client's. That is right where clients\n\
                connect to it themselves; say so with `ingress: {clientIP: {trust: []}}`. Behind Cloudflare or another\n\
                proxy every client then has the proxy's address, in logs, rate limits and allow lists.",
        bad: "# manifests/traefik.yaml\napiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\n\
              metadata: {name: traefik, namespace: kube-system}\nspec:\n  valuesContent: |-\n    service: {spec: {externalTrafficPolicy: Local}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               ingress: {clientIP: {trust: []}}\nplatforms: {registry.example/web: [amd64]}\n",
    },
};

/// Tells it where the policy is written, or the ranges of the other entry point.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    // What stack.yaml asks for is a choice, and serves both entry points.
    let Some((_, traefik)) = facts.configured().filter(|(config, _)| config.unit != Unit::Traefik) else { return };
    let Some(local) = traefik.local() else { return };
    let trusted: Vec<_> = traefik.trusted();
    let believes = |point: &str| {
        let mut own = trusted.iter().filter(|one| one.point.eq_ignore_ascii_case(point));
        own.find(|one| !one.ranges.is_empty() || one.insecure.is_some())
    };
    if trusted.iter().any(|one| one.header == Header::Proxy) {
        return;
    }
    match (believes("web"), believes("websecure")) {
        (None, None) => found.push(
            Finding::new(&CODE, local.span, "callers' addresses are kept, and nobody is believed about a client's")
                .note("behind a proxy, every client has the proxy's address")
                .help(typed(facts, "{clientIP: cloudflare}, or {clientIP: {trust: []}} without a proxy")),
        ),
        (Some(web), None) if !redirects(traefik) => {
            let span = web.ranges.first().map_or(local.span, |(_, node)| node.span);
            found.push(
                Finding::new(&CODE, span, "`web` believes these addresses, `websecure` nobody")
                    .weighs(Severity::Warning)
                    .note("of requests over https every client has the proxy's address")
                    .help("the same once more for `websecure`")
                    .help(format!("or {}", typed(facts, "{clientIP: cloudflare}"))),
            );
        }
        _ => {}
    }
}

/// Whether `web` only sends requests on.
fn redirects(traefik: &Traefik<'_>) -> bool {
    let web = traefik.values.at(&["ports", "web"]);
    let keys = [&["redirectTo"][..], &["redirections"], &["http", "redirections"]];
    web.is_some_and(|web| keys.iter().any(|path| web.at(path).is_some()))
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{told, traefik};

    #[test]
    fn nobody_is_believed() {
        let local = "service: {spec: {externalTrafficPolicy: Local}}\n";
        let of = |points: &[&str]| -> String {
            let list = points.iter().map(|point| {
                format!("- --entryPoints.{point}.forwardedHeaders.trustedIPs=198.51.100.0/24\n")
            });
            format!("{local}additionalArguments:\n{}", list.collect::<String>())
        };
        let missing = |values: &str| told(super::run, "", &traefik(values)).len();
        assert_eq!(missing(local), 1);
        assert_eq!(missing(&of(&["web"])), 1);
        assert_eq!(missing(&of(&["websecure"])), 0);
        assert_eq!(missing(&of(&["web", "websecure"])), 0);
        assert_eq!(missing("deployment: {replicas: 2}"), 0);
        assert_eq!(missing(&format!("{local}ports: {{web: {{proxyProtocol: {{trustedIPs: [10.0.0.9]}}}}}}")), 0);
    }
}
