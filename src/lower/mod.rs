//! From the general app to Kubernetes objects.
//!
//! In: [`Stack`] and [`App`]s. Out: [`Object`]s, each value with the place that asked for it. One file an object or a
//! part of a pod; defaults that stackc chooses stand in the file that writes them, with their reason.
//!
//! What must hold: every namespaced object says its namespace (k3s would put it into `default`); nothing here depends on
//! other apps, on time or on order; names that lower makes follow schema.md S5, S6, S13.

mod claim;
mod config;
mod container;
mod cron;
mod dotenv;
mod entry_point;
mod env;
mod meta;
mod middleware;
mod middleware_kind;
mod namespaces;
mod place;
mod pod;
mod port;
mod probe;
mod route;
mod security;
mod service;
mod stream;
mod traefik;
mod volume;
mod workload;

use crate::finding::{Code, Findings};
use crate::kube::Object;
use crate::stack::{App, Stack};
use volume::Volumes;

pub use config::Files;
pub use middleware_kind::{is_newer_middleware, renamed_middleware};
pub use namespaces::{missing_namespaces, namespaces};
pub use route::{HOST_UNCOVERED, Merged};
pub use traefik::{text_of, traefik_values};
pub use volume::volume_name;

/// What lowering can find.
pub static CODES: &[&Code] = &[
    &config::FILE_UNKNOWN,
    &middleware::MIDDLEWARE_UNKNOWN,
    &middleware::MIDDLEWARE_UNUSED,
    &port::PORT_UNKNOWN,
];

/// The objects of one app; its routes that go elsewhere are put into `merged`.
pub fn app(
    app: &App,
    stack: &Stack,
    files: &Files<'_>,
    merged: &mut Merged,
    found: &mut Findings,
) -> Vec<Object> {
    meta::check(app, found);
    let mut volumes = Volumes::new(files);
    let workload = workload::workload(app, stack, &mut volumes, found);
    let mut objects = config::config_maps(app, stack, files, &volumes.configs, found);
    objects.extend(claim::claims(app, stack, &volumes.claims));
    objects.extend(service::services(app, stack, found));
    objects.push(workload);
    objects.extend(middleware::own(app, stack, &mut merged.middlewares, found));
    objects.extend(route::transports(app, stack));
    objects.extend(route::routes(app, stack, merged, found));
    objects.extend(stream::routes(app, stack, &mut merged.middlewares, found));
    objects
}

/// Traefik's configuration, the stack's middlewares, and the routes that apps gave to the merged IngressRoute.
pub fn shared(stack: &Stack, merged: Merged, whole: bool, found: &mut Findings) -> Vec<Object> {
    let mut objects = traefik::config(stack, found);
    objects.extend(middleware::shared(stack, &merged.middlewares, whole, found));
    objects.extend(route::merged(stack, merged));
    objects
}
