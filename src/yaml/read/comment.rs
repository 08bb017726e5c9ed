//! Comments, and the values that they speak of.
//!
//! A file is read once more for them, and only where a word stands in it: what is in quotes or in a block of text is then
//! no comment, whatever it looks like.

use std::collections::BTreeMap;

use granit_parser::{Event, Parser, StructureStyle};

use crate::source::{FileId, Sources, Span};

/// A comment.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Comment {
    /// From `#` to the end of its line.
    pub span: Span,
    /// What it speaks of, values with their keys. Behind a value: what stands on its line, and the value that begins or
    /// ends there, whole. On a line of its own: the entry below it; the whole document where that is its first. None
    /// where nothing is below.
    pub of: Option<Span>,
}

/// The comments of a file that hold the word; none of a file that is no YAML.
pub fn comments(sources: &Sources, file: FileId, word: &str) -> Vec<Comment> {
    let text = sources.file(file).text.as_str();
    if !text.contains(word) {
        return Vec::new();
    }
    let mut options = granit_parser::Options::default();
    options.disallow_directives = true;
    options.max_buffered_comment_events = usize::MAX;
    let mut outline = Outline { file, text, entries: Vec::new(), open: Vec::new(), reached: 0 };
    let mut comments = Vec::new();
    for next in Parser::new_from_str_with_options(text, options) {
        let Ok((event, span)) = next else { return Vec::new() };
        let byte = |marker: granit_parser::Marker| marker.byte_offset().unwrap_or_default();
        let (start, end) = (byte(span.start), byte(span.end));
        match event {
            Event::Comment(words, _) if words.contains(word) => comments.push((start, end)),
            event => outline.event(&event, start, end),
        }
    }
    let ends = outline.ends();
    let comment = |(start, end)| Comment { span: file.part(start, end), of: outline.of(start, end, &ends) };
    comments.into_iter().map(comment).collect()
}

/// A key with its value, or an item of a list (bytes).
struct Entry {
    start: usize,
    end: usize,
    /// Whether its value is a list or map without brackets, which ends where its last entry does.
    block: bool,
}

/// A list or map that is being read.
struct Open {
    /// The entry whose value it is.
    entry: usize,
    block: bool,
    map: bool,
    /// The entry whose key was read.
    key: Option<usize>,
}

/// All entries in the order in which they begin; of two that begin at one place, the outer one first.
struct Outline<'t> {
    file: FileId,
    text: &'t str,
    entries: Vec<Entry>,
    open: Vec<Open>,
    /// Where the last value ends that was read.
    reached: usize,
}

impl Outline<'_> {
    fn event(&mut self, event: &Event<'_>, start: usize, end: usize) {
        match event {
            // A value that is absent has the place of whatever comes next.
            Event::Scalar(..) if start == end => {
                self.open.last_mut().map(|open| open.key.take());
            }
            Event::Scalar(..) | Event::Alias(_) => {
                let entry = self.entry(start);
                self.reach(entry, end);
            }
            Event::SequenceStart(style, ..) => self.begin(start, *style, false),
            Event::MappingStart(style, ..) => self.begin(start, *style, true),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { entry, block, .. }) = self.open.pop() else { return };
                self.reach(entry, if block { self.reached } else { end });
            }
            _ => {}
        }
    }

    fn begin(&mut self, start: usize, style: StructureStyle, map: bool) {
        let entry = self.entry(start);
        let block = style == StructureStyle::Block;
        if let Some(entry) = self.entries.get_mut(entry) {
            entry.block = block;
        }
        self.open.push(Open { entry, block, map, key: None });
    }

    /// The entry to which what begins here belongs: that of the key before it, or its own.
    fn entry(&mut self, start: usize) -> usize {
        let key = self.open.last_mut().and_then(|open| open.key.take());
        key.unwrap_or_else(|| {
            let entry = self.entries.len();
            self.entries.push(Entry { start, end: start, block: false });
            if let Some(open) = self.open.last_mut().filter(|open| open.map) {
                open.key = Some(entry);
            }
            entry
        })
    }

    fn reach(&mut self, entry: usize, end: usize) {
        let visible = self.text.get(..end).map_or(end, |before| before.trim_end().len());
        if let Some(entry) = self.entries.get_mut(entry) {
            entry.end = entry.end.max(visible);
            self.reached = self.reached.max(visible);
        }
    }

    /// Where the first of the entries begins that end at a place; block lists and maps end with another entry.
    fn ends(&self) -> BTreeMap<usize, usize> {
        let mut ends = BTreeMap::new();
        for entry in self.entries.iter().filter(|entry| !entry.block) {
            ends.entry(entry.end).or_insert(entry.start);
        }
        ends
    }

    fn of(&self, start: usize, end: usize, ends: &BTreeMap<usize, usize>) -> Option<Span> {
        let line = self.text.get(..start)?.rfind(['\n', '\r']).map_or(0, |at| at.saturating_add(1));
        let before = self.text.get(line..start)?;
        if before.chars().all(|c| c.is_whitespace() || matches!(c, '-' | '?')) {
            let below = self.entries.partition_point(|entry| entry.start < end);
            let entry = self.entries.get(below)?;
            // What is told of a file as a whole stands at its very start.
            let from = if below == 0 { 0 } else { entry.start };
            return Some(self.file.part(from, entry.end));
        }
        let to = line.saturating_add(before.trim_end().len());
        let from = line.saturating_add(before.len().saturating_sub(before.trim_start().len()));
        let begun = self.entries.get(..self.entries.partition_point(|entry| entry.start < start));
        let begun = begun.and_then(<[Entry]>::last).filter(|entry| entry.start >= line);
        let value_end = line.saturating_add(before.trim_end_matches([' ', '\t', ',']).len());
        let from = ends.get(&value_end).map_or(from, |begin| from.min(*begin));
        Some(self.file.part(from, begun.map_or(to, |entry| entry.end.max(to))))
    }
}

#[cfg(test)]
mod tests {
    use super::comments;
    use crate::source::Sources;

    /// What each `# HERE` of the text speaks of.
    fn spoken(text: &str) -> Vec<String> {
        let mut sources = Sources::default();
        let file = sources.add("x.yaml".into(), Ok(text.into()));
        let comments = comments(&sources, file, "HERE");
        for comment in &comments {
            assert!(sources.text(comment.span).starts_with('#'), "{text}");
        }
        let of = |comment: &super::Comment| comment.of.map_or("-", |of| sources.text(of)).to_owned();
        comments.iter().map(of).collect()
    }

    #[test]
    fn behind_a_value_it_speaks_of_the_line_and_what_begins_or_ends_there() {
        for (text, of) in [
            ("a: 1\nb: 2 # HERE\nc: 3\n", "b: 2"),
            ("a: 1 # HERE", "a: 1"),
            ("a: {b: 1, c: 2} # HERE\nd: 1\n", "a: {b: 1, c: 2}"),
            ("l:\n- one # HERE\n- two\n", "- one"),
            ("l:\n- a: 1 # HERE\n  b: 2\n", "- a: 1"),
            ("a: # HERE\n  b: 1\n  c:\n  - d\n\n# end\ne: 1\n", "a: # HERE\n  b: 1\n  c:\n  - d"),
            ("a: &x # HERE\n  b: 1\nc: 1\n", "a: &x # HERE\n  b: 1"),
            ("a: | # HERE\n  text\n  more\nb: 1\n", "a: | # HERE\n  text\n  more"),
            ("- # HERE\n  a: 1\n  b: 2\n- c\n", "a: 1\n  b: 2"),
            ("a: # HERE\nb: 1\n", "a:"),
            ("a: {b: 1, # HERE\n  c: 2}\n", "a: {b: 1,"),
            ("a: {b: { # HERE\n  c: 2}, d: 1}\n", "a: {b: { # HERE\n  c: 2}"),
            ("a: [x,\n  y] # HERE\nb: 1\n", "a: [x,\n  y]"),
            ("{a: [x,\n  y], # HERE\n b: 1}\n", "a: [x,\n  y],"),
            ("a: \"x\n  y\" # HERE\nb: 1\n", "a: \"x\n  y\""),
            ("a: 'x # HERE' # HERE\n", "a: 'x # HERE'"),
            ("a: 1\r\nb: 2 # HERE\r\n", "b: 2"),
        ] {
            assert_eq!(spoken(text), [of], "{text}");
        }
    }

    #[test]
    fn on_a_line_of_its_own_it_speaks_of_the_entry_below() {
        for (text, of) in [
            ("a: 1\n# HERE\nb: 2\nc: 3\n", "b: 2"),
            ("a: 1\n\n  # HERE\n# other\n\nb:\n  c: 2\n\nd: 3\n", "b:\n  c: 2"),
            ("a:\n  # HERE\n  b: 1\n  c: 2\n", "b: 1"),
            ("a: 1\n# HERE\nb:\n  c: [d, {e: f}]\ng: 1\n", "b:\n  c: [d, {e: f}]"),
            ("l:\n# HERE\n- a: 1\n  b: 2\n- c\n", "a: 1\n  b: 2"),
            ("l: [\n  # HERE\n  {a: 1},\n  b]\n", "{a: 1}"),
            ("a: 1\n# HERE\nb: *x\n", ""),
            ("a: 1\n# HERE\n", "-"),
            ("# HERE\na: 1\nb: 2\n", "# HERE\na: 1\nb: 2"),
            ("a: 1\n---\n# HERE\nb: 1\nc: 2\n---\nd: 1\n", "b: 1\nc: 2"),
            ("a: 1\n--- # HERE\nb: 1\nc: 2\n", "b: 1\nc: 2"),
        ] {
            let expected: Vec<&str> = if of.is_empty() { Vec::new() } else { vec![of] };
            assert_eq!(spoken(text), expected, "{text}");
        }
    }

    #[test]
    fn what_is_no_comment_speaks_of_nothing() {
        for text in [
            "a: |\n  # HERE\n  b\n",
            "a: >-\n  x # HERE\nb: 1\n",
            "a: \"x # HERE\"\n",
            "a: 'x\n  # HERE'\n",
            "a: x#HERE\n",
            "a: [x\n# HERE\n",
        ] {
            assert_eq!(spoken(text), [""; 0], "{text}");
        }
    }
}
