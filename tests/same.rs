//! The same input gives the same bytes, whoever builds it, where, when and how.

use std::path::Path;
use std::process::Command;

use crate::stack::{Folder, Ran, carried, command};
use crate::tools::ROOT;

/// Copies a folder, its files in the order given.
fn copy(from: &Path, to: &Path, backwards: bool) {
    std::fs::create_dir_all(to).unwrap();
    let mut entries: Vec<_> = std::fs::read_dir(from).unwrap().map(Result::unwrap).collect();
    entries.sort_by_key(std::fs::DirEntry::file_name);
    if backwards {
        entries.reverse();
    }
    for entry in entries {
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to, backwards);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn built(command: &mut Command) -> String {
    let ran = Ran::of(command);
    assert_eq!(ran.status, 0, "{}", ran.err);
    ran.out
}

#[test]
fn place_order_and_environment_change_nothing() {
    let folder = Folder::new();
    let place = |backwards: bool| folder.at(&format!("a b/{backwards}/ä"));
    for (top, backwards) in
        ["stacks", "overlays", "tests/stacks"].into_iter().flat_map(|top| [(top, false), (top, true)])
    {
        copy(&Path::new(ROOT).join(top), &place(backwards).join(top), backwards);
    }
    for stack in carried() {
        let expected = built(&mut command(Path::new(ROOT), &format!("build {stack}")));
        for backwards in [false, true] {
            let mut here = command(&place(backwards).join(&stack), "build");
            assert_eq!(built(&mut here), expected, "{stack}, copied, backwards: {backwards}");
        }
        let others = [
            ("TZ", "Asia/Shanghai"),
            ("LC_ALL", "tr_TR.UTF-8"),
            ("LANG", "C"),
            ("SOURCE_DATE_EPOCH", "1"),
            ("HOME", "/nonexistent"),
            ("USER", "somebody"),
            ("CI", "true"),
            ("COLUMNS", "40"),
            ("CLICOLOR_FORCE", "1"),
        ];
        for (variable, value) in others {
            let mut other = command(Path::new(ROOT), &format!("build {stack}"));
            assert_eq!(built(other.env(variable, value)), expected, "{stack} with {variable}={value}");
        }
    }
}
