//! A stack as it was at a revision. git is started here and nowhere else.
//!
//! Whose repository it is does not matter: nothing that its own configuration names is ever started. `git rev-parse` starts
//! nothing; `git archive` would run filters (`filter.*.smudge`), so it sees the repository's objects alone, from a folder
//! that stackc has made.
#![expect(clippy::disallowed_methods, reason = "diff --ref asks git")]

use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::private::Private;
use super::tar;
use crate::cli::Trouble;

/// What a revision held, for as long as this value lives.
pub(super) struct Past {
    folder: Private,
    /// The stack's folder there, below the repository's.
    stack: PathBuf,
    /// The repository's name: a stack without `name` may be called so.
    root: PathBuf,
}

/// What git knows of a folder.
struct Repository {
    root: PathBuf,
    /// The folder, from the root.
    below: PathBuf,
    objects: PathBuf,
    format: String,
    commit: String,
}

/// All that a revision of the stack's repository holds, unpacked.
pub(super) fn past(stack: &Path, revision: &str) -> Result<Past, Trouble> {
    let repository = repository(stack, revision)?;
    let told = |error: io::Error| Trouble::Told(format!("cannot unpack {revision}: {error}"));
    let folder = Private::new().map_err(told)?;
    let name = repository.root.file_name().unwrap_or(OsStr::new("repository"));
    let root = folder.path().join("work").join(name);
    // What a stack includes may lie anywhere in its repository, and nowhere else: `.git` marks where that ends.
    fs::create_dir_all(root.join(".git")).map_err(told)?;
    let git = folder.path().join("git");
    bare(&git, &repository.format).map_err(told)?;
    unpack(&git, &repository, &root).map_err(told)?;
    Ok(Past { stack: root.join(&repository.below), root, folder })
}

impl Past {
    /// The stack's folder; none if it has not been there yet.
    pub(super) fn stack(&self) -> Option<&Path> {
        self.stack.is_dir().then_some(&self.stack)
    }

    /// What stands before the path that a file has in its repository.
    pub(super) fn before_paths(&self) -> String {
        debug_assert!(self.root.starts_with(self.folder.path()));
        format!("{}/", self.root.display())
    }
}

/// git without what the caller's environment says of repositories: a hook of git's own sets `GIT_DIR`.
fn git() -> Command {
    let mut command = Command::new("git");
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
        command.env_remove(name);
    }
    let settings = [
        ("LC_ALL", "C"),
        ("GIT_TERMINAL_PROMPT", "0"),
        ("GIT_OPTIONAL_LOCKS", "0"),
        ("GIT_NO_LAZY_FETCH", "1"),
        ("GIT_NO_REPLACE_OBJECTS", "1"),
    ];
    command.envs(settings).stdin(Stdio::null());
    command
}

fn repository(stack: &Path, revision: &str) -> Result<Repository, Trouble> {
    // `^main` asks for what is not there; git would print it with its sign.
    if revision.is_empty() || revision.starts_with(['-', '^']) {
        return Err(Trouble::Told(format!(
            "--ref takes a revision such as main or HEAD~1, not {revision:?}"
        )));
    }
    let asked = ["--show-toplevel", "--show-prefix", "--show-object-format", "--git-path", "objects"];
    let told = ask(stack, &asked)?.map_err(|error| {
        Trouble::Told(format!("{} lies in no repository that git takes: {error}", stack.display()))
    })?;
    let mut lines = told.split('\n');
    let mut line = || lines.next().unwrap_or_default().to_owned();
    let (root, below, format, objects) = (line(), line(), line(), line());
    // First what it names: `:/text` takes all that follows for its text.
    let mut commit = revision.to_owned();
    for of_commit in ["", "^{commit}"] {
        let named = format!("{}{of_commit}", commit.trim());
        commit = ask(stack, &["--verify", "--quiet", &named])?.map_err(|_| {
            Trouble::Told(format!(
                "git knows no commit {revision:?} here; a shallow clone may lack it: git fetch"
            ))
        })?;
    }
    Ok(Repository {
        root: root.into(),
        below: below.into(),
        objects: stack.join(objects),
        format,
        commit: commit.trim().to_owned(),
    })
}

/// What `git rev-parse` says, or why it says nothing.
fn ask(stack: &Path, questions: &[&str]) -> Result<Result<String, String>, Trouble> {
    let output = git().arg("-C").arg(stack).arg("rev-parse").args(questions).output();
    let output = output.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Trouble::Told("--ref needs git, which is not installed here".to_owned()),
        _ => Trouble::Told(format!("git: {error}")),
    })?;
    if output.status.success() {
        return Ok(Ok(String::from_utf8_lossy(&output.stdout).into_owned()));
    }
    Ok(Err(words(&output.stderr)))
}

/// What git says on stderr.
fn words(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said);
    let lines = said.lines().map(|line| line.trim_start_matches("fatal: ").trim_start_matches("error: "));
    lines.filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
}

/// The least that git takes for a repository: no configuration but its own form.
fn bare(git: &Path, format: &str) -> io::Result<()> {
    for folder in ["objects", "refs"] {
        fs::create_dir_all(git.join(folder))?;
    }
    fs::write(git.join("HEAD"), "ref: refs/heads/none\n")?;
    let extension = match format {
        "sha256" => "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n",
        _ => "[core]\n\trepositoryformatversion = 0\n",
    };
    fs::write(git.join("config"), extension)
}

fn unpack(git_dir: &Path, repository: &Repository, root: &Path) -> io::Result<()> {
    let said = git_dir.join("said");
    let mut child = git()
        .env("GIT_DIR", git_dir)
        .env("GIT_OBJECT_DIRECTORY", fs::canonicalize(&repository.objects)?)
        .env("GIT_CONFIG_NOSYSTEM", "1")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .env("GIT_ATTR_NOSYSTEM", "1")
        .args(["archive", "--format=tar", &repository.commit])
        .current_dir(git_dir)
        .stdout(Stdio::piped())
        .stderr(fs::File::create(&said)?)
        .spawn()?;
    let unpacked = child.stdout.take().map_or(Ok(()), |archive| tar::unpack(archive, root));
    let status = child.wait()?;
    if status.success() {
        return unpacked;
    }
    // An archive that breaks off is git's doing, and git says why.
    match (fs::read(said)?.as_slice(), unpacked) {
        ([], Err(error)) => Err(error),
        ([], Ok(())) => Err(io::Error::other(format!("git archive ended with {status}"))),
        (said, _) => Err(io::Error::other(words(said))),
    }
}
