//! YAML inside a text value, as kustomize's `patch: |-` has it: each value in it knows its place in the file around it.

use super::read::read_text;
use super::within::offsets;
use super::{Dialect, Map, Node, Value};
use crate::finding::Findings;
use crate::source::{Sources, Span};

/// All documents of a text value. What is wrong is told at its place in the file.
pub fn read_inline(sources: &Sources, text: &Node, dialect: Dialect, found: &mut Findings) -> Vec<Node> {
    let Some(decoded) = text.as_text() else { return Vec::new() };
    let mut own = Findings::default();
    let mut documents = read_text(text.span.file, decoded, dialect, &mut own);
    let places = Places::of(sources, text.span, decoded);
    for document in &mut documents {
        places.node(document);
    }
    for mut finding in own.sorted() {
        finding.primary.span = places.span(finding.primary.span);
        for label in &mut finding.labels {
            label.span = places.span(label.span);
        }
        found.push(finding);
    }
    documents
}

/// From places in the text to places in the file.
struct Places {
    whole: Span,
    /// None where the texts cannot be walked side by side: everything stands at the whole text then.
    offsets: Option<Vec<usize>>,
}

impl Places {
    fn of(sources: &Sources, whole: Span, decoded: &str) -> Places {
        let raw = sources.text(whole);
        // A block's header ends with its line.
        let is_block = raw.starts_with(['|', '>']);
        let from = if is_block { raw.find('\n').map_or(0, |at| at.saturating_add(1)) } else { 0 };
        Places { whole, offsets: offsets(raw, from, decoded) }
    }

    fn span(&self, span: Span) -> Span {
        let at = |byte: u32| self.offsets.as_ref()?.get(usize::try_from(byte).ok()?).copied();
        match (at(span.start), at(span.end)) {
            (Some(start), Some(end)) => self.whole.part(start, end.max(start)),
            _ => self.whole,
        }
    }

    fn node(&self, node: &mut Node) {
        node.span = self.span(node.span);
        match &mut node.value {
            Value::List(items) => items.iter_mut().for_each(|item| self.node(item)),
            Value::Map(Map { entries }) => {
                for entry in entries {
                    entry.key.span = self.span(entry.key.span);
                    self.node(&mut entry.value);
                }
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::FileId;
    use crate::yaml::read;

    fn inner(written: &str) -> (Sources, Vec<Node>, Findings) {
        let mut sources = Sources::default();
        let file: FileId = sources.add("test".into(), Ok(written.as_bytes().to_vec()));
        let mut found = Findings::default();
        let outer = read(&sources, file, Dialect::Manifest, &mut found);
        let text = outer.first().and_then(|node| node.get("patch")).cloned().expect("a patch");
        let documents = read_inline(&sources, &text, Dialect::Manifest, &mut found);
        (sources, documents, found)
    }

    #[test]
    fn every_value_knows_its_place_in_the_file() {
        for written in [
            "a: 1\npatch: |-\n  spec:\n    replicas: 17\n    name: é x\nb: 2\n",
            "patch: |\n    spec:\n      replicas: 17\n      name: é x\n",
            "patch: \"spec: {replicas: 17,\\n name: é x}\"\n",
            "patch: 'spec: {replicas: 17, name: é x}'\n",
            "patch: >-\n  {spec: {replicas: 17,\n  name: é x}}\n",
        ] {
            let (sources, documents, found) = inner(written);
            assert_eq!(found.errors(), 0, "{written}");
            let value = documents[0].at(&["spec", "replicas"]).expect(written);
            assert_eq!((value.as_int(), sources.text(value.span)), (Some(17), "17"), "{written}");
            let name = documents[0].at(&["spec", "name"]).expect(written);
            assert_eq!(sources.text(name.span), "é x", "{written}");
        }
    }

    #[test]
    fn what_is_wrong_is_told_in_the_file() {
        let (sources, _, found) = inner("patch: |-\n  a: 1\n  a: 2\n");
        let found = found.sorted();
        assert_eq!(found[0].code.name, "key-duplicate");
        assert_eq!((sources.text(found[0].primary.span), found[0].primary.span.start), ("a", 19));
    }
}
