//! Health checks.

use serde::Deserialize;

use crate::yaml::{Node, Spanned, maybe};

/// Health checks; none by default.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub struct Probes {
    #[serde(deserialize_with = "maybe")]
    pub startup: Option<Probe>,
    #[serde(deserialize_with = "maybe")]
    pub liveness: Option<Probe>,
    #[serde(deserialize_with = "maybe")]
    pub readiness: Option<Probe>,
}

/// A health check: exactly one of the first four handlers.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub struct Probe {
    #[serde(rename = "httpGet", deserialize_with = "maybe")]
    pub http_get: Option<HttpGet>,
    #[serde(rename = "tcpSocket", deserialize_with = "maybe")]
    pub tcp_socket: Option<TcpSocket>,
    pub exec: Option<Vec<Spanned<String>>>,
    #[serde(deserialize_with = "maybe")]
    pub grpc: Option<Grpc>,
    #[serde(rename = "initialDelaySeconds")]
    pub initial_delay_seconds: Option<Spanned<u32>>,
    #[serde(rename = "periodSeconds")]
    pub period_seconds: Option<Spanned<u32>>,
    #[serde(rename = "timeoutSeconds")]
    pub timeout_seconds: Option<Spanned<u32>>,
    #[serde(rename = "successThreshold")]
    pub success_threshold: Option<Spanned<u32>>,
    #[serde(rename = "failureThreshold")]
    pub failure_threshold: Option<Spanned<u32>>,
    #[serde(rename = "terminationGracePeriodSeconds")]
    pub termination_grace_period_seconds: Option<Spanned<u32>>,
}

/// A request that must be answered with 200 to 399.
#[derive(Clone, Debug, Deserialize)]
pub struct HttpGet {
    /// The path.
    pub path: Spanned<String>,
    /// The port's name; default: the only one, or `http`.
    pub port: Option<Spanned<String>>,
    /// `HTTP` or `HTTPS`.
    pub scheme: Option<Spanned<String>>,
    /// Headers of the request.
    #[serde(rename = "httpHeaders")]
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
    /// The service that is asked for.
    pub service: Option<Spanned<String>>,
}
