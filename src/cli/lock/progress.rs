//! What is shown while registries are asked, on stderr: one line that changes on a terminal, a line an image elsewhere.
#![expect(clippy::disallowed_methods, reason = "cli knows the environment")]

use std::io::{self, IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::fetch::Progress;
use crate::report::harmless_lines;

/// Counts what is done.
pub(in crate::cli) struct Bar {
    terminal: bool,
    all: usize,
    done: AtomicUsize,
}

impl Bar {
    /// Of so many.
    pub fn new(all: usize) -> Bar {
        let moves = std::env::var_os("TERM").is_none_or(|term| term != "dumb");
        Bar { terminal: moves && io::stderr().is_terminal(), all, done: AtomicUsize::new(0) }
    }

    /// Called from several threads.
    pub fn tell(&self, event: Progress<'_>) {
        let text = match event {
            Progress::Begins(subject) if self.terminal => {
                format!("[{}/{}] {subject}", self.count(), self.all)
            }
            Progress::Begins(_) => return,
            Progress::Waits { subject, pause, why, next, of } => {
                format!("{subject}: {why}; try {next} of {of} in {} s", pause.as_secs())
            }
            Progress::Ends(subject, result) => {
                self.done.fetch_add(1, Ordering::Relaxed);
                let word = if result.is_ok() { "asked" } else { "failed" };
                if self.terminal {
                    format!("[{}/{}] {subject}", self.count(), self.all)
                } else {
                    format!("{word} {subject}")
                }
            }
        };
        self.show(&text);
    }

    /// Only what keeps people waiting.
    pub fn waits(&self, event: Progress<'_>) {
        if matches!(event, Progress::Waits { .. }) {
            self.tell(event);
        }
    }

    /// Leaves no trace on a terminal.
    pub fn end(&self) {
        if self.terminal {
            self.show("");
        }
    }

    fn count(&self) -> usize {
        self.done.load(Ordering::Relaxed)
    }

    /// Nobody needs to see it: what cannot be shown is left out.
    fn show(&self, text: &str) {
        let text = harmless_lines(text);
        // Clears the line, then writes without a wrap: of a text that is longer than the line, one line could be cleared.
        let text =
            if self.terminal { format!("\r\x1b[2K\x1b[?7l{text}\x1b[?7h") } else { format!("{text}\n") };
        let _ = io::stderr().lock().write_all(text.as_bytes());
    }
}
