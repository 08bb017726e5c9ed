//! stack.yaml, as it is written.

use serde::Deserialize;

use super::{Place, Protocol};
use crate::yaml::{Named, Node, Spanned, maybe};

/// stack.yaml.
#[derive(Debug, Deserialize)]
pub struct StackFile {
    /// The version of the format: 1.
    pub stackc: Spanned<i64>,
    /// The stack's name; default: the folder's.
    pub name: Option<Spanned<String>>,
    /// The k3s release.
    pub k3s: K3s,
    /// Where apps go that say none.
    pub namespace: Option<Spanned<String>>,
    /// Values for templates; not templated themselves.
    pub vars: Option<Node>,
    /// Address ranges.
    #[serde(deserialize_with = "maybe")]
    pub network: Option<NetworkFile>,
    /// The machines.
    pub nodes: Spanned<Named<NodeFile>>,
    /// Traefik and certificates.
    #[serde(deserialize_with = "maybe")]
    pub ingress: Option<IngressFile>,
    /// Traefik's middlewares, for every app: its own names and fields.
    pub middlewares: Named<Node>,
    /// What exists without stackc: `KIND/NAME` or `KIND/NAMESPACE/NAME`.
    pub external: Vec<Spanned<String>>,
    /// Namespaces to which something is added.
    pub namespaces: Named<NamespaceFile>,
    /// Stacks of one cluster share it; default: the stack's name.
    pub cluster: Option<Spanned<String>>,
    /// Secrets that exist in the cluster, and their keys.
    pub secrets: Named<SecretFile>,
    /// What images run on, by hand: an image with or without tag → words for architectures.
    pub platforms: Named<Vec<Spanned<String>>>,
}

/// `k3s: vX.Y.Z+k3sN`.
#[derive(Debug, Deserialize)]
pub struct K3s {
    /// The full release.
    pub version: Spanned<String>,
    /// k3s' own flag: packaged parts that do not run.
    pub disable: Vec<Spanned<String>>,
}

/// A namespace.
#[derive(Debug, Deserialize)]
pub struct NamespaceFile {
    /// On the Namespace.
    pub labels: Named<Spanned<String>>,
    /// On the Namespace.
    pub annotations: Named<Spanned<String>>,
    /// False: another stack makes it.
    pub create: Option<bool>,
}

/// `network`.
#[derive(Debug, Deserialize)]
pub struct NetworkFile {
    /// The machines' own addresses.
    #[serde(rename = "nodeCIDR")]
    pub node: Option<Vec<Spanned<String>>>,
    /// Pods; k3s' default is 10.42.0.0/16.
    #[serde(rename = "clusterCIDR")]
    pub cluster: Option<Vec<Spanned<String>>>,
    /// Services; k3s' default is 10.43.0.0/16.
    #[serde(rename = "serviceCIDR")]
    pub service: Option<Vec<Spanned<String>>>,
}

/// A machine.
#[derive(Debug, Deserialize)]
pub struct NodeFile {
    /// What its processor and system run: `amd64`, `arm64`, `arm/v7` …
    pub arch: Spanned<String>,
    /// What it runs besides, such as `arm/v7` on an arm64 machine with 32-bit user space.
    #[serde(rename = "alsoRuns")]
    pub also_runs: Vec<Spanned<String>>,
    /// Internal addresses.
    pub ip: Vec<Spanned<String>>,
    /// k3s' `node-external-ip`, as set.
    #[serde(rename = "externalIP")]
    pub external_ip: Vec<Spanned<String>>,
    /// What the world and so DNS uses; behind 1:1 NAT it differs from `ip`.
    #[serde(rename = "publicIP")]
    pub public_ip: Vec<Spanned<String>>,
    /// As in the ROLES column of `kubectl get node`.
    pub roles: Vec<Spanned<String>>,
    /// Any other label.
    pub labels: Named<Spanned<String>>,
    /// `KEY[=VALUE]:EFFECT`, k3s' `node-taint` notation.
    pub taints: Vec<Spanned<String>>,
    /// Processors.
    pub cpu: Option<Spanned<String>>,
    /// Memory.
    pub memory: Option<Spanned<String>>,
    /// False: cordoned for good.
    pub schedulable: Option<bool>,
}

/// `ingress`.
#[derive(Debug, Deserialize)]
pub struct IngressFile {
    /// Certificates: Secret → the hosts it covers.
    pub tls: Named<CertificateFile>,
    /// Whose word on the client's address Traefik takes.
    #[serde(rename = "clientIP", deserialize_with = "maybe")]
    pub client_ip: Option<ClientIpFile>,
    /// Traefik's own kind of workload.
    #[serde(deserialize_with = "maybe")]
    pub workload: Option<TraefikWorkload>,
    /// Where Traefik runs, and so where DNS must point.
    #[serde(deserialize_with = "maybe")]
    pub place: Option<Place>,
    /// How many pods Traefik has, as a Deployment; 1.
    pub replicas: Option<Spanned<u32>>,
    /// Ports beyond `web` and `websecure`.
    #[serde(rename = "entryPoints")]
    pub entry_points: Named<EntryPointFile>,
    /// Which stack of the cluster writes Traefik's configuration; default: this one.
    pub owner: Option<Spanned<String>>,
    /// Other values of Traefik's chart.
    pub values: Option<Node>,
    /// web → websecure, permanent.
    #[serde(rename = "httpsRedirect")]
    pub https_redirect: Option<bool>,
    /// The name of the one IngressRoute a namespace that gathers routes; absent: one an app.
    #[serde(rename = "mergeInto")]
    pub merge_into: Option<Spanned<String>>,
}

/// A certificate.
#[derive(Debug, Deserialize)]
pub struct CertificateFile {
    /// The names in it; `*.` covers one label.
    pub hosts: Vec<Spanned<String>>,
    /// Traefik's own resolver that fetches the certificate.
    #[serde(rename = "certResolver")]
    pub cert_resolver: Option<Spanned<String>>,
    /// Served where no other fits.
    pub default: Option<bool>,
}

/// An entry point of Traefik.
#[derive(Debug, Deserialize)]
pub struct EntryPointFile {
    /// Traefik's own port.
    pub port: Spanned<u16>,
    /// The Service's port; default: `port`.
    #[serde(rename = "exposedPort")]
    pub exposed_port: Option<Spanned<u16>>,
    /// TCP unless said.
    #[serde(deserialize_with = "maybe")]
    pub protocol: Option<Protocol>,
}

/// `clientIP`.
#[derive(Debug, Deserialize)]
pub struct ClientIpFile {
    /// `cloudflare`, or ranges.
    pub trust: Vec<Spanned<String>>,
}

/// Traefik's own kind of workload.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
pub enum TraefikWorkload {
    /// One, or as many as asked for.
    Deployment,
    /// One on each node.
    DaemonSet,
}

/// A Secret that exists in the cluster.
#[derive(Debug, Deserialize)]
pub struct SecretFile {
    /// Its keys; none listed = unknown.
    pub keys: Vec<Spanned<String>>,
    /// Its type, which may imply keys.
    #[serde(rename = "type")]
    pub kind: Option<Spanned<String>>,
    /// A sops file below the folder, of which the key names are read.
    #[serde(rename = "keysFrom")]
    pub keys_from: Option<Spanned<String>>,
    /// Where it exists; default: the stack's namespace.
    pub namespaces: Vec<Spanned<String>>,
}
