//! How runs end and where they speak: exit statuses, streams, forms, colour.

use std::fs::File;
use std::io::Read;
use std::process::Stdio;

use crate::stack::{APP, Folder, Ran, STACK};

const POISON: &str = "stackc-error: build failed, see stderr\n";

/// The small stack with an unknown key.
fn broken() -> Folder {
    Folder::demo().with("demo/apps/web.yaml", format!("{APP}replica: 2\n"))
}

/// The small stack with an image that has no tag.
fn doubtful() -> Folder {
    Folder::demo().with("demo/apps/web.yaml", "kind: app\nimage: registry.example/web\n")
}

/// Runs with stdout going into a file, as a shell's `>` does it; gives what the file holds then.
fn into_file(folder: &Folder, arguments: &str, path: &str) -> (Ran, String) {
    folder.write(path, "");
    let ran = Ran::of(folder.command(arguments).stdout(File::create(folder.at(path)).unwrap()));
    (ran, folder.read(path))
}

#[test]
fn findings_of_check_are_on_stdout_and_of_build_on_stderr() {
    for arguments in ["check demo", "check demo --format json"] {
        let ran = broken().stackc(arguments);
        assert_eq!((ran.status, ran.err.as_str()), (1, ""), "{arguments}");
        assert!(ran.out.contains("key-unknown"), "{}", ran.out);
    }
    for arguments in ["build demo", "build demo --format json", "build demo -o out"] {
        let ran = broken().stackc(arguments);
        assert_eq!((ran.status, ran.out.as_str()), (1, ""), "{arguments}");
        assert!(ran.err.contains("key-unknown"), "{}", ran.err);
    }
    let ran = doubtful().stackc("build demo");
    assert_eq!(ran.status, 0);
    assert!(ran.err.contains("warning[image-untagged]"));
    assert!(ran.out.ends_with("# stackc: end of 1 file\n"));
}

#[test]
fn a_clean_run_says_little() {
    let folder = Folder::demo();
    let ran = folder.stackc("check demo");
    let summary = "demo: 1 app, 1 object on 1 node; 1 image, all with platforms declared in stack.yaml\n";
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, summary, ""));
    let ran = folder.stackc("build demo");
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
}

#[test]
fn the_form_does_not_change_the_status() {
    for format in ["text", "short", "json", "sarif", "github", "junit"] {
        for (folder, status) in [(Folder::demo(), 0), (doubtful(), 0), (broken(), 1)] {
            assert_eq!(folder.stackc(&format!("check demo --format {format}")).status, status);
            assert_eq!(folder.stackc(&format!("build demo --format {format}")).status, status);
        }
        let denied = format!("check demo --deny warnings --format {format}");
        assert_eq!(doubtful().stackc(&denied).status, 1);
        assert_eq!(Folder::demo().stackc(&denied).status, 0);
    }
    let newer = Folder::demo().with("demo/stack.yaml", STACK.replace("v1.37.1", "v1.99.0"));
    let ran = newer.stackc("check demo --deny warnings");
    assert!(
        ran.status == 0 && ran.out.contains("note[release-newer]"),
        "a note is never counted: {}",
        ran.out
    );
}

#[test]
fn a_denied_warning_fails_like_an_error() {
    let folder = doubtful();
    let (ran, written) = into_file(&folder, "build demo --deny warnings", "out.yaml");
    assert_eq!((ran.status, written.as_str()), (1, POISON));
    assert!(ran.err.contains("warning[image-untagged]"), "{}", ran.err);
    let ran = folder.stackc("build demo --deny warnings -o out");
    assert_eq!((ran.status, folder.at("out").exists()), (1, false));
    let ran = folder.stackc("nodes demo --deny warnings");
    assert!(ran.status == 1 && ran.out.contains("Deployment default/web  may land"), "{}", ran.out);
    let denied = "\n1 warning\nrefused: warnings are denied (--deny warnings)\n";
    assert!(ran.err.ends_with(denied), "{}", ran.err);
    assert_eq!((folder.stackc("nodes demo").status, folder.stackc("nodes demo").err.as_str()), (0, ""));
    let ran = folder.stackc("dns demo --deny warnings");
    assert!(ran.status == 1 && ran.err.ends_with(denied), "{}", ran.err);
    std::fs::create_dir(folder.at("live")).unwrap();
    let ran = folder.stackc("install demo --to live --yes --deny warnings");
    assert!(ran.status == 1 && ran.err.contains("warning[image-untagged]"), "{}", ran.err);
    assert_eq!(folder.list("live"), [""; 0]);
    let silenced = "kind: app\nimage: registry.example/web # stackc: allow(image-untagged) built daily\n";
    folder.write("demo/apps/web.yaml", silenced);
    for arguments in ["check demo", "build demo", "nodes demo", "dns demo", "install demo --to live --yes"] {
        assert_eq!(folder.stackc(&format!("{arguments} --deny warnings")).status, 0, "{arguments}");
    }
    assert!(folder.list("live").iter().any(|name| name == "demo-web.yaml"));
}

#[test]
fn json_is_one_versioned_document() {
    let ran = broken().stackc("check demo --format json");
    let report: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&report["version"], &report["errors"], &report["warnings"]),
        (&1.into(), &1.into(), &0.into())
    );
    let expected = serde_json::json!({
        "code": "key-unknown", "severity": "error", "message": "unknown key `replica`",
        "path": "demo/apps/web.yaml", "line": 3, "column": 1, "end_line": 3, "end_column": 8, "label": "",
        "labels": [], "notes": [], "help": ["did you mean `replicas`?"],
    });
    assert_eq!(report["findings"], serde_json::json!([expected]));
    let build: serde_json::Value =
        serde_json::from_str(&broken().stackc("build demo --format json").err).unwrap();
    assert_eq!(build, report);
    let clean: serde_json::Value =
        serde_json::from_str(&Folder::demo().stackc("build demo --format json").err).unwrap();
    assert_eq!(clean["findings"], serde_json::json!([]));
}

#[test]
fn a_failed_build_poisons_the_file_that_the_shell_emptied() {
    let folder = broken();
    let wrong = ["build nowhere", "build demo extra", "build demo --frobnicate", "build demo --emit xml"];
    for (arguments, status) in [("build demo", 1)].into_iter().chain(wrong.map(|arguments| (arguments, 2))) {
        let (ran, written) = into_file(&folder, arguments, "out.yaml");
        assert_eq!((ran.status, written.as_str()), (status, POISON), "{arguments}");
        assert!(!ran.err.is_empty(), "{arguments}");
    }
    // What is no manifest is left alone.
    for arguments in ["build demo -o out", "check nowhere", "nodes nowhere", "explain nothing"] {
        assert_eq!(into_file(&folder, arguments, "out.yaml").1, "", "{arguments}");
    }
    assert!(into_file(&folder, "build --help", "out.yaml").1.starts_with("Compile a stack"));
    let (ran, written) = into_file(&Folder::demo(), "build demo", "out.yaml");
    assert!(ran.status == 0 && written.ends_with("# stackc: end of 1 file\n"));
}

#[test]
fn only_a_file_is_poisoned() {
    let piped = broken().stackc("build demo");
    assert_eq!((piped.status, piped.out.as_str()), (1, ""));
    assert_eq!(Ran::of(broken().command("build demo").stdout(Stdio::null())).status, 1);
}

#[test]
fn a_stream_into_the_live_folder_is_refused() {
    let folder = Folder::demo();
    let live = "k3s/server/manifests/demo.yaml";
    let (ran, written) = into_file(&folder, "build demo", live);
    assert_eq!((ran.status, written.as_str()), (2, POISON));
    assert!(ran.err.contains("sudo stackc install --to "), "{}", ran.err);
    std::os::unix::fs::symlink(folder.at("k3s/server/manifests"), folder.at("link")).unwrap();
    let (ran, written) = into_file(&folder, "build demo", "link/demo.yaml");
    assert_eq!((ran.status, written.as_str()), (2, POISON));
}

#[test]
fn wrong_usage_is_2_and_tells_the_way() {
    let folder = Folder::demo().with("empty/x", "");
    for (arguments, says) in [
        ("build empty", "empty is no stack: it has no stack.yaml"),
        ("check empty", "empty is no stack: it has no stack.yaml"),
        ("build nowhere", "nowhere: no such file or folder"),
        ("check demo nowhere", "nowhere: no such file or folder"),
        ("nodes demo/apps/web.yaml", "demo/apps/web.yaml is no stack"),
        ("check --frobnicate", "unexpected argument '--frobnicate'"),
        ("check --deny errors", "invalid value 'errors'"),
        ("build demo -o out --emit json", "cannot be used with"),
        ("frobnicate", "unrecognized subcommand"),
        ("", "Usage: stackc"),
    ] {
        let ran = folder.stackc(arguments);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{arguments}");
        assert!(ran.err.contains(says), "{arguments}: {}", ran.err);
    }
    for arguments in ["--help", "--version", "build --help"] {
        let ran = folder.stackc(arguments);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{arguments}");
    }
}

#[test]
fn a_stack_is_found_below_above_and_by_its_file() {
    let folder = Folder::demo().with("target/x/stack.yaml", STACK).with(".hidden/stack.yaml", STACK);
    let one = folder.stackc("build demo").out;
    for arguments in ["build", "build demo/stack.yaml", "build ./demo/"] {
        assert_eq!(folder.stackc(arguments).out, one, "{arguments}");
    }
    for below in ["demo", "demo/apps"] {
        assert_eq!(Ran::of(folder.command("build").current_dir(folder.at(below))).out, one, "{below}");
    }
    folder.write("other/stack.yaml", STACK);
    let several = folder.stackc("build");
    assert_eq!((several.status, several.out.as_str()), (2, ""));
    assert_eq!(several.err, "stackc: several stacks are here; name one of them:\n  demo\n  other\n");
    let all = folder.stackc("check");
    assert!(
        all.status == 0 && all.out.contains("demo: 1 app") && all.out.contains("other: 0 apps"),
        "{}",
        all.out
    );

    let none = Folder::new();
    for command in ["build", "check", "nodes"] {
        let ran = none.stackc(command);
        assert_eq!(
            (ran.status, ran.err.contains("no stack.yaml or overlay.yaml here, above or below")),
            (2, true),
            "{}",
            ran.err
        );
    }
}

#[test]
fn whoever_stops_reading_is_not_told_of_a_panic() {
    let many: String = (0..3_000).map(|number| format!("key{number}: 1\n")).collect();
    let folder = Folder::demo().with("demo/apps/web.yaml", format!("{APP}{many}"));
    let mut child =
        folder.command("check demo").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!((child.wait().unwrap().code(), said.as_str()), (Some(2), ""));
}

#[test]
fn a_full_disk_is_the_machine_s_failure() {
    let full = File::options().write(true).open("/dev/full").unwrap();
    let ran = Ran::of(Folder::demo().command("build demo").stdout(full));
    assert_eq!(ran.status, 2);
    assert!(ran.err.starts_with("stackc: cannot write the output: "), "{}", ran.err);
}

#[test]
fn colour_only_where_it_is_wanted() {
    let folder = broken();
    for (flag, variables, coloured) in [
        ("", &[][..], false),
        ("--color always", &[], true),
        ("--color never", &[("CLICOLOR_FORCE", "1")], false),
        ("", &[("CLICOLOR_FORCE", "1")], true),
        ("", &[("NO_COLOR", "1")], false),
        ("", &[("NO_COLOR", "1"), ("CLICOLOR_FORCE", "1")], false),
        ("--color always", &[("NO_COLOR", "1")], true),
    ] {
        for (command, stdout) in [("check", true), ("build", false)] {
            let mut command = folder.command(&format!("{command} demo {flag}"));
            let ran = Ran::of(command.envs(variables.iter().copied()));
            let text = if stdout { &ran.out } else { &ran.err };
            assert_eq!(text.contains("\u{1b}["), coloured, "{flag} {variables:?}");
        }
        let json = Ran::of(
            folder.command(&format!("check demo --format json {flag}")).envs(variables.iter().copied()),
        );
        assert_eq!(json.codes(), ["key-unknown"], "{flag} {variables:?}");
    }
}
