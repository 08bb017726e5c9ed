//! A kustomization's folder, and all folders and files that it names, registered and decoded.
//!
//! Files lie in the folder or below, folders anywhere in the repository, and none comes back to where it came from: the
//! rules of kustomize's loader, and nothing from the network.

use std::collections::BTreeMap;

use crate::finding::{Finding, Findings, nearest};
use crate::source::{Fault, FileId, Folder, KUSTOMIZATIONS, Lies, Sources};
use crate::transform::codes::{KUSTOMIZATION_INVALID, KUSTOMIZATION_PATH};
use crate::transform::configuration::Configuration;
use crate::transform::kustomization::{Generator, Kustomization};
use crate::transform::{refused, secrets};
use crate::yaml::{Dialect, Node, Spanned, read, read_one};

type Text = Spanned<String>;

/// A kustomization with all that it names.
#[derive(Debug)]
pub struct Layer {
    /// Its file.
    pub file: FileId,
    /// What stands in it.
    pub kustomization: Kustomization,
    /// Its resources, in order.
    pub inputs: Vec<Input>,
    /// Its components, in order.
    pub components: Vec<Layer>,
    /// Other files that it names, by the path as written.
    pub files: BTreeMap<String, FileId>,
    /// What its own configurations and schemas say.
    pub configuration: Configuration,
}

impl Layer {
    /// All files that it and those beneath it read: the kustomizations, resources, patches and the like.
    pub fn documents(&self) -> Vec<FileId> {
        let mut all = vec![self.file];
        all.extend(self.files.values().copied());
        for input in &self.inputs {
            match input {
                Input::File(_, file) => all.push(*file),
                Input::Layer(layer) => all.extend(layer.documents()),
            }
        }
        all.extend(self.components.iter().flat_map(Layer::documents));
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// One of a kustomization's resources.
#[derive(Debug)]
pub enum Input {
    /// A file, by its path as people see it.
    File(String, FileId),
    /// Another kustomization.
    Layer(Box<Layer>),
}

/// Reads the kustomization of a folder.
pub fn load(folder: &Folder, sources: &mut Sources, found: &mut Findings) -> Option<Layer> {
    Loader { sources, found, way: Vec::new() }.layer(folder.clone(), None)
}

/// The same of a stack's `kustomize`, which stands in that file: paths are of its folder.
pub fn layer(
    mut tree: Node,
    file: FileId,
    folder: &Folder,
    sources: &mut Sources,
    found: &mut Findings,
) -> Option<Layer> {
    refused::beside(&mut tree, found);
    Loader { sources, found, way: Vec::new() }.decoded(tree, file, folder.clone(), None)
}

/// What is wanted of a folder.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Resource,
    Component,
}

struct Loader<'a> {
    sources: &'a mut Sources,
    found: &'a mut Findings,
    /// The folders that led here.
    way: Vec<Folder>,
}

impl Loader<'_> {
    fn tell(&mut self, text: &Text, message: String) {
        self.found.push(Finding::new(&KUSTOMIZATION_PATH, text.span, message));
    }

    /// `from` is where it is named, and as what; none for the one that the user named.
    fn layer(&mut self, folder: Folder, from: Option<(&Text, Wanted)>) -> Option<Layer> {
        let names = folder.kustomizations();
        let [name] = names.as_slice() else {
            let shown = folder.shown();
            let message = match names.as_slice() {
                [] => format!("{shown} has no {}", KUSTOMIZATIONS.join(", ")),
                several => format!("{shown} has several kustomizations: {}", several.join(", ")),
            };
            let span = match (from, names.first()) {
                (Some((text, _)), _) => text.span,
                (None, Some(name)) => folder.read(name, self.sources).start(),
                (None, None) => return None,
            };
            self.found.push(Finding::new(&KUSTOMIZATION_PATH, span, message));
            return None;
        };
        let file = folder.read(name, self.sources);
        let tree = read_one(self.sources, file, Dialect::Kustomization, self.found)?;
        self.decoded(tree, file, folder, from)
    }

    fn decoded(
        &mut self,
        tree: Node,
        file: FileId,
        folder: Folder,
        from: Option<(&Text, Wanted)>,
    ) -> Option<Layer> {
        secrets::hide(&tree, self.found);
        refused::tell(&tree, self.found);
        let kustomization = Kustomization::read(tree, self.found)?;
        self.check_kind(&kustomization, &folder, from)?;
        self.way.push(folder);
        let inputs = self.inputs(&kustomization);
        let components = self.components(&kustomization);
        let folder = self.way.pop()?;
        let files = self.files(&kustomization, &folder);
        let configuration = Configuration::read(&kustomization, &files, self.sources, self.found);
        Some(Layer { file, kustomization, inputs, components, files, configuration })
    }

    fn check_kind(
        &mut self,
        kustomization: &Kustomization,
        folder: &Folder,
        from: Option<(&Text, Wanted)>,
    ) -> Option<()> {
        let mut told = |text: &Text, message: String| {
            self.found.push(Finding::new(&KUSTOMIZATION_INVALID, text.span, message));
        };
        let kind = kustomization.kind.as_ref();
        let word = kind.map_or("Kustomization", |kind| kind.value.as_str());
        let version = match word {
            "Kustomization" => "v1beta1",
            "Component" => "v1alpha1",
            _ => {
                let kind = kind?;
                told(kind, format!("`kind: {word}` is neither `Kustomization` nor `Component`"));
                return None;
            }
        };
        let api_version = format!("kustomize.config.k8s.io/{version}");
        if let Some(other) = kustomization.api_version.as_ref().filter(|text| text.value != api_version) {
            told(other, format!("the apiVersion of a {word} is `{api_version}`, not `{}`", other.value));
        }
        let shown = folder.shown();
        match (from, word) {
            (Some((text, Wanted::Resource)), "Component") => {
                told(text, format!("{shown} is a Component: it goes into `components`"));
                None
            }
            (Some((text, Wanted::Component)), "Kustomization") => {
                told(
                    text,
                    format!("{shown} is no Component: it goes into `resources`, or says `kind: Component`"),
                );
                None
            }
            _ => Some(()),
        }
    }

    fn here(&self) -> Option<Folder> {
        self.way.last().cloned()
    }

    fn inputs(&mut self, kustomization: &Kustomization) -> Vec<Input> {
        let mut inputs = Vec::new();
        for text in kustomization.resources.iter().chain(&kustomization.bases) {
            let Some(here) = self.here() else { continue };
            if refused::remote(text, self.found) {
                continue;
            }
            match here.lies(&text.value) {
                Lies::Folder => {
                    inputs.extend(self.enter(text, Wanted::Resource).map(Box::new).map(Input::Layer));
                }
                _ => inputs
                    .extend(self.file(&here, text).map(|file| Input::File(here.path(&text.value), file))),
            }
        }
        inputs
    }

    fn components(&mut self, kustomization: &Kustomization) -> Vec<Layer> {
        let mut components = Vec::new();
        for text in &kustomization.components {
            if !refused::remote(text, self.found) {
                components.extend(self.enter(text, Wanted::Component));
            }
        }
        components
    }

    fn enter(&mut self, text: &Text, wanted: Wanted) -> Option<Layer> {
        let here = self.here()?;
        if here.lies(&text.value) != Lies::Folder {
            self.missing(&here, text);
            return None;
        }
        let folder = match here.enter(&text.value) {
            Ok(folder) => folder,
            Err(reason) => {
                self.tell(text, reason);
                return None;
            }
        };
        if self.way.iter().any(|before| folder.holds(before)) {
            let message =
                format!("{} leads back to where it is named: nothing would ever be ready", folder.shown());
            self.tell(text, message);
            return None;
        }
        self.layer(folder, Some((text, wanted)))
    }

    fn missing(&mut self, folder: &Folder, text: &Text) {
        let names = folder.beside(&text.value);
        let near = nearest(&text.value, names.iter().map(String::as_str));
        let near = near.map(|near| format!("did you mean `{near}`?"));
        let message = format!("{}: no such file or folder", folder.path(&text.value));
        self.found.push(Finding::new(&KUSTOMIZATION_PATH, text.span, message).maybe_help(near));
    }

    /// Registers a file that a kustomization names.
    fn file(&mut self, folder: &Folder, text: &Text) -> Option<FileId> {
        if folder.lies(&text.value) == Lies::Nowhere {
            self.missing(folder, text);
            return None;
        }
        let file = folder.read(&text.value, self.sources);
        let path = folder.path(&text.value);
        let message = match &self.sources.file(file).fault {
            None | Some(Fault::NotUtf8 { .. }) => return Some(file),
            Some(Fault::Outside) => format!("{path} is not in or below {}", folder.shown()),
            Some(Fault::NotRegular) => format!("{path} is no file"),
            Some(fault) => crate::yaml::unreadable(file, &path, fault).message.to_string(),
        };
        self.tell(text, message);
        None
    }

    /// All files beside resources, by their path as written.
    fn files(&mut self, kustomization: &Kustomization, folder: &Folder) -> BTreeMap<String, FileId> {
        let mut named: Vec<Text> = Vec::new();
        let patches = kustomization.patches.iter().chain(&kustomization.patches_json6902);
        named.extend(patches.filter_map(|patch| patch.path.clone()));
        named.extend(kustomization.patches_strategic_merge.iter().filter_map(path));
        named.extend(kustomization.replacements.iter().filter_map(|replacement| replacement.path.clone()));
        named.extend(kustomization.configurations.iter().chain(&kustomization.crds).cloned());
        named.extend(kustomization.openapi.as_ref().and_then(|openapi| openapi.path.clone()));
        let generators = kustomization.config_map_generator.iter().chain(&kustomization.secret_generator);
        named.extend(generators.flat_map(generated));
        let mut files = BTreeMap::new();
        for text in named {
            if !files.contains_key(&text.value)
                && !refused::remote(&text, self.found)
                && let Some(file) = self.file(folder, &text)
            {
                files.insert(text.value, file);
            }
        }
        self.hide(kustomization, &files);
        files
    }

    /// What becomes a Secret's values, or changes them, is shown by no finding.
    fn hide(&mut self, kustomization: &Kustomization, files: &BTreeMap<String, FileId>) {
        for patch in kustomization.patches.iter().chain(&kustomization.patches_json6902) {
            let kind = patch.target.as_ref().and_then(|target| target.kind.as_ref());
            let means = secrets::means(kind.map(|kind| kind.value.as_str()));
            let file = patch.path.as_ref().and_then(|path| files.get(&path.value));
            let may = |file: &&FileId| secrets::text_may_change(&self.sources.file(**file).text, means);
            self.hide_all(file.filter(may).copied());
        }
        for generator in &kustomization.secret_generator {
            generated(generator).for_each(|text| self.hide_all(files.get(&text.value).copied()));
        }
    }

    fn hide_all(&mut self, file: Option<FileId>) {
        if let Some(file) = file {
            self.found.hide(file.part(0, self.sources.file(file).text.len()));
        }
    }
}

/// An entry of `patchesStrategicMerge` that is a path; the others are the patch itself.
pub(super) fn path(entry: &Node) -> Option<Text> {
    let text = entry.as_text()?;
    let is_patch = text.contains('\n') || text.contains(": ") || text.trim_start().starts_with('{');
    (!is_patch).then(|| Spanned { span: entry.span, value: text.to_owned() })
}

/// The files that a generator reads.
fn generated(generator: &Generator) -> impl Iterator<Item = Text> {
    // More than one `=` is told where the pairs are made.
    let files = generator.files.iter().filter(|text| text.value.matches('=').count() < 2).map(|text| {
        let path = text.value.split_once('=').map_or(text.value.as_str(), |(_, path)| path);
        Spanned { span: text.span, value: path.to_owned() }
    });
    files.chain(generator.envs.iter().chain(&generator.env).cloned())
}

/// The documents of a file that a kustomization names.
pub(super) fn documents(
    file: FileId,
    dialect: Dialect,
    sources: &Sources,
    found: &mut Findings,
) -> Vec<Node> {
    read(sources, file, dialect, found)
}
