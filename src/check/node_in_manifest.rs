//! Machines as manifests.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// A Node that k3s would take over.
pub static CODE: Code = Code {
    name: "node-in-manifest",
    severity: Severity::Error,
    page: Page {
        about: "A manifest holds a Node. k3s would take the machine over as part of the file, and delete it from the\n\
                cluster, with all its pods, as soon as the file no longer names it. Labels and taints are set with\n\
                kubectl, or in the machine's own k3s configuration (`node-label`, `node-taint`); stack.yaml lists them\n\
                under `nodes`.",
        bad: "# manifests/node.yaml\napiVersion: v1\nkind: Node\nmetadata:\n  name: alpha\n  labels: {disk: ssd}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
               nodes:\n  alpha: {arch: amd64, labels: {disk: ssd}}\nplatforms: {registry.example/web: [amd64]}\n",
    },
};

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for object in facts.objects.iter().filter(|object| object.id.kind == "Node" && object.id.api_version == "v1") {
        let message = format!("k3s would delete the node `{}` once this manifest is gone", object.id.name);
        found.push(
            Finding::new(&CODE, object.place(), message)
                .note("the file would own the machine, as it owns every object in it")
                .help(format!("kubectl label node {} KEY=VALUE, and labels under `nodes` in stack.yaml", object.id.name)),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    #[test]
    fn machines_alone() {
        let node = "apiVersion: v1\nkind: Node\nmetadata: {name: alpha}\n";
        assert_eq!(told(super::run, "", node), ["alpha: k3s would delete the node `alpha` once this manifest is gone"]);
        assert_eq!(told(super::run, "", &node.replace("v1", "example.org/v1")), [""; 0]);
    }
}
