//! stackc.lock: what registries and Cloudflare said, so that `build` and `check` need nobody.
//!
//! In: the file's text. Out: a [`Lock`], whose entries know their lines; and back, from [`Pins`] to text. Touches no file.
//!
//! What must hold: a text that was cut off, that git could not merge, or that says two things at once is an error with
//! its line, never half a lock; [`write()`] of what was read gives the same text; no clock and no machine's name is in it.

mod change;
mod read;
mod write;

use std::collections::{BTreeMap, BTreeSet};

pub use change::{Change, changes};
pub use read::{LOCK_INVALID, read};
pub use write::write;

use crate::finding::Code;
use crate::k3s::Ranges;
use crate::kube::Platform;
use crate::source::Span;

/// What reading a lock can find.
pub static CODES: &[&Code] = &[&LOCK_INVALID];

/// The one version of the format.
const VERSION: i64 = 1;

/// The last line: without it, the text was cut off.
const END: &str = "# end of stackc.lock";

/// What is pinned.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Pins {
    /// Cloudflare's ranges.
    pub cloudflare: Option<Ranges>,
    /// Images by [`crate::kube::Image::key`].
    pub images: BTreeMap<String, Pin>,
}

/// What a registry said of an image.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Pin {
    /// Of what the reference names: an index, or the one image.
    pub digest: String,
    /// The image of each platform; what it was built for was read from the image itself.
    pub platforms: BTreeMap<Platform, String>,
    /// Platforms that the index lists, and nobody looked at.
    pub listed: BTreeSet<Platform>,
}

/// Pins with their places.
#[derive(Clone, Default, Debug)]
pub struct Lock {
    /// What is pinned.
    pub pins: Pins,
    /// Where each image's entry stands.
    pub images: BTreeMap<String, Span>,
    /// Where each of Cloudflare's ranges stands, in the order of [`Ranges::all`].
    pub ranges: Vec<Span>,
    /// The file's start, if there is a file.
    pub span: Option<Span>,
    /// Whether it could not be read, which has been told.
    pub broken: bool,
    /// Whether a newer stackc wrote it.
    pub newer: bool,
    /// What the lock of the base has, if this is an overlay's.
    pub under: Pins,
}

impl Lock {
    /// An overlay's lock over that of its base (schema.md S16). Cloudflare's ranges are taken whole from one.
    #[must_use]
    pub fn over(mut self, base: Lock) -> Lock {
        self.broken |= base.broken;
        self.newer |= base.newer;
        self.span = self.span.or(base.span);
        if self.pins.cloudflare.is_none() {
            self.pins.cloudflare.clone_from(&base.pins.cloudflare);
            self.ranges = base.ranges;
        }
        for (key, pin) in &base.pins.images {
            self.pins.images.entry(key.clone()).or_insert_with(|| pin.clone());
        }
        for (key, span) in base.images {
            self.images.entry(key).or_insert(span);
        }
        Lock { under: base.pins, ..self }
    }
}
