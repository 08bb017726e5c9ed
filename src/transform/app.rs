//! The `patches` of one app, on what it was lowered to: the last word on its objects before the stack's `kustomize`.

use std::collections::BTreeMap;

use crate::finding::Findings;
use crate::kube::Object;
use crate::source::FileId;
use crate::stack::AppPatch;
use crate::transform::build::{Build, Ground, Over};
use crate::transform::configuration::Configuration;
use crate::transform::kustomization::Kustomization;
use crate::transform::load::Layer;
use crate::transform::patches::{self, Which};
use crate::transform::resource::{Resource, Resources};
use crate::yaml::{Build as Making, Node};

/// Applies the patches, in order.
pub fn app(
    objects: Vec<Object>,
    (file, asked): (FileId, &[AppPatch]),
    ground: Ground<'_>,
    found: &mut Findings,
) -> (Vec<Object>, Over) {
    let list = Node::list(file.start(), asked.iter().map(entry));
    let tree = Making::at(file.start()).with("patches", list).node();
    let Some(kustomization) =
        Some(tree).filter(|_| !asked.is_empty()).and_then(|mut tree| Kustomization::read(&mut tree, found))
    else {
        return (objects, Over::default());
    };
    let configuration = Configuration::default();
    let layer = Layer {
        file,
        kustomization,
        inputs: Vec::new(),
        components: Vec::new(),
        files: BTreeMap::new(),
        configuration,
        beside: Vec::new(),
    };
    let mut resources = Resources::default();
    resources.extend(objects.into_iter().map(Resource::from));
    let mut build = Build { ground, home: None, in_stack: true, over: Over::default(), found };
    patches::apply(&layer, Which::First, &mut resources, &layer.configuration, &mut build);
    (resources.into_vec().into_iter().map(Object::from).collect(), build.over)
}

/// As kustomize would have it.
fn entry(asked: &AppPatch) -> Node {
    let span = asked.target.span;
    let (kind, name) = asked
        .target
        .value
        .split_once('/')
        .map_or((asked.target.value.as_str(), None), |(kind, name)| (kind, Some(name)));
    let target = Making::at(span)
        .text("kind", kind.to_owned())
        .maybe("name", name.map(|name| Node::text(span, name.to_owned())));
    Making::at(span).with("target", target.node()).with("patch", asked.patch.clone()).node()
}
