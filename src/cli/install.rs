//! `stackc install`: into k3s' folder without an accident.
#![expect(clippy::disallowed_methods, reason = "cli reads plans and streams, and knows the clock")]

use std::fs;
use std::io::{self, BufRead, IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

use clap::Args;

use super::show::{self, Stream, plural};
use super::{Color, Denial, Format, Status, Trouble, folder, target};
use crate::check::Demands;
use crate::compile::Compiled;
use crate::install::{self, Does, Fate, Folder, Leaving, Plan, Refusal, State, Wish};
use crate::k3s::{Release, Version};

/// From which k3s deploys by itself.
pub(super) const MANIFESTS: &str = "/var/lib/rancher/k3s/server/manifests";

/// The largest stream that is read (bytes).
const LARGEST: u64 = 256 * 1024 * 1024;

/// Install a stack into the folder from which k3s deploys
///
/// Writes only what changed, each file whole or not at all, and only files that it has written before. An app that left
/// the stack becomes a comment, which makes k3s delete it; what holds data stays until --remove names it.
#[derive(Debug, Args)]
#[command(
    after_help = "On a node without the stack: stackc build | ssh NODE sudo stackc install --from - --yes"
)]
pub(super) struct Arguments {
    /// The stack, or its stack.yaml; without it, the nearest above, else the only one below
    #[arg(conflicts_with = "from")]
    path: Option<PathBuf>,
    /// The folder; it is never made
    #[arg(long, value_name = "DIR", default_value = MANIFESTS)]
    to: PathBuf,
    /// Install what stackc build has printed: a file, or - for stdin
    #[arg(long, value_name = "FILE")]
    from: Option<PathBuf>,
    /// The release that runs there, as k3s --version prints it: a stream does not tell, and removal depends on it
    #[arg(long, value_name = "VERSION", requires = "from")]
    k3s: Option<String>,
    /// Delete what no diff has shown, overwrite what was edited by hand, and do not wait a minute before data goes
    #[arg(long)]
    yes: bool,
    /// Do exactly what stackc diff --save has shown and saved here, or nothing
    #[arg(long, value_name = "FILE", conflicts_with_all = ["yes", "remove"])]
    plan: Option<PathBuf>,
    /// Delete an object with data that left the stack, such as PersistentVolumeClaim/default/minio; once for each
    #[arg(long, value_name = "KIND/NAMESPACE/NAME")]
    remove: Vec<String>,
    /// What only stack.yaml or stackc itself says of images and Cloudflare is an error: all has to be in stackc.lock
    #[arg(long)]
    locked: bool,
    #[command(flatten)]
    denial: Denial,
}

/// What shall be installed.
struct Wanted {
    stack: String,
    /// None: a stream does not tell.
    release: Option<Release>,
    files: Vec<(String, String)>,
    /// Nodes that are k3s servers, as far as the stack says; none: a stream does not tell.
    servers: Option<Vec<String>>,
}

pub(super) fn run(arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    let Some(wanted) = wanted(arguments, color)? else { return Ok(Status::Findings) };
    let shown = arguments.plan.as_deref().map(saved).transpose()?;
    let release = wanted.release.map_or_else(newest, Ok)?;
    let folder = Folder::open(&arguments.to)?;
    folder.lock()?;
    let names = wanted.files.iter().map(|(name, _)| name.as_str());
    let state = folder.state(&wanted.stack, names)?;
    let now = now();
    let wish = Wish {
        stack: &wanted.stack,
        folder: folder.real(),
        release,
        files: &wanted.files,
        remove: shown.as_ref().map_or(&arguments.remove, |shown| &shown.remove),
        now: shown.as_ref().map_or(now, |shown| shown.at),
        sure: arguments.yes,
    };
    let plan = match install::plan(&wish, &state) {
        Ok(plan) if wanted.release.is_none() && plan.steps.iter().any(|step| !step.leaving.is_empty()) => {
            return Err(Trouble::Told(
                "something leaves the folder, and what k3s makes of that depends on its release\n\
                 name it, as k3s --version prints it: stackc install --from - --k3s v1.37.1+k3s1"
                    .to_owned(),
            ));
        }
        Ok(plan) => plan,
        Err(refusals) => {
            refuse(&refusals);
            return Ok(Status::Findings);
        }
    };
    if let Some(shown) = &shown {
        let differences = plan.differences(shown);
        if !differences.is_empty() {
            show::complain(&format!(
                "what was shown is not what would be done:\n  {}\nlook again: stackc diff --save FILE",
                differences.join("\n  ")
            ));
            return Ok(Status::Findings);
        }
    } else if !arguments.yes && !agreed(&plan)? {
        return Ok(Status::Findings);
    }
    // Told before anything is done: a run that is killed behind its removals would never tell it.
    show::out(&by_hand(&plan))?;
    install::apply(&plan, &folder, &state, now).map_err(|trouble| {
        Trouble::Told(format!("{trouble}\neach file is as it was or as it shall be; run it again to go on"))
    })?;
    show::out(&report(&plan, &folder, &state, wanted.servers.as_deref()))?;
    Ok(Status::Fine)
}

impl From<install::Trouble> for Trouble {
    fn from(trouble: install::Trouble) -> Trouble {
        Trouble::Told(trouble.to_string())
    }
}

fn release(text: &str) -> Result<Release, Trouble> {
    let release = Version::parse(text).and_then(Release::of);
    release.map_err(|reason| Trouble::Told(format!("--k3s {text}: {reason}")))
}

/// Stands for one that nobody told: only what leaves asks for it, and that is refused then.
fn newest() -> Result<Release, Trouble> {
    Release::of(Release::newest_known()).map_err(Trouble::Told)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn saved(path: &Path) -> Result<Plan, Trouble> {
    let text = fs::read_to_string(path).map_err(|error| Trouble::io(path, &error))?;
    Plan::parse(&text).map_err(|reason| {
        Trouble::Told(format!("{} is no plan of stackc diff --save: {reason}", path.display()))
    })
}

/// The files, from a stream or compiled here; none if the stack has findings that fail the run, which were shown.
fn wanted(arguments: &Arguments, color: Color) -> Result<Option<Wanted>, Trouble> {
    folder::refuse_input(&arguments.to)?;
    if let Some(from) = &arguments.from {
        let stream = install::parse_stream(&stream(from)?).map_err(Trouble::Told)?;
        let install::Stream { stack, files } = stream;
        let release = arguments.k3s.as_deref().map(release).transpose()?;
        return Ok(Some(Wanted { stack, release, files, servers: None }));
    }
    let stack = target::one(arguments.path.as_deref())?;
    let run = target::compiled(&stack, Demands { locked: arguments.locked, ..Demands::default() })?;
    let runs = [run];
    let totals = show::totals(&runs);
    let after = if totals.is_empty() { String::new() } else { format!("{totals}\n") };
    let [run] = &runs;
    if !run.findings.is_empty() {
        show::findings(&runs, (Format::Text, arguments.denial), color, Stream::Err, &after)?;
    }
    Ok(compiled(run).filter(|_| arguments.denial.status(&runs) == Status::Fine))
}

fn compiled(run: &Compiled) -> Option<Wanted> {
    let stack = run.stack.as_ref().filter(|_| run.errors == 0)?;
    let text = |file: &crate::emit::File| (file.name.clone(), file.text(&run.objects));
    let is_server = |roles: &[String]| roles.iter().any(|role| role == "control-plane" || role == "master");
    let servers = stack.nodes.iter().filter(|node| is_server(&node.roles));
    Some(Wanted {
        stack: stack.name.value.clone(),
        release: Some(stack.release),
        files: run.files.iter().map(text).collect(),
        servers: Some(servers.map(|node| node.name.value.clone()).collect()),
    })
}

fn stream(from: &Path) -> Result<String, Trouble> {
    let mut text = String::new();
    let read = if from == Path::new("-") {
        io::stdin().lock().take(LARGEST).read_to_string(&mut text)
    } else {
        fs::File::open(from).and_then(|file| file.take(LARGEST).read_to_string(&mut text))
    };
    read.map_err(|error| Trouble::io(from, &error))?;
    Ok(text)
}

fn refuse(refusals: &[Refusal]) {
    let lines =
        refusals.iter().map(|Refusal { message, help }| format!("error: {message}\n  help: {help}\n"));
    let count = plural(refusals.len(), "error");
    show::complain(&format!("nothing was changed\n{}{count}", lines.collect::<String>()));
}

/// Objects that go by this run, and that no earlier run was told to remove.
fn unseen(plan: &Plan) -> Vec<&Leaving> {
    let leaving = plan.steps.iter().flat_map(|step| &step.leaving);
    leaving.filter(|gone| matches!(gone.fate, Fate::Deleted | Fate::Orphaned) && !gone.agreed).collect()
}

/// Whether what goes may go: asked on a terminal, refused elsewhere.
fn agreed(plan: &Plan) -> Result<bool, Trouble> {
    let gone = unseen(plan);
    if gone.is_empty() {
        return Ok(true);
    }
    let lines: String = gone.iter().map(|gone| format!("  {}\n", gone.object)).collect();
    let what = plural(gone.len(), "object");
    if !(io::stdin().is_terminal() && io::stderr().is_terminal()) {
        show::complain(&format!(
            "nothing was changed: {what} would go that no diff has shown\n{lines}\
             look at it with stackc diff; if it is right: stackc install --yes"
        ));
        return Ok(false);
    }
    show::err(&format!("{what} will go:\n{lines}go on? [y/N] "))?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer).map_err(|error| Trouble::io(Path::new("stdin"), &error))?;
    let yes = matches!(answer.trim().to_lowercase().as_str(), "y" | "yes");
    if !yes {
        show::complain("nothing was changed");
    }
    Ok(yes)
}

fn report(plan: &Plan, folder: &Folder, state: &State, servers: Option<&[String]>) -> String {
    let mut told = String::new();
    for step in &plan.steps {
        let path = folder.path().join(&step.name);
        let path = path.display();
        let line = match step.does {
            Does::Keep => None,
            Does::Wait => Some(format!(
                "{path} waits: it is empty, so that k3s deletes what it made, and goes with an install a minute later"
            )),
            Does::Write => Some(format!("wrote {path}")),
            Does::Tombstone => Some(format!(
                "emptied {path}: k3s deletes what it made; the file goes with an install a minute later"
            )),
            Does::Remove => Some(format!("removed {path}")),
            Does::Forget => Some(format!(
                "{path} left the stack, and somebody had removed it already: what it made is still in the cluster"
            )),
        };
        told.extend(line.map(|line| format!("{line}\n")));
        told.extend(step.leaving.iter().map(fate));
    }
    let unchanged = plan.steps.iter().filter(|step| step.does == Does::Keep).count();
    if unchanged > 0 {
        told.push_str(&format!("unchanged: {}\n", plural(unchanged, "file")));
    }
    told.push_str(&remarks(plan, state, servers));
    told
}

fn fate(leaving: &Leaving) -> String {
    let Leaving { object, fate, by_hand, .. } = leaving;
    let what = match fate {
        Fate::Deleted => "k3s deletes it".to_owned(),
        Fate::Orphaned => "this release of k3s leaves it in the cluster".to_owned(),
        Fate::Stays => format!("it stays in the cluster; to delete it: {by_hand}"),
        Fate::Reversioned => {
            "its apiVersion changes, and k3s may delete it after the change: look whether it is there in a minute; if not, \
             restart k3s"
                .to_owned()
        }
        Fate::Recreated => {
            "it moves to a file that k3s reads later: k3s deletes it and makes it anew".to_owned()
        }
        Fate::Kept => format!("it holds data and stays; to delete it: stackc install --remove {object}"),
        Fate::Unguarded => "it may go now; an install a minute later deletes it".to_owned(),
        Fate::Waiting => "k3s may not have seen yet that it may go; install again in a minute".to_owned(),
    };
    format!("  {object}: {what}\n")
}

/// What k3s does not do by itself.
fn by_hand(plan: &Plan) -> String {
    let leaving = plan.steps.iter().flat_map(|step| &step.leaving);
    let orphans = leaving.filter(|leaving| leaving.fate == Fate::Orphaned);
    let orphans: Vec<String> = orphans.map(|leaving| leaving.by_hand.clone()).collect();
    let k3s = &plan.k3s;
    let parts = [
        (
            install::forgotten_addons(plan),
            format!(
                "{k3s} still knows the AddOn of a removed file, and would not apply the very same file again; to clear it:"
            ),
        ),
        (orphans, format!("{k3s} does not delete these; do it by hand when this has ended:")),
    ];
    let told = parts.into_iter().filter(|(lines, _)| !lines.is_empty());
    told.map(|(lines, why)| format!("{why}\n  {}\n", lines.join("\n  "))).collect()
}

/// What may surprise.
fn remarks(plan: &Plan, state: &State, servers: Option<&[String]>) -> String {
    let mut remarks = String::new();
    for step in plan.steps.iter().filter(|step| state.skipped.contains(&step.name)) {
        remarks.push_str(&format!("note: {0}.skip makes k3s overlook {0}\n", step.name));
    }
    for link in &state.dangling {
        remarks.push_str(&format!(
            "note: {link} is a link to nothing, and some releases of k3s then read no file\n"
        ));
    }
    let several = match servers {
        Some(servers) if servers.len() > 1 => format!("{} are k3s servers", servers.join(", ")),
        // A stream names no nodes: said once, with the first install.
        None if state.record.files.is_empty() => "if there are several k3s servers".to_owned(),
        _ => return remarks,
    };
    remarks.push_str(&format!(
        "note: {several}: k3s does not copy these files; keep them on one server alone, or install on each\n"
    ));
    remarks
}
