//! Selectors that labels have made equal: what told two workloads or two Services apart is gone.

use std::collections::BTreeMap;

use crate::finding::{Finding, Severity};
use crate::source::Span;
use crate::transform::codes::SELECTORS_MADE_EQUAL;
use crate::transform::resource::{Resource, Resources};
use crate::yaml::{Named, Node, Spanned};

/// Selectors as they were before labels went into them, an object each.
pub struct Before {
    /// The label that takes the place of another value.
    key: (Span, String),
    selectors: Vec<Option<String>>,
}

/// The labels by which an object selects pods.
fn selector(resource: &Resource) -> Option<&Node> {
    match resource.id.kind.as_str() {
        "Service" => resource.body.at(&["spec", "selector"]),
        "DaemonSet" | "Deployment" | "ReplicaSet" | "StatefulSet" => {
            resource.body.at(&["spec", "selector", "matchLabels"])
        }
        _ => None,
    }
}

fn written(selector: &Node) -> String {
    let pair = |entry: &crate::yaml::Entry| {
        format!("{}={}", entry.key.text, entry.value.written().unwrap_or_default())
    };
    let mut pairs: Vec<String> = selector.entries().iter().map(pair).collect();
    pairs.sort_unstable();
    pairs.join(",")
}

/// Remembers the selectors, if one of the labels takes the place of another value in one of them.
pub fn before(pairs: &Named<Spanned<String>>, resources: &Resources) -> Option<Before> {
    let ousts = |node: &Node| {
        pairs.iter().find(|(key, value)| {
            node.get(&key.value).is_some_and(|own| own.written().as_deref() != Some(value.value.as_str()))
        })
    };
    let (key, value) = resources.iter().filter_map(selector).find_map(ousts)?;
    let selectors = resources.iter().map(|resource| selector(resource).map(written)).collect();
    Some(Before { key: (key.span, format!("{}: {}", key.value, value.value)), selectors })
}

impl Before {
    /// Those that differed and are equal now.
    pub fn tell(self, resources: &Resources, severity: Severity) -> Option<Finding> {
        let mut known: BTreeMap<(&str, &str, String), (usize, &Resource)> = BTreeMap::new();
        let mut equal: Vec<(&Resource, &Resource)> = Vec::new();
        for (at, resource) in resources.iter().enumerate() {
            let Some(now) = selector(resource).map(written) else { continue };
            let key = (resource.id.kind.as_str(), resource.id.scope(), now);
            match known.get(&key) {
                Some((first, twin)) if self.selectors.get(*first) != self.selectors.get(at) => {
                    equal.push((twin, resource));
                }
                Some(_) => {}
                None => {
                    known.insert(key, (at, resource));
                }
            }
        }
        let (first, second) = equal.first()?;
        let (span, label) = self.key;
        let effect = match first.id.kind.as_str() {
            "Service" => "each sends to the pods of both",
            _ => "each claims the pods of the other",
        };
        let message = format!(
            "`{label}` makes the selectors of {} and {} equal: {effect}",
            first.id.shown(),
            second.id.shown()
        );
        let finding = Finding::new(&SELECTORS_MADE_EQUAL, span, message).weighs(severity);
        let more = equal.len().saturating_sub(1);
        let finding = if more > 0 { finding.note(format!("so with {more} more")) } else { finding };
        Some(finding.help(format!("labels: [{{pairs: {{{label}}}}}] leaves selectors as they are")))
    }
}
