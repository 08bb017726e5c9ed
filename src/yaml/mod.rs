//! YAML as Kubernetes reads it, with places.
//!
//! In: a registered file. Out: [`Node`]s, trees in which every key and value knows its span; and back to bytes
//! (`write`, `json`). `scalar` holds the one table of plain scalars, used for reading and for quoting. `decode`
//! turns nodes into the types of `stack` by serde derive and gathers all errors of a run.
//!
//! What must hold: what is read equals what kubectl reads (`tests/scalars.rs` over `tests/data/scalars.tsv`); what is
//! written is read back to the same tree (a property test in `write.rs`, kubectl in `tests/kubectl.rs`).

pub mod json;
mod node;
pub mod scalar;
pub mod write;

pub use node::{Entry, Key, Map, Node, Value, Written};
