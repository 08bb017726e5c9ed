//! A label selector, held against the labels of pods (`apimachinery/pkg/apis/meta/v1`, `LabelSelectorAsSelector`).

use crate::kube::Requirement;
use crate::yaml::Node;

/// Whether a selector takes what has these labels: an empty one takes everything, what cannot be read nothing.
pub fn selects(selector: &Node, labels: Option<&Node>) -> bool {
    let value = |key: &str| labels.and_then(|labels| labels.text_at(&[key]));
    let wanted = selector.get("matchLabels").map_or(&[][..], Node::entries);
    let same = wanted
        .iter()
        .all(|entry| entry.value.as_text().is_some_and(|wanted| value(&entry.key.text) == Some(wanted)));
    let expressions = selector.get("matchExpressions").map_or(&[][..], Node::items);
    selector.as_map().is_some()
        && same
        && expressions.iter().all(|expression| {
            Requirement::on_label(expression).is_ok_and(|wanted| wanted.holds(value(wanted.key)))
        })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kube::tree::tree;

    #[test]
    fn every_part_must_hold() {
        let labels = tree(&json!({"app": "web", "tier": "front"}));
        for (selector, takes) in [
            (json!({}), true),
            (json!(null), false),
            (json!({"matchLabels": {"app": "web"}}), true),
            (json!({"matchLabels": {"app": "web", "tier": "back"}}), false),
            (json!({"matchExpressions": [{"key": "app", "operator": "In", "values": ["api", "web"]}]}), true),
            (json!({"matchExpressions": [{"key": "app", "operator": "NotIn", "values": ["web"]}]}), false),
            (json!({"matchExpressions": [{"key": "gpu", "operator": "Exists"}]}), false),
            (
                json!({"matchLabels": {"app": "web"}, "matchExpressions": [{"key": "gpu", "operator": "DoesNotExist"}]}),
                true,
            ),
            (json!({"matchExpressions": [{"key": "app", "operator": "Is"}]}), false),
        ] {
            assert_eq!(selects(&tree(&selector), Some(&labels)), takes, "{selector}");
        }
        assert!(
            selects(&tree(&json!({})), None) && !selects(&tree(&json!({"matchLabels": {"a": "b"}})), None)
        );
    }
}
