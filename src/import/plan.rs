//! What could become one app: a workload, and the objects beside it that an app makes as well.

use std::collections::{BTreeMap, BTreeSet};

use super::TWICE;
use super::labels::standard;
use super::world::World;
use crate::kinds;
use crate::kube::{Object, Pod};
use crate::stack::role_label;
use crate::yaml::Node;

/// Kinds of workload that an app can be.
const WORKLOADS: [&str; 5] = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"];

/// An app, until the proof has failed.
pub(super) struct Plan {
    /// The workload.
    pub(super) workload: usize,
    /// Other objects that the app would make.
    pub(super) parts: Vec<usize>,
    /// Why it stays as it is.
    pub(super) raw: Option<String>,
}

/// Why something has no typed form.
pub(super) struct Misfit {
    /// The object beside the workload that has none; else the workload itself.
    pub(super) part: Option<usize>,
    /// In a user's words.
    pub(super) reason: String,
}

impl Misfit {
    /// The workload has none.
    pub(super) fn whole(reason: impl Into<String>) -> Misfit {
        Misfit { part: None, reason: reason.into() }
    }

    /// One of the objects beside it has none.
    pub(super) fn part(part: usize, reason: impl Into<String>) -> Misfit {
        Misfit { part: Some(part), reason: reason.into() }
    }
}

impl Plan {
    /// The objects of a kind among its parts.
    pub(super) fn of<'w>(&self, kind: &str, world: &'w World<'_>) -> Vec<(usize, &'w Object)> {
        let parts = self.parts.iter().map(|at| (*at, world.object(*at)));
        parts.filter(|(_, object)| object.id.kind == kind).collect()
    }
}

/// A plan for each workload.
pub(super) fn plans(world: &World<'_>, stack: &str) -> Vec<Plan> {
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    let mut taken: BTreeSet<usize> = BTreeSet::new();
    let mut plans = Vec::new();
    for (at, object) in world.kept().filter(|(_, object)| is_workload(object)) {
        let mut plan = Plan { workload: at, parts: Vec::new(), raw: unfit(object, at, world, stack) };
        let other = names.get(object.id.name.as_str()).filter(|_| plan.raw.is_none());
        if let Some(other) = other {
            plan.raw = Some(format!("{other} is the app `{}`: an app's name is its file's", object.id.name));
        }
        if plan.raw.is_none() {
            names.insert(&object.id.name, object.id.to_string());
            plan.parts = parts(object, at, world);
            plan.parts.retain(|part| !taken.contains(part) && !world.twice.contains(part));
            taken.extend(&plan.parts);
        }
        plans.push(plan);
    }
    plans
}

fn is_workload(object: &Object) -> bool {
    WORKLOADS.contains(&object.id.kind.as_str()) && Pod::path(&object.id).is_some()
}

/// What can be told before anything is tried.
fn unfit(object: &Object, at: usize, world: &World<'_>, stack: &str) -> Option<String> {
    if world.twice.contains(&at) {
        return Some(TWICE.to_owned());
    }
    if let Err(reason) = kinds::app_name(&object.id.name) {
        return Some(format!("`{}` cannot be an app's name: {reason}", object.id.name));
    }
    let current = match object.id.group() {
        "apps" => "apps/v1",
        _ => "batch/v1",
    };
    if object.id.api_version != current {
        return Some(format!("it is of {}, an app makes {current}", object.id.api_version));
    }
    let pod = Pod::of(object)?;
    let labels = pod.template.at(&["metadata", "labels"]);
    let name = &object.id.name;
    let is_new = |key: &str| labels.is_none_or(|labels| labels.get(key).is_none());
    let mut added = standard(name, stack).into_iter().filter(|(key, _)| is_new(key)).peekable();
    if object.id.kind == "Job" && added.peek().is_some() {
        return Some("stackc would label its pods, and a Job's pods cannot be changed".to_owned());
    }
    let (key, value) = added.find(|(key, value)| world.is_selected(object, key, value))?;
    Some(format!(
        "the label {key}={value}, which stackc would put on its pods, is one by which others are chosen"
    ))
}

/// The objects beside a workload that an app of its name would make.
fn parts(workload: &Object, at: usize, world: &World<'_>) -> Vec<usize> {
    let namespace = workload.id.namespace.as_deref().unwrap_or_default();
    let mut parts = Vec::new();
    if let Some(selector) = workload.body.at(&["spec", "selector", "matchLabels"]) {
        parts.extend(world.services(namespace, selector));
    }
    let volumes = workload_volumes(workload);
    for volume in volumes {
        parts.extend(claim(volume, workload, at, world));
        parts.extend(config(volume, workload, at, world));
    }
    let services: Vec<&str> = parts.iter().map(|at| world.object(*at).id.name.as_str()).collect();
    let fits = |at: &usize| {
        let route = world.object(*at);
        is_own(&route.id.name, &workload.id.name) && leads_to(route, &services)
    };
    let routes: BTreeSet<usize> =
        services.iter().flat_map(|service| world.routes(namespace, service)).collect();
    let routes: Vec<usize> = routes.into_iter().filter(fits).collect();
    let own = |at: &usize| middlewares(world.object(*at), workload, world);
    let middlewares: Vec<usize> = routes.iter().flat_map(own).collect();
    parts.extend(routes);
    parts.extend(middlewares);
    parts.sort_unstable();
    parts.dedup();
    parts
}

/// The volumes of a workload's pods.
pub(super) fn workload_volumes(workload: &Object) -> &[Node] {
    Pod::of(workload).and_then(|pod| pod.spec.get("volumes")).map_or(&[][..], Node::items)
}

/// A claim that nobody else uses. In a StatefulSet an app's claims are templates.
fn claim(volume: &Node, workload: &Object, at: usize, world: &World<'_>) -> Option<usize> {
    let namespace = workload.id.namespace.as_deref()?;
    let name = volume.text_at(&["persistentVolumeClaim", "claimName"])?;
    let alone = world.is_alone("PersistentVolumeClaim", namespace, name, at);
    let found = world.find("PersistentVolumeClaim", namespace, name)?;
    (alone && workload.id.kind != "StatefulSet").then_some(found)
}

/// A ConfigMap whose name is the one that an app gives to its files.
fn config(volume: &Node, workload: &Object, at: usize, world: &World<'_>) -> Option<usize> {
    let namespace = workload.id.namespace.as_deref()?;
    let name = volume.text_at(&["configMap", "name"])?;
    let own = format!("{}-{}", workload.id.name, volume.text_at(&["name"])?);
    let found = world.find("ConfigMap", namespace, name)?;
    (name == own && world.is_alone("ConfigMap", namespace, name, at)).then_some(found)
}

/// `APP` or `APP-…`.
fn is_own(name: &str, app: &str) -> bool {
    name.strip_prefix(app).is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
}

fn leads_to(route: &Object, services: &[&str]) -> bool {
    let rules = route.body.at(&["spec", "routes"]).map_or(&[][..], Node::items);
    let mut targets = rules.iter().flat_map(|rule| rule.get("services").map_or(&[][..], Node::items));
    let known = |service: &Node| service.text_at(&["name"]).is_some_and(|name| services.contains(&name));
    !rules.is_empty() && targets.all(known)
}

/// The middlewares of a route that are named as an app's own are.
fn middlewares(route: &Object, workload: &Object, world: &World<'_>) -> Vec<usize> {
    let namespace = route.id.namespace.as_deref().unwrap_or_default();
    let own = |name: &&str| is_own(name, &workload.id.name) && *name != workload.id.name;
    let names = middleware_names(route).into_iter().filter(own);
    names.filter_map(|name| world.find("Middleware", namespace, name)).collect()
}

/// The middlewares that a route names.
pub(super) fn middleware_names(route: &Object) -> Vec<&str> {
    let rules = route.body.at(&["spec", "routes"]).map_or(&[][..], Node::items);
    let named = rules.iter().flat_map(|rule| rule.get("middlewares").map_or(&[][..], Node::items));
    named.filter_map(|middleware| middleware.text_at(&["name"])).collect()
}

/// The role that a label stands for: `data` of `node-role.kubernetes.io/data`.
pub(super) fn role(label: &str) -> Option<&str> {
    label.strip_prefix(&role_label(""))
}
