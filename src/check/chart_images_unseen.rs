//! Charts that k3s' helm controller renders on the cluster, out of stackc's sight (schema.md S20).

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Object;

/// A HelmChart among the objects.
pub static CODE: Code = Code {
    name: "chart-images-unseen",
    severity: Severity::Note,
    page: Page {
        about: "A HelmChart is rendered on the cluster, by k3s' helm controller. What it makes is not among the stack's\n\
                objects: whether its images run on the nodes where their pods may land is not proved, and what it names\n\
                or is named by is not seen. Render it with helm and check that against the stack, or keep the rendered\n\
                YAML in manifests/ instead.",
        bad: "# manifests/chart.yaml\napiVersion: helm.cattle.io/v1\nkind: HelmChart\n\
              metadata: {name: cert-manager, namespace: kube-system}\n\
              spec: {repo: https://charts.example.org, chart: cert-manager, version: v1.18.2}\n",
        good: "# manifests/rendered.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cert-manager}\n\
               spec:\n  selector: {matchLabels: {app: cert-manager}}\n  template:\n    metadata: {labels: {app: cert-manager}}\n\
               \x20   spec: {containers: [{name: controller, image: \"registry.example/web:1.0\"}]}\n",
    },
};

/// Tells each chart.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let is_chart = |api: &str, kind: &str| kind == "HelmChart" && api.starts_with("helm.cattle.io/");
    for object in facts.objects.iter().filter(|object| is_chart(&object.id.api_version, &object.id.kind)) {
        let chart = object.body.at(&["spec", "chart"]);
        let span = chart.map_or(object.body.span, |chart| chart.span);
        found.push(
            Finding::new(&CODE, span, format!("the images of {} are not seen", object.id))
                .note("it is rendered on the cluster: that its images run on every node is not proved")
                .maybe_help(chart.map(|_| format!("{} | stackc check --stack . -", render(object)))),
        );
    }
}

/// helm's command for what the controller does; values are left to whoever pastes it.
fn render(chart: &Object) -> String {
    let options =
        [("chart", ""), ("repo", "--repo "), ("version", "--version "), ("targetNamespace", "--namespace ")];
    let options = options.into_iter().filter_map(|(field, option)| {
        let value = chart.body.text_at(&["spec", field])?;
        Some(format!(" {option}{value}"))
    });
    format!("helm template {}{}", chart.id.name, options.collect::<String>())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::check::trial::told;
    use crate::kube::tree::object;

    #[test]
    fn charts_of_the_helm_controller_alone() {
        let chart = |api: &str, kind: &str, spec: &str| {
            format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x, namespace: kube-system}}\nspec: {{{spec}}}\n")
        };
        let told = |manifest: &str| told(super::run, "", manifest);
        let seen = told(&chart("helm.cattle.io/v1", "HelmChart", "chart: web, version: 1.2.3"));
        assert_eq!(seen, ["web: the images of HelmChart kube-system/x are not seen"]);
        // k3s also takes a whole chart as text.
        assert_eq!(told(&chart("helm.cattle.io/v1", "HelmChart", "chartContent: AAAA")).len(), 1);
        assert_eq!(told(&chart("helm.cattle.io/v1", "HelmChartConfig", "valuesContent: a")), [""; 0]);
        assert_eq!(told(&chart("source.example.org/v1", "HelmChart", "chart: web")), [""; 0]);
    }

    #[test]
    fn the_command_does_what_the_controller_does() {
        let spec = json!({"chart": "web", "repo": "https://charts.example.org", "version": "1.2", "targetNamespace": "a"});
        let command = "helm template web web --repo https://charts.example.org --version 1.2 --namespace a";
        assert_eq!(super::render(&object("helm.cattle.io/v1", "HelmChart", &spec)), command);
    }
}
