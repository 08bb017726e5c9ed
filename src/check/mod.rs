//! The checks, on the final objects, so that they hold for raw manifests and patches as well.
//!
//! In: [`Facts`], all that a check may see. Out: findings. To add a check: a file here with its [`Code`], its page and
//! `run`, a name in the list below, a folder in `tests/checks`. What is known of one program is a row: of the checks
//! that begin with `program`, of `image_user_refused` and others; `program` shows containers as the programs they hold.
//!
//! What must hold: a page's failing example raises its code, the mended one does not (`tests/pages.rs`).

mod crowd;
mod data;
mod facts;
mod program;
mod rule;
mod taken;
mod trust;
#[cfg(test)]
mod trial;

pub use crowd::{Crowd, Member, Of};
pub use data::{Claim, Held, Lies};
pub use facts::{Facts, Images, Landing, Used};
pub use requests_exceed_nodes::Said;

use crate::finding::{Code, Findings};

macro_rules! checks {
    ($($name:ident),* $(,)?) => {
        $(mod $name;)*

        /// What checks can find.
        pub static CODES: &[&Code] = &[$(&$name::CODE),*];

        static CHECKS: &[fn(&Facts<'_>, &mut Findings)] = &[$($name::run),*];
    };
}

checks! {
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
    container_conflict,
    container_duplicate,
    data_many_nodes,
    data_many_pods,
    device_many_nodes,
    device_unprivileged,
    doh_config_unfit,
    egress_many_nodes,
    entrypoint_writes_root,
    external_ip_nat,
    field_newer,
    field_refused,
    host_port_taken,
    image_entrypoint_arch,
    image_gone,
    image_invalid,
    image_lacks_arch,
    image_platforms_unknown,
    image_untagged,
    image_user_refused,
    lock_lacks,
    lock_unused,
    middleware_field_unknown,
    middleware_unfit,
    node_in_manifest,
    node_port_outside,
    object_duplicate,
    packaged_object_taken,
    password_in_env,
    place_no_node,
    placement_invalid,
    platforms_contradicted,
    port_duplicate,
    probe_path_wrong,
    program_args_wrong,
    program_env_ignored,
    program_env_missing,
    program_listens_local,
    proxy_config_unfit,
    range_delisted,
    reference_unknown,
    replicas_exceed_nodes,
    requests_exceed_nodes,
    rollout_stuck,
    secret_in_config,
    secret_key_unknown,
    secret_mounted_alone,
    secret_unknown,
    service_conflict,
    servicelb_ignores_local,
    source_range_unfit,
    storage_in_memory,
    sysctl_refused,
    traefik_may_move,
    trust_missing,
    trust_one_family,
    trust_too_wide,
    trusted_range_invalid,
    volume_unreachable,
}

/// What a run asks for beside what must always hold.
#[derive(Clone, Copy, Default, Debug)]
pub struct Demands {
    /// All that a registry or Cloudflare can say has to come from stackc.lock.
    pub locked: bool,
    /// Images stay as they are written, whatever `pin` says: what asks registries needs the tags.
    pub unpinned: bool,
}

/// Runs every check.
pub fn all(facts: &Facts<'_>, found: &mut Findings) {
    for check in CHECKS {
        check(facts, found);
    }
}
