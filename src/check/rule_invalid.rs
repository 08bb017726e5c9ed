//! Rules that Traefik cannot read: it writes a line to its log, and the route is not there. (What is wrong with a
//! typed route is told as the value that it is.)

use super::Facts;
use super::route::{Route, is_traefiks};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Object;
use crate::traefik::{Wire, in_three};
use crate::yaml::Node;

/// A rule that is none.
pub static CODE: Code = Code {
    name: "rule-invalid",
    severity: Severity::Error,
    page: Page {
        about: "Traefik cannot read the rule of an IngressRoute, or the one that it makes of an Ingress: a matcher that\n\
                this release's Traefik does not have (Traefik 3 wants other words than Traefik 2), a value without\n\
                backticks, a backtick in a path. It says so in its log, and the route answers 404.",
        bad: "# manifests/routes.yaml\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: web}\nspec:\n  \
              entryPoints: [web]\n  routes:\n  - match: Host(`a.example.org`, `b.example.org`)\n    kind: Rule\n    \
              services: [{name: api@internal, kind: TraefikService}]\n",
        good: "# manifests/routes.yaml\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: web}\nspec:\n  \
               entryPoints: [web]\n  routes:\n  - match: Host(`a.example.org`) || Host(`b.example.org`)\n    kind: Rule\n    \
               services: [{name: api@internal, kind: TraefikService}]\n",
    },
};

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let Some(dialect) = facts.served.dialect else { return };
    for route in facts.routes.iter().chain(&facts.streams) {
        if let Err(reason) = &route.rule {
            let finding = Finding::new(&CODE, route.at, format!("Traefik cannot read this rule: {reason}"));
            found.push(finding.maybe_help(way_out(route, dialect.traefik)));
        }
    }
    for object in facts.objects {
        match object.id.kind.as_str() {
            "IngressRoute" | "IngressRouteTCP" if object.id.group().starts_with("traefik.") => {
                without_rule(object, found);
            }
            "Ingress" if is_traefiks(object) => quoting(object, found),
            _ => {}
        }
    }
}

/// The rule of the other major, where only words have changed.
fn way_out(route: &Route<'_>, traefik: u16) -> Option<String> {
    let reason = route.rule.as_ref().err()?;
    let wire = if route.object.id.kind == "IngressRouteTCP" { Wire::Tcp } else { Wire::Http };
    if let Some(rule) = in_three(&route.text, wire, traefik) {
        return Some(format!("match: {rule}"));
    }
    if traefik > 2 && reason.contains("syntax of Traefik 2") {
        return Some("if the rule must stay as it is, `syntax: v2` beside `match` has it read in the old way".to_owned());
    }
    None
}

fn without_rule(object: &Object, found: &mut Findings) {
    for route in object.body.at(&["spec", "routes"]).map_or(&[][..], Node::items) {
        let message = match route.get("match") {
            None => "this route has no `match`: Traefik leaves it out",
            Some(rule) if rule.as_text().is_none_or(|text| text.trim().is_empty()) => {
                "this `match` is no rule: Traefik leaves the route out"
            }
            Some(_) => continue,
        };
        let span = route.get("match").unwrap_or(route).span;
        if !found.tells(span) {
            let word = if object.id.kind == "IngressRoute" { "Host(`www.example.org`)" } else { "HostSNI(`*`)" };
            found.push(Finding::new(&CODE, span, message).help(format!("match: {word}")));
        }
    }
}

/// Traefik puts a path between backticks.
fn quoting(object: &Object, found: &mut Findings) {
    for rule in object.body.at(&["spec", "rules"]).map_or(&[][..], Node::items) {
        for path in rule.at(&["http", "paths"]).map_or(&[][..], Node::items) {
            if let Some(node) = path.get("path").filter(|path| path.as_text().is_some_and(|text| text.contains('`'))) {
                let message = "the path holds a backtick, which ends it in the rule that Traefik makes of it";
                found.push(Finding::new(&CODE, node.span, message).help("write it percent-encoded: %60"));
            }
            if path.get("pathType").is_none() {
                let message = "a path of an Ingress has no `pathType`, and the API server wants one";
                found.push(Finding::new(&CODE, path.span, message).help("pathType: Prefix"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    fn route(kind: &str, rule: &str) -> String {
        format!(
            "apiVersion: traefik.io/v1alpha1\nkind: {kind}\nmetadata: {{name: web}}\nspec: {{entryPoints: [web], routes: \
             [{{{rule}}}]}}\n"
        )
    }

    fn count(k3s: &str, kind: &str, rule: &str) -> usize {
        told(super::run, &format!("k3s: {k3s}"), &route(kind, rule)).len()
    }

    #[test]
    fn each_major_reads_its_own() {
        for (rule, new, old) in [
            ("match: Host(`a.org`)", 0, 0),
            ("match: 'Host(`a.org`, `b.org`)'", 1, 0),
            ("match: 'HostRegexp(`{x:.+}.org`)'", 1, 0),
            ("match: 'HostRegexp(`{x:.+}.org`)', syntax: v2", 0, 0),
            ("match: PathRegexp(`^/a`)", 0, 1),
            ("match: Host(a.org)", 1, 1),
            ("match: ''", 1, 1),
            ("kind: Rule", 1, 1),
        ] {
            assert_eq!(count("v1.37.1+k3s1", "IngressRoute", rule), new, "{rule}");
            assert_eq!(count("v1.22.7+k3s1", "IngressRoute", rule), old, "{rule}");
        }
        assert_eq!(count("v1.37.1+k3s1", "IngressRouteTCP", "match: Host(`a.org`)"), 1);
        assert_eq!(count("v1.37.1+k3s1", "IngressRouteTCP", "match: HostSNI(`*`)"), 0);
        assert_eq!(count("v1.37.1+k3s1", "IngressRouteUDP", "services: []"), 0);
    }

    #[test]
    fn traefik_that_is_told_to_read_the_old_way() {
        let config = "---\napiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {name: traefik, namespace: kube-system}\n\
                      spec: {valuesContent: 'core: {defaultRuleSyntax: v2}'}\n";
        let manifest = route("IngressRoute", "match: 'Host(`a.org`, `b.org`)'") + config;
        assert_eq!(told(super::run, "", &manifest), [""; 0]);
    }

    #[test]
    fn what_an_ingress_makes() {
        let ingress = |path: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: web}}\nspec: {{rules: [{{http: {{paths: [{{{path}}}]}}}}]}}\n"
            )
        };
        assert_eq!(told(super::run, "", &ingress("path: '/a`b', pathType: Prefix")).len(), 1);
        assert_eq!(told(super::run, "", &ingress("path: /")).len(), 1);
        assert_eq!(told(super::run, "", &ingress("path: /, pathType: Prefix")), [""; 0]);
    }
}
