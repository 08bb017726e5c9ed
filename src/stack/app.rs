//! The general app: the only shape that `lower` knows. Every kind becomes one.

use serde::Deserialize;

use super::{Container, JobFile, Place, Route, Schedule, ServiceFile, TcpRoute, UdpRoute, Workload};
use crate::source::Span;
use crate::yaml::{Either, Named, Node, Spanned, like, maybe};

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
    /// Traefik's ways to reach a program that speaks TLS itself, which its kind computed; a route names them.
    pub transports: Vec<ServersTransport>,
    /// Its main container.
    pub container: Container,
    /// Everything that is not the container's.
    pub pod: PodFile,
}

/// What is still asked of an app once its objects are made.
#[derive(Clone, Debug)]
pub struct Outline {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// What asks that its pods may land on one node only, if anything does.
    pub one_node: Option<Span>,
    /// Keys of Secrets that its program reads by a path.
    pub reads: Vec<SecretRead>,
    /// Whether it says where its pods go.
    pub placed: bool,
}

impl From<App> for Outline {
    fn from(app: App) -> Self {
        Outline {
            placed: app.pod.place.is_some(),
            name: app.name,
            kind: app.kind.value,
            one_node: app.one_node,
            reads: app.reads,
        }
    }
}

/// A file of configuration whose text a kind computed.
#[derive(Clone, Debug)]
pub struct MadeFile {
    /// Its absolute path; the last part is its name in the pod.
    pub path: String,
    /// Its text, at the place of what asked for it.
    pub text: Node,
}

/// Traefik's ServersTransport.
#[derive(Clone, Debug)]
pub struct ServersTransport {
    /// Its name, which the app's comes before.
    pub name: Spanned<String>,
    /// Its `spec`.
    pub spec: Node,
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
    /// Kubernetes' kind of workload. Default: `Deployment`.
    #[serde(deserialize_with = "maybe")]
    pub workload: Option<Workload>,
    /// The namespace of all that the app becomes. Default: the stack's.
    pub namespace: Option<Spanned<String>>,
    /// How many pods run, of a Deployment or StatefulSet; `auto`: not written, a HorizontalPodAutoscaler owns it.
    /// Default: `1`.
    #[serde(deserialize_with = "like::<Option<Either<u32, Auto>>, _, _>")]
    pub replicas: Option<Node>,
    /// How pods are replaced. Default: `Recreate` for a Deployment that writes to a folder of the node, a claim of one
    /// pod or a device, or takes a port of the node; else Kubernetes' own.
    #[serde(deserialize_with = "maybe")]
    pub strategy: Option<Strategy>,
    /// How many of its former states a Deployment, StatefulSet or DaemonSet keeps, to go back to. Default: `3`.
    #[serde(rename = "revisionHistoryLimit")]
    pub revision_history_limit: Option<Spanned<u32>>,
    /// A StatefulSet's governing Service, through which each pod has a name of its own. Default: the app's name.
    #[serde(rename = "serviceName")]
    pub service_name: Option<Spanned<String>>,
    /// When a CronJob runs; wanted there, and nowhere else.
    #[serde(deserialize_with = "maybe")]
    pub schedule: Option<Schedule>,
    /// How a Job or CronJob ends.
    #[serde(deserialize_with = "maybe")]
    pub job: Option<JobFile>,
    /// Services, by their full names. Ports that none of them lists go to a Service named after the app, which is made
    /// unasked.
    pub services: Named<ServiceFile>,
    /// The main container's name. Default: the app's.
    #[serde(rename = "containerName")]
    pub container_name: Option<Spanned<String>>,
    /// Containers that run to their end before the others start, in the order written; they inherit only `image`.
    pub init: Named<Container>,
    /// Containers beside the main one; they inherit only `image`.
    pub sidecars: Named<Container>,
    /// Where pods may run. Default: any node that bears no taint.
    #[serde(deserialize_with = "maybe")]
    pub place: Option<Place>,
    /// HTTP routes through Traefik: IngressRoutes.
    pub routes: Named<Route>,
    /// TCP routes through Traefik: IngressRouteTCPs.
    #[serde(rename = "tcpRoutes")]
    pub tcp_routes: Named<TcpRoute>,
    /// UDP routes through Traefik: IngressRouteUDPs.
    #[serde(rename = "udpRoutes")]
    pub udp_routes: Named<UdpRoute>,
    /// This app's own middlewares with Traefik's own words: each the Middleware `APP-NAME`. One hides the stack's of the
    /// same name.
    #[serde(deserialize_with = "like::<Named<Named<Node>>, _, _>")]
    pub middlewares: Named<Node>,
    /// Labels on every object and pod of the app, never in selectors.
    pub labels: Named<Spanned<String>>,
    /// Annotations on every object and pod of the app.
    pub annotations: Named<Spanned<String>>,
    /// Labels on the pod template alone.
    #[serde(rename = "podLabels")]
    pub pod_labels: Named<Spanned<String>>,
    /// Annotations on the pod template alone.
    #[serde(rename = "podAnnotations")]
    pub pod_annotations: Named<Spanned<String>>,
    /// The labels by which the workload finds its pods; immutable in the cluster. Default: `{app: NAME}`.
    pub selector: Named<Spanned<String>>,
    /// Whether pods use the node's own network; each port is then a port of the node. Default: `false`.
    #[serde(rename = "hostNetwork")]
    pub host_network: Option<bool>,
    /// Whether pods see the node's own processes. Default: `false`.
    #[serde(rename = "hostPID")]
    pub host_pid: Option<bool>,
    /// Whom the pod asks for names. Default: `ClusterFirst`; with `hostNetwork` `ClusterFirstWithHostNet`.
    #[serde(rename = "dnsPolicy", deserialize_with = "maybe")]
    pub dns_policy: Option<Spanned<DnsPolicy>>,
    /// Kubernetes' own map: `nameservers`, `searches`, `options`.
    #[serde(rename = "dnsConfig", deserialize_with = "like::<Option<Named<Node>>, _, _>")]
    pub dns_config: Option<Node>,
    /// Names in the pod's /etc/hosts, by address.
    #[serde(rename = "hostAliases")]
    pub host_aliases: Named<Vec<Spanned<String>>>,
    /// The pod's own name for itself. Default: the pod's name.
    pub hostname: Option<Spanned<String>>,
    /// A ServiceAccount of `manifests/` or `external`; its token is mounted then. Default: `default`, without a token.
    #[serde(rename = "serviceAccount")]
    pub service_account: Option<Spanned<String>>,
    /// A PriorityClass: which pods give way when a node is full.
    #[serde(rename = "priorityClassName")]
    pub priority_class_name: Option<Spanned<String>>,
    /// A RuntimeClass: another container runtime.
    #[serde(rename = "runtimeClassName")]
    pub runtime_class_name: Option<Spanned<String>>,
    /// Whether every Service's address is put into the environment. Default: `false`.
    #[serde(rename = "enableServiceLinks")]
    pub enable_service_links: Option<bool>,
    /// When images are pulled. Default: `IfNotPresent`.
    #[serde(rename = "imagePullPolicy", deserialize_with = "maybe")]
    pub image_pull_policy: Option<PullPolicy>,
    /// Seconds between the request to stop and the end. Default: `30`.
    #[serde(rename = "terminationGracePeriodSeconds")]
    pub termination_grace_period_seconds: Option<Spanned<u32>>,
    /// Secrets with the registries' passwords.
    #[serde(rename = "imagePullSecrets")]
    pub image_pull_secrets: Vec<Spanned<String>>,
    /// The last word on this app's objects: changes of what it was lowered to. Each must find its object and change it.
    pub patches: Vec<AppPatch>,
}

/// A change of an app's own objects.
#[derive(Clone, Debug, Deserialize)]
pub struct AppPatch {
    /// Which of them: `KIND` or `KIND/NAME`.
    pub target: Spanned<String>,
    /// The change: a map is a strategic merge patch, a list a JSON patch (RFC 6902).
    pub patch: Node,
}

/// How pods are replaced.
#[derive(Clone, Debug, Deserialize)]
pub struct Strategy {
    /// The way.
    #[serde(rename = "type")]
    pub kind: Spanned<StrategyKind>,
    /// Kubernetes' own map: `maxSurge`, `maxUnavailable`; `partition` in a StatefulSet.
    #[serde(rename = "rollingUpdate", deserialize_with = "like::<Option<Named<Node>>, _, _>")]
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

/// Owned by something in the cluster.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Auto {
    /// Not written.
    Auto,
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
