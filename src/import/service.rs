//! Services of an app.

use super::plan::Plan;
use super::port::{self, Port};
use super::short::short;
use super::world::World;
use crate::kube::Object;
use crate::source::Span;
use crate::yaml::{Build, Node};

/// Fields that an app's Service has under Kubernetes' own names.
const FIELDS: [&str; 7] = [
    "externalTrafficPolicy",
    "clusterIP",
    "ipFamilyPolicy",
    "ipFamilies",
    "loadBalancerIP",
    "loadBalancerSourceRanges",
    "publishNotReadyAddresses",
];

/// `services` of an app; empty where the one that it makes unasked is meant.
pub(super) fn services(
    plan: &Plan,
    world: &World<'_>,
    ports: &[Port<'_>],
    labels: &Node,
    span: Span,
) -> Node {
    let app = &world.object(plan.workload).id.name;
    let all = plan.of("Service", world);
    let alone = all.len() == 1;
    let mut build = Build::at(span);
    for (_, service) in all {
        let more = settings(service, labels, (!alone).then(|| port::carried(service, ports)), span);
        let kind = service.body.text_at(&["spec", "type"]).unwrap_or("ClusterIP");
        if alone && service.id.name == *app && kind == "ClusterIP" && more.entries().is_empty() {
            break;
        }
        let kind = Node::text(span, kind.to_owned());
        let usual = kind.as_text() == Some("ClusterIP") && !more.entries().is_empty();
        build = build.with(service.id.name.clone(), if usual { more } else { short("type", kind, more) });
    }
    build.node()
}

fn settings(service: &Object, labels: &Node, carried: Option<Vec<String>>, span: Span) -> Node {
    let texts = |names: Vec<String>| Node::list(span, names.into_iter().map(|name| Node::text(span, name)));
    let build = Build::at(span).maybe("ports", carried.map(texts));
    let build = FIELDS.iter().fold(build, |build, key| {
        build.maybe(key, service.body.at(&["spec", key]).filter(|value| value.as_text() != Some("")).cloned())
    });
    let own = |key: &str, known: &Node| {
        let all = service.body.at(&["metadata", key]).map_or(&[][..], Node::entries);
        let own = all
            .iter()
            .filter(|entry| !known.get(&entry.key.text).is_some_and(|same| same.same(&entry.value)));
        own.fold(Build::at(span), |build, e| build.with(e.key.text.clone(), e.value.clone())).node()
    };
    let none = Build::at(span).node();
    build
        .unless_empty("labels", own("labels", labels))
        .unless_empty("annotations", own("annotations", &none))
        .node()
}
