//! stackc.lock is seen whole or not at all: `lock` is killed at each system call in turn, and each call of its writing is
//! made to fail.

use std::ops::Range;
use std::process::Command;

use crate::stack::{Folder, Ran};

const ARGUMENTS: [&str; 4] = ["lock", "--offline", "--cloudflare-from", "list"];

/// As in `tests/ranges.rs`, one more than the old lock has.
fn list() -> String {
    let lock = std::fs::read_to_string(format!("{}/stacks/oracle/stackc.lock", crate::tools::ROOT)).unwrap();
    lock.lines()
        .filter_map(|line| Some(format!("{}\n", line.strip_prefix("  - ")?.trim_matches('"'))))
        .collect()
}

/// A stack with an old lock, or none, and what the new one will be.
struct Case {
    folder: Folder,
    old: Option<String>,
    new: String,
}

impl Case {
    fn new(with_old: bool) -> Case {
        let stack = "stackc: 1\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {arch: amd64}\n\
                     ingress: {clientIP: cloudflare, place: {node: alpha}}\n";
        let folder = Folder::new().with("home/stack.yaml", stack).with("list", list());
        let run = || assert_eq!(folder.stackc(&ARGUMENTS.join(" ")).status, 0);
        run();
        let old = folder.read("home/stackc.lock");
        folder.write("list", list() + "8.8.8.0/24\n");
        run();
        let new = folder.read("home/stackc.lock");
        assert_ne!(old, new);
        Case { folder, old: with_old.then_some(old), new }
    }

    /// As it was before.
    fn restore(&self) {
        for name in self.folder.list("home").iter().filter(|name| name.contains("stackc.lock")) {
            std::fs::remove_file(self.folder.at(&format!("home/{name}"))).unwrap();
        }
        if let Some(old) = &self.old {
            self.folder.write("home/stackc.lock", old);
        }
    }

    /// Runs under strace; the calls that it saw, and whether the run ended well.
    fn traced(&self, inject: &str) -> (Vec<String>, bool) {
        let mut command = Command::new("strace");
        command.args(["-f", "-o"]).arg(self.folder.at("trace"));
        if !inject.is_empty() {
            command.args(["-e", inject]);
        }
        command.arg(env!("CARGO_BIN_EXE_stackc")).args(ARGUMENTS).current_dir(self.folder.at("")).env_clear();
        let output = command.output().unwrap_or_else(|error| {
            panic!("strace: {error}: run tests/run, which installs what the tests need")
        });
        let trace = self.folder.read("trace");
        let call = |line: &str| line.split_once(' ').unwrap().1.trim_start().to_owned();
        let calls = trace.lines().map(call).filter(|line| !line.starts_with("+++"));
        (calls.collect(), output.status.success())
    }

    fn now(&self) -> Option<String> {
        let path = self.folder.at("home/stackc.lock");
        path.exists().then(|| self.folder.read("home/stackc.lock"))
    }

    fn leftovers(&self) -> Vec<String> {
        self.folder.list("home").into_iter().filter(|name| name.starts_with('.')).collect()
    }
}

/// The writing part of a trace: places of its calls.
fn writing(calls: &[String]) -> Range<usize> {
    calls.iter().position(|call| call.contains("stackc.lock.")).unwrap()..calls.len()
}

fn name(call: &str) -> &str {
    call.split('(').next().unwrap()
}

/// What makes strace do something at the call at this place: it counts the calls of each name.
fn at(calls: &[String], place: usize, what: &str) -> String {
    let name = name(&calls[place]);
    let count = calls[..=place].iter().filter(|call| self::name(call) == name).count();
    format!("inject={name}:{what}:when={count}")
}

#[test]
fn killed_at_each_call_it_leaves_the_old_or_the_new() {
    for with_old in [true, false] {
        let case = Case::new(with_old);
        case.restore();
        let (calls, fine) = case.traced("");
        assert!(fine && case.now().as_deref() == Some(&case.new));
        assert!(calls.iter().any(|call| call.starts_with("rename(")), "{calls:#?}");
        let long = std::env::var_os("STACKC_LONG").is_some();
        // the first is the shell's: it starts the program
        let places = if long { 1..calls.len() } else { writing(&calls) };
        let (mut before, mut after, mut torn) = (0, 0, 0);
        for place in places {
            case.restore();
            let (seen, fine) = case.traced(&at(&calls, place, "signal=SIGKILL"));
            assert!(!fine, "{}", calls[place]);
            assert_eq!(seen.last().map(|call| name(call)), Some(name(&calls[place])), "killed at {place}");
            let now = case.now();
            if now == case.old {
                before += 1;
            } else {
                assert_eq!(now.as_ref(), Some(&case.new), "killed at {place}: {:?}", seen.last());
                after += 1;
            }
            torn += case.leftovers().len();
            // what it left behind does not hinder the next
            let check = case.folder.stackc("check");
            assert_eq!((check.status, check.err.as_str()), (0, ""), "killed at {place}: {}", check.out);
            assert_eq!(case.folder.stackc(&ARGUMENTS.join(" ")).status, 0);
            assert_eq!(case.now().as_ref(), Some(&case.new), "after {place}");
        }
        assert!(
            before > 3 && after > 3 && torn > 2,
            "{before} before, {after} after, {torn} left a file behind"
        );
    }
}

#[test]
fn a_call_that_fails_is_told_and_leaves_the_old() {
    let case = Case::new(true);
    case.restore();
    let (calls, _) = case.traced("");
    let mut failed = Vec::new();
    for place in writing(&calls) {
        let call = name(&calls[place]);
        let errors: &[&str] = match call {
            "openat" => &["EACCES", "EROFS", "ENOSPC", "EMFILE"],
            "write" | "fsync" => &["ENOSPC", "EIO"],
            "rename" => &["EROFS", "EIO"],
            _ => continue,
        };
        for error in errors {
            case.restore();
            let (seen, fine) = case.traced(&at(&calls, place, &format!("error={error}")));
            assert!(!fine, "{call} {error}");
            assert_eq!(case.leftovers(), Vec::<String>::new(), "{call} {error}");
            let moved = seen.iter().any(|call| call.starts_with("rename(") && call.ends_with(" = 0"));
            let expected = if moved { Some(&case.new) } else { case.old.as_ref() };
            assert_eq!(case.now().as_ref(), expected, "{call} {error}");
        }
        failed.push(call);
    }
    assert_eq!(failed, ["openat", "write", "fsync", "rename", "openat", "fsync", "write"]);
    // one that was only disturbed goes on
    let write = writing(&calls).find(|place| name(&calls[*place]) == "write").unwrap();
    case.restore();
    assert!(case.traced(&at(&calls, write, "error=EINTR")).1);
    assert_eq!(case.now().as_ref(), Some(&case.new));
}

#[test]
fn a_folder_that_cannot_be_written() {
    let case = Case::new(true);
    case.restore();
    let (calls, _) = case.traced("");
    let open = writing(&calls).find(|place| name(&calls[*place]) == "openat").unwrap();
    case.restore();
    let mut command = Command::new("strace");
    command.args(["-o", "/dev/null", "-e", &at(&calls, open, "error=EACCES")]);
    command.arg(env!("CARGO_BIN_EXE_stackc")).args(ARGUMENTS).current_dir(case.folder.at("")).env_clear();
    let ran = Ran::of(&mut command);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert_eq!(ran.err, "stackc: home/stackc.lock: Permission denied (os error 13)\n");
    assert_eq!(case.now(), case.old);
    // looking needs no leave to write
    let mut command = Command::new("strace");
    command.args(["-f", "-o"]).arg(case.folder.at("trace")).arg(env!("CARGO_BIN_EXE_stackc"));
    let ran = Ran::of(command.args(ARGUMENTS).arg("--check").current_dir(case.folder.at("")).env_clear());
    assert_eq!(ran.status, 1, "{}", ran.err);
    let trace = case.folder.read("trace");
    assert!(!["O_CREAT", "O_WRONLY", "O_RDWR", "rename", "unlink"].iter().any(|word| trace.contains(word)));
}

#[test]
fn many_at_once_leave_one_whole() {
    let case = Case::new(true);
    case.restore();
    let start =
        || case.folder.command(&ARGUMENTS.join(" ")).stdout(std::process::Stdio::null()).spawn().unwrap();
    let children: Vec<_> = (0..8).map(|_| start()).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    assert_eq!((case.now().as_ref(), case.leftovers()), (Some(&case.new), vec![]));
}
