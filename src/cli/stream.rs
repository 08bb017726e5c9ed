//! What `stackc build` has printed, from a file or stdin, and the release that it is for.
#![expect(clippy::disallowed_methods, reason = "cli reads streams")]

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::Trouble;
use crate::install::{Stream, parse_stream};
use crate::k3s::{Release, Version};

/// The largest stream that is read (bytes).
const LARGEST: u64 = 256 << 20;

/// Reads a whole stream; `-` is stdin.
pub(super) fn read(from: &Path) -> Result<Stream, Trouble> {
    let mut text = String::new();
    let read = if from == Path::new("-") {
        io::stdin().lock().take(LARGEST).read_to_string(&mut text)
    } else {
        File::open(from).and_then(|file| file.take(LARGEST).read_to_string(&mut text))
    };
    read.map_err(|error| Trouble::Told(format!("cannot read the stream {}: {error}", from.display())))?;
    parse_stream(&text).map_err(Trouble::Told)
}

/// The release that `--k3s` names; without one the newest, which stands for any where nothing depends on it.
pub(super) fn release(named: Option<&str>) -> Result<Release, Trouble> {
    let Some(text) = named else { return Release::of(Release::newest_known()).map_err(Trouble::Told) };
    let release = Version::parse(text).and_then(Release::of);
    release.map_err(|reason| Trouble::Told(format!("--k3s {text}: {reason}")))
}
