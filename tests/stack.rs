//! A stack in a folder of its own, and the built `stackc` run in it.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::tools::ROOT;

/// stack.yaml of the small stack that compiles.
pub(crate) const STACK: &str = "stackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  \
                                alpha: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n";
/// Its app, apps/web.yaml.
pub(crate) const APP: &str = "kind: app\nimage: registry.example/web:1.0\n";

/// A folder that goes away with its value. The search for a stack stops there, as at a repository's top.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Folder {
        static MADE: AtomicUsize = AtomicUsize::new(0);
        let name = format!("{}-{}", std::process::id(), MADE.fetch_add(1, Ordering::Relaxed));
        let folder = Folder(Path::new(env!("CARGO_TARGET_TMPDIR")).join(name));
        std::fs::create_dir_all(folder.at(".git")).unwrap();
        folder
    }

    /// With the small stack in `demo`.
    pub(crate) fn demo() -> Folder {
        Folder::new().with("demo/stack.yaml", STACK).with("demo/apps/web.yaml", APP)
    }

    /// With a file more, or with another content.
    pub(crate) fn with(self, path: &str, content: impl AsRef<[u8]>) -> Folder {
        self.write(path, content);
        self
    }

    pub(crate) fn write(&self, path: &str, content: impl AsRef<[u8]>) {
        let path = self.at(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, content).unwrap();
    }

    pub(crate) fn at(&self, path: &str) -> PathBuf {
        self.0.join(path)
    }

    pub(crate) fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.at(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
    }

    /// Names of what lies in a folder, sorted.
    pub(crate) fn list(&self, path: &str) -> Vec<String> {
        let entries = std::fs::read_dir(self.at(path)).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    /// Runs `stackc` here; arguments are parted by spaces.
    pub(crate) fn stackc(&self, arguments: &str) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// The same, not yet started.
    pub(crate) fn command(&self, arguments: &str) -> Command {
        command(&self.0, arguments)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// `stackc` in a folder, with an empty environment: no `CI`, `NO_COLOR` or `COLUMNS` of whoever runs the tests.
pub(crate) fn command(folder: &Path, arguments: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackc"));
    command.args(arguments.split_whitespace()).current_dir(folder).env_clear().stdin(Stdio::null());
    command
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

impl Ran {
    pub(crate) fn of(command: &mut Command) -> Ran {
        let start = Instant::now();
        let output = command.output().unwrap();
        let took = start.elapsed();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let ran = Ran {
            status: output.status.code().unwrap_or_else(|| panic!("{command:?}: {}", output.status)),
            out: text(output.stdout),
            err: text(output.stderr),
            took,
        };
        assert!(!ran.err.contains("panicked at"), "{command:?}\n{}", ran.err);
        ran
    }

    /// Codes of the findings that `--format json` printed.
    pub(crate) fn codes(&self) -> Vec<String> {
        let report: serde_json::Value =
            serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}\n{self:?}"));
        let findings = report["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    }
}

/// The stacks that the repository carries.
pub(crate) fn carried() -> Vec<String> {
    let mut stacks = Vec::new();
    for folder in ["stacks", "overlays", "tests/stacks"] {
        for entry in std::fs::read_dir(format!("{ROOT}/{folder}")).unwrap() {
            stacks.push(format!("{folder}/{}", entry.unwrap().file_name().to_str().unwrap()));
        }
    }
    stacks.sort();
    stacks
}
