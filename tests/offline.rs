//! `build` and `check` need no network: they run where there is none, and never ask for a socket.

use std::process::Command;

use crate::stack::{Folder, Ran, carried};
use crate::tools::{ROOT, stdout};

/// `stackc` in a network of its own, which has no interface that is up.
pub(crate) fn alone(folder: &Folder, arguments: &str) -> Command {
    namespaces();
    let plain = folder.command(arguments);
    let mut command = Command::new("unshare");
    command.arg("-rn").arg(plain.get_program()).args(plain.get_args());
    command.current_dir(folder.at("")).env_clear().stdin(std::process::Stdio::null());
    command
}

fn namespaces() {
    let ran = Command::new("unshare").args(["-rn", "true"]).output().unwrap();
    assert!(
        ran.status.success(),
        "no network namespace for the tests: {}\nallow user namespaces (sysctl kernel.unprivileged_userns_clone=1, \
         kernel.apparmor_restrict_unprivileged_userns=0; in a container --security-opt seccomp=unconfined), or run them as root",
        String::from_utf8_lossy(&ran.stderr)
    );
}

#[test]
fn without_any_interface_they_say_the_same() {
    namespaces();
    let none = stdout(Command::new("unshare").args(["-rn", "sh", "-c", "cat /proc/net/dev"]));
    assert!(none.lines().skip(2).all(|line| line.trim_start().starts_with("lo:")), "{none}");
    for stack in carried() {
        for arguments in [format!("build {stack}"), format!("check {stack}"), format!("nodes {stack}")] {
            let expected = Ran::of(&mut crate::stack::command(std::path::Path::new(ROOT), &arguments));
            let mut command = Command::new("unshare");
            command.arg("-rn").arg(env!("CARGO_BIN_EXE_stackc")).args(arguments.split(' '));
            let ran = Ran::of(command.current_dir(ROOT).env_clear());
            assert_eq!(
                (ran.status, ran.out, ran.err),
                (expected.status, expected.out, expected.err),
                "{arguments}"
            );
        }
    }
}

#[test]
fn they_ask_for_no_socket() {
    let folder = Folder::new();
    let log = folder.at("trace");
    for stack in carried() {
        for arguments in [
            format!("build {stack}"),
            format!("build {stack} -o {}", folder.at("out").display()),
            format!("check {stack} --locked"),
            format!("lock {stack} --offline --check"),
        ] {
            let mut command = Command::new("strace");
            command.args(["-f", "-e", "trace=network", "-o"]).arg(&log);
            command.arg(env!("CARGO_BIN_EXE_stackc")).args(arguments.split(' '));
            Ran::of(command.current_dir(ROOT).env_clear());
            let trace = folder.read("trace");
            let calls: Vec<&str> = trace.lines().filter(|line| !line.contains("+++ exited with ")).collect();
            assert_eq!(calls, Vec::<&str>::new(), "{arguments}");
        }
    }
    // the trace would show one
    let image = "kind: app\nimage: 127.0.0.1:1/demo/app:1.0\n";
    let folder = Folder::demo().with("demo/apps/web.yaml", image);
    let mut command = Command::new("strace");
    command.args(["-f", "-e", "trace=network", "-o"]).arg(folder.at("trace"));
    Ran::of(
        command
            .arg(env!("CARGO_BIN_EXE_stackc"))
            .args(["lock", "demo"])
            .current_dir(folder.at(""))
            .env_clear(),
    );
    assert!(folder.read("trace").contains("connect("));
}
