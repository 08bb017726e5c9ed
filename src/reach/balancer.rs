//! k3s' own load balancer: on which nodes it opens a Service's ports (the project's facts on k3s, 4).

use crate::kube::{Object, ObjectId, Past, Pod, Unit};
use crate::schedule::may;
use crate::source::Span;
use crate::stack::{ClusterNode, Stack};
use crate::yaml::{Build, Node};

/// Where any node has it, whatever its value, only those are used that have it `true`.
const ENABLED: &str = "svccontroller.k3s.cattle.io/enablelb";

/// Of a node and of a Service: the Service's ports are opened on nodes of its pool. Only where [`ENABLED`] is used.
const POOL: &str = "svccontroller.k3s.cattle.io/lbpool";

/// What its pods tolerate.
const TOLERATED: [(&str, Option<&str>); 3] = [
    ("node-role.kubernetes.io/control-plane", Some("NoSchedule")),
    ("node-role.kubernetes.io/master", Some("NoSchedule")),
    ("CriticalAddonsOnly", None),
];

/// Whether a Service of type LoadBalancer is left to it.
pub fn is_balanced(service: &Object, stack: &Stack) -> bool {
    let spec = service.body.get("spec");
    service.id.kind == "Service"
        && service.id.api_version == "v1"
        && spec.and_then(|spec| spec.text_at(&["type"])) == Some("LoadBalancer")
        && spec.is_some_and(|spec| spec.get("loadBalancerClass").is_none())
        && stack.disables("servicelb").is_none()
}

/// The labels of a Service.
pub fn labels(service: &Object) -> Option<&Node> {
    service.body.at(&["metadata", "labels"])
}

/// The nodes on which it opens the ports of a Service with these labels.
pub fn balancing<'a>(labels: Option<&Node>, stack: &'a Stack) -> Vec<&'a ClusterNode> {
    let says = |node: &ClusterNode, key: &str, value: &str| {
        node.machine.labels.get(key).is_some_and(|own| own == value)
    };
    let chosen = stack.nodes.iter().any(|node| node.machine.labels.contains_key(ENABLED));
    let pool = labels.and_then(|labels| labels.text_at(&[POOL]));
    let pod = daemon(stack.span);
    let Some(pod) = Pod::of(&pod) else { return Vec::new() };
    let open = |node: &&ClusterNode| {
        let chosen =
            !chosen || (says(node, ENABLED, "true") && pool.is_none_or(|pool| says(node, POOL, pool)));
        chosen && may(&pod, &node.machine).is_ok()
    };
    stack.nodes.iter().filter(open).collect()
}

/// As the scheduler sees its pods.
fn daemon(span: Span) -> Object {
    let tolerations = Node::list(span, TOLERATED.map(|(key, effect)| toleration(span, key, effect)));
    workload(span, "DaemonSet", "svclb", Build::at(span).with("tolerations", tolerations).node())
}

/// A taint that is borne, whatever its value.
pub(super) fn toleration(span: Span, key: &'static str, effect: Option<&'static str>) -> Node {
    let build = Build::at(span).text("key", key).text("operator", "Exists");
    build.maybe("effect", effect.map(|effect| Node::text(span, effect))).node()
}

/// A workload of kube-system that no file holds.
pub(super) fn workload(span: Span, kind: &str, name: &str, pod: Node) -> Object {
    let template = Build::at(span).with("spec", pod).node();
    let spec = Build::at(span).with("template", template).node();
    Object {
        id: ObjectId {
            api_version: "apps/v1".to_owned(),
            kind: kind.to_owned(),
            namespace: Some("kube-system".to_owned()),
            name: name.to_owned(),
        },
        body: Build::at(span).with("spec", spec).node(),
        unit: Unit::Traefik,
        arch_auto: None,
        past: Past::default(),
        written: false,
    }
}
