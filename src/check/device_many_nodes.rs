//! A device of one node, and a pod that may land on another.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// A device under a pod with several possible nodes.
pub static CODE: Code = Code {
    name: "device-many-nodes",
    severity: Severity::Warning,
    page: Page {
        about: "A pod uses a device of its node and may land on several nodes. Where the device is missing, the runtime\n\
                makes an empty folder in its place, and the program fails at its start. Keep the pod to the node that\n\
                has the device. (A DaemonSet has a pod on each node, and is not meant.)",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n\
              \x20 alpha: {arch: amd64}\n  beta: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nsecurityContext: {privileged: true}\n\
              volumes: {/dev/ttyACM0: {device: /dev/ttyACM0}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n\
               \x20 alpha: {arch: amd64}\n  beta: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nsecurityContext: {privileged: true}\n\
               volumes: {/dev/ttyACM0: {device: /dev/ttyACM0}}\nplace: {node: alpha}\n",
    },
};

/// Tells the first device of each workload.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for landing in facts.landings.iter().filter(|landing| landing.readable && !landing.pod.is_daemon_set()) {
        let names: Vec<&str> = landing.open().map(|node| node.name.value.as_str()).collect();
        let devices = landing.pod.devices();
        let ([first, _, ..], Some(device)) = (names.as_slice(), devices.first()) else { continue };
        let message = format!("{} uses a device of its node, and may land on {} nodes", landing.object.id, names.len());
        found.push(
            Finding::new(&CODE, device.path.span, message)
                .label("which node has it?")
                .note(format!("it may land on {}", names.join(", ")))
                .help(format!("keep it to the node that has it, such as: place: {{node: {first}}}")),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told};

    #[test]
    fn one_node_or_a_daemon_set() {
        let stick = "  volumes: [{name: stick, hostPath: {path: /dev/ttyACM0}}]\n";
        let mounts = ", volumeMounts: [{name: stick, mountPath: /dev/ttyACM0}]";
        let told = |lines: &str, spec: &str| told(super::run, lines, &pod(&format!("{stick}{spec}"), mounts));
        assert_eq!(
            told("", ""),
            ["/dev/ttyACM0: Pod default/web uses a device of its node, and may land on 2 nodes"]
        );
        assert_eq!(told("", "  nodeName: beta\n"), [""; 0]);
        assert_eq!(told("nodes: {alpha: {arch: amd64}}", ""), [""; 0]);
    }

    #[test]
    fn each_node_of_a_daemon_set_has_its_own() {
        let set = "apiVersion: apps/v1\nkind: DaemonSet\nmetadata: {name: web}\nspec:\n  template:\n    spec:\n      \
                   volumes: [{name: stick, hostPath: {path: /dev/dri}}]\n      containers: [{name: web, image: \
                   registry.example/web:1.0, volumeMounts: [{name: stick, mountPath: /dev/dri}]}]\n";
        assert_eq!(told(super::run, "", set), [""; 0]);
        assert_eq!(told(super::run, "", &set.replace("DaemonSet", "Deployment")).len(), 1);
    }
}
