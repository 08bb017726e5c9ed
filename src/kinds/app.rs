//! `kind: app`: the general app itself.

use serde::Deserialize;

use super::{General, Kind};
use crate::yaml::{Build, fields, shape};

/// It has no keys of its own.
#[derive(Deserialize)]
struct Own {}

/// It computes nothing.
pub(super) static KIND: Kind = Kind {
    name: "app",
    own: fields::<Own>,
    shape: shape::<Own>,
    computes: &[],
    shorts: &[],
    ports: |_, at| Build::at(at).node(),
    general: |own, _, _| Some(General::of(own.clone())),
    one_node: |_, _| None,
};
