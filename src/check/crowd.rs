//! All pods at once, as a packing: what they ask for, where they may land, which of them never share a node. No check
//! itself.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet};

use super::taken::{Taken, Who};
use super::{Facts, Landing};
use crate::kube::{Ask, Effect, LabelSelector};
use crate::schedule::{Amounts, Fit, Group, Packing, UNBOUNDED};
use crate::stack::ClusterNode;
use crate::yaml::Node;

/// The topology of which each node is one.
pub(super) const HOSTNAME: &str = "kubernetes.io/hostname";

/// What k3s' CoreDNS asks for (k3s' own manifest), and the taints that it bears.
const COREDNS: Amounts = [100, 70 << 20];
const BORNE: [&str; 3] =
    ["node-role.kubernetes.io/control-plane", "node-role.kubernetes.io/master", "CriticalAddonsOnly"];

/// Takers of one port that are held against each other: leaving some out claims less, never more.
const TAKERS: usize = 200;

/// Pods that want a place.
pub struct Crowd {
    /// Those that stay, group by group as in `members`.
    pub packing: Packing,
    /// Who each group is.
    pub members: Vec<Member>,
    /// Those that come and go, such as a Job's: one of each.
    pub passing: Vec<(Member, Group)>,
    /// The group of each workload, by its number among [`Facts::landings`].
    groups: BTreeMap<usize, usize>,
    fit: OnceCell<Fit>,
}

/// The pods of a group.
#[derive(Clone, Copy, Debug)]
pub struct Member {
    /// Whose they are.
    pub of: Of,
    /// What one asks for.
    pub asks: [Ask; 2],
}

/// Whose pods.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Of {
    /// A workload's, by its number among [`Facts::landings`].
    Landing(usize),
    /// What k3s itself runs.
    K3s(&'static str),
}

/// How a workload's pods run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Run {
    /// So many, all the time.
    Kept(usize),
    /// One on each node, all the time.
    Each,
    /// For a while.
    Passing,
}

impl Member {
    /// Their workload.
    pub fn landing<'f, 'a>(&self, facts: &'f Facts<'a>) -> Option<&'f Landing<'a>> {
        match self.of {
            Of::Landing(index) => facts.landings.get(index),
            Of::K3s(_) => None,
        }
    }

    /// As sentences name it.
    pub fn name(&self, facts: &Facts<'_>) -> String {
        match self.of {
            Of::Landing(_) => {
                self.landing(facts).map_or_else(String::new, |landing| landing.object.id.to_string())
            }
            Of::K3s(name) => format!("{name} of k3s"),
        }
    }
}

impl Crowd {
    pub(super) fn of(facts: &Facts<'_>) -> Crowd {
        let rooms = facts.stack.nodes.iter().map(room).collect();
        let mut crowd = Crowd {
            packing: Packing { rooms, ..Packing::default() },
            members: Vec::new(),
            passing: Vec::new(),
            groups: BTreeMap::new(),
            fit: OnceCell::new(),
        };
        crowd.add_own(facts);
        for (index, (landing, held)) in facts.held().enumerate().filter(|(_, (landing, _))| landing.readable)
        {
            let asks = landing.pod.requests();
            let group =
                Group { asks: asks.map(|ask| ask.amount), nodes: landing.places(held), ..Group::default() };
            let member = Member { of: Of::Landing(index), asks };
            match landing.run(facts) {
                Run::Kept(count) => crowd.add(member, Group { count, ..group }),
                Run::Each => crowd.add(member, Group { each: true, ..group }),
                Run::Passing => {
                    crowd.passing.push((member, Group { count: 1, ..group }));
                    continue;
                }
            }
            crowd.groups.insert(index, crowd.members.len().saturating_sub(1));
        }
        crowd.keep_apart(facts);
        crowd
    }

    /// Whether all that stay fit, and what they leave.
    pub fn fit(&self) -> &Fit {
        self.fit.get_or_init(|| self.packing.fit())
    }

    /// Whether anything could keep a pod from a place: a node that says what it has, pods that keep apart.
    pub fn is_bounded(&self) -> bool {
        let mut rooms = self.packing.rooms.iter().flatten();
        !self.packing.apart.is_empty() || rooms.any(|room| *room != UNBOUNDED)
    }

    /// The group of a workload's pods, unless they come and go.
    pub(super) fn group(&self, landing: usize) -> Option<usize> {
        self.groups.get(&landing).copied()
    }

    fn add(&mut self, member: Member, group: Group) {
        self.members.push(member);
        self.packing.groups.push(group);
    }

    /// What k3s itself runs.
    fn add_own(&mut self, facts: &Facts<'_>) {
        if facts.stack.disables("coredns").is_some() {
            return;
        }
        let open = |node: &ClusterNode| {
            node.machine.schedulable
                && node.machine.taints.iter().all(|taint| {
                    taint.effect == Effect::PreferNoSchedule || BORNE.contains(&taint.key.as_str())
                })
        };
        let nodes =
            facts.stack.nodes.iter().enumerate().filter(|(_, node)| open(node)).map(|(index, _)| index);
        let group = Group { count: 1, each: false, asks: COREDNS, nodes: nodes.collect() };
        self.add(
            Member { of: Of::K3s("CoreDNS"), asks: COREDNS.map(|amount| Ask { amount, span: None }) },
            group,
        );
    }

    /// Ports of nodes, and what the pods themselves ask.
    fn keep_apart(&mut self, facts: &Facts<'_>) {
        let mut takers: BTreeMap<(&str, i64), Vec<(usize, &Taken<'_>)>> = BTreeMap::new();
        for taken in facts.taken() {
            let group = match taken.who {
                Who::Pods(index) => self.groups.get(&index).copied(),
                Who::Balancer(_) | Who::Traefik => Some(self.balancer(taken)),
            };
            let Some(group) = group else { continue };
            takers.entry((&taken.protocol, taken.number)).or_default().push((group, taken));
        }
        let each = |group: usize| self.packing.groups.get(group).is_some_and(|group| group.each);
        let mut apart = BTreeSet::new();
        for takers in takers.values() {
            let few = || takers.iter().take(TAKERS);
            for (at, (one, taken)) in few().enumerate() {
                let clashing = few().skip(at).filter(|(_, other)| taken.port().clashes(&other.port()));
                // One on each node never meets itself.
                let clashing = clashing.filter(|(other, _)| one != other || !each(*one));
                apart.extend(clashing.map(|(other, _)| (*one.min(other), *one.max(other))));
            }
        }
        self.packing.apart.extend(apart);
        for (one, other) in avoided(facts) {
            let groups = self.groups.get(&one).zip(self.groups.get(&other));
            self.packing.apart.extend(groups.map(|(one, other)| (*one.min(other), *one.max(other))));
        }
    }

    /// A group for ServiceLB's containers of a port; they ask for nothing else.
    fn balancer(&mut self, taken: &Taken<'_>) -> usize {
        let nodes = taken.nodes.clone();
        self.add(
            Member { of: Of::K3s("ServiceLB"), asks: [Ask::default(); 2] },
            Group { each: true, nodes, ..Group::default() },
        );
        self.members.len().saturating_sub(1)
    }
}

/// What a node has for pods.
fn room(node: &ClusterNode) -> Amounts {
    node.has.map(|has| has.map_or(UNBOUNDED, |(amount, _)| amount))
}

/// A workload that something else scales: kind, namespace, name; and the least number of its pods.
pub(super) type Scaled<'a> = BTreeMap<(&'a str, &'a str, &'a str), usize>;

pub(super) fn scaled<'a>(facts: &Facts<'a>) -> Scaled<'a> {
    let mut scaled = Scaled::new();
    for (kind, least, default) in
        [("HorizontalPodAutoscaler", "minReplicas", 1), ("ScaledObject", "minReplicaCount", 0)]
    {
        for object in facts.of_kind(kind) {
            let Some(target) = object.body.at(&["spec", "scaleTargetRef"]) else { continue };
            let Some(name) = target.text_at(&["name"]) else { continue };
            let count = object.body.at(&["spec", least]).and_then(Node::as_int).unwrap_or(default);
            let namespace = object.id.namespace.as_deref().unwrap_or_default();
            let kind = target.text_at(&["kind"]).unwrap_or("Deployment");
            scaled.insert((kind, namespace, name), usize::try_from(count).unwrap_or_default());
        }
    }
    scaled
}

impl Landing<'_> {
    /// How its pods run.
    pub(super) fn run(&self, facts: &Facts<'_>) -> Run {
        let id = &self.object.id;
        match id.kind.as_str() {
            "DaemonSet" => Run::Each,
            "Job" | "CronJob"
                if self.object.body.at(&["spec", "suspend"]).and_then(Node::as_bool) == Some(true) =>
            {
                Run::Kept(0)
            }
            "Job" | "CronJob" => Run::Passing,
            "Pod" => match self.pod.spec.text_at(&["restartPolicy"]) {
                None | Some("Always") => Run::Kept(1),
                Some(_) => Run::Passing,
            },
            kind => {
                let key = (kind, id.namespace.as_deref().unwrap_or_default(), id.name.as_str());
                Run::Kept(facts.scaled().get(&key).copied().unwrap_or_else(|| self.replicas()))
            }
        }
    }

    /// How many pods it says that it has.
    pub(super) fn replicas(&self) -> usize {
        let written = self.object.body.at(&["spec", "replicas"]).and_then(Node::as_int);
        usize::try_from(written.unwrap_or(1)).unwrap_or_default()
    }

    /// Terms by which its pods keep away from others: each with its topology and the pods that it means.
    pub(super) fn avoids(&self) -> impl Iterator<Item = (&str, &Node)> {
        let path = ["affinity", "podAntiAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
        let terms = self.pod.spec.at(&path).map_or(&[][..], Node::items);
        terms.iter().filter(|term| term.get("mismatchLabelKeys").is_none()).filter_map(|term| {
            let topology = term.text_at(&["topologyKey"])?;
            Some((topology, term))
        })
    }

    /// Whether a term means the pods of a workload.
    pub(super) fn means(&self, term: &Node, other: &Landing<'_>) -> bool {
        let (own, namespace) = (self.object.id.namespace.as_deref(), other.object.id.namespace.as_deref());
        let listed = term.get("namespaces").map_or(&[][..], Node::items);
        let named = listed.iter().any(|name| name.as_text() == namespace);
        let everywhere = term.get("namespaceSelector").is_some_and(|selector| selects(selector, None));
        let none_said = listed.is_empty() && term.get("namespaceSelector").is_none();
        (named || everywhere || (none_said && own == namespace))
            && term.get("labelSelector").is_some_and(|selector| selects(selector, other.labels()))
    }

    /// The labels of its pods.
    pub fn labels(&self) -> Option<&Node> {
        self.pod.template.at(&["metadata", "labels"])
    }
}

/// Whether a selector of a rule between pods takes what has these labels: an empty one takes everything, none nothing.
pub(super) fn selects(selector: &Node, labels: Option<&Node>) -> bool {
    selector.as_map().is_some()
        && LabelSelector::read(selector).is_ok_and(|selector| selector.matches(labels))
}

/// Pairs of workloads whose pods never share a node, by what one of the two asks.
fn avoided(facts: &Facts<'_>) -> BTreeSet<(usize, usize)> {
    let mut pairs = BTreeSet::new();
    let mut by_label: Option<BTreeMap<(&str, &str), Vec<usize>>> = None;
    for (one, landing) in facts.landings.iter().enumerate() {
        for (_, term) in landing.avoids().filter(|(topology, _)| *topology == HOSTNAME) {
            let by_label = by_label.get_or_insert_with(|| labelled(facts));
            let wanted = term.at(&["labelSelector", "matchLabels"]).map_or(&[][..], Node::entries).first();
            // Without a label to look by, only the workload itself is held against the term.
            let key = wanted.and_then(|entry| Some((entry.key.text.as_ref(), entry.value.as_text()?)));
            let few = key.and_then(|key| by_label.get(&key)).map_or(&[][..], Vec::as_slice);
            let own = term.get("matchLabelKeys").is_some();
            let others = few.iter().take(TAKERS).copied().filter(|_| !own).chain([one]);
            let meant =
                |other: &usize| facts.landings.get(*other).is_some_and(|other| landing.means(term, other));
            pairs.extend(others.filter(meant).map(|other| (one, other)));
        }
    }
    pairs
}

fn labelled<'f>(facts: &'f Facts<'_>) -> BTreeMap<(&'f str, &'f str), Vec<usize>> {
    let mut by_label: BTreeMap<(&str, &str), Vec<usize>> = BTreeMap::new();
    for (index, landing) in facts.landings.iter().enumerate() {
        for entry in landing.labels().map_or(&[][..], Node::entries) {
            if let Some(value) = entry.value.as_text() {
                by_label.entry((&entry.key.text, value)).or_default().push(index);
            }
        }
    }
    by_label
}
