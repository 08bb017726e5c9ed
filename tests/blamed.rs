//! What an overlay makes wrong in its base, told at the overlay's line.
//!
//! `tests/blamed/shop` is a stack in which all is well, `NAME/overlay.yaml` changes it so that something of it is wrong,
//! `NAME.txt` is what is printed for that. To add one: the folder, then `STACKC_REWRITE=1 cargo test blamed`, then read.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::stack::{Folder, Ran, STACK, command};
use crate::tools::ROOT;

fn overlays() -> Vec<String> {
    let folder = Path::new(ROOT).join("tests/blamed").read_dir().unwrap().map(|entry| entry.unwrap().path());
    let overlays = folder.filter(|path: &PathBuf| path.join("overlay.yaml").exists());
    let mut names: Vec<_> =
        overlays.map(|path| path.file_name().unwrap().to_str().unwrap().to_owned()).collect();
    names.sort();
    names
}

fn check(arguments: &str) -> Ran {
    Ran::of(&mut command(&Path::new(ROOT).join("tests/blamed"), &format!("check {arguments}")))
}

/// The findings of a run, each with the paths of its places, the first one first.
fn places(ran: &Ran) -> Vec<(String, Vec<String>)> {
    let report: Value = serde_json::from_str(&ran.out).unwrap();
    let findings = report["findings"].as_array().unwrap().iter();
    findings
        .map(|finding| {
            let labels = finding["labels"].as_array().unwrap().iter();
            let places = std::iter::once(finding).chain(labels).map(|place| &place["path"]);
            let places = places.map(|path| path.as_str().unwrap().to_owned());
            (finding["code"].as_str().unwrap().to_owned(), places.collect())
        })
        .collect()
}

#[test]
fn the_base_is_well() {
    let ran = check("shop --format json");
    assert_eq!((ran.status, ran.codes()), (0, Vec::new()));
}

#[test]
fn each_is_told_as_people_read_it() {
    let mut changed = Vec::new();
    for name in overlays() {
        let file = Path::new(ROOT).join(format!("tests/blamed/{name}.txt"));
        let ran = check(&name);
        assert_eq!(ran.err, "", "{name}");
        if std::env::var_os("STACKC_REWRITE").is_some() {
            std::fs::write(&file, &ran.out).unwrap();
        }
        if ran.out != std::fs::read_to_string(&file).unwrap_or_default() {
            changed.push(format!("{name}: is\n{}", ran.out));
        }
    }
    assert!(changed.is_empty(), "look, then STACKC_REWRITE=1 cargo test blamed\n{}", changed.join("\n"));
}

/// The base says nothing wrong, so nothing is told of it first.
#[test]
fn every_finding_is_an_overlays() {
    let names = overlays();
    assert!(names.len() >= 25, "{names:?}");
    let mut of_both = 0;
    for name in &names {
        for (code, places) in places(&check(&format!("{name} --format json"))) {
            assert!(!places[0].starts_with("shop/"), "{name}: {code} at {places:?}");
            of_both += usize::from(places.iter().any(|place| place.starts_with("shop/")));
        }
    }
    assert!(of_both >= 25, "{of_both} name a line of the base as well");
}

/// A base with two mistakes, and an overlay that has to do with both.
#[test]
fn what_the_base_tells_too_stays_with_it() {
    let folder = Folder::demo();
    folder.write(
        "demo/apps/web.yaml",
        "kind: app\nimage: registry.example/web:1.0\nplace: {role: gone}\nenv: {A: \"{{ nothing }}\"}\n",
    );
    folder.write(
        "o/overlay.yaml",
        "stackc: 1\nbase: ../demo\nnodes: {beta: {arch: amd64, roles: [other]}}\nvars: {domain: other.example}\n\
         apps: {web: {replicas: 2}}\n",
    );
    let base = places(&folder.stackc("check demo --format json"));
    assert!(base.len() >= 2, "{base:?}");
    assert_eq!(places(&folder.stackc("check o --format json")), base);
}

/// Alone the base cannot be compiled, so what is wrong with its app is not told there; it is the base's all the same.
#[test]
fn what_a_base_hides_stays_with_it() {
    let folder = Folder::demo();
    let nodes =
        STACK.lines().skip_while(|line| !line.starts_with("nodes:")).take(2).collect::<Vec<_>>().join("\n");
    folder.write("demo/stack.yaml", STACK.replace(&nodes, "nodes: {}"));
    folder.write("demo/apps/web.yaml", "kind: app\nimage: registry.example/web:1.0\nplace: {node: gone}\n");
    folder.write("o/overlay.yaml", format!("stackc: 1\nbase: ../demo\n{nodes}\n"));
    let told = places(&folder.stackc("check o --format json"));
    assert_eq!(told, [("place-unknown".to_owned(), vec!["demo/apps/web.yaml".to_owned()])]);
}

/// What a stack asks of kustomize is laid over the rest of it.
#[test]
fn a_stacks_own_patch_is_blamed_as_well() {
    let folder = Folder::demo();
    let patch = "kustomize:\n  patches:\n  - patch: {apiVersion: v1, kind: ConfigMap, metadata: {name: more}, $patch: delete}\n";
    folder.write("demo/stack.yaml", format!("{STACK}{patch}"));
    folder.write(
        "demo/manifests/more.yaml",
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: more}\ndata: {a: b}\n",
    );
    folder.write(
        "demo/apps/web.yaml",
        "kind: app\nimage: registry.example/web:1.0\nenv: {A: {configMap: more, key: a}}\n",
    );
    let told = places(&folder.stackc("check demo --format json"));
    let expected = vec!["demo/stack.yaml".to_owned(), "demo/apps/web.yaml".to_owned()];
    assert_eq!(told, [("reference-unknown".to_owned(), expected)]);
}
