//! Users and rights, as Kubernetes names them.

use serde::Deserialize;

use crate::yaml::{Named, Node};

/// Users and rights: Kubernetes' fields of pod and container in one map. Users and what only a pod has go to the pod, the
/// rest to the container; in a sidecar or init container users as well.
#[derive(Deserialize)]
pub struct SecurityContext {
    /// `restricted`: what Kubernetes' Pod Security Standard of that name asks for. Not root, no capabilities, no
    /// escalation, the runtime's own seccomp profile. What stands beside it lies over it.
    pub profile: Option<Profile>,
    /// The user's number.
    #[serde(rename = "runAsUser")]
    pub run_as_user: Option<u32>,
    /// The group's number.
    #[serde(rename = "runAsGroup")]
    pub run_as_group: Option<u32>,
    /// Whether the pod is refused when its user is root.
    #[serde(rename = "runAsNonRoot")]
    pub run_as_non_root: Option<bool>,
    /// The group to which volumes are given; not those of the node's folders.
    #[serde(rename = "fsGroup")]
    pub fs_group: Option<u32>,
    /// `OnRootMismatch` or `Always`: when volumes are given to `fsGroup`.
    #[serde(rename = "fsGroupChangePolicy")]
    pub fs_group_change_policy: Option<String>,
    /// Further groups, by number.
    #[serde(rename = "supplementalGroups")]
    pub supplemental_groups: Vec<u32>,
    /// `Merge` or `Strict`: whether the groups of the image's user count.
    #[serde(rename = "supplementalGroupsPolicy")]
    pub supplemental_groups_policy: Option<String>,
    /// Kernel settings of the pod, by name.
    pub sysctls: Named<Node>,
    /// How volumes get their SELinux label.
    #[serde(rename = "seLinuxChangePolicy")]
    pub se_linux_change_policy: Option<String>,
    /// SELinux labels.
    #[serde(rename = "seLinuxOptions")]
    pub se_linux_options: Named<Node>,
    /// The seccomp profile, such as `{type: RuntimeDefault}`.
    #[serde(rename = "seccompProfile")]
    pub seccomp_profile: Named<Node>,
    /// The AppArmor profile, such as `{type: RuntimeDefault}`.
    #[serde(rename = "appArmorProfile")]
    pub app_armor_profile: Named<Node>,
    /// Rights of root, one by one: `{add: [NET_ADMIN], drop: [ALL]}`.
    pub capabilities: Named<Node>,
    /// Whether it has all rights on the node.
    pub privileged: Option<bool>,
    /// Whether a process may gain more rights than its parent.
    #[serde(rename = "allowPrivilegeEscalation")]
    pub allow_privilege_escalation: Option<bool>,
    /// Whether the container's own files cannot be written to.
    #[serde(rename = "readOnlyRootFilesystem")]
    pub read_only_root_filesystem: Option<bool>,
    /// `Default` or `Unmasked`: how /proc looks.
    #[serde(rename = "procMount")]
    pub proc_mount: Option<String>,
    /// Settings of Windows.
    #[serde(rename = "windowsOptions")]
    pub windows_options: Named<Node>,
}

/// A Pod Security Standard.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// The strictest.
    Restricted,
}
