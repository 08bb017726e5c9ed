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
    /// A file whose text the app's kind computed: its name, its text.
    Made(String, Node),
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

/// A ConfigMap's fields.
#[derive(Default)]
struct Data {
    text: Map,
    /// Bytes that are no text, as base64.
    binary: Map,
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
        let Some(data) = data(content, files, found) else {
            // That the map is missing would be an echo.
            found.give_up(name.span);
            continue;
        };
        let fields = [("data", data.text), ("binaryData", data.binary)].into_iter();
        let body = fields
            .filter(|(_, map)| !map.entries.is_empty())
            .map(|(field, map)| (field, Node { span: name.span, value: Value::Map(map) }))
            .collect();
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

fn data(content: &Content, files: &Files<'_>, found: &mut Findings) -> Option<Data> {
    let mut data = Data::default();
    match content {
        Content::Made(name, text) => {
            data.text.push(Key { span: text.span, text: name.clone().into() }, text.clone());
        }
        Content::File(file) => {
            let id = lookup(file, files, found)?;
            add(&mut data, file, key(&file.value), id, files, found)?;
        }
        Content::Tree(folder) => {
            let leaves = tree(folder, files);
            if leaves.is_empty() {
                let message = format!("there is no folder `files/{}` in the stack", folder.value);
                found.push(Finding::new(&FILE_UNKNOWN, folder.span, message));
                return None;
            }
            for leaf in leaves {
                add(&mut data, folder, &leaf.key, leaf.file, files, found)?;
            }
        }
        Content::Env(file) => {
            let id = lookup(file, files, found)?;
            data.text = dotenv::variables(&text(id, file.span, files, found)?, id, files.sources, found);
        }
    }
    Some(data)
}

/// Adds a file under a key; `cause` is what asks for it.
fn add(
    data: &mut Data,
    cause: &Spanned<String>,
    key: &str,
    file: FileId,
    files: &Files<'_>,
    found: &mut Findings,
) -> Option<()> {
    if let Err(reason) = names::config_key(key) {
        found.push(name_invalid("file's name", key, cause.span, &reason).help("rename the file"));
    }
    if [&data.text, &data.binary].iter().any(|map| map.get(key).is_some()) {
        let finding = value_invalid(cause.span, format!("two files would be `{key}` in the ConfigMap"));
        found.push(finding.help("rename one of them; a template loses its `.j2`, and `/` becomes `..`"));
        return None;
    }
    let source = files.sources.file(file);
    let (map, text) = match &source.bytes {
        // Kubernetes' `binaryData` is base64 with padding (RFC 4648, 4).
        Some(bytes) if !is_template(&source.path) => (&mut data.binary, BASE64.encode(bytes)),
        _ => (&mut data.text, text(file, cause.span, files, found)?),
    };
    map.push(Key { span: cause.span, text: key.to_owned().into() }, Node::text(cause.span, text));
    Some(())
}

fn is_template(path: &str) -> bool {
    path.strip_suffix(".j2").is_some()
}

fn text(file: FileId, at: Span, files: &Files<'_>, found: &mut Findings) -> Option<String> {
    let source = files.sources.file(file);
    if let Some(fault) = &source.fault {
        let told = unreadable(file, &source.path, fault);
        found.push(Finding { primary: Label { span: at, text: "mounted here".into() }, ..told });
        return None;
    }
    if is_template(&source.path) {
        files.scope.file(file, files.sources, found)
    } else {
        Some(source.whole())
    }
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
    let elsewhere = files.keys().find(|known| key(known) == key(path));
    let template = format!("{path}.j2");
    let there = if files.contains_key(&template) { Some(&template) } else { elsewhere };
    let help = there.map(|there| format!("file: {there}")).or(near);
    Finding::new(&FILE_UNKNOWN, file.span, format!("there is no file `files/{path}` in the stack"))
        .maybe_help(help)
}
