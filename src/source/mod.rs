//! Where every byte of input comes from.
//!
//! In: a path. Out: [`Sources`], the registered files, and an [`Input`], which of them are what; or the files that
//! something else rendered.
//! A file that cannot be read is registered with empty text and its [`Fault`]; this room raises
//! nothing, the reader of the file does. All reading of a stack's files is here.
//!
//! What must hold: a [`Span`] always names a registered file; nothing outside the stack's folder is read
//! (`tests/files.rs`).

mod discover;
mod files;
mod folder;
mod rendered;
mod span;

pub use discover::{
    INCLUDE_FILE, Input, LOCK_FILE, Layer, OVERLAY_FILE, Part, STACK_FILE, find_above, find_below, is_layer,
    locate, near_layers, read_base, read_beside, read_by, read_include, read_input,
};
pub use files::{Fault, Place, SourceFile, Sources};
pub use folder::{Folder, KUSTOMIZATIONS, Lies};
pub use rendered::{STDIN, read_rendered, read_stream};
pub use span::{FileId, Span};
