//! `stackc dns`: the records that must exist so that the world finds the cluster.

use std::path::PathBuf;

use clap::Args;

use super::show::{self, Stream};
use super::{Color, Format, Status, Trouble, target};
use crate::check::Demands;
use crate::finding::Findings;
use crate::reach;
use crate::reach::Traefik;
use crate::report;

/// Print the DNS records that must exist: hosts of routes by the addresses of the nodes that answer
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The stack
    path: Option<PathBuf>,
    /// The form of the records: text is a zone file
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    let stack = target::one(arguments.path.as_deref())?;
    let compiled = target::compiled(&stack, Demands::default())?;
    let runs = [compiled];
    let [run] = &runs;
    let status = if run.errors > 0 { Status::Findings } else { Status::Fine };
    // Records of half a stack would mislead: the findings come with them.
    if run.errors > 0 {
        show::findings(&runs, Format::Text, color, Stream::Err, &format!("{}\n", show::totals(&runs)))?;
    }
    let Some(stack) = &run.stack else { return Ok(status) };
    // What is wrong with Traefik's values has been told above.
    let traefik = Traefik::read(stack, &run.objects, &run.sources, &mut Findings::default());
    let ways = reach::ways(stack, &run.objects, &traefik);
    let records = reach::records(stack, &ways, traefik.behind_cloudflare(stack));
    show::out(&match arguments.format {
        Format::Text => report::dns_text(&records),
        Format::Json => report::dns_json(&records),
    })?;
    Ok(status)
}
