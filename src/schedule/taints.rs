//! Taints and tolerations: every declared taint that keeps pods away must be tolerated
//! (`pkg/scheduler/framework/plugins/tainttoleration`, `api/core/v1/toleration.go`).

use super::{Reason, Rule};
use crate::finding::{Label, nearest};
use crate::kube::Machine;
use crate::kube::field::{given, list, map, text, wrong};
use crate::kube::{Effect, Pod, Taint, names};
use crate::yaml::Node;

/// What the cluster sets on a cordoned node; `schedulable: false` says that it stays.
const CORDON: &str = "node.kubernetes.io/unschedulable";

/// What the cluster sets on a node of which it hears nothing.
const UNREACHABLE: &str = "node.kubernetes.io/unreachable";

/// Taints that the cluster sets and takes away by itself: they prove nothing about where a pod can end up.
const TRANSIENT: [&str; 8] = [
    "node.kubernetes.io/not-ready",
    UNREACHABLE,
    "node.kubernetes.io/disk-pressure",
    "node.kubernetes.io/memory-pressure",
    "node.kubernetes.io/pid-pressure",
    "node.kubernetes.io/network-unavailable",
    "node.cloudprovider.kubernetes.io/uninitialized",
    CORDON,
];

/// A toleration that could be read.
struct Toleration<'a> {
    /// Empty: any key.
    key: &'a str,
    /// None: any value.
    value: Option<&'a str>,
    /// None: any effect.
    effect: Option<Effect>,
}

pub(super) fn check(pod: &Pod, machine: &Machine) -> Result<(), Reason> {
    let span = pod.tolerations().unwrap_or(pod.spec).span;
    let shut_out = |rule, text| Err(Reason { rule, span, text });
    for taint in &machine.taints {
        if keeps_away(taint, pod) && !tolerated(taint, pod) {
            return shut_out(Rule::Taint, format!("taint {taint} is not tolerated"));
        }
    }
    if !machine.schedulable && !lands_when_cordoned(pod) {
        return shut_out(Rule::Cordoned, "is cordoned (`schedulable: false`)".into());
    }
    Ok(())
}

fn keeps_away(taint: &Taint, pod: &Pod) -> bool {
    let hard = match taint.effect {
        Effect::PreferNoSchedule => false,
        // a node name leaves the scheduler out, and the kubelet looks at NoExecute alone; a DaemonSet's controller
        // looks at both before it makes a pod (`daemon_controller.go`, `NodeShouldRunDaemonPod`)
        Effect::NoSchedule => pod.node_name().is_none() || pod.is_daemon_set(),
        Effect::NoExecute => true,
    };
    hard && !TRANSIENT.contains(&taint.key.as_str())
}

/// Of the tolerations that the controller adds to a `DaemonSet`'s pods, all but this one are for transient taints.
fn lands_when_cordoned(pod: &Pod) -> bool {
    let cordon = Taint { key: CORDON.into(), value: String::new(), effect: Effect::NoSchedule };
    pod.node_name().is_some() || pod.is_daemon_set() || tolerated(&cordon, pod)
}

fn tolerated(taint: &Taint, pod: &Pod) -> bool {
    let Some(tolerations) = pod.tolerations() else {
        return false;
    };
    let Ok(tolerations) = list(tolerations) else {
        return true;
    };
    tolerations.iter().any(|node| Toleration::read(node).map_or(true, |toleration| toleration.meets(taint)))
}

/// Whether a pod stays on a node that is gone: the taint that the cluster sets there then moves it after five minutes,
/// unless it tolerates that without an end (docs on taint-based eviction).
pub fn outstays_its_node(pod: &Pod) -> bool {
    let gone = Taint { key: UNREACHABLE.into(), value: String::new(), effect: Effect::NoExecute };
    let tolerations = pod.tolerations().map_or(&[][..], Node::items);
    let endless = |node: &&Node| given(node, "tolerationSeconds").is_none();
    tolerations.iter().filter(endless).any(|node| Toleration::read(node).is_ok_and(|own| own.meets(&gone)))
}

pub(super) fn problems(pod: &Pod, found: &mut Vec<Label>) {
    let Some(tolerations) = pod.tolerations() else {
        return;
    };
    match list(tolerations) {
        Ok(items) => found.extend(items.iter().filter_map(|item| Toleration::read(item).err())),
        Err(wrong) => found.push(wrong),
    }
}

impl<'a> Toleration<'a> {
    fn read(node: &'a Node) -> Result<Self, Label> {
        map(node)?;
        let word = |key| given(node, key).map_or(Ok(""), text);
        let at = |key, reason: String| wrong(given(node, key).unwrap_or(node), reason);
        let exists = exists(word("operator")?).map_err(|reason| at("operator", reason))?;
        let key = word("key")?;
        check_key(key, exists).map_err(|reason| at("key", reason))?;
        let value = word("value")?;
        check_value(value, exists).map_err(|reason| at("value", reason))?;
        let effect = match word("effect")? {
            "" => None,
            effect => Some(Effect::parse(effect).map_err(|reason| at("effect", reason))?),
        };
        if let Some(seconds) = given(node, "tolerationSeconds")
            && effect != Some(Effect::NoExecute)
        {
            return Err(wrong(seconds, "`tolerationSeconds` needs `effect: NoExecute`"));
        }
        Ok(Toleration { key, value: (!exists).then_some(value), effect })
    }

    /// `tolerationSeconds` does not count: the pod lands, and leaves later.
    fn meets(&self, taint: &Taint) -> bool {
        (self.key.is_empty() || self.key == taint.key)
            && self.value.is_none_or(|value| value == taint.value)
            && self.effect.is_none_or(|effect| effect == taint.effect)
    }
}

/// Whether a toleration's operator asks for the key alone.
fn exists(operator: &str) -> Result<bool, String> {
    match operator {
        "" | "Equal" => Ok(false),
        "Exists" => Ok(true),
        "Gt" | "Lt" => Err(format!(
            "`{operator}` needs the feature gate TaintTolerationComparisonOperators, which is off by default"
        )),
        _ => match nearest(operator, ["Equal", "Exists"]) {
            Some(word) => Err(format!("`{operator}` is no operator of a toleration: write `{word}`")),
            None => Err(format!("`{operator}` is no operator of a toleration: `Equal` or `Exists`")),
        },
    }
}

fn check_key(key: &str, exists: bool) -> Result<(), String> {
    match key {
        "" if exists => Ok(()),
        "" => Err("a toleration without `key` needs `operator: Exists`".into()),
        _ => names::label_key(key).map_err(|reason| format!("`{key}` is no taint's key: {reason}")),
    }
}

fn check_value(value: &str, exists: bool) -> Result<(), String> {
    if exists && !value.is_empty() {
        return Err("`operator: Exists` takes no `value`".into());
    }
    names::label_value(value).map_err(|reason| format!("no taint has the value `{value}`: {reason}"))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kube::Object;
    use crate::kube::tree::object;
    use crate::schedule::tests::{deployment, machine, troubles, verdict};

    fn tolerating(tolerations: &Value) -> Object {
        deployment(&json!({"tolerations": tolerations}))
    }

    /// One taint, one toleration.
    #[test]
    #[rustfmt::skip] // a table
    fn tolerations() {
        for (taint, toleration, tolerated) in [
            ("a=b:NoSchedule", json!({"key": "a", "operator": "Equal", "value": "b", "effect": "NoSchedule"}), true),
            ("a=b:NoSchedule", json!({"key": "a", "operator": "Equal", "value": "c", "effect": "NoSchedule"}), false),
            ("a=b:NoSchedule", json!({"key": "c", "operator": "Equal", "value": "b", "effect": "NoSchedule"}), false),
            ("a=b:NoSchedule", json!({"key": "a", "operator": "Equal", "value": "b", "effect": "NoExecute"}), false),
            // no operator is Equal
            ("a=b:NoSchedule", json!({"key": "a", "value": "b"}), true),
            ("a=b:NoSchedule", json!({"key": "a", "value": "c"}), false),
            ("a=b:NoSchedule", json!({"key": "a"}), false),
            ("a=b:NoSchedule", json!({"key": "a", "operator": "", "value": "b", "effect": ""}), true),
            ("a:NoSchedule", json!({"key": "a"}), true),
            ("a:NoSchedule", json!({"key": "a", "value": ""}), true),
            // no effect is any effect
            ("a=b:NoExecute", json!({"key": "a", "value": "b"}), true),
            ("a=b:NoExecute", json!({"key": "a", "value": "b", "effect": "NoSchedule"}), false),
            ("a=b:NoExecute", json!({"key": "a", "value": "b", "effect": "PreferNoSchedule"}), false),
            // Exists takes any value
            ("a=b:NoSchedule", json!({"key": "a", "operator": "Exists"}), true),
            ("a:NoSchedule", json!({"key": "a", "operator": "Exists"}), true),
            ("a=b:NoSchedule", json!({"key": "c", "operator": "Exists"}), false),
            ("a=b:NoSchedule", json!({"key": "a", "operator": "Exists", "effect": "NoExecute"}), false),
            // no key is any key
            ("a=b:NoSchedule", json!({"operator": "Exists"}), true),
            ("a=b:NoExecute", json!({"operator": "Exists"}), true),
            ("a=b:NoExecute", json!({"operator": "Exists", "effect": "NoSchedule"}), false),
            ("a=b:NoExecute", json!({"key": "", "operator": "Exists", "effect": "NoExecute"}), true),
            // the pod lands, and leaves later
            ("a=b:NoExecute", json!({"key": "a", "value": "b", "effect": "NoExecute", "tolerationSeconds": 0}), true),
        ] {
            let expected = if tolerated { String::new() } else { format!("taint: taint {taint} is not tolerated") };
            let found = verdict(&tolerating(&json!([toleration])), &machine(&[], &[taint]));
            assert_eq!(found, expected, "{taint} {toleration}");
            assert_eq!(troubles(&json!({"tolerations": [toleration]})), [""; 0], "{toleration}");
        }
    }

    /// None, one or several of each.
    #[test]
    #[rustfmt::skip] // a table
    fn taints() {
        let addons = "CriticalAddonsOnly=true:NoExecute";
        for (taints, tolerations, missing) in [
            (&[][..], json!(null), None),
            (&["a:NoSchedule"], json!(null), Some("a:NoSchedule")),
            (&["a:NoSchedule"], json!([]), Some("a:NoSchedule")),
            (&[addons], json!(null), Some(addons)),
            (&["a:PreferNoSchedule"], json!(null), None),
            // each taint needs a toleration
            (&["a:NoSchedule", "b:NoExecute"], json!([{"key": "a"}]), Some("b:NoExecute")),
            (&["a:NoSchedule", "b:NoExecute"], json!([{"key": "a"}, {"key": "b"}]), None),
            // one key, two effects
            (&["a:NoSchedule", "a:NoExecute"], json!([{"key": "a", "effect": "NoSchedule"}]), Some("a:NoExecute")),
        ] {
            let expected = missing.map(|taint| format!("taint: taint {taint} is not tolerated")).unwrap_or_default();
            let found = verdict(&tolerating(&tolerations), &machine(&[], taints));
            assert_eq!(found, expected, "{taints:?} {tolerations}");
        }
    }

    #[test]
    fn transient_taints_shut_none_out() {
        for key in TRANSIENT {
            for effect in ["NoSchedule", "NoExecute"] {
                let machine = machine(&[], &[&format!("{key}:{effect}")]);
                assert_eq!(verdict(&deployment(&json!({})), &machine), "", "{key}:{effect}");
            }
        }
    }

    #[test]
    fn a_cordoned_machine_takes_daemon_sets_and_those_who_ask() {
        let cordoned = Machine { schedulable: false, ..machine(&[], &[]) };
        let shut_out = "cordoned: is cordoned (`schedulable: false`)";
        let daemon_set = object("apps/v1", "DaemonSet", &json!({"template": {"spec": {}}}));
        assert_eq!(verdict(&daemon_set, &cordoned), "");
        assert_eq!(verdict(&deployment(&json!({})), &cordoned), shut_out);
        for (toleration, expected) in [
            (json!({"key": CORDON, "operator": "Exists"}), ""),
            (json!({"key": CORDON, "effect": "NoSchedule"}), ""),
            (json!({"operator": "Exists"}), ""),
            (json!({"key": CORDON, "effect": "NoExecute"}), shut_out),
            (json!({"key": CORDON, "value": "true"}), shut_out),
            (json!({"key": "a"}), shut_out),
        ] {
            assert_eq!(verdict(&tolerating(&json!([toleration])), &cordoned), expected, "{toleration}");
        }
    }

    #[test]
    fn a_daemon_set_heeds_declared_taints() {
        for spec in [json!({}), json!({"nodeName": "oracle"})] {
            let daemon_set = object("apps/v1", "DaemonSet", &json!({"template": {"spec": spec}}));
            for taint in ["a:NoSchedule", "a:NoExecute"] {
                let expected = format!("taint: taint {taint} is not tolerated");
                assert_eq!(verdict(&daemon_set, &machine(&[], &[taint])), expected, "{spec}");
            }
        }
    }

    /// What the API server refuses is told, and shuts none out.
    #[test]
    #[rustfmt::skip] // a table
    fn what_cannot_be_read() {
        for (tolerations, expected) in [
            (json!({"key": "a"}), "a list is wanted here, this is a map"),
            (json!(["a"]), "a map is wanted here, this is text"),
            (json!([{"key": "a", "value": true}]), "text is wanted here, this is true or false: write `\"true\"`"),
            (json!([{}]), "a toleration without `key` needs `operator: Exists`"),
            (json!([{"effect": "NoSchedule"}]), "a toleration without `key` needs `operator: Exists`"),
            (json!([{"value": "x"}]), "a toleration without `key` needs `operator: Exists`"),
            (json!([{"key": "a", "operator": "Exists", "value": "b"}]), "`operator: Exists` takes no `value`"),
            (json!([{"key": "a", "operator": "Equals"}]), "`Equals` is no operator of a toleration: write `Equal`"),
            (json!([{"key": "a", "operator": "In"}]), "`In` is no operator of a toleration: `Equal` or `Exists`"),
            (
                json!([{"key": "a", "operator": "Gt", "value": "5"}]),
                "`Gt` needs the feature gate TaintTolerationComparisonOperators, which is off by default",
            ),
            (
                json!([{"key": "a", "operator": "Lt", "value": "5"}]),
                "`Lt` needs the feature gate TaintTolerationComparisonOperators, which is off by default",
            ),
            (json!([{"key": "a", "effect": "noschedule"}]), "`noschedule` is no effect of a taint: write `NoSchedule`"),
            (
                json!([{"key": "a b"}]),
                "`a b` is no taint's key: only letters, digits, `-`, `_` and `.` may stand in it, not ` `",
            ),
            (
                json!([{"key": "a", "value": "-"}]),
                "no taint has the value `-`: it must begin and end with a letter or a digit",
            ),
            (json!([{"key": "a", "tolerationSeconds": 5}]), "`tolerationSeconds` needs `effect: NoExecute`"),
        ] {
            let object = tolerating(&tolerations);
            assert_eq!(verdict(&object, &machine(&[], &["z:NoSchedule"])), "", "{tolerations}");
            assert_eq!(troubles(&json!({"tolerations": tolerations})), [expected], "{tolerations}");
        }
    }
}
