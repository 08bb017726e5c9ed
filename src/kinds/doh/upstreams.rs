//! The servers that are asked, as the user writes them for any engine, and what each engine takes of it.

use std::net::IpAddr;

use super::Own;
use crate::finding::Findings;
use crate::kinds::{Asked, engine, upstream};
use crate::stack::value_invalid;
use crate::yaml::Spanned;

/// Schemes of upstreams, and the port that each means.
const SCHEMES: [(&str, u16); 4] = [("udp", 53), ("tcp", 53), ("tls", 853), ("https", 443)];

/// What an engine takes.
pub(super) struct Takes {
    pub(super) engine: &'static str,
    pub(super) schemes: &'static [&'static str],
    /// Whether it finds out addresses of names.
    pub(super) names: bool,
}

/// A server that is asked.
pub(super) struct Server {
    pub(super) scheme: &'static str,
    /// Its address or name and its port, ready to be written.
    pub(super) authority: String,
    /// The path behind it, of `https`.
    pub(super) path: String,
}

/// The servers that can be understood; what is wrong with others is told.
pub(super) fn servers(own: &Own, takes: &Takes, asked: &Asked<'_>, found: &mut Findings) -> Vec<Server> {
    own.upstreams.iter().filter_map(|text| server(text, own, takes, asked, found)).collect()
}

fn server(
    text: &Spanned<String>,
    own: &Own,
    takes: &Takes,
    asked: &Asked<'_>,
    found: &mut Findings,
) -> Option<Server> {
    let Some((scheme, host, port)) = upstream::parts(&text.value) else {
        let message = format!("`{}` does not say how to ask it", text.value);
        found.push(
            value_invalid(text.span, message).help(format!("udp://{0}, tcp://{0} or tls://{0}", text.value)),
        );
        return None;
    };
    let looped =
        upstream::is_loop(text, host, &own.host).or_else(|| upstream::is_cluster(text, host, asked.stack));
    if let Some(finding) = looped {
        found.push(finding);
        return None;
    }
    let Some((scheme, default)) = SCHEMES.into_iter().find(|(name, _)| *name == scheme) else {
        let message = format!("`{scheme}` is no way to ask a DNS server");
        found.push(value_invalid(text.span, message).help("udp, tcp or tls, as in tls://1.1.1.1:853"));
        return None;
    };
    if !takes.schemes.contains(&scheme) {
        let message =
            format!("{} asks its upstreams by {}, not by {scheme}", takes.engine, takes.schemes.join(", "));
        found.push(engine::lacks(text.span, message).help(format!("tls://{host}:853")));
        return None;
    }
    let ip = host.parse::<IpAddr>().ok();
    if ip.is_none() && !takes.names {
        let message = format!("{} wants the address of an upstream, `{host}` is a name", takes.engine);
        found.push(engine::lacks(text.span, message).help(format!("dig +short {host}")));
        return None;
    }
    if ip.is_none() && !host.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')) {
        found.push(value_invalid(text.span, format!("`{host}` is neither an address nor a name")));
        return None;
    }
    let port = match port.map(str::parse::<u16>) {
        None => default,
        Some(Ok(port)) if port > 0 => port,
        Some(_) => {
            found.push(value_invalid(text.span, "the port of the upstream is 1 to 65535"));
            return None;
        }
    };
    let authority = match ip {
        Some(ip) => std::net::SocketAddr::new(ip, port).to_string(),
        None => format!("{host}:{port}"),
    };
    Some(Server { scheme, authority, path: path_of(&text.value) })
}

/// What follows the host.
fn path_of(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    rest.split_once('/').map_or_else(String::new, |(_, path)| format!("/{path}"))
}
