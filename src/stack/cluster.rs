//! stack.yaml, as it is written.

use serde::Deserialize;

use super::foreign;
use super::{Place, Protocol};
use crate::finding::{Findings, Severity};
use crate::yaml::{Named, Node, Spanned, fields, like, maybe, unknown_keys};

/// stack.yaml.
#[derive(Debug, Deserialize)]
pub struct StackFile {
    /// The version of the format: `1`.
    pub stackc: Spanned<i64>,
    /// The stack's name: the prefix of the output's files, and the label `app.kubernetes.io/part-of`. Default: the
    /// folder's name.
    pub name: Option<Spanned<String>>,
    /// The k3s release on the servers. The full one, as `k3s --version` prints it: Traefik's chart and the APIs that
    /// are served change even in patch releases.
    pub k3s: K3s,
    /// Where apps and plain manifests go that say none. Default: `default`.
    pub namespace: Option<Spanned<String>>,
    /// Values for templates, by any name: `{{ NAME }}` in a text takes the value. They hold no templates themselves.
    #[serde(deserialize_with = "like::<Option<Named<Node>>, _, _>")]
    pub vars: Option<Node>,
    /// The cluster's address ranges, as its servers were set up.
    #[serde(deserialize_with = "maybe")]
    pub network: Option<NetworkFile>,
    /// The machines: their names as in `kubectl get node`. Never lowered to objects, but every pod is placed on them as
    /// the scheduler would.
    pub nodes: Spanned<Named<NodeFile>>,
    /// Traefik and the certificates that it serves.
    #[serde(deserialize_with = "maybe")]
    pub ingress: Option<Spanned<IngressFile>>,
    /// Traefik's middlewares for the routes of every app, with Traefik's own words: `{rateLimit: {average: 50}}`. Each
    /// becomes a Middleware in every namespace whose routes name it.
    #[serde(deserialize_with = "like::<Named<Named<Node>>, _, _>")]
    pub middlewares: Named<Node>,
    /// What exists in the cluster without stackc (claims, ServiceAccounts, ConfigMaps, Middlewares), so that it can be
    /// named: `KIND/NAME` or `KIND/NAMESPACE/NAME`.
    pub external: Vec<Spanned<String>>,
    /// Namespaces to which something is added. The others that are used need no mention: each is made, but for
    /// `default` and `kube-*`.
    pub namespaces: Named<NamespaceFile>,
    /// The cluster's name, the same in all its stacks: `check` holds those that it is given against each other. Default:
    /// the stack's name.
    pub cluster: Option<Spanned<String>>,
    /// Secrets that exist in the cluster, and their keys. Their values never stand here; a reference to a Secret or key
    /// that is not listed is an error.
    pub secrets: Named<SecretFile>,
    /// What images run on, by hand: architectures by image. With a tag or digest it speaks of that image alone, and wins
    /// over one without.
    pub platforms: Named<Vec<Spanned<String>>>,
    /// How images are written: `digest` adds what stackc.lock has of each, `name:tag@sha256:…`, so that a tag that is
    /// moved changes nothing. Default: `none`, as they stand.
    #[serde(deserialize_with = "maybe")]
    pub pin: Option<Pin>,
    /// What findings weigh in this stack: severities by code, as `stackc explain --list` lists them. `off` tells nothing.
    /// What the output's safety rests on stays an error.
    pub checks: Named<Spanned<Weight>>,
}

/// What a finding weighs.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Weight {
    /// Fails the run.
    Error,
    /// Shown and counted.
    Warning,
    /// Shown.
    Note,
    /// Not told.
    Off,
}

impl Weight {
    /// The severity; none where nothing is told.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Weight::Error => Some(Severity::Error),
            Weight::Warning => Some(Severity::Warning),
            Weight::Note => Some(Severity::Note),
            Weight::Off => None,
        }
    }
}

/// How images are written.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pin {
    /// As they stand.
    #[default]
    None,
    /// With the digest that stackc.lock has.
    Digest,
}

/// Keys of stack.yaml that say which files there are, and so are read before [`StackFile`].
#[derive(Debug, Deserialize)]
pub struct LayersFile {
    /// Of an overlay.yaml, and needed there: the stack or overlay that it varies, by its folder's path from here.
    pub base: Option<Spanned<String>>,
    /// Folders whose include.yaml, `apps/`, `files/` and `manifests/` lie beneath this stack, by their paths from here. The
    /// first named lies lowest.
    pub include: Vec<Spanned<String>>,
    /// What lies under every app.
    pub defaults: Named<Node>,
    /// Changes of apps that the base or an included folder defines, laid over their files; `null` drops the app.
    pub apps: Named<Node>,
    /// Changes of the finished objects with kustomize's words and meaning, by this layer: patches, labels, names, images,
    /// generators (see [kustomize](../kustomize.md)). Those of layers beneath come first; `null` drops them.
    #[serde(deserialize_with = "like::<Option<Named<Node>>, _, _>")]
    pub kustomize: Option<Node>,
}

/// Tells keys that neither of the two has, and takes them out.
pub fn refuse_keys(tree: &mut Node, found: &mut Findings) {
    let known = [fields::<StackFile>(), fields::<LayersFile>()].concat();
    foreign::kustomize(tree, found);
    unknown_keys(tree, &known, None, found);
    if let Some(map) = tree.as_map_mut() {
        map.entries.retain(|entry| known.contains(&entry.key.text.as_ref()));
    }
}

/// The release, and what of it does not run.
#[derive(Debug, Deserialize)]
pub struct K3s {
    /// The full release: `vX.Y.Z+k3sN`.
    pub version: Spanned<String>,
    /// Packaged parts that do not run, as in k3s' own flag: `traefik`, `servicelb`, `local-storage` …
    pub disable: Vec<Spanned<String>>,
}

/// A namespace.
#[derive(Debug, Deserialize)]
pub struct NamespaceFile {
    /// Labels on the Namespace.
    pub labels: Named<Spanned<String>>,
    /// Annotations on the Namespace.
    pub annotations: Named<Spanned<String>>,
    /// `false`: another stack makes it. Default: `true`.
    pub create: Option<bool>,
}

/// The cluster's address ranges; two of a kind, one of each family, for dual-stack.
#[derive(Debug, Deserialize)]
pub struct NetworkFile {
    /// The machines' own addresses; each node's `ip` lies in it.
    #[serde(rename = "nodeCIDR")]
    pub node: Option<Vec<Spanned<String>>>,
    /// The pods' addresses, k3s' `cluster-cidr`. Default: `10.42.0.0/16`.
    #[serde(rename = "clusterCIDR")]
    pub cluster: Option<Vec<Spanned<String>>>,
    /// The Services' addresses, k3s' `service-cidr`. Default: `10.43.0.0/16`.
    #[serde(rename = "serviceCIDR")]
    pub service: Option<Vec<Spanned<String>>>,
    /// What Services' full names end in (`NAME.NAMESPACE.svc.DOMAIN`), k3s' `cluster-domain`; for templates:
    /// `{{ network.clusterDomain }}`. Default: `cluster.local`.
    #[serde(rename = "clusterDomain")]
    pub domain: Option<Spanned<String>>,
    /// The ports that Services of type NodePort and LoadBalancer may take on every node, k3s' `service-node-port-range`:
    /// `FIRST-LAST`. Default: `30000-32767`.
    #[serde(rename = "nodePortRange")]
    pub node_ports: Option<Spanned<String>>,
}

/// A machine.
#[derive(Debug, Deserialize)]
pub struct NodeFile {
    /// What its processor and system run: `amd64`, `arm64`, `arm/v7`, `arm/v6`, `386`, `riscv64`, `s390x`, `ppc64le`.
    /// What stands before `/` is the label `kubernetes.io/arch`.
    pub arch: Spanned<String>,
    /// What it runs besides, such as `arm/v7` on an arm64 machine with 32-bit user space.
    #[serde(rename = "alsoRuns")]
    pub also_runs: Vec<Spanned<String>>,
    /// Its internal addresses, v4 and v6.
    pub ip: Vec<Spanned<String>>,
    /// Its external addresses as told to k3s: `node-external-ip`.
    #[serde(rename = "externalIP")]
    pub external_ip: Vec<Spanned<String>>,
    /// The addresses that the world and so DNS uses; behind 1:1 NAT they differ from `ip`.
    #[serde(rename = "publicIP")]
    pub public_ip: Vec<Spanned<String>>,
    /// Its roles, as in the ROLES column of `kubectl get node`: each the label `node-role.kubernetes.io/ROLE: "true"`, which
    /// `stackc nodes --labels` prints the commands for.
    pub roles: Vec<Spanned<String>>,
    /// Any other labels of it, or other values of those that it has by itself.
    pub labels: Named<Spanned<String>>,
    /// Its taints, as in k3s' `node-taint`: `KEY[=VALUE]:EFFECT`.
    pub taints: Vec<Spanned<String>>,
    /// Its processors: a quantity, such as `4`. What its pods ask for has to fit.
    pub cpu: Option<Spanned<String>>,
    /// Its memory: a quantity, such as `24Gi`. What its pods ask for has to fit.
    pub memory: Option<Spanned<String>>,
    /// The kubelet's `allowed-unsafe-sysctls`; a name may end in `*`. A pod that sets another unsafe one is refused there.
    #[serde(rename = "allowedUnsafeSysctls")]
    pub allowed_unsafe_sysctls: Vec<Spanned<String>>,
    /// `false`: cordoned for good. Default: `true`.
    pub schedulable: Option<bool>,
}

/// Traefik, as k3s packages it, and the certificates that it serves.
#[derive(Debug, Deserialize)]
pub struct IngressFile {
    /// Certificates: Secrets, and the hosts that each covers. A route takes the one that covers its hosts, an exact name
    /// before a wildcard. Default: Traefik's own certificate.
    pub tls: Named<CertificateFile>,
    /// Whose word on a client's address Traefik takes. With it, Traefik's Service becomes `externalTrafficPolicy: Local`,
    /// and the HTTP entry points trust these ranges. Default: k3s' own setting, where Traefik sees a node's address.
    #[serde(rename = "clientIP", deserialize_with = "maybe")]
    pub client_ip: Option<ClientIpFile>,
    /// Traefik's own kind of workload. Default: `Deployment`.
    #[serde(deserialize_with = "maybe")]
    pub workload: Option<TraefikWorkload>,
    /// Where Traefik runs, and so where DNS must point. Default: any node.
    #[serde(deserialize_with = "maybe")]
    pub place: Option<Place>,
    /// How many pods Traefik has, as a Deployment. Default: `1`.
    pub replicas: Option<Spanned<u32>>,
    /// Traefik's entry points beyond `web` and `websecure`, such as `{ssh: 2222}`.
    #[serde(rename = "entryPoints")]
    pub entry_points: Named<EntryPointFile>,
    /// The stack of the cluster that writes Traefik's configuration; the others only read what stands here. Default:
    /// this one.
    pub owner: Option<Spanned<String>>,
    /// Other values of Traefik's chart, merged into the one HelmChartConfig `kube-system/traefik`.
    #[serde(deserialize_with = "like::<Option<Named<Node>>, _, _>")]
    pub values: Option<Node>,
    /// Whether every request to `web` is sent on to `websecure`, for good. Default: `false`.
    #[serde(rename = "httpsRedirect")]
    pub https_redirect: Option<bool>,
    /// The name of the one IngressRoute a namespace that gathers the routes of all apps. Default: one an app.
    #[serde(rename = "mergeInto")]
    pub merge_into: Option<Spanned<String>>,
}

/// A certificate.
#[derive(Debug, Deserialize)]
pub struct CertificateFile {
    /// The names in it; `*.` in front covers one label.
    pub hosts: Vec<Spanned<String>>,
    /// Traefik's own resolver that fetches the certificate, instead of a Secret.
    #[serde(rename = "certResolver")]
    pub cert_resolver: Option<Spanned<String>>,
    /// Whether it is served where no other fits: a TLSStore. Default: `false`.
    pub default: Option<bool>,
}

/// An entry point of Traefik: a port on which it listens.
#[derive(Debug, Deserialize)]
pub struct EntryPointFile {
    /// Traefik's own port.
    pub port: Spanned<u16>,
    /// The port of Traefik's Service. Default: `port`.
    #[serde(rename = "exposedPort")]
    pub exposed_port: Option<Spanned<u16>>,
    /// Its transport protocol. Default: `TCP`.
    #[serde(deserialize_with = "maybe")]
    pub protocol: Option<Protocol>,
}

/// Whose word on a client's address Traefik takes.
#[derive(Debug, Deserialize)]
pub struct ClientIpFile {
    /// `cloudflare` for all of Cloudflare's ranges, or ranges; `[]` trusts none, and keeps the address of the connection.
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
    /// Its keys. Default: unknown.
    pub keys: Vec<Spanned<String>>,
    /// Its type; `kubernetes.io/tls` and its like imply their keys.
    #[serde(rename = "type")]
    pub kind: Option<Spanned<String>>,
    /// A file of sops below the folder, a Secret as YAML or a dotenv file: the names of its keys are read, and each value
    /// must be encrypted. Read before templates are.
    #[serde(rename = "keysFrom")]
    pub keys_from: Option<Spanned<String>>,
    /// The namespaces in which it exists. Default: the stack's `namespace`.
    pub namespaces: Vec<Spanned<String>>,
}
