//! `stackc nodes`: where each pod may land, and why not elsewhere.

use std::path::PathBuf;

use clap::Args;

use super::show::{self, Stream};
use super::{Color, Format, Status, Trouble, target};
use crate::check::{Demands, Facts, Landing};
use crate::report;
use crate::stack::ClusterNode;

/// Show which nodes each app may land on, and why not on the others
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The stack
    path: Option<PathBuf>,
    /// The form of the table
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

pub(super) fn run(arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    let stack = target::one(arguments.path.as_deref())?;
    let compiled = target::compiled(&stack, Demands::default())?;
    let runs = [compiled];
    let [run] = &runs;
    let status = if run.errors > 0 { Status::Findings } else { Status::Fine };
    // A table that leaves out what could not be compiled would mislead: the findings come with it.
    if run.errors > 0 {
        show::findings(&runs, Format::Text, color, Stream::Err, &format!("{}\n", show::totals(&runs)))?;
    }
    let Some(stack) = &run.stack else { return Ok(status) };
    let facts = Facts::new(stack, &run.apps, &run.objects, Demands::default());
    let rows: Vec<report::Placement<'_>> = facts.landings.iter().map(placement).collect();
    let text = match arguments.format {
        Format::Text => report::nodes_text(&stack.nodes.iter().map(column).collect::<Vec<_>>(), &rows),
        Format::Json => report::nodes_json(&stack.nodes.iter().map(column).collect::<Vec<_>>(), &rows),
    };
    show::out(&text)?;
    Ok(status)
}

fn column(node: &ClusterNode) -> (&str, &str) {
    (node.name.value.as_str(), node.platform.word())
}

fn placement<'a>(landing: &'a Landing<'_>) -> report::Placement<'a> {
    report::Placement {
        workload: landing.object.id.to_string(),
        nodes: landing
            .nodes
            .iter()
            .map(|(_, verdict)| verdict.as_ref().err().map(|why| why.text.as_str()))
            .collect(),
    }
}
