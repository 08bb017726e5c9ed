//! `stackc dns`: the records that must exist so that the world finds the cluster.

use std::path::PathBuf;

use clap::Args;

use super::show::{self, Stream};
use super::{Color, Denial, Format, Status, Trouble, target};
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
    /// The form of findings, which go to stderr; records are a zone file, with json they are JSON as well
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    denial: Denial,
}

pub(super) fn run(arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    let stack = target::one(arguments.path.as_deref())?;
    let compiled = target::compiled(&stack, Demands::default())?;
    let runs = [compiled];
    let [run] = &runs;
    let status = arguments.denial.status(&runs);
    // Records of half a stack would mislead: the findings come with them.
    if status != Status::Fine {
        let telling = (arguments.format, arguments.denial);
        show::findings(&runs, telling, color, Stream::Err, &format!("{}\n", show::totals(&runs)))?;
    }
    let Some(stack) = &run.stack else { return Ok(status) };
    // What is wrong with Traefik's values has been told above.
    let traefik = Traefik::read(stack, &run.objects, &run.sources, &mut Findings::default());
    let ways = reach::ways(stack, &run.objects, &traefik);
    let records = reach::records(stack, &ways, traefik.behind_cloudflare(stack));
    show::out(&match arguments.format {
        Format::Json => report::dns_json(&records),
        _ => report::dns_text(&records),
    })?;
    Ok(status)
}
