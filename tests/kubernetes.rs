//! Kubernetes' own schemas accept every object of every stack, unknown fields refused (kubernetes-validate, strict), at
//! the nearest version it has.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::stack::{Ran, carried, command};
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
