//! Why an install does not start.

use std::collections::BTreeSet;

use super::folder::{Found, State};
use super::held::{self, Held};
use super::plan::{Fate, Refusal, Step, Wanted, Wish};
use super::record::Owned;
use crate::k3s::{KEEP, addon_name};
use crate::kube::ObjectId;

/// Files of others that k3s takes for the same AddOn: each apply would delete what the other made.
pub(super) fn clashes(wish: &Wish<'_>, state: &State) -> Vec<Refusal> {
    let mut refusals = Vec::new();
    // What leaves as well: its tombstone would be the other file's end.
    let names = wish.files.iter().map(|(name, _)| name).chain(state.record.files.keys());
    for name in names.collect::<BTreeSet<_>>() {
        if let Some(stack) = state.others.get(name) {
            refusals.push(Refusal::new(
                format!("{name} belongs to the stack `{stack}`"),
                "two stacks share this folder and would share a file: change the `name` of one",
            ));
        }
        for path in state.read.iter().filter(|path| *path != name && addon_name(path) == addon_name(name)) {
            refusals.push(Refusal::new(
                format!("{path} and {name} are one AddOn to k3s, `{}`", addon_name(name)),
                "each would make k3s delete what the other made: rename it or move it out of the folder",
            ));
        }
    }
    refusals
}

/// An object that another stack of this folder makes: each would undo the other's. A namespace may be everybody's.
pub(super) fn shared(wanted: &Wanted<'_>, state: &State) -> Vec<Refusal> {
    let made = wanted.homes.iter().filter(|(id, _)| id.kind != "Namespace");
    let shared = made.filter_map(|(id, home)| Some((id, home, state.others_made.get(&id.path())?)));
    shared
        .map(|(id, home, file)| {
            let stack = state.others.get(file).map_or("", String::as_str);
            Refusal::new(
                format!("{id} of {home} is in {file} of the stack `{stack}` too"),
                format!(
                    "each would undo the other's: let one of them make it; if this stack is the same one under another \
                     name, keep its old one: name: {stack}"
                ),
            )
        })
        .take(SHARED)
        .collect()
}

/// Of a stack that was renamed all objects are shared: a few tell.
const SHARED: usize = 5;

/// An object with data of which only the record knows: nobody can write it once more without its label.
pub(super) fn lost(name: &str, object: &Held) -> Refusal {
    Refusal::new(
        format!(
            "{} has left the stack, and {name}, which held it, is gone or cannot be read: k3s would delete it with its \
             data",
            object.id
        ),
        format!(
            "put {name} back as stackc wrote it; if the object may go: stackc install --remove {}",
            object.id.path()
        ),
    )
}

/// A file that stackc has not written so.
pub(super) fn not_ours(
    name: &str,
    old: &Found,
    own: Option<&Owned>,
    new: Option<&str>,
    sure: bool,
) -> Result<(), Refusal> {
    let Found::File { hash, text, .. } = old else {
        let what = if let Found::Other(what) = old { what } else { "no file" };
        return Err(Refusal::new(format!("{name} is {what}"), "nothing is written through it: move it away"));
    };
    let header = format!("# stackc: {name} ");
    let is_ours = text.as_deref().is_some_and(|text| text.starts_with(&header));
    match own {
        _ if new.is_some() && text.as_deref() == new => Ok(()),
        Some(own) if own.holds.contains(hash) => Ok(()),
        Some(_) if sure => Ok(()),
        Some(_) => Err(Refusal::new(
            format!("{name} was changed since stackc wrote it"),
            "bring the change into the stack; to overwrite it: stackc install --yes",
        )),
        None if is_ours && sure => Ok(()),
        None if is_ours => Err(Refusal::new(
            format!("{name} is there already, and no install of this stack has put it there"),
            "if it was copied by hand, let stackc take it over: stackc install --yes",
        )),
        None => Err(Refusal::new(
            format!("{name} was not written by stackc: it does not begin with `{}`", header.trim_end()),
            "move it away first",
        )),
    }
}

/// An object with data that goes from one file to another: k3s may read the one that lost it first. `fresh`: it has just
/// got the label.
pub(super) fn unguarded_move(from: &str, to: &str, object: &Held, fresh: bool) -> Result<(), Refusal> {
    let help = match (object.has_data(), object.guarded()) {
        (false, _) => return Ok(()),
        (true, true) if !fresh => return Ok(()),
        (true, true) => {
            "the label that guards it is new, and k3s may not have seen it: install again in a minute".into()
        }
        (true, false) => format!(
            "put it back, give it the label {}: \"{}\", install, and move it a minute later",
            KEEP.0, KEEP.1
        ),
    };
    let message =
        format!("{} moves from {from} to {to}, and k3s would delete it with its data in between", object.id);
    Err(Refusal::new(message, help))
}

/// What was named to be removed, and cannot be.
pub(super) fn unmet(wish: &Wish<'_>, steps: &[Step], wanted: &Wanted<'_>) -> Vec<Refusal> {
    let leaving = |written: &str| {
        steps.iter().flat_map(|step| &step.leaving).any(|leaving| held::means(written, &leaving.object))
    };
    let unmet = wish.remove.iter().filter(|written| !leaving(written));
    unmet
        .map(|written| {
            let home = wanted.homes.iter().find(|(id, _)| held::means(written, &id.path()));
            match home {
                Some((id, home)) => Refusal::new(
                    format!("{id} is in the stack ({home})"),
                    "take it out of the stack first, then name it to be removed",
                ),
                None => Refusal::new(
                    format!("no file of this stack holds {written}"),
                    "name it as KIND/NAMESPACE/NAME; what no file holds is removed by kubectl delete alone",
                ),
            }
        })
        .collect()
}

/// A namespace takes all in it along.
pub(super) fn full_namespaces(steps: &[Step], wanted: &Wanted<'_>, state: &State) -> Vec<Refusal> {
    let leaving = || steps.iter().flat_map(|step| &step.leaving);
    let stays = |fate| matches!(fate, Fate::Kept | Fate::Stays | Fate::Recreated | Fate::Reversioned);
    let going = leaving().filter(|leaving| !stays(leaving.fate));
    let namespaces = going.filter_map(|leaving| leaving.object.strip_prefix("Namespace/"));
    let mut refusals = Vec::new();
    for namespace in namespaces {
        let wanted = wanted.homes.keys().find(|id| id.namespace.as_deref() == Some(namespace));
        let wanted = wanted.map(ObjectId::path);
        let kept = leaving().find(|leaving| {
            let place = leaving.object.split('/').nth(1).filter(|_| leaving.object.split('/').count() == 3);
            leaving.fate == Fate::Kept && place == Some(namespace)
        });
        let inside = format!("/{namespace}/");
        let of_others = state
            .others_made
            .iter()
            .find(|(object, _)| *object == &format!("Namespace/{namespace}") || object.contains(&inside));
        if let Some((object, file)) = of_others {
            refusals.push(Refusal::new(
                format!("Namespace {namespace} cannot go: it would take {object} of {file} along"),
                format!("another stack needs it: --remove without Namespace/{namespace}"),
            ));
        } else if let Some(inside) = wanted.or_else(|| kept.map(|leaving| leaving.object.clone())) {
            refusals.push(Refusal::new(
                format!("Namespace {namespace} cannot go: it would take {inside} along"),
                format!("take that out of the stack, or name it as well: --remove {inside}"),
            ));
        }
    }
    refusals
}
