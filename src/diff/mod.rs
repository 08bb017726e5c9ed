//! What a new state of files changes in the cluster, object by object.
//!
//! In: two [`Side`]s, lists of objects with the files that hold them, and the release that will apply them. Out: a
//! [`Diff`], data for `report`. Knows no files and no terminal.
//!
//! To add: a list whose items are known by a field of theirs is a row in `list.rs`; what k3s or Kubernetes makes of a
//! change is a row in `fate/`; what counts for security is a row in a file of `power/`; a name whose value is secret is a word
//! in `veil.rs`.
//!
//! What must hold: the fields that are listed make the new object of the old one (a property test in `field.rs`); no
//! value of a Secret leaves this room (`tests/diff.rs`).

mod edit;
mod fate;
mod field;
mod lines;
mod list;
mod power;
mod veil;

use std::collections::BTreeMap;
use std::collections::BTreeSet;

pub use edit::{Edit, Line, Seen, inline};
pub use fate::{Fate, Verdict};
pub use field::{Missing, Path, find, leaves};
pub use lines::Sign;
pub use power::{Call, Turn};
pub use veil::{HIDDEN, Veil};

use crate::compile::Compiled;
use crate::k3s::Release;
use crate::kube::{Object, ObjectId};
use crate::source::Span;
use crate::yaml::Node;
use fate::Files;

/// An object and the file that holds it.
#[derive(Clone, Copy, Debug)]
pub struct Placed<'a> {
    /// The object.
    pub object: &'a Object,
    /// The file's name in k3s' folder.
    pub file: &'a str,
}

/// One state of all files.
#[derive(Debug, Default)]
pub struct Side<'a> {
    /// All objects. Of two with one identity the last one counts, as for k3s.
    pub objects: Vec<Placed<'a>>,
    /// Values that findings have marked as secret.
    pub marked: BTreeSet<Span>,
}

impl<'a> Side<'a> {
    /// What a run made.
    pub fn of(run: &'a Compiled) -> Side<'a> {
        let placed = run.files.iter().flat_map(|file| {
            let objects = run.objects.get(file.objects.clone()).unwrap_or_default();
            objects.iter().map(|object| Placed { object, file: &file.name })
        });
        Side { objects: placed.collect(), marked: marked(run) }
    }
}

/// Values of a run that are shown nowhere: a secret that was copied keeps its place.
pub fn marked(run: &Compiled) -> BTreeSet<Span> {
    let told = run.findings.iter().filter(|finding| finding.secret).map(|finding| finding.primary.span);
    told.chain(run.sources.secrets()).collect()
}

/// What became of an object.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// It is new.
    Added,
    /// It left the files; [`Fate`] says what k3s makes of that.
    Removed,
    /// Its fields, and perhaps its file.
    Changed,
    /// Nothing but its file.
    Moved,
}

/// An object that is not as it was.
#[derive(Debug)]
pub struct Change {
    /// Which.
    pub id: ObjectId,
    /// What became of it.
    pub kind: Kind,
    /// The file that holds it, or held it.
    pub file: String,
    /// The file that held it before, if that is another one.
    pub moved_from: Option<String>,
    /// What asked for the object, in the new side's files.
    pub place: Option<Span>,
    /// Its fields; of a new object, all of it.
    pub edits: Vec<Edit>,
    /// What k3s and Kubernetes make of that.
    pub fates: Vec<Fate>,
    /// What counts for security.
    pub calls: Vec<Call>,
}

/// All changes, by file and in the order in which k3s applies them; what left comes last.
#[derive(Debug, Default)]
pub struct Diff {
    /// Objects that are not as they were.
    pub changes: Vec<Change>,
    /// How many objects are as they were.
    pub unchanged: usize,
}

/// What makes an object itself to people: the API's version may rise.
type Known<'a> = (&'a str, &'a str, Option<&'a str>, &'a str);

/// By identity; the last of twins counts.
fn by_id<'a>(side: &Side<'a>) -> BTreeMap<Known<'a>, Placed<'a>> {
    side.objects.iter().map(|placed| (placed.object.id.key(), *placed)).collect()
}

/// Compares two states of files that a release applies.
pub fn diff(old: &Side<'_>, new: &Side<'_>, release: &Release) -> Diff {
    let (olds, news) = (by_id(old), by_id(new));
    let files = Files { new: &new.objects, release };
    let mut diff = Diff::default();
    for placed in &new.objects {
        let id = placed.object.id.key();
        if !news.get(&id).is_some_and(|last| std::ptr::eq(last.object, placed.object)) {
            continue;
        }
        let change = match olds.get(&id) {
            Some(before) => changed((*before, old), (*placed, new), &files),
            None => Some(added(*placed, new)),
        };
        diff.unchanged = diff.unchanged.saturating_add(usize::from(change.is_none()));
        diff.changes.extend(change);
    }
    let gone = olds.iter().filter(|(id, _)| !news.contains_key(*id));
    let mut gone: Vec<Change> = gone.map(|(_, placed)| removed(*placed, &files)).collect();
    gone.sort_by(|a, b| a.file.cmp(&b.file));
    diff.changes.extend(gone);
    diff
}

/// A field that is not the same in two trees.
#[derive(Debug)]
pub struct Difference<'a> {
    /// Its keys, from the root; items of lists by what they are known by.
    pub path: Vec<String>,
    /// The path as people read it.
    pub shown: String,
    /// What it was.
    pub old: Option<&'a Node>,
    /// What it is. Where a list's items changed places, the whole list.
    pub new: Option<&'a Node>,
}

/// All fields that differ between two trees, as Kubernetes compares them.
pub fn differences<'a>(old: &'a Node, new: &'a Node) -> Vec<Difference<'a>> {
    let difference = |field: field::Field<'a>| {
        let (old, new) = match field.what {
            field::What::Value(old, new) => (old, new),
            field::What::Order(list, _) => (Some(list), Some(list)),
        };
        Difference { path: field.path.keys(), shown: field.path.to_string(), old, new }
    };
    field::fields(old, new).into_iter().map(difference).collect()
}

fn veil<'a>(object: &Object, side: &'a Side<'_>) -> Veil<'a> {
    Veil::of(object, &side.marked)
}

fn added(placed: Placed<'_>, side: &Side<'_>) -> Change {
    let object = placed.object;
    Change {
        id: object.id.clone(),
        kind: Kind::Added,
        file: placed.file.to_owned(),
        moved_from: None,
        place: Some(object.body.span),
        edits: vec![edit::whole(object, &veil(object, side))],
        fates: Vec::new(),
        calls: power::calls(None, Some(object)),
    }
}

fn removed(placed: Placed<'_>, files: &Files<'_>) -> Change {
    let object = placed.object;
    Change {
        id: object.id.clone(),
        kind: Kind::Removed,
        file: placed.file.to_owned(),
        moved_from: None,
        place: None,
        edits: Vec::new(),
        fates: vec![fate::of_removed(placed, files)],
        calls: power::calls(Some(object), None),
    }
}

fn changed(
    (before, old): (Placed<'_>, &Side<'_>),
    (after, new): (Placed<'_>, &Side<'_>),
    files: &Files<'_>,
) -> Option<Change> {
    let (was, is) = (before.object, after.object);
    let fields = field::fields(&was.body, &is.body);
    let moved = before.file != after.file;
    if fields.is_empty() && !moved {
        return None;
    }
    let (old_veil, new_veil) = (veil(was, old), veil(is, new));
    let fates = fate::of_changed(before, after, files);
    Some(Change {
        id: is.id.clone(),
        kind: if fields.is_empty() { Kind::Moved } else { Kind::Changed },
        file: after.file.to_owned(),
        moved_from: moved.then(|| before.file.to_owned()),
        place: Some(is.body.span),
        edits: fields.iter().map(|field| edit::edit(field, &old_veil, &new_veil)).collect(),
        fates,
        calls: power::calls(Some(was), Some(is)),
    })
}
