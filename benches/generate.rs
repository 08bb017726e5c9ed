//! Writes the benchmark's stack: `cargo run --release --example generate -- APPS FOLDER`.

#[expect(clippy::disallowed_methods, reason = "it writes a stack")]
mod workload;

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [apps, folder] = arguments.as_slice() else { return usage() };
    let Ok(apps) = apps.parse() else { return usage() };
    match workload::write(Path::new(folder), apps) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => told(&format!("{folder}: {error}")),
    }
}

fn usage() -> ExitCode {
    told("usage: generate APPS FOLDER")
}

#[expect(clippy::print_stderr, reason = "a program of its own")]
fn told(message: &str) -> ExitCode {
    eprintln!("{message}");
    ExitCode::from(2)
}
