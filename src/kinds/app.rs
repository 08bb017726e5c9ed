//! `kind: app`: the general app itself.

use super::{General, Kind};

/// It has no keys of its own and computes nothing.
pub(super) static KIND: Kind = Kind {
    name: "app",
    own: || &[],
    computes: &[],
    shorts: &[],
    general: |own, _, _| Some(General::of(own.clone())),
    one_node: |_, _| None,
};
