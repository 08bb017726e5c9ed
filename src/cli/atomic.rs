//! A file that is seen whole or not at all.
#![expect(clippy::disallowed_methods, reason = "cli writes what commands make")]

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Whether the file is what it should be.
///
/// # Errors
/// It is there and cannot be read.
pub(super) fn holds(path: &Path, text: &str) -> io::Result<bool> {
    match fs::read(path) {
        Ok(bytes) => Ok(bytes == text.as_bytes()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Puts a file in the place of another. A link there is replaced, not followed. `durable`: it outlives a power cut.
///
/// # Errors
/// The machine's; the old file is as it was then.
pub(super) fn replace(path: &Path, text: &str, mode: u32, durable: bool) -> io::Result<()> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    // k3s and its users overlook dot-files, and a rename within a folder is seen whole or not at all.
    let temporary = path.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    // One of a process that was killed, whose number has come round.
    let _ = fs::remove_file(&temporary);
    let written = write(&temporary, text, mode, durable).and_then(|()| fs::rename(&temporary, path));
    if written.is_err() {
        let _ = fs::remove_file(&temporary);
        return written;
    }
    let folder = path.parent().filter(|folder| durable && !folder.as_os_str().is_empty());
    folder.map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

fn write(path: &Path, text: &str, mode: u32, durable: bool) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(mode).open(path)?;
    file.write_all(text.as_bytes())?;
    if durable { file.sync_all() } else { Ok(()) }
}
