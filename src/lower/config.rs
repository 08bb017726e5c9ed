//! Files of the stack as ConfigMaps: one a volume, so that a change of one rolls only who mounts it (schema.md S13).

use std::collections::BTreeMap;

use data_encoding::BASE64;

use super::dotenv;
use super::meta::app_object;
use crate::finding::{Code, Finding, Findings, Label, Page, Severity, nearest};
use crate::kube::Object;
use crate::kube::names;
use crate::source::{FileId, Sources, Span};
use crate::stack::layers::Layers;
use crate::stack::{App, Stack, name_invalid, value_invalid};
use crate::template::Scope;
use crate::yaml::{FILE_UNREADABLE, Key, Map, Node, Spanned, Value, unreadable};

/// A file that the stack does not have.
pub static FILE_UNKNOWN: Code = Code {
    name: "file-unknown",
    severity: Severity::Error,
    page: Page {
        about: "An app mounts a file that is not in the stack's `files` folder. Paths are relative to that folder.\n\
                A file that is a template keeps its `.j2` in the app's `file:`, and loses it in the pod.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/etc/web.conf: {file: web.cnf}}\n\
              # files/web.conf\nlisten 8080\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/etc/web.conf: {file: web.conf}}\n\
               # files/web.conf\nlisten 8080\n",
    },
};

/// The stack's files, and what templates in them know.
pub struct Files<'a> {
    /// All registered files.
    pub sources: &'a Sources,
    /// The stack's folders, each with its files.
    pub layers: &'a Layers,
    /// For `*.j2`.
    pub scope: Scope<'a>,
}

/// A ConfigMap to make.
pub(super) struct Wanted {
    pub(super) name: Spanned<String>,
    pub(super) content: Content,
}

/// What is in it.
pub(super) enum Content {
    /// One file of `files/`.
    File(Spanned<String>),
    /// All files below a folder of `files/`.
    Tree(Spanned<String>),
    /// The variables of a dotenv file.
    Env(Spanned<String>),
}

/// A file of a tree.
pub(super) struct Leaf {
    /// Its path below the folder, without `.j2`.
    pub(super) path: String,
    /// Its key in the ConfigMap: keys hold no `/`.
    pub(super) key: String,
    file: FileId,
}

/// The ConfigMaps of an app.
pub(super) fn config_maps(
    app: &App,
    stack: &Stack,
    files: &Files<'_>,
    wanted: &[Wanted],
    found: &mut Findings,
) -> Vec<Object> {
    let mut objects = Vec::new();
    for Wanted { name, content } in wanted {
        let Some(data) = data(content, files, found) else { continue };
        let body = data.into_iter().filter(|(_, map)| !map.entries().is_empty()).collect();
        objects.push(app_object(app, stack, ("v1", "ConfigMap"), name, body));
    }
    objects
}

/// `APP-VOLUME`.
pub(super) fn name(app: &App, volume: &Spanned<String>) -> String {
    format!("{}-{}", app.name, volume.value)
}

/// The file's own name in the ConfigMap and in the pod.
pub(super) fn key(file: &str) -> &str {
    let base = file.rsplit('/').next().unwrap_or(file);
    base.strip_suffix(".j2").unwrap_or(base)
}

/// The files below a folder of `files/`, in order of their paths; none where there is no such folder.
pub(super) fn tree(folder: &Spanned<String>, files: &Files<'_>) -> Vec<Leaf> {
    let prefix = format!("{}/", folder.value.trim_start_matches("./").trim_end_matches('/'));
    let known = files.layers.files(folder.span);
    let below =
        known.into_iter().flatten().filter_map(|(path, file)| Some((path.strip_prefix(&prefix)?, *file)));
    below
        .map(|(path, file)| {
            let path = path.strip_suffix(".j2").unwrap_or(path).to_owned();
            Leaf { key: path.replace('/', ".."), path, file }
        })
        .collect()
}

/// The ConfigMap's fields: text, and bytes that are no text.
fn data(content: &Content, files: &Files<'_>, found: &mut Findings) -> Option<[(&'static str, Node); 2]> {
    let mut fields = match content {
        Content::File(file) => {
            let id = lookup(file, files, found)?;
            one(file, key(&file.value), id, file.value.strip_suffix(".j2").is_some(), files, found)?
        }
        Content::Tree(folder) => {
            let leaves = tree(folder, files);
            if leaves.is_empty() {
                let message = format!("there is no folder `files/{}` in the stack", folder.value);
                found.push(Finding::new(&FILE_UNKNOWN, folder.span, message));
                return None;
            }
            let mut all = [("data", Map::default()), ("binaryData", Map::default())];
            for leaf in leaves {
                let template = files.sources.file(leaf.file).path.strip_suffix(".j2").is_some();
                let own = one(folder, &leaf.key, leaf.file, template, files, found)?;
                for ((_, all), (_, own)) in all.iter_mut().zip(own) {
                    all.entries.extend(own.entries);
                }
            }
            all
        }
        Content::Env(file) => {
            let id = lookup(file, files, found)?;
            let text = text(id, file.span, file.value.strip_suffix(".j2").is_some(), files, found)?;
            [("data", dotenv::variables(&text, id, files.sources, found)), ("binaryData", Map::default())]
        }
    };
    let span = match content {
        Content::File(path) | Content::Tree(path) | Content::Env(path) => path.span,
    };
    let size: usize = fields
        .iter()
        .flat_map(|(_, map)| &map.entries)
        .map(|entry| entry.value.as_text().map_or(0, str::len))
        .sum();
    if size > LARGEST {
        found.push(value_invalid(
            span,
            format!("{size} bytes do not fit into a ConfigMap, which holds 1 MiB"),
        ));
    }
    Some(std::array::from_fn(|index| {
        let (field, map) =
            fields.get_mut(index).map_or(("", Map::default()), |(field, map)| (*field, std::mem::take(map)));
        (field, Node { span, value: Value::Map(map) })
    }))
}

/// Bytes that Kubernetes takes in one ConfigMap.
const LARGEST: usize = 1 << 20;

type Fields = [(&'static str, Map); 2];

fn one(
    cause: &Spanned<String>,
    key: &str,
    file: FileId,
    template: bool,
    files: &Files<'_>,
    found: &mut Findings,
) -> Option<Fields> {
    if let Err(reason) = names::config_key(key) {
        found.push(name_invalid("file's name", key, cause.span, &reason).help("rename the file"));
    }
    let put = |map: &mut Map, text: String| {
        map.push(Key { span: cause.span, text: key.to_owned().into() }, Node::text(cause.span, text));
    };
    let mut fields = [("data", Map::default()), ("binaryData", Map::default())];
    let [(_, data), (_, binary)] = &mut fields;
    match &files.sources.file(file).bytes {
        // Kubernetes' `binaryData` is base64 with padding (RFC 4648, 4).
        Some(bytes) if !template => put(binary, BASE64.encode(bytes)),
        _ => put(data, text(file, cause.span, template, files, found)?),
    }
    Some(fields)
}

fn text(file: FileId, at: Span, template: bool, files: &Files<'_>, found: &mut Findings) -> Option<String> {
    let source = files.sources.file(file);
    if let Some(fault) = &source.fault {
        let told = unreadable(file, &source.path, fault);
        found.push(Finding { primary: Label { span: at, text: "mounted here".to_owned() }, ..told });
        return None;
    }
    if template { files.scope.file(file, files.sources, found) } else { Some(source.text.clone()) }
}

/// A file is searched in the folder of the file that names it (schema.md S4).
fn lookup(file: &Spanned<String>, files: &Files<'_>, found: &mut Findings) -> Option<FileId> {
    let path = file.value.trim_start_matches("./");
    if path.starts_with('/') || path.split('/').any(|part| part == "..") {
        let message = format!("`{path}` leads out of the stack's `files` folder");
        found.push(
            Finding::new(&FILE_UNREADABLE, file.span, message)
                .help("copy it below `files`, and name it relative to that folder"),
        );
        return None;
    }
    let empty = BTreeMap::new();
    let known = files.layers.files(file.span).unwrap_or(&empty);
    let id = known.get(path).copied();
    if id.is_none() {
        found.push(unknown(file, path, known));
    }
    id
}

fn unknown(file: &Spanned<String>, path: &str, files: &BTreeMap<String, FileId>) -> Finding {
    let near = nearest(path, files.keys().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
    let template = format!("{path}.j2");
    let help = if files.contains_key(&template) { Some(format!("file: {template}")) } else { near };
    Finding::new(&FILE_UNKNOWN, file.span, format!("there is no file `files/{path}` in the stack"))
        .maybe_help(help)
}
