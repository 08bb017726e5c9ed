//! Plain manifests as a stack: the way in for who has a cluster already.
//!
//! In: documents with the files that hold them. Out: [`Imported`], the files of a stack as texts, and what became of each
//! object. Nothing is read or written here.
//!
//! A workload with the Services, claims, ConfigMaps and routes that an app would make becomes an app (`plan`, `app` and the
//! files that it calls); the rest stays in `manifests/`, word for word (`raw`). What is typed is *proved* (`proof`): the
//! stack is compiled, and each object compared with what it was (`settled`: as the cluster would have both). What differs
//! beyond the rows of `allowed` stays raw, and the reason names the fields. So a key that nobody thought of here costs an app
//! its typed form and never changes it.
//!
//! To lift more: a field in the file of its place; the proof needs nothing. To let a difference be: a row in `allowed`, with
//! its reason.
//!
//! What must hold: the stack gives back each object (`tests/import.rs`); no value of a Secret comes into a typed file.

mod allowed;
mod app;
mod container;
mod house;
mod labels;
mod machine;
mod place;
mod plan;
mod port;
mod probe;
mod proof;
mod raw;
mod route;
mod security;
mod service;
mod settled;
mod short;
mod stack_file;
mod volume;
mod workload;
mod world;

use std::collections::BTreeMap;

use crate::finding::Findings;
use crate::kube::{Object, ObjectId};
use crate::source::{FileId, Sources};
use crate::yaml::Node;
use allowed::{ALLOWED, SERVERS_ROW};
use plan::Plan;
use proof::Proven;
use world::World;

/// A file of the input.
#[derive(Debug)]
pub struct Given {
    /// Its path below `manifests/`, where what stays raw will be.
    pub path: String,
    /// The registered file, if its documents are in it as they were written; none if something made them.
    pub file: Option<FileId>,
    /// Its documents.
    pub documents: Vec<Node>,
}

/// What the user says of the stack.
#[derive(Debug)]
pub struct Wish {
    /// The stack's name.
    pub name: String,
    /// The same, where it has to be written, for the stack's folder has another.
    pub own_name: Option<String>,
    /// The k3s release, if it was told.
    pub k3s: Option<String>,
    /// The folder of the schemas by its path from the stack, if there is one.
    pub schema: Option<String>,
}

/// A file of the stack.
#[derive(Debug)]
pub struct Made {
    /// Its path in the stack's folder.
    pub path: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Whether a Secret is in it, so that others may not read it.
    pub secret: bool,
}

/// Objects that became one typed file.
#[derive(Debug)]
pub struct Typed {
    /// The file.
    pub path: String,
    /// The objects, the workload first.
    pub objects: Vec<ObjectId>,
}

/// An object that stays as it is.
#[derive(Debug)]
pub struct Raw {
    /// The object.
    pub id: ObjectId,
    /// The file that holds it.
    pub path: String,
    /// Why.
    pub reason: String,
}

/// A difference between the input and what the stack makes.
#[derive(Debug)]
pub struct Change {
    /// What it is.
    pub what: &'static str,
    /// Why it may be.
    pub why: &'static str,
    /// In how many objects.
    pub objects: usize,
}

/// A stack that gives back what was imported.
#[derive(Debug)]
pub struct Imported {
    /// Its files.
    pub files: Vec<Made>,
    /// What became typed.
    pub typed: Vec<Typed>,
    /// What stays raw.
    pub raw: Vec<Raw>,
    /// In what typed objects differ.
    pub changes: Vec<Change>,
    /// Machines that were among the input.
    pub nodes: usize,
    /// Those of which nobody can tell arm/v6 from arm/v7.
    pub guessed: Vec<String>,
    /// Whether the k3s release is known.
    pub release: bool,
}

impl Made {
    fn text(path: impl Into<String>, text: String) -> Made {
        Made { path: path.into(), bytes: text.into_bytes(), secret: false }
    }
}

/// Makes a stack of manifests. What is wrong with them is told; then there is none.
pub fn import(given: &[Given], wish: &Wish, sources: &Sources, found: &mut Findings) -> Option<Imported> {
    let before = found.errors();
    let world = World::new(given, found);
    if found.errors() > before {
        return None;
    }
    let (plans, proven) = proof::prove(&world, plan::plans(&world, &wish.name), wish, sources);
    Some(Imported { release: stack_file::release(&world, wish).is_some(), ..told(&world, &plans, proven) })
}

fn told(world: &World<'_>, plans: &[Plan], proven: Proven) -> Imported {
    let mut reasons: BTreeMap<usize, String> = proven.reasons;
    for plan in plans {
        let Some(reason) = &plan.raw else { continue };
        let goes_with = format!("it goes with {}, which stays as it is", world.object(plan.workload).id);
        reasons.extend(plan.parts.iter().map(|part| (*part, goes_with.clone())));
        reasons.insert(plan.workload, reason.clone());
    }
    let mut typed = Vec::new();
    for (plan, name) in plans.iter().zip(proven.apps).filter_map(|(plan, name)| Some((plan, name?))) {
        let objects = [&plan.workload].into_iter().chain(&plan.parts).map(|at| world.object(*at).id.clone());
        typed.push(Typed { path: format!("apps/{name}.yaml"), objects: objects.collect() });
    }
    if !proven.shared.is_empty() {
        let objects = proven.shared.iter().map(|at| world.object(*at).id.clone()).collect();
        typed.push(Typed { path: "stack.yaml".to_owned(), objects });
    }
    let raw = proven.raw.into_iter().map(|(at, path)| {
        let object = world.object(at);
        let twice = world.twice.contains(&at).then(|| TWICE.to_owned());
        let told = twice.or_else(|| reasons.remove(&at));
        Raw { id: object.id.clone(), path, reason: told.unwrap_or_else(|| reason(object).to_owned()) }
    });
    let change = |(row, objects): (&usize, &usize)| {
        ALLOWED.get(*row).map(|allowed| Change { what: allowed.what, why: allowed.why, objects: *objects })
    };
    let machines = || world.objects.iter().filter(|object| world::is_machine(object));
    let mut differences = proven.differences;
    differences.extend((!world.trimmed.is_empty()).then_some((SERVERS_ROW, world.trimmed.len())));
    Imported {
        changes: differences.iter().filter_map(change).collect(),
        raw: raw.collect(),
        typed,
        files: proven.files,
        nodes: machines().count(),
        guessed: machines()
            .filter(|node| machine::is_guessed(node))
            .map(|node| node.id.name.clone())
            .collect(),
        release: false,
    }
}

/// Why objects of a kind stay raw that nobody tried.
const REASONS: [(&str, &str); 17] = [
    ("ConfigMap", "not the files of one app, whose ConfigMap is named APP-VOLUME"),
    ("DaemonSet", "an app makes it as apps/v1 alone"),
    ("Deployment", "an app makes it as apps/v1 alone"),
    ("HelmChart", "Helm makes its objects in the cluster"),
    (
        "HelmChartConfig",
        "`ingress:` in stack.yaml would write Traefik's anew: move its values there by hand, if you like",
    ),
    ("Ingress", "routes of apps are Traefik's IngressRoutes, and not the same object"),
    (
        "IngressRoute",
        "its name does not begin with that of the app to which it leads, or it leads to several",
    ),
    (
        "IngressRouteTCP",
        "needs the entry point in `ingress.entryPoints` of stack.yaml, which manifests do not tell",
    ),
    (
        "IngressRouteUDP",
        "needs the entry point in `ingress.entryPoints` of stack.yaml, which manifests do not tell",
    ),
    ("MiddlewareTCP", "goes with an IngressRouteTCP"),
    ("Middleware", "no route that became typed names it"),
    (
        "PersistentVolumeClaim",
        "a Deployment, DaemonSet or CronJob makes those that it alone uses; none does this one",
    ),
    ("Pod", "an app is a workload; nothing would start this pod anew"),
    ("ReplicaSet", "an app is a Deployment, which makes ReplicaSets by itself"),
    ("Secret", "values of Secrets have no place in typed files"),
    ("Service", "no typed app has its selector"),
    ("StatefulSet", "an app makes it as apps/v1 alone"),
];

const TWICE: &str = "it stands in the input more than once";

fn reason(object: &Object) -> &'static str {
    if object.id.kind == "Service" && object.body.at(&["spec", "selector"]).is_none() {
        return "without a selector it leads to no pods of an app";
    }
    let row = REASONS.iter().find(|(kind, _)| *kind == object.id.kind);
    row.map_or("its kind has no typed form", |(_, reason)| reason)
}
