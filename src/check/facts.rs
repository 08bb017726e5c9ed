//! All that a check may see, and what several of them need computed once.

use std::collections::BTreeMap;

use super::Demands;
use crate::kube::{Container, Image, Object, Platform, Pod, Role, Unit};
use crate::schedule::{Reason, may, problems};
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
    /// Whether the objects are all of the stack.
    pub whole: bool,
    /// One for each object that makes pods.
    pub landings: Vec<Landing<'a>>,
    /// One for each container whose image can be read.
    pub running: Vec<Running<'a>>,
}

/// A container and its image.
pub struct Running<'a> {
    /// Which of the landings is its workload.
    pub landing: usize,
    /// The container.
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
    /// Where its pods may land.
    pub fn open(&self) -> impl Iterator<Item = &'a ClusterNode> + '_ {
        self.nodes.iter().filter(|(_, verdict)| verdict.is_ok()).map(|(node, _)| *node)
    }

    /// Its images that can be read.
    pub fn images(&self) -> impl Iterator<Item = (Container<'a>, &'a Node, Image)> + use<'a> {
        self.pod.containers().filter_map(|container| {
            let node = container.image?;
            Some((container, node, Image::parse(node.as_text()?).ok()?))
        })
    }
}

impl<'a> Facts<'a> {
    /// Computes what checks share.
    pub fn new(stack: &'a Stack, apps: &'a [Outline], objects: &'a [Object], demands: Demands) -> Self {
        let apps = apps.iter().map(|app| (app.name.as_str(), app)).collect();
        let landings: Vec<_> = objects.iter().filter_map(|object| landing(object, stack, &apps)).collect();
        let running =
            landings.iter().enumerate().flat_map(|(place, landing)| running(place, landing)).collect();
        Facts { stack, objects, demands, beside: &[], whole: true, landings, running }
    }

    /// All objects that references may name.
    pub fn existing(&self) -> impl Iterator<Item = &'a Object> {
        self.objects.iter().chain(self.beside)
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
        for (_, _, image) in self.landings.iter().flat_map(Landing::images) {
            seen.entry(image.key()).or_insert_with(|| self.declared(&image).map(Declared::locked));
        }
        let count = |locked| seen.values().filter(|known| **known == Some(locked)).count();
        Images { all: seen.len(), locked: count(true), declared: count(false) }
    }
}

fn running<'a>(place: usize, landing: &Landing<'a>) -> impl Iterator<Item = Running<'a>> + use<'a> {
    landing.images().filter(|(container, ..)| container.role != Role::Volume).map(
        move |(container, written, image)| {
            let repository = image.repository();
            Running { landing: place, container, written, image, repository }
        },
    )
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
    Some(Landing { object, app, pod, nodes, readable: stack.nodes_complete && problems(&pod).is_empty() })
}
