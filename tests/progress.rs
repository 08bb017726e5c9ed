//! What people see while they wait for registries: nothing of it stays on a terminal.

use std::process::Command;
use std::time::Duration;

use crate::lock_kept::{home, honest, run};
use crate::server::Server;
use crate::stack::{Folder, Ran};

/// Runs `stackc` with a terminal as its stdout and stderr; what was written to it.
fn on_a_terminal(folder: &Folder, arguments: &str, term: &str) -> String {
    let mut command = Command::new("script");
    let line = format!("{} {arguments}", env!("CARGO_BIN_EXE_stackc"));
    command.args(["--quiet", "--return", "--command", &line, "/dev/null"]).current_dir(folder.at(""));
    command.env_clear().env("PATH", "/usr/bin:/bin").env("SHELL", "/bin/sh").env("TERM", term);
    let ran = Ran::of(command.env("DOCKER_CONFIG", folder.at("docker")));
    assert_eq!(ran.status, 0, "{}", ran.out);
    ran.out
}

/// What is left on the screen when all was written.
fn screen(written: &str) -> String {
    let (mut done, mut line) = (String::new(), String::new());
    let mut rest = written;
    while !rest.is_empty() {
        if let Some(after) = rest.strip_prefix("\r\n") {
            done.push_str(&format!("{}\n", std::mem::take(&mut line)));
            rest = after;
        } else if let Some(after) = rest.strip_prefix("\r\u{1b}[2K") {
            line.clear();
            rest = after;
        } else if let Some(after) =
            rest.strip_prefix("\u{1b}[?7l").or_else(|| rest.strip_prefix("\u{1b}[?7h"))
        {
            rest = after;
        } else {
            let mut all = rest.chars();
            line.extend(all.next());
            rest = all.as_str();
        }
    }
    done.push_str(&line);
    assert!(done.chars().all(|c| c == '\n' || !c.is_control()), "{done:?}");
    done
}

fn slow() -> Server {
    Server::start(|heard| {
        std::thread::sleep(Duration::from_millis(100));
        honest(heard)
    })
}

#[test]
fn a_bar_on_a_terminal_that_leaves_no_trace() {
    let server = slow();
    let folder = home(&server);
    let other = format!("{}/demo/{}:1.0", server.host(), "long-".repeat(40) + "name");
    folder.write("home/apps/other.yaml", format!("kind: app\nimage: {other}\n"));
    let written = on_a_terminal(&folder, "lock", "xterm");
    let image = format!("{}/demo/app:1.0", server.host());
    assert!(written.contains(&format!("[0/2] {image}")) && written.contains("[2/2] "), "{written:?}");
    let bars = written.split("\r\u{1b}[2K").skip(1);
    assert!(
        bars.clone().all(|bar| bar.starts_with("\u{1b}[?7l") && bar.contains("\u{1b}[?7h")),
        "{written:?}"
    );
    let left = screen(&written);
    let mut lines: Vec<&str> = left.lines().collect();
    assert_eq!(lines.pop(), Some("wrote home/stackc.lock (2 images)"), "{left}");
    assert!(
        lines.len() == 2 && lines.iter().all(|line| line.starts_with("added ") || line.starts_with("moved ")),
        "{left}"
    );
}

#[test]
fn lines_where_there_is_none() {
    let server = slow();
    let folder = home(&server);
    let image = format!("{}/demo/app:1.0", server.host());
    let ran = run(&folder, "lock");
    assert_eq!((ran.status, ran.err), (0, format!("asked {image}\n")));
    assert!(!ran.out.contains('\u{1b}'), "{}", ran.out);
    // a terminal that can only write on
    let written = on_a_terminal(&folder, "lock", "dumb");
    assert_eq!(written, format!("asked {image}\r\nhome/stackc.lock is up to date\r\n"));
}
