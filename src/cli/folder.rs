//! `build -o DIR`: compares first, writes only what changed, each file whole or not at all.
#![expect(clippy::disallowed_methods, reason = "cli writes what a build makes")]

use std::fs::{self, Permissions};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::Trouble;
use super::show::plural;
use crate::compile::Compiled;
use crate::emit::File;
use crate::install::{stack_of, write};
use crate::source::{is_layer, read_by};

/// Only the owner reads a file with a Secret in it.
const SECRET_MODE: u32 = 0o600;

/// Whether a path lies in k3s' auto-deploy folder.
pub(super) fn is_live(path: &Path) -> bool {
    let names: Vec<_> = path.components().map(|part| part.as_os_str().to_owned()).collect();
    names.windows(2).any(|pair| matches!(pair, [a, b] if a == "server" && b == "manifests"))
}

/// Writes all files of a build and removes those that an earlier build left. Returns what to tell.
pub(super) fn write(directory: &Path, compiled: &Compiled) -> Result<String, Trouble> {
    refuse(directory)?;
    make(directory)?;
    let prefix = compiled.stack.as_ref().map(|stack| format!("{}-", stack.name.value)).unwrap_or_default();
    for file in &compiled.files {
        refuse_foreign(&directory.join(&file.name))?;
    }
    let mut told = String::new();
    let mut unchanged = 0_usize;
    for file in &compiled.files {
        let path = directory.join(&file.name);
        let text = file.text(&compiled.objects);
        if put(&path, &text, file.secret).map_err(|error| Trouble::io(&path, &error))? {
            told.push_str(&format!("wrote {} ({})\n", path.display(), plural(file.objects.len(), "object")));
        } else {
            unchanged = unchanged.saturating_add(1);
        }
    }
    for path in
        left_over(directory, &prefix, &compiled.files).map_err(|error| Trouble::io(directory, &error))?
    {
        fs::remove_file(&path).map_err(|error| Trouble::io(&path, &error))?;
        told.push_str(&format!("removed {} (no longer in the stack)\n", path.display()));
    }
    if unchanged > 0 {
        told.push_str(&format!("unchanged: {}\n", plural(unchanged, "file")));
    }
    Ok(told)
}

/// Makes the folder's last part if it is missing.
fn make(directory: &Path) -> Result<(), Trouble> {
    match fs::create_dir(directory) {
        Ok(()) => Ok(()),
        Err(_) if directory.is_dir() => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(Trouble::Told(format!("{} is no folder", directory.display())))
        }
        Err(error) => Err(Trouble::io(directory, &error)),
    }
}

/// The path that a folder has or will have, links followed.
fn real(directory: &Path) -> io::Result<PathBuf> {
    match fs::canonicalize(directory) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            let parent = directory.parent().filter(|parent| !parent.as_os_str().is_empty());
            let parent = fs::canonicalize(parent.unwrap_or(Path::new(".")))?;
            Ok(parent.join(directory.file_name().unwrap_or_default()))
        }
        real => real,
    }
}

/// Folders that a build must not write to: k3s' own, and a stack's input.
fn refuse(directory: &Path) -> Result<(), Trouble> {
    let real = real(directory).map_err(|error| Trouble::io(directory, &error))?;
    if is_live(&real) {
        return Err(Trouble::Told(format!(
            "{} is k3s' own folder: what is missing from it is deleted from the cluster\n\
             let stackc write it, which removes with care: sudo stackc install --to {}",
            directory.display(),
            real.display()
        )));
    }
    refuse_input(&real)
}

/// The folder of any stack, overlay or include, and what one reads.
pub(super) fn refuse_input(directory: &Path) -> Result<(), Trouble> {
    let real = real(directory).unwrap_or_else(|_| directory.to_owned());
    if is_layer(&real) || read_by(&real).is_some() {
        return Err(Trouble::Told(format!(
            "{} holds the stack itself, or one that it builds on; name another folder, such as out/",
            directory.display()
        )));
    }
    Ok(())
}

/// A file of that name that stackc did not write belongs to somebody else.
fn refuse_foreign(path: &Path) -> Result<(), Trouble> {
    match fs::read_to_string(path) {
        Ok(text) if text.is_empty() || is_ours(&text, path) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(_) => Err(Trouble::Told(format!(
            "{} was not written by stackc: it does not begin with `# stackc:`; move it away first",
            path.display()
        ))),
        Err(error) => Err(Trouble::io(path, &error)),
    }
}

fn is_ours(text: &str, path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    text.starts_with(&format!("# stackc: {name} from "))
}

/// Writes a file unless it already is what it should be. True when it was written.
fn put(path: &Path, text: &str, secret: bool) -> io::Result<bool> {
    if write::holds(path, text).unwrap_or(false) {
        if secret {
            fs::set_permissions(path, Permissions::from_mode(SECRET_MODE))?;
        }
        return Ok(false);
    }
    let mode = if secret { SECRET_MODE } else { 0o666 };
    write::replace(path, text, mode, false).map(|()| true)
}

/// Files of this stack that an earlier build wrote and this one did not make.
fn left_over(directory: &Path, prefix: &str, files: &[File]) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let made = files.binary_search_by(|file| file.name.as_str().cmp(&name)).is_ok();
        if made || !name.starts_with(prefix) || name.strip_suffix(".yaml").is_none() || !path.is_file() {
            continue;
        }
        // `demo-x`'s files begin like `demo`'s; the header tells them apart.
        let own =
            |text: &str| is_ours(text, &path) && stack_of(text).is_none_or(|own| prefix == format!("{own}-"));
        if fs::read_to_string(&path).is_ok_and(|text| own(&text)) {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}
