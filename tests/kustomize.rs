//! Each folder of `tests/kustomize` is a kustomization, built by stackc and by `kubectl kustomize`: the same objects in the
//! same order, or both refuse. Where not, a row of `docs/kustomize.md` says how and why, and a file in the folder pins what
//! stackc makes. `STACKC_REWRITE=1` writes the pins.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value as Json;
use stackc::finding::Findings;
use stackc::source::Sources;
use stackc::yaml::{Dialect, read};

use crate::stack::command;
use crate::tools::{ROOT, kubectl};

/// How the two may differ.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum How {
    Same,
    Order,
    Refused,
    Taken,
    Differs,
}

/// The rows of the page, by folder.
fn rows() -> BTreeMap<String, How> {
    let page = std::fs::read_to_string(format!("{ROOT}/docs/kustomize.md")).unwrap();
    let (_, table) = page.split_once("| folder | how | why |").expect("the table");
    let mut rows = BTreeMap::new();
    for line in table.lines().filter(|line| line.starts_with("| ")) {
        let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
        let [folder, how, why] = cells.as_slice() else { panic!("{line}") };
        let how = match *how {
            "order" => How::Order,
            "refused" => How::Refused,
            "taken" => How::Taken,
            "differs" => How::Differs,
            _ => panic!("{line}"),
        };
        assert!(why.len() > 10, "{line}");
        assert!(rows.insert((*folder).to_owned(), how).is_none(), "{line}");
    }
    rows
}

fn folders() -> Vec<String> {
    let entries = std::fs::read_dir(format!("{ROOT}/tests/kustomize")).unwrap();
    let mut names: Vec<String> =
        entries.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn run(command: &mut Command) -> (bool, String, String) {
    let Output { status, stdout, stderr } = command.output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (status.success(), text(stdout), text(stderr))
}

/// The objects of a stream.
fn objects(stream: &str) -> Vec<Json> {
    let mut sources = Sources::default();
    let file = sources.add("stream".into(), Ok(stream.as_bytes().to_vec()));
    let mut found = Findings::default();
    let documents = read(&sources, file, Dialect::Manifest, &mut found);
    assert_eq!(found.errors(), 0, "{stream}");
    documents.iter().map(|document| serde_json::to_value(document).unwrap()).collect()
}

/// With the items of every list of maps in one order.
fn sorted(value: &Json) -> Json {
    match value {
        Json::Array(items) => {
            let mut items: Vec<Json> = items.iter().map(sorted).collect();
            if items.iter().all(Json::is_object) {
                items.sort_by_key(ToString::to_string);
            }
            Json::Array(items)
        }
        Json::Object(map) => map.iter().map(|(key, value)| (key.clone(), sorted(value))).collect(),
        other => other.clone(),
    }
}

/// What is wrong with a folder.
fn judge(folder: &str, how: How) -> Option<String> {
    let path = format!("tests/kustomize/{folder}");
    let (theirs_ok, theirs, theirs_err) = run(kubectl().args(["kustomize", &path]).current_dir(ROOT));
    let (ours_ok, ours, ours_err) =
        run(&mut command(Path::new(ROOT), &format!("build {path} --color never")));
    assert!(!ours_err.contains("panicked"), "{ours_err}");
    let wrong = |what: &str| Some(format!("{folder}: {what}\n{theirs_err}\n{ours_err}\n{theirs}\n{ours}"));
    match (theirs_ok, ours_ok, how) {
        (true, true, How::Differs) => {
            if objects(&theirs) == objects(&ours) {
                return wrong("said to differ, and does not");
            }
            pinned(&format!("{path}/expected.yaml"), &ours)
        }
        (false, true, How::Taken) => pinned(&format!("{path}/expected.yaml"), &ours),
        (true, false, How::Refused) => pinned(&format!("{path}/expected.txt"), &ours_err),
        (true, true, How::Same) if objects(&theirs) != objects(&ours) => wrong("differs"),
        (true, true, How::Order) => {
            let sort = |text: &str| objects(text).iter().map(sorted).collect::<Vec<_>>();
            if objects(&theirs) == objects(&ours) || sort(&theirs) != sort(&ours) {
                return wrong("said to differ in the order of lists alone");
            }
            None
        }
        (true, true, How::Same) => None,
        (false, false, How::Same) => {
            // kustomize has no places to compare, so what stackc says is pinned.
            pinned(&format!("{path}/expected.txt"), &ours_err)
        }
        _ => wrong(&format!("kubectl {theirs_ok}, stackc {ours_ok}, said {how:?}")),
    }
}

fn judge_all(folders: &[String], how: impl Fn(&String) -> How) -> Vec<String> {
    folders.iter().filter_map(|folder| judge(folder, how(folder))).collect()
}

fn pinned(path: &str, text: &str) -> Option<String> {
    let full = format!("{ROOT}/{path}");
    if std::env::var_os("STACKC_REWRITE").is_some() {
        std::fs::write(&full, text).unwrap();
    }
    let expected = std::fs::read_to_string(&full).unwrap_or_default();
    (expected != text)
        .then(|| format!("{path} is not what stackc says now; STACKC_REWRITE=1 writes it:\n{text}"))
}

#[test]
fn kustomizations_become_what_kubectl_makes_of_them() {
    let rows = rows();
    let folders = folders();
    let unknown: Vec<&String> = rows.keys().filter(|row| !folders.contains(row)).collect();
    assert_eq!(unknown, [""; 0], "rows without a folder");
    assert!(folders.len() >= 80);
    let how = |folder: &String| rows.get(folder).copied().unwrap_or(How::Same);
    let part = folders.len().div_ceil(4);
    let wrong: Vec<String> = std::thread::scope(|scope| {
        let judged = |folders| scope.spawn(move || judge_all(folders, how));
        let threads: Vec<_> = folders.chunks(part).map(judged).collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    assert!(wrong.is_empty(), "{} folders\n\n{}", wrong.len(), wrong.join("\n"));
}
