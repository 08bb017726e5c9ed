//! Routes to Services that stand for a name outside, which Traefik follows only where it is told to.

use super::Facts;
use super::backend::backends;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Object;

/// A route to an ExternalName.
pub static CODE: Code = Code {
    name: "external-name-refused",
    severity: Severity::Error,
    page: Page {
        about: "A route leads to a Service of type ExternalName. Traefik follows none, since whoever may make Services\n\
                could reach every host by it, unless its configuration allows them: the route answers 404.",
        bad: "# manifests/routes.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n\
              spec: {type: ExternalName, externalName: www.example.net}\n---\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\n\
              metadata: {name: web}\nspec:\n  entryPoints: [web]\n  routes:\n  - match: Host(`www.example.org`)\n    kind: Rule\n    \
              services: [{name: web, port: 443}]\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\n\
               ingress: {values: {providers: {kubernetesCRD: {allowExternalNameServices: true}}}}\n\
               # manifests/routes.yaml\napiVersion: v1\nkind: Service\nmetadata: {name: web}\n\
               spec: {type: ExternalName, externalName: www.example.net}\n---\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\n\
               metadata: {name: web}\nspec:\n  entryPoints: [web]\n  routes:\n  - match: Host(`www.example.org`)\n    kind: Rule\n    \
               services: [{name: web, port: 443}]\n",
    },
};

/// Tells each. The first charts brought a Traefik that followed all (2.4; facts on k3s, 3.1).
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let traefik = &facts.served;
    if !traefik.whole || traefik.mentions("allowexternalnameservices") || facts.stack.release.traefik_charts().first < 10 {
        return;
    }
    let named = |object: &Object| object.id.kind == "Service" && is_outside(object);
    if !facts.existing().any(named) {
        return;
    }
    for backend in backends(facts) {
        let Some(service) = backend.service(facts) else { continue };
        let Some(kind) = service.body.at(&["spec", "type"]).filter(|_| is_outside(service)) else { continue };
        let provider = if backend.user.id.kind == "Ingress" { "kubernetesIngress" } else { "kubernetesCRD" };
        found.push(
            Finding::new(&CODE, backend.name.span, format!("Traefik leads nothing to the {}: it is an ExternalName", service.id))
                .label(format!("{} leads there", backend.user.id))
                .also(kind.span, "a name outside of the cluster")
                .help(format!(
                    "allow it in stack.yaml:\ningress: {{values: {{providers: {{{provider}: {{allowExternalNameServices: true}}}}}}}}"
                )),
        );
    }
}

fn is_outside(service: &Object) -> bool {
    service.body.text_at(&["spec", "type"]) == Some("ExternalName")
}
