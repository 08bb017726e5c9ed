//! The checks, on the final objects, so that they hold for raw manifests and patches as well.
//!
//! In: [`Facts`], all that a check may see. Out: findings. To add a check: a file here with its [`Code`], its page and
//! `run`, a name in the list below, a folder in `tests/checks`.
//!
//! What must hold: a page's failing example raises its code, the mended one does not (`tests/pages.rs`).

mod facts;

pub use facts::{Facts, Images, Landing};

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
    chart_images_unseen,
    data_many_nodes,
    egress_many_nodes,
    image_gone,
    image_invalid,
    image_lacks_arch,
    image_platforms_unknown,
    image_untagged,
    lock_lacks,
    lock_unused,
    object_duplicate,
    place_no_node,
    placement_invalid,
    platforms_contradicted,
    range_delisted,
    reference_unknown,
    secret_key_unknown,
    secret_unknown,
    servicelb_ignores_local,
    sysctl_refused,
}

/// What a run asks for beside what must always hold.
#[derive(Clone, Copy, Default, Debug)]
pub struct Demands {
    /// All that a registry or Cloudflare can say has to come from stackc.lock.
    pub locked: bool,
}

/// Runs every check.
pub fn all(facts: &Facts<'_>, found: &mut Findings) {
    for check in CHECKS {
        check(facts, found);
    }
}
