//! Health checks.

use serde::Deserialize;

use crate::yaml::{Named, Node, Spanned, like, maybe};

/// Health checks.
#[derive(Clone, Debug, Deserialize)]
pub struct Probes {
    /// Until it succeeds, the other two wait.
    #[serde(deserialize_with = "maybe")]
    pub startup: Option<Probe>,
    /// When it fails, the container is started anew.
    #[serde(deserialize_with = "maybe")]
    pub liveness: Option<Probe>,
    /// While it fails, no Service sends anything to the pod.
    #[serde(deserialize_with = "maybe")]
    pub readiness: Option<Probe>,
}

/// A health check: exactly one of `httpGet`, `tcpSocket`, `exec` and `grpc`.
#[derive(Clone, Debug, Deserialize)]
pub struct Probe {
    /// A request that must be answered with 200 to 399.
    #[serde(rename = "httpGet", deserialize_with = "maybe")]
    pub http_get: Option<HttpGet>,
    /// A connection that must open.
    #[serde(rename = "tcpSocket", deserialize_with = "maybe")]
    pub tcp_socket: Option<TcpSocket>,
    /// A command in the container that must end with 0.
    pub exec: Option<Vec<Spanned<String>>>,
    /// A question by gRPC's own health protocol.
    #[serde(deserialize_with = "maybe")]
    pub grpc: Option<Grpc>,
    /// Seconds before the first check. Default: `0`.
    #[serde(rename = "initialDelaySeconds")]
    pub initial_delay_seconds: Option<Spanned<u32>>,
    /// Seconds between two checks. Default: `10`.
    #[serde(rename = "periodSeconds")]
    pub period_seconds: Option<Spanned<u32>>,
    /// Seconds after which a check has failed. Default: `1`.
    #[serde(rename = "timeoutSeconds")]
    pub timeout_seconds: Option<Spanned<u32>>,
    /// Checks in a row after which it has succeeded. Default: `1`.
    #[serde(rename = "successThreshold")]
    pub success_threshold: Option<Spanned<u32>>,
    /// Checks in a row after which it has failed. Default: `3`.
    #[serde(rename = "failureThreshold")]
    pub failure_threshold: Option<Spanned<u32>>,
    /// Seconds between the request to stop and the end, when this check ends the container. Default: the app's.
    #[serde(rename = "terminationGracePeriodSeconds")]
    pub termination_grace_period_seconds: Option<Spanned<u32>>,
}

/// A request that must be answered with 200 to 399.
#[derive(Clone, Debug, Deserialize)]
pub struct HttpGet {
    /// The path, with `/` in front.
    pub path: Spanned<String>,
    /// The port's name. Default: the only one, or `http`.
    pub port: Option<Spanned<String>>,
    /// `HTTP` or `HTTPS`. Default: `HTTP`.
    pub scheme: Option<Spanned<String>>,
    /// Headers of the request, Kubernetes' own list of `{name, value}`.
    #[serde(rename = "httpHeaders", deserialize_with = "like::<Option<Vec<Named<Node>>>, _, _>")]
    pub http_headers: Option<Node>,
}

/// A connection that must open.
#[derive(Clone, Debug, Deserialize)]
pub struct TcpSocket {
    /// The port's name.
    pub port: Spanned<String>,
}

/// gRPC's own health protocol.
#[derive(Clone, Debug, Deserialize)]
pub struct Grpc {
    /// The port's name.
    pub port: Spanned<String>,
    /// The service that is asked for. Default: the whole server.
    pub service: Option<Spanned<String>>,
}
