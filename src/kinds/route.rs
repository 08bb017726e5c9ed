//! Routes that a kind computes: what the program itself depends on cannot be said otherwise.

use super::Asked;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::yaml::Node;

/// A route by which the program does not answer.
pub static ROUTE_UNFIT: Code = Code {
    name: "route-unfit",
    severity: Severity::Error,
    page: Page {
        about: "What a kind computes for its route follows from the program: the path that it compares as a whole (or\n\
                below which its clients put more), and whether it speaks HTTP, HTTP/2 without TLS (h2c) or TLS. A route\n\
                that says otherwise leads to 404, 502 or 500. Say it by the kind's own keys, which the program then\n\
                hears of as well.",
        bad: concat!(
            doh_stack!(),
            "# apps/doh.yaml\nkind: doh\nengine: coredns\nimage: coredns/coredns:1.11.1\nhost: doh.example.org\n",
            "upstreams: [\"tls://1.1.1.1:853\"]\nroutes: {doh: {scheme: h2c}}\n"
        ),
        good: concat!(
            doh_stack!(),
            "# apps/doh.yaml\nkind: doh\nengine: coredns\nimage: coredns/coredns:1.11.1\nhost: doh.example.org\n",
            "upstreams: [\"tls://1.1.1.1:853\"]\n"
        ),
    },
};

/// What of a route the program depends on.
const KEPT: [&str; 4] = ["path", "pathPrefix", "match", "scheme"];

/// Tells what the user says of a route against what was computed for it.
pub(super) fn kept(name: &str, computed: &Node, asked: &Asked<'_>, found: &mut Findings) {
    for key in KEPT {
        let Some(said) = asked.said.at(&["routes", name, key]) else { continue };
        let needed = computed.text_at(&[key]).or((key == "scheme").then_some("http"));
        if said.as_text() == needed {
            continue;
        }
        let message = match needed {
            Some(needed) => format!("the program answers only where `{key}` of this route is `{needed}`"),
            None => format!("the program does not answer by a route with a `{key}`"),
        };
        found.push(
            Finding::new(&ROUTE_UNFIT, said.span, message)
                .help(format!("leave `{key}` out of `routes.{name}`")),
        );
    }
}
