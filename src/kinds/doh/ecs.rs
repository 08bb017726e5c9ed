//! The client's subnet on its way to upstreams (RFC 7871): who is told, and whose it would be.

use super::{Ecs, Own};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kinds::{Asked, engine, upstream};

/// A subnet of nobody.
pub(in crate::kinds) static ECS_WITHOUT_EFFECT: Code = Code {
    name: "ecs-without-effect",
    severity: Severity::Warning,
    page: Page {
        about: "`ecs` tells upstreams the client's subnet, so that they answer with servers near to him. That needs the\n\
                client's address, which only comes here with `ingress.clientIP`; else the subnet would be that of a node.\n\
                And it needs an upstream that listens: 1.1.1.1 takes no notice.",
        bad: concat!(
            doh_stack!(),
            "# apps/doh.yaml\nkind: doh\nimage: satishweb/doh-server:v2.3.10-alpine\nhost: doh.example.org\n",
            "upstreams: [\"tls://8.8.8.8:853\"]\necs: subnet\n"
        ),
        good: concat!(
            doh_stack!(),
            "ingress: {clientIP: cloudflare}\n",
            "# apps/doh.yaml\nkind: doh\nimage: satishweb/doh-server:v2.3.10-alpine\nhost: doh.example.org\n",
            "upstreams: [\"tls://8.8.8.8:853\"]\necs: subnet\n"
        ),
    },
};

/// A subnet that is told unasked.
pub(in crate::kinds) static ECS_SENT_UNASKED: Code = Code {
    name: "ecs-sent-unasked",
    severity: Severity::Note,
    page: Page {
        about: "m13253's server tells its upstreams the first 24 bits of each client's address (56 of IPv6), and has no\n\
                setting against it; a client can refuse, by `?no_ecs=true` in its URL. With `ingress.clientIP` it knows\n\
                these addresses. Say that you want it, or take another engine.",
        bad: concat!(
            doh_stack!(),
            "ingress: {clientIP: cloudflare}\n",
            "# apps/doh.yaml\nkind: doh\nimage: satishweb/doh-server:v2.3.10-alpine\nhost: doh.example.org\n",
            "upstreams: [\"tls://8.8.8.8:853\"]\n"
        ),
        good: concat!(
            doh_stack!(),
            "ingress: {clientIP: cloudflare}\n",
            "# apps/doh.yaml\nkind: doh\nimage: satishweb/doh-server:v2.3.10-alpine\nhost: doh.example.org\n",
            "upstreams: [\"tls://8.8.8.8:853\"]\necs: subnet\n"
        ),
    },
};

/// Cloudflare's resolvers, which throw the subnet away.
const DEAF: [&str; 5] =
    ["1.1.1.1", "1.0.0.1", "2606:4700:4700::1111", "2606:4700:4700::1001", "cloudflare-dns.com"];

/// Tells what `ecs` cannot do here.
pub(super) fn check(engine: &str, own: &Own, asked: &Asked<'_>, found: &mut Findings) {
    let known = asked.stack.ingress.as_ref().is_some_and(|ingress| ingress.trust.is_some());
    let listening = || own.upstreams.iter().any(|text| !is_deaf(&text.value));
    match &own.ecs {
        Some(ecs) if ecs.value == Ecs::Off && engine == "m13253" && known => found.push(
            engine::lacks(
                ecs.span,
                "m13253 tells its upstreams the client's subnet, and has no setting against it",
            )
            .help("engine: coredns, or ecs: subnet"),
        ),
        Some(ecs) if ecs.value == Ecs::Off => {}
        Some(ecs) if engine == "coredns" => found.push(
            engine::lacks(
                ecs.span,
                "coredns sees Traefik's address, not the client's, and so sends no `ecs`",
            )
            .help("ecs: off"),
        ),
        Some(ecs) if !known => found.push(
            Finding::new(
                &ECS_WITHOUT_EFFECT,
                ecs.span,
                "the subnet sent would be a node's, not the client's",
            )
            .help("in stack.yaml: ingress: {clientIP: cloudflare}"),
        ),
        Some(ecs) if !listening() => found.push(
            Finding::new(&ECS_WITHOUT_EFFECT, ecs.span, "no upstream here takes notice of the subnet")
                .note("1.1.1.1 and its siblings throw it away"),
        ),
        None if engine == "m13253" && known && listening() => found.push(
            Finding::new(&ECS_SENT_UNASKED, asked.at, "m13253 tells its upstreams each client's subnet")
                .help("say so: ecs: subnet")
                .help("or take another: engine: coredns"),
        ),
        _ => {}
    }
}

fn is_deaf(url: &str) -> bool {
    upstream::parts(url).is_some_and(|(_, host, _)| DEAF.contains(&host))
}
