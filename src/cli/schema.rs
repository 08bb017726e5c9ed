//! `stackc schema`: the format as JSON Schema. `tests/reference.rs` makes the schemas from the types, and holds them to
//! these.

use clap::{Args, ValueEnum};

use super::{Status, Trouble, show};

/// Print the JSON Schema of a file, for editors, or of findings, for machines
///
/// stackc schema stack > stack.json, and as the file's first line: # yaml-language-server: $schema=stack.json
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file that it describes
    #[arg(value_enum)]
    file: File,
}

/// A file of a stack.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum File {
    /// stack.yaml
    Stack,
    /// apps/NAME.yaml
    App,
    /// include.yaml
    Include,
    /// overlay.yaml
    Overlay,
    /// What --format json prints
    Findings,
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Trouble> {
    show::out(match arguments.file {
        File::Stack => include_str!("../../docs/schema/stack.json"),
        File::App => include_str!("../../docs/schema/app.json"),
        File::Include => include_str!("../../docs/schema/include.json"),
        File::Overlay => include_str!("../../docs/schema/overlay.json"),
        File::Findings => include_str!("../../docs/findings.schema.json"),
    })?;
    Ok(Status::Fine)
}
