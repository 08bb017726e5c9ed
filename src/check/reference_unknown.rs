//! References to ConfigMaps, claims, Services … that nobody said exist. (Secrets have keys, and a check of their own.)

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::kube::{Object, Reference, Target, named};
use crate::yaml::Node;

/// An object that is neither declared nor among the objects.
pub static CODE: Code = Code {
    name: "reference-unknown",
    severity: Severity::Error,
    page: Page {
        about: "Something names a ConfigMap, a claim, a ServiceAccount, a Service or one of Traefik's objects that is\n\
                neither among the stack's objects nor under `external` in stack.yaml. Without its claim a pod stays\n\
                Pending, without its ConfigMap it waits in CreateContainerConfigError or ContainerCreating, without its\n\
                ServiceAccount it is not even made; a route without its Service or Middleware answers 404.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/data: {claim: web-data}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\nexternal: [PersistentVolumeClaim/web-data]\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/data: {claim: web-data}}\n",
    },
};

/// What Kubernetes and k3s make: kind, namespace (none: in every one), name, the packaged part that makes it.
const GIVEN: [(&str, Option<&str>, &str, &str); 6] = [
    ("ConfigMap", None, "kube-root-ca.crt", ""),
    ("ServiceAccount", None, "default", ""),
    ("Service", Some("default"), "kubernetes", ""),
    ("Service", Some("kube-system"), "kube-dns", "coredns"),
    ("Service", Some("kube-system"), "metrics-server", "metrics-server"),
    ("Service", Some("kube-system"), "traefik", "traefik"),
];

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for landing in &facts.landings {
        for reference in &landing.references {
            tell(landing.object, reference, facts, found);
        }
    }
    for object in facts.objects {
        for reference in named(object) {
            tell(object, &reference, facts, found);
        }
    }
}

fn tell(user: &Object, reference: &Reference<'_>, facts: &Facts<'_>, found: &mut Findings) {
    let (kind, Some(name)) = (reference.target.kind(), reference.name.as_text()) else { return };
    let own = user.id.namespace.as_deref().unwrap_or_default();
    let namespace = reference.namespace.and_then(Node::as_text).unwrap_or(own);
    let given = |(of, only, called, part): &(&str, Option<&str>, &str, &str)| {
        *of == kind
            && *called == name
            && only.is_none_or(|only| only == namespace)
            && facts.stack.disables(part).is_none()
    };
    let known = facts.find(kind, Some(namespace), name).is_some()
        || GIVEN.iter().any(given)
        || facts.stack.external_name(kind, namespace, name).is_some();
    if known || reference.optional || reference.target == Target::Secret {
        return;
    }
    let near = nearest(name, facts.names(kind, namespace));
    let help = near.map_or_else(
        || format!("if it exists, say so in stack.yaml:\nexternal: [{kind}/{name}]"),
        |near| format!("did you mean `{near}`?"),
    );
    found.push(
        Finding::new(&CODE, reference.name.span, format!("nothing says that the {kind} {namespace}/{name} exists"))
            .label(format!("{} uses it", user.id))
            .help(help),
    );
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told};

    fn codes(lines: &str, manifest: &str) -> Vec<String> {
        told(super::run, lines, manifest)
    }

    #[test]
    fn what_is_made_given_external_or_optional_is_known() {
        let uses = pod("  volumes: [{name: v, configMap: {name: settings}}, {name: w, persistentVolumeClaim: {claimName: data}}]\n", "");
        let made = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n---\n";
        assert_eq!(
            codes("", &uses),
            [
                "settings: nothing says that the ConfigMap default/settings exists",
                "data: nothing says that the PersistentVolumeClaim default/data exists",
            ]
        );
        let claim = "data: nothing says that the PersistentVolumeClaim default/data exists";
        assert_eq!(codes("", &format!("{uses}{made}")), [claim]);
        assert_eq!(codes("external: [ConfigMap/settings]", &uses), [claim]);
        assert_eq!(codes("external: [ConfigMap/default/settings, PersistentVolumeClaim/data]", &uses), [""; 0]);
        assert_eq!(codes("external: [ConfigMap/other/settings, Secret/data]", &uses).len(), 2);
        let given = pod("  serviceAccountName: default\n  volumes: [{name: v, configMap: {name: kube-root-ca.crt}}]\n", "");
        assert_eq!(codes("", &given), [""; 0]);
        let optional = pod("  volumes: [{name: v, configMap: {name: settings, optional: true}}]\n", "");
        assert_eq!(codes("", &optional), [""; 0]);
    }

    #[test]
    fn an_object_of_another_namespace_is_another_object() {
        let uses = pod("  serviceAccountName: robot\n", "");
        let made = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, namespace: other}\n";
        assert_eq!(
            codes("", &format!("{uses}{made}")),
            ["robot: nothing says that the ServiceAccount default/robot exists"]
        );
    }

    #[test]
    fn the_service_of_a_disabled_part_is_not_given() {
        let route = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: top, namespace: kube-system}\n\
                     spec: {defaultBackend: {service: {name: metrics-server, port: {number: 443}}}}\n";
        assert_eq!(codes("", route), [""; 0]);
        let disabled = "k3s: {version: v1.37.1+k3s1, disable: [metrics-server]}";
        assert_eq!(
            codes(disabled, route),
            ["metrics-server: nothing says that the Service kube-system/metrics-server exists"]
        );
    }
}
