//! Images that change under a name that does not.

use super::{Facts, Used};
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// No tag, or `latest`.
pub static CODE: Code = Code {
    name: "image-untagged",
    severity: Severity::Warning,
    page: Page {
        about: "The image has neither tag nor digest, or the tag `latest`: what runs is whatever was newest when a\n\
                node pulled it. Two nodes may run two programs, and a restart may bring a release that cannot read\n\
                the old data; with `imagePullPolicy: IfNotPresent` each node keeps what it once pulled, for ever. Name\n\
                a release.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// Tells each image once.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for Used { written: node, image, container, .. } in facts.used() {
        let moving = image.digest.is_none() && image.tag.as_deref().is_none_or(|tag| tag == "latest");
        if moving {
            let written = node.as_text().unwrap_or_default();
            let how = if image.tag.is_some() { "is `latest`" } else { "has no tag" };
            let finding = Finding::new(&CODE, node.span, format!("the image `{written}` {how}"))
                .label("runs whatever is newest when a node pulls it")
                .help("name a release, such as :1.2.3");
            // Without a word Kubernetes pulls `latest` each time.
            let kept = container.node.get("imagePullPolicy");
            let finding = match kept.filter(|policy| matches!(policy.as_text(), Some("IfNotPresent" | "Never"))) {
                Some(policy) => {
                    let policy = policy.as_text().unwrap_or_default();
                    finding.note(format!("with imagePullPolicy {policy} each node keeps what it once pulled"))
                }
                None => finding,
            };
            found.push(finding);
        }
    }
}
