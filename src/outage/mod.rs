//! What stops when a node dies.
//!
//! In: [`Facts`] and a node. Out: an [`Outage`]: which workloads stop and which move, which data is out of reach, which
//! names of routes answer no more, whether what is left of the cluster has room for the rest.
//!
//! What must hold: what is only possible (a claim of k3s' local-path lies on the node where its pod first ran, and nobody
//! wrote down which) is told as possible, never as certain.

mod names;

pub use names::{Dark, Gone};

use crate::check::{Facts, Held, Landing, Lies, Said};
use crate::schedule::{Fit, outstays_its_node};
use crate::stack::ClusterNode;

/// One node, dead.
pub struct Outage<'a> {
    /// The node.
    pub node: &'a ClusterNode,
    /// Why nobody moves pods any more, if that is so.
    pub control: Option<&'static str>,
    /// Workloads that may run there, in the stack's order.
    pub workloads: Vec<Workload<'a>>,
    /// Data that lies there.
    pub data: Vec<Data<'a>>,
    /// Names that answer no more.
    pub names: Vec<Dark>,
    /// What should be done about DNS, if anything.
    pub doors: Option<String>,
    /// Whether the rest fits the other nodes.
    pub rest: Rest,
}

/// A workload that may run on a node that dies.
pub struct Workload<'a> {
    /// `Deployment default/minio`.
    pub name: String,
    /// What becomes of it.
    pub fate: Fate,
    /// The other nodes where it may land.
    pub others: Vec<&'a ClusterNode>,
    /// Why it does not move, or what it needs to.
    pub why: Option<String>,
}

/// What becomes of a workload.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fate {
    /// It has no other node.
    Stops,
    /// It stops, if it runs there.
    MayStop,
    /// It starts anew on another node.
    Moves,
}

/// Data on a node that dies.
pub struct Data<'a> {
    /// The folder, or the claim's name.
    pub what: &'a str,
    /// Whether it is a claim.
    pub claim: bool,
    /// Whose it is, each as `Deployment default/minio`.
    pub of: Vec<String>,
    /// The claim's namespace, unless each pod has its own.
    shared: Option<&'a str>,
    /// Whether it lies there for sure.
    pub certain: bool,
}

/// Whether what is left has room for the rest.
pub enum Rest {
    /// It has.
    Fits,
    /// It has not: why, and who asks for how much.
    Cannot(String, Vec<String>),
    /// There is no other node.
    Alone,
    /// All pods do not fit even the whole cluster.
    NeverDid,
    /// That was not found out.
    Unknown,
}

impl Fate {
    /// As tables and JSON name it.
    pub fn word(self) -> &'static str {
        match self {
            Fate::Stops => "stops",
            Fate::MayStop => "may-stop",
            Fate::Moves => "moves",
        }
    }
}

/// What happens when the node with this number dies.
pub fn outage<'a>(facts: &Facts<'a>, down: usize) -> Option<Outage<'a>> {
    let node = facts.stack.nodes.get(down)?;
    let control = control(facts, down);
    let mut workloads = Vec::new();
    let mut data = Vec::new();
    for (landing, held) in facts.held().filter(|(landing, _)| landing.readable) {
        let places = landing.places(held);
        if places.contains(&down) {
            workloads.extend(workload(facts, landing, held, (&places, down), control));
            for lost in held.iter().filter_map(|held| lost(landing, held, &places, down)) {
                add(&mut data, lost);
            }
        }
    }
    let fate =
        |name: &str| workloads.iter().find(|workload| workload.name == name).map(|workload| workload.fate);
    let (names, doors) = names::dark(facts, node, &fate);
    let rest = if facts.stack.nodes.len() > 1 { rest(facts, down) } else { Rest::Alone };
    Some(Outage { node, control, workloads, data, names, doors, rest })
}

/// Whether the API server goes with it: what runs goes on then, but nothing is started anew elsewhere.
fn control(facts: &Facts<'_>, down: usize) -> Option<&'static str> {
    let with = |roles: &[&str]| -> Vec<usize> {
        let nodes = facts.stack.nodes.iter().enumerate();
        let has = |node: &ClusterNode| node.roles.iter().any(|role| roles.contains(&role.as_str()));
        nodes.filter(|(_, node)| has(node)).map(|(index, _)| index).collect()
    };
    let (servers, members) = (with(&["control-plane", "master"]), with(&["etcd"]));
    if servers == [down] {
        return Some(
            "it is the only server: what runs elsewhere goes on, but nothing is moved or changed until it is back",
        );
    }
    // A majority of all members decides.
    let left = members.len().saturating_sub(1);
    let majority = members.len().checked_div(2).unwrap_or(0).saturating_add(1);
    (members.contains(&down) && left < majority)
        .then_some("etcd loses its majority: what runs elsewhere goes on, but nothing is moved or changed until it is back")
}

fn workload<'a>(
    facts: &Facts<'a>,
    landing: &Landing<'a>,
    held: &[Held<'a>],
    (places, down): (&[usize], usize),
    control: Option<&'static str>,
) -> Option<Workload<'a>> {
    let others: Vec<&ClusterNode> =
        places.iter().filter(|node| **node != down).filter_map(|node| facts.stack.nodes.get(*node)).collect();
    // The other pods of a DaemonSet go on.
    if landing.pod.is_daemon_set() && !others.is_empty() {
        return None;
    }
    let open = landing.open().count();
    let tied = held.iter().find(|held| held.lies == Lies::FirstUse);
    let folder = held.iter().find(|held| held.writable && held.lies == Lies::Everywhere);
    let text = |held: &Held<'_>| held.what.as_text().unwrap_or_default().to_owned();
    let (fate, why) = match (others.is_empty(), tied, folder) {
        (true, ..) if open > 1 => (Fate::Stops, Some("its volume lies there".to_owned())),
        (true, ..) => (Fate::Stops, None),
        (false, ..) if control.is_some() => (Fate::MayStop, Some("nobody moves it".to_owned())),
        (false, ..) if stays(landing).is_some() => (Fate::MayStop, stays(landing).map(str::to_owned)),
        (_, Some(held), _) => {
            (Fate::MayStop, Some(format!("if `{}` lies there: local-path binds it to one node", text(held))))
        }
        (.., Some(held)) => (Fate::Moves, Some(format!("without what is in {}", text(held)))),
        _ => (Fate::Moves, None),
    };
    Some(Workload { name: landing.object.id.to_string(), fate, others, why })
}

/// Why nobody starts a pod anew elsewhere, though it might run there.
fn stays(landing: &Landing<'_>) -> Option<&'static str> {
    match landing.object.id.kind.as_str() {
        "Pod" => Some("a Pod by itself is not made anew"),
        "StatefulSet" => {
            Some("a StatefulSet waits for its pod until the Node object is deleted: kubectl delete node")
        }
        _ if outstays_its_node(&landing.pod) => Some(
            "its tolerations keep it on the dead node until the Node object is deleted: kubectl delete node",
        ),
        _ => None,
    }
}

fn lost<'a>(landing: &Landing<'a>, held: &Held<'a>, places: &[usize], down: usize) -> Option<Data<'a>> {
    let certain = match &held.lies {
        Lies::Everywhere | Lies::FirstUse => places == [down] || landing.pod.is_daemon_set(),
        Lies::On(nodes) => nodes.as_slice() == [down],
        Lies::Unknown => return None,
    };
    // What is only read is another's, or can be had again.
    if !held.writable && held.lies == Lies::Everywhere {
        return None;
    }
    let what = held.what.as_text()?;
    let shared = held.claim.filter(|claim| !claim.own).and(landing.object.id.namespace.as_deref());
    Some(Data { what, claim: held.claim.is_some(), of: vec![landing.object.id.to_string()], shared, certain })
}

/// A claim that several workloads use is lost once.
fn add<'a>(data: &mut Vec<Data<'a>>, lost: Data<'a>) {
    let same = |other: &&mut Data<'_>| {
        lost.shared.is_some() && (other.what, other.shared) == (lost.what, lost.shared)
    };
    match data.iter_mut().find(same) {
        Some(other) => {
            other.of.extend(lost.of);
            other.certain |= lost.certain;
        }
        None => data.push(lost),
    }
}

fn rest(facts: &Facts<'_>, down: usize) -> Rest {
    let crowd = facts.crowd();
    if let Fit::Cannot(_) = crowd.fit() {
        return Rest::NeverDid;
    }
    let mut packing = crowd.packing.clone();
    for group in &mut packing.groups {
        group.nodes.retain(|node| *node != down);
    }
    match packing.fit() {
        Fit::Fits(_) => Rest::Fits,
        Fit::Unknown => Rest::Unknown,
        Fit::Cannot(tight) => {
            let said = Said::of(&tight, &packing, crowd, facts);
            Rest::Cannot(said.message, said.notes)
        }
    }
}

/// Nodes that do not say what they have: the answer on room counts them as endless.
pub fn unsaid<'a>(facts: &Facts<'a>) -> Vec<&'a ClusterNode> {
    facts.stack.nodes.iter().filter(|node| node.has.iter().any(Option::is_none)).collect()
}
