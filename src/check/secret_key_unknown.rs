//! Keys that a known Secret does not have.

use super::{Facts, Landing};
use super::secret_unknown::{declared, made, uses};
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::yaml::Node;

/// A key that is not among the declared ones.
pub static CODE: Code = Code {
    name: "secret-key-unknown",
    severity: Severity::Error,
    page: Page {
        about: "A pod takes a key of a Secret that the Secret does not have, as far as stack.yaml (or the object\n\
                itself) tells: the pod would wait in CreateContainerConfigError. A Secret declared with `[]` has\n\
                unknown keys, and any is taken.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\nsecrets: {web: [password]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              env: {PASSWORD: {secret: web, key: pasword}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\nsecrets: {web: [password]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               env: {PASSWORD: {secret: web, key: password}}\n",
    },
};

/// Tells each.
pub(super) fn of_pod(facts: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    for used in uses(landing) {
        let (Some(key), Some(name)) = (used.key, used.name.as_text()) else { continue };
        let Some(text) = key.as_text() else { continue };
        let (keys, place): (Vec<&str>, _) = if let Some(secret) = declared(facts, &used) {
            (secret.keys.iter().map(String::as_str).collect(), secret.name.span)
        } else if let Some(object) = made(facts, &used) {
            let maps = ["data", "stringData"].into_iter().filter_map(|field| object.body.get(field));
            (maps.flat_map(Node::entries).map(|entry| entry.key.text.as_ref()).collect(), object.body.span)
        } else {
            continue;
        };
        if keys.is_empty() || keys.contains(&text) {
            continue;
        }
        let near = nearest(text, keys.iter().copied()).map(|near| format!("did you mean `{near}`?"));
        found.push(
            Finding::new(&CODE, key.span, format!("the Secret `{name}` has no key `{text}`"))
                .also(place, format!("its keys: {}", keys.join(", ")))
                .maybe_help(near),
        );
    }
}
