//! Which names a template uses, for telling where a value comes from: read loosely, since what is no name is found nowhere.

/// The paths that a text's templates may mean, in their order; words of the language are among them.
pub fn paths(text: &str) -> Vec<&str> {
    let mut paths = Vec::new();
    let mut rest = text;
    while let Some((_, behind)) = rest.split_once('{') {
        let Some(inside) = behind.strip_prefix(['{', '%']) else {
            rest = behind;
            continue;
        };
        let end = inside.find("}}").or_else(|| inside.find("%}")).unwrap_or(inside.len());
        let (inside, behind) = inside.split_at(end);
        paths.extend(words(inside));
        rest = behind;
    }
    paths
}

/// Whether a template is a path and no more, whose value it is as it stands.
pub fn is_name(template: &str, path: &str) -> bool {
    let inside =
        template.trim_matches(['"', '\'']).trim().strip_prefix("{{").and_then(|rest| rest.strip_suffix("}}"));
    inside.is_some_and(|inside| inside.trim() == path)
}

/// Whether a template may have made a text: what stands around its braces is in it.
pub fn may_make(template: &str, made: &str) -> bool {
    // Of a generator's `KEY=TEXT` the text alone.
    let is_in = |piece: &str| {
        made.contains(piece) || piece.split_once('=').is_some_and(|(_, text)| made.contains(text))
    };
    let mut rest = template.trim_matches(['"', '\'']);
    let mut any = false;
    while let Some((before, inside)) = rest.split_once("{{") {
        let Some((_, behind)) = inside.split_once("}}").filter(|_| is_in(before)) else {
            return false;
        };
        (any, rest) = (true, behind);
    }
    any && is_in(rest)
}

/// The paths of an expression; what stands in quotes is none, but for keys in brackets.
fn words(expression: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = expression;
    while let Some(c) = rest.chars().next() {
        let is_name = |c: char| c.is_alphanumeric() || c == '_';
        let length = match c {
            '"' | '\'' => rest
                .get(1..)
                .and_then(|inside| inside.find(c))
                .map_or(rest.len(), |end| end.saturating_add(2)),
            c if is_name(c) => {
                let mut end = 0_usize;
                while let Some(more) = rest.get(end..).and_then(next_part) {
                    end = end.saturating_add(more);
                }
                words.extend(rest.get(..end));
                end.max(1)
            }
            c => c.len_utf8(),
        };
        rest = rest.get(length..).unwrap_or_default();
    }
    words
}

/// Bytes of a path's next part: a name, `.name`, `['a name']`.
fn next_part(text: &str) -> Option<usize> {
    for quote in ["['", "[\""] {
        if let Some(inside) = text.strip_prefix(quote) {
            let close = if quote == "['" { "']" } else { "\"]" };
            return inside.find(close).map(|end| end.saturating_add(4));
        }
    }
    let name = text.strip_prefix('.').unwrap_or(text);
    let length = name.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(name.len());
    (length > 0).then(|| length.saturating_add(text.len().saturating_sub(name.len())))
}

#[cfg(test)]
mod tests {
    use super::{is_name, may_make, paths};

    #[test]
    fn names_of_templates() {
        for (text, expected) in [
            ("s3.{{ domain }}", &["domain"][..]),
            ("{{ a.b }}-{{c|upper}}", &["a.b", "c", "upper"]),
            ("{{ nodes['pi-1'].ip }} {{ x[\"y\"] }}", &["nodes['pi-1'].ip", "x[\"y\"]"]),
            ("{% if a %}b{% endif %}", &["if", "a", "endif"]),
            ("{{ 'a.b' ~ c }}", &["c"]),
            ("{{ 'open", &[]),
            ("{a}{ {b}", &[]),
            ("{{ ä.ö }}", &["ä.ö"]),
            ("{{ a['b", &["a"]),
        ] {
            assert_eq!(paths(text), expected, "{text}");
        }
    }

    #[test]
    fn names_alone() {
        for (template, is) in
            [("\"{{ a }}\"", true), ("{{a}}", true), ("{{ a | upper }}", false), ("b{{ a }}", false)]
        {
            assert_eq!(is_name(template, "a"), is, "{template}");
        }
    }

    #[test]
    fn what_a_template_made() {
        for (template, made, may) in [
            ("s3.{{ domain }}", "Host(`s3.example.org`)", true),
            ("\"s3.{{ domain }}\"", "s3.example.org", true),
            ("s3.{{ domain }}", "Rule", false),
            ("a={{ domain }}", "example.org", true),
            ("{{ a }}:{{ b }}", "x", false),
            ("{{ a", "x", false),
            ("plain", "plain", false),
        ] {
            assert_eq!(may_make(template, made), may, "{template}");
        }
    }
}
