//! What runs in a pod.

use serde::Deserialize;

use super::security::SecurityContext;
use super::{Probes, Volume};
use crate::yaml::{Named, Node, Spanned, like, maybe};

/// A container.
#[derive(Clone, Debug, Deserialize)]
pub struct Container {
    /// The image, with a tag or digest. An app needs one; a sidecar or init container without one takes the app's.
    pub image: Option<Spanned<String>>,
    /// What is run, instead of the image's entrypoint.
    pub command: Vec<Spanned<String>>,
    /// Its arguments, instead of the image's command.
    pub args: Vec<Spanned<String>>,
    /// The folder in which the process starts. Default: the image's.
    #[serde(rename = "workingDir")]
    pub working_dir: Option<Spanned<String>>,
    /// The environment, in the order written: later values may use `$(NAME)` of earlier ones. A plain number, truth or
    /// date is taken as its characters.
    pub env: Named<EnvValue>,
    /// Whole ConfigMaps, Secrets and dotenv files as environment.
    #[serde(rename = "envFrom")]
    pub env_from: Vec<Spanned<EnvFrom>>,
    /// Ports, of the container and of its Service, by names of at most 15 characters. Only the main container's reach a
    /// Service.
    pub ports: Named<Port>,
    /// What is mounted, by mount path.
    pub volumes: Named<Volume>,
    /// Health checks. Default: none.
    #[serde(deserialize_with = "maybe")]
    pub probes: Option<Probes>,
    /// Processor and memory. Default: none.
    #[serde(deserialize_with = "maybe")]
    pub resources: Option<Resources>,
    /// Users and rights: Kubernetes' fields of pod and container in one map. Default: the image's user.
    #[serde(rename = "securityContext", deserialize_with = "like::<Option<SecurityContext>, _, _>")]
    pub security_context: Option<Node>,
}

/// A value of the environment: exactly one source.
#[derive(Clone, Debug, Deserialize)]
#[serde(expecting = "text or a map")]
pub struct EnvValue {
    /// The text itself.
    pub value: Option<Spanned<String>>,
    /// The Secret that holds it, under `key`.
    pub secret: Option<Spanned<String>>,
    /// The ConfigMap that holds it, under `key`.
    #[serde(rename = "configMap")]
    pub config_map: Option<Spanned<String>>,
    /// The key in the Secret or ConfigMap.
    pub key: Option<Spanned<String>>,
    /// Whether the pod starts even without it. Default: `false`.
    pub optional: Option<bool>,
    /// A field of the pod, such as `status.podIP`.
    pub field: Option<Spanned<String>>,
    /// A resource of the container, such as `limits.memory`.
    pub resource: Option<Spanned<String>>,
}

/// A source of many values of the environment: exactly one of `secret`, `configMap` and `file`.
#[derive(Clone, Debug, Deserialize)]
pub struct EnvFrom {
    /// A Secret, all its keys.
    pub secret: Option<Spanned<String>>,
    /// A ConfigMap, all its keys.
    #[serde(rename = "configMap")]
    pub config_map: Option<Spanned<String>>,
    /// A dotenv file of `files/`, made a ConfigMap.
    pub file: Option<Spanned<String>>,
    /// What is put before each name.
    pub prefix: Option<Spanned<String>>,
    /// Whether the pod starts even without it. Default: `false`.
    pub optional: Option<bool>,
}

/// A port. TCP and UDP on one number are two ports.
#[derive(Clone, Debug, Deserialize)]
#[serde(expecting = "a number or a map")]
pub struct Port {
    /// The number in the Service, and in the container unless `targetPort` says another.
    pub port: Spanned<u16>,
    /// The number in the container. Default: `port`.
    #[serde(rename = "targetPort")]
    pub target_port: Option<Spanned<u16>>,
    /// Its transport protocol. Default: `TCP`.
    #[serde(deserialize_with = "maybe")]
    pub protocol: Option<Protocol>,
    /// The number on the node itself, which the container then takes: one pod a node.
    #[serde(rename = "hostPort")]
    pub host_port: Option<Spanned<u16>>,
    /// The node's address for `hostPort`. Default: all.
    #[serde(rename = "hostIP")]
    pub host_ip: Option<Spanned<String>>,
    /// The number on every node, for a Service of type NodePort or LoadBalancer. Default: Kubernetes chooses.
    #[serde(rename = "nodePort")]
    pub node_port: Option<Spanned<u16>>,
    /// The Service's word on what is spoken, such as `kubernetes.io/h2c`.
    #[serde(rename = "appProtocol")]
    pub app_protocol: Option<Spanned<String>>,
    /// Whether a Service carries it. Default: `true`.
    pub service: Option<bool>,
    /// Where its name is written; elsewhere stands its number, or nothing. Default: `[container, service, probes]`.
    pub names: Option<Vec<NamedIn>>,
}

/// Where a port's name can stand.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum NamedIn {
    /// The container's port.
    Container,
    /// The Service's port.
    Service,
    /// The Service's `targetPort`, which finds the container's port by its name then.
    TargetPort,
    /// Probes.
    Probes,
}

impl Port {
    /// Whether its name is written there.
    pub fn is_named_in(&self, place: NamedIn) -> bool {
        match &self.names {
            Some(places) => places.contains(&place),
            None => place != NamedIn::TargetPort,
        }
    }

    /// The number in the container.
    pub fn in_container(&self) -> &Spanned<u16> {
        self.target_port.as_ref().unwrap_or(&self.port)
    }
}

/// A transport protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum Protocol {
    TCP,
    UDP,
    SCTP,
}

impl Protocol {
    /// Kubernetes' word.
    pub fn word(self) -> &'static str {
        match self {
            Protocol::TCP => "TCP",
            Protocol::UDP => "UDP",
            Protocol::SCTP => "SCTP",
        }
    }
}

/// Processor and memory.
#[derive(Clone, Debug, Deserialize)]
pub struct Resources {
    /// Processors that are kept free for it: a request without a limit, such as `100m`.
    pub cpu: Option<Spanned<String>>,
    /// Memory, both as request and as limit, such as `256Mi`.
    pub memory: Option<Spanned<String>>,
    /// Other requests by Kubernetes' names, or other numbers than `cpu` and `memory` say.
    pub requests: Named<Spanned<String>>,
    /// Other limits by Kubernetes' names, or other numbers than `memory` says.
    pub limits: Named<Spanned<String>>,
}
