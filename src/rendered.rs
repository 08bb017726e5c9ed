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
use crate::kube::{self, Object, Unit};
use crate::overrule;
use crate::reach::Traefik;
use crate::source::{FileId, Sources};
use crate::yaml::{self, Dialect};

/// Reads and checks what stands in `files`, which the stack's sources know; a list for each path that was named.
/// The stack's objects and findings give way to theirs. Also tells how many errors of the stack were left out.
pub fn judge(mut stack: Compiled, files: &[Vec<FileId>], demands: Demands) -> (Compiled, usize) {
    let mut found = Findings::default();
    let known: Vec<&Code> = codes().collect();
    let rendered = files.iter().flatten().copied();
    overrule::read((rendered, true), &stack.sources, &known, &mut found);
    overrule::read((stack.cluster_files.iter().copied(), false), &stack.sources, &known, &mut found);
    if let Some(cluster) = &stack.stack {
        overrule::weigh(&cluster.checks, &known, &mut found);
    }
    let untold = stack.errors.saturating_sub(ground(&mut stack, &mut found));
    let namespace = stack.stack.as_ref().map_or("default", |stack| stack.namespace.value.as_str());
    let objects: Vec<Object> =
        files.iter().flat_map(|files| objects(files, &stack.sources, namespace, &mut found)).collect();
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

/// The objects of one path. A path without any is an error: a check of nothing must not look like a pass.
fn objects(files: &[FileId], sources: &Sources, namespace: &str, found: &mut Findings) -> Vec<Object> {
    let before = found.errors();
    let mut objects = Vec::new();
    for file in files {
        let unit = Unit::Manifest(sources.file(*file).path.clone());
        for document in yaml::read(sources, *file, Dialect::Manifest, found) {
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
