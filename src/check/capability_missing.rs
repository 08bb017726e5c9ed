//! Programs whose binary the kernel refuses to run.

use super::Facts;
use super::program::{COREDNS, DNSPROXY, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::yaml::Node;

/// A capability that the binary bears and the container has lost.
pub static CODE: Code = Code {
    name: "capability-missing",
    severity: Severity::Error,
    page: Page {
        about: "The binary in the image bears a capability (`setcap`). Where the container may not have it, the kernel\n\
                does not run the binary at all, whatever port it listens on: `operation not permitted`. CoreDNS and\n\
                dnsproxy bear NET_BIND_SERVICE, so `drop: [ALL]` needs it back.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {coredns/coredns: [amd64]}\n\
              # apps/dns.yaml\nkind: app\nimage: coredns/coredns:1.11.1\nsecurityContext: {capabilities: {drop: [ALL]}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {coredns/coredns: [amd64]}\n\
               # apps/dns.yaml\nkind: app\nimage: coredns/coredns:1.11.1\n\
               securityContext: {capabilities: {drop: [ALL], add: [NET_BIND_SERVICE]}}\n",
    },
};

const NEEDED: &str = "NET_BIND_SERVICE";

/// Tells each container.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts).filter(|program| program.is(&[COREDNS, DNSPROXY])) {
        let words = |list: &str| {
            let list = program.container.node.at(&["securityContext", "capabilities", list]);
            list.map_or(&[][..], Node::items)
        };
        let is = |word: &&Node, names: [&str; 2]| word.as_text().is_some_and(|word| names.contains(&word));
        let dropped = words("drop").iter().find(|word| is(word, ["ALL", NEEDED]));
        let added = words("add").iter().any(|word| is(&word, ["ALL", NEEDED]));
        if let Some(dropped) = dropped.filter(|_| !added) {
            found.push(
                Finding::new(&CODE, dropped.span, format!("without {NEEDED} the kernel does not run the binary of {}", program.repository))
                    .also(program.written.span, "its binary bears it")
                    .help(format!("capabilities: {{drop: [ALL], add: [{NEEDED}]}}")),
            );
        }
    }
}
