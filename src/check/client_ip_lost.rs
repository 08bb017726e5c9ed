//! Ranges that Traefik believes, while no caller's address reaches it.

use super::Facts;
use super::trust::{believed, typed, values};
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// Trusted ranges without `externalTrafficPolicy: Local`.
pub static CODE: Code = Code {
    name: "client-ip-lost",
    severity: Severity::Error,
    page: Page {
        about: "Traefik believes what some addresses say of a client (trustedIPs), but its Service does not keep callers'\n\
                addresses: without `externalTrafficPolicy: Local` a node puts an address of the cluster in the place of\n\
                each, so nobody is ever believed, and every client looks like a node. `ingress.clientIP` writes both.",
        bad: "# manifests/traefik.yaml\napiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\n\
              metadata: {name: traefik, namespace: kube-system}\nspec:\n  valuesContent: |-\n    additionalArguments:\n\
              \x20   - --entryPoints.web.forwardedHeaders.trustedIPs=173.245.48.0/20\n\
              \x20   - --entryPoints.websecure.forwardedHeaders.trustedIPs=173.245.48.0/20\n",
        good: "# manifests/traefik.yaml\napiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\n\
               metadata: {name: traefik, namespace: kube-system}\nspec:\n  valuesContent: |-\n    service: {spec: {externalTrafficPolicy: Local}}\n\
               \x20   additionalArguments:\n\
               \x20   - --entryPoints.web.forwardedHeaders.trustedIPs=173.245.48.0/20\n\
               \x20   - --entryPoints.websecure.forwardedHeaders.trustedIPs=173.245.48.0/20\n",
    },
};

/// Tells it at the first range. One of the cluster's own is another mistake: those addresses do arrive.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let Some((_, traefik)) = facts.configured() else { return };
    // In the wrong place it does nothing, which is `chart-key-ignored`.
    let misplaced = traefik.values.text_at(&["service", "externalTrafficPolicy"]) == Some("Local");
    if traefik.local().is_some() || traefik.on_host() || misplaced {
        return;
    }
    let pods = &facts.stack.network.cluster;
    let outside = |range: &ipnet::IpNet| !pods.iter().any(|(own, _)| own.contains(range) || range.contains(own));
    let all = believed(facts);
    let Some(first) = all.iter().find(|one| one.range.as_ref().is_some_and(outside)) else { return };
    let Some(span) = first.places.first() else { return };
    let message = "Traefik never sees the addresses that it trusts: its Service hides every caller's";
    let finding = Finding::new(&CODE, *span, message).label("trusted here");
    let policy = traefik.values.at(&["service", "spec", "externalTrafficPolicy"]);
    let finding = match policy {
        Some(policy) => finding.also(policy.span, format!("`{}` is written here", policy.as_text().unwrap_or_default())),
        None => finding.note("without `externalTrafficPolicy: Local` a node's own address stands for each caller's"),
    };
    let line = "externalTrafficPolicy: Local";
    let service = |path: &[&str]| traefik.values.at(path).is_some_and(|node| node.as_map().is_some());
    let help = if policy.is_some() {
        format!("write {line} there")
    } else if service(&["service", "spec"]) {
        format!("add to `service.spec`: {line}")
    } else if service(&["service"]) {
        format!("add to `service`: spec: {{{line}}}")
    } else {
        format!("add to {}: service: {{spec: {{{line}}}}}", values(facts))
    };
    found.push(finding.help(help).help(format!("or {}", typed(facts, "{clientIP: cloudflare}"))));
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{helps, told, traefik};

    const RANGES: &str = "additionalArguments: [--entrypoints.web.forwardedheaders.trustedips=198.51.100.0/24]";

    fn lost(values: &str) -> usize {
        told(super::run, "", &traefik(values)).len()
    }

    #[test]
    fn both_or_none() {
        let local = "service: {spec: {externalTrafficPolicy: Local}}";
        let listed = "ports: {websecure: {forwardedHeaders: {trustedIPs: [198.51.100.0/24]}}}";
        assert_eq!(lost(RANGES), 1);
        assert_eq!(lost(listed), 1);
        assert_eq!(lost(&format!("{RANGES}\nservice: {{spec: {{externalTrafficPolicy: Cluster}}}}")), 1);
        assert_eq!(lost(&RANGES.replace("forwardedheaders", "proxyProtocol")), 1);
        assert_eq!(lost(&format!("{RANGES}\n{local}")), 0);
        assert_eq!(lost(&format!("{RANGES}\nhostNetwork: true")), 0);
        assert_eq!(lost(&format!("{RANGES}\nports: {{web: {{hostPort: 80}}, websecure: {{hostPort: 443}}}}")), 0);
        assert_eq!(lost(local), 0);
        assert_eq!(lost(&format!("{RANGES}\nservice: {{externalTrafficPolicy: Local}}")), 0, "another finding");
        assert_eq!(lost("additionalArguments: [--entryPoints.web.forwardedHeaders.insecure]"), 0);
        assert_eq!(lost(&RANGES.replace("198.51.100.0/24", "10.42.0.0/16")), 0, "another finding");
    }

    #[test]
    fn the_help_can_be_pasted() {
        for (values, help) in [
            ("", "add to valuesContent: service: {spec: {externalTrafficPolicy: Local}}"),
            ("service: {type: LoadBalancer}", "add to `service`: spec: {externalTrafficPolicy: Local}"),
            ("service: {spec: {sessionAffinity: None}}", "add to `service.spec`: externalTrafficPolicy: Local"),
            ("service: {spec: {externalTrafficPolicy: Cluster}}", "write externalTrafficPolicy: Local there"),
        ] {
            let helps = helps(super::run, "", &traefik(&format!("{RANGES}\n{values}")));
            let typed = "or in stack.yaml, instead of this manifest: ingress: {clientIP: cloudflare}";
            assert_eq!(helps, [help, typed], "{values}");
        }
    }

    #[test]
    fn only_k3s_own_traefik() {
        let elsewhere = traefik(RANGES).replace("kube-system", "other");
        assert_eq!(told(super::run, "", &elsewhere).len(), 0);
        let disabled = "k3s: {version: v1.37.1+k3s1, disable: [traefik]}";
        assert_eq!(told(super::run, disabled, &traefik(RANGES)).len(), 0);
    }
}
