//! Files: their names, their bytes.

use std::borrow::Cow;
use std::ops::Range;

use super::order::rank;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::k3s;
use crate::kube::names;
use crate::kube::{Object, Unit};
use crate::source::KUSTOMIZATIONS;
use crate::stack::Stack;
use crate::yaml::write::Note;
use crate::yaml::{Build, Node, json as json_text, write};

/// A file's name that k3s refuses or keeps for itself.
pub static FILE_NAME_REFUSED: Code = Code {
    name: "file-name-refused",
    severity: Severity::Error,
    page: Page {
        about: "k3s names an AddOn by its file's name up to the first dot: small letters, digits and dashes, at most\n\
                52 here (STACK-APP). Names of k3s' own files (traefik, coredns …) would replace or delete its parts.",
        bad: "# apps/a-name-that-is-longer-than-people-and-k3s-can-bear.yaml\nkind: app\nimage: registry.example/web:1.0\n",
        good: "# apps/short.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// Two parts of a stack that would be one file.
pub static FILE_NAME_TAKEN: Code = Code {
    name: "file-name-taken",
    severity: Severity::Error,
    page: Page {
        about: "Two parts of the stack would be written to one file, or to two that k3s takes for one AddOn: each\n\
                apply would delete what the other made. A manifest's file is named after its path with dashes.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              # manifests/web.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               # manifests/extra.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: extra}\n",
    },
};

/// Between documents.
const SEPARATOR: &str = "---\n";

/// A file for k3s' folder.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct File {
    /// Its name, with one dot.
    pub name: String,
    /// The file of the stack that people change.
    pub origin: String,
    /// Whether a Secret is in it, so that others may not read it.
    pub secret: bool,
    /// Which of the arranged objects it holds.
    pub objects: Range<usize>,
}

impl File {
    /// Its text, written when it is asked for: the texts of a large stack would be as large as all its objects.
    pub fn text(&self, objects: &[Object]) -> String {
        self.written(objects, None)
    }

    /// The same; with a note, each value says where it comes from.
    fn written(&self, objects: &[Object], note: Option<Note<'_>>) -> String {
        // No version, hash or date: a changed line would make k3s apply everything anew.
        let mut text = format!("# stackc: {} from {}\n", self.name, self.origin);
        for (index, object) in objects.get(self.objects.clone()).unwrap_or_default().iter().enumerate() {
            if index > 0 {
                text.push_str(SEPARATOR);
            }
            match note {
                None => write::document(&object.body, &mut text),
                Some(note) => write::annotated(&object.body, note, &mut text),
            }
        }
        text
    }
}

/// Sorts objects into the order of their files, and in a file into the order in which k3s shall apply them.
pub fn arrange(objects: &mut [Object], stack: &Stack) {
    objects.sort_by_cached_key(|object| (file_name(&object.unit, stack), rank(&object.id.kind)));
}

/// All files of arranged objects, in byte order of their names. What is wrong with a name becomes a finding.
pub fn files(objects: &[Object], stack: &Stack, found: &mut Findings) -> Vec<File> {
    let mut files: Vec<File> = Vec::new();
    // A bad name of the stack has been told where it stands.
    let named = names::dns_label(&stack.name.value).is_ok();
    for objects in objects.chunk_by(|a, b| addon(&a.unit, stack) == addon(&b.unit, stack)) {
        let Some(first) = objects.first() else { continue };
        let addon = addon(&first.unit, stack);
        if let Some(finding) = told(&addon, first, stack).filter(|_| named) {
            found.push(finding);
        }
        if let Some(other) = objects.iter().find(|object| object.unit != first.unit) {
            let (one, two) = (origin(&first.unit), origin(&other.unit));
            found.push(
                Finding::new(
                    &FILE_NAME_TAKEN,
                    other.body.span.file.start(),
                    format!("{one} and {two} would both be `{addon}.yaml`"),
                )
                .also(first.body.span.file.start(), "the other one")
                .help("rename one of them"),
            );
        }
        let start = files.last().map_or(0, |file| file.objects.end);
        files.push(File {
            name: file_name(&first.unit, stack),
            origin: origin(&first.unit),
            secret: objects.iter().any(|object| object.id.kind == "Secret"),
            objects: start..start.saturating_add(objects.len()),
        });
    }
    files
}

/// The AddOn's name, which is the file's.
fn addon(unit: &Unit, stack: &Stack) -> String {
    format!("{}-{}", stack.name.value, name(unit))
}

/// With its ending: `a-b.yaml` comes after `a-b-c.yaml`, here as in the folder.
fn file_name(unit: &Unit, stack: &Stack) -> String {
    format!("{}.yaml", addon(unit, stack))
}

/// What is wrong with a file's name. k3s deletes a file whose name is disabled, and what it made (facts on k3s, 1.1).
fn told(addon: &str, first: &Object, stack: &Stack) -> Option<Finding> {
    let told = |reason: &str| {
        let message = format!("the file `{addon}.yaml` cannot be: {reason}");
        let finding = Finding::new(&FILE_NAME_REFUSED, first.body.span, message);
        match &first.unit {
            Unit::Manifest(path) if plain(path) != *path => {
                finding.help(format!("rename it to manifests/{}", plain(path)))
            }
            _ => finding.help("the name is STACK-APP: change the stack's `name` or rename the app's file"),
        }
    };
    if let Some(span) = stack.disables(addon) {
        let reason = "that name is disabled, so k3s would delete the file and what it made";
        return Some(told(reason).also(span, "disabled here"));
    }
    refused(addon).map(|reason| told(&reason))
}

/// A manifest's path with letters that a file in k3s' folder may have: `MyConfig.d/A_b.yml` as `my-config-d/a-b.yaml`.
fn plain(path: &str) -> String {
    let stem = path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    let mut plain = String::new();
    let mut lower = false;
    for letter in stem.chars() {
        let parts = letter.is_ascii_uppercase() && lower;
        let kept = letter.is_ascii_alphanumeric() || letter == '/';
        if (parts || !kept) && !plain.is_empty() && !plain.ends_with(['-', '/']) {
            plain.push('-');
        }
        if kept {
            plain.push(letter.to_ascii_lowercase());
        }
        lower = letter.is_ascii_lowercase() || letter.is_ascii_digit();
    }
    format!("{}.yaml", plain.trim_end_matches('-'))
}

fn refused(addon: &str) -> Option<String> {
    let reserved = k3s::reserved(addon).map(|why| format!("`{addon}` is a name of k3s' own: {why}"));
    reserved.or_else(|| k3s::addon_refused(addon))
}

/// The names of files that no app and no manifest makes. Digits first: an app's name starts with a letter, and k3s reads
/// files in order.
pub const SYSTEM: [&str; 4] = ["00-namespaces", "01-traefik", "02-ingress", "03-generated"];

/// The part of the name that is not the stack's.
fn name(unit: &Unit) -> String {
    let [namespaces, traefik, ingress, generated] = SYSTEM;
    let system = match unit {
        Unit::Namespaces => namespaces,
        Unit::Traefik => traefik,
        Unit::Ingress => ingress,
        Unit::Generated => generated,
        Unit::App(name) => name,
        Unit::Manifest(path) => return manifest(path),
    };
    system.to_owned()
}

/// What the file of a manifest at this path is called, behind the stack's name. A kustomization goes by its folder.
pub fn manifest(path: &str) -> String {
    let folder =
        path.rsplit_once('/').filter(|(_, name)| KUSTOMIZATIONS.contains(name)).map(|(folder, _)| folder);
    let stem = || path.rsplit_once('.').map_or(path, |(stem, _)| stem);
    folder.unwrap_or_else(stem).replace('/', "-")
}

/// The file of the stack that people change.
fn origin(unit: &Unit) -> String {
    match unit {
        Unit::App(name) => format!("apps/{name}.yaml"),
        Unit::Manifest(path) => format!("manifests/{path}"),
        Unit::Namespaces | Unit::Traefik | Unit::Ingress | Unit::Generated => "stack.yaml".to_owned(),
    }
}

/// All files as one stream, part by part. Its last line tells a whole stream from one that was cut off.
pub fn stream<'a>(
    files: &'a [File],
    objects: &'a [Object],
    note: Option<Note<'a>>,
) -> impl Iterator<Item = Cow<'a, str>> {
    let plural = if files.len() == 1 { "file" } else { "files" };
    let end = format!("# stackc: end of {} {plural}\n", files.len());
    let before = std::iter::once("").chain(std::iter::repeat(SEPARATOR));
    let parts =
        before.zip(files).flat_map(move |(before, file)| [before.into(), file.written(objects, note).into()]);
    parts.chain([end.into()])
}

/// Objects that no file holds as one stream, part by part; its last line tells a whole one from one that was cut off.
pub fn objects<'a>(objects: &'a [Object], note: Option<Note<'a>>) -> impl Iterator<Item = Cow<'a, str>> {
    let plural = if objects.len() == 1 { "object" } else { "objects" };
    let end = format!("# stackc: end of {} {plural}\n", objects.len());
    let before = std::iter::once("").chain(std::iter::repeat(SEPARATOR));
    let parts = before.zip(objects).map(move |(before, object)| {
        let mut text = before.to_owned();
        match note {
            Some(note) => write::annotated(&object.body, note, &mut text),
            None => write::document(&object.body, &mut text),
        }
        Cow::Owned(text)
    });
    parts.chain([end.into()])
}

/// All objects as one List.
pub fn json(objects: &[Object]) -> String {
    let Some(first) = objects.first() else {
        return "{\n  \"apiVersion\": \"v1\",\n  \"kind\": \"List\",\n  \"items\": []\n}\n".to_owned();
    };
    let span = first.body.span;
    let items = Node::list(span, objects.iter().map(|object| object.body.clone()));
    let list = Build::at(span).text("apiVersion", "v1").text("kind", "List").with("items", items).node();
    let mut text = String::new();
    json_text::document(&list, &mut text);
    text
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn names_that_a_manifest_may_have() {
        for (path, name) in [
            ("my.config.yaml", "my-config.yaml"),
            ("my_config.yaml", "my-config.yaml"),
            ("MyConfig.yaml", "my-config.yaml"),
            ("sub/A_b.yml", "sub/a-b.yaml"),
            ("_x_.yaml", "x.yaml"),
            ("plain-1.yaml", "plain-1.yaml"),
        ] {
            assert_eq!(plain(path), name, "{path}");
        }
    }
}
