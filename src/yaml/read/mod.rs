//! Bytes to nodes: granit-parser's events, built into trees without recursion.
//!
//! What kubectl's reader and a YAML 1.2 parser read differently is refused at its place, so that a file means one
//! thing everywhere (the project's facts on YAML, 1 and 4).

mod build;
mod comment;
mod refuse;
mod veil;

pub use comment::{Comment, comments};
pub use refuse::{FILE_UNREADABLE, YAML_CHARACTER, unreadable};

use build::Builder;

use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::{FileId, Sources};
use crate::yaml::Node;

/// Which bounds hold.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// stack.yaml and apps: one document, small.
    Typed,
    /// Kubernetes manifests: any number of documents, keys that are numbers become text.
    Manifest,
    /// kustomize's own file: one document, typed, of any size.
    Kustomization,
    /// What kustomize reads, by YAML 1.2's words: `yes`, `on` and their like are text.
    Kustomize,
}

impl Dialect {
    /// Nesting of lists and maps, block and flow together.
    fn depth(self) -> usize {
        match self {
            Dialect::Typed | Dialect::Kustomization => 64,
            Dialect::Manifest | Dialect::Kustomize => 128,
        }
    }

    /// Nodes in a file. A rendered chart of 1,000 apps has 319,000 events, so manifests are bounded by bytes alone.
    fn nodes(self) -> usize {
        match self {
            Dialect::Typed => 100_000,
            Dialect::Manifest | Dialect::Kustomization | Dialect::Kustomize => usize::MAX,
        }
    }
}

/// Not YAML.
pub static YAML_SYNTAX: Code = Code {
    name: "yaml-syntax",
    severity: Severity::Error,
    page: Page {
        about: "The file is not YAML, so nothing in it could be read.\n\
                The place is where reading stopped; the cause often stands a line above it:\n\
                a quote or bracket that is not closed, a line indented with a tab, a missing colon.",
        bad: "# apps/web.yaml\nkind: app\nimage: \"registry.example/web:1.0\nplace: {arch: amd64}\n",
        good: "# apps/web.yaml\nkind: app\nimage: \"registry.example/web:1.0\"\nplace: {arch: amd64}\n",
    },
};

/// One key twice in a map.
pub static KEY_DUPLICATE: Code = Code {
    name: "key-duplicate",
    severity: Severity::Error,
    page: Page {
        about: "A map holds the same key twice. kubectl keeps the last one without a word, other readers the\n\
                first; keys that become equal only as text (1 and \"1\") even win by chance. Keep one.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nreplicas: 1\nreplicas: 2\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nreplicas: 2\n",
    },
};

/// A key that is no text.
pub static KEY_NOT_TEXT: Code = Code {
    name: "key-not-text",
    severity: Severity::Error,
    page: Page {
        about: "Kubernetes' keys are text. A plain `on`, `y`, `1` or `~` is a truth, a number or nothing to\n\
                Kubernetes' reader, and becomes another text on the way. Write such a key in quotes.\n\
                `{{ name }}` without quotes is a map inside a map to YAML: put the whole value in quotes.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nenv: {on: \"1\"}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nenv: {\"on\": \"1\"}\n",
    },
};

/// Unknown, endless or too many aliases.
pub static YAML_ALIAS: Code = Code {
    name: "yaml-alias",
    severity: Severity::Error,
    page: Page {
        about: "An alias (*name) repeats what an anchor (&name) above it in the same file holds. The anchor must\n\
                exist, stand before the alias and not contain it; its name has letters, digits, - and _ only.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nlabels: *shared\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nlabels: &shared {tier: front}\n",
    },
};

/// A merge key that readers read differently.
pub static YAML_MERGE_KEY: Code = Code {
    name: "yaml-merge-key",
    severity: Severity::Error,
    page: Page {
        about: "A merge key (<<) takes over the keys of another map. Where it stands below an own key, some\n\
                readers let the merged value win and some the own one; so it must come first, once, and hold\n\
                a map or a list of maps.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              labels: &l {tier: front}\nannotations: {a: b, <<: *l}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               labels: &l {tier: front}\nannotations: {<<: *l, a: b}\n",
    },
};

/// Larger or deeper than honest input.
pub static YAML_LIMIT: Code = Code {
    name: "yaml-limit",
    severity: Severity::Error,
    page: Page {
        about: "The file is larger or deeper than stackc reads: 1 MiB, 64 levels and 100,000 values in a typed\n\
                file; 64 MiB and 128 levels in a manifest; 1,000 aliases that add at most ten times what the\n\
                file holds itself, and 16 MiB. Such files are mistakes or attacks; split an honest one.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nargs: [[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nargs: [a]\n",
    },
};

/// Several documents, or none, where one map is wanted.
pub static YAML_DOCUMENT: Code = Code {
    name: "yaml-document",
    severity: Severity::Error,
    page: Page {
        about: "A typed file is one document, and that is a map. In manifests each document is a map; documents\n\
                are parted by a line `---` with nothing behind it. What stands behind `...` is dropped by\n\
                kubectl without a word, so stackc refuses `...`; directives (%YAML) are refused by kubectl.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n---\nkind: app\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// Reads all documents of a registered file. What is wrong becomes findings; a document that could not be read is
/// left out.
pub fn read(sources: &Sources, file: FileId, dialect: Dialect, found: &mut Findings) -> Vec<Node> {
    let source = sources.file(file);
    if let Some(fault) = &source.fault {
        found.push(unreadable(file, &source.path, fault));
        return Vec::new();
    }
    read_text(file, &source.text, dialect, found)
}

/// The same of a text whose bytes are counted as if they were the file's.
pub(super) fn read_text(file: FileId, text: &str, dialect: Dialect, found: &mut Findings) -> Vec<Node> {
    let before = found.errors();
    refuse::characters(file, text, found);
    refuse::carriage_returns(file, text, found);
    refuse::separators(file, text, found);
    let is_clean = found.errors() == before;
    let documents = if is_clean { Builder::new(file, text, dialect, found).run() } else { Vec::new() };
    if found.errors() > before && matches!(dialect, Dialect::Typed | Dialect::Kustomization) {
        veil::hide(file, text, found);
    }
    documents
}

/// Whether a finding says that a file could not be read, or not all of it.
pub fn is_of_reading(code: &Code) -> bool {
    code.name.starts_with("yaml-") || *code == KEY_DUPLICATE || *code == KEY_NOT_TEXT
}

/// Reads a typed file: exactly one map.
pub fn read_typed(sources: &Sources, file: FileId, found: &mut Findings) -> Option<Node> {
    read_one(sources, file, Dialect::Typed, found)
}

/// Reads a file that holds exactly one map.
pub fn read_one(sources: &Sources, file: FileId, dialect: Dialect, found: &mut Findings) -> Option<Node> {
    let before = found.errors();
    let mut documents = read(sources, file, dialect, found);
    if documents.len() > 1 {
        let second = documents.get(1).map_or(file.start(), |node| node.span);
        let (message, help) = match dialect {
            Dialect::Kustomization => (
                "a second document in a kustomization: kustomize drops it without a word",
                "join the two to one, or move it to a folder of its own and name that under `resources`",
            ),
            _ => ("a second document in a typed file", "one app a file: move it to a file of its own"),
        };
        found.push(Finding::new(&YAML_DOCUMENT, second, message).label("starts here").help(help));
        return None;
    }
    let Some(node) = documents.pop() else {
        if found.errors() == before {
            found.push(
                Finding::new(&YAML_DOCUMENT, file.start(), "the file holds nothing")
                    .help("write the keys it needs, or remove it"),
            );
        }
        return None;
    };
    if node.as_map().is_none() {
        found.push(Finding::new(
            &YAML_DOCUMENT,
            node.span,
            format!("the file holds {}, a map is wanted", node.kind()),
        ));
        return None;
    }
    Some(node)
}
