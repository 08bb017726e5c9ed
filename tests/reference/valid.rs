//! The schemas, asked by a validator of others (jsonschema, over ruamel.yaml): nothing that stackc takes is refused,
//! and slips are.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use stackc::check::Demands;
use stackc::compile;
use stackc::finding::Findings;
use stackc::kinds::KINDS;
use stackc::source::{Sources, read_input};
use stackc::stack::expand::{self, Long, Short, expand};
use stackc::stack::layers::DEFAULTS;
use stackc::stack::{Container, PodFile, StackFile};
use stackc::yaml::{self, Form, Node, Shape, read_typed, shape};

use super::rows::Rows;
use super::schema::Inside;
use crate::tools::{ROOT, python};

/// A file: its schema, its name for messages, its YAML.
struct Text {
    schema: &'static str,
    name: String,
    yaml: String,
}

/// What the schemas find in each, in one run of the validator.
fn verdicts(texts: &[Text]) -> Vec<Option<String>> {
    let schema = |name: &str| -> Value {
        let text = fs::read_to_string(format!("{ROOT}/docs/schema/{name}.json")).unwrap();
        serde_json::from_str(&text).unwrap()
    };
    let texts: Vec<_> = texts.iter().map(|text| (text.schema, &text.yaml)).collect();
    let schemas = json!({
        "stack": schema("stack"),
        "app": schema("app"),
        "include": schema("include"),
        "overlay": schema("overlay"),
    });
    let asked = json!({"schemas": schemas, "texts": texts});
    let script = format!("{ROOT}/tests/reference/valid.py");
    let mut child = python()
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(asked.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

fn all_fit(texts: &[Text]) {
    let refused: Vec<String> = texts
        .iter()
        .zip(verdicts(texts))
        .filter_map(|(text, verdict)| Some(format!("{}: {}\n{}", text.name, verdict?, text.yaml)))
        .collect();
    assert!(refused.is_empty(), "{}", refused.join("\n"));
}

/// The schema of a file of a stack, by its path.
fn schema_of(path: &str) -> Option<&'static str> {
    match path.rsplit('/').collect::<Vec<_>>()[..] {
        ["stack.yaml", ..] => Some("stack"),
        ["include.yaml", ..] => Some("include"),
        ["overlay.yaml", ..] => Some("overlay"),
        [app, "apps", ..] => app.strip_suffix(".yaml").map(|_| "app"),
        _ => None,
    }
}

/// Files below a folder, by path.
fn files(folder: &Path) -> Vec<PathBuf> {
    let all = walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().map(Result::unwrap);
    all.filter(|entry| entry.file_type().is_file()).map(|entry| entry.path().to_owned()).collect()
}

/// What stackc takes of the stacks below a folder: with a file's stack, what it includes.
fn taken(folder: &str) -> Vec<Text> {
    let mut texts = Vec::new();
    for path in files(&Path::new(ROOT).join(folder)).iter().filter(|path| path.ends_with("stack.yaml")) {
        let mut sources = Sources::default();
        let input = read_input(path.parent().unwrap(), &mut sources).unwrap();
        let compiled = compile::compile(sources, input, Demands::default());
        if compiled.errors > 0 {
            continue;
        }
        for file in files(path.parent().unwrap()) {
            let name = file.to_str().unwrap().to_owned();
            let Some(schema) = schema_of(&name) else { continue };
            texts.push(Text { schema, yaml: fs::read_to_string(&file).unwrap(), name });
        }
    }
    texts
}

/// Texts of several files in one, each under a comment with its path.
fn split(name: &str, text: &str) -> Vec<Text> {
    let mut texts: Vec<Text> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let path = line.strip_prefix("# ").filter(|path| !path.contains(' '));
        if let Some(path) = path {
            let schema = schema_of(&format!("./{path}"));
            open = schema.is_some();
            let name = format!("{name}: {path}");
            texts.extend(schema.map(|schema| Text { schema, name, yaml: String::new() }));
        } else if let Some(text) = texts.last_mut().filter(|_| open) {
            text.yaml.push_str(&format!("{line}\n"));
        }
    }
    texts
}

#[test]
fn what_stackc_takes_is_not_refused() {
    let mut texts = taken("stacks");
    let stacks = texts.len();
    texts.extend(taken("tests"));
    let readme = fs::read_to_string(format!("{ROOT}/README.md")).unwrap();
    let blocks = readme.split("```yaml\n").skip(1).map(|block| block.split("```").next().unwrap());
    texts.extend(blocks.flat_map(|block| split("README.md", block)));
    texts.extend(compile::codes().flat_map(|code| split(code.name, code.page.good)));
    assert!(stacks >= 5 && texts.len() >= stacks + 60, "{stacks} of {}", texts.len());
    all_fit(&texts);
}

#[test]
fn slips_are_refused() {
    let stack = "stackc: 1\nk3s: v1.37.1+k3s1\nnodes: {alpha: {arch: amd64}}\n";
    let app = "kind: app\nimage: registry.example/web:1.0\n";
    let rows = [
        ("stack", "stackc: 1\nnodes: {alpha: {arch: amd64}}", "k3s"),
        ("stack", "stackc: 1\nk3s: v1.37.1+k3s1\nnodes: {alpha: {ip: 10.0.0.1}}", "arch"),
        ("stack", &format!("{stack}node: {{}}"), "node"),
        ("stack", &format!("{stack}secrets: {{web: {{key: [a]}}}}"), "key"),
        ("stack", &format!("{stack}secrets: {{web: password}}"), "password"),
        ("stack", &format!("{stack}ingress: {{tsl: {{}}}}"), "tsl"),
        ("stack", &format!("{stack}ingress: {{httpsRedirect: \"true\"}}"), "true"),
        ("stack", &format!("{stack}ingress: {{entryPoints: {{ssh: 222222}}}}"), "222222"),
        ("stack", &format!("{stack}defaults: {{replica: 2}}"), "replica"),
        ("stack", &format!("{stack}defaults: {{image: x}}"), "image"),
        ("stack", &format!("{stack}apps: {{web: {{kind: app}}}}"), "kind"),
        ("stack", &format!("{stack}include: ../shared"), "../shared"),
        ("include", "node: {}", "node"),
        ("app", "image: registry.example/web:1.0", "kind"),
        ("app", "kind: apps", "apps"),
        ("app", &format!("{app}replica: 2"), "replica"),
        ("app", &format!("{app}replicas: \"2\""), "2"),
        ("app", &format!("{app}replicas: -1"), "-1"),
        ("app", &format!("{app}command: run"), "run"),
        ("app", &format!("{app}ports: {{http: 80800}}"), "80800"),
        ("app", &format!("{app}ports: {{http: 53/udp}}"), "53/udp"),
        ("app", &format!("{app}ports: {{http: {{prot: 80}}}}"), "prot"),
        ("app", &format!("{app}strategy: Recreated"), "Recreated"),
        ("app", &format!("{app}volumes: {{/data: {{hostpath: /data}}}}"), "hostpath"),
        ("app", &format!("{app}volumes: {{/data: /data}}"), "/data"),
        ("app", &format!("{app}volumes: {{/data: {{pvc: {{storageClass: x}}}}}}"), "size"),
        ("app", &format!("{app}place: {{nodes: alpha}}"), "nodes"),
        ("app", &format!("{app}securityContext: {{runAsUsr: 1}}"), "runAsUsr"),
        ("app", &format!("{app}securityContext: baseline"), "baseline"),
        ("app", &format!("{app}sidecars: {{x: {{imge: y}}}}"), "imge"),
        ("app", &format!("{app}env: {{A: {{secrets: x, key: y}}}}"), "secrets"),
        ("app", &format!("{app}probes: {{liveness: {{httpget: /}}}}"), "httpget"),
        ("app", &format!("{app}host: web.example.org"), "host"),
        ("app", "kind: minio\nimage: pgsty/silo:x\nports: {http: 80}", "ports"),
        ("app", "kind: minio\nimage: pgsty/silo:x\nrootPassword: hunter2", "hunter2"),
        ("app", "kind: doh\nimage: coredns/coredns:1.11.1\nupstream: [x]", "upstream"),
    ];
    let texts = rows.map(|(schema, text, _)| Text { schema, name: String::new(), yaml: text.to_owned() });
    for ((_, text, slip), verdict) in rows.into_iter().zip(verdicts(&texts)) {
        let verdict = verdict.unwrap_or_else(|| panic!("not refused:\n{text}"));
        assert!(verdict.contains(slip), "{verdict}\n{text}");
    }
}

#[test]
fn templates_stand_where_stackc_fills_them() {
    let rows = [
        (
            "app",
            "kind: app\nreplicas: \"{{ count }}\"\nstrategy: \"{{ s }}\"\nports: {http: \"{{ port }}\"}",
            true,
        ),
        (
            "app",
            "kind: app\nhostNetwork: \"{{ yes }}\"\ncommand: \"{{ words }}\"\nplace: \"{{ place }}\"",
            true,
        ),
        ("app", "kind: \"{{ kind }}\"", false),
        ("stack", "stackc: \"{{ one }}\"\nk3s: v1.37.1+k3s1", false),
        ("stack", "stackc: 1\nk3s: v1.37.1+k3s1\nnodes: {a: {arch: amd64, schedulable: \"{{ x }}\"}}", true),
    ];
    let texts = rows.map(|(schema, text, _)| Text { schema, name: String::new(), yaml: text.to_owned() });
    for ((_, text, fits), verdict) in rows.into_iter().zip(verdicts(&texts)) {
        assert_eq!(verdict.is_none(), fits, "{verdict:?}\n{text}");
    }
}

/// What an app of a kind takes, as one struct.
fn app_shape(own: Shape) -> Shape {
    let all = [shape::<Container>(), shape::<PodFile>(), own];
    let fields = all.iter().flat_map(Inside::fields).collect();
    Shape { form: Form::Struct("App", fields), optional: false }
}

fn stack_shape() -> Shape {
    let mut fields = shape::<StackFile>().fields();
    let app = app_shape(Shape { form: Form::Any, optional: false });
    let apps = Shape { form: Form::Map(Box::new(app.clone())), optional: true };
    fields.extend([("defaults", app), ("apps", apps)]);
    Shape { form: Form::Struct("Stack", fields), optional: false }
}

/// Something that a place takes in its long form.
fn sample(shape: &Shape) -> String {
    match &shape.form {
        Form::Text => "x".to_owned(),
        Form::Bool => "true".to_owned(),
        Form::Int(..) => "80".to_owned(),
        Form::Words(_, words) => words[0].to_owned(),
        Form::List(item) => format!("[{}]", sample(item)),
        other => panic!("no short form is {other:?}"),
    }
}

/// Everything that a row may grow, as text.
fn samples(shape: &Shape, long: Long, rows: &Rows) -> Vec<String> {
    match (long, &shape.form) {
        (Long::Under(key), _) => match &shape.inside(key).form {
            Form::List(item) => vec![sample(item)],
            _ => vec![sample(&shape.inside(key))],
        },
        (Long::ListUnder(key), _) => {
            let field = shape.inside(key);
            let short = rows.below(key).here().map(|long| samples(&field, long, &rows.below(key)));
            [vec![sample(&field)], short.unwrap_or_default()].concat()
        }
        (Long::Listed, Form::List(item)) => vec![sample(item)],
        (Long::Port, _) => ["80", "53/TCP", "53/UDP", "9/SCTP"].map(str::to_owned).to_vec(),
        (Long::Spread, _) => ["node", "topology.kubernetes.io/zone"].map(str::to_owned).to_vec(),
        other => panic!("{other:?}"),
    }
}

/// `{a: {b: SAMPLE}}` for each short form of a file, `*` being `x`.
fn short_files(whole: &Shape, shorts: &'static [Short]) -> Vec<(Vec<&'static str>, String)> {
    let mut texts = Vec::new();
    for (place, long) in Rows::all(shorts) {
        let (mut shape, mut rows) = (whole.clone(), Rows::new(shorts));
        let mut keys = Vec::new();
        for part in place {
            // The names of probes are fixed.
            let fixed = part == "*" && !matches!(shape.form, Form::Map(_));
            let key = if fixed { shape.fields()[0].0 } else { part };
            rows = rows.below(key);
            shape = match shape.form {
                Form::Map(value) => *value,
                _ => shape.inside(key),
            };
            keys.push(if key == "*" { "x" } else { key });
        }
        for sample in samples(&shape, long, &rows) {
            let text = keys.iter().rfold(sample, |inside, key| format!("{{{key}: {inside}}}"));
            texts.push((keys.clone(), text));
        }
    }
    texts
}

/// The long form of a text, as JSON; what stands at `place` is a map or a list.
fn grown(text: &str, place: &[&str], rows: &[&'static [Short]]) -> String {
    let (mut sources, mut found) = (Sources::default(), Findings::default());
    let file = sources.add("short.yaml".to_owned(), Ok(text.into()));
    let mut tree = read_typed(&sources, file, &mut found).unwrap();
    for rows in rows {
        expand(&mut tree, rows);
    }
    let at: &Node = tree.at(place).unwrap();
    assert!(at.as_map().is_some() || !at.items().is_empty(), "{place:?} did not grow: {text}");
    let mut json = String::new();
    yaml::json::document(&tree, &mut json);
    json
}

#[test]
fn each_short_form_is_taken_and_so_is_what_it_grows_to() {
    let mut texts = Vec::new();
    let mut add = |schema, place: &[&str], text: &str, rows: &[&'static [Short]]| {
        for text in [text.to_owned(), grown(text, place, rows)] {
            texts.push(Text { schema, name: format!("{place:?}"), yaml: text });
        }
    };
    for (place, text) in short_files(&stack_shape(), expand::STACK) {
        if place[0] == "defaults" && !DEFAULTS.contains(&place[1]) {
            continue;
        }
        add("include", &place, &text, &[expand::STACK]);
    }
    for kind in KINDS {
        for shorts in [expand::APP, kind.shorts] {
            for (place, text) in short_files(&app_shape((kind.shape)()), shorts) {
                if !kind.computes.contains(&place[0]) {
                    let text = format!("{{kind: {}, {}", kind.name, text.strip_prefix('{').unwrap());
                    add("app", &place, &text, &[shorts]);
                }
            }
        }
    }
    assert!(texts.len() > 200, "{}", texts.len());
    all_fit(&texts);
}

#[test]
fn every_file_of_the_stacks_names_its_schema() {
    let mut named = 0;
    for file in files(&Path::new(ROOT).join("stacks")) {
        let Some(schema) = schema_of(file.to_str().unwrap()) else { continue };
        let text = fs::read_to_string(&file).unwrap();
        let first = text.lines().next().unwrap_or_default();
        let path = first.strip_prefix("# yaml-language-server: $schema=");
        let path = path.unwrap_or_else(|| panic!("{}: the first line names no schema", file.display()));
        let path = file.parent().unwrap().join(path).canonicalize().unwrap();
        assert_eq!(path, Path::new(ROOT).join(format!("docs/schema/{schema}.json")).canonicalize().unwrap());
        named += 1;
    }
    assert!(named >= 5, "{named}");
}
