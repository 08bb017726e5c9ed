//! What stays as it is: files of `manifests/`, each word as it was written where that can be.

use std::collections::{BTreeMap, BTreeSet};

use super::world::{World, is_machine};
use crate::finding::Findings;
use crate::k3s::LONGEST_ADDON;
use crate::kube::{self, Object, Unit};
use crate::source::Sources;
use crate::yaml::{self, Dialect, Node, write};

/// A file of `manifests/`: its path there, its text, its objects.
pub(super) struct Kept {
    pub(super) path: String,
    pub(super) text: String,
    pub(super) objects: Vec<usize>,
}

/// The files, without the objects in `typed` and without machines. `names` are taken by apps.
pub(super) fn kept(
    world: &World<'_>,
    typed: &BTreeSet<usize>,
    names: &BTreeSet<String>,
    stack: &str,
    sources: &Sources,
) -> Vec<Kept> {
    let mut taken = names.clone();
    let mut files = Vec::new();
    let mut left: BTreeMap<usize, BTreeMap<usize, Vec<usize>>> = BTreeMap::new();
    let mut counts: BTreeMap<usize, usize> = BTreeMap::new();
    for (number, (at, document)) in world.origins.iter().enumerate() {
        let count = counts.entry(*at).or_default();
        *count = count.saturating_add(1);
        if !typed.contains(&number) && !is_machine(world.object(number)) {
            left.entry(*at).or_default().entry(*document).or_default().push(number);
        }
    }
    for (at, rest) in left {
        let Some(given) = world.given.get(at) else { continue };
        let all = counts.get(&at).copied().unwrap_or_default();
        let objects: Vec<usize> = rest.values().flatten().copied().collect();
        let written = given.file.map(|file| sources.file(file).whole());
        let is_whole = objects.len() == all && !objects.iter().any(|own| world.trimmed.contains(own));
        let (text, shown) = match written.filter(|_| is_whole) {
            Some(text) => (text, given.path.clone()),
            // What is left of JSON is written as YAML.
            None => (parts(world, at, &rest, sources), given.path.replace(".json", ".yaml")),
        };
        let path = free_path(&shown, &mut taken, stack);
        files.push(Kept { path, text, objects });
    }
    files
}

/// The documents that stay, each as it was written if all of it stays; without their comments where that text would read
/// as something else.
fn parts(world: &World<'_>, at: usize, rest: &BTreeMap<usize, Vec<usize>>, sources: &Sources) -> String {
    let mut parts = Vec::new();
    for (document, objects) in rest {
        let all = world.origins.iter().filter(|origin| **origin == (at, *document)).count();
        let node = world.given.get(at).and_then(|given| Some((given.file?, given.documents.get(*document)?)));
        let written = node.filter(|_| objects.len() == all).map(|(file, node)| {
            let (start, text) = chunk(&sources.file(file).text, byte(node.span.start));
            let mut keys = Vec::new();
            if let [object] = objects.as_slice() {
                gone(node, &world.object(*object).body, &mut keys);
            }
            let keys: Vec<usize> = keys.into_iter().map(|key| key.saturating_sub(start)).collect();
            without(text, &keys)
        });
        let written = written.filter(|text| reads_as(text, objects, world));
        match written {
            Some(text) => parts.push(text),
            None => parts.extend(objects.iter().map(|number| {
                let mut text = String::new();
                write::document(&world.object(*number).body, &mut text);
                text
            })),
        }
    }
    let ended = parts.into_iter().map(|part| if part.ends_with('\n') { part } else { format!("{part}\n") });
    ended.collect::<Vec<_>>().join("---\n")
}

/// Whether a text is one document with just these objects.
fn reads_as(text: &str, objects: &[usize], world: &World<'_>) -> bool {
    let mut sources = Sources::default();
    let mut found = Findings::default();
    let file = sources.add(String::new(), Ok(text.as_bytes().to_vec()));
    let unit = Unit::Manifest(String::new());
    let documents = yaml::read(&sources, file, Dialect::Manifest, &mut found);
    let all = documents.into_iter().flat_map(|node| kube::objects(node, &unit, "default", &mut found));
    let all: Vec<Object> = all.collect();
    let same = |(one, number): (&Object, &usize)| one.body.same(&world.object(*number).body);
    found.errors() == 0 && all.len() == objects.len() && all.iter().zip(objects).all(same)
}

/// Where the keys begin that an object has no more.
fn gone(was: &Node, is: &Node, keys: &mut Vec<usize>) {
    for entry in was.entries() {
        match is.get(&entry.key.text) {
            Some(value) => gone(&entry.value, value, keys),
            None => keys.push(byte(entry.key.span.start)),
        }
    }
}

fn byte(at: u32) -> usize {
    usize::try_from(at).unwrap_or(usize::MAX)
}

/// The text without the lines of these keys and of what stands below them. Only what is written as a block can go so;
/// whoever calls looks whether it did.
fn without(text: &str, keys: &[usize]) -> String {
    let (mut kept, mut at, mut below) = (String::new(), 0_usize, None);
    for line in text.split_inclusive('\n') {
        let next = at.saturating_add(line.len());
        let words = line.trim_start_matches(' ');
        let indent = line.len().saturating_sub(words.len());
        let goes_on = |key: usize| {
            words.trim().is_empty() || indent > key || (indent == key && words.starts_with("- "))
        };
        if keys.contains(&at.saturating_add(indent)) {
            below = Some(indent);
        } else if !below.is_some_and(goes_on) {
            below = None;
            kept.push_str(line);
        }
        at = next;
    }
    kept
}

/// Where the text begins, and the text around a byte up to the lines that part documents: `---`, with a comment behind it or none. stackc reads no
/// file in which a line that begins so is anything else.
fn chunk(text: &str, at: usize) -> (usize, &str) {
    let (mut start, mut line) = (0_usize, 0_usize);
    for part in text.split_inclusive('\n') {
        let next = line.saturating_add(part.len());
        let parts = part
            .strip_prefix("---")
            .is_some_and(|rest| rest.is_empty() || rest.starts_with(char::is_whitespace));
        if parts {
            if line >= at {
                return (start, text.get(start..line).unwrap_or_default());
            }
            start = next;
        }
        line = next;
    }
    (start, text.get(start..).unwrap_or_default())
}

/// A path that k3s takes for a name, and that no other file and no app has.
fn free_path(path: &str, taken: &mut BTreeSet<String>, stack: &str) -> String {
    let (stem, ending) = match path.rsplit_once('.') {
        Some((stem, ending)) if !ending.contains('/') => (stem, ending.to_ascii_lowercase()),
        _ => (path, "yaml".to_owned()),
    };
    let letter = |c: char| if c.is_ascii_alphanumeric() || c == '/' { c.to_ascii_lowercase() } else { '-' };
    let plain: String = stem.chars().map(letter).collect();
    let parts: Vec<&str> =
        plain.split('/').map(|part| part.trim_matches('-')).filter(|part| !part.is_empty()).collect();
    let longest = LONGEST_ADDON.saturating_sub(stack.len().saturating_add(6));
    let whole = parts.join("/");
    // The end of a path says more than its start.
    let skipped = whole.len().saturating_sub(longest);
    let short: String = whole.chars().skip(skipped).collect();
    let short = short.trim_matches(['-', '/']);
    let base = if short.is_empty() { "manifest" } else { short };
    let rest = [base.to_owned(), format!("{base}-rest")].into_iter();
    let candidates = rest.chain((2_u32..).map(|number| format!("{base}-{number}")));
    // A kustomization's own file would make the folder one.
    let is_plain = |candidate: &String| candidate.rsplit('/').next() != Some("kustomization");
    for candidate in candidates.filter(is_plain) {
        if taken.insert(candidate.replace('/', "-")) {
            return format!("{candidate}.{ending}");
        }
    }
    path.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_keep_their_words() {
        let text = "# first\na: 1\n---\n# second\nb: 2 # two\n---\nc: |\n  --- no\n";
        assert_eq!(chunk(text, text.find("a:").unwrap()).1, "# first\na: 1\n");
        assert_eq!(chunk(text, text.find("b:").unwrap()).1, "# second\nb: 2 # two\n");
        assert_eq!(chunk(text, text.find("c:").unwrap()).1, "c: |\n  --- no\n");
        let text = "# top\n--- # first\na: 1\n---\t# second\nb: 2\n--- \n---c: 3\n";
        assert_eq!(chunk(text, text.find("a:").unwrap()).1, "a: 1\n");
        assert_eq!(chunk(text, text.find("b:").unwrap()).1, "b: 2\n");
        assert_eq!(chunk(text, text.find("c:").unwrap()).1, "---c: 3\n");
    }

    #[test]
    fn lines_below_a_key_go_with_it() {
        let text = "a:\n  uid: x # mine\n  managed:\n  - b\n\n  -  c: {d: 1,\n      e: 2}\n  # stays\n  name: n\nstatus: |\n\n  s\n";
        let at = |key: &str| text.find(key).unwrap();
        let rest = without(text, &[at("uid"), at("managed"), at("status")]);
        assert_eq!(rest, "a:\n  # stays\n  name: n\n");
        assert_eq!(without("a: {uid: x}\n", &[4]), "a: {uid: x}\n", "not a line of its own");
    }

    #[test]
    fn paths_become_names() {
        let mut taken = BTreeSet::from(["web".to_owned()]);
        for (path, expected) in [
            ("web.yaml", "web-rest.yaml"),
            ("web.yml", "web-2.yml"),
            ("a/b.yaml", "a/b.yaml"),
            ("a-b.yaml", "a-b-rest.yaml"),
            ("My_App.v1.YAML", "my-app-v1.yaml"),
            ("x/.y/Ä.json", "x/y.json"),
            ("noending", "noending.yaml"),
            ("a/Kustomization.yaml", "a/kustomization-rest.yaml"),
            ("kustomization.json", "kustomization-rest.json"),
        ] {
            assert_eq!(free_path(path, &mut taken, "home"), expected, "{path}");
        }
        let long = free_path(&format!("{}.yaml", "a/b".repeat(40)), &mut taken, "home");
        assert!(long.len() <= 52 && !long.starts_with('/'), "{long}");
    }
}
