//! Whether a proxy's log shows clients' addresses: newer releases believe X-Forwarded-For only when told.

use super::{Own, Program};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kinds::Asked;
use crate::kinds::engine::{self, Engine};

/// A release that believes nobody unless told.
pub(in crate::kinds) static CLIENT_IP_UNTRUSTED: Code = Code {
    name: "client-ip-untrusted",
    severity: Severity::Note,
    page: Page {
        about: "Traefik hands on the client's address, but this release of the proxy does not believe it unless its own\n\
                configuration says so: else its log shows addresses of the pods' network. The configuration lies in a\n\
                Secret, where stackc does not see it. When you have looked, say `clientIP: true`.",
        bad: concat!(
            proxy_stack!(),
            "ingress: {clientIP: cloudflare}\n",
            "# apps/proxy.yaml\nkind: proxy\nengine: xray\nimage: ghcr.io/xtls/xray-core:26.7.28\ntransport: ws\n",
            "host: proxy.example.org\npath: /updates-7f3a\nconfig: {secret: proxy, key: config.json}\n"
        ),
        good: concat!(
            proxy_stack!(),
            "ingress: {clientIP: cloudflare}\n",
            "# apps/proxy.yaml\nkind: proxy\nengine: xray\nimage: ghcr.io/xtls/xray-core:26.7.28\ntransport: ws\n",
            "host: proxy.example.org\npath: /updates-7f3a\nconfig: {secret: proxy, key: config.json}\nclientIP: true\n"
        ),
    },
};

/// Tells what the configuration has to say.
pub(super) fn check(own: &Own, engine: &Engine<Program>, asked: &Asked<'_>, found: &mut Findings) {
    let known = asked.stack.ingress.as_ref().is_some_and(|ingress| ingress.trust.is_some());
    if !known || own.config.is_none() || own.client_ip.is_some() {
        return;
    }
    let Some((from, how)) = engine.program.untrusting else { return };
    let Some((node, image)) = engine::image_of(asked) else { return };
    let release = image.tag.as_deref().and_then(release);
    if release.is_some_and(|release| release >= from) {
        let [major, minor, patch] = from;
        found.push(
            Finding::new(
                &CLIENT_IP_UNTRUSTED,
                node.span,
                format!("{} believes X-Forwarded-For only when its configuration says so", engine.name),
            )
            .note(format!("from {major}.{minor}.{patch} on; else its log shows the pods' network"))
            .help(how)
            .help("when it is there: clientIP: true"),
        );
    }
}

/// The numbers of `v5.52.0` or `26.7.28`; what follows them is not looked at.
fn release(tag: &str) -> Option<[u32; 3]> {
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let mut numbers = tag.split(['.', '-']).map(|part| part.parse::<u32>().ok());
    Some([numbers.next()??, numbers.next()??, numbers.next().flatten().unwrap_or(0)])
}

#[cfg(test)]
mod tests {
    use super::release;

    #[test]
    fn releases() {
        let rows = [
            ("26.7.28", Some([26, 7, 28])),
            ("v5.52.0", Some([5, 52, 0])),
            ("v5.49", Some([5, 49, 0])),
            ("26.7.28-alpine", Some([26, 7, 28])),
            ("latest", None),
            ("5", None),
        ];
        for (tag, expected) in rows {
            assert_eq!(release(tag), expected, "{tag}");
        }
    }
}
