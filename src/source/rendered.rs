//! Manifests that something else made: files, folders, a stream. A user names them one by one, so they may lie anywhere
//! and links are followed; within a folder dot-files are left out, as in `manifests/`.
#![expect(clippy::disallowed_methods, reason = "all reading of files is in this room")]

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use super::discover::{MANIFEST, bounded, fault, hidden, is_manifest, shown};
use super::{Fault, FileId, Sources};

/// How findings name standard input.
pub const STDIN: &str = "<stdin>";

/// The file that makes a folder input of a renderer, and the command that renders it.
const RENDERERS: [(&str, &str); 5] = [
    ("Chart.yaml", "helm template NAME FOLDER"),
    ("kustomization.yaml", "stackc build FOLDER"),
    ("kustomization.yml", "stackc build FOLDER"),
    ("Kustomization", "stackc build FOLDER"),
    ("helmfile.yaml", "helmfile template"),
];

/// Registers a file, or all manifests of a folder and of those in it, in byte order of their paths. What cannot be read
/// is registered with its reason.
pub fn read_rendered(path: &Path, sources: &mut Sources) -> Vec<FileId> {
    let found = match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => below(path),
        Ok(_) => vec![(path.to_path_buf(), file(path))],
        Err(error) => vec![(path.to_path_buf(), Err(absent(fault(&error))))],
    };
    let name = |path: &Path| shown(path).to_string_lossy().into_owned();
    found.into_iter().map(|(path, content)| sources.add(name(&path), content)).collect()
}

/// Registers a stream as [`STDIN`].
pub fn read_stream(stream: impl Read, sources: &mut Sources) -> FileId {
    sources.add(STDIN.to_owned(), bounded(stream, 0, MANIFEST))
}

type Found = (PathBuf, Result<Vec<u8>, Fault>);

fn below(folder: &Path) -> Vec<Found> {
    let mut found: Vec<Found> = Vec::new();
    let mut walk = WalkDir::new(folder).into_iter();
    while let Some(entry) = walk.next() {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let path = error.path().unwrap_or(folder).to_path_buf();
                found.push((path, Err(error.io_error().map_or(Fault::NotRegular, fault))));
                continue;
            }
        };
        let is_dir = entry.file_type().is_dir();
        if entry.depth() > 0 && hidden(&entry) {
            if is_dir {
                walk.skip_current_dir();
            }
        } else if let Some(row) = is_dir.then(|| renderer(entry.path())).flatten() {
            found.push(row);
            walk.skip_current_dir();
        } else if !is_dir && is_manifest(entry.path()) {
            let content = file(entry.path());
            found.push((entry.into_path(), content));
        }
    }
    if found.is_empty() {
        found.push((folder.to_path_buf(), Err(Fault::NoManifest)));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

fn renderer(folder: &Path) -> Option<Found> {
    let row = RENDERERS.iter().find(|(file, _)| folder.join(file).exists())?;
    Some((folder.join(row.0), Err(Fault::Unrendered(row.1))))
}

/// Opening a FIFO would wait for a writer for ever.
fn file(path: &Path) -> Result<Vec<u8>, Fault> {
    let metadata = fs::metadata(path).map_err(|error| fault(&error))?;
    if !metadata.is_file() {
        return Err(Fault::NotRegular);
    }
    let file = File::open(path).map_err(|error| fault(&error))?;
    bounded(file, metadata.len(), MANIFEST)
}

fn absent(fault: Fault) -> Fault {
    if fault == Fault::Missing { Fault::Absent } else { fault }
}
