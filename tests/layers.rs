//! Data flows one way: a room imports only from rooms above it in `src/lib.rs`. A plain search in the text, which is
//! why `use crate::{` and `super::super` are refused.

use std::path::Path;

use crate::tools::ROOT;

/// Crates that these rooms alone may name, so that a crate can be exchanged there; a folder or a file of `src`.
const CRATES: &[(&str, &[&str])] = &[
    ("annotate_snippets", &["report/text.rs"]),
    ("anstream", &["cli"]),
    ("clap", &["cli"]),
    ("granit_parser", &["yaml/read"]),
    ("minijinja", &["template"]),
    ("regex_lite", &["fetch", "traefik", "transform"]),
    ("reqwest", &["fetch"]),
    ("rustls", &["fetch"]),
    ("sha2", &["kube/digest.rs"]),
    ("strsim", &["finding"]),
    ("walkdir", &["source"]),
];

/// Rooms that only `cli` imports; so they do not see each other either.
const ONLY_CLI: &[&str] = &["install", "fetch", "report"];

/// The rooms in their order: the `pub mod` lines of `src/lib.rs`.
fn rooms(lib: &str) -> Vec<&str> {
    lib.lines().filter_map(|line| line.strip_prefix("pub mod ")?.split(';').next()).collect()
}

/// The room of a file of `src`, such as `yaml` of `yaml/read.rs` and `template` of `template.rs`.
fn room_of(path: &str) -> &str {
    let first = path.split('/').next().unwrap();
    first.strip_suffix(".rs").unwrap_or(first)
}

/// Whether `super::` of this file is the crate itself.
fn is_root_of_room(path: &str) -> bool {
    !path.contains('/') || path.strip_suffix("/mod.rs").is_some_and(|room| !room.contains('/'))
}

/// What follows each whole word `word` in a line.
fn after<'a>(line: &'a str, word: &'a str) -> impl Iterator<Item = &'a str> {
    let part_of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).filter_map(move |(at, _)| {
        let (before, rest) = line.split_at(at);
        let rest = rest.strip_prefix(word)?;
        (!before.ends_with(part_of_word) && !rest.starts_with(part_of_word)).then_some(rest)
    })
}

/// The names that a path leads to: `yaml` of `crate::yaml::Node` for `crate`.
fn reached<'a>(line: &'a str, from: &'a str) -> impl Iterator<Item = &'a str> {
    after(line, from)
        .filter_map(|rest| rest.strip_prefix("::"))
        .map(|rest| rest.split(|c: char| !(c.is_alphanumeric() || c == '_')).next().unwrap())
}

/// What one import breaks.
fn import(rooms: &[&str], own: &str, other: &str) -> Option<String> {
    let place = |room: &str| rooms.iter().position(|&known| known == room);
    let (Some(above), Some(below)) = (place(other), place(own)) else {
        return Some(format!("`crate::{other}` is not a room of src/lib.rs"));
    };
    if above > below {
        return Some(format!("`{own}` imports `{other}`, which stands below it"));
    }
    let hidden = ONLY_CLI.contains(&other) && own != other && own != "cli";
    hidden.then(|| format!("`{own}` imports `{other}`, which only `cli` may"))
}

/// What one line of code breaks.
fn line_faults(rooms: &[&str], path: &str, line: &str) -> Vec<String> {
    let mut faults = Vec::new();
    if line.contains("crate::{") || line.contains("crate::*") || line.trim_start().starts_with("use {") {
        faults.push("one `use crate::ROOM::…` a line, so that this test can read it".to_owned());
    } else {
        faults.extend(reached(line, "crate").filter_map(|other| import(rooms, room_of(path), other)));
    }
    if line.contains("super::super") {
        faults.push("`super::super` hides which room is meant: write `crate::ROOM`".to_owned());
    }
    if is_root_of_room(path) {
        let hidden = reached(line, "super").filter(|other| rooms.contains(other));
        faults.extend(hidden.map(|other| format!("write `crate::{other}`, not `super::{other}`")));
    }
    for (name, homes) in CRATES {
        let is_home =
            |home: &&str| path == *home || room_of(path) == *home || path.starts_with(&format!("{home}/"));
        let at_home = homes.iter().any(is_home);
        let named =
            after(line, name).any(|rest| rest.starts_with("::") || rest.starts_with([';', ' ', ',', '}']));
        if named && !at_home {
            faults.push(format!("only src/{} may name the crate `{name}`", homes.join(" and src/")));
        }
    }
    faults
}

/// What a file of `src` breaks, each with its place. Comments may name anything.
fn faults(rooms: &[&str], path: &str, text: &str) -> Vec<String> {
    let code = (1..).zip(text.lines()).filter(|(_, line)| !line.trim_start().starts_with("//"));
    code.flat_map(|(number, line)| {
        let found = line_faults(rooms, path, line);
        found.into_iter().map(move |fault| format!("src/{path}:{number}: {fault}"))
    })
    .collect()
}

/// All Rust files of `src`, by their path in it.
fn rust_files(src: &Path) -> Vec<String> {
    let files = walkdir::WalkDir::new(src).sort_by_file_name().into_iter().map(Result::unwrap);
    let rust = files.filter(|entry| entry.path().extension().is_some_and(|ext| ext == "rs"));
    rust.map(|entry| entry.path().strip_prefix(src).unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn imports_point_up() {
    let src = Path::new(ROOT).join("src");
    let lib = std::fs::read_to_string(src.join("lib.rs")).unwrap();
    let rooms = rooms(&lib);
    let files: Vec<String> =
        rust_files(&src).into_iter().filter(|path| path != "lib.rs" && path != "main.rs").collect();
    assert!(rooms.len() > 3 && files.len() > rooms.len(), "the search found nothing to hold");
    let lost: Vec<&String> = files.iter().filter(|path| !rooms.contains(&room_of(path))).collect();
    assert!(lost.is_empty(), "src/lib.rs has no `pub mod` line for {lost:?}");
    let faults: Vec<String> = files
        .iter()
        .flat_map(|path| faults(&rooms, path, &std::fs::read_to_string(src.join(path)).unwrap()))
        .collect();
    assert!(faults.is_empty(), "\n{}", faults.join("\n"));
}

#[test]
fn the_table_of_crates_names_dependencies() {
    let manifest = std::fs::read_to_string(Path::new(ROOT).join("Cargo.toml")).unwrap();
    for (name, _) in CRATES {
        let line = format!("{} = ", name.replace('_', "-"));
        assert!(manifest.lines().any(|l| l.starts_with(&line)), "{name} is not a dependency any more");
    }
}

mod scanner {
    use super::*;

    const LIB: &str = "//! pub mod not;\npub mod source; // first\npub mod yaml;\npub mod template;\n\
                       pub mod report;\npub mod fetch; // x\npub mod cli;\n";

    fn check(path: &str, text: &str) -> Vec<String> {
        faults(&rooms(LIB), path, text)
    }

    #[test]
    fn reads_the_rooms_in_order() {
        assert_eq!(rooms(LIB), ["source", "yaml", "template", "report", "fetch", "cli"]);
    }

    #[test]
    fn lets_good_imports_pass() {
        for (path, text) in [
            (
                "yaml/read/build.rs",
                "use crate::source::Span;\nuse crate::yaml::Node;\nuse granit_parser::Event;",
            ),
            ("yaml/read.rs", "    use super::node::Node; // crate::source::Span"),
            ("template.rs", "use minijinja::Environment;\nuse crate::yaml::Node;\nuse super::*;"),
            ("cli/build.rs", "use crate::report::text;\nuse crate::fetch::Client;\n#[derive(clap::Args)]"),
            ("yaml/mod.rs", "//! [`crate::cli::run`]\n/// minijinja::Value\npub(crate) fn f() {}"),
            ("yaml/mod.rs", "let clapper = eclap::x; let x = my_crate::cli::y;"),
        ] {
            assert_eq!(check(path, text), [""; 0], "{path}");
        }
    }

    #[test]
    fn names_file_line_and_fault() {
        for (path, text, fault) in [
            (
                "yaml/mod.rs",
                "\n\nuse crate::template::fill;",
                "src/yaml/mod.rs:3: `yaml` imports `template`, which stands below it",
            ),
            (
                "source/span.rs",
                "fn f(x: &Vec<crate::cli::Args>) {}",
                "src/source/span.rs:1: `source` imports `cli`, which stands below it",
            ),
            (
                "yaml/mod.rs",
                "crate::helper!()",
                "src/yaml/mod.rs:1: `crate::helper` is not a room of src/lib.rs",
            ),
            (
                "fetch/mod.rs",
                "use crate::report::text;",
                "src/fetch/mod.rs:1: `fetch` imports `report`, which only `cli` may",
            ),
            (
                "cli/mod.rs",
                "use crate::{yaml, source};",
                "src/cli/mod.rs:1: one `use crate::ROOM::…` a line, so that this test can read it",
            ),
            (
                "cli/mod.rs",
                "use {clap, serde};",
                "src/cli/mod.rs:1: one `use crate::ROOM::…` a line, so that this test can read it",
            ),
            (
                "yaml/a/b.rs",
                "use super::super::Node;",
                "src/yaml/a/b.rs:1: `super::super` hides which room is meant: write `crate::ROOM`",
            ),
            (
                "yaml/mod.rs",
                "use super::cli::run;",
                "src/yaml/mod.rs:1: write `crate::cli`, not `super::cli`",
            ),
            (
                "template.rs",
                "use super::yaml::Node;",
                "src/template.rs:1: write `crate::yaml`, not `super::yaml`",
            ),
            (
                "yaml/write.rs",
                "use granit_parser::Event;",
                "src/yaml/write.rs:1: only src/yaml/read may name the crate `granit_parser`",
            ),
            ("yaml/mod.rs", "use clap as x;", "src/yaml/mod.rs:1: only src/cli may name the crate `clap`"),
            (
                "report/json.rs",
                "let r = annotate_snippets::Renderer::plain();",
                "src/report/json.rs:1: only src/report/text.rs may name the crate `annotate_snippets`",
            ),
        ] {
            assert_eq!(check(path, text), [fault], "{path}: {text}");
        }
    }
}
