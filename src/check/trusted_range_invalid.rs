//! Trusted addresses that Traefik cannot read.

use super::Facts;
use super::trust::{believed, typed};
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// No address and no range.
pub static CODE: Code = Code {
    name: "trusted-range-invalid",
    severity: Severity::Error,
    page: Page {
        about: "An item of `trustedIPs` is neither an address nor a range of addresses. Traefik does not start with it,\n\
                and then no route answers.",
        bad: "# manifests/traefik.yaml\napiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\n\
              metadata: {name: traefik, namespace: kube-system}\nspec:\n  valuesContent: |-\n    service: {spec: {externalTrafficPolicy: Local}}\n\
              \x20   additionalArguments:\n\
              \x20   - --entryPoints.websecure.forwardedHeaders.trustedIPs=173.245.48.0/200\n",
        good: "# manifests/traefik.yaml\napiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\n\
               metadata: {name: traefik, namespace: kube-system}\nspec:\n  valuesContent: |-\n    service: {spec: {externalTrafficPolicy: Local}}\n\
               \x20   additionalArguments:\n\
               \x20   - --entryPoints.websecure.forwardedHeaders.trustedIPs=173.245.48.0/20\n",
    },
};

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for one in believed(facts).iter().filter(|one| one.range.is_none()) {
        let Some((first, others)) = one.places.split_first() else { continue };
        let message = format!("`{}` is no address and no range, and Traefik does not start", one.text);
        let finding = Finding::new(&CODE, *first, message);
        let finding = others.iter().fold(finding, |finding, place| finding.also(*place, "here as well"));
        let help = if one.text == "cloudflare" {
            format!("Traefik knows no names; {}", typed(facts, "{clientIP: cloudflare}"))
        } else {
            "write ADDRESS or ADDRESS/BITS, such as 173.245.48.0/20".to_owned()
        };
        found.push(finding.help(help));
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{told, traefik};

    #[test]
    fn what_traefik_reads() {
        for (text, wrong) in [
            ("173.245.48.0/20", 0),
            ("173.245.48.1", 0),
            ("::1,2400:cb00::/32", 0),
            ("173.245.48.1/20", 0), // Go masks it
            ("173.245.48.0/33", 1),
            ("cloudflare", 1),
            ("1.2.3,1.2.3.4", 1),
        ] {
            let values = format!("additionalArguments: ['--entryPoints.web.forwardedHeaders.trustedIPs={text}']");
            assert_eq!(told(super::run, "", &traefik(&values)).len(), wrong, "{text}");
        }
    }
}
