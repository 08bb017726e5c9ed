//! `stackc lock`: asks registries and Cloudflare, and writes stackc.lock. With `outdated`, the only command that uses the
//! network.
//!
//! In: a compiled stack, whose images are `wanted`. Out: [`Pins`], written whole or not at all: what cannot be asked leaves
//! the old file as it was, byte for byte.

mod client;
mod progress;
mod ranges;
pub(super) mod wanted;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::slice::from_ref;

use clap::Args;

pub(super) use client::{Network, client};
pub(super) use progress::Bar;
use wanted::Wanted;

use super::show::{self, Stream, plural};
use super::{Color, Format, Status, Trouble, target};
use crate::check::Demands;
use crate::compile::Compiled;
use crate::fetch::{Client, Failure, IMAGE_UNREADABLE, Outcome, Published, Resolved, Wish};
use crate::finding::{Finding, Findings, Severity};
use crate::install::write;
use crate::lock::{self, Pin, Pins, changes};
use crate::source::{LOCK_FILE, Span};

/// Ask registries what images run on, and Cloudflare for its ranges; write stackc.lock
///
/// What is named is the stack, or images of it: only those are asked for. Without a stack, the nearest above, else the
/// only one below. An image whose digest did not change costs one small question.
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The stack, then images of it
    #[arg(value_name = "PATH|IMAGE")]
    what: Vec<PathBuf>,
    /// Tell what changed, write nothing; status 1 if anything did
    #[arg(long)]
    check: bool,
    /// Ask nobody: drop what the stack no longer uses
    #[arg(long)]
    offline: bool,
    /// Cloudflare's ranges from a file that was fetched by other means: both text lists, or the API's JSON
    #[arg(long, value_name = "FILE")]
    cloudflare_from: Option<PathBuf>,
    #[command(flatten)]
    network: Network,
    /// The form of findings
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// Errors that a lock mends, or that speak of the lock itself: they do not keep `lock` from working.
const MENDED: [&str; 6] = [
    "image-platforms-unknown",
    "image-lacks-arch",
    "arch-none-common",
    "platforms-contradicted",
    "lock-invalid",
    "range-delisted",
];

pub(super) fn run(arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    let (path, names) = target::with_names(&arguments.what);
    let stack = target::one(path)?;
    let mut run = target::compiled(&stack, Demands { unpinned: true, ..Demands::default() })?;
    let file = stack.join(LOCK_FILE);
    let shown = file.display();
    if !sound(&mut run) {
        let after = format!("{}\nmend the stack first: {shown} is as it was\n", show::totals(from_ref(&run)));
        show::findings(from_ref(&run), arguments.format, color, Stream::Out, &after)?;
        return Ok(Status::Findings);
    }
    let mut found = Findings::default();
    let work = work(arguments, &names, &mut run, &mut found)?;
    run.tell(found);
    let (told, status) = match work {
        Work { failed: Some(status), told, .. } => {
            (format!("{told}{}\n{shown} is as it was\n", show::totals(from_ref(&run))), status)
        }
        Work { pins, told, .. } => {
            let own = own(&pins, &run);
            let (end, status) = if own == Pins::default() && own != pins && !file.exists() {
                (format!("the base's {LOCK_FILE} has all: {shown} is not needed\n"), Status::Fine)
            } else {
                finish(&file, &own, arguments.check)?
            };
            (format!("{told}{end}"), status)
        }
    };
    show::findings(from_ref(&run), arguments.format, color, Stream::Out, &told)?;
    Ok(status)
}

/// Whether a lock would mend what a finding tells.
pub(super) fn mends(finding: &Finding) -> bool {
    MENDED.contains(&finding.code.name)
}

/// Whether all images of the stack are known; what does not stand in the way is not told.
fn sound(run: &mut Compiled) -> bool {
    let newer = run.stack.as_ref().is_some_and(|stack| stack.lock.newer);
    let stands = |finding: &Finding| {
        finding.severity == Severity::Error
            && (!mends(finding) || (newer && finding.code.name == "lock-invalid"))
    };
    let mut found = Findings::default();
    std::mem::take(&mut run.findings).into_iter().filter(stands).for_each(|finding| found.push(finding));
    run.tell(found);
    run.errors == 0 && run.stack.is_some()
}

/// What asking came to.
struct Work {
    pins: Pins,
    told: String,
    /// How the run ends if not all could be asked.
    failed: Option<Status>,
}

/// From the old pins to the new ones; `found` has what kept them from being whole.
fn work(
    arguments: &Arguments,
    names: &[Cow<'_, str>],
    run: &mut Compiled,
    found: &mut Findings,
) -> Result<Work, Trouble> {
    let wanted = wanted::all(run);
    let mut chosen = wanted::chosen(&wanted, names).map_err(Trouble::Told)?;
    let Some(stack) = &run.stack else { return Err(Trouble::Told("the stack could not be read".into())) };
    if stack.lock.broken && (!names.is_empty() || arguments.offline) {
        return Err(Trouble::Told(format!(
            "{LOCK_FILE} cannot be read, so all of it is asked for: stackc lock"
        )));
    }
    let old = stack.lock.pins.clone();
    // What the lock of an overlay's base proves is asked for there, unless it is named.
    let base = &stack.lock.under;
    chosen.retain(|wanted| !names.is_empty() || !wanted.proved_by(base));
    let mut pins = old.clone();
    pins.images.retain(|key, _| wanted.contains_key(key));
    let trust = stack.ingress.as_ref().and_then(|ingress| ingress.trust.as_ref());
    let trust = trust.filter(|trust| trust.cloudflare).map(|trust| trust.span);
    let mut asking = Asking { pins, found, unreached: false };
    if !arguments.offline {
        let ranges = arguments.cloudflare_from.is_none() && names.is_empty();
        let ranges = ranges && (trust.is_some() || old.cloudflare.is_some()) && base.cloudflare.is_none();
        let client = client(&arguments.network)?;
        let bar = Bar::new(chosen.len().saturating_add(usize::from(ranges)));
        asking.images(&client, &chosen, &bar);
        if ranges {
            asking.ranges(&client, trust.unwrap_or(stack.span), &bar);
        }
        bar.end();
    }
    let Asking { mut pins, found, unreached } = asking;
    if let Some(file) = &arguments.cloudflare_from {
        let ranges = ranges::read(file, &mut run.sources, found)?;
        pins.cloudflare =
            ranges.map(|ranges| ranges::marked(ranges, old.cloudflare.as_ref())).or(pins.cloudflare);
    }
    let failed = (found.errors() > 0).then_some(if unreached { Status::Failed } else { Status::Findings });
    Ok(Work { told: changes(&old, &pins).iter().map(|change| format!("{change}\n")).collect(), pins, failed })
}

/// What an overlay's lock holds: all that its base's does not. Another stack's holds all.
fn own(pins: &Pins, run: &Compiled) -> Pins {
    let mut pins = pins.clone();
    let Some(base) = run.stack.as_ref().map(|stack| &stack.lock.under) else { return pins };
    pins.images.retain(|key, pin| base.images.get(key) != Some(pin));
    pins.cloudflare = pins.cloudflare.filter(|ranges| base.cloudflare.as_ref() != Some(ranges));
    pins
}

/// Asks one after the other, and goes on where one fails.
struct Asking<'a> {
    pins: Pins,
    found: &'a mut Findings,
    /// Whether it was the network that failed, and not an answer.
    unreached: bool,
}

impl Asking<'_> {
    fn images(&mut self, client: &Client, chosen: &[&Wanted], bar: &Bar) {
        let wishes: Vec<Wish> = chosen.iter().map(|wanted| wish(wanted, &self.pins)).collect();
        for (wanted, outcome) in chosen.iter().zip(client.resolve(&wishes, &|event| bar.tell(event))) {
            match outcome {
                Ok(Outcome::Unchanged) => {}
                Ok(Outcome::Resolved(resolved)) => pin(wanted, &resolved, &mut self.pins, self.found),
                Err(failure) => {
                    let finding = self.fails(&failure, wanted.span);
                    self.found.push(finding);
                }
            }
        }
    }

    fn ranges(&mut self, client: &Client, at: Span, bar: &Bar) {
        match client.cloudflare(&Published::default(), &|event| bar.tell(event)) {
            Ok(ranges) => {
                ranges::no_delisted(&ranges, at, self.found);
                self.pins.cloudflare = Some(ranges);
            }
            Err(failure) => {
                let finding = self.fails(&failure, at);
                self.found.push(finding.help("fetch it by other means: stackc lock --cloudflare-from FILE"));
            }
        }
    }

    fn fails(&mut self, failure: &Failure, at: Span) -> Finding {
        self.unreached |= failure.is_machine();
        failure.finding(at)
    }
}

fn wish(wanted: &Wanted, old: &Pins) -> Wish {
    let known = old.images.get(&wanted.key);
    // What is only listed has never been looked at.
    let known = known.filter(|pin| !wanted.platforms.iter().any(|platform| pin.listed.contains(platform)));
    Wish {
        image: wanted.image.clone(),
        platforms: wanted.platforms.clone(),
        known: known.map(|pin| pin.digest.clone()),
    }
}

fn pin(wanted: &Wanted, resolved: &Resolved, pins: &mut Pins, found: &mut Findings) {
    let mut pin = Pin { digest: resolved.digest.clone(), platforms: BTreeMap::new(), listed: [].into() };
    for child in &resolved.children {
        match (child.platform, &child.config) {
            (Some(platform), Some(_)) => drop(pin.platforms.insert(platform, child.digest.clone())),
            (Some(platform), None) => drop(pin.listed.insert(platform)),
            (None, _) => {}
        }
    }
    if pin.platforms.is_empty() && pin.listed.is_empty() {
        let names: Vec<&str> = resolved.children.iter().map(|child| child.name.as_str()).collect();
        let message = format!("{} runs on no machine that stackc knows: {}", wanted.key, names.join(", "));
        found.push(Finding::new(&IMAGE_UNREADABLE, wanted.span, message));
        return;
    }
    pins.images.insert(wanted.key.clone(), pin);
}

/// Writes what changed, or tells that it would.
fn finish(path: &Path, pins: &Pins, check: bool) -> Result<(String, Status), Trouble> {
    let text = lock::write(pins);
    let shown = path.display();
    if write::holds(path, &text).map_err(|error| Trouble::io(path, &error))? {
        return Ok((format!("{shown} is up to date\n"), Status::Fine));
    }
    if check {
        return Ok((format!("{shown} is not up to date: stackc lock\n"), Status::Findings));
    }
    if path.is_symlink() {
        return Err(Trouble::Told(format!(
            "{shown} is a link, and is not written through: name a real file"
        )));
    }
    write::replace(path, &text, 0o666, true).map_err(|error| Trouble::io(path, &error))?;
    let ranges = pins.cloudflare.as_ref().map_or(0, |ranges| ranges.all().count());
    let ranges = if ranges == 0 { String::new() } else { format!(", {ranges} ranges of Cloudflare") };
    Ok((format!("wrote {shown} ({}{ranges})\n", plural(pins.images.len(), "image")), Status::Fine))
}
