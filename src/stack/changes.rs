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
                all.extend(list.iter().map(|item| self.change(Does::Say, item.span, item.span)));
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

/// What an alias repeats stands further up.
fn whole(entry: &Entry) -> Span {
    let (key, value) = (entry.key.span, entry.value.span);
    if value.start < key.start { key } else { key.to(value) }
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
        Value::List(items) => items.retain(|item| !undone.contains(&item.span)),
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

#[cfg(test)]
mod tests {
    use super::{Change, Does, changes, without};
    use crate::finding::Findings;
    use crate::source::{Input, Part, Sources};
    use crate::stack::layers::{Gathered, gather};
    use crate::yaml::{Dialect, Node, read, read_typed};

    const STACK: &str = "stackc: 1\nnodes: {a: {arch: amd64}}\nkustomize:\n  namePrefix: x-\n";
    const OVERLAY: &str = "\
stackc: 1
nodes: {a: null, b: {arch: arm64, roles: [x, y]}}
apps:
  web: {place: {}, env: {A: }}
kustomize:
  patches:
  - target: {kind: Service}
    patch: []
  - {patch: {}}
  images: []
";

    /// A stack, and an overlay of it that has an app.
    fn gathered(sources: &mut Sources) -> Gathered {
        let (mut found, files) =
            (Findings::default(), |text: &'static str| [("stack.yaml", text.as_bytes())]);
        let app = ("apps/own.yaml", &b"kind: app\n"[..]);
        let base = Input::of_files("base", files(STACK).into_iter(), sources).layer;
        let mut over = Input::of_files("over", files(OVERLAY).into_iter().chain([app]), sources).layer;
        let mut gathered = gather(base, sources, &mut found);
        over.part = Part::Overlay;
        gathered.trees.push(read_typed(sources, over.file, &mut found));
        gathered.folders.push(over);
        gathered
    }

    fn texts<'a>(changes: &[Change], sources: &'a Sources) -> Vec<(Does, &'a str)> {
        changes.iter().map(|change| (change.does, sources.text(change.mark))).collect()
    }

    #[test]
    fn the_pieces_of_each_layer() {
        let mut sources = Sources::default();
        let gathered = gathered(&mut sources);
        let all = changes(&gathered);
        let (over, base) = all.split_at(all.len() - 1);
        assert_eq!(
            texts(over, &sources),
            [
                (Does::Remove, "a"),
                (Does::Say, "arm64"),
                (Does::Say, "[x, y]"),
                (Does::Say, "{}"),
                (Does::Remove, "A"),
                (Does::Say, "target: {kind: Service}\n    patch: []"),
                (Does::Say, "{patch: {}}"),
                (Does::Say, "[]"),
                (Does::Add, ""),
            ]
        );
        assert!(over.iter().all(|change| change.overlay && change.layer == 1));
        assert_eq!(texts(base, &sources), [(Does::Say, "x-")]);
        assert!(base.iter().all(|change| !change.overlay && change.layer == 0));
        assert!(sources.text(over[5].section).starts_with("kustomize:\n"));
        assert_eq!(over[5].section, over[7].section);
    }

    fn left(gathered: &Gathered) -> Vec<Node> {
        gathered.trees.iter().flatten().cloned().collect()
    }

    #[test]
    fn without_one_all_others_are_left() {
        let mut sources = Sources::default();
        let gathered = gathered(&mut sources);
        let all = changes(&gathered);
        for (at, change) in all.iter().enumerate() {
            let expected: Vec<Change> =
                all.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, other)| *other).collect();
            let marks = |changes: &[Change]| changes.iter().map(|change| change.mark).collect::<Vec<_>>();
            assert_eq!(marks(&changes(&without(&gathered, &[*change]))), marks(&expected), "{change:?}");
        }
        let nothing = without(&gathered, &[]);
        assert!(left(&nothing).iter().zip(left(&gathered)).all(|(one, other)| one.same(&other)));
    }

    #[test]
    fn without_all_the_base_alone_is_left() {
        let mut sources = Sources::default();
        let gathered = gathered(&mut sources);
        let base = without(&gathered, &changes(&gathered));
        assert!(base.folders.iter().all(|folder| folder.apps.is_empty()));
        let texts = ["stackc: 1\nnodes: {a: {arch: amd64}}\n", "stackc: 1\n"];
        for (tree, text) in left(&base).iter().zip(texts) {
            let file = sources.add("expected.yaml".into(), Ok(text.into()));
            let expected = read(&sources, file, Dialect::Typed, &mut Findings::default());
            assert!(expected[0].same(tree), "{tree:?}");
        }
    }

    #[test]
    fn where_some_is_missing_nothing_is_known() {
        let mut gathered = gathered(&mut Sources::default());
        gathered.complete = false;
        assert_eq!(changes(&gathered), []);
    }
}
