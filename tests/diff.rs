//! `stackc diff`: every kind of change once, in all forms; against folders, streams and revisions of git.
//!
//! `tests/diff/old` and `tests/diff/new` are one stack, `tests/diff/shown.*` what is told of the way from one to the other.
//! `STACKC_REWRITE=1 cargo test diff` writes these anew; read them as the one who has to agree to the change.

use std::fs::File;
use std::path::Path;
use std::process::Command;

use crate::stack::{APP, Folder, Ran, STACK, carried, command};
use crate::tools::ROOT;

const FORMS: [(&str, &str); 3] = [("text", "txt"), ("json", "json"), ("markdown", "md")];

/// The old and the new stack, and what the old one was built to.
fn pair() -> Folder {
    let folder = Folder::new();
    let from = format!("{ROOT}/tests/diff");
    for side in ["old", "new"] {
        let to = folder.at(side);
        let copied = Command::new("cp").args(["-r", &format!("{from}/{side}")]).arg(&to).status().unwrap();
        assert!(copied.success());
    }
    let built = folder.stackc("build old -o out");
    assert_eq!(built.status, 0, "{}", built.err);
    folder
}

fn shown(form: &str) -> Ran {
    pair().stackc(&format!("diff new --against out --format {form}"))
}

#[test]
fn every_kind_of_change_is_told_as_people_read_it() {
    let mut changed = Vec::new();
    for (form, ending) in FORMS {
        let ran = shown(form);
        assert_eq!((ran.status, ran.err.as_str()), (1, ""), "{form}");
        let file = format!("{ROOT}/tests/diff/shown.{ending}");
        if std::env::var_os("STACKC_REWRITE").is_some() {
            std::fs::write(&file, &ran.out).unwrap();
        }
        if std::fs::read_to_string(&file).unwrap_or_default() != ran.out {
            changed.push(format!("{file} is\n{}", ran.out));
        }
    }
    assert!(changed.is_empty(), "look, then STACKC_REWRITE=1 cargo test diff\n{}", changed.join("\n"));
}

#[test]
fn json_has_every_verdict_and_kind_of_change() {
    let report: serde_json::Value = serde_json::from_str(&shown("json").out).unwrap();
    assert_eq!((&report["version"], &report["differs"]), (&1.into(), &true.into()));
    let objects = report["objects"].as_array().unwrap();
    let all = |of: &dyn Fn(&serde_json::Value) -> Vec<String>| -> Vec<String> {
        let mut all: Vec<String> = objects.iter().flat_map(of).collect();
        all.sort();
        all.dedup();
        all
    };
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let each = |list: &'static str, key: &'static str| {
        all(&move |object| object[list].as_array().unwrap().iter().map(|item| text(&item[key])).collect())
    };
    assert_eq!(all(&|object| vec![text(&object["change"])]), ["added", "changed", "moved", "removed"]);
    assert_eq!(
        each("fates", "verdict"),
        ["data at stake", "deleted", "kept", "orphaned", "recreated", "stuck"]
    );
    let topics = ["host path", "image", "privileged", "rbac", "read-only root", "secret", "trusted ranges"];
    assert_eq!(each("security", "topic"), topics);
}

/// Each secret of both sides begins so, in plain text and in base64.
#[test]
fn no_form_shows_a_secret() {
    let folder = pair();
    let base64 = |text: &str| data_encoding::BASE64.encode(text.as_bytes());
    let data = format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: more}}\ndata: {{a: {}, b: {}}}\n",
        base64("hunter-one"),
        base64("hunter-two")
    );
    folder.write("new/manifests/more.yaml", &data);
    for (old, new) in [("out", "new"), ("empty", "new"), ("out", "old")] {
        std::fs::create_dir_all(folder.at("empty")).unwrap();
        for (form, _) in FORMS {
            let ran = folder.stackc(&format!("diff {new} --against {old} --format {form}"));
            for secret in ["hunter", base64("hunter").as_str()] {
                assert!(!ran.out.contains(secret) && !ran.err.contains(secret), "{form}: {}", ran.out);
            }
        }
    }
    folder.stackc("build new -o later");
    // What goes is as secret as what comes.
    for (form, _) in FORMS {
        let ran = folder.stackc(&format!("diff old --against later --format {form}"));
        assert!(!ran.out.contains("hunter") && ran.status == 1, "{form}: {}", ran.out);
    }
    assert!(folder.read("later/shop-data.yaml").contains("hunter"), "there was something to hide");
}

#[test]
fn a_stack_does_not_differ_from_its_own_build() {
    let folder = Folder::new();
    for (index, stack) in carried().iter().enumerate() {
        let path = format!("{ROOT}/{stack}");
        let out = format!("out{index}");
        assert_eq!(folder.stackc(&format!("build {path} -o {out}")).status, 0, "{stack}");
        let ran = folder.stackc(&format!("diff {path} --against {out}"));
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{stack}: {}", ran.out);
        assert!(ran.out.ends_with(" as it was\n") && ran.out.lines().count() == 1, "{}", ran.out);
        let stream = folder.stackc(&format!("build {path}")).out;
        folder.write("stream", stream);
        let mut command = folder.command(&format!("diff {path} --against - --format json"));
        let ran = Ran::of(command.stdin(File::open(folder.at("stream")).unwrap()));
        assert_eq!((ran.status, ran.err.as_str()), (0, ""), "{stack}: {}", ran.out);
    }
}

#[test]
fn only_the_stacks_own_files_are_looked_at() {
    let folder = Folder::demo();
    assert_eq!(folder.stackc("build demo -o out").status, 0);
    let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n";
    for name in ["traefik.yaml", "demo-foreign.yaml", "other-x.yaml", ".demo-x.yaml", "demo-x.txt"] {
        folder.write(&format!("out/{name}"), map);
    }
    folder.write("out/other-y.yaml", format!("# stackc: other-y.yaml from apps/y.yaml\n{map}"));
    folder.write("out/demo-copy.yaml", format!("# stackc: demo-else.yaml from apps/y.yaml\n{map}"));
    folder.write(
        "out/demo-left.yaml",
        "# stackc: demo-left.yaml has left the stack: k3s deletes what it made\n",
    );
    std::os::unix::fs::symlink(folder.at("out/demo-web.yaml"), folder.at("out/demo-link.yaml")).unwrap();
    std::fs::create_dir(folder.at("out/demo-folder.yaml")).unwrap();
    let ran = folder.stackc("diff demo --against out");
    assert_eq!((ran.status, ran.err.as_str(), ran.out.as_str()), (0, "", "demo against out: 1 as it was\n"));
    folder.write("out/demo-y.yaml", format!("# stackc: demo-y.yaml from apps/y.yaml\n{map}"));
    let ran = folder.stackc("diff demo --against out");
    assert_eq!(ran.status, 1);
    assert!(ran.out.starts_with("- ConfigMap default/a (demo-y.yaml): deleted\n"), "{}", ran.out);
}

/// What an install would refuse is no surprise.
#[test]
fn a_file_edited_by_hand_is_told() {
    let folder = Folder::demo().with("k3s/README", "");
    assert_eq!(folder.stackc("install demo --to k3s").status, 0);
    let same = folder.stackc("diff demo --against k3s");
    assert_eq!((same.status, same.out.as_str()), (0, "demo against k3s: 1 as it was\n"), "{}", same.err);
    folder.write("k3s/demo-web.yaml", format!("{}# mine\n", folder.read("k3s/demo-web.yaml")));
    for options in ["", "--save plan"] {
        let ran = folder.stackc(&format!("diff demo --against k3s {options}"));
        let says = "demo-web.yaml was changed by hand since stackc wrote it";
        assert!(
            ran.out.contains(says) || ran.err.contains("demo-web.yaml was changed since"),
            "{} {}",
            ran.out,
            ran.err
        );
    }
    let json: serde_json::Value =
        serde_json::from_str(&folder.stackc("diff demo --against k3s --format json").out).unwrap();
    assert_eq!(json["remarks"].as_array().unwrap().len(), 1);
}

/// A plan is written over nothing but a plan, and never where somebody reads it.
#[test]
fn a_plan_replaces_nothing_else() {
    let folder =
        Folder::demo().with("k3s/README", "").with("k3s/sub/x", "").with("mine", "mine\n").with("empty", "");
    folder.write("demo/manifests/x", "");
    std::os::unix::fs::symlink(folder.at("nothing"), folder.at("link")).unwrap();
    std::os::unix::fs::symlink(folder.at("empty"), folder.at("full")).unwrap();
    assert!(Command::new("mkfifo").arg(folder.at("fifo")).status().unwrap().success());
    let refused = [
        ("mine", "is there, and is no plan"),
        ("link", "is there, and is no plan"),
        ("full", "is there, and is no plan"),
        ("fifo", "is there, and is no plan"),
        ("k3s", "is there, and is no plan"),
        ("demo/stack.yaml", "is there, and is no plan"),
        ("demo/apps/web.yaml", "lies where a stack would read it"),
        ("demo/manifests/plan", "lies where a stack would read it"),
        ("k3s/plan.json", "lies in the folder that is installed into"),
        ("k3s/sub/plan", "lies in the folder that is installed into"),
        ("demo/../k3s/demo-web.yaml", "lies in the folder that is installed into"),
        ("nowhere/plan", "No such file"),
    ];
    let stack = folder.read("demo/stack.yaml");
    for (file, says) in refused {
        let ran = folder.stackc(&format!("diff demo --against k3s --save {file}"));
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{file}");
        assert!(ran.err.contains(says), "{file}: {}", ran.err);
    }
    assert_eq!((folder.read("mine"), folder.read("demo/stack.yaml")), ("mine\n".into(), stack));
    assert!(folder.at("link").is_symlink() && folder.list("k3s") == ["README", "sub"]);
    for file in ["plan", "empty", "demo/plan", "plan"] {
        let ran = folder.stackc(&format!("diff demo --against k3s --save {file}"));
        assert_eq!(ran.status, 1, "{file}: {}", ran.err);
        assert!(folder.read(file).contains("\"stackc\": 1"), "{file}");
    }
    assert_eq!(folder.stackc("install demo --to k3s --plan plan").status, 0);
}

/// Each field that is new is shown with the line that asked for it, also where lowering made a map or list around it.
#[test]
fn what_is_new_stands_at_its_own_line() {
    let folder = Folder::demo();
    folder.write("demo/apps/web.yaml", "kind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n");
    assert_eq!(folder.stackc("build demo -o out").status, 0);
    let app = "kind: app\nimage: registry.example/web:1.0\nports: {http: 8080, metrics: 9090}\nenv:\n  B: x\nresources:\n  \
               limits: {memory: 1Gi}\nprobes:\n  liveness: {httpGet: {path: /healthz, port: http}}\nvolumes:\n  /data: \
               {emptyDir: 1Gi}\nsecurityContext:\n  runAsUser: 1000\nlabels: {team: a}\n";
    folder.write("demo/apps/web.yaml", app);
    let told = folder.stackc("diff demo --against out").out;
    for (path, line) in [
        ("metadata.labels.team", 14),
        ("containers[web].ports[9090/TCP]", 3),
        ("containers[web].env", 5),
        ("containers[web].resources", 7),
        ("containers[web].livenessProbe", 9),
        ("containers[web].volumeMounts", 11),
        ("spec.template.spec.volumes", 11),
        ("spec.template.spec.securityContext", 13),
    ] {
        let shown = told.lines().find(|shown| shown.contains(&format!("{path}:")));
        let shown = shown.unwrap_or_else(|| panic!("{path} in {told}"));
        assert!(shown.ends_with(&format!("web.yaml:{line}")), "{line}: {shown}");
    }
}

/// k3s deletes the object behind its update: not a plain deletion, as it is still in the stack.
#[test]
fn another_version_of_an_api_is_looked_at_twice() {
    let stack = STACK.replace("v1.37.1+k3s1", "v1.24.7+k3s1");
    let cron = |version: &str, more: &str| {
        let job = "spec: {schedule: \"0 0 * * *\", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, \
                   containers: [{name: a, image: \"registry.example/web:1.0\"}]}}}}}";
        format!("apiVersion: batch/{version}\nkind: CronJob\nmetadata: {{name: a{more}}}\n{job}\n")
    };
    let folder = Folder::demo().with("demo/stack.yaml", stack);
    folder.write("demo/manifests/a.yaml", cron("v1beta1", ""));
    let built = folder.stackc("build demo -o out");
    assert_eq!(built.status, 0, "{}", built.err);
    folder.write("demo/manifests/a.yaml", cron("v1", ""));
    let told = folder.stackc("diff demo --against out").out;
    assert!(told.contains("look twice\n  deleted: CronJob default/a apiVersion\n"), "{told}");
    assert!(told.contains("give it the label objectset.rio.cattle.io/prune: \"false\" together"), "{told}");
    folder.write("demo/manifests/a.yaml", cron("v1", ", labels: {objectset.rio.cattle.io/prune: \"false\"}"));
    let told = folder.stackc("diff demo --against out").out;
    assert!(!told.contains("look twice"), "{told}");
}

#[test]
fn a_folder_without_the_stack_makes_all_of_it_new() {
    let folder = Folder::demo().with("empty/x", "");
    let ran = folder.stackc("diff demo --against empty");
    assert_eq!(ran.status, 1);
    let end = "\nempty holds no file of the stack `demo`: all of it is new\ndemo against empty: 1 added\n";
    assert!(
        ran.out.starts_with("+ Deployment default/web (demo-web.yaml)") && ran.out.ends_with(end),
        "{}",
        ran.out
    );
}

/// A report without its places.
fn bare(json: &str) -> serde_json::Value {
    fn strip(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(map) => {
                map.remove("place");
                map.values_mut().for_each(strip);
            }
            serde_json::Value::Array(items) => items.iter_mut().for_each(strip),
            _ => {}
        }
    }
    let mut report = serde_json::from_str(json).unwrap();
    strip(&mut report);
    report
}

/// On a node that has the files and not the stack: what is shown there is what an install there does.
#[test]
fn a_stream_is_a_new_side_as_well() {
    let folder = pair();
    let with_input = |arguments: &str, input: &str| {
        let mut command = folder.command(arguments);
        Ran::of(command.stdin(File::open(folder.at(input)).unwrap()))
    };
    folder.write("stream", folder.stackc("build new").out);
    let compiled = bare(&folder.stackc("diff new --against out --format json").out);
    for from in ["-", "stream"] {
        let line = format!("diff --from {from} --against out --k3s v1.22.7+k3s1");
        let ran = with_input(&line, "stream");
        assert_eq!((ran.status, ran.err.as_str()), (1, ""));
        assert!(ran.out.contains("the stream/shop-web.yaml:") && !ran.out.contains("hunter"), "{}", ran.out);
        assert_eq!(bare(&with_input(&format!("{line} --format json"), "stream").out), compiled);
    }
    let ran = folder.stackc("diff --from stream --against out");
    assert!(ran.status == 2 && ran.err.contains("name it, as k3s --version prints it"), "{ran:?}");
    // Where nothing depends on the release, nobody has to tell it.
    folder.write("empty/x", "");
    assert_eq!(folder.stackc("diff --from stream --against empty").status, 1);
    let saved = with_input("diff --from - --against empty --save plan", "stream");
    assert_eq!(saved.status, 1, "{}", saved.err);
    let done = with_input("install --from - --to empty --plan plan", "stream");
    assert_eq!(done.status, 0, "{}", done.err);
    assert_eq!(folder.stackc("diff --from stream --against empty").status, 0);
    let short: String = folder.read("stream").lines().take(9).map(|line| format!("{line}\n")).collect();
    folder.write("short", short);
    folder.write("torn", "# stackc: shop-a.yaml from apps/a.yaml\nkind: A\n# stackc: end of 1 file\n");
    for (arguments, says) in [
        ("--from short --against empty", "the stream was cut off"),
        ("--from nowhere --against empty", "cannot read the stream nowhere"),
        ("--from torn --against empty", "the stream could not be compiled"),
        ("--from - --against -", "both sides cannot be stdin"),
        ("--from stream --against empty --k3s 1.37", "--k3s 1.37: "),
        ("new --from stream --against empty", "cannot be used with"),
        ("--from stream --ref HEAD", "cannot be used with"),
        ("new --against empty --k3s v1.37.1+k3s1", "cannot be used with"),
        ("--against empty --k3s v1.37.1+k3s1", "--from <FILE>"),
    ] {
        let ran = folder.stackc(&format!("diff {arguments}"));
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{arguments}");
        assert!(ran.err.contains(says), "{arguments}: {}", ran.err);
    }
}

#[test]
fn what_cannot_be_compared_is_status_2_on_stderr() {
    let folder = Folder::demo().with("bad/stack.yaml", STACK).with("bad/apps/web.yaml", "kind: app\n");
    folder.stackc("build demo -o out");
    folder.write("torn/demo-web.yaml", "# stackc: demo-web.yaml from apps/web.yaml\nkind: Deployment\n");
    let short = folder.stackc("build demo").out.lines().take(4).collect::<Vec<_>>().join("\n");
    folder.write("short", short);
    folder.write("demo/.git", "gitdir: nowhere\n");
    let rows = [
        ("diff bad --against out", "bad/apps/web.yaml"),
        ("diff demo --against torn", "torn/demo-web.yaml"),
        ("diff demo --against nowhere", "nowhere: no such folder; it takes"),
        ("diff demo", "name what to compare with"),
        ("diff demo --against -", "the stream was cut off"),
        ("diff demo --against out --ref main", "cannot be used with"),
        ("diff demo --against out --remove PersistentVolumeClaim/default/a", "--save"),
        ("diff demo --ref main", "no repository"),
        ("diff demo --ref --output=x", "unexpected argument"),
        ("diff demo --ref=-x", "--ref takes a revision such as main"),
        ("diff demo --ref ^HEAD", "--ref takes a revision such as main"),
        ("diff demo --ref=", "--ref takes a revision such as main"),
    ];
    for (arguments, says) in rows {
        let mut command = folder.command(arguments);
        let ran = Ran::of(command.stdin(File::open(folder.at("short")).unwrap()));
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{arguments}");
        assert!(ran.err.contains(says), "{arguments}: {}", ran.err);
    }
}

#[test]
fn nothing_from_a_file_reaches_the_terminal_or_leaves_its_fence() {
    let evil = "\\e[2J\\u202E```\\n````\\n</details>\\n@everyone";
    let manifest = |text: &str| {
        let annotations = format!("annotations: {{\"a/b\": \"x{text}\"}}");
        let data = format!("data: {{\"k\": \"{text}\\n\"}}");
        // Kubernetes takes any key in an object of a kind that it does not know.
        let widget = format!(
            "apiVersion: example.org/v1\nkind: Widget\nmetadata: {{name: w}}\nspec: {{\"`<b>{text}\": \"{text}\"}}"
        );
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, {annotations}}}\n{data}\n---\n{widget}\n"
        )
    };
    let folder = Folder::demo().with("demo/manifests/a.yaml", manifest("plain"));
    folder.stackc("build demo -o out");
    folder.write("demo/manifests/a.yaml", manifest(evil));
    for (form, _) in FORMS {
        let ran = folder.stackc(&format!("diff demo --against out --format {form} --color never"));
        assert_eq!(ran.status, 1, "{}", ran.err);
        let raw = |c: char| c != '\n' && c.is_control();
        assert!(!ran.out.contains(raw), "{form}: {:?}", ran.out);
        assert!(form == "json" || !ran.out.contains('\u{202e}'), "{form}");
        if form == "markdown" {
            outside_of_fences(&ran.out);
        }
    }
}

/// What stands outside of fences are stackc's own words: every tag is one of its three.
fn outside_of_fences(text: &str) {
    let mut fence: Option<&str> = None;
    for line in text.lines() {
        let ticks = line.len() - line.trim_start_matches('`').len();
        match fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if ticks >= 3 => fence = line.get(..ticks),
            None => {
                let mut rest = line.to_owned();
                for tag in ["<details>", "</details>", "<summary>", "</summary>", "<code>", "</code>"] {
                    rest = rest.replace(tag, "");
                }
                assert!(!rest.contains('<') && !rest.contains("@everyone"), "{line}\n{text}");
            }
        }
    }
    assert_eq!(fence, None, "{text}");
}

#[test]
fn a_comment_on_a_pull_request_has_a_bound() {
    let folder = Folder::demo().with("empty/x", "");
    for number in 0..300 {
        folder.write(
            &format!("demo/apps/web{number}.yaml"),
            format!("{APP}args: [{}]\n", "aaaaaaaaaa, ".repeat(30)),
        );
    }
    let ran = folder.stackc("diff demo --against empty --format markdown");
    assert_eq!(ran.status, 1);
    assert!(ran.out.len() < 65_000 && ran.out.ends_with(" more did not fit here**: look at `stackc diff`\n"));
    outside_of_fences(&ran.out);
}

/// Tens of thousands of keys, items and lines in another order: nothing takes the square of their number.
#[test]
fn large_objects_are_compared_at_once() {
    let number = 30_000;
    let manifest = |up: bool| {
        let order = |at: usize| if up { at } else { number - at };
        let keys: String = (0..number).map(|at| format!("k{}: \"{at}\", ", order(at))).collect();
        let items: String = (0..number).map(|at| format!("{{name: n{}}}, ", order(at))).collect();
        let lines: String = (0..number).map(|at| format!("  {}\n", order(at) / 2)).collect();
        format!(
            "apiVersion: example.org/v1\nkind: Thing\nmetadata: {{name: a}}\nitems: [{items}]\nmore: {{{keys}}}\n\
             data:\n text: |\n{lines}"
        )
    };
    let folder = Folder::demo().with("demo/manifests/a.yaml", manifest(true));
    let built = folder.stackc("build demo -o out");
    assert_eq!(built.status, 0, "{}", built.err);
    folder.write("demo/manifests/a.yaml", manifest(false));
    for (form, _) in FORMS {
        let line = format!(
            "ulimit -t 20; exec {} diff demo --against out --format {form}",
            env!("CARGO_BIN_EXE_stackc")
        );
        let ran = Ran::of(Command::new("sh").args(["-c", &line]).current_dir(folder.at(".")));
        assert_eq!((ran.status, ran.err.as_str()), (1, ""), "{form}");
    }
}

#[test]
fn colours_are_for_terminals_and_on_request() {
    let folder = pair();
    assert!(!folder.stackc("diff new --against out").out.contains('\u{1b}'));
    let coloured = folder.stackc("diff new --against out --color always").out;
    assert!(coloured.contains("\u{1b}[32m") && coloured.contains("\u{1b}[31m"));
}

/// A repository of git with the old stack, then the new one in the working tree.
fn repository() -> Folder {
    let folder = pair();
    std::fs::remove_dir_all(folder.at(".git")).unwrap();
    git(&folder, &["init", "--quiet", "--initial-branch", "main"]);
    std::fs::create_dir(folder.at("stacks")).unwrap();
    std::fs::rename(folder.at("old"), folder.at("stacks/shop")).unwrap();
    git(&folder, &["add", "stacks"]);
    git(&folder, &["commit", "--quiet", "--message", "old"]);
    std::fs::remove_dir_all(folder.at("stacks/shop")).unwrap();
    std::fs::rename(folder.at("new"), folder.at("stacks/shop")).unwrap();
    folder
}

fn git(folder: &Folder, arguments: &[&str]) {
    let mut command = Command::new("git");
    for name in ["GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE"] {
        command.env_remove(name);
    }
    let identity =
        ["-c", "user.name=test", "-c", "user.email=test@example.org", "-c", "commit.gpgSign=false"];
    let status = command.arg("-C").arg(folder.at(".")).args(identity).args(arguments).status().unwrap();
    assert!(status.success(), "{arguments:?}");
}

fn same_but_for_the_names(one: &Ran, other: &Ran) {
    let rest = |ran: &Ran| {
        ran.out.lines().filter(|line| !line.starts_with("shop against ")).collect::<Vec<_>>().join("\n")
    };
    let text = |ran: &Ran| rest(ran).replace("stacks/shop/", "").replace("new/", "");
    assert_eq!(text(one), text(other));
}

#[test]
fn a_revision_is_compared_as_its_build_is() {
    let folder = repository();
    let ran = folder.stackc("diff stacks/shop --ref main");
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    same_but_for_the_names(&ran, &shown("text"));
    assert!(
        ran.out.ends_with("shop against main: 1 added, 6 changed, 1 moved, 4 removed, 5 as it was\n"),
        "{}",
        ran.out
    );
    // From inside of the stack, as a hook of git's own would start it.
    let mut inside = command(&folder.at("stacks/shop/apps"), "diff --ref HEAD");
    inside.env("GIT_DIR", ".git").env("GIT_INDEX_FILE", ".git/index").env("GIT_WORK_TREE", "/nowhere");
    assert_eq!(Ran::of(&mut inside).status, 1);
    git(&folder, &["add", "stacks"]);
    git(&folder, &["commit", "--quiet", "--message", "new"]);
    assert_eq!(folder.stackc("diff stacks/shop --ref HEAD").status, 0);
    assert_eq!(folder.stackc("diff stacks/shop --ref HEAD~1").status, 1);
    // By what a message says, as git takes it.
    for revision in [":/old", "HEAD^{/old}", "HEAD@{1}", "main~1^0"] {
        let ran = folder.stackc(&format!("diff stacks/shop --ref {revision}"));
        assert_eq!((ran.status, ran.err.as_str()), (1, ""), "{revision}");
    }
    for wrong in ["nothing", "HEAD~7", "HEAD:stacks", "HEAD..HEAD", "HEAD^{tree}", ":/nowhere"] {
        let ran = folder.stackc(&format!("diff stacks/shop --ref {wrong}"));
        assert_eq!(ran.status, 2);
        assert!(ran.err.starts_with(&format!("stackc: git knows no commit {wrong:?} here")), "{}", ran.err);
    }
}

/// A clone that lacks what a revision holds, or a disk that lost it: git's own words.
#[test]
fn what_git_cannot_read_is_told_in_its_words() {
    let folder = repository();
    let blob = "HEAD:stacks/shop/apps/web.yaml";
    let blob = Command::new("git").arg("-C").arg(folder.at(".")).args(["rev-parse", blob]).output().unwrap();
    let blob = String::from_utf8(blob.stdout).unwrap();
    let (first, rest) = blob.trim().split_at(2);
    std::fs::remove_file(folder.at(&format!(".git/objects/{first}/{rest}"))).unwrap();
    let ran = folder.stackc("diff stacks/shop --ref HEAD");
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(
        ran.err.starts_with("stackc: cannot unpack HEAD: ") && ran.err.contains(blob.trim()),
        "{}",
        ran.err
    );
}

#[test]
fn a_stack_that_a_revision_lacks_is_new() {
    let folder = repository().with("stacks/more/stack.yaml", STACK).with("stacks/more/apps/web.yaml", APP);
    let ran = folder.stackc("diff stacks/more --ref main");
    let end = "\nmain has no stack here: all of it is new\nmore against main: 1 added\n";
    assert!(ran.status == 1 && ran.out.ends_with(end), "{ran:?}");
}

#[test]
fn a_revision_that_does_not_compile_is_told_at_its_own_lines() {
    let folder = repository().with("stacks/shop/apps/web.yaml", "kind: app\n");
    git(&folder, &["add", "stacks"]);
    git(&folder, &["commit", "--quiet", "--message", "bad"]);
    folder.write("stacks/shop/apps/web.yaml", APP);
    let ran = folder.stackc("diff stacks/shop --ref HEAD");
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("--> HEAD:stacks/shop/apps/web.yaml:1:7"), "{}", ran.err);
    assert!(ran.err.ends_with("1 error\nHEAD could not be compiled\n"), "{}", ran.err);
}

#[test]
fn a_stack_at_the_top_of_its_repository_keeps_its_name() {
    let folder = Folder::new().with("demo/stack.yaml", STACK).with("demo/apps/web.yaml", APP);
    std::fs::remove_dir_all(folder.at(".git")).unwrap();
    let inner = folder.at("demo");
    let run = |arguments: &[&str]| {
        let identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"];
        assert!(
            Command::new("git")
                .arg("-C")
                .arg(&inner)
                .args(identity)
                .args(arguments)
                .status()
                .unwrap()
                .success()
        );
    };
    run(&["init", "--quiet", "--initial-branch", "main"]);
    run(&["add", "."]);
    run(&["commit", "--quiet", "--message", "all"]);
    let ran = Ran::of(&mut command(&inner, "diff --ref main"));
    assert_eq!((ran.status, ran.out.as_str()), (0, "demo against main: 1 as it was\n"), "{}", ran.err);
}

/// What a repository's configuration names is never started, and nothing stays behind.
#[test]
fn nothing_of_the_repository_is_executed_and_nothing_is_left() {
    let folder = repository();
    let trap = folder.at("trap");
    let line = format!("touch {}; cat", trap.display());
    for name in ["filter.trap.smudge", "tar.tar.command", "core.fsmonitor", "core.pager", "core.sshCommand"] {
        git(&folder, &["config", name, &line]);
    }
    folder.write("stacks/shop/.gitattributes", "* filter=trap\n");
    git(&folder, &["-c", "core.fsmonitor=", "add", "stacks/shop/.gitattributes"]);
    git(&folder, &["-c", "core.fsmonitor=", "commit", "--quiet", "--message", "trap"]);
    let _ = std::fs::remove_file(&trap);
    git(&folder, &["archive", "--output", "control.tar", "HEAD"]);
    assert!(trap.exists(), "git archive by itself starts it");
    std::fs::remove_file(&trap).unwrap();
    std::fs::create_dir(folder.at("temporary")).unwrap();
    let mut command = folder.command("diff stacks/shop --ref HEAD");
    let ran = Ran::of(command.env("TMPDIR", folder.at("temporary")));
    assert_eq!((ran.status, ran.err.as_str()), (1, ""), "{}", ran.out);
    assert!(!trap.exists(), "something was started");
    assert!(folder.list("temporary").is_empty());
}

#[test]
fn without_git_the_reason_is_told() {
    let folder = Folder::demo();
    let mut command = folder.command("diff demo --ref main");
    let ran = Ran::of(command.env("PATH", Path::new("/nowhere")));
    assert_eq!((ran.status, ran.err.as_str()), (2, "stackc: --ref needs git, which is not installed here\n"));
}

#[test]
fn what_was_saved_is_what_an_install_does() {
    let folder = pair().with("live/x", "");
    let install = |arguments: &str| folder.stackc(&format!("install {arguments} --to live"));
    assert_eq!(install("old --yes").status, 0);
    let ran = folder.stackc("diff new --against live --save plan");
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    let done = install("new --plan plan");
    assert_eq!(done.status, 0, "{}", done.err);
    let ran = folder.stackc("diff new --against live");
    // What holds data stays until it is named.
    assert!(ran.out.ends_with("shop against live: 1 removed, 13 as it was\n"), "{ran:?}\n{done:?}");
    assert_eq!(install("new --plan plan").status, 1, "done once, it is another way");
}

#[test]
fn a_stack_is_held_against_another_as_if_they_had_one_name() {
    let folder = Folder::demo();
    folder
        .write("overlays/staging/overlay.yaml", "stackc: 1\nbase: ../../demo\napps: {web: {replicas: 3}}\n");
    let ran = folder.stackc("diff overlays/staging --against demo");
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    assert!(ran.out.contains("spec.replicas: 1 -> 3  overlays/staging/overlay.yaml:3"), "{}", ran.out);
    assert!(!ran.out.contains("part-of"), "the names say nothing: {}", ran.out);
    assert_eq!(folder.stackc("diff demo --against demo").status, 0);
    folder.write("demo/apps/web.yaml", "kind: app\n");
    assert_eq!(folder.stackc("diff demo --against overlays/staging").status, 2);
}

#[test]
fn files_of_a_stack_whose_name_begins_alike_are_its_own() {
    let folder = Folder::demo();
    folder.write("demo-api/stack.yaml", STACK);
    folder.write("demo-api/apps/web.yaml", APP);
    for stack in ["demo", "demo-api"] {
        assert_eq!(folder.stackc(&format!("build {stack} -o out")).status, 0);
    }
    assert!(folder.at("out/demo-api-web.yaml").exists(), "a build leaves it alone");
    let again = folder.stackc("build demo -o out");
    assert!(!again.err.contains("demo-api"), "{}", again.err);
    assert!(folder.at("out/demo-api-web.yaml").exists());
    let ran = folder.stackc("diff demo --against out");
    assert_eq!((ran.status, ran.out.as_str()), (0, "demo against out: 1 as it was\n"));
}
