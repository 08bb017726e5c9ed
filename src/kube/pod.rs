//! One view on the pods of every kind of workload.

use std::collections::BTreeMap;

use crate::finding::Label;
use crate::kube::field::{given, map};
use crate::kube::{Object, ObjectId};
use crate::yaml::{Node, Value};

/// Where a workload keeps its pod template: API group, kind, path. A Pod is its own template.
const WORKLOADS: [(&str, &str, &[&str]); 8] = [
    ("", "Pod", &[]),
    ("", "ReplicationController", &["spec", "template"]),
    ("apps", "Deployment", &["spec", "template"]),
    ("apps", "StatefulSet", &["spec", "template"]),
    ("apps", "DaemonSet", &["spec", "template"]),
    ("apps", "ReplicaSet", &["spec", "template"]),
    ("batch", "Job", &["spec", "template"]),
    ("batch", "CronJob", &["spec", "jobTemplate", "spec", "template"]),
];

/// Where a pod's spec names images: what it is, the list's key, the path to the image in an item.
const IMAGES: [(Role, &str, &[&str]); 4] = [
    (Role::Init, "initContainers", &["image"]),
    (Role::Main, "containers", &["image"]),
    (Role::Ephemeral, "ephemeralContainers", &["image"]),
    (Role::Volume, "volumes", &["image", "reference"]),
];

/// A pod, or the template that a workload makes pods of.
///
/// A getter answers with the field's node where the field is given (null is absent), of whatever kind it is.
#[derive(Clone, Copy, Debug)]
pub struct Pod<'a> {
    /// The template: `metadata` and `spec`.
    pub template: &'a Node,
    /// The pod's spec.
    pub spec: &'a Node,
    daemon_set: bool,
}

/// What a pod uses an image for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// An init container, or a sidecar among them (`restartPolicy: Always`).
    Init,
    /// A container.
    Main,
    /// An ephemeral container.
    Ephemeral,
    /// A volume that is an image.
    Volume,
}

/// A container, or an image volume, of a pod.
#[derive(Clone, Copy, Debug)]
pub struct Container<'a> {
    /// What it is.
    pub role: Role,
    /// Its name; empty where it has none.
    pub name: &'a str,
    /// The image reference; none where it is missing, which the API server refuses.
    pub image: Option<&'a Node>,
    /// The container, or the volume.
    pub node: &'a Node,
}

impl Role {
    /// As findings name it.
    pub fn word(self) -> &'static str {
        match self {
            Role::Init => "init container",
            Role::Main => "container",
            Role::Ephemeral => "ephemeral container",
            Role::Volume => "image volume",
        }
    }
}

impl<'a> Pod<'a> {
    /// Where a kind of object keeps its pod template; none for a kind that makes no pods.
    pub fn path(id: &ObjectId) -> Option<&'static [&'static str]> {
        WORKLOADS.iter().find(|row| row.0 == id.group() && row.1 == id.kind).map(|row| row.2)
    }

    /// The template of a workload, to be finished.
    pub fn template_mut(object: &mut Object) -> Option<&mut Node> {
        let path = Pod::path(&object.id)?;
        path.iter().try_fold(&mut object.body, |node, key| node.as_map_mut()?.get_mut(key))
    }

    /// The spec in that template.
    pub fn spec_mut(object: &mut Object) -> Option<&mut Node> {
        Pod::template_mut(object)?.as_map_mut()?.get_mut("spec")
    }

    /// The pod of a workload; none for an object that makes no pods, and for one without a template.
    pub fn of(object: &'a Object) -> Option<Pod<'a>> {
        let template = object.body.at(Pod::path(&object.id)?)?;
        let spec = given(template, "spec")?;
        Some(Pod { template, spec, daemon_set: object.id.kind == "DaemonSet" })
    }

    /// All that brings an image: init containers, containers, ephemeral containers, image volumes.
    pub fn containers(&self) -> impl Iterator<Item = Container<'a>> + use<'a> {
        let spec = self.spec;
        IMAGES.into_iter().flat_map(move |(role, list, path)| {
            let items = spec.get(list).map_or(&[][..], Node::items);
            // most volumes are no images
            items.iter().filter(move |item| role != Role::Volume || given(item, "image").is_some()).map(
                move |node| Container {
                    role,
                    name: node.text_at(&["name"]).unwrap_or(""),
                    image: node.at(path),
                    node,
                },
            )
        })
    }

    /// Files of volumes that containers mount by their `subPath`: the volume, and the path in it.
    pub fn sub_paths(&self) -> Vec<(&'a Node, &'a Node)> {
        let mounts = self.containers().filter(|container| container.role != Role::Volume);
        let mounts =
            mounts.flat_map(|container| container.node.get("volumeMounts").map_or(&[][..], Node::items));
        let mut mounts =
            mounts.filter_map(|mount| Some((mount.text_at(&["name"])?, given(mount, "subPath")?))).peekable();
        if mounts.peek().is_none() {
            return Vec::new();
        }
        let volumes = self.spec.get("volumes").map_or(&[][..], Node::items);
        let named = |name: &str| volumes.iter().find(|volume| volume.text_at(&["name"]) == Some(name));
        if volumes.len() <= 8 {
            return mounts.filter_map(|(name, path)| Some((named(name)?, path))).collect();
        }
        let volumes: BTreeMap<&str, &Node> =
            volumes.iter().filter_map(|volume| Some((volume.text_at(&["name"])?, volume))).collect();
        mounts.filter_map(|(name, path)| Some((*volumes.get(name)?, path))).collect()
    }

    /// The image references in a pod's spec, to be finished.
    pub fn images_mut(spec: &mut Node) -> Vec<&mut Node> {
        let entries = spec.as_map_mut().map(|map| map.entries.as_mut_slice()).unwrap_or_default();
        let mut images = Vec::new();
        for entry in entries {
            let Some((_, _, path)) = IMAGES.iter().find(|row| row.1 == entry.key.text) else { continue };
            let Value::List(items) = &mut entry.value.value else { continue };
            let image =
                |item| path.iter().try_fold(item, |node: &mut Node, key| node.as_map_mut()?.get_mut(key));
            images.extend(items.iter_mut().filter_map(image));
        }
        images
    }

    /// `nodeName`, unless it is empty.
    pub fn node_name(&self) -> Option<&'a Node> {
        given(self.spec, "nodeName").filter(|name| name.as_text() != Some(""))
    }

    /// `nodeSelector`.
    pub fn node_selector(&self) -> Option<&'a Node> {
        given(self.spec, "nodeSelector")
    }

    /// The required node affinity, which holds `nodeSelectorTerms`.
    ///
    /// # Errors
    /// The place on the way to it that is no map.
    pub fn required_affinity(&self) -> Result<Option<&'a Node>, Label> {
        let mut node = self.spec;
        for key in ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"] {
            let Some(next) = given(node, key) else {
                return Ok(None);
            };
            map(next)?;
            node = next;
        }
        Ok(Some(node))
    }

    /// The preferred node affinity, a list of terms with weights.
    pub fn preferred_affinity(&self) -> Option<&'a Node> {
        let affinity = self.spec.at(&["affinity", "nodeAffinity"])?;
        given(affinity, "preferredDuringSchedulingIgnoredDuringExecution")
    }

    /// `tolerations`.
    pub fn tolerations(&self) -> Option<&'a Node> {
        given(self.spec, "tolerations")
    }

    /// Whether a `DaemonSet` makes it, whose controller adds tolerations.
    pub fn is_daemon_set(&self) -> bool {
        self.daemon_set
    }

    /// Whether it uses the node's network.
    pub fn host_network(&self) -> bool {
        given(self.spec, "hostNetwork").and_then(Node::as_bool) == Some(true)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kube::tree::object;

    #[test]
    fn every_workload_has_a_pod() {
        let pod = json!({"nodeName": "a", "containers": [{"name": "c", "image": "nginx"}]});
        let template = json!({"template": {"spec": pod}});
        let cron = json!({"jobTemplate": {"spec": template}});
        for (api_version, kind, spec, daemon_set) in [
            ("v1", "Pod", &pod, false),
            ("v1", "ReplicationController", &template, false),
            ("apps/v1", "Deployment", &template, false),
            ("apps/v1", "StatefulSet", &template, false),
            ("apps/v1", "DaemonSet", &template, true),
            ("apps/v1", "ReplicaSet", &template, false),
            ("batch/v1", "Job", &template, false),
            ("batch/v1", "CronJob", &cron, false),
            ("batch/v1beta1", "CronJob", &cron, false),
        ] {
            let object = object(api_version, kind, spec);
            let pod = Pod::of(&object).expect(kind);
            assert_eq!(pod.node_name().and_then(Node::as_text), Some("a"), "{kind}");
            assert_eq!(pod.containers().count(), 1, "{kind}");
            assert_eq!(pod.is_daemon_set(), daemon_set, "{kind}");
        }
    }

    #[test]
    fn other_objects_have_none() {
        let spec = json!({"template": {"spec": {}}});
        for (api_version, kind) in [("v1", "Service"), ("example.com/v1", "Deployment"), ("v1", "Deployment")]
        {
            assert!(Pod::of(&object(api_version, kind, &spec)).is_none(), "{api_version} {kind}");
        }
        assert!(Pod::of(&object("apps/v1", "Deployment", &json!({}))).is_none());
        assert!(Pod::of(&object("v1", "Pod", &json!(null))).is_none());
    }

    #[test]
    fn whatever_brings_an_image_is_listed() {
        let object = object(
            "v1",
            "Pod",
            &json!({
                "initContainers": [{"name": "i", "image": "a"}],
                "containers": [{"name": "c", "image": "b"}, {"name": "d"}],
                "ephemeralContainers": [{"name": "e", "image": "c"}],
                "volumes": [
                    {"name": "v", "image": {"reference": "d"}},
                    {"name": "w", "emptyDir": {}},
                    {"name": "x", "image": null},
                ],
            }),
        );
        let pod = Pod::of(&object).expect("a pod");
        let seen: Vec<_> = pod
            .containers()
            .map(|c| {
                format!("{} {} {}", c.role.word(), c.name, c.image.and_then(Node::as_text).unwrap_or("-"))
            })
            .collect();
        assert_eq!(
            seen,
            [
                "init container i a",
                "container c b",
                "container d -",
                "ephemeral container e c",
                "image volume v d"
            ]
        );
        let image = pod.containers().next().and_then(|c| c.image).expect("an image");
        assert_eq!(
            Some(image.span),
            pod.spec.get("initContainers").and_then(|l| l.items()[0].get("image")).map(|n| n.span)
        );
    }

    #[test]
    fn null_is_absent_and_a_wrong_kind_is_told() {
        let of = |spec| object("v1", "Pod", &spec);
        let nulls = of(json!({"nodeName": "", "nodeSelector": null, "affinity": {"nodeAffinity": null},
            "tolerations": null, "hostNetwork": null, "containers": null}));
        let pod = Pod::of(&nulls).expect("a pod");
        assert!(pod.node_name().is_none() && pod.node_selector().is_none() && pod.tolerations().is_none());
        assert!(!pod.host_network() && pod.containers().next().is_none());
        assert!(matches!(pod.required_affinity(), Ok(None)));
        let list = of(json!({"affinity": {"nodeAffinity": []}, "hostNetwork": true}));
        let pod = Pod::of(&list).expect("a pod");
        assert!(pod.host_network());
        let wrong = pod.required_affinity().expect_err("a list");
        assert_eq!(wrong.text, "a map is wanted here, this is a list");
        assert_eq!(Some(wrong.span), pod.spec.at(&["affinity", "nodeAffinity"]).map(|node| node.span));
    }
}
