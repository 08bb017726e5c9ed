//! A configuration of Traefik that k3s does not look at.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::kube::Object;

/// A HelmChartConfig away from its chart.
pub static CODE: Code = Code {
    name: "chart-config-unread",
    severity: Severity::Error,
    page: Page {
        about: "A HelmChartConfig configures the HelmChart of its own name and namespace. k3s' Traefik is\n\
                `kube-system/traefik`: a HelmChartConfig `traefik` in another namespace is applied, and nobody reads it.\n\
                Nor is one read whose chart is nowhere, as after a slip in the name or a prefix.\n\
                A manifest that says no namespace gets the stack's. Values are text in `valuesContent`; as a map, in `values`,\n\
                they are read from v1.33.11, v1.34.7 and v1.35.4 on, and dropped before.",
        bad: "# manifests/traefik.yaml\napiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {name: traefik}\n\
              spec:\n  valuesContent: \"deployment: {replicas: 2}\"\n",
        good: "# manifests/traefik.yaml\napiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\n\
               metadata: {name: traefik, namespace: kube-system}\nspec:\n  valuesContent: \"deployment: {replicas: 2}\"\n",
    },
};

/// Tells each, unless a HelmChart stands beside it.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let charts = facts.of("HelmChart").iter().chain(facts.of("HelmChartConfig"));
    for object in charts.filter(|object| object.id.group() == "helm.cattle.io") {
        dropped(object, facts, found);
    }
    let own = |object: &&&Object| object.id.group() == "helm.cattle.io";
    for object in facts.of("HelmChartConfig").iter().filter(own) {
        let (namespace, name) = (object.id.namespace.as_deref().unwrap_or_default(), object.id.name.as_str());
        let packaged = PACKAGED.contains(&name);
        let beside = facts.find("HelmChart", Some(namespace), name).is_some()
            || facts.stack.external_name("HelmChart", namespace, name).is_some();
        if beside || (packaged && namespace == "kube-system") {
            continue;
        }
        found.push(if packaged { astray(object) } else { alone(object, namespace, facts) });
    }
}

/// The charts that k3s brings along, all in kube-system (k3s' own manifests/traefik.yaml).
const PACKAGED: [&str; 2] = ["traefik", "traefik-crd"];

fn astray(object: &Object) -> Finding {
    let name = &object.id.name;
    let message = format!("{} configures nothing: k3s' Traefik is kube-system/{name}", object.id);
    Finding::new(&CODE, object.place(), message).help(format!("metadata: {{name: {name}, namespace: kube-system}}"))
}

/// Its chart may come from elsewhere, so this is no error.
fn alone(object: &Object, namespace: &str, facts: &Facts<'_>) -> Finding {
    let name = &object.id.name;
    let message = format!("{} configures nothing here: no HelmChart is called {namespace}/{name}", object.id);
    let charts = facts.of("HelmChart").iter().map(|chart| chart.id.name.as_str());
    let near = nearest(name, charts.chain(PACKAGED));
    let finding = Finding::new(&CODE, object.place(), message).weighs(Severity::Warning);
    finding
        .maybe_help(near.map(|near| format!("did you mean `{near}`?")))
        .help(format!("or, if it comes from elsewhere, in stack.yaml: external: [HelmChart/{namespace}/{name}]"))
}

/// Values as a map, on a release that has no such field, and text in its place.
fn dropped(object: &Object, facts: &Facts<'_>, found: &mut Findings) {
    let Some(entry) = object.body.get("spec").and_then(|spec| spec.as_map()?.entry("values")) else { return };
    let release = &facts.stack.release;
    let finding = if entry.value.as_text().is_some() {
        let message = format!("{}: `values` is a map, and this is text", object.id);
        Finding::new(&CODE, entry.value.span, message).help("text is `valuesContent`")
    } else if release.has_chart_values() {
        return;
    } else {
        let message = format!("{}: k3s {} drops `values`, and reads only `valuesContent`", object.id, release.version());
        Finding::new(&CODE, entry.key.span, message)
            .also(facts.stack.release_span, "this release")
            .help("valuesContent: |-, and the same lines below it")
    };
    found.push(finding);
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{told, traefik};

    #[test]
    fn values_as_a_map_are_newer() {
        let config = |values: &str| traefik("").replace("valuesContent", "values").replace(" |\n", &format!(" {values}\n"));
        for (release, values, told_of) in [
            ("v1.30.1+k3s1", "{deployment: {replicas: 2}}", 1),
            ("v1.35.3+k3s1", "{deployment: {replicas: 2}}", 1),
            ("v1.35.4+k3s1", "{deployment: {replicas: 2}}", 0),
            ("v1.37.1+k3s1", "{deployment: {replicas: 2}}", 0),
            ("v1.37.1+k3s1", "'deployment: {replicas: 2}'", 1),
        ] {
            let told = told(super::run, &format!("k3s: {release}"), &config(values));
            assert_eq!(told.len(), told_of, "{release} {values} {told:?}");
        }
    }

    #[test]
    fn a_configuration_beside_its_chart_is_read() {
        let here = traefik("deployment: {replicas: 2}");
        let elsewhere = here.replace("kube-system", "web");
        let chart = "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: traefik, namespace: web}\nspec: {chart: traefik}\n";
        assert_eq!(told(super::run, "", &here).len(), 0);
        assert_eq!(told(super::run, "", &elsewhere).len(), 1);
        assert_eq!(told(super::run, "", &format!("{elsewhere}---\n{chart}")).len(), 0);
        assert_eq!(told(super::run, "external: [HelmChart/web/traefik]", &elsewhere).len(), 0);
        let other = elsewhere.replace("name: traefik", "name: other");
        assert_eq!(told(super::run, "", &format!("{other}---\n{}", chart.replace("name: traefik", "name: other"))).len(), 0);
        assert_eq!(told(super::run, "external: [HelmChart/other]", &other).len(), 0);
        let told = told(super::run, "", &here.replace("name: traefik", "name: treafik"));
        assert_eq!(told.len(), 1);
        assert!(told[0].contains("no HelmChart is called kube-system/treafik"), "{told:?}");
    }
}
