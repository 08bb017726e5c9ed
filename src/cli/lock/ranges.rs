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

/// How to get a list by hand.
const FETCH: &str = "curl -L https://www.cloudflare.com/ips-v4/ https://www.cloudflare.com/ips-v6/ > FILE";

/// Reads the file. One that is no list is a finding in it, and changes nothing.
pub(super) fn read(
    path: &Path,
    sources: &mut Sources,
    found: &mut Findings,
) -> Result<Option<Ranges>, Trouble> {
    // Opening a FIFO would wait for a writer.
    let metadata = std::fs::metadata(path).map_err(|error| Trouble::io(path, &error))?;
    if !metadata.is_file() {
        return Err(Trouble::Told(format!("{} is no regular file", path.display())));
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| Trouble::io(path, &error))?;
    let length = file.take(LONGEST.saturating_add(1)).read_to_end(&mut bytes);
    let length = length.map_err(|error| Trouble::io(path, &error))?;
    let ranges = if u64::try_from(length).is_ok_and(|length| length <= LONGEST) {
        parse_cloudflare(&String::from_utf8_lossy(&bytes))
    } else {
        Err(format!("it has more than {LONGEST} bytes"))
    };
    let at = sources.add(path.display().to_string(), Ok(bytes)).start();
    match ranges {
        Ok(ranges) => {
            no_delisted(&ranges, at, found);
            Ok(Some(ranges))
        }
        Err(reason) => {
            let message = format!("this is no list of Cloudflare's ranges: {reason}");
            found.push(Finding::new(&CLOUDFLARE_LIST_INVALID, at, message).help(FETCH));
            Ok(None)
        }
    }
}

/// A list with a range that was given up is an old one.
pub(super) fn no_delisted(ranges: &Ranges, at: Span, found: &mut Findings) {
    for gone in ranges.all().filter_map(|range| delisted(&range)) {
        let message = format!("the list is old: Cloudflare gave up {} in {}", gone.range, gone.when);
        found.push(Finding::new(&CLOUDFLARE_LIST_INVALID, at, message).note(gone.now).help(FETCH));
    }
}

/// Text has no mark; where it says what is known already, the mark of that holds.
pub(super) fn marked(ranges: Ranges, old: Option<&Ranges>) -> Ranges {
    let same = old.filter(|old| ranges.etag.is_none() && old.v4 == ranges.v4 && old.v6 == ranges.v6);
    same.cloned().unwrap_or(ranges)
}
