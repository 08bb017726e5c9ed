//! `stackc outdated`: newer tags of the same scheme, with what they run on.

use std::borrow::Cow;
use std::path::PathBuf;
use std::slice::from_ref;

use clap::Args;

use super::lock::wanted::{self, Wanted};
use super::lock::{Bar, Network, client};
use super::show::{self, Stream};
use super::{Color, Format, Status, Trouble, target};
use crate::check::Demands;
use crate::compile::Compiled;
use crate::fetch::{Client, Failure, Outcome, Wish};
use crate::finding::{Findings, Severity};
use crate::kube::{Image, Platform, Tag};

/// Tell which images have newer tags, and what those run on
///
/// Tags of one scheme are compared: 1.27.3-alpine with 1.28.0-alpine, RELEASE.2025-09-07T16-13-09Z with later ones. Asks
/// registries, writes nothing; status 0 whether there are newer ones or not.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The stack, then images of it
    #[arg(value_name = "PATH|IMAGE")]
    what: Vec<PathBuf>,
    #[command(flatten)]
    network: Network,
    /// The form of findings
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Tags shown of a repository that was named without one.
const SHOWN: usize = 10;

pub(super) fn run(arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    let (path, names) = target::with_names(&arguments.what);
    if path.is_none() && !names.is_empty() {
        return named(&names, arguments);
    }
    let stack = target::one(path)?;
    let mut run = target::compiled(&stack, Demands { unpinned: true, ..Demands::default() })?;
    let of_stack = wanted::all(&run);
    let chosen = wanted::chosen(&of_stack, &names).map_err(Trouble::Told)?;
    let images: Vec<Image> = chosen.iter().map(|wanted| wanted.image.clone()).collect();
    let answers = ask(&images, &arguments.network)?;
    let mut found = Findings::default();
    let mut told = String::new();
    let mut unreached = false;
    for (wanted, answer) in chosen.iter().zip(answers) {
        match answer {
            Ok(newer) => told.push_str(&line(wanted, &newer)),
            Err(failure) => {
                unreached |= failure.is_machine();
                found.push(failure.finding(wanted.span));
            }
        }
    }
    incomplete(&run, &mut told);
    run.tell(found);
    show::findings(from_ref(&run), arguments.format, color, Stream::Out, &told)?;
    Ok(match run.errors {
        0 => Status::Fine,
        _ if unreached => Status::Failed,
        _ => Status::Findings,
    })
}

/// A newer tag of an image.
struct Newer {
    tag: String,
    /// None where it could not be asked.
    platforms: Option<Vec<Platform>>,
}

/// For each image its newest tag, and before it the newest of the same major version, where they differ.
fn ask(images: &[Image], network: &Network) -> Result<Vec<Result<Vec<Newer>, Failure>>, Trouble> {
    let client = client(network)?;
    let bar = Bar::new(images.len());
    let lists = client.tags(images, &|event| bar.tell(event));
    let answers = images.iter().zip(lists);
    let answers =
        answers.map(|(image, tags)| Ok(platforms(&client, image, newest(image, &tags?), &bar))).collect();
    bar.end();
    Ok(answers)
}

/// The tags that come after the image's own.
fn newest(image: &Image, tags: &[String]) -> Vec<String> {
    let Some(own) = image.tag.as_deref().and_then(Tag::read) else { return Vec::new() };
    let later: Vec<Tag<'_>> =
        tags.iter().filter_map(|tag| Tag::read(tag)).filter(|tag| tag.is_after(&own)).collect();
    let compatible = later.iter().filter(|tag| tag.same_major(&own)).max_by(|a, b| a.order(b));
    let last = later.iter().max_by(|a, b| a.order(b));
    let mut newest: Vec<String> = compatible.into_iter().chain(last).map(|tag| tag.text.to_owned()).collect();
    newest.dedup();
    newest
}

fn platforms(client: &Client, image: &Image, tags: Vec<String>, bar: &Bar) -> Vec<Newer> {
    let wish = |tag: &String| Wish {
        image: Image { tag: Some(tag.clone()), digest: None, ..image.clone() },
        platforms: Vec::new(),
        known: None,
    };
    let wishes: Vec<Wish> = tags.iter().map(wish).collect();
    let outcomes = client.resolve(&wishes, &|event| bar.waits(event));
    let known = |outcome| match outcome {
        Ok(Outcome::Resolved(resolved)) => {
            Some(resolved.children.into_iter().filter_map(|child| child.platform).collect())
        }
        _ => None,
    };
    tags.into_iter().zip(outcomes).map(|(tag, outcome)| Newer { tag, platforms: known(outcome) }).collect()
}

fn line(wanted: &Wanted, newer: &[Newer]) -> String {
    if newer.is_empty() {
        let why = match wanted.image.tag.as_deref().map(Tag::read) {
            Some(Some(_)) => "nothing newer",
            _ => "its tag follows no scheme",
        };
        return format!("{}: {why}\n", wanted.written);
    }
    let newer: Vec<String> = newer.iter().map(|newer| words(newer, &wanted.platforms)).collect();
    format!("{} -> {}\n", wanted.written, newer.join(", or "))
}

/// `1.29.2 (amd64; not arm/v7)`: of the cluster's platforms alone.
fn words(newer: &Newer, machines: &[Platform]) -> String {
    let Some(platforms) = &newer.platforms else { return newer.tag.clone() };
    let list = |runs: bool| {
        let words: Vec<&str> = machines
            .iter()
            .filter(|machine| platforms.contains(machine) == runs)
            .map(|machine| machine.word())
            .collect();
        words.join(", ")
    };
    match (list(true), list(false)) {
        (runs, lacks) if lacks.is_empty() => format!("{} ({runs})", newer.tag),
        (runs, lacks) if runs.is_empty() => format!("{} (not {lacks})", newer.tag),
        (runs, lacks) => format!("{} ({runs}; not {lacks})", newer.tag),
    }
}

/// What could not be compiled has images that were not asked for.
fn incomplete(run: &Compiled, told: &mut String) {
    let errors = run
        .findings
        .iter()
        .filter(|finding| finding.severity == Severity::Error && !super::lock::mends(finding));
    let count = errors.count();
    if count > 0 {
        told.push_str(&format!(
            "the stack has {}, so images may be missing: stackc check\n",
            show::plural(count, "error")
        ));
    }
}

/// Images of no stack: newer tags of each, or the last ones of a repository.
fn named(names: &[Cow<'_, str>], arguments: &Arguments) -> Result<Status, Trouble> {
    let mut images = Vec::new();
    for name in names {
        images.push(Image::parse(name).map_err(|reason| Trouble::Told(format!("{name}: {reason}")))?);
    }
    let client = client(&arguments.network)?;
    let bar = Bar::new(images.len());
    let lists = client.tags(&images, &|event| bar.tell(event));
    bar.end();
    let mut status = Status::Fine;
    for ((name, image), tags) in names.iter().zip(&images).zip(lists) {
        match tags {
            Ok(tags) if image.tag.is_some() => {
                let newest = newest(image, &tags);
                let newest = if newest.is_empty() {
                    "nothing newer".to_owned()
                } else {
                    format!("-> {}", newest.join(", or "))
                };
                show::out(&format!("{name} {newest}\n"))?;
            }
            Ok(tags) => show::out(&format!("{name}: {}\n", last(&tags).join(", ")))?,
            Err(failure) => {
                show::complain(&failure.to_string());
                status = if failure.is_machine() { Status::Failed } else { Status::Findings };
            }
        }
    }
    Ok(status)
}

/// The last tags: of numbers the highest, else as the registry lists them.
fn last(tags: &[String]) -> Vec<&str> {
    let mut numbered: Vec<Tag<'_>> = tags.iter().filter_map(|tag| Tag::read(tag)).collect();
    if numbered.is_empty() {
        return tags.iter().rev().take(SHOWN).map(String::as_str).collect();
    }
    numbered.sort_by(|a, b| b.order(a));
    numbered.into_iter().take(SHOWN).map(|tag| tag.text).collect()
}
