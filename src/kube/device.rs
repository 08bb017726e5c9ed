//! Devices of the node among a pod's volumes.

use crate::kube::{Container, Pod};
use crate::yaml::Node;

/// What lies below /dev and is no device of one node, or one that every container may use: shared memory, sockets, and
/// runc's own list of allowed devices (runc, `AllowedDevices`).
const COMMON: [&str; 13] = [
    "full",
    "hugepages",
    "log",
    "mqueue",
    "net/tun",
    "null",
    "ptmx",
    "pts",
    "random",
    "shm",
    "tty",
    "urandom",
    "zero",
];

/// A device of the node in a container.
#[derive(Clone, Copy, Debug)]
pub struct Device<'a> {
    /// The container.
    pub container: Container<'a>,
    /// The device's path on the node.
    pub path: &'a Node,
}

impl Device<'_> {
    /// Whether the container may open it: the cgroup of one that is not privileged lets no device through.
    pub fn is_allowed(&self) -> bool {
        self.container.node.at(&["securityContext", "privileged"]).and_then(Node::as_bool) == Some(true)
    }
}

impl<'a> Pod<'a> {
    /// Every device, or folder of devices, that a container mounts: volumes in the order written.
    pub fn devices(&self) -> Vec<Device<'a>> {
        let mut all = Vec::new();
        for volume in self.spec.get("volumes").map_or(&[][..], Node::items) {
            let Some((path, name)) = device(volume).zip(volume.text_at(&["name"])) else { continue };
            let mounts = |container: &Container<'a>| {
                let mounts = ["volumeMounts", "volumeDevices"].into_iter();
                let mut mounts = mounts.filter_map(|key| container.node.get(key)).flat_map(Node::items);
                mounts.any(|mount| mount.text_at(&["name"]) == Some(name))
            };
            all.extend(self.containers().filter(mounts).map(|container| Device { container, path }));
        }
        all
    }
}

/// The path of a volume that is a device of the node, or a folder of devices.
fn device(volume: &Node) -> Option<&Node> {
    let path = volume.at(&["hostPath", "path"])?;
    let below = path.as_text()?.trim_end_matches('/').strip_prefix("/dev/")?;
    let common = COMMON.iter().any(|common| {
        below.strip_prefix(common).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    });
    let socket = volume.text_at(&["hostPath", "type"]) == Some("Socket");
    (!common && !socket).then_some(path)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kube::tree::{object, tree};

    #[test]
    fn what_is_a_device() {
        for (path, kind, expected) in [
            ("/dev/ttyACM0", "", true),
            ("/dev/serial/by-id/usb-x", "CharDevice", true),
            ("/dev/dri", "Directory", true),
            ("/dev/dri/", "", true),
            ("/dev/ttyS0", "", true),
            ("/dev/loop0", "BlockDevice", true),
            ("/dev/net/tun", "", false),
            ("/dev/shm", "", false),
            ("/dev/shm/x", "", false),
            ("/dev/tty", "", false),
            ("/dev/own.sock", "Socket", false),
            ("/dev", "", false),
            ("/device/x", "", false),
            ("/srv/dev/x", "", false),
        ] {
            let volume = tree(&json!({"name": "v", "hostPath": {"path": path, "type": kind}}));
            assert_eq!(device(&volume).is_some(), expected, "{path} {kind}");
        }
        assert!(device(&tree(&json!({"name": "v", "emptyDir": {}}))).is_none());
    }

    #[test]
    fn who_mounts_it_and_may_open_it() {
        let mount = |name: &str| json!([{"name": name, "mountPath": "/x"}]);
        let pod = object(
            "v1",
            "Pod",
            &json!({
                "volumes": [
                    {"name": "stick", "hostPath": {"path": "/dev/ttyACM0"}},
                    {"name": "unused", "hostPath": {"path": "/dev/ttyACM1"}},
                ],
                "initContainers": [{"name": "a", "volumeMounts": mount("stick"), "securityContext": {"privileged": true}}],
                "containers": [
                    {"name": "b", "volumeMounts": mount("stick"), "securityContext": {"privileged": false}},
                    {"name": "c", "volumeMounts": mount("other")},
                ],
            }),
        );
        let devices = Pod::of(&pod).unwrap().devices();
        let told: Vec<_> =
            devices.iter().map(|device| (device.container.name, device.is_allowed())).collect();
        assert_eq!(told, [("a", true), ("b", false)]);
    }
}
