//! `stackc build`: manifests on stdout, or one file an app in a folder.

use std::fs::{File, Metadata};
use std::io;
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::show::{self, Stream};
use super::{Color, Denial, Format, Status, Trouble, folder, target};
use crate::check::Demands;
use crate::compile::Compiled;
use crate::emit;
use crate::provenance;
use crate::report;
use crate::source::Folder;
use crate::yaml::Node;

/// Compile a stack: all manifests on stdout, or a file an app in a folder
///
/// PATH is a stack or its stack.yaml; without it, the nearest above, else the only one below. Or PATH is a folder with a
/// kustomization.yaml: what it makes goes to stdout as kubectl kustomize would print it, and is checked by
/// stackc check --stack STACK PATH
#[derive(Debug, Args)]
#[command(after_help = "The output folder is made if it is missing: stackc build -o out/\n\
    (`stackc build > out/` cannot work: a shell does not redirect into a folder.)")]
pub(super) struct Arguments {
    /// The stack
    path: Option<PathBuf>,
    /// Write one file an app into this folder; only what changed is written
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// The form of the manifests on stdout
    #[arg(long, value_enum, default_value = "yaml", conflicts_with = "output")]
    emit: Emit,
    /// Say behind each value which line asked for it, and what it lies over; for people, on stdout
    #[arg(long, conflicts_with = "output")]
    annotate: bool,
    /// Of a kustomization: the k3s release whose merge keys count, such as v1.37.1+k3s1; else the newest
    #[arg(long, value_name = "RELEASE")]
    k3s: Option<String>,
    /// What only stack.yaml or stackc itself says of images and Cloudflare is an error: all has to be in stackc.lock
    #[arg(long)]
    locked: bool,
    /// The form of findings, which go to stderr
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
    #[command(flatten)]
    denial: Denial,
}

/// The form of manifests.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Emit {
    /// As k3s takes them
    Yaml,
    /// One List
    Json,
}

/// Stands in a file that the shell emptied before stackc started: it has no `kind`, so k3s refuses the file, where an
/// empty one would make it delete the stack.
const POISON: &str = "stackc-error: build failed, see stderr\n";

pub(super) fn run(arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    let result = built(arguments, color);
    let failed = !matches!(result, Ok(Status::Fine));
    if failed && arguments.output.is_none() {
        poison()?;
    }
    result
}

/// For a build that failed, whatever the reason; wrong arguments are one as well.
pub(super) fn poison() -> Result<(), Trouble> {
    if is_regular_stdout() { show::out(POISON) } else { Ok(()) }
}

fn built(arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    if arguments.output.is_none() {
        refuse_live_stdout()?;
    }
    if let Some(folder) = target::kustomization(arguments.path.as_deref()) {
        return kustomized(&folder, arguments, color);
    }
    if arguments.k3s.is_some() {
        return Err(Trouble::Told("--k3s is for kustomizations: a stack says its release itself".to_owned()));
    }
    let stack = target::one(arguments.path.as_deref())?;
    let compiled = target::compiled(
        &stack,
        Demands { locked: arguments.locked, past: arguments.annotate, ..Demands::default() },
    )?;
    let runs = [compiled];
    if tell(&runs, arguments, color)? != Status::Fine {
        return Ok(Status::Findings);
    }
    let [run] = &runs;
    match &arguments.output {
        Some(directory) => {
            let told = folder::write(directory, run)?;
            if !arguments.format.is_document() {
                show::err(&report::harmless_lines(&told))?;
            }
        }
        None => match arguments.emit {
            Emit::Yaml => {
                let note = notes(run, arguments.annotate);
                show::out_parts(emit::stream(&run.files, &run.objects, note.as_deref()))?;
            }
            Emit::Json => show::out(&emit::json(&run.objects))?,
        },
    }
    Ok(Status::Fine)
}

/// What stands behind the line of a value.
type Notes = Box<dyn Fn(&Node) -> String>;

/// Where each value came from, if that is wanted.
fn notes(run: &Compiled, wanted: bool) -> Option<Notes> {
    let notes = wanted.then(|| provenance::notes(run))?;
    Some(Box::new(move |node| notes.get(&std::ptr::from_ref(node)).cloned().unwrap_or_default()))
}

/// Tells what was found; whether something is to be written.
fn tell(runs: &[Compiled], arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    let totals = show::totals(runs);
    let after = if totals.is_empty() { String::new() } else { format!("{totals}\n") };
    if runs.iter().any(|run| !run.findings.is_empty()) || arguments.format.is_document() {
        show::findings(runs, (arguments.format, arguments.denial), color, Stream::Err, &after)?;
    }
    Ok(arguments.denial.status(runs))
}

/// A kustomization's objects on stdout: it knows no files of k3s'.
fn kustomized(folder: &Folder, arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    if arguments.output.is_some() {
        let help = "a kustomization makes no files of its own: leave -o out, or name it in a stack";
        return Err(Trouble::Told(help.to_owned()));
    }
    let runs = [target::kustomized(folder, arguments.k3s.as_deref(), arguments.annotate)?];
    if tell(&runs, arguments, color)? != Status::Fine {
        return Ok(Status::Findings);
    }
    let [run] = &runs;
    match arguments.emit {
        Emit::Yaml => {
            let note = notes(run, arguments.annotate);
            show::out_parts(emit::objects(&run.objects, note.as_deref()))?;
        }
        Emit::Json => show::out(&emit::json(&run.objects))?,
    }
    Ok(Status::Fine)
}

fn stdout() -> io::Result<Metadata> {
    File::from(io::stdout().as_fd().try_clone_to_owned()?).metadata()
}

fn is_regular_stdout() -> bool {
    stdout().is_ok_and(|metadata| metadata.is_file())
}

/// k3s reads its folder while the stream is still being written: a file there is only ever renamed into place.
fn refuse_live_stdout() -> Result<(), Trouble> {
    let Ok(path) = std::fs::read_link("/proc/self/fd/1") else { return Ok(()) };
    if is_regular_stdout() && folder::is_live(&path) {
        let parent = path.parent().unwrap_or(Path::new("/"));
        return Err(Trouble::Told(format!(
            "stdout is a file in k3s' own folder, which k3s may read half-written\n\
             let stackc write it: sudo stackc install --to {}",
            parent.display()
        )));
    }
    Ok(())
}
