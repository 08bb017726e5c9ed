//! The typed stack: what stack.yaml and the apps say, checked for sense.
//!
//! In: nodes, short forms grown (`expand`) and templates filled. Out: [`Stack`], and [`App`], the one shape that
//! `lower` knows. The `…File` types mirror the files key by key; [`Stack`] holds what they mean.
//!
//! To add a key: a field with its doc comment in the struct that mirrors its place, a row in `expand` if it has a
//! short form, its meaning in `resolve` or in `lower`.
//!
//! What must hold: no `serde(default)`, `flatten` or `untagged` (see `yaml::decode`); every value that can be wrong
//! keeps its place.

mod app;
mod cluster;
mod container;
pub mod expand;
pub mod layers;
mod network;
mod nodes;
mod place;
mod resolve;

pub use app::{App, DnsPolicy, PodFile, Route, Scheme, Strategy, StrategyKind};
pub use cluster::{ClientIpFile, IngressFile, SecretFile, StackFile, TraefikWorkload};
pub use container::{
    Container, EmptyDir, EnvValue, HostPath, HttpGet, Port, Probe, Probes, Protocol, PullPolicy, Resources,
    SecretVolume, TcpSocket, Volume,
};
pub use network::Network;
pub use nodes::ClusterNode;
pub use place::{Place, role_label};
pub use resolve::{
    Certificate, Declared, Ingress, Secret, Stack, Trust, check_vars, host_name, name_invalid, resolve,
    value_invalid,
};

use crate::finding::Code;

/// What the typed stack can find.
pub static CODES: &[&Code] = &[
    &layers::INCLUDE_INVALID,
    &layers::APP_UNKNOWN,
    &layers::APP_TWICE,
    &resolve::VALUE_INVALID,
    &resolve::RELEASE_UNKNOWN,
    &resolve::RELEASE_NEWER,
    &resolve::VAR_RESERVED,
    &place::PLACE_UNKNOWN,
    &network::NETWORK_CONFLICT,
];
