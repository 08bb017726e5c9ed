//! Routes whose rule no request meets, however it is asked.

use std::net::IpAddr;

use super::Facts;
use super::route::Route;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::traefik::{Dialect, Matcher};

/// A rule that nothing meets.
pub static CODE: Code = Code {
    name: "route-never-matches",
    severity: Severity::Error,
    page: Page {
        about: "No request meets this rule: a host with a scheme, a port or a path in it, `*` in a Host that Traefik\n\
                compares as it is, a pattern in a path that is none, two hosts at once, a HostSNI where nobody says TLS\n\
                (without TLS a connection names no host). The route answers nothing, and nothing says so.",
        bad: "# manifests/routes.yaml\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: web}\nspec:\n  \
              entryPoints: [web]\n  routes:\n  - match: Host(`www.example.org/shop`)\n    kind: Rule\n    \
              services: [{name: api@internal, kind: TraefikService}]\n",
        good: "# manifests/routes.yaml\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: web}\nspec:\n  \
               entryPoints: [web]\n  routes:\n  - match: Host(`www.example.org`) && PathPrefix(`/shop`)\n    kind: Rule\n    \
               services: [{name: api@internal, kind: TraefikService}]\n",
    },
};

/// Tells each once.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for route in &facts.routes {
        if let Some((reason, help)) = reason(route) {
            let finding = Finding::new(&CODE, route.at, format!("no request meets this rule: {reason}"));
            found.push(finding.maybe_help(help));
        }
    }
    for route in facts.streams.iter().filter(|route| route.ways.iter().all(|(_, tls)| !tls)) {
        let named = route.cases.as_ref().is_some_and(|cases| cases.hosts().is_some_and(|hosts| !hosts.is_empty()));
        if named && !found.tells(route.at) {
            let message = "no connection meets this rule: without TLS it names no host";
            found.push(
                Finding::new(&CODE, route.at, message)
                    .help("match: HostSNI(`*`)")
                    .help("or, if it comes by TLS, in spec: tls: {passthrough: true}"),
            );
        }
    }
}

/// Why, and a way out.
type Reason = (String, Option<String>);

fn reason(route: &Route<'_>) -> Option<Reason> {
    let rule = route.rule.as_ref().ok()?;
    let matchers = rule.matchers();
    let own = matchers.iter().find_map(|matcher| match matcher.name {
        "Host" | "HostHeader" => matcher.values.iter().find_map(|value| host(value, route.dialect)),
        "Query" if route.dialect.traefik > 2 => query(matcher),
        "Path" | "PathPrefix" => matcher.values.iter().find_map(|value| path(value, matcher, route.dialect)),
        _ => None,
    });
    let contradicts = || {
        let never = route.cases.as_ref()?.never();
        never.then(|| ("its parts rule each other out".to_owned(), Some("`||` between them means one or the other".to_owned())))
    };
    own.or_else(contradicts).or_else(|| insecure(route))
}

/// Browsers come to port 80 without TLS. Where the chart's values speak of TLS, it is not surely so.
fn insecure(route: &Route<'_>) -> Option<Reason> {
    let plain = !route.ways.is_empty() && route.ways.iter().all(|way| *way == ("web", true));
    let why = "with `tls` it is asked for TLS alone, and nobody speaks that at `web`, port 80";
    plain.then(|| (why.to_owned(), Some("entryPoints: [websecure], or no `tls`".to_owned())))
}

/// Traefik 3 takes the name and its value apart.
fn query(matcher: &Matcher<'_>) -> Option<Reason> {
    let [only] = matcher.values.as_slice() else { return None };
    let (name, value) = only.split_once('=')?;
    let why = format!("Traefik 3 looks for a parameter that is called `{only}`");
    Some((why, Some(format!("Query(`{name}`, `{value}`)"))))
}

fn host(value: &str, dialect: Dialect) -> Option<Reason> {
    let name = value.strip_prefix("*.").filter(|_| dialect.wildcards).unwrap_or(value);
    if name.contains('*') {
        // Newer ones than we know may read more of them.
        let rest = value.strip_prefix("*.").filter(|rest| !rest.contains('*') && !dialect.wildcards)?;
        let help = if dialect.traefik < 3 {
            format!("HostRegexp(`{{label:[^.]+}}.{rest}`)")
        } else {
            format!("HostRegexp(`^[^.]+\\.{}$`)", rest.replace('.', "\\."))
        };
        return Some((format!("this release's Traefik compares `{value}` as it is"), Some(help)));
    }
    if name.starts_with('[') || name.parse::<IpAddr>().is_ok() {
        return None;
    }
    if let Some((scheme, rest)) = value.split_once("://") {
        let rest = rest.trim_end_matches('/');
        return Some((format!("a host has no `{scheme}://`"), Some(format!("Host(`{rest}`)"))));
    }
    if let Some((host, rest)) = name.split_once('/') {
        let help = format!("Host(`{host}`) && PathPrefix(`/{rest}`)");
        return Some((format!("`/{rest}` is no part of a host"), Some(help)));
    }
    if let Some((host, port)) = name.split_once(':') {
        return Some((format!("Traefik compares hosts without their port `:{port}`"), Some(format!("Host(`{host}`)"))));
    }
    let odd = name.chars().find(|c| c.is_whitespace() || "${}()^\\,;?#%@|\"'".contains(*c))?;
    Some((format!("no host holds {odd:?}, as `{value}` does"), None))
}

/// Signs of a pattern that no path of people holds.
const PATTERNS: [&str; 8] = [".*", ".+", "(/|$)", "|", "^", "[", "\\", "{"];

fn path(value: &str, matcher: &Matcher<'_>, dialect: Dialect) -> Option<Reason> {
    if let Some((path, _)) = value.split_once(['?', '#']) {
        let why = "what comes behind `?` and `#` is no part of a path".to_owned();
        return Some((why, Some(format!("{}(`{path}`)", matcher.name))));
    }
    if dialect.traefik < 3 && value.contains('{') {
        return None;
    }
    let star = value.strip_suffix('*').filter(|rest| rest.ends_with('/'));
    if let Some(rest) = star {
        let why = format!("Traefik takes `{value}` as it is, with its `*`");
        return Some((why, Some(format!("PathPrefix(`{rest}`)"))));
    }
    PATTERNS.iter().any(|sign| value.contains(sign)).then(|| {
        let help = if dialect.traefik < 3 {
            "a pattern has a name there: PathPrefix(`/{rest:.*}`)"
        } else {
            "PathRegexp(`…`) takes a pattern, and PathPrefix(`/…`) all that begins so"
        };
        (format!("Traefik takes `{value}` as it is, not as a pattern"), Some(help.to_owned()))
    })
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    fn route(kind: &str, rule: &str, more: &str) -> String {
        format!(
            "apiVersion: traefik.io/v1alpha1\nkind: {kind}\nmetadata: {{name: web}}\nspec: {{{more}entryPoints: [web], routes: \
             [{{match: '{rule}'}}]}}\n"
        )
    }

    fn count(k3s: &str, rule: &str) -> usize {
        told(super::run, &format!("k3s: {k3s}"), &route("IngressRoute", rule, "")).len()
    }

    #[test]
    fn hosts_and_paths() {
        for (rule, new, old) in [
            ("Host(`a.org`) && Path(`/`)", 0, 0),
            ("Host(`A_b.org`) || Host(`10.0.0.1`) || Host(`[::1]`)", 0, 0),
            ("Host(`*.a.org`)", 0, 1),
            ("Host(`https://a.org/`)", 1, 1),
            ("Host(`a.org:8443`)", 1, 1),
            ("Host(`a.org/x`)", 1, 1),
            ("Host(`${DOMAIN}`)", 1, 1),
            ("PathPrefix(`/api/*`)", 1, 1),
            ("PathPrefix(`/api(/|$)(.*)`)", 1, 1),
            ("Path(`/a?b=c`)", 1, 1),
            ("Path(`/wiki/C_(language)`)", 0, 0),
            ("PathPrefix(`/.well-known/acme-challenge/`)", 0, 0),
            ("PathPrefix(`/@scope/~user/a+b/%20`)", 0, 0),
            ("Query(`a=b`)", 1, 0),
            ("Query(`a`)", 0, 0),
            ("Host(`a.org`) && Host(`b.org`)", 1, 1),
            ("Host(`a.org`) && !PathPrefix(`/`)", 1, 1),
            ("Host(`a.org`) && (Host(`b.org`) || Path(`/`))", 0, 0),
        ] {
            assert_eq!(count("v1.37.1+k3s1", rule), new, "{rule}");
            assert_eq!(count("v1.22.7+k3s1", rule), old, "{rule}");
        }
        assert_eq!(count("v1.22.7+k3s1", "PathPrefix(`/{x:.*}`)"), 0);
        assert_eq!(count("v1.35.5+k3s1", "Host(`*.a.org`)"), 1, "Traefik 3.6");
        assert_eq!(count("v1.35.6+k3s1", "Host(`*.a.org`)"), 0, "Traefik 3.7");
    }

    #[test]
    fn an_ingress_takes_wildcards_but_no_patterns() {
        let ingress = |host: &str, path: &str| {
            let text = format!(
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: web}}\nspec: {{rules: [{{host: '{host}', http: \
                 {{paths: [{{path: '{path}', pathType: ImplementationSpecific}}]}}}}]}}\n"
            );
            told(super::run, "k3s: v1.32.2+k3s1", &text).len()
        };
        assert_eq!(ingress("*.a.org", "/"), 0);
        assert_eq!(ingress("a.org", "/api(/|$)(.*)"), 1);
    }

    #[test]
    fn nobody_speaks_tls_at_port_80() {
        let secure = route("IngressRoute", "Host(`a.org`)", "tls: {}, ");
        let count = |points: &str| told(super::run, "", &secure.replace("[web]", points)).len();
        assert_eq!((count("[web]"), count("[web, websecure]"), count("[admin]")), (1, 0, 0));
    }

    #[test]
    fn a_name_needs_tls() {
        let count = |rule: &str, more: &str| told(super::run, "", &route("IngressRouteTCP", rule, more)).len();
        assert_eq!(count("HostSNI(`a.org`)", ""), 1);
        assert_eq!(count("HostSNI(`a.org`)", "tls: {passthrough: true}, "), 0);
        assert_eq!(count("HostSNI(`*`)", ""), 0);
        assert_eq!(count("HostSNI(`*`) && ClientIP(`10.0.0.0/8`)", ""), 0);
    }
}
