//! All that is tested from outside, as one binary. `tests/run` installs what these tests need and runs them.
//!
//! To add a file of tests: `tests/NAME.rs` and its `mod` line here.

#![cfg(test)]
#![expect(clippy::disallowed_methods, reason = "tests read the repository and start programs")]

mod blamed;
mod bounds;
mod checks;
mod controller;
mod dependencies;
mod diff;
mod dns;
mod docker_registry;
mod fetch;
mod folder;
mod forms;
mod hooks;
mod hostile;
mod import;
mod install;
mod install_kill;
mod install_model;
mod install_reader;
mod kubectl;
mod kubernetes;
mod kustomize;
mod layers;
mod lock;
mod lock_kept;
mod lock_written;
mod masked;
mod nasty;
mod offline;
mod outage;
mod outdated;
mod overrule;
mod overlays;
mod pages;
mod place;
mod placement;
mod probes;
mod progress;
mod provenance;
mod random;
mod ranges;
mod reader;
mod readme;
mod reference;
mod references;
mod registry;
mod rendered;
mod same;
mod scalars;
mod secrets;
mod secrets_changed;
mod seed;
mod server;
mod snapshots;
mod stack;
mod status;
mod tools;
mod transformed;
