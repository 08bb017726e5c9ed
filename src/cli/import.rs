//! `stackc import`: plain manifests become a stack.
#![expect(clippy::disallowed_methods, reason = "cli writes what an import makes")]

use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Component, Path, PathBuf};

use clap::Args;

use super::show::{self, Stream, plural};
use super::{Color, Status, Trouble, target};
use crate::finding::{Findings, Severity};
use crate::import::{Given, Imported, Made, Wish, import};
use crate::k3s::Version;
use crate::kube::Object;
use crate::kube::names;
use crate::report;
use crate::source::{Sources, read_rendered};
use crate::transform;
use crate::yaml::{self, Dialect};

/// Turn plain manifests or a kustomization into a stack that builds the same objects
///
/// A workload with its Service, claims and route becomes a typed app where building it gives the same objects; the rest
/// stays in manifests/ as it is, and it says why. With the nodes beside the manifests the stack knows its machines:
/// kubectl get nodes -o yaml > nodes.yaml && stackc import DIR nodes.yaml
#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Manifests, folders of them, or a folder with a kustomization.yaml
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
    let given = read(arguments, &mut sources, &mut found)?;
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
    write(&output, &imported.files)?;
    show::out(&summary(&output, &imported, &wish))?;
    Ok(Status::Fine)
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
    match fs::read_dir(output) {
        Ok(mut entries) => entries.next().map_or(Ok(()), |_| told("is not empty")),
        Err(_) if fs::symlink_metadata(output).is_ok() => told("is no folder"),
        Err(_) => Ok(()),
    }
}

/// Manifests as they are written; of a kustomization, what it makes.
fn read(arguments: &Arguments, sources: &mut Sources, found: &mut Findings) -> Result<Vec<Given>, Trouble> {
    let mut given = Vec::new();
    for path in &arguments.paths {
        if let Some(folder) = target::kustomization(Some(path)) {
            let minor = target::minor(arguments.k3s.as_deref())?;
            let objects = transform::load(&folder, sources, found);
            let objects = objects.map(|layer| transform::build(&layer, sources, minor, found));
            given.extend(made(objects.unwrap_or_default(), path, sources));
            continue;
        }
        for file in read_rendered(path, sources) {
            let documents = yaml::read(sources, file, Dialect::Manifest, found);
            let shown = Path::new(&sources.file(file).path);
            let below = shown.strip_prefix(path).ok().filter(|below| !below.as_os_str().is_empty());
            let below = below.or(shown.file_name().map(Path::new)).unwrap_or(shown);
            given.push(Given { path: below.to_string_lossy().into_owned(), file: Some(file), documents });
        }
    }
    Ok(given)
}

/// What a kustomization made, by the files in which its objects began.
fn made(objects: Vec<Object>, folder: &Path, sources: &Sources) -> Vec<Given> {
    let mut given: Vec<Given> = Vec::new();
    for object in objects {
        let shown = Path::new(&sources.file(object.body.span.file).path);
        let below = shown.strip_prefix(folder).unwrap_or(shown);
        let names = below.components().filter(|part| matches!(part, Component::Normal(_)));
        let path = names.collect::<PathBuf>().to_string_lossy().into_owned();
        match given.iter_mut().find(|given| given.path == path) {
            Some(given) => given.documents.push(object.body),
            None => given.push(Given { path, file: None, documents: vec![object.body] }),
        }
    }
    given
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

fn summary(output: &Path, imported: &Imported, wish: &Wish) -> String {
    let Imported { typed, raw, changes, files, nodes } = imported;
    let apps = typed.iter().filter(|typed| typed.path.starts_with("apps/")).count();
    let (apps, left) = (plural(apps, "app"), plural(raw.len(), "raw object"));
    let mut text = format!("wrote {}: {apps}, {left}\n", output.display());
    if !typed.is_empty() {
        text.push_str("\ntyped:\n");
    }
    for typed in typed {
        let objects: Vec<String> = typed.objects.iter().map(ToString::to_string).collect();
        text.push_str(&format!("  {}: {}\n", typed.path, objects.join(", ")));
    }
    if !raw.is_empty() {
        text.push_str("\nas they are:\n");
    }
    let mut last = "";
    for raw in raw {
        if raw.path != last {
            text.push_str(&format!("  {}\n", raw.path));
            last = &raw.path;
        }
        text.push_str(&format!("    {}: {}\n", raw.id, raw.reason));
    }
    if !changes.is_empty() {
        text.push_str("\nwhat differs in typed objects, and nothing else does:\n");
    }
    for change in changes {
        text.push_str(&format!(
            "  {} ({})\n    {}\n",
            change.what,
            plural(change.objects, "object"),
            change.why
        ));
    }
    let secrets = files.iter().filter(|file| file.secret);
    for file in secrets {
        text.push_str(&format!(
            "\nwarning: {} holds Secrets with their values: keep it out of the repository, or make them with kubectl and \
             declare their names under `secrets` in stack.yaml\n",
            output.join(&file.path).display()
        ));
    }
    let output = output.display();
    text.push_str("\nnext:\n");
    if *nodes == 0 {
        text.push_str(&format!(
            "  write the machines into {output}/stack.yaml (kubectl get nodes -o wide)\n"
        ));
    }
    if wish.k3s.is_none() {
        text.push_str(&format!("  write your k3s release into {output}/stack.yaml (k3s --version)\n"));
    }
    text.push_str(&format!("  stackc lock {output}     what the images run on\n  stackc check {output}\n"));
    report::harmless_lines(&text)
}
