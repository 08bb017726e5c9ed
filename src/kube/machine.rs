//! A node of the cluster.

use std::collections::BTreeMap;

use super::Taint;

/// A node of the cluster, as the scheduler sees it.
#[derive(Clone, Debug)]
pub struct Machine {
    /// The node's name; it may differ from the label `kubernetes.io/hostname`.
    pub name: String,
    /// All labels, those of the kubelet and of k3s as well.
    pub labels: BTreeMap<String, String>,
    /// The declared taints.
    pub taints: Vec<Taint>,
    /// False: cordoned for good.
    pub schedulable: bool,
}
