//! API versions that this release has no more, not yet, or never had.

use std::collections::BTreeMap;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::kube::{Object, Verdict, kinds, served};
use crate::source::Span;
use crate::yaml::Node;

/// An object that the API server does not know.
pub static CODE: Code = Code {
    name: "api-not-served",
    severity: Severity::Error,
    page: Page {
        about: "The object's apiVersion and kind are none that the cluster's release serves: it has them no more, or not\n\
                yet, or no release ever had them. k3s fails to apply the file every 15 seconds; what it has deployed\n\
                before stays as it was.",
        bad: "# manifests/old.yaml\napiVersion: policy/v1beta1\nkind: PodDisruptionBudget\nmetadata: {name: web, namespace: default}\n\
              spec: {maxUnavailable: 1, selector: {matchLabels: {app.kubernetes.io/name: web}}}\n",
        good: "# manifests/old.yaml\napiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: {name: web, namespace: default}\n\
               spec: {maxUnavailable: 1, selector: {matchLabels: {app.kubernetes.io/name: web}}}\n",
    },
};

/// Custom kinds of Traefik that one release or another has.
const TRAEFIK: [&str; 10] = [
    "IngressRoute",
    "IngressRouteTCP",
    "IngressRouteUDP",
    "Middleware",
    "MiddlewareTCP",
    "ServersTransport",
    "ServersTransportTCP",
    "TLSOption",
    "TLSStore",
    "TraefikService",
];
/// Groups of custom resources that people write most.
const GROUPS: [&str; 7] = [
    "cert-manager.io",
    "gateway.networking.k8s.io",
    "helm.cattle.io",
    "k3s.cattle.io",
    "monitoring.coreos.com",
    "traefik.containo.us",
    "traefik.io",
];
/// All of the helm controller's kinds.
const HELM: [&str; 2] = ["HelmChart", "HelmChartConfig"];

/// Custom kinds that the stack defines: group and kind to the served versions, and where they are defined.
type Custom<'a> = BTreeMap<(&'a str, &'a str), (Vec<&'a str>, Span)>;

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let custom = custom(facts);
    for (kind, objects) in facts.kinds() {
        let mut last = None;
        for object in objects {
            let api_version = object.id.api_version.as_str();
            // Most objects of a kind have one version, and it is served.
            if last == Some(api_version) {
                continue;
            }
            match judge(api_version, kind, object, &custom, facts) {
                Some(finding) => found.push(finding),
                None => last = Some(api_version),
            }
        }
    }
}

fn custom<'a>(facts: &Facts<'a>) -> Custom<'a> {
    let defined = facts.existing().filter(|object| object.id.kind == "CustomResourceDefinition");
    let read = |object: &'a Object| {
        let key = (object.body.text_at(&["spec", "group"])?, object.body.text_at(&["spec", "names", "kind"])?);
        let versions = object.body.at(&["spec", "versions"]).map_or(&[][..], Node::items).iter();
        let served = versions.filter(|version| version.get("served").and_then(Node::as_bool) != Some(false));
        Some((key, (served.filter_map(|version| version.text_at(&["name"])).collect(), object.place())))
    };
    defined.filter_map(read).collect()
}

fn judge(
    api_version: &str,
    kind: &str,
    object: &Object,
    custom: &Custom<'_>,
    facts: &Facts<'_>,
) -> Option<Finding> {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    if let Some((versions, place)) = custom.get(&(group, kind)) {
        let missing = !versions.is_empty() && !versions.contains(&version);
        return missing.then(|| {
            let message = format!("{kind} of {group} is not served as `{version}`");
            tell(object, message).also(*place, format!("it is served as {}", versions.join(", ")))
        });
    }
    let release = facts.stack.release.version();
    match served(api_version, kind, release.minor) {
        Verdict::Gone(row) => Some(
            tell(object, format!("{release} serves {kind} as `{api_version}` no more"))
                .note(format!("Kubernetes 1.{} took it away", row.until))
                .help(way_out(row.instead)),
        ),
        Verdict::NotYet(row) => Some(
            tell(object, format!("{release} does not serve {kind} as `{api_version}` yet"))
                .note(format!("Kubernetes 1.{} brought it", row.since))
                .help(format!("until then: {}", row.instead)),
        ),
        Verdict::Never(home) => Some(never(object, home)),
        Verdict::Served => others(group, kind, object, facts),
    }
}

fn way_out(instead: &str) -> String {
    if instead.contains(' ') { format!("instead: {instead}") } else { format!("apiVersion: {instead}") }
}

fn never(object: &Object, home: Option<String>) -> Finding {
    let (kind, api_version) = (&object.id.kind, &object.id.api_version);
    if let Some(home) = home {
        return tell(object, format!("Kubernetes has no {kind} in `{api_version}`")).help(format!("apiVersion: {home}"));
    }
    let near = nearest(kind, kinds()).map(|near| format!("did you mean `{near}`?"));
    let place = object.body.get("kind").map_or(object.body.span, |node| node.span);
    Finding::new(&CODE, place, format!("Kubernetes has no kind `{kind}` in `{api_version}`")).maybe_help(near)
}

/// What Traefik and the helm controller bring, and slips of the pen in the best known groups.
fn others(group: &str, kind: &str, object: &Object, facts: &Facts<'_>) -> Option<Finding> {
    let release = facts.stack.release;
    let known = match group {
        "traefik.io" | "traefik.containo.us" if facts.stack.disables("traefik").is_none() => &TRAEFIK[..],
        "helm.cattle.io" => &HELM[..],
        group if group.ends_with(".k8s.io") && !group.starts_with("gateway.") => return None,
        group => return stranger(group, object),
    };
    if !known.contains(&kind) {
        let near = nearest(kind, known.iter().copied())?;
        let place = object.body.get("kind").map_or(object.body.span, |node| node.span);
        let message = format!("`{group}` has no kind `{kind}`");
        return Some(Finding::new(&CODE, place, message).help(format!("did you mean `{near}`?")));
    }
    if group.starts_with("traefik.") && !release.has_traefik_group(group) {
        let (version, api) = (release.version(), release.ingress_route_api());
        let message = format!("Traefik of {version} does not know `{}`", object.id.api_version);
        return Some(tell(object, message).help(format!("apiVersion: {api}")));
    }
    None
}

fn stranger(group: &str, object: &Object) -> Option<Finding> {
    let near = nearest(group, GROUPS).filter(|near| *near != group && group.len().abs_diff(near.len()) <= 2)?;
    let version = object.id.api_version.rsplit('/').next().unwrap_or_default();
    let message = format!("nothing is known of the API group `{group}`");
    Some(tell(object, message).weighs(Severity::Warning).help(format!("did you mean `{near}/{version}`?")))
}

fn tell(object: &Object, message: String) -> Finding {
    let place = object.body.get("apiVersion").map_or(object.body.span, |node| node.span);
    Finding::new(&CODE, place, message)
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    fn of(release: &str, api_version: &str, kind: &str) -> Vec<String> {
        let text = format!("apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: web}}\n");
        told(super::run, &format!("k3s: {release}\n"), &text)
    }

    #[test]
    fn a_version_goes() {
        assert_eq!(of("v1.21.14+k3s1", "networking.k8s.io/v1beta1", "Ingress"), [""; 0]);
        assert_eq!(
            of("v1.22.7+k3s1", "networking.k8s.io/v1beta1", "Ingress"),
            ["networking.k8s.io/v1beta1: v1.22.7+k3s1 serves Ingress as `networking.k8s.io/v1beta1` no more"]
        );
    }

    #[test]
    fn a_version_comes() {
        assert_eq!(
            of("v1.22.7+k3s1", "autoscaling/v2", "HorizontalPodAutoscaler"),
            ["autoscaling/v2: v1.22.7+k3s1 does not serve HorizontalPodAutoscaler as `autoscaling/v2` yet"]
        );
        assert_eq!(of("v1.23.17+k3s1", "autoscaling/v2", "HorizontalPodAutoscaler"), [""; 0]);
    }

    #[test]
    fn slips_of_the_pen() {
        let told = |api_version: &str, kind: &str| of("v1.37.1+k3s1", api_version, kind);
        assert_eq!(told("apps/v1", "Deploymnet"), ["Deploymnet: Kubernetes has no kind `Deploymnet` in `apps/v1`"]);
        assert_eq!(told("v1", "Deployment"), ["v1: Kubernetes has no Deployment in `v1`"]);
        assert_eq!(told("traefik.io/v1alpha1", "IngresRoute"), ["IngresRoute: `traefik.io` has no kind `IngresRoute`"]);
        assert_eq!(told("cert-manger.io/v1", "Issuer").len(), 1);
        for (api_version, kind) in [
            ("cert-manager.io/v1", "Issuer"),
            ("traefik.io/v1alpha1", "TraefikService"),
            ("longhorn.io/v1beta2", "Volume"),
            ("acme.cert-manager.io/v1", "Order"),
            ("snapshot.storage.k8s.io/v1", "VolumeSnapshot"),
            ("k3s.cattle.io/v1", "Addon"),
            ("metallb.io/v1beta1", "IPAddressPool"),
        ] {
            assert_eq!(told(api_version, kind), [""; 0], "{api_version}");
        }
    }

    #[test]
    fn traefiks_group_goes_with_the_release() {
        let old = |release: &str| of(release, "traefik.containo.us/v1alpha1", "IngressRoute").len();
        assert_eq!([old("v1.22.7+k3s1"), old("v1.30.0+k3s1"), old("v1.32.1+k3s1"), old("v1.32.2+k3s1")], [0, 0, 0, 1]);
        let new = |release: &str| of(release, "traefik.io/v1alpha1", "IngressRoute").len();
        assert_eq!([new("v1.22.7+k3s1"), new("v1.30.0+k3s1"), new("v1.37.1+k3s1")], [1, 0, 0]);
        let own = "k3s: {version: v1.37.1+k3s1, disable: [traefik]}\n";
        let text = "apiVersion: traefik.containo.us/v1alpha1\nkind: IngressRoute\nmetadata: {name: web}\n";
        assert_eq!(told(super::run, own, text), [""; 0]);
    }

    #[test]
    fn what_the_stack_defines_is_there() {
        let define = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: things.example.org}\n\
                      spec: {group: example.org, names: {kind: Thing}, versions: [{name: v1, served: true}, {name: v0, served: false}]}\n---\n";
        let used = |version: &str| {
            let text = format!("{define}apiVersion: example.org/{version}\nkind: Thing\nmetadata: {{name: a}}\n");
            told(super::run, "", &text)
        };
        assert_eq!(used("v1"), [""; 0]);
        assert_eq!(used("v0"), ["example.org/v0: Thing of example.org is not served as `v0`"]);
    }
}
