//! Who may do what by RBAC.

use super::{Powers, Told};
use crate::yaml::Node;

/// What a label begins with that adds a ClusterRole to another one.
const AGGREGATES: &str = "rbac.authorization.k8s.io/aggregate-to-";

impl Powers {
    pub(super) fn rbac(&mut self, body: &Node) {
        let text = |node: &Node, field: &str| {
            let items = node.get(field).map_or(&[][..], Node::items).iter().filter_map(Node::written);
            items.collect::<Vec<_>>().join("|")
        };
        for rule in body.get("rules").map_or(&[][..], Node::items) {
            let what =
                ["resources", "nonResourceURLs", "resourceNames", "apiGroups"].map(|field| text(rule, field));
            let what = what.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" of ");
            let verbs = text(rule, "verbs").replace('|', ", ");
            self.add("rbac", Told::Both, format!("it allows to {verbs}:"), what, rule.span);
        }
        self.aggregation(body);
        let role = body.get("roleRef");
        let role_text = |field| role.and_then(|role| role.text_at(&[field])).unwrap_or_default();
        for subject in body.get("subjects").map_or(&[][..], Node::items) {
            let text = |field| subject.text_at(&[field]).unwrap_or_default();
            let namespace = text("namespace");
            let slash = if namespace.is_empty() { "" } else { "/" };
            let sentence = format!("it gives the {} {} to", role_text("kind"), role_text("name"));
            let item = format!("{} {namespace}{slash}{}", text("kind"), text("name"));
            self.add("rbac", Told::Both, sentence, item, subject.span);
        }
    }

    /// A ClusterRole that adds to others, or that others add to: the rules of one are allowed by another.
    fn aggregation(&mut self, body: &Node) {
        for label in body.at(&["metadata", "labels"]).map_or(&[][..], Node::entries) {
            let to = label.key.text.strip_prefix(AGGREGATES);
            if let Some(to) = to.filter(|_| label.value.written().as_deref() == Some("true")) {
                self.add(
                    "rbac",
                    Told::Both,
                    "all that it allows is allowed by the ClusterRole",
                    to,
                    label.value.span,
                );
            }
        }
        let selectors = body.at(&["aggregationRule", "clusterRoleSelectors"]);
        for selector in selectors.map_or(&[][..], Node::items) {
            let sentence = "it allows what all ClusterRoles allow that are selected by";
            self.add("rbac", Told::Both, sentence, selected(selector), selector.span);
        }
    }
}

/// `a=b, c In x|y`.
fn selected(selector: &Node) -> String {
    let text = |node: Option<&Node>| node.and_then(Node::written).unwrap_or_default().into_owned();
    let labels = selector.get("matchLabels").map_or(&[][..], Node::entries).iter();
    let labels = labels.map(|label| format!("{}={}", label.key.text, text(Some(&label.value))));
    let expressions = selector.get("matchExpressions").map_or(&[][..], Node::items).iter();
    let expressions = expressions.map(|one| {
        let values = one.get("values").map_or(&[][..], Node::items).iter().filter_map(Node::written);
        let values = values.collect::<Vec<_>>().join("|");
        format!("{} {} {values}", text(one.get("key")), text(one.get("operator"))).trim_end().to_owned()
    });
    labels.chain(expressions).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::diff::power::calls;
    use crate::diff::power::trial::{made, told};

    #[test]
    fn rules_and_subjects() {
        let role = |verb: &str| {
            let rule = json!({"apiGroups": [""], "resources": ["secrets", "pods"], "verbs": [verb, "list"]});
            made("rbac.authorization.k8s.io/v1", "Role", &json!({"rules": [rule]}))
        };
        let expected =
            ["+ rbac: it allows to *, list: secrets|pods", "- rbac: it allows to get, list: secrets|pods"];
        assert_eq!(told(&calls(Some(&role("get")), Some(&role("*")))), expected);
        let binding = json!({
            "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "name": "robot", "namespace": "a"}],
        });
        let binding = made("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", &binding);
        let sentence = "rbac: it gives the ClusterRole cluster-admin to ServiceAccount a/robot";
        assert_eq!(told(&calls(None, Some(&binding))), [format!("+ {sentence}")]);
        assert_eq!(told(&calls(Some(&binding), None)), [format!("- {sentence}")]);
    }

    #[test]
    fn roles_add_to_roles() {
        let role = |labels: Json, rule: Json| {
            let body = json!({"metadata": {"labels": labels}, "aggregationRule": rule});
            made("rbac.authorization.k8s.io/v1", "ClusterRole", &body)
        };
        let plain = role(json!({"a": "b"}), json!({}));
        let label = "rbac.authorization.k8s.io/aggregate-to-admin";
        let adds = role(json!({label: "true"}), json!({}));
        let sentence = "rbac: all that it allows is allowed by the ClusterRole admin";
        assert_eq!(told(&calls(Some(&plain), Some(&adds))), [format!("+ {sentence}")]);
        assert_eq!(told(&calls(Some(&adds), Some(&plain))), [format!("- {sentence}")]);
        assert_eq!(told(&calls(None, Some(&adds))), [format!("+ {sentence}")]);
        assert!(calls(None, Some(&role(json!({label: "false"}), json!({})))).is_empty());
        let expression = json!({"key": "c", "operator": "In", "values": ["x", "y"]});
        let selector = json!({"matchLabels": {"a": "b"}, "matchExpressions": [expression]});
        let takes = role(json!({}), json!({"clusterRoleSelectors": [selector]}));
        let sentence = "rbac: it allows what all ClusterRoles allow that are selected by a=b, c In x|y";
        assert_eq!(told(&calls(Some(&plain), Some(&takes))), [format!("+ {sentence}")]);
    }
}
