//! What is mounted where.

use serde::Deserialize;

use crate::yaml::{Named, Spanned, maybe};

/// A volume: exactly one source, `hostPath` to `from`.
#[derive(Clone, Debug, Deserialize)]
pub struct Volume {
    /// A folder of the node. One node must be the only place of the pod, or each has its own.
    #[serde(rename = "hostPath", deserialize_with = "maybe")]
    pub host_path: Option<HostPath>,
    /// A claim to storage that stackc makes, and that no pruning deletes; in a StatefulSet a claim for each pod.
    #[serde(deserialize_with = "maybe")]
    pub pvc: Option<Claim>,
    /// A claim that exists: of `manifests/` or `external`.
    pub claim: Option<Spanned<String>>,
    /// A folder of an NFS server: `SERVER:/PATH`.
    pub nfs: Option<Spanned<String>>,
    /// A folder that is empty at the pod's start and gone at its end.
    #[serde(rename = "emptyDir", deserialize_with = "maybe")]
    pub empty_dir: Option<EmptyDir>,
    /// One file of `files/`, made a ConfigMap; the mount path is a file then. A name that ends in `.j2` is a template.
    pub file: Option<Spanned<String>>,
    /// A folder of `files/` as a whole, made a ConfigMap: at most 1 MiB.
    pub files: Option<Spanned<String>>,
    /// A ConfigMap; with `key` the mount path is a file.
    #[serde(rename = "configMap", deserialize_with = "maybe")]
    pub config_map: Option<ConfigMapVolume>,
    /// A Secret; with `key` the mount path is a file.
    #[serde(deserialize_with = "maybe")]
    pub secret: Option<SecretVolume>,
    /// A device of the node, by its path there; needs `privileged`, and one node.
    pub device: Option<Spanned<String>>,
    /// A volume of the main container, by its mount path there: in a sidecar, or twice in one container.
    pub from: Option<Spanned<String>>,
    /// Whether the container cannot write to it. Default: `false`.
    #[serde(rename = "readOnly")]
    pub read_only: Option<bool>,
    /// A file or folder of the volume that is mounted alone.
    #[serde(rename = "subPath")]
    pub sub_path: Option<Spanned<String>>,
    /// Kubernetes' word on mounts that appear later: `None`, `HostToContainer`, `Bidirectional`. Default: `None`.
    #[serde(rename = "mountPropagation")]
    pub mount_propagation: Option<Spanned<String>>,
    /// The volume's name, also in the names of claims and ConfigMaps. Default: the mount path with dashes.
    pub name: Option<Spanned<String>>,
}

/// A folder of the node.
#[derive(Clone, Debug, Deserialize)]
pub struct HostPath {
    /// The folder, from the root of the node.
    pub path: Spanned<String>,
    /// Kubernetes' word on what is there. Default: `DirectoryOrCreate`; none if read-only or
    /// below /dev.
    #[serde(rename = "type")]
    pub kind: Option<Spanned<String>>,
}

/// A claim to storage.
#[derive(Clone, Debug, Deserialize)]
pub struct Claim {
    /// How much: a quantity, such as `20Gi`.
    pub size: Spanned<String>,
    /// The StorageClass. Default: the cluster's own; in k3s `local-path`.
    #[serde(rename = "storageClass")]
    pub storage_class: Option<Spanned<String>>,
    /// Who may mount it, in Kubernetes' words. Default: `[ReadWriteOnce]`.
    #[serde(rename = "accessModes")]
    pub access_modes: Vec<Spanned<String>>,
    /// The claim's name. Default: `APP-VOLUME`.
    pub name: Option<Spanned<String>>,
    /// The claim's labels, instead of the app's own: a StatefulSet that exists keeps those that it was made with.
    pub labels: Option<Named<Spanned<String>>>,
}

/// A ConfigMap as files.
#[derive(Clone, Debug, Deserialize)]
pub struct ConfigMapVolume {
    /// The ConfigMap.
    pub name: Spanned<String>,
    /// This key alone, as a file. Default: all keys, as a folder.
    pub key: Option<Spanned<String>>,
    /// Whether the pod starts even without it. Default: `false`.
    pub optional: Option<bool>,
}

/// Scratch space.
#[derive(Clone, Debug, Deserialize)]
pub struct EmptyDir {
    /// The most that it holds: a quantity. Default: no limit.
    #[serde(rename = "sizeLimit")]
    pub size_limit: Option<Spanned<String>>,
    /// `Memory` for a folder in memory. Default: the node's disk.
    pub medium: Option<Spanned<String>>,
}

/// A Secret as files.
#[derive(Clone, Debug, Deserialize)]
pub struct SecretVolume {
    /// The Secret.
    pub name: Spanned<String>,
    /// This key alone, as a file. Default: all keys, as a folder.
    pub key: Option<Spanned<String>>,
    /// The files' mode, such as `0440`. Default: `0644`.
    pub mode: Option<Spanned<u16>>,
    /// Whether the pod starts even without it. Default: `false`.
    pub optional: Option<bool>,
}
