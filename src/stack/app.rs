//! The general app: the only shape that `lower` knows. Every kind becomes one.

use serde::Deserialize;

use super::{Container, JobFile, Place, Route, Schedule, ServiceFile, TcpRoute, UdpRoute, Workload};
use crate::source::Span;
use crate::yaml::{Named, Node, Spanned, maybe};

/// An app, decoded.
#[derive(Clone, Debug)]
pub struct App {
    /// The file's name without its ending.
    pub name: String,
    /// The whole file's place: the cause of what no key asks for.
    pub span: Span,
    /// Its kind.
    pub kind: Spanned<String>,
    /// Where its objects live.
    pub namespace: Spanned<String>,
    /// What asks that its pods may land on one node only, if anything does.
    pub one_node: Option<Span>,
    /// Files whose text its kind computed; a volume's `file` names them by an absolute path, which no user's file has.
    pub made: Vec<MadeFile>,
    /// Keys of Secrets that its program reads by a path, so that no reference in the pod names them.
    pub reads: Vec<SecretRead>,
    /// Its main container.
    pub container: Container,
    /// Everything that is not the container's.
    pub pod: PodFile,
}

/// A file of configuration whose text a kind computed.
#[derive(Clone, Debug)]
pub struct MadeFile {
    /// Its absolute path; the last part is its name in the pod.
    pub path: String,
    /// Its text, at the place of what asked for it.
    pub text: Node,
}

/// A key of a Secret.
#[derive(Clone, Debug)]
pub struct SecretRead {
    /// The Secret's name.
    pub secret: Node,
    /// The key.
    pub key: Node,
}

/// The keys of an app that are not its main container's.
#[derive(Clone, Debug, Deserialize)]
pub struct PodFile {
    /// Kubernetes' kind of workload; Deployment.
    #[serde(deserialize_with = "maybe")]
    pub workload: Option<Workload>,
    /// Over the stack's.
    pub namespace: Option<Spanned<String>>,
    /// How many pods; 1. `auto`: not written, a HorizontalPodAutoscaler owns it.
    pub replicas: Option<Node>,
    /// How pods are replaced.
    #[serde(deserialize_with = "maybe")]
    pub strategy: Option<Strategy>,
    /// When a CronJob runs.
    #[serde(deserialize_with = "maybe")]
    pub schedule: Option<Schedule>,
    /// How a Job or CronJob ends.
    #[serde(deserialize_with = "maybe")]
    pub job: Option<JobFile>,
    /// Services beside or instead of the one named after the app.
    pub services: Named<ServiceFile>,
    /// Containers that run to their end before the others start, in the order written.
    pub init: Named<Container>,
    /// Containers beside the main one.
    pub sidecars: Named<Container>,
    /// Where pods may run.
    #[serde(deserialize_with = "maybe")]
    pub place: Option<Place>,
    /// HTTP routes through Traefik.
    pub routes: Named<Route>,
    /// TCP routes through Traefik.
    #[serde(rename = "tcpRoutes")]
    pub tcp_routes: Named<TcpRoute>,
    /// UDP routes through Traefik.
    #[serde(rename = "udpRoutes")]
    pub udp_routes: Named<UdpRoute>,
    /// This app's own middlewares; one hides the stack's of the same name.
    pub middlewares: Named<Node>,
    /// On every object and pod of the app, never in selectors.
    pub labels: Named<Spanned<String>>,
    /// On every object and pod of the app.
    pub annotations: Named<Spanned<String>>,
    /// On the pod template alone.
    #[serde(rename = "podLabels")]
    pub pod_labels: Named<Spanned<String>>,
    /// On the pod template alone.
    #[serde(rename = "podAnnotations")]
    pub pod_annotations: Named<Spanned<String>>,
    /// What the workload finds its pods by; immutable in the cluster. `{app: NAME}`.
    pub selector: Named<Spanned<String>>,
    /// The node's own network; each port is then a port of the node.
    #[serde(rename = "hostNetwork")]
    pub host_network: Option<bool>,
    /// The node's own processes.
    #[serde(rename = "hostPID")]
    pub host_pid: Option<bool>,
    /// Whom the pod asks for names; Kubernetes' words.
    #[serde(rename = "dnsPolicy", deserialize_with = "maybe")]
    pub dns_policy: Option<DnsPolicy>,
    /// Kubernetes' map: nameservers, searches, options.
    #[serde(rename = "dnsConfig")]
    pub dns_config: Option<Node>,
    /// Names for addresses: IP → names.
    #[serde(rename = "hostAliases")]
    pub host_aliases: Named<Vec<Spanned<String>>>,
    /// The pod's own name.
    pub hostname: Option<Spanned<String>>,
    /// A ServiceAccount that exists; its token is mounted then.
    #[serde(rename = "serviceAccount")]
    pub service_account: Option<Spanned<String>>,
    /// Which pods give way when a node is full; a PriorityClass.
    #[serde(rename = "priorityClassName")]
    pub priority_class_name: Option<Spanned<String>>,
    /// Another container runtime; a RuntimeClass.
    #[serde(rename = "runtimeClassName")]
    pub runtime_class_name: Option<Spanned<String>>,
    /// Whether every Service's address is put into the environment; false.
    #[serde(rename = "enableServiceLinks")]
    pub enable_service_links: Option<bool>,
    /// When images are pulled; `IfNotPresent`.
    #[serde(rename = "imagePullPolicy", deserialize_with = "maybe")]
    pub image_pull_policy: Option<PullPolicy>,
    /// Seconds between the request to stop and the end.
    #[serde(rename = "terminationGracePeriodSeconds")]
    pub termination_grace_period_seconds: Option<Spanned<u32>>,
    /// Secrets that hold the registries' passwords.
    #[serde(rename = "imagePullSecrets")]
    pub image_pull_secrets: Vec<Spanned<String>>,
}

/// `strategy`.
#[derive(Clone, Debug, Deserialize)]
pub struct Strategy {
    /// Recreate, or RollingUpdate.
    #[serde(rename = "type")]
    pub kind: Spanned<StrategyKind>,
    /// Kubernetes' own map.
    #[serde(rename = "rollingUpdate")]
    pub rolling_update: Option<Node>,
}

/// How pods are replaced.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub enum StrategyKind {
    /// The old pod stops before the new one starts.
    Recreate,
    /// The new one starts first; in a StatefulSet and a DaemonSet one after another.
    RollingUpdate,
    /// Only when somebody deletes the old one (StatefulSet, DaemonSet).
    OnDelete,
}

/// When an image is pulled.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum PullPolicy {
    Always,
    IfNotPresent,
    Never,
}

/// Whom a pod asks for names.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum DnsPolicy {
    ClusterFirst,
    ClusterFirstWithHostNet,
    Default,
    None,
}
