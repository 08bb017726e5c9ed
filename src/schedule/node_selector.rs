//! `nodeSelector`: every label, with that very value.

use super::{Reason, Rule};
use crate::finding::Label;
use crate::kube::Machine;
use crate::kube::field::{map, text, wrong};
use crate::kube::{Pod, names};
use crate::yaml::{Entry, Node};

pub(super) fn check(pod: &Pod, machine: &Machine) -> Result<(), Reason> {
    for Entry { key, value } in pod.node_selector().map_or(&[][..], Node::entries) {
        let Some(wanted) = value.as_text() else { continue };
        let text = match machine.labels.get(&*key.text) {
            Some(found) if found == wanted => continue,
            Some(found) => format!("label {} is `{found}`, not `{wanted}`", key.text),
            None => format!("has no label {}={wanted}", key.text),
        };
        return Err(Reason { rule: Rule::NodeSelector, span: value.span, text });
    }
    Ok(())
}

pub(super) fn problems(pod: &Pod, found: &mut Vec<Label>) {
    let Some(selector) = pod.node_selector() else {
        return;
    };
    match map(selector) {
        Ok(entries) => found.extend(entries.iter().filter_map(|entry| legal(entry).err())),
        Err(wrong) => found.push(wrong),
    }
}

fn legal(Entry { key, value }: &Entry) -> Result<(), Label> {
    names::label_key(&key.text).map_err(|reason| Label {
        span: key.span,
        text: format!("`{}` is no label: {reason}", key.text).into(),
    })?;
    let wanted = text(value)?;
    names::label_value(wanted)
        .map_err(|reason| wrong(value, format!("no node has the value `{wanted}`: {reason}")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::schedule::tests::{deployment, machine, troubles, verdict};

    #[test]
    #[rustfmt::skip] // a table
    fn every_label_with_that_value() {
        let labels = ["kubernetes.io/arch=arm64", "node-role.kubernetes.io/s3=true", "empty="];
        for (selector, expected) in [
            (json!(null), ""),
            (json!({}), ""),
            (json!({"kubernetes.io/arch": "arm64"}), ""),
            (json!({"kubernetes.io/arch": "arm64", "node-role.kubernetes.io/s3": "true"}), ""),
            (json!({"kubernetes.io/arch": "amd64"}), "nodeSelector: label kubernetes.io/arch is `arm64`, not `amd64`"),
            (json!({"node-role.kubernetes.io/doh": "true"}), "nodeSelector: has no label node-role.kubernetes.io/doh=true"),
            (json!({"empty": "", "gpu": "a"}), "nodeSelector: has no label gpu=a"),
            // the empty value needs the label there, and empty
            (json!({"empty": ""}), ""),
            (json!({"gpu": ""}), "nodeSelector: has no label gpu="),
            (json!({"node-role.kubernetes.io/s3": ""}), "nodeSelector: label node-role.kubernetes.io/s3 is `true`, not ``"),
            // what cannot be read shuts none out
            (json!({"gpu": true}), ""),
            (json!(["gpu"]), ""),
        ] {
            let object = deployment(&json!({"nodeSelector": selector}));
            assert_eq!(verdict(&object, &machine(&labels, &[])), expected, "{selector}");
        }
    }

    #[test]
    fn what_no_label_is() {
        for (selector, expected) in [
            (json!({"a": "b", "c": ""}), &[][..]),
            (json!(["a"]), &["a map is wanted here, this is a list"]),
            (json!({"a": true}), &["text is wanted here, this is true or false: write `\"true\"`"]),
            (json!({"a": null}), &["text is wanted here, this is nothing (null)"]),
            (
                json!({"a b": "c", "d": "e f"}),
                &[
                    "`a b` is no label: only letters, digits, `-`, `_` and `.` may stand in it, not ` `",
                    "no node has the value `e f`: only letters, digits, `-`, `_` and `.` may stand in it, not ` `",
                ],
            ),
        ] {
            assert_eq!(troubles(&json!({"nodeSelector": selector})), expected, "{selector}");
        }
    }
}
