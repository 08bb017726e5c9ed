//! A kustomization's folder, and all folders and files that it names, registered and decoded.
//!
//! Files lie in the folder or below, folders anywhere in the repository, and none comes back to where it came from: the
//! rules of kustomize's loader, and nothing from the network.

use std::collections::BTreeMap;

use crate::finding::{Finding, Findings, nearest};
use crate::source::{Fault, FileId, Folder, KUSTOMIZATIONS, Lies, Sources, Span};
use crate::transform::codes::{KUSTOMIZATION_INVALID, KUSTOMIZATION_PATH};
use crate::transform::configuration::Configuration;
use crate::transform::kustomization::{Generator, Kustomization, is_empty};
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
    /// Its resources, in order, each with the place where it is named.
    pub inputs: Vec<(Span, Input)>,
    /// Its components, in order.
    pub components: Vec<Layer>,
    /// Other files that it names, by the path as written.
    pub files: BTreeMap<String, FileId>,
    /// What its own configurations and schemas say.
    pub configuration: Configuration,
    /// Patches of the apps beside it, which came before.
    pub beside: Vec<Span>,
}

impl Layer {
    /// All files that it and those beneath it read: the kustomizations, resources, patches and the like.
    pub fn documents(&self) -> Vec<FileId> {
        let mut all = vec![self.file];
        all.extend(self.files.values().copied());
        all.extend(self.inputs.iter().flat_map(|(_, input)| input.documents()));
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

impl Input {
    /// All files that it reads.
    pub fn documents(&self) -> Vec<FileId> {
        match self {
            Input::File(_, file) => vec![*file],
            Input::Layer(layer) => layer.documents(),
        }
    }
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
    /// The folders that led here, each with the place where it is named.
    way: Vec<(Folder, Span)>,
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
                [] => format!(
                    "{shown} has no kustomization.yaml (nor {})",
                    KUSTOMIZATIONS.split_first().map_or(String::new(), |(_, others)| others.join(", nor "))
                ),
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
        if is_empty(&tree) {
            let span = from.map_or(file.start(), |(text, _)| text.span);
            let message = format!("the kustomization of {} asks for nothing", folder.shown());
            self.found.push(Finding::new(&KUSTOMIZATION_INVALID, span, message));
            return None;
        }
        self.decoded(tree, file, folder, from)
    }

    fn decoded(
        &mut self,
        mut tree: Node,
        file: FileId,
        folder: Folder,
        from: Option<(&Text, Wanted)>,
    ) -> Option<Layer> {
        secrets::hide(&tree, self.found);
        refused::tell(&tree, self.found);
        let read = Kustomization::read(&mut tree, self.found);
        let is_sound = read.is_some();
        let kustomization = read.or_else(|| Kustomization::paths(tree))?;
        self.check_kind(&kustomization, &folder, from)?;
        let named = from.map_or(file.start(), |(text, _)| text.span);
        self.way.push((folder, named));
        let inputs = self.inputs(&kustomization);
        let components = self.components(&kustomization);
        let (folder, _) = self.way.pop().filter(|_| is_sound)?;
        let files = self.files(&kustomization, &folder);
        let configuration = Configuration::read(&kustomization, &files, self.sources, self.found);
        Some(Layer { file, kustomization, inputs, components, files, configuration, beside: Vec::new() })
    }

    fn check_kind(
        &mut self,
        kustomization: &Kustomization,
        folder: &Folder,
        from: Option<(&Text, Wanted)>,
    ) -> Option<()> {
        let kind = kustomization.kind.as_ref();
        let word = kind.map_or("Kustomization", |kind| kind.value.as_str());
        let version = match word {
            "Kustomization" => "v1beta1",
            "Component" => "v1alpha1",
            _ => {
                let kind = kind?;
                let message = format!("`kind: {word}` is neither `Kustomization` nor `Component`");
                let near = nearest(word, ["Kustomization", "Component"]);
                let near = near.map(|near| format!("did you mean `{near}`?"));
                self.found.push(Finding::new(&KUSTOMIZATION_INVALID, kind.span, message).maybe_help(near));
                return None;
            }
        };
        let mut told = |text: &Text, message: String| {
            self.found.push(Finding::new(&KUSTOMIZATION_INVALID, text.span, message));
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
        self.way.last().map(|(folder, _)| folder.clone())
    }

    /// An empty path would be the folder itself.
    fn is_empty(&mut self, text: &Text) -> bool {
        if text.value.is_empty() {
            let finding = Finding::new(&KUSTOMIZATION_PATH, text.span, "an empty path names nothing");
            self.found.push(finding.help("write a path, or remove the entry"));
        }
        text.value.is_empty()
    }

    fn inputs(&mut self, kustomization: &Kustomization) -> Vec<(Span, Input)> {
        let mut inputs = Vec::new();
        for text in kustomization.resources.iter().chain(&kustomization.bases) {
            let Some(here) = self.here() else { continue };
            if self.is_empty(text) || refused::remote(text, self.found) {
                continue;
            }
            let input = match here.lies(&text.value) {
                Lies::Folder => self.enter(text, Wanted::Resource).map(Box::new).map(Input::Layer),
                Lies::File => self.file(&here, text).map(|file| Input::File(here.path(&text.value), file)),
                Lies::Nowhere => {
                    self.missing(&here, text);
                    None
                }
            };
            inputs.extend(input.map(|input| (text.span, input)));
        }
        inputs
    }

    fn components(&mut self, kustomization: &Kustomization) -> Vec<Layer> {
        let mut components = Vec::new();
        for text in &kustomization.components {
            if !self.is_empty(text) && !refused::remote(text, self.found) {
                components.extend(self.enter(text, Wanted::Component));
            }
        }
        components
    }

    fn enter(&mut self, text: &Text, wanted: Wanted) -> Option<Layer> {
        let here = self.here()?;
        match here.lies(&text.value) {
            Lies::Folder => {}
            Lies::File => {
                self.no_folder(&here, text);
                return None;
            }
            Lies::Nowhere => {
                self.missing(&here, text);
                return None;
            }
        }
        let folder = match here.enter(&text.value) {
            Ok(folder) => folder,
            Err(reason) => {
                self.tell(text, reason);
                return None;
            }
        };
        if self.way.iter().any(|(before, _)| folder.holds(before)) {
            let finding = self.circle(&folder, text.span);
            self.found.push(finding);
            return None;
        }
        self.layer(folder, Some((text, wanted)))
    }

    /// The way from a folder back to itself, each line of it.
    fn circle(&self, folder: &Folder, span: Span) -> Finding {
        let way: Vec<&(Folder, Span)> =
            self.way.iter().skip_while(|(before, _)| !folder.holds(before)).collect();
        let shown = folder.shown();
        let mut names: Vec<String> = way.iter().map(|(before, _)| before.shown()).collect();
        let is_back = way.first().is_some_and(|(before, _)| before.is(folder));
        let message = match names.as_slice() {
            [_] if is_back => format!("{shown} names itself"),
            _ if is_back => {
                names.push(shown);
                format!("a circle: {}", names.join(" names "))
            }
            _ => format!("{shown} holds {}, which names it", names.first().cloned().unwrap_or_default()),
        };
        let finding = Finding::new(&KUSTOMIZATION_PATH, span, message);
        let finding =
            way.iter().skip(1).fold(finding, |finding, (_, named)| finding.also(*named, "from here"));
        finding.help("name files one by one, or folders that do not lead back here")
    }

    fn no_folder(&mut self, folder: &Folder, text: &Text) {
        let path = folder.path(&text.value);
        let stem = text.value.rsplit_once('.').map_or(text.value.as_str(), |(stem, _)| stem);
        let message = format!("{path} is a file: a component is a folder with a kustomization");
        self.found.push(
            Finding::new(&KUSTOMIZATION_PATH, text.span, message)
                .help(format!("move it to {stem}/kustomization.yaml, and write components: [{stem}]")),
        );
    }

    /// A file that lies elsewhere.
    fn outside(&mut self, folder: &Folder, text: &Text) {
        let message = format!("{} is not in or below {}", folder.path(&text.value), folder.shown());
        let help = match text.value.rsplit_once('/') {
            Some((up, name)) if KUSTOMIZATIONS.contains(&name) => format!("name its folder: {up}"),
            _ => {
                "files lie in the folder that names them, or below: copy it there; folders may lie elsewhere"
                    .to_owned()
            }
        };
        self.found.push(Finding::new(&KUSTOMIZATION_PATH, text.span, message).help(help));
    }

    fn missing(&mut self, folder: &Folder, text: &Text) {
        let names = folder.beside(&text.value);
        let near = nearest(&text.value, names.iter().map(String::as_str));
        let near = near.map(|near| format!("did you mean `{near}`?"));
        let template = text.value.contains("{{");
        let pattern = text.value.contains(['*', '?']);
        let joined = text.value.contains(" - ");
        let near = near.or_else(|| {
            joined.then(|| "the dash of the next line stands deeper: bring both to one column".to_owned())
        });
        let near = near.or_else(|| template.then(|| "a path is no template: write it as it is".to_owned()));
        let near = near.or_else(|| {
            pattern.then(|| {
                "no pattern is followed: name each file, or a folder with a kustomization".to_owned()
            })
        });
        let message = format!("there is no file or folder {}", folder.path(&text.value));
        self.found.push(Finding::new(&KUSTOMIZATION_PATH, text.span, message).maybe_help(near));
    }

    /// Registers a file that a kustomization names.
    fn file(&mut self, folder: &Folder, text: &Text) -> Option<FileId> {
        match folder.lies(&text.value) {
            Lies::Nowhere if folder.leaves(&text.value) => {
                self.outside(folder, text);
                return None;
            }
            Lies::Nowhere => {
                self.missing(folder, text);
                return None;
            }
            Lies::File | Lies::Folder => {}
        }
        let file = folder.read(&text.value, self.sources);
        let path = folder.path(&text.value);
        let message = match &self.sources.file(file).fault {
            None | Some(Fault::NotUtf8 { .. }) => return Some(file),
            Some(Fault::Outside) => {
                self.outside(folder, text);
                return None;
            }
            Some(Fault::NotRegular) if folder.lies(&text.value) == Lies::Folder => {
                format!("{path} is a folder, a file is wanted here")
            }
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
                && !self.is_empty(&text)
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
    let files = generator.files.iter().filter_map(|text| {
        let path = match text.value.split_once('=') {
            // The generator tells it.
            Some((_, path)) if path.is_empty() || path.contains('=') => return None,
            Some((_, path)) => path,
            None => text.value.as_str(),
        };
        Some(Spanned { span: text.span, value: path.to_owned() })
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
