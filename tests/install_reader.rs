//! A reader that looks as k3s does, beside installs without a pause: it never sees a file torn or short.

#![expect(clippy::print_stdout, reason = "counts, for --nocapture")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use stackc::install::{Folder, Wish, apply, plan};
use stackc::k3s::{Release, Version};

use crate::controller::{decode, read};
use crate::random::long;
use crate::stack;

/// A file of some objects, larger than one block of a disk.
fn file(app: &str, objects: usize, content: char) -> (String, String) {
    let name = format!("demo-{app}.yaml");
    let object = |number| {
        let data: String = std::iter::repeat_n(content, 600).collect();
        format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {app}-{number}\n  namespace: default\ndata:\n  a: {data}\n"
        )
    };
    let documents: Vec<String> = (0..objects).map(object).collect();
    let text = format!("# stackc: {name} from apps/{app}.yaml\n{}", documents.join("---\n"));
    (name, text)
}

/// Stacks that follow one another: files change, leave and come back.
fn stacks() -> [Vec<(String, String)>; 3] {
    [
        vec![file("a", 8, 'x'), file("b", 12, 'x'), file("c", 3, 'x')],
        vec![file("a", 20, 'y'), file("c", 3, 'x')],
        vec![file("a", 2, 'z'), file("c", 30, 'z'), file("d", 5, 'z')],
    ]
}

fn install(folder: &Folder, files: &[(String, String)], now: u64) {
    folder.lock().unwrap();
    let state = folder.state("demo", files.iter().map(|(name, _)| name.as_str())).unwrap();
    let release = Release::of(Version::parse("v1.37.1+k3s1").unwrap()).unwrap();
    let wish = Wish { stack: "demo", folder: folder.real(), release, files, remove: &[], now, sure: false };
    let plan = plan(&wish, &state).unwrap();
    apply(&plan, folder, &state, now).unwrap();
}

#[test]
fn no_look_sees_a_torn_file() {
    let place = stack::Folder::new().with("k3s/README", "");
    let path = place.at("k3s");
    let folder = Folder::open(&path).unwrap();
    let stacks = stacks();
    let mut installs = (0_u64..).map(|turn| (turn, &stacks[usize::try_from(turn % 3).unwrap()]));
    // All that each file may be, as left by installs that nobody looks at.
    let mut known: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (turn, files) in installs.by_ref().take(9) {
        install(&folder, files, turn * 100);
        for file in read(&path).unwrap() {
            assert!(decode(&file.text).is_some(), "{}", file.text);
            known.entry(file.name).or_default().insert(file.text);
        }
    }
    assert_eq!(known["demo-b.yaml"].len(), 2, "its objects, and its tombstone");
    let wanted = long(20_000, 1_000_000);
    let (done, made) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (mut reads, mut looks, mut vanished, mut torn) = (0, 0, 0, Vec::new());
    std::thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for (turn, files) in installs.take_while(|_| !done.load(Ordering::Relaxed)) {
                install(&folder, files, turn * 100);
                made.fetch_add(1, Ordering::Relaxed);
            }
        });
        while torn.is_empty()
            && (reads < wanted || made.load(Ordering::Relaxed) < 30)
            && !writer.is_finished()
        {
            looks += 1;
            match read(&path) {
                Ok(files) => {
                    for file in files {
                        reads += 1;
                        let sound = known.get(&file.name).is_some_and(|texts| texts.contains(&file.text));
                        if !sound {
                            torn.push(format!("{} of {} bytes", file.name, file.text.len()));
                        }
                    }
                }
                // As k3s: the next look reads again.
                Err(_) => vanished += 1,
            }
        }
        done.store(true, Ordering::Relaxed);
    });
    assert!(torn.is_empty(), "nothing like it was installed: {torn:?}");
    let made = made.into_inner();
    println!("{reads} reads in {looks} looks beside {made} installs; {vanished} looks met a file that went");
    assert!(reads >= wanted && made >= 30, "{reads} reads, {made} installs");
}
