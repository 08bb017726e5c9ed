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
mod base;
pub mod changes;
mod cluster;
mod container;
pub mod expand;
pub mod foreign;
mod external;
mod ingress;
mod invalid;
mod keys_from;
pub mod layers;
mod network;
mod nodes;
mod place;
mod platforms;
mod probe;
mod range_unfit;
mod resolve;
mod route;
mod secret_value;
mod security;
mod service;
mod volume;
mod workload;

pub use app::{
    App, AppPatch, DnsPolicy, MadeFile, Outline, PodFile, PullPolicy, SecretRead, ServersTransport, Strategy,
    StrategyKind,
};
pub use cluster::{LayersFile, NamespaceFile, Pin, StackFile, TraefikWorkload, Weight, refuse_keys};
pub use container::{Container, EnvFrom, EnvValue, NamedIn, Port, Protocol, Resources};
pub use external::External;
pub use ingress::{Certificate, EntryPoint, Ingress, Trust, host_name};
pub use invalid::{is_name, name_invalid, value_invalid};
pub use network::Network;
pub use nodes::ClusterNode;
pub use place::{PLACE_UNKNOWN, Place, Spread, Terms, WhenUnsatisfiable, refuse_empty, role_label};
pub use platforms::{Declared, Platforms};
pub use probe::{Grpc, HttpGet, Probe, Probes, TcpSocket};
pub use resolve::{Secret, Stack, check_vars, resolve};
pub use route::{Route, Scheme, TcpRoute, UdpRoute};
pub use secret_value::refuse_values;
pub use security::SecurityContext;
pub use service::{IpFamilyPolicy, ServiceFile, ServiceType, TrafficPolicy};
pub use volume::{Claim, ConfigMapVolume, EmptyDir, HostPath, SecretVolume, Volume};
pub use workload::{ConcurrencyPolicy, JobFile, RestartPolicy, Schedule, Workload};

use crate::finding::Code;

/// What the typed stack can find.
pub static CODES: &[&Code] = &[
    &base::BASE_INVALID,
    &layers::INCLUDE_INVALID,
    &layers::APP_UNKNOWN,
    &layers::APP_TWICE,
    &layers::VAR_UNUSED,
    &keys_from::SECRET_NOT_ENCRYPTED,
    &invalid::VALUE_INVALID,
    &resolve::RELEASE_UNKNOWN,
    &resolve::RELEASE_NEWER,
    &resolve::VAR_RESERVED,
    &PLACE_UNKNOWN,
    &network::NETWORK_CONFLICT,
    &range_unfit::RANGE_UNFIT,
    &secret_value::SECRET_VALUE,
];
