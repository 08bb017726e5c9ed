//! Ranges that are trusted as Cloudflare's, and are so no more.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::k3s::{Ranges, delisted};

/// A range that Cloudflare gave up.
pub static CODE: Code = Code {
    name: "range-delisted",
    severity: Severity::Error,
    page: Page {
        about: "stackc.lock holds a range that Cloudflare has given up. Traefik would believe what requests from it\n\
                say of the client's address, and others send from there today: addresses in logs, rate limits and\n\
                allow lists could be forged. `stackc lock` fetches the list anew.",
        bad: "# stackc.lock\nstackc: 1\ncloudflare:\n  ranges:\n\
              \x20 - 103.21.244.0/22\n  - 103.22.200.0/22\n  - 103.31.4.0/22\n  - 104.16.0.0/12\n  - 108.162.192.0/18\n\
              \x20 - 131.0.72.0/22\n  - 141.101.64.0/18\n  - 162.158.0.0/15\n  - 172.64.0.0/13\n  - 173.245.48.0/20\n\
              \x20 - 2400:cb00::/32\n  - 2405:8100::/32\n  - 2405:b500::/32\n  - 2606:4700::/32\n  - 2803:f800::/32\n\
              # end of stackc.lock\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
        good: "# stackc.lock\nstackc: 1\ncloudflare:\n  ranges:\n\
              \x20 - 103.21.244.0/22\n  - 103.22.200.0/22\n  - 103.31.4.0/22\n  - 104.16.0.0/13\n  - 108.162.192.0/18\n\
              \x20 - 131.0.72.0/22\n  - 141.101.64.0/18\n  - 162.158.0.0/15\n  - 172.64.0.0/13\n  - 173.245.48.0/20\n\
              \x20 - 2400:cb00::/32\n  - 2405:8100::/32\n  - 2405:b500::/32\n  - 2606:4700::/32\n  - 2803:f800::/32\n\
              # end of stackc.lock\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let lock = &facts.stack.lock;
    let ranges = lock.pins.cloudflare.iter().flat_map(Ranges::all);
    for (range, span) in ranges.zip(&lock.ranges) {
        let Some(gone) = delisted(&range) else { continue };
        found.push(
            Finding::new(&CODE, *span, format!("Cloudflare gave up {} in {}", gone.range, gone.when))
                .note(gone.now)
                .help("stackc lock"),
        );
    }
}
