//! Versions of APIs that Kubernetes does not serve any more.

/// Group and version, and the minor that dropped it (facts on k3s, 7: Kubernetes' deprecation guide). k3s' releases carry
/// Kubernetes' minor.
const DROPPED: [(&str, u16); 22] = [
    ("admissionregistration.k8s.io/v1beta1", 22),
    ("apiextensions.k8s.io/v1beta1", 22),
    ("apiregistration.k8s.io/v1beta1", 22),
    ("apps/v1beta1", 16),
    ("apps/v1beta2", 16),
    ("autoscaling/v2beta1", 25),
    ("autoscaling/v2beta2", 26),
    ("batch/v1beta1", 25),
    ("certificates.k8s.io/v1beta1", 22),
    ("coordination.k8s.io/v1beta1", 22),
    ("discovery.k8s.io/v1beta1", 25),
    ("events.k8s.io/v1beta1", 25),
    ("extensions/v1beta1", 22),
    ("flowcontrol.apiserver.k8s.io/v1beta1", 26),
    ("flowcontrol.apiserver.k8s.io/v1beta2", 29),
    ("flowcontrol.apiserver.k8s.io/v1beta3", 32),
    ("networking.k8s.io/v1beta1", 22),
    ("node.k8s.io/v1beta1", 25),
    ("policy/v1beta1", 25),
    ("rbac.authorization.k8s.io/v1beta1", 22),
    ("scheduling.k8s.io/v1beta1", 22),
    ("storage.k8s.io/v1beta1", 22),
];

/// Whether a Kubernetes minor still serves a version, as far as is known: custom groups have their own.
pub(super) fn is_served(api_version: &str, minor: u16) -> bool {
    DROPPED.iter().all(|(known, dropped)| *known != api_version || minor < *dropped)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_sorted_and_hold_at_their_boundary() {
        assert!(DROPPED.is_sorted());
        for (api_version, minor) in DROPPED {
            assert!(is_served(api_version, minor - 1) && !is_served(api_version, minor), "{api_version}");
        }
        assert!(is_served("batch/v1", 37) && is_served("example.org/v1beta1", 37));
    }
}
