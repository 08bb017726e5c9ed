//! What several fields of a map must be together: each rule answers with a whole sentence.

use crate::kube::field::given;
use crate::yaml::Node;

type Answer = Result<(), &'static str>;

fn refuse(bad: bool, reason: &'static str) -> Answer {
    if bad { Err(reason) } else { Ok(()) }
}

/// How many of the keys are given.
fn count(node: &Node, keys: &[&str]) -> usize {
    keys.iter().filter(|key| given(node, key).is_some()).count()
}

/// A volume without a source is an `emptyDir`.
pub(super) fn one_source(volume: &Node) -> Answer {
    let sources = volume.entries().iter().filter(|entry| entry.key.text != "name");
    let given = sources.filter(|entry| !matches!(entry.value.value, crate::yaml::Value::Null)).count();
    refuse(given > 1, "the volume has more than one source")
}

/// A variable.
pub(super) fn one_value(variable: &Node) -> Answer {
    let both = variable.text_at(&["value"]).is_some_and(|value| !value.is_empty()) && given(variable, "valueFrom").is_some();
    refuse(both, "a variable has either `value` or `valueFrom`")
}

/// A probe.
pub(super) fn handlers(probe: &Node) -> Answer {
    match count(probe, &["exec", "grpc", "httpGet", "tcpSocket"]) {
        1 => Ok(()),
        0 => Err("the probe asks nothing: exec, grpc, httpGet or tcpSocket is wanted"),
        _ => Err("the probe asks two things: one of exec, grpc, httpGet, tcpSocket is wanted"),
    }
}

/// A Service's spec.
pub(super) fn ports_named(spec: &Node) -> Answer {
    let ports = spec.get("ports").map_or(&[][..], Node::items);
    let free = spec.text_at(&["clusterIP"]) == Some("None") || spec.text_at(&["type"]) == Some("ExternalName");
    refuse(ports.is_empty() && !free, "the Service has no `ports`")?;
    let unnamed = ports.iter().any(|port| given(port, "name").is_none());
    refuse(ports.len() > 1 && unnamed, "a Service with several ports needs a `name` for each")
}

/// Who a binding is for.
pub(super) fn own_namespace(subject: &Node) -> Answer {
    let account = subject.text_at(&["kind"]) == Some("ServiceAccount");
    refuse(account && given(subject, "namespace").is_none(), "a ServiceAccount among `subjects` needs its `namespace`")
}

/// A Deployment's.
pub(super) fn strategy(strategy: &Node) -> Answer {
    let both = strategy.text_at(&["type"]) == Some("Recreate") && given(strategy, "rollingUpdate").is_some();
    refuse(both, "`rollingUpdate` goes with the type RollingUpdate, this is Recreate")
}

/// A `PodDisruptionBudget`'s.
pub(super) fn one_bound(spec: &Node) -> Answer {
    refuse(count(spec, &["minAvailable", "maxUnavailable"]) > 1, "`minAvailable` and `maxUnavailable` exclude each other")
}
