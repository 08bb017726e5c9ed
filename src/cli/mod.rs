//! The command line: the only room that knows the terminal, the environment and where it was started.
//!
//! In: arguments. Out: a [`Status`]. To add a command: a file here with its arguments and `run`, a variant of
//! [`Command`].
//!
//! What must hold: findings go to stdout, but for `build`, whose stdout carries manifests only; what the machine did
//! (disk, permission) is told once, here, and is status 2 (`tests/status.rs`).

mod build;
mod check;
mod diff;
mod dns;
mod explain;
mod folder;
mod import;
mod install;
mod lock;
mod nodes;
mod outdated;
mod schema;
mod show;
mod stream;
mod target;
mod telling;

use std::ffi::OsString;
use std::io;
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use telling::{Denial, Format};

/// How a run ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// No error; warnings and notes were shown.
    Fine,
    /// At least one error, or a warning that was denied.
    Findings,
    /// Wrong usage, or the machine failed.
    Failed,
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> ExitCode {
        ExitCode::from(match status {
            Status::Fine => 0,
            Status::Findings => 1,
            Status::Failed => 2,
        })
    }
}

/// What stops a run that is no finding: wrong usage, or what the machine did.
#[derive(Debug)]
enum Trouble {
    /// Said once on stderr.
    Told(String),
    /// Whoever read our output went away; nobody is left to tell.
    Gone,
}

impl Trouble {
    /// The machine's words with the path.
    fn io(path: &std::path::Path, error: &io::Error) -> Trouble {
        Trouble::Told(format!("{}: {error}", path.display()))
    }
}

/// Compiles a stack of apps into plain Kubernetes YAML for k3s, and proves that every image runs where its pod may land.
#[derive(Debug, Parser)]
#[command(name = "stackc", version, after_help = "Start with: stackc check, then stackc build -o out/")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
    /// When to colour findings
    #[arg(long, global = true, value_enum, default_value = "auto", value_name = "WHEN")]
    color: Color,
}

#[derive(Debug, Subcommand)]
enum Command {
    Build(build::Arguments),
    Check(check::Arguments),
    Diff(diff::Arguments),
    Install(install::Arguments),
    Import(import::Arguments),
    Nodes(nodes::Arguments),
    Dns(dns::Arguments),
    Lock(lock::Arguments),
    Outdated(outdated::Arguments),
    Explain(explain::Arguments),
    Schema(schema::Arguments),
}

/// When to colour.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Color {
    Auto,
    Always,
    Never,
}

/// Runs the command that the arguments name.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> Status {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let builds = arguments.get(1).is_some_and(|word| word == "build");
    let arguments = match Arguments::try_parse_from(arguments) {
        Ok(arguments) => arguments,
        Err(error) => {
            // Help and version are answers, not errors.
            let status = if error.use_stderr() { Status::Failed } else { Status::Fine };
            if builds && status == Status::Failed && build::poison().is_err() {
                return Status::Failed;
            }
            return if error.print().is_ok() { status } else { Status::Failed };
        }
    };
    let color = arguments.color;
    let result = match arguments.command {
        Command::Build(arguments) => build::run(&arguments, color),
        Command::Check(arguments) => check::run(&arguments, color),
        Command::Diff(arguments) => diff::run(&arguments, color),
        Command::Install(arguments) => install::run(&arguments, color),
        Command::Import(arguments) => import::run(&arguments, color),
        Command::Nodes(arguments) => nodes::run(&arguments, color),
        Command::Dns(arguments) => dns::run(&arguments, color),
        Command::Lock(arguments) => lock::run(&arguments, color),
        Command::Outdated(arguments) => outdated::run(&arguments, color),
        Command::Explain(arguments) => explain::run(&arguments, color),
        Command::Schema(arguments) => schema::run(&arguments),
    };
    match result {
        Ok(status) => status,
        Err(Trouble::Gone) => Status::Failed,
        Err(Trouble::Told(message)) => {
            show::complain(&message);
            Status::Failed
        }
    }
}
