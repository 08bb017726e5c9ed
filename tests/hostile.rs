//! Input that attacks: told in under a second, and harmless on a terminal.

use std::time::Duration;

use crate::stack::{APP, Folder, Ran, STACK};

/// A second of what people run; a debug build is several times slower.
pub(crate) const AT_ONCE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 8 } else { 1 });

/// What `check` says of the small stack with one file more.
fn told(path: &str, content: impl AsRef<[u8]>) -> Ran {
    let folder = Folder::demo().with(path, content);
    let ran = folder.stackc("check demo");
    assert_eq!((ran.status, ran.err.as_str()), (1, ""), "{path}");
    assert!(ran.took < AT_ONCE, "{path}: {:?}", ran.took);
    assert!(ran.out.len() < 10_000, "{path}: {} bytes", ran.out.len());
    harmless(&ran.out);
    ran
}

/// No control character, no mark of direction.
pub(crate) fn harmless(text: &str) {
    let marks =
        "\u{61c}\u{200e}\u{200f}\u{202a}\u{202b}\u{202c}\u{202d}\u{202e}\u{2066}\u{2067}\u{2068}\u{2069}";
    let bad = text.chars().find(|c| c.is_control() && *c != '\n' || marks.contains(*c));
    assert_eq!(bad, None, "{text:?}");
}

const EVIL: &str = "\u{1b}[2J\u{9b}31m\u{202e}\u{200f}\u{7}\u{0}x";

#[test]
fn marks_and_escapes_in_a_file_stay_in_it() {
    let ran = told("demo/apps/web.yaml", format!("{APP}{EVIL}: 1\n"));
    assert!(ran.out.contains("U+001B"), "{}", ran.out);
    // In double quotes the escapes are YAML's own, so that the characters reach messages by another way.
    let escaped = r#""\e[2J\u202E\u200F\u061C\u009B31m\0""#;
    for line in [
        format!("{escaped}: 1"),
        format!("dnsPolicy: {escaped}"),
        format!("place: {{node: {escaped}}}"),
        format!("ports: {{{escaped}: 8080}}"),
        format!("volumes: {{/a: {{file: {escaped}}}}}"),
        format!("env: {{A: {{secret: {escaped}, key: {escaped}}}}}"),
        "env: {A: \"{{ \u{202e}\u{61c} }}\"}".to_owned(),
    ] {
        told("demo/apps/web.yaml", format!("{APP}{line}\n"));
    }
    told("demo/apps/web.yaml", format!("kind: {escaped}\n"));
    told("demo/apps/web.yaml", format!("kind: app\nimage: {escaped}\n"));
    told("demo/stack.yaml", format!("{STACK}name: {escaped}\n"));
    told("demo/manifests/a.yaml", format!("apiVersion: v1\nkind: {escaped}\nmetadata: {{}}\n"));
}

#[test]
fn marks_and_escapes_in_names_of_files_stay_in_them() {
    let name = EVIL.replace('\0', "");
    told(&format!("demo/apps/{name}.yaml"), APP);
    told(&format!("demo/apps/{name}/a.yaml"), APP);
    told(&format!("demo/manifests/{name}.yaml"), "kind: x\n");
    let folder = Folder::new().with(&format!("{name}/stack.yaml"), STACK).with("b/stack.yaml", STACK);
    for arguments in
        [format!("build {name}"), format!("check {name}/none"), "build".to_owned(), "nodes".to_owned()]
    {
        harmless(&folder.stackc(&arguments).err);
    }
}

#[test]
fn forms_for_machines_carry_no_raw_escapes() {
    let folder = Folder::demo().with("demo/apps/web.yaml", format!("{APP}\"\\e[2J\\u202E\": 1\n"));
    let ran = folder.stackc("check demo --format json");
    assert!(ran.out.chars().all(|c| c == '\n' || !c.is_control()), "{}", ran.out);
    assert_eq!(ran.codes(), ["key-unknown"]);
}

#[test]
fn long_lines_are_cut() {
    let long = "x".repeat(900_000);
    for app in [
        format!("{APP}env: {{A: {long}, B: ~}}\n"),
        format!("{APP}{long}: 1\n"),
        format!("{APP}args: [{}\n", "a, ".repeat(30_000)),
        format!("{APP}env: {{A: \"{long}{{{{ nothing }}}}\"}}\n"),
        format!("kind: app\nimage: {long}\n"),
    ] {
        told("demo/apps/web.yaml", app);
    }
}

#[test]
fn many_mistakes_on_one_long_line_are_told_at_once() {
    let keys: String = (0..40_000).map(|number| format!("k{number}: 1, ")).collect();
    let ran = Folder::demo()
        .with("demo/apps/web.yaml", format!("{{kind: app, image: registry.example/web:1.0, {keys}}}\n"))
        .stackc("check demo");
    assert!(ran.out.ends_with("and 39000 more\n\n40000 errors\n") && ran.took < AT_ONCE, "{:?}", ran.took);
}

#[test]
fn bounds_hold() {
    for (path, content, says) in [
        ("apps/web.yaml", "x".repeat(10 << 20), "larger than 1048576 bytes"),
        ("stack.yaml", "x".repeat(10 << 20), "larger than 1048576 bytes"),
        ("apps/web.yaml", format!("{APP}args: [{}]\n", "1,".repeat(100_001)), "more than 100000 values"),
        ("apps/web.yaml", format!("{APP}args: {}\n", "[".repeat(500_000)), "nested deeper than 64 levels"),
        ("manifests/a.yaml", "{a: ".repeat(200_000), "nested deeper than 128 levels"),
        ("manifests/a.yaml", format!("a: &a [1]\nb: [{}]\n", "*a,".repeat(1_001)), "more than 1000 aliases"),
        ("manifests/a.yaml", "- ".repeat(500_000), "nested deeper than 128 levels"),
        ("apps/web.yaml", format!("{APP}env: {{A: b\0c}}\n"), "the file holds U+0000"),
        ("manifests/a.yaml", "kind: \0\n".to_owned(), "the file holds U+0000"),
    ] {
        let ran = told(&format!("demo/{path}"), content);
        assert!(ran.out.contains(says), "{says}: {}", ran.out);
    }
    let mounts = format!("{APP}volumes: {{/a: {{file: big}}}}\n");
    let folder =
        Folder::demo().with("demo/apps/web.yaml", mounts).with("demo/files/big", "x".repeat(10 << 20));
    let ran = folder.stackc("check demo --format json");
    assert_eq!((ran.codes(), ran.took < AT_ONCE), (vec!["file-unreadable".to_owned()], true));
}

#[test]
fn ten_thousand_mistakes_are_counted_and_not_all_shown() {
    let lines: String = (0..10_000).map(|number| format!("key{number}: 1\n")).collect();
    let ran = Folder::demo().with("demo/apps/web.yaml", format!("{APP}{lines}")).stackc("check demo");
    assert!(ran.out.ends_with("and 9000 more\n\n10000 errors\n"));
    assert_eq!(ran.status, 1);
}

#[test]
fn what_is_no_file_is_not_waited_for() {
    for (name, target) in
        [("zero.yaml", "/dev/zero"), ("stdin.yaml", "/dev/stdin"), ("loop.yaml", "loop.yaml")]
    {
        let folder = Folder::demo();
        std::os::unix::fs::symlink(target, folder.at(&format!("demo/apps/{name}"))).unwrap();
        assert_eq!(folder.stackc("check demo --format json").codes(), ["file-unreadable"], "{name}");
    }
    let folder = Folder::demo();
    let pipe = folder.at("demo/apps/pipe.yaml");
    assert!(std::process::Command::new("mkfifo").arg(pipe).status().unwrap().success());
    assert_eq!(folder.stackc("check demo --format json").codes(), ["file-unreadable"]);
}
