//! What of kustomize's words no form shows: what becomes a Secret's values, or may change them. It is hidden before
//! anything is decoded, whatever is wrong with it; what a patch or replacement brings into a Secret, once that is known.

use crate::finding::Findings;
use crate::kube::secret;
use crate::yaml::{Entry, Node, Value};

/// Keys of an entry of `secretGenerator` that hold none.
const OPEN: [&str; 6] = ["behavior", "env", "envs", "name", "namespace", "type"];

/// Fields that hold a Secret's values.
const FIELDS: [&str; 2] = ["data", "stringData"];

/// Hides them in a kustomization as it is written.
pub fn hide(kustomization: &Node, found: &mut Findings) {
    for Entry { key, value } in kustomization.entries() {
        match key.text.as_ref() {
            "patches" | "patchesJson6902" => value.items().iter().for_each(|entry| patch(entry, found)),
            "patchesStrategicMerge" => {
                let merge = |entry: &&Node| may_change(entry, Means::Unknown);
                value.items().iter().filter(merge).for_each(|entry| found.hide(entry.span));
            }
            // However it is spelled.
            key if key.to_ascii_lowercase().starts_with("secret") => generators(value, found),
            _ => {}
        }
    }
}

fn generators(value: &Node, found: &mut Findings) {
    match &value.value {
        Value::Map(map) => map.entries.iter().for_each(|entry| generator(entry, found)),
        Value::List(items) => items.iter().for_each(|item| generators(item, found)),
        _ => all(value, found),
    }
}

fn generator(Entry { key, value }: &Entry, found: &mut Findings) {
    match key.text.as_ref() {
        "options" => {}
        // What is no path may be a literal at the wrong place.
        "files" => {
            let is_path = |item: &&Node| item.as_text().is_some_and(|text| text.matches('=').count() < 2);
            value.items().iter().filter(|item| !is_path(item)).for_each(|item| all(item, found));
        }
        key if OPEN.contains(&key) && value.as_map().is_none() => {}
        _ => all(value, found),
    }
}

/// Every scalar below.
fn all(node: &Node, found: &mut Findings) {
    match &node.value {
        Value::Map(map) => map.entries.iter().for_each(|entry| all(&entry.value, found)),
        Value::List(items) => items.iter().for_each(|item| all(item, found)),
        _ => found.hide(node.span),
    }
}

/// What a patch's target says of Secrets.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Means {
    Secrets,
    Others,
    Unknown,
}

/// What a target means, by its kind: a regular expression.
pub(super) fn means(kind: Option<&str>) -> Means {
    match kind {
        Some(kind) if secret::is_near(kind) => Means::Secrets,
        Some(kind) if kind.chars().all(char::is_alphanumeric) && !kind.is_empty() => Means::Others,
        _ => Means::Unknown,
    }
}

fn patch(entry: &Node, found: &mut Findings) {
    let means = means(entry.text_at(&["target", "kind"]));
    if let Some(patch) = entry.get("patch").filter(|patch| may_change(patch, means)) {
        found.hide(patch.span);
    }
}

/// Whether a patch may bring something into a Secret.
fn may_change(patch: &Node, means: Means) -> bool {
    let kind = patch.text_at(&["kind"]);
    match means {
        Means::Secrets => true,
        Means::Others => false,
        Means::Unknown => match (&patch.value, kind) {
            (_, Some(kind)) => secret::is_near(kind),
            (Value::Text(text), None) => text_may_change(text, means),
            (Value::Map(map), None) => FIELDS.iter().any(|field| map.get(field).is_some()),
            (Value::List(items), None) => {
                let into = |path: &str| path.is_empty() || FIELDS.iter().any(|field| path.contains(field));
                items.iter().any(|item| item.text_at(&["path"]).is_none_or(into))
            }
            _ => false,
        },
    }
}

/// The same of a patch that is text, read or not.
pub(super) fn text_may_change(text: &str, means: Means) -> bool {
    let says_another = || text.lines().any(|line| line.starts_with("kind:") && !secret::is_near(line));
    match means {
        Means::Secrets => true,
        Means::Others => false,
        Means::Unknown => {
            secret::is_near(text) || (FIELDS.iter().any(|field| text.contains(field)) && !says_another())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::hide;
    use crate::finding::Findings;
    use crate::source::Sources;
    use crate::yaml::{Dialect, read_one};

    /// The text with a `*` for each byte that is hidden.
    fn seen(text: &str) -> String {
        let mut sources = Sources::default();
        let file = sources.add("x.yaml".into(), Ok(text.into()));
        let mut found = Findings::default();
        hide(&read_one(&sources, file, Dialect::Kustomization, &mut found).unwrap(), &mut found);
        let spans = found.take_secrets();
        let hidden =
            |at: usize| spans.iter().any(|span| (span.start..span.end).contains(&u32::try_from(at).unwrap()));
        text.char_indices().map(|(at, c)| if hidden(at) { '*' } else { c }).collect()
    }

    #[test]
    fn generators() {
        for (text, shown) in [
            (
                "secretGenerator: [{name: g, literals: [a=b]}]",
                "secretGenerator: [{name: g, literals: [***]}]",
            ),
            ("secretGenerator: [{name: g, literal: [a=b]}]", "secretGenerator: [{name: g, literal: [***]}]"),
            (
                "secretGenerator: [{name: g, literals: {a: b}}]",
                "secretGenerator: [{name: g, literals: {a: *}}]",
            ),
            (
                "secretGenerator: [{name: g, literals: [{a: b}]}]",
                "secretGenerator: [{name: g, literals: [{a: *}]}]",
            ),
            ("secretGenerator: [{data: {a: b}, type: c}]", "secretGenerator: [{data: {a: *}, type: c}]"),
            ("secretGenerator: {name: g, literals: [a=b]}", "secretGenerator: {name: g, literals: [***]}"),
            ("secretGenerators: [{files: [a, b=c], d: 12}]", "secretGenerators: [{files: [a, b=c], d: **}]"),
            ("secretGenerator: ab", "secretGenerator: **"),
            ("secretGenerator: [{files: [a=b=c, a=b]}]", "secretGenerator: [{files: [*****, a=b]}]"),
            ("secretGenerator: [a=b]", "secretGenerator: [***]"),
            ("secretGenerator: [{name: {a: b}}]", "secretGenerator: [{name: {a: *}}]"),
            ("configMapGenerator: [{literals: [a=b]}]", "configMapGenerator: [{literals: [a=b]}]"),
        ] {
            assert_eq!(seen(text), shown);
        }
    }

    #[test]
    fn patches() {
        let hidden = |text: &str| seen(text).contains('*');
        for (entry, secret) in [
            ("{target: {kind: Secret}, patch: {a: b}}", true),
            ("{target: {kind: \"Secret|ConfigMap\"}, patch: {data: {a: b}}}", true),
            ("{target: {kind: \".*\"}, patch: {stringData: {a: b}}}", true),
            ("{target: {name: x}, patch: {stringData: {a: b}}}", true),
            ("{target: {name: x}, patch: {spec: {a: b}}}", false),
            ("{target: {name: x}, patch: [{op: add, path: /data/a, value: b}]}", true),
            ("{target: {name: x}, patch: [{op: add, path: /spec/a, value: b}]}", false),
            ("{target: {name: x}, patch: \"data: {a: b}\"}", true),
            ("{target: {kind: ConfigMap}, patch: {data: {a: b}}}", false),
            ("{patch: {kind: Secret, data: {a: b}}}", true),
            ("{patch: {kind: ConfigMap, data: {a: b}}}", false),
            ("{patch: \"kind: Secret\\ndata: [\"}", true),
            ("{patch: \"kind: ConfigMap\\ndata: {a: b}\"}", false),
        ] {
            assert_eq!(hidden(&format!("patches: [{entry}]")), secret, "{entry}");
        }
        assert!(hidden("patchesStrategicMerge: [{kind: Secret, data: {a: b}}]"));
        assert!(!hidden("patchesStrategicMerge: [{kind: ConfigMap, data: {a: b}}, a.yaml]"));
        assert!(hidden("patchesJson6902: [{target: {kind: Secret}, patch: \"[]\"}]"));
    }
}
