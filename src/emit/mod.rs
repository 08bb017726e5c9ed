//! From objects to files for k3s' folder, and to one stream.
//!
//! In: the final objects. Out: [`File`]s, one an AddOn. k3s takes a file as the whole wanted state of one AddOn, named
//! by the text before the file's first dot, and applies kinds in the order of their first appearance (facts on k3s, 1).
//!
//! What must hold: the same input gives the same bytes on any machine; a stream differs from the folder in its last line
//! alone (`tests/build.rs`).

mod file;
mod order;

pub use file::{File, SYSTEM, arrange, files, json, manifest, objects, stream};

use crate::finding::Code;

/// What emitting can find.
pub static CODES: &[&Code] = &[&file::FILE_NAME_REFUSED, &file::FILE_NAME_TAKEN];
