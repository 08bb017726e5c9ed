//! `patches`, `patchesStrategicMerge`, `patchesJson6902`: read once, then laid over each object that they are for.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use crate::finding::{Finding, Findings, Severity, list_all, nearest};
use crate::kube::{Before, is_kubernetes, secret, type_of};
use crate::source::{FileId, SourceFile, Sources, Span};
use crate::transform::Wrong;
use crate::transform::build::{Build, Fill, Ground};
use crate::transform::codes::{
    FIELD_GAVE_WAY, KUSTOMIZATION_INVALID, LIST_REPLACED_WHOLE, PATCH_INVALID, PATCH_NO_CHANGE,
    PATCH_NO_TARGET, overridden,
};
use crate::transform::configuration::Configuration;
use crate::transform::json6902::{self, Operation};
use crate::transform::kustomization::{Patch, PatchOptions, Selector};
use crate::transform::load::{self, Layer};
use crate::transform::resource::{self, Id, Resource, Resources};
use crate::transform::shape::Shape;
use crate::transform::strategic::{self, Absent, Hollow, Outcome};
use crate::transform::target::{self, Target};
use crate::yaml::{Dialect, Key, Node, Spanned, Value, inner_all, read};

/// Which patches of a layer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Which {
    /// `patchesStrategicMerge`, then `patches`.
    First,
    /// `patchesJson6902`, which kustomize applies after names and labels.
    Json6902,
}

/// A patch that could be read.
struct Ready<'l> {
    /// Where it is written, for a finding about the whole of it.
    place: Span,
    content: Content,
    target: Option<&'l Selector>,
    may_rename: bool,
    may_change_kind: bool,
    /// What would have made more of it.
    way_out: Option<&'static str>,
    /// Whether the object has annotations for it, be they none: so with kustomize's `patches`, not with `patchesJson6902`.
    annotated: bool,
}

impl Ready<'_> {
    /// Whether it is a JSON patch that adds an annotation.
    fn annotates(&self) -> bool {
        match &self.content {
            Content::Json(operations) => operations.iter().any(Operation::annotates),
            Content::Strategic { .. } => false,
        }
    }
}

enum Content {
    /// A strategic merge patch: what it calls its object, and the patch without that.
    Strategic { id: Id, named: Span, patch: Node },
    /// A JSON patch.
    Json(Vec<Operation>),
}

/// Applies the patches of a layer, in order.
pub fn apply(
    layer: &Layer,
    which: Which,
    resources: &mut Resources,
    configuration: &Configuration,
    build: &mut Build<'_>,
) {
    let mut marks = Marks::default();
    layer.beside.iter().for_each(|patch| marks.text(*patch));
    let ready = match which {
        Which::First => {
            let mut ready: Vec<Ready<'_>> = Vec::new();
            for entry in &layer.kustomization.patches_strategic_merge {
                ready.extend(old_strategic(entry, layer, &mut marks, build));
            }
            for patch in &layer.kustomization.patches {
                ready.extend(entry(patch, layer, &mut marks, build));
            }
            ready
        }
        Which::Json6902 => {
            let patches = layer.kustomization.patches_json6902.iter();
            patches.flat_map(|patch| old_json(patch, layer, &mut marks, build)).collect()
        }
    };
    let mut apply = Apply { configuration, marks: &marks, build, gone: BTreeSet::new(), absent: Vec::new() };
    for patch in &ready {
        apply.patch(patch, resources);
    }
    if !apply.gone.is_empty() {
        let gone = apply.gone;
        let mut at = 0_usize;
        resources.retain(|_| {
            let keep = !gone.contains(&at);
            at = at.saturating_add(1);
            keep
        });
    }
}

fn invalid(found: &mut Findings, wrong: Wrong) {
    found.push(wrong.finding(&PATCH_INVALID));
}

/// The places that patches of one layer stand at.
#[derive(Default)]
struct Marks(BTreeMap<(FileId, u32), u32>);

impl Marks {
    fn file(&mut self, file: FileId) {
        self.0.insert((file, 0), u32::MAX);
    }

    fn text(&mut self, span: Span) {
        self.0.insert((span.file, span.start), span.end);
    }

    fn hold(&self, span: Span) -> bool {
        self.of(span).is_some()
    }

    /// The patch that a place belongs to.
    fn of(&self, span: Span) -> Option<(FileId, u32)> {
        let (mark, end) = self.0.range(..=(span.file, span.start)).next_back()?;
        (mark.0 == span.file && span.end <= *end).then_some(*mark)
    }
}

/// One entry of `patches`.
fn entry<'l>(patch: &'l Patch, layer: &Layer, marks: &mut Marks, build: &mut Build<'_>) -> Vec<Ready<'l>> {
    // kustomize reads it without the blanks at its end: a `|` that ends it has no last newline.
    let Some((place, documents)) = content(patch, str::trim_end, layer, marks, build) else {
        return Vec::new();
    };
    let options = patch.options.as_ref();
    let is_json = documents.iter().any(|document| matches!(document.value, Value::List(_)));
    if is_json {
        if patch.target.is_none() {
            let reason = "a JSON patch needs a `target`: it does not say itself which object it is for";
            let first = documents.first().and_then(|document| document.items().first());
            let is_object = first.is_some_and(|item| item.get("op").is_none() && item.get("kind").is_some());
            let help = if is_object {
                "a strategic merge patch is a map: leave the dash out"
            } else {
                "target: {kind: KIND, name: NAME}"
            };
            invalid(build.found, Wrong::at(place, reason).help(help));
            return Vec::new();
        }
        let ready = read_json(&documents, place, patch.target.as_ref(), build.found);
        return ready.into_iter().map(|ready| Ready { annotated: true, ..ready }).collect();
    }
    if documents.len() > 1 && patch.target.is_some() {
        let reason = "several patches with one `target`: each of them would be applied to the same objects";
        invalid(
            build.found,
            Wrong::at(place, reason).help("leave `target` out, or make an entry of each patch"),
        );
        return Vec::new();
    }
    let read = |document| strategic(document, place, patch.target.as_ref(), options, build.found);
    documents.into_iter().filter_map(read).collect()
}

/// The documents of an entry, from its file or the part that counts of its own text.
fn content(
    patch: &Patch,
    part: fn(&str) -> &str,
    layer: &Layer,
    marks: &mut Marks,
    build: &mut Build<'_>,
) -> Option<(Span, Vec<Node>)> {
    let (place, documents) = match (&patch.path, &patch.patch) {
        (Some(file), Some(own)) => {
            let finding = Finding::new(
                &KUSTOMIZATION_INVALID,
                own.span,
                "a patch is in a file (`path`) or here (`patch`), not both",
            );
            build.found.push(finding.also(file.span, "the file"));
            return None;
        }
        (None, None) => {
            let place = patch.target.as_ref().and_then(target::place).unwrap_or_else(|| layer.file.start());
            build.found.push(Finding::new(
                &KUSTOMIZATION_INVALID,
                place,
                "an entry of `patches` has neither `path` nor `patch`",
            ));
            return None;
        }
        (Some(name), None) => {
            let file = *layer.files.get(&name.value)?;
            marks.file(file);
            (name.span, file_documents(file, build.ground, build.found)?)
        }
        (None, Some(own)) => {
            marks.text(own.span);
            (own.span, text_documents(own, part, build.ground.sources, build.found)?)
        }
    };
    let documents: Vec<Node> = documents.into_iter().flat_map(resource::apart).collect();
    if documents.is_empty() {
        let what =
            patch.path.as_ref().map_or("the patch".to_owned(), |path| format!("the patch {}", path.value));
        invalid(build.found, Wrong::at(place, format!("{what} holds nothing")).help("remove the entry"));
        return None;
    }
    Some((place, documents))
}

/// A JSON patch is read as kubectl reads it, anything else as kustomize reads objects. In a stack a file `*.j2` holds
/// templates, in its values as in those of an app's file.
fn file_documents(file: FileId, ground: Ground<'_>, found: &mut Findings) -> Option<Vec<Node>> {
    let Ground { sources, fill, .. } = ground;
    let before = found.errors();
    if let Some(fill) = fill.filter(|_| sources.file(file).path.strip_suffix(".j2").is_some()) {
        let mut documents = read(sources, file, Dialect::Typed, found);
        for document in &mut documents {
            fill(document, found);
        }
        return Some(documents).filter(|_| found.errors() == before);
    }
    let documents = read(sources, file, Dialect::Kustomize, found);
    if found.errors() > before {
        return None;
    }
    if let Some(fill) = fill {
        tell_unfilled(file, &documents, sources, fill, found);
    }
    let is_list = documents.iter().any(|document| matches!(document.value, Value::List(_)));
    Some(if is_list { read(sources, file, Dialect::Manifest, found) } else { documents })
}

/// Tells a file that could be filled and is not: the names in it are the stack's, and no other program's.
fn tell_unfilled(
    file: FileId,
    documents: &[Node],
    sources: &Sources,
    templates: &Fill<'_>,
    found: &mut Findings,
) {
    let SourceFile { text, path, .. } = sources.file(file);
    if !text.contains("{{") {
        return;
    }
    let mut scratch = Findings::default();
    let changes = documents.iter().any(|document| {
        let mut filled = document.clone();
        templates(&mut filled, &mut scratch);
        !filled.same(document)
    });
    if changes && scratch.errors() == 0 {
        let name = path.rsplit('/').next().unwrap_or(path);
        let message = format!("the templates in {path} stay as they are");
        let at = text.find("{{").unwrap_or_default();
        let finding = Finding::new(&PATCH_INVALID, file.part(at, at.saturating_add(2)), message);
        found.push(finding.weighs(Severity::Warning).help(format!("to fill them, call it {name}.j2")));
    }
}

/// A patch in a text; a map or list is taken as it is.
fn text_documents(
    node: &Node,
    part: fn(&str) -> &str,
    sources: &Sources,
    found: &mut Findings,
) -> Option<Vec<Node>> {
    let Some(text) = node.as_text().map(part) else { return Some(vec![node.clone()]) };
    let before = found.errors();
    let documents = inner_all(sources, node.span, text, Dialect::Kustomize, found);
    if found.errors() > before {
        return None;
    }
    let is_list = documents.iter().any(|document| matches!(document.value, Value::List(_)));
    Some(if is_list { inner_all(sources, node.span, text, Dialect::Manifest, found) } else { documents })
}

fn read_json<'l>(
    documents: &[Node],
    place: Span,
    target: Option<&'l Selector>,
    found: &mut Findings,
) -> Vec<Ready<'l>> {
    let mut wrong = Vec::new();
    let mut all = Vec::new();
    if let [_, second, ..] = documents {
        let reason = "a second document of a JSON patch, which kustomize drops without a word";
        wrong.push(Wrong::at(second.span, reason).help("write all operations in one list"));
    }
    for document in documents {
        all.extend(json6902::operations(document, &mut wrong));
    }
    if !wrong.is_empty() {
        for wrong in wrong {
            invalid(found, wrong);
        }
        return Vec::new();
    }
    if all.is_empty() {
        invalid(found, Wrong::at(place, "the patch has no operation").help("remove the entry"));
        return Vec::new();
    }
    vec![Ready {
        place,
        content: Content::Json(all),
        target,
        may_rename: true,
        may_change_kind: true,
        way_out: None,
        annotated: false,
    }]
}

fn strategic<'l>(
    mut document: Node,
    place: Span,
    target: Option<&'l Selector>,
    options: Option<&PatchOptions>,
    found: &mut Findings,
) -> Option<Ready<'l>> {
    if document.as_map().is_none() {
        let reason = format!("a patch is a map or a list of operations, this is {}", document.kind());
        let help = "patch: {spec: {replicas: 3}}, or patch: [{op: replace, path: /spec/replicas, value: 3}]";
        invalid(found, Wrong::at(document.span, reason).help(help));
        return None;
    }
    if let (Some(op), Some(_)) = (document.get("op"), document.get("path")) {
        let reason = "a JSON patch is a list of operations, this is a map";
        invalid(found, Wrong::at(op.span, reason).help("put `- ` before the operation"));
        return None;
    }
    let id = Id::of(&document);
    if target.is_none() {
        let missing: Vec<&str> =
            [("apiVersion", &id.api_version), ("kind", &id.kind), ("metadata.name", &id.name)]
                .into_iter()
                .filter(|(_, text)| text.is_empty())
                .map(|(key, _)| key)
                .collect();
        if !missing.is_empty() {
            let span = document.entries().first().map_or(document.span, |entry| entry.key.span);
            let reason = format!(
                "the patch has no `{}`, so it does not say which object it is for",
                missing.join("`, no `")
            );
            invalid(found, Wrong::at(span, reason).help("write it, or name the objects by a `target`"));
            return None;
        }
    }
    let named = document.at(&["metadata", "name"]).map_or(document.span, |name| name.span);
    let allowed = |pick: fn(&PatchOptions) -> Option<bool>| options.and_then(pick) == Some(true);
    let way_out = renames(&document, target);
    let may_rename = allowed(|options| options.allow_name_change);
    let may_change_kind = allowed(|options| options.allow_kind_change);
    bare(&mut document, may_rename, may_change_kind);
    Some(Ready {
        place,
        content: Content::Strategic { id, named, patch: document },
        target,
        may_rename,
        may_change_kind,
        way_out,
        annotated: true,
    })
}

/// What a patch with a target says of its object's name, kind or namespace that is another than the object has; it is left
/// as it is, and is a mere placeholder most of the time. What would allow a change.
fn renames(patch: &Node, target: Option<&Selector>) -> Option<&'static str> {
    let target = target?;
    let said = [
        (
            ["metadata", "name"].as_slice(),
            &target.name,
            "a name changes with options: {allowNameChange: true}",
        ),
        (&["kind"], &target.kind, "a kind changes with options: {allowKindChange: true}"),
        (
            &["metadata", "namespace"],
            &target.namespace,
            "a patch moves no object into another namespace; `namespace:` does",
        ),
    ];
    let other = |path: &[&str], selected: &Option<Spanned<String>>| {
        let selected = selected.as_ref().map(|selected| selected.value.as_str());
        patch.at(path).is_some_and(|node| node.as_text().is_some_and(|own| selected != Some(own)))
    };
    said.into_iter().find(|(path, selected, _)| other(path, selected)).map(|(.., way_out)| way_out)
}

/// Leaves out what only says which object is meant: kustomize keeps the object's own.
fn bare(patch: &mut Node, may_rename: bool, may_change_kind: bool) {
    let Some(map) = patch.as_map_mut() else { return };
    map.remove("apiVersion");
    if !may_change_kind {
        map.remove("kind");
    }
    let Some(metadata) = map.get_mut("metadata").and_then(Node::as_map_mut) else { return };
    metadata.remove("namespace");
    if !may_rename {
        metadata.remove("name");
    }
    if metadata.entries.is_empty() {
        map.remove("metadata");
    }
}

/// One entry of `patchesStrategicMerge`: a file, or the patch itself.
fn old_strategic<'l>(
    entry: &Node,
    layer: &Layer,
    marks: &mut Marks,
    build: &mut Build<'_>,
) -> Vec<Ready<'l>> {
    let documents = if let Some(path) = load::path(entry) {
        layer.files.get(&path.value).and_then(|file| {
            marks.file(*file);
            file_documents(*file, build.ground, build.found)
        })
    } else {
        marks.text(entry.span);
        text_documents(entry, |text| text, build.ground.sources, build.found)
    };
    let Some(documents) = documents else { return Vec::new() };
    let documents: Vec<Node> = documents.into_iter().flat_map(resource::apart).collect();
    if documents.is_empty() {
        invalid(build.found, Wrong::at(entry.span, "the patch holds nothing").help("remove the entry"));
    }
    let read = |document| strategic(document, entry.span, None, None, build.found);
    documents.into_iter().filter_map(read).collect()
}

/// One entry of `patchesJson6902`.
fn old_json<'l>(patch: &'l Patch, layer: &Layer, marks: &mut Marks, build: &mut Build<'_>) -> Vec<Ready<'l>> {
    let Some((place, documents)) = content(patch, |text| text, layer, marks, build) else {
        return Vec::new();
    };
    let Some(target) = &patch.target else {
        invalid(
            build.found,
            Wrong::at(place, "a JSON patch needs a `target`").help("target: {kind: KIND, name: NAME}"),
        );
        return Vec::new();
    };
    read_json(&documents, place, Some(target), build.found)
}

/// What makes an object one, where a patch has taken it away: kustomize puts it back.
fn keep_identity(resource: &mut Resource, place: Span) {
    let now = Id::of(&resource.body);
    let Id { api_version, kind, name, .. } = resource.id.clone();
    if let Some(map) = resource.body.as_map_mut() {
        for (key, was, is) in [("apiVersion", api_version, now.api_version), ("kind", kind, now.kind)] {
            if is.is_empty() {
                map.set(Key { span: place, text: key.into() }, Node::text(place, was));
            }
        }
    }
    if now.name.is_empty() {
        let id = resource.id.clone();
        resource.set_metadata("name", name, place);
        if !id.namespace.is_empty() && resource.id.namespace.is_empty() {
            resource.set_metadata("namespace", id.namespace, place);
        }
    }
}

/// What an object needs and does not have.
fn lacks(body: &Node) -> Option<String> {
    let paths: [&[&str]; 3] = [&["apiVersion"], &["kind"], &["metadata", "name"]];
    let missing = paths.into_iter().find(|path| body.text_at(path).is_none_or(str::is_empty))?;
    Some(format!("the object would have no `{}` that is text", missing.join(".")))
}

/// kustomize notes an object's names among its annotations, so a JSON patch finds the map there as soon as it
/// has noted any. Whether it had to be made.
fn with_annotations(body: &mut Node) -> bool {
    let span = body.span;
    let metadata = body.as_map_mut().and_then(|map| map.get_mut("metadata")).and_then(Node::as_map_mut);
    let Some(metadata) = metadata else { return false };
    let none = Node::map::<&str>(span, []);
    match metadata.get_mut("annotations") {
        None => metadata.push(Key { span, text: "annotations".into() }, none),
        Some(null) if matches!(null.value, Value::Null) => *null = none,
        Some(_) => return false,
    }
    true
}

/// Takes the map out again where the patch has put nothing in.
fn without_annotations(body: &mut Node) {
    let metadata = body.as_map_mut().and_then(|map| map.get_mut("metadata")).and_then(Node::as_map_mut);
    let Some(metadata) = metadata else { return };
    if metadata.get("annotations").is_some_and(|map| map.as_map().is_some() && map.entries().is_empty()) {
        metadata.remove("annotations");
    }
}

struct Apply<'a, 'b> {
    configuration: &'a Configuration,
    marks: &'a Marks,
    build: &'a mut Build<'b>,
    /// Places of objects that were deleted.
    gone: BTreeSet<usize>,
    /// Entries of lists that the patch at hand deletes and that are not there.
    absent: Vec<Absent>,
}

impl Apply<'_, '_> {
    fn patch(&mut self, patch: &Ready<'_>, resources: &mut Resources) {
        let places = match (patch.target, &patch.content) {
            (Some(selector), _) => self.selected(selector, patch.place, resources),
            (None, Content::Strategic { id, named, .. }) => self.called(id, *named, resources),
            (None, Content::Json(_)) => Vec::new(),
        };
        self.absent.clear();
        let before = self.build.found.errors();
        let mut changed = places.is_empty();
        for at in places {
            let Some(resource) = resources.get_mut(at) else { continue };
            let old = resource.id.clone();
            let keeps = self.build.ground.past && matches!(patch.content, Content::Strategic { .. });
            let before = keeps.then(|| resource.body.clone());
            changed |= self.one(patch, resource, at);
            if let Some(body) = before {
                resource.keep_past(Before { body, by: Some(patch.place), copies: false });
            }
            if resource.id != old {
                resource.before.push(old);
                resources.renamed();
            }
        }
        if !changed && self.build.found.errors() == before {
            let (span, message, help) = self.idle(patch);
            self.build.found.push(Finding::new(&PATCH_NO_CHANGE, span, message).help(help));
        }
    }

    /// Why a patch changed nothing: where, what is told, the way out.
    fn idle(&self, patch: &Ready<'_>) -> (Span, String, String) {
        if let Some(Absent { span, entry, name, others }) = self.absent.first() {
            let message = format!("the patch changes nothing: there is no `{entry}` to delete");
            let near = nearest(name, others.iter().map(String::as_str));
            let help = near.map_or("remove it".to_owned(), |near| format!("did you mean `{near}`?"));
            return (*span, message, help);
        }
        let message = match patch.way_out {
            Some(_) => "the patch changes nothing: what names its object is left as it is",
            None => "the patch changes nothing: every value is already what it asks for",
        };
        (patch.place, message.to_owned(), patch.way_out.unwrap_or("remove it").to_owned())
    }

    fn selected(&mut self, selector: &Selector, place: Span, resources: &mut Resources) -> Vec<usize> {
        let mut wrong = Vec::new();
        let target = Target::read(selector, &mut wrong);
        if !wrong.is_empty() {
            for wrong in wrong {
                invalid(self.build.found, wrong);
            }
            return Vec::new();
        }
        let mut places = target.select(resources);
        places.retain(|at| !self.gone.contains(at));
        if places.is_empty() {
            let (missed, help) = target.missed(selector, resources).unzip();
            let place = missed.or_else(|| target::place(selector)).unwrap_or(place);
            let help = help.flatten().or_else(|| target.nearest(resources));
            let message = format!("the patch is for no object here ({})", target::shown(selector));
            self.build.found.push(Finding::new(&PATCH_NO_TARGET, place, message).maybe_help(help));
        }
        places
    }

    fn called(&mut self, id: &Id, named: Span, resources: &mut Resources) -> Vec<usize> {
        let mut places = resources.called(id);
        places.retain(|at| !self.gone.contains(at));
        match places.as_slice() {
            [_] => return places,
            [] => {
                let message =
                    format!("the patch is for {} ({}), which is not here", id.shown(), id.api_version);
                let near = target::near(id, resources);
                self.build.found.push(Finding::new(&PATCH_NO_TARGET, named, message).maybe_help(near));
            }
            [first, second, ..] => {
                let shown = [first, second]
                    .map(|at| resources.get(*at).map_or_else(String::new, |own| own.id.shown()));
                let message =
                    format!("several objects are or were called {}: {}", id.shown(), shown.join(", "));
                self.build.found.push(
                    Finding::new(&PATCH_NO_TARGET, named, message).help("write the name that it has now"),
                );
            }
        }
        Vec::new()
    }

    /// Whether the object changed.
    fn one(&mut self, patch: &Ready<'_>, resource: &mut Resource, at: usize) -> bool {
        let is_secret = secret::is_secret(&resource.body);
        if is_secret {
            self.hide(&patch.content);
        }
        let found = &*self.build.found;
        let quotes = |node: &Node| !is_secret && !found.hides(node.span);
        let rules = json6902::Rules { lacks: &lacks, quotes: &quotes, past: self.build.ground.past };
        let bare = patch.annotates()
            && (patch.annotated || !resource.before.is_empty())
            && with_annotations(&mut resource.body);
        let changed = match &patch.content {
            Content::Json(operations) => match json6902::apply(&mut resource.body, operations, &rules) {
                Ok(done) => {
                    // Within one patch the order is meant.
                    let other =
                        |(_, old, new): &(String, Span, Span)| self.marks.of(*old) != self.marks.of(*new);
                    let replaced = done.replaced.into_iter().filter(other).collect();
                    resource.past.before.extend(done.past);
                    self.tell_replaced(replaced, resource);
                    done.changed
                }
                Err(wrong) => {
                    let reason = format!("{}: {}", resource.id.shown(), wrong.reason);
                    invalid(self.build.found, Wrong { reason, ..wrong });
                    false
                }
            },
            Content::Strategic { patch, .. } if patch.text_at(&["$patch"]) == Some("replace") => {
                let span = patch.get("$patch").map_or(patch.span, |word| word.span);
                let reason = format!(
                    "{}: `$patch: replace` of a whole object does nothing in kustomize",
                    resource.id.shown()
                );
                let help = "`$patch: delete` removes it, and `resources` has room for another one";
                invalid(self.build.found, Wrong::at(span, reason).help(help));
                false
            }
            Content::Strategic { patch, .. } => {
                let own = (resource.id.group().to_owned(), resource.id.kind.clone());
                let shape = match self.configuration.types.get(&own) {
                    Some(own) => Shape::Own(own),
                    None => Shape::Known(type_of(&own.0, &own.1)),
                };
                let outcome = strategic::merge(&mut resource.body, patch, shape, self.build.ground.minor);
                if outcome.deleted {
                    self.gone.insert(at);
                }
                let changed = outcome.changed;
                if !outcome.deleted {
                    strategic::tidy(&mut resource.body, shape, self.build.ground.minor);
                    keep_identity(resource, patch.span);
                }
                self.tell(outcome, resource);
                changed
            }
        };
        if bare {
            without_annotations(&mut resource.body);
        }
        if patch.may_rename || patch.may_change_kind {
            resource.id = Id::of(&resource.body);
        }
        changed
    }

    /// What goes into a Secret is one.
    fn hide(&mut self, content: &Content) {
        match content {
            Content::Strategic { patch, .. } => secret::hide(patch, &mut Vec::new(), self.build.found),
            Content::Json(operations) => {
                for (mut path, value) in operations.iter().filter_map(Operation::says) {
                    secret::hide(value, &mut path, self.build.found);
                }
            }
        }
    }

    /// Values of earlier patches of the layer.
    fn tell_replaced(&mut self, replaced: Vec<(String, Span, Span)>, resource: &Resource) {
        for (key, old, new) in replaced {
            if !self.marks.hold(old) {
                self.build.over.note(new, old);
                continue;
            }
            let message = format!("{}: two patches set `{key}` to different values", resource.id.shown());
            self.build.found.push(overridden(message, new, old));
        }
    }

    /// Containers that are added without an image: what checks say of them later would be an echo.
    fn tell_hollow(&mut self, hollow: &[Hollow], resource: &Resource) {
        for Hollow { item, place, name, others } in hollow {
            let shown = resource.id.shown();
            let message = format!("{shown}: the patch adds a container `{name}`, which has no image");
            let help = match nearest(name, others.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("containers there: {}", list_all(others.iter().map(String::as_str))),
            };
            let finding = Finding::new(&PATCH_INVALID, *place, message).weighs(self.build.weight());
            self.build.found.push(finding.help(help));
            self.build.found.give_up(*item);
        }
    }

    fn tell(&mut self, outcome: Outcome, resource: &Resource) {
        self.absent.extend(outcome.absent);
        let shown = resource.id.shown();
        for wrong in outcome.wrong {
            let reason = format!("{shown}: {}", wrong.reason);
            invalid(self.build.found, Wrong { reason, ..wrong });
        }
        self.tell_hollow(&outcome.hollow, resource);
        self.tell_replaced(outcome.replaced, resource);
        for (key, old, new) in outcome.gave_way {
            let message = format!("{shown}: `{key}` gives way to what the patch chose");
            let finding = Finding::new(&FIELD_GAVE_WAY, new, message).also(old, "was here");
            self.build.found.push(finding.help(format!("write `{key}: null` beside it to say so")));
        }
        if !is_kubernetes(resource.id.group()) {
            for (key, new) in outcome.lists {
                let message = format!("{shown}: the patch's list takes the place of all of `{key}`");
                self.build.found.push(Finding::new(&LIST_REPLACED_WHOLE, new, message));
            }
        }
    }
}
