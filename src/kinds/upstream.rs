//! Programs that ask others by the same protocol that they answer.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use crate::finding::{Code, Finding, Page, Severity};
use crate::stack::Stack;
use crate::yaml::Spanned;

/// A program that asks itself.
pub static UPSTREAM_LOOP: Code = Code {
    name: "upstream-loop",
    severity: Severity::Error,
    page: Page {
        about: "The upstream is the app's own host: each question would come back to it through Traefik, until a\n\
                timeout or a limit ends the loop. (Or it is the cluster's own DNS, which asks the node's, which may well\n\
                ask this server.) Name the server that has the answers.",
        bad: concat!(
            doh_stack!(),
            "# apps/doh.yaml\nkind: doh\nengine: coredns\nimage: coredns/coredns:1.11.1\nhost: doh.example.org\n",
            "upstreams: [\"tls://doh.example.org:853\"]\n"
        ),
        good: concat!(
            doh_stack!(),
            "# apps/doh.yaml\nkind: doh\nengine: coredns\nimage: coredns/coredns:1.11.1\nhost: doh.example.org\n",
            "upstreams: [\"tls://1.1.1.1:853\"]\n"
        ),
    },
};

/// A URL taken apart: scheme, host, port. What follows the host is not looked at.
pub(super) fn parts(url: &str) -> Option<(&str, &str, Option<&str>)> {
    let (scheme, rest) = url.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let (host, after) = rest.split_once(']')?;
            (host, if after.is_empty() { None } else { Some(after.strip_prefix(':')?) })
        }
        None => match authority.split_once(':') {
            Some((host, port)) => (host, Some(port)),
            None => (authority, None),
        },
    };
    (!host.is_empty()).then_some((scheme, host, port))
}

/// The finding, if `host` is the app's own.
pub(super) fn is_loop(upstream: &Spanned<String>, host: &str, own: &Spanned<String>) -> Option<Finding> {
    own.value.eq_ignore_ascii_case(host.trim_end_matches('.')).then(|| {
        Finding::new(&UPSTREAM_LOOP, upstream.span, format!("the upstream `{host}` is this app itself"))
            .label("asks itself")
            .also(own.span, "its own host")
    })
}

/// The finding, if `host` is the cluster's own DNS: k3s gives it the tenth address of the Services.
pub(super) fn is_cluster(upstream: &Spanned<String>, host: &str, stack: &Stack) -> Option<Finding> {
    let ip = host.parse::<IpAddr>().ok()?;
    let (range, span) = stack.network.service.iter().find(|(range, _)| tenth(range) == Some(ip))?;
    let finding =
        Finding::new(&UPSTREAM_LOOP, upstream.span, format!("the upstream {host} is the cluster's own DNS"))
            .label("may come back here")
            .note(format!(
                "it is the tenth address of the Services' range {range}, and asks the node's DNS in turn"
            ));
    Some(match span {
        Some(span) => finding.also(*span, "the Services' range"),
        None => finding,
    })
}

fn tenth(range: &IpNet) -> Option<IpAddr> {
    Some(match range.network() {
        IpAddr::V4(first) => IpAddr::V4(Ipv4Addr::from_bits(first.to_bits().checked_add(10)?)),
        IpAddr::V6(first) => IpAddr::V6(Ipv6Addr::from_bits(first.to_bits().checked_add(10)?)),
    })
}

#[cfg(test)]
mod tests {
    use super::parts;

    #[test]
    fn urls() {
        let rows = [
            ("tls://1.1.1.1:853", Some(("tls", "1.1.1.1", Some("853")))),
            ("udp://[2606:4700::1111]:53", Some(("udp", "2606:4700::1111", Some("53")))),
            ("tcp://[::1]", Some(("tcp", "::1", None))),
            ("https://dns.google/dns-query", Some(("https", "dns.google", None))),
            ("https://a:1?x", Some(("https", "a", Some("1")))),
            ("1.1.1.1", None),
            ("udp://", None),
            ("udp://[::1", None),
            ("udp://[::1]x", None),
        ];
        for (url, expected) in rows {
            assert_eq!(parts(url), expected, "{url}");
        }
    }
}
