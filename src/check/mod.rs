//! The checks, on the final objects, so that they hold for raw manifests and patches as well.
//!
//! In: [`Facts`], all that a check may see. Out: findings. To add a check: a file here with its [`Code`], its page and
//! `run`, or `of_pod` if it looks at each pod by itself, or both; a name in the list below; a folder in `tests/checks`.
//! What is known of one program is a row: of the checks that begin with `program`, of `image_user_refused` and others;
//! `program` shows containers as the programs they hold.
//!
//! What is told once for many places goes through `push_once`, so that a comment allows each place by itself; an error that
//! no comment may allow is a row of `overrule::guard`.
//!
//! What must hold: a page's failing example raises its code, the mended one does not (`tests/pages.rs`).

mod backend;
mod crowd;
mod data;
mod facts;
mod program;
mod route;
mod rule;
mod selected;
mod served;
mod taken;
#[cfg(test)]
mod trial;
mod trust;

pub use crowd::{Crowd, Member, Of};
pub use data::{Claim, Held, Lies};
pub use facts::{Facts, Images, Landing, Used};
pub use reference_unknown::{is_given, joined_names};
pub use requests_exceed_nodes::Said;

use crate::finding::{Code, Findings};

macro_rules! checks {
    (first: $first:ident ; all: $($all:ident),* ; pods: $($pods:ident),* ; both: $($both:ident),* $(,)?) => {
        mod $first;
        $(mod $all;)*
        $(mod $pods;)*
        $(mod $both;)*

        /// What checks can find.
        pub static CODES: &[&Code] = &[&$first::CODE, $(&$all::CODE,)* $(&$pods::CODE,)* $(&$both::CODE),*];

        /// Others stay silent about what it tells.
        static FIRST: fn(&Facts<'_>, &mut Findings) = $first::run;
        static CHECKS: &[fn(&Facts<'_>, &mut Findings)] = &[$($both::run,)* $($all::run),*];
        static OF_PODS: &[fn(&Facts<'_>, &Landing<'_>, &mut Findings)] = &[$($both::of_pod,)* $($pods::of_pod),*];
    };
}

checks! {
    first:
    field_unknown;

    all:
    api_not_served,
    balancer_ip_ignored,
    cache_through_cloudflare,
    capability_missing,
    chart_config_unread,
    chart_images_unseen,
    chart_key_ignored,
    claim_mode_refused,
    client_ip_lost,
    cluster_dns_wrong,
    cluster_ip_taken,
    component_disabled,
    data_many_nodes,
    data_many_pods,
    device_many_nodes,
    device_unprivileged,
    doh_config_unfit,
    egress_many_nodes,
    entry_point_unknown,
    entrypoint_writes_root,
    external_ip_nat,
    external_name_refused,
    field_newer,
    host_port_taken,
    host_uncovered,
    image_entrypoint_arch,
    image_gone,
    image_lacks_arch,
    image_platforms_unknown,
    image_untagged,
    image_user_refused,
    lock_lacks,
    lock_unused,
    middleware_field_unknown,
    middleware_unfit,
    namespace_crossed,
    node_in_manifest,
    node_port_outside,
    object_duplicate,
    object_too_large,
    packaged_object_taken,
    place_no_node,
    platforms_contradicted,
    port_not_proxied,
    probe_path_wrong,
    program_args_wrong,
    program_env_ignored,
    program_env_missing,
    program_listens_local,
    proxy_config_unfit,
    range_delisted,
    replicas_exceed_nodes,
    requests_exceed_nodes,
    rollout_stuck,
    route_never_matches,
    route_shadowed,
    rule_invalid,
    secret_in_config,
    secret_in_manifest,
    secret_key_missing,
    secret_mounted_alone,
    selector_matches_nothing,
    service_conflict,
    service_port_unknown,
    servicelb_ignores_local,
    source_range_unfit,
    storage_in_memory,
    sysctl_refused,
    target_port_unknown,
    tls_store_ignored,
    traefik_may_move,
    trust_missing,
    trust_one_family,
    trust_too_wide,
    trusted_range_invalid,
    volume_unreachable;

    pods:
    config_key_unknown,
    container_conflict,
    container_duplicate,
    image_invalid,
    password_in_env,
    placement_invalid,
    pod_conflict,
    probe_port_unknown,
    secret_in_args,
    secret_key_unknown,
    selector_misses_pods,
    variable_undefined,
    volume_unknown;

    both:
    field_refused,
    item_duplicate,
    port_duplicate,
    reference_unknown,
    secret_unknown,
}

/// What a run asks for beside what must always hold.
#[derive(Clone, Copy, Default, Debug)]
pub struct Demands {
    /// All that a registry or Cloudflare can say has to come from stackc.lock.
    pub locked: bool,
    /// Images stay as they are written, whatever `pin` says: what asks registries needs the tags.
    pub unpinned: bool,
    /// What objects were before each change is kept, for whoever asks where a value comes from.
    pub past: bool,
}

/// Runs every check; after the forms of all that was written, those that look at each pod by itself, all of them at one pod before the next, while it lies
/// in the processor's cache.
pub fn all(facts: &Facts<'_>, found: &mut Findings) {
    FIRST(facts, found);
    for landing in &facts.landings {
        for check in OF_PODS {
            check(facts, landing, found);
        }
    }
    for check in CHECKS {
        check(facts, found);
    }
}
