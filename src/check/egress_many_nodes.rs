//! A proxy whose address on the internet would wander.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// A pinned proxy with several possible nodes.
pub static CODE: Code = Code {
    name: "egress-many-nodes",
    severity: Severity::Error,
    page: Page {
        about: "A proxy's traffic leaves through its node's own address. When its pod may land on several nodes, that\n\
                address changes with each move, and services that know the old one lock its users out. Keep it to\n\
                one node, or say `egress: any` where the address does not matter.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n\
              \x20 alpha: {arch: amd64}\n  beta: {arch: amd64}\nplatforms: {ghcr.io/xtls/xray-core: [amd64]}\n\
              secrets: {proxy: [config.json]}\n\
              # apps/proxy.yaml\nkind: proxy\nengine: xray\nimage: ghcr.io/xtls/xray-core:26.7.28\ntransport: ws\n\
              host: proxy.example.org\npath: /updates-7f3a\nconfig: {secret: proxy, key: config.json}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n\
               \x20 alpha: {arch: amd64}\n  beta: {arch: amd64}\nplatforms: {ghcr.io/xtls/xray-core: [amd64]}\n\
               secrets: {proxy: [config.json]}\n\
               # apps/proxy.yaml\nkind: proxy\nengine: xray\nimage: ghcr.io/xtls/xray-core:26.7.28\ntransport: ws\n\
               host: proxy.example.org\npath: /updates-7f3a\nconfig: {secret: proxy, key: config.json}\n\
               place: {node: alpha}\n",
    },
};

/// Tells each pinned app.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for landing in facts.landings.iter().filter(|landing| landing.readable) {
        let Some(app) = landing.app else { continue };
        let Some(pinned) = app.one_node else { continue };
        let names: Vec<&str> = landing.open().map(|node| node.name.value.as_str()).collect();
        if let [first, _, ..] = names.as_slice() {
            found.push(
                Finding::new(&CODE, pinned, format!("`{}` may land on {} nodes, so its address on the internet would wander", app.name, names.len()))
                    .note(format!("it may land on {}", names.join(", ")))
                    .help(format!("keep it to one: place: {{node: {first}}}"))
                    .help("or, if the address does not matter: egress: any"),
            );
        }
    }
}
