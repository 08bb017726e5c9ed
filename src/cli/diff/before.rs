//! What a stack is compared with: files of a folder, a stream, or the stack as it was.
#![expect(clippy::disallowed_methods, reason = "cli reads what a build wrote")]

use std::fs;
use std::io;
use std::path::Path;

use super::files::{Files, of_stack};
use super::git;
use crate::check::Demands;
use crate::cli::{Trouble, stream, target};
use crate::compile::Compiled;
use crate::diff::Side;
use crate::finding::Finding;
use crate::install::{Found, Record, State, record_of, stack_of};
use crate::kube::digest::digest;
use crate::source::{Sources, locate};

/// The largest file of a folder that is read (bytes).
const LARGEST_FILE: u64 = 64 << 20;

/// The old side.
pub(super) struct Before {
    /// What it is, in a user's words.
    pub(super) told: String,
    /// What people should know of it.
    pub(super) remarks: Vec<String>,
    made: Made,
}

enum Made {
    Files(Files),
    Run(Box<Compiled>),
    Nothing,
}

impl Before {
    /// Another stack, such as what an overlay varies, as if it had this one's name.
    pub(super) fn stack(folder: &Path, stack: &str) -> Result<Before, Trouble> {
        let run = target::compiled_as(folder, Some(stack), Demands::default())?;
        let told = folder.display().to_string();
        Ok(Before { told, remarks: Vec::new(), made: Made::Run(Box::new(run)) })
    }

    /// Files of a folder that carry stackc's header and the stack's name.
    pub(super) fn folder(folder: &Path, stack: &str) -> Result<Before, Trouble> {
        let io = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Trouble::Told(format!(
                "{}: no such folder; it takes what stackc build -o or stackc install has written, or - for a stream",
                folder.display()
            )),
            _ => Trouble::io(folder, &error),
        };
        let mut names: Vec<String> = Vec::new();
        for entry in fs::read_dir(folder).map_err(io)? {
            names.extend(entry.map_err(io)?.file_name().into_string());
        }
        names.retain(|name| name.starts_with(&format!("{stack}-")) && has_ending(name));
        names.sort();
        let mut files = Vec::new();
        for name in names {
            let path = folder.join(&name);
            if let Some(text) = text(&path).map_err(|error| Trouble::io(&path, &error))? {
                files.push((name, text));
            }
        }
        let told = folder.display().to_string();
        let (_, record) = record_of(folder, stack)?;
        let files = || files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        let mut before = Before::files(told, files(), stack);
        before.remarks.extend(edited(files(), &record));
        Ok(before)
    }

    /// The same of a folder that `install` has read.
    pub(super) fn state(folder: &Path, state: &State, stack: &str) -> Before {
        let files = || {
            state.files.iter().filter_map(|(name, found): (_, &Found)| Some((name.as_str(), found.text()?)))
        };
        let mut before = Before::files(folder.display().to_string(), files(), stack);
        before.remarks.extend(edited(files(), &state.record));
        before
    }

    /// What `stackc build` has printed, on stdin.
    pub(super) fn stream(stack: &str) -> Result<Before, Trouble> {
        let files = of_stack(stream::read(Path::new("-"))?, stack)?;
        let files = files.iter().map(|(name, text)| (name.as_str(), text.as_str()));
        Ok(Before::files("the stream".to_owned(), files, stack))
    }

    /// The stack as it was.
    pub(super) fn revision(stack: &Path, revision: &str) -> Result<Before, Trouble> {
        let past = git::past(stack, revision)?;
        let told = revision.to_owned();
        let Some(folder) = past.stack().and_then(locate) else {
            let remarks = vec![format!("{revision} has no stack here: all of it is new")];
            return Ok(Before { told, remarks, made: Made::Nothing });
        };
        let mut run = target::compiled(&folder, Demands::default())?;
        run.sources.show_as(&past.before_paths(), &format!("{revision}:"));
        Ok(Before { told, remarks: Vec::new(), made: Made::Run(Box::new(run)) })
    }

    fn files<'a>(told: String, files: impl Iterator<Item = (&'a str, &'a str)>, stack: &str) -> Before {
        let mut files = files.filter(|(name, text)| is_ours(name, text, stack)).peekable();
        let none = files.peek().is_none();
        let none = none.then(|| format!("{told} holds no file of the stack `{stack}`: all of it is new"));
        let made = Made::Files(Files::read(&told, files));
        Before { told, remarks: none.into_iter().collect(), made }
    }

    /// The objects.
    pub(super) fn side(&self) -> Side<'_> {
        match &self.made {
            Made::Files(files) => files.side(),
            Made::Run(run) => Side::of(run),
            Made::Nothing => Side::default(),
        }
    }

    /// Findings, where they point, and how many are errors.
    pub(super) fn findings(&self) -> Option<(&[Finding], &Sources, usize)> {
        match &self.made {
            Made::Files(files) => Some((&files.findings, &files.sources, files.errors)),
            Made::Run(run) => Some((&run.findings, &run.sources, run.errors)),
            Made::Nothing => None,
        }
    }
}

/// Files that an install has written and somebody has changed since, if only in a comment: the next install says so too.
fn edited<'a>(
    files: impl Iterator<Item = (&'a str, &'a str)>,
    record: &Record,
) -> impl Iterator<Item = String> {
    let other = |(name, text): &(&str, &str)| {
        let own = record.files.get(*name);
        own.is_some_and(|own| !own.holds.contains(&digest(text.as_bytes())))
    };
    files.filter(other).map(|(name, _)| {
        format!(
            "{name} was changed by hand since stackc wrote it: stackc install asks for --yes to overwrite it"
        )
    })
}

fn has_ending(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|ending| ending == "yaml")
}

/// Whether stackc wrote it: as a build does, or as an install leaves it when an app has left the stack.
/// The header tells `shop-api`'s file `web` from `shop`'s `api-web`.
fn is_ours(name: &str, text: &str, stack: &str) -> bool {
    text.starts_with(&format!("# stackc: {name} ")) && stack_of(text).is_none_or(|own| own == stack)
}

/// A file's text; none for what is no file, and for what is no text, which stackc has not written.
fn text(path: &Path) -> io::Result<Option<String>> {
    let metadata = fs::symlink_metadata(path)?;
    if !metadata.is_file() || metadata.len() > LARGEST_FILE {
        return Ok(None);
    }
    Ok(String::from_utf8(fs::read(path)?).ok())
}
