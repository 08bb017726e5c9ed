//! `stackc diff`: what would change, object by object, and what k3s makes of it.

mod after;
mod before;
mod files;
mod git;
mod private;
mod save;
mod tar;

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::install::MANIFESTS;
use super::show::{self, Stream, plural};
use super::{Color, Status, Trouble};
use crate::diff::diff;
use crate::finding::Finding;
use crate::report::{self, Compared};
use crate::source::{Sources, locate};
use after::After;
use before::Before;

/// Show what would change in the cluster, object by object, and what k3s would delete
///
/// The stack is compared with k3s' own folder, if it is on this machine, or with what is named. Status 0: nothing
/// differs; 1: something does; 2: a side could not be compiled.
#[derive(Debug, Args)]
#[command(after_help = "For a pull request: stackc diff --ref origin/main --format markdown\n\
    Before an install: sudo stackc diff --save plan && sudo stackc install --plan plan\n\
    On a node without the stack: stackc build | ssh NODE sudo stackc diff --from - --k3s v1.37.1+k3s1")]
pub(super) struct Arguments {
    /// The stack, or its stack.yaml; without it, the nearest above, else the only one below
    path: Option<PathBuf>,
    /// Compare with a folder (k3s' own, or that of build -o), with what stackc build prints (- for stdin), or with another
    /// stack, such as the one that an overlay varies
    #[arg(long, value_name = "DIR|STACK|-")]
    against: Option<PathBuf>,
    /// Compare with the stack as it was at a revision of git, such as main or HEAD~1
    #[arg(long = "ref", value_name = "REV", conflicts_with = "against")]
    revision: Option<String>,
    /// Take for the new side what stackc build has printed elsewhere: a file, or - for stdin
    #[arg(long, value_name = "FILE", conflicts_with_all = ["path", "revision", "locked"])]
    from: Option<PathBuf>,
    /// The release that runs there, as k3s --version prints it: a stream does not tell, and what k3s deletes depends on it
    // clap drops a requirement that something else on the line excludes.
    #[arg(long, value_name = "VERSION", requires = "from", conflicts_with_all = ["path", "revision"])]
    k3s: Option<String>,
    /// The form of the differences
    #[arg(long, value_enum, default_value = "text")]
    format: Form,
    /// Save what an install into that folder would do, for stackc install --plan FILE
    #[arg(long, value_name = "FILE", conflicts_with = "revision")]
    save: Option<PathBuf>,
    /// With --save: an object with data that left the stack and shall go; once for each
    #[arg(long, value_name = "KIND/NAMESPACE/NAME", requires = "save")]
    remove: Vec<String>,
    /// What only stack.yaml or stackc itself says of images and Cloudflare is an error: all has to be in stackc.lock
    #[arg(long)]
    locked: bool,
}

/// The form of differences.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Form {
    /// For people
    Text,
    /// For machines: one versioned document
    Json,
    /// For a comment on a pull request
    Markdown,
}

pub(super) fn run(arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    let stdin = |side: &Option<PathBuf>| side.as_deref() == Some(Path::new("-"));
    if stdin(&arguments.from) && stdin(&arguments.against) {
        return Err(Trouble::Told("both sides cannot be stdin: put one stream into a file".to_owned()));
    }
    let Some(after) = After::of(arguments, color)? else { return Ok(Status::Failed) };
    let (before, saving) = before(arguments, &after)?;
    if let Some((findings, sources, errors)) = before.findings().filter(|(.., errors)| *errors > 0) {
        failed(&before.told, findings, sources, errors, color)?;
        return Ok(Status::Failed);
    }
    let diff = diff(&before.side(), &after.side(), &after.release);
    if after.is_guessed && diff.changes.iter().any(|change| !change.fates.is_empty()) {
        return Err(Trouble::Told(
            "what k3s makes of these changes depends on its release, which a stream does not tell\n\
             name it, as k3s --version prints it: stackc diff --from - --k3s v1.37.1+k3s1"
                .to_owned(),
        ));
    }
    let compared = Compared {
        stack: &after.stack,
        against: &before.told,
        remarks: &before.remarks,
        diff: &diff,
        sources: after.sources(),
    };
    let text = match arguments.format {
        Form::Text => report::diff_text(&compared, show::style(color, Stream::Out)),
        Form::Json => report::diff_json(&compared),
        Form::Markdown => report::diff_markdown(&compared),
    };
    show::out(&text)?;
    saving.map_or(Ok(()), save::Saving::write)?;
    Ok(if diff.changes.is_empty() { Status::Fine } else { Status::Findings })
}

/// The old side, and what is to be saved of the way to the new one.
fn before(arguments: &Arguments, after: &After) -> Result<(Before, Option<save::Saving>), Trouble> {
    if let (Some(revision), Some(path)) = (&arguments.revision, &after.path) {
        return Ok((Before::revision(path, revision)?, None));
    }
    let folder = match &arguments.against {
        Some(folder) => folder,
        None => of_k3s()?,
    };
    if let Some(stack) = locate(folder).filter(|_| arguments.save.is_none()) {
        return Ok((Before::stack(&stack, &after.stack)?, None));
    }
    if let Some(file) = &arguments.save {
        return save::plan(folder, file, &arguments.remove, after)
            .map(|(before, saving)| (before, Some(saving)));
    }
    if folder == Path::new("-") {
        return Ok((Before::stream(&after.stack)?, None));
    }
    Ok((Before::folder(folder, &after.stack)?, None))
}

/// k3s' own folder, if this is one of its servers.
fn of_k3s() -> Result<&'static Path, Trouble> {
    let folder = Path::new(MANIFESTS);
    // For all but root it may be there and closed; then the folder itself says so.
    if Path::new("/var/lib/rancher/k3s/server").exists() {
        return Ok(folder);
    }
    Err(Trouble::Told(
        "this machine is no k3s server: name what to compare with\n  \
         --ref REV       the stack as it was in git, such as main\n  \
         --against DIR   files of stackc build -o, or of k3s\n  \
         --against -     what stackc build prints"
            .to_owned(),
    ))
}

/// The old side could not be read or compiled.
fn failed(
    told: &str,
    findings: &[Finding],
    sources: &Sources,
    errors: usize,
    color: Color,
) -> Result<(), Trouble> {
    // Whoever may look at the difference may not be allowed to look at what is installed.
    let style = report::Style { lines: false, ..show::style(color, Stream::Err) };
    let text = report::text(findings, sources, style);
    let errors = plural(errors, "error");
    let told = report::harmless_lines(told);
    show::err(&format!("{text}{errors}\n{told} could not be compiled\n"))
}
