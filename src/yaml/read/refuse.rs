//! What is refused before or while a file is read, each with the reason why readers would disagree on it.

use granit_parser::{ErrorKind, ScalarStyle, ScanError};

use super::{Dialect, YAML_ALIAS, YAML_DOCUMENT, YAML_LIMIT, YAML_SYNTAX};
use crate::finding::{Code, Finding, Findings, Page, Severity, Words};
use crate::source::{Fault, FileId, Span};

/// A file of the stack that could not be read.
pub static FILE_UNREADABLE: Code = Code {
    name: "file-unreadable",
    severity: Severity::Error,
    page: Page {
        about: "A file that the stack needs is missing, is no regular file, leaves the stack's folder (by `..` or\n\
                by a link), is too large or is not UTF-8. A stack is read from its own folders alone, so that a\n\
                stack from somebody else cannot pull in files of your machine.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              volumes: {/etc/web.conf: {file: ../../passwords}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               volumes: {/etc/web.conf: {file: web.conf}}\n# files/web.conf\nlisten 8080\n",
    },
};

/// A character that readers of YAML drop, refuse or break lines at.
pub static YAML_CHARACTER: Code = Code {
    name: "yaml-character",
    severity: Severity::Error,
    page: Page {
        about: "The file holds a raw control character, or a line or paragraph separator (U+0085, U+2028, U+2029)\n\
                that Kubernetes' reader takes as the end of a line and others do not. In double quotes such a\n\
                character can be written as an escape.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nenv: {BELL: \"\u{7}\"}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nenv: {BELL: \"\\a\"}\n",
    },
};

/// The finding for a file that could not be read.
pub fn unreadable(file: FileId, path: &str, fault: &Fault) -> Finding {
    let message = match fault {
        Fault::Missing => format!("{path} is a link to nothing"),
        Fault::Outside => format!("{path} leads out of the stack's folder"),
        Fault::NotRegular => format!("{path} is no regular file"),
        Fault::TooLarge(limit) => format!("{path} is larger than {limit} bytes"),
        Fault::NotUtf8 { line } => {
            format!("{path} is not UTF-8: line {line} holds a byte that begins no character")
        }
        Fault::Io(reason) => format!("{path} cannot be read: {reason}"),
        Fault::Absent => format!("{path}: no such file or folder"),
        Fault::NoManifest => format!("{path} holds no .yaml, .yml or .json file"),
        Fault::Unrendered(_) => format!("{path} is input of another program, not what it renders"),
    };
    let help = match fault {
        Fault::Outside => Some("put a copy of it into the stack's folder".to_owned()),
        Fault::NotUtf8 { .. } => {
            Some("save it as UTF-8; mounted files (files/) may hold any bytes".to_owned())
        }
        Fault::Unrendered(command) => {
            let folder = path.rsplit_once('/').map_or(".", |(folder, _)| folder);
            Some(format!("{} | stackc check --stack STACK -", command.replace("FOLDER", folder)))
        }
        _ => None,
    };
    Finding::new(&FILE_UNREADABLE, file.start(), message).maybe_help(help)
}

/// Raw characters that no file may hold, in any place, comments included.
pub(super) fn characters(file: FileId, text: &str, found: &mut Findings) {
    // Nearly every file is clean: one pass over bytes decides.
    let suspicious = text.bytes().any(|b| {
        b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r') || b == 0x7f || b == 0xc2 || b == 0xe2 || b == 0xef
    });
    if !suspicious {
        return;
    }
    for (at, character) in text.char_indices() {
        let why = match character {
            '\u{85}' | '\u{2028}' | '\u{2029}' => {
                "Kubernetes' reader ends the line here, other readers do not"
            }
            '\t' | '\n' | '\r' => continue,
            '\u{fffe}' | '\u{ffff}' => "no character",
            // Kubernetes' reader takes it for text there, others for nothing.
            '\u{feff}' if begins_line(text, at) => "a byte order mark that does not begin the file",
            c if c.is_control() => "a control character",
            _ => continue,
        };
        let start = u32::try_from(at).unwrap_or(u32::MAX);
        let end = start.saturating_add(u32::try_from(character.len_utf8()).unwrap_or(1));
        let code = u32::from(character);
        found.push(
            Finding::new(&YAML_CHARACTER, Span { file, start, end }, format!("the file holds U+{code:04X}"))
                .label(why)
                .help(format!("remove it, or write it in double quotes as \"\\u{code:04X}\"")),
        );
        return;
    }
}

fn begins_line(text: &str, at: usize) -> bool {
    text.get(..at).is_none_or(|before| before.is_empty() || before.ends_with(['\n', '\r']))
}

/// A carriage return alone ends a line for YAML, but not for the step before it, which splits the file into documents and
/// drops one before a line feed.
pub(super) fn carriage_returns(file: FileId, text: &str, found: &mut Findings) {
    let Some(at) = ["\r\r\n", "\r---", "\r..."].iter().filter_map(|odd| text.find(odd)).min() else { return };
    let start = u32::try_from(at).unwrap_or(u32::MAX);
    let span = Span { file, start, end: start.saturating_add(1) };
    found.push(
        Finding::new(&YAML_CHARACTER, span, "a carriage return (U+000D) where lines or documents part")
            .note("Kubernetes splits the file at line feeds before it reads YAML, which takes both for the end of a line")
            .help("end lines with a line feed alone"),
    );
}

/// Kubernetes splits a file into documents by lines, before any YAML is parsed.
pub(super) fn separators(file: FileId, text: &str, found: &mut Findings) {
    let mut start = 0_usize;
    for line in text.split_inclusive('\n') {
        let span = |length: usize| {
            let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            Span { file, start: byte(start), end: byte(start.saturating_add(length)) }
        };
        if let Some(rest) = line.strip_prefix("---") {
            let rest = rest.trim();
            if !rest.is_empty() && !rest.starts_with('#') {
                found.push(
                    Finding::new(
                        &YAML_DOCUMENT,
                        span(line.trim_end().len()),
                        "text behind the document separator `---`",
                    )
                    .note("Kubernetes splits the file at such lines before it reads YAML, even inside quotes")
                    .help("put the text on the next line"),
                );
            }
        } else if let Some(rest) = line.strip_prefix("...")
            && rest.chars().next().is_none_or(char::is_whitespace)
        {
            found.push(
                Finding::new(&YAML_DOCUMENT, span(3), "`...` ends the document")
                    .note("kubectl drops what follows up to the next `---`, without a word")
                    .help("remove the line; documents are parted by `---`"),
            );
        }
        start = start.saturating_add(line.len());
    }
}

/// Scalars that kubectl's reader refuses or reads as something else.
pub(super) fn scalar(text: &str, span: Span, style: ScalarStyle, flow: bool, found: &mut Findings) {
    let start = usize::try_from(span.start).unwrap_or(0);
    let end = usize::try_from(span.end).unwrap_or(0);
    let raw = text.get(start..end).unwrap_or("");
    let problem = match style {
        ScalarStyle::DoubleQuoted => foreign_escape(raw),
        ScalarStyle::Plain if flow && raw.starts_with('?') => {
            Some(("a plain text that starts with `?` in a flow list or map", "put it in quotes"))
        }
        ScalarStyle::Plain if flow && raw.starts_with(':') => {
            Some(("a plain text that starts with `:` in a flow list or map", "put it in quotes"))
        }
        ScalarStyle::Plain if flow && raw.is_empty() && squeezed_colon(text, start) => Some((
            "`:` directly before a bracket or comma is part of the key to Kubernetes' reader",
            "put a space behind the colon",
        )),
        ScalarStyle::Plain if flow && raw.is_empty() && squeezed_tag(text, start) => Some((
            "`,` or a bracket directly behind a tag is part of the tag to Kubernetes' reader",
            "put a space behind the tag, or leave it out",
        )),
        ScalarStyle::Literal | ScalarStyle::Folded if raw.starts_with('\t') => Some((
            "a block of text that starts with a tab, which Kubernetes' reader takes for its indentation",
            "write the text in double quotes, its tabs as \\t",
        )),
        _ => None,
    };
    if let Some((message, help)) = problem {
        found.push(Finding::new(&YAML_SYNTAX, span, message).help(help));
    }
}

/// A tab between the start of a line, or a `-` or `?` there, and a value: Kubernetes' reader takes it for no blank.
pub(super) fn tab(text: &str, span: Span, found: &mut Findings) {
    let start = usize::try_from(span.start).unwrap_or(0);
    let before = text.get(..start).unwrap_or("").chars().rev().take_while(|c| !matches!(c, '\n' | '\r'));
    let mut tabs = 0_usize;
    for character in before {
        match character {
            '\t' => tabs = tabs.saturating_add(1),
            ' ' | '-' | '?' | ':' => {}
            _ => return,
        }
    }
    if tabs > 0 {
        found.push(
            Finding::new(&YAML_SYNTAX, span, "a tab where YAML wants spaces").help("indent with spaces"),
        );
    }
}

/// The place of an absent value is that of the colon before it, or the next one.
fn squeezed_colon(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at_checked(at).unwrap_or_default();
    let behind = after.strip_prefix(':').or(before.ends_with(':').then_some(after));
    behind.is_some_and(|behind| behind.starts_with(['}', ']', ',']))
}

/// The place of an absent value behind a tag is the tag's end.
fn squeezed_tag(text: &str, at: usize) -> bool {
    let (before, after) = text.split_at_checked(at).unwrap_or_default();
    let word = before.rsplit(|c: char| c.is_whitespace() || "[]{},".contains(c)).next();
    word.is_some_and(|word| word.starts_with('!')) && after.starts_with(['}', ']', ','])
}

/// `\/` and surrogate pairs are JSON's; Kubernetes' YAML reader refuses them.
fn foreign_escape(raw: &str) -> Option<(&'static str, &'static str)> {
    let mut characters = raw.chars();
    while let Some(character) = characters.next() {
        if character != '\\' {
            continue;
        }
        let rest = characters.as_str();
        match characters.next() {
            Some('/') => return Some(("the escape `\\/` is unknown to Kubernetes' reader", "write `/`")),
            Some('u')
                if matches!(rest.get(1..3), Some("D8" | "D9" | "DA" | "DB" | "d8" | "d9" | "da" | "db")) =>
            {
                return Some((
                    "half a surrogate pair",
                    "write the character itself, or \\U and eight hex digits",
                ));
            }
            _ => {}
        }
    }
    None
}

/// The way out where `{{` stands outside of a text.
pub(super) fn template(dialect: Dialect) -> &'static str {
    match dialect {
        Dialect::Typed => "a template goes in quotes: \"{{ … }}\"",
        Dialect::Manifest | Dialect::Kustomization | Dialect::Kustomize => {
            "manifests are no templates: write the value itself, or render them first, as `helm template` does"
        }
    }
}

/// The parser's error, at its place, in words that help.
/// The bracket that is still open where reading stopped is the cause when it stands on a line above.
pub(super) fn syntax(
    file: FileId,
    text: &str,
    depth: usize,
    open: Option<Span>,
    error: &ScanError,
) -> Finding {
    let at = error.marker().byte_offset().unwrap_or_default().min(text.len());
    let character = text.get(at..).and_then(|rest| rest.chars().next());
    let width = character.map_or(0, char::len_utf8);
    let byte = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    let span = Span { file, start: byte(at), end: byte(at.saturating_add(width)) };
    let (code, message, help) = words(error.kind());
    let message: Words = match message {
        Some(words) => words.into(),
        None if code == &YAML_LIMIT => format!("nested deeper than {depth} levels").into(),
        None => plain_words(&error.kind().to_string()).into(),
    };
    if let Some(at) = valueless(text, error.kind()) {
        let span = Span { file, start: byte(at), end: byte(at.saturating_add(1)) };
        return Finding::new(code, span, "a value is missing in front of this");
    }
    let finding = Finding::new(code, span, message).label("reading stopped here");
    let range = |from: Span| usize::try_from(from.start).unwrap_or(0)..at;
    match open.filter(|open| text.get(range(*open)).is_some_and(|between| between.contains('\n'))) {
        Some(open) => {
            finding.also(open, "this bracket is still open").help("close it where its list or map ends")
        }
        None => finding.maybe_help(help),
    }
}

/// In JSON whose brackets do not close, the place where a value should stand: YAML takes `"a":}` for null, and so meets the
/// mistake only at the end.
fn valueless(text: &str, kind: &ErrorKind) -> Option<usize> {
    let unclosed = matches!(
        kind,
        ErrorKind::UnclosedFlowCollection { .. }
            | ErrorKind::UnexpectedEofFlowMapping
            | ErrorKind::UnexpectedEofFlowSequence
    );
    if !unclosed || !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let error =
        serde_json::from_str::<serde::de::IgnoredAny>(text).err().filter(serde_json::Error::is_syntax)?;
    let before = text.split_inclusive('\n').take(error.line().checked_sub(1)?).map(str::len).sum::<usize>();
    let at = before.checked_add(error.column().checked_sub(1)?)?;
    text.get(at..)?.starts_with(['}', ']', ',']).then_some(at)
}

/// The parser's words without its way of beginning them.
fn plain_words(message: &str) -> String {
    let told = message.split_once(", ").map_or(message, |(_, rest)| rest);
    format!("this is not YAML: {told}")
}

type Told = (&'static Code, Option<&'static str>, Option<&'static str>);

/// What the errors that people meet mean, and the way out.
fn words(kind: &ErrorKind) -> Told {
    match kind {
        ErrorKind::RecursionLimitExceeded => (&YAML_LIMIT, None, None),
        ErrorKind::UnknownAnchor => (
            &YAML_ALIAS,
            Some("the alias has no anchor above it in this file"),
            Some("define it first: `key: &name value`; text that starts with `*` goes in quotes"),
        ),
        ErrorKind::DirectiveDisallowed => {
            (&YAML_DOCUMENT, Some("a directive (`%…`), which kubectl refuses"), Some("remove the line"))
        }
        ErrorKind::UnclosedQuotedScalar => (
            &YAML_SYNTAX,
            Some("a quote is opened and never closed"),
            Some("close it on the line where it opens"),
        ),
        ErrorKind::UnclosedFlowCollection { .. }
        | ErrorKind::UnexpectedEofFlowMapping
        | ErrorKind::UnexpectedEofFlowSequence => {
            (&YAML_SYNTAX, Some("a bracket is opened and never closed"), None)
        }
        ErrorKind::TabInIndentation | ErrorKind::TabInBlockIndentation | ErrorKind::TabNotAllowed => {
            (&YAML_SYNTAX, Some("a tab where YAML wants spaces"), Some("indent with spaces"))
        }
        ErrorKind::MappingValueNotAllowed | ErrorKind::InvalidColonPlacement => (
            &YAML_SYNTAX,
            Some("a `: ` where no key can be"),
            Some("put text that holds `: ` in quotes, or check the indentation of this line"),
        ),
        ErrorKind::UnexpectedCharacter { .. } => {
            (&YAML_SYNTAX, Some("a text cannot start with this character"), Some("put the text in quotes"))
        }
        ErrorKind::ExpectedBlockMappingKey | ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => (
            &YAML_SYNTAX,
            Some("a key and its `:` are wanted here"),
            Some("check the indentation, and the line above"),
        ),
        _ => (&YAML_SYNTAX, None, None),
    }
}

#[cfg(test)]
mod tests {
    use super::{ErrorKind, valueless};
    use crate::finding::Findings;
    use crate::source::Sources;
    use crate::yaml::{Dialect, read};

    #[test]
    fn a_value_that_json_lacks() {
        let of = |text: &str| valueless(text, &ErrorKind::UnexpectedEofFlowMapping);
        assert_eq!(of("{\"a\":\n {\"b\":}"), Some(12));
        assert_eq!(of("{\"a\": [1,]"), Some(9));
        assert_eq!(of("{\"a\": {\"b\": 1}"), None);
        assert_eq!(of("{a: {b: c}"), None);
    }

    #[test]
    fn what_is_marked_is_whole_characters() {
        for text in ["a: \"b\"\u{202e}\n", "a: \"b\"é\n", "a: [b]😀\n", "a: 'b'"] {
            let mut sources = Sources::default();
            let file = sources.add("a.yaml".into(), Ok(text.into()));
            let mut found = Findings::default();
            read(&sources, file, Dialect::Typed, &mut found);
            for finding in found.sorted() {
                let marked = sources.text(finding.primary.span);
                assert_eq!(marked.chars().count(), 1, "{text:?} marks {marked:?}");
            }
        }
    }
}
