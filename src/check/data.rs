//! What a pod holds that lies on a node, and where. No check itself.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use super::{Facts, Landing};
use crate::kube::Object;
use crate::kube::field::given;
use crate::schedule::matches;
use crate::yaml::Node;

/// Folders of the node that hold no data of a program: sockets, devices, what the system makes anew at its start.
const NO_DATA: [&str; 9] = [
    "/dev",
    "/proc",
    "/sys",
    "/run",
    "/var/run",
    "/tmp",
    "/lib/modules",
    "/etc/localtime",
    "/etc/machine-id",
];

/// Kinds of hostPath that hold none either.
const NO_FOLDER: [&str; 3] = ["Socket", "CharDevice", "BlockDevice"];

/// Something on a node that a pod mounts.
#[derive(Debug)]
pub struct Held<'a> {
    /// The folder, or the claim's name, as written.
    pub what: &'a Node,
    /// The claim, unless it is a folder of the node.
    pub claim: Option<Claim<'a>>,
    /// Which nodes have it.
    pub lies: Lies,
    /// Whether a container may write to it.
    pub writable: bool,
}

/// A claim.
#[derive(Clone, Copy, Debug)]
pub struct Claim<'a> {
    /// Its spec, where it is known.
    pub spec: Option<&'a Node>,
    /// Whether each pod has its own: a StatefulSet's template.
    pub own: bool,
}

/// Where something lies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Lies {
    /// On whichever node the pod runs: each has a folder of its own of that name.
    Everywhere,
    /// On these nodes alone, by their number in the stack: a PersistentVolume says so.
    On(Vec<usize>),
    /// On the node where a pod first used it: k3s' own `local-path` makes it there, and it stays.
    FirstUse,
    /// On no node of its own, or nobody knows.
    Unknown,
}

impl Claim<'_> {
    /// Whether this is all that the claim allows.
    pub(super) fn only(&self, mode: &str) -> bool {
        let modes = self.spec.and_then(|spec| spec.get("accessModes")).map_or(&[][..], Node::items);
        !modes.is_empty() && modes.iter().all(|word| word.as_text() == Some(mode))
    }
}

impl<'a> Landing<'a> {
    /// The numbers of the nodes where its pods may land, seen from what they hold, too.
    pub fn places(&self, held: &[Held<'a>]) -> Vec<usize> {
        let open =
            self.nodes.iter().enumerate().filter(|(_, (_, verdict))| verdict.is_ok()).map(|(index, _)| index);
        open.filter(|node| held.iter().all(|held| held.is_within_reach(*node))).collect()
    }
}

impl Held<'_> {
    /// Whether a pod on this node can have it.
    pub fn is_within_reach(&self, node: usize) -> bool {
        match &self.lies {
            Lies::On(nodes) => nodes.contains(&node),
            _ => true,
        }
    }
}

/// What a workload's pods hold.
pub(super) fn held<'a>(facts: &Facts<'a>, landing: &Landing<'a>) -> Vec<Held<'a>> {
    let written = OnceCell::new();
    let written = || written.get_or_init(|| self::written(landing));
    let volumes = landing.pod.spec.get("volumes").map_or(&[][..], Node::items).iter();
    let templates = landing.object.body.at(&["spec", "volumeClaimTemplates"]).map_or(&[][..], Node::items);
    let volumes = volumes.filter_map(|volume| {
        let held = of_folder(volume).or_else(|| of_claim(facts, landing, volume))?;
        let writable = held.writable && written().contains(volume.text_at(&["name"])?);
        Some(Held { writable, ..held })
    });
    let templates = templates.iter().filter_map(|template| {
        let held = of_template(facts, template)?;
        Some(Held { writable: written().contains(held.what.as_text()?), ..held })
    });
    volumes.chain(templates).collect()
}

fn of_folder(volume: &Node) -> Option<Held<'_>> {
    let folder = volume.get("hostPath").filter(|folder| is_data(folder))?;
    Some(Held { what: folder.get("path")?, claim: None, lies: Lies::Everywhere, writable: true })
}

fn of_claim<'a>(facts: &Facts<'a>, landing: &Landing<'a>, volume: &'a Node) -> Option<Held<'a>> {
    let source = volume.get("persistentVolumeClaim")?;
    let what = source.get("claimName")?;
    let namespace = landing.object.id.namespace.as_deref();
    let found = facts.find("PersistentVolumeClaim", namespace, what.as_text()?);
    let claim = found.and_then(|claim| given(&claim.body, "spec"));
    let (what, lies) = lies(facts, landing, what, claim);
    let writable = source.get("readOnly").and_then(Node::as_bool) != Some(true);
    Some(Held { what, claim: Some(Claim { spec: claim, own: false }), lies, writable })
}

fn of_template<'a>(facts: &Facts<'a>, template: &'a Node) -> Option<Held<'a>> {
    let what = template.at(&["metadata", "name"])?;
    let claim = given(template, "spec");
    let local = claim.is_some_and(|spec| is_local_path(facts, spec));
    let lies = if local { Lies::FirstUse } else { Lies::Unknown };
    Some(Held { what, claim: Some(Claim { spec: claim, own: true }), lies, writable: true })
}

fn is_data(folder: &Node) -> bool {
    let Some(path) = folder.text_at(&["path"]) else { return false };
    let below =
        |root: &str| path.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    !NO_DATA.iter().any(|root| below(root))
        && folder.text_at(&["type"]).is_none_or(|kind| !NO_FOLDER.contains(&kind))
}

/// The volumes that some container mounts so that it can write.
fn written<'a>(landing: &Landing<'a>) -> BTreeSet<&'a str> {
    let mounts = landing.pod.containers().flat_map(|container| {
        let list = |key: &str| container.node.get(key).map_or(&[][..], Node::items).iter();
        list("volumeMounts").chain(list("volumeDevices"))
    });
    let written = mounts.filter(|mount| mount.get("readOnly").and_then(Node::as_bool) != Some(true));
    written.filter_map(|mount| mount.text_at(&["name"])).collect()
}

/// Where a claim's data lies; for a PersistentVolume that is a folder, that folder.
fn lies<'a>(
    facts: &Facts<'a>,
    landing: &Landing<'a>,
    name: &'a Node,
    claim: Option<&'a Node>,
) -> (&'a Node, Lies) {
    let Some(spec) = claim else { return (name, Lies::Unknown) };
    let volumes = volumes(facts, landing, name.as_text().unwrap_or_default(), spec);
    if let [first, ..] = volumes.as_slice() {
        let required = |volume: &&Object| volume.body.at(&["spec", "nodeAffinity", "required"]).is_none();
        if !volumes.iter().any(required) {
            return (name, Lies::On(nodes(facts, &volumes)));
        }
        // Of several that the claim may be bound to, each is a folder of every node.
        let folders = volumes.iter().all(|volume| volume.body.at(&["spec", "hostPath"]).is_some_and(is_data));
        let folder = first.body.at(&["spec", "hostPath"]).filter(|_| folders);
        return match folder.and_then(|folder| folder.get("path")) {
            Some(path) => (path, Lies::Everywhere),
            None => (name, Lies::Unknown),
        };
    }
    (name, if is_local_path(facts, spec) { Lies::FirstUse } else { Lies::Unknown })
}

fn nodes(facts: &Facts<'_>, volumes: &[&Object]) -> Vec<usize> {
    let holds = |volume: &&Object, index: usize| {
        let required = volume.body.at(&["spec", "nodeAffinity", "required"]);
        let machine = facts.stack.nodes.get(index).map(|node| &node.machine);
        required.zip(machine).is_some_and(|(required, machine)| matches(required, machine))
    };
    (0..facts.stack.nodes.len()).filter(|index| volumes.iter().any(|volume| holds(volume, *index))).collect()
}

/// The PersistentVolumes that a claim may be bound to, where they are known: the one that it names, the one that names it,
/// else all of a class that nothing provisions.
fn volumes<'a>(facts: &Facts<'a>, landing: &Landing<'a>, name: &str, spec: &Node) -> Vec<&'a Object> {
    if let Some(wanted) = spec.text_at(&["volumeName"]) {
        return facts.find("PersistentVolume", None, wanted).into_iter().collect();
    }
    let mut all = facts.of_kind("PersistentVolume").peekable();
    if all.peek().is_none() {
        return Vec::new();
    }
    let all: Vec<&Object> = all.collect();
    let names_it = |volume: &&&Object| {
        let of = |key: &str| volume.body.text_at(&["spec", "claimRef", key]);
        of("name") == Some(name) && of("namespace") == landing.object.id.namespace.as_deref()
    };
    if let Some(own) = all.iter().find(names_it) {
        return vec![*own];
    }
    let class = spec.text_at(&["storageClassName"]);
    let free = |volume: &&Object| {
        volume.body.at(&["spec", "claimRef"]).is_none()
            && volume.body.text_at(&["spec", "storageClassName"]) == class
    };
    let Some(class) = class else { return Vec::new() };
    let free: Vec<&Object> = all.into_iter().filter(free).collect();
    // Of another class more may be made, but what is there is bound first; a folder of any node binds to none.
    let is_folder = |volume: &&Object| {
        volume.body.at(&["spec", "hostPath"]).is_some() && volume.body.at(&["spec", "nodeAffinity"]).is_none()
    };
    if is_static(facts, class) || free.iter().all(is_folder) { free } else { Vec::new() }
}

/// Whether volumes of a class are made by hand: the empty one, and those of the stack that say so.
fn is_static(facts: &Facts<'_>, class: &str) -> bool {
    let provisioner =
        |class: &Object| class.body.text_at(&["provisioner"]) == Some("kubernetes.io/no-provisioner");
    class.is_empty() || facts.find("StorageClass", None, class).is_some_and(provisioner)
}

/// Whether k3s' own provisioner makes the volume: its class is named, or it is the only one that there is.
pub(super) fn is_local_path(facts: &Facts<'_>, spec: &Node) -> bool {
    let own = |class: &Object| class.body.text_at(&["provisioner"]) == Some("rancher.io/local-path");
    match spec.get("storageClassName").map(Node::as_text) {
        Some(Some("local-path")) => facts.find("StorageClass", None, "local-path").is_none_or(own),
        Some(Some(name)) => facts.find("StorageClass", None, name).is_some_and(own),
        _ => {
            let elsewhere = facts.stack.external.iter().any(|other| other.kind == "StorageClass");
            let other = facts.of_kind("StorageClass").any(|class| !own(class));
            facts.stack.disables("local-storage").is_none() && !elsewhere && !other
        }
    }
}

/// Names of nodes, as sentences list them.
pub(super) fn names(facts: &Facts<'_>, nodes: impl IntoIterator<Item = usize>) -> String {
    let nodes: BTreeSet<usize> = nodes.into_iter().collect();
    let names =
        nodes.iter().filter_map(|node| facts.stack.nodes.get(*node)).map(|node| node.name.value.as_str());
    names.collect::<Vec<_>>().join(", ")
}
