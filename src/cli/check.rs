//! `stackc check`: everything that build checks, no output.

use std::path::PathBuf;

use clap::Args;

use super::show::{self, Stream, plural};
use super::{Color, Denial, Format, Status, Trouble, target};
use crate::check::{Demands, Images};
use crate::compile::{Compiled, together};

/// Check stacks as build does, without output
///
/// Without PATH: every stack below this folder, else the nearest above. Stacks of one `cluster` are held against each
/// other. Offline.
///
/// With --stack, what Helm, kustomize or Jsonnet made: helm template NAME CHART | stackc check --stack STACK -
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Stacks, folders with stacks below them, or kustomizations; with --stack manifests, folders of them, kustomizations,
    /// or - for stdin
    #[arg(value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// Check manifests that something else made against this stack's nodes, platforms and release
    #[arg(long, value_name = "STACK", requires = "paths")]
    stack: Option<PathBuf>,
    /// The form of findings
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// What only stack.yaml or stackc itself says of images and Cloudflare is an error: all has to be in stackc.lock
    #[arg(long)]
    locked: bool,
    /// Where no PATH is given and no stack lies below or above, there is nothing to check: for hooks
    #[arg(long, conflicts_with = "stack")]
    allow_none: bool,
    #[command(flatten)]
    denial: Denial,
}

pub(super) fn run(arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    let demands = Demands { locked: arguments.locked, ..Demands::default() };
    let mut runs = if let Some(stack) = &arguments.stack {
        vec![target::judged(stack, &arguments.paths, demands)?]
    } else {
        let stacks = match target::many(&arguments.paths) {
            Err(_) if arguments.allow_none && arguments.paths.is_empty() && target::is_none() => Vec::new(),
            stacks => stacks?,
        };
        let run = |path: &PathBuf| match target::kustomization(Some(path)) {
            Some(folder) => target::kustomized(&folder, None, false),
            None => target::compiled(path, demands),
        };
        stacks.iter().map(run).collect::<Result<Vec<_>, _>>()?
    };
    together(&mut runs);
    let mut after: String = runs.iter().filter_map(|run| summary(run, arguments.stack.is_some())).collect();
    if runs.iter().any(|run| run.stack.is_none() && run.errors == 0) {
        after.push_str("against nodes and images, a kustomization is checked with --stack STACK\n");
    }
    let totals = show::totals(&runs);
    if !totals.is_empty() {
        after.push_str(&format!("{totals}\n"));
    }
    show::findings(&runs, (arguments.format, arguments.denial), color, Stream::Out, &after)?;
    Ok(arguments.denial.status(&runs))
}

/// What the proof rests on, where there is one.
fn summary(run: &Compiled, rendered: bool) -> Option<String> {
    let stack = run.stack.as_ref().filter(|_| run.errors == 0)?;
    let proof = proof(run.images);
    let apps = plural(run.apps.len(), "app");
    let apps = if rendered { "rendered elsewhere".to_owned() } else { apps };
    Some(format!(
        "{}: {apps}, {} on {}; {proof}\n",
        stack.name.value,
        plural(run.objects.len(), "object"),
        plural(stack.nodes.len(), "node"),
    ))
}

fn proof(Images { all, locked, declared }: Images) -> String {
    let images = plural(all, "image");
    match (all, locked, declared) {
        (0, ..) => "no images".to_owned(),
        (_, 0, _) if declared == all => format!("{images}, all with platforms declared in stack.yaml"),
        (_, _, 0) if locked == all => format!("{images}, all with platforms from stackc.lock"),
        _ => format!("{images}, {locked} with platforms from stackc.lock, {declared} declared in stack.yaml"),
    }
}
