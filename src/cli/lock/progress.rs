//! What is shown while registries are asked, on stderr: one line that changes on a terminal, a line an image elsewhere.

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
        Bar { terminal: io::stderr().is_terminal(), all, done: AtomicUsize::new(0) }
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
        let mut stderr = io::stderr().lock();
        let _ = if self.terminal { write!(stderr, "\r\x1b[2K{text}") } else { writeln!(stderr, "{text}") };
        let _ = stderr.flush();
    }
}
