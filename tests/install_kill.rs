//! An install that is stopped, or whose disk fails, at any system call: no file that k3s reads is ever torn or short, and
//! the next run mends everything. strace stops it there; `tests/run` installs strace.

#![expect(clippy::print_stdout, reason = "counts, for --nocapture")]

use std::collections::BTreeMap;
use std::process::{Command, Output};

use crate::random::long;
use crate::stack::{APP, Folder, STACK};

const STORE: &str = "kind: app\nimage: registry.example/web:1.0\nvolumes: {/data: {pvc: 1Gi}}\n";

const ERRORS: [&str; 5] = ["ENOSPC", "EIO", "EROFS", "EACCES", "EXDEV"];

/// Calls that can fail for the reasons above.
const ON_FILES: [&str; 9] =
    ["openat", "write", "fsync", "rename", "unlink", "close", "statx", "getdents64", "read"];

/// Names and contents; times in the record are not compared.
type Content = BTreeMap<String, String>;

/// One install that does all that an install can do: a file is changed, a new one comes, one becomes a tombstone, of one
/// its claim stays, a tombstone goes, and one is as it was.
struct Scene {
    folder: Folder,
    before: Content,
    after: Content,
    /// The calls of a run in their order.
    calls: Vec<String>,
    /// The first call that writes.
    writes: usize,
}

impl Scene {
    fn new() -> Scene {
        let folder = Folder::new().with("demo/stack.yaml", STACK).with("k3s/README", "");
        let app = |name: &str, text: &str| folder.write(&format!("demo/apps/{name}.yaml"), text);
        let gone = |name: &str| std::fs::remove_file(folder.at(&format!("demo/apps/{name}.yaml"))).unwrap();
        for name in ["same", "changed", "leaves", "left"] {
            app(name, APP);
        }
        app("store", STORE);
        install(&folder, "demo");
        gone("left");
        install(&folder, "demo");
        let record = folder.read("k3s/.stackc-demo.record");
        let (start, rest) = record.split_once("\"since\": ").unwrap();
        let (_, end) = rest.split_once('\n').unwrap();
        folder.write("k3s/.stackc-demo.record", format!("{start}\"since\": 1750000000\n{end}"));
        let before = content(&folder, "k3s");
        app("changed", &format!("{APP}replicas: 2\n"));
        app("fresh", APP);
        gone("leaves");
        gone("store");
        folder.write("stream", folder.stackc("build demo").out);

        copy(&folder, &before);
        let traced = strace(&folder, &[]);
        assert!(traced.status.success(), "{}", String::from_utf8_lossy(&traced.stderr));
        let trace = folder.read("trace");
        let name = |line: &str| line.split('(').next().unwrap().to_owned();
        let calls: Vec<String> = trace.lines().filter(|line| line.contains('(')).map(name).collect();
        let writes = calls.iter().rposition(|call| call == "getdents64").unwrap() + 2;
        let after = content(&folder, "run");
        let what: Vec<&str> = after.keys().map(String::as_str).collect();
        assert_eq!(
            what,
            [
                ".stackc-demo.record",
                "README",
                "demo-changed.yaml",
                "demo-fresh.yaml",
                "demo-leaves.yaml",
                "demo-same.yaml",
                "demo-store.yaml"
            ]
        );
        assert!(before.contains_key("demo-left.yaml") && after["demo-leaves.yaml"].lines().count() == 1);
        Scene { folder, before, after, calls, writes }
    }

    /// Each call from the given one on, with the how manieth of its name it is.
    fn points(&self, from: usize) -> Vec<(&str, usize)> {
        let nth =
            |index: usize| self.calls[..=index].iter().filter(|call| **call == self.calls[index]).count();
        (from..self.calls.len()).map(|index| (self.calls[index].as_str(), nth(index))).collect()
    }

    /// Runs with a fault put in; then the folder must be sound, and sound and whole after one run more.
    fn run(&self, fault: &str) -> Output {
        copy(&self.folder, &self.before);
        let (call, _) = fault.split_once(':').unwrap();
        let ran = strace(&self.folder, &["-e", &format!("trace={call}"), "-e", &format!("inject={fault}")]);
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(!said.contains("panicked"), "{fault}: {said}");
        let now = content(&self.folder, "run");
        for (name, text) in now.iter().filter(|(name, _)| !name.starts_with('.')) {
            let sound = self.before.get(name) == Some(text) || self.after.get(name) == Some(text);
            assert!(sound, "{fault}: {name} is neither old nor new:\n{text}");
        }
        for name in self.before.keys().filter(|name| self.after.contains_key(*name)) {
            assert!(now.contains_key(name), "{fault}: {name} is missing");
        }
        if ran.status.success() {
            assert_eq!(now, self.after, "{fault}: the run said that all was well");
        }
        let unasked = self.folder.stackc("install --from stream --k3s v1.37.1+k3s1 --to run");
        assert!(!unasked.err.contains("error:"), "{fault}: a file has lost its owner: {}", unasked.err);
        let mended = self.folder.stackc("install --from stream --k3s v1.37.1+k3s1 --to run --yes");
        assert_eq!(mended.status, 0, "{fault}: {}{}", mended.out, mended.err);
        assert_eq!(content(&self.folder, "run"), self.after, "{fault}: the next run has not mended it");
        ran
    }
}

fn install(folder: &Folder, stack: &str) {
    let ran = folder.stackc(&format!("install {stack} --to k3s --yes"));
    assert_eq!(ran.status, 0, "{}", ran.err);
}

/// What lies in a folder, without the times of the record.
fn content(folder: &Folder, path: &str) -> Content {
    let one = |name: String| {
        let text = folder.read(&format!("{path}/{name}"));
        let lines: Vec<&str> = text
            .lines()
            .filter(|line| !line.contains("\"since\": ") || line.ends_with(" 1750000000"))
            .collect();
        let text = if name.ends_with(".record") { lines.join("\n") } else { text };
        (name, text)
    };
    folder.list(path).into_iter().map(one).collect()
}

/// The folder before the install, as `run`.
fn copy(folder: &Folder, before: &Content) {
    let _ = std::fs::remove_dir_all(folder.at("run"));
    for (name, text) in before {
        folder.write(&format!("run/{name}"), text);
    }
}

fn strace(folder: &Folder, options: &[&str]) -> Output {
    let mut command = Command::new("strace");
    command.args(["-o", "trace"]).args(options).arg(env!("CARGO_BIN_EXE_stackc"));
    command.args(["install", "--from", "stream", "--k3s", "v1.37.1+k3s1", "--to", "run", "--yes"]);
    let output = command.env_clear().env("PATH", "/usr/bin:/bin").current_dir(folder.at("")).output();
    output.expect("strace, which tests/run installs")
}

#[test]
fn killed_at_any_call() {
    let scene = Scene::new();
    let points = scene.points(long(scene.writes, 0));
    let mut killed = 0;
    for (call, nth) in &points {
        let ran = scene.run(&format!("{call}:signal=SIGKILL:when={nth}"));
        killed += usize::from(!ran.status.success());
    }
    println!("killed at {killed} of {} calls", points.len());
    assert!(killed > 40 && killed + 2 >= points.len(), "{killed} of {}", points.len());
}

#[test]
fn failed_at_any_call() {
    let scene = Scene::new();
    let locked = scene.calls.iter().position(|call| call == "flock").unwrap();
    let mut points = scene.points(scene.writes);
    if long(0, 1) == 1 {
        // The standard library takes a folder that cannot be closed for a mistake of the program's, and panics.
        let read = scene.points(locked).into_iter().take(scene.writes - locked);
        points.extend(read.filter(|(call, _)| *call != "close"));
    }
    points.retain(|(call, _)| ON_FILES.contains(call));
    let errors_of = long(1, ERRORS.len());
    let (mut runs, mut failed) = (0, 0);
    for (index, (call, nth)) in points.iter().enumerate() {
        for turn in 0..errors_of {
            let error = ERRORS[(index + turn) % ERRORS.len()];
            let ran = scene.run(&format!("{call}:error={error}:when={nth}"));
            assert!(matches!(ran.status.code(), Some(0 | 2)), "{call} {nth} {error}: {:?}", ran.status);
            runs += 1;
            failed += usize::from(ran.status.code() == Some(2));
        }
    }
    println!("{failed} of {runs} installs with a failing call said so, the others did their work");
    assert!(failed > 20);
}

/// A disk that fails before the first file is in its place leaves all as it was.
#[test]
fn a_full_disk_changes_nothing() {
    let scene = Scene::new();
    let renamed = scene.calls.iter().position(|call| call == "rename").unwrap();
    let staged = scene.points(scene.writes).into_iter().take(renamed - scene.writes);
    for (call, nth) in staged.filter(|(call, _)| matches!(*call, "openat" | "write" | "fsync")) {
        copy(&scene.folder, &scene.before);
        let fault = format!("inject={call}:error=ENOSPC:when={nth}");
        let ran = strace(&scene.folder, &["-e", &format!("trace={call}"), "-e", &fault]);
        let said = String::from_utf8_lossy(&ran.stderr);
        assert_eq!(ran.status.code(), Some(2), "{fault}: {said}");
        assert!(said.contains("No space left on device"), "{said}");
        assert_eq!(content(&scene.folder, "run"), scene.before, "{fault}");
    }
}
