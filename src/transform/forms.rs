//! Words and forms that people write in a kustomization in place of kustomize's own, each with what is meant. Whatever is
//! told here is given up, and raises nothing more.

use crate::finding::{Finding, Findings};
use crate::yaml::{Node, Value, key_unknown, wrong_type};

/// What stands somewhere in another form than kustomize's: the list's or map's key, what is wanted there, what to write.
/// `item` asks it of each entry of the list.
struct Form {
    key: &'static str,
    item: bool,
    wanted: Wanted,
    help: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Wanted {
    List,
    Map,
    Text,
}

const fn form(key: &'static str, item: bool, wanted: Wanted, help: &'static str) -> Form {
    Form { key, item, wanted, help }
}

const TARGET: &str = "target: {kind: Deployment, name: web}";
const IMAGES: &str = "images: [{name: registry.example/web, newTag: \"2.0\"}]";
const REPLICAS: &str = "replicas: [{name: web, count: 3}]";
const LABELS: &str = "labels: [{pairs: {app: web}}]";
const LITERALS: &str = "literals: [KEY=TEXT]";
const PATCHES: &str = "begin each patch with a dash: - path: FILE";
const TARGETS: &str = "begin each target with a dash: - select: {kind: Deployment}";
const GENERATOR: &str = "begin each entry with a dash: - name: NAME";

/// At the top of a kustomization, and below the lists there.
const FORMS: [Form; 21] = [
    form("patches", false, Wanted::List, PATCHES),
    form(
        "patches",
        true,
        Wanted::Map,
        "a file: - path: FILE; a patch that stands here: - patch: {spec: {…}}",
    ),
    form("patchesJson6902", false, Wanted::List, PATCHES),
    form("patchesJson6902", true, Wanted::Map, "- path: FILE, with a `target`"),
    form("images", false, Wanted::List, IMAGES),
    form("images", true, Wanted::Map, IMAGES),
    form("replicas", false, Wanted::List, REPLICAS),
    form("replicas", true, Wanted::Map, REPLICAS),
    form("labels", false, Wanted::List, LABELS),
    form("labels", true, Wanted::Map, LABELS),
    form("commonLabels", false, Wanted::Map, "commonLabels: {app: web}"),
    form("commonAnnotations", false, Wanted::Map, "commonAnnotations: {team: web}"),
    form("configMapGenerator", false, Wanted::List, GENERATOR),
    form("configMapGenerator", true, Wanted::Map, GENERATOR),
    form("secretGenerator", false, Wanted::List, GENERATOR),
    form("secretGenerator", true, Wanted::Map, GENERATOR),
    form(
        "replacements",
        false,
        Wanted::List,
        "begin each entry with a dash: - source: {kind: Service, name: web}",
    ),
    form("replacements", true, Wanted::Map, "a file: - path: FILE"),
    form("generatorOptions", false, Wanted::Map, "generatorOptions: {disableNameSuffixHash: true}"),
    form("openapi", false, Wanted::Map, "openapi: {path: schema.json}"),
    form("sortOptions", false, Wanted::Map, "sortOptions: {order: fifo}"),
];

/// The same below the entries of a list.
const INSIDE: [(&str, Form); 9] = [
    ("patches", form("target", false, Wanted::Map, TARGET)),
    ("patchesJson6902", form("target", false, Wanted::Map, TARGET)),
    ("labels", form("pairs", false, Wanted::Map, "pairs: {app: web}")),
    ("configMapGenerator", form("literals", false, Wanted::List, LITERALS)),
    ("configMapGenerator", form("literals", true, Wanted::Text, LITERALS)),
    ("secretGenerator", form("literals", false, Wanted::List, LITERALS)),
    ("secretGenerator", form("literals", true, Wanted::Text, LITERALS)),
    (
        "replacements",
        form("source", false, Wanted::Map, "source: {kind: Deployment, name: web, fieldPath: metadata.name}"),
    ),
    ("replacements", form("targets", false, Wanted::List, TARGETS)),
];

/// Keys of entries that kustomize does not know, and what is meant.
const WORDS: [(&str, &[&str], &str); 10] = [
    ("images", &["image"], "name: the image as containers have it, without tag"),
    ("images", &["tag"], "newTag: \"TAG\""),
    ("images", &["newImage", "repository"], "newName: IMAGE"),
    ("replicas", &["replicas", "number"], "count: 3"),
    ("patches", &["file"], "path: FILE"),
    (
        "patches",
        &["apiVersion", "group", "kind", "labelSelector", "metadata", "name", "namespace", "spec"],
        "of the object: below `target`, two columns deeper; of the patch: below `patch`",
    ),
    ("configMapGenerator", &["data"], "literals: [KEY=TEXT], or files: [PATH]"),
    ("secretGenerator", &["data", "stringData"], "literals: [KEY=TEXT], or files: [PATH]"),
    ("configMapGenerator", &["file"], "files: [PATH]"),
    ("secretGenerator", &["file"], "files: [PATH]"),
];

/// Tells all that stands in a kustomization in the words or forms of others.
pub fn tell(tree: &Node, found: &mut Findings) {
    hide(tree, found);
    for form in &FORMS {
        form.look(tree, found);
    }
    for (list, form) in &INSIDE {
        items(tree, list).for_each(|item| form.look(item, found));
    }
    for (list, words, help) in WORDS {
        for item in items(tree, list) {
            unknown(item, (list, words, help), found);
        }
    }
    for item in items(tree, "labels").filter(|item| item.as_map().is_some() && item.get("pairs").is_none()) {
        pairs(item, found);
    }
}

fn items<'n>(tree: &'n Node, list: &str) -> impl Iterator<Item = &'n Node> {
    tree.get(list).map_or(&[][..], Node::items).iter()
}

impl Form {
    fn look(&self, node: &Node, found: &mut Findings) {
        let Some(value) = node.get(self.key) else { return };
        if self.item {
            value.items().iter().for_each(|item| self.judge(item, found));
        } else {
            self.judge(value, found);
        }
    }

    fn judge(&self, node: &Node, found: &mut Findings) {
        let (fits, wanted) = match self.wanted {
            Wanted::List => (matches!(node.value, Value::List(_)), "a list"),
            Wanted::Map => (node.as_map().is_some(), "a map"),
            Wanted::Text => (node.written().is_some(), "text"),
        };
        if fits || matches!(node.value, Value::Null) {
            return;
        }
        let finding = wrong_type(node, self.key, wanted);
        let finding = if self.item {
            let message = format!("an entry of `{}` wants {wanted}, this is {}", self.key, node.kind());
            Finding { message: message.into(), ..finding }
        } else {
            finding
        };
        found.push(finding.help(self.help));
        found.give_up(node.span);
    }
}

fn unknown(item: &Node, (list, words, help): (&str, &[&str], &'static str), found: &mut Findings) {
    for entry in item.entries().iter().filter(|entry| words.contains(&entry.key.text.as_ref())) {
        found.push(key_unknown(&entry.key, Some(list)).help(help));
        found.give_up(entry.key.span);
    }
}

/// An entry of `labels` that holds the labels themselves.
fn pairs(item: &Node, found: &mut Findings) {
    const KNOWN: [&str; 5] =
        ["includeSelectors", "includeTemplates", "includeVolumeClaimTemplates", "fields", "fieldSpecs"];
    let labels: Vec<_> =
        item.entries().iter().filter(|entry| !KNOWN.contains(&entry.key.text.as_ref())).collect();
    if let Some(first) = labels.first().filter(|entry| entry.value.written().is_some()) {
        let help = format!("- pairs: {{{}: {}}}", first.key.text, first.value.written().unwrap_or_default());
        found.push(key_unknown(&first.key, Some("labels")).help(help));
        for entry in labels {
            found.give_up(entry.key.span);
        }
    }
}

/// What a generator says beside values.
const NO_VALUES: [&str; 8] = ["behavior", "env", "envs", "files", "name", "namespace", "options", "type"];

/// Hides the values of Secrets that are to be generated, in whatever form they stand.
fn hide(tree: &Node, found: &mut Findings) {
    for entry in items(tree, "secretGenerator").chain(tree.get("secretGenerator")).flat_map(Node::entries) {
        if !NO_VALUES.contains(&entry.key.text.as_ref()) {
            leaves(&entry.value, &mut |leaf| found.hide(leaf.span));
        }
    }
}

fn leaves(node: &Node, call: &mut dyn FnMut(&Node)) {
    match &node.value {
        Value::List(items) => items.iter().for_each(|item| leaves(item, call)),
        Value::Map(map) => map.entries.iter().for_each(|entry| leaves(&entry.value, call)),
        Value::Null => {}
        _ => call(node),
    }
}

#[cfg(test)]
mod tests {
    use crate::finding::Findings;
    use crate::source::Sources;
    use crate::transform::kustomization::Kustomization;
    use crate::yaml::{Dialect, fields, read_one};

    fn told(text: &str) -> Vec<String> {
        let (mut sources, mut found) = (Sources::default(), Findings::default());
        let file = sources.add("kustomization.yaml".to_owned(), Ok(text.into()));
        let mut tree = read_one(&sources, file, Dialect::Kustomization, &mut found).unwrap();
        let read = Kustomization::read(&mut tree, &mut found);
        assert_eq!(read.is_none(), found.errors() > 0, "{text}");
        found.sorted().iter().map(super::Finding::words).collect()
    }

    #[test]
    fn other_forms_are_told_once_with_the_right_one() {
        for (text, says) in [
            ("patches: [a.yaml]", "a file: - path: FILE"),
            ("patches: {path: a.yaml}", "begin each patch with a dash"),
            ("patches: [{target: Deployment/web, path: a.yaml}]", "target: {kind: Deployment, name: web}"),
            ("patches: [{kind: Deployment, path: a.yaml}]", "below `target`, two columns deeper"),
            ("labels: {app: web}", "labels: [{pairs: {app: web}}]"),
            ("labels: [{app: web, tier: a}]", "- pairs: {app: web}"),
            ("commonLabels: [app=web]", "commonLabels: {app: web}"),
            ("images: ['web:1']", "images: [{name: registry.example/web, newTag: \"2.0\"}]"),
            ("images: {web: '1'}", "images: [{name: registry.example/web, newTag: \"2.0\"}]"),
            ("images: [{name: web, tag: '1'}]", "newTag: \"TAG\""),
            ("images: [{image: web, newTag: '1'}]", "name: the image as containers have it"),
            ("replicas: {web: 3}", "replicas: [{name: web, count: 3}]"),
            ("replicas: [web]", "an entry of `replicas` wants a map, this is text"),
            ("configMapGenerator: {name: a}", "begin each entry with a dash"),
            ("configMapGenerator: [{name: a, literals: {A: b}}]", "literals: [KEY=TEXT]"),
            ("configMapGenerator: [{name: a, literals: [{A: b}]}]", "literals: [KEY=TEXT]"),
            ("configMapGenerator: [{name: a, data: {A: b}}]", "literals: [KEY=TEXT], or files: [PATH]"),
            ("replacements: [{source: a, targets: []}]", "source: {kind: Deployment"),
            ("replacements: [{targets: {select: {}}}]", "begin each target with a dash"),
        ] {
            let told = told(text);
            assert!(told.len() == 1 && told[0].contains(says), "{text}: {told:?}");
        }
    }

    #[test]
    fn words_of_others_are_no_keys() {
        for (list, words, _) in super::WORDS {
            assert!(fields::<Kustomization>().contains(&list), "{list}");
            let known = told(&format!("{list}: [{{nothing: 1}}]")).join("\n");
            for word in words {
                assert!(!known.contains(&format!("`{word}`,")), "{list} knows {word}: {known}");
            }
        }
    }

    #[test]
    fn values_of_secrets_are_hidden_in_any_form() {
        for text in [
            "secretGenerator: [{name: a, literals: {A: hush}}]",
            "secretGenerator: [{name: a, stringData: {A: hush}}]",
            "secretGenerator: {name: a, literals: [{A: hush}]}",
        ] {
            let (mut sources, mut found) = (Sources::default(), Findings::default());
            let file = sources.add("kustomization.yaml".to_owned(), Ok(text.into()));
            let mut tree = read_one(&sources, file, Dialect::Kustomization, &mut found).unwrap();
            Kustomization::read(&mut tree, &mut found);
            let hidden = found.take_secrets();
            assert!(hidden.iter().any(|span| sources.text(*span) == "hush"), "{text}");
        }
    }
}
