//! Routes through Traefik.

use serde::Deserialize;

use crate::yaml::{Either, Named, Node, Spanned, like, maybe};

/// An HTTP route through Traefik.
#[derive(Clone, Debug, Deserialize)]
pub struct Route {
    /// Its hosts; `*.` in front covers one label.
    pub host: Vec<Spanned<String>>,
    /// This path exactly. Default: all paths.
    pub path: Option<Spanned<String>>,
    /// All paths that begin with this one.
    #[serde(rename = "pathPrefix")]
    pub path_prefix: Option<Spanned<String>>,
    /// The port's name. Default: the only one, or `http`.
    pub port: Option<Spanned<String>>,
    /// A rule in Traefik's own words, instead of `host` and paths.
    #[serde(rename = "match")]
    pub rule: Option<Spanned<String>>,
    /// Middlewares of the app or of the stack, in the order in which they act.
    pub middlewares: Vec<Spanned<String>>,
    /// What Traefik speaks with the pod. Default: `http`.
    #[serde(deserialize_with = "maybe")]
    pub scheme: Option<Scheme>,
    /// Among routes that match, the highest wins. Default: the length of the rule.
    pub priority: Option<Spanned<i64>>,
    /// Traefik's entry points. Default: `[websecure]`.
    #[serde(rename = "entryPoints")]
    pub entry_points: Option<Vec<Spanned<String>>>,
    /// A ServersTransport of `manifests/` or `external`: how Traefik checks the pod's certificate.
    #[serde(rename = "serversTransport")]
    pub servers_transport: Option<Spanned<String>>,
    /// Whether a visitor stays with one pod, by a cookie. Default: `false`.
    pub sticky: Option<bool>,
    /// A Secret with the certificate, or `false` for none. Default: the certificate of `ingress.tls` that covers the hosts.
    #[serde(deserialize_with = "like::<Option<Either<String, bool>>, _, _>")]
    pub tls: Option<Node>,
}

/// What Traefik speaks with a pod.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
#[expect(missing_docs, reason = "Traefik's own words")]
pub enum Scheme {
    Http,
    Https,
    H2c,
}

/// A TCP route through Traefik.
#[derive(Clone, Debug, Deserialize)]
pub struct TcpRoute {
    /// Traefik's entry points, declared in `ingress.entryPoints`.
    #[serde(rename = "entryPoints")]
    pub entry_points: Vec<Spanned<String>>,
    /// The port's name. Default: the only one, or the route's own name.
    pub port: Option<Spanned<String>>,
    /// The name in the TLS handshake; `*` for any, also without TLS. Default: `*`.
    #[serde(rename = "hostSNI")]
    pub host_sni: Option<Spanned<String>>,
    /// A Secret with the certificate, where Traefik ends TLS, or Traefik's own map, such as `{passthrough: true}`.
    /// Default: no TLS.
    #[serde(deserialize_with = "like::<Option<Either<String, Named<Node>>>, _, _>")]
    pub tls: Option<Node>,
    /// Middlewares for TCP, such as `ipAllowList`, of the app or of the stack, in the order in which they act.
    pub middlewares: Vec<Spanned<String>>,
    /// Traefik's own map for the PROXY protocol, such as `{version: 2}`.
    #[serde(rename = "proxyProtocol", deserialize_with = "like::<Option<Named<Node>>, _, _>")]
    pub proxy_protocol: Option<Node>,
}

/// A UDP route through Traefik.
#[derive(Clone, Debug, Deserialize)]
pub struct UdpRoute {
    /// Traefik's entry points, declared in `ingress.entryPoints`.
    #[serde(rename = "entryPoints")]
    pub entry_points: Vec<Spanned<String>>,
    /// The port's name. Default: the only one, or the route's own name.
    pub port: Option<Spanned<String>>,
}
