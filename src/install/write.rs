//! A file that is seen whole or not at all.
#![expect(clippy::disallowed_methods, reason = "this file is how stackc writes")]

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Whether the file is what it should be.
///
/// # Errors
/// It is there and cannot be read.
pub fn holds(path: &Path, text: &str) -> io::Result<bool> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes == text.as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// A file that waits beside its place. Unless it is published, it goes away with its value.
#[derive(Debug)]
pub(super) struct Staged {
    temporary: PathBuf,
    path: PathBuf,
    published: bool,
}

/// Writes a file beside its place. `durable`: its bytes outlive a power cut.
///
/// # Errors
/// The machine's; nothing is left then.
pub(super) fn stage(path: &Path, text: &str, mode: u32, durable: bool) -> io::Result<Staged> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // k3s and its users overlook dot-files, and a rename within a folder is seen whole or not at all.
    let (process, turn) = (std::process::id(), TURN.fetch_add(1, Ordering::Relaxed));
    let temporary = path.with_file_name(format!("{PREFIX}{name}.{process}.{turn}{SUFFIX}"));
    // One of a process that was killed, whose number has come round; or a link: it is removed, not followed.
    let _ = fs::remove_file(&temporary);
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(&temporary)?;
    let staged = Staged { temporary, path: path.to_owned(), published: false };
    if durable && mode == PRIVATE {
        // Whatever the umask leaves out: its owner reads it again.
        file.set_permissions(Permissions::from_mode(mode))?;
    }
    file.write_all(text.as_bytes())?;
    if durable {
        file.sync_all()?;
    }
    Ok(staged)
}

/// Tells two files apart that wait for one place.
static TURN: AtomicU32 = AtomicU32::new(0);

/// The mode of what is its owner's alone.
pub const PRIVATE: u32 = 0o600;

const PREFIX: &str = ".stackc-";
const SUFFIX: &str = ".tmp";

/// Whether a file is one that waits, perhaps for a process that was killed.
pub(super) fn is_staged(name: &str) -> bool {
    name.starts_with(PREFIX) && name.ends_with(SUFFIX)
}

impl Staged {
    /// Puts it into its place. A link there is replaced, not followed.
    ///
    /// # Errors
    /// The machine's; what is in the place stays as it was.
    pub(super) fn publish(mut self) -> io::Result<()> {
        fs::rename(&self.temporary, &self.path)?;
        self.published = true;
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if !self.published {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// What was renamed or removed in a folder outlives a power cut.
///
/// # Errors
/// The machine's.
pub(super) fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Puts a file in the place of another. `durable`: it outlives a power cut.
///
/// # Errors
/// The machine's; the old file is as it was then.
pub fn replace(path: &Path, text: &str, mode: u32, durable: bool) -> io::Result<()> {
    stage(path, text, mode, durable)?.publish()?;
    let folder = path.parent().filter(|folder| durable && !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), sync)
}
