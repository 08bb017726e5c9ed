//! Objects that the API server or its store refuses for their size.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::{Object, Unit};
use crate::yaml::{Entry, Node, Value};

/// Too much in one object.
pub static CODE: Code = Code {
    name: "object-too-large",
    severity: Severity::Error,
    page: Page {
        about: "A ConfigMap or Secret holds at most 1 MiB (1048576 bytes) of values, all annotations of an object\n\
                together 256 KiB with their keys, and the store takes no object above 1.5 MiB. The API server refuses\n\
                more. Large files belong into an image or on a volume.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nannotations: {words: \"{{ 'word ' * 60000 }}\"}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nannotations: {words: \"{{ 'word ' * 600 }}\"}\n",
    },
};

/// The values of a ConfigMap or Secret (`MaxSecretSize`).
const DATA: usize = 1 << 20;
/// Annotations, keys and values (`TotalAnnotationSizeLimitB`).
const ANNOTATIONS: usize = 256 << 10;
/// One request to the store (etcd's and kine's `max-request-bytes`).
const OBJECT: usize = 3 << 19;

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for kind in ["ConfigMap", "Secret"] {
        for object in facts.of(kind).iter().filter(|object| object.id.group().is_empty()) {
            data(object, found);
        }
    }
    for object in facts.objects {
        if let Some(annotations) = object.body.at(&["metadata", "annotations"]) {
            annotated(object, annotations, found);
        }
        // What stackc makes itself is small, but for ConfigMaps.
        if matches!(object.unit, Unit::Manifest(_)) && object.body.span.end.abs_diff(object.body.span.start) > 1 << 20 {
            whole(object, found);
        }
    }
}

fn data(object: &Object, found: &mut Findings) {
    // Base64 has four characters for three bytes.
    let fields = [("data", object.id.kind == "Secret"), ("binaryData", true), ("stringData", false)];
    let sizes = fields.into_iter().flat_map(|(field, base64)| {
        let entries = object.body.get(field).map_or(&[][..], Node::entries);
        entries.iter().map(move |entry| {
            let length = text(entry);
            (if base64 { length / 4 * 3 } else { length }, entry)
        })
    });
    let (size, largest) = sizes.fold((0_usize, None::<(usize, &Entry)>), |(sum, largest), (size, entry)| {
        let larger = largest.is_none_or(|(most, _)| size > most);
        (sum.saturating_add(size), if larger { Some((size, entry)) } else { largest })
    });
    let Some((_, largest)) = largest.filter(|_| size > DATA) else { return };
    if !found.tells(object.place()) {
        let message = format!("{} holds {size} bytes, {DATA} fit into one", object.id);
        let mut finding = Finding::new(&CODE, object.place(), message);
        if largest.key.span != object.place() {
            finding = finding.also(largest.key.span, "most of it");
        }
        found.push(finding.help("put large files into an image or on a volume"));
    }
}

fn annotated(object: &Object, annotations: &Node, found: &mut Findings) {
    let entries = annotations.entries().iter();
    let size: usize = entries.map(|entry| entry.key.text.len().saturating_add(text(entry))).sum();
    if size > ANNOTATIONS {
        let place = annotations.entries().iter().max_by_key(|entry| text(entry)).map_or(annotations.span, |most| most.key.span);
        let message = format!("the annotations of {} have {size} bytes, {ANNOTATIONS} fit", object.id);
        found.push(Finding::new(&CODE, place, message));
    }
}

fn whole(object: &Object, found: &mut Findings) {
    let size = length(&object.body);
    if size > OBJECT && !found.has(&CODE) {
        let message = format!("{} has {size} bytes, the store takes {OBJECT}", object.id);
        found.push(Finding::new(&CODE, object.place(), message).help("divide it, or leave out what is generated"));
    }
}

fn text(entry: &Entry) -> usize {
    entry.value.as_text().map_or(0, str::len)
}

/// Bytes as JSON, less what is escaped.
fn length(node: &Node) -> usize {
    let inner: usize = match &node.value {
        Value::List(items) => items.iter().map(|item| length(item).saturating_add(1)).sum(),
        Value::Map(map) => {
            map.entries.iter().map(|entry| length(&entry.value).saturating_add(entry.key.text.len()).saturating_add(4)).sum()
        }
        _ => node.written().map_or(4, |text| text.len()),
    };
    inner.saturating_add(2)
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    /// Two values: the reader takes no single text above 1 MiB.
    fn halves(length: usize) -> String {
        format!("{{a: {}, b: {}}}", "x".repeat(length / 2), "x".repeat(length - length / 2))
    }

    fn of(head: &str, length: usize) -> usize {
        told(super::run, "", &format!("{head}: {}\n", halves(length))).len()
    }

    #[test]
    fn both_sides_of_each_limit() {
        let map = |field: &str, length| of(&format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\n{field}"), length);
        assert_eq!([map("data", 1 << 20), map("data", (1 << 20) + 1)], [0, 1]);
        assert_eq!([map("binaryData", 1 << 20), map("binaryData", (1 << 20) / 3 * 4 + 16)], [0, 1]);
        let custom = |length| of("apiVersion: a.b/v1\nkind: A\nmetadata: {name: a}\nspec", length);
        assert_eq!([custom((3 << 19) - 200), custom(3 << 19)], [0, 1]);
        let annotated = |length: usize| {
            let text = format!(
                "apiVersion: v1\nkind: Pod\nmetadata: {{name: a, annotations: {{b: {}}}}}\n",
                "x".repeat(length)
            );
            told(super::run, "", &text).len()
        };
        assert_eq!([annotated((256 << 10) - 1), annotated(256 << 10)], [0, 1]);
    }
}
