//! References that containerd refuses.

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Image;

/// No image reference.
pub static CODE: Code = Code {
    name: "image-invalid",
    severity: Severity::Error,
    page: Page {
        about: "The image reference is missing or is one that containerd refuses, so the pod would end in\n\
                InvalidImageName. A reference is [HOST[:PORT]/]PATH[:TAG][@DIGEST], the path in small letters.",
        bad: "# apps/web.yaml\nkind: app\nimage: https://registry.example/web:1.0\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// Tells each.
pub(super) fn of_pod(_: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    // Most are read already.
    if landing.images.len() == landing.pod.containers().count() {
        return;
    }
    for container in landing.pod.containers() {
        let Some(node) = container.image else {
            if found.tells_within(container.node.span) {
                continue;
            }
            let message = format!("{} `{}` of {} has no image", container.role.word(), container.name, landing.object.id);
            found.push(Finding::new(&CODE, container.node.span, message));
            continue;
        };
        let message = match node.as_text().map(|text| (text, Image::parse(text))) {
            Some((_, Ok(_))) => continue,
            Some(("", _)) => "the image is empty".to_owned(),
            Some((text, Err(reason))) => format!("`{text}` is no image reference: {reason}"),
            None => format!("`image` wants text, this is {}", node.kind()),
        };
        found.push(Finding::new(&CODE, node.span, message));
    }
}
