//! `nodeName`: one node, and no scheduler in between. The kubelet still holds to selectors, affinity and `NoExecute`
//! taints (`pkg/kubelet/lifecycle/predicate.go`).

use super::{Reason, Rule};
use crate::finding::Label;
use crate::kube::Machine;
use crate::kube::field::{text, wrong};
use crate::kube::{Pod, names};

pub(super) fn check(pod: &Pod, machine: &Machine) -> Result<(), Reason> {
    let Some(node) = pod.node_name() else {
        return Ok(());
    };
    match node.as_text() {
        Some(name) if name != machine.name => {
            let text = format!("is not the node `{name}` that the pod names");
            Err(Reason { rule: Rule::NodeName, span: node.span, text })
        }
        _ => Ok(()),
    }
}

pub(super) fn problems(pod: &Pod, found: &mut Vec<Label>) {
    let Some(node) = pod.node_name() else { return };
    let legal = text(node).and_then(|name| {
        names::dns_subdomain(name)
            .map_err(|reason| wrong(node, format!("`{name}` is no node's name: {reason}")))
    });
    found.extend(legal.err());
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::kube::Machine;
    use crate::schedule::tests::{deployment, machine, troubles, verdict};

    #[test]
    #[rustfmt::skip] // a table
    fn the_scheduler_is_left_out_and_the_kubelet_is_not() {
        let gpu = json!({"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution":
            {"nodeSelectorTerms": [{"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}]}}});
        let named = |name: &str| json!({"nodeName": name});
        for (spec, taint, schedulable, expected) in [
            (named("oracle"), None, true, ""),
            (named("other"), None, true, "nodeName: is not the node `other` that the pod names"),
            (named(""), None, true, ""),
            (named(""), Some("a:NoSchedule"), true, "taint: taint a:NoSchedule is not tolerated"),
            (named("oracle"), Some("a:NoSchedule"), true, ""),
            (named("oracle"), Some("a:NoExecute"), true, "taint: taint a:NoExecute is not tolerated"),
            (named("oracle"), None, false, ""),
            (json!({"nodeName": "oracle", "nodeSelector": {"disk": "hdd"}}), None, true, "nodeSelector: label disk is `ssd`, not `hdd`"),
            (json!({"nodeName": "oracle", "affinity": gpu}), None, true, "affinity: has no label gpu"),
            // what cannot be read shuts none out
            (json!({"nodeName": 5}), None, true, ""),
        ] {
            let machine = Machine { schedulable, ..machine(&["disk=ssd"], taint.as_slice()) };
            assert_eq!(verdict(&deployment(&spec), &machine), expected, "{spec} {taint:?}");
        }
    }

    #[test]
    fn what_no_node_is_called() {
        let called = |name| troubles(&json!({"nodeName": name}));
        assert_eq!(called(json!("instance-20211118-1925")), [""; 0]);
        assert_eq!(called(json!(5)), ["text is wanted here, this is a whole number: write `\"5\"`"]);
        assert_eq!(
            called(json!("Oracle")),
            ["`Oracle` is no node's name: only small letters, digits, `-` and `.` may stand in it, not `O`"]
        );
    }
}
