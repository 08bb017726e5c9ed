//! Each code's page: its failing example raises exactly that code, its mended one nothing at all.

use std::collections::BTreeSet;

use stackc::compile::codes;
use stackc::fetch;
use stackc::finding::Code;

use stackc::report::{EXAMPLE_APP, EXAMPLE_STACK, explain};

use crate::stack::{Folder, Ran};

/// The file that a line begins: `# apps/web.yaml` or, of a folder that the stack includes, `# ../shared/apps/web.yaml`; the
/// path and no more. Any other comment belongs to its file.
fn begun(line: &str) -> Option<&str> {
    let path = line.strip_prefix("# ").filter(|path| !path.contains(char::is_whitespace))?;
    let inside =
        path.strip_prefix("../").and_then(|path| path.split_once('/')).map_or(path, |(_, inside)| inside);
    let whole = ["ips-v4", "include.yaml", "overlay.yaml", "registries.yaml", "stack.yaml", "stackc.lock"]
        .contains(&inside);
    let below = ["apps/", "files/", "manifests/", "secrets/"].iter().any(|folder| inside.starts_with(folder));
    (whole || below).then_some(path)
}

/// An example's files; what it leaves out comes from the small stack that compiles.
pub(crate) fn files(example: &str) -> Vec<(&str, String)> {
    let mut files: Vec<(&str, String)> = Vec::new();
    for line in example.split_inclusive('\n') {
        if let Some(path) = begun(line.trim_end()) {
            files.push((path, String::new()));
        } else {
            let (_, text) = files.last_mut().expect("an example begins with `# FILE`");
            text.push_str(line);
        }
    }
    if !files.iter().any(|(path, _)| ["stack.yaml", "overlay.yaml"].contains(path)) {
        files.push(("stack.yaml", EXAMPLE_STACK.to_owned()));
    }
    if !files.iter().any(|(path, _)| path.contains("apps/")) {
        files.push(("apps/web.yaml", EXAMPLE_APP.to_owned()));
    }
    files
}

/// With those that only commands with a network raise, which no example can.
fn all_codes() -> impl Iterator<Item = &'static Code> {
    codes().chain(fetch::CODES.iter().copied())
}

/// A kustomization is built; its files may have any name.
fn built(example: &str) -> Vec<String> {
    let folder = Folder::new();
    for part in example.split("# ").filter(|part| !part.is_empty()) {
        let (path, text) = part.split_once('\n').expect("`# FILE`");
        folder.write(&format!("demo/{path}"), text);
    }
    let ran = folder.stackc("build demo --format json");
    Ran { out: ran.err.clone(), ..ran }.codes()
}

fn found(example: &str) -> Vec<String> {
    if example.starts_with("# kustomization.yaml") {
        return built(example);
    }
    let folder = Folder::new();
    for (path, text) in files(example) {
        folder.write(&format!("demo/{path}"), text);
    }
    // All that stands beside it, too: a folder that it includes is no stack, another stack is of the same cluster.
    folder.stackc("check . --format json").codes()
}

#[test]
fn failing_examples_raise_their_code_and_mended_ones_nothing() {
    let mut wrong = Vec::new();
    for code in codes() {
        let bad = found(code.page.bad);
        if bad != [code.name] {
            wrong.push(format!("{}: its failing example raises {bad:?}", code.name));
        }
        let good = found(code.page.good);
        if !good.is_empty() {
            wrong.push(format!("{}: its mended example raises {good:?}", code.name));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn offline_the_examples_about_the_network_raise_nothing() {
    for code in fetch::CODES {
        assert_eq!(found(code.page.good), [""; 0], "{}", code.name);
        let bad = found(code.page.bad);
        assert!(bad.is_empty() || bad == ["image-platforms-unknown"], "{}: {bad:?}", code.name);
    }
}

/// Pasted as they are shown, the files of a page raise its code.
#[test]
fn a_page_shows_all_that_its_examples_need() {
    for code in codes().filter(|code| !code.page.bad.starts_with("# kustomization.yaml")) {
        let page = explain(code, None);
        let beside = page.split_once("where they show no such file:").map_or("", |(_, beside)| beside);
        let given = files(code.page.bad);
        for (path, text) in given.iter().filter(|(path, _)| !code.page.bad.contains(path)) {
            let shown = text.lines().all(|line| beside.contains(line));
            assert!(shown && beside.contains(&format!("# {path}\n")), "{}: {path}", code.name);
        }
    }
    for code in fetch::CODES {
        assert!(code.page.bad != code.page.good, "{}", code.name);
        assert!(code.page.about.contains("`stackc lock`"), "{}", code.name);
    }
}

#[test]
fn names_are_two_to_four_words_and_unique() {
    let names: Vec<&str> = all_codes().map(|code| code.name).collect();
    assert!(names.len() > 30, "the list of codes is cut off");
    assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:?}");
    for name in names {
        let words: Vec<&str> = name.split('-').collect();
        assert!((2..=4).contains(&words.len()), "{name}");
        assert!(
            words.iter().all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase())),
            "{name}"
        );
    }
}

#[test]
fn pages_fit_a_terminal() {
    for code in all_codes() {
        let page = &code.page;
        for text in [page.about, page.bad, page.good] {
            assert!(!text.trim().is_empty(), "{}", code.name);
        }
        for line in page.about.lines() {
            assert!(line.chars().count() <= 110, "{}: {line}", code.name);
            assert_eq!(line.trim(), line, "{}", code.name);
        }
    }
}

#[test]
fn explain_prints_the_page() {
    for code in all_codes() {
        let ran = Folder::new().stackc(&format!("explain {}", code.name));
        assert_eq!((ran.status, ran.err.as_str()), (0, ""));
        for line in
            [page_lines(code.page.about), page_lines(code.page.bad), page_lines(code.page.good)].concat()
        {
            assert!(ran.out.contains(line), "{}: {line}", code.name);
        }
    }
}

fn page_lines(text: &str) -> Vec<&str> {
    text.lines().collect()
}

#[test]
fn explain_lists_all_codes_and_names_the_nearest() {
    let folder = Folder::new();
    let list = folder.stackc("explain --list");
    let listed: Vec<&str> = list.out.lines().map(|line| line.split_whitespace().next().unwrap()).collect();
    let mut names: Vec<&str> = all_codes().map(|code| code.name).collect();
    names.sort_unstable();
    assert_eq!((list.status, listed), (0, names));

    let slip = folder.stackc("explain image-lack-arch");
    assert_eq!((slip.status, slip.out.as_str()), (2, ""));
    assert_eq!(slip.err, "stackc: there is no code image-lack-arch\ndid you mean image-lacks-arch?\n");
    assert_eq!(
        folder.stackc("explain quite-another-thing").err,
        "stackc: there is no code quite-another-thing\nstackc explain --list\n"
    );
    assert_eq!(folder.stackc("explain").status, 2);
}
