//! The folder of a kustomization: what lies in it, and the way to others.
#![expect(clippy::disallowed_methods, reason = "all reading of input is in this room")]

use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use super::discover::{Found, Reader, is_manifest, shown, tidy};
use super::{FileId, Sources};

/// The names that kustomize's file may have.
pub const KUSTOMIZATIONS: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// A folder that is read by paths relative to it. Files lie in it or below, other folders anywhere in the repository.
#[derive(Clone, Debug)]
pub struct Folder {
    pub(super) root: PathBuf,
    pub(super) shown: PathBuf,
}

/// What a path leads to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Lies {
    /// A file.
    File,
    /// A folder.
    Folder,
    /// Nothing.
    Nowhere,
}

impl Folder {
    /// The folder at a path.
    ///
    /// # Errors
    /// It cannot be entered.
    pub fn open(path: &Path) -> io::Result<Folder> {
        Ok(Folder { root: fs::canonicalize(path)?, shown: shown(path) })
    }

    /// The folder as people see it.
    pub fn shown(&self) -> String {
        let text = self.shown.to_string_lossy().into_owned();
        if text.is_empty() { ".".to_owned() } else { text }
    }

    /// Whether it is the same folder.
    pub fn is(&self, other: &Folder) -> bool {
        self.root == other.root
    }

    /// A path in it as people see it.
    pub fn path(&self, path: &str) -> String {
        tidy(&self.shown.join(path)).to_string_lossy().into_owned()
    }

    /// Which of [`KUSTOMIZATIONS`] it has.
    pub fn kustomizations(&self) -> Vec<&'static str> {
        KUSTOMIZATIONS.into_iter().filter(|name| fs::symlink_metadata(self.root.join(name)).is_ok()).collect()
    }

    /// What a path leads to.
    pub fn lies(&self, path: &str) -> Lies {
        match fs::metadata(self.root.join(bare(path))) {
            Ok(metadata) if metadata.is_dir() => Lies::Folder,
            Ok(_) => Lies::File,
            Err(_) => Lies::Nowhere,
        }
    }

    /// Another folder.
    ///
    /// # Errors
    /// Why it cannot be read, in a user's words: it is outside of the repository (the nearest folder above with `.git`).
    pub fn enter(&self, path: &str) -> Result<Folder, String> {
        let shown = tidy(&self.shown.join(path));
        let root = fs::canonicalize(self.root.join(path))
            .map_err(|error| format!("{}: {error}", shown.display()))?;
        if self.is_beyond(&root) {
            return Err(format!("{} lies outside of the repository", shown.display()));
        }
        Ok(Folder { root, shown })
    }

    /// Whether a folder lies outside of the repository (the nearest folder above with `.git`).
    fn is_beyond(&self, root: &Path) -> bool {
        let repository = self.root.ancestors().find(|folder| folder.join(".git").exists());
        repository.is_some_and(|repository| !root.starts_with(repository))
    }

    /// Whether a path, as it is written, leads out of this folder.
    pub fn leaves(&self, path: &str) -> bool {
        let written = Path::new(path);
        written.is_absolute() || tidy(written).starts_with("..")
    }

    /// Whether another folder is this one, or lies in it.
    pub fn holds(&self, other: &Folder) -> bool {
        other.root.starts_with(&self.root)
    }

    /// The names of what lies beside a path, for a name that is nearly right; none of what lies outside of the repository.
    pub fn beside(&self, path: &str) -> Vec<String> {
        let (folder, _) = path.rsplit_once('/').unwrap_or(("", path));
        let Ok(root) = fs::canonicalize(self.root.join(folder)) else { return Vec::new() };
        if self.is_beyond(&root) {
            return Vec::new();
        }
        let Ok(entries) = fs::read_dir(root) else { return Vec::new() };
        let name = |entry: fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
        let prefix = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let mut names: Vec<String> =
            entries.filter_map(Result::ok).map(|entry| format!("{prefix}{}", name(entry))).collect();
        names.sort();
        names
    }

    /// Manifests that lie directly in it, by name.
    pub fn manifests(&self) -> Vec<String> {
        let is_named = |name: &String| KUSTOMIZATIONS.contains(&name.as_str());
        let mut names = self.beside("");
        names.retain(|name| is_manifest(Path::new(name)) && !name.starts_with('.') && !is_named(name));
        names.retain(|name| self.lies(name) == Lies::File);
        names
    }

    /// Registers a file of it. One that cannot be read, or lies elsewhere, is registered with its fault.
    pub fn read(&self, path: &str, sources: &mut Sources) -> FileId {
        let reader = Reader { shown: self.shown.clone(), root: self.root.clone() };
        let parts = Path::new(bare(path)).components();
        let plain: PathBuf = parts.filter(|part| *part != Component::CurDir).collect();
        reader.register(sources, &Found::unknown(plain), super::discover::MANIFEST)
    }
}

/// kustomize takes `a.yaml/.` for `a.yaml`.
fn bare(path: &str) -> &str {
    let mut bare = path;
    while let Some(shorter) = bare.strip_suffix("/.").or_else(|| bare.strip_suffix('/')) {
        bare = shorter;
    }
    if bare.is_empty() { path } else { bare }
}
