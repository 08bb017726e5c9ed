//! Places in the input.

/// A registered source file; only [`super::Sources`] makes one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct FileId(pub(super) u32);

impl FileId {
    /// The whole-file place: its very start.
    pub fn start(self) -> Span {
        Span { file: self, start: 0, end: 0 }
    }

    /// Bytes of it.
    pub fn part(self, start: usize, end: usize) -> Span {
        let byte = |at| u32::try_from(at).unwrap_or(u32::MAX);
        Span { file: self, start: byte(start), end: byte(end) }
    }
}

/// A range of bytes in a source file. There is no "nowhere": whoever makes a node names the span that
/// caused it, so every finding can point at something that the user wrote.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// Whether the other lies in this one.
    pub fn holds(self, other: Span) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// The part of this span from byte `from` to byte `to`, both counted from its start.
    #[must_use]
    pub fn part(self, from: usize, to: usize) -> Span {
        let at = |offset: usize| {
            let offset = u32::try_from(offset).unwrap_or(u32::MAX);
            self.start.saturating_add(offset).min(self.end)
        };
        Span { file: self.file, start: at(from), end: at(to) }
    }

    /// The smallest span that covers both; `other` is ignored when it lies in another file.
    #[must_use]
    pub fn to(self, other: Span) -> Span {
        if self.file != other.file {
            return self;
        }
        Span { file: self.file, start: self.start.min(other.start), end: self.end.max(other.end) }
    }

    /// The three numbers of a place, for serde, which carries numbers only.
    pub(crate) fn to_numbers(self) -> [u32; 3] {
        [self.file.0, self.start, self.end]
    }

    /// The place again, from [`Span::to_numbers`].
    pub(crate) const fn from_numbers([file, start, end]: [u32; 3]) -> Span {
        Span { file: FileId(file), start, end }
    }
}
