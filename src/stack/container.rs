//! What runs in a pod.

use serde::Deserialize;

use super::{Probes, Volume};
use crate::yaml::{Named, Node, Spanned, maybe};

/// A container.
#[derive(Clone, Debug, Deserialize)]
pub struct Container {
    /// The image; a sidecar's default is the app's.
    pub image: Option<Spanned<String>>,
    /// Instead of the image's entrypoint.
    pub command: Vec<Spanned<String>>,
    /// Instead of the image's command.
    pub args: Vec<Spanned<String>>,
    /// Where the process starts.
    #[serde(rename = "workingDir")]
    pub working_dir: Option<Spanned<String>>,
    /// Environment, in the order written: later values may use `$(NAME)` of earlier ones.
    pub env: Named<EnvValue>,
    /// Whole ConfigMaps, Secrets and dotenv files as environment.
    #[serde(rename = "envFrom")]
    pub env_from: Vec<EnvFrom>,
    /// Ports, of the container and of the Service.
    pub ports: Named<Port>,
    /// What is mounted where.
    pub volumes: Named<Volume>,
    /// Health checks.
    #[serde(deserialize_with = "maybe")]
    pub probes: Option<Probes>,
    /// Processor and memory.
    #[serde(deserialize_with = "maybe")]
    pub resources: Option<Resources>,
    /// Users and rights; `restricted` is Kubernetes' Pod Security Standard of that name.
    #[serde(rename = "securityContext")]
    pub security_context: Option<Node>,
}

/// A value of the environment: exactly one of them.
#[derive(Clone, Debug, Deserialize)]
pub struct EnvValue {
    /// The text itself.
    pub value: Option<Spanned<String>>,
    /// A Secret's name, with `key`.
    pub secret: Option<Spanned<String>>,
    /// A ConfigMap's name, with `key`.
    #[serde(rename = "configMap")]
    pub config_map: Option<Spanned<String>>,
    /// The key of the Secret or ConfigMap.
    pub key: Option<Spanned<String>>,
    /// Start even without it.
    pub optional: Option<bool>,
    /// A field of the pod, such as `status.podIP`.
    pub field: Option<Spanned<String>>,
    /// A resource of the container, such as `limits.memory`.
    pub resource: Option<Spanned<String>>,
}

/// A source of many values of the environment: exactly one of the first three.
#[derive(Clone, Debug, Deserialize)]
pub struct EnvFrom {
    /// A Secret's name.
    pub secret: Option<Spanned<String>>,
    /// A ConfigMap's name.
    #[serde(rename = "configMap")]
    pub config_map: Option<Spanned<String>>,
    /// A dotenv file of `files/`.
    pub file: Option<Spanned<String>>,
    /// Before each name.
    pub prefix: Option<Spanned<String>>,
    /// Start even without it.
    pub optional: Option<bool>,
}

/// A port.
#[derive(Clone, Debug, Deserialize)]
pub struct Port {
    /// The Service's number.
    pub port: Spanned<u16>,
    /// The container's number; default: `port`.
    #[serde(rename = "targetPort")]
    pub target_port: Option<Spanned<u16>>,
    /// TCP unless said.
    #[serde(deserialize_with = "maybe")]
    pub protocol: Option<Protocol>,
    /// The node's number, where the container takes it on the node itself.
    #[serde(rename = "hostPort")]
    pub host_port: Option<Spanned<u16>>,
    /// The node's address for `hostPort`.
    #[serde(rename = "hostIP")]
    pub host_ip: Option<Spanned<String>>,
    /// Every node's number, for a Service of type NodePort or LoadBalancer.
    #[serde(rename = "nodePort")]
    pub node_port: Option<Spanned<u16>>,
    /// The Service's hint, such as `kubernetes.io/h2c`.
    #[serde(rename = "appProtocol")]
    pub app_protocol: Option<Spanned<String>>,
}

/// A transport protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum Protocol {
    TCP,
    UDP,
    SCTP,
}

/// Processor and memory: `cpu` is a request, `memory` request and limit; `requests` and `limits` add and win.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub struct Resources {
    pub cpu: Option<Spanned<String>>,
    pub memory: Option<Spanned<String>>,
    pub requests: Named<Spanned<String>>,
    pub limits: Named<Spanned<String>>,
}
