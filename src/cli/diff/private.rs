//! A folder for this process alone, which goes with its value.
#![expect(clippy::disallowed_methods, reason = "its name must not be there yet")]

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Tries at a name that nobody has taken.
const TRIES: u32 = 1_000;

#[derive(Debug)]
pub(super) struct Private {
    path: PathBuf,
}

impl Private {
    /// Makes it. That it is new is the system's word, so nobody can have put a link there.
    pub(super) fn new() -> io::Result<Private> {
        let above = fs::canonicalize(std::env::temp_dir())?;
        for attempt in 0..TRIES {
            let path = above.join(format!("stackc-{}-{attempt}", std::process::id()));
            match DirBuilder::new().mode(0o700).create(&path) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                made => return made.map(|()| Private { path }),
            }
        }
        Err(io::ErrorKind::AlreadyExists.into())
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.path);
    }
}
