//! Routes through Traefik.

use serde::Deserialize;

use crate::yaml::{Node, Spanned, maybe};

/// A route.
#[derive(Clone, Debug, Deserialize)]
pub struct Route {
    /// The hosts; `*.` in front covers one label.
    pub host: Vec<Spanned<String>>,
    /// This path exactly.
    pub path: Option<Spanned<String>>,
    /// Everything below this path.
    #[serde(rename = "pathPrefix")]
    pub path_prefix: Option<Spanned<String>>,
    /// The port's name; default: the only one, or `http`.
    pub port: Option<Spanned<String>>,
    /// A raw rule instead of host and paths.
    #[serde(rename = "match")]
    pub rule: Option<Spanned<String>>,
    /// Middlewares of the app or the stack, in the order in which they act.
    pub middlewares: Vec<Spanned<String>>,
    /// How Traefik speaks to the pod.
    #[serde(deserialize_with = "maybe")]
    pub scheme: Option<Scheme>,
    /// Among routes that match, the highest wins; default: the longest rule.
    pub priority: Option<Spanned<i64>>,
    /// Traefik's entry points; `[websecure]`.
    #[serde(rename = "entryPoints")]
    pub entry_points: Option<Vec<Spanned<String>>>,
    /// A ServersTransport that exists.
    #[serde(rename = "serversTransport")]
    pub servers_transport: Option<Spanned<String>>,
    /// Whether a visitor stays with one pod, by a cookie.
    pub sticky: Option<bool>,
    /// A Secret's name instead of the certificate that covers the host, or false.
    pub tls: Option<Node>,
}

/// How Traefik speaks to a pod.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "Traefik's own words")]
pub enum Scheme {
    Http,
    Https,
    H2c,
}

/// A route of bare TCP.
#[derive(Clone, Debug, Deserialize)]
pub struct TcpRoute {
    /// Traefik's entry points, declared in `ingress`.
    #[serde(rename = "entryPoints")]
    pub entry_points: Vec<Spanned<String>>,
    /// The port's name; default: the only one, or the route's own name.
    pub port: Option<Spanned<String>>,
    /// The name in the TLS handshake; `*` for any, also without TLS.
    #[serde(rename = "hostSNI")]
    pub host_sni: Option<Spanned<String>>,
    /// A Secret's name where Traefik ends TLS, or Traefik's own map (`{passthrough: true}`).
    pub tls: Option<Node>,
    /// Middlewares of the stack.
    pub middlewares: Vec<Spanned<String>>,
    /// Traefik's map, such as `{version: 2}`.
    #[serde(rename = "proxyProtocol")]
    pub proxy_protocol: Option<Node>,
}

/// A route of UDP.
#[derive(Clone, Debug, Deserialize)]
pub struct UdpRoute {
    /// Traefik's entry points, declared in `ingress`.
    #[serde(rename = "entryPoints")]
    pub entry_points: Vec<Spanned<String>>,
    /// The port's name; default: the only one, or the route's own name.
    pub port: Option<Spanned<String>>,
}
