//! `diff --save`: what an install would do, so that `install --plan` does that or nothing.
#![expect(clippy::disallowed_methods, reason = "cli knows the clock, and where a plan goes")]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::after::After;
use super::before::Before;
use crate::cli::Trouble;
use crate::install::write::replace;
use crate::install::{self, Folder, Plan, Refusal, Wish};
use crate::source::read_by;

/// The largest file that may be a plan (bytes).
const LARGEST: u64 = 64 << 20;

/// A plan and where it goes.
pub(super) struct Saving {
    plan: Plan,
    file: PathBuf,
}

/// Plans an install into a folder. The old side is what the plan was made from, so that nothing is saved that was not
/// shown.
pub(super) fn plan(
    folder: &Path,
    file: &Path,
    remove: &[String],
    after: &After,
) -> Result<(Before, Saving), Trouble> {
    if folder == Path::new("-") {
        return Err(Trouble::Told("--save needs the folder of an install: --against DIR".to_owned()));
    }
    let opened = Folder::open(folder)?;
    refuse(file, Path::new(opened.real()))?;
    let After { stack, release, files, .. } = after;
    let state = opened.state(stack, files.iter().map(|(name, _)| name.as_str()))?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let wish = Wish { stack, folder: opened.real(), release: *release, files, remove, now, sure: false };
    let plan = install::plan(&wish, &state).map_err(|refusals| refused(&refusals))?;
    let saving = Saving { plan, file: file.to_owned() };
    Ok((Before::state(folder, &state, stack), saving))
}

/// Places where a plan would be read, or take that of something else.
fn refuse(file: &Path, target: &Path) -> Result<(), Trouble> {
    let above = file.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let above = fs::canonicalize(above).map_err(|error| Trouble::io(above, &error))?;
    let why = if above.starts_with(target) {
        Some("lies in the folder that is installed into")
    } else if read_by(&above).is_some() {
        Some("lies where a stack would read it")
    } else if is_free(file).map_err(|error| Trouble::io(file, &error))? {
        None
    } else {
        Some("is there, and is no plan of stackc diff --save")
    };
    let told = |why: &str| Trouble::Told(format!("{} {why}: name another file", file.display()));
    why.map_or(Ok(()), |why| Err(told(why)))
}

/// Whether nothing is there, or an empty file, or a plan.
fn is_free(file: &Path) -> io::Result<bool> {
    match fs::symlink_metadata(file) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(true),
        Err(error) => Err(error),
        Ok(metadata) if !metadata.is_file() || metadata.len() > LARGEST => Ok(false),
        Ok(metadata) => {
            let is_plan =
                |bytes: Vec<u8>| String::from_utf8(bytes).is_ok_and(|text| Plan::parse(&text).is_ok());
            Ok(metadata.len() == 0 || is_plan(fs::read(file)?))
        }
    }
}

fn refused(refusals: &[Refusal]) -> Trouble {
    let line = |Refusal { message, help }: &Refusal| format!("\nerror: {message}\n  help: {help}");
    Trouble::Told(format!("no plan can be made{}", refusals.iter().map(line).collect::<String>()))
}

impl Saving {
    /// Writes the plan; it says no file's content.
    pub(super) fn write(self) -> Result<(), Trouble> {
        replace(&self.file, &self.plan.text(), 0o600, true).map_err(|error| Trouble::io(&self.file, &error))
    }
}
