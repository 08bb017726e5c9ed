//! Images that their registry no longer has.

use std::collections::BTreeSet;

use super::{Facts, Used};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube;

/// A repository that was deleted.
pub static CODE: Code = Code {
    name: "image-gone",
    severity: Severity::Error,
    page: Page {
        about: "The image's repository was deleted by its owner. Docker Hub answers 401 (access denied) for it, so\n\
                tools speak of credentials; a node that still has the image cached hides it until the pod moves.\n\
                docker.io/minio/minio and docker.io/minio/mc went in September 2026; quay.io/minio/minio serves the\n\
                same tags, frozen at RELEASE.2025-09-07T16-13-09Z; pgsty/silo is a maintained fork.",
        bad: "# apps/web.yaml\nkind: app\nimage: minio/minio:RELEASE.2022-03-26T06-49-28Z\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// Tells each image once.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let mut told = BTreeSet::new();
    for Used { written: node, image, repository, .. } in facts.used() {
        let Some(gone) = kube::gone(repository) else { continue };
        if told.insert(image.key()) {
            found.push(
                Finding::new(&CODE, node.span, format!("{repository} was deleted in {}", gone.when))
                    .label("can no longer be pulled")
                    .note("Docker Hub answers 401, so pulling it speaks of credentials; a cached copy hides it")
                    .help(gone.instead),
            );
        }
        // Another image will stand there.
        found.give_up(node.span);
    }
}
