//! Every field of the seed's three objects is in what `stacks/oracle` compiles to, with the same value.

use std::process::Command;

use serde_json::Value;
use stackc::finding::Findings;
use stackc::source::Sources;
use stackc::yaml::{self, Dialect, json};

use crate::tools::{ROOT, stdout};

/// The only differences: where, what the seed says, what the stack says.
const ALLOWED: [(&str, &str, &str); 5] = [
    // Docker Hub no longer has the image, and a release without a tag is another one tomorrow.
    (
        "Deployment.spec.template.spec.containers[0].image",
        "\"minio/minio\"",
        "\"quay.io/minio/minio:RELEASE.2022-03-26T06-49-28Z\"",
    ),
    // Credentials come from a Secret.
    (
        "Deployment.spec.template.spec.containers[0].env[MINIO_ROOT_USER].value",
        "\"xxxxxxxxxxxxxxxxx\"",
        "nothing",
    ),
    (
        "Deployment.spec.template.spec.containers[0].env[MINIO_ROOT_PASSWORD].value",
        "\"xxxxxxxxxxxxxxxxx\"",
        "nothing",
    ),
    // The volume is named after its mount path.
    ("Deployment.spec.template.spec.containers[0].volumeMounts[0].name", "\"minio\"", "\"data\""),
    ("Deployment.spec.template.spec.volumes[0].name", "\"minio\"", "\"data\""),
];

/// Lists whose items have a name; in others the place counts. (One IngressRoute gathers the routes of all apps.)
const NAMED: [(&str, &str); 2] = [("env", "name"), ("routes", "match")];

fn seed() -> Vec<Value> {
    let (mut sources, mut found) = (Sources::default(), Findings::default());
    let text = std::fs::read(format!("{ROOT}/tests/data/seed.yaml")).unwrap();
    let file = sources.add("seed.yaml".into(), Ok(text));
    let documents = yaml::read(&sources, file, Dialect::Manifest, &mut found);
    assert_eq!(found.errors(), 0);
    let as_json = |node| {
        let mut text = String::new();
        json::document(&node, &mut text);
        serde_json::from_str(&text).unwrap()
    };
    documents.into_iter().map(as_json).collect()
}

fn compiled() -> Vec<Value> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_stackc"));
    let text = stdout(command.args(["build", "stacks/oracle", "--emit", "json"]).current_dir(ROOT));
    let list: Value = serde_json::from_str(&text).unwrap();
    list["items"].as_array().unwrap().clone()
}

/// What the seed says and the stack does not.
fn missing(path: &str, seed: &Value, ours: &Value, told: &mut Vec<(String, String, String)>) {
    match (seed, ours) {
        (Value::Object(map), Value::Object(_)) => {
            for (key, value) in map {
                missing(&format!("{path}.{key}"), value, &ours[key.as_str()], told);
            }
        }
        (Value::Array(items), Value::Array(all)) => {
            let list = path.rsplit('.').next().unwrap_or_default();
            let by = NAMED.iter().find(|(name, _)| *name == list).map(|(_, key)| *key);
            for (at, item) in items.iter().enumerate() {
                let (label, other) = match by {
                    Some(key) => (
                        item[key].as_str().unwrap().to_owned(),
                        all.iter().find(|other| other[key] == item[key]),
                    ),
                    None => (at.to_string(), all.get(at)),
                };
                missing(&format!("{path}[{label}]"), item, other.unwrap_or(&Value::Null), told);
            }
        }
        _ if seed == ours => {}
        (_, Value::Null) => told.push((path.to_owned(), seed.to_string(), "nothing".to_owned())),
        _ => told.push((path.to_owned(), seed.to_string(), ours.to_string())),
    }
}

#[test]
fn every_field_of_the_seed_is_there() {
    let (seed, ours) = (seed(), compiled());
    assert_eq!(seed.len(), 3);
    let mut told = Vec::new();
    for object in &seed {
        let same = |other: &&Value| {
            let is = |path: &str| other.pointer(path) == object.pointer(path);
            is("/apiVersion") && is("/kind") && is("/metadata/name")
        };
        let kind = object["kind"].as_str().unwrap();
        let other = ours.iter().find(same).unwrap_or_else(|| panic!("no {kind} like the seed's"));
        missing(kind, object, other, &mut told);
    }
    let allowed = ALLOWED.map(|(path, seed, ours)| (path.to_owned(), seed.to_owned(), ours.to_owned()));
    told.sort();
    let mut allowed = allowed.to_vec();
    allowed.sort();
    assert_eq!(told, allowed);
}

#[test]
fn the_allowed_differences_hold_together() {
    let ours = compiled();
    let is_minio = |object: &&Value| object["kind"] == "Deployment" && object["metadata"]["name"] == "minio";
    let pod = &ours.iter().find(is_minio).unwrap()["spec"]["template"]["spec"];
    let container = &pod["containers"][0];
    assert_eq!(container["volumeMounts"][0]["name"], pod["volumes"][0]["name"]);
    for (at, key) in [(0, "user"), (1, "password")] {
        let reference = &container["env"][at]["valueFrom"]["secretKeyRef"];
        assert_eq!(*reference, serde_json::json!({"name": "minio", "key": key}));
    }
}
