//! A stream of `stackc build`, taken apart into its files.

use super::record::is_file_name;
use crate::emit;
use crate::k3s::addon_refused;

/// What a stream carries.
#[derive(Debug)]
pub struct Stream {
    /// The stack's name.
    pub stack: String,
    /// Names and texts, as `build -o` writes them.
    pub files: Vec<(String, String)>,
}

/// What begins each file.
const HEADER: &str = "# stackc: ";

/// Takes a stream apart.
///
/// # Errors
/// Why it is none, or not a whole one, as a sentence.
pub fn parse(text: &str) -> Result<Stream, String> {
    if text.trim().is_empty() {
        return Err(
            "the stream is empty: the build that should have made it failed, or nothing was piped in"
                .to_owned(),
        );
    }
    let (body, end) = text
        .strip_suffix('\n')
        .map(|text| text.rsplit_once('\n').unwrap_or(("", text)))
        .ok_or("the stream was cut off: its last line is not whole")?;
    let count = ending(end).ok_or(
        "the stream was cut off: its last line is not `# stackc: end of N files`; it comes from stackc build",
    )?;
    let files = files(body)?;
    let Some((_, first)) = files.first() else {
        return Err("the stream holds no file: an empty stack would remove everything".to_owned());
    };
    let stack = stack_of(first).filter(|stack| addon_refused(stack).is_none()).ok_or(
        "the stream's first header does not tell its stack: `# stackc: STACK-APP.yaml from apps/APP.yaml`",
    )?;
    if files.len() != count {
        return Err(format!("the stream says that it has {count} files, and has {}", files.len()));
    }
    let mine = format!("{stack}-");
    if let Some((name, _)) = files.iter().find(|(name, _)| !name.starts_with(&mine)) {
        return Err(format!("the stream holds {name}, which is no file of the stack `{stack}`"));
    }
    let disorder = files.iter().zip(files.iter().skip(1)).find(|(a, b)| a.0 >= b.0);
    if let Some(((name, _), _)) = disorder {
        return Err(format!("the stream is not in order after {name}: it was changed on its way"));
    }
    Ok(Stream { stack: stack.to_owned(), files })
}

/// `# stackc: end of 6 files`.
fn ending(line: &str) -> Option<usize> {
    let count = line.strip_prefix("# stackc: end of ")?;
    count.strip_suffix(" files").or(count.strip_suffix(" file"))?.parse().ok()
}

/// A file's header tells its stack: of `# stackc: home-web.yaml from apps/web.yaml`, `home`.
pub fn stack_of(file: &str) -> Option<&str> {
    let (name, origin) = file.lines().next()?.strip_prefix(HEADER)?.split_once(".yaml from ")?;
    let part = |part: &str| name.strip_suffix(part)?.strip_suffix('-');
    if origin == "stack.yaml" {
        return emit::SYSTEM.into_iter().find_map(part);
    }
    let (_, path) = origin.split_once('/')?;
    part(&emit::manifest(path))
}

/// A file begins with its header, at the start or behind a separator. Text inside a document is indented or quoted, so no
/// line of it looks so.
fn files(body: &str) -> Result<Vec<(String, String)>, String> {
    if body.is_empty() {
        return Ok(Vec::new());
    }
    let body = body
        .strip_prefix(HEADER)
        .ok_or("the stream does not begin with `# stackc: NAME.yaml from …`: it comes from stackc build")?;
    let mut files = Vec::new();
    for part in body.split("\n---\n# stackc: ") {
        let name = part.split(' ').next().unwrap_or_default();
        let line = part.lines().next().unwrap_or_default();
        if !is_file_name(name) || !line.contains(".yaml from ") {
            return Err(format!("the stream has a header that names no file: {line:?}"));
        }
        files.push((name.to_owned(), format!("{HEADER}{part}\n")));
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str =
        "# stackc: web-a.yaml from apps/a.yaml\nkind: A\n---\nkind: B\ntext: |-\n  ---\n  # stackc: x\n";
    const B: &str = "# stackc: web-b.yaml from apps/b.yaml\nkind: C\n";
    const END: &str = "# stackc: end of 2 files\n";

    #[test]
    fn a_stream_is_its_files() {
        let stream = parse(&format!("{A}---\n{B}{END}")).unwrap();
        assert_eq!(stream.stack, "web");
        assert_eq!(stream.files, [("web-a.yaml".into(), A.into()), ("web-b.yaml".into(), B.into())]);
        let one = parse(&format!("{B}# stackc: end of 1 file\n")).unwrap();
        assert_eq!(one.files.len(), 1);
    }

    #[test]
    fn a_header_tells_its_stack() {
        for (header, stack) in [
            ("# stackc: a-b-web.yaml from apps/web.yaml", Some("a-b")),
            ("# stackc: a-b-web.yaml from apps/b-web.yaml", Some("a")),
            ("# stackc: home-00-namespaces.yaml from stack.yaml", Some("home")),
            ("# stackc: home-02-ingress.yaml from stack.yaml", Some("home")),
            ("# stackc: home-a-b.yaml from manifests/a/b.yml", Some("home")),
            ("# stackc: home-web.yaml from stack.yaml", None),
            ("# stackc: web.yaml from apps/web.yaml", None),
        ] {
            assert_eq!(stack_of(header), stack, "{header}");
        }
    }

    /// No beginning of a stream is a stream.
    #[test]
    fn a_stream_that_was_cut_off_is_refused() {
        let whole = format!("{A}---\n{B}{END}");
        for (at, _) in whole.char_indices() {
            assert!(parse(whole.get(..at).unwrap()).is_err(), "{at}");
        }
    }

    #[test]
    fn what_is_no_stream_is_refused() {
        let whole = format!("{A}---\n{B}{END}");
        for (text, says) in [
            (String::new(), "is empty: the build"),
            ("\n\n".to_owned(), "is empty: the build"),
            ("kind: A\n".to_owned(), "its last line is not `# stackc: end of"),
            (format!("{A}---\n{B}"), "its last line is not `# stackc: end of"),
            (whole.replace("2 files", "3 files"), "says that it has 3 files, and has 2"),
            (format!("{B}{END}"), "says that it has 2 files, and has 1"),
            (END.replace('2', "0"), "holds no file"),
            (END.to_owned(), "holds no file"),
            (whole.replace("# stackc: web-a", "# web-a"), "does not begin with"),
            (whole.replace("stackc: web-b.yaml", "stackc: ../web-b.yaml"), "names no file: \"../web-b.yaml"),
            (whole.replace("stackc: web-b.yaml", "stackc: .web-b.yaml"), "names no file"),
            (whole.replace("stackc: web-b.yaml", "stackc: Web-b.yaml"), "names no file"),
            (whole.replace("stackc: web-b.yaml", "stackc: web-b.sh"), "names no file"),
            (whole.replace("web-b.yaml", "other-b.yaml"), "no file of the stack `web`"),
            (whole.replace("web-b.yaml", "web-a.yaml"), "not in order after web-a.yaml"),
            (whole.replace("2 files", "two files"), "its last line is not"),
            (whole.replace("web-a.yaml from apps/a", "web-a.yaml from apps/b"), "does not tell its stack"),
            (whole.replace("web-a.yaml from", "-a.yaml from"), "names no file"),
        ] {
            let reason = parse(&text).unwrap_err();
            assert!(reason.contains(says), "{says}: {reason}");
        }
    }
}
