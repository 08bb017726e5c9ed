//! What each stack in `stacks/`, `overlays/` and `tests/stacks/` compiles to, byte by byte: `snapshots/NAME/` is what `stackc build -o` writes.
//! `STACKC_REWRITE=1 cargo test snapshots` writes them anew; read them before they are committed.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use crate::stack::carried;
use crate::tools::ROOT;

/// Names and texts of the files in a folder; none where there is no folder.
fn files(folder: &Path) -> BTreeMap<String, String> {
    let Ok(entries) = fs::read_dir(folder) else { return BTreeMap::new() };
    let file = |entry: std::io::Result<fs::DirEntry>| {
        let entry = entry.unwrap();
        (entry.file_name().into_string().unwrap(), fs::read_to_string(entry.path()).unwrap())
    };
    entries.map(file).collect()
}

/// Builds a stack into an empty folder.
fn build(stack: &str) -> BTreeMap<String, String> {
    let name = stack.replace('/', "-");
    let folder = std::env::temp_dir().join(format!("stackc-snapshot-{name}-{}", std::process::id()));
    let output = Command::new(env!("CARGO_BIN_EXE_stackc"))
        .args(["build", stack, "-o"])
        .arg(&folder)
        .current_dir(ROOT)
        .env_clear()
        .output()
        .unwrap();
    assert!(output.status.success(), "{stack}: {}", String::from_utf8_lossy(&output.stderr));
    let built = files(&folder);
    fs::remove_dir_all(&folder).unwrap();
    built
}

fn rewrite(folder: &Path, built: &BTreeMap<String, String>) {
    if folder.exists() {
        fs::remove_dir_all(folder).unwrap();
    }
    fs::create_dir_all(folder).unwrap();
    for (name, text) in built {
        fs::write(folder.join(name), text).unwrap();
    }
}

/// Where two texts part.
fn first_difference(expected: &str, got: &str) -> String {
    let (mut left, mut right) = (expected.lines(), got.lines());
    for number in 1.. {
        let pair = (left.next(), right.next());
        if pair.0 != pair.1 || pair == (None, None) {
            return format!("line {number}\n  expected: {:?}\n  got:      {:?}", pair.0, pair.1);
        }
    }
    String::new()
}

#[test]
fn snapshots_hold_byte_by_byte() {
    let root = Path::new(ROOT);
    let stacks = carried();
    assert!(stacks.contains(&"stacks/oracle".to_owned()), "{stacks:?}");
    for stack in stacks {
        let folder = root.join("snapshots").join(stack.rsplit('/').next().unwrap());
        let built = build(&stack);
        if std::env::var_os("STACKC_REWRITE").is_some() {
            rewrite(&folder, &built);
        }
        let expected = files(&folder);
        let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
        assert_eq!(names(&built), names(&expected), "{stack}: not the same files");
        for (name, text) in &built {
            let part = || first_difference(&expected[name], text);
            assert!(*text == expected[name], "{stack}/{name} differs at {}", part());
        }
    }
}
