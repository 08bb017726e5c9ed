//! `diff --save`: what an install would do, so that `install --plan` does that or nothing.
#![expect(clippy::disallowed_methods, reason = "cli knows the clock")]

use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use super::before::Before;
use crate::cli::Trouble;
use crate::compile::Compiled;
use crate::install::write::replace;
use crate::install::{self, Folder, Plan, Refusal, Wish};

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
    run: &Compiled,
    stack: &str,
) -> Result<(Before, Saving), Trouble> {
    if folder == Path::new("-") {
        return Err(Trouble::Told("--save needs the folder of an install: --against DIR".to_owned()));
    }
    let opened = Folder::open(folder)?;
    let files: Vec<(String, String)> =
        run.files.iter().map(|file| (file.name.clone(), file.text(&run.objects))).collect();
    let state = opened.state(stack, files.iter().map(|(name, _)| name.as_str()))?;
    let Some(release) = run.stack.as_ref().map(|stack| stack.release) else {
        return Err(Trouble::Told("the stack could not be compiled".to_owned()));
    };
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let wish = Wish { stack, folder: opened.real(), release, files: &files, remove, now, sure: false };
    let plan = install::plan(&wish, &state).map_err(|refusals| refused(&refusals))?;
    let saving = Saving { plan, file: file.to_owned() };
    Ok((Before::state(folder, &state, stack), saving))
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
