//! `stackc import`: plain manifests become a stack.
#![expect(clippy::disallowed_methods, reason = "cli writes what an import makes")]

mod read;
mod summary;

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;

use super::show::{self, Stream, plural};
use super::{Color, Status, Trouble};
use crate::finding::{Findings, Severity};
use crate::import::{Imported, Made, Wish, import};
use crate::k3s::Version;
use crate::kube::names;
use crate::report;
use crate::source::Sources;
use read::{Left, read};

/// Turn plain manifests or a kustomization into a stack that builds the same objects
///
/// A workload with its Service, claims and route becomes a typed app where building it gives the same objects; the rest
/// stays in manifests/ as it is, and it says why. Nothing of the input is touched, and nothing is written over.
#[derive(Debug, Args)]
#[command(after_help = "With the nodes beside the manifests the stack knows its machines:\n    \
    kubectl get nodes -o yaml > nodes.yaml\n    \
    stackc import manifests/ nodes.yaml -o stacks/home --k3s v1.37.1+k3s1\n\
    What a chart makes: helm template NAME CHART | stackc import - -o stacks/NAME")]
pub(super) struct Arguments {
    /// Manifests, folders of them, or a folder with a kustomization.yaml; - for stdin
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
    /// The new stack's folder, which must not exist or be empty [default: stacks/NAME]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// The k3s release on the servers, as `k3s --version` prints it
    #[arg(long, value_name = "VERSION")]
    k3s: Option<String>,
    /// The stack's name [default: that of the output folder, else of the first PATH]
    #[arg(long)]
    name: Option<String>,
}

pub(super) fn run(arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    if let Some(release) = &arguments.k3s {
        Version::parse(release).map_err(|reason| Trouble::Told(format!("--k3s {release}: {reason}")))?;
    }
    let name = name(arguments)?;
    let output = arguments.output.clone().unwrap_or_else(|| Path::new("stacks").join(&name));
    refuse(&output)?;
    let mut sources = Sources::default();
    let mut found = Findings::default();
    let (given, left) = read(arguments, &mut sources, &mut found)?;
    let folder = output.file_name().map(|name| name.to_string_lossy().into_owned());
    let wish = Wish {
        own_name: (folder.as_deref() != Some(name.as_str())).then(|| name.clone()),
        name,
        k3s: arguments.k3s.clone(),
        schema: schema(&output),
    };
    let imported = if found.errors() == 0 { import(&given, &wish, &sources, &mut found) } else { None };
    let findings = found.sorted();
    if !findings.is_empty() {
        let style = show::style(color, Stream::Out);
        show::out(&report::text(&findings, &sources, style))?;
    }
    let Some(imported) = imported else {
        let errors = findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        show::out(&format!("{}; nothing was written\n", plural(errors, "error")))?;
        return Ok(Status::Findings);
    };
    let Imported { typed, raw, nodes, .. } = &imported;
    if typed.is_empty() && raw.is_empty() && *nodes == 0 {
        return Err(nothing(arguments, &left));
    }
    write(&output, &imported.files)?;
    show::out(&summary::summary(&output, &imported, &left))?;
    Ok(Status::Fine)
}

fn nothing(arguments: &Arguments, left: &[Left]) -> Trouble {
    let paths: Vec<String> = arguments.paths.iter().map(|path| path.display().to_string()).collect();
    let mut told = format!("{}: no Kubernetes object is in here", paths.join(", "));
    for Left { path, why } in left {
        told.push_str(&format!("\n  {path}: {why}"));
    }
    Trouble::Told(told)
}

/// What people called it, or what its folder is called.
fn name(arguments: &Arguments) -> Result<String, Trouble> {
    if let Some(name) = &arguments.name {
        names::dns_label(name).map_err(|reason| Trouble::Told(format!("--name {name}: {reason}")))?;
        return Ok(name.clone());
    }
    let path = arguments.output.as_ref().or(arguments.paths.first());
    let real = path.map(|path| fs::canonicalize(path).unwrap_or_else(|_| path.clone())).unwrap_or_default();
    let stem = real.file_stem().unwrap_or_default().to_string_lossy();
    let letter = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' };
    let name: String = stem.chars().map(letter).take(20).collect();
    let name = name.trim_matches('-');
    if name.is_empty() {
        return Err(Trouble::Told("the stack needs a name: --name NAME".to_owned()));
    }
    Ok(name.to_owned())
}

/// Nothing that exists is ever touched.
fn refuse(output: &Path) -> Result<(), Trouble> {
    let told = |what: &str| {
        Err(Trouble::Told(format!(
            "{} {what}: name a folder that is not there yet: -o DIR",
            output.display()
        )))
    };
    // Whoever stands in a folder would not see the one that took its place.
    if let (Ok(own), Ok(here)) = (fs::canonicalize(output), fs::canonicalize("."))
        && here.starts_with(own)
    {
        return told("is the folder in which you are");
    }
    match fs::read_dir(output) {
        Ok(mut entries) => entries.next().map_or(Ok(()), |_| told("is not empty")),
        Err(_) if fs::symlink_metadata(output).is_ok() => told("is no folder"),
        Err(_) => Ok(()),
    }
}

/// The schemas of this repository's docs, by their path from the stack's folder; none where they are not above it.
fn schema(output: &Path) -> Option<String> {
    let parent = output.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut above = std::path::absolute(parent).ok()?;
    let mut up = String::from("..");
    loop {
        if above.join("docs/schema/app.json").is_file() && above.join("docs/schema/stack.json").is_file() {
            return Some(format!("{up}/docs/schema"));
        }
        if above.join(".git").exists() || !above.pop() {
            return None;
        }
        up.push_str("/..");
    }
}

/// Only the owner reads a file with a Secret in it.
const SECRET_MODE: u32 = 0o600;

/// Writes beside the folder, then puts it into its place: it is there whole or not at all.
fn write(output: &Path, files: &[Made]) -> Result<(), Trouble> {
    let io = |path: &Path| {
        let path = path.to_path_buf();
        move |error: std::io::Error| Trouble::io(&path, &error)
    };
    // A link to an empty folder stays a link.
    let output = &fs::canonicalize(output).unwrap_or_else(|_| output.to_path_buf());
    let name = output.file_name().unwrap_or_default().to_string_lossy();
    let temporary = output.with_file_name(format!(".{name}.{}.tmp", std::process::id()));
    let made = || -> Result<(), Trouble> {
        fs::create_dir_all(&temporary).map_err(io(&temporary))?;
        for file in files {
            let path = temporary.join(&file.path);
            if let Some(parent) = path.parent() {
                fs::create_dir_all(parent).map_err(io(parent))?;
            }
            let mode = if file.secret { SECRET_MODE } else { 0o666 };
            let mut options = fs::OpenOptions::new();
            let mut to = options.write(true).create_new(true).mode(mode).open(&path).map_err(io(&path))?;
            to.write_all(&file.bytes).map_err(io(&path))?;
        }
        fs::rename(&temporary, output).map_err(io(output))
    };
    made().inspect_err(|_| {
        let _ = fs::remove_dir_all(&temporary);
    })
}
