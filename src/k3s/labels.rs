//! Labels of nodes: which k3s sets by itself, which the kubelet takes from k3s' own `node-label`, which only an
//! administrator may set (the kubelet's `ValidateKubeletFlags`; k3s' `pkg/server`; the project's facts page on k3s, 5).

/// Roles that k3s gives its servers. `master` is left out by some releases, and never needed.
const OWN_ROLES: [&str; 3] = [
    "node-role.kubernetes.io/control-plane",
    "node-role.kubernetes.io/etcd",
    "node-role.kubernetes.io/master",
];

/// Domains whose labels are Kubernetes' own, with all below them.
const RESERVED: [&str; 2] = ["kubernetes.io", "k8s.io"];

/// Domains below them that are open, with all below them.
const OPEN: [&str; 2] = ["kubelet.kubernetes.io", "node.kubernetes.io"];

/// Labels of Kubernetes' own that the kubelet takes all the same.
const TAKEN: [&str; 10] = [
    "beta.kubernetes.io/arch",
    "beta.kubernetes.io/instance-type",
    "beta.kubernetes.io/os",
    "failure-domain.beta.kubernetes.io/region",
    "failure-domain.beta.kubernetes.io/zone",
    "kubernetes.io/arch",
    "kubernetes.io/hostname",
    "kubernetes.io/os",
    "topology.kubernetes.io/region",
    "topology.kubernetes.io/zone",
];

/// Whether k3s gives a server this label by itself.
pub fn is_own_role(key: &str) -> bool {
    OWN_ROLES.contains(&key)
}

/// Whether the kubelet refuses a label from its own side, so that k3s does not start with it in `node-label`.
pub fn is_kubectl_only(key: &str) -> bool {
    let Some((domain, _)) = key.split_once('/') else { return false };
    let below = |roots: &[&str]| {
        roots
            .iter()
            .any(|root| domain == *root || domain.strip_suffix(root).is_some_and(|rest| rest.ends_with('.')))
    };
    below(&RESERVED) && !below(&OPEN) && !TAKEN.contains(&key)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kubelet_refuses() {
        for (key, refused) in [
            ("node-role.kubernetes.io/s3", true),
            ("kubernetes.io/role", true),
            ("node-restriction.kubernetes.io/x", true),
            ("x.k8s.io/y", true),
            ("k8s.io/y", true),
            ("node.kubernetes.io/pool", false),
            ("a.node.kubernetes.io/pool", false),
            ("kubelet.kubernetes.io/x", false),
            ("kubernetes.io/hostname", false),
            ("topology.kubernetes.io/zone", false),
            ("topology.kubernetes.io/rack", true),
            ("mykubernetes.io/x", false),
            ("svccontroller.k3s.cattle.io/enablelb", false),
            ("zone", false),
        ] {
            assert_eq!(is_kubectl_only(key), refused, "{key}");
        }
        assert!(is_own_role("node-role.kubernetes.io/etcd") && !is_own_role("node-role.kubernetes.io/s3"));
    }
}
