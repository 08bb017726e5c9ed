//! A stream of `stackc build`, taken apart into its files.

use super::record::is_file_name;
use crate::k3s::{Release, Version, addon_refused};

/// What a stream carries.
#[derive(Debug)]
pub struct Stream {
    /// The stack's name.
    pub stack: String,
    /// The release it was built for.
    pub release: Release,
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
    let (body, end) = text
        .strip_suffix('\n')
        .map(|text| text.rsplit_once('\n').unwrap_or(("", text)))
        .ok_or("the stream was cut off: its last line is not whole")?;
    let end = end
        .strip_prefix("# stackc: end of ")
        .ok_or("the stream was cut off: its last line is not `# stackc: end of N files …`; it comes from stackc build")?;
    let (count, stack, release) = ending(end).ok_or_else(|| {
        format!("the stream's last line says {end:?}, not `N files of STACK for RELEASE`: is its stackc of another version?")
    })?;
    if addon_refused(stack).is_some() {
        return Err(format!("the stream's last line names the stack {stack:?}, which can be none"));
    }
    let files = files(body)?;
    if files.is_empty() {
        return Err("the stream holds no file: an empty stack would remove everything".to_owned());
    }
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
    Ok(Stream { stack: stack.to_owned(), release, files })
}

/// `6 files of oracle for v1.22.7+k3s1`.
fn ending(end: &str) -> Option<(usize, &str, Release)> {
    let (count, rest) = end.split_once(' ')?;
    let rest = rest.strip_prefix("files of ").or(rest.strip_prefix("file of "))?;
    let (stack, release) = rest.split_once(" for ")?;
    let release = Release::of(Version::parse(release).ok()?).ok()?;
    Some((count.parse().ok()?, stack, release))
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
    const END: &str = "# stackc: end of 2 files of web for v1.37.1+k3s1\n";

    #[test]
    fn a_stream_is_its_files() {
        let stream = parse(&format!("{A}---\n{B}{END}")).unwrap();
        assert_eq!((stream.stack.as_str(), stream.release.version().minor), ("web", 37));
        assert_eq!(stream.files, [("web-a.yaml".into(), A.into()), ("web-b.yaml".into(), B.into())]);
        let one = parse(&format!("{B}# stackc: end of 1 file of web for v1.22.7+k3s1\n")).unwrap();
        assert_eq!(one.files.len(), 1);
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
            (String::new(), "cut off"),
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
            (whole.replace(" of web for v1.37.1+k3s1", ""), "of another version"),
            (whole.replace("v1.37.1+k3s1", "v1.37"), "of another version"),
            (whole.replace("of web for", "of we/b for"), "which can be none"),
        ] {
            let reason = parse(&text).unwrap_err();
            assert!(reason.contains(says), "{says}: {reason}");
        }
    }
}
