//! Bad stacks, and what `stackc check` tells people about each.
//!
//! `tests/checks/NAME/bad` is a stack with one thing wrong, `NAME/bad.txt` what is printed for it; `NAME/good`, where it is
//! there, is the same stack mended. To add one: the folder, then `STACKC_REWRITE=1 cargo test checks`, then read
//! `bad.txt` as the one who made the mistake. Stacks that no repository should hold are made in `tests/hostile.rs`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::stack::{Folder, Ran, command};
use crate::tools::ROOT;

/// No mistake may keep people waiting.
const AT_ONCE: Duration = Duration::from_secs(1);

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(ROOT).join("tests/checks");
    let mut cases: Vec<_> = folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    cases
}

/// What is printed for a bad stack; the status follows from it.
fn told(case: &Path) -> String {
    let ran = Ran::of(&mut command(case, "check bad"));
    let expected = i32::from(ran.out.contains("error["));
    assert_eq!((ran.status, ran.err.as_str()), (expected, ""), "{}", case.display());
    assert!(ran.took < AT_ONCE, "{}: {:?}", case.display(), ran.took);
    ran.out
}

#[test]
fn each_mistake_is_told_as_people_read_it() {
    let cases = cases();
    assert!(cases.len() >= 45, "{} bad stacks", cases.len());
    let mut changed = Vec::new();
    for case in cases {
        let (told, file) = (told(&case), case.join("bad.txt"));
        if std::env::var_os("STACKC_REWRITE").is_some() {
            std::fs::write(&file, &told).unwrap();
        }
        let known = std::fs::read_to_string(&file).unwrap_or_default();
        if told != known {
            changed.push(format!("--- {}: was\n{known}+++ is\n{told}", case.display()));
        }
    }
    assert!(changed.is_empty(), "look, then STACKC_REWRITE=1 cargo test checks\n{}", changed.join("\n"));
}

#[test]
fn what_is_printed_is_one_screen_and_harmless() {
    for case in cases() {
        let text = std::fs::read_to_string(case.join("bad.txt")).unwrap_or_default();
        let name = case.display();
        assert!(
            text.contains("error[") || text.contains("warning[") || text.contains("note["),
            "{name} tells nothing"
        );
        assert!(text.chars().all(|c| c == '\n' || !c.is_control()), "{name}");
        for line in text.lines().filter(|line| line.contains(" | ")) {
            assert!(line.chars().count() <= 200, "{name} shows a line uncut: {line}");
        }
    }
}

#[test]
fn mended_stacks_raise_nothing() {
    let good: Vec<_> = cases().into_iter().filter(|case| case.join("good").exists()).collect();
    assert!(good.len() >= 10, "{} mended stacks", good.len());
    for case in good {
        let ran = Ran::of(&mut command(&case, "check good --format json"));
        assert_eq!((ran.status, ran.codes()), (0, Vec::new()), "{}", case.display());
    }
}

/// What a finding's help says to paste, without the words before it.
fn to_paste(ran: &Ran, start: &str) -> String {
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let helps =
        report["findings"].as_array().unwrap().iter().flat_map(|finding| finding["help"].as_array().unwrap());
    let mut lines = helps.filter_map(|help| help.as_str().unwrap().split_once(start));
    lines.next().unwrap_or_else(|| panic!("no help has `{start}`: {}", ran.out)).1.to_owned()
}

#[test]
fn what_a_help_says_to_paste_mends_it() {
    let bare = "stackc: 1\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {arch: amd64}\n  beta: {arch: arm64}\n";
    for image in
        ["nginx:1.29", "library/redis:7", "registry.example:5000/team/api:2.0", "quay.io/a/b:1@sha256:"]
    {
        let image =
            if image.ends_with(':') { format!("{image}{}", "a".repeat(64)) } else { image.to_owned() };
        let app = format!("kind: app\nimage: {image}\nenv: {{A: {{secret: web, key: password}}}}\n");
        let folder = Folder::new().with("demo/stack.yaml", bare).with("demo/apps/web.yaml", &app);
        let ran = folder.stackc("check demo --format json");
        assert_eq!(ran.codes(), ["image-platforms-unknown", "secret-unknown"], "{image}");
        let platforms = to_paste(&ran, "stack.yaml:\nplatforms:");
        let secrets = to_paste(&ran, "stack.yaml:\nsecrets:");
        folder.write("demo/stack.yaml", format!("{bare}platforms:{platforms}\nsecrets:{secrets}\n"));
        assert_eq!(folder.stackc("check demo --format json").codes(), [""; 0], "{image}");

        let one = platforms.replace("[amd64, arm64]", "[amd64]");
        folder.write("demo/stack.yaml", format!("{bare}platforms:{one}\nsecrets:{secrets}\n"));
        let ran = folder.stackc("check demo --format json");
        assert_eq!(ran.codes(), ["image-lacks-arch"], "{image}");
        folder.write("demo/apps/web.yaml", format!("{app}{}\n", to_paste(&ran, "nodes that run it: ")));
        assert_eq!(folder.stackc("check demo --format json").codes(), [""; 0], "{image}");
    }
}
