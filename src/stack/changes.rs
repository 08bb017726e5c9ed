//! What layers say over those beneath them, piece by piece, and a stack without some of that.
//!
//! A piece is what can be left out by itself: a key that is removed or has a value, an item of a list under `kustomize`,
//! a file. All that an overlay says is such a change; of a stack, what it asks for under `kustomize`, for that changes
//! what the rest of it says.

use std::collections::BTreeSet;

use super::layers::Gathered;
use crate::source::{FileId, Layer, Part, Span};
use crate::yaml::{Entry, Node, Value};

/// What a change does to what lies beneath.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Does {
    /// `null`.
    Remove,
    /// It adds a value, or changes it.
    Say,
    /// It adds a file.
    Add,
}

/// One piece.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Change {
    /// What it does.
    pub does: Does,
    /// What of it is marked.
    pub mark: Span,
    /// All of it.
    pub whole: Span,
    /// All that its layer says below the same key of the file, or the added file.
    pub section: Span,
    /// Its layer: the higher, the later it is laid.
    pub layer: usize,
    /// Whether it is an overlay's, or of what an overlay includes.
    pub overlay: bool,
}

/// Keys without which there is no overlay.
const OWN: [&str; 2] = ["stackc", "name"];

/// All changes, the topmost layer's first. None where some of the stack is missing.
pub fn changes(gathered: &Gathered) -> Vec<Change> {
    let stack = gathered.folders.iter().position(|folder| folder.part == Part::Stack);
    let Some(stack) = stack.filter(|_| gathered.complete) else { return Vec::new() };
    let layers = gathered.folders.iter().zip(&gathered.trees).enumerate().rev();
    let mut all = Vec::new();
    for (layer, (folder, tree)) in layers {
        let overlay = layer > stack;
        for entry in tree.iter().flat_map(Node::entries) {
            let transforms = entry.key.text == "kustomize";
            if transforms || (overlay && !OWN.contains(&entry.key.text.as_ref())) {
                Of { layer, overlay, section: whole(entry) }.entry(entry, transforms, &mut all);
            }
        }
        for file in files(folder).filter(|_| overlay) {
            let of = Of { layer, overlay, section: all_of(file) };
            all.push(of.change(Does::Add, file.start(), of.section));
        }
    }
    all
}

/// The same stack without some changes.
#[must_use]
pub fn without(gathered: &Gathered, undone: &[Change]) -> Gathered {
    let mut left = gathered.clone();
    let undone: BTreeSet<Span> = undone.iter().map(|change| change.whole).collect();
    left.trees.iter_mut().flatten().for_each(|tree| strip(tree, &undone));
    let stays = |file: &FileId| !undone.contains(&all_of(*file));
    for folder in &mut left.folders {
        folder.apps.retain(|(_, file)| stays(file));
        folder.files.retain(|_, file| stays(file));
        folder.manifests.retain(|(_, file)| stays(file));
        folder.lock = folder.lock.filter(stays);
    }
    left
}

/// Where changes are listed.
#[derive(Clone, Copy)]
struct Of {
    layer: usize,
    overlay: bool,
    section: Span,
}

impl Of {
    /// `items`: lists are added to, not replaced.
    fn entry(self, entry: &Entry, items: bool, all: &mut Vec<Change>) {
        let Entry { key, value } = entry;
        match &value.value {
            Value::Map(map) if !map.entries.is_empty() => {
                map.entries.iter().for_each(|entry| self.entry(entry, items, all));
            }
            Value::List(list) if items && !list.is_empty() => {
                all.extend(list.iter().map(|item| self.change(Does::Say, item.span, reach(item))));
            }
            Value::Null => all.push(self.change(Does::Remove, key.span, whole(entry))),
            _ => all.push(self.change(Does::Say, value.span, whole(entry))),
        }
    }

    fn change(self, does: Does, mark: Span, whole: Span) -> Change {
        let Of { layer, overlay, section } = self;
        Change { does, mark, whole, section, layer, overlay }
    }
}

fn whole(entry: &Entry) -> Span {
    forth(entry.key.span, reach(&entry.value))
}

/// A value with all that is in it: what has no brackets is marked at its first entry.
fn reach(node: &Node) -> Span {
    let entries = node.entries().iter().map(whole);
    entries.chain(node.items().iter().map(reach)).fold(node.span, forth)
}

/// What an alias repeats stands further up.
fn forth(from: Span, to: Span) -> Span {
    if to.start < from.start { from } else { from.to(to) }
}

fn all_of(file: FileId) -> Span {
    file.part(0, usize::MAX)
}

/// What lies beside the file that describes the layer.
fn files(folder: &Layer) -> impl Iterator<Item = FileId> {
    let documents = folder.apps.iter().chain(&folder.manifests).map(|(_, file)| *file);
    documents.chain(folder.files.values().copied()).chain(folder.lock)
}

/// A map of which nothing is left would still lie over what is beneath it.
fn strip(node: &mut Node, undone: &BTreeSet<Span>) {
    match &mut node.value {
        Value::Map(map) => map.entries.retain_mut(|entry| {
            !undone.contains(&whole(entry)) && {
                let had = has_some(&entry.value);
                strip(&mut entry.value, undone);
                has_some(&entry.value) == had
            }
        }),
        Value::List(items) => items.retain(|item| !undone.contains(&reach(item))),
        _ => {}
    }
}

fn has_some(node: &Node) -> bool {
    match &node.value {
        Value::Map(map) => !map.entries.is_empty(),
        Value::List(items) => !items.is_empty(),
        _ => true,
    }
}
