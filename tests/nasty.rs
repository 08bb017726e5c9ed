//! The strings that YAML writers get wrong, through a whole build: what a user writes is what kubectl and other readers
//! of YAML find, as values and, where Kubernetes takes them, as keys.

use std::collections::BTreeMap;

use serde_json::{Deserializer, Value};
use stackc::kube::names;

use crate::stack::{APP, Folder, STACK};
use crate::tools::{kubectl, python, stdout};

/// Reads all documents of the files of a folder as YAML 1.2 (ruamel) and as YAML 1.1 (`PyYAML`), prints each as JSON.
const OTHERS: &str = r"
import json, os, sys, yaml, ruamel.yaml
reader = {'1.2': ruamel.yaml.YAML(typ='safe', pure=True).load_all, '1.1': yaml.safe_load_all}[sys.argv[1]]
for name in sorted(os.listdir('out')):
    with open(os.path.join('out', name), encoding='utf-8', newline='') as file:
        for document in reader(file):
            print(json.dumps(document))
";

fn nasty() -> Vec<String> {
    serde_json::from_str(include_str!("data/nasty.json")).unwrap()
}

/// A text as YAML that no writer of ours has touched: every character that is no letter or digit is an escape.
fn quoted(text: &str) -> String {
    let escaped =
        |c: char| if c.is_ascii_alphanumeric() { c.to_string() } else { format!("\\U{:08X}", u32::from(c)) };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

/// The same in a value that is searched for templates.
fn literal(text: &str) -> String {
    if text.contains("{{") || text.contains("{%") {
        return quoted(&format!("{{% raw %}}{text}{{% endraw %}}"));
    }
    quoted(text)
}

fn lines(texts: &[String], line: impl Fn(usize, &str) -> String) -> String {
    texts.iter().enumerate().map(|(number, text)| line(number, text)).collect()
}

/// Which of them may be keys and values of labels, keys of a ConfigMap, keys of anything.
struct Legal {
    labels: Vec<String>,
    label_values: Vec<String>,
    config_keys: Vec<String>,
    keys: Vec<String>,
}

impl Legal {
    fn of(texts: &[String]) -> Legal {
        let those = |is: &dyn Fn(&str) -> bool| texts.iter().filter(|text| is(text)).cloned().collect();
        Legal {
            labels: those(&|text| names::label_key(text).is_ok()),
            label_values: those(&|text| names::label_value(text).is_ok()),
            // files whose names begin with a dot are hidden, from stackc too
            config_keys: those(&|text| names::config_key(text).is_ok() && !text.starts_with('.')),
            keys: those(&|text| text.chars().count() <= 1024),
        }
    }
}

/// A stack that holds them all.
fn written(texts: &[String], legal: &Legal) -> Folder {
    let values = [
        APP.to_owned(),
        "env:\n".to_owned() + &lines(texts, |number, text| format!("  N{number}: {}\n", literal(text))),
        "args:\n".to_owned() + &lines(texts, |_, text| format!("- {}\n", literal(text))),
        "volumes:\n".to_owned()
            + &lines(texts, |number, _| format!("  /n/{number}: {{file: n{number}}}\n"))
            + &lines(&legal.config_keys, |number, text| {
                format!("  /k/{number}: {{file: {}}}\n", quoted(&format!("k/{text}")))
            }),
    ];
    // Annotations and labels are on every object of their app, so it has one only.
    let labels = [
        APP.to_owned(),
        "annotations:\n".to_owned()
            + &lines(texts, |number, text| format!("  n{number}: {}\n", literal(text))),
        "labels:\n".to_owned() + &lines(&legal.labels, |_, text| format!("  {}: key\n", quoted(text))),
        "podLabels:\n".to_owned()
            + &lines(&legal.label_values, |number, text| format!("  n{number}: {}\n", quoted(text))),
    ];
    let spec = lines(&legal.keys, |_, text| format!("  ? {}\n  : key\n", quoted(text)));
    let object = format!("apiVersion: example.com/v1\nkind: X\nmetadata: {{name: keys}}\nspec:\n{spec}");
    let mut folder = Folder::new()
        .with("demo/stack.yaml", STACK)
        .with("demo/apps/nasty.yaml", values.concat())
        .with("demo/apps/labels.yaml", labels.concat())
        .with("demo/manifests/keys.yaml", object);
    for (number, text) in texts.iter().enumerate() {
        folder = folder.with(&format!("demo/files/n{number}"), text);
    }
    for key in &legal.config_keys {
        folder = folder.with(&format!("demo/files/k/{key}"), "key");
    }
    folder
}

/// All objects that a reader finds, by kind and name.
type Objects = BTreeMap<(String, String), Value>;

fn objects(json: &str) -> Objects {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    Deserializer::from_str(json)
        .into_iter()
        .map(Result::unwrap)
        .map(|object: Value| ((text(&object["kind"]), text(&object["metadata"]["name"])), object))
        .collect()
}

fn texts_of(values: &[Value]) -> Vec<&str> {
    values.iter().map(|value| value.as_str().unwrap()).collect()
}

/// Everything that was written is there, unchanged.
fn check(reader: &str, found: &Objects, texts: &[String], legal: &Legal) {
    let of = |kind: &str, name: &str| &found[&(kind.to_owned(), name.to_owned())];
    let deployment = of("Deployment", "labels");
    let container = &of("Deployment", "nasty")["spec"]["template"]["spec"]["containers"][0];
    assert_eq!(texts_of(container["args"].as_array().unwrap()), texts, "{reader}: args");
    let env: Vec<Value> =
        container["env"].as_array().unwrap().iter().map(|entry| entry["value"].clone()).collect();
    assert_eq!(texts_of(&env), texts, "{reader}: env");
    for (number, text) in texts.iter().enumerate() {
        assert_eq!(
            deployment["metadata"]["annotations"][format!("n{number}")],
            **text,
            "{reader}: annotation"
        );
        let map = of("ConfigMap", &format!("nasty-n-{number}"));
        assert_eq!(map["data"], serde_json::json!({ format!("n{number}"): text }), "{reader}: ConfigMap");
    }
    for text in &legal.labels {
        assert_eq!(deployment["metadata"]["labels"][text], "key", "{reader}: label {text}");
    }
    for (number, text) in legal.label_values.iter().enumerate() {
        let label = &deployment["spec"]["template"]["metadata"]["labels"][format!("n{number}")];
        assert_eq!(label, text, "{reader}: label's value");
    }
    for (number, text) in legal.config_keys.iter().enumerate() {
        let map = of("ConfigMap", &format!("nasty-k-{number}"));
        assert_eq!(map["data"], serde_json::json!({ text: "key" }), "{reader}: key of a ConfigMap");
    }
    let mut keys: Vec<&String> = of("X", "keys")["spec"].as_object().unwrap().keys().collect();
    let mut expected: Vec<&String> = legal.keys.iter().collect();
    keys.sort();
    expected.sort();
    assert_eq!(keys, expected, "{reader}: keys");
}

#[test]
fn every_string_arrives_as_it_was_written() {
    let texts = nasty();
    let legal = Legal::of(&texts);
    let counts = [legal.labels.len(), legal.label_values.len(), legal.config_keys.len(), legal.keys.len()];
    assert_eq!((texts.len(), counts), (440, [100, 99, 118, 436]));
    let folder = written(&texts, &legal);
    let ran = folder.stackc("build demo --output out");
    assert_eq!(ran.status, 0, "{}", ran.err);
    let kubectl = stdout(
        kubectl()
            .current_dir(folder.at(""))
            .args(["label", "--local", "-f", "out", "x=y", "--output", "json"]),
    );
    check("kubectl", &objects(&kubectl), &texts, &legal);
    for version in ["1.2", "1.1"] {
        let read = stdout(python().current_dir(folder.at("")).args(["-c", OTHERS, version]));
        check(version, &objects(&read), &texts, &legal);
    }
}
