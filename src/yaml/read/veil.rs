//! Values below `secrets:` of a stack, and below `secretGenerator:` of a kustomization, that could not be read: nobody
//! takes them out then, and the lines around an error are shown.

use crate::finding::Findings;
use crate::source::FileId;

/// Hides what stands behind the keys below `secrets:`, by lines; of a generator all but its name.
pub(super) fn hide(file: FileId, text: &str, found: &mut Findings) {
    let mut below = false;
    let mut generator = None;
    let mut start = 0_usize;
    for line in text.split_inclusive('\n') {
        let from = generated(line, &mut generator);
        let to = line.trim_end().len();
        if let Some(from) = from.filter(|from| *from < to) {
            found.hide(file.part(start.saturating_add(from), start.saturating_add(to)));
        }
        let begins = line.starts_with(|c: char| !c.is_whitespace() && c != '#' && c != '-');
        below = if begins { line.starts_with("secrets:") } else { below };
        if below {
            for (from, to) in values(line) {
                found.hide(file.part(start.saturating_add(from), start.saturating_add(to)));
            }
        }
        start = start.saturating_add(line.len());
    }
}

/// The byte of a line from which on it is a generator's; `column` is where the generators' key stands.
fn generated(line: &str, column: &mut Option<usize>) -> Option<usize> {
    const KEY: &str = "secretGenerator";
    if let Some(at) = line.find(KEY) {
        *column = Some(line.len().saturating_sub(line.trim_start().len()));
        return line.get(at..)?.find(':').map(|colon| at.saturating_add(colon).saturating_add(1));
    }
    let words = line.trim_start();
    let from = line.len().saturating_sub(words.len());
    let inside = |column: usize| from > column || (from == column && words.starts_with('-'));
    *column = column.filter(|column| words.is_empty() || inside(*column));
    let words = words.trim_start_matches(['-', ' ']);
    let is_open = words.starts_with("name:") && !words.contains(['{', ',', '=']);
    let shown = is_open || words.trim_end().ends_with(':');
    column.filter(|_| !shown).map(|_| line.len().saturating_sub(words.len()))
}

/// What stands behind the colons of a line, but for brackets; all of a line that has no key.
fn values(line: &str) -> Vec<(usize, usize)> {
    let whole = line.trim_end();
    let is_item = whole.trim_start().starts_with("- ");
    let mut values = Vec::new();
    let mut rest = 0_usize;
    while let Some((before, behind)) = whole.get(rest..).and_then(|text| text.split_once(':')) {
        let from = rest.saturating_add(before.len()).saturating_add(1);
        let blank = behind.len().saturating_sub(behind.trim_start().len());
        let begin = from.saturating_add(blank);
        let length =
            if behind.trim_start().starts_with(['[', '{']) { 0 } else { value_length(behind.trim_start()) };
        values.push((begin, begin.saturating_add(length)));
        rest = begin.saturating_add(length);
    }
    if values.is_empty() && !is_item {
        values.push((0, whole.len()));
    }
    values
}

/// Up to the next entry in brackets, or the end.
fn value_length(text: &str) -> usize {
    text.find(", ").unwrap_or_else(|| text.trim_end_matches(['}', ']', ',', ' ']).len())
}

#[cfg(test)]
mod tests {
    use super::hide;
    use crate::finding::Findings;
    use crate::source::Sources;

    /// The text with a `*` for each byte that is hidden.
    fn seen(text: &str) -> String {
        let mut sources = Sources::default();
        let file = sources.add("x.yaml".into(), Ok(text.into()));
        let mut found = Findings::default();
        hide(file, text, &mut found);
        let spans = found.take_secrets();
        let hidden =
            |at: usize| spans.iter().any(|span| (span.start..span.end).contains(&u32::try_from(at).unwrap()));
        text.char_indices().map(|(at, c)| if c != '\n' && hidden(at) { '*' } else { c }).collect()
    }

    #[test]
    fn values_below_secrets_are_hidden_and_keys_are_not() {
        for (text, shown) in [
            ("a: b\nsecrets: {x: {y: hush}}\nc: d\n", "a: b\nsecrets: {x: {y: ****}}\nc: d\n"),
            ("secrets:\n  x: {y: hush, z: 'hu: sh'}\n", "secrets:\n  x: {y: ****, z: ********}\n"),
            ("secrets:\n  x: [user, password]\n", "secrets:\n  x: [user, password]\n"),
            ("secrets:\n  x:\n  - user\nnodes: {a: b}\n", "secrets:\n  x:\n  - user\nnodes: {a: b}\n"),
            (
                "secrets:\n  x: hush\n  y: |\n    hush\n    hush\n",
                "secrets:\n  x: ****\n  y: *\n********\n********\n",
            ),
            ("  secrets: a\n", "  secrets: a\n"),
            ("secretGenerator: [{literals: [a=b]}]\nc: d\n", "secretGenerator:********************\nc: d\n"),
            (
                "k:\n  secretGenerator:\n  - name: g\n    literals:\n    - a=b\n\n    type: c\n  c: d\n",
                "k:\n  secretGenerator:\n  - name: g\n    literals:\n    - ***\n\n    *******\n  c: d\n",
            ),
            ("{secretGenerator: [{\n  a: b}]}", "{secretGenerator:***\n  *******"),
        ] {
            assert_eq!(seen(text), shown);
        }
    }
}
