//! AddOn names that belong to k3s. "Care should be taken not to conflict ... even if those components are disabled"
//! (k3s docs, packaged components).

/// The packaged parts that k3s' `--disable` names (k3s docs, packaged components; `runtimes` in newer releases).
pub const PARTS: [&str; 6] =
    ["coredns", "local-storage", "metrics-server", "runtimes", "servicelb", "traefik"];

/// k3s writes this file anew at each start.
const PACKAGED: &str =
    "k3s writes its own file of this name at every start, and each would prune what the other made";
/// Lies in a folder of its own, but folders do not count in AddOn names.
const METRICS_SERVER: &str =
    "k3s packages metrics-server/ with a file of this name, and folders do not count in AddOn names";
/// Some release packaged it.
const ONCE_PACKAGED: &str = "some releases of k3s package a component of this name";
/// `--disable NAME` deletes files of that name, and what they made.
const DISABLED: &str =
    "k3s has a component of this name: disabling that would delete this file and what it made";

/// Sorted by name.
const RESERVED: &[(&str, &str)] = &[
    ("aggregated-metrics-reader", METRICS_SERVER),
    ("auth-delegator", METRICS_SERVER),
    ("auth-reader", METRICS_SERVER),
    ("ccm", PACKAGED),
    ("coredns", PACKAGED),
    ("gateway-api-crd", PACKAGED), // from v1.37
    ("gloo", ONCE_PACKAGED),
    ("helm-controller", DISABLED),
    ("kube-apiserver", ONCE_PACKAGED),
    ("local-storage", PACKAGED),
    ("metrics-apiservice", METRICS_SERVER),
    ("metrics-server", ONCE_PACKAGED), // and today's folder, which `--disable metrics-server` takes whole
    ("metrics-server-deployment", METRICS_SERVER),
    ("metrics-server-service", METRICS_SERVER),
    ("multus", ONCE_PACKAGED),
    ("nginx", ONCE_PACKAGED),
    ("nginx-ingress", ONCE_PACKAGED),
    ("resource-reader", METRICS_SERVER),
    ("rolebindings", PACKAGED),
    ("runtimeclass", ONCE_PACKAGED),
    ("runtimes", PACKAGED),
    ("servicelb", DISABLED),
    ("snapshot-controller", ONCE_PACKAGED),
    ("traefik", PACKAGED),
    ("traefik-crd", ONCE_PACKAGED),
];

/// Why an AddOn name belongs to k3s; none if it is free. Case does not count, as on a disk where it does not.
pub fn reserved(name: &str) -> Option<&'static str> {
    RESERVED.iter().find(|(reserved, _)| reserved.eq_ignore_ascii_case(name)).map(|&(_, why)| why)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_could_be_names() {
        assert!(RESERVED.is_sorted_by(|a, b| a.0 < b.0));
        for (name, _) in RESERVED {
            assert_eq!(crate::k3s::addon_refused(name), None, "{name}");
        }
        for part in PARTS {
            assert!(reserved(part).is_some(), "{part}");
        }
    }

    #[test]
    fn taken_and_free() {
        for name in ["traefik", "Traefik", "coredns", "auth-reader", "servicelb", "metrics-server"] {
            assert!(reserved(name).is_some(), "{name}");
        }
        for name in ["oracle-traefik", "traefik2", "minio", ""] {
            assert_eq!(reserved(name), None, "{name}");
        }
    }
}
