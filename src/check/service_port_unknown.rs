//! Routes to a port that their Service does not have.

use super::Facts;
use super::backend::{Backend, backends};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::{Object, Unit};
use crate::yaml::{Node, Value};

/// A port that is not there.
pub static CODE: Code = Code {
    name: "service-port-unknown",
    severity: Severity::Error,
    page: Page {
        about: "An Ingress or an IngressRoute leads to a port that its Service does not have, or to none: Traefik leaves\n\
                the route out, and it answers 404. Routes take the Service's port by number or name, not the pod's.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: {port: 80, targetPort: 8080}}\n\
              # manifests/routes.yaml\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: more}\nspec:\n  \
              entryPoints: [web]\n  routes:\n  - match: Host(`www.example.org`)\n    kind: Rule\n    services: [{name: web, port: 8080}]\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: {port: 80, targetPort: 8080}}\n\
               # manifests/routes.yaml\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: more}\nspec:\n  \
               entryPoints: [web]\n  routes:\n  - match: Host(`www.example.org`)\n    kind: Rule\n    services: [{name: web, port: 80}]\n",
    },
};

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for backend in backends(facts) {
        let Some(service) = backend.service(facts) else { continue };
        // An ExternalName needs no ports.
        if service.body.text_at(&["spec", "type"]) == Some("ExternalName") {
            continue;
        }
        let ports = service.body.at(&["spec", "ports"]).map_or(&[][..], Node::items);
        match backend.port {
            Some(port) if ports.iter().any(|own| is(own, port)) => {}
            Some(port) if found.tells(port.span) => {}
            Some(port) => found.push(missing(&backend, port, service, ports)),
            None => found.push(unnamed(&backend, service, ports)),
        }
    }
}

/// By number, or by name where it is text: `"80"` is a name.
fn is(own: &Node, wanted: &Node) -> bool {
    match &wanted.value {
        Value::Int(number, _) => own.get("port").and_then(Node::as_int) == Some(*number),
        Value::Text(name) => own.text_at(&["name"]) == Some(name),
        _ => true,
    }
}

fn missing(backend: &Backend<'_>, port: &Node, service: &Object, ports: &[Node]) -> Finding {
    let wanted = port.written().unwrap_or_default();
    let message = format!("the {} has no port `{wanted}`", service.id);
    let finding = Finding::new(&CODE, port.span, message).label(format!("{} leads there", backend.user.id));
    let number = |own: &&Node| own.get("port").and_then(Node::written).is_some_and(|number| number == wanted);
    if port.as_text().is_some() && ports.iter().any(|own| number(&own)) {
        return finding.note("text is a port's name, never its number").help(format!("port: {wanted}"));
    }
    let of_pod = ports.iter().find(|own| own.get("targetPort").and_then(Node::written).is_some_and(|own| own == wanted));
    let finding = match of_pod.and_then(|own| own.get("port")?.written()) {
        Some(number) => finding.note(format!("{wanted} is the pod's: the Service passes its port {number} on to it")),
        None => finding,
    };
    let finding = match ports.first().filter(|_| matches!(service.unit, Unit::App(_))) {
        Some(port) => finding.also(port.span, "the Service's ports"),
        None => finding.also(service.place(), "the Service"),
    };
    finding.maybe_help(known(ports))
}

fn unnamed(backend: &Backend<'_>, service: &Object, ports: &[Node]) -> Finding {
    let message = format!("{} does not say which port of the {} it means", backend.user.id, service.id);
    let first = ports.first().and_then(|port| port.get("port")?.written());
    Finding::new(&CODE, backend.name.span, message).maybe_help(first.map(|number| format!("port: {number}")))
}

fn known(ports: &[Node]) -> Option<String> {
    let words: Vec<String> = ports
        .iter()
        .filter_map(|port| {
            let number = port.get("port")?.written()?;
            Some(port.text_at(&["name"]).map_or_else(|| number.to_string(), |name| format!("{number} ({name})")))
        })
        .collect();
    (!words.is_empty()).then(|| format!("its ports: {}", words.join(", ")))
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n\
                           spec: {ports: [{name: http, port: 80, targetPort: 8080}, {name: admin, port: 81}]}\n---\n";

    fn route(service: &str) -> String {
        format!(
            "apiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {{name: web}}\nspec: {{routes: [{{match: Host(`a.org`), \
             services: [{{{service}}}]}}]}}\n"
        )
    }

    fn ingress(port: &str) -> String {
        format!(
            "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: web}}\nspec: {{rules: [{{http: {{paths: [{{path: /, \
             backend: {{service: {{name: web, port: {{{port}}}}}}}}}]}}}}]}}\n"
        )
    }

    #[test]
    fn ports_by_number_and_by_name() {
        for (user, told_of) in [
            (route("name: web, port: 80"), 0),
            (route("name: web, port: admin"), 0),
            (route("name: web, port: '80'"), 1),
            (route("name: web, port: 8080"), 1),
            (route("name: web, port: https"), 1),
            (route("name: web"), 1),
            (route("name: other, port: 9"), 0),
            (route("name: web, kind: TraefikService"), 0),
            (route("name: api@internal, kind: TraefikService"), 0),
            (ingress("number: 81"), 0),
            (ingress("name: http"), 0),
            (ingress("number: 8080"), 1),
            (ingress("name: https"), 1),
        ] {
            assert_eq!(told(super::run, "", &format!("{SERVICE}{user}")).len(), told_of, "{user}");
        }
        let other = ingress("number: 9").replace("spec: {", "spec: {ingressClassName: nginx, ");
        assert_eq!(told(super::run, "", &format!("{SERVICE}{other}")), [""; 0]);
        let outside = SERVICE.replace("{ports", "{type: ExternalName, ports");
        assert_eq!(told(super::run, "", &format!("{outside}{}", route("name: web, port: 443"))), [""; 0]);
    }
}
