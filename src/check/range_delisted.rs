//! Ranges that are trusted as Cloudflare's, and are so no more.

use ipnet::IpNet;

use super::Facts;
use super::trust::{believed, typed};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::k3s::{Delisted, Ranges, delisted};
use crate::source::Span;

/// A range that Cloudflare gave up.
pub static CODE: Code = Code {
    name: "range-delisted",
    severity: Severity::Error,
    page: Page {
        about: "A range that Cloudflare has given up is trusted, in stackc.lock or in Traefik's own configuration. Traefik\n\
                would believe what requests from it say of the client's address, and others send from there today:\n\
                addresses in logs, rate limits and allow lists could be forged. `stackc lock` fetches the list anew.",
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
        found.push(told(gone, *span).help("stackc lock"));
    }
    // Of a range that is wider than any of Cloudflare's, another finding tells.
    let widest = |range: &IpNet| range.prefix_len() >= if range.addr().is_ipv4() { 12 } else { 24 };
    for one in believed(facts) {
        let Some(gone) = one.range.filter(widest).as_ref().and_then(delisted) else { continue };
        let Some((first, others)) = one.places.split_first() else { continue };
        let finding = others.iter().fold(told(gone, *first), |finding, place| finding.also(*place, "here as well"));
        found.push(finding.help(typed(facts, "{clientIP: cloudflare}")));
    }
}

fn told(gone: &Delisted, span: Span) -> Finding {
    Finding::new(&CODE, span, format!("Cloudflare gave up {} in {}", gone.range, gone.when)).note(gone.now)
}

#[cfg(test)]
mod tests {
    use crate::check::trial::traefik;

    #[test]
    fn ranges_in_values_count() {
        let told = |range: &str| {
            let values = format!("additionalArguments: ['--entryPoints.web.forwardedHeaders.trustedIPs={range}']");
            crate::check::trial::told(super::run, "", &traefik(&values)).len()
        };
        assert_eq!(told("173.245.48.0/20,104.16.0.0/12"), 1);
        assert_eq!(told("104.28.1.2"), 1);
        assert_eq!(told("104.16.0.0/13,104.24.0.0/14"), 0);
        assert_eq!(told("0.0.0.0/0"), 0, "another finding");
    }
}
