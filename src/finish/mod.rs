//! What depends on the final objects, after the last transformation.
//!
//! In: all objects. Out: the same, finished: so far the checksums that roll pods when their configuration changes.
//!
//! What must hold: nothing after this room changes an object.

mod checksum;

use crate::kube::Object;

/// Finishes all objects.
pub fn all(objects: &mut [Object]) {
    checksum::stamp(objects);
}
