//! Labels that nodes do not get by themselves, as lines to paste.

use serde::Serialize;

use super::json::document;

/// A label of a node.
#[derive(Serialize)]
pub struct Label<'a> {
    /// Its key.
    pub key: &'a str,
    /// Its value.
    pub value: &'a str,
    /// Whether it cannot stand in k3s' own `node-label`: the kubelet refuses it, and k3s does not start.
    pub kubectl_only: bool,
}

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    nodes: Vec<Node<'a>>,
}

#[derive(Serialize)]
struct Node<'a> {
    node: &'a str,
    labels: &'a [Label<'a>],
}

const ALONE: &str =
    "# k3s does not start with these in its own node-label: set them once, from where kubectl works\n";
const EITHER: &str = "# these may stand in a node's /etc/rancher/k3s/config.yaml (node-label) before its first start, or be set now\n";

/// `kubectl label` lines, those that have no other way first.
pub fn text(nodes: &[(&str, Vec<Label<'_>>)]) -> String {
    let part = |head: &str, alone: bool| {
        let lines: String = nodes.iter().filter_map(|(node, labels)| line(node, labels, alone)).collect();
        if lines.is_empty() { String::new() } else { format!("{head}{lines}") }
    };
    let text = part(ALONE, true) + &part(EITHER, false);
    if text.is_empty() { "# k3s sets every label that stack.yaml names by itself\n".to_owned() } else { text }
}

fn line(node: &str, labels: &[Label<'_>], alone: bool) -> Option<String> {
    let own = labels.iter().filter(|label| label.kubectl_only == alone);
    let pairs: Vec<String> = own.map(|label| format!("{}={}", label.key, label.value)).collect();
    (!pairs.is_empty()).then(|| format!("kubectl label node {node} --overwrite {}\n", pairs.join(" ")))
}

/// The same for machines.
pub fn json(nodes: &[(&str, Vec<Label<'_>>)]) -> String {
    let nodes = nodes.iter().map(|(node, labels)| Node { node, labels }).collect();
    document(&Report { version: super::SCHEMA_VERSION, nodes })
}
