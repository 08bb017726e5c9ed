//! What several fields of a map must be together: each rule answers with a whole sentence and its place, or none for the
//! first key of the map.

use crate::kube::field::given;
use crate::source::Span;
use crate::yaml::Node;

/// What is wrong, and where.
pub(super) type Reason = (&'static str, Option<Span>);

type Answer = Result<(), Reason>;

fn refuse(bad: bool, reason: &'static str) -> Answer {
    if bad { Err((reason, None)) } else { Ok(()) }
}

fn refuse_at(place: Option<&Node>, reason: &'static str) -> Answer {
    place.map_or(Ok(()), |node| Err((reason, Some(node.span))))
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

/// Where a variable's value comes from.
pub(super) fn one_origin(from: &Node) -> Answer {
    let origins = ["configMapKeyRef", "fieldRef", "fileKeyRef", "resourceFieldRef", "secretKeyRef"];
    let place = Some(from).filter(|from| from.as_map().is_some());
    match count(from, &origins) {
        1 => Ok(()),
        0 => refuse_at(place, "`valueFrom` names nothing: secretKeyRef, configMapKeyRef, fieldRef or resourceFieldRef is wanted"),
        _ => refuse_at(place, "`valueFrom` names two things, one is wanted"),
    }
}

/// A probe.
pub(super) fn handlers(probe: &Node) -> Answer {
    match count(probe, &["exec", "grpc", "httpGet", "tcpSocket"]) {
        1 => Ok(()),
        0 => refuse(true, "the probe asks nothing: exec, grpc, httpGet or tcpSocket is wanted"),
        _ => refuse(true, "the probe asks two things: one of exec, grpc, httpGet, tcpSocket is wanted"),
    }
}

/// A Service's spec.
pub(super) fn ports_named(spec: &Node) -> Answer {
    let ports = spec.get("ports").map_or(&[][..], Node::items);
    let external = spec.get("type").filter(|kind| kind.as_text() == Some("ExternalName"));
    let named = given(spec, "externalName").is_some_and(|name| name.as_text() != Some(""));
    refuse_at(external.filter(|_| !named), "a Service of type ExternalName needs `externalName`")?;
    let free = spec.text_at(&["clusterIP"]) == Some("None") || external.is_some();
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

/// A `ConfigMap`.
pub(super) fn keys_apart(map: &Node) -> Answer {
    let text = map.get("data").map_or(&[][..], Node::entries);
    let both = |entry: &&crate::yaml::Entry| map.get("binaryData").is_some_and(|data| data.get(&entry.key.text).is_some());
    match text.iter().find(both) {
        Some(entry) => Err(("the key stands in `data` and in `binaryData`", Some(entry.key.span))),
        None => Ok(()),
    }
}

/// A `HorizontalPodAutoscaler`'s.
pub(super) fn least_and_most(spec: &Node) -> Answer {
    let least = given(spec, "minReplicas");
    let (from, to) = (least.and_then(Node::as_int), given(spec, "maxReplicas").and_then(Node::as_int));
    refuse_at(least.filter(|_| from.zip(to).is_some_and(|(from, to)| from > to)), "`minReplicas` is above `maxReplicas`")
}
