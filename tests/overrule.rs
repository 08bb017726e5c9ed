//! What the user says of findings: comments that allow one, and `checks` in stack.yaml.

use stackc::compile::codes;
use stackc::finding::Severity;
use stackc::overrule::guard;

use crate::hostile::AT_ONCE;
use crate::pages::files;
use crate::stack::{APP, Folder, Ran, STACK};

const UNTAGGED: &str = "kind: app\nimage: registry.example/web";

fn app(text: &str) -> Folder {
    Folder::demo().with("demo/apps/web.yaml", text)
}

fn codes_of(folder: &Folder) -> Vec<String> {
    folder.stackc("check demo --format json").codes()
}

#[test]
fn a_comment_allows_what_is_found_in_its_value() {
    for text in [
        format!("{UNTAGGED} # stackc: allow(image-untagged) built daily\n"),
        "kind: app\n# stackc: allow(image-untagged) built daily\nimage: registry.example/web\n".to_owned(),
        format!("# stackc: allow(image-untagged) built daily\n\n# more\n{UNTAGGED}\n"),
        format!("{UNTAGGED}#x\n").replace("#x", " #stackc:allow( image-untagged )built daily"),
        format!(
            "{UNTAGGED}:1.0\nsidecars: # stackc: allow(image-untagged) built daily\n  s: {{image: registry.example/web}}\n"
        ),
        format!(
            "{UNTAGGED}:1.0\nsidecars:\n  # stackc: allow(image-untagged) built daily\n  s:\n    image: registry.example/web\n"
        ),
    ] {
        let folder = app(&text);
        let ran = folder.stackc("check demo");
        assert!(ran.status == 0 && ran.out.ends_with("\n1 finding allowed\n"), "{text}\n{}", ran.out);
        assert_eq!(codes_of(&folder), [""; 0], "{text}");
        let built = folder.stackc("build demo");
        assert_eq!((built.status, built.err.as_str()), (0, ""), "{text}");
        assert!(built.out.contains("image: registry.example/web"), "{text}");
    }
}

/// A text in a block ends behind its last line, and no comment can stand in it.
#[test]
fn a_comment_allows_what_is_found_in_a_text_below_it() {
    let head = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n";
    let comment = "# stackc: allow(secret-in-config) an example";
    for data in [
        format!("  {comment}\n  a.conf: |\n    user = a\n    password = hunter2\n"),
        format!("  a.conf: | {comment}\n    user = a\n    password = hunter2\n  b: c\n"),
        format!("  {comment}\n  DB_PASSWORD: |\n    hunter2\n\n"),
    ] {
        let folder = Folder::demo().with("demo/manifests/a.yaml", format!("{head}{data}"));
        let ran = folder.stackc("check demo");
        assert!(ran.status == 0 && ran.out.ends_with("\n1 finding allowed\n"), "{data}\n{}", ran.out);
    }
}

#[test]
fn a_comment_in_a_dotenv_file_allows_what_its_variable_holds() {
    let folder = app("kind: app\nimage: registry.example/web:1.0\nenvFrom: [{file: a.env}]\n");
    for (text, found) in [
        ("A_PASSWORD=hunter2 # stackc: allow(secret-in-config) an example\n", vec![]),
        ("# stackc: allow(secret-in-config) an example\nA_PASSWORD=\"hunter2\"\n", vec![]),
        (
            "# stackc: allow(secret-in-config) an example\nA_PASSWORD=hunter2\nB_PASSWORD=hunter2\n",
            vec!["secret-in-config"],
        ),
        ("A=b # stackc: allow(secret-in-config) an example\n", vec!["allow-unused"]),
    ] {
        folder.write("demo/files/a.env", text);
        assert_eq!(codes_of(&folder), found, "{text}");
    }
}

#[test]
fn a_comment_reaches_no_further_than_its_value() {
    for text in [
        format!("# note\n{UNTAGGED}\n# stackc: allow(image-untagged) below it\nreplicas: 1\n"),
        format!("{UNTAGGED}\nreplicas: 1 # stackc: allow(image-untagged) another line\n"),
        format!(
            "{UNTAGGED}\nsidecars:\n  # stackc: allow(image-untagged) the sidecar alone\n  s: {{image: registry.example/web:1.0}}\n"
        ),
        format!("{UNTAGGED}\n# stackc: allow(image-untagged) nothing is below\n"),
    ] {
        assert_eq!(codes_of(&app(&text)), ["image-untagged", "allow-unused"], "{text}");
    }
}

#[test]
fn text_that_looks_like_a_comment_is_none() {
    for text in [
        format!("{UNTAGGED}\nargs:\n- |\n  # stackc: allow(image-untagged) in a block\n"),
        format!("{UNTAGGED}\nargs: [\"# stackc: allow(image-untagged) in quotes\"]\n"),
        format!("{UNTAGGED}\nargs: ['a # stackc: allow(image-untagged) in quotes']\n"),
        format!("{UNTAGGED}\n# see stackc: allow(image-untagged) elsewhere\n"),
    ] {
        assert_eq!(codes_of(&app(&text)), ["image-untagged"], "{text}");
    }
}

#[test]
fn each_slip_is_told() {
    for (comment, told) in [
        ("allow(image-untagged)", &["allow-reason-missing", "image-untagged"][..]),
        ("allow(image-untaged) daily", &["code-unknown", "image-untagged"]),
        ("allow(key-unknown) daily", &["code-guarded", "image-untagged"]),
        ("allow image-untagged daily", &["allow-invalid", "image-untagged"]),
        ("ignore(image-untagged) daily", &["allow-invalid", "image-untagged"]),
        ("allow(image-untagged, secret-unknown) daily", &["allow-unused"]),
        ("allow(image-untagged, image-untagged) daily", &["allow-unused"]),
        ("allow(secret-unknown, image-untaged) daily", &["code-unknown", "image-untagged"]),
    ] {
        let mut found = codes_of(&app(&format!("{UNTAGGED} # stackc: {comment}\n")));
        found.sort();
        assert_eq!(found, told, "{comment}");
    }
}

#[test]
fn manifests_and_what_is_rendered_are_allowed_alike() {
    let pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - name: x\n";
    let allowed = format!("{pod}    image: registry.example/web # stackc: allow(image-untagged) daily\n");
    let folder = Folder::demo().with(
        "demo/manifests/x.yaml",
        format!("{allowed}---\n{}", allowed.replace("{name: x}", "{name: b}")),
    );
    assert!(folder.stackc("check demo").out.ends_with("\n2 findings allowed\n"));
    let folder = Folder::demo().with("x.yaml", &allowed);
    let ran = folder.stackc("check --stack demo x.yaml");
    assert!(ran.status == 0 && ran.out.ends_with("\n1 finding allowed\n"), "{}", ran.out);
    let whole = format!("# stackc: allow(image-untagged) rendered\n{pod}    image: registry.example/web\n");
    let tagged = allowed.replace("web #", "web:1.0 #");
    for (text, codes) in [(&whole, &[][..]), (&tagged, &["allow-unused"])] {
        folder.write("x.yaml", text);
        assert_eq!(folder.stackc("check --stack demo x.yaml --format json").codes(), codes, "{text}");
    }
    // The stack's own comments and severities hold, and owe nothing to what is rendered.
    let stack = format!("{STACK}checks: {{image-untagged: off}} # stackc: allow(image-untagged) nothing\n");
    folder.write("demo/stack.yaml", stack);
    folder.write("x.yaml", format!("{pod}    image: registry.example/web\n"));
    assert_eq!(folder.stackc("check --stack demo x.yaml --format json").codes(), [""; 0]);
    assert_eq!(codes_of(&folder), ["allow-unused"]);
}

#[test]
fn a_base_s_comments_hold_in_its_overlays_and_owe_them_nothing() {
    let allowed = format!("{UNTAGGED} # stackc: allow(image-untagged) built daily\n");
    let folder = app(&allowed).with("prod/overlay.yaml", "stackc: 1\nbase: ../demo\n");
    let ran = folder.stackc("check prod");
    assert!(ran.status == 0 && ran.out.ends_with("\n1 finding allowed\n"), "{}", ran.out);
    let tagged = "stackc: 1\nbase: ../demo\napps: {web: {image: registry.example/web:1.0}} # stackc: allow(image-untagged) x\n";
    folder.write("prod/overlay.yaml", tagged);
    assert_eq!(folder.stackc("check prod --format json").codes(), ["allow-unused"]);
    assert!(folder.stackc("check prod").out.contains("--> prod/overlay.yaml:3:"));
    folder.write("prod/overlay.yaml", "stackc: 1\nbase: ../demo\nchecks: {image-untagged: error}\napps: {web: {image: registry.example/web}}\n");
    let ran = folder.stackc("check prod --format json");
    assert_eq!((ran.status, ran.codes()), (1, vec!["image-untagged".to_owned()]));
}

/// A reason at one place is none for the others: allowing one reveals nothing new.
#[test]
fn each_place_is_told_and_allowed_by_itself() {
    let (plain, allowed) =
        ("registry.example/web", "registry.example/web # stackc: allow(image-untagged) daily");
    for (first, second, told) in [
        (plain, plain, &["image-untagged", "image-untagged"][..]),
        (allowed, plain, &["image-untagged"]),
        (plain, allowed, &["image-untagged"]),
        (allowed, allowed, &[]),
    ] {
        let text = format!("kind: app\nimage: {first}\nsidecars:\n  s:\n    image: {second}\n");
        assert_eq!(codes_of(&app(&text)), told, "{text}");
    }
}

#[test]
fn nothing_is_called_unused_that_was_not_checked() {
    let text = format!("{UNTAGGED} # stackc: allow(image-untagged) daily\nreplica: 2\n");
    assert_eq!(codes_of(&app(&text)), ["key-unknown"]);
}

#[test]
fn severities_hold_for_the_whole_stack() {
    for (weight, severity, status) in [
        ("error", Some("error"), 1),
        ("warning", Some("warning"), 0),
        ("note", Some("note"), 0),
        ("off", None, 0),
        ("\"off\"", None, 0),
    ] {
        let folder =
            app(UNTAGGED).with("demo/stack.yaml", format!("{STACK}checks: {{image-untagged: {weight}}}\n"));
        let ran = folder.stackc("check demo");
        assert_eq!(ran.status, status, "{weight}");
        assert_eq!(ran.out.contains("[image-untagged]"), severity.is_some(), "{weight}");
        if let Some(severity) = severity {
            assert!(ran.out.contains(&format!("{severity}[image-untagged]")), "{}", ran.out);
        }
        let built = folder.stackc("build demo");
        assert_eq!((built.status, built.out.is_empty()), (status, status == 1), "{weight}");
    }
    let slip =
        app(APP).with("demo/stack.yaml", format!("{STACK}checks: {{image-untagged: of, x-y: {{}}}}\n"));
    assert_eq!(codes_of(&slip), ["value-unknown", "value-type"]);
}

#[test]
fn a_comment_beats_a_severity_and_a_demand_beats_both() {
    let stack = format!("{STACK}checks: {{image-untagged: error, lock-lacks: off}}\n");
    let text = format!("{UNTAGGED} # stackc: allow(image-untagged, lock-lacks) daily\n");
    let folder = app(&text).with("demo/stack.yaml", &stack);
    let ran = folder.stackc("check demo --locked --format json");
    assert_eq!((ran.status, ran.codes()), (1, vec!["lock-lacks".to_owned()]));
}

/// What a page's failing example raises under `checks: {CODE: off}`, and how `build` ends then.
fn off(code: &str, example: &str) -> (Vec<String>, Ran) {
    let folder = Folder::new();
    for (path, mut text) in files(example) {
        if path == "stack.yaml" || path == "overlay.yaml" {
            text = match text.split_once("checks: {") {
                Some((before, rest)) => format!("{before}checks: {{{code}: off, {rest}"),
                None => format!("{}\nchecks: {{{code}: off}}\n", text.trim_end()),
            };
        }
        folder.write(&format!("demo/{path}"), text);
    }
    (folder.stackc("check . --format json").codes(), folder.stackc("build demo"))
}

#[test]
fn what_may_be_silenced_leaves_a_whole_output_and_the_rest_stays_an_error() {
    let mut wrong = Vec::new();
    // A kustomization has no stack that could say so.
    for code in codes().filter(|code| !code.page.bad.starts_with("# kustomization.yaml")) {
        let (told, built) = off(code.name, code.page.bad);
        let name = code.name;
        if guard(code).is_some() {
            if !told.iter().any(|told| told == name) {
                wrong.push(format!("{name}: {told:?}"));
            }
        } else if !told.is_empty() {
            wrong.push(format!("{name}: off, and {told:?} instead"));
        } else if built.status != 0 || !built.out.contains("# stackc: end of ") {
            wrong.push(format!("{name}: nothing is built: {}", built.err));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
    assert!(codes().filter(|code| guard(code).is_some()).count() > 40);
    assert!(codes().filter(|code| guard(code).is_none() && code.severity == Severity::Error).count() > 20);
}

fn pods(number: usize) -> String {
    let pod = |number| {
        format!(
            "---\napiVersion: v1\nkind: Pod\nmetadata: {{name: x{number}}}\nspec:\n  containers:\n  - name: x\n    \
             image: registry.example/web # stackc: allow(image-untagged) daily\n"
        )
    };
    (0..number).map(pod).collect()
}

#[test]
fn allowed_findings_take_no_room_and_little_time() {
    let folder =
        Folder::demo().with("demo/manifests/x.yaml", pods(3_000)).with("demo/apps/web.yaml", UNTAGGED);
    let ran = folder.stackc("check demo");
    assert!(ran.out.contains("warning[image-untagged]"), "{}", ran.out);
    assert!(ran.out.ends_with("\n1 warning, 3000 findings allowed\n"), "{}", ran.out);
    assert!(ran.took < AT_ONCE, "{:?}", ran.took);
    // One comment for each value, and all of them for nothing.
    let many: String = (0..20_000).map(|at| format!("- a{at} # stackc: allow(image-untagged) x\n")).collect();
    let folder = app(&format!("{APP}args:\n{many}"));
    let ran = folder.stackc("check demo");
    assert!(ran.took < AT_ONCE, "{:?}", ran.took);
    assert!(ran.out.contains("\nand 19000 more\n"), "{}", ran.out);
}
