//! Entries of stackc.lock that nothing needs any more.

use std::collections::BTreeSet;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// A locked image that no pod uses.
pub static CODE: Code = Code {
    name: "lock-unused",
    severity: Severity::Warning,
    page: Page {
        about: "stackc.lock holds an image that no pod of the stack uses any more. `stackc lock --offline` drops such\n\
                entries without asking anybody.",
        bad: "# stackc.lock\nstackc: 1\nimages:\n  \
              registry.example/old:1.0: {digest: sha256:1111111111111111111111111111111111111111111111111111111111111111, platforms: {amd64: sha256:2222222222222222222222222222222222222222222222222222222222222222}}\n  \
              registry.example/web:1.0: {digest: sha256:3333333333333333333333333333333333333333333333333333333333333333, platforms: {amd64: sha256:4444444444444444444444444444444444444444444444444444444444444444}}\n\
              # end of stackc.lock\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
        good: "# stackc.lock\nstackc: 1\nimages:\n  \
              registry.example/web:1.0: {digest: sha256:3333333333333333333333333333333333333333333333333333333333333333, platforms: {amd64: sha256:4444444444444444444444444444444444444444444444444444444444444444}}\n\
              # end of stackc.lock\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// Tells each entry. Where something could not be compiled, its images are not seen.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    if found.errors() > 0 || !facts.whole {
        return;
    }
    let used: BTreeSet<&str> = facts
        .used()
        .flat_map(|used| facts.stack.platforms.locked(&used.image).collect::<Vec<_>>())
        .map(|locked| locked.image.value.as_str())
        .collect();
    let lock = &facts.stack.lock;
    // What an overlay does not use of its base's lock, the base may.
    let unused = |key: &str| !used.contains(key) && !lock.under.images.contains_key(key);
    for (key, span) in lock.images.iter().filter(|(key, _)| unused(key)) {
        let message = format!("no pod uses {key}");
        found.push(Finding::new(&CODE, *span, message).help("stackc lock --offline"));
    }
}
