//! What the API server would refuse about placement, or the scheduler silently take for false.

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::schedule::problems;

/// A selector, affinity or toleration that cannot be meant.
pub static CODE: Code = Code {
    name: "placement-invalid",
    severity: Severity::Error,
    page: Page {
        about: "A node selector, node affinity or toleration that Kubernetes refuses, or that matches nothing by its\n\
                form: an unknown operator, `In` without values, `Gt` with text, a term without expressions. The\n\
                scheduler takes some of these for false without a word; stackc does not guess.",
        bad: "# manifests/pod.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: probe, namespace: default}\nspec:\n\
              \x20 containers: [{name: c, image: registry.example/web:1.0}]\n\
              \x20 affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [\n\
              \x20   {matchExpressions: [{key: kubernetes.io/arch, operator: Is, values: [amd64]}]}]}}}\n",
        good: "# manifests/pod.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: probe, namespace: default}\nspec:\n\
               \x20 containers: [{name: c, image: registry.example/web:1.0}]\n\
               \x20 affinity: {nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [\n\
               \x20   {matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [amd64]}]}]}}}\n",
    },
};

/// Tells each.
pub(super) fn of_pod(_: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    for problem in problems(&landing.pod) {
        if !found.tells_within(problem.span) {
            let message = format!("{}: {}", landing.object.id, problem.text);
            found.push(Finding::new(&CODE, problem.span, message));
        }
    }
}
