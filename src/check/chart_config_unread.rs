//! A configuration of Traefik that k3s does not look at.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// A HelmChartConfig away from its chart.
pub static CODE: Code = Code {
    name: "chart-config-unread",
    severity: Severity::Error,
    page: Page {
        about: "A HelmChartConfig configures the HelmChart of its own name and namespace. k3s' Traefik is\n\
                `kube-system/traefik`: a HelmChartConfig `traefik` in another namespace is applied, and nobody reads it.\n\
                A manifest that says no namespace gets the stack's.",
        bad: "# manifests/traefik.yaml\napiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {name: traefik}\n\
              spec:\n  valuesContent: \"deployment: {replicas: 2}\"\n",
        good: "# manifests/traefik.yaml\napiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\n\
               metadata: {name: traefik, namespace: kube-system}\nspec:\n  valuesContent: \"deployment: {replicas: 2}\"\n",
    },
};

/// Tells each, unless a HelmChart stands beside it.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for object in facts.objects.iter().filter(|object| object.id.kind == "HelmChartConfig") {
        let namespace = object.id.namespace.as_deref().unwrap_or_default();
        let packaged = object.id.name == "traefik" && object.id.api_version.starts_with("helm.cattle.io/");
        let beside = facts.find("HelmChart", Some(namespace), "traefik").is_some()
            || facts.stack.external_name("HelmChart", namespace, "traefik").is_some();
        if !packaged || namespace == "kube-system" || beside {
            continue;
        }
        let message = format!("{} configures nothing: k3s' Traefik is kube-system/traefik", object.id);
        found.push(
            Finding::new(&CODE, object.place(), message).help("metadata: {name: traefik, namespace: kube-system}"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{told, traefik};

    #[test]
    fn a_configuration_beside_its_chart_is_read() {
        let here = traefik("deployment: {replicas: 2}");
        let elsewhere = here.replace("kube-system", "web");
        let chart = "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: traefik, namespace: web}\nspec: {chart: traefik}\n";
        assert_eq!(told(super::run, "", &here).len(), 0);
        assert_eq!(told(super::run, "", &elsewhere).len(), 1);
        assert_eq!(told(super::run, "", &format!("{elsewhere}---\n{chart}")).len(), 0);
        assert_eq!(told(super::run, "external: [HelmChart/web/traefik]", &elsewhere).len(), 0);
        assert_eq!(told(super::run, "", &elsewhere.replace("name: traefik", "name: other")).len(), 0);
    }
}
