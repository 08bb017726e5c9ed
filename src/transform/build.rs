//! A kustomization and all beneath it, in kustomize's order: resources, generators, components; then patches, namespace,
//! names, labels, annotations, old JSON patches, replicas, images, replacements. Hashes and references come last, once for
//! all layers, since only then all names are known.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::finding::{Finding, Findings, Severity};
use crate::kube::{Object, Unit, secret};
use crate::source::{FileId, KUSTOMIZATIONS, Sources, Span};
use crate::transform::codes::{KUSTOMIZATION_INVALID, RESOURCE_DUPLICATE, RESOURCE_INVALID};
use crate::transform::configuration::Configuration;
use crate::transform::field::{Field, Row};
use crate::transform::load::{self, Input, Layer};
use crate::transform::patches::{self, Which};
use crate::transform::resource::{self, Resource, Resources};
use crate::transform::{
    addresses, affix, generators, hash, images, labels, namespace, order, references, replacements, replicas,
    selectors,
};
use crate::yaml::{Dialect, Named, Node, Spanned, Value};

/// Objects with this annotation are for tools, not for a cluster.
const LOCAL: &str = "config.kubernetes.io/local-config";

/// What transformations rest on.
#[derive(Clone, Copy)]
pub struct Ground<'a> {
    /// The files.
    pub sources: &'a Sources,
    /// Kubernetes' minor, for merge keys.
    pub minor: u16,
    /// Whether objects keep what they were before each change ([`Object::past`]).
    pub past: bool,
    /// Fills the templates below a node; none where no stack is, or where nothing is a template.
    pub fill: Option<&'a Fill<'a>>,
}

/// Fills the templates below a node.
pub type Fill<'a> = dyn Fn(&mut Node, &mut Findings) + 'a;

/// What a run of a kustomization knows.
pub struct Build<'a> {
    /// What it rests on.
    pub ground: Ground<'a>,
    /// The part of a stack that new objects go to, and the namespace of those that say none; none where no stack is.
    pub home: Option<(&'a Unit, &'a Spanned<String>)>,
    /// Whether the objects are a stack's: what does not happen is an error there.
    pub in_stack: bool,
    /// Which place took the value of which, for findings to show both.
    pub over: Over,
    /// What is wrong.
    pub found: &'a mut Findings,
}

/// The place of each value that took another's, and that one's; none where one line took the place of several.
#[derive(Debug, Default)]
pub struct Over(BTreeMap<Span, Option<Span>>);

impl Over {
    /// Notes a pair.
    pub fn note(&mut self, over: Span, under: Span) {
        self.0
            .entry(over)
            .and_modify(|known| *known = known.filter(|known| *known == under))
            .or_insert(Some(under));
    }

    /// All pairs that are sure.
    pub fn pairs(&self) -> impl Iterator<Item = (Span, Span)> {
        self.0.iter().filter_map(|(over, under)| Some((*over, (*under)?)))
    }
}

/// What has been gathered so far.
#[derive(Debug, Default)]
struct Gathered {
    resources: Resources,
    configuration: Configuration,
}

/// All objects of a kustomization, final, in the order of the stream.
pub fn build(layer: &Layer, ground: Ground<'_>, found: &mut Findings) -> Vec<Object> {
    let mut build = Build { ground, home: None, in_stack: false, over: Over::default(), found };
    let gathered = build.layer(layer, Gathered::default());
    let mut resources = build.end(&[layer], gathered);
    for resource in resources.bodies_mut() {
        annotations(&mut resource.body);
    }
    order::apply(layer.kustomization.sort_options.as_ref(), &mut resources, found);
    resources.into_vec().into_iter().map(Object::from).collect()
}

/// Does to a stack's objects what its layers ask for, one after the other. Their order stays, what is added comes last;
/// what nobody asked to change is not touched.
pub fn apply(
    objects: Vec<Object>,
    layers: &[Layer],
    namespace: &Spanned<String>,
    ground: Ground<'_>,
    found: &mut Findings,
) -> (Vec<Object>, Over) {
    let home = Some((&Unit::Generated, namespace));
    let mut build = Build { ground, home, in_stack: true, over: Over::default(), found };
    let mut gathered = Gathered::default();
    gathered.resources.extend(objects.into_iter().map(Resource::from));
    for layer in layers {
        gathered = build.layer(layer, gathered);
    }
    let layers: Vec<&Layer> = layers.iter().collect();
    let resources = build.end(&layers, gathered);
    addresses::tell(&resources, build.found);
    (resources.into_vec().into_iter().map(Object::from).collect(), build.over)
}

impl Build<'_> {
    fn layer(&mut self, layer: &Layer, mut all: Gathered) -> Gathered {
        self.inputs(layer, &mut all);
        all.configuration.merge(&layer.configuration);
        generators::apply(layer, &mut all.resources, self);
        for component in &layer.components {
            all = self.layer(component, all);
        }
        self.transform(layer, &mut all);
        all
    }

    fn inputs(&mut self, layer: &Layer, all: &mut Gathered) {
        for (_, input) in &layer.inputs {
            match input {
                Input::File(path, file) => {
                    let more = self.file(path, *file);
                    all.resources.extend(more);
                }
                Input::Layer(inner) => {
                    let inner = self.layer(inner, Gathered::default());
                    all.resources.extend(inner.resources.into_vec());
                    all.configuration.merge(&inner.configuration);
                }
            }
        }
        self.unique(&mut all.resources, "two resources are one object", layer);
    }

    /// A stack's objects say where they live.
    pub fn at_home(&self, mut resource: Resource) -> Resource {
        if let Some((_, namespace)) = self.home.filter(|_| resource.id.namespace.is_empty())
            && !resource.id.is_cluster_scoped()
        {
            resource.set_metadata("namespace", namespace.value.clone(), namespace.span);
        }
        resource
    }

    fn file(&mut self, path: &str, file: FileId) -> Vec<Resource> {
        let unit = self.home.map_or_else(|| Unit::Manifest(path.to_owned()), |(unit, _)| unit.clone());
        let mut wrong = Vec::new();
        let documents = load::documents(file, Dialect::Kustomize, self.ground.sources, self.found);
        let read = documents.into_iter().flat_map(|document| resource::read(document, &unit, &mut wrong));
        let resources: Vec<Resource> = read.map(|resource| self.at_home(resource)).collect();
        for resource in resources.iter().filter(|resource| secret::is_secret(&resource.body)) {
            secret::hide(&resource.body, &mut Vec::new(), self.found);
        }
        let name = path.rsplit('/').next().unwrap_or(path);
        if let Some((span, _)) = wrong.first().filter(|_| KUSTOMIZATIONS.contains(&name)) {
            let message =
                format!("{path} is a kustomization, and no object: a kustomization is named by its folder");
            self.found.push(
                Finding::new(&RESOURCE_INVALID, *span, message).help("name the folder, or the files in it"),
            );
            return resources;
        }
        for (span, reason) in wrong {
            self.found.push(Finding::new(&RESOURCE_INVALID, span, reason));
        }
        resources
    }

    /// Tells objects that are called the same; the first one stays.
    fn unique(&mut self, resources: &mut Resources, what: &str, layer: &Layer) {
        let twins = resources.twins();
        for (first, second) in &twins {
            let (Some(first), Some(second)) = (resources.get(*first), resources.get(*second)) else {
                continue;
            };
            let message = format!("{what}: {}", second.id.shown());
            let (one, other) = (first.place(), second.place());
            // One file may come in by two ways.
            let sources = self.ground.sources;
            let is_one = sources.place(one) == sources.place(other);
            let way = |file| layer.inputs.iter().find(|(_, input)| input.documents().contains(&file));
            let finding = match (way(one.file), way(other.file)) {
                (Some((way, _)), Some((again, _))) if is_one && way != again => {
                    let finding = Finding::new(&RESOURCE_DUPLICATE, *again, message);
                    finding.label("again here").also(*way, "first here").also(other, "the object")
                }
                _ => Finding::new(&RESOURCE_DUPLICATE, other, message)
                    .label("one of them")
                    .also(one, "one of them"),
            };
            self.found.push(finding.help("take one out, or give it another name or namespace"));
        }
        if !twins.is_empty() {
            let mut at = 0_usize;
            resources.retain(|_| {
                let keep = !twins.iter().any(|(_, second)| *second == at);
                at = at.saturating_add(1);
                keep
            });
        }
    }

    fn transform(&mut self, layer: &Layer, all: &mut Gathered) {
        let kustomization = &layer.kustomization;
        let Gathered { resources, configuration } = all;
        patches::apply(layer, Which::First, resources, configuration, self);
        if let Some(own) = kustomization.namespace.as_ref().filter(|text| !text.value.is_empty()) {
            let fields = with(namespace::ROWS, &configuration.namespace);
            self.step(resources, |_, resources| namespace::apply(own, &fields, resources));
            namespace::unite(resources);
            self.unique(resources, "the namespace makes two objects one", layer);
        }
        for (text, side, own) in [
            (&kustomization.name_prefix, affix::Side::Prefix, &configuration.prefix),
            (&kustomization.name_suffix, affix::Side::Suffix, &configuration.suffix),
        ] {
            if let Some(text) = text {
                self.step(resources, |_, resources| affix::apply(text, side, own, resources));
            }
        }
        self.step(resources, |build, resources| build.labels(layer, configuration, resources));
        patches::apply(layer, Which::Json6902, resources, configuration, self);
        let fields = with(replicas::ROWS, &configuration.replicas);
        self.step(resources, |build, resources| {
            replicas::apply(&kustomization.replicas, &fields, resources, build.found);
        });
        let entries: Vec<_> = kustomization.images.iter().chain(&kustomization.image_tags).collect();
        self.step(resources, |build, resources| {
            images::apply(&entries, &configuration.images, resources, build);
        });
        replacements::apply(layer, resources, self);
    }

    /// One change of objects, none of which comes or goes.
    fn step(&mut self, resources: &mut Resources, change: impl FnOnce(&mut Self, &mut Resources)) {
        let before = self.ground.past.then(|| resources.bodies());
        change(self, resources);
        if let Some(before) = before {
            resources.keep_past(before);
        }
    }

    /// How much it weighs that something does not happen which kustomize takes without a word: a kustomization of its own
    /// is built all the same.
    pub fn weight(&self) -> Severity {
        if self.in_stack { Severity::Error } else { Severity::Warning }
    }

    fn tell_selectors(&mut self, before: Option<selectors::Before>, resources: &Resources) {
        if let Some(finding) = before.and_then(|before| before.tell(resources, self.weight())) {
            self.found.push(finding);
        }
    }

    fn labels(&mut self, layer: &Layer, configuration: &Configuration, resources: &mut Resources) {
        let kustomization = &layer.kustomization;
        let common: Vec<Field> =
            labels::everywhere().into_iter().chain(configuration.common_labels.iter().cloned()).collect();
        let templates = with(labels::TEMPLATES, &configuration.templates);
        for entry in &kustomization.labels {
            let fields = labels::fields(entry, &common, &templates, &configuration.labels);
            let select = entry.include_selectors == Some(true);
            let before = if select { selectors::before(&entry.pairs, resources) } else { None };
            labels::apply(&entry.pairs, &fields, resources);
            labels::tell(entry, resources, self.weight(), self.found);
            self.tell_selectors(before, resources);
        }
        let before = selectors::before(&kustomization.common_labels, resources);
        labels::apply(&kustomization.common_labels, &common, resources);
        self.tell_selectors(before, resources);
        let fields = with(labels::ANNOTATIONS, &configuration.annotations);
        labels::apply(&kustomization.common_annotations, &fields, resources);
    }

    /// What is done once, when all layers are.
    fn end(&mut self, layers: &[&Layer], mut all: Gathered) -> Resources {
        let Gathered { resources, configuration } = &mut all;
        self.step(resources, |build, resources| {
            hash::apply(resources);
            references::follow(&configuration.references, resources, (build.ground.past, build.found));
        });
        resources.retain(|resource| resource.meta("annotations", LOCAL).is_none_or(|text| text == "false"));
        if let Some(layer) = layers.first() {
            self.unique(resources, "two objects have come to be one", layer);
        }
        for layer in layers {
            self.metadata(&layer.kustomization.build_metadata, resources);
        }
        all.resources
    }

    /// `buildMetadata`; where things came from is refused when the file is read.
    fn metadata(&mut self, words: &[Spanned<String>], resources: &mut Resources) {
        for word in words {
            match word.value.as_str() {
                "managedByLabel" => {
                    let pair = |text: &str| Spanned { span: word.span, value: text.to_owned() };
                    let pairs = Named(vec![(pair("app.kubernetes.io/managed-by"), pair("stackc"))]);
                    labels::apply(&pairs, &with(&[("", "", "", "metadata/labels", true)], &[]), resources);
                }
                "originAnnotations" | "transformerAnnotations" => {}
                other => {
                    let message = format!("`{other}` is no word of `buildMetadata`");
                    self.found.push(
                        Finding::new(&KUSTOMIZATION_INVALID, word.span, message)
                            .help("known here: managedByLabel"),
                    );
                }
            }
        }
    }
}

/// Annotations that tools of kustomize's family leave for each other (kustomize's `BuildAnnotations`, and those that
/// tell where an object came from).
const INTERNAL: [&str; 18] = [
    "alpha.config.kubernetes.io/transformations",
    "config.k8s.io/id",
    "config.kubernetes.io/index",
    "config.kubernetes.io/origin",
    "config.kubernetes.io/path",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/suffixes",
];

/// Takes out those of [`INTERNAL`]; what is left is text, as it has to be, in the characters that the user wrote, and
/// none are no map.
fn annotations(body: &mut Node) {
    let Some(metadata) = body.as_map_mut().and_then(|map| map.get_mut("metadata")).and_then(Node::as_map_mut)
    else {
        return;
    };
    if metadata.get("annotations").is_some_and(|none| matches!(none.value, Value::Null)) {
        metadata.remove("annotations");
    }
    let Some(map) = metadata.get_mut("annotations").and_then(Node::as_map_mut) else { return };
    map.entries.retain(|entry| !INTERNAL.contains(&entry.key.text.as_ref()));
    for entry in &mut map.entries {
        let text = match &entry.value.value {
            Value::Text(_) => None,
            // Kubernetes reads it so, too.
            Value::Null => Some(String::new()),
            _ => entry.value.written().map(Cow::into_owned),
        };
        if let Some(text) = text {
            entry.value = Node::text(entry.value.span, text);
        }
    }
    if map.entries.is_empty() {
        metadata.remove("annotations");
    }
}

/// stackc's rows and a user's.
fn with(rows: &[Row], own: &[Field]) -> Vec<Field> {
    rows.iter().map(Field::from).chain(own.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::kube::tree::object;
    use crate::source::Folder;
    use crate::transform::layer;
    use crate::yaml::read_typed;

    #[test]
    fn a_line_that_took_several_places_is_not_sure() {
        let mut sources = Sources::default();
        let file = sources.add("a".into(), Ok("abcdef".into()));
        let at = |start| file.part(start, start + 1);
        let mut over = Over::default();
        for (new, old) in [(0, 1), (0, 1), (2, 3), (2, 4)] {
            over.note(at(new), at(old));
        }
        assert_eq!(over.pairs().collect::<Vec<_>>(), [(at(0), at(1))]);
    }

    #[test]
    fn objects_that_are_there_keep_their_order_and_what_nobody_asked_to_change() {
        let mut sources = Sources::default();
        let text = "patches:\n- target: {kind: Deployment}\n  patch: {spec: {replicas: 3}}\nnamePrefix: p-\n";
        let file = sources.add("stack.yaml".into(), Ok(text.into()));
        let mut found = Findings::default();
        let tree = read_typed(&sources, file, &mut found).unwrap();
        let folder = Folder::open(Path::new(".")).unwrap();
        let spec = layer(tree, file, &folder, &mut sources, &mut found).unwrap();
        let named = |mut object: Object| {
            let place = object.body.span;
            let metadata = Node::map(
                place,
                [
                    ("name", Node::text(place, "web")),
                    ("annotations", Node::map(place, [("a", Node::int(place, 1))])),
                ],
            );
            object
                .body
                .as_map_mut()
                .unwrap()
                .push(crate::yaml::Key { span: place, text: "metadata".into() }, metadata);
            object
        };
        let objects = ["Deployment", "Service"].map(|kind| {
            let api_version = if kind == "Service" { "v1" } else { "apps/v1" };
            named(object(api_version, kind, &json!({"replicas": 1})))
        });
        let ground = Ground { sources: &sources, minor: 37, past: false, fill: None };
        let home = Spanned { span: file.start(), value: "default".to_owned() };
        let (objects, over) = apply(objects.to_vec(), &[spec], &home, ground, &mut found);
        assert_eq!(over.pairs().count(), 1, "the count of the one Deployment");
        assert_eq!(found.errors(), 0);
        let told: Vec<String> = objects.iter().map(|object| object.id.path()).collect();
        assert_eq!(told, ["Deployment/default/p-web", "Service/default/p-web"]);
        assert_eq!(objects[0].body.at(&["spec", "replicas"]).and_then(Node::as_int), Some(3));
        let replicas = objects[0].body.at(&["spec", "replicas"]).unwrap();
        assert_eq!(sources.text(replicas.span), "3");
        assert_eq!(objects[1].body.at(&["metadata", "annotations", "a"]).and_then(Node::as_int), Some(1));
    }
}
