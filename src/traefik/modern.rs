//! A rule of Traefik 2 in the words of Traefik 3: each matcher takes one value, patterns are whole, some names are new.

use super::request::named;
use super::rule::{Matcher, Rule, Wire, read};

/// The rule, where only Traefik 2 can read it and its words have twins in Traefik 3.
pub fn in_three(rule: &str, wire: Wire, traefik: u16) -> Option<String> {
    if traefik < 3 || read(rule, wire, traefik).is_ok() {
        return None;
    }
    let text = whole(&read(rule, wire, 2).ok()?)?;
    read(&text, wire, 3).is_ok().then_some(text)
}

fn whole(rule: &Rule<'_>) -> Option<String> {
    let joined = |parts: &[Rule<'_>], sign: &str, inner: fn(&Rule<'_>) -> Option<String>| {
        Some(parts.iter().map(inner).collect::<Option<Vec<_>>>()?.join(sign))
    };
    match rule {
        Rule::One(matcher) => any(matcher),
        Rule::All(parts) => joined(parts, " && ", part),
        Rule::Any(parts) => joined(parts, " || ", whole),
        Rule::Not(inner) => Some(format!("!{}", part(inner)?)),
    }
}

/// Below `&&` or `!`, which bind tighter than `||`.
fn part(rule: &Rule<'_>) -> Option<String> {
    let text = whole(rule)?;
    Some(if text.contains(" || ") || matches!(rule, Rule::All(_)) { format!("({text})") } else { text })
}

fn any(matcher: &Matcher<'_>) -> Option<String> {
    let values: Vec<&str> = matcher.values.iter().map(AsRef::as_ref).collect();
    let both = |name: &str| match values.as_slice() {
        [key, value] => Some(format!("{name}(`{key}`, `{value}`)")),
        _ => None,
    };
    let each = |name: &str| {
        let one = |value: &&str| (!value.contains('{')).then(|| format!("{name}(`{value}`)"));
        Some(values.iter().map(one).collect::<Option<Vec<_>>>()?.join(" || "))
    };
    match matcher.name {
        "Headers" => both("Header"),
        "HeadersRegexp" => both("HeaderRegexp"),
        "HostHeader" => each("Host"),
        "HostRegexp" | "HostSNIRegexp" => {
            let one = |value: &&str| Some(format!("{}(`{}`)", matcher.name, named(value)?));
            Some(values.iter().map(one).collect::<Option<Vec<_>>>()?.join(" || "))
        }
        // In Traefik 2 one value holds name and value.
        "Query" => {
            let one =
                |value: &&str| value.split_once('=').map(|(key, value)| format!("Query(`{key}`, `{value}`)"));
            Some(values.iter().map(one).collect::<Option<Vec<_>>>()?.join(" && "))
        }
        name => each(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins() {
        for (two, three) in [
            ("Host(`a.org`, `b.org`)", Some("Host(`a.org`) || Host(`b.org`)")),
            ("Host(`a.org`, `b.org`) && Path(`/x`)", Some("(Host(`a.org`) || Host(`b.org`)) && Path(`/x`)")),
            ("HostRegexp(`{sub:[a-z]+}.a.org`)", Some("HostRegexp(`^(?:[a-z]+)\\.a\\.org$`)")),
            ("Host(`a.org`) && Headers(`X-A`, `b`)", Some("Host(`a.org`) && Header(`X-A`, `b`)")),
            ("!Host(`a.org`, `b.org`)", Some("!(Host(`a.org`) || Host(`b.org`))")),
            ("Host(`a.org`) && Path(`/{id}`)", None),
            ("Host(`a.org`)", None),
            ("Host(", None),
        ] {
            assert_eq!(in_three(two, Wire::Http, 3).as_deref(), three, "{two}");
            assert_eq!(in_three(two, Wire::Http, 2), None, "{two}");
        }
    }
}
