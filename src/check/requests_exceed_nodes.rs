//! Pods that ask for more than there is: one for more than any node has, or all of them for more than fits.

use std::collections::BTreeSet;

use super::crowd::{Crowd, Member};
use super::data::names;
use super::{Facts, host_port_taken, replicas_exceed_nodes};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::{COUNTED, amount};
use crate::schedule::{Amounts, By, Fit, Group, Packing, Tight};

/// Requests that the nodes cannot meet.
pub static CODE: Code = Code {
    name: "requests-exceed-nodes",
    severity: Severity::Error,
    page: Page {
        about: "The scheduler gives a pod a node that still has the cpu and memory it asks for (`requests`; without them, its\n\
                `limits`). This one asks for more than any node has where it may land, or all pods together do not fit\n\
                their nodes: then some stay Pending. Nodes' `cpu` and `memory` are as stack.yaml says; what k3s' CoreDNS\n\
                asks for is counted, too. That all fit is shown by a placement, that they do not by a proof; where neither\n\
                is found in time, nothing is told.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64, cpu: 2, memory: 2Gi}\n\
              platforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nresources: {memory: 3Gi}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64, cpu: 2, memory: 2Gi}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nresources: {memory: 3Gi, requests: {memory: 512Mi}}\n",
    },
};

/// Jobs for which a place is sought beside all that stays.
const PASSING: usize = 64;

/// Pods that a finding lists.
const LISTED: usize = 6;

/// Tells what is too large for its nodes, then what is too much for them together.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let crowd = facts.crowd();
    if !crowd.is_bounded() {
        return;
    }
    let mut packing = crowd.packing.clone();
    // What is told of ports alone is not told again.
    if found.has(&host_port_taken::CODE) || found.has(&replicas_exceed_nodes::CODE) {
        packing.apart.clear();
    }
    for (member, group) in crowd.members.iter().zip(&mut packing.groups) {
        if let Some(finding) = too_large(member, group, &crowd.packing.rooms, facts) {
            found.push(finding);
            group.nodes.clear();
        }
    }
    let fit = packing.fit();
    if let Fit::Cannot(tight) = &fit {
        found.push(too_much(tight, &packing, crowd, facts));
    }
    let left = if let Fit::Fits(left) = fit { Some(left) } else { None };
    passing(crowd, &packing, left.as_deref(), facts, found);
}

/// Nodes of a group that one of its pods would not fit, were it alone there.
fn too_small(group: &Group, rooms: &[Amounts]) -> Vec<usize> {
    let exceeds = |node: &usize| {
        rooms.get(*node).is_some_and(|room| group.asks.iter().zip(room).any(|(asked, has)| asked > has))
    };
    group.nodes.iter().copied().filter(exceeds).collect()
}

fn too_large(member: &Member, group: &Group, rooms: &[Amounts], facts: &Facts<'_>) -> Option<Finding> {
    let small = too_small(group, rooms);
    let enough = if group.each { small.is_empty() } else { small.len() < group.nodes.len() };
    if enough || group.nodes.is_empty() || (group.count == 0 && !group.each) {
        return None;
    }
    // What most of them have too little of.
    let lacks = |counted: &usize| {
        let asked = group.asks.get(*counted).copied().unwrap_or_default();
        small.iter().filter(|node| rooms.get(**node).and_then(|room| room.get(*counted)).is_some_and(|has| asked > *has)).count()
    };
    let counted = (0..COUNTED.len()).max_by_key(lacks)?;
    // Each of them may have enough of one and too little of the other.
    let both = lacks(&counted) < small.len();
    let ask = member.asks.get(counted)?;
    let landing = member.landing(facts)?;
    let id = &landing.object.id;
    let asked = if both {
        let all = member.asks.iter().zip(COUNTED).enumerate();
        let all: Vec<String> =
            all.map(|(counted, (ask, name))| format!("{} of {name}", amount(counted, ask.amount))).collect();
        all.join(" and ")
    } else {
        format!("{} of {}", amount(counted, ask.amount), COUNTED.get(counted)?)
    };
    let message = match (small.len(), group.nodes.len()) {
        (_, 1) => format!("{id} asks for {asked}, and its only node has less"),
        (some, all) if some < all => format!("{id} asks for {asked} on each of its nodes, and {} has less", names(facts, small.iter().copied())),
        _ if both => format!("{id} asks for {asked}, and no node has both where it may land"),
        _ => format!("{id} asks for {asked}, and no node has that where it may land"),
    };
    let mut finding = Finding::new(&CODE, ask.span.unwrap_or(landing.object.place()), message).label("asked for here");
    for node in small.iter().filter_map(|node| facts.stack.nodes.get(*node)).take(LISTED) {
        let scarce = |counted: &usize| {
            let asked = group.asks.get(*counted).copied().unwrap_or_default();
            node.has.get(*counted).copied().flatten().is_some_and(|(has, _)| asked > has)
        };
        let counted = (0..COUNTED.len()).find(scarce).unwrap_or(counted);
        finding = match node.has.get(counted).copied().flatten() {
            Some((has, span)) => finding.also(span, format!("{} has {}", node.name.value, amount(counted, has))),
            None => finding,
        };
    }
    let stays = if group.each { "its pod there stays Pending" } else { "its pods stay Pending" };
    Some(finding.note(stays).help("ask for less (`requests`), or let it land on a larger node"))
}

/// What a set of pods asks for and what its nodes have, and who asks for most.
fn too_much(tight: &Tight, packing: &Packing, crowd: &Crowd, facts: &Facts<'_>) -> Finding {
    let said = Said::of(tight, packing, crowd, facts);
    let landing = |index: &usize| crowd.members.get(*index)?.landing(facts);
    let rule = said.groups.iter().filter_map(landing).find_map(|landing| Some(landing.avoids().next()?.1.span));
    let rule = rule.filter(|_| tight.by == By::Apart);
    let asked_at = |index: &usize| crowd.members.get(*index)?.asks.get(said.counted)?.span;
    let place = || said.groups.iter().find_map(landing).map(|landing| landing.object.place());
    let span = rule.or_else(|| said.groups.iter().find_map(asked_at)).or_else(place).unwrap_or(facts.stack.span);
    let code = if tight.by == By::Apart { &replicas_exceed_nodes::CODE } else { &CODE };
    let finding = said.notes.into_iter().fold(Finding::new(code, span, said.message), Finding::note);
    finding.help("ask for less (`requests`), run fewer, or let some land on other nodes")
}

/// A proof in words.
pub struct Said {
    /// What does not fit.
    pub message: String,
    /// Who asks for how much, and what the nodes have.
    pub notes: Vec<String>,
    /// Its groups, those that ask for most first.
    groups: Vec<usize>,
    /// What is counted.
    counted: usize,
}

impl Said {
    /// The words for a proof about a packing of the crowd's groups.
    pub fn of(tight: &Tight, packing: &Packing, crowd: &Crowd, facts: &Facts<'_>) -> Said {
        let on: BTreeSet<usize> = tight.nodes.iter().copied().collect();
        let pods = |index: usize| {
            let group = packing.groups.get(index);
            group.map_or(0, |group| if group.each { group.nodes.iter().filter(|node| on.contains(node)).count() } else { group.count })
        };
        let counted = match tight.by {
            By::Amount(counted) => counted,
            By::Apart | By::Pieces => 1,
        };
        let member = |index: &usize| crowd.members.get(*index);
        let ask = |index: &usize| member(index).and_then(|member| member.asks.get(counted)).map_or(0, |ask| ask.amount);
        let mut groups = tight.groups.clone();
        groups.sort_by_key(|index| (std::cmp::Reverse(ask(index)), *index));
        let mut notes: Vec<String> = groups
            .iter()
            .take(LISTED)
            .filter_map(|index| Some(line(member(index)?, pods(*index), packing.groups.get(*index), facts)))
            .collect();
        if groups.len() > LISTED {
            notes.push(format!("and {} more", groups.len().saturating_sub(LISTED)));
        }
        let tight_nodes = tight.nodes.iter().filter_map(|node| facts.stack.nodes.get(*node));
        notes.extend(tight_nodes.take(LISTED).filter_map(|node| {
            let has = |counted: usize| node.has.get(counted).copied().flatten().map(|(has, _)| amount(counted, has));
            let has = (0..2).filter_map(|counted| Some(format!("{} {}", has(counted)?, COUNTED.get(counted)?)));
            let has: Vec<String> = has.collect();
            (!has.is_empty()).then(|| format!("{} has {}", node.name.value, has.join(", ")))
        }));
        let message = message(tight, packing, facts, &|index| (pods(index), ask(&index)));
        Said { message, notes, groups, counted }
    }
}

/// `Deployment default/web: 3 pods of 500m cpu, 1Gi memory`.
fn line(member: &Member, pods: usize, group: Option<&Group>, facts: &Facts<'_>) -> String {
    let asks = group.map_or([0; 2], |group| group.asks);
    let asked = asks.iter().zip(COUNTED).enumerate().filter(|(_, (asked, _))| **asked > 0);
    let asked: Vec<String> = asked.map(|(counted, (asked, name))| format!("{} {name}", amount(counted, *asked))).collect();
    let pods = if pods == 1 { "1 pod".to_owned() } else { format!("{pods} pods") };
    let of = if asked.is_empty() { String::new() } else { format!(" of {}", asked.join(", ")) };
    format!("{}: {pods}{of}", member.name(facts))
}

fn message(tight: &Tight, packing: &Packing, facts: &Facts<'_>, of: &dyn Fn(usize) -> (usize, u64)) -> String {
    let on = names(facts, tight.nodes.iter().copied());
    let all = tight.nodes.len() == facts.stack.nodes.len();
    let who = if all { "all pods together".to_owned() } else { format!("the pods that may land on {on} alone") };
    match tight.by {
        By::Amount(counted) => {
            let part = |index: &usize| {
                let (pods, asked) = of(*index);
                u64::try_from(pods).unwrap_or(u64::MAX).saturating_mul(asked)
            };
            let asked = tight.groups.iter().map(part).fold(0, u64::saturating_add);
            let rooms = tight.nodes.iter().filter_map(|node| packing.rooms.get(*node)?.get(counted).copied());
            let has = rooms.fold(0, u64::saturating_add);
            let have = if tight.nodes.len() == 1 { "the node has" } else { "the nodes have" };
            let name = COUNTED.get(counted).copied().unwrap_or_default();
            format!("{who} ask for {} of {name}, and {have} {}", amount(counted, asked), amount(counted, has))
        }
        By::Apart => format!("pods that never share a node are more than the nodes where they may land: {on}"),
        By::Pieces => format!("{who} find no place: what they ask for is there in sum, but not in the pieces that they need"),
    }
}

/// What comes and goes has to fit beside all that stays.
fn passing(crowd: &Crowd, packing: &Packing, left: Option<&[Amounts]>, facts: &Facts<'_>, found: &mut Findings) {
    for (member, group) in &crowd.passing {
        if let Some(finding) = too_large(member, group, &packing.rooms, facts) {
            found.push(finding);
        }
    }
    let Some(left) = left else { return };
    let fits = |group: &Group, has: &[Amounts]| too_small(group, has).len() < group.nodes.len();
    let alone = |group: &Group| fits(group, &packing.rooms) && !fits(group, left);
    for (member, group) in crowd.passing.iter().filter(|(_, group)| alone(group)).take(PASSING) {
        let mut with = packing.clone();
        with.groups.push(group.clone());
        let Some(landing) = member.landing(facts) else { continue };
        if let Fit::Cannot(_) = with.fit() {
            let asked = member.asks.iter().find_map(|ask| ask.span).unwrap_or(landing.object.place());
            found.push(
                Finding::new(&CODE, asked, format!("{} finds no room as long as all else runs", landing.object.id))
                    .weighs(Severity::Warning)
                    .note(line(member, 1, Some(group), facts))
                    .note(format!("it may land on {}", names(facts, group.nodes.iter().copied())))
                    .help("ask for less (`requests`), or let it land on other nodes"),
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    const NODES: &str = "nodes: {alpha: {arch: amd64, cpu: 4, memory: 4Gi}, beta: {arch: amd64, cpu: 2, memory: 2Gi}}";

    fn workload(kind: &str, name: &str, replicas: usize, requests: &str, spec: &str) -> String {
        let api = if kind == "Job" { "batch/v1" } else { "apps/v1" };
        format!(
            "apiVersion: {api}\nkind: {kind}\nmetadata: {{name: {name}}}\nspec:\n  replicas: {replicas}\n  template:\n    spec:\n      \
             containers: [{{name: web, image: 'registry.example/web:1.0', resources: {{requests: {{{requests}}}}}}}]\n{spec}---\n"
        )
    }

    fn deployment(name: &str, replicas: usize, requests: &str, spec: &str) -> String {
        workload("Deployment", name, replicas, requests, spec)
    }

    fn messages(manifest: &str) -> Vec<String> {
        told(super::run, NODES, manifest)
    }

    #[test]
    fn one_pod_alone() {
        let large = ["5Gi: Deployment default/a asks for 5Gi of memory, and no node has that where it may land"];
        assert_eq!(messages(&deployment("a", 1, "memory: 5Gi", "")), large);
        assert_eq!(messages(&deployment("a", 0, "memory: 5Gi", "")), [""; 0]);
        let crossed = "nodes: {alpha: {arch: amd64, cpu: 1, memory: 8Gi}, beta: {arch: amd64, cpu: 8, memory: 1Gi}}";
        let both = told(super::run, crossed, &deployment("a", 1, "cpu: 2, memory: 2Gi", ""));
        assert_eq!(both, ["2Gi: Deployment default/a asks for 2 of cpu and 2Gi of memory, and no node has both where it may land"]);
        assert_eq!(messages(&deployment("a", 1, "memory: 3Gi", "")), [""; 0]);
        let beta = "      nodeName: beta\n";
        let only = ["3: Deployment default/a asks for 3 of cpu, and its only node has less"];
        assert_eq!(messages(&deployment("a", 1, "cpu: 3", beta)), only);
        let each = ["3Gi: DaemonSet default/a asks for 3Gi of memory on each of its nodes, and beta has less"];
        assert_eq!(messages(&workload("DaemonSet", "a", 1, "memory: 3Gi", "")), each);
        assert_eq!(messages(&workload("Job", "a", 1, "memory: 5Gi", "")).len(), 1);
        assert_eq!(told(super::run, "", &deployment("a", 1, "memory: 5Ti", "")), [""; 0], "nodes that say nothing");
    }

    #[test]
    fn all_together() {
        let sum = ["3Gi: all pods together ask for 6214Mi of memory, and the nodes have 6Gi"];
        assert_eq!(messages(&(deployment("a", 1, "memory: 3Gi", "") + &deployment("b", 3, "memory: 1Gi", ""))), sum);
        let pieces = deployment("a", 1, "memory: 2500Mi", "") + &deployment("b", 2, "memory: 1600Mi", "");
        assert_eq!(
            messages(&pieces),
            ["2500Mi: all pods together find no place: what they ask for is there in sum, but not in the pieces that they need"]
        );
        let beta = "      nodeName: beta\n";
        let there = deployment("a", 3, "memory: 1Gi", beta);
        assert_eq!(messages(&there), ["1Gi: the pods that may land on beta alone ask for 3Gi of memory, and the node has 2Gi"]);
        assert_eq!(messages(&deployment("a", 2, "memory: 1Gi", beta)), [""; 0]);
        let everywhere = workload("DaemonSet", "c", 1, "memory: 1Gi", "");
        assert_eq!(messages(&(deployment("a", 2, "memory: 1Gi", beta) + &everywhere)).len(), 1);
    }

    #[test]
    fn what_k3s_itself_asks_for() {
        let one = "nodes: {alpha: {arch: amd64, cpu: 1}}";
        let all = deployment("a", 1, "cpu: 1", "");
        assert_eq!(told(super::run, one, &all), ["1: all pods together ask for 1100m of cpu, and the node has 1"]);
        let without = format!("{one}\nk3s: {{version: v1.37.1+k3s1, disable: [coredns]}}");
        assert_eq!(told(super::run, &without, &all), [""; 0]);
    }

    #[test]
    fn what_comes_and_goes() {
        let stays = deployment("a", 1, "memory: 3Gi", "      nodeName: alpha\n");
        let job = |memory: &str| workload("Job", "b", 1, memory, "      nodeName: alpha\n");
        assert_eq!(messages(&(stays.clone() + &job("memory: 900Mi"))), [""; 0]);
        let room = ["2Gi: Job default/b finds no room as long as all else runs"];
        assert_eq!(messages(&(stays + &job("memory: 2Gi"))), room);
        assert_eq!(messages(&(job("memory: 3Gi") + &job("memory: 3Gi").replace("name: b", "name: c"))), [""; 0], "one after the other");
    }

    #[test]
    fn replicas_that_something_else_counts() {
        let scaler = "apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: {name: a}\nspec: {minReplicas: 1, scaleTargetRef: {kind: Deployment, name: a}}\n---\n";
        let many = deployment("a", 9, "memory: 1Gi", "");
        assert_eq!(messages(&many).len(), 1);
        assert_eq!(messages(&(many + scaler)), [""; 0]);
    }

    #[test]
    fn pods_that_keep_away_from_each_other() {
        let away = "      affinity: {podAntiAffinity: {requiredDuringSchedulingIgnoredDuringExecution: [{topologyKey: kubernetes.io/hostname, \
                    labelSelector: {matchLabels: {tier: front}}}]}}\n      nodeName: beta\n";
        let labelled = deployment("a", 1, "cpu: 1m", "      nodeName: beta\n").replace("template:\n", "template:\n    metadata: {labels: {tier: front}}\n");
        let manifest = labelled.clone() + &deployment("b", 1, "cpu: 1m", away);
        assert_eq!(messages(&manifest), ["{topologyKey: kubernetes.io/hostname, labelSelector: {matchLabels: {tier: front}}}: pods that never share a node are more than the nodes where they may land: beta"]);
        assert_eq!(messages(&(labelled + &deployment("b", 1, "cpu: 1m", &away.replace("beta", "alpha")))), [""; 0]);
    }
}
