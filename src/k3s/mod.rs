//! Facts of k3s by release, as rows: what it packages, what its deploy controller does, which names it takes.
//!
//! In: the text of `k3s:`, a file's name. Out: a [`Release`] to ask, a reason that a name is refused, the [`Ranges`]
//! that Cloudflare calls from. This room raises nothing: its errors are sentences for whoever knows the place.
//!
//! To add a k3s release: one row in `release.rs` if its Traefik chart's major is new, and `NEWEST`. To add something
//! that k3s changed: one `Change`. A name that k3s packages: one row in `reserved.rs`. Ranges: `cloudflare.rs`. A kind that
//! holds data: one row in `keep.rs`. A version of an API that went: one row in `served.rs`. A port that a node's own
//! program listens on: one row in `ports.rs`.
//!
//! What must hold: rows are sorted and each minor has one; each change is tested on both sides of each boundary.

mod addon;
mod cloudflare;
mod keep;
mod labels;
mod ports;
mod release;
mod reserved;
mod served;

pub use addon::{LONGEST_ADDON, addon_name, addon_refused, is_read};
pub use cloudflare::{Delisted, Ranges, delisted, parse_ranges, ranges, ranges_date};
pub use keep::{KEEP, is_kept, lost_with};
pub use labels::{is_kubectl_only, is_own_role};
pub use ports::{OWN_PORTS, On, OwnPort};
pub use release::{Release, Version};
pub use reserved::{PARTS, reserved};
