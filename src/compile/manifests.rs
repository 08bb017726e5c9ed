//! Plain manifests, and files that nothing reads.

use std::collections::BTreeSet;

use super::codes;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::k3s::Release;
use crate::kube::{self, Object, Unit};
use crate::overrule;
use crate::source::{Folder, Layer, OVERLAY_FILE, STACK_FILE, Sources};
use crate::stack::Stack;
use crate::stack::layers::Layers;
use crate::transform::{self, Ground};
use crate::yaml::{self, Dialect};

/// A YAML file beside the apps that nothing reads.
pub static FILE_IGNORED: Code = Code {
    name: "file-ignored",
    severity: Severity::Error,
    page: Page {
        about: "A YAML file lies below `apps`, but nothing reads it: apps are files apps/NAME.yaml, with that ending\n\
                and directly in that folder. Or an overlay.yaml beside a stack.yaml, which makes the folder a stack.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n# apps/more.yml\nkind: app\nimage: registry.example/web:1.0\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n# apps/more.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// Plain manifests join here.
pub(super) fn manifests(
    layers: &Layers,
    sources: &mut Sources,
    stack: Option<&Stack>,
    past: bool,
    found: &mut Findings,
) -> Vec<Object> {
    let namespace = stack.map_or("default", |stack| stack.namespace.value.as_str());
    let minor = stack.map_or(Release::newest_known(), |stack| stack.release.version()).minor;
    let mut objects = Vec::new();
    let known: Vec<&'static Code> = codes().collect();
    let is_top = |folder: &Layer| layers.folders.last().is_some_and(|top| top.file == folder.file);
    for folder in &layers.folders {
        for (path, file) in &folder.manifests {
            let unit = Unit::Manifest(path.clone());
            for document in yaml::read(sources, *file, Dialect::Manifest, found) {
                objects.extend(kube::objects(document, &unit, namespace, found));
            }
        }
        for path in &folder.kustomizations {
            let inner = path.rsplit_once('/').map_or("", |(inner, _)| inner);
            let Ok(place) = folder.folder().enter(&format!("manifests/{inner}")) else { continue };
            let Some(layer) = transform::load(&place, sources, found) else { continue };
            overrule::read((layer.documents().into_iter(), is_top(folder)), sources, &known, found);
            unlisted(&place, &layer, sources, found);
            let before = found.errors();
            transform::templates(&layer, found);
            if found.errors() > before {
                continue;
            }
            let unit = Unit::Manifest(path.clone());
            let ground = Ground { sources, minor, past, fill: None };
            for object in transform::build(&layer, ground, found) {
                let past = object.past;
                let again = kube::objects(object.body, &unit, namespace, found).into_iter();
                objects.extend(again.map(|object| Object { past: past.clone(), ..object }));
            }
        }
    }
    objects
}

/// Manifests beside a kustomization that it does not name: whoever put a plain one there would miss its objects.
fn unlisted(folder: &Folder, layer: &transform::Layer, sources: &mut Sources, found: &mut Findings) {
    let read: BTreeSet<String> =
        layer.documents().into_iter().map(|file| sources.file(file).path.clone()).collect();
    for name in folder.manifests() {
        let path = folder.path(&name);
        if !read.contains(&path) {
            let file = sources.add(path.clone(), Ok(Vec::new()));
            let message = format!("nothing reads {path}: the kustomization beside it does not name it");
            found.push(
                Finding::new(&FILE_IGNORED, file.start(), message)
                    .weighs(Severity::Warning)
                    .help(format!("resources: [{name}], or move it out of the kustomization's folder")),
            );
        }
    }
}

/// Files where something is read that has another place.
pub(super) fn strays(layers: &Layers, sources: &Sources, found: &mut Findings) {
    for file in layers.folders.iter().flat_map(|folder| &folder.strays) {
        let path = &sources.file(*file).path;
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let finding = if name == OVERLAY_FILE {
            let message =
                format!("nothing reads {path}: the folder is a stack, by the {STACK_FILE} beside it");
            Finding::new(&FILE_IGNORED, file.start(), message)
                .help("an overlay has a folder of its own, and names its base: overlays/NAME/overlay.yaml")
        } else {
            Finding::new(&FILE_IGNORED, file.start(), format!("nothing reads {path}"))
                .help(format!("an app is a file apps/NAME.yaml: rename it to apps/{stem}.yaml"))
        };
        found.push(finding);
    }
}
