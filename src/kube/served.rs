//! Which API versions a Kubernetes release serves (its guide on deprecations, and the releases' changelogs).
//!
//! A version that came or went is a row; a kind of its own that never changed is one of `KINDS`.

/// A version of some kinds.
#[derive(Debug)]
pub struct Served {
    group: &'static str,
    version: &'static str,
    /// None named: all of the version.
    kinds: &'static [&'static str],
    /// The first minor that has it.
    pub since: u16,
    /// The first minor that has it no more.
    pub until: u16,
    /// What to write instead.
    pub instead: &'static str,
}

/// What a release says to a version of a kind.
#[derive(Debug)]
pub enum Verdict {
    /// It has it, or nobody knows.
    Served,
    /// It has it no more.
    Gone(&'static Served),
    /// It does not have it yet.
    NotYet(&'static Served),
    /// Kubernetes has that kind in another version or group, if in any: what to write instead.
    Never(Option<String>),
}

/// Never goes.
const EVER: u16 = u16::MAX;

/// A version that went.
const fn gone(
    group: &'static str,
    version: &'static str,
    kinds: &'static [&'static str],
    until: u16,
    instead: &'static str,
) -> Served {
    Served { group, version, kinds, since: 0, until, instead }
}

/// A version that came, and what served before.
const fn came(
    group: &'static str,
    version: &'static str,
    kinds: &'static [&'static str],
    since: u16,
    instead: &'static str,
) -> Served {
    Served { group, version, kinds, since, until: EVER, instead }
}

const WORKLOADS: &[&str] = &["DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"];
const HPA: &[&str] = &["HorizontalPodAutoscaler"];
const FLOW: &[&str] = &["FlowSchema", "PriorityLevelConfiguration"];
const ADMISSION: &str =
    "a label pod-security.kubernetes.io/enforce on the Namespace (Pod Security Admission)";

const ROWS: &[Served] = &[
    gone(
        "admissionregistration.k8s.io",
        "v1beta1",
        &["MutatingWebhookConfiguration", "ValidatingWebhookConfiguration"],
        22,
        "admissionregistration.k8s.io/v1",
    ),
    came(
        "admissionregistration.k8s.io",
        "v1",
        &["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"],
        30,
        "a webhook, or newer servers",
    ),
    gone("apiextensions.k8s.io", "v1beta1", &[], 22, "apiextensions.k8s.io/v1"),
    gone("apiregistration.k8s.io", "v1beta1", &[], 22, "apiregistration.k8s.io/v1"),
    gone("apps", "v1beta1", &[], 16, "apps/v1"),
    gone("apps", "v1beta2", &[], 16, "apps/v1"),
    came("autoscaling", "v2", HPA, 23, "autoscaling/v1, or autoscaling/v2beta2"),
    gone("autoscaling", "v2beta1", HPA, 25, "autoscaling/v2"),
    gone("autoscaling", "v2beta2", HPA, 26, "autoscaling/v2"),
    came("batch", "v1", &["CronJob"], 21, "batch/v1beta1"),
    gone("batch", "v1beta1", &["CronJob"], 25, "batch/v1"),
    gone("batch", "v2alpha1", &["CronJob"], 21, "batch/v1"),
    gone("certificates.k8s.io", "v1beta1", &["CertificateSigningRequest"], 22, "certificates.k8s.io/v1"),
    gone("coordination.k8s.io", "v1beta1", &["Lease"], 22, "coordination.k8s.io/v1"),
    came("discovery.k8s.io", "v1", &["EndpointSlice"], 21, "discovery.k8s.io/v1beta1"),
    gone("discovery.k8s.io", "v1beta1", &["EndpointSlice"], 25, "discovery.k8s.io/v1"),
    gone("events.k8s.io", "v1beta1", &["Event"], 25, "events.k8s.io/v1"),
    gone("extensions", "v1beta1", &["Ingress"], 22, "networking.k8s.io/v1"),
    gone("extensions", "v1beta1", &["NetworkPolicy"], 16, "networking.k8s.io/v1"),
    gone("extensions", "v1beta1", &["PodSecurityPolicy"], 16, ADMISSION),
    gone("extensions", "v1beta1", WORKLOADS, 16, "apps/v1"),
    came("flowcontrol.apiserver.k8s.io", "v1", FLOW, 29, "one of its beta versions"),
    gone("flowcontrol.apiserver.k8s.io", "v1beta1", FLOW, 26, "flowcontrol.apiserver.k8s.io/v1"),
    Served {
        since: 23,
        ..gone("flowcontrol.apiserver.k8s.io", "v1beta2", FLOW, 29, "flowcontrol.apiserver.k8s.io/v1")
    },
    Served {
        since: 26,
        ..gone("flowcontrol.apiserver.k8s.io", "v1beta3", FLOW, 32, "flowcontrol.apiserver.k8s.io/v1")
    },
    gone("networking.k8s.io", "v1beta1", &["Ingress", "IngressClass"], 22, "networking.k8s.io/v1"),
    gone("node.k8s.io", "v1beta1", &["RuntimeClass"], 25, "node.k8s.io/v1"),
    came("policy", "v1", &["PodDisruptionBudget"], 21, "policy/v1beta1"),
    gone("policy", "v1beta1", &["PodDisruptionBudget"], 25, "policy/v1"),
    gone("policy", "v1beta1", &["PodSecurityPolicy"], 25, ADMISSION),
    gone("rbac.authorization.k8s.io", "v1alpha1", &[], 22, "rbac.authorization.k8s.io/v1"),
    gone("rbac.authorization.k8s.io", "v1beta1", &[], 22, "rbac.authorization.k8s.io/v1"),
    gone("scheduling.k8s.io", "v1beta1", &["PriorityClass"], 22, "scheduling.k8s.io/v1"),
    gone(
        "storage.k8s.io",
        "v1beta1",
        &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"],
        22,
        "storage.k8s.io/v1",
    ),
    came("storage.k8s.io", "v1", &["CSIStorageCapacity"], 24, "storage.k8s.io/v1beta1"),
    gone("storage.k8s.io", "v1beta1", &["CSIStorageCapacity"], 27, "storage.k8s.io/v1"),
];

/// Kinds that people write, in the version that lasts. Of the groups that end here, these are all.
const KINDS: &[(&str, &str, &[&str])] = &[
    (
        "",
        "v1",
        &[
            "Binding",
            "ConfigMap",
            "Endpoints",
            "Event",
            "LimitRange",
            "Namespace",
            "Node",
            "PersistentVolume",
            "PersistentVolumeClaim",
            "Pod",
            "PodTemplate",
            "ReplicationController",
            "ResourceQuota",
            "Secret",
            "Service",
            "ServiceAccount",
        ],
    ),
    ("apps", "v1", &["ControllerRevision", "DaemonSet", "Deployment", "ReplicaSet", "StatefulSet"]),
    ("autoscaling", "v2", &["HorizontalPodAutoscaler"]),
    ("autoscaling", "v1", &["HorizontalPodAutoscaler", "Scale"]),
    ("batch", "v1", &["CronJob", "Job"]),
    ("policy", "v1", &["Eviction", "PodDisruptionBudget"]),
    ("networking.k8s.io", "v1", &["Ingress", "IngressClass", "NetworkPolicy"]),
    ("rbac.authorization.k8s.io", "v1", &["ClusterRole", "ClusterRoleBinding", "Role", "RoleBinding"]),
    ("scheduling.k8s.io", "v1", &["PriorityClass"]),
    ("storage.k8s.io", "v1", &["CSIDriver", "CSINode", "StorageClass", "VolumeAttachment"]),
    ("apiextensions.k8s.io", "v1", &["CustomResourceDefinition"]),
    ("apiregistration.k8s.io", "v1", &["APIService"]),
    ("node.k8s.io", "v1", &["RuntimeClass"]),
    ("coordination.k8s.io", "v1", &["Lease"]),
];

/// What a minor of Kubernetes says to an `apiVersion` and a kind.
pub fn served(api_version: &str, kind: &str, minor: u16) -> Verdict {
    let (group, version) = api_version.split_once('/').unwrap_or(("", api_version));
    let row = ROWS.iter().find(|row| {
        row.group == group && row.version == version && (row.kinds.is_empty() || row.kinds.contains(&kind))
    });
    let lasting = || KINDS.iter().any(|row| row.0 == group && row.1 == version && row.2.contains(&kind));
    match row {
        Some(row) if minor >= row.until => Verdict::Gone(row),
        Some(row) if minor < row.since => Verdict::NotYet(row),
        None if is_closed(group) && !lasting() => Verdict::Never(home(kind)),
        _ => Verdict::Served,
    }
}

/// Groups without a dot are Kubernetes' own (a CustomResourceDefinition's must have one), and all their kinds are known;
/// so are those of two more.
fn is_closed(group: &str) -> bool {
    !group.contains('.') || ["rbac.authorization.k8s.io", "apiextensions.k8s.io"].contains(&group)
}

/// Where a kind is at home.
fn home(kind: &str) -> Option<String> {
    let (group, version, _) = KINDS.iter().find(|row| row.2.contains(&kind))?;
    Some(if group.is_empty() { (*version).to_owned() } else { format!("{group}/{version}") })
}

/// Kinds that Kubernetes has, to find the one that is meant.
pub fn kinds() -> impl Iterator<Item = &'static str> {
    KINDS.iter().flat_map(|row| row.2.iter().copied())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(api_version: &str, kind: &str, minor: u16) -> String {
        match served(api_version, kind, minor) {
            Verdict::Served => "served".into(),
            Verdict::Gone(row) => format!("gone: {}", row.instead),
            Verdict::NotYet(row) => format!("not yet: {}", row.instead),
            Verdict::Never(home) => format!("never: {}", home.unwrap_or_default()),
        }
    }

    #[test]
    fn both_sides_of_each_boundary() {
        for row in ROWS {
            let api_version = format!("{}/{}", row.group, row.version);
            for kind in row.kinds {
                let at = |minor: u16| told(&api_version, kind, minor);
                if row.until != EVER {
                    assert_eq!(
                        (at(row.until - 1), at(row.until)),
                        ("served".into(), format!("gone: {}", row.instead))
                    );
                }
                if row.since > 0 {
                    assert!(at(row.since - 1).starts_with("not yet: "), "{api_version} {kind}");
                    assert_eq!(at(row.since), "served");
                }
            }
        }
    }

    #[test]
    fn what_lasts_is_served_by_all() {
        for (group, version, kinds) in KINDS {
            let api_version =
                if group.is_empty() { (*version).to_owned() } else { format!("{group}/{version}") };
            for kind in *kinds {
                assert_eq!(told(&api_version, kind, 37), "served", "{api_version} {kind}");
            }
        }
    }

    #[test]
    fn what_no_release_has() {
        assert_eq!(told("v1", "Deployment", 37), "never: apps/v1");
        assert_eq!(told("apps/v1", "Service", 37), "never: v1");
        assert_eq!(told("app/v1", "Deployment", 37), "never: apps/v1");
        assert_eq!(told("apps/v2", "Deployment", 37), "never: apps/v1");
        assert_eq!(told("v1", "Deploymnet", 37), "never: ");
        assert_eq!(told("extensions/v1beta1", "DaemonSet", 21), "gone: apps/v1");
    }

    #[test]
    fn what_others_define_nobody_knows() {
        for (api_version, kind) in [
            ("cert-manager.io/v1", "Certificate"),
            ("gateway.networking.k8s.io/v1", "HTTPRoute"),
            ("resource.k8s.io/v1beta2", "DeviceClass"),
            ("networking.k8s.io/v1", "ServiceCIDR"),
            ("serving.knative.dev/v1", "Service"),
        ] {
            assert_eq!(told(api_version, kind, 30), "served", "{api_version} {kind}");
        }
    }
}
