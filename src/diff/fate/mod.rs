//! What k3s and Kubernetes make of a change.
//!
//! k3s' deploy controller takes a file for the whole wanted state of one AddOn and patches; what cannot be patched it
//! deletes and makes anew, or tries again every 15 seconds for ever (the project's facts on k3s, 1.5 and 1.6).
//!
//! To add: a field that cannot be changed is a row in `fixed.rs`, a kind of which little can be changed one in `rest.rs`;
//! what leaves its file is judged in `prune.rs`.

mod fixed;
mod pod;
mod prune;
mod rest;
mod sealed;

use super::Placed;
use crate::k3s::Release;
use crate::kube::{Object, kubectl};

/// What happens to an object in the cluster.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Verdict {
    /// k3s deletes it, and with it what it holds, unless somebody sees to it.
    Lost,
    /// k3s tries every 15 seconds and fails; the change never comes.
    Stuck,
    /// k3s deletes it and makes it anew.
    Recreated,
    /// k3s deletes it.
    Deleted,
    /// It stays in the cluster, and nothing manages it any more.
    Orphaned,
    /// It stays in the cluster, as its label asks.
    Kept,
}

impl Verdict {
    /// The word that people and machines read.
    pub fn word(self) -> &'static str {
        match self {
            Verdict::Lost => "data at stake",
            Verdict::Stuck => "stuck",
            Verdict::Recreated => "recreated",
            Verdict::Deleted => "deleted",
            Verdict::Orphaned => "orphaned",
            Verdict::Kept => "kept",
        }
    }
}

/// What happens to an object, why, and what to do.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Fate {
    /// What happens.
    pub verdict: Verdict,
    /// The field that is to blame, if one is.
    pub path: Option<String>,
    /// One sentence.
    pub why: String,
    /// What to do, if there is anything.
    pub way_out: Option<String>,
    /// Who says so.
    pub source: &'static str,
}

/// The API server's validation of updates.
const KUBERNETES: &str = "Kubernetes, validation of updates";
/// Facts on k3s 1.5.
const IMMUTABLE: &str = "Kubernetes refuses the change, and k3s asks again every 15 seconds";
const NEW_NAME: &str = "give it a new name, or leave it as it was";

impl Fate {
    /// A field that Kubernetes does not let change. `{delete}` in the way out is the line that deletes the object.
    fn stuck(path: String, way_out: &str) -> Fate {
        let (why, way_out) = (IMMUTABLE.to_owned(), Some(way_out.to_owned()));
        Fate { verdict: Verdict::Stuck, path: Some(path), why, way_out, source: KUBERNETES }
    }
}

/// What of the new files bears on an object that left one.
pub(super) struct Files<'a> {
    pub(super) new: &'a [Placed<'a>],
    pub(super) release: &'a Release,
}

/// All that k3s and Kubernetes make of a change.
pub(super) fn of_changed(old: Placed<'_>, new: Placed<'_>, files: &Files<'_>) -> Vec<Fate> {
    let mut fates = of_fields(old.object, new.object, files.release);
    fates.extend(prune::of_version(old, new, files));
    fates.extend(prune::of_moved(old, new, files));
    fates
}

/// An object that left the files.
pub(super) fn of_removed(gone: Placed<'_>, files: &Files<'_>) -> Fate {
    prune::of_removed(gone, files)
}

/// Fields that cannot be changed in place.
fn of_fields(old: &Object, new: &Object, release: &Release) -> Vec<Fate> {
    if !is_kubernetes(new.id.group()) {
        return Vec::new();
    }
    let mut fates = fixed::of(old, new, release);
    fates.extend(rest::of(old, new));
    fates.extend(pod::of(old, new));
    fates.extend(sealed::of(old, new));
    // What is made anew may be another one in all its fields.
    if fates.iter().any(|fate| fate.verdict == Verdict::Recreated) {
        fates.retain(|fate| fate.verdict != Verdict::Stuck);
    }
    let line = kubectl::delete(&new.id);
    for way_out in fates.iter_mut().filter_map(|fate| fate.way_out.as_mut()) {
        *way_out = way_out.replace("{delete}", &line);
    }
    fates
}

/// Whether a group is Kubernetes' own: others have a domain of their own, and may have a kind `Job` as well.
fn is_kubernetes(group: &str) -> bool {
    !group.contains('.') || group.ends_with(".k8s.io")
}

#[cfg(test)]
mod trial {
    //! What is told of two objects.

    use serde_json::{Value as Json, json};

    use super::{Fate, of_fields};
    use crate::k3s::{Release, Version};
    use crate::kube::Object;
    use crate::kube::tree::{object, tree};

    pub(super) fn made(api_version: &str, kind: &str, body: &Json) -> Object {
        Object { body: tree(body), ..object(api_version, kind, &json!({})) }
    }

    /// On a release where fields are fixed for which that changed.
    pub(super) fn fates(kind: &str, old: &Json, new: &Json) -> Vec<Fate> {
        let release = Release::of(Version::parse("v1.24.7+k3s1").unwrap()).unwrap();
        of_fields(&made("v1", kind, old), &made("v1", kind, new), &release)
    }

    /// The fields that are stuck.
    pub(super) fn stuck(kind: &str, old: &Json, new: &Json) -> Vec<String> {
        fates(kind, old, new).into_iter().map(|fate| fate.path.unwrap()).collect()
    }
}
