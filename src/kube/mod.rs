//! What Kubernetes says about objects, whoever made them.
//!
//! In: nodes. Out: [`Object`] with its [`ObjectId`], and views on it ([`Pod`], [`Image`], [`Requirement`]). Knows
//! nothing of stacks or of k3s. What a user wrote is answered with a reason in a user's words, never with a finding:
//! the caller knows what it stands for.
//!
//! A new kind of workload is a row in `pod.rs`; an architecture is a row in `platform.rs`; a repository that
//! was deleted is a row in `gone.rs`; an API version that came or went is a row in `served.rs`; the form of a token is a
//! row in `exposed.rs`; a merge key is a row in `merge_keys.rs`; fields of a newer Kubernetes are what `tests/shapes.py` writes.

pub mod cron;
pub mod digest;
pub mod field;
pub mod kubectl;
pub mod names;
pub mod exposed;
pub mod secret;
pub mod shape;

mod device;
mod gone;
mod host_port;
mod image;
mod labels;
mod machine;
mod manifest;
mod merge_keys;
mod object;
mod platform;
mod pod;
mod quantity;
mod reference;
mod request;
mod selector;
mod served;
mod tag;
mod taint;
#[cfg(test)]
pub(crate) mod tree;

pub use device::Device;
pub use gone::{Gone, gone};
pub use host_port::HostPort;
pub use image::Image;
pub use labels::LabelSelector;
pub use machine::Machine;
pub use manifest::{is_cluster_scoped, objects};
pub use merge_keys::{Absent, How, Keys, Type, Union, is_kubernetes, type_of};
pub use object::{Before, Object, ObjectId, Past, Unit};
pub use platform::Platform;
pub use pod::{Container, Pod, Role};
pub use quantity::Quantity;
pub use reference::{Reference, Target, named, names_others};
pub use request::{Ask, COUNTED, amount};
pub use selector::{Operator, Requirement};
pub use served::{Served, Verdict, kinds, served};
pub use tag::Tag;
pub use taint::{Effect, Taint};

use crate::finding::Code;

/// What reading manifests can find.
pub static CODES: &[&Code] = &[&manifest::MANIFEST_INVALID];
