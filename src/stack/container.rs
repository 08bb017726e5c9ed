//! What runs in a pod.

use serde::Deserialize;

use crate::yaml::{Named, Node, Spanned, maybe};

/// A container.
#[derive(Clone, Debug, Deserialize)]
pub struct Container {
    /// The image.
    pub image: Spanned<String>,
    /// Instead of the image's entrypoint.
    pub command: Vec<Spanned<String>>,
    /// Instead of the image's command.
    pub args: Vec<Spanned<String>>,
    /// Where the process starts.
    #[serde(rename = "workingDir")]
    pub working_dir: Option<Spanned<String>>,
    /// Environment, in the order written: later values may use `$(NAME)` of earlier ones.
    pub env: Named<EnvValue>,
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
    /// When the image is pulled; `IfNotPresent`.
    #[serde(rename = "imagePullPolicy", deserialize_with = "maybe")]
    pub image_pull_policy: Option<PullPolicy>,
}

/// When an image is pulled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum PullPolicy {
    Always,
    IfNotPresent,
    Never,
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

/// A volume: exactly one source.
#[derive(Clone, Debug, Deserialize)]
pub struct Volume {
    /// A folder of the node.
    #[serde(rename = "hostPath", deserialize_with = "maybe")]
    pub host_path: Option<HostPath>,
    /// Empty at start, gone with the pod.
    #[serde(rename = "emptyDir", deserialize_with = "maybe")]
    pub empty_dir: Option<EmptyDir>,
    /// One file of `files/`; the mount path is then a file.
    pub file: Option<Spanned<String>>,
    /// A Secret; with `key` the mount path is a file.
    #[serde(deserialize_with = "maybe")]
    pub secret: Option<SecretVolume>,
    /// Mounted so that the container cannot write.
    #[serde(rename = "readOnly")]
    pub read_only: Option<bool>,
    /// The volume's name; default: the mount path with dashes.
    pub name: Option<Spanned<String>>,
}

/// A folder of the node.
#[derive(Clone, Debug, Deserialize)]
pub struct HostPath {
    /// Absolute.
    pub path: Spanned<String>,
    /// Kubernetes' type; `DirectoryOrCreate` if writable.
    #[serde(rename = "type")]
    pub kind: Option<Spanned<String>>,
}

/// Scratch space.
#[derive(Clone, Debug, Deserialize)]
pub struct EmptyDir {
    /// At most so much.
    #[serde(rename = "sizeLimit")]
    pub size_limit: Option<Spanned<String>>,
    /// `Memory` for a tmpfs.
    pub medium: Option<Spanned<String>>,
}

/// A Secret as files.
#[derive(Clone, Debug, Deserialize)]
pub struct SecretVolume {
    /// The Secret.
    pub name: Spanned<String>,
    /// This key alone.
    pub key: Option<Spanned<String>>,
    /// Mode of the files.
    pub mode: Option<Spanned<u16>>,
    /// Start even without it.
    pub optional: Option<bool>,
}

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

/// A health check: exactly one of the first four.
#[derive(Clone, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub struct Probe {
    #[serde(rename = "httpGet", deserialize_with = "maybe")]
    pub http_get: Option<HttpGet>,
    #[serde(rename = "tcpSocket", deserialize_with = "maybe")]
    pub tcp_socket: Option<TcpSocket>,
    pub exec: Option<Vec<Spanned<String>>>,
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
}

/// A connection that must open.
#[derive(Clone, Debug, Deserialize)]
pub struct TcpSocket {
    /// The port's name.
    pub port: Spanned<String>,
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
