//! The status of `stackc::cli::run`, nothing else.

fn main() {}
