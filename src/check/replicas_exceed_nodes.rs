//! More pods than nodes that could have one each.

use std::collections::BTreeSet;

use super::crowd::{Run, selects};
use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::Span;
use crate::stack::ClusterNode;
use crate::yaml::Node;

/// Replicas that keep apart, and too few nodes.
pub static CODE: Code = Code {
    name: "replicas-exceed-nodes",
    severity: Severity::Error,
    page: Page {
        about: "The pods of a workload never share a node (they take a port of it, or a required anti-affinity or a spread\n\
                with `DoNotSchedule` keeps them apart), and there are more of them than nodes where they may land. The rest\n\
                stays Pending.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nreplicas: 2\nports: {dns: {port: 5353, hostPort: 5353}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nreplicas: 1\nports: {dns: {port: 5353, hostPort: 5353}}\n",
    },
};

/// What keeps pods apart, and for how many there is room.
struct Limit {
    room: usize,
    span: Span,
    why: String,
}

/// Tells each workload once, with what leaves the least room.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for (landing, held) in facts.held().filter(|(landing, _)| landing.readable) {
        let Run::Kept(count @ 2..) = landing.run(facts) else { continue };
        let places = landing.places(held);
        let open: Vec<&ClusterNode> = places.iter().filter_map(|node| facts.stack.nodes.get(*node)).collect();
        if open.is_empty() {
            continue;
        }
        let limits = ports(landing, &open).into_iter().chain(avoided(landing, &open)).chain(spread(landing, &open));
        let Some(limit) = limits.min_by_key(|limit| limit.room).filter(|limit| limit.room < count) else { continue };
        let id = &landing.object.id;
        let written = landing.object.body.at(&["spec", "replicas"]).map_or(landing.object.place(), |node| node.span);
        let room = match limit.room {
            0 => "no node can have one".to_owned(),
            1 => "only one of its nodes can have one".to_owned(),
            room => format!("only {room} of them find a node"),
        };
        found.push(
            Finding::new(&CODE, written, format!("{id} has {count} pods, and {room}"))
                .also(limit.span, limit.why)
                .note(format!("they may land on {}", names(&open)))
                .help(match limit.room {
                    0 => "give the nodes that label, or leave the rule out".to_owned(),
                    room => format!("replicas: {room}, or let them land on more nodes"),
                }),
        );
    }
}

fn names(nodes: &[&ClusterNode]) -> String {
    nodes.iter().map(|node| node.name.value.as_str()).collect::<Vec<_>>().join(", ")
}

fn ports(landing: &Landing<'_>, open: &[&ClusterNode]) -> Option<Limit> {
    let port = landing.host_ports.first()?;
    let why = format!("each takes the port {}/{} of its node", port.number, port.protocol);
    Some(Limit { room: open.len(), span: port.span, why })
}

/// A node without the label is none of the topology: there, nothing keeps pods apart.
fn avoided(landing: &Landing<'_>, open: &[&ClusterNode]) -> Option<Limit> {
    let own = landing.avoids().filter(|(_, term)| landing.means(term, landing));
    let limits = own.filter_map(|(topology, term)| {
        let values: Option<BTreeSet<&String>> = open.iter().map(|node| node.machine.labels.get(topology)).collect();
        let why = format!("no two of them share a node's `{topology}`");
        Some(Limit { room: values?.len(), span: term.span, why })
    });
    limits.min_by_key(|limit| limit.room)
}

/// A spread that holds. Pods pile up to `maxSkew` above the emptiest side; where a side can never have a pod (a taint shuts
/// it out, which a spread does not see unless it is told), or there are fewer sides than `minDomains`, that is `maxSkew`.
fn spread(landing: &Landing<'_>, open: &[&ClusterNode]) -> Option<Limit> {
    let constraints = landing.pod.spec.get("topologySpreadConstraints").map_or(&[][..], Node::items);
    let hard = constraints.iter().filter(|constraint| {
        constraint.text_at(&["whenUnsatisfiable"]).is_none_or(|word| word == "DoNotSchedule")
            && constraint.get("labelSelector").is_some_and(|selector| selects(selector, landing.labels()))
    });
    let limits = hard.filter_map(|constraint| {
        let topology = constraint.text_at(&["topologyKey"])?;
        let side = |node: &&ClusterNode| node.machine.labels.get(topology).cloned();
        let sides: BTreeSet<String> = open.iter().filter_map(side).collect();
        let skew = constraint.get("maxSkew").and_then(Node::as_int).unwrap_or(1);
        let least = constraint.get("minDomains").and_then(Node::as_int).unwrap_or(1);
        let few = usize::try_from(least).is_ok_and(|least| sides.len() < least);
        let empty = seen(landing, constraint).iter().filter_map(side).any(|other| !sides.contains(&other));
        if !(few || empty || sides.is_empty()) {
            return None;
        }
        let room = sides.len().saturating_mul(usize::try_from(skew).unwrap_or(usize::MAX));
        let why = if sides.is_empty() {
            format!("no node has the label `{topology}`, by which pods are kept apart")
        } else if few {
            format!("with fewer than {least} sides, each has {skew} at most")
        } else {
            "a side that none of them can use counts as empty, so each other has no more than `maxSkew`".to_owned()
        };
        Some(Limit { room, span: constraint.span, why })
    });
    limits.min_by_key(|limit| limit.room)
}

/// The nodes that a spread counts: those that selectors allow (`nodeAffinityPolicy: Honor`), tainted or not
/// (`nodeTaintsPolicy: Ignore`), as is its default.
fn seen<'a>(landing: &Landing<'a>, constraint: &Node) -> Vec<&'a ClusterNode> {
    let word = |key: &str| constraint.text_at(&[key]);
    let by_taint = |reason: &crate::schedule::Reason| {
        use crate::schedule::Rule::{Affinity, Cordoned, NodeName, NodeSelector, Taint};
        match reason.rule {
            Taint | Cordoned => word("nodeTaintsPolicy") != Some("Honor"),
            NodeSelector | Affinity | NodeName => word("nodeAffinityPolicy") == Some("Ignore"),
        }
    };
    let counted = landing.nodes.iter().filter(|(_, verdict)| verdict.as_ref().err().is_none_or(by_taint));
    counted.map(|(node, _)| *node).collect()
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    const THREE: &str = "nodes: {alpha: {arch: amd64, labels: {zone: x}}, beta: {arch: amd64, labels: {zone: x}}, gamma: {arch: amd64, labels: {zone: y}}}";

    fn messages(lines: &str, replicas: usize, spec: &str) -> Vec<String> {
        let manifest = format!(
            "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas}\n  template:\n    \
             metadata: {{labels: {{app: web}}}}\n    spec:\n      containers: [{{name: web, image: 'registry.example/web:1.0'}}]\n{spec}"
        );
        told(super::run, lines, &manifest)
    }

    fn away(topology: &str, app: &str) -> String {
        format!(
            "      affinity: {{podAntiAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: [{{topologyKey: {topology}, \
             labelSelector: {{matchLabels: {{app: {app}}}}}}}]}}}}\n"
        )
    }

    fn spread(more: &str) -> String {
        format!("      topologySpreadConstraints: [{{maxSkew: 1, topologyKey: zone, labelSelector: {{matchLabels: {{app: web}}}}{more}}}]\n")
    }

    #[test]
    fn a_port_needs_a_node_each() {
        let network = "      hostNetwork: true\n      nodeSelector: {zone: x}\n".to_owned();
        let port = network.replace("hostNetwork: true", "initContainers: [{name: a, restartPolicy: Always, ports: [{containerPort: 1, hostPort: 9}]}]");
        assert_eq!(messages(THREE, 3, &port), ["3: Deployment default/web has 3 pods, and only 2 of them find a node"]);
        assert_eq!(messages(THREE, 2, &port), [""; 0]);
        assert_eq!(messages(THREE, 3, &network), [""; 0], "no port is named");
    }

    #[test]
    fn anti_affinity_by_node_and_by_zone() {
        let host = "kubernetes.io/hostname";
        assert_eq!(messages(THREE, 4, &away(host, "web")).len(), 1);
        assert_eq!(messages(THREE, 3, &away(host, "web")), [""; 0]);
        assert_eq!(messages(THREE, 4, &away(host, "other")), [""; 0]);
        assert_eq!(messages(THREE, 3, &away("zone", "web")).len(), 1);
        assert_eq!(messages(THREE, 2, &away("zone", "web")), [""; 0]);
        let unlabelled = THREE.replace("labels: {zone: y}", "labels: {}");
        assert_eq!(messages(&unlabelled, 3, &away("zone", "web")), [""; 0], "gamma is no zone");
    }

    #[test]
    fn a_spread_stops_where_a_side_stays_empty() {
        assert_eq!(messages(THREE, 9, &spread("")), [""; 0]);
        let tainted = THREE.replace("labels: {zone: y}", "labels: {zone: y}, taints: ['a=b:NoSchedule']");
        let one = ["2: Deployment default/web has 2 pods, and only one of its nodes can have one"];
        assert_eq!(messages(&tainted, 2, &spread("")), one);
        assert_eq!(messages(&tainted, 9, &spread(", nodeTaintsPolicy: Honor")), [""; 0]);
        assert_eq!(messages(&tainted, 9, &spread(", whenUnsatisfiable: ScheduleAnyway")), [""; 0]);
        assert_eq!(messages(THREE, 3, &spread(", minDomains: 3")).len(), 1);
        let selected = format!("{}      nodeSelector: {{zone: x}}\n", spread(""));
        assert_eq!(messages(THREE, 9, &selected), [""; 0], "what a selector shuts out is not counted");
        let unlabelled = "nodes: {alpha: {arch: amd64}}";
        assert_eq!(messages(unlabelled, 2, &spread("")), ["2: Deployment default/web has 2 pods, and no node can have one"]);
    }
}
