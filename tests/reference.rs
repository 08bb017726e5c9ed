//! Every key of the format: `docs/reference` for people, `docs/schema` for editors, both from the types that decode it,
//! their doc comments, and the rows of short forms. `STACKC_REWRITE=1 cargo test reference` writes them anew; the
//! binary carries the schemas from the build after that.

mod docs;
mod pages;
mod rows;
mod schema;
mod valid;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use self::docs::Docs;
use crate::tools::ROOT;

/// All that is made, by its path below `docs`.
fn made() -> BTreeMap<String, String> {
    let docs = Docs::read();
    let schemas = [
        ("stack", schema::stack(&docs, "stack.yaml")),
        ("include", schema::stack(&docs, "include.yaml")),
        ("overlay", schema::stack(&docs, "overlay.yaml")),
        ("app", schema::app(&docs)),
    ];
    let schemas = schemas.into_iter().map(|(name, schema)| {
        (format!("schema/{name}.json"), format!("{}\n", serde_json::to_string_pretty(&schema).unwrap()))
    });
    let pages = pages::all(&docs).into_iter().map(|(name, text)| (format!("reference/{name}"), text));
    schemas.chain(pages).collect()
}

fn written(folder: &Path, below: &str) -> BTreeMap<String, String> {
    let entries = fs::read_dir(folder.join(below)).unwrap().map(Result::unwrap);
    entries
        .map(|entry| {
            let name = format!("{below}/{}", entry.file_name().to_str().unwrap());
            (name, fs::read_to_string(entry.path()).unwrap())
        })
        .collect()
}

#[test]
fn reference_and_schemas_are_what_the_types_say() {
    let folder = Path::new(ROOT).join("docs");
    let made = made();
    if std::env::var_os("STACKC_REWRITE").is_some() {
        for below in ["schema", "reference"] {
            let _ = fs::remove_dir_all(folder.join(below));
            fs::create_dir_all(folder.join(below)).unwrap();
        }
        for (name, text) in &made {
            fs::write(folder.join(name), text).unwrap();
        }
    }
    let mut written = written(&folder, "schema");
    written.append(&mut self::written(&folder, "reference"));
    let names = |files: &BTreeMap<String, String>| files.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&written), names(&made));
    for (name, text) in &made {
        assert!(written[name] == *text, "docs/{name} is not what the types say");
    }
}

/// Headings of a page as GitHub names them in links.
fn anchors(page: &str) -> Vec<String> {
    let headings = page.lines().filter_map(|line| line.strip_prefix("## "));
    let plain = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-');
    headings
        .map(|words| words.to_lowercase().chars().filter(plain).collect::<String>().replace(' ', "-"))
        .collect()
}

#[test]
fn every_link_leads_somewhere() {
    let pages = written(&Path::new(ROOT).join("docs"), "reference");
    let mut links = 0;
    for (name, text) in &pages {
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            let file = if file.is_empty() { name.clone() } else { format!("reference/{file}") };
            if anchor.is_empty() {
                assert!(Path::new(ROOT).join("docs").join(&file).exists(), "{name}: {link}");
            } else {
                assert!(anchors(&pages[&file]).iter().any(|known| known == anchor), "{name}: {link}");
            }
            links += 1;
        }
    }
    assert!(links > 50, "{links}");
}

#[test]
fn the_command_prints_the_schema() {
    for name in ["stack", "app", "include", "overlay"] {
        let output = Command::new(env!("CARGO_BIN_EXE_stackc")).args(["schema", name]).output().unwrap();
        let file = fs::read(Path::new(ROOT).join(format!("docs/schema/{name}.json"))).unwrap();
        assert!(output.stdout == file && output.status.success(), "{name}");
    }
}
