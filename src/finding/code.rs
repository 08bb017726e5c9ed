//! The kinds of findings.

/// How bad it is.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Severity {
    /// The pod, the apply or the trust breaks.
    Error,
    /// It works today and breaks on a foreseeable event.
    Warning,
    /// Told once, never counted.
    Note,
}

impl Severity {
    /// The word that people and machines read.
    pub fn word(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// A kind of finding: two to four words, the thing first, then what is wrong. Once released it is never renamed.
#[derive(Debug)]
pub struct Code {
    /// Such as `image-lacks-arch`.
    pub name: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What `stackc explain` prints.
    pub page: Page,
}

impl Code {
    /// What it means, in the first sentence of its page.
    pub fn gist(&self) -> String {
        let end = self.page.about.match_indices('.').map(|(at, _)| at).find(|at| {
            let behind = self.page.about.get(at.saturating_add(1)..).unwrap_or_default();
            behind.is_empty() || behind.starts_with(char::is_whitespace)
        });
        self.page.about.get(..end.unwrap_or(self.page.about.len())).unwrap_or_default().replace('\n', " ")
    }
}

impl PartialEq for Code {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

/// A code's page. The examples are files, each begun by a line `# FILE` such as `# apps/web.yaml`; files of a
/// stack that an example leaves out are those of a small stack that compiles (`tests/pages.rs`).
#[derive(Debug)]
pub struct Page {
    /// What it means and why it matters, wrapped by hand.
    pub about: &'static str,
    /// Files that raise the code.
    pub bad: &'static str,
    /// The same, mended.
    pub good: &'static str,
}
