//! CoreDNS's configuration, for `kind: doh`.
//!
//! A block `https://` without the plugin `tls` speaks plain HTTP, which is what Traefik wants behind itself (CoreDNS
//! pull request 4997, from 1.9.0 on). All that is written comes from parsed addresses and numbers.

use std::net::{IpAddr, SocketAddr};

use serde::Deserialize;

use super::{duration, engine, upstream};
use crate::finding::Findings;
use crate::stack::value_invalid;
use crate::yaml::Spanned;

/// Where DNS questions arrive; below 1024 its user could not listen.
pub(super) const PORT: u16 = 8053;
/// Where it says that it lives, and that it is ready.
pub(super) const HEALTH: u16 = 8080;
pub(super) const READY: u16 = 8181;

/// Schemes of upstreams, and the port that each means.
const SCHEMES: [(&str, u16); 4] = [("udp", 53), ("tcp", 53), ("tls", 853), ("https", 443)];
/// `forward` refuses more.
const MOST_UPSTREAMS: usize = 15;

/// Answers that are kept, and for how long.
#[derive(Deserialize)]
pub(super) struct Cache {
    /// How many answers: 1024 to 10000000. Default: `9984`.
    size: Option<Spanned<String>>,
    /// The shortest time, a number with `s`, `m` or `h`. Default: `5s`.
    #[serde(rename = "minTTL")]
    min_ttl: Option<Spanned<String>>,
    /// The longest time, a number with `s`, `m` or `h`. Default: `1h`.
    #[serde(rename = "maxTTL")]
    max_ttl: Option<Spanned<String>>,
}

/// A server that is asked.
struct Upstream {
    scheme: &'static str,
    address: SocketAddr,
}

/// The whole file.
pub(super) fn text(
    upstreams: &[Spanned<String>],
    cache: Option<&Cache>,
    own: &Spanned<String>,
    found: &mut Findings,
) -> Option<String> {
    let before = found.errors();
    let servers: Vec<Upstream> = upstreams.iter().filter_map(|text| server(text, own, found)).collect();
    one_plain_transport(upstreams, &servers, found);
    if let Some(over) = upstreams.get(MOST_UPSTREAMS) {
        found.push(engine::lacks(over.span, format!("coredns asks {MOST_UPSTREAMS} upstreams at most")));
    }
    let cache = cache.map(|cache| cache_lines(cache, found)).unwrap_or_default();
    if found.errors() > before {
        return None;
    }
    let forward = forward_lines(&servers);
    // Lame duck: on SIGTERM it goes on answering until Traefik has heard that it goes.
    Some(format!(
        "https://.:{PORT} {{\n    errors\n    health :{HEALTH} {{\n        lameduck 5s\n    }}\n    ready :{READY}\n{cache}{forward}}}\n"
    ))
}

fn server(text: &Spanned<String>, own: &Spanned<String>, found: &mut Findings) -> Option<Upstream> {
    let Some((scheme, host, port)) = upstream::parts(&text.value) else {
        let message = format!("`{}` does not say how to ask it", text.value);
        found.push(
            value_invalid(text.span, message).help(format!("udp://{0}, tcp://{0} or tls://{0}", text.value)),
        );
        return None;
    };
    if let Some(finding) = upstream::is_loop(text, host, own) {
        found.push(finding);
        return None;
    }
    let Some((scheme, default)) = SCHEMES.into_iter().find(|(name, _)| *name == scheme) else {
        let message = format!("`{scheme}` is no way to ask a DNS server");
        found.push(value_invalid(text.span, message).help("udp, tcp or tls, as in tls://1.1.1.1:853"));
        return None;
    };
    if scheme == "https" {
        let message = "coredns asks its upstreams by udp, tcp or tls, not by https";
        found.push(engine::lacks(text.span, message).help(format!("tls://{host}:853")));
        return None;
    }
    let Ok(ip) = host.parse::<IpAddr>() else {
        let message = format!("coredns wants the address of an upstream, `{host}` is a name");
        found.push(engine::lacks(text.span, message).help(format!("dig +short {host}")));
        return None;
    };
    let port = match port.map(str::parse::<u16>) {
        None => default,
        Some(Ok(port)) if port > 0 => port,
        Some(_) => {
            found.push(value_invalid(text.span, "the port of the upstream is 1 to 65535"));
            return None;
        }
    };
    Some(Upstream { scheme, address: SocketAddr::new(ip, port) })
}

/// `prefer_udp` and `force_tcp` hold for all upstreams of a `forward`.
fn one_plain_transport(written: &[Spanned<String>], servers: &[Upstream], found: &mut Findings) {
    let has = |scheme: &str| servers.iter().any(|server| server.scheme == scheme);
    if let Some(first) = written.first().filter(|_| has("udp") && has("tcp")) {
        let message = "coredns asks all its plain upstreams by udp or all by tcp";
        found.push(engine::lacks(first.span, message).help("use one of `udp` and `tcp`"));
    }
}

/// A question that came by HTTP would go on by TCP unless told otherwise: it counts as come by TCP.
fn forward_lines(servers: &[Upstream]) -> String {
    let mut to = String::new();
    for Upstream { scheme, address } in servers {
        let scheme = if *scheme == "tls" { "tls" } else { "dns" };
        to.push_str(&format!(" {scheme}://{address}"));
    }
    let option = [("udp", "prefer_udp"), ("tcp", "force_tcp")]
        .into_iter()
        .find(|(scheme, _)| servers.iter().any(|server| server.scheme == *scheme));
    match option {
        Some((_, option)) => format!("    forward .{to} {{\n        {option}\n    }}\n"),
        None => format!("    forward .{to}\n"),
    }
}

/// The numbers not said are CoreDNS's own.
fn cache_lines(cache: &Cache, found: &mut Findings) -> String {
    let size = cache.size.as_ref().map_or(Some(9_984), |size| entries(size, found));
    let mut ttl = |name: &str, text: &Option<Spanned<String>>| {
        text.as_ref().map(|text| duration::seconds(name, text, 0..=604_800, found))
    };
    let (min, max) = (ttl("minTTL", &cache.min_ttl), ttl("maxTTL", &cache.max_ttl));
    let (Some(size), Some(min), Some(max)) = (size, min.unwrap_or(Some(5)), max.unwrap_or(Some(3_600)))
    else {
        return String::new();
    };
    if let Some(text) = cache.min_ttl.as_ref().filter(|_| min > max) {
        found.push(value_invalid(text.span, format!("`minTTL` is longer than `maxTTL`, {max}s")));
    }
    // That there is no such name is kept for half an hour at most, unless the user says longer or shorter.
    let denial = if cache.max_ttl.is_some() { max } else { max.min(1_800).max(min) };
    format!(
        "    cache {{\n        success {size} {max} {min}\n        denial {size} {denial} {min}\n    }}\n"
    )
}

/// CoreDNS counts answers, where others count bytes.
fn entries(size: &Spanned<String>, found: &mut Findings) -> Option<u32> {
    let number = size.value.parse::<u32>().ok().filter(|count| (1_024..=10_000_000).contains(count));
    if number.is_none() {
        found.push(
            value_invalid(size.span, "the size of coredns's cache is a number of answers, 1024 to 10000000")
                .help("size: 10000"),
        );
    }
    number
}
