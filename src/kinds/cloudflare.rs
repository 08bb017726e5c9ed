//! What Cloudflare does on the way to a program that it stands before.

use super::Asked;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::yaml::Spanned;

/// Something that Cloudflare does not let through as it is.
pub static CLOUDFLARE_LIMITS: Code = Code {
    name: "cloudflare-limits",
    severity: Severity::Note,
    page: Page {
        about: "Cloudflare stands before this host, and does not pass everything on: bodies over 100 MB get 413 (Free\n\
                and Pro), the header Accept-Encoding is rewritten, on which some S3 clients sign, and gRPC has to be\n\
                switched on for the zone (Network), or gets 403. Clients in the cluster use the Service's address;\n\
                for others, a DNS record that is not proxied leads past Cloudflare.",
        bad: concat!(
            proxy_stack!(),
            "ingress: {clientIP: cloudflare}\n",
            "# apps/proxy.yaml\nkind: proxy\nengine: v2ray\nimage: v2fly/v2fly-core:v5.52.0\ntransport: grpc\n",
            "host: proxy.example.org\nserviceName: updates-7f3a\nclients: {secret: proxy, key: clients.json}\n"
        ),
        good: concat!(
            proxy_stack!(),
            "ingress: {clientIP: cloudflare}\n",
            "# apps/proxy.yaml\nkind: proxy\nengine: v2ray\nimage: v2fly/v2fly-core:v5.52.0\ntransport: ws\n",
            "host: proxy.example.org\npath: /updates-7f3a\nclients: {secret: proxy, key: clients.json}\n"
        ),
    },
};

/// Whether the cluster stands behind it.
fn before(asked: &Asked<'_>) -> bool {
    let trust = asked.stack.ingress.as_ref().and_then(|ingress| ingress.trust.as_ref());
    trust.is_some_and(|trust| trust.cloudflare)
}

/// Tells what it does to gRPC.
pub(super) fn grpc(transport: &Spanned<String>, asked: &Asked<'_>, found: &mut Findings) {
    if transport.value == "grpc" && before(asked) {
        found.push(
            Finding::new(
                &CLOUDFLARE_LIMITS,
                transport.span,
                "Cloudflare answers gRPC with 403 until it is switched on",
            )
            .help("in Cloudflare: Network, gRPC"),
        );
    }
}

/// Tells what it does to S3.
pub(super) fn s3(host: &Spanned<String>, asked: &Asked<'_>, found: &mut Findings) {
    if before(asked) {
        found.push(
            Finding::new(&CLOUDFLARE_LIMITS, host.span, "parts over 100 MB get 413 from Cloudflare")
                .note("and it rewrites Accept-Encoding: clients that sign this header fail")
                .help("clients in the cluster: http://NAME.NAMESPACE.svc:9000"),
        );
    }
}
