//! Comments in dotenv files: behind a variable they speak of it, on a line of their own of the next one.

use super::comment::MARK;
use crate::source::{FileId, Sources, Span};

/// Whether a file of the stack is one, by its name.
pub(super) fn is_dotenv(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    name == ".env" || name.starts_with(".env.") || name.strip_suffix(".env").is_some()
}

/// Each comment that holds the mark, with the line that it speaks of.
pub(super) fn comments(sources: &Sources, file: FileId) -> Vec<(Span, Option<Span>)> {
    let text = sources.file(file).text.as_str();
    let mut comments = Vec::new();
    let (mut waiting, mut start) = (Vec::new(), 0_usize);
    for line in text.split_inclusive('\n') {
        let end = start.saturating_add(line.trim_end().len());
        let own = line.trim_start().starts_with('#');
        let at = if own {
            line.find('#')
        } else {
            line.find(&format!(" # {MARK}")).map(|at| at.saturating_add(1))
        };
        let span = at.map(|at| file.part(start.saturating_add(at), end)).filter(|_| line.contains(MARK));
        let variable = (!own && !line.trim().is_empty()).then(|| file.part(start, end));
        if own {
            waiting.extend(span);
        } else if variable.is_some() {
            comments.extend(waiting.drain(..).chain(span).map(|span| (span, variable)));
        }
        start = start.saturating_add(line.len());
    }
    comments.extend(waiting.into_iter().map(|span| (span, None)));
    comments
}

#[cfg(test)]
mod tests {
    use super::{comments, is_dotenv};
    use crate::source::Sources;

    #[test]
    fn a_comment_speaks_of_its_variable() {
        let mut sources = Sources::default();
        let text =
            "# stackc: allow(a) x\n\n# more\nA=b\nC=d # stackc: allow(b) y\nE=f\n# stackc: allow(c) z\n";
        let file = sources.add("a.env".into(), Ok(text.into()));
        let told: Vec<_> = comments(&sources, file)
            .iter()
            .map(|(span, of)| (sources.text(*span), of.map(|of| sources.text(of))))
            .collect();
        assert_eq!(
            told,
            [
                ("# stackc: allow(a) x", Some("A=b")),
                ("# stackc: allow(b) y", Some("C=d # stackc: allow(b) y")),
                ("# stackc: allow(c) z", None),
            ]
        );
    }

    #[test]
    fn files() {
        for (path, is) in
            [("a/.env", true), ("x.env", true), (".env.local", true), ("env", false), ("x.env.j2", false)]
        {
            assert_eq!(is_dotenv(path), is, "{path}");
        }
    }
}
