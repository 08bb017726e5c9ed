//! What depends on the final objects, after the last transformation.
//!
//! In: all objects. Out: the same, finished: `arch: auto`, digests of images, and checksums that roll pods when their configuration changes.
//!
//! What must hold: nothing after this room changes an object.

mod arch;
mod checksum;
mod pin;

use crate::finding::{Code, Findings};
use crate::kube::Object;
use crate::stack::Stack;

/// What finishing can find.
pub static CODES: &[&Code] =
    &[&arch::ARCH_CHOSEN, &arch::ARCH_NONE_COMMON, &checksum::CHECKSUM_OVERWRITTEN, &pin::PIN_UNLOCKED];

/// Finishes all objects.
pub fn all(objects: &mut [Object], stack: &Stack, found: &mut Findings) {
    arch::choose(objects, stack, found);
    pin::images(objects, stack, found);
    checksum::stamp(objects, found);
}
