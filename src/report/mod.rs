//! Findings as people and machines read them. One file a form.
//!
//! In: findings and the sources that they point into. Out: text. Prints nothing; width and colour are `cli`'s to know.
//! To add a form: a file here with a [`Form`], a variant of `cli`'s `Format` that names it, its reader in
//! `tests/forms.rs`.
//!
//! What must hold: text from files breaks out of no form, and never reaches a terminal with its control characters or
//! bidi marks (`tests/forms.rs`); no value of a Secret is shown (`veil.rs`, `tests/secrets.rs`).

mod diff;
mod dns;
mod explain;
mod github;
mod json;
mod junit;
mod labels;
mod nodes;
mod outage;
mod provenance;
mod said;
mod sarif;
mod short;
mod text;
mod told;
mod veil;
mod visible;

pub use diff::{Compared, diff_json, diff_markdown, diff_text};
pub use dns::{json as dns_json, text as dns_text};
pub use explain::{EXAMPLE_APP, EXAMPLE_STACK, explain, list_codes};
pub use github::findings as github;
pub use json::{SCHEMA_VERSION, findings as json};
pub use junit::findings as junit;
pub use labels::{Label, json as labels_json, text as labels_text};
pub use nodes::{Placement, json as nodes_json, text as nodes_text};
pub use outage::{json as outage_json, text as outage_text};
pub use provenance::text as provenance_text;
pub use sarif::findings as sarif;
pub use short::findings as short;
pub use text::{Style, findings as text, harmless_lines, told as text_told};
pub use told::{Form, Told};
