//! Apps from their files to objects, and what is asked for of all objects.

use super::Compiled;
use crate::finding::Findings;
use crate::kinds::{self, Address, Asking, Draft};
use crate::kube::Object;
use crate::lower::{self, Files, Merged};
use crate::source::{Sources, Span};
use crate::stack::layers::{Defined, Layers};
use crate::stack::{App, Stack};
use crate::template::{self, Templates};
use crate::transform::{self, Ground};
use crate::yaml::{self, Build, Map, Node, Overrides};

/// What all apps of a stack have in common.
pub(super) struct Shared<'a> {
    pub(super) stack: &'a Stack,
    pub(super) layers: &'a Layers,
    pub(super) defaults: Option<Node>,
    pub(super) templates: Templates,
    /// See [`Demands::past`].
    pub(super) past: bool,
}

/// An app file as a draft: read, its kind known, short forms grown, changes of layers above laid over it.
pub(super) struct Read<'a> {
    app: &'a Defined,
    pub(super) draft: Draft,
    /// Nothing was told of its file.
    sound: bool,
}

pub(super) fn drafts<'a>(
    layers: &'a Layers,
    sources: &Sources,
    overrides: &mut Overrides,
    found: &mut Findings,
) -> Vec<Read<'a>> {
    let mut drafts = Vec::new();
    for app in &layers.apps {
        let before = found.errors();
        if let Err(reason) = kinds::app_name(&app.name) {
            found.push(kinds::bad_name(app.file.start(), &app.name, &reason));
        }
        let draft = yaml::read_typed(sources, app.file, found)
            .and_then(|tree| kinds::draft(tree, &app.changes, overrides, found));
        let sound = found.errors() == before;
        drafts.extend(draft.map(|draft| Read { app, draft, sound }));
    }
    drafts
}

/// Where apps reach one another; templates learn it.
pub(super) fn addresses(
    drafts: &mut [Read<'_>],
    shared: &mut Shared<'_>,
    sources: &Sources,
    found: &mut Findings,
) -> Vec<Address> {
    let vars = shared.templates.scope();
    for read in drafts.iter_mut() {
        read.draft.fill_address(&vars, sources, found);
    }
    let address = |read: &Read<'_>| {
        let asked = Asking { name: &read.app.name, stack: shared.stack, defaults: shared.defaults.as_ref() };
        read.draft.address(&asked, &vars, sources)
    };
    let addresses: Vec<Address> = drafts.iter().map(address).collect();
    let named = drafts.iter().map(|read| read.app.name.as_str()).zip(&addresses);
    shared.templates.learn("apps", kinds::addresses(shared.stack.span, named));
    addresses
}

/// Drafts to apps to objects; each draft is dropped as soon as it is lowered. What comes out are the places of the apps'
/// own patches.
pub(super) fn apps(
    compiled: &mut Compiled,
    drafts: Vec<Read<'_>>,
    addresses: &[Address],
    (shared, overrides): (&Shared<'_>, &mut Overrides),
    found: &mut Findings,
) -> Vec<Span> {
    let (mut merged, mut patches) = (Merged::default(), Vec::new());
    for (Read { app, draft, sound }, address) in drafts.into_iter().zip(addresses) {
        let own = app_names(app, address);
        let files = Files {
            sources: &compiled.sources,
            layers: shared.layers,
            scope: shared.templates.scope_with(&own),
        };
        let noted = (&mut merged, &mut *overrides);
        if let Some((app, objects)) = self::app((&app.name, draft, sound), shared, &files, noted, found) {
            compiled.objects.extend(objects);
            patches.extend(app.pod.patches.iter().map(|own| own.patch.span));
            compiled.apps.push(app.into());
        }
    }
    let whole = compiled.apps.len() == shared.layers.apps.len();
    compiled.objects.extend(lower::shared(shared.stack, merged, whole, found));
    patches
}

/// Namespaces, and what the layers ask for under `kustomize`, the lowest first.
pub(super) fn transformed(
    compiled: &mut Compiled,
    (shared, patches): (&Shared<'_>, &[Span]),
    overrides: &mut Overrides,
    found: &mut Findings,
) {
    let Shared { stack, layers, templates, past, .. } = shared;
    let mut asked = Vec::new();
    for tree in &layers.kustomize {
        let Some(layer) = layers.layer(tree.span) else { continue };
        let mut tree = tree.clone();
        templates.scope().fill(&mut tree, &compiled.sources, found);
        let own = |patch: &&Span| {
            patch.file == layer.file || layer.apps.iter().any(|(_, file)| patch.file == *file)
        };
        let beside = patches.iter().filter(own).copied().collect();
        let layer = transform::layer(tree, layer.file, &layer.folder(), &mut compiled.sources, found);
        asked.extend(layer.map(|layer| transform::Layer { beside, ..layer }));
    }
    let namespace = asked.iter().rev().find_map(|layer| layer.kustomization.namespace.as_ref());
    let namespaces = lower::namespaces(&compiled.objects, namespace, stack, found);
    compiled.objects.extend(namespaces);
    if !asked.is_empty() {
        let objects = std::mem::take(&mut compiled.objects);
        let minor = stack.release.version().minor;
        let sources = &compiled.sources;
        let scope = templates.scope();
        let fill = |node: &mut Node, found: &mut Findings| scope.fill(node, sources, found);
        let ground = Ground { sources, minor, past: *past, fill: Some(&fill) };
        let (objects, over) = transform::apply(objects, &asked, &stack.namespace, ground, found);
        compiled.objects = objects;
        over.pairs().for_each(|(over, under)| overrides.note(over, under));
        // A patch may have put an object into another namespace.
        let namespaces = lower::missing_namespaces(&compiled.objects, stack);
        compiled.objects.extend(namespaces);
    }
}

/// Of a file of which something was told (`sound` is false), objects would only raise echoes.
fn app(
    (name, mut draft, sound): (&str, Draft, bool),
    shared: &Shared<'_>,
    files: &Files<'_>,
    (merged, overrides): (&mut Merged, &mut Overrides),
    found: &mut Findings,
) -> Option<(App, Vec<Object>)> {
    files.scope.fill(draft.tree_mut(), files.sources, found);
    let mut defaults = shared.defaults.clone();
    if let Some(defaults) = &mut defaults {
        files.scope.fill(defaults, files.sources, found);
    }
    let noted = shared.past.then_some(&mut *overrides);
    let app = draft.finish(name, shared.stack, defaults, noted, found).filter(|_| sound)?;
    let objects = lower::app(&app, shared.stack, files, merged, found);
    let minor = shared.stack.release.version().minor;
    let ground = Ground { sources: files.sources, minor, past: shared.past, fill: None };
    let (objects, over) = transform::app(objects, (app.span.file, &app.pod.patches), ground, found);
    over.pairs().for_each(|(over, under)| overrides.note(over, under));
    Some((app, objects))
}

/// What templates in an app's file know beside what all know.
fn app_names(app: &Defined, address: &Address) -> Map {
    let span = app.file.start();
    let own =
        Build::at(span).text("name", app.name.clone()).text("namespace", address.namespace.clone()).node();
    template::names(span, [("app", own)])
}
