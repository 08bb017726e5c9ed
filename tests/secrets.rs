//! No finding shows a value of a Secret, in no form and on no side: what cannot be read, and what can.

use std::fs::File;
use std::process::Command;

use crate::stack::{Folder, Ran};

/// Documents that cannot be read, each around the value `HUNTER2`; `@` stands for the start of a Secret.
const BROKEN: [(&str, &str); 22] = [
    ("two colons", "@  other: HUNTER2: x\n"),
    ("alias", "@  other: *HUNTER2\n"),
    ("anchor", "@  other: &HUNTER2! x\n"),
    ("same key", "@  other: HUNTER2\n  other: HUNTER2\n"),
    ("same secret key", "@  ? \"HUNTER2\"\n  ? \"HUNTER2\"\n"),
    ("escaped key", "@  \"HUNTE\\x522\": a\n  \"HUNTE\\x522\": b\n"),
    ("flow map", "@  other: {HUNTER2\n"),
    ("flow list", "@  other: [HUNTER2, x: y: z]\n"),
    ("tab", "@\tother: HUNTER2\n"),
    ("tag", "@  other: !!int HUNTER2\n"),
    ("unknown tag", "@  other: !HUNTER2!x y\n"),
    ("escape", "@  other: \"a\\qHUNTER2\"\n"),
    ("foreign escape", "@  other: \"a\\/HUNTER2\"\n"),
    ("quote", "@  other: \"HUNTER2\n"),
    ("directive", "@  other: x\n%HUNTER2\n"),
    ("end of document", "@  other: x\n...\nHUNTER2\n"),
    ("key in PEM", "@  other: |\n-----BEGIN HUNTER2-----\nHUNTER2\n"),
    ("key of truth", "@  other: {[HUNTER2]: x}\n"),
    ("merge", "@  other: x\n  <<: HUNTER2\n"),
    ("separator inside", "@  other: |\n---\nHUNTER2\n"),
    ("kind behind", "apiVersion: v1\ndata:\n  a: HUNTER2: x\nkind: Secret\n"),
    ("list", "apiVersion: v1\nkind: List\nitems:\n- kind: Secret\n  data: {a: HUNTER2: x}\n"),
];

/// Documents that are YAML, and in which or next to which something is to be told.
const READ: [(&str, &str); 11] = [
    ("no name", "apiVersion: v1\nkind: Secret\nmetadata: {}\nstringData: {a: HUNTER2}\n"),
    ("name refused", "apiVersion: v1\nkind: Secret\nmetadata: {name: A_B}\nstringData: {a: HUNTER2}\n"),
    ("no version", "kind: Secret\nmetadata: {name: a}\ndata:\n  a: |\n    HUNTER2\n    HUNTER2: x\n"),
    (
        "wrong place",
        "apiVersion: v1\nkind: Secret\nmetadata: {name: A_B}\npassword: HUNTER2\ndata: {a: HUNTER2}\n",
    ),
    ("wrong type", "apiVersion: v1\nkind: Secret\nmetadata: {name: A_B}\ndata: {a: [HUNTER2]}\n"),
    ("no base64", "apiVersion: v1\nkind: Secret\nmetadata: {name: A_B}\ndata: {a: HUNTER2!}\n"),
    ("immutable", "apiVersion: v1\nkind: Secret\nimmutable: x\ndata: {a: HUNTER2}\nmetadata: {}\n"),
    ("comment", "apiVersion: v1\nkind: Secret # HUNTER2\n# HUNTER2\nmetadata: {} # HUNTER2\n"),
    (
        "repeated",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  annotations:\n    objectset.rio.cattle.io/applied: HUNTER2\n    \
         kubectl.kubernetes.io/last-applied-configuration: HUNTER2\n",
    ),
    ("list", "kind: SecretList\nmetadata: {name: x}\nitems:\n- {metadata: {}, data: {a: HUNTER2}}\n"),
    ("neighbour", "@  a: HUNTER2\n---\nkind: ConfigMap\nmetadata: {name: x}\n---\n@  a: HUNTER2\n"),
];

const HEAD: &str = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData:\n";

fn manifest(text: &str) -> String {
    text.replace('@', HEAD)
}

fn shows_nothing(name: &str, ran: &Ran) {
    for text in [&ran.out, &ran.err] {
        assert!(!text.contains("HUNTER"), "{name}:\n{text}");
    }
}

#[test]
fn findings_of_the_stack_show_no_secret() {
    for (name, text) in BROKEN.iter().chain(&READ) {
        let folder = Folder::demo().with("demo/manifests/s.yaml", manifest(text)).with("empty/x", "");
        folder.write("input", manifest(text));
        for command in [
            "check demo",
            "check demo --format json",
            "build demo --format json",
            "build demo -o out",
            "install demo --to empty",
            "diff demo --against empty",
            "diff demo --against empty --format json",
            "check --stack demo -",
            "check --stack demo - --format json",
            "check --stack demo input",
        ] {
            let mut command = folder.command(command);
            let ran = Ran::of(command.stdin(File::open(folder.at("input")).unwrap()));
            assert_ne!(ran.status, 0, "{name}: {command:?}");
            shows_nothing(name, &ran);
            assert!(
                format!("{}{}", ran.out, ran.err).contains(".yaml")
                    || ran.out.contains("<stdin>")
                    || ran.out.contains("input"),
                "{name}: {ran:?}"
            );
        }
    }
}

#[test]
fn findings_of_the_other_side_show_no_secret() {
    for (name, text) in BROKEN.iter().chain(&READ) {
        let folder = Folder::demo();
        let file = format!("# stackc: demo-s.yaml from manifests/s.yaml\n{}", manifest(text));
        folder.write("k3s/demo-s.yaml", &file);
        folder.write("input", format!("{file}# stackc: end of 1 file\n"));
        for command in
            ["--against k3s", "--against k3s --format json", "--against k3s --save plan", "--against -"]
        {
            let mut command = folder.command(&format!("diff demo {command}"));
            let ran = Ran::of(command.stdin(File::open(folder.at("input")).unwrap()));
            shows_nothing(name, &ran);
        }
    }
}

#[test]
fn findings_of_a_revision_show_no_secret() {
    for (name, text) in BROKEN.iter().chain(&READ) {
        let folder = Folder::demo().with("demo/manifests/s.yaml", manifest(text));
        std::fs::remove_dir_all(folder.at(".git")).unwrap();
        for arguments in [
            &["init", "--quiet"][..],
            &["add", "demo"],
            &["-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "--quiet", "--message", "x"],
        ] {
            let status = Command::new("git").arg("-C").arg(folder.at(".")).args(arguments).status().unwrap();
            assert!(status.success());
        }
        std::fs::remove_dir_all(folder.at("demo/manifests")).unwrap();
        let ran = folder.stackc("diff demo --ref HEAD");
        assert_eq!(ran.status, 2, "{name}");
        assert!(ran.err.contains("--> HEAD:demo/manifests/s.yaml:"), "{name}: {}", ran.err);
        shows_nothing(name, &ran);
    }
}

/// Too long to be read twice: nothing of it is shown, and nothing of what stands far from it is lost.
#[test]
fn a_long_secret_is_not_shown_either() {
    let folder = Folder::demo();
    let long = format!("{HEAD}  a: |\n{}  other: HUNTER2: x\n", "    HUNTER2\n".repeat(200_000));
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: A_B}\n";
    folder.write("demo/manifests/s.yaml", format!("{map}---\n{}{long}", "# x\n".repeat(50)));
    for form in ["text", "json"] {
        let ran = folder.stackc(&format!("check demo --format {form}"));
        assert_eq!(ran.status, 1);
        shows_nothing(form, &ran);
        assert!(form == "json" || ran.out.contains("metadata: {name: A_B}"), "{}", ran.out);
    }
}

/// What a file of another kind says behind a secret's name; the rest is shown.
#[test]
fn typed_files_that_cannot_be_read_hide_what_is_named_so() {
    let app = "kind: app\nimage: registry.example/web:1.0\nenv:\n  A: b\n  DB_PASSWORD: HUNTER2: x\n";
    let folder = Folder::demo().with("demo/apps/web.yaml", app);
    let ran = folder.stackc("check demo");
    shows_nothing("app", &ran);
    assert!(ran.out.contains("DB_PASSWORD: **"), "{}", ran.out);
}

#[test]
fn what_is_no_secret_is_shown() {
    let folder = Folder::demo();
    folder.write(
        "demo/manifests/s.yaml",
        "apiVersion: v1\nkind: Secret\nmetadata:\n  name: A_B\nstringData:\n  user: HUNTER2\n---\nkind: ConfigMap\n\
         data: {a: b}\n",
    );
    let out = folder.stackc("check demo").out;
    assert!(out.contains("name: A_B") && out.contains("kind: ConfigMap"), "{out}");
    folder.write("demo/manifests/s.yaml", manifest("@  other: HUNTER2: x\n"));
    let out = folder.stackc("check demo").out;
    assert!(out.contains("s.yaml:5:17") && out.contains("a `: ` where no key can be"), "{out}");
    assert!(out.contains("a Secret is in this file, so its lines are not shown"), "{out}");
}
