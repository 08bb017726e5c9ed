//! Files of the stack as ConfigMaps: one a volume, so that a change of one rolls only who mounts it.

use std::collections::BTreeMap;

use super::meta::app_object;
use super::volume;
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::kube::Object;
use crate::kube::names;
use crate::source::{FileId, Sources};
use crate::stack::layers::Layers;
use crate::stack::{App, Stack, name_invalid};
use crate::template::Scope;
use crate::yaml::{Build, FILE_UNREADABLE, Node, Spanned, unreadable};

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

/// The ConfigMaps of an app.
pub(super) fn config_maps(app: &App, stack: &Stack, files: &Files<'_>, found: &mut Findings) -> Vec<Object> {
    let mounted = app
        .container
        .volumes
        .iter()
        .filter_map(|(path, volume)| volume.file.as_ref().map(|file| (volume::name(path, volume), file)));
    let mut objects = Vec::new();
    for (volume, file) in mounted {
        let Some((field, content)) = content(file, files, found) else { continue };
        let key = key(file);
        if let Err(reason) = names::config_key(&key) {
            found.push(name_invalid("file's name", &key, file.span, &reason).help("rename the file"));
        }
        let data = Build::at(file.span).with(key, content).node();
        let name = Spanned { span: file.span, value: name(app, &volume) };
        objects.push(app_object(app, stack, ("v1", "ConfigMap"), &name, vec![(field, data)]));
    }
    objects
}

/// `APP-VOLUME` (schema.md S13).
pub(super) fn name(app: &App, volume: &Spanned<String>) -> String {
    format!("{}-{}", app.name, volume.value)
}

/// The file's own name in the ConfigMap and in the pod.
pub(super) fn key(file: &Spanned<String>) -> String {
    let base = file.value.rsplit('/').next().unwrap_or(&file.value);
    base.strip_suffix(".j2").unwrap_or(base).to_owned()
}

/// The ConfigMap's field and the content in it: text, or bytes that are no text.
fn content(file: &Spanned<String>, files: &Files<'_>, found: &mut Findings) -> Option<(&'static str, Node)> {
    let path = file.value.trim_start_matches("./");
    if path.starts_with('/') || path.split('/').any(|part| part == "..") {
        let message = format!("`{path}` leads out of the stack's `files` folder");
        found.push(
            Finding::new(&FILE_UNREADABLE, file.span, message)
                .help("copy it below `files`, and name it relative to that folder"),
        );
        return None;
    }
    // A file is searched in the folder of the file that names it (schema.md S4).
    let empty = BTreeMap::new();
    let known = files.layers.files(file.span).unwrap_or(&empty);
    let Some(id) = known.get(path) else {
        found.push(unknown(file, path, known));
        return None;
    };
    let source = files.sources.file(*id);
    if path.strip_suffix(".j2").is_some() && source.fault.is_none() {
        let text = files.scope.file(*id, files.sources, found)?;
        return Some(("data", Node::text(file.span, text)));
    }
    if let Some(bytes) = &source.bytes {
        return Some(("binaryData", Node::text(file.span, base64(bytes))));
    }
    if let Some(fault) = &source.fault {
        found.push(unreadable(*id, &source.path, fault).also(file.span, "mounted here"));
        return None;
    }
    Some(("data", Node::text(file.span, source.whole())))
}

fn unknown(file: &Spanned<String>, path: &str, files: &BTreeMap<String, FileId>) -> Finding {
    let near = nearest(path, files.keys().map(String::as_str)).map(|near| format!("did you mean `{near}`?"));
    let template = format!("{path}.j2");
    let help = if files.contains_key(&template) { Some(format!("file: {template}")) } else { near };
    Finding::new(&FILE_UNKNOWN, file.span, format!("there is no file `files/{path}` in the stack"))
        .maybe_help(help)
}

/// Kubernetes' `binaryData` is base64 with padding (RFC 4648, 4).
fn base64(bytes: &[u8]) -> String {
    data_encoding::BASE64.encode(bytes)
}
