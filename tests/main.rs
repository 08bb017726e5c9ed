//! All that is tested from outside, as one binary. `tests/run` installs what these tests need and runs them.
//!
//! To add a file of tests: `tests/NAME.rs` and its `mod` line here.

#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "tests read the repository and start programs")]

mod dependencies;
mod hooks;
mod layers;
mod readme;
mod reference;
mod seed;
mod snapshots;
mod tools;
