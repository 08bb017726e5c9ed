//! What Helm, kustomize or Jsonnet made, checked against a stack's nodes, platforms and release.
//!
//! The objects are judged as those of `manifests/` are, but they are no part of the stack: no file is made of them, and
//! what they share a name with in the stack is no clash, since it may be the stack's own output on its way through
//! kustomize. The stack's objects meet references: a chart may use a Secret of `manifests/`.
//!
//! Of the stack itself only errors in stack.yaml (and what it includes) are told, for the proof rests on them; what is
//! wrong in its apps is the answer to `stackc check STACK`. What stack.yaml says of findings (comments, `checks`) holds.

use crate::check::{self, Demands, Facts};
use crate::compile::{Compiled, codes};
use crate::finding::{Code, Finding, Findings, Severity};
use crate::k3s::Release;
use crate::kube::{self, Object, Unit};
use crate::overrule;
use crate::reach::Traefik;
use crate::source::{FileId, Folder, Sources};
use crate::transform::{self, Ground, Layer};
use crate::yaml::{self, Dialect};

/// What a path names.
#[derive(Debug)]
pub enum Rendered {
    /// Files that the stack's sources know.
    Files(Vec<FileId>),
    /// A kustomization, which is built first.
    Kustomization(Folder),
}

/// Reads and checks what was rendered; one for each path that was named. The stack's objects and findings give way to
/// theirs. Also tells how many errors of the stack were left out.
pub fn judge(mut stack: Compiled, rendered: Vec<Rendered>, demands: Demands) -> (Compiled, usize) {
    let mut found = Findings::default();
    let known: Vec<&Code> = codes().collect();
    let rendered = loaded(rendered, &mut stack.sources, &mut found);
    let files = rendered.iter().flat_map(|(files, _)| files).copied();
    overrule::read((files, true), &stack.sources, &known, &mut found);
    overrule::read((stack.cluster_files.iter().copied(), false), &stack.sources, &known, &mut found);
    if let Some(cluster) = &stack.stack {
        overrule::weigh(&cluster.checks, &known, &mut found);
    }
    let untold = stack.errors.saturating_sub(ground(&mut stack, &mut found));
    let namespace = stack.stack.as_ref().map_or("default", |stack| stack.namespace.value.as_str());
    let minor = stack.stack.as_ref().map_or(Release::newest_known(), |stack| stack.release.version()).minor;
    let ground = Ground { sources: &stack.sources, minor, past: false, fill: None };
    let objects: Vec<Object> =
        rendered.iter().flat_map(|rendered| objects(rendered, ground, namespace, &mut found)).collect();
    if let Some(cluster) = &stack.stack {
        let traefik = Traefik::read(cluster, &objects, &stack.sources, &mut found);
        let facts =
            Facts::new(cluster, &[], &objects, demands).with_beside(&stack.objects).with_traefik(traefik);
        check::all(&facts, &mut found);
        stack.images = facts.images();
    }
    stack.objects = objects;
    stack.apps.clear();
    stack.files.clear();
    stack.tell(found);
    (stack, untold)
}

/// Takes the stack's findings, and keeps the errors of the files that describe the cluster; how many these are.
fn ground(stack: &mut Compiled, found: &mut Findings) -> usize {
    for finding in std::mem::take(&mut stack.findings) {
        let of_cluster = stack.cluster_files.contains(&finding.primary.span.file);
        if of_cluster && finding.severity == Severity::Error {
            found.push(finding);
        }
    }
    found.errors()
}

/// The files of each path, and the kustomization that they are.
fn loaded(
    rendered: Vec<Rendered>,
    sources: &mut Sources,
    found: &mut Findings,
) -> Vec<(Vec<FileId>, Option<Layer>)> {
    let load = |rendered| match rendered {
        Rendered::Files(files) => (files, None),
        Rendered::Kustomization(folder) => {
            let layer = transform::load(&folder, sources, found);
            (layer.as_ref().map(Layer::documents).unwrap_or_default(), layer)
        }
    };
    rendered.into_iter().map(load).collect()
}

/// The objects of one path. A path without any is an error: a check of nothing must not look like a pass.
fn objects(
    (files, layer): &(Vec<FileId>, Option<Layer>),
    ground: Ground<'_>,
    namespace: &str,
    found: &mut Findings,
) -> Vec<Object> {
    // What a kustomization names and is not there was told when it was loaded.
    let before = if layer.is_some() { 0 } else { found.errors() };
    let mut objects = Vec::new();
    if let Some(layer) = layer {
        for object in transform::build(layer, ground, found) {
            objects.extend(kube::objects(object.body, &object.unit, namespace, found));
        }
    }
    for file in files.iter().filter(|_| layer.is_none()) {
        let unit = Unit::Manifest(ground.sources.file(*file).path.clone());
        for document in yaml::read(ground.sources, *file, Dialect::Manifest, found) {
            objects.extend(kube::objects(document, &unit, namespace, found));
        }
    }
    if let Some(first) = files.first().filter(|_| objects.is_empty() && found.errors() == before) {
        found.push(
            Finding::new(&yaml::YAML_DOCUMENT, first.start(), "no Kubernetes object is in here")
                .help("look at what was to render it: it printed nothing"),
        );
    }
    objects
}
