//! Which stacks a command means.
#![expect(clippy::disallowed_methods, reason = "cli knows where it was started")]

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use super::{Trouble, show};
use crate::check::Demands;
use crate::compile::{Compiled, compile, kustomize};
use crate::k3s::{Release, Version};
use crate::rendered::{Rendered, judge};
use crate::source::{
    Folder, Input, KUSTOMIZATIONS, OVERLAY_FILE, STACK_FILE, Sources, find_above, find_below, locate,
    read_input, read_rendered, read_stream,
};

/// The one stack of `build` and `nodes`: the one named, else the nearest above, else the only one below.
pub(super) fn one(path: Option<&Path>) -> Result<PathBuf, Trouble> {
    if let Some(path) = path {
        return locate(path).ok_or_else(|| none_at(path));
    }
    let here = here()?;
    if let Some(stack) = find_above(&here) {
        return Ok(relative(stack));
    }
    let below = find_below(Path::new("."));
    match below.as_slice() {
        [stack] => Ok(stack.clone()),
        [] => Err(Trouble::Told(format!(
            "no {STACK_FILE} or {OVERLAY_FILE} here, above or below; name a stack: stackc build PATH"
        ))),
        _ => Err(Trouble::Told(format!("several stacks are here; name one of them:\n{}", lines(&below)))),
    }
}

/// Whether no stack lies here, above or below.
pub(super) fn is_none() -> bool {
    here().is_ok_and(|here| find_above(&here).is_none()) && find_below(Path::new(".")).is_empty()
}

/// The kustomization that a path names: its folder, if that is no stack, or its file.
pub(super) fn kustomization(path: Option<&Path>) -> Option<Folder> {
    let path = path?;
    let is_file = path.file_name().is_some_and(|name| KUSTOMIZATIONS.iter().any(|known| name == *known));
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = if is_file && path.is_file() { parent } else { path };
    if locate(folder).is_some() {
        return None;
    }
    Folder::open(folder).ok().filter(|folder| !folder.kustomizations().is_empty())
}

/// Reads and builds a kustomization, by the merge keys of a k3s release, else of the newest that is known. `past` keeps
/// what objects were before each change.
pub(super) fn kustomized(folder: &Folder, release: Option<&str>, past: bool) -> Result<Compiled, Trouble> {
    Ok(kustomize(folder, minor(release)?, past))
}

/// Kubernetes' minor of a release, else of the newest that is known.
pub(super) fn minor(release: Option<&str>) -> Result<u16, Trouble> {
    let version = match release {
        None => Release::newest_known(),
        Some(text) => {
            Version::parse(text).map_err(|reason| Trouble::Told(format!("--k3s {text}: {reason}")))?
        }
    };
    Ok(version.minor)
}

/// A path of a stack, if one comes first, and the names behind it.
pub(super) fn with_names(what: &[PathBuf]) -> (Option<&Path>, Vec<Cow<'_, str>>) {
    let (path, names) = match what.split_first() {
        Some((first, rest)) if first.is_dir() || locate(first).is_some() => (Some(first.as_path()), rest),
        _ => (None, what),
    };
    (path, names.iter().map(|name| name.to_string_lossy()).collect())
}

/// The stacks of `check`: those named (a folder without one means all below it), else all below, else the nearest above.
/// Also kustomizations, where they are named.
pub(super) fn many(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Trouble> {
    if paths.is_empty() {
        let below = find_below(Path::new("."));
        if !below.is_empty() {
            return Ok(below);
        }
        return one(None).map(|stack| vec![stack]);
    }
    let mut stacks = Vec::new();
    for path in paths {
        let found = locate(path).map_or_else(|| find_below(path), |stack| vec![stack]);
        if found.is_empty() && kustomization(Some(path)).is_some() {
            stacks.push(path.clone());
            continue;
        }
        if found.is_empty() {
            return Err(perhaps_manifests(path));
        }
        stacks.extend(found);
    }
    // Two paths may name one stack; it is told once.
    let mut seen = Vec::new();
    stacks.retain(|stack| {
        let real = std::fs::canonicalize(stack).unwrap_or_else(|_| stack.clone());
        let new = !seen.contains(&real);
        seen.push(real);
        new
    });
    Ok(stacks)
}

/// Reads and compiles.
pub(super) fn compiled(stack: &Path, demands: Demands) -> Result<Compiled, Trouble> {
    compiled_as(stack, None, demands)
}

/// The same under another name than it has.
pub(super) fn compiled_as(stack: &Path, name: Option<&str>, demands: Demands) -> Result<Compiled, Trouble> {
    let mut sources = Sources::default();
    let input = read_input(stack, &mut sources).map_err(|error| Trouble::io(stack, &error))?;
    Ok(compile(sources, Input { named: name.map(str::to_owned), ..input }, demands))
}

/// Reads what was rendered elsewhere, and checks it against a stack. `-` is standard input.
pub(super) fn judged(stack: &Path, paths: &[PathBuf], demands: Demands) -> Result<Compiled, Trouble> {
    let mut ground = compiled(&locate(stack).ok_or_else(|| none_at(stack))?, demands)?;
    let mut seen = Vec::new();
    let mut rendered = Vec::new();
    for path in paths {
        // A path named twice, as a shell's patterns may do it, is no object made twice.
        let real = std::fs::canonicalize(path).unwrap_or_else(|_| path.clone());
        if seen.contains(&real) {
            continue;
        }
        seen.push(real);
        rendered.push(match (path.to_str(), kustomization(Some(path))) {
            (Some("-"), _) => {
                Rendered::Files(vec![read_stream(std::io::stdin().lock(), &mut ground.sources)])
            }
            (_, Some(folder)) => Rendered::Kustomization(folder),
            _ => Rendered::Files(read_rendered(path, &mut ground.sources)),
        });
    }
    let (judged, untold) = judge(ground, rendered, demands);
    if untold > 0 {
        let stack = stack.display();
        let errors = show::plural(untold, "error");
        show::complain(&format!("{stack} has {errors} in its own apps or manifests: stackc check {stack}"));
    }
    Ok(judged)
}

fn here() -> Result<PathBuf, Trouble> {
    // The folder itself may be gone or closed; its path is not needed, only that it can be entered.
    std::fs::canonicalize(".")
        .map(|_| PathBuf::from("."))
        .map_err(|error| Trouble::io(Path::new("."), &error))
}

/// `./../x` reads better as `../x`.
fn relative(path: PathBuf) -> PathBuf {
    match path.strip_prefix(".") {
        Ok(rest) if !rest.as_os_str().is_empty() => rest.to_path_buf(),
        _ => path,
    }
}

fn none_at(path: &Path) -> Trouble {
    let path_text = path.display();
    if !path.exists() {
        return Trouble::Told(format!("{path_text}: no such file or folder"));
    }
    let below = if path.is_dir() { find_below(path) } else { Vec::new() };
    if below.is_empty() {
        return Trouble::Told(format!(
            "{path_text} is no stack: it has no {STACK_FILE} and no {OVERLAY_FILE}"
        ));
    }
    Trouble::Told(format!("{path_text} is no stack itself; name one of those below it:\n{}", lines(&below)))
}

/// What `check` was given is no stack; perhaps the user means what lies there.
fn perhaps_manifests(path: &Path) -> Trouble {
    let command =
        format!("to check manifests against a stack: stackc check --stack STACK {}", path.display());
    match none_at(path) {
        _ if path == Path::new("-") => Trouble::Told(command),
        Trouble::Told(message) if path.exists() => Trouble::Told(format!("{message}\n{command}")),
        trouble => trouble,
    }
}

fn lines(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| format!("  {}", path.display())).collect::<Vec<_>>().join("\n")
}
