//! Kubernetes' own schemas accept every object of every stack, unknown fields refused (kubernetes-validate, strict), at
//! the nearest version it has.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::stack::{Folder, Ran, carried, command};
use crate::tools::{ROOT, python};

/// Groups that are none of Kubernetes', with their kinds in our stacks: there are no schemas of these.
const CUSTOM: [(&str, &[&str]); 4] = [
    ("cert-manager.io", &["Certificate", "ClusterIssuer"]),
    ("helm.cattle.io", &["HelmChart", "HelmChartConfig"]),
    ("traefik.containo.us", &["IngressRoute", "Middleware"]),
    (
        "traefik.io",
        &[
            "IngressRoute",
            "IngressRouteTCP",
            "IngressRouteUDP",
            "Middleware",
            "MiddlewareTCP",
            "ServersTransport",
            "TLSStore",
        ],
    ),
];

/// The verdict on each (version, object): none, or what is wrong with it.
fn verdicts(asked: &[(String, Value)]) -> Vec<Option<String>> {
    let script = format!("{ROOT}/tests/kubernetes.py");
    let mut child = python().arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(json!(asked).to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    serde_json::from_slice(&output.stdout).unwrap()
}

fn is_custom(object: &Value) -> bool {
    let group = object["apiVersion"].as_str().unwrap().split_once('/').map_or("", |(group, _)| group);
    CUSTOM.iter().any(|(custom, kinds)| *custom == group && kinds.contains(&object["kind"].as_str().unwrap()))
}

/// `v1.22.7+k3s1` is `1.22.7` there.
fn version(stack: &str) -> String {
    let read = |file: &str| std::fs::read_to_string(format!("{ROOT}/{stack}/{file}"));
    let text = read("stack.yaml").unwrap_or_else(|_| read("overlay.yaml").unwrap());
    if let Some(base) = text.lines().find_map(|line| line.strip_prefix("base: ")) {
        return version(&format!("{stack}/{}", base.split(' ').next().unwrap()));
    }
    let line = text.lines().find(|line| line.starts_with("k3s:")).unwrap();
    let (_, release) = line.split_once(" v").or_else(|| line.split_once("version: v")).unwrap();
    release.split_once('+').unwrap().0.to_owned()
}

#[test]
fn kubernetes_schemas_accept_every_object() {
    let mut asked = Vec::new();
    for stack in carried() {
        let built = Ran::of(&mut command(Path::new(ROOT), &format!("build {stack} --emit json")));
        assert_eq!(built.status, 0, "{stack}: {}", built.err);
        let list: Value = serde_json::from_str(&built.out).unwrap();
        let version = version(&stack);
        let objects = list["items"].as_array().unwrap();
        asked.extend(objects.iter().map(|object| (version.clone(), object.clone())));
    }
    let mut refused = Vec::new();
    let mut held = BTreeSet::new();
    for ((version, object), verdict) in asked.iter().zip(verdicts(&asked)) {
        let name = format!(
            "{} {} {} at {version}",
            object["apiVersion"], object["kind"], object["metadata"]["name"]
        );
        match verdict {
            None => {
                held.insert(object["kind"].as_str().unwrap());
            }
            Some(verdict) if verdict == "none" && is_custom(object) => {}
            Some(verdict) => refused.push(format!("{name}: {verdict}")),
        }
    }
    assert!(refused.is_empty(), "\n{}", refused.join("\n"));
    for kind in ["CronJob", "DaemonSet", "Deployment", "PersistentVolumeClaim", "Service", "StatefulSet"] {
        assert!(held.contains(kind), "{kind} is in no stack: {held:?}");
    }
}

#[test]
fn slips_are_refused() {
    let pod = |spec: Value| ("1.37.1".to_owned(), json!({"apiVersion": "v1", "kind": "Pod", "spec": spec}));
    let asked = [
        pod(json!({"containers": [{"name": "c", "image": "x"}]})),
        pod(json!({"containers": [{"name": "c", "imagee": "x"}]})),
        pod(json!({"containers": [{"name": "c", "ports": [{"containerPort": "80"}]}]})),
        ("1.37.1".to_owned(), json!({"apiVersion": "example.org/v1", "kind": "Thing"})),
        ("1.22.7".to_owned(), json!({"apiVersion": "v1", "kind": "Service", "spec": {"port": 1}})),
    ];
    let verdicts = verdicts(&asked);
    let says = |at: usize| verdicts[at].as_deref().unwrap_or("fine");
    assert_eq!(says(0), "fine");
    assert!(says(1).contains("imagee") && says(2).contains("'80' is not of type"), "{verdicts:?}");
    assert!(says(3) == "none" && says(4).contains("port"), "{verdicts:?}");
}

/// What becomes of a value.
const CHANGES: [&str; 6] = ["a key of one letter more", "\"abc\"", "7", "[1]", "{\"a\": 1}", "true"];

/// An object with the value at a place changed; none where there is no key to change.
fn changed(object: &Value, place: &str, change: &str) -> Option<Value> {
    let mut object = object.clone();
    let Ok(value) = serde_json::from_str(change) else {
        let (outer, key) = place.rsplit_once('/').unwrap();
        let map = object.pointer_mut(outer).unwrap().as_object_mut()?;
        let value = map.remove(key)?;
        map.insert(format!("{key}x"), value);
        return Some(object);
    };
    *object.pointer_mut(place).unwrap() = value;
    Some(object)
}

/// Every place below one, as a JSON pointer.
fn places(value: &Value, place: &str, into: &mut Vec<String>) {
    let below = |key: &str| format!("{place}/{}", key.replace('~', "~0").replace('/', "~1"));
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (below(key), value)).collect(),
        Value::Array(items) => {
            items.iter().enumerate().map(|(at, value)| (below(&at.to_string()), value)).collect()
        }
        _ => Vec::new(),
    };
    for (place, value) in inner {
        into.push(place.clone());
        places(value, &place, into);
    }
}

/// Objects of our stacks, each wrong in one place; places that differ in a number only count once.
fn mutants() -> Vec<(String, Value)> {
    let (mut seen, mut mutants) = (BTreeSet::new(), Vec::new());
    for stack in carried() {
        let built = Ran::of(&mut command(Path::new(ROOT), &format!("build {stack} --emit json")));
        let list: Value = serde_json::from_str(&built.out).unwrap();
        for object in list["items"].as_array().unwrap().iter().filter(|object| !is_custom(object)) {
            let mut all = Vec::new();
            places(object, "", &mut all);
            let named = ["/apiVersion", "/kind", "/metadata"];
            let own = |place: &&String| {
                !named.contains(&place.as_str())
                    && !place.starts_with("/metadata/name")
                    && !place.contains('~')
                    && seen.insert(format!(
                        "{}{}",
                        object["kind"],
                        place.replace(|c: char| c.is_ascii_digit(), "")
                    ))
            };
            for place in all.iter().filter(own).cloned().collect::<Vec<_>>() {
                let made = CHANGES.iter().filter_map(|change| {
                    Some((format!("{} {place}: {change}", object["kind"]), changed(object, &place, change)?))
                });
                mutants.extend(made);
            }
        }
    }
    mutants
}

/// Errors of each object by its place in the list: those of fields, and all.
fn told(mutants: &[(String, Value)]) -> Vec<(bool, bool)> {
    let folder = Folder::new()
        .with("demo/stack.yaml", "stackc: 1\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {arch: amd64}\n");
    let mut told = Vec::new();
    // A run keeps a thousand findings.
    for some in mutants.chunks(50) {
        let lines: Vec<String> = some.iter().map(|(_, object)| format!("{object}\n")).collect();
        folder.write("all.yaml", lines.join("---\n"));
        let ran = folder.stackc("check --stack demo all.yaml --format json");
        let report: Value = serde_json::from_str(&ran.out).unwrap();
        let mut verdicts = vec![(false, false); some.len()];
        for finding in report["findings"].as_array().unwrap() {
            let own =
                finding["path"].as_str().unwrap().ends_with("all.yaml") && finding["severity"] == "error";
            let line = usize::try_from(finding["line"].as_u64().unwrap()).unwrap();
            if let Some(verdict) = verdicts.get_mut(line / 2).filter(|_| own) {
                *verdict = (verdict.0 || finding["code"] == "field-unknown", true);
            }
        }
        told.extend(verdicts);
    }
    told
}

/// A field or a form that Kubernetes' schema refuses is told, and a field that is told is none of the schema's.
#[test]
fn what_the_schemas_refuse_is_told() {
    let step = if std::env::var_os("STACKC_LONG").is_some() { 1 } else { 7 };
    let mutants: Vec<(String, Value)> = mutants().into_iter().step_by(step).collect();
    let asked: Vec<_> = mutants.iter().map(|(_, object)| ("1.37.0".to_owned(), object.clone())).collect();
    let mut wrong = Vec::new();
    let mut refused = 0;
    for (((name, _), verdict), (unknown, any)) in mutants.iter().zip(verdicts(&asked)).zip(told(&mutants)) {
        match verdict {
            Some(verdict) if verdict == "none" => {}
            Some(verdict) => {
                refused += 1;
                if !any {
                    wrong.push(format!("{name}: nothing is told, but {verdict}"));
                }
            }
            None if unknown => wrong.push(format!("{name}: told, but the schema knows it")),
            None => {}
        }
    }
    assert!(refused > 300, "{refused} of {}", mutants.len());
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}
