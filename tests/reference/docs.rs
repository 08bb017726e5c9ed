//! Doc comments of the types that decode the format, read from their source, which rustfmt keeps in one form. serde's
//! derive, which tells everything else, does not see them.

use std::collections::BTreeMap;
use std::fs;

use crate::tools::ROOT;

/// What is said of a type.
#[derive(Default)]
pub(super) struct TypeDoc {
    /// Of the whole.
    pub(super) about: String,
    /// Of each key or word.
    keys: BTreeMap<String, String>,
}

impl TypeDoc {
    /// What is said of a key.
    pub(super) fn key(&self, key: &str) -> &str {
        self.keys.get(key).unwrap_or_else(|| panic!("`{key}` has no doc comment: {}", self.about))
    }
}

/// All types, by file and name.
pub(super) struct Docs {
    types: BTreeMap<(String, String), TypeDoc>,
    files: BTreeMap<String, String>,
}

impl Docs {
    /// Reads the rooms whose types mirror files.
    pub(super) fn read() -> Docs {
        let mut docs = Docs { types: BTreeMap::new(), files: BTreeMap::new() };
        for room in ["stack", "kinds"] {
            docs.folder(room);
        }
        let kustomization = "transform/kustomization";
        docs.file(kustomization, &fs::read_to_string(format!("{ROOT}/src/{kustomization}.rs")).unwrap());
        docs
    }

    /// A folder and those in it; its `mod.rs` goes by the folder's name.
    fn folder(&mut self, folder: &str) {
        for entry in fs::read_dir(format!("{ROOT}/src/{folder}")).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap();
            match name {
                _ if path.is_dir() => self.folder(&format!("{folder}/{name}")),
                "mod" => self.file(folder, &fs::read_to_string(&path).unwrap()),
                _ => self.file(&format!("{folder}/{name}"), &fs::read_to_string(&path).unwrap()),
            }
        }
    }

    /// What is said of a type: the one in the file `home`, or the only one of that name.
    pub(super) fn of(&self, name: &str, home: &str) -> &TypeDoc {
        if let Some(own) = self.types.get(&(home.to_owned(), name.to_owned())) {
            return own;
        }
        let mut all = self.types.iter().filter(|((_, known), _)| known == name).map(|(_, doc)| doc);
        let only =
            all.next().unwrap_or_else(|| panic!("no type `{name}` in the rooms whose types mirror files"));
        assert!(all.next().is_none(), "two types `{name}`: which one is meant in {home}?");
        only
    }

    /// The first paragraph at a file's top.
    pub(super) fn top(&self, file: &str) -> &str {
        &self.files[file]
    }

    fn file(&mut self, file: &str, text: &str) {
        let top = text.lines().map_while(|line| line.strip_prefix("//!")).take_while(|line| !line.is_empty());
        self.files.insert(file.to_owned(), top.map(str::trim).collect::<Vec<_>>().join(" "));
        let (mut doc, mut attributes, mut open) = (Vec::new(), String::new(), None);
        for line in text.lines() {
            let bare = line.trim();
            if let Some(words) = bare.strip_prefix("///") {
                doc.push(words.trim());
            } else if bare.starts_with("#[") {
                attributes.push_str(bare);
            } else if let Some(name) = type_name(line) {
                let about = std::mem::take(&mut doc).join(" ");
                let renamed = Case::of(&std::mem::take(&mut attributes));
                let own = TypeDoc { about, keys: BTreeMap::new() };
                self.types.insert((file.to_owned(), name.to_owned()), own);
                open = (!line.ends_with('}')).then(|| (name.to_owned(), renamed));
            } else if line == "}" {
                open = None;
            } else {
                let (doc, attributes) = (std::mem::take(&mut doc), std::mem::take(&mut attributes));
                let Some((name, case)) = &open else { continue };
                let Some(key) = key(line, &attributes, *case) else { continue };
                let own = self.types.get_mut(&(file.to_owned(), name.clone())).unwrap();
                if !doc.is_empty() {
                    own.keys.insert(key, doc.join(" "));
                }
            }
        }
    }
}

/// serde's `rename_all`.
#[derive(Clone, Copy)]
enum Case {
    Kept,
    Lower,
    Camel,
}

impl Case {
    fn of(attributes: &str) -> Case {
        match attributes {
            _ if attributes.contains("rename_all = \"lowercase\"") => Case::Lower,
            _ if attributes.contains("rename_all = \"camelCase\"") => Case::Camel,
            _ => Case::Kept,
        }
    }

    fn write(self, name: &str) -> String {
        let capital = |word: &str| {
            let (first, rest) = word.split_at(1);
            format!("{}{rest}", first.to_uppercase())
        };
        match self {
            Case::Kept => name.to_owned(),
            Case::Lower => name.to_lowercase(),
            Case::Camel => {
                let mut words = name.split('_');
                let first = words.next().unwrap_or_default().to_owned();
                words.fold(first, |text, word| text + &capital(word))
            }
        }
    }
}

/// `StackFile` of `pub struct StackFile {`.
fn type_name(line: &str) -> Option<&str> {
    let rest = line.strip_prefix("pub(super) ").or(line.strip_prefix("pub ")).unwrap_or(line);
    let rest = rest.strip_prefix("struct ").or(rest.strip_prefix("enum "))?;
    rest.split([' ', '<', '(', ';']).next()
}

/// The key of a field or the word of a variant, as files write it.
fn key(line: &str, attributes: &str, case: Case) -> Option<String> {
    let bare = line.strip_prefix("    ")?;
    let bare = bare.strip_prefix("pub(super) ").or(bare.strip_prefix("pub ")).unwrap_or(bare);
    let end = bare.find(|c: char| !c.is_alphanumeric() && c != '_')?;
    let (name, rest) = bare.split_at(end);
    if name.is_empty() || !(rest.starts_with(':') || rest == ",") {
        return None;
    }
    let renamed = attributes.split_once("rename = \"").and_then(|(_, rest)| rest.split('"').next());
    Some(match renamed {
        Some(other) => other.to_owned(),
        None => case.write(name),
    })
}
