//! What is mounted where.

use serde::Deserialize;

use crate::yaml::{Spanned, maybe};

/// A volume: exactly one source.
#[derive(Clone, Debug, Deserialize)]
pub struct Volume {
    /// A folder of the node.
    #[serde(rename = "hostPath", deserialize_with = "maybe")]
    pub host_path: Option<HostPath>,
    /// A claim that this makes, kept from pruning; in a StatefulSet a claim of each pod.
    #[serde(deserialize_with = "maybe")]
    pub pvc: Option<Claim>,
    /// A claim that exists.
    pub claim: Option<Spanned<String>>,
    /// `SERVER:/PATH`.
    pub nfs: Option<Spanned<String>>,
    /// Empty at start, gone with the pod.
    #[serde(rename = "emptyDir", deserialize_with = "maybe")]
    pub empty_dir: Option<EmptyDir>,
    /// One file of `files/`; the mount path is then a file.
    pub file: Option<Spanned<String>>,
    /// A folder of `files/`, as a whole.
    pub files: Option<Spanned<String>>,
    /// A ConfigMap; with `key` the mount path is a file.
    #[serde(rename = "configMap", deserialize_with = "maybe")]
    pub config_map: Option<ConfigMapVolume>,
    /// A Secret; with `key` the mount path is a file.
    #[serde(deserialize_with = "maybe")]
    pub secret: Option<SecretVolume>,
    /// A device of the node; needs `privileged`, and one node.
    pub device: Option<Spanned<String>>,
    /// A volume of the main container, by its mount path: in a sidecar, or twice in one.
    pub from: Option<Spanned<String>>,
    /// Mounted so that the container cannot write.
    #[serde(rename = "readOnly")]
    pub read_only: Option<bool>,
    /// A file or folder of the volume, mounted alone.
    #[serde(rename = "subPath")]
    pub sub_path: Option<Spanned<String>>,
    /// Kubernetes' word for mounts that appear later.
    #[serde(rename = "mountPropagation")]
    pub mount_propagation: Option<Spanned<String>>,
    /// The volume's name; default: the mount path with dashes.
    pub name: Option<Spanned<String>>,
}

/// A folder of the node.
#[derive(Clone, Debug, Deserialize)]
pub struct HostPath {
    /// Absolute.
    pub path: Spanned<String>,
    /// Kubernetes' type; `DirectoryOrCreate` if writable.
    #[serde(rename = "type")]
    pub kind: Option<Spanned<String>>,
}

/// A claim to storage.
#[derive(Clone, Debug, Deserialize)]
pub struct Claim {
    /// How much.
    pub size: Spanned<String>,
    /// The class; default: the cluster's (k3s: local-path).
    #[serde(rename = "storageClass")]
    pub storage_class: Option<Spanned<String>>,
    /// Kubernetes' words; `[ReadWriteOnce]`.
    #[serde(rename = "accessModes")]
    pub access_modes: Vec<Spanned<String>>,
    /// The claim's name; `APP-VOLUME`.
    pub name: Option<Spanned<String>>,
}

/// A ConfigMap as files.
#[derive(Clone, Debug, Deserialize)]
pub struct ConfigMapVolume {
    /// The ConfigMap.
    pub name: Spanned<String>,
    /// This key alone.
    pub key: Option<Spanned<String>>,
    /// Start even without it.
    pub optional: Option<bool>,
}

/// Scratch space.
#[derive(Clone, Debug, Deserialize)]
pub struct EmptyDir {
    /// At most so much.
    #[serde(rename = "sizeLimit")]
    pub size_limit: Option<Spanned<String>>,
    /// `Memory` for a tmpfs.
    pub medium: Option<Spanned<String>>,
}

/// A Secret as files.
#[derive(Clone, Debug, Deserialize)]
pub struct SecretVolume {
    /// The Secret.
    pub name: Spanned<String>,
    /// This key alone.
    pub key: Option<Spanned<String>>,
    /// Mode of the files.
    pub mode: Option<Spanned<u16>>,
    /// Start even without it.
    pub optional: Option<bool>,
}
