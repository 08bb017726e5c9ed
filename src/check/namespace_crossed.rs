//! Routes that reach into another namespace, which Traefik allows only where it is told to.

use super::Facts;
use super::backend::below;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Object;
use crate::source::Span;
use crate::yaml::Node;

/// A reference into another namespace.
pub static CODE: Code = Code {
    name: "namespace-crossed",
    severity: Severity::Error,
    page: Page {
        about: "One of Traefik's objects names a Service, a middleware or TLS options of another namespace. k3s' Traefik\n\
                does not allow it (`allowCrossNamespace` is off), and leaves the route out: it answers 404. Put both into\n\
                one namespace, or allow it for all.",
        bad: "# manifests/routes.yaml\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: slow, namespace: kube-system}\n\
              spec: {rateLimit: {average: 50}}\n---\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: web}\nspec:\n  \
              entryPoints: [web]\n  routes:\n  - match: Host(`www.example.org`)\n    kind: Rule\n    \
              middlewares: [{name: slow, namespace: kube-system}]\n    services: [{name: api@internal, kind: TraefikService}]\n",
        good: "# manifests/routes.yaml\napiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: slow}\n\
               spec: {rateLimit: {average: 50}}\n---\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: web}\nspec:\n  \
               entryPoints: [web]\n  routes:\n  - match: Host(`www.example.org`)\n    kind: Rule\n    \
               middlewares: [{name: slow}]\n    services: [{name: api@internal, kind: TraefikService}]\n",
    },
};

/// Where names stand, each in a map with its namespace.
const PLACES: [(&str, &[&str]); 15] = [
    ("IngressRoute", &["spec", "routes", "*", "middlewares", "*"]),
    ("IngressRoute", &["spec", "routes", "*", "services", "*"]),
    ("IngressRoute", &["spec", "tls", "options"]),
    ("IngressRoute", &["spec", "tls", "store"]),
    ("IngressRouteTCP", &["spec", "routes", "*", "middlewares", "*"]),
    ("IngressRouteTCP", &["spec", "routes", "*", "services", "*"]),
    ("IngressRouteTCP", &["spec", "tls", "options"]),
    ("IngressRouteTCP", &["spec", "tls", "store"]),
    ("IngressRouteUDP", &["spec", "routes", "*", "services", "*"]),
    ("Middleware", &["spec", "chain", "middlewares", "*"]),
    ("Middleware", &["spec", "errors", "service"]),
    ("MiddlewareTCP", &["spec", "chain", "middlewares", "*"]),
    ("TraefikService", &["spec", "weighted", "services", "*"]),
    ("TraefikService", &["spec", "mirroring"]),
    ("TraefikService", &["spec", "mirroring", "mirrors", "*"]),
];

/// Tells each. The first charts brought a Traefik that allowed it (2.4; facts on k3s, 3.1).
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let traefik = &facts.served;
    if !traefik.whole || traefik.mentions("allowcrossnamespace") || facts.stack.release.traefik_charts().first < 10 {
        return;
    }
    for object in facts.objects.iter().filter(|object| object.id.group().starts_with("traefik.")) {
        for (_, path) in PLACES.iter().filter(|(kind, _)| *kind == object.id.kind) {
            below(&object.body, path, &mut |node| tell(object, node, found));
        }
    }
}

fn tell(object: &Object, node: &Node, found: &mut Findings) {
    let own = object.id.namespace.as_deref().unwrap_or("default");
    for key in ["name", "serversTransport"] {
        let Some(name) = node.get(key) else { continue };
        let Some(joined) = name.as_text().and_then(|text| text.strip_suffix("@kubernetescrd")) else { continue };
        let plain = joined.strip_prefix(own).and_then(|rest| rest.strip_prefix('-')).unwrap_or(joined);
        let message =
            format!("`{joined}@kubernetescrd` might be of another namespace, which k3s' Traefik does not allow here");
        found.push(refused(object, name.span, message, format!("{key}: {plain}")));
    }
    let other = node.get("namespace").and_then(|at| Some((at.span, at.as_text()?)));
    let name = node.text_at(&["name"]).filter(|name| !name.contains('@'));
    if let (Some((span, other)), Some(name)) = (other.filter(|(_, other)| *other != own && !other.is_empty()), name) {
        let message = format!("`{name}` is of the namespace {other}, and k3s' Traefik allows only {own} here");
        found.push(refused(object, span, message, format!("put both into one namespace: namespace: {own}")));
    }
}

fn refused(object: &Object, span: Span, message: String, help: String) -> Finding {
    Finding::new(&CODE, span, message)
        .label(format!("{} is in {}", object.id, object.id.namespace.as_deref().unwrap_or("default")))
        .help(help)
        .help("or allow it in stack.yaml:\ningress: {values: {providers: {kubernetesCRD: {allowCrossNamespace: true}}}}")
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    fn count(lines: &str, rule: &str) -> usize {
        let route = format!(
            "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: web}}\nspec: {{routes: [{{match: Host(`a.org`), \
             {rule}}}]}}\n---\n"
        );
        told(super::run, lines, &route).len()
    }

    #[test]
    fn other_namespaces() {
        for (rule, told_of) in [
            ("services: [{name: web}]", 0),
            ("services: [{name: web, namespace: default}]", 0),
            ("services: [{name: web, namespace: other}]", 1),
            ("services: [{name: other-web@kubernetescrd}]", 1),
            ("services: [{name: web, serversTransport: own}]", 0),
            ("services: [{name: web, serversTransport: other-own@kubernetescrd}]", 1),
            ("services: [{name: api@internal, kind: TraefikService}]", 0),
            ("middlewares: [{name: a, namespace: x}, {name: b@file}, {name: default-c@kubernetescrd}]", 2),
        ] {
            assert_eq!(count("", rule), told_of, "{rule}");
        }
    }

    #[test]
    fn what_is_allowed_or_configured_elsewhere() {
        let rule = "services: [{name: web, namespace: other}]";
        assert_eq!(count("external: [HelmChartConfig/kube-system/traefik]", rule), 0);
        assert_eq!(count("k3s: v1.21.0+k3s1", rule), 0);
        assert_eq!(count("k3s: {version: v1.37.1+k3s1, disable: [traefik]}", rule), 0);
    }
}
