//! k3s' own Traefik: what its chart is told, where its pods may land, which nodes answer for it. No check itself.

use super::Facts;
use crate::finding::Findings;
use crate::kube::{Effect, Object, ObjectId, Pod, Unit};
use crate::schedule::may;
use crate::source::{Sources, Span};
use crate::stack::ClusterNode;
use crate::yaml::{Build, Dialect, Node, read};

/// A node label: with it on any node, ServiceLB runs on those nodes alone where it is `true`.
const ENABLED: &str = "svccontroller.k3s.cattle.io/enablelb";
/// A label of nodes and Services: a Service's ports are bound on nodes of its own pool.
pub(super) const POOL: &str = "svccontroller.k3s.cattle.io/lbpool";

/// Taints that ServiceLB's pods bear.
const BORNE: [&str; 3] =
    ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master", "CriticalAddonsOnly"];

/// k3s' own Traefik.
pub struct Traefik {
    /// What its chart is told, where anything is.
    values: Option<Node>,
    /// Where that stands, or the release that brings it.
    pub(super) span: Span,
}

impl Traefik {
    /// None where it does not run.
    pub fn of(facts: &Facts<'_>) -> Option<Traefik> {
        if facts.stack.disables("traefik").is_some() {
            return None;
        }
        let written = facts.find("HelmChartConfig", Some("kube-system"), "traefik");
        let written = written.and_then(|config| config.body.at(&["spec", "valuesContent"]));
        // Another stack may write the configuration; what this one says of it holds all the same.
        let said = facts.stack.ingress.as_ref().and_then(|ingress| ingress.values.clone());
        let span = written.map_or(facts.stack.release_span, |node| node.span);
        Some(Traefik { values: written.and_then(values).or(said), span })
    }

    /// A value of its chart.
    pub(super) fn value(&self, path: &[&str]) -> Option<&Node> {
        self.values.as_ref()?.at(path)
    }

    /// Whether the chart's Service is left to ServiceLB: what a release ignores (`service.type` from chart 40 on) counts as
    /// if it did not, since nothing is then claimed.
    pub(super) fn is_balanced(&self) -> bool {
        let service = |path: &[&str]| self.value(&["service"]).and_then(|service| service.at(path));
        let kinds = [service(&["type"]), service(&["spec", "type"])];
        let balanced = kinds.into_iter().flatten().all(|kind| kind.as_text() == Some("LoadBalancer"));
        let classes = [service(&["loadBalancerClass"]), service(&["spec", "loadBalancerClass"])];
        let off = service(&["enabled"]).and_then(Node::as_bool) == Some(false);
        balanced && !off && classes.iter().all(Option::is_none)
    }

    /// The numbers of the nodes where ServiceLB binds its ports.
    pub(super) fn balanced_nodes(&self, nodes: &[ClusterNode]) -> Vec<usize> {
        balanced_nodes(nodes, self.value(&["service", "labels"]).and_then(|labels| labels.text_at(&[POOL])))
    }

    /// The numbers of the nodes where its pods may land.
    pub fn places(&self, facts: &Facts<'_>) -> Vec<usize> {
        let object = self.workload();
        let Some(pod) = Pod::of(&object) else { return Vec::new() };
        let nodes = facts.stack.nodes.iter().enumerate();
        nodes.filter(|(_, node)| may(&pod, &node.machine).is_ok()).map(|(index, _)| index).collect()
    }

    /// Whether it has a pod on each of them.
    pub fn is_on_each(&self) -> bool {
        self.value(&["deployment", "kind"]).and_then(Node::as_text) == Some("DaemonSet")
    }

    /// The numbers of the nodes that DNS may point at: where ServiceLB runs; under `externalTrafficPolicy: Local` those of
    /// them with a pod of Traefik's. None where another program gives addresses.
    pub fn answers(&self, facts: &Facts<'_>) -> Option<Vec<usize>> {
        if facts.stack.disables("servicelb").is_some() || !self.is_balanced() {
            return None;
        }
        let policy = self.value(&["service", "spec", "externalTrafficPolicy"]).and_then(Node::as_text);
        let nodes = self.balanced_nodes(&facts.stack.nodes);
        let places = self.places(facts);
        let local = policy == Some("Local");
        Some(nodes.into_iter().filter(|node| !local || places.contains(node)).collect())
    }

    /// What the chart makes of its values, as far as placement goes; the chart of k3s bears the taints of servers unless a
    /// list of the user's replaces its own.
    fn workload(&self) -> Object {
        let at = Build::at(self.span);
        let bears = |key: &str, effect: &[&str]| {
            let one = Build::at(self.span).text("key", key.to_owned()).text("operator", "Exists");
            effect.iter().fold(one, |one, effect| one.text("effect", (*effect).to_owned())).node()
        };
        let own = Node::list(
            self.span,
            BORNE.map(|key| bears(key, if key.contains('/') { &["NoSchedule"] } else { &[] })),
        );
        let spec = at
            .maybe("nodeSelector", self.value(&["nodeSelector"]).cloned())
            .maybe("affinity", self.value(&["affinity"]).cloned())
            .with("tolerations", self.value(&["tolerations"]).cloned().unwrap_or(own))
            .node();
        let kind = if self.is_on_each() { "DaemonSet" } else { "Deployment" };
        let body = ["spec", "template", "spec"]
            .iter()
            .rev()
            .fold(spec, |inner, key| Node::map(self.span, [(*key, inner)]));
        let id = ObjectId {
            api_version: "apps/v1".to_owned(),
            kind: kind.to_owned(),
            namespace: Some("kube-system".to_owned()),
            name: "traefik".to_owned(),
        };
        Object { id, body, unit: Unit::Traefik, arch_auto: None }
    }
}

/// A chart's values are YAML in a text.
fn values(written: &Node) -> Option<Node> {
    let mut sources = Sources::default();
    let text = written.as_text()?.as_bytes().to_vec();
    let file = sources.add(String::new(), Ok(text));
    read(&sources, file, Dialect::Manifest, &mut Findings::default()).pop()
}

/// The nodes where ServiceLB binds the ports of a Service of this pool.
pub(super) fn balanced_nodes(nodes: &[ClusterNode], pool: Option<&str>) -> Vec<usize> {
    let label = |node: &ClusterNode, key: &str| node.machine.labels.get(key).cloned();
    let chosen = nodes.iter().any(|node| label(node, ENABLED).is_some());
    let is_chosen = |node: &ClusterNode| {
        let pooled = pool.is_none_or(|pool| label(node, POOL).as_deref() == Some(pool));
        !chosen || (label(node, ENABLED).as_deref() == Some("true") && pooled)
    };
    let bears = |node: &ClusterNode| {
        node.machine
            .taints
            .iter()
            .all(|taint| taint.effect == Effect::PreferNoSchedule || BORNE.contains(&taint.key.as_str()))
    };
    let open = nodes.iter().enumerate().filter(|(_, node)| is_chosen(node) && bears(node));
    open.map(|(index, _)| index).collect()
}
