//! Pods by their labels: whom a selector means. No check itself.

use std::cell::{Cell, OnceCell};
use std::collections::{BTreeMap, BTreeSet};

use super::{Facts, Landing};
use crate::kube::{LabelSelector, Object, Pod};
use crate::yaml::Node;

/// A workload that a Service of the same name mostly means.
const USUAL: [&str; 3] = ["Deployment", "StatefulSet", "DaemonSet"];
/// So many workloads are looked at before names and labels are.
const NEAR: usize = 3;
/// Groups of custom objects that make no pods.
const PODLESS: [&str; 3] = ["cert-manager.io", "traefik.containo.us", "traefik.io"];

/// A workload with its pods.
type Worker<'a> = (&'a Object, Pod<'a>);

/// Workloads by namespace, and a label's key and value.
type ByLabel<'a> = BTreeMap<(&'a str, &'a str, &'a str), Vec<Worker<'a>>>;

/// Finds the pods that selectors mean. Its indexes are made once one is not where it usually is.
pub(super) struct Pods<'f, 'a> {
    facts: &'f Facts<'a>,
    spaces: OnceCell<BTreeMap<&'a str, Vec<Worker<'a>>>>,
    labels: OnceCell<ByLabel<'a>>,
    foreign: OnceCell<BTreeSet<&'a str>>,
    /// The workload that was meant last.
    next: Cell<usize>,
}

impl<'f, 'a> Pods<'f, 'a> {
    pub(super) fn of(facts: &'f Facts<'a>) -> Self {
        Pods {
            facts,
            spaces: OnceCell::new(),
            labels: OnceCell::new(),
            foreign: OnceCell::new(),
            next: Cell::new(0),
        }
    }

    /// Whether an object's selector means any pods. Workloads and what leads to them mostly come in one order.
    pub(super) fn is_met(&self, object: &Object, selector: &LabelSelector<'_>) -> bool {
        let start = self.next.get();
        let near = self.facts.landings.iter().enumerate().skip(start).take(NEAR);
        let met = |landing: &Landing<'_>| {
            landing.object.id.namespace == object.id.namespace && selector.matches(labels(&landing.pod))
        };
        if let Some((at, _)) = near.into_iter().find(|(_, landing)| met(landing)) {
            self.next.set(at);
            return true;
        }
        self.usual(object, selector) || !self.selected(object, selector).is_empty()
    }

    /// By its name.
    fn usual(&self, object: &Object, selector: &LabelSelector<'_>) -> bool {
        let of = |kind: &&str| self.facts.find(kind, object.id.namespace.as_deref(), &object.id.name);
        let landing = USUAL.iter().find_map(of).and_then(Pod::of);
        landing.is_some_and(|pod| selector.matches(labels(&pod)))
    }

    /// All workloads whose pods an object's selector means.
    pub(super) fn selected(&self, object: &Object, selector: &LabelSelector<'_>) -> Vec<Worker<'a>> {
        let namespace = object.id.namespace.as_deref().unwrap_or_default();
        let first =
            selector.labels.iter().find_map(|entry| Some((entry.key.text.as_ref(), entry.value.as_text()?)));
        let candidates = match first {
            Some((key, value)) => self.labels().get(&(namespace, key, value)),
            None => self.spaces().get(namespace),
        };
        let candidates = candidates.map_or(&[][..], Vec::as_slice).iter();
        candidates.filter(|(_, pod)| selector.matches(labels(pod))).copied().collect()
    }

    /// The workloads of a namespace.
    pub(super) fn within(&self, namespace: &str) -> &[Worker<'a>] {
        self.spaces().get(namespace).map_or(&[], Vec::as_slice)
    }

    /// A namespace that has pods which the selector means, though they are not the object's own.
    pub(super) fn elsewhere(&self, selector: &LabelSelector<'_>) -> Option<(&'a str, &'a Object)> {
        let met = |(_, pod): &&Worker<'a>| selector.matches(labels(pod));
        self.spaces().iter().find_map(|(space, workers)| Some((*space, workers.iter().find(met)?.0)))
    }

    /// Whether somebody else may make pods in a namespace: k3s itself, a chart, an operator.
    pub(super) fn is_foreign(&self, namespace: &str) -> bool {
        let foreign = self.foreign.get_or_init(|| self.facts.existing().filter_map(foreign).collect());
        namespace.starts_with("kube-") || foreign.contains(namespace)
    }

    fn spaces(&self) -> &BTreeMap<&'a str, Vec<Worker<'a>>> {
        self.spaces.get_or_init(|| {
            let mut spaces: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for object in self.facts.existing() {
                if let Some(pod) = Pod::of(object) {
                    let namespace = object.id.namespace.as_deref().unwrap_or_default();
                    spaces.entry(namespace).or_default().push((object, pod));
                }
            }
            spaces
        })
    }

    fn labels(&self) -> &ByLabel<'a> {
        self.labels.get_or_init(|| {
            let mut all = ByLabel::new();
            for (namespace, workers) in self.spaces() {
                for worker in workers {
                    for entry in labels(&worker.1).map_or(&[][..], Node::entries) {
                        let Some(value) = entry.value.as_text() else { continue };
                        let key = (*namespace, entry.key.text.as_ref(), value);
                        all.entry(key).or_default().push(*worker);
                    }
                }
            }
            all
        })
    }
}

/// The labels of a workload's pods.
pub(super) fn labels<'a>(pod: &Pod<'a>) -> Option<&'a Node> {
    pod.template.at(&["metadata", "labels"])
}

/// The namespace in which a custom object or a chart may make pods.
fn foreign(object: &Object) -> Option<&str> {
    let group = object.id.group();
    if !group.contains('.') || group.ends_with(".k8s.io") || PODLESS.contains(&group) {
        return None;
    }
    object.body.text_at(&["spec", "targetNamespace"]).or(object.id.namespace.as_deref())
}
