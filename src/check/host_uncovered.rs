//! Hosts of raw routes, and of routes that name their Secret, that no certificate names. (Typed routes that choose
//! among `ingress.tls` are told where they choose.)

use std::collections::BTreeMap;

use super::Facts;
use super::route::{Route, is_traefiks};
use crate::finding::{Finding, Findings};
use crate::kube::{Object, Unit};
use crate::source::Span;
use crate::traefik::Cases;
use crate::yaml::{Node, Value};

pub use crate::lower::HOST_UNCOVERED as CODE;

/// Names in certificates, by Secret; without a namespace where any may have it.
struct Certificates<'a> {
    names: BTreeMap<(Option<&'a str>, &'a str), Vec<&'a str>>,
    /// Whether what some route's Secret holds is not known: it may hold any name.
    open: bool,
}

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let certificates = Certificates::of(facts);
    if certificates.names.is_empty() {
        return;
    }
    for route in &facts.routes {
        if route.object.id.kind == "IngressRoute" {
            own(route, &certificates, found);
        }
    }
    for object in facts.objects.iter().filter(|object| object.id.kind == "Ingress" && is_traefiks(object)) {
        ingress(object, &certificates, found);
    }
}

impl<'a> Certificates<'a> {
    /// Those of `ingress.tls`, and those that cert-manager makes.
    fn of(facts: &Facts<'a>) -> Self {
        let mut names: BTreeMap<_, Vec<&str>> = BTreeMap::new();
        let typed = facts.stack.ingress.iter().flat_map(|ingress| &ingress.certificates);
        for certificate in typed.filter(|certificate| certificate.resolver.is_none()) {
            let hosts = certificate.hosts.iter().map(|host| host.value.as_str());
            names.entry((None, certificate.secret.value.as_str())).or_default().extend(hosts);
        }
        let made = |object: &&Object| object.id.kind == "Certificate" && object.id.group() == "cert-manager.io";
        for object in facts.existing().filter(made) {
            let Some(secret) = object.body.text_at(&["spec", "secretName"]) else { continue };
            let hosts = object.body.at(&["spec", "dnsNames"]).map_or(&[][..], Node::items).iter();
            let hosts = hosts.filter_map(Node::as_text).chain(object.body.text_at(&["spec", "commonName"]));
            names.entry((object.id.namespace.as_deref(), secret)).or_default().extend(hosts);
        }
        let open = !names.is_empty() && facts.existing().any(|object| is_open(object, &names));
        Certificates { names, open }
    }

    fn knows(&self, namespace: Option<&str>, secret: &str) -> bool {
        knows(&self.names, namespace, secret)
    }

    /// Traefik serves whatever certificate names the host, of all that routes name.
    fn cover(&self, host: &str) -> bool {
        let host = host.to_ascii_lowercase();
        let below = host.split_once('.').filter(|(label, _)| !label.is_empty()).map(|(_, rest)| rest);
        let mut names = self.names.values().flatten();
        names.any(|name| *name == host || (name.strip_prefix("*.").is_some() && name.strip_prefix("*.") == below))
    }
}

fn knows(
    names: &BTreeMap<(Option<&str>, &str), Vec<&str>>,
    namespace: Option<&str>,
    secret: &str,
) -> bool {
    let own = |(of, name): &(Option<&str>, &str)| *name == secret && (of.is_none() || *of == namespace);
    names.keys().any(own)
}

/// Whether Traefik takes a certificate from here whose names are not known.
fn is_open(object: &Object, names: &BTreeMap<(Option<&str>, &str), Vec<&str>>) -> bool {
    let spec = object.body.get("spec");
    let namespace = object.id.namespace.as_deref();
    let unknown = |name: Option<&str>| name.is_some_and(|name| !knows(names, namespace, name));
    match object.id.kind.as_str() {
        "IngressRoute" | "IngressRouteTCP" => {
            let tls = spec.and_then(|spec| spec.get("tls"));
            tls.is_some_and(|tls| tls.get("certResolver").is_some() || unknown(tls.text_at(&["secretName"])))
        }
        "Ingress" => {
            let list = spec.and_then(|spec| spec.get("tls")).map_or(&[][..], Node::items);
            list.iter().any(|tls| unknown(tls.text_at(&["secretName"])))
        }
        "TLSStore" => spec.is_some_and(|spec| {
            let list = spec.get("certificates").map_or(&[][..], Node::items);
            unknown(spec.text_at(&["defaultCertificate", "secretName"]))
                || spec.get("defaultGeneratedCert").is_some()
                || list.iter().any(|one| unknown(one.text_at(&["secretName"])))
        }),
        _ => false,
    }
}

fn own(route: &Route<'_>, certificates: &Certificates<'_>, found: &mut Findings) {
    let Some(tls) = route.object.body.at(&["spec", "tls"]).filter(|tls| !matches!(tls.value, Value::Null)) else {
        return;
    };
    let secret = tls.get("secretName");
    let name = secret.and_then(Node::as_text);
    let raw = matches!(route.object.unit, Unit::Manifest(_));
    let judged = match name {
        Some(name) => certificates.knows(route.object.id.namespace.as_deref(), name),
        None => raw && !certificates.open && tls.get("certResolver").is_none(),
    };
    let hosts = route.cases.as_ref().filter(|_| judged).and_then(Cases::hosts).unwrap_or_default();
    if let Some(host) = hosts.into_iter().find(|host| !certificates.cover(host)) {
        tell(host, route.at, secret, found);
    }
}

fn ingress(object: &Object, certificates: &Certificates<'_>, found: &mut Findings) {
    let annotations = object.body.at(&["metadata", "annotations"]).map_or(&[][..], Node::entries);
    let made = annotations.iter().any(|entry| entry.key.text.starts_with("cert-manager.io/"));
    let rules = object.body.at(&["spec", "rules"]).map_or(&[][..], Node::items);
    let entries = object.body.at(&["spec", "tls"]).map_or(&[][..], Node::items);
    let only = entries.len() == 1;
    for tls in entries {
        let Some(secret) = tls.get("secretName") else { continue };
        let known = secret.as_text().is_some_and(|name| certificates.knows(object.id.namespace.as_deref(), name));
        if made || !known {
            continue;
        }
        let listed = tls.get("hosts").map_or(&[][..], Node::items);
        // Traefik looks for a host's certificate in all of them, whichever entry it stands under.
        let of_rules = rules.iter().filter_map(|rule| rule.get("host"));
        let of_rules = of_rules.filter(|_| listed.is_empty() || (only && !certificates.open));
        let twice = |node: &&Node| !listed.iter().any(|one| one.as_text() == node.as_text());
        for node in listed.iter().chain(of_rules.filter(twice)) {
            if let Some(host) = node.as_text().filter(|host| !certificates.cover(host)) {
                tell(host, node.span, Some(secret), found);
            }
        }
    }
}

fn tell(host: &str, span: Span, secret: Option<&Node>, found: &mut Findings) {
    let finding = match secret.and_then(|node| Some((node, node.as_text()?))) {
        Some((node, name)) => Finding::new(&CODE, span, format!("the certificate `{name}` does not name `{host}`"))
            .also(node.span, "the certificate"),
        None => Finding::new(&CODE, span, format!("no certificate of the stack names `{host}`"))
            .help("name the Secret: in spec, tls: {secretName: SECRET}"),
    };
    found.push(finding.help("a wildcard covers one label; if the certificate has the name, add it to `ingress.tls`"));
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    const TLS: &str = "ingress: {tls: {cert: ['*.a.org', b.org]}}\nsecrets: {cert: {type: kubernetes.io/tls}}";

    fn route(host: &str, tls: &str) -> String {
        format!(
            "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: web}}\nspec: {{entryPoints: [websecure], routes: \
             [{{match: Host(`{host}`)}}], tls: {tls}}}\n---\n"
        )
    }

    fn count(manifest: &str) -> usize {
        told(super::run, TLS, manifest).len()
    }

    #[test]
    fn a_wildcard_covers_one_label() {
        let own = "{secretName: cert}";
        for (host, told_of) in [("x.a.org", 0), ("X.A.org", 0), ("a.org", 1), ("x.y.a.org", 1), ("b.org", 0), ("c.org", 1)] {
            assert_eq!(count(&route(host, own)), told_of, "{host}");
            assert_eq!(count(&route(host, "{}")), told_of, "{host}");
            assert_eq!(count(&route(host, "{secretName: other}")), 0, "its names are not known");
            assert_eq!(count(&route(host, "{certResolver: le}")), 0);
            assert_eq!(count(&route(host, "null")), 0);
        }
        assert_eq!(count(&(route("c.org", "{}") + &route("d.org", "{secretName: other}"))), 0, "other may name it");
        assert_eq!(told(super::run, "", &route("c.org", own)), [""; 0]);
    }

    #[test]
    fn certificates_that_cert_manager_makes() {
        let made = "apiVersion: cert-manager.io/v1\nkind: Certificate\nmetadata: {name: web}\n\
                    spec: {secretName: made, dnsNames: [c.org, '*.c.org']}\n---\n";
        for (host, told_of) in [("c.org", 0), ("x.c.org", 0), ("x.y.c.org", 1)] {
            let manifest = format!("{made}{}", route(host, "{secretName: made}"));
            assert_eq!(told(super::run, "", &manifest).len(), told_of, "{host}");
        }
    }

    #[test]
    fn hosts_of_an_ingress() {
        let ingress = |listed: &str, more: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: web{more}}}\nspec: {{rules: [{{host: c.org}}], tls: \
                 [{{secretName: cert{listed}}}]}}\n"
            )
        };
        assert_eq!(count(&ingress("", "")), 1);
        assert_eq!(count(&ingress(", hosts: [x.a.org]", "")), 1, "the rule's");
        assert_eq!(count(&ingress(", hosts: [x.a.org]", "").replace("{host: c.org}", "{host: b.org}")), 0);
        assert_eq!(count(&ingress(", hosts: [x.a.org, c.org]", "")), 1);
        assert_eq!(count(&ingress("", ", annotations: {cert-manager.io/issuer: le}")), 0);
    }
}
