//! May this pod land on this machine: selectors, affinity, taints.
//!
//! In: a [`Pod`] and a [`Machine`]. Out: nothing, or the [`Reason`] that shuts the machine out. The landing set of a
//! pod is all machines without one.
//!
//! What must hold: it over-approximates, or the proof on images is false. A machine is shut out only for what is
//! written down and lasts: `nodeName`, `nodeSelector`, required node affinity, declared taints, `schedulable: false`.
//! Taints that come and go, resources, ports, affinity between pods, spread and preferences shut none out. What cannot
//! be read shuts none out either; [`problems`] tells of it, and a pod that has some is refused for them alone.
//!
//! A new rule is a file with `check` and `problems`, and a line in [`may`] and in [`problems`].
//!
//! What one pod alone cannot tell, whether all of them fit at once, is `fit`'s.

mod affinity;
mod fit;
mod node_name;
mod node_selector;
mod taints;

pub use fit::{Amounts, By, Fit, Group, Packing, Tight, UNBOUNDED};
pub use taints::outstays_its_node;

use crate::finding::Label;
use crate::kube::{Machine, Pod};
use crate::source::Span;
use crate::yaml::Node;

/// Which rule shut a machine out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Rule {
    /// The pod names another node.
    NodeName,
    /// A label of `nodeSelector` is not there.
    NodeSelector,
    /// No term of the required node affinity matches.
    Affinity,
    /// A taint is not tolerated.
    Taint,
    /// The machine takes no new pods.
    Cordoned,
}

/// Why a pod cannot land on a machine.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Reason {
    /// The rule.
    pub rule: Rule,
    /// Where the manifest says it; for taints, where it tolerates others, or the pod's spec.
    pub span: Span,
    /// In a user's words; the machine is the sentence's subject: `has no label gpu`.
    pub text: String,
}

impl Rule {
    /// As tables and JSON name it.
    pub fn word(self) -> &'static str {
        match self {
            Rule::NodeName => "nodeName",
            Rule::NodeSelector => "nodeSelector",
            Rule::Affinity => "affinity",
            Rule::Taint => "taint",
            Rule::Cordoned => "cordoned",
        }
    }
}

/// Whether the pod may land on the machine.
///
/// # Errors
/// The first reason why it cannot.
pub fn may(pod: &Pod, machine: &Machine) -> Result<(), Reason> {
    node_name::check(pod, machine)?;
    node_selector::check(pod, machine)?;
    affinity::check(pod, machine)?;
    taints::check(pod, machine)
}

/// Whether the required node affinity of a volume holds for the machine; what cannot be read holds.
pub fn matches(required: &Node, machine: &Machine) -> bool {
    affinity::against(required, machine).is_ok()
}

/// What the API server would refuse, what the scheduler would silently take for false, and what has no effect: each
/// with its place.
pub fn problems(pod: &Pod) -> Vec<Label> {
    let mut found = Vec::new();
    node_name::problems(pod, &mut found);
    node_selector::problems(pod, &mut found);
    affinity::problems(pod, &mut found);
    taints::problems(pod, &mut found);
    found
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kube::tree::object;
    use crate::kube::{Object, Taint};

    /// A machine called `oracle` with `KEY=VALUE` labels and `KEY=VALUE:EFFECT` taints.
    pub(super) fn machine(labels: &[&str], taints: &[&str]) -> Machine {
        let label = |text: &&str| {
            let (key, value) = text.split_once('=').expect("a label");
            (key.to_owned(), value.to_owned())
        };
        Machine {
            name: "oracle".into(),
            labels: labels.iter().map(label).collect(),
            taints: taints.iter().map(|text| Taint::parse(text).expect(text)).collect(),
            schedulable: true,
        }
    }

    /// A Deployment with a pod spec.
    pub(super) fn deployment(spec: &Value) -> Object {
        object("apps/v1", "Deployment", &json!({"template": {"spec": spec}}))
    }

    /// `RULE: text` of the reason, empty where the pod may land.
    pub(super) fn verdict(object: &Object, machine: &Machine) -> String {
        match may(&Pod::of(object).expect("a pod"), machine) {
            Ok(()) => String::new(),
            Err(reason) => format!("{}: {}", reason.rule.word(), reason.text),
        }
    }

    /// The texts of all problems.
    pub(super) fn troubles(spec: &Value) -> Vec<String> {
        let object = deployment(spec);
        problems(&Pod::of(&object).expect("a pod")).into_iter().map(|label| label.text.into_owned()).collect()
    }

    #[test]
    fn a_pod_that_asks_for_nothing_lands_everywhere() {
        let spec = json!({"containers": []});
        assert_eq!(verdict(&deployment(&spec), &machine(&[], &[])), "");
        assert_eq!(troubles(&spec), [""; 0]);
    }

    #[test]
    fn the_reason_stands_at_its_rule() {
        let tainted = machine(&[], &["a:NoSchedule"]);
        for (spec, path) in [
            (json!({"nodeName": "other"}), &["nodeName"][..]),
            (json!({"nodeSelector": {"a": "b"}}), &["nodeSelector", "a"]),
            (json!({"tolerations": [{"key": "b"}]}), &["tolerations"]),
            (json!({"containers": []}), &[]),
        ] {
            let object = deployment(&spec);
            let pod = Pod::of(&object).expect("a pod");
            let reason = may(&pod, &tainted).expect_err("shut out");
            assert_eq!(Some(reason.span), pod.spec.at(path).map(|node| node.span), "{spec}");
        }
    }
}
