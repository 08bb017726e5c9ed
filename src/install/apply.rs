//! Does what a plan says.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::folder::{Folder, State, Trouble, at};
use super::plan::{Does, Plan, Step};
use super::record;
use super::write::{PRIVATE, Staged, stage, sync};

/// Makes the folder what the plan says. `now`: seconds of Unix time.
///
/// All that is new is written beside its place first: a disk that is full changes nothing. Then the record says that each
/// file is what it was or what it will be, then each file gets into its place, then the record says what is. So whatever
/// stops this, each file is wholly old or new and the stack's, and the next run goes on.
///
/// # Errors
/// The machine's.
pub fn apply(plan: &Plan, folder: &Folder, state: &State, now: u64) -> Result<(), Trouble> {
    for left in &state.staged {
        // What cannot be removed is told when it stands in the way.
        let _ = fs::remove_file(left);
    }
    let mut changes: Vec<&Step> = plan.steps.iter().filter(|step| step.does.changes()).collect();
    // What is written before what goes: an object that moves is in its new file first.
    changes.sort_by_key(|step| step.does);
    let record = plan.record(now);
    let both = (!changes.is_empty()).then(|| state.record.and(&record).text()).or(state.written.clone());
    let last = (!record.files.is_empty()).then(|| record.text());
    let path = folder.path().join(record::file_name(&plan.stack));

    let intent = Change::of(&path, state.written.as_deref(), both.as_deref())?;
    let files: Vec<Change> =
        changes.iter().map(|step| Change::step(step, folder)).collect::<Result<_, _>>()?;
    let record = Change::of(&path, both.as_deref(), last.as_deref())?;

    for changes in [vec![intent], files, vec![record]] {
        if changes.iter().all(|change| matches!(change, Change::None)) {
            continue;
        }
        for change in changes {
            change.make()?;
        }
        // What comes next rests on this, also behind a power cut.
        sync(folder.path()).map_err(at(folder.path()))?;
    }
    Ok(())
}

/// A change of one file, of which only the last move is left.
enum Change {
    None,
    Publish(PathBuf, Staged),
    Remove(PathBuf),
}

impl Change {
    fn of(path: &Path, old: Option<&str>, new: Option<&str>) -> Result<Change, Trouble> {
        match new {
            _ if old == new => Ok(Change::None),
            None => Ok(Change::Remove(path.to_owned())),
            Some(text) => {
                let staged = stage(path, text, PRIVATE, true).map_err(at(path))?;
                Ok(Change::Publish(path.to_owned(), staged))
            }
        }
    }

    fn step(step: &Step, folder: &Folder) -> Result<Change, Trouble> {
        let path = folder.path().join(&step.name);
        match (&step.text, step.does) {
            (Some(text), _) => Change::of(&path, None, Some(text)),
            (None, Does::Remove) => Ok(Change::Remove(path)),
            (None, _) => Ok(Change::None),
        }
    }

    fn make(self) -> Result<(), Trouble> {
        match self {
            Change::None => Ok(()),
            Change::Publish(path, staged) => staged.publish().map_err(at(&path)),
            Change::Remove(path) => match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => Err(at(&path)(error)),
                _ => Ok(()),
            },
        }
    }
}
