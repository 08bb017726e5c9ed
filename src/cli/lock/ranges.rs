//! Cloudflare's ranges from a file, and none that Cloudflare gave up.
#![expect(clippy::disallowed_methods, reason = "cli reads the file that it was given")]

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::cli::Trouble;
use crate::fetch::{CLOUDFLARE_LIST_INVALID, parse_cloudflare};
use crate::finding::{Finding, Findings};
use crate::k3s::{Ranges, delisted};
use crate::source::{Sources, Span};

/// Bytes of a list; the real ones have 300.
const LONGEST: u64 = 64 * 1024;

/// Reads the file. One that is no list is a finding in it, and changes nothing.
pub(super) fn read(
    path: &Path,
    sources: &mut Sources,
    found: &mut Findings,
) -> Result<Option<Ranges>, Trouble> {
    let mut bytes = Vec::new();
    let metadata = std::fs::metadata(path).map_err(|error| Trouble::io(path, &error))?;
    if !metadata.is_file() {
        return Err(Trouble::Told(format!("{} is no regular file", path.display())));
    }
    let file = File::open(path).map_err(|error| Trouble::io(path, &error))?;
    file.take(LONGEST).read_to_end(&mut bytes).map_err(|error| Trouble::io(path, &error))?;
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let at = sources.add(path.display().to_string(), Ok(bytes)).start();
    let ranges = parse_cloudflare(&text);
    Ok(ranges
        .map_err(|reason| {
            let message = format!("this is no list of Cloudflare's ranges: {reason}");
            found.push(
                Finding::new(&CLOUDFLARE_LIST_INVALID, at, message).help(
                    "curl https://www.cloudflare.com/ips-v4/ https://www.cloudflare.com/ips-v6/ > FILE",
                ),
            );
        })
        .ok())
}

/// A list with a range that was given up is an old one.
pub(super) fn no_delisted(ranges: Option<&Ranges>, at: Span, found: &mut Findings) {
    for gone in ranges.into_iter().flat_map(Ranges::all).filter_map(|range| delisted(&range)) {
        let message = format!("the list is old: Cloudflare gave up {} in {}", gone.range, gone.when);
        found.push(Finding::new(&CLOUDFLARE_LIST_INVALID, at, message).note(gone.now));
    }
}
