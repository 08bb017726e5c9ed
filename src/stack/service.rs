//! Services of an app.

use serde::Deserialize;

use crate::yaml::{Named, Spanned, maybe};

/// A Service.
#[derive(Clone, Debug, Deserialize)]
#[serde(expecting = "a type or a map")]
pub struct ServiceFile {
    /// Its type. Default: `ClusterIP`.
    #[serde(rename = "type", deserialize_with = "maybe")]
    pub kind: Option<ServiceType>,
    /// Names of the app's ports. Default: all that no other Service lists.
    pub ports: Option<Vec<Spanned<String>>>,
    /// `Local` keeps callers' addresses, and answers only on nodes that run a pod. Default: `Cluster`.
    #[serde(rename = "externalTrafficPolicy", deserialize_with = "maybe")]
    pub external_traffic_policy: Option<Spanned<TrafficPolicy>>,
    /// Its address, or `None` for a headless Service. Default: Kubernetes chooses.
    #[serde(rename = "clusterIP")]
    pub cluster_ip: Option<Spanned<String>>,
    /// How many families of addresses it has. Default: `SingleStack`.
    #[serde(rename = "ipFamilyPolicy", deserialize_with = "maybe")]
    pub ip_family_policy: Option<Spanned<IpFamilyPolicy>>,
    /// The families, the first one first: `IPv4`, `IPv6`. Default: the cluster's first.
    #[serde(rename = "ipFamilies")]
    pub ip_families: Vec<Spanned<String>>,
    /// Address ranges that may call a LoadBalancer. Default: all.
    #[serde(rename = "loadBalancerSourceRanges")]
    pub load_balancer_source_ranges: Vec<Spanned<String>>,
    /// The address that a LoadBalancer asks for.
    #[serde(rename = "loadBalancerIP")]
    pub load_balancer_ip: Option<Spanned<String>>,
    /// Labels on this Service.
    pub labels: Named<Spanned<String>>,
    /// Annotations on this Service.
    pub annotations: Named<Spanned<String>>,
    /// Whether pods that are not ready are told to those who ask for names. Default: `false`.
    #[serde(rename = "publishNotReadyAddresses")]
    pub publish_not_ready_addresses: Option<bool>,
}

/// A kind of Service.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum ServiceType {
    ClusterIP,
    NodePort,
    LoadBalancer,
}

/// To which pods a node forwards calls from outside.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum TrafficPolicy {
    Cluster,
    Local,
}

/// How many families of addresses a Service has.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum IpFamilyPolicy {
    SingleStack,
    PreferDualStack,
    RequireDualStack,
}
