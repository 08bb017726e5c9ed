//! In which order k3s shall apply the kinds of a file: what others need comes first.

/// Kinds from first to last; a kind that is not listed comes between the workloads and the last ones.
const FIRST: [&str; 17] = [
    "Namespace",
    "CustomResourceDefinition",
    "PriorityClass",
    "StorageClass",
    "ServiceAccount",
    "ClusterRole",
    "ClusterRoleBinding",
    "Role",
    "RoleBinding",
    "Secret",
    "ConfigMap",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Service",
    "Deployment",
    "StatefulSet",
    "DaemonSet",
];

/// The kind's rank.
pub(super) fn rank(kind: &str) -> usize {
    FIRST.iter().position(|known| *known == kind).unwrap_or(FIRST.len())
}
