//! The proof: the stack is compiled, and what an app does not give back as it was loses its typed form.
//!
//! Each round takes away at least one object's typed form, so there is an end; the last round's stack is the one that is
//! written.

use std::collections::{BTreeMap, BTreeSet};

use super::allowed::allowed;
use super::app::{Lifted, Setting, app};
use super::plan::{Misfit, Plan, middleware_names};
use super::settled::settled;
use super::stack_file::{self, Needs};
use super::world::{World, is_machine};
use super::{Made, Wish, house, raw};
use crate::check;
use crate::check::Demands;
use crate::compile::{Compiled, compile};
use crate::diff::differences;
use crate::finding::Severity;
use crate::kube::{Object, Unit};
use crate::source::{Input, Sources};
use crate::stack::PLACE_UNKNOWN;

/// A stack that gives back what was imported.
pub(super) struct Proven {
    pub(super) files: Vec<Made>,
    /// Apps by the plans' order; none where the workload stays as it is.
    pub(super) apps: Vec<Option<String>>,
    /// Middlewares that stand in stack.yaml.
    pub(super) shared: Vec<usize>,
    /// Where each raw object went.
    pub(super) raw: BTreeMap<usize, String>,
    /// Which allowed differences there are, and in how many objects.
    pub(super) differences: BTreeMap<usize, usize>,
    /// Why an object beside a workload stays as it is.
    pub(super) reasons: BTreeMap<usize, String>,
}

/// Objects whose typed form was tried and is no good.
#[derive(Default)]
struct Verdict {
    /// Of an app, by its plan's number: the object, the reason.
    faults: Vec<(usize, Misfit)>,
    /// Middlewares that stack.yaml does not give back.
    shared: Vec<String>,
    differences: BTreeMap<usize, usize>,
}

/// Tries until all that is typed comes out as it went in.
pub(super) fn prove(
    world: &World<'_>,
    mut plans: Vec<Plan>,
    wish: &Wish,
    sources: &Sources,
) -> (Vec<Plan>, Proven) {
    let mut reasons = BTreeMap::new();
    let mut refused: BTreeSet<String> = BTreeSet::new();
    let namespace = stack_file::namespace(world);
    let setting = Setting { stack: &wish.name, namespace: &namespace };
    loop {
        let lifted: Vec<Option<Lifted>> =
            plans.iter_mut().map(|plan| lift(plan, world, &setting, &mut reasons)).collect();
        let needs = needs(&plans, world, &namespace, &refused);
        let (files, kept) = assemble(&plans, &lifted, world, (wish, &namespace, &needs), sources);
        let verdict = judge(&plans, &needs, world, &compiled(&files, wish));
        let done = verdict.faults.is_empty() && verdict.shared.is_empty();
        refused.extend(verdict.shared);
        for (number, fault) in verdict.faults {
            if let Some(plan) = plans.get_mut(number) {
                give_up(plan, fault, &mut reasons);
            }
        }
        if done {
            let proven = Proven {
                files,
                apps: lifted.into_iter().map(|lifted| lifted.map(|lifted| lifted.name)).collect(),
                shared: needs.middlewares.into_values().flatten().collect(),
                raw: kept,
                differences: verdict.differences,
                reasons,
            };
            return (plans, proven);
        }
    }
}

/// The typed form, with as many of the objects beside the workload as fit.
fn lift(
    plan: &mut Plan,
    world: &World<'_>,
    setting: &Setting<'_>,
    reasons: &mut BTreeMap<usize, String>,
) -> Option<Lifted> {
    while plan.raw.is_none() {
        match app(plan, world, setting) {
            Ok(lifted) => return Some(lifted),
            Err(misfit) => give_up(plan, misfit, reasons),
        }
    }
    None
}

fn give_up(plan: &mut Plan, misfit: Misfit, reasons: &mut BTreeMap<usize, String>) {
    match misfit.part.filter(|part| plan.parts.contains(part)) {
        Some(part) => {
            plan.parts.retain(|own| *own != part);
            reasons.insert(part, misfit.reason);
        }
        None => plan.raw = Some(misfit.reason),
    }
}

/// What routes of apps name must be known to the stack: middlewares as its own, if they are alike in all namespaces; else
/// as ones that exist.
fn needs(plans: &[Plan], world: &World<'_>, namespace: &str, refused: &BTreeSet<String>) -> Needs {
    let mut named: BTreeMap<String, BTreeSet<usize>> = BTreeMap::new();
    for plan in plans.iter().filter(|plan| plan.raw.is_none()) {
        let own: Vec<usize> = plan.of("Middleware", world).into_iter().map(|(at, _)| at).collect();
        for (_, route) in plan.of("IngressRoute", world) {
            let space = route.id.namespace.as_deref().unwrap_or_default();
            for name in middleware_names(route) {
                let at = world.find("Middleware", space, name).filter(|at| !own.contains(at));
                at.map(|at| named.entry(name.to_owned()).or_default().insert(at));
            }
        }
    }
    let mut needs = Needs::default();
    for (name, all) in named {
        let spec = |at: &usize| world.object(*at).body.get("spec");
        let first = all.first().and_then(spec);
        let alike = all.iter().all(|at| spec(at).zip(first).is_some_and(|(one, first)| one.same(first)));
        if alike && !refused.contains(&name) {
            needs.middlewares.insert(name, all.into_iter().collect());
            continue;
        }
        let spaces = all.iter().filter_map(|at| world.object(*at).id.namespace.as_deref());
        needs.external.extend(spaces.map(|space| match space {
            own if own == namespace => format!("Middleware/{name}"),
            other => format!("Middleware/{other}/{name}"),
        }));
    }
    needs
}

type Said<'a> = (&'a Wish, &'a str, &'a Needs);

/// All files of the stack; and where each raw object is.
fn assemble(
    plans: &[Plan],
    lifted: &[Option<Lifted>],
    world: &World<'_>,
    (wish, namespace, needs): Said<'_>,
    sources: &Sources,
) -> (Vec<Made>, BTreeMap<usize, String>) {
    let mut files = vec![Made::text("stack.yaml", stack_file::text(world, wish, namespace, needs))];
    let mut typed: BTreeSet<usize> = needs.middlewares.values().flatten().copied().collect();
    let mut names = BTreeSet::new();
    for (plan, lifted) in plans.iter().zip(lifted).filter_map(|(plan, own)| Some((plan, own.as_ref()?))) {
        typed.insert(plan.workload);
        typed.extend(&plan.parts);
        names.insert(lifted.name.clone());
        files.push(Made::text(format!("apps/{}.yaml", lifted.name), app_text(lifted, wish)));
        files.extend(lifted.files.iter().map(|(path, bytes)| Made {
            path: format!("files/{path}"),
            bytes: bytes.clone(),
            secret: false,
        }));
    }
    let mut places = BTreeMap::new();
    for file in raw::kept(world, &typed, &names, &wish.name, sources) {
        let path = format!("manifests/{}", file.path);
        places.extend(file.objects.iter().map(|number| (*number, path.clone())));
        let secret = file.objects.iter().any(|number| world.object(*number).id.kind == "Secret");
        files.push(Made { secret, ..Made::text(path, file.text) });
    }
    (files, places)
}

fn app_text(lifted: &Lifted, wish: &Wish) -> String {
    let mut text = String::new();
    if let Some(schema) = &wish.schema {
        text.push_str(&format!("# yaml-language-server: $schema=../{schema}/app.json\n"));
    }
    let mut tree = lifted.tree.clone();
    house::escape(&mut tree);
    house::map(&tree, &mut text);
    text
}

fn compiled(files: &[Made], wish: &Wish) -> Compiled {
    let mut sources = Sources::default();
    let files = files.iter().map(|file| (file.path.as_str(), file.bytes.as_slice()));
    let input = Input::of_files(&wish.name, files, &mut sources);
    compile(sources, input, Demands::default())
}

fn judge(plans: &[Plan], needs: &Needs, world: &World<'_>, run: &Compiled) -> Verdict {
    let made: BTreeMap<_, &Object> = run.objects.iter().map(|object| (object.id.key(), object)).collect();
    let known = world.objects.iter().any(is_machine);
    let refused = refusals(run, known);
    let mut verdict = Verdict::default();
    for (number, plan) in plans.iter().enumerate().filter(|(_, plan)| plan.raw.is_none()) {
        let name = &world.object(plan.workload).id.name;
        let faults = match refused.get(name) {
            Some(reason) => vec![blame(plan, reason, world)],
            None => faults(plan, &made, world, run, &mut verdict.differences),
        };
        verdict.faults.extend(faults.into_iter().map(|fault| (number, fault)));
    }
    for (name, all) in &needs.middlewares {
        let same = |at: &usize| compare(*at, &made, world, &mut verdict.differences).is_none();
        verdict.shared.extend((!all.iter().all(same)).then(|| name.clone()));
    }
    // One that chains another brings it along, into a namespace that may not have it.
    let wanted: BTreeSet<_> =
        needs.middlewares.values().flatten().map(|at| world.object(*at).id.key()).collect();
    let shared = run.objects.iter().filter(|object| object.unit == Unit::Ingress);
    let extra = shared.filter(|object| !wanted.contains(&object.id.key()));
    verdict.shared.extend(extra.map(|object| object.id.name.clone()));
    verdict
}

/// An error in an app's file: the file's key in which it stands, the words.
type Refusal = (String, String);

/// Apps that stackc would not build, and why. What checks say of final objects they would say of raw ones too; and that no
/// node bears a name says nothing where nobody knows the nodes.
fn refusals(run: &Compiled, nodes_known: bool) -> BTreeMap<String, Refusal> {
    let mut refusals = BTreeMap::new();
    for finding in run.findings.iter().filter(|finding| finding.severity == Severity::Error) {
        let file = run.sources.file(finding.primary.span.file);
        let app = file.path.strip_prefix("apps/").and_then(|path| path.strip_suffix(".yaml"));
        let of_final = check::CODES.contains(&finding.code);
        let of_final = of_final || (*finding.code == PLACE_UNKNOWN && !nodes_known);
        if let Some(app) = app.filter(|_| !of_final) {
            let key = top_key(&file.text, finding.primary.span.start).to_owned();
            refusals.entry(app.to_owned()).or_insert_with(|| (key, finding.message.to_string()));
        }
    }
    refusals
}

/// The file's own key below which a byte stands.
fn top_key(text: &str, at: u32) -> &str {
    let mut start = 0_usize;
    let mut key = "";
    for line in text.split_inclusive('\n').take_while(|line| {
        let begins = start;
        start = start.saturating_add(line.len());
        u32::try_from(begins).is_ok_and(|begins| begins <= at)
    }) {
        if line.starts_with(|c: char| c.is_ascii_alphabetic()) {
            key = line.split(':').next().unwrap_or_default();
        }
    }
    key
}

/// Which object beside the workload a key of an app's file makes.
const MADE_BY: [(&str, &str); 4] = [
    ("middlewares", "Middleware"),
    ("routes", "IngressRoute"),
    ("services", "Service"),
    ("ports", "Service"),
];

/// What a key makes is at fault first; in the end it is the workload.
fn blame(plan: &Plan, (key, reason): &Refusal, world: &World<'_>) -> Misfit {
    let mut kinds = MADE_BY.iter().filter(|(own, _)| own == key).map(|(_, kind)| kind);
    let part = kinds.find_map(|kind| plan.of(kind, world).last().map(|(at, _)| *at));
    Misfit { part, reason: reason.clone() }
}

type ByKey<'a> = BTreeMap<(&'a str, &'a str, Option<&'a str>, &'a str), &'a Object>;

fn faults(
    plan: &Plan,
    made: &ByKey<'_>,
    world: &World<'_>,
    run: &Compiled,
    differences: &mut BTreeMap<usize, usize>,
) -> Vec<Misfit> {
    if let Some(reason) = compare(plan.workload, made, world, differences) {
        return vec![Misfit::whole(reason)];
    }
    let parts =
        plan.parts.iter().filter_map(|at| Some(Misfit::part(*at, compare(*at, made, world, differences)?)));
    let mut faults: Vec<Misfit> = parts.collect();
    let name = &world.object(plan.workload).id.name;
    let own = |object: &&Object| matches!(&object.unit, Unit::App(app) if app == name);
    let mut extra = run.objects.iter().filter(own).filter(|object| {
        let wanted = |at: &usize| world.object(*at).id.key() == object.id.key();
        !wanted(&plan.workload) && !plan.parts.iter().any(wanted)
    });
    if let Some(extra) = extra.next().filter(|_| faults.is_empty()) {
        let reason = format!("the app would also make {}", extra.id);
        faults.push(blame(plan, &("services".to_owned(), reason), world));
    }
    faults
}

/// Why an object does not come out as it went in; none where it does, and its differences are counted.
fn compare(
    at: usize,
    made: &ByKey<'_>,
    world: &World<'_>,
    counts: &mut BTreeMap<usize, usize>,
) -> Option<String> {
    let own = world.object(at);
    let Some(new) = made.get(&own.id.key()) else {
        return Some("the app would not make it".to_owned());
    };
    let mut rows: BTreeSet<usize> = BTreeSet::new();
    let (before, after) = (settled(own, world), settled(new, world));
    let mut told = Vec::new();
    for difference in differences(&before, &after) {
        match allowed(&difference, own, world) {
            Some(row) => drop(rows.insert(row)),
            None => told.push(match (difference.old, difference.new) {
                (Some(_), None) => format!("no key of an app says `{}`", difference.shown),
                (None, _) => format!("an app would add `{}`", difference.shown),
                _ => format!("`{}` would be another", difference.shown),
            }),
        }
    }
    if told.is_empty() {
        for row in rows {
            let count = counts.entry(row).or_default();
            *count = count.saturating_add(1);
        }
        return None;
    }
    let more = told.len().saturating_sub(MOST);
    told.truncate(MOST);
    let more = if more > 0 { format!(", and {more} more") } else { String::new() };
    Some(format!("{}{more}", told.join(", ")))
}

/// Fields that a reason names.
const MOST: usize = 3;
