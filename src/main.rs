//! The status of `stackc::cli::run`, nothing else.

use std::process::ExitCode;

fn main() -> ExitCode {
    stackc::cli::run(std::env::args_os()).into()
}
