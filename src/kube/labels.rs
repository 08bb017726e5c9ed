//! Label selectors: which pods a workload, a Service, a policy means (`apimachinery/pkg/labels`).

use crate::finding::Label;
use crate::kube::Requirement;
use crate::kube::field::given;
use crate::source::Span;
use crate::yaml::{Entry, Node};

/// A selector that could be read.
#[derive(Clone, Debug)]
pub struct LabelSelector<'a> {
    /// Labels that must be there.
    pub labels: &'a [Entry],
    /// What else must hold.
    pub expressions: Vec<Requirement<'a>>,
}

impl<'a> LabelSelector<'a> {
    /// `matchLabels` and `matchExpressions`.
    ///
    /// # Errors
    /// The expression that the API server refuses.
    pub fn read(node: &'a Node) -> Result<Self, Label> {
        let expressions = given(node, "matchExpressions").map_or(&[][..], Node::items);
        let expressions = expressions.iter().map(Requirement::on_label).collect::<Result<_, _>>()?;
        Ok(LabelSelector { labels: node.get("matchLabels").map_or(&[][..], Node::entries), expressions })
    }

    /// A map of labels, as Services have it.
    pub fn of_labels(node: &'a Node) -> Self {
        LabelSelector { labels: node.entries(), expressions: Vec::new() }
    }

    /// Whether it asks for nothing.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty() && self.expressions.is_empty()
    }

    /// Whether a pod with these labels is meant.
    pub fn matches(&self, labels: Option<&Node>) -> bool {
        self.unmet(labels).is_none()
    }

    /// What such a pod lacks: its place in the selector, and in words. What is no text is another mistake.
    pub fn unmet(&self, labels: Option<&Node>) -> Option<(Span, String)> {
        let value = |key: &str| labels.and_then(|labels| labels.get(key));
        let differs = |entry: &&Entry| {
            let wanted = entry.value.as_text();
            wanted.is_some()
                && value(&entry.key.text).is_none_or(|own| own.as_text().is_some() && own.as_text() != wanted)
        };
        if let Some(entry) = self.labels.iter().find(differs) {
            let wanted = entry.value.as_text().unwrap_or_default();
            return Some((entry.value.span, format!("{}: {wanted}", entry.key.text)));
        }
        let fails = |requirement: &&Requirement<'_>| {
            !requirement.holds(value(requirement.key).map(|own| own.as_text().unwrap_or_default()))
        };
        let requirement = self.expressions.iter().find(fails)?;
        let values = requirement.values.join(", ");
        let words = format!("{} {:?} [{values}]", requirement.key, requirement.operator);
        Some((requirement.span, words.replace(" []", "")))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kube::tree::tree;

    #[test]
    fn what_a_pod_lacks() {
        let lacks = |selector: serde_json::Value, labels: serde_json::Value| {
            let (selector, labels) = (tree(&selector), tree(&labels));
            LabelSelector::read(&selector).unwrap().unmet(Some(&labels)).map(|(_, words)| words)
        };
        let labels = || json!({"app": "web", "tier": "front"});
        assert_eq!(lacks(json!({"matchLabels": {"app": "web"}}), labels()), None);
        assert_eq!(lacks(json!({}), labels()), None);
        assert_eq!(
            lacks(json!({"matchLabels": {"app": "web", "tier": "back"}}), labels()),
            Some("tier: back".into())
        );
        assert_eq!(lacks(json!({"matchLabels": {"role": "web"}}), labels()), Some("role: web".into()));
        let expression = |key: &str, operator: &str, values: &[&str]| json!({"matchExpressions": [{"key": key, "operator": operator, "values": values}]});
        assert_eq!(lacks(expression("app", "In", &["web", "api"]), labels()), None);
        assert_eq!(lacks(expression("app", "NotIn", &["web"]), labels()), Some("app NotIn [web]".into()));
        assert_eq!(lacks(expression("role", "Exists", &[]), labels()), Some("role Exists".into()));
        assert_eq!(lacks(expression("role", "DoesNotExist", &[]), labels()), None);
        let plain = tree(&json!({"app": "api"}));
        assert!(!LabelSelector::of_labels(&plain).matches(Some(&tree(&labels()))));
        assert!(LabelSelector::read(&tree(&expression("app", "Is", &[]))).is_err());
    }
}
