//! From the general app to Kubernetes objects.
//!
//! In: [`Stack`] and [`App`]s. Out: [`Object`]s, each value with the place that asked for it. One file an object or a
//! part of a pod; defaults that stackc chooses stand in the file that writes them, with their reason.
//!
//! What must hold: every namespaced object says its namespace (k3s would put it into `default`); nothing here depends on
//! other apps, on time or on order; names that lower makes follow schema.md S5, S6, S13.

mod config;
mod container;
mod meta;
mod namespaces;
mod place;
mod pod;
mod port;
mod probe;
mod route;
mod security;
mod service;
mod traefik;
mod volume;
mod workload;

use crate::finding::{Code, Findings};
use crate::kube::Object;
use crate::stack::{App, Stack};

pub use config::Files;
pub use namespaces::namespaces;

/// What lowering can find.
pub static CODES: &[&Code] = &[&config::FILE_UNKNOWN, &port::PORT_UNKNOWN, &route::HOST_UNCOVERED];

/// The objects of one app, in the order in which k3s shall apply them, and its routes that go elsewhere.
pub fn app(
    app: &App,
    stack: &Stack,
    files: &Files<'_>,
    merged: &mut Merged,
    found: &mut Findings,
) -> Vec<Object> {
    meta::check(app, found);
    let mut objects = config::config_maps(app, stack, files, found);
    objects.extend(service::service(app, stack, found));
    objects.push(workload::deployment(app, stack, found));
    objects.extend(route::routes(app, stack, merged, found));
    objects
}

/// Traefik's configuration, and the routes that apps gave to the merged IngressRoute.
pub fn shared(stack: &Stack, merged: Merged, found: &mut Findings) -> Vec<Object> {
    let mut objects: Vec<Object> = traefik::config(stack, found).into_iter().collect();
    objects.extend(route::merged(stack, merged));
    objects
}

pub use route::Merged;
