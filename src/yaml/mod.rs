//! YAML as Kubernetes reads it, with places.
//!
//! In: a registered file. Out: [`Node`]s, trees in which every key and value knows its span; and back to bytes
//! (`write`, `json`). `scalar` holds the one table of plain scalars, used for reading and for quoting. `decode`
//! turns nodes into the types of `stack` by serde derive and gathers all errors of a run; `shape` asks the same derive what
//! a type takes.
//!
//! What must hold: what is read equals what kubectl reads (`tests/scalars.rs` over `tests/data/scalars.tsv`); what is
//! written is read back to the same tree (a property test in `write.rs`, kubectl in `tests/kubectl.rs`).

mod build;
mod decode;
pub mod json;
mod merge;
mod node;
mod read;
pub mod scalar;
mod shape;
mod spanned;
mod within;
pub mod write;

pub use build::Build;
pub use decode::{
    KEY_MISSING, VALUE_TYPE, VALUE_UNKNOWN, decode, key_missing, key_unknown, out_of_range, unknown_keys,
    wrong_type,
};
pub use merge::{Overrides, merge, merge_noting};
pub use node::{Entry, Key, Map, Node, Value, Written};
pub use read::{
    Comment, Dialect, FILE_UNREADABLE, YAML_DOCUMENT, comments, is_of_reading, read, read_one, read_typed,
    unreadable,
};
pub use shape::{Either, Form, Shape, fields, like, shape};
pub use spanned::{Named, Spanned, maybe};
pub use within::{inner, inner_all, within};

use crate::finding::Code;

/// What reading and decoding can find.
pub static CODES: &[&Code] = &[
    &FILE_UNREADABLE,
    &read::YAML_CHARACTER,
    &read::YAML_SYNTAX,
    &read::KEY_DUPLICATE,
    &read::KEY_NOT_TEXT,
    &read::YAML_ALIAS,
    &read::YAML_MERGE_KEY,
    &read::YAML_LIMIT,
    &YAML_DOCUMENT,
    &decode::KEY_UNKNOWN,
    &KEY_MISSING,
    &VALUE_TYPE,
    &decode::VALUE_RANGE,
    &VALUE_UNKNOWN,
];
