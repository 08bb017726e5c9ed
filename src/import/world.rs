//! All objects of the input, and who uses what.

use std::collections::{BTreeMap, BTreeSet};

use super::Given;
use super::settled::without_servers;
use crate::finding::Findings;
use crate::kube::{self, Object, Pod, Target, Unit, named};
use crate::yaml::{Entry, Node};

/// Kind, namespace, name.
type Name = (String, String, String);

/// Namespace, key, value: no namespace where it may be any, no value where only the key is known.
type Label = (Option<String>, String, Option<String>);

/// The input.
pub(super) struct World<'a> {
    pub(super) given: &'a [Given],
    pub(super) objects: Vec<Object>,
    /// Which of the given files, and which document of it, holds each object.
    pub(super) origins: Vec<(usize, usize)>,
    by_name: BTreeMap<Name, usize>,
    /// Objects that stand in the input more than once: k3s takes the last one, a stack must not have two.
    pub(super) twice: BTreeSet<usize>,
    /// Objects that came with what the API server wrote, which they have no more.
    pub(super) trimmed: BTreeSet<usize>,
    /// Which workloads mount a claim or ConfigMap as a volume.
    mounts: BTreeMap<Name, BTreeSet<usize>>,
    /// ServiceAccounts that give their pods no token unasked.
    tokenless: BTreeSet<(String, String)>,
    /// Labels by which something chooses pods.
    selected: BTreeSet<Label>,
    /// Labels by which custom kinds choose, and perhaps Services, as a ServiceMonitor does.
    watched: BTreeSet<Label>,
    /// Services by namespace and selector.
    services: BTreeMap<(String, String), Vec<usize>>,
    /// IngressRoutes by namespace and a Service to which they lead.
    routes: BTreeMap<(String, String), BTreeSet<usize>>,
    /// Workloads whose replicas something counts.
    scaled: BTreeSet<Name>,
}

impl<'a> World<'a> {
    /// Reads the documents as objects; what is none becomes a finding.
    pub(super) fn new(given: &'a [Given], found: &mut Findings) -> Self {
        let mut world = World {
            given,
            objects: Vec::new(),
            origins: Vec::new(),
            by_name: BTreeMap::new(),
            twice: BTreeSet::new(),
            trimmed: BTreeSet::new(),
            mounts: BTreeMap::new(),
            tokenless: BTreeSet::new(),
            selected: BTreeSet::new(),
            watched: BTreeSet::new(),
            services: BTreeMap::new(),
            routes: BTreeMap::new(),
            scaled: BTreeSet::new(),
        };
        for (file, given) in given.iter().enumerate() {
            let unit = Unit::Manifest(given.path.clone());
            for (document, node) in given.documents.iter().enumerate() {
                for mut object in kube::objects(node.clone(), &unit, "default", found) {
                    if !is_machine(&object) && without_servers(&mut object) {
                        world.trimmed.insert(world.objects.len());
                    }
                    world.objects.push(object);
                    world.origins.push((file, document));
                }
            }
        }
        world.index();
        world
    }

    fn index(&mut self) {
        let mut keys = BTreeMap::new();
        for (at, object) in self.objects.iter().enumerate() {
            if let Some(before) = keys.insert(object.id.key(), at) {
                self.twice.extend([before, at]);
            }
            self.by_name.entry(name_of(object)).or_insert(at);
            let namespace = object.id.namespace.clone().unwrap_or_default();
            for reference in Pod::of(object).map(|pod| pod.references()).unwrap_or_default() {
                let kind = match reference.target {
                    Target::Claim | Target::ConfigMap => reference.target.kind().to_owned(),
                    _ => continue,
                };
                let name = reference.name.as_text().unwrap_or_default().to_owned();
                self.mounts.entry((kind, namespace.clone(), name)).or_default().insert(at);
            }
            for entry in object.body.get("spec").map_or(&[][..], Node::entries) {
                // What lies deeper (affinity, the peers of a NetworkPolicy) may look into other namespaces.
                let own = OWN.contains(&entry.key.text.as_ref()) && !is_custom(object.id.group());
                let own = own.then_some(namespace.as_str());
                let home = (!is_custom(object.id.group())).then_some(namespace.as_str());
                selectors(&entry.key.text, &entry.value, (own, home), &mut self.selected);
                if is_custom(object.id.group()) {
                    selectors(&entry.key.text, &entry.value, (None, None), &mut self.watched);
                }
            }
            match object.id.kind.as_str() {
                "Service" if object.id.group().is_empty() => {
                    if let Some(selector) = object.body.at(&["spec", "selector"]) {
                        self.services.entry((namespace.clone(), pairs(selector))).or_default().push(at);
                    }
                }
                "IngressRoute" => {
                    for service in named(object).iter().filter(|own| own.target == Target::Service) {
                        let name = service.name.as_text().unwrap_or_default().to_owned();
                        self.routes.entry((namespace.clone(), name)).or_default().insert(at);
                    }
                }
                _ => {}
            }
            let says_no = object.body.get("automountServiceAccountToken").and_then(Node::as_bool);
            if object.id.kind == "ServiceAccount" && says_no == Some(false) {
                self.tokenless.insert((namespace.clone(), object.id.name.clone()));
            }
            if object.id.kind == "HorizontalPodAutoscaler" {
                let text = |key| object.body.text_at(&["spec", "scaleTargetRef", key]).unwrap_or_default();
                self.scaled.insert((text("kind").to_owned(), namespace, text("name").to_owned()));
            }
        }
    }

    /// An object by its number.
    #[expect(clippy::indexing_slicing, reason = "numbers are positions in this very list")]
    pub(super) fn object(&self, at: usize) -> &Object {
        &self.objects[at]
    }

    pub(super) fn find(&self, kind: &str, namespace: &str, name: &str) -> Option<usize> {
        self.by_name.get(&(kind.to_owned(), namespace.to_owned(), name.to_owned())).copied()
    }

    /// Whether this workload is the only one that uses a claim or ConfigMap.
    pub(super) fn is_alone(&self, kind: &str, namespace: &str, name: &str, user: usize) -> bool {
        let users = self.mounts.get(&(kind.to_owned(), namespace.to_owned(), name.to_owned()));
        users.is_some_and(|users| users.len() == 1 && users.contains(&user))
    }

    /// The Services with just this selector.
    pub(super) fn services(&self, namespace: &str, selector: &Node) -> Vec<usize> {
        self.services.get(&(namespace.to_owned(), pairs(selector))).cloned().unwrap_or_default()
    }

    /// The IngressRoutes that lead to a Service.
    pub(super) fn routes(&self, namespace: &str, service: &str) -> Vec<usize> {
        let all = self.routes.get(&(namespace.to_owned(), service.to_owned()));
        all.into_iter().flatten().copied().collect()
    }

    /// Whether something chooses pods of an object's namespace by this label.
    pub(super) fn is_selected(&self, object: &Object, key: &str, value: &str) -> bool {
        holds(&self.selected, object.id.namespace.as_deref(), key, value)
    }

    /// Whether a custom kind chooses, perhaps Services, by this label.
    pub(super) fn is_watched(&self, key: &str, value: &str) -> bool {
        holds(&self.watched, None, key, value)
    }

    /// Whether pods of a ServiceAccount get its token unless they say no.
    pub(super) fn gives_token(&self, namespace: &str, account: &str) -> bool {
        !self.tokenless.contains(&(namespace.to_owned(), account.to_owned()))
    }

    /// Whether something counts a workload's replicas.
    pub(super) fn is_scaled(&self, object: &Object) -> bool {
        self.scaled.contains(&name_of(object))
    }

    /// The keys of a ConfigMap of the input.
    pub(super) fn config_keys(&self, namespace: &str, name: &str) -> BTreeSet<&str> {
        let Some(at) = self.find("ConfigMap", namespace, name) else { return BTreeSet::new() };
        let fields = ["data", "binaryData"].into_iter().filter_map(|field| self.object(at).body.get(field));
        fields.flat_map(Node::entries).map(|entry| entry.key.text.as_ref()).collect()
    }

    /// Whether its pods use a ConfigMap of the input, of which stackc makes a checksum.
    pub(super) fn uses_config(&self, object: &Object) -> bool {
        let namespace = object.id.namespace.as_deref().unwrap_or_default();
        let known = |name: &Node| {
            name.as_text().is_some_and(|name| self.find("ConfigMap", namespace, name).is_some())
        };
        World::references(object)
            .iter()
            .any(|reference| reference.target == Target::ConfigMap && known(reference.name))
    }

    /// Objects that go into the stack: machines do not.
    pub(super) fn kept(&self) -> impl Iterator<Item = (usize, &Object)> {
        self.objects.iter().enumerate().filter(|(_, object)| !is_machine(object))
    }

    /// Everything that an object names.
    pub(super) fn references(object: &Object) -> Vec<kube::Reference<'_>> {
        let mut all = Pod::of(object).map(|pod| pod.references()).unwrap_or_default();
        all.extend(named(object));
        all
    }
}

/// A selector as text, whatever the order of its keys.
fn pairs(selector: &Node) -> String {
    let pair = |entry: &Entry| format!("{}={}", entry.key.text, entry.value.written().unwrap_or_default());
    let mut pairs: Vec<String> = selector.entries().iter().map(pair).collect();
    pairs.sort();
    pairs.join(",")
}

/// Keys of a spec whose selector looks into the object's own namespace alone.
const OWN: [&str; 2] = ["selector", "podSelector"];

/// A group of somebody's own, of whose selectors only their form is known.
fn is_custom(group: &str) -> bool {
    group.contains('.') && !group.ends_with(".k8s.io")
}

fn holds(labels: &BTreeSet<Label>, namespace: Option<&str>, key: &str, value: &str) -> bool {
    let values = [Some(value.to_owned()), None];
    let namespaces = [namespace.map(str::to_owned), None];
    let mut all = values.iter().flat_map(|value| namespaces.iter().map(move |own| (own, value)));
    all.any(|(own, value)| labels.contains(&(own.clone(), key.to_owned(), value.clone())))
}

/// Every label that takes part in a selector below a key, in which namespace it looks, and in which it would if it is a
/// pod's term that names none. A Service's selector has no `matchLabels` around it.
fn selectors(
    key: &str,
    node: &Node,
    (namespace, home): (Option<&str>, Option<&str>),
    all: &mut BTreeSet<Label>,
) {
    for item in node.items() {
        selectors(key, item, (namespace, home), all);
    }
    let is_term = node.get("topologyKey").is_some();
    let names_none = node.get("namespaces").is_none() && node.get("namespaceSelector").is_none();
    let namespace = if is_term && names_none { home } else { namespace };
    let mut put = |key: &str, value: Option<&str>| {
        all.insert((namespace.map(str::to_owned), key.to_owned(), value.map(str::to_owned)));
    };
    match (key, node.text_at(&["key"])) {
        // A label with another value, or none, is the same to both.
        ("matchExpressions", Some(label)) if matches!(node.text_at(&["operator"]), Some("In" | "NotIn")) => {
            let values = node.get("values").map_or(&[][..], Node::items);
            values.iter().filter_map(Node::as_text).for_each(|value| put(label, Some(value)));
        }
        ("matchExpressions", Some(label)) => put(label, None),
        ("matchLabels" | "selector", _) => {
            let texts = node.entries().iter().filter_map(|entry| Some((entry, entry.value.as_text()?)));
            texts.for_each(|(entry, value)| put(&entry.key.text, Some(value)));
        }
        _ => {}
    }
    for entry in node.entries() {
        selectors(&entry.key.text, &entry.value, (namespace, home), all);
    }
}

fn name_of(object: &Object) -> Name {
    let id = &object.id;
    (id.kind.clone(), id.namespace.clone().unwrap_or_default(), id.name.clone())
}

/// A Node: what `kubectl get nodes -o yaml` shows of the cluster, never applied.
pub(super) fn is_machine(object: &Object) -> bool {
    object.id.kind == "Node" && object.id.group().is_empty()
}
