//! Services and policies that mean no pod of the stack.

use super::selected::{Pods, labels};
use super::{Facts, selector_misses_pods};
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::kube::{LabelSelector, Object};
use crate::yaml::Node;

/// A selector that no pod fits.
pub static CODE: Code = Code {
    name: "selector-matches-nothing",
    severity: Severity::Warning,
    page: Page {
        about: "No pod of the stack has the labels that a Service, a NetworkPolicy or a PodDisruptionBudget asks for: the\n\
                Service has no endpoints and refuses connections, the policy protects nobody. Nothing is told where\n\
                others may make the pods: in kube-system, beside a chart or an operator's object, in a namespace where\n\
                the stack has no pods at all, unless the pods that are meant stand in another namespace.",
        bad: "# manifests/more.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: extra, namespace: default}\n\
              spec: {selector: {app.kubernetes.io/name: wbe}, ports: [{port: 80}]}\n",
        good: "# manifests/more.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: extra, namespace: default}\n\
               spec: {selector: {app.kubernetes.io/name: web}, ports: [{port: 80}]}\n",
    },
};

/// What selects pods: API group, kind, where, whether it is a plain map of labels, what it is to select none.
const ROWS: [(&str, &str, &str, bool, &str); 3] = [
    ("", "Service", "selector", true, "it has no endpoints: connections to it are refused"),
    ("networking.k8s.io", "NetworkPolicy", "podSelector", false, "it rules no connection of anybody"),
    ("policy", "PodDisruptionBudget", "selector", false, "it keeps no pod from being evicted"),
];

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    if !facts.whole {
        return;
    }
    let pods = Pods::of(facts);
    for (group, kind, field, plain, why) in ROWS {
        for object in facts.of(kind).iter().filter(|object| object.id.group() == group) {
            let Some(node) = object.body.at(&["spec", field]) else { continue };
            let selector = if plain { Ok(LabelSelector::of_labels(node)) } else { LabelSelector::read(node) };
            if let Ok(selector) = selector.as_ref().map_err(drop)
                && !selector.is_empty()
                && object.body.text_at(&["spec", "type"]) != Some("ExternalName")
                && !pods.is_met(object, selector)
            {
                tell(object, node, selector, &pods, why, found);
            }
        }
    }
}

fn tell(
    object: &Object,
    node: &Node,
    selector: &LabelSelector<'_>,
    pods: &Pods<'_, '_>,
    why: &str,
    found: &mut Findings,
) {
    let namespace = object.id.namespace.as_deref().unwrap_or_default();
    if found.tells_within(node.span) || pods.is_foreign(namespace) {
        return;
    }
    let first = selector.labels.first().map_or(node.span, |entry| entry.value.span);
    // An app whose own selector misses its pods has a Service with the same one.
    let own = |told: &Finding| {
        told.code.name == selector_misses_pods::CODE.name && told.labels.iter().any(|label| label.span == first)
    };
    if found.any(own) {
        return;
    }
    let elsewhere = pods.elsewhere(selector);
    if pods.within(namespace).is_empty() && elsewhere.is_none() {
        return;
    }
    let asked = selector.labels.iter().map(|entry| format!("{}: {}", entry.key.text, entry.value.as_text().unwrap_or_default()));
    let asked = asked.collect::<Vec<_>>().join(", ");
    let message = if asked.is_empty() {
        format!("no pod of the stack is what {} selects", object.id)
    } else {
        format!("no pod of the stack has the labels that {} selects: {asked}", object.id)
    };
    let finding = Finding::new(&CODE, first, message).note(why.to_owned());
    found.push(match elsewhere {
        Some((space, worker)) => finding
            .also(worker.place(), format!("{worker} has them", worker = worker.id))
            .help(format!("a selector means pods of its own namespace: metadata: {{namespace: {space}}}")),
        None => finding.maybe_help(meant(selector, pods, namespace)),
    });
}

/// The label that is nearest to the first one that no pod has.
fn meant(selector: &LabelSelector<'_>, pods: &Pods<'_, '_>, namespace: &str) -> Option<String> {
    selector.labels.iter().find_map(|entry| {
        let (key, value) = (entry.key.text.as_ref(), entry.value.as_text()?);
        let values = pods.within(namespace).iter().filter_map(|(_, pod)| labels(pod)?.text_at(&[key]));
        let near = nearest(value, values).filter(|near| *near != value)?;
        Some(format!("did you mean `{key}: {near}`?"))
    })
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    const POD: &str = "apiVersion: v1\nkind: Pod\nmetadata: {name: web, labels: {app: web, tier: front}}\n\
                       spec: {containers: [{name: web, image: \"registry.example/web:1.0\"}]}\n---\n";

    fn service(more: &str, spec: &str) -> Vec<String> {
        let text =
            format!("{POD}{more}apiVersion: v1\nkind: Service\nmetadata: {{name: a}}\nspec: {{ports: [{{port: 80}}], {spec}}}\n");
        told(super::run, "", &text)
    }

    #[test]
    fn services() {
        assert_eq!(service("", "selector: {app: web}"), [""; 0]);
        assert_eq!(service("", "selector: {tier: front, app: web}"), [""; 0]);
        let none = "wbe: no pod of the stack has the labels that Service default/a selects: app: wbe";
        assert_eq!(service("", "selector: {app: wbe}"), [none]);
        assert_eq!(service("", "selector: {app: web, tier: back}").len(), 1);
        for quiet in ["selector: {}", "clusterIP: None", "type: ExternalName, externalName: a.b, selector: {app: x}"] {
            assert_eq!(service("", quiet), [""; 0], "{quiet}");
        }
    }

    #[test]
    fn others_may_make_the_pods() {
        for more in [
            "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: x, namespace: kube-system}\nspec: {targetNamespace: default}\n---\n",
            "apiVersion: postgresql.cnpg.io/v1\nkind: Cluster\nmetadata: {name: x}\n---\n",
        ] {
            assert_eq!(service(more, "selector: {app: wbe}"), [""; 0]);
        }
        let certificate = "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: x}\n---\n";
        assert_eq!(service(certificate, "selector: {app: wbe}").len(), 1);
        let elsewhere = "apiVersion: v1\nkind: Service\nmetadata: {name: a, namespace: b}\nspec: {selector: {app: x}}\n";
        assert_eq!(told(super::run, "", &format!("{POD}{elsewhere}")), [""; 0]);
    }

    #[test]
    fn policies() {
        let policy = |kind: &str, selector: &str| {
            let text = format!("{POD}apiVersion: {kind}\nmetadata: {{name: a}}\nspec: {{{selector}}}\n");
            told(super::run, "", &text).len()
        };
        let network = "networking.k8s.io/v1\nkind: NetworkPolicy";
        assert_eq!(policy(network, "podSelector: {}"), 0);
        assert_eq!(policy(network, "podSelector: {matchLabels: {app: web}}"), 0);
        assert_eq!(policy(network, "podSelector: {matchLabels: {app: wbe}}"), 1);
        assert_eq!(policy(network, "podSelector: {matchExpressions: [{key: app, operator: In, values: [x]}]}"), 1);
        assert_eq!(policy("policy/v1\nkind: PodDisruptionBudget", "selector: {matchLabels: {app: wbe}}"), 1);
    }
}
