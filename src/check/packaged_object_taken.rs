//! Objects that k3s makes itself, from manifests that it writes anew at every start.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Object;

/// An object with k3s' own file for a second owner.
pub static CODE: Code = Code {
    name: "packaged-object-taken",
    severity: Severity::Warning,
    page: Page {
        about: "k3s makes this object itself, from a file that it writes anew and applies at every start. The stack's own\n\
                is undone then, until its file changes again. Use what k3s leaves to you (the ConfigMap coredns-custom, a\n\
                HelmChartConfig for Traefik), or disable the part and bring all of it.",
        bad: "# manifests/dns.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: coredns, namespace: kube-system}\n\
              data: {Corefile: \".:53 {\\n  forward . 1.1.1.1\\n}\\n\"}\n",
        good: "# manifests/dns.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: coredns-custom, namespace: kube-system}\n\
               data: {home.server: \"home.arpa:53 {\\n  forward . 192.168.1.1\\n}\\n\"}\n",
    },
};

const SYSTEM: &str = "kube-system";
const CUSTOM: &str = "the ConfigMap kube-system/coredns-custom is yours: keys NAME.server and NAME.override";
const CONFIG: &str = "kind: HelmChartConfig of the same name and namespace lies over it; or ingress in stack.yaml";
const DISABLE: &str = "";

/// The part of k3s, the kind, the namespace (empty for none), the name, and the way out beside disabling the part (k3s'
/// `manifests/`).
type Row = (&'static str, &'static str, &'static str, &'static str, &'static str);

const ROWS: [Row; 28] = [
    ("coredns", "ClusterRole", "", "system:coredns", DISABLE),
    ("coredns", "ClusterRoleBinding", "", "system:coredns", DISABLE),
    ("coredns", "ConfigMap", SYSTEM, "coredns", CUSTOM),
    ("coredns", "Deployment", SYSTEM, "coredns", DISABLE),
    ("coredns", "Service", SYSTEM, "kube-dns", DISABLE),
    ("coredns", "ServiceAccount", SYSTEM, "coredns", DISABLE),
    ("local-storage", "ClusterRole", "", "local-path-provisioner-role", DISABLE),
    ("local-storage", "ClusterRoleBinding", "", "local-path-provisioner-bind", DISABLE),
    ("local-storage", "ConfigMap", SYSTEM, "local-path-config", DISABLE),
    ("local-storage", "Deployment", SYSTEM, "local-path-provisioner", DISABLE),
    ("local-storage", "ServiceAccount", SYSTEM, "local-path-provisioner-service-account", DISABLE),
    ("local-storage", "StorageClass", "", "local-path", "a StorageClass of another name, and the same provisioner rancher.io/local-path"),
    ("metrics-server", "APIService", "", "v1beta1.metrics.k8s.io", DISABLE),
    ("metrics-server", "ClusterRole", "", "system:aggregated-metrics-reader", DISABLE),
    ("metrics-server", "ClusterRole", "", "system:metrics-server", DISABLE),
    ("metrics-server", "ClusterRoleBinding", "", "metrics-server:system:auth-delegator", DISABLE),
    ("metrics-server", "ClusterRoleBinding", "", "system:metrics-server", DISABLE),
    ("metrics-server", "Deployment", SYSTEM, "metrics-server", DISABLE),
    ("metrics-server", "RoleBinding", SYSTEM, "metrics-server-auth-reader", DISABLE),
    ("metrics-server", "Service", SYSTEM, "metrics-server", DISABLE),
    ("metrics-server", "ServiceAccount", SYSTEM, "metrics-server", DISABLE),
    ("traefik", "DaemonSet", SYSTEM, "traefik", CONFIG),
    ("traefik", "Deployment", SYSTEM, "traefik", CONFIG),
    ("traefik", "HelmChart", SYSTEM, "traefik", CONFIG),
    ("traefik", "HelmChart", SYSTEM, "traefik-crd", DISABLE),
    ("traefik", "IngressClass", "", "traefik", DISABLE),
    ("traefik", "Service", SYSTEM, "traefik", CONFIG),
    ("traefik", "ServiceAccount", SYSTEM, "traefik", CONFIG),
];

/// Tells each whose part runs. Most objects are in no row, so that a name is looked at only where it can be in one.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let outside = |object: &&Object| object.id.namespace.as_deref().is_none_or(|namespace| namespace == SYSTEM);
    for object in facts.objects.iter().filter(outside) {
        let id = &object.id;
        let namespace = id.namespace.as_deref().unwrap_or_default();
        let row = ROWS.iter().find(|row| row.1 == id.kind && row.3 == id.name && row.2 == namespace);
        let Some((part, .., way)) = row.filter(|row| facts.stack.disables(row.0).is_none()) else { continue };
        let charts = ["DaemonSet", "Deployment", "Service", "ServiceAccount"];
        let message = if *part == "traefik" && charts.contains(&id.kind.as_str()) {
            format!("{id} is k3s' own: its Helm chart makes it, and does not install over one that is there")
        } else {
            format!("{id} is k3s' own: it is made anew at every start")
        };
        let finding = Finding::new(&CODE, object.place(), message);
        let finding = if way.is_empty() { finding } else { finding.help(*way) };
        found.push(finding.help(format!("or bring all of it yourself: k3s: {{version: …, disable: [{part}]}}")));
    }
}

#[cfg(test)]
mod tests {
    use super::ROWS;
    use crate::check::trial::told;
    use crate::k3s::PARTS;

    #[test]
    fn what_runs_and_is_k3s_own() {
        let map = |name: &str, namespace: &str| {
            format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: {name}, namespace: {namespace}}}\n")
        };
        let check = |lines: &str, manifest: &str| told(super::run, lines, manifest).len();
        assert_eq!(check("", &map("coredns", "kube-system")), 1);
        assert_eq!(check("", &map("coredns-custom", "kube-system")), 0);
        assert_eq!(check("", &map("coredns", "web")), 0);
        assert_eq!(check("", "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: traefik, namespace: kube-system}\n"), 1);
        let disabled = "k3s: {version: v1.37.1+k3s1, disable: [coredns]}";
        assert_eq!(check(disabled, &map("coredns", "kube-system")), 0);
        let class = "apiVersion: storage.k8s.io/v1\nkind: StorageClass\nmetadata: {name: local-path}\nprovisioner: x\n";
        assert_eq!(check("", class), 1);
        assert_eq!(check("", &class.replace("local-path", "fast")), 0);
    }

    #[test]
    fn rows_are_of_parts_that_can_be_disabled() {
        assert!(ROWS.is_sorted());
        assert!(ROWS.iter().all(|row| PARTS.contains(&row.0)));
    }
}
