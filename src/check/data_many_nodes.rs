//! Data in a folder of one node, and a pod that may move to another.

use super::Facts;
use super::data::{Lies, names};
use crate::finding::{Code, Finding, Findings, Page, Severity};

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
    let readable = facts.held().filter(|(landing, _)| landing.readable && !landing.pod.is_daemon_set());
    for (landing, held) in readable {
        let Some(folder) = held.iter().find(|held| held.writable && held.lies == Lies::Everywhere) else { continue };
        let places = landing.places(held);
        let [first, _, ..] = places.as_slice() else { continue };
        let id = &landing.object.id;
        let node = facts.stack.nodes.get(*first).map_or("", |node| node.name.value.as_str());
        let message = format!("{id} writes to a folder of its node, and may land on {} nodes", places.len());
        found.push(
            Finding::new(&CODE, folder.what.span, message)
                .label("each node has its own")
                .note(format!("it may land on {}", names(facts, places.iter().copied())))
                .help(format!("keep it to one: {}", landing.keep_to(node))),
        );
    }
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
        for path in ["/dev/ttyACM0", "/run/dbus", "/var/run", "/tmp", "/sys/fs/cgroup", "/etc/localtime"] {
            assert_eq!(told(path, "", ""), [""; 0], "{path}");
        }
        assert_eq!(told("/runs", "", "").len(), 1);
        assert_eq!(told("'/srv/d.sock', type: Socket", "", ""), [""; 0]);
    }

    /// A claim of a volume that is a folder of any node hides nothing.
    #[test]
    fn a_folder_behind_a_claim() {
        let volume = |affinity: &str| {
            format!(
                "apiVersion: v1\nkind: PersistentVolume\nmetadata: {{name: films}}\nspec: {{hostPath: {{path: /srv/films}}{affinity}}}\n---\n\
                 apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: films}}\nspec: {{volumeName: films}}\n---\n"
            )
        };
        let uses = pod(
            "  volumes: [{name: data, persistentVolumeClaim: {claimName: films}}]\n",
            ", volumeMounts: [{name: data, mountPath: /data}]",
        );
        let message = "/srv/films: Pod default/web writes to a folder of its node, and may land on 2 nodes";
        assert_eq!(told(super::run, "", &format!("{uses}{}", volume(""))), [message]);
        let class = |text: String| text.replace("{volumeName: films}", "{storageClassName: manual}").replace("{hostPath", "{storageClassName: manual, hostPath");
        assert_eq!(told(super::run, "", &class(format!("{uses}{}", volume("")))), [message], "bound by its class");
        let one = ", nodeAffinity: {required: {nodeSelectorTerms: [{matchFields: [{key: metadata.name, operator: In, values: [beta]}]}]}}";
        assert_eq!(told(super::run, "", &format!("{uses}{}", volume(one))), [""; 0]);
    }
}
