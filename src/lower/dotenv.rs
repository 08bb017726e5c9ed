//! Dotenv files: `NAME=VALUE` lines, as compose reads them, without expansion.

use crate::finding::Findings;
use crate::kube::names;
use crate::source::{FileId, Sources, Span};
use crate::stack::{name_invalid, value_invalid};
use crate::yaml::{Key, Map, Node};

/// The variables, in the order written. A template's lines have no place of their own: then the file's start is told.
pub(super) fn variables(text: &str, file: FileId, sources: &Sources, found: &mut Findings) -> Map {
    let same = sources.file(file).text == text;
    let mut map = Map::default();
    let mut start = 0_usize;
    for line in text.split_inclusive('\n') {
        let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let end = start.saturating_add(line.trim_end().len());
        let span = if same { Span { file, start: byte(start), end: byte(end) } } else { file.start() };
        start = start.saturating_add(line.len());
        let line = line.trim();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let line = line.strip_prefix("export ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else {
            // Which part of it is the value is not known.
            found.push(value_invalid(span, "a line of a dotenv file is NAME=VALUE").secret());
            continue;
        };
        let name = name.trim();
        if let Err(reason) = names::env_name(name) {
            found.push(name_invalid("variable's name", name, span, &reason));
            continue;
        }
        if map.get(name).is_some() {
            found.push(value_invalid(span, format!("`{name}` is set twice")));
            continue;
        }
        map.push(Key { span, text: name.to_owned().into() }, Node::text(span, value_of(value.trim())));
    }
    map
}

/// Without its quotes; what follows ` #` is a comment only outside of quotes.
fn value_of(written: &str) -> String {
    for quote in ['"', '\''] {
        let Some(rest) = written.strip_prefix(quote) else { continue };
        let closes = |at: &usize| {
            let note = rest.get(at.saturating_add(1)..).unwrap_or_default();
            let escaped = quote == '"' && rest.get(..*at).is_some_and(|inside| inside.ends_with('\\'));
            !escaped && (note.trim().is_empty() || note.starts_with(" #"))
        };
        let end = rest.match_indices(quote).map(|(at, _)| at).find(closes);
        if let Some(inside) = end.and_then(|end| rest.get(..end)) {
            return if quote == '"' {
                inside.replace("\\n", "\n").replace("\\\"", "\"")
            } else {
                inside.to_owned()
            };
        }
    }
    written.split(" #").next().unwrap_or(written).trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use super::value_of;

    #[test]
    fn quotes_and_comments() {
        for (written, value) in [
            ("plain", "plain"),
            ("a b # note", "a b"),
            ("a#b", "a#b"),
            ("\"a # b\"", "a # b"),
            ("\"a\" # note", "a"),
            ("'a b' # it's", "a b"),
            ("\"line\\nnext\"", "line\nnext"),
            ("'$x \\n'", "$x \\n"),
            ("", ""),
        ] {
            assert_eq!(value_of(written), value, "{written}");
        }
    }
}
