//! Data in a folder of one node, and a pod that may move to another.

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::yaml::Node;

/// A writable folder of the node under a pod with several possible nodes.
pub static CODE: Code = Code {
    name: "data-many-nodes",
    severity: Severity::Warning,
    page: Page {
        about: "A pod writes to a folder of its node and may land on several nodes. Each node has its own folder of\n\
                that name: after a move the program starts with empty data, and the old data stays behind unseen.\n\
                Keep the pod to one node. (A DaemonSet has a pod and a folder on each node, and is not meant.)",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n\
              \x20 alpha: {arch: amd64}\n  beta: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/data: {hostPath: /srv/web}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n\
               \x20 alpha: {arch: amd64}\n  beta: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/data: {hostPath: /srv/web}}\n\
               place: {node: alpha}\n",
    },
};

/// Tells the first such folder of each workload.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for landing in facts.landings.iter().filter(|landing| landing.readable && !landing.pod.is_daemon_set()) {
        let names: Vec<&str> = landing.open().map(|node| node.name.value.as_str()).collect();
        let [first, _, ..] = names.as_slice() else { continue };
        if let Some(path) = writable_folder(landing) {
            let message = format!("{} writes to a folder of its node, and may land on {} nodes", landing.object.id, names.len());
            found.push(
                Finding::new(&CODE, path.span, message)
                    .label("each node has its own")
                    .note(format!("it may land on {}", names.join(", ")))
                    .help(format!("keep it to one: place: {{node: {first}}}")),
            );
        }
    }
}

/// The path of a hostPath volume that some container mounts so that it can write.
fn writable_folder<'a>(landing: &Landing<'a>) -> Option<&'a Node> {
    let volumes = landing.pod.spec.get("volumes").map_or(&[][..], Node::items);
    volumes.iter().find_map(|volume| {
        let path = volume.at(&["hostPath", "path"])?;
        // Devices are a check of their own.
        path.as_text().filter(|path| !path.starts_with("/dev/"))?;
        let name = volume.text_at(&["name"])?;
        let written = landing.pod.containers().any(|container| {
            let mounts = container.node.get("volumeMounts").map_or(&[][..], Node::items);
            mounts.iter().any(|mount| {
                mount.text_at(&["name"]) == Some(name) && mount.get("readOnly").and_then(Node::as_bool) != Some(true)
            })
        });
        written.then_some(path)
    })
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told};

    #[test]
    fn a_folder_that_is_written_to_wants_one_node() {
        let told = |path: &str, spec: &str, mount: &str| {
            let volumes = format!("  volumes: [{{name: data, hostPath: {{path: {path}}}}}]\n{spec}");
            let mounts = format!(", volumeMounts: [{{name: data, mountPath: /data{mount}}}]");
            told(super::run, "", &pod(&volumes, &mounts))
        };
        let message = "/srv: Pod default/web writes to a folder of its node, and may land on 2 nodes";
        assert_eq!(told("/srv", "", ""), [message]);
        assert_eq!(told("/srv", "", ", readOnly: false"), [message]);
        assert_eq!(told("/srv", "", ", readOnly: true"), [""; 0]);
        assert_eq!(told("/srv", "  nodeName: alpha\n", ""), [""; 0]);
        assert_eq!(told("/dev/ttyACM0", "", ""), [""; 0]);
    }
}
