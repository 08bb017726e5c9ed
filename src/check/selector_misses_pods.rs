//! Workloads whose selector does not mean the pods that they make (`pkg/apis/apps/validation`).

use super::selected::labels;
use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::LabelSelector;
use crate::yaml::{Entry, Node};

/// A workload that would not find its own pods.
pub static CODE: Code = Code {
    name: "selector-misses-pods",
    severity: Severity::Error,
    page: Page {
        about: "The selector of a workload does not fit the labels of its own pods, so it would make them without end:\n\
                the API server refuses the object. Give `template.metadata.labels` what `selector` asks for.",
        bad: "# manifests/api.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api, namespace: default}\nspec:\n\
              \x20 selector: {matchLabels: {app: api}}\n  template:\n    metadata: {labels: {app: apis}}\n\
              \x20   spec: {containers: [{name: api, image: \"registry.example/web:1.0\"}]}\n",
        good: "# manifests/api.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: api, namespace: default}\nspec:\n\
               \x20 selector: {matchLabels: {app: api}}\n  template:\n    metadata: {labels: {app: api}}\n\
               \x20   spec: {containers: [{name: api, image: \"registry.example/web:1.0\"}]}\n",
    },
};

/// Workloads that must have a selector.
const SELECTING: [&str; 4] = ["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"];

/// Tells each.
pub(super) fn of_pod(_: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    if let Some(node) = landing.object.body.at(&["spec", "selector"])
        && let Some(selector) = selector(landing, node)
    {
        tell(landing, node, &selector, found);
    }
}

/// Kubernetes completes what Jobs say; a `ReplicationController`'s is a plain map.
fn selector<'a>(landing: &Landing<'a>, node: &'a Node) -> Option<LabelSelector<'a>> {
    match landing.object.id.kind.as_str() {
        kind if SELECTING.contains(&kind) => LabelSelector::read(node).ok(),
        "ReplicationController" => Some(LabelSelector::of_labels(node)),
        // Kubernetes adds two labels of its own, to the selector and to the pods, unless it is told not to.
        "Job" => LabelSelector::read(node).ok().filter(|selector| !selector.labels.iter().any(is_made)),
        _ => None,
    }
}

/// A label that Kubernetes gives to a Job's pods.
fn is_made(entry: &Entry) -> bool {
    let key = entry.key.text.as_ref();
    ["controller-uid", "job-name"].contains(&key) || key.starts_with("batch.kubernetes.io/")
}

fn tell(landing: &Landing<'_>, node: &Node, selector: &LabelSelector<'_>, found: &mut Findings) {
    let id = &landing.object.id;
    if found.tells_within(node.span) {
        return;
    }
    if selector.is_empty() && SELECTING.contains(&id.kind.as_str()) {
        let message = format!("the selector of {id} asks for nothing: the API server refuses it");
        return found.push(Finding::new(&CODE, node.span, message).maybe_help(own_labels(landing)));
    }
    let own = labels(&landing.pod);
    let Some((span, words)) = selector.unmet(own) else { return };
    let other = own.into_iter().flat_map(Node::entries).find(|entry| words.starts_with(&format!("{}: ", entry.key.text)));
    // An app has a selector by itself: what differs is the label that its user wrote.
    if let Some(label) = other.filter(|label| landing.app.is_some() && label.value.span != span) {
        let has = label.value.written().unwrap_or_default();
        let message = format!("the pods of {id} have the label `{}: {has}`, its selector asks for `{words}`", label.key.text);
        return found.push(
            Finding::new(&CODE, label.value.span, message)
                .also(span, "the selector, which an app has by itself")
                .note("the API server refuses the object")
                .maybe_help(own_labels(landing))
                .help("or leave the label out"),
        );
    }
    let place = own.or_else(|| landing.pod.template.get("metadata")).unwrap_or(landing.pod.template);
    let first = place.entries().first().map_or(place.span, |entry| entry.key.span);
    found.push(
        Finding::new(&CODE, span, format!("the selector of {id} asks for `{words}`, its own pods do not have that"))
            .also(first, "the labels of its pods")
            .note("the API server refuses the object")
            .maybe_help(own_labels(landing)),
    );
}

/// A selector that fits.
fn own_labels(landing: &Landing<'_>) -> Option<String> {
    let entry = labels(&landing.pod)?.entries().first()?;
    let label = format!("{{{}: {}}}", entry.key.text, entry.value.as_text()?);
    Some(if landing.app.is_some() { format!("selector: {label}") } else { format!("selector: {{matchLabels: {label}}}") })
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told_of_pods;

    fn of(kind: &str, selector: &str, labels: &str) -> Vec<String> {
        let group = if kind == "Job" { "batch/v1" } else { "apps/v1" };
        let text = format!(
            "apiVersion: {group}\nkind: {kind}\nmetadata: {{name: web}}\nspec: {{{selector}, template: {{metadata: {{labels: {labels}}}, \
             spec: {{containers: [{{name: web, image: \"registry.example/web:1.0\"}}]}}}}}}\n"
        );
        told_of_pods(super::of_pod, "", &text)
    }

    #[test]
    fn every_workload_selects_its_own() {
        for kind in ["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"] {
            assert_eq!(of(kind, "selector: {matchLabels: {app: a}}", "{app: a, b: c}"), [""; 0], "{kind}");
            assert_eq!(
                of(kind, "selector: {matchLabels: {app: a}}", "{app: b}"),
                [format!("a: the selector of {kind} default/web asks for `app: a`, its own pods do not have that")]
            );
            assert_eq!(of(kind, "selector: {}", "{app: b}").len(), 1, "{kind}");
        }
    }

    #[test]
    fn expressions_count() {
        let asks = |operator: &str| {
            let selector = format!("selector: {{matchExpressions: [{{key: app, operator: {operator}}}]}}");
            of("Deployment", &selector, "{app: web}")
        };
        assert_eq!([asks("Exists").len(), asks("In, values: [web]").len(), asks("NotIn, values: [web]").len()], [0, 0, 1]);
    }

    #[test]
    fn jobs_have_their_own() {
        assert_eq!(of("Job", "selector: {matchLabels: {app: a}}", "{app: b}").len(), 1);
        assert_eq!(of("Job", "selector: {matchLabels: {app: a}}", "{app: a}"), [""; 0]);
        assert_eq!(of("Job", "selector: {matchLabels: {batch.kubernetes.io/job-name: a}}", "{app: b}"), [""; 0]);
        assert_eq!(of("Job", "selector: {}", "{app: b}"), [""; 0]);
        assert_eq!(of("Job", "manualSelector: true, selector: {matchLabels: {app: a}}", "{app: b}").len(), 1);
    }
}
