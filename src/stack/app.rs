//! The general app: the only shape that `lower` knows. Every kind becomes one.

use serde::Deserialize;

use super::{Container, Place};
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
    /// Over the stack's.
    pub namespace: Option<Spanned<String>>,
    /// How many pods; 1.
    pub replicas: Option<Spanned<u32>>,
    /// How pods are replaced.
    #[serde(deserialize_with = "maybe")]
    pub strategy: Option<Strategy>,
    /// Where pods may run.
    #[serde(deserialize_with = "maybe")]
    pub place: Option<Place>,
    /// HTTP routes through Traefik.
    pub routes: Named<Route>,
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
    /// Whom the pod asks for names; Kubernetes' words.
    #[serde(rename = "dnsPolicy", deserialize_with = "maybe")]
    pub dns_policy: Option<DnsPolicy>,
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
    /// The new one starts first.
    RollingUpdate,
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
    /// How Traefik speaks to the pod.
    #[serde(deserialize_with = "maybe")]
    pub scheme: Option<Scheme>,
    /// Among routes that match, the highest wins; default: the longest rule.
    pub priority: Option<Spanned<i64>>,
    /// Traefik's entry points; `[websecure]`.
    #[serde(rename = "entryPoints")]
    pub entry_points: Option<Vec<Spanned<String>>>,
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
