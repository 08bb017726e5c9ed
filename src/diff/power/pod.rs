//! What pods may do on their node and in the cluster.

use super::{Powers, Told};
use crate::kube::{Container, Image, Pod, Reference, Target};
use crate::yaml::Node;

/// Switches of a pod.
const POD: [(&str, &str, &str); 3] = [
    ("hostNetwork", "host network", "its pods use the node's own network, past all NetworkPolicies"),
    ("hostPID", "host processes", "its pods see and may signal the node's processes"),
    ("hostIPC", "host memory", "its pods share the node's memory segments"),
];

/// Switches of a container's `securityContext`, what they are when they are dangerous, and the words.
const CONTAINER: [(&[&str], &str, &str, &str); 5] = [
    (&["privileged"], "true", "privileged", "is privileged: root in it is root on the node"),
    (&["runAsUser"], "0", "root", "runs as root"),
    (&["procMount"], "Unmasked", "unmasked", "sees all of /proc"),
    (&["seccompProfile", "type"], "Unconfined", "unconfined", "may make every system call"),
    (&["appArmorProfile", "type"], "Unconfined", "unconfined", "is kept in by no AppArmor profile"),
];

/// Switches of a container that protect.
const GUARDS: [(&[&str], &str, &str, &str); 3] = [
    (&["readOnlyRootFilesystem"], "true", "read-only root", "cannot write to its root"),
    (&["runAsNonRoot"], "true", "no root", "may not run as root"),
    (&["allowPrivilegeEscalation"], "false", "no escalation", "cannot gain privileges"),
];

impl Powers {
    /// Of a pod and all in it.
    pub(super) fn all_of_pod(&mut self, pod: &Pod<'_>) {
        self.pod(pod);
        for reference in pod.references() {
            self.reference(&reference);
        }
        pod.containers().for_each(|container| self.container(&container));
    }

    fn pod(&mut self, pod: &Pod<'_>) {
        for (field, topic, words) in POD {
            if let Some(value) = pod.spec.get(field).filter(|value| value.as_bool() == Some(true)) {
                self.add(topic, Told::Power, words, "", value.span);
            }
        }
        for volume in pod.spec.get("volumes").map_or(&[][..], Node::items) {
            if let Some(path) = volume.at(&["hostPath", "path"]).and_then(Node::written) {
                let span = volume.at(&["hostPath", "path"]).map_or(volume.span, |path| path.span);
                self.add("host path", Told::Power, "its pods reach into the node's", path, span);
            }
        }
        if let Some(context) = pod.spec.get("securityContext") {
            self.switches(&CONTAINER, context, Told::Power, "every container");
            self.switches(&GUARDS, context, Told::Change, "every container");
        }
    }

    /// What a PersistentVolume gives to the pods that claim it.
    pub(super) fn volume(&mut self, body: &Node) {
        for kind in ["hostPath", "local"] {
            if let Some(path) = body.at(&["spec", kind, "path"]) {
                let item = path.written().unwrap_or_default();
                self.add("host path", Told::Power, "who claims it reaches into the node's", item, path.span);
            }
        }
    }

    fn container(&mut self, container: &Container<'_>) {
        let name = format!("{} `{}`", container.role.word(), container.name);
        if let Some(context) = container.node.get("securityContext") {
            self.switches(&CONTAINER, context, Told::Power, &name);
            self.switches(&GUARDS, context, Told::Change, &name);
        }
        let added = container.node.at(&["securityContext", "capabilities", "add"]);
        for capability in added.map_or(&[][..], Node::items) {
            let item = capability.written().unwrap_or_default();
            self.add("capability", Told::Power, format!("{name} may do"), item, capability.span);
        }
        for port in container.node.get("ports").map_or(&[][..], Node::items) {
            if let Some(number) = port.get("hostPort").filter(|number| number.as_int() != Some(0)) {
                let item = number.written().unwrap_or_default();
                self.add(
                    "host port",
                    Told::Power,
                    format!("{name} takes of the node the port"),
                    item,
                    number.span,
                );
            }
        }
        let image = container.image.and_then(|node| Some((node, Image::parse(node.as_text()?).ok()?)));
        if let Some((node, image)) = image {
            self.add("image", Told::Change, format!("{name} comes from"), image.repository(), node.span);
        }
        let text = |field| container.node.get(field).map_or(&[][..], Node::items);
        text("command").iter().chain(text("args")).for_each(|argument| self.argument(argument, None));
        for variable in text("env") {
            self.variable(variable, None);
        }
    }

    fn switches(
        &mut self,
        rows: &[(&[&str], &str, &'static str, &str)],
        context: &Node,
        told: Told,
        who: &str,
    ) {
        for (path, wanted, topic, words) in rows {
            if let Some(value) = context.at(path).filter(|value| value.written().as_deref() == Some(wanted)) {
                self.add(topic, told, format!("{who} {words}"), "", value.span);
            }
        }
    }

    pub(super) fn reference(&mut self, reference: &Reference<'_>) {
        let name = reference.name.written().unwrap_or_default();
        let namespace = reference.namespace.and_then(Node::written);
        let name = namespace.map_or_else(|| name.to_string(), |namespace| format!("{namespace}/{name}"));
        let span = reference.name.span;
        match reference.target {
            Target::Secret => {
                let key = reference.key.and_then(Node::written).map(|key| format!(" ({key})"));
                self.add("secret", Told::Power, "it reads the Secret", name + &key.unwrap_or_default(), span);
            }
            Target::ServiceAccount => {
                self.add("service account", Told::Power, "its pods act as the ServiceAccount", name, span);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::diff::power::calls;
    use crate::diff::power::trial::{made, told};
    use crate::kube::tree::object;

    /// What is said of two pods: of the change, of the second as a new one, of the second as one that is gone.
    fn pods(old: &Json, new: &Json) -> [Vec<String>; 3] {
        let pod = |spec: &Json| object("v1", "Pod", spec);
        let (old, new) = (pod(old), pod(new));
        [told(&calls(Some(&old), Some(&new))), told(&calls(None, Some(&new))), told(&calls(Some(&new), None))]
    }

    #[test]
    fn powers_of_pods() {
        let web = |more: Json| {
            let mut container = json!({"name": "web", "image": "nginx:1"});
            container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"containers": [container]})
        };
        let context = |more: Json| web(json!({"securityContext": more}));
        let rows = [
            (
                json!({"hostNetwork": true}),
                "host network: its pods use the node's own network, past all NetworkPolicies",
            ),
            (json!({"hostPID": true}), "host processes: its pods see and may signal the node's processes"),
            (json!({"hostIPC": true}), "host memory: its pods share the node's memory segments"),
            (
                json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}),
                "host path: its pods reach into the node's /",
            ),
            (json!({"securityContext": {"runAsUser": 0}}), "root: every container runs as root"),
            (
                json!({"serviceAccountName": "robot"}),
                "service account: its pods act as the ServiceAccount robot",
            ),
            (json!({"volumes": [{"secret": {"secretName": "s"}}]}), "secret: it reads the Secret s"),
            (
                context(json!({"privileged": true})),
                "privileged: container `web` is privileged: root in it is root on the node",
            ),
            (
                context(json!({"capabilities": {"add": ["NET_ADMIN", "SYS_TIME"]}})),
                "capability: container `web` may do NET_ADMIN, SYS_TIME",
            ),
            (context(json!({"procMount": "Unmasked"})), "unmasked: container `web` sees all of /proc"),
            (
                web(json!({"ports": [{"containerPort": 53, "hostPort": 53}]})),
                "host port: container `web` takes of the node the port 53",
            ),
        ];
        for (spec, expected) in rows {
            let plain = if spec.get("containers").is_some() { web(json!({})) } else { json!({}) };
            let [changed, added, removed] = pods(&plain, &spec);
            assert_eq!(changed, [format!("+ {expected}")]);
            assert_eq!(added, changed);
            assert!(removed.is_empty(), "{removed:?}");
            assert_eq!(pods(&spec, &plain)[0], [format!("- {expected}")]);
            assert!(pods(&spec, &spec)[0].is_empty());
        }
        let moved = web(json!({"image": "registry.example/nginx:1"}));
        let expected = [
            "+ image: container `web` comes from registry.example/nginx",
            "- image: container `web` comes from docker.io/library/nginx",
        ];
        assert_eq!(pods(&web(json!({})), &moved)[0], expected);
        assert!(pods(&web(json!({})), &moved)[1].is_empty(), "each new app has an image");
        assert!(pods(&web(json!({})), &web(json!({"image": "nginx:2"})))[0].is_empty());
        let guarded = context(json!({"readOnlyRootFilesystem": true}));
        assert_eq!(
            pods(&guarded, &web(json!({})))[0],
            ["- read-only root: container `web` cannot write to its root"]
        );
    }

    #[test]
    fn volumes_of_the_node() {
        for (kind, path) in [("hostPath", "/etc"), ("local", "/mnt")] {
            let volume = made("v1", "PersistentVolume", &json!({"spec": {kind: {"path": path}}}));
            let plain = made("v1", "PersistentVolume", &json!({"spec": {"nfs": {"path": path}}}));
            let expected = [format!("+ host path: who claims it reaches into the node's {path}")];
            assert_eq!(told(&calls(None, Some(&volume))), expected);
            assert_eq!(told(&calls(Some(&plain), Some(&volume))), expected);
            assert!(calls(Some(&volume), None).is_empty());
        }
    }
}
