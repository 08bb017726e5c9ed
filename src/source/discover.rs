//! Which files make a stack, and reading them within bounds.
#![expect(clippy::disallowed_methods, reason = "all reading of a stack's files is here")]

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use walkdir::{DirEntry, WalkDir};

use super::folder::{Folder, KUSTOMIZATIONS};
use super::{Fault, FileId, Sources};

/// The file that makes a folder a stack.
pub const STACK_FILE: &str = "stack.yaml";
/// The file that makes a folder a variation of a stack.
pub const OVERLAY_FILE: &str = "overlay.yaml";
/// The file that makes a folder one that stacks can include.
pub const INCLUDE_FILE: &str = "include.yaml";
/// What `stackc lock` writes beside it.
pub const LOCK_FILE: &str = "stackc.lock";

/// Folders of which everything is read.
const INPUT: [&str; 3] = ["apps", "files", "manifests"];

/// Bytes of a typed file.
const TYPED: u64 = 1 << 20;
/// Bytes of a mounted file: Kubernetes refuses a ConfigMap over 1 MiB.
const MOUNTED: u64 = 1 << 20;
/// Bytes of a manifest.
pub(super) const MANIFEST: u64 = 64 << 20;

/// A stack's own folder.
#[derive(Debug)]
pub struct Input {
    /// The folder's own name: the stack's default name.
    pub folder_name: String,
    /// The name that it shall have whatever it says, as where another stack is held against it.
    pub named: Option<String>,
    /// Its files.
    pub layer: Layer,
}

impl Input {
    /// A stack that lies in no folder: each file's path in it, and its bytes. No kustomization is among them.
    pub fn of_files<'a>(
        folder_name: &str,
        files: impl Iterator<Item = (&'a str, &'a [u8])>,
        sources: &mut Sources,
    ) -> Input {
        let mut layer = Layer {
            part: Part::Stack,
            file: FileId(0),
            apps: Vec::new(),
            files: BTreeMap::new(),
            manifests: Vec::new(),
            kustomizations: Vec::new(),
            lock: None,
            strays: Vec::new(),
            root: PathBuf::new(),
            shown: PathBuf::new(),
        };
        for (path, bytes) in files {
            let id = sources.add(path.to_owned(), Ok(bytes.to_vec()));
            match path.split_once('/') {
                None => layer.file = id,
                Some(("apps", app)) => {
                    layer.apps.push((app.strip_suffix(".yaml").unwrap_or(app).to_owned(), id));
                }
                Some(("files", below)) => {
                    layer.files.insert(below.to_owned(), id);
                }
                Some((_, below)) => layer.manifests.push((below.to_owned(), id)),
            }
        }
        layer.apps.sort();
        layer.manifests.sort();
        Input { folder_name: folder_name.to_owned(), named: None, layer }
    }
}

/// What a folder is to the stack.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// It has a stack.yaml.
    Stack,
    /// It has an overlay.yaml, which names what it varies.
    Overlay,
    /// It has an include.yaml.
    Include,
}

/// One folder of a stack: the stack's own, or one that it varies or includes.
#[derive(Clone, Debug)]
pub struct Layer {
    /// What it is.
    pub part: Part,
    /// stack.yaml, overlay.yaml or include.yaml.
    pub file: FileId,
    /// Apps by name, sorted.
    pub apps: Vec<(String, FileId)>,
    /// Files below `files/` by their path there.
    pub files: BTreeMap<String, FileId>,
    /// Files below `manifests/` by their path there, sorted; none that lies in one of `kustomizations`.
    pub manifests: Vec<(String, FileId)>,
    /// Kustomizations at or below `manifests/` by their path there: what lies in their folders is their own.
    pub kustomizations: Vec<String>,
    /// Its stackc.lock, if it has one; a folder that is included has none.
    pub lock: Option<FileId>,
    /// YAML files that nothing reads: beside the apps (`apps/web.yml`, `apps/more/web.yaml`), an overlay.yaml beside
    /// stack.yaml.
    pub strays: Vec<FileId>,
    /// The folder without links: what tells two ways to one folder.
    pub root: PathBuf,
    shown: PathBuf,
}

impl Layer {
    /// The folder, for paths that are relative to it.
    pub fn folder(&self) -> Folder {
        Folder { root: self.root.clone(), shown: self.shown.clone() }
    }
}

/// Reads all files of the stack in a folder.
///
/// # Errors
/// The folder itself cannot be read. What is wrong with a file in it is registered with the file.
pub fn read_input(folder: &Path, sources: &mut Sources) -> io::Result<Input> {
    let root = fs::canonicalize(folder)?;
    let folder_name = root.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let part = part(&root).unwrap_or(Part::Stack);
    let layer = Reader { shown: shown(folder), root }.layer(part, sources);
    Ok(Input { folder_name, named: None, layer })
}

/// Reads a folder that another one includes.
///
/// # Errors
/// Why it cannot be one: it is missing, has no include.yaml, or lies outside of the repository (the nearest folder above
/// with `.git`).
pub fn read_include(from: &Layer, path: &str, sources: &mut Sources) -> Result<Layer, String> {
    let reader = beyond(from, path)?;
    if fs::symlink_metadata(reader.root.join(INCLUDE_FILE)).is_err() {
        return Err(format!("{} has no {INCLUDE_FILE}", reader.shown.display()));
    }
    Ok(reader.layer(Part::Include, sources))
}

/// Reads the stack or overlay that an overlay varies.
///
/// # Errors
/// Why it cannot be one: it is missing, is none, or lies outside of the repository.
pub fn read_base(from: &Layer, path: &str, sources: &mut Sources) -> Result<Layer, String> {
    let reader = beyond(from, path)?;
    let part = part(&reader.root)
        .ok_or_else(|| format!("{} has no {STACK_FILE} and no {OVERLAY_FILE}", reader.shown.display()))?;
    Ok(reader.layer(part, sources))
}

/// The folders with one of these files that a path to such a folder may have meant, as they would be written: the one that
/// holds it, else those beside it.
pub fn near_layers(from: &Layer, path: &str, files: &[&str]) -> Vec<String> {
    let is_one = |text: &str| {
        let root = from.root.join(text);
        files.iter().any(|file| fs::symlink_metadata(root.join(file)).is_ok())
            && beyond(from, text).is_ok_and(|reader| reader.root != from.root)
    };
    let up = path.rsplit_once('/').map_or(".", |(up, _)| up);
    if is_one(up) {
        return vec![up.to_owned()];
    }
    from.folder().beside(path).into_iter().filter(|text| is_one(text)).collect()
}

/// A folder that another one names by a relative path.
fn beyond(from: &Layer, path: &str) -> Result<Reader, String> {
    let shown = tidy(&from.shown.join(path));
    let root = fs::canonicalize(from.root.join(path)).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => format!("there is no folder {}", shown.display()),
        _ => format!("{}: {error}", shown.display()),
    })?;
    if root.is_file() {
        return Err(format!("{} is a file: a folder is named here", shown.display()));
    }
    if let Some(repository) = from.root.ancestors().find(|folder| folder.join(".git").exists())
        && !root.starts_with(repository)
    {
        return Err(format!("{} lies outside of the repository", shown.display()));
    }
    Ok(Reader { shown, root })
}

/// Reads one more file of a folder, by its path there. A path that leads out of the folder is registered with its fault.
pub fn read_beside(layer: &Layer, path: &str, sources: &mut Sources) -> FileId {
    let reader = Reader { shown: layer.shown.clone(), root: layer.root.clone() };
    reader.register(sources, &Found::unknown(path), TYPED)
}

/// `stacks/shop/../../shared` reads better as `shared`.
pub(super) fn tidy(path: &Path) -> PathBuf {
    let mut tidy = PathBuf::new();
    for part in path.components() {
        let below = tidy.file_name().is_some();
        match part {
            std::path::Component::ParentDir if below => {
                tidy.pop();
            }
            std::path::Component::CurDir => {}
            part => tidy.push(part),
        }
    }
    tidy
}

/// A file of the stack, by its path in the stack.
pub(super) struct Found {
    path: PathBuf,
    /// Whether listing it showed a regular file on a way without links, so that it is surely inside the stack.
    plain: bool,
}

impl Found {
    pub(super) fn unknown(path: impl Into<PathBuf>) -> Self {
        Found { path: path.into(), plain: false }
    }
}

pub(super) struct Reader {
    pub(super) shown: PathBuf,
    pub(super) root: PathBuf,
}

impl Reader {
    /// Reads everything in the folder.
    fn layer(self, part: Part, sources: &mut Sources) -> Layer {
        let file = match part {
            Part::Stack => STACK_FILE,
            Part::Overlay => OVERLAY_FILE,
            Part::Include => INCLUDE_FILE,
        };
        let mut layer = Layer {
            part,
            file: self.register(sources, &Found::unknown(file), TYPED),
            apps: Vec::new(),
            files: BTreeMap::new(),
            manifests: Vec::new(),
            kustomizations: Vec::new(),
            lock: None,
            strays: Vec::new(),
            root: PathBuf::new(),
            shown: PathBuf::new(),
        };
        if part != Part::Include && fs::symlink_metadata(self.root.join(LOCK_FILE)).is_ok() {
            layer.lock = Some(self.register(sources, &Found::unknown(LOCK_FILE), TYPED));
        }
        if part == Part::Stack && fs::symlink_metadata(self.root.join(OVERLAY_FILE)).is_ok() {
            layer.strays.push(self.register(sources, &Found::unknown(OVERLAY_FILE), TYPED));
        }
        for found in self.below("apps") {
            self.app(sources, &found, &mut layer);
        }
        for found in self.below("files") {
            let id = self.register(sources, &found, MOUNTED);
            layer.files.insert(below(&found.path), id);
        }
        self.manifests(sources, &mut layer);
        Layer { root: self.root, shown: self.shown, ..layer }
    }

    fn manifests(&self, sources: &mut Sources, layer: &mut Layer) {
        let all = self.below("manifests");
        let is_kustomization =
            |path: &Path| path.file_name().is_some_and(|name| KUSTOMIZATIONS.iter().any(|own| name == *own));
        let kustomizations =
            all.iter().map(|found| found.path.as_path()).filter(|path| is_kustomization(path));
        let folders: BTreeMap<&Path, &Path> =
            kustomizations.filter_map(|path| path.parent().zip(Some(path))).collect();
        let inside = |path: &Path| path.ancestors().skip(1).any(|folder| folders.contains_key(folder));
        let outermost = folders.iter().filter(|(folder, _)| !inside(folder));
        layer.kustomizations = outermost.map(|(_, path)| below(path)).collect();
        for found in all.iter().filter(|found| is_manifest(&found.path) && !inside(&found.path)) {
            let id = self.register(sources, found, MANIFEST);
            layer.manifests.push((below(&found.path), id));
        }
    }

    /// What lies in a folder of the stack, in byte order of the paths.
    fn below(&self, name: &str) -> Vec<Found> {
        let folder = self.root.join(name);
        let linked = fs::symlink_metadata(&folder).is_ok_and(|metadata| metadata.is_symlink());
        let mut all: Vec<Found> = WalkDir::new(folder)
            .into_iter()
            // A dot-file can be mounted; beside apps and manifests it is an editor's.
            .filter_entry(|entry| entry.depth() == 0 || name == "files" || !hidden(entry))
            .filter_map(Result::ok)
            .filter(|entry| !entry.file_type().is_dir())
            .filter_map(|entry| {
                let path = entry.path().strip_prefix(&self.root).ok()?.to_path_buf();
                Some(Found { path, plain: entry.file_type().is_file() && !linked })
            })
            .collect();
        all.sort_by(|a, b| a.path.cmp(&b.path));
        all
    }

    pub(super) fn register(&self, sources: &mut Sources, found: &Found, limit: u64) -> FileId {
        let shown = self.shown.join(&found.path).to_string_lossy().into_owned();
        sources.add(shown, self.read(found, limit))
    }

    fn app(&self, sources: &mut Sources, found: &Found, layer: &mut Layer) {
        let path = &found.path;
        if !is_manifest(path) {
            return;
        }
        let direct =
            path.components().count() == 2 && path.extension().is_some_and(|ending| ending == "yaml");
        if direct {
            let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            let id = self.register(sources, found, TYPED);
            layer.apps.push((name, id));
        } else {
            let shown = self.shown.join(path).to_string_lossy().into_owned();
            layer.strays.push(sources.add(shown, Ok(Vec::new())));
        }
    }

    fn read(&self, found: &Found, limit: u64) -> Result<Vec<u8>, Fault> {
        let full = self.root.join(&found.path);
        if !found.plain {
            self.vet(&full)?;
        }
        let file = File::open(&full).map_err(|error| fault(&error))?;
        let length = file.metadata().map_err(|error| fault(&error))?.len();
        bounded(file, length, limit)
    }

    /// A link may lead anywhere, and opening a FIFO would wait for a writer for ever.
    fn vet(&self, full: &Path) -> Result<(), Fault> {
        let real = fs::canonicalize(full).map_err(|error| fault(&error))?;
        if !real.starts_with(&self.root) {
            return Err(Fault::Outside);
        }
        let is_file = fs::metadata(&real).map_err(|error| fault(&error))?.is_file();
        if is_file { Ok(()) } else { Err(Fault::NotRegular) }
    }
}

/// All bytes of a reader, about `length` of them, unless they are more than `limit`.
pub(super) fn bounded(reader: impl Read, length: u64, limit: u64) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::with_capacity(usize::try_from(length.min(limit)).unwrap_or(0).saturating_add(1));
    reader.take(limit.saturating_add(1)).read_to_end(&mut bytes).map_err(|error| fault(&error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > limit {
        return Err(Fault::TooLarge(limit));
    }
    Ok(bytes)
}

pub(super) fn fault(error: &io::Error) -> Fault {
    match error.kind() {
        io::ErrorKind::NotFound => Fault::Missing,
        _ => Fault::Io(error.to_string()),
    }
}

pub(super) fn hidden(entry: &DirEntry) -> bool {
    entry.file_name().to_string_lossy().starts_with('.')
}

/// As k3s tells manifests from other files: by their ending, whatever its case.
pub(super) fn is_manifest(path: &Path) -> bool {
    let is = |own: &&str| path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case(own));
    ["yaml", "yml", "json"].iter().any(is)
}

/// The path without its first folder, with `/` on every system.
fn below(path: &Path) -> String {
    let parts: Vec<_> = path.components().skip(1).map(|part| part.as_os_str().to_string_lossy()).collect();
    parts.join("/")
}

/// A path as people see it, without a leading `./`.
pub(super) fn shown(path: &Path) -> PathBuf {
    path.strip_prefix(".").map_or_else(|_| path.to_path_buf(), Path::to_path_buf)
}

/// The stack that a path names: its folder or its file.
pub fn locate(path: &Path) -> Option<PathBuf> {
    let is_file = |name: &std::ffi::OsStr| name == STACK_FILE || name == OVERLAY_FILE;
    if path.file_name().is_some_and(is_file) && !path.is_dir() {
        let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
        return path.exists().then(|| parent.unwrap_or(Path::new(".")).to_path_buf());
    }
    part(path).map(|_| path.to_path_buf())
}

/// Whether a folder is a stack or an overlay. stack.yaml tells, should both be there.
fn part(folder: &Path) -> Option<Part> {
    let files = [(STACK_FILE, Part::Stack), (OVERLAY_FILE, Part::Overlay)];
    let is_there = |file: &str| fs::symlink_metadata(folder.join(file)).is_ok();
    files.into_iter().find(|(file, _)| is_there(file)).map(|(_, part)| part)
}

/// Whether a folder is a stack, an overlay or an include: its files are a person's.
pub fn is_layer(folder: &Path) -> bool {
    part(folder).is_some() || fs::symlink_metadata(folder.join(INCLUDE_FILE)).is_ok()
}

/// The stack, overlay or include that reads what lies in this folder, a path without links.
pub fn read_by(folder: &Path) -> Option<&Path> {
    let reads = |layer: &&Path| INPUT.iter().any(|name| folder.starts_with(layer.join(name)));
    folder.ancestors().find(|layer| reads(layer) && is_layer(layer))
}

/// The nearest stack in this folder or above it, up to the folder that holds `.git`.
pub fn find_above(start: &Path) -> Option<PathBuf> {
    let full = fs::canonicalize(start).ok()?;
    let mut up = PathBuf::new();
    for folder in full.ancestors() {
        if part(folder).is_some() {
            return Some(if up.as_os_str().is_empty() { start.to_path_buf() } else { start.join(up) });
        }
        if folder.join(".git").exists() {
            return None;
        }
        up.push("..");
    }
    None
}

/// Every stack below a folder, in byte order; dot-folders, `target` and `node_modules` left out.
pub fn find_below(start: &Path) -> Vec<PathBuf> {
    let skipped = |entry: &DirEntry| {
        entry.depth() > 0
            && (hidden(entry) || matches!(entry.file_name().to_str(), Some("target" | "node_modules")))
    };
    let mut stacks: Vec<PathBuf> = WalkDir::new(start)
        .into_iter()
        .filter_entry(|entry| entry.file_type().is_dir() && !skipped(entry))
        .filter_map(Result::ok)
        .filter(|entry| part(entry.path()).is_some())
        .map(|entry| shown(entry.path()))
        .collect();
    stacks.sort();
    stacks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn manifests_are_told_by_their_ending() {
        for name in ["a.yaml", "a.yml", "a.json", "a.YAML", "A.Yml"] {
            assert!(is_manifest(Path::new(name)), "{name}");
        }
        for name in ["yaml", "a.yaml~", "a.yaml.skip", "a.txt", "a"] {
            assert!(!is_manifest(Path::new(name)), "{name}");
        }
    }
}
