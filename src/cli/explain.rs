//! `stackc explain`: what a finding means and how to mend it.

use clap::Args;

use super::{Status, Trouble, show};
use crate::compile;
use crate::fetch;
use crate::finding::{Code, nearest};
use crate::overrule::guard;
use crate::report;

/// Tell what a finding means and how to mend it
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// A finding's code, such as image-lacks-arch
    #[arg(required_unless_present = "list")]
    code: Option<String>,
    /// List every code
    #[arg(long, conflicts_with = "code")]
    list: bool,
}

/// All that any command can raise.
fn codes() -> impl Iterator<Item = &'static Code> {
    compile::codes().chain(fetch::CODES.iter().copied())
}

pub(super) fn run(arguments: &Arguments) -> Result<Status, Trouble> {
    let Some(name) = &arguments.code else {
        show::out(&report::list_codes(codes()))?;
        return Ok(Status::Fine);
    };
    let Some(code) = codes().find(|code| code.name == name) else {
        let near = nearest(name, codes().map(|code| code.name));
        let help =
            near.map_or_else(|| "stackc explain --list".to_owned(), |near| format!("did you mean {near}?"));
        return Err(Trouble::Told(format!("there is no code {name}\n{help}")));
    };
    show::out(&report::explain(code, guard(code)))?;
    Ok(Status::Fine)
}
