//! One object made twice.

use std::collections::BTreeMap;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::{Object, Unit};
use crate::source::Span;

/// Two objects with one identity.
pub static CODE: Code = Code {
    name: "object-duplicate",
    severity: Severity::Error,
    page: Page {
        about: "Two parts of the stack make the same object. In one file k3s silently keeps the last; in two files\n\
                both own it, and each apply undoes the other.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              # manifests/old.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec:\n\
              \x20 selector: {matchLabels: {app: web}}\n  template:\n    metadata: {labels: {app: web}}\n\
              \x20   spec: {containers: [{name: web, image: registry.example/web:1.0}]}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               # manifests/extra.yaml\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: extra}\nspec:\n\
               \x20 selector: {matchLabels: {app: extra}}\n  template:\n    metadata: {labels: {app: extra}}\n\
               \x20   spec: {containers: [{name: web, image: registry.example/web:1.0}]}\n",
    },
};

/// Tells the second and every further one.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    if !facts.has_twins() {
        return;
    }
    let mut seen: BTreeMap<_, &Object> = BTreeMap::new();
    for object in facts.objects {
        let id = &object.id;
        if let Some(first) = seen.get(&id.key()) {
            let finding = Finding::new(&CODE, object.place(), format!("{id} is made twice"));
            let there = asked(first, facts);
            let same = facts.sources.filter(|sources| sources.place(there) == sources.place(object.place()));
            let finding = match (same, &first.unit, &object.unit) {
                // One file may come in by two kustomizations.
                (Some(_), Unit::Manifest(one), Unit::Manifest(other)) => {
                    finding.note(format!("it comes in by manifests/{one} and by manifests/{other}"))
                }
                _ => finding.label("made here").also(there, "made here"),
            };
            found.push(finding.help(help(object, first)));
        } else {
            seen.insert(id.key(), object);
        }
    }
}

/// Where an object is asked for: Traefik's configuration by a key of `ingress`.
fn asked(object: &Object, facts: &Facts<'_>) -> Span {
    let trust = || facts.stack.ingress.as_ref()?.trust.as_ref().map(|trust| trust.span);
    match object.unit {
        Unit::Traefik => trust().or(facts.stack.ingress.as_ref().map(|ingress| ingress.span)),
        _ => None,
    }
    .unwrap_or_else(|| object.place())
}

fn help(object: &Object, first: &Object) -> String {
    match (&first.unit, &object.unit) {
        (Unit::Traefik, _) | (_, Unit::Traefik) => {
            "take one of them out: what the manifest says of Traefik can stand in stack.yaml, ingress: {values: {…}}".to_owned()
        }
        (Unit::App(app), Unit::Manifest(_)) | (Unit::Manifest(_), Unit::App(app)) => {
            format!("take it out of the manifest, or rename it there: the app `{app}` makes it")
        }
        (one, other) if one == other => "take one out, or give them different names".to_owned(),
        _ => "take one out, or give it another name or namespace".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    #[test]
    fn the_group_counts_and_the_version_does_not() {
        let object = |api: &str, kind: &str, namespace: &str| {
            format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x, namespace: {namespace}}}\n---\n")
        };
        let first = object("batch/v1", "CronJob", "a");
        for (other, twice) in [
            (object("batch/v1", "CronJob", "a"), true),
            (object("batch/v1beta1", "CronJob", "a"), true),
            (object("other/v1", "CronJob", "a"), false),
            (object("batch/v1", "Job", "a"), false),
            (object("batch/v1", "CronJob", "b"), false),
        ] {
            let told = told(super::run, "", &format!("{first}{other}"));
            assert_eq!(told.len(), usize::from(twice), "{other} {told:?}");
        }
    }
}
