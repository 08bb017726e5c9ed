//! The hosts that a rule of Traefik names.

/// What a rule says of hosts.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Hosts<'a> {
    /// The names, in the order written, without those that it refuses (`!Host(…)`).
    pub names: Vec<&'a str>,
    /// Patterns, from which no name can be told.
    pub patterns: Vec<&'a str>,
}

/// Matchers of hosts: of HTTP routes in both majors, and of TCP routes.
const NAMES: [&str; 3] = ["Host", "HostHeader", "HostSNI"];
const PATTERNS: [&str; 2] = ["HostRegexp", "HostSNIRegexp"];

/// Reads them; a rule that Traefik could not read is told elsewhere.
pub fn hosts(rule: &str) -> Hosts<'_> {
    let mut hosts = Hosts::default();
    let mut rest = rule;
    while let Some((before, inside)) = rest.split_once('(') {
        let head = before.trim_end();
        let start = head.rfind(|c: char| !c.is_ascii_alphanumeric()).map_or(0, |at| at.saturating_add(1));
        let matcher = head.get(start..).unwrap_or_default();
        let refused = head.get(..start).is_some_and(|before| before.trim_end().ends_with('!'));
        let (values, after) = values(inside);
        let is = |known: &[&str]| known.iter().any(|one| one.eq_ignore_ascii_case(matcher));
        if !refused && is(&NAMES) {
            hosts.names.extend(values);
        } else if !refused && is(&PATTERNS) {
            hosts.patterns.extend(values);
        }
        rest = after;
    }
    hosts
}

/// The texts in backticks or quotes up to the closing bracket, and what stands behind the last of them.
fn values(text: &str) -> (Vec<&str>, &str) {
    let mut values = Vec::new();
    let mut rest = text;
    loop {
        let next = rest.trim_start().trim_start_matches(',').trim_start();
        let quote = next.chars().next().filter(|c| matches!(c, '`' | '"'));
        let value = quote.and_then(|quote| next.get(1..)?.split_once(quote));
        let Some((value, after)) = value else { return (values, rest) };
        values.push(value);
        rest = after;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_rules() {
        for (rule, names, patterns) in [
            ("Host(`a.example`)", &["a.example"][..], &[][..]),
            (
                "(Host(`a.example`) || host(\"b.example\")) && PathPrefix(`/x`)",
                &["a.example", "b.example"],
                &[],
            ),
            ("Host(`a`, `b`) && Headers(`Host`, `c`)", &["a", "b"], &[]),
            ("PathPrefix(`/Host(x)`) && Host(`a`)", &["a"], &[]),
            ("Host(`a`) && !Host(`b`)", &["a"], &[]),
            ("HostSNI(`*`)", &["*"], &[]),
            ("HostRegexp(`^.+\\.example$`)", &[], &["^.+\\.example$"]),
            ("Path(`/`)", &[], &[]),
            ("Host(", &[], &[]),
            ("", &[], &[]),
        ] {
            assert_eq!(hosts(rule), Hosts { names: names.to_vec(), patterns: patterns.to_vec() }, "{rule}");
        }
    }
}
