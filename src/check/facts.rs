//! All that a check may see, and what several of them need computed once.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::Demands;
use super::crowd::{self, Crowd, Scaled};
use super::data::{self, Held};
use super::route::{self, Route};
use super::served::Served;
use super::taken::{self, Taken};
use crate::kube::{Container, HostPort, Image, Object, Platform, Pod, Reference, Unit, names_others};
use crate::reach::Traefik;
use crate::schedule::{Reason, may, problems};
use crate::source::Sources;
use crate::stack::{ClusterNode, Declared, Outline, Stack};
use crate::yaml::Node;

/// The stack, its final objects, and where their pods may land.
pub struct Facts<'a> {
    /// The cluster.
    pub stack: &'a Stack,
    /// The final objects.
    pub objects: &'a [Object],
    /// What the run asks for.
    pub demands: Demands,
    /// What exists beside them and is not judged: it meets references.
    pub beside: &'a [Object],
    /// What they are written in, for places within a text.
    pub sources: Option<&'a Sources>,
    /// Whether the objects are all of the stack.
    pub whole: bool,
    /// One for each object that makes pods.
    pub landings: Vec<Landing<'a>>,
    /// The Services among the objects.
    pub services: Vec<&'a Object>,
    /// k3s' own Traefik, as the objects configure it; none where that was not read.
    pub traefik: Option<Traefik<'a>>,
    /// Those of each kind.
    kinds: BTreeMap<&'a str, Vec<&'a Object>>,
    /// All objects that references may name, sorted, the first of twins first.
    known: Vec<(Key<'a>, &'a Object)>,
    /// Whether there were any.
    twins: bool,
    /// The Traefik that serves the cluster.
    pub(super) served: Served,
    /// All HTTP routes.
    pub(super) routes: Vec<Route<'a>>,
    /// All TCP and UDP routes.
    pub(super) streams: Vec<Route<'a>>,
    /// What each workload's pods hold that lies on nodes, in the order of `landings`.
    held: Vec<Vec<Held<'a>>>,
    taken: Vec<Taken<'a>>,
    scaled: Scaled<'a>,
    crowd: OnceCell<Crowd>,
}

/// Kind, namespace, name.
type Key<'a> = (&'a str, &'a str, &'a str);

/// An image, and what uses it.
pub struct Used<'a> {
    /// The container, or the volume.
    pub container: Container<'a>,
    /// The image as written.
    pub written: &'a Node,
    /// The image as read.
    pub image: Image,
    /// Its repository, with the domain.
    pub repository: String,
}

/// A workload and the nodes where its pods may land.
pub struct Landing<'a> {
    /// The workload.
    pub object: &'a Object,
    /// The app that it is the workload of.
    pub app: Option<&'a Outline>,
    /// Its pods.
    pub pod: Pod<'a>,
    /// Each node, and why the pod cannot land there.
    pub nodes: Vec<(&'a ClusterNode, Result<(), Reason>)>,
    /// Whether what it says about placement can be read; if not, another finding tells it.
    pub readable: bool,
    /// Its images that can be read.
    pub images: Vec<Used<'a>>,
    /// Every object that its pods need.
    pub references: Vec<Reference<'a>>,
    /// Each port of its node that a pod takes.
    pub host_ports: Vec<HostPort<'a>>,
}

/// How many images rest on what.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub struct Images {
    /// Distinct references.
    pub all: usize,
    /// Of them, known from stackc.lock.
    pub locked: usize,
    /// Of them, platforms declared by hand.
    pub declared: usize,
}

impl<'a> Landing<'a> {
    /// What keeps its pods to one node, where it is written: an app has `place`, a manifest Kubernetes' own word.
    pub fn keep_to(&self, node: &str) -> String {
        match self.object.unit {
            Unit::App(_) => format!("place: {{node: {node}}}"),
            _ => format!("in the pod's spec: nodeSelector: {{kubernetes.io/hostname: {node}}}"),
        }
    }

    /// Where its pods may land.
    pub fn open(&self) -> impl Iterator<Item = &'a ClusterNode> + '_ {
        self.nodes.iter().filter(|(_, verdict)| verdict.is_ok()).map(|(node, _)| *node)
    }
}

impl<'a> Facts<'a> {
    /// Computes what checks share.
    pub fn new(stack: &'a Stack, apps: &'a [Outline], objects: &'a [Object], demands: Demands) -> Self {
        let apps = apps.iter().map(|app| (app.name.as_str(), app)).collect();
        let landings = objects.iter().filter_map(|object| landing(object, stack, &apps)).collect();
        let mut kinds: BTreeMap<&str, Vec<&Object>> = BTreeMap::new();
        for object in objects {
            kinds.entry(&object.id.kind).or_default().push(object);
        }
        let mut facts = Facts {
            stack,
            objects,
            demands,
            beside: &[],
            sources: None,
            whole: true,
            landings,
            kinds,
            services: objects.iter().filter(|object| is_service(object)).collect(),
            traefik: None,
            known: Vec::new(),
            twins: false,
            served: Served::default(),
            routes: Vec::new(),
            streams: Vec::new(),
            held: Vec::new(),
            taken: Vec::new(),
            scaled: Scaled::new(),
            crowd: OnceCell::new(),
        };
        facts.know(objects);
        facts.learned()
    }

    /// The same, of objects that are no stack's: those of the stack exist beside them.
    #[must_use]
    pub fn with_beside(mut self, beside: &'a [Object]) -> Self {
        self.know(beside);
        Facts { beside, whole: false, ..self }.learned()
    }

    /// With the files that they are written in.
    #[must_use]
    pub fn with_sources(self, sources: &'a Sources) -> Self {
        Facts { sources: Some(sources), ..self }
    }

    /// With what follows from all objects that are known.
    fn learned(mut self) -> Self {
        self.held = self.landings.iter().map(|landing| data::held(&self, landing)).collect();
        self.scaled = crowd::scaled(&self);
        self.served = Served::of(&self);
        self.routes = route::routes(&self);
        self.streams = route::streams(&self);
        self
    }

    /// With Traefik as it is configured, and so with all ports of nodes that something takes.
    #[must_use]
    pub fn with_traefik(self, traefik: Traefik<'a>) -> Self {
        let mut facts = Facts { traefik: Some(traefik), ..self };
        facts.taken = taken::taken(&facts);
        facts
    }

    /// The object that configures k3s' own Traefik, and what it says.
    pub(super) fn configured(&self) -> Option<(&'a Object, &Traefik<'a>)> {
        let traefik = self.traefik.as_ref().filter(|traefik| traefik.packaged)?;
        Some((traefik.config?, traefik))
    }

    fn know(&mut self, objects: &'a [Object]) {
        for object in objects {
            let id = &object.id;
            let key = (id.kind.as_str(), id.namespace.as_deref().unwrap_or_default(), id.name.as_str());
            self.known.push((key, object));
        }
        self.known.sort_by(|a, b| a.0.cmp(&b.0));
        let all = self.known.len();
        self.known.dedup_by(|a, b| a.0 == b.0);
        self.twins |= self.known.len() < all;
    }

    /// Whether two of them have one name.
    pub(super) fn has_twins(&self) -> bool {
        self.twins
    }

    /// Those of a kind, whatever their API group.
    pub fn of(&self, kind: &str) -> &[&'a Object] {
        self.kinds.get(kind).map_or(&[], Vec::as_slice)
    }

    /// All of them by kind.
    pub fn kinds(&self) -> impl Iterator<Item = (&'a str, &[&'a Object])> {
        self.kinds.iter().map(|(kind, objects)| (*kind, objects.as_slice()))
    }

    /// Those that may name others beside their pods.
    pub(super) fn naming(&self) -> impl Iterator<Item = &'a Object> {
        self.kinds().filter(|(kind, _)| names_others(kind)).flat_map(|(_, objects)| objects.iter().copied())
    }

    /// All objects that references may name.
    pub fn existing(&self) -> impl Iterator<Item = &'a Object> {
        self.objects.iter().chain(self.beside)
    }

    /// The one of them with this name.
    pub fn find(&self, kind: &str, namespace: Option<&str>, name: &str) -> Option<&'a Object> {
        let key = (kind, namespace.unwrap_or_default(), name);
        let at = self.known.partition_point(|(own, _)| *own < key);
        self.known.get(at).filter(|(own, _)| *own == key).map(|(_, object)| *object)
    }

    /// Those of a kind.
    pub(super) fn of_kind(&self, kind: &'a str) -> impl Iterator<Item = &'a Object> {
        let at = self.known.partition_point(|(own, _)| *own < (kind, "", ""));
        let behind = self.known.get(at..).unwrap_or_default().iter();
        behind.take_while(move |(key, _)| key.0 == kind).map(|(_, object)| *object)
    }

    /// What each workload's pods hold that lies on nodes.
    pub fn held(&self) -> impl Iterator<Item = (&Landing<'a>, &[Held<'a>])> {
        self.landings.iter().zip(self.held.iter().map(Vec::as_slice))
    }

    /// Every port of nodes that something takes.
    pub(super) fn taken(&self) -> &[Taken<'a>] {
        &self.taken
    }

    /// Workloads that something else scales.
    pub(super) fn scaled(&self) -> &Scaled<'a> {
        &self.scaled
    }

    /// All pods and what they ask for.
    pub fn crowd(&self) -> &Crowd {
        self.crowd.get_or_init(|| Crowd::of(self))
    }

    /// Names of those of a kind in a namespace.
    pub(super) fn names(&self, kind: &str, namespace: &str) -> impl Iterator<Item = &'a str> {
        let at = self.known.partition_point(|(own, _)| *own < (kind, namespace, ""));
        let behind = self.known.get(at..).unwrap_or_default().iter();
        behind
            .map(|(key, _)| *key)
            .take_while(move |key| key.0 == kind && key.1 == namespace)
            .map(|key| key.2)
    }

    /// All images that can be read, by workload.
    pub fn used(&self) -> impl Iterator<Item = &Used<'a>> {
        self.landings.iter().flat_map(|landing| &landing.images)
    }

    /// What is declared about an image: a full reference beats a repository.
    pub fn declared(&self, image: &Image) -> Option<&'a Declared> {
        self.stack.platforms.of(image)
    }

    /// What it runs on, where that is known.
    pub fn platforms(&self, image: &Image) -> Option<&'a [Platform]> {
        self.declared(image).map(|declared| declared.platforms.as_slice())
    }

    /// How many images there are, and what is known of them.
    pub fn images(&self) -> Images {
        let mut seen: BTreeMap<String, Option<bool>> = BTreeMap::new();
        for Used { image, .. } in self.used() {
            seen.entry(image.key()).or_insert_with(|| self.declared(image).map(Declared::locked));
        }
        let count = |locked| seen.values().filter(|known| **known == Some(locked)).count();
        Images { all: seen.len(), locked: count(true), declared: count(false) }
    }
}

fn is_service(object: &Object) -> bool {
    object.id.kind == "Service" && object.id.api_version == "v1"
}

fn images<'a>(pod: &Pod<'a>) -> Vec<Used<'a>> {
    let used = pod.containers().filter_map(|container| {
        let written = container.image?;
        let image = Image::parse(written.as_text()?).ok()?;
        let repository = image.repository();
        Some(Used { container, written, image, repository })
    });
    used.collect()
}

fn landing<'a>(
    object: &'a Object,
    stack: &'a Stack,
    apps: &BTreeMap<&str, &'a Outline>,
) -> Option<Landing<'a>> {
    let pod = Pod::of(object)?;
    let app = match &object.unit {
        Unit::App(name) => apps.get(name.as_str()).copied(),
        _ => None,
    };
    let nodes = stack.nodes.iter().map(|node| (node, may(&pod, &node.machine))).collect();
    let readable = stack.nodes_complete && problems(&pod).is_empty();
    let (images, references, host_ports) = (images(&pod), pod.references(), pod.host_ports());
    Some(Landing { object, app, pod, nodes, readable, images, references, host_ports })
}
