//! How the world reaches the cluster: Traefik as it is configured, k3s' load balancer, and the names that must lead to
//! which nodes.
//!
//! In: the stack and its final objects. Out: [`Traefik`], a view on its chart's values with what they mean; [`Way`]s, a
//! route or LoadBalancer and the nodes that answer for it; [`Records`], what DNS has to say for them. Raises nothing
//! but what is wrong with the text of the values itself.
//!
//! What must hold: values keep the places that the user wrote; records are the same for the same input, in order of
//! their names; a node is named only if the pod that answers may land there.

mod balancer;
mod hosts;
mod record;
mod traefik;
mod way;

pub use balancer::{balancing, is_balanced, labels};
pub use hosts::{Hosts, hosts};
pub use record::{Record, Records, records};
pub use traefik::{Header, Traefik, Trusted, is_traefik_config};
pub use way::{Way, Wire, ways};
