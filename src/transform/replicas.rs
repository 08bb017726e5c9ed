//! `replicas`: how many of a workload.

use crate::finding::{Finding, Findings};
use crate::transform::codes::INSTRUCTION_NO_MATCH;
use crate::transform::field::{Field, Row};
use crate::transform::kustomization::Replica;
use crate::transform::resource::{Id, Resources};
use crate::transform::target;
use crate::yaml::{Node, Value};

/// Workloads that can be counted.
pub const ROWS: &[Row] = &[
    ("", "", "Deployment", "spec/replicas", true),
    ("", "", "ReplicationController", "spec/replicas", true),
    ("", "", "ReplicaSet", "spec/replicas", true),
    ("", "", "StatefulSet", "spec/replicas", true),
];

/// Sets each count.
pub fn apply(entries: &[Replica], fields: &[Field], resources: &mut Resources, found: &mut Findings) {
    for entry in entries {
        let mut used = false;
        for at in resources.named(&entry.name.value) {
            let Some(resource) = resources.get_mut(at) else { continue };
            let named = |id: &Id, field: &Field| id.name == entry.name.value && field.is_of(id);
            for field in
                fields.iter().filter(|field| resource.ids().any(|id| named(id, field))).collect::<Vec<_>>()
            {
                used = true;
                let count = Node::int(entry.count.span, entry.count.value);
                field.visit(&mut resource.body, &Value::Null, entry.count.span, &mut |node| {
                    if !node.same(&count) {
                        *node = count.clone();
                    }
                });
            }
        }
        if !used {
            let id = Id {
                api_version: String::new(),
                kind: "Deployment".to_owned(),
                namespace: String::new(),
                name: entry.name.value.clone(),
            };
            let message = format!("no workload here with replicas is called `{}`", entry.name.value);
            let finding = Finding::new(&INSTRUCTION_NO_MATCH, entry.name.span, message);
            found.push(finding.maybe_help(target::near(&id, resources)));
        }
    }
}
