//! The folder from which k3s deploys by itself: what is in it, what shall be, and the way there without an accident.
//!
//! In: a stack's files as text, or a stream of them. Out: a [`Plan`], and the folder as it says. This room alone reads
//! and writes the target folder; it knows neither clock nor terminal. `write` is also how `build -o` and `lock` write.
//!
//! A reason not to start is a [`Refusal`] in `refuse.rs`; what an install can do to a file is a [`Does`].
//!
//! What must hold: nothing is written before all is computed; a file that k3s reads is always wholly old or new, and the
//! next run mends whatever one that was cut off has left (`tests/install_kill.rs`); only files that the [`Record`] names
//! are changed; what holds data stays until it is named (`tests/install_model.rs`).

mod apply;
mod folder;
mod held;
mod plan;
mod record;
mod refuse;
mod step;
mod stream;
pub mod write;

pub use apply::apply;
pub use folder::{Folder, Found, State, Trouble, record as record_of};
pub use plan::{Does, Fate, Leaving, PATIENCE, Plan, Refusal, Step, Wish, forgotten_addons, plan};
pub use record::{Owned, Record};
pub use stream::{Stream, parse as parse_stream, stack_of};
