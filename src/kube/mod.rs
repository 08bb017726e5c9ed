//! What Kubernetes says about objects, whoever made them.
//!
//! In: nodes. Out: [`Object`] with its [`ObjectId`], and views on it (`pod`, `image`, `selector`). Knows nothing of
//! stacks or of k3s.

mod object;

pub use object::{Object, ObjectId, Unit};
