//! An image of which nobody said what it runs on.

use std::collections::BTreeSet;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// Nothing is known of the image's platforms.
pub static CODE: Code = Code {
    name: "image-platforms-unknown",
    severity: Severity::Error,
    page: Page {
        about: "Nothing says what an image runs on, so nothing can be proved about its pods. Declare it under\n\
                `platforms` in stack.yaml: for a repository, or for one tag, which then wins. The registry's page of\n\
                the image lists its architectures; `docker manifest inspect IMAGE` does too.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/other:1.0\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// Tells each image once.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let mut told = BTreeSet::new();
    for landing in &facts.landings {
        for (_, node, image) in landing.images() {
            if facts.platforms(&image).is_some() || !told.insert(image.key()) {
                continue;
            }
            let mut words: Vec<&str> = landing.open().map(|node| node.platform.word()).collect();
            words.sort_unstable();
            words.dedup();
            let repository = image.repository();
            let written = node.as_text().unwrap_or_default();
            let short = written.split(['@', ':']).next().filter(|_| !written.contains(":5")).unwrap_or(&repository);
            let name = if written.starts_with(&repository) { &repository } else { short };
            found.push(
                Finding::new(&CODE, node.span, format!("nothing says what `{written}` runs on"))
                    .label(format!("its pods may land on {}", words.join(", ")))
                    .help(format!(
                        "look it up, then declare it in stack.yaml:\nplatforms:\n  {name}: [{}]",
                        words.join(", ")
                    )),
            );
        }
    }
}
