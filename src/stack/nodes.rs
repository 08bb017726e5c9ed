//! The machines.

use std::collections::BTreeMap;
use std::net::IpAddr;

use super::cluster::NodeFile;
use super::invalid::{is_name, value_invalid};
use super::place::role_label;
use crate::finding::Findings;
use crate::kube::names;
use crate::kube::{Machine, Platform, Quantity, Taint};
use crate::source::Span;
use crate::yaml::Spanned;

/// A machine of the cluster.
#[derive(Debug)]
pub struct ClusterNode {
    /// Its name.
    pub name: Spanned<String>,
    /// Where its architecture is written.
    pub arch_span: Span,
    /// What it runs.
    pub platform: Platform,
    /// What it runs besides.
    pub also_runs: Vec<Platform>,
    /// Its internal addresses.
    pub ips: Vec<(IpAddr, Span)>,
    /// Its external addresses, as k3s was told them.
    pub external_ips: Vec<(IpAddr, Span)>,
    /// What the world uses.
    pub public_ips: Vec<(IpAddr, Span)>,
    /// Its roles.
    pub roles: Vec<String>,
    /// What it has, in the order of [`COUNTED`](crate::kube::COUNTED): cpu in thousandths, memory in bytes; none where it is
    /// not said. All of it is for pods: k3s' kubelet holds nothing back (`eviction-hard` speaks of disks alone).
    pub has: [Option<(u64, Span)>; 2],
    /// Unsafe sysctls that its kubelet allows; a name may end in `*`.
    pub allowed_unsafe_sysctls: Vec<String>,
    /// As the scheduler sees it; its labels are what kubelet and k3s set, its roles and its own.
    pub machine: Machine,
}

impl ClusterNode {
    /// What the file says; `None` when its architecture is unknown.
    pub fn resolve(name: &Spanned<String>, file: &NodeFile, found: &mut Findings) -> Option<ClusterNode> {
        is_name("node's name", name, names::dns_subdomain, found);
        let platform = platform_of(&file.arch, found);
        let also_runs = file.also_runs.iter().filter_map(|word| platform_of(word, found)).collect();
        let has = [(0, &file.cpu), (1, &file.memory)].map(|(counted, written)| {
            let written = written.as_ref()?;
            match Quantity::parse(&written.value) {
                Ok(quantity) => Some((quantity.counted(counted), written.span)),
                Err(reason) => {
                    found.push(value_invalid(written.span, reason));
                    None
                }
            }
        });
        let external_ips = addresses(&file.external_ip, found);
        let roles: Vec<String> =
            file.roles.iter().filter(|role| is_role(role, found)).map(|r| r.value.clone()).collect();
        let platform = platform?;
        let mut labels = system_labels(&name.value, platform);
        labels.extend(roles.iter().map(|role| (role_label(role), "true".to_owned())));
        for (key, value) in file.labels.iter() {
            is_name("label", key, names::label_key, found);
            is_name("label's value", value, names::label_value, found);
            labels.insert(key.value.clone(), value.value.clone());
        }
        Some(ClusterNode {
            name: name.clone(),
            arch_span: file.arch.span,
            platform,
            also_runs,
            ips: addresses(&file.ip, found),
            external_ips,
            public_ips: addresses(&file.public_ip, found),
            roles,
            has,
            allowed_unsafe_sysctls: file
                .allowed_unsafe_sysctls
                .iter()
                .map(|name| name.value.clone())
                .collect(),
            machine: Machine {
                name: name.value.clone(),
                labels,
                taints: file.taints.iter().filter_map(|text| taint(text, found)).collect(),
                schedulable: file.schedulable.unwrap_or(true),
            },
        })
    }
}

impl ClusterNode {
    /// Labels that stack.yaml gives it beside what kubelet and k3s' cloud provider set by themselves. What is no label was
    /// told, and is left out.
    pub fn given_labels(&self) -> impl Iterator<Item = (&str, &str)> {
        let own = system_labels(&self.name.value, self.platform);
        let valid = |key: &str, value: &str| names::label_key(key).and(names::label_value(value)).is_ok();
        let given = self
            .machine
            .labels
            .iter()
            .filter(move |(key, value)| own.get(*key) != Some(*value) && valid(key, value));
        given.map(|(key, value)| (key.as_str(), value.as_str()))
    }
}

/// What kubelet and k3s' cloud provider set by themselves (facts on k3s, 5; facts on scheduling, 4).
fn system_labels(name: &str, platform: Platform) -> BTreeMap<String, String> {
    let arch = platform.label();
    [
        ("kubernetes.io/hostname", name),
        ("kubernetes.io/arch", arch),
        ("kubernetes.io/os", "linux"),
        ("beta.kubernetes.io/arch", arch),
        ("beta.kubernetes.io/os", "linux"),
        ("node.kubernetes.io/instance-type", "k3s"),
        ("beta.kubernetes.io/instance-type", "k3s"),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.to_owned()))
    .collect()
}

/// A word for an architecture, or a finding.
pub(super) fn platform_of(word: &Spanned<String>, found: &mut Findings) -> Option<Platform> {
    Platform::parse(&word.value).map_err(|reason| found.push(value_invalid(word.span, reason))).ok()
}

fn is_role(role: &Spanned<String>, found: &mut Findings) -> bool {
    match names::label_key(&role_label(&role.value)) {
        Ok(()) => true,
        Err(reason) => {
            found.push(value_invalid(
                role.span,
                format!("the role `{}` makes no label key: {reason}", role.value),
            ));
            false
        }
    }
}

fn addresses(written: &[Spanned<String>], found: &mut Findings) -> Vec<(IpAddr, Span)> {
    let mut addresses = Vec::new();
    for text in written {
        match text.value.parse() {
            Ok(address) => addresses.push((address, text.span)),
            Err(_) => found.push(value_invalid(text.span, format!("`{}` is no IP address", text.value))),
        }
    }
    addresses
}

fn taint(text: &Spanned<String>, found: &mut Findings) -> Option<Taint> {
    Taint::parse(&text.value).map_err(|reason| found.push(value_invalid(text.span, reason))).ok()
}
