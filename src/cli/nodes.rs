//! `stackc nodes`: where each pod may land, and why not elsewhere; what stops when a node dies; the labels that k3s does
//! not give nodes by itself.

use std::path::PathBuf;

use clap::Args;

use super::show::{self, Stream};
use super::{Color, Denial, Format, Status, Trouble, target};
use crate::check::{Demands, Facts, Landing};
use crate::finding::{Findings, list, nearest};
use crate::k3s::{is_kubectl_only, is_own_role};
use crate::kube::names;
use crate::outage::{outage, unsaid};
use crate::reach::Traefik;
use crate::report::{self, Label};
use crate::stack::ClusterNode;

/// Show which nodes each app may land on, and why not on the others; or what stops when a node dies
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The stack
    path: Option<PathBuf>,
    /// The form of findings, which go to stderr; with json the table is JSON as well
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    /// What stops when this node dies, which data and names go with it, whether the rest still fits
    #[arg(long, value_name = "NODE", conflicts_with_all = ["each", "labels"])]
    down: Option<String>,
    /// The same for every node, one at a time
    #[arg(long, conflicts_with = "labels")]
    each: bool,
    /// The `kubectl label` lines for what k3s does not set by itself: roles, and labels of nodes
    #[arg(long)]
    labels: bool,
    #[command(flatten)]
    denial: Denial,
}

pub(super) fn run(arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    let stack = target::one(arguments.path.as_deref())?;
    let compiled = target::compiled(&stack, Demands::default())?;
    let runs = [compiled];
    let [run] = &runs;
    let status = arguments.denial.status(&runs);
    // A table that leaves out what could not be compiled would mislead: the findings come with it.
    if status != Status::Fine {
        let telling = (arguments.format, arguments.denial);
        show::findings(&runs, telling, color, Stream::Err, &format!("{}\n", show::totals(&runs)))?;
    }
    let Some(stack) = &run.stack else { return Ok(status) };
    // What is wrong with Traefik's values has been told above.
    let traefik = Traefik::read(stack, &run.objects, &run.sources, &mut Findings::default());
    let facts = Facts::new(stack, &run.apps, &run.objects, Demands::default()).with_traefik(traefik);
    let text = match (&arguments.down, arguments.each, arguments.labels) {
        (Some(name), ..) => outages(&facts, &[named(&stack.nodes, name)?], arguments.format),
        (None, true, _) => outages(&facts, &(0..stack.nodes.len()).collect::<Vec<_>>(), arguments.format),
        (None, _, true) => labels(&stack.nodes, arguments.format),
        (None, false, false) => table(&facts, arguments.format),
    };
    show::out(&text)?;
    Ok(status)
}

fn table(facts: &Facts<'_>, format: Format) -> String {
    let columns: Vec<_> = facts.stack.nodes.iter().map(column).collect();
    let rows: Vec<report::Placement<'_>> = facts.landings.iter().map(placement).collect();
    match format {
        Format::Json => report::nodes_json(&columns, &rows),
        _ => report::nodes_text(&columns, &rows),
    }
}

/// The number of the node of this name.
fn named(nodes: &[ClusterNode], name: &str) -> Result<usize, Trouble> {
    let names = || nodes.iter().map(|node| node.name.value.as_str());
    names().position(|own| own == name).ok_or_else(|| {
        let known = match nearest(name, names()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("the nodes are {}", list(names())),
        };
        Trouble::Told(format!("no node is called `{name}`: {known}"))
    })
}

fn outages(facts: &Facts<'_>, nodes: &[usize], format: Format) -> String {
    let outages: Vec<_> = nodes.iter().filter_map(|node| outage(facts, *node)).collect();
    let unsaid: Vec<&str> = unsaid(facts).iter().map(|node| node.name.value.as_str()).collect();
    match format {
        Format::Json => report::outage_json(&outages, &unsaid),
        _ => report::outage_text(&outages, &unsaid),
    }
}

fn labels(nodes: &[ClusterNode], format: Format) -> String {
    // A name that is none was told, and would make a line that does something else.
    let sound = nodes.iter().filter(|node| names::dns_subdomain(&node.name.value).is_ok());
    let labels = sound.map(|node| {
        let given = node.given_labels().filter(|(key, _)| !is_own_role(key));
        let given = given.map(|(key, value)| Label { key, value, kubectl_only: is_kubectl_only(key) });
        (node.name.value.as_str(), given.collect::<Vec<_>>())
    });
    let labels: Vec<_> = labels.filter(|(_, labels)| !labels.is_empty()).collect();
    match format {
        Format::Json => report::labels_json(&labels),
        _ => report::labels_text(&labels),
    }
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
