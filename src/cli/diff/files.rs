//! Files that stackc wrote, as objects.

use crate::cli::Trouble;
use crate::diff::{Placed, Side};
use crate::finding::{Finding, Findings, Severity};
use crate::kube::{self, Object, Unit};
use crate::source::Sources;
use crate::yaml::{self, Dialect};

#[derive(Default)]
pub(super) struct Files {
    pub(super) sources: Sources,
    objects: Vec<(Object, String)>,
    pub(super) findings: Vec<Finding>,
    pub(super) errors: usize,
}

impl Files {
    /// Reads names with their texts; `told` is where they lie, in a user's words.
    pub(super) fn read<'a>(told: &str, files: impl Iterator<Item = (&'a str, &'a str)>) -> Files {
        let mut made = Files::default();
        let mut found = Findings::default();
        for (name, text) in files {
            let file = made.sources.add(format!("{told}/{name}"), Ok(text.as_bytes().to_vec()));
            for document in yaml::read(&made.sources, file, Dialect::Manifest, &mut found) {
                // A comment alone is a document of nothing to YAML; k3s skips it (facts on k3s, 1.4).
                if matches!(document.value, yaml::Value::Null) {
                    continue;
                }
                let unit = Unit::Manifest(name.to_owned());
                let objects = kube::objects(document, &unit, "default", &mut found);
                made.objects.extend(objects.into_iter().map(|object| (object, name.to_owned())));
            }
        }
        made.findings = found.sorted();
        made.errors = made.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        made
    }

    pub(super) fn side(&self) -> Side<'_> {
        let placed = self.objects.iter().map(|(object, file)| Placed { object, file });
        Side { objects: placed.collect(), ..Side::default() }
    }
}

/// A stack's stream and nobody else's.
pub(super) fn of_stack(
    stream: crate::install::Stream,
    stack: &str,
) -> Result<Vec<(String, String)>, Trouble> {
    if stream.stack == stack {
        return Ok(stream.files);
    }
    let other = stream.stack;
    Err(Trouble::Told(format!("the stream holds the stack `{other}`, and this one is `{stack}`")))
}
