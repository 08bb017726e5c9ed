//! A change of a mounted ConfigMap alone restarts nothing in Kubernetes, so the pod template carries a checksum of
//! all configuration that its pod uses (schema.md S13). Secrets are not in it: their values are not here.

use std::collections::BTreeMap;

use data_encoding::HEXLOWER;

use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::digest::sha256;
use crate::kube::{Object, Pod, Target, Unit};
use crate::yaml::{Key, Map, Node, Value, write};

const ANNOTATION: &str = "checksum/config";

/// A checksum that stackc writes over.
pub static CHECKSUM_OVERWRITTEN: Code = Code {
    name: "checksum-overwritten",
    severity: Severity::Warning,
    page: Page {
        about: "On pods that use a ConfigMap of the stack stackc writes the annotation `checksum/config` itself, from what\n\
                is in the ConfigMap, so that a change of it starts them anew. Another value there has no effect.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\npodAnnotations: {checksum/config: mine}\n\
              volumes: {/etc/web: {files: web}}\n# files/web/web.conf\na\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/etc/web: {files: web}}\n\
               # files/web/web.conf\na\n",
    },
};

/// Configuration by namespace and name.
type Digests = BTreeMap<(Option<String>, String), [u8; 32]>;

/// Stamps the workloads of apps; raw manifests stay as they are.
pub(super) fn stamp(objects: &mut [Object], found: &mut Findings) {
    let digests: Digests = objects
        .iter()
        .filter(|object| object.id.kind == "ConfigMap" && object.id.api_version == "v1")
        .map(|object| ((object.id.namespace.clone(), object.id.name.clone()), digest(object)))
        .collect();
    if digests.is_empty() {
        return;
    }
    for object in objects.iter_mut().filter(|object| matches!(object.unit, Unit::App(_))) {
        if let Some(sum) = checksum(object, &digests)
            && let Some(template) = Pod::template_mut(object)
        {
            tell(template, &sum, found);
            annotate(template, sum);
        }
    }
}

fn digest(object: &Object) -> [u8; 32] {
    let mut text = String::new();
    for field in ["data", "binaryData"] {
        if let Some(data) = object.body.get(field) {
            text.push_str(field);
            text.push('\n');
            write::document(data, &mut text);
        }
    }
    sha256(text.as_bytes())
}

/// None for a pod that uses no ConfigMap of the stack.
fn checksum(object: &Object, digests: &Digests) -> Option<String> {
    let pod = Pod::of(object)?;
    let used = pod.references();
    let used = used.iter().filter(|reference| reference.target == Target::ConfigMap);
    let mut names: Vec<&str> = used.filter_map(|reference| reference.name.as_text()).collect();
    names.sort_unstable();
    names.dedup();
    let mut sum = Vec::new();
    for name in names {
        if let Some(digest) = digests.get(&(object.id.namespace.clone(), name.to_owned())) {
            sum.extend_from_slice(name.as_bytes());
            sum.push(0);
            sum.extend_from_slice(digest);
        }
    }
    (!sum.is_empty()).then(|| HEXLOWER.encode(&sha256(&sum)))
}

fn tell(template: &Node, sum: &str, found: &mut Findings) {
    if let Some(own) =
        template.at(&["metadata", "annotations", ANNOTATION]).filter(|own| own.as_text() != Some(sum))
    {
        let message = format!("this `{ANNOTATION}` has no effect: stackc writes its own there");
        found.push(
            Finding::new(&CHECKSUM_OVERWRITTEN, own.span, message).help("leave it out, or take another name"),
        );
    }
}

fn annotate(template: &mut Node, sum: String) {
    let span = template.span;
    let empty = || Node { span, value: Value::Map(Map::default()) };
    let Some(metadata) = template.as_map_mut().map(|map| map.or_insert("metadata", empty())) else { return };
    let Some(annotations) = metadata.as_map_mut().map(|map| map.or_insert("annotations", empty())) else {
        return;
    };
    if let Some(map) = annotations.as_map_mut() {
        map.set(Key { span, text: ANNOTATION.into() }, Node::text(span, sum));
        map.entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
    }
}
