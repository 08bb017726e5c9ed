//! The input: manifests as they are written; of a kustomization, what it makes.
#![expect(clippy::disallowed_methods, reason = "cli tells one path from another")]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use super::Arguments;
use crate::cli::{Trouble, target};
use crate::finding::{Finding, Findings};
use crate::import::Given;
use crate::kube::Object;
use crate::source::{
    Fault, FileId, KUSTOMIZATIONS, OVERLAY_FILE, STACK_FILE, Sources, read_rendered, read_stream,
};
use crate::transform;
use crate::yaml::{self, Dialect, Node};

/// What lay in a folder of the input and is none of it.
pub(super) struct Left {
    /// The file or folder.
    pub(super) path: String,
    /// Why.
    pub(super) why: &'static str,
}

/// What the paths hold, and what was left out.
pub(super) fn read(
    arguments: &Arguments,
    sources: &mut Sources,
    found: &mut Findings,
) -> Result<(Vec<Given>, Vec<Left>), Trouble> {
    let (mut given, mut left, mut seen) = (Vec::new(), Vec::new(), BTreeSet::new());
    // What is named twice, as a shell's patterns or a link may do it, is no object made twice.
    let mut is_new = |path: &Path| seen.insert(fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf()));
    for path in &arguments.paths {
        if !is_new(path) {
            continue;
        }
        if let Some(folder) = target::kustomization(Some(path)) {
            let minor = target::minor(arguments.k3s.as_deref())?;
            let objects = transform::load(&folder, sources, found);
            let ground = transform::Ground { sources, minor, past: false, fill: None };
            let objects = objects.map(|layer| transform::build(&layer, ground, found));
            given.extend(made(objects.unwrap_or_default(), path, sources));
        } else if path.to_str() == Some("-") {
            let file = read_stream(std::io::stdin().lock(), sources);
            let documents = yaml::read(sources, file, Dialect::Manifest, found);
            given.push(Given { path: "all.yaml".to_owned(), file: Some(file), documents });
        } else {
            let mut files = read_rendered(path, sources);
            files.retain(|file| {
                let shown = Path::new(&sources.file(*file).path);
                shown == path || is_new(shown)
            });
            written(path, &files, sources, found, &mut given, &mut left);
        }
    }
    Ok((given, left))
}

/// The manifests of a file, or of a folder and those in it.
fn written(
    path: &Path,
    files: &[FileId],
    sources: &Sources,
    found: &mut Findings,
    given: &mut Vec<Given>,
    left: &mut Vec<Left>,
) {
    let stacks: Vec<PathBuf> = files.iter().filter_map(|file| stack(*file, sources)).collect();
    let is_in_stack = |file: &FileId| {
        let path = Path::new(&sources.file(*file).path);
        stacks.iter().any(|stack| path.starts_with(stack))
    };
    let why = "a stack already, whose objects `stackc build` prints";
    left.extend(stacks.iter().map(|stack| Left { path: path_of(stack), why }));
    for file in files.iter().copied().filter(|file| !is_in_stack(file)) {
        let known = sources.file(file);
        if let Some(Fault::Unrendered(command)) = known.fault {
            found.push(unrendered(file, &known.path, command));
            continue;
        }
        let documents = yaml::read(sources, file, Dialect::Manifest, found);
        if path.is_dir() && is_other(&documents) {
            left.push(Left {
                path: known.path.clone(),
                why: "no Kubernetes object, without `apiVersion` and `kind`",
            });
            continue;
        }
        given.push(Given { path: below(Path::new(&known.path), path), file: Some(file), documents });
    }
}

/// A file's path below the one that was named; sources show none with `./` before it.
fn below(shown: &Path, named: &Path) -> String {
    let named = named.strip_prefix(".").unwrap_or(named);
    let below = shown.strip_prefix(named).ok().filter(|below| !below.as_os_str().is_empty());
    let below = below.or(shown.file_name().map(Path::new)).unwrap_or(shown);
    let parts = below.components().filter(|part| matches!(part, Component::Normal(_)));
    parts.collect::<PathBuf>().to_string_lossy().into_owned()
}

/// The folder of the stack or overlay that this file makes one. An earlier import may have put it there.
fn stack(file: FileId, sources: &Sources) -> Option<PathBuf> {
    let file = sources.file(file);
    let path = Path::new(&file.path);
    let is_named = path.file_name().is_some_and(|name| name == STACK_FILE || name == OVERLAY_FILE);
    let says_so = |line: &str| line.starts_with("stackc:");
    (is_named && file.text.lines().any(says_so)).then(|| path.parent().map(Path::to_path_buf))?
}

fn path_of(folder: &Path) -> String {
    if folder.as_os_str().is_empty() { ".".to_owned() } else { folder.display().to_string() }
}

/// YAML and JSON of others, such as a chart's values or a Compose file.
fn is_other(documents: &[Node]) -> bool {
    let other = |node: &Node| node.get("apiVersion").is_none() && node.get("kind").is_none();
    !documents.is_empty() && documents.iter().all(other)
}

fn unrendered(file: FileId, path: &str, command: &str) -> Finding {
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    let message = format!("{path} is input of another program, not what it renders");
    let help = if KUSTOMIZATIONS.contains(&name) {
        format!("name its folder: stackc import {folder}")
    } else {
        format!("{} | stackc import - -o DIR", command.replace("FOLDER", folder))
    };
    Finding::new(&yaml::FILE_UNREADABLE, file.start(), message).help(help)
}

/// What a kustomization made, by the files in which its objects began. Those of generators have no file of their own, and
/// Secrets one that can be kept out of a repository.
fn made(objects: Vec<Object>, folder: &Path, sources: &Sources) -> Vec<Given> {
    let mut given: Vec<Given> = Vec::new();
    for object in objects {
        let shown = Path::new(&sources.file(object.body.span.file).path);
        let mut path = PathBuf::from(below(shown, folder));
        if path.file_name().is_some_and(|name| KUSTOMIZATIONS.iter().any(|own| name == *own)) {
            let is_secret = object.id.kind == "Secret";
            path.set_file_name(if is_secret { "generated-secrets.yaml" } else { "generated.yaml" });
        }
        let path = path.to_string_lossy().into_owned();
        match given.iter_mut().find(|given| given.path == path) {
            Some(given) => given.documents.push(object.body),
            None => given.push(Given { path, file: None, documents: vec![object.body] }),
        }
    }
    given
}
