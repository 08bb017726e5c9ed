//! The forms of findings: each is read by a reader of its own, tells what the JSON tells, and nothing breaks out of it.

use std::process::Command;

use serde_json::Value;

use crate::hostile::harmless;
use crate::stack::{APP, Folder, Ran, STACK};
use crate::tools::{ROOT, python, stdout};

const FORMS: [&str; 6] = ["text", "short", "json", "sarif", "github", "junit"];

/// Would be a command to a workflow's runner, an end of text to XML, a mark of direction, a sequence to a terminal.
const EVIL: &str = "a\n::error file=x,line=1::pwned\r\n##[error]x]]>\"'<b>&amp;%0A,:\u{1b}[31m\u{9b}1m\u{202e}\u{2066}\u{85}é😀";

/// A stack whose files have evil names and whose texts have them in messages, labels, notes and helps.
fn evil() -> Folder {
    let text = EVIL.replace('\r', "\\r").replace('\n', "\\n").replace('"', "\\\"");
    let text = text.replace('\u{1b}', "\\e").replace('\u{9b}', "\\x9b").replace('\u{85}', "\\N");
    let folder = Folder::new().with(&format!("{EVIL}/stack.yaml"), STACK.replace("amd64]", "arm64]"));
    folder.write(
        &format!("{EVIL}/apps/web.yaml"),
        format!("{APP}\"{text}\": 1\nplace: {{node: \"{text}\"}}\n"),
    );
    folder.write(
        &format!("{EVIL}/apps/lost.yaml"),
        format!("{APP}env:\n  é😀: {{secret: \"{text}\", key: a}} # 漢字\n"),
    );
    folder.write(&format!("{EVIL}/apps/arch.yaml"), format!("{APP}labels: {{\"x\": \"{text}\"}}\n"));
    folder.write(&format!("{EVIL}/apps/{EVIL}.yaml"), APP);
    folder.write(&format!("{EVIL}/manifests/{EVIL}.yaml"), b"a: \xff\n");
    folder.write(&format!("{EVIL}/manifests/multi.yaml"), "apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec:\n  containers:\n  - name: x\n    image: registry.example/web\n");
    folder
}

fn told(folder: &Folder, form: &str) -> Ran {
    folder.stackc(&format!("check . --format {form}"))
}

fn json(folder: &Folder) -> Vec<Value> {
    let report: Value = serde_json::from_str(&told(folder, "json").out).unwrap();
    report["findings"].as_array().unwrap().clone()
}

fn text(value: &Value, key: &str) -> String {
    value[key].as_str().unwrap().to_owned()
}

fn number(value: &Value, key: &str) -> u64 {
    value[key].as_u64().unwrap()
}

#[test]
fn nothing_breaks_out_of_any_form() {
    let folder = evil();
    let findings = json(&folder);
    assert!(findings.len() >= 6, "{findings:#?}");
    assert!(findings.iter().any(|finding| text(finding, "path").contains("\n::error")));
    assert!(findings.iter().any(|finding| text(finding, "message").contains("\n::error")), "{findings:#?}");
    for form in FORMS {
        let ran = told(&folder, form);
        assert_eq!((ran.status, ran.err.as_str()), (1, ""), "{form}");
        harmless(&ran.out);
        let own =
            |line: &&str| form == "github" && line.starts_with("::") && !line.starts_with("::error file=x,");
        // `:::` parts a second file from the first; no command has a name that begins with a colon.
        let commands = ran.out.lines().filter(|line| !own(line));
        let broken = commands
            .map(str::trim_start)
            .find(|line| (line.starts_with("::") && !line.starts_with("::: ")) || line.starts_with("##["));
        assert_eq!(broken, None, "{form}");
    }
}

/// Reads a line as a workflow's runner does (actions/runner, `ActionCommand.TryParseV2`): properties and message.
fn command(line: &str) -> (String, Vec<(String, String)>, String) {
    let (command, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
    let (name, properties) = command.split_once(' ').unwrap();
    let undo = |text: &str, escapes: &[(&str, &str)]| {
        escapes.iter().fold(text.to_owned(), |text, (escape, plain)| text.replace(escape, plain))
    };
    let data = [("%0D", "\r"), ("%0A", "\n"), ("%25", "%")];
    let property = [("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")];
    let properties = properties.split(',').map(|pair| pair.split_once('=').unwrap());
    let properties = properties.map(|(key, value)| (key.to_owned(), undo(value, &property))).collect();
    (name.to_owned(), properties, undo(message, &data))
}

/// The same of a text that is one line.
fn one_line(text: &str) -> String {
    visible(text).replace('\n', "\u{240a}")
}

/// What is seen in place of what may not be.
fn visible(text: &str) -> String {
    let stand_in = |c: char| match c {
        '\n' | '\r' => c,
        '\0'..='\u{1f}' => char::from_u32(u32::from(c) + 0x2400).unwrap(),
        c if c.is_control()
            || ('\u{2028}'..='\u{202e}').contains(&c)
            || ('\u{2060}'..='\u{206f}').contains(&c) =>
        {
            '\u{fffd}'
        }
        c => c,
    };
    text.chars().map(stand_in).collect()
}

#[test]
fn annotations_are_read_as_the_runner_reads_them() {
    let folder = evil();
    let lines = told(&folder, "github").out;
    let findings = json(&folder);
    assert_eq!(lines.lines().count(), findings.len());
    let mut columns = 0;
    for (line, finding) in lines.lines().zip(&findings) {
        let (name, properties, message) = command(line);
        let get = |key: &str| properties.iter().find(|(own, _)| own == key).map(|(_, value)| value.clone());
        let severity = text(finding, "severity").replace("note", "notice");
        assert_eq!(name, severity);
        assert_eq!(get("file").unwrap(), visible(&text(finding, "path")));
        assert_eq!(get("title").unwrap(), text(finding, "code"));
        assert_eq!(get("line").unwrap(), number(finding, "line").to_string());
        assert_eq!(get("endLine").unwrap(), number(finding, "end_line").to_string());
        assert!(message.starts_with(&one_line(&text(finding, "message"))), "{message}");
        for help in finding["help"].as_array().unwrap() {
            assert!(message.contains(&format!("\nhelp: {}", visible(help.as_str().unwrap()))), "{message}");
        }
        // The runner drops columns of several lines.
        if number(finding, "line") == number(finding, "end_line") {
            columns += 1;
            assert_eq!(get("col").unwrap(), number(finding, "column").to_string());
            let last = (number(finding, "end_column") - 1).max(number(finding, "column"));
            assert_eq!(get("endColumn").unwrap(), last.to_string());
        } else {
            assert_eq!((get("col"), get("endColumn")), (None, None));
        }
    }
    assert!(columns > 0);
}

/// Holds SARIF to the standard's schema, JSON to its own, JUnit to a parser of XML; prints each as JSON.
const READ: &str = r#"
import json, sys, urllib.parse
import xml.etree.ElementTree as tree
from jsonschema import Draft202012Validator
form, schema = sys.argv[1:3]
text = sys.stdin.read()
if form == "junit":
    def plain(node):
        return {"tag": node.tag, "text": node.text or "", "with": dict(node.attrib), "in": [plain(child) for child in node]}
    print(json.dumps(plain(tree.fromstring(text))))
else:
    document = json.loads(text)
    schema = json.load(open(schema))
    Draft202012Validator.check_schema(schema)
    if form == "json":
        # Every field is described.
        def close(node):
            if isinstance(node, dict):
                if "properties" in node and node.get("required") and "label" not in node["required"][-1:]:
                    node["additionalProperties"] = False
                for child in node.values(): close(child)
            elif isinstance(node, list):
                for child in node: close(child)
        close(schema)
    errors = [error.json_path + ": " + error.message[:300] for error in Draft202012Validator(schema).iter_errors(document)]
    assert not errors, errors
    if form == "sarif":
        for run in document["runs"]:
            for result in run["results"]:
                for place in result["locations"] + result["relatedLocations"]:
                    artifact = place["physicalLocation"]["artifactLocation"]
                    assert artifact["uri"].isascii() and ":" not in artifact["uri"].removeprefix("file://"), artifact
                    artifact["uri"] = urllib.parse.unquote(artifact["uri"], errors="strict")
    print(json.dumps(document))
"#;

fn read(form: &str, ran: &Ran) -> Value {
    let text = &ran.out;
    read_text(form, text)
}

fn read_text(form: &str, text: &str) -> Value {
    let schema = match form {
        "sarif" => format!("{}/sarif-2.1.0.json", venv()),
        _ => format!("{ROOT}/docs/findings.schema.json"),
    };
    let file = Folder::new().with("in", text);
    let input = std::fs::File::open(file.at("in")).unwrap();
    serde_json::from_str(&stdout(python().args(["-c", READ, form, &schema]).stdin(input))).unwrap()
}

/// Where `tests/run` puts what tests need.
fn venv() -> String {
    let prefix = "import sys; print(sys.prefix)";
    stdout(python().args(["-c", prefix])).trim().to_owned()
}

#[test]
fn json_is_what_its_schema_says() {
    for folder in [evil(), Folder::demo()] {
        read("json", &told(&folder, "json"));
    }
    let printed = Folder::new().stackc("schema findings").out;
    assert_eq!(printed, std::fs::read_to_string(format!("{ROOT}/docs/findings.schema.json")).unwrap());
    // The schema can refuse.
    let wrong = std::panic::catch_unwind(|| read_text("json", "{\"version\": 1}"));
    assert!(wrong.is_err());
}

#[test]
fn sarif_is_what_the_standard_s_schema_says() {
    let folder = evil();
    let sarif = read("sarif", &told(&folder, "sarif"));
    let findings = json(&folder);
    let run = &sarif["runs"][0];
    assert_eq!(
        (text(&sarif, "version"), text(run, "columnKind")),
        ("2.1.0".to_owned(), "unicodeCodePoints".to_owned())
    );
    let (results, rules) =
        (run["results"].as_array().unwrap(), run["tool"]["driver"]["rules"].as_array().unwrap());
    assert_eq!(results.len(), findings.len());
    let mut marked = 0;
    for (result, finding) in results.iter().zip(&findings) {
        let rule = &rules[usize::try_from(number(result, "ruleIndex")).unwrap()];
        assert_eq!(
            (text(result, "ruleId"), text(rule, "id")),
            (text(finding, "code"), text(finding, "code"))
        );
        assert_eq!(text(result, "level"), text(finding, "severity"));
        assert!(
            text(&result["message"], "text")
                .starts_with(&one_line(&text(finding, "message")).replace('\r', "\u{240d}"))
        );
        for form in ["text", "markdown"] {
            assert!(text(&rule["help"], form).contains("Mended:"));
        }
        assert!(text(&rule["shortDescription"], "text").ends_with('.'), "{rule}");
        let physical = &result["locations"][0]["physicalLocation"];
        assert_eq!(text(&physical["artifactLocation"], "uri"), text(finding, "path"));
        assert_eq!(
            result["relatedLocations"].as_array().unwrap().len(),
            finding["labels"].as_array().unwrap().len()
        );
        let Some(region) = physical.get("region") else {
            assert_eq!(text(finding, "code"), "file-unreadable");
            continue;
        };
        marked += 1;
        for (own, other) in [
            ("startLine", "line"),
            ("startColumn", "column"),
            ("endLine", "end_line"),
            ("endColumn", "end_column"),
        ] {
            assert_eq!(number(region, own), number(finding, other));
        }
    }
    assert!(marked > 3 && marked < results.len());
    read("sarif", &told(&Folder::demo(), "sarif"));
    assert!(
        std::panic::catch_unwind(|| read_text("sarif", "{\"version\": \"2.1.0\", \"runs\": [{}]}")).is_err()
    );
}

#[test]
fn columns_count_characters_in_every_form() {
    let folder = Folder::demo().with(
        "demo/apps/web.yaml",
        format!("{APP}env: {{漢😀: \"é\", X: {{secret: lost😀, key: a}}}} # x\n"),
    );
    let line = folder.read("demo/apps/web.yaml").lines().nth(2).unwrap().to_owned();
    let finding =
        json(&folder).into_iter().find(|finding| text(finding, "code") == "secret-unknown").unwrap();
    let (start, end) = (number(&finding, "column"), number(&finding, "end_column"));
    let take = |count: u64| usize::try_from(count - 1).unwrap();
    let marked: String = line.chars().skip(take(start)).take(take(end) - take(start)).collect();
    assert_eq!(marked, "lost😀");
    assert!(
        told(&folder, "short")
            .out
            .contains(&format!("demo/apps/web.yaml:3:{start}: error[secret-unknown]: "))
    );
    assert!(
        told(&folder, "github")
            .out
            .contains(&format!(",line=3,col={start},endLine=3,endColumn={},", end - 1))
    );
}

#[test]
fn a_failing_test_case_is_a_failing_run() {
    let untagged = Folder::demo().with("demo/apps/web.yaml", "kind: app\nimage: registry.example/web\n");
    for (folder, cases) in [(evil(), json(&evil()).len()), (untagged, 1), (Folder::demo(), 1)] {
        for deny in ["", " --deny warnings"] {
            let ran = folder.stackc(&format!("check . --format junit{deny}"));
            let suites = read("junit", &ran);
            let suite = &suites["in"][0];
            let all = suite["in"].as_array().unwrap();
            assert_eq!(
                (text(&suites, "tag"), text(suite, "tag"), all.len()),
                ("testsuites".into(), "testsuite".into(), cases)
            );
            let failing = all.iter().filter(|case| case["in"][0]["tag"] == "failure").count();
            for counted in [&suites, suite] {
                assert_eq!(text(&counted["with"], "tests"), cases.to_string());
                assert_eq!(text(&counted["with"], "failures"), failing.to_string());
            }
            assert_eq!(ran.status == 1, failing > 0, "{deny}: {}", ran.out);
        }
    }
    let folder = evil();
    let suites = read("junit", &told(&folder, "junit"));
    let line = |text: &str| one_line(text).replace('\r', "\u{240d}");
    for (case, finding) in suites["in"][0]["in"].as_array().unwrap().iter().zip(json(&folder)) {
        assert_eq!(
            text(&case["with"], "classname"),
            visible(&text(&finding, "path")).replace('\r', "\u{240d}")
        );
        let told = text(&case["in"][0], "text");
        assert!(told.contains(&line(&text(&finding, "message"))), "{told}");
        if case["in"][0]["tag"] == "failure" {
            assert_eq!(text(&case["in"][0]["with"], "type"), text(&finding, "code"));
            let message = visible(&text(&finding, "message")).replace('\r', "\u{240d}");
            assert_eq!(text(&case["in"][0]["with"], "message"), message);
        }
    }
}

#[test]
fn what_a_run_does_not_keep_is_counted_in_every_form() {
    let many: String = (0..1_200).map(|number| format!("key{number}: 1\n")).collect();
    let folder = Folder::demo().with("demo/apps/web.yaml", format!("{APP}{many}"));
    for (form, says) in [
        ("text", "\nand 200 more\n"),
        ("short", "\nand 200 more\n"),
        ("json", "\"dropped\": 200"),
        ("sarif", "\"dropped\": 200"),
        ("github", "\n::error title=stackc::and 200 more\n"),
        ("junit", "<failure type=\"more\" message=\"and 200 more\">"),
    ] {
        assert!(told(&folder, form).out.contains(says), "{form}");
    }
    read("junit", &told(&folder, "junit"));
    read("sarif", &told(&folder, "sarif"));
}

const SECRET: &str = "hunter2-S3cr3t-Passw0rd";

/// Stacks in which a secret stands where it must not, or may: told of itself, silenced, beside other findings, in a file
/// that cannot be read.
fn with_secrets() -> Vec<(&'static str, Folder)> {
    let minio = format!(
        "kind: app\nimage: pgsty/silo:RELEASE.2026-09-01T00-00-00Z\nargs: [server, /data]\nlabels: {{a: b}}\nenv:\n  MINIO_ROOT_USER: a\n  MINIO_ROOT_PASSWORD: {SECRET}"
    );
    let stack = |more: &str| format!("{}{more}\n", STACK.replace("registry.example/web", "pgsty/silo"));
    let manifest = |more: &str| {
        format!(
            "apiVersion: v1\nkind: Secret\nmetadata: {{name: x}}\nstringData:\n  a: |\n    {SECRET}\n    {SECRET}\n  b: \"{SECRET}\"\n{more}"
        )
    };
    let one = format!(
        "apiVersion: v1\nkind: Secret\nstringData: {{a: {SECRET}}}\nmetadata: {{name: x}}\ndata: {{b: {SECRET}}}\n"
    );
    let twice = format!("{one}---\n{one}");
    let demo = |path: &str, text: String| Folder::demo().with(path, text);
    let app =
        |text: String, more: &str| demo("demo/apps/web.yaml", text).with("demo/stack.yaml", stack(more));
    vec![
        ("password-in-env", app(minio.clone(), "")),
        ("key-unknown", app(format!("{minio} # stackc: allow(password-in-env) a trial\nreplica: 2\n"), "")),
        (
            "secret-unknown",
            app(format!("{minio}\n  X: {{secret: x, key: y}}\n"), "checks: {password-in-env: off}"),
        ),
        (
            "secret-value",
            demo(
                "demo/stack.yaml",
                format!("{STACK}secrets:\n  x: {{user: {SECRET}}}\n  z: {{pass: {SECRET}}}\n"),
            ),
        ),
        ("secret-value", demo("demo/stack.yaml", format!("{STACK}secrets: {{x: {SECRET}}}\n"))),
        ("value-type", demo("demo/stack.yaml", format!("{STACK}secrets: {SECRET}\n"))),
        (
            "key-unknown",
            demo("demo/stack.yaml", format!("{STACK}secrets: {{x: {{data: {{q: {SECRET}}}}}}}\n")),
        ),
        ("key-unknown", demo("demo/stack.yaml", format!("{STACK}secrets: {{x: {{kes: {SECRET}}}}}\n"))),
        ("yaml-syntax", demo("demo/stack.yaml", format!("{STACK}secrets:\n  x: {{q: {SECRET}\n"))),
        ("key-not-text", demo("demo/stack.yaml", format!("{STACK}secrets:\n  x: {{y: {SECRET}}}\n"))),
        ("object-duplicate", demo("demo/manifests/x.yaml", twice)),
        ("yaml-syntax", demo("demo/manifests/x.yaml", manifest("x: \"\n"))),
        (
            "yaml-syntax",
            demo("demo/manifests/x.yaml", format!("{}  c: [{SECRET}\nd: {SECRET}\n", manifest(""))),
        ),
        ("manifest-invalid", demo("demo/manifests/x.yaml", manifest("").replace("{name: x}", "{}"))),
        (
            "key-duplicate",
            demo(
                "demo/manifests/x.yaml",
                manifest(&format!("data: {{a: {SECRET}}}\ndata: {{b: {SECRET}}}\n")),
            ),
        ),
        ("yaml-character", demo("demo/manifests/x.yaml", manifest("# \u{7}\n"))),
        (
            "secret-not-encrypted",
            demo("demo/secrets/x.sops.yaml", manifest("sops: {}\n")).with(
                "demo/stack.yaml",
                format!("{STACK}secrets: {{x: {{keysFrom: secrets/x.sops.yaml}}}}\n"),
            ),
        ),
    ]
}

const RENDERED: &str = "check --stack demo demo/manifests";

#[test]
fn no_form_shows_a_secret() {
    for (code, folder) in with_secrets() {
        for form in FORMS {
            for command in ["check demo", "build demo", "nodes demo", "lock demo --offline", RENDERED] {
                let is_general = ["check demo", "build demo"].contains(&command);
                if !is_general && form != "text"
                    || command == RENDERED && !folder.at("demo/manifests").exists()
                {
                    continue;
                }
                let ran = folder.stackc(&format!("{command} --format {form}"));
                // What is built holds what was written, if nothing forbids it.
                let out = if command.starts_with("build") { "" } else { &ran.out };
                let shown = format!("{out}{}", ran.err);
                assert!(
                    !shown.contains(SECRET) && !shown.contains("S3cr3t"),
                    "{command} --format {form}:\n{shown}"
                );
                if command == "check demo" {
                    assert!(shown.contains(code), "{code}: {shown}");
                }
            }
        }
    }
}

#[test]
fn the_page_lists_every_form() {
    let page = std::fs::read_to_string(format!("{ROOT}/docs/findings.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    assert_eq!(rows.map(|(form, _)| form).collect::<Vec<_>>(), FORMS);
}

#[test]
fn each_command_tells_in_each_form() {
    let folder = Folder::demo().with("demo/apps/web.yaml", format!("{APP}replica: 2\n"));
    for (command, stdout) in
        [("check demo", true), ("lock demo --offline", true), ("build demo", false), ("nodes demo", false)]
    {
        for form in FORMS {
            let ran = folder.stackc(&format!("{command} --format {form}"));
            let told = if stdout { &ran.out } else { &ran.err };
            assert!(ran.status == 1 && told.contains("key-unknown"), "{command} --format {form}: {ran:?}");
            if ["json", "sarif", "junit"].contains(&form) {
                read_text(form, told);
            }
        }
    }
    // A document is whole where nothing is told.
    for form in ["json", "sarif", "junit"] {
        for (command, stdout) in [("check demo", true), ("build demo", false)] {
            let ran = Folder::demo().stackc(&format!("{command} --format {form}"));
            read_text(form, if stdout { &ran.out } else { &ran.err });
        }
    }
    let table = Folder::demo().stackc("nodes demo --format json");
    assert!(serde_json::from_str::<Value>(&table.out).unwrap()["workloads"].is_array());
    let help = Ran::of(Command::new(env!("CARGO_BIN_EXE_stackc")).args(["check", "--help"]));
    assert!(FORMS.iter().all(|form| help.out.contains(&format!("- {form}:"))), "{}", help.out);
}
