//! `stackc` compiles a typed stack directory into plain Kubernetes YAML for k3s.
//!
//! Data flows one way. The rooms, in order; a room imports only from rooms above it in this list
//! (`tests/layers.rs` reads the list and holds every import to it):

pub mod source; // file ids, spans, line tables, which files make a stack
pub mod finding; // what is wrong, where, and the way out; data only
pub mod yaml; // bytes to nodes that know their place, and back
pub mod kube; // objects, pods, images, selectors: Kubernetes' own rules
pub mod k3s; // facts of k3s by release, as rows
