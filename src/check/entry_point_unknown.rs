//! Routes at entry points that Traefik does not have, or of the other protocol.

use super::Facts;
use super::route::{annotation, is_traefiks};
use super::served::declared;
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::kube::{Object, Unit};
use crate::source::Span;
use crate::stack::Protocol;
use crate::yaml::Node;

/// An entry point that is not there.
pub static CODE: Code = Code {
    name: "entry-point-unknown",
    severity: Severity::Error,
    page: Page {
        about: "A route names an entry point that Traefik does not have, or one that speaks the other protocol. Traefik\n\
                has `web` and `websecure`, and those of `ingress.entryPoints`. If the route names no other one, Traefik\n\
                leaves it out.",
        bad: "# manifests/routes.yaml\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: web}\nspec:\n  \
              entryPoints: [https]\n  routes:\n  - match: Host(`www.example.org`)\n    kind: Rule\n    \
              services: [{name: api@internal, kind: TraefikService}]\n",
        good: "# manifests/routes.yaml\napiVersion: traefik.io/v1alpha1\nkind: IngressRoute\nmetadata: {name: web}\nspec:\n  \
               entryPoints: [websecure]\n  routes:\n  - match: Host(`www.example.org`)\n    kind: Rule\n    \
               services: [{name: api@internal, kind: TraefikService}]\n",
    },
};

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    if !facts.served.whole {
        return;
    }
    // Those of apps are told where they are written.
    for object in facts.objects.iter().filter(|object| matches!(object.unit, Unit::Manifest(_))) {
        match object.id.kind.as_str() {
            "IngressRoute" | "IngressRouteTCP" | "IngressRouteUDP" if object.id.group().starts_with("traefik.") => {
                let udp = object.id.kind == "IngressRouteUDP";
                for node in object.body.at(&["spec", "entryPoints"]).map_or(&[][..], Node::items) {
                    if let Some(name) = node.as_text() {
                        point(object, (node.span, name), udp, facts, found);
                    }
                }
            }
            "Ingress" if is_traefiks(object) => {
                let Some(node) = annotation(object, "entrypoints") else { continue };
                let names = node.as_text().unwrap_or_default().split(',').map(str::trim);
                for name in names.filter(|name| !name.is_empty()) {
                    point(object, (node.span, name), false, facts, found);
                }
            }
            _ => {}
        }
    }
}

fn point(object: &Object, (span, name): (Span, &str), udp: bool, facts: &Facts<'_>, found: &mut Findings) {
    let known = declared(facts).iter().find(|point| point.name.value == name);
    let wrong = known.map_or(udp && ["web", "websecure"].contains(&name), |point| (point.protocol == Protocol::UDP) != udp);
    if (!wrong && facts.served.has_entry_point(name, facts)) || found.tells(span) {
        return;
    }
    if wrong {
        let (own, other) = if udp { ("UDP", "TCP") } else { ("TCP", "UDP") };
        let message = format!("the entry point `{name}` is {other}, and {} wants {own}", object.id);
        let finding = Finding::new(&CODE, span, message);
        found.push(match known {
            Some(point) => finding.also(point.name.span, "declared here"),
            None => finding,
        });
        return;
    }
    let finding = Finding::new(&CODE, span, format!("Traefik has no entry point `{name}`"));
    found.push(finding.label(format!("{} names it", object.id)).help(way_out(name, udp, facts)));
}

/// What people call the two by habit.
const HABITS: [(&str, &str); 4] = [("http", "web"), ("https", "websecure"), ("80", "web"), ("443", "websecure")];

fn way_out(name: &str, udp: bool, facts: &Facts<'_>) -> String {
    let own = ["web", "websecure"].into_iter().filter(|_| !udp);
    let declared = declared(facts).iter().filter(|point| (point.protocol == Protocol::UDP) == udp);
    let known = own.chain(declared.map(|point| point.name.value.as_str()));
    let habit = HABITS.iter().find(|(habit, _)| !udp && *habit == name).map(|(_, own)| *own);
    if let Some(near) = habit.or_else(|| nearest(name, known)) {
        return format!("did you mean `{near}`?");
    }
    let long = if udp { "{port: PORT, protocol: UDP}" } else { "PORT" };
    format!(
        "declare it in stack.yaml: ingress: {{entryPoints: {{{name}: {long}}}}}; if somebody else configures Traefik: \
         external: [HelmChartConfig/kube-system/traefik]"
    )
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    fn count(lines: &str, kind: &str, points: &str) -> usize {
        let manifest = format!(
            "apiVersion: traefik.io/v1alpha1\nkind: {kind}\nmetadata: {{name: web}}\nspec: {{entryPoints: [{points}]}}\n---\n"
        );
        told(super::run, lines, &manifest).len()
    }

    #[test]
    fn entry_points_of_the_chart_and_of_the_stack() {
        let own = "ingress: {entryPoints: {ssh: 2222, dns: {port: 53, protocol: UDP}}}";
        for (kind, points, told_of) in [
            ("IngressRoute", "web, websecure, metrics, traefik", 0),
            ("IngressRoute", "websecur, ssh", 1),
            ("IngressRoute", "https", 1),
            ("IngressRouteTCP", "ssh", 0),
            ("IngressRouteTCP", "dns", 1),
            ("IngressRouteUDP", "dns", 0),
            ("IngressRouteUDP", "web, ssh", 2),
        ] {
            assert_eq!(count(own, kind, points), told_of, "{kind} {points}");
        }
        assert_eq!(count("external: [HelmChartConfig/kube-system/traefik]", "IngressRoute", "ssh"), 0);
    }

    #[test]
    fn entry_points_that_a_raw_configuration_makes() {
        let route = "apiVersion: traefik.io/v1alpha1\nkind: IngressRouteTCP\nmetadata: {name: web}\nspec: {entryPoints: [ssh]}\n---\n";
        let config = |values: &str| {
            format!(
                "{route}apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {{name: traefik, namespace: kube-system}}\n\
                 spec:\n  valuesContent: |\n    {values}\n"
            )
        };
        assert_eq!(told(super::run, "", route).len(), 1);
        for values in ["ports:\n      ssh:\n        port: 2222", "ports: {ssh: {port: 22}}", "additionalArguments: [--entryPoints.ssh.address=:22]"] {
            assert_eq!(told(super::run, "", &config(values)), [""; 0], "{values}");
        }
        assert_eq!(told(super::run, "", &config("ports: {git: {port: 22}}")).len(), 1);
    }

    #[test]
    fn annotations_of_an_ingress() {
        let ingress = |points: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: web, annotations: {{\
                 traefik.ingress.kubernetes.io/router.entrypoints: '{points}'}}}}\n"
            )
        };
        assert_eq!(told(super::run, "", &ingress("web, websecure")), [""; 0]);
        assert_eq!(told(super::run, "", &ingress("web,http")).len(), 1);
    }
}
