//! What stops when a node dies: for people, and for machines.

use serde::Serialize;

use super::json::document;
use super::text::harmless_lines;
use crate::outage::{Fate, Outage, Rest, Workload};

/// A section a node; `unsaid` are nodes that do not say what they have.
pub fn text(outages: &[Outage<'_>], unsaid: &[&str]) -> String {
    let mut text = outages.iter().map(section).collect::<Vec<_>>().join("\n");
    if !unsaid.is_empty() {
        let nodes = unsaid.join(", ");
        text.push_str(&format!(
            "\nwithout `cpu` and `memory` in stack.yaml, and counted as endless: {nodes}\n"
        ));
    }
    harmless_lines(&text)
}

fn section(outage: &Outage<'_>) -> String {
    let mut text = format!("when {} dies:\n", outage.node.name.value);
    let mut say = |line: String| text.push_str(&format!("  {line}\n"));
    if let Some(control) = outage.control {
        say(control.to_owned());
    }
    let of = |fate: Fate| outage.workloads.iter().filter(move |workload| workload.fate == fate);
    for (fate, title) in
        [(Fate::Stops, "stops"), (Fate::MayStop, "stops, if it runs there"), (Fate::Moves, "moves")]
    {
        let lines: Vec<(String, String)> =
            of(fate).map(|workload| (workload.name.clone(), words(workload))).collect();
        list(title, &lines, &mut say);
    }
    let data = outage.data.iter().map(|data| {
        let claim = if data.claim { "claim " } else { "" };
        let perhaps = if data.certain { "" } else { ", if it lies there" };
        (format!("{claim}{}", data.what), format!("of {}{perhaps}", data.of.join(", ")))
    });
    list("data out of reach", &data.collect::<Vec<_>>(), &mut say);
    let names = outage.names.iter().map(|dark| (dark.host.clone(), dark.why.text()));
    list("names", &names.collect::<Vec<_>>(), &mut say);
    outage.doors.iter().for_each(|doors| say(doors.clone()));
    if outage.workloads.is_empty() && outage.data.is_empty() && outage.names.is_empty() {
        say("nothing of this stack needs it".to_owned());
    }
    match &outage.rest {
        Rest::Fits => say("the rest fits the other nodes".to_owned()),
        Rest::Unknown => say("whether the rest fits the other nodes was not found out in time".to_owned()),
        Rest::Alone => say("there is no other node".to_owned()),
        Rest::NeverDid => say("not all pods fit even with it: stackc check".to_owned()),
        Rest::Cannot(message, notes) => {
            say(format!("the rest does not fit the other nodes: {message}"));
            for note in notes {
                say(format!("  {note}"));
            }
        }
    }
    text
}

fn words(workload: &Workload<'_>) -> String {
    let others: Vec<&str> = workload.others.iter().map(|node| node.name.value.as_str()).collect();
    let to = if workload.fate == Fate::Moves { format!("to {}", others.join(", ")) } else { String::new() };
    [Some(to).filter(|to| !to.is_empty()), workload.why.clone()]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(", ")
}

fn list(title: &str, lines: &[(String, String)], say: &mut dyn FnMut(String)) {
    if lines.is_empty() {
        return;
    }
    say(format!("{title}:"));
    let width = lines.iter().map(|(first, _)| first.chars().count()).max().unwrap_or(0);
    for (first, rest) in lines {
        say(format!("  {first:<width$}  {rest}").trim_end().to_owned());
    }
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    /// Nodes that are counted as endless.
    unsaid: &'a [&'a str],
    outages: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    node: &'a str,
    control: Option<&'a str>,
    workloads: Vec<Moved<'a>>,
    data: Vec<Lost<'a>>,
    names: Vec<Name<'a>>,
    doors: Option<&'a str>,
    /// Null where it was not found out.
    rest_fits: Option<bool>,
    why_not: Option<&'a str>,
    who_asks: &'a [String],
}

#[derive(Serialize)]
struct Moved<'a> {
    workload: &'a str,
    fate: &'static str,
    others: Vec<&'a str>,
    why: Option<&'a str>,
}

#[derive(Serialize)]
struct Lost<'a> {
    what: &'a str,
    claim: bool,
    workloads: &'a [String],
    certain: bool,
}

#[derive(Serialize)]
struct Name<'a> {
    host: &'a str,
    why: String,
}

/// The same for machines.
pub fn json(outages: &[Outage<'_>], unsaid: &[&str]) -> String {
    let report =
        Report { version: super::SCHEMA_VERSION, unsaid, outages: outages.iter().map(item).collect() };
    document(&report)
}

fn item<'a>(outage: &'a Outage<'a>) -> Item<'a> {
    let moved = |workload: &'a Workload<'a>| Moved {
        workload: &workload.name,
        fate: workload.fate.word(),
        others: workload.others.iter().map(|node| node.name.value.as_str()).collect(),
        why: workload.why.as_deref(),
    };
    let (rest_fits, why_not, who_asks) = match &outage.rest {
        Rest::Fits => (Some(true), None, &[][..]),
        Rest::Cannot(message, notes) => (Some(false), Some(message.as_str()), notes.as_slice()),
        Rest::Alone => (Some(false), Some("there is no other node"), &[][..]),
        Rest::NeverDid => (Some(false), Some("not all pods fit even with it"), &[][..]),
        Rest::Unknown => (None, None, &[][..]),
    };
    let lost = outage.data.iter().map(|data| Lost {
        what: data.what,
        claim: data.claim,
        workloads: &data.of,
        certain: data.certain,
    });
    Item {
        node: &outage.node.name.value,
        control: outage.control,
        workloads: outage.workloads.iter().map(moved).collect(),
        data: lost.collect(),
        names: outage.names.iter().map(|dark| Name { host: &dark.host, why: dark.why.text() }).collect(),
        doors: outage.doors.as_deref(),
        rest_fits,
        why_not,
        who_asks,
    }
}
