//! What is declared by hand against what the registry said.

use std::collections::BTreeSet;

use super::{Facts, Used};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Platform;

/// A declared platform that the lock denies.
pub static CODE: Code = Code {
    name: "platforms-contradicted",
    severity: Severity::Error,
    page: Page {
        about: "`platforms` declares an architecture that the image was not built for, by what its registry said\n\
                (stackc.lock). A declaration for a repository counts for each of its images. Remove the declaration:\n\
                the lock knows better; or, if the tag was moved since, run `stackc lock`.",
        bad: "# stackc.lock\nstackc: 1\nimages:\n  \
              registry.example/web:1.0: {digest: sha256:1111111111111111111111111111111111111111111111111111111111111111, platforms: {amd64: sha256:2222222222222222222222222222222222222222222222222222222222222222}}\n\
              # end of stackc.lock\n\
              # stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64, arm64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
        good: "# stackc.lock\nstackc: 1\nimages:\n  \
              registry.example/web:1.0: {digest: sha256:1111111111111111111111111111111111111111111111111111111111111111, platforms: {amd64: sha256:2222222222222222222222222222222222222222222222222222222222222222}}\n\
              # end of stackc.lock\n\
              # stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// Tells each image once.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let mut told = BTreeSet::new();
    for Used { image, .. } in facts.used() {
        let (Some(locked), Some(by_hand)) = (facts.declared(image), facts.stack.platforms.by_hand(image)) else {
            continue;
        };
        let Some(pin) = facts.stack.lock.pins.images.get(&locked.image.value) else { continue };
        let denied = |platform: &&Platform| {
            !pin.platforms.contains_key(platform) && !pin.listed.contains(platform)
        };
        let denied: Vec<&str> = by_hand.platforms.iter().filter(denied).map(|platform| platform.word()).collect();
        if denied.is_empty() || !told.insert(image.key()) {
            continue;
        }
        let message = format!("{} was not built for {}", image.key(), denied.join(", "));
        found.push(
            Finding::new(&CODE, by_hand.image.span, message)
                .label("declared here")
                .also(locked.image.span, "what the registry said")
                .help(format!("remove `{}` from `platforms`: the lock knows better", by_hand.image.value))
                .help(format!("or, if the tag was moved: stackc lock {}", image.key())),
        );
    }
}
