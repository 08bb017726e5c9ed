//! `pin: digest`: each image as `name:tag@sha256:…`, the digest from stackc.lock. Made last, for a patch may have changed
//! an image. The tag stays for people, the digest decides; it is the index's, so that each node takes its own image.

use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::{Image, Object, Pod};
use crate::stack::{Pin, Stack};
use crate::yaml::Value;

/// An image without a digest to write.
pub static PIN_UNLOCKED: Code = Code {
    name: "pin-unlocked",
    severity: Severity::Error,
    page: Page {
        about: "`pin: digest` writes each image with the digest that stackc.lock has of it, and it has none of this\n\
                image. `stackc lock` asks its registry.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\npin: digest\nnodes:\n\
              \x20 alpha: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\npin: digest\nnodes:\n\
               \x20 alpha: {arch: amd64}\n\
               # stackc.lock\nstackc: 1\nimages:\n  \
               registry.example/web:1.0: {digest: sha256:1111111111111111111111111111111111111111111111111111111111111111, platforms: {amd64: sha256:2222222222222222222222222222222222222222222222222222222222222222}}\n\
               # end of stackc.lock\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// Writes digests where the stack asks for them.
pub(super) fn images(objects: &mut [Object], stack: &Stack, found: &mut Findings) {
    if stack.pin != Pin::Digest || stack.lock.broken {
        return;
    }
    for spec in objects.iter_mut().filter_map(Pod::spec_mut) {
        for node in Pod::images_mut(spec) {
            let Some(text) = node.as_text() else { continue };
            let Ok(image) = Image::parse(text) else { continue };
            if image.digest.is_some() {
                continue;
            }
            let Some(digest) = stack.platforms.of(&image).and_then(|known| known.digest.as_ref()) else {
                let finding = Finding::new(
                    &PIN_UNLOCKED,
                    node.span,
                    format!("stackc.lock has no digest of {}", image.key()),
                );
                found.push(finding.help("stackc lock"));
                continue;
            };
            let tag = if image.tag.is_some() { "" } else { ":latest" };
            node.value = Value::Text(format!("{text}{tag}@{digest}").into());
        }
    }
}
