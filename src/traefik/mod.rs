//! What Traefik makes of its rules: which it can read, and which of two rules takes all that the other would.
//!
//! In: a rule as written, the major of Traefik that reads it. Out: a [`Rule`] or the reason, in a user's words; of two
//! rules whether one covers the other. This room raises nothing: its callers know the place.
//!
//! To add a matcher: a row in `rule.rs`, and in `request.rs` what it asks of a request, if more than its own words can
//! tell. What must hold: [`Cases::covers`] never claims too much; the test in `cases.rs` tries it on random requests.

mod cases;
mod modern;
mod request;
mod rule;

pub use cases::Cases;
pub use modern::in_three;
pub use request::{Atom, Dialect};
pub use rule::{Matcher, Rule, Wire, read};
