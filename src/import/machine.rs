//! Machines: Node objects, as `kubectl get nodes -o yaml` prints them, as `nodes` of stack.yaml.

use super::plan::role;
use crate::kube::Object;
use crate::yaml::{Build, Node};

/// Labels that stackc knows by itself, or that say nothing of where pods may run; by their beginnings.
const KNOWN: [&str; 9] = [
    "kubernetes.io/hostname",
    "kubernetes.io/arch",
    "kubernetes.io/os",
    "beta.kubernetes.io/",
    "node.kubernetes.io/instance-type",
    "egress.k3s.io/",
    "plan.upgrade.cattle.io/",
    "k3s.io/",
    "p2p.k3s.cattle.io/",
];

/// Taints that Kubernetes puts there and takes away itself, by their beginnings.
const PASSING: [&str; 2] = ["node.kubernetes.io/", "node.cloudprovider.kubernetes.io/"];

/// Kubernetes does not tell v6 from v7; v7 is what k3s is built for, and so it is taken.
const ARM: &str = "arm";

/// Whether the variant of its processor is a guess.
pub(super) fn is_guessed(node: &Object) -> bool {
    node.body.text_at(&["status", "nodeInfo", "architecture"]) == Some(ARM)
}

/// What a Node says of its machine, but for what only people know.
pub(super) fn machine(node: &Object) -> Node {
    let (body, span) = (&node.body, node.body.span);
    let labels = body.at(&["metadata", "labels"]).map_or(&[][..], Node::entries);
    let system = body.at(&["status", "nodeInfo", "architecture"]);
    let arch =
        system.or_else(|| body.at(&["metadata", "labels", "kubernetes.io/arch"])).and_then(Node::as_text);
    let arch = arch.map(|arch| Node::text(span, if arch == ARM { "arm/v7" } else { arch }.to_owned()));
    let roles = labels.iter().filter(|entry| entry.value.as_text() == Some("true"));
    let roles = roles.filter_map(|entry| role(&entry.key.text)).map(|role| Node::text(span, role.to_owned()));
    let own = labels.iter().filter(|entry| {
        let key = entry.key.text.as_ref();
        let is_role = role(key).is_some() && entry.value.as_text() == Some("true");
        !is_role && !KNOWN.iter().any(|known| key.starts_with(known))
    });
    let own =
        own.fold(Build::at(span), |build, entry| build.with(entry.key.text.clone(), entry.value.clone()));
    let taints = body.at(&["spec", "taints"]).map_or(&[][..], Node::items).iter().filter_map(taint);
    let cordoned = body.at(&["spec", "unschedulable"]).and_then(Node::as_bool) == Some(true);
    let capacity = |key: &str| body.at(&["status", "capacity", key]).cloned();
    Build::at(span)
        .maybe("arch", arch)
        .unless_empty("ip", addresses(node, "InternalIP"))
        .unless_empty("externalIP", addresses(node, "ExternalIP"))
        .unless_empty("roles", Node::list(span, roles))
        .unless_empty("labels", own.node())
        .unless_empty("taints", Node::list(span, taints))
        .maybe("cpu", capacity("cpu"))
        .maybe("memory", capacity("memory"))
        .maybe("schedulable", cordoned.then(|| Node::bool(span, false)))
        .node()
}

fn addresses(node: &Object, kind: &str) -> Node {
    let all = node.body.at(&["status", "addresses"]).map_or(&[][..], Node::items).iter();
    let all =
        all.filter(|own| own.text_at(&["type"]) == Some(kind)).filter_map(|own| own.get("address").cloned());
    let list = Node::list(node.body.span, all);
    match list.items() {
        [one] => one.clone(),
        _ => list,
    }
}

fn taint(taint: &Node) -> Option<Node> {
    let (key, effect) = (taint.text_at(&["key"])?, taint.text_at(&["effect"])?);
    let value = taint.text_at(&["value"]).filter(|value| !value.is_empty());
    let value = value.map(|value| format!("={value}")).unwrap_or_default();
    let passes = PASSING.iter().any(|passing| key.starts_with(passing));
    (!passes).then(|| Node::text(taint.span, format!("{key}{value}:{effect}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diff::differences;
    use crate::kube::tree::{object, tree};

    #[test]
    fn what_kubectl_prints() {
        let mut node = object("v1", "Node", &json!({}));
        node.body = tree(&json!({
            "metadata": {"name": "pi", "labels": {"kubernetes.io/arch": "arm64", "kubernetes.io/hostname": "pi",
                "node-role.kubernetes.io/control-plane": "true", "disk": "ssd", "beta.kubernetes.io/os": "linux"}},
            "spec": {"taints": [{"key": "a", "value": "b", "effect": "NoSchedule"}, {"key": "c", "effect": "NoExecute"},
                {"key": "node.kubernetes.io/not-ready", "effect": "NoExecute"}], "unschedulable": true},
            "status": {"nodeInfo": {"architecture": "arm64"}, "capacity": {"cpu": "4", "memory": "8Gi", "pods": "110"},
                "addresses": [{"type": "InternalIP", "address": "10.0.0.1"}, {"type": "Hostname", "address": "pi"}]},
        }));
        let expected = tree(&json!({"arch": "arm64", "ip": "10.0.0.1", "roles": ["control-plane"],
            "labels": {"disk": "ssd"}, "taints": ["a=b:NoSchedule", "c:NoExecute"], "cpu": "4", "memory": "8Gi",
            "schedulable": false}));
        let found = machine(&node);
        let found = differences(&expected, &found);
        assert!(found.is_empty(), "{found:?}");
    }
}
