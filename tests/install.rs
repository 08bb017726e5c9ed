//! `stackc install`: what it writes, what it leaves alone, what it refuses, how things go.

use std::collections::BTreeMap;
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::process::{Command, Stdio};

use crate::stack::{APP, Folder, Ran, STACK};

/// An app with a claim, whose data must outlive it.
const STORE: &str = "kind: app\nimage: registry.example/web:1.0\nvolumes: {/data: {pvc: 1Gi}}\n";

/// A stack of two apps, and k3s' folder.
fn two() -> Folder {
    Folder::demo().with("demo/apps/api.yaml", APP).with("k3s/README", "")
}

fn old_release(folder: &Folder) {
    folder.write("demo/stack.yaml", STACK.replace("v1.37.1+k3s1", "v1.22.7+k3s1"));
}

fn installed(folder: &Folder, options: &str) -> String {
    let ran = folder.stackc(&format!("install demo --to k3s {options}"));
    assert_eq!(ran.status, 0, "{}{}", ran.out, ran.err);
    ran.out
}

fn refused(folder: &Folder, options: &str, status: i32, says: &str) -> Ran {
    let before = state(folder);
    let ran = folder.stackc(&format!("install demo --to k3s {options}"));
    assert_eq!((ran.status, ran.out.as_str()), (status, ""), "{}", ran.err);
    assert!(ran.err.contains(says), "{says}: {}", ran.err);
    assert_eq!(state(folder), before, "{says}: something was changed");
    ran
}

/// Every file of the folder with what a rewrite would change, and its content.
fn state(folder: &Folder) -> BTreeMap<String, (u64, i64, Vec<u8>)> {
    let one = |name: String| {
        let path = folder.at(&format!("k3s/{name}"));
        let meta = path.symlink_metadata().unwrap();
        let content = if meta.is_file() { std::fs::read(&path).unwrap() } else { Vec::new() };
        (name, (meta.ino(), meta.mtime_nsec(), content))
    };
    folder.list("k3s").into_iter().map(one).collect()
}

/// As if the minute had passed that k3s gets: the record's time goes back.
fn a_minute_later(folder: &Folder) {
    let path = "k3s/.stackc-demo.record";
    let text = folder.read(path);
    let lines = text.lines().map(|line| match line.split_once("\"since\": ") {
        Some((before, _)) => format!("{before}\"since\": {}", 1_750_000_000),
        None => line.to_owned(),
    });
    let text = lines.collect::<Vec<_>>().join("\n");
    folder.write(path, text);
}

fn from_stdin(folder: &Folder, text: &str, options: &str) -> Ran {
    let mut command = folder.command(&format!("install --from - --to k3s {options}"));
    let mut child =
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(text.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran {
        status: output.status.code().unwrap(),
        out: text(output.stdout),
        err: text(output.stderr),
        took: std::time::Duration::ZERO,
    }
}

mod writes {
    use super::*;

    #[test]
    fn what_build_writes_for_root_alone() {
        let folder = two();
        assert_eq!(installed(&folder, ""), "wrote k3s/demo-api.yaml\nwrote k3s/demo-web.yaml\n");
        assert_eq!(folder.stackc("build demo -o out").status, 0);
        assert_eq!(folder.list("k3s"), [".stackc-demo.record", "README", "demo-api.yaml", "demo-web.yaml"]);
        for name in ["demo-api.yaml", "demo-web.yaml"] {
            assert_eq!(folder.read(&format!("k3s/{name}")), folder.read(&format!("out/{name}")));
        }
        for name in [".stackc-demo.record", "demo-web.yaml"] {
            let mode = folder.at(&format!("k3s/{name}")).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }

    #[test]
    fn only_what_changed() {
        let folder = two();
        installed(&folder, "");
        let before = state(&folder);
        assert_eq!(installed(&folder, ""), "unchanged: 2 files\n");
        assert_eq!(state(&folder), before, "nothing is touched, the record neither");
        folder.write("demo/apps/web.yaml", format!("{APP}replicas: 2\n"));
        assert_eq!(installed(&folder, ""), "wrote k3s/demo-web.yaml\nunchanged: 1 file\n");
        let after = state(&folder);
        assert_eq!(after["demo-api.yaml"], before["demo-api.yaml"]);
        assert!(after["demo-web.yaml"].0 != before["demo-web.yaml"].0);
    }

    #[test]
    fn a_file_that_somebody_removed_again() {
        let folder = two();
        installed(&folder, "");
        std::fs::remove_file(folder.at("k3s/demo-web.yaml")).unwrap();
        assert_eq!(installed(&folder, ""), "wrote k3s/demo-web.yaml\nunchanged: 1 file\n");
        std::fs::remove_file(folder.at("k3s/demo-web.yaml")).unwrap();
        std::fs::remove_file(folder.at("demo/apps/web.yaml")).unwrap();
        let told = installed(&folder, "");
        assert!(
            told.contains("somebody had removed it already: what it made is still in the cluster"),
            "{told}"
        );
        assert_eq!(installed(&folder, ""), "unchanged: 1 file\n");
    }

    #[test]
    fn two_stacks_in_one_folder() {
        let folder = two()
            .with("other/stack.yaml", format!("{STACK}namespace: other\n"))
            .with("other/apps/web.yaml", APP);
        installed(&folder, "");
        let ran = folder.stackc("install other --to k3s");
        assert_eq!(
            (ran.status, ran.out.as_str()),
            (0, "wrote k3s/other-00-namespaces.yaml\nwrote k3s/other-web.yaml\n"),
            "{}",
            ran.err
        );
        assert_eq!(installed(&folder, ""), "unchanged: 2 files\n");
        // `demo` with the app `web-x` and `demo-web` with the app `x` would share a file.
        folder.write("demo-web/stack.yaml", STACK);
        folder.write("demo-web/apps/x.yaml", APP);
        folder.write("demo/apps/web-x.yaml", APP);
        installed(&folder, "");
        let ran = folder.stackc("install demo-web --to k3s --yes");
        assert_eq!(ran.status, 1);
        assert!(ran.err.contains("demo-web-x.yaml belongs to the stack `demo`"), "{}", ran.err);
    }

    #[test]
    fn several_servers_are_told_of() {
        let folder = two();
        let nodes = "nodes:\n  alpha: {arch: amd64, roles: [control-plane]}\n  beta: {arch: amd64, roles: [control-plane]}\n";
        folder.write("demo/stack.yaml", STACK.replace("nodes:\n  alpha: {arch: amd64}\n", nodes));
        let told = installed(&folder, "");
        assert!(told.contains("note: alpha, beta are k3s servers: k3s does not copy these files"), "{told}");
    }

    #[test]
    fn what_k3s_overlooks_is_told() {
        let folder = two().with("k3s/sub/demo-web.yaml.skip", "");
        symlink("nowhere", folder.at("k3s/gone")).unwrap();
        let told = installed(&folder, "");
        assert!(told.contains("note: demo-web.yaml.skip makes k3s overlook demo-web.yaml\n"), "{told}");
        assert!(told.contains("note: gone is a link to nothing"), "{told}");
    }
}

mod refuses {
    use super::*;

    #[test]
    fn a_file_edited_by_hand() {
        let folder = two();
        installed(&folder, "");
        let edited = folder.read("k3s/demo-web.yaml").replace("registry.example", "mirror.example");
        folder.write("k3s/demo-web.yaml", &edited);
        let ran = refused(&folder, "", 1, "demo-web.yaml was changed since stackc wrote it");
        assert!(
            ran.err.contains("help: bring the change into the stack; to overwrite it: stackc install --yes")
        );
        assert_eq!(installed(&folder, "--yes"), "wrote k3s/demo-web.yaml\nunchanged: 1 file\n");
        folder.write("k3s/demo-web.yaml", &edited);
        std::fs::remove_file(folder.at("demo/apps/web.yaml")).unwrap();
        refused(&folder, "", 1, "demo-web.yaml was changed since stackc wrote it");
    }

    #[test]
    fn a_file_that_it_did_not_write() {
        let folder = two().with("k3s/demo-web.yaml", "kind: ConfigMap\n");
        for options in ["", "--yes"] {
            refused(&folder, options, 1, "demo-web.yaml was not written by stackc");
        }
    }

    #[test]
    fn a_copy_is_taken_over_when_told_or_when_it_is_the_same() {
        let folder = two();
        assert_eq!(folder.stackc("build demo -o out").status, 0);
        for name in ["demo-api.yaml", "demo-web.yaml"] {
            std::fs::copy(folder.at(&format!("out/{name}")), folder.at(&format!("k3s/{name}"))).unwrap();
        }
        assert_eq!(installed(&folder, ""), "unchanged: 2 files\n");
        std::fs::remove_file(folder.at("k3s/.stackc-demo.record")).unwrap();
        folder.write("demo/apps/web.yaml", format!("{APP}replicas: 2\n"));
        refused(
            &folder,
            "",
            1,
            "demo-web.yaml is there already, and no install of this stack has put it there",
        );
        assert_eq!(installed(&folder, "--yes"), "wrote k3s/demo-web.yaml\nunchanged: 1 file\n");
    }

    #[test]
    fn another_file_of_the_same_addon_at_any_depth() {
        for path in
            ["demo-web.yml", "demo-web.JSON", "demo-web.b.yaml", "a/b/demo-web.yaml", ".git/demo-web.yaml"]
        {
            let folder = two().with(&format!("k3s/{path}"), "");
            let says = format!("{path} and demo-web.yaml are one AddOn to k3s, `demo-web`");
            refused(&folder, "--yes", 1, &says);
        }
        for path in ["demo-web.txt", ".demo-web.yaml", "demo-web-2.yaml", "demo-web.yaml~", "demo-web/x.yaml"]
        {
            installed(&two().with(&format!("k3s/{path}"), ""), "");
        }
        let folder = two().with("elsewhere/demo-web.yaml", "");
        symlink(folder.at("elsewhere"), folder.at("k3s/link")).unwrap();
        refused(&folder, "", 1, "link/demo-web.yaml and demo-web.yaml are one AddOn");
    }

    #[test]
    fn a_folder_that_is_wrong_to_write_to() {
        let folder = two().with("file", "");
        for (to, says) in [
            ("nowhere", "nowhere: no such folder; it is k3s' to make"),
            ("file", "file is no folder"),
            ("demo", "demo holds the stack itself"),
            ("demo/apps", "demo/apps holds the stack itself"),
        ] {
            let ran = folder.stackc(&format!("install demo --to {to}"));
            assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{to}");
            assert!(ran.err.contains(says), "{to}: {}", ran.err);
        }
        assert!(!folder.at("nowhere").exists());
        for mode in [0o777, 0o775, 0o757, 0o1777] {
            std::fs::set_permissions(folder.at("k3s"), PermissionsExt::from_mode(mode)).unwrap();
            refused(&folder, "", 2, "others may write to k3s, and so decide what k3s runs: chmod go-w k3s");
        }
    }

    #[test]
    fn a_folder_that_anybody_may_put_another_one_in_place_of() {
        let folder = two().with("open/k3s/README", "");
        for (mode, status) in [(0o777, 2), (0o1777, 0), (0o755, 0)] {
            std::fs::set_permissions(folder.at("open"), PermissionsExt::from_mode(mode)).unwrap();
            let ran = folder.stackc("install demo --to open/k3s");
            assert_eq!(ran.status, status, "{mode:o}: {}", ran.err);
            assert_eq!(ran.err.contains("anybody may write to "), status == 2, "{mode:o}: {}", ran.err);
        }
    }

    #[test]
    fn a_record_that_others_may_write() {
        let folder = two();
        installed(&folder, "");
        let record = folder.at("k3s/.stackc-demo.record");
        std::fs::set_permissions(&record, PermissionsExt::from_mode(0o666)).unwrap();
        refused(&folder, "--yes", 2, "others may write to k3s/.stackc-demo.record");
    }

    #[test]
    fn a_folder_of_somebody_else() {
        let folder = two();
        if std::os::unix::fs::chown(folder.at("k3s"), Some(12345), None).is_ok() {
            refused(&folder, "", 2, "k3s belongs to somebody else");
        }
    }

    #[test]
    fn a_stack_with_errors() {
        let folder = two().with("demo/apps/web.yaml", "kind: app\n");
        refused(&folder, "", 1, "key-missing");
    }

    #[test]
    fn a_record_that_is_none() {
        for (text, says) in
            [("{", "cannot be read"), ("{\"stackc\": 2, \"stack\": \"demo\", \"files\": {}}", "of form 2")]
        {
            let folder = two().with("k3s/.stackc-demo.record", text);
            refused(&folder, "--yes", 2, says);
        }
    }

    #[test]
    fn links_that_somebody_planted() {
        let folder = two().with("victim", "precious");
        let plant = |name: &str| symlink(folder.at("victim"), folder.at(&format!("k3s/{name}"))).unwrap();
        plant("demo-web.yaml");
        for options in ["", "--yes"] {
            refused(&folder, options, 1, "demo-web.yaml is a link");
        }
        std::fs::remove_file(folder.at("k3s/demo-web.yaml")).unwrap();
        plant(".stackc-demo.record");
        refused(&folder, "--yes", 2, ".stackc-demo.record is no record of stackc but a link");
        std::fs::remove_file(folder.at("k3s/.stackc-demo.record")).unwrap();
        // Temporary names: of any process, as nobody knows which number will come.
        for turn in 0..4 {
            for process in std::process::id()..std::process::id() + 500 {
                plant(&format!(".stackc-demo-web.yaml.{process}.{turn}.tmp"));
            }
        }
        installed(&folder, "");
        assert_eq!(folder.read("victim"), "precious");
        assert_eq!(folder.list("k3s").len(), 4, "and what was planted is gone");
    }
}

mod removes {
    use super::*;

    fn without_web() -> Folder {
        let folder = two();
        installed(&folder, "");
        std::fs::remove_file(folder.at("demo/apps/web.yaml")).unwrap();
        folder
    }

    #[test]
    fn nothing_that_nobody_has_seen() {
        let ran =
            refused(&without_web(), "", 1, "nothing was changed: 1 object would go that no diff has shown");
        assert!(ran.err.contains("  Deployment/default/web\n"), "{}", ran.err);
    }

    /// What is asked on a terminal, and each answer.
    #[test]
    fn nothing_without_a_yes_on_a_terminal() {
        for (answer, goes) in [("y", true), ("yes", true), ("n", false), ("", false), ("Y?", false)] {
            let folder = without_web();
            let run = format!("{} install demo --to k3s", env!("CARGO_BIN_EXE_stackc"));
            let mut terminal = Command::new("script");
            let terminal = terminal.args(["--quiet", "--return", "--command", &run, "/dev/null"]);
            let terminal = terminal.current_dir(folder.at("")).stdin(Stdio::piped()).stdout(Stdio::piped());
            let mut terminal = terminal.stderr(Stdio::piped()).spawn().unwrap();
            terminal.stdin.take().unwrap().write_all(format!("{answer}\n").as_bytes()).unwrap();
            let output = terminal.wait_with_output().unwrap();
            let told = String::from_utf8_lossy(&output.stdout);
            let asked = "1 object will go:\r\n  Deployment/default/web\r\ngo on? [y/N] ";
            assert!(told.contains(asked), "{answer:?}: {told}");
            assert_eq!(output.status.success(), goes, "{answer:?}: {told}");
            let lines = folder.read("k3s/demo-web.yaml").lines().count();
            assert_eq!(lines == 1, goes, "{answer:?}: {told}");
        }
    }

    #[test]
    fn an_app_by_a_tombstone_and_its_file_a_minute_later() {
        let folder = without_web();
        let told = installed(&folder, "--yes");
        assert!(told.contains("emptied k3s/demo-web.yaml: k3s deletes what it made"), "{told}");
        assert!(told.contains("  Deployment/default/web: k3s deletes it\n"), "{told}");
        let tombstone = folder.read("k3s/demo-web.yaml");
        assert!(
            tombstone.lines().count() == 1 && tombstone.starts_with("# stackc: demo-web.yaml "),
            "{tombstone}"
        );
        for options in ["", "--yes"] {
            let told = installed(&folder, options);
            assert_eq!(
                told,
                "k3s/demo-web.yaml waits: it is empty, so that k3s deletes what it made, and goes with an install a \
                 minute later\nunchanged: 1 file\n"
            );
        }
        a_minute_later(&folder);
        let told = installed(&folder, "");
        assert!(told.contains("removed k3s/demo-web.yaml\n"), "{told}");
        assert!(
            told.contains("kubectl delete addon demo-web --namespace kube-system --ignore-not-found\n"),
            "{told}"
        );
        assert!(!folder.at("k3s/demo-web.yaml").exists());
        assert_eq!(installed(&folder, ""), "unchanged: 1 file\n");
    }

    #[test]
    fn an_app_that_comes_back_meanwhile() {
        let folder = without_web();
        installed(&folder, "--yes");
        folder.write("demo/apps/web.yaml", APP);
        assert_eq!(installed(&folder, ""), "wrote k3s/demo-web.yaml\nunchanged: 1 file\n");
        assert!(!folder.read("k3s/.stackc-demo.record").contains("since"));
    }

    #[test]
    fn by_hand_on_a_release_that_does_not_prune() {
        let folder = two();
        old_release(&folder);
        installed(&folder, "");
        std::fs::remove_file(folder.at("demo/apps/web.yaml")).unwrap();
        let told = installed(&folder, "--yes");
        assert!(!folder.at("k3s/demo-web.yaml").exists());
        let lines = "v1.22.7+k3s1 still knows the AddOn of a removed file, and would not apply the very same file \
                     again; to clear it:\n  \
                     kubectl delete addon demo-web --namespace kube-system --ignore-not-found\n\
                     v1.22.7+k3s1 does not delete these; do it by hand when this has ended:\n  \
                     kubectl delete deployment.apps web --namespace default --ignore-not-found\n";
        assert!(told.contains(lines), "{told}");
    }

    #[test]
    fn nothing_that_its_own_label_keeps() {
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: default, \
                   labels: {objectset.rio.cattle.io/prune: \"false\"}}\ndata: {a: b}\n";
        let folder = two().with("demo/manifests/m.yaml", map);
        installed(&folder, "");
        std::fs::remove_file(folder.at("demo/manifests/m.yaml")).unwrap();
        let told = installed(&folder, "");
        let says = "  ConfigMap/default/m: it stays in the cluster; to delete it: kubectl delete configmap m --namespace default --ignore-not-found\n";
        assert!(told.contains(says), "{told}");
    }

    #[test]
    fn what_moves_to_a_later_file_is_told() {
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: default}\ndata: {a: b}\n";
        let folder = two().with("demo/manifests/a.yaml", map);
        installed(&folder, "");
        std::fs::rename(folder.at("demo/manifests/a.yaml"), folder.at("demo/manifests/z.yaml")).unwrap();
        let told = installed(&folder, "");
        let says = "  ConfigMap/default/m: it moves to a file that k3s reads later: k3s deletes it and makes it anew\n";
        assert!(told.contains(says), "{told}");
        std::fs::rename(folder.at("demo/manifests/z.yaml"), folder.at("demo/manifests/b.yaml")).unwrap();
        assert!(!installed(&folder, "").contains("anew"), "an earlier file takes it over");
    }

    #[test]
    fn the_last_app_too() {
        let folder = Folder::demo().with("k3s/README", "");
        installed(&folder, "");
        std::fs::remove_file(folder.at("demo/apps/web.yaml")).unwrap();
        installed(&folder, "--yes");
        a_minute_later(&folder);
        installed(&folder, "");
        assert_eq!(folder.list("k3s"), ["README"], "the record goes with the last file");
    }
}

mod keeps {
    use super::*;

    const CLAIM: &str = "PersistentVolumeClaim/default/store-data";

    /// An app with a claim that has left the stack.
    fn left() -> Folder {
        let folder = two().with("demo/apps/store.yaml", STORE);
        installed(&folder, "");
        std::fs::remove_file(folder.at("demo/apps/store.yaml")).unwrap();
        folder
    }

    #[test]
    fn what_holds_data_until_it_is_named() {
        let folder = left();
        let told = installed(&folder, "--yes");
        let kept =
            format!("  {CLAIM}: it holds data and stays; to delete it: stackc install --remove {CLAIM}\n");
        assert!(told.contains(&kept), "{told}");
        let text = folder.read("k3s/demo-store.yaml");
        assert!(text.contains("kind: PersistentVolumeClaim") && !text.contains("kind: Deployment"), "{text}");
        a_minute_later(&folder);
        assert!(installed(&folder, "").ends_with("unchanged: 3 files\n"), "and for good");

        // Named: the label goes first.
        let told = installed(&folder, "--remove persistentvolumeclaim/default/store-data");
        assert!(
            told.contains(&format!("  {CLAIM}: it may go now; an install a minute later deletes it\n")),
            "{told}"
        );
        let text = folder.read("k3s/demo-store.yaml");
        assert!(text.contains("kind: PersistentVolumeClaim") && !text.contains("/prune"), "{text}");
        let told = installed(&folder, "");
        assert!(told.contains("k3s may not have seen yet that it may go"), "{told}");
        a_minute_later(&folder);
        // Named once is enough.
        let told = installed(&folder, "");
        assert!(told.contains(&format!("  {CLAIM}: k3s deletes it\n")), "{told}");
        assert!(folder.read("k3s/demo-store.yaml").lines().count() == 1);
        a_minute_later(&folder);
        installed(&folder, "");
        assert!(!folder.at("k3s/demo-store.yaml").exists());
    }

    #[test]
    fn nobody_waits_who_says_yes() {
        let folder = left();
        installed(&folder, &format!("--yes --remove {CLAIM}"));
        installed(&folder, "--yes");
        assert!(folder.read("k3s/demo-store.yaml").lines().count() == 1);
    }

    #[test]
    fn an_app_that_comes_back_keeps_its_data() {
        let folder = left();
        installed(&folder, &format!("--yes --remove {CLAIM}"));
        folder.write("demo/apps/store.yaml", STORE);
        installed(&folder, "");
        a_minute_later(&folder);
        assert_eq!(installed(&folder, ""), "unchanged: 3 files\n");
        assert!(folder.read("k3s/demo-store.yaml").contains("/prune"));
    }

    #[test]
    fn a_secret_without_the_label_gets_it() {
        let secret =
            "apiVersion: v1\nkind: Secret\nmetadata: {name: s, namespace: default}\nstringData: {a: b}\n";
        let folder = two().with("demo/manifests/s.yaml", secret);
        installed(&folder, "");
        std::fs::remove_file(folder.at("demo/manifests/s.yaml")).unwrap();
        let told = installed(&folder, "");
        assert!(told.contains("  Secret/default/s: it holds data and stays"), "{told}");
        assert!(folder.read("k3s/demo-s.yaml").contains("objectset.rio.cattle.io/prune: \"false\""));
    }

    #[test]
    fn what_is_named_wrong_is_refused() {
        let folder = left();
        refused(&folder, "--yes --remove Deployment/default/web", 1, "is in the stack (demo-web.yaml)");
        refused(
            &folder,
            "--yes --remove PersistentVolumeClaim/default/x",
            1,
            "no file of this stack holds PersistentVolumeClaim/default/x",
        );
        refused(&folder, "--yes --remove minio", 1, "no file of this stack holds minio");
    }

    #[test]
    fn a_namespace_does_not_take_others_along() {
        let folder = two();
        folder.write("demo/apps/store.yaml", format!("{STORE}namespace: shop\n"));
        installed(&folder, "");
        std::fs::remove_file(folder.at("demo/apps/store.yaml")).unwrap();
        let says = "Namespace shop cannot go: it would take PersistentVolumeClaim/shop/store-data along";
        refused(&folder, "--yes --remove Namespace/shop", 1, says);
        let told = installed(
            &folder,
            "--yes --remove Namespace/shop --remove PersistentVolumeClaim/shop/store-data",
        );
        assert!(told.contains("Namespace/shop: it may go now"), "{told}");
    }

    #[test]
    fn an_unguarded_claim_does_not_move() {
        let claim = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: p, namespace: default}\n\
                     spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";
        let folder = two().with("demo/manifests/p.yaml", claim);
        installed(&folder, "");
        std::fs::rename(folder.at("demo/manifests/p.yaml"), folder.at("demo/manifests/z.yaml")).unwrap();
        let says =
            "PersistentVolumeClaim default/p moves from demo-p.yaml to demo-z.yaml, and k3s would delete it";
        refused(&folder, "--yes", 1, says);
        std::fs::rename(folder.at("demo/manifests/z.yaml"), folder.at("demo/manifests/a.yaml")).unwrap();
        assert!(!installed(&folder, "").contains("PersistentVolumeClaim"), "an earlier file takes it over");
    }
}

/// k3s may still have what a file made that is gone, torn or edited: the record knows what that is.
mod behind_its_back {
    use super::*;

    const RAW: &str =
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m, namespace: default}\ndata: {a: b}\n";
    const CLAIM: &str = "apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {name: p, namespace: default}\n\
                         spec: {accessModes: [ReadWriteOnce], resources: {requests: {storage: 1Gi}}}\n";

    /// A ConfigMap and a claim without the label, installed.
    fn raw() -> Folder {
        let folder = two().with("demo/manifests/raw.yaml", format!("{RAW}---\n{CLAIM}"));
        installed(&folder, "");
        folder
    }

    type Meddle = fn(&Folder);

    const MEDDLED: [Meddle; 3] = [
        |folder| std::fs::remove_file(folder.at("k3s/demo-raw.yaml")).unwrap(),
        |folder| folder.write("k3s/demo-raw.yaml", format!("{}oops: [\n", folder.read("k3s/demo-raw.yaml"))),
        |folder| {
            folder
                .write("k3s/demo-raw.yaml", folder.read("k3s/demo-raw.yaml").replace("a: b", "a: b\n  a: c"));
        },
    ];

    #[test]
    fn data_does_not_vanish() {
        for meddle in MEDDLED {
            let folder = raw();
            meddle(&folder);
            folder.write("demo/manifests/raw.yaml", RAW);
            let ran = refused(&folder, "--yes", 1, "PersistentVolumeClaim default/p has left the stack");
            assert!(ran.err.contains("--remove PersistentVolumeClaim/default/p"), "{}", ran.err);
            let told = installed(&folder, "--yes --remove PersistentVolumeClaim/default/p");
            assert!(told.contains("  PersistentVolumeClaim/default/p: k3s deletes it\n"), "{told}");
        }
    }

    #[test]
    fn data_with_the_label_stays_in_the_cluster() {
        let guarded =
            CLAIM.replace("{name: p,", "{name: p, labels: {objectset.rio.cattle.io/prune: \"false\"},");
        for meddle in MEDDLED {
            let folder = two().with("demo/manifests/raw.yaml", format!("{RAW}---\n{guarded}"));
            installed(&folder, "");
            meddle(&folder);
            folder.write("demo/manifests/raw.yaml", RAW);
            let told = installed(&folder, "--yes");
            let says =
                "PersistentVolumeClaim/default/p: it stays in the cluster; to delete it: kubectl delete ";
            assert!(told.contains(says), "{told}");
        }
    }

    #[test]
    fn what_goes_is_asked_for() {
        let folder = raw();
        std::fs::remove_file(folder.at("k3s/demo-raw.yaml")).unwrap();
        folder.write("demo/manifests/raw.yaml", CLAIM);
        refused(&folder, "", 1, "  ConfigMap/default/m\n");
    }

    #[test]
    fn a_file_that_is_gone_and_has_left_the_stack() {
        let folder = raw();
        std::fs::remove_file(folder.at("k3s/demo-raw.yaml")).unwrap();
        std::fs::remove_file(folder.at("demo/manifests/raw.yaml")).unwrap();
        let told = installed(&folder, "");
        for line in ["configmap m", "persistentvolumeclaim p"] {
            assert!(
                told.contains(&format!("it stays in the cluster; to delete it: kubectl delete {line} ")),
                "{told}"
            );
        }
    }
}

/// The version of an API is no part of an object's identity; k3s prunes by it all the same.
#[test]
fn another_version_of_the_api_is_the_same_object() {
    let job = |version: &str| {
        format!(
            "apiVersion: batch/{version}\nkind: CronJob\nmetadata: {{name: c, namespace: default}}\nspec: {{schedule: \
             \"0 1 * * *\", jobTemplate: {{spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: \
             \"registry.example/web:1.0\"}}]}}}}}}}}}}\n"
        )
    };
    for (release, tells) in [("v1.22.7+k3s1", false), ("v1.24.6+k3s1", true)] {
        let folder = two().with("demo/manifests/c.yaml", job("v1beta1"));
        folder.write("demo/stack.yaml", STACK.replace("v1.37.1+k3s1", release));
        let ran = folder.stackc("install demo --to k3s");
        assert_eq!(ran.status, 0, "{}", ran.err);
        folder.write("demo/manifests/c.yaml", job("v1"));
        let told = installed(&folder, "");
        assert!(!told.contains("kubectl delete") && !told.contains("k3s deletes"), "{told}");
        assert_eq!(told.contains("CronJob/default/c: its apiVersion changes"), tells, "{told}");
        assert!(!folder.read("k3s/demo-c.yaml").contains("v1beta1"));
    }
}

mod beside_other_stacks {
    use super::*;

    fn beside() -> Folder {
        let other = format!("{STACK}namespace: shared\n");
        let folder = two().with("other/stack.yaml", other).with("other/apps/mine.yaml", STORE);
        folder.write("demo/stack.yaml", format!("{STACK}namespace: shared\n"));
        installed(&folder, "");
        assert_eq!(folder.stackc("install other --to k3s").status, 0);
        folder
    }

    #[test]
    fn their_namespace_stays() {
        let folder = beside();
        for app in ["api", "web"] {
            folder.write(&format!("demo/apps/{app}.yaml"), format!("{APP}namespace: default\n"));
        }
        let says =
            "Namespace shared cannot go: it would take Deployment/shared/mine of other-mine.yaml along";
        refused(&folder, "--yes --remove Namespace/shared", 1, says);
        installed(&folder, "--yes");
    }

    #[test]
    fn a_stack_under_another_name_is_told() {
        let folder = beside();
        folder.write("demo/stack.yaml", format!("{STACK}namespace: shared\nname: new\n"));
        let ran = refused(
            &folder,
            "--yes",
            1,
            "Deployment shared/api of new-api.yaml is in demo-api.yaml of the stack `demo` too",
        );
        assert!(ran.err.contains("keep its old one: name: demo"), "{}", ran.err);
    }

    #[test]
    fn a_record_leads_to_no_file_of_theirs() {
        let folder = beside();
        let record = folder.read("k3s/.stackc-demo.record").replace("demo-web.yaml", "other-mine.yaml");
        folder.write("k3s/.stackc-demo.record", record);
        refused(&folder, "--yes", 2, "\"other-mine.yaml\" is no name of a file of this stack");
    }

    #[test]
    fn a_file_that_leaves_meets_no_other_of_its_addon() {
        let folder = beside();
        folder.write("k3s/sub/demo-api.yaml", "# mine\n");
        std::fs::remove_file(folder.at("demo/apps/api.yaml")).unwrap();
        refused(&folder, "--yes", 1, "sub/demo-api.yaml and demo-api.yaml are one AddOn to k3s");
    }
}

/// A clock that was ahead, and one that began in 1970: the minute begins anew.
#[test]
fn a_clock_that_was_wrong_stops_nothing() {
    for since in ["9999999999", "5"] {
        let folder = two();
        installed(&folder, "");
        std::fs::remove_file(folder.at("demo/apps/web.yaml")).unwrap();
        installed(&folder, "--yes");
        let record = folder.read("k3s/.stackc-demo.record");
        let (before, rest) = record.split_once("\"since\": ").unwrap();
        let (_, after) = rest.split_once('\n').unwrap();
        folder.write("k3s/.stackc-demo.record", format!("{before}\"since\": {since}\n{after}"));
        assert!(installed(&folder, "").contains("waits"), "{since}");
        a_minute_later(&folder);
        assert!(installed(&folder, "").contains("removed k3s/demo-web.yaml"), "{since}");
    }
}

/// What others may write is written anew, and the umask takes nothing from its owner.
#[test]
fn its_files_are_its_owners_alone() {
    let folder = two();
    installed(&folder, "");
    std::fs::set_permissions(folder.at("k3s/demo-web.yaml"), PermissionsExt::from_mode(0o666)).unwrap();
    assert_eq!(installed(&folder, ""), "wrote k3s/demo-web.yaml\nunchanged: 1 file\n");
    let other = two();
    let mut shell = Command::new("sh");
    let run = format!("umask 0777; exec {} install demo --to k3s", env!("CARGO_BIN_EXE_stackc"));
    assert_eq!(Ran::of(shell.args(["-c", &run]).current_dir(other.at(""))).status, 0);
    for one in [&folder, &other] {
        for name in [".stackc-demo.record", "demo-web.yaml"] {
            let mode = one.at(&format!("k3s/{name}")).metadata().unwrap().permissions().mode();
            assert_eq!(mode & 0o777, 0o600, "{name}");
        }
    }
}

mod from_a_stream {
    use super::*;

    #[test]
    fn is_as_from_the_stack() {
        let folder = two();
        let stream = folder.stackc("build demo").out;
        let ran = from_stdin(&folder, &stream, "");
        assert_eq!(
            (ran.status, ran.out.as_str()),
            (
                0,
                "wrote k3s/demo-api.yaml\nwrote k3s/demo-web.yaml\nnote: if there are several k3s servers: k3s does not \
                 copy these files; keep them on one server alone, or install on each\n"
            ),
            "{}",
            ran.err
        );
        assert_eq!(from_stdin(&folder, &stream, "").out, "unchanged: 2 files\n", "said once");
        assert_eq!(installed(&folder, ""), "unchanged: 2 files\n");
        std::fs::remove_file(folder.at("demo/apps/web.yaml")).unwrap();
        let stream = folder.stackc("build demo").out;
        // What becomes of it depends on the release, which no stream tells.
        let untold = from_stdin(&folder, &stream, "--yes");
        assert_eq!(untold.status, 2);
        assert!(untold.err.contains("--k3s v1.37.1+k3s1"), "{}", untold.err);
        assert_eq!(from_stdin(&folder, &stream, "--k3s v1.37.1+k3s1").status, 1);
        assert_eq!(from_stdin(&folder, &stream, "--yes --k3s v1.37.1+k3s1").status, 0);
        assert_eq!(folder.read("k3s/demo-web.yaml").lines().count(), 1);
    }

    #[test]
    fn that_is_not_whole_is_refused() {
        let folder = two();
        let stream = folder.stackc("build demo").out;
        let (cut, _) = stream.rsplit_once("---").unwrap();
        let fewer = format!("{cut}# stackc: end of 2 files\n");
        for (text, says) in [
            ("", "the stream is empty"),
            (cut, "the stream was cut off"),
            (&fewer, "says that it has 2 files, and has 1"),
            ("# stackc: end of 0 files\n", "the stream holds no file"),
            ("stackc-error: build failed, see stderr\n", "the stream was cut off"),
        ] {
            let ran = from_stdin(&folder, text, "--yes");
            assert_eq!((ran.status, ran.out.as_str()), (2, ""));
            assert!(ran.err.contains(says), "{says}: {}", ran.err);
            assert_eq!(folder.list("k3s"), ["README"]);
        }
    }

    #[test]
    fn of_any_stack_that_is_carried() {
        for stack in crate::stack::carried() {
            let folder = Folder::new().with("k3s/README", "");
            let build = || {
                Ran::of(&mut crate::stack::command(crate::tools::ROOT.as_ref(), &format!("build {stack}")))
                    .out
            };
            let ran = from_stdin(&folder, &build(), "");
            assert_eq!(ran.status, 0, "{stack}: {}", ran.err);
            assert_eq!(from_stdin(&folder, &build(), "").out.lines().count(), 1, "{stack}: nothing to do");
        }
    }
}

mod by_a_plan {
    use super::*;

    /// What `diff --save` would write.
    fn saved(folder: &Folder, remove: &[String]) {
        let stream = stackc::install::parse_stream(&folder.stackc("build demo").out).unwrap();
        let opened = stackc::install::Folder::open(&folder.at("k3s")).unwrap();
        let state = opened.state("demo", stream.files.iter().map(|(name, _)| name.as_str())).unwrap();
        let now = 1_800_000_000;
        let wish = stackc::install::Wish {
            stack: "demo",
            folder: opened.real(),
            release: stackc::k3s::Release::of(stackc::k3s::Version::parse("v1.37.1+k3s1").unwrap()).unwrap(),
            files: &stream.files,
            remove,
            now,
            sure: false,
        };
        folder.write("plan", stackc::install::plan(&wish, &state).unwrap().text());
    }

    #[test]
    fn what_was_shown_is_done_without_asking() {
        let folder = two();
        installed(&folder, "");
        std::fs::remove_file(folder.at("demo/apps/web.yaml")).unwrap();
        saved(&folder, &[]);
        assert!(!folder.read("plan").contains("registry.example"), "a plan says no file's content");
        let told = installed(&folder, "--plan plan");
        assert!(told.contains("emptied k3s/demo-web.yaml"), "{told}");
        refused(&folder, "--plan plan", 1, "demo-web.yaml in the folder is not what it was");
        // Its minute begins when it is done, whatever the plan's time was.
        assert!(installed(&folder, "--yes").starts_with("k3s/demo-web.yaml waits"));
    }

    #[test]
    fn anything_else_is_refused() {
        let folder = two();
        installed(&folder, "");
        folder.write("demo/apps/web.yaml", format!("{APP}replicas: 2\n"));
        saved(&folder, &[]);
        folder.write("demo/apps/web.yaml", format!("{APP}replicas: 3\n"));
        refused(&folder, "--plan plan", 1, "demo-web.yaml would not become what was shown");
        folder.write("demo/apps/web.yaml", format!("{APP}replicas: 2\n"));
        folder.write("demo/apps/more.yaml", APP);
        refused(&folder, "--plan plan", 1, "demo-more.yaml was not in the plan");
        std::fs::remove_file(folder.at("demo/apps/more.yaml")).unwrap();
        folder.write("demo/stack.yaml", STACK.replace("v1.37.1", "v1.36.1"));
        refused(&folder, "--plan plan", 1, "the release was v1.37.1+k3s1 and is v1.36.1+k3s1");
        folder.write("demo/stack.yaml", STACK);
        assert_eq!(installed(&folder, "--plan plan"), "wrote k3s/demo-web.yaml\nunchanged: 1 file\n");
        saved(&folder, &[]);
        folder.write("other/README", "");
        for name in ["demo-api.yaml", "demo-web.yaml", ".stackc-demo.record"] {
            std::fs::copy(folder.at(&format!("k3s/{name}")), folder.at(&format!("other/{name}"))).unwrap();
        }
        let ran = folder.stackc("install demo --to other --plan plan");
        assert!(ran.status == 1 && ran.err.contains("the folder was "), "{}", ran.err);
        folder.write("plan", "{}");
        refused(&folder, "--plan plan", 2, "plan is no plan of stackc diff --save");
    }

    #[test]
    fn with_what_was_named_to_be_removed() {
        let folder = two().with("demo/apps/store.yaml", STORE);
        installed(&folder, "");
        std::fs::remove_file(folder.at("demo/apps/store.yaml")).unwrap();
        saved(&folder, &["PersistentVolumeClaim/default/store-data".into()]);
        let told = installed(&folder, "--plan plan");
        assert!(told.contains("it may go now"), "{told}");
    }
}

mod at_once {
    use super::*;

    #[test]
    fn a_second_run_waits_for_the_first() {
        let folder = two();
        let held = std::fs::File::open(folder.at("k3s")).unwrap();
        held.lock().unwrap();
        let mut waiting = folder.command("install demo --to k3s");
        let waiting = waiting.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(300));
        assert_eq!(folder.list("k3s"), ["README"]);
        drop(held);
        assert!(waiting.wait_with_output().unwrap().status.success());
        assert_eq!(folder.list("k3s").len(), 4);
    }

    #[test]
    fn many_runs_leave_what_one_leaves() {
        let folder = two();
        let start = |_| {
            let mut command: Command = folder.command("install demo --to k3s");
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
        };
        let runs: Vec<_> = (0..6).map(start).collect();
        let outs = runs.into_iter().map(|run| run.wait_with_output().unwrap());
        let wrote = outs.filter(|out| {
            assert!(out.status.success(), "{}", String::from_utf8_lossy(&out.stderr));
            out.stdout.starts_with(b"wrote")
        });
        assert_eq!(wrote.count(), 1, "one writes, the others find nothing to do");
        assert_eq!(installed(&folder, ""), "unchanged: 2 files\n");
    }

    #[test]
    fn a_lock_ends_with_its_process() {
        let folder = two();
        let mut holder = Command::new("flock");
        let mut holder = holder.arg(folder.at("k3s")).args(["sleep", "600"]).spawn().unwrap();
        std::thread::sleep(std::time::Duration::from_millis(200));
        // flock's child holds the lock as well, as it inherits the file.
        let children = format!("/proc/{0}/task/{0}/children", holder.id());
        let child = std::fs::read_to_string(children).unwrap();
        assert!(Command::new("kill").args(["-9", child.trim()]).status().unwrap().success());
        holder.kill().unwrap();
        holder.wait().unwrap();
        installed(&folder, "");
    }
}

#[test]
fn environment_and_place_change_nothing() {
    let folder = two();
    installed(&folder, "");
    let expected: Vec<Vec<u8>> = state(&folder).into_values().map(|(_, _, content)| content).collect();
    for (variable, value) in
        [("TZ", "Asia/Shanghai"), ("LC_ALL", "tr_TR.UTF-8"), ("SOURCE_DATE_EPOCH", "1"), ("HOME", "/x")]
    {
        for umask in ["000", "022", "077"] {
            let other = two();
            std::fs::set_permissions(other.at("k3s"), PermissionsExt::from_mode(0o700)).unwrap();
            let mut shell = Command::new("sh");
            let run = format!("umask {umask}; exec {} install demo --to k3s", env!("CARGO_BIN_EXE_stackc"));
            let ran = Ran::of(shell.args(["-c", &run]).current_dir(other.at("")).env(variable, value));
            assert_eq!(ran.status, 0, "{}", ran.err);
            let got: Vec<Vec<u8>> = state(&other).into_values().map(|(_, _, content)| content).collect();
            assert_eq!(got, expected, "{variable}={value}, umask {umask}");
            assert_eq!(other.at("k3s/demo-web.yaml").metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

/// Root installs what anybody has built, and anybody what root has.
#[test]
fn another_user_changes_nothing() {
    let folder = two();
    installed(&folder, "");
    let expected: Vec<Vec<u8>> = state(&folder).into_values().map(|(_, _, content)| content).collect();
    let other = two();
    let own = other.at("k3s").metadata().unwrap().uid();
    let mut command = if own == 0 {
        let chown = Command::new("chown").args(["-R", "65534:65534"]).arg(other.at("")).status().unwrap();
        assert!(chown.success());
        let mut command = Command::new("setpriv");
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
        command
    } else {
        let mut command = Command::new("unshare");
        command.arg("--map-root-user");
        command
    };
    // Another user may not be let in where the binary was built.
    let binary = other.at("stackc");
    std::fs::copy(env!("CARGO_BIN_EXE_stackc"), &binary).unwrap();
    let ran = Ran::of(command.arg(binary).args(["install", "demo", "--to", "k3s"]).current_dir(other.at("")));
    assert_eq!(ran.status, 0, "{}", ran.err);
    let got: Vec<Vec<u8>> = state(&other).into_values().map(|(_, _, content)| content).collect();
    assert_eq!(got, expected);
}

#[test]
fn a_stream_never_goes_into_the_folder_of_a_stack() {
    let folder = Folder::demo();
    std::fs::write(folder.at("stream"), folder.stackc("build demo").out).unwrap();
    let ran = folder.stackc("install --from stream --yes --to demo/manifests");
    assert_eq!(ran.status, 2, "{}", ran.out);
    assert!(ran.err.contains("holds the stack itself") || ran.err.contains("no such folder"), "{}", ran.err);
    std::fs::create_dir(folder.at("demo/manifests")).unwrap();
    let ran = folder.stackc("install --from stream --yes --to demo/manifests");
    assert!(ran.status == 2 && ran.err.contains("holds the stack itself"), "{}", ran.err);
}
