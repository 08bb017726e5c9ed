//! Findings as people and machines read them. One file a form.
//!
//! In: findings and the sources that they point into. Out: text. Prints nothing; width and colour are `cli`'s to know.
//! To add a form: a file here, a variant of [`Form`].
//!
//! What must hold: text from files never reaches a terminal with its control characters or bidi marks;
//! no value of a Secret is shown (`veil.rs`, `tests/secrets.rs`).

mod diff;
mod dns;
mod explain;
mod json;
mod labels;
mod nodes;
mod outage;
mod text;
mod veil;

pub use diff::{Compared, diff_json, diff_markdown, diff_text};
pub use dns::{json as dns_json, text as dns_text};
pub use explain::{explain, list_codes};
pub use json::{SCHEMA_VERSION, findings as json};
pub use labels::{Label, json as labels_json, text as labels_text};
pub use nodes::{Placement, json as nodes_json, text as nodes_text};
pub use outage::{json as outage_json, text as outage_text};
pub use text::{Style, findings as text, harmless_lines};
