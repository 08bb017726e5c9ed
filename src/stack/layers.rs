//! A stack, what it varies and what it includes, as one tree and one list of apps (schema.md S2 to S4).
//!
//! Layers lie on one another, an overlay's base lowest, then the included folders in the order in which they are named; a
//! folder's own includes lie beneath it. Short forms are grown before anything is merged.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::base;
use super::base::BASE_INVALID;
use super::expand::{self, expand};
use super::keys_from;
use super::resolve::is_known_format;
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::source::{
    FileId, INCLUDE_FILE, Layer, OVERLAY_FILE, Part, STACK_FILE, Sources, Span, near_layers, read_base,
    read_include,
};
use crate::yaml::{
    Entry, Key, Map, Node, Overrides, VALUE_TYPE, Value, merge_noting, read_typed, unknown_keys, wrong_type,
};

/// A folder that cannot be included.
pub static INCLUDE_INVALID: Code = Code {
    name: "include-invalid",
    severity: Severity::Error,
    page: Page {
        about: "`include` names folders by their path from this one; each has an include.yaml with the same keys as\n\
                stack.yaml, and may have apps, files and manifests of its own. They lie inside the repository, and none\n\
                includes what includes it.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\ninclude: [../shared]\nvars: {domain: example.org}\n\
              nodes:\n  alpha: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
               nodes:\n  alpha: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n",
    },
};

/// A change of an app that nothing below defines.
pub static APP_UNKNOWN: Code = Code {
    name: "app-unknown",
    severity: Severity::Error,
    page: Page {
        about: "`apps:` changes or drops apps that the base or an included folder defines. It never defines one: an app\n\
                is a file apps/NAME.yaml, and this folder's own apps are changed there.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\napps: {shop: {replicas: 2}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\n",
    },
};

/// A var of an overlay that does nothing.
pub static VAR_UNUSED: Code = Code {
    name: "var-unused",
    severity: Severity::Warning,
    page: Page {
        about: "An overlay sets a var that no layer beneath has and that no template names, while a layer beneath has one\n\
                of nearly the same name: what it is to change stays as it is.",
        bad: "# overlay.yaml\nstackc: 1\nbase: ../home\nvars: {domian: staging.example.org}\n\
              # ../home/stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\n\
              # ../home/apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
        good: "# overlay.yaml\nstackc: 1\nbase: ../home\nvars: {domain: staging.example.org}\n\
               # ../home/stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # ../home/apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// One app in two folders.
pub static APP_TWICE: Code = Code {
    name: "app-defined-twice",
    severity: Severity::Error,
    page: Page {
        about: "Two folders of a stack define an app of the same name. An app is defined once; to change one that the\n\
                base or an included folder defines, write its changes under `apps:` in stack.yaml or overlay.yaml.",
        bad: "# stack.yaml\nstackc: 1\ninclude: [../shared]\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nreplicas: 2\n\
              # ../shared/include.yaml\nstackc: 1\n\
              # ../shared/apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
        good: "# stack.yaml\nstackc: 1\ninclude: [../shared]\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\napps: {web: {replicas: 2}}\n\
               # ../shared/include.yaml\nstackc: 1\n\
               # ../shared/apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// A stack with all that it varies and includes.
pub struct Layers {
    /// stack.yaml over what it includes; none when a file could not be read.
    pub tree: Option<Node>,
    /// Apps by name.
    pub apps: Vec<Defined>,
    /// The folders, lowest first.
    pub folders: Vec<Layer>,
    /// What each of them asks for under `kustomize`, lowest first.
    pub kustomize: Vec<Node>,
    /// What lay under the values of layers above.
    pub overrides: Overrides,
    /// Which folder a file belongs to.
    owners: BTreeMap<FileId, usize>,
}

/// An app's file, and what layers above it change.
pub struct Defined {
    /// Its name.
    pub name: String,
    /// Its file.
    pub file: FileId,
    /// Partial apps, lowest first.
    pub changes: Vec<Node>,
}

impl Layers {
    /// Files below `files/` of the folder that a place belongs to.
    pub fn files(&self, place: Span) -> Option<&BTreeMap<String, FileId>> {
        self.layer(place).map(|layer| &layer.files)
    }

    /// Gives the stack another name than it has.
    pub fn rename(&mut self, named: Option<String>) {
        let map = self.tree.as_mut().and_then(|tree| Some((tree.span, tree.as_map_mut()?)));
        if let (Some((span, map)), Some(name)) = (map, named) {
            map.set(Key { span, text: "name".into() }, Node::text(span, name));
        }
    }

    /// The folder that a place belongs to.
    pub fn layer(&self, place: Span) -> Option<&Layer> {
        self.folders.get(*self.owners.get(&place.file)?)
    }

    /// All that is read as YAML and written by hand, of the topmost folder or of those beneath it: stack.yaml and its
    /// like, apps that were not dropped, manifests.
    pub fn documents(&self, topmost: bool) -> impl Iterator<Item = FileId> {
        let top = self.folders.len().saturating_sub(1);
        let apps = self.apps.iter().map(|app| app.file);
        let manifests = self.folders.iter().flat_map(|folder| &folder.manifests).map(|(_, file)| *file);
        let files = self.folders.iter().flat_map(variables);
        let all = self.folders.iter().map(|folder| folder.file).chain(apps).chain(manifests).chain(files);
        all.filter(move |file| self.owners.get(file).is_some_and(|at| (*at == top) == topmost))
    }
}

/// Keys of an app that stack.yaml may give to all apps (schema.md 1.4).
pub const DEFAULTS: [&str; 12] = [
    "annotations",
    "env",
    "imagePullPolicy",
    "imagePullSecrets",
    "labels",
    "namespace",
    "place",
    "priorityClassName",
    "replicas",
    "resources",
    "securityContext",
    "selector",
];

/// Tells what `defaults` cannot give.
pub fn check_defaults(defaults: &Node, found: &mut Findings) {
    if defaults.as_map().is_none() {
        found.push(wrong_type(defaults, "defaults", "a map"));
    }
    unknown_keys(defaults, &DEFAULTS, Some("defaults"), found);
}

/// The folders of a stack, lowest first, before one is laid over another.
#[derive(Clone)]
pub struct Gathered {
    /// The folders.
    pub(super) folders: Vec<Layer>,
    /// What each says; none when its file could not be read.
    pub(super) trees: Vec<Option<Node>>,
    /// Whether all of it is there.
    pub(super) complete: bool,
}

impl Gathered {
    /// Apps by their files, of all folders.
    pub fn apps(&self) -> impl Iterator<Item = (FileId, String)> {
        self.folders.iter().flat_map(|folder| &folder.apps).map(|(name, file)| (*file, name.clone()))
    }
}

/// Reads a folder, what it varies and what it includes.
pub fn gather(layer: Layer, sources: &mut Sources, found: &mut Findings) -> Gathered {
    let mut gathering =
        Gathering { folders: Vec::new(), trees: Vec::new(), open: Vec::new(), complete: true };
    let named = layer.file.start();
    gathering.add((layer, named), sources, found);
    let Gathering { folders, trees, complete, .. } = gathering;
    let complete = complete && trees.iter().all(Option::is_some);
    Gathered { folders, trees, complete }
}

/// Lays one over another.
pub fn lay(gathered: Gathered, sources: &Sources, found: &mut Findings) -> Layers {
    let Gathered { folders, trees, complete } = gathered;
    let mut apps = Vec::new();
    let mut whole: Option<Node> = None;
    let mut overrides = Overrides::default();
    let mut kustomize = Vec::new();
    for (folder, tree) in folders.iter().zip(trees) {
        let mut tree = tree;
        let changes = tree.as_mut().and_then(Node::as_map_mut).and_then(|map| map.remove("apps"));
        if let Some(changes) = changes {
            // Without its base an overlay knows none of the apps that it changes.
            if complete {
                change(&mut apps, changes, folder, found);
            }
        }
        define(&mut apps, folder, found);
        if let Some(own) = tree.as_mut().and_then(Node::as_map_mut).and_then(|map| map.remove("kustomize")) {
            asked(&mut kustomize, own.value, found);
        }
        if let (Some(under), Some(over), Part::Overlay) = (&whole, &tree, folder.part) {
            lone_vars(under, over, sources, found);
        }
        whole = match (whole, tree) {
            (Some(under), Some(over)) => Some(laid(under, over, &mut overrides)),
            (under, over) => over.or(under),
        };
    }
    apps.sort_by(|a, b| a.name.cmp(&b.name));
    let owners = owners(&folders);
    Layers { tree: whole.filter(|_| complete), apps, folders, kustomize, overrides, owners }
}

/// Tells a var of an overlay that nothing beneath has and that no file names, if one beneath has nearly its name.
fn lone_vars(under: &Node, over: &Node, sources: &Sources, found: &mut Findings) {
    let (Some(under), Some(over)) = (under.get("vars"), over.get("vars")) else { return };
    for Entry { key, value } in over.entries().iter().filter(|entry| under.get(&entry.key.text).is_none()) {
        let names = under.entries().iter().map(|entry| entry.key.text.as_ref());
        let Some(near) = nearest(&key.text, names).filter(|_| !matches!(value.value, Value::Null)) else {
            continue;
        };
        let texts = sources.texts().map(|text| text.matches(key.text.as_ref()).count());
        if texts.sum::<usize>() == 1 {
            let message = format!("nothing uses the var `{}`, and no layer beneath has it", key.text);
            found.push(Finding::new(&VAR_UNUSED, key.span, message).help(format!("did you mean `{near}`?")));
        }
    }
}

/// What one layer asks for comes after what those beneath it do; nothing at all drops that.
fn asked(kustomize: &mut Vec<Node>, own: Node, found: &mut Findings) {
    match own.value {
        Value::Map(_) => kustomize.push(own),
        Value::Null if !kustomize.is_empty() => kustomize.clear(),
        Value::Null => found.push(
            Finding::new(&VALUE_TYPE, own.span, "no layer beneath has a `kustomize` that null could remove")
                .help("leave it out"),
        ),
        _ => found.push(
            wrong_type(&own, "kustomize", "a map").help("kustomize: {labels: [{pairs: {env: staging}}]}"),
        ),
    }
}

/// One layer over those beneath it. A middleware is one of many forms, and a mixture of two is none: one of another form
/// replaces it, one of the same changes it.
fn laid(under: Node, over: Node, overrides: &mut Overrides) -> Node {
    let forms = |tree: &Node, name: &str| -> Vec<String> {
        let form = tree.at(&["middlewares", name]).map_or(&[][..], Node::entries);
        form.iter().map(|entry| entry.key.text.to_string()).collect()
    };
    let names = over.get("middlewares").map_or(&[][..], Node::entries).iter().map(|entry| &entry.key.text);
    let others = names.filter(|name| forms(&under, name) != forms(&over, name));
    let others: Vec<[String; 2]> = others.map(|name| ["middlewares".to_owned(), name.to_string()]).collect();
    let paths: Vec<[&str; 2]> = others.iter().map(|[key, name]| [key.as_str(), name.as_str()]).collect();
    let paths: Vec<&[&str]> = paths.iter().map(<[&str; 2]>::as_slice).collect();
    merge_noting(under, over, &paths, overrides)
}

/// A folder whose base and includes are being read.
struct Open {
    root: PathBuf,
    shown: String,
    /// Where it is named.
    named: Span,
}

struct Gathering {
    folders: Vec<Layer>,
    trees: Vec<Option<Node>>,
    /// Folders whose base and includes are being read: naming one of them is a circle.
    open: Vec<Open>,
    /// Whether every base was found.
    complete: bool,
}

impl Gathering {
    /// A folder, and where it is named.
    fn add(&mut self, (layer, named): (Layer, Span), sources: &mut Sources, found: &mut Findings) {
        let mut tree = read_typed(sources, layer.file, found);
        let base = tree.as_mut().and_then(|tree| base::take(&layer, tree, found));
        let include = tree.as_mut().and_then(Node::as_map_mut).and_then(|map| map.remove("include"));
        self.open.push(Open { root: layer.root.clone(), shown: layer.folder().shown(), named });
        self.complete &= base.is_some() || layer.part != Part::Overlay;
        if let (Some(path), Some(tree)) = (&base, &mut tree) {
            self.base((&layer, tree), path, sources, found);
        }
        for path in include.iter().flat_map(|entry| entry.value.items()) {
            self.include(&layer, path, sources, found);
        }
        if let Some(entry) = include.filter(|entry| !matches!(entry.value.value, Value::List(_))) {
            let finding = Finding::new(&INCLUDE_INVALID, entry.value.span, "`include` is a list of folders");
            found.push(finding.help("include: [../../shared/home]"));
        }
        self.open.pop();
        if let Some(tree) = &mut tree {
            expand(tree, expand::STACK);
            keys_from::read_keys(tree, &layer, sources, found);
        }
        self.folders.push(layer);
        self.trees.push(tree);
    }

    fn base(
        &mut self,
        (from, tree): (&Layer, &mut Node),
        path: &Node,
        sources: &mut Sources,
        found: &mut Findings,
    ) {
        let text = path.as_text().unwrap_or_default();
        match read_base(from, text, sources) {
            Err(reason) => {
                let near = meant(from, text, &[STACK_FILE, OVERLAY_FILE]);
                let near = near.unwrap_or_else(|| "../../stacks/NAME".to_owned());
                let finding = Finding::new(&BASE_INVALID, path.span, reason);
                self.lacks_base(finding.help(format!("base: {near}")), found);
            }
            Ok(layer) if self.is_open(&layer) => {
                let finding = self.circle(&BASE_INVALID, &layer, path.span, "varies");
                self.lacks_base(finding.help("one of them varies a stack: base: ../../stacks/NAME"), found);
            }
            Ok(layer) => {
                self.add((layer, path.span), sources, found);
                self.known_format(found);
                if let (Some(base), Some(Some(base_tree))) = (self.folders.last(), self.trees.last_mut()) {
                    base::rename((base, base_tree), (from, tree), path.span);
                }
            }
        }
    }

    /// Without its base an overlay has no meaning; to tell what else it lacks would be an echo.
    fn lacks_base(&mut self, finding: Finding, found: &mut Findings) {
        found.push(finding);
        self.complete = false;
    }

    /// The layer above lies over the version of this one, which is looked at here.
    fn known_format(&self, found: &mut Findings) {
        if let Some(version) = self.trees.last().and_then(|tree| tree.as_ref()?.get("stackc"))
            && let Some(number) = version.as_int()
        {
            is_known_format(number, version.span, found);
        }
    }

    fn include(&mut self, from: &Layer, path: &Node, sources: &mut Sources, found: &mut Findings) {
        let text = path.as_text().unwrap_or_default();
        match read_include(from, text, sources) {
            Err(reason) => {
                let near = meant(from, text, &[INCLUDE_FILE]).map(|near| format!("include: [{near}]"));
                found.push(Finding::new(&INCLUDE_INVALID, path.span, reason).maybe_help(near));
            }
            Ok(layer) if self.is_open(&layer) => {
                let finding = self.circle(&INCLUDE_INVALID, &layer, path.span, "includes");
                found.push(finding.help("take it out: what is included lies beneath already"));
            }
            // Two folders may include a third; it is laid once, where it is first named.
            Ok(layer) if self.folders.iter().any(|known| known.root == layer.root) => {}
            Ok(layer) => {
                self.add((layer, path.span), sources, found);
                self.known_format(found);
            }
        }
    }

    fn is_open(&self, layer: &Layer) -> bool {
        self.open.iter().any(|open| open.root == layer.root)
    }

    /// The way from a folder back to itself, each line of it.
    fn circle(&self, code: &'static Code, layer: &Layer, span: Span, does: &str) -> Finding {
        let way: Vec<&Open> = self.open.iter().skip_while(|open| open.root != layer.root).collect();
        let first = layer.folder().shown();
        if way.len() < 2 {
            return Finding::new(code, span, format!("{first} {does} itself"));
        }
        let mut names: Vec<&str> = way.iter().map(|open| open.shown.as_str()).collect();
        names.push(&first);
        let message = format!("a circle: {}", names.join(&format!(" {does} ")));
        let finding = Finding::new(code, span, message).label("and back");
        way.iter().skip(1).fold(finding, |finding, open| finding.also(open.named, "from here"))
    }
}

/// The folder that a path may have meant.
fn meant(from: &Layer, path: &str, files: &[&str]) -> Option<String> {
    let all = near_layers(from, path, files);
    let holds =
        |folder: &&String| path.strip_prefix(folder.as_str()).is_some_and(|rest| rest.starts_with('/'));
    let holder = all.iter().find(holds).map(String::as_str);
    holder.or_else(|| nearest(path, all.iter().map(String::as_str))).map(str::to_owned)
}

fn define(apps: &mut Vec<Defined>, folder: &Layer, found: &mut Findings) {
    // Names in one folder differ: only the folders beneath can hold the same.
    let beneath = apps.len();
    for (name, file) in &folder.apps {
        if let Some(other) = apps.iter().take(beneath).find(|app| app.name == *name) {
            found.push(
                Finding::new(&APP_TWICE, file.start(), format!("the app `{name}` is defined twice"))
                    .label("again here")
                    .also(other.file.start(), "first here")
                    .help(format!("change the first one under `apps`: apps: {{{name}: {{…}}}}")),
            );
        } else {
            apps.push(Defined { name: name.clone(), file: *file, changes: Vec::new() });
        }
    }
}

/// Lays a layer's `apps:` over the apps of the layers beneath it.
fn change(apps: &mut Vec<Defined>, changes: Entry, folder: &Layer, found: &mut Findings) {
    let Value::Map(Map { entries }) = changes.value.value else {
        let finding = Finding::new(&APP_UNKNOWN, changes.value.span, "`apps` is a map of names and changes");
        found.push(finding.help("apps: {web: {replicas: 2}}"));
        return;
    };
    for Entry { key, value } in entries {
        let Some(at) = apps.iter().position(|app| app.name == key.text) else {
            let own = folder.apps.iter().any(|(name, _)| *name == key.text);
            let help = if value.get("kind").is_some() && !own {
                Some(format!("a new app is a file: apps/{}.yaml", key.text))
            } else if own {
                Some(format!("this folder's own app is changed in apps/{}.yaml", key.text))
            } else {
                nearest(&key.text, apps.iter().map(|app| app.name.as_str()))
                    .map(|near| format!("did you mean `{near}`?"))
            };
            found.push(
                Finding::new(
                    &APP_UNKNOWN,
                    key.span,
                    format!("no base and no included folder defines an app `{}`", key.text),
                )
                .maybe_help(help),
            );
            continue;
        };
        if matches!(value.value, Value::Null) {
            apps.remove(at);
        } else if value.as_map().is_none() {
            found.push(
                wrong_type(&value, &key.text, "a map of keys").help(format!("{}: {{replicas: 2}}", key.text)),
            );
        } else if let Some(kind) = value.get("kind") {
            found.push(Finding::new(&APP_UNKNOWN, kind.span, "a change of an app never says `kind`"));
        } else if let Some(app) = apps.get_mut(at) {
            app.changes.push(value);
        }
    }
}

/// Of its files, those whose lines are variables.
fn variables(folder: &Layer) -> impl Iterator<Item = FileId> {
    folder.files.iter().filter(|(path, _)| path.contains(".env")).map(|(_, file)| *file)
}

fn owners(folders: &[Layer]) -> BTreeMap<FileId, usize> {
    let mut owners = BTreeMap::new();
    for (index, folder) in folders.iter().enumerate() {
        owners.insert(folder.file, index);
        let documents = folder.apps.iter().chain(&folder.manifests);
        owners.extend(documents.map(|(_, file)| (*file, index)));
        owners.extend(variables(folder).map(|file| (file, index)));
    }
    owners
}

#[cfg(test)]
mod tests {
    use super::{DEFAULTS, check_defaults};
    use crate::finding::Findings;
    use crate::source::Sources;
    use crate::stack::{Container, PodFile};
    use crate::yaml::{fields, read_typed};

    fn codes(text: &str) -> Vec<&'static str> {
        let (mut sources, mut found) = (Sources::default(), Findings::default());
        let file = sources.add("stack.yaml".to_owned(), Ok(text.into()));
        let tree = read_typed(&sources, file, &mut found).unwrap();
        check_defaults(&tree.get("defaults").unwrap().clone(), &mut found);
        found.sorted().iter().map(|finding| finding.code.name).collect()
    }

    #[test]
    fn what_defaults_cannot_give_is_told() {
        assert_eq!(codes("defaults: {replicas: 2, place: {arch: auto}}"), [""; 0]);
        assert_eq!(codes("defaults: {replica: 2}"), ["key-unknown"]);
        assert_eq!(codes("defaults: {image: registry.example/web:1.0}"), ["key-unknown"]);
        assert_eq!(codes("defaults: [replicas]"), ["value-type"]);
    }

    #[test]
    fn defaults_are_keys_of_an_app() {
        let known = [fields::<Container>(), fields::<PodFile>()].concat();
        assert!(DEFAULTS.iter().all(|key| known.contains(key)));
    }
}
