//! Labels and annotations: an app has them for all its objects, or for its pods alone.

use super::app::Setting;
use super::world::World;
use crate::kube::{Object, Pod};
use crate::yaml::{Build, Node};

/// What an app says of them.
pub(super) struct Labels {
    /// What each object bears in any case.
    pub(super) known: Node,
    selector: Node,
    all: Node,
    on_pods: Node,
    annotations: Node,
    pod_annotations: Node,
}

impl Labels {
    pub(super) fn of(object: &Object, pod: Pod<'_>, world: &World<'_>, setting: &Setting<'_>) -> Labels {
        let span = object.body.span;
        let name = &object.id.name;
        let map = |node: Option<&Node>| node.cloned().unwrap_or_else(|| Build::at(span).node());
        let own = map(object.body.at(&["metadata", "labels"]));
        let on_pods = map(pod.template.at(&["metadata", "labels"]));
        let usual = standard(name, setting.stack).into_iter();
        let usual =
            usual.fold(Build::at(span), |build, (key, value)| build.text(key, value.to_owned())).node();
        let mut selector = map(object.body.at(&["spec", "selector", "matchLabels"]));
        if matches!(selector.entries(), [only] if only.key.text == "app" && only.value.as_text() == Some(name))
        {
            selector = Build::at(span).node();
        }
        // What the workload bears comes onto its pods as well.
        let labels = but(&own, |key, value| !on_pods.has(key) || usual.is(key, value));
        let known = over(&usual, &labels);
        let given = over(&known, &selector);
        let pod_labels = but(&on_pods, |key, value| given.is(key, value));
        let noted = map(object.body.at(&["metadata", "annotations"]));
        let on_pods = map(pod.template.at(&["metadata", "annotations"]));
        let annotations = but(&noted, |key, _| !on_pods.has(key));
        let stamps = world.uses_config(object);
        let stamped = |key: &str, value: &Node| annotations.is(key, value) || (stamps && key == CHECKSUM);
        let pod_annotations = but(&on_pods, stamped);
        Labels { known, selector, all: labels, on_pods: pod_labels, annotations, pod_annotations }
    }

    pub(super) fn put(self, build: Build) -> Build {
        build
            .unless_empty("selector", self.selector)
            .unless_empty("labels", self.all)
            .unless_empty("podLabels", self.on_pods)
            .unless_empty("annotations", self.annotations)
            .unless_empty("podAnnotations", self.pod_annotations)
    }
}

/// What stackc puts on all objects of an app (schema.md S11).
pub(super) fn standard<'a>(app: &'a str, stack: &'a str) -> [(&'static str, &'a str); 4] {
    [
        ("app", app),
        ("app.kubernetes.io/name", app),
        ("app.kubernetes.io/managed-by", "stackc"),
        ("app.kubernetes.io/part-of", stack),
    ]
}

/// Written by stackc from what the pod uses.
const CHECKSUM: &str = "checksum/config";

/// Questions to a map of labels.
trait Has {
    fn has(&self, key: &str) -> bool;
    fn is(&self, key: &str, value: &Node) -> bool;
}

impl Has for Node {
    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn is(&self, key: &str, value: &Node) -> bool {
        self.get(key).is_some_and(|own| own.same(value))
    }
}

/// A map without some entries.
fn but(map: &Node, leave: impl Fn(&str, &Node) -> bool) -> Node {
    let kept = map.entries().iter().filter(|entry| !leave(&entry.key.text, &entry.value));
    kept.fold(Build::at(map.span), |build, e| build.with(e.key.text.clone(), e.value.clone())).node()
}

/// A map over another.
fn over(under: &Node, map: &Node) -> Node {
    let mut node = under.clone();
    if let Some(under) = node.as_map_mut() {
        map.entries().iter().for_each(|entry| under.set(entry.key.clone(), entry.value.clone()));
    }
    node
}
