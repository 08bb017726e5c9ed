//! What an install will do, computed whole before anything is written. Pure: it sees the folder as it was read.
//!
//! k3s deletes what is missing from a file and does nothing when a file is missing (facts on k3s, 1.6). So a file that
//! leaves the stack is first a tombstone, a comment that makes k3s delete, and goes later. What holds data stays in its
//! file, guarded by wrangler's label, until it is named: then the label goes first, as k3s obeys the label that the
//! *cluster* has, and the object with a later run.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::folder::State;
use super::held::{self, Held, held};
use super::record::{Owned, Record};
use super::refuse;
use super::step::File;
use crate::k3s::{Release, addon_name};
use crate::kube::ObjectId;

/// How long k3s gets for a step before the next may follow, in seconds. It looks every 15 (facts on k3s, 1.3).
pub const PATIENCE: u64 = 60;

/// A plan's form.
const FORM: u32 = 1;

/// What shall be in the folder.
#[derive(Clone, Copy)]
pub struct Wish<'a> {
    /// The stack's name.
    pub stack: &'a str,
    /// The folder, as its real path.
    pub folder: &'a str,
    /// What the cluster runs.
    pub release: Release,
    /// All files of the stack: name and text.
    pub files: &'a [(String, String)],
    /// Objects with data that shall go, as `KIND/NAMESPACE/NAME`.
    pub remove: &'a [String],
    /// The time, in seconds of Unix time.
    pub now: u64,
    /// Files edited by hand may be overwritten, and steps that wait for k3s need not wait.
    pub sure: bool,
}

/// What an install does: all files of the stack, those that do not change as well. As JSON, it says no file's content.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    stackc: u32,
    /// The stack.
    pub stack: String,
    /// The folder, as its real path.
    pub folder: String,
    /// The release whose pruning was reckoned with.
    pub k3s: String,
    /// What was asked to go.
    pub remove: Vec<String>,
    /// When it was made, in seconds of Unix time: what was due then is done.
    pub at: u64,
    /// A step a file, in the order of their names.
    pub steps: Vec<Step>,
}

/// What happens to a file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// The file's name.
    pub name: String,
    /// What is done.
    pub does: Does,
    /// What is there now, as `sha256:…`; none if nothing is.
    pub before: Option<String>,
    /// What will be there.
    pub after: Option<String>,
    /// Objects that leave the file, or would if they held no data.
    pub leaving: Vec<Leaving>,
    /// What will be there, where it is to be written.
    #[serde(skip)]
    pub text: Option<String>,
    /// What the record will say of it; none if the file is forgotten.
    #[serde(skip)]
    pub(super) owned: Option<Owned>,
    /// Whether k3s' time for this step begins when it is done.
    #[serde(skip)]
    pub(super) begins: bool,
}

/// What is done to a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Does {
    /// Nothing: it is as it shall be.
    Keep,
    /// Nothing yet: it is a tombstone, and k3s may not have seen that.
    Wait,
    /// It is written.
    Write,
    /// It becomes a comment, and k3s deletes what it made.
    Tombstone,
    /// It is removed, which does nothing in the cluster.
    Remove,
    /// Somebody removed it, and it is in the stack no more.
    Forget,
}

impl Does {
    /// Whether the folder is another one afterwards.
    pub fn changes(self) -> bool {
        !matches!(self, Does::Keep | Does::Wait)
    }
}

/// An object that leaves its file.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Leaving {
    /// `KIND/NAMESPACE/NAME`.
    pub object: String,
    /// What becomes of it.
    pub fate: Fate,
    /// The line that deletes it by hand.
    pub by_hand: String,
    /// Whether an earlier run has been told to do this.
    #[serde(skip)]
    pub agreed: bool,
}

/// What becomes of an object that leaves its file.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fate {
    /// k3s deletes it.
    Deleted,
    /// This release leaves it in the cluster: it has to be deleted by hand.
    Orphaned,
    /// It stays in the cluster, as its own label asks or since its file is gone: it has to be deleted by hand.
    Stays,
    /// k3s deletes it and makes it anew: it moves to a file that k3s reads later.
    Recreated,
    /// The version of its API changes, and k3s prunes by that: it may delete it after the change.
    Reversioned,
    /// It holds data, and stays in the file.
    Kept,
    /// It loses the label that guards it; a later run deletes it.
    Unguarded,
    /// It has lost the label, and k3s may not have seen that yet.
    Waiting,
}

/// Why an install does not start: what is there, and the way out.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Refusal {
    /// What is wrong.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl Refusal {
    pub(super) fn new(message: String, help: impl Into<String>) -> Refusal {
        Refusal { message, help: help.into() }
    }
}

/// What an install of these files would do to this folder. Writes nothing.
///
/// # Errors
/// All reasons not to start, such as a file edited by hand.
pub fn plan(wish: &Wish<'_>, state: &State) -> Result<Plan, Vec<Refusal>> {
    let wanted = Wanted::of(wish)?;
    let mut refusals = refuse::clashes(wish, state);
    refusals.extend(refuse::shared(&wanted, state));
    let names: BTreeSet<&str> =
        wanted.files.keys().copied().chain(state.record.files.keys().map(String::as_str)).collect();
    let mut steps = Vec::new();
    for name in names {
        match File::of(name, &wanted, state).step(wish, &wanted) {
            Ok(step) => steps.push(step),
            Err(refusal) => refusals.push(refusal),
        }
    }
    if refusals.is_empty() {
        // Of a file that is refused it is not known what leaves it: these would only be echoes.
        refusals.extend(refuse::unmet(wish, &steps, &wanted));
        refusals.extend(refuse::full_namespaces(&steps, &wanted, state));
    }
    if !refusals.is_empty() {
        refusals.sort();
        refusals.dedup();
        return Err(refusals);
    }
    Ok(Plan {
        stackc: FORM,
        stack: wish.stack.to_owned(),
        folder: wish.folder.to_owned(),
        k3s: wish.release.version().to_string(),
        remove: wish.remove.to_vec(),
        at: wish.now,
        steps,
    })
}

impl Plan {
    /// Reads a plan that was saved.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Plan, String> {
        let plan: Plan = serde_json::from_str(text).map_err(|error| error.to_string())?;
        if plan.stackc == FORM {
            Ok(plan)
        } else {
            Err(format!("it is of form {}, and this stackc knows {FORM}", plan.stackc))
        }
    }

    /// The plan as JSON.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).unwrap_or_default();
        text.push('\n');
        text
    }

    /// In what another plan differs from this one, a line each; nothing if it does the same.
    pub fn differences(&self, shown: &Plan) -> Vec<String> {
        let mut lines = Vec::new();
        for (what, shown, now) in [
            ("stack", &shown.stack, &self.stack),
            ("folder", &shown.folder, &self.folder),
            ("release", &shown.k3s, &self.k3s),
        ] {
            if shown != now {
                lines.push(format!("the {what} was {shown} and is {now}"));
            }
        }
        let by_name = |plan: &Plan| -> BTreeMap<String, Step> {
            plan.steps.iter().map(|step| (step.name.clone(), step.clone())).collect()
        };
        let (shown, now) = (by_name(shown), by_name(self));
        let names: BTreeSet<&String> = shown.keys().chain(now.keys()).collect();
        let lines_of_files = names.into_iter().filter_map(|name| match (shown.get(name), now.get(name)) {
            (Some(shown), Some(now)) => shown.difference(now),
            (None, _) => Some(format!("{name} was not in the plan")),
            (_, None) => Some(format!("{name} is neither in the folder nor in the stack now")),
        });
        lines.extend(lines_of_files);
        lines
    }

    /// The record as it will be.
    pub(super) fn record(&self, now: u64) -> Record {
        let mut record = Record::new(&self.stack);
        for step in &self.steps {
            let Some(owned) = &step.owned else { continue };
            let since = if step.begins { Some(now) } else { owned.since };
            record.files.insert(step.name.clone(), Owned { since, ..owned.clone() });
        }
        record
    }
}

impl Step {
    fn difference(&self, now: &Step) -> Option<String> {
        let name = &self.name;
        if self.before != now.before {
            Some(format!("{name} in the folder is not what it was"))
        } else if self.after != now.after || self.does != now.does {
            Some(format!("{name} would not become what was shown"))
        } else {
            // What leaves follows from both, so a plan that says otherwise was changed.
            let said = |step: &Step| -> Vec<(String, Fate)> {
                step.leaving.iter().map(|leaving| (leaving.object.clone(), leaving.fate)).collect()
            };
            (said(self) != said(now)).then(|| format!("{name} would not lose what was shown"))
        }
    }
}

/// What the stack wants, by file.
pub(super) struct Wanted<'a> {
    /// Text and objects of each file.
    pub(super) files: BTreeMap<&'a str, (&'a str, Vec<Held>)>,
    /// In which file an object is, by its [`held::identity`].
    pub(super) homes: BTreeMap<ObjectId, &'a str>,
}

impl<'a> Wanted<'a> {
    fn of(wish: &Wish<'a>) -> Result<Wanted<'a>, Vec<Refusal>> {
        let mut wanted = Wanted { files: BTreeMap::new(), homes: BTreeMap::new() };
        let mut refusals = Vec::new();
        for (name, text) in wish.files {
            match held(name, text) {
                Ok(objects) => {
                    wanted
                        .homes
                        .extend(objects.iter().map(|object| (held::identity(&object.id), name.as_str())));
                    wanted.files.insert(name, (text, objects));
                }
                Err(reason) => refusals.push(Refusal::new(
                    format!("{name} cannot be installed: {reason}"),
                    "k3s would refuse the whole file: build it anew",
                )),
            }
        }
        if refusals.is_empty() { Ok(wanted) } else { Err(refusals) }
    }
}

/// The AddOns whose files are removed: k3s still knows them by their checksum.
pub fn forgotten_addons(plan: &Plan) -> Vec<String> {
    let removed = plan.steps.iter().filter(|step| step.does == Does::Remove);
    removed.map(|step| held::kubectl_delete_addon(addon_name(&step.name))).collect()
}
