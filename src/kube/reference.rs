//! Which other objects of its namespace a pod uses.

use crate::kube::Pod;
use crate::yaml::Node;

/// What a reference names.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// A `ConfigMap`.
    ConfigMap,
    /// A `Secret`.
    Secret,
    /// A `PersistentVolumeClaim`.
    Claim,
    /// A `ServiceAccount`.
    ServiceAccount,
}

impl Target {
    /// Kubernetes' kind.
    pub fn kind(self) -> &'static str {
        match self {
            Target::ConfigMap => "ConfigMap",
            Target::Secret => "Secret",
            Target::Claim => "PersistentVolumeClaim",
            Target::ServiceAccount => "ServiceAccount",
        }
    }
}

/// A pod's use of another object of its namespace.
#[derive(Clone, Copy, Debug)]
pub struct Reference<'a> {
    /// What it names.
    pub target: Target,
    /// The name.
    pub name: &'a Node,
    /// The key of it, where one is named.
    pub key: Option<&'a Node>,
    /// Whether the pod starts without it.
    pub optional: bool,
}

/// The word for each target in: a volume (with the field that holds the name), `envFrom`, `valueFrom`.
const ROWS: [(Target, (&str, &str), &str, &str); 2] = [
    (Target::ConfigMap, ("configMap", "name"), "configMapRef", "configMapKeyRef"),
    (Target::Secret, ("secret", "secretName"), "secretRef", "secretKeyRef"),
];

impl<'a> Pod<'a> {
    /// Every object that the pod needs, by kind, then in the order written.
    pub fn references(&self) -> Vec<Reference<'a>> {
        let mut all = Vec::new();
        for row in &ROWS {
            self.mounted(row, &mut all);
            for container in self.containers() {
                environment(container.node, row, &mut all);
            }
        }
        let pull_secrets = self.spec.get("imagePullSecrets").map_or(&[][..], Node::items);
        all.extend(pull_secrets.iter().filter_map(|secret| reference(Target::Secret, secret, "name", None)));
        let claims = self.spec.get("volumes").map_or(&[][..], Node::items).iter();
        all.extend(claims.filter_map(|volume| {
            reference(Target::Claim, volume.get("persistentVolumeClaim")?, "claimName", None)
        }));
        all.extend(reference(Target::ServiceAccount, self.spec, "serviceAccountName", None));
        all
    }

    fn mounted(&self, row: &(Target, (&str, &str), &str, &str), all: &mut Vec<Reference<'a>>) {
        let (target, (kind, field), ..) = row;
        for volume in self.spec.get("volumes").map_or(&[][..], Node::items) {
            let own = volume.get(kind).map(|source| (source, *field));
            let projected = volume.at(&["projected", "sources"]).map_or(&[][..], Node::items);
            let sources =
                projected.iter().filter_map(|source| source.get(kind)).map(|source| (source, "name"));
            for (source, field) in own.into_iter().chain(sources) {
                let items = source.get("items").map_or(&[][..], Node::items);
                let keys = items.iter().filter_map(|item| item.get("key"));
                let mut keyed =
                    keys.filter_map(|key| reference(*target, source, field, Some(key))).peekable();
                if keyed.peek().is_none() {
                    all.extend(reference(*target, source, field, None));
                }
                all.extend(keyed);
            }
        }
    }
}

fn environment<'a>(
    container: &'a Node,
    (target, _, from, key): &(Target, (&str, &str), &str, &str),
    all: &mut Vec<Reference<'a>>,
) {
    let list = |name: &str| container.get(name).map_or(&[][..], Node::items).iter();
    all.extend(list("envFrom").filter_map(|item| reference(*target, item.get(from)?, "name", None)));
    all.extend(list("env").filter_map(|item| {
        let source = item.at(&["valueFrom", key])?;
        reference(*target, source, "name", source.get("key"))
    }));
}

fn reference<'a>(
    target: Target,
    source: &'a Node,
    field: &str,
    key: Option<&'a Node>,
) -> Option<Reference<'a>> {
    let name = source.get(field)?;
    let optional = source.get("optional").and_then(Node::as_bool) == Some(true);
    Some(Reference { target, name, key, optional })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kube::tree::object;

    #[test]
    fn every_place_is_looked_at() {
        let object = object(
            "v1",
            "Pod",
            &json!({
                "serviceAccountName": "robot",
                "imagePullSecrets": [{"name": "pull"}],
                "initContainers": [{"name": "i", "envFrom": [{"configMapRef": {"name": "a"}}]}],
                "containers": [{"name": "c", "env": [
                    {"name": "X", "valueFrom": {"secretKeyRef": {"name": "b", "key": "k", "optional": true}}},
                    {"name": "Y", "value": "plain"},
                ]}],
                "volumes": [
                    {"name": "v", "configMap": {"name": "c", "items": [{"key": "one", "path": "p"}]}},
                    {"name": "w", "secret": {"secretName": "d"}},
                    {"name": "y", "persistentVolumeClaim": {"claimName": "data"}},
                    {"name": "x", "projected": {"sources": [{"secret": {"name": "e"}}, {"configMap": {"name": "f"}}]}},
                ],
            }),
        );
        let pod = Pod::of(&object).unwrap();
        let told: Vec<String> = pod
            .references()
            .iter()
            .map(|r| {
                let key = r.key.and_then(Node::as_text).unwrap_or("-");
                format!(
                    "{:?} {} {key}{}",
                    r.target,
                    r.name.as_text().unwrap(),
                    if r.optional { "?" } else { "" }
                )
            })
            .collect();
        let expected = [
            "ConfigMap c one",
            "ConfigMap f -",
            "ConfigMap a -",
            "Secret d -",
            "Secret e -",
            "Secret b k?",
            "Secret pull -",
            "Claim data -",
            "ServiceAccount robot -",
        ];
        assert_eq!(told, expected);
    }
}
