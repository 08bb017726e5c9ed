//! `stackc build -o DIR`: what it writes, what it leaves alone, what it refuses.

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::Command;

use crate::stack::{APP, Folder, Ran, STACK, command};

/// The small stack with a second app.
fn two() -> Folder {
    Folder::demo().with("demo/apps/api.yaml", APP)
}

fn built(folder: &Folder, directory: &str) -> Ran {
    let ran = folder.stackc(&format!("build demo -o {directory}"));
    assert_eq!((ran.status, ran.out.as_str()), (0, ""), "{}", ran.err);
    ran
}

/// Every file of a folder with its inode, which a rewrite would change, and its content.
fn state(folder: &Folder, directory: &str) -> BTreeMap<String, (u64, String)> {
    let one = |name: String| {
        let path = format!("{directory}/{name}");
        let inode = folder.at(&path).metadata().unwrap().ino();
        (name, (inode, folder.read(&path)))
    };
    folder.list(directory).into_iter().map(one).collect()
}

fn refused(folder: &Folder, directory: &str, says: &str) {
    let ran = folder.stackc(&format!("build demo -o {directory}"));
    assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{directory}");
    assert!(ran.err.contains(says), "{directory}: {}", ran.err);
}

#[test]
fn one_file_an_app_each_with_its_header() {
    let folder = two();
    let ran = built(&folder, "out");
    assert_eq!(folder.list("out"), ["demo-api.yaml", "demo-web.yaml"]);
    assert_eq!(ran.err, "wrote out/demo-api.yaml (1 object)\nwrote out/demo-web.yaml (1 object)\n");
    for app in ["api", "web"] {
        let text = folder.read(&format!("out/demo-{app}.yaml"));
        assert!(
            text.starts_with(&format!("# stackc: demo-{app}.yaml from apps/{app}.yaml\napiVersion: ")),
            "{text}"
        );
    }
}

#[test]
fn the_stream_is_the_files_and_an_end_line() {
    let folder = two();
    built(&folder, "out");
    let files: Vec<String> =
        folder.list("out").iter().map(|name| folder.read(&format!("out/{name}"))).collect();
    let end = "# stackc: end of 2 files\n";
    assert_eq!(folder.stackc("build demo").out, format!("{}{end}", files.join("---\n")));
    let empty = Folder::new().with("demo/stack.yaml", STACK);
    assert_eq!(empty.stackc("build demo").out, "# stackc: end of 0 files\n");
}

#[test]
fn only_the_last_part_of_the_path_is_made() {
    let folder = two();
    refused(&folder, "a/b", "a/b: No such file or directory");
    assert!(!folder.at("a").exists());
    folder.write("file", "");
    refused(&folder, "file", "file is no folder");
    for directory in ["out", "./out/", "out/deeper"] {
        built(&folder, directory);
    }
}

#[test]
fn what_is_equal_is_not_written_again() {
    let folder = two();
    built(&folder, "out");
    let before = state(&folder, "out");
    assert_eq!(built(&folder, "out").err, "unchanged: 2 files\n");
    assert_eq!(state(&folder, "out"), before);

    folder.write("demo/apps/web.yaml", format!("{APP}replicas: 2\n"));
    let ran = built(&folder, "out");
    assert_eq!(ran.err, "wrote out/demo-web.yaml (1 object)\nunchanged: 1 file\n");
    let after = state(&folder, "out");
    assert_eq!(after["demo-api.yaml"], before["demo-api.yaml"]);
    assert!(after["demo-web.yaml"].1.contains("replicas: 2"));
}

#[test]
fn what_left_the_stack_is_removed_and_named_and_nothing_else() {
    let folder = two();
    built(&folder, "out");
    let others = [
        ("notes.txt", "# stackc: notes.txt from me\n"),
        ("demo-notes.yaml", "kind: ConfigMap\n"),
        ("demo-renamed.yaml", "# stackc: demo-other.yaml from apps/other.yaml\n"),
        ("other-web.yaml", "# stackc: other-web.yaml from apps/web.yaml\n"),
        ("demo-web.yaml.bak", "# stackc: demo-web.yaml.bak from apps/web.yaml\n"),
    ];
    for (name, text) in others {
        folder.write(&format!("out/{name}"), text);
    }
    folder.write("out/demo-folder.yaml/x", "");
    std::fs::remove_file(folder.at("demo/apps/api.yaml")).unwrap();
    let ran = built(&folder, "out");
    assert_eq!(ran.err, "removed out/demo-api.yaml (no longer in the stack)\nunchanged: 1 file\n");
    let mut left: Vec<&str> =
        others.iter().map(|(name, _)| *name).chain(["demo-folder.yaml", "demo-web.yaml"]).collect();
    left.sort_unstable();
    assert_eq!(folder.list("out"), left);
    for (name, text) in others {
        assert_eq!(folder.read(&format!("out/{name}")), text);
    }
}

#[test]
fn a_file_of_somebody_else_is_refused_before_anything_is_written() {
    for text in [
        "kind: ConfigMap\n",
        "# stackc: demo-api.yaml from apps/api.yaml\n",
        " # stackc: demo-web.yaml from x\n",
    ] {
        let folder = two().with("out/demo-web.yaml", text);
        refused(&folder, "out", "out/demo-web.yaml was not written by stackc");
        assert_eq!(state(&folder, "out").into_values().map(|(_, text)| text).collect::<Vec<_>>(), [text]);
    }
    let folder = two().with("out/demo-web.yaml/x", "");
    refused(&folder, "out", "out/demo-web.yaml: Is a directory");
    assert_eq!(folder.list("out"), ["demo-web.yaml"]);
    built(&two().with("out/demo-web.yaml", ""), "out");
}

#[test]
fn the_live_folder_is_refused_by_its_real_path() {
    let folder = two().with("k3s/server/manifests/traefik.yaml", "x");
    symlink(folder.at("k3s/server/manifests"), folder.at("link")).unwrap();
    symlink(folder.at("k3s/server"), folder.at("outer")).unwrap();
    for directory in [
        "k3s/server/manifests",
        "link",
        "link/../manifests",
        "k3s/server/manifests/sub",
        "link/sub",
        "outer/manifests",
    ] {
        refused(&folder, directory, "k3s' own folder");
    }
    assert_eq!(folder.list("k3s/server/manifests"), ["traefik.yaml"]);
    built(&folder, "k3s/server/out");
}

#[test]
fn the_stack_s_own_folders_are_refused() {
    let folder =
        two().with("demo/manifests/a.yaml", "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n");
    symlink(folder.at("demo/apps"), folder.at("link")).unwrap();
    for directory in
        ["demo", "demo/apps", "demo/files", "demo/manifests", "demo/manifests/out", "demo/../demo", "link"]
    {
        refused(&folder, directory, "holds the stack itself");
    }
    assert_eq!(folder.list("demo"), ["apps", "manifests", "stack.yaml"]);
    // Those of others as well: a build there would take a person's files for its own, or be read by the next one.
    for part in ["stack", "overlay", "include"] {
        folder.write(&format!("other/{part}/{part}.yaml"), "");
        folder.write(&format!("other/{part}/manifests/more/x"), "");
        for directory in ["", "/apps", "/manifests/more", "/manifests/more/out"] {
            refused(&folder, &format!("other/{part}{directory}"), "holds the stack itself");
        }
        built(&folder, &format!("other/{part}/out"));
        built(&folder, &format!("other/{part}/more"));
    }
    folder.write("manifests/x", "");
    built(&folder, "manifests");
    built(&folder, "demo/out");
    assert_eq!(folder.stackc("build demo").out.matches("kind: ConfigMap").count(), 1, "out/ is not read");
}

#[test]
fn secrets_are_for_the_owner_and_the_rest_as_the_umask_says() {
    let secret = "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {a: b}\n";
    let folder = two().with("demo/manifests/secret.yaml", secret);
    let mode =
        |name: &str| folder.at(&format!("out/{name}")).metadata().unwrap().permissions().mode() & 0o777;
    for (umask, expected) in [("022", 0o644), ("027", 0o640)] {
        let line = format!("umask {umask}; exec {} build demo -o out", env!("CARGO_BIN_EXE_stackc"));
        let ran = Ran::of(Command::new("sh").args(["-c", &line]).current_dir(folder.at(".")));
        assert_eq!(ran.status, 0, "{}", ran.err);
        assert_eq!((mode("demo-secret.yaml"), mode("demo-web.yaml")), (0o600, expected), "{umask}");
        std::fs::remove_file(folder.at("out/demo-web.yaml")).unwrap();
    }
    let opened = std::fs::Permissions::from_mode(0o644);
    std::fs::set_permissions(folder.at("out/demo-secret.yaml"), opened).unwrap();
    built(&folder, "out");
    assert_eq!(mode("demo-secret.yaml"), 0o600, "closed again, though its text is unchanged");
}

#[test]
fn a_failed_build_writes_nothing() {
    let folder = two();
    built(&folder, "out");
    let before = state(&folder, "out");
    folder.write("demo/apps/web.yaml", format!("{APP}replica: 2\n"));
    std::fs::remove_file(folder.at("demo/apps/api.yaml")).unwrap();
    for directory in ["out", "new"] {
        assert_eq!(folder.stackc(&format!("build demo -o {directory}")).status, 1);
    }
    assert_eq!(state(&folder, "out"), before);
    assert!(!folder.at("new").exists());
}

/// No write goes through, as on a full disk; also for root, whom no permission stops.
#[test]
fn a_machine_that_fails_leaves_nothing_half_written() {
    let folder = two();
    built(&folder, "out");
    let before = state(&folder, "out");
    folder.write("demo/apps/web.yaml", format!("{APP}replicas: 2\n"));
    let line = format!("trap '' XFSZ; ulimit -f 0; exec {} build demo -o out", env!("CARGO_BIN_EXE_stackc"));
    let ran = Ran::of(Command::new("sh").args(["-c", &line]).current_dir(folder.at(".")));
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert_eq!(ran.err, "stackc: out/demo-web.yaml: File too large (os error 27)\n");
    assert_eq!(state(&folder, "out"), before);
    let ran = Ran::of(&mut command(&folder.at("."), "build demo -o /proc/stackc"));
    assert_eq!(ran.status, 2);
    assert!(ran.err.starts_with("stackc: /proc/stackc: "), "{}", ran.err);
}
