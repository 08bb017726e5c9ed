//! The registered files and their line tables.

use std::collections::BTreeSet;
use std::sync::OnceLock;

use super::{FileId, Span};

/// The byte order mark. It says nothing in UTF-8, and YAML drops it.
const MARK: &str = "\u{feff}";

/// Why a file could not be read. The file is registered all the same, so that a finding can name it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fault {
    /// A link whose target is not there: files are read where they were listed.
    Missing,
    /// `..` or a link leads out of the stack's folder.
    Outside,
    /// A FIFO, a device, a socket or a folder.
    NotRegular,
    /// More bytes than the limit (bytes).
    TooLarge(u64),
    /// Not UTF-8.
    NotUtf8 {
        /// The line of the first byte that is not, from 1.
        line: usize,
    },
    /// The system's own words.
    Io(String),
    /// A path that a command was given, where nothing is.
    Absent,
    /// A folder without manifests.
    NoManifest,
    /// Input of another program, not its output: the command that makes manifests of it.
    Unrendered(&'static str),
}

/// One file of the input.
#[derive(Clone, Debug)]
pub struct SourceFile {
    /// The path as people see it: relative to where stackc was started when it was given so.
    pub path: String,
    /// The text without a byte order mark; empty when there is a fault.
    pub text: String,
    /// The bytes of a file that is not text, for mounting.
    pub bytes: Option<Vec<u8>>,
    /// Why `text` is empty.
    pub fault: Option<Fault>,
    /// Whether a byte order mark began the file.
    marked: bool,
    lines: OnceLock<Vec<u32>>,
}

/// A place as people read it.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Place {
    /// The file's path.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// All files that took part in a run.
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
    secrets: BTreeSet<Span>,
}

impl Sources {
    /// Registers bytes that should be UTF-8. One leading byte order mark is dropped.
    pub fn add(&mut self, path: String, content: Result<Vec<u8>, Fault>) -> FileId {
        let mut marked = false;
        let (text, bytes, fault) = match content {
            Err(fault) => (String::new(), None, Some(fault)),
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(mut text) => {
                    marked = text.starts_with(MARK);
                    if marked {
                        text.remove(0);
                    }
                    (text, None, None)
                }
                Err(error) => {
                    let valid = error.utf8_error().valid_up_to();
                    let bytes = error.into_bytes();
                    let line =
                        bytes.iter().take(valid).filter(|byte| **byte == b'\n').count().saturating_add(1);
                    (String::new(), Some(bytes), Some(Fault::NotUtf8 { line }))
                }
            },
        };
        let id = FileId(u32::try_from(self.files.len()).unwrap_or(u32::MAX));
        self.files.push(SourceFile { path, text, bytes, fault, marked, lines: OnceLock::new() });
        id
    }

    /// How many files there are.
    pub fn count(&self) -> usize {
        self.files.len()
    }

    /// The first of them, as before the others were read; their ids and places stay.
    #[must_use]
    pub fn first(&self, count: usize) -> Sources {
        Sources { files: self.files.iter().take(count).cloned().collect(), secrets: BTreeSet::new() }
    }

    /// Their paths.
    pub fn paths(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.path.as_str())
    }

    /// Shows paths that begin with `from` as beginning with `shown`.
    pub fn show_as(&mut self, from: &str, shown: &str) {
        for file in &mut self.files {
            if let Some(rest) = file.path.strip_prefix(from) {
                file.path = format!("{shown}{rest}");
            }
        }
    }

    /// The file behind an id.
    ///
    /// # Panics
    /// Never for an id that came from [`Sources::add`] of the same value; ids are made nowhere else.
    #[expect(clippy::indexing_slicing, clippy::as_conversions, reason = "ids are made by `add` alone")]
    pub fn file(&self, id: FileId) -> &SourceFile {
        &self.files[id.0 as usize]
    }

    /// The texts of all files.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.files.iter().map(|file| file.text.as_ref())
    }

    /// Secrets stand here, which nobody is shown.
    pub fn hide(&mut self, secrets: BTreeSet<Span>) {
        self.secrets.extend(secrets);
    }

    /// Where secrets stand.
    pub fn secrets(&self) -> impl Iterator<Item = Span> {
        self.secrets.iter().copied()
    }

    /// The text that a span covers.
    pub fn text(&self, span: Span) -> &str {
        let range = usize::try_from(span.start).unwrap_or(0)..usize::try_from(span.end).unwrap_or(0);
        self.file(span.file).text.get(range).unwrap_or("")
    }

    /// Line and column of a span's start; the only place that counts columns.
    pub fn place(&self, span: Span) -> Place {
        let file = self.file(span.file);
        let (line, column) = file.line_column(span.start);
        Place { path: file.path.clone(), line, column }
    }
}

impl SourceFile {
    /// The text with the byte order mark that began it: what whoever mounts the file gets.
    pub fn whole(&self) -> String {
        let mark = if self.marked { MARK } else { "" };
        format!("{mark}{}", self.text)
    }

    /// The bytes of the file, text or not.
    pub fn raw(&self) -> Vec<u8> {
        self.bytes.clone().unwrap_or_else(|| self.whole().into_bytes())
    }

    /// Byte offsets of the lines' starts.
    pub fn lines(&self) -> &[u32] {
        self.lines.get_or_init(|| {
            let mut starts = vec![0];
            for (at, _) in self.text.match_indices('\n') {
                starts.push(u32::try_from(at).map_or(u32::MAX, |at| at.saturating_add(1)));
            }
            starts
        })
    }

    /// The line of a byte, from 1.
    pub fn line_of(&self, byte: u32) -> usize {
        self.lines().partition_point(|start| *start <= byte).max(1)
    }

    /// Line and column of a byte, both from 1, the column in characters.
    pub fn line_column(&self, byte: u32) -> (usize, usize) {
        let line = self.line_of(byte);
        let start = self.lines().get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = usize::try_from(start).unwrap_or(0)..usize::try_from(byte).unwrap_or(0);
        let column = self.text.get(before).map_or(0, |text| text.chars().count());
        (line, column.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_count_characters() {
        let mut sources = Sources::default();
        let file = sources.add("a".into(), Ok("x: é\nyy: ß b\n".into()));
        let at = |byte| {
            let place = sources.place(Span { file, start: byte, end: byte });
            (place.line, place.column)
        };
        assert_eq!(at(0), (1, 1));
        assert_eq!(at(3), (1, 4));
        assert_eq!(at(6), (2, 1));
        assert_eq!(at(13), (2, 7));
    }

    #[test]
    fn a_file_that_is_not_text_keeps_its_bytes() {
        let mut sources = Sources::default();
        let file = sources.add("a".into(), Ok(vec![b'a', b'\n', 0xff]));
        assert_eq!(sources.file(file).fault, Some(Fault::NotUtf8 { line: 2 }));
        assert_eq!(sources.file(file).bytes.as_deref(), Some(&[b'a', b'\n', 0xff][..]));
    }
}
