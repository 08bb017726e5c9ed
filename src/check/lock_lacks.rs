//! Images that stackc.lock does not know.

use super::{Facts, Used};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::stack::Declared;

/// An image that is declared or unknown, beside others that are locked.
pub static CODE: Code = Code {
    name: "lock-lacks",
    severity: Severity::Note,
    page: Page {
        about: "stackc.lock has nothing on this image, or no ranges of Cloudflare, though it is used: what is proved\n\
                rests on what stack.yaml declares, or on the list that stackc carries. `stackc lock` asks. With\n\
                `--locked` it is an error, whether there is a lock or not.",
        bad: "# stackc.lock\nstackc: 1\nimages:\n  \
              registry.example/web:1.0: {digest: sha256:1111111111111111111111111111111111111111111111111111111111111111, platforms: {amd64: sha256:2222222222222222222222222222222222222222222222222222222222222222}}\n\
              # end of stackc.lock\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              # apps/next.yaml\nkind: app\nimage: registry.example/web:1.1\n",
        good: "# stackc.lock\nstackc: 1\nimages:\n  \
              registry.example/web:1.0: {digest: sha256:1111111111111111111111111111111111111111111111111111111111111111, platforms: {amd64: sha256:2222222222222222222222222222222222222222222222222222222222222222}}\n\
              # end of stackc.lock\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              # apps/next.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// Tells each image once. A lock without any image holds Cloudflare's ranges alone, on purpose.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let lock = &facts.stack.lock;
    if lock.broken {
        return;
    }
    let severity = if facts.demands.locked { Severity::Error } else { Severity::Note };
    if facts.demands.locked || !lock.pins.images.is_empty() {
        for Used { written: node, image, .. } in facts.used() {
            let known = facts.declared(image);
            // One of which nothing is known is an error already.
            if known.is_none_or(Declared::locked) {
                continue;
            }
            let message = format!("{} is not in stackc.lock", image.key());
            found.push_once(image.key(), Finding::new(&CODE, node.span, message).weighs(severity).help("stackc lock"));
        }
    }
    let trust = facts.stack.ingress.as_ref().and_then(|ingress| ingress.trust.as_ref());
    if let Some(trust) = trust.filter(|trust| trust.cloudflare && lock.pins.cloudflare.is_none())
        && (facts.demands.locked || lock.span.is_some())
    {
        let message = "Cloudflare's ranges are not in stackc.lock";
        let date = crate::k3s::ranges_date();
        found.push(
            Finding::new(&CODE, trust.span, message)
                .weighs(severity)
                .note(format!("those that stackc carries are used; they were current on {date}"))
                .help("stackc lock"),
        );
    }
}
