//! `kind: app`: the general app itself.

use super::{General, Kind};
use crate::yaml::Build;

/// It has no keys of its own and computes nothing.
pub(super) static KIND: Kind = Kind {
    name: "app",
    own: || &[],
    computes: &[],
    shorts: &[],
    ports: |_, at| Build::at(at).node(),
    general: |own, _, _| Some(General::of(own.clone())),
    one_node: |_, _| None,
};
