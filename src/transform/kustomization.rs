//! kustomize's file, as it is written. Every field of kustomize's is here by its name; those that stackc does not follow
//! are kept as they are, for [`crate::transform::refused`] to tell.

use serde::Deserialize;

use crate::finding::Findings;
use crate::transform::forms;
use crate::yaml::{Named, Node, Spanned, Value, decode, fields, maybe};

type Text = Spanned<String>;

/// A kustomization, or a component.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Kustomization {
    /// `kustomize.config.k8s.io/v1beta1`; `v1alpha1` of a component.
    pub api_version: Option<Text>,
    /// `Kustomization` or `Component`.
    pub kind: Option<Text>,
    /// Nothing reads it.
    #[serde(deserialize_with = "maybe")]
    pub metadata: Option<Metadata>,
    /// Files, or folders with a kustomization.
    pub resources: Vec<Text>,
    /// The old name for folders in `resources`.
    pub bases: Vec<Text>,
    /// Folders with a component.
    pub components: Vec<Text>,
    /// A schema of custom kinds.
    #[serde(deserialize_with = "maybe")]
    pub openapi: Option<OpenApi>,
    /// Files with schemas of custom kinds.
    pub crds: Vec<Text>,
    /// Files that say where names, labels and the like stand in custom kinds.
    pub configurations: Vec<Text>,
    /// In front of every name.
    pub name_prefix: Option<Text>,
    /// Behind every name.
    pub name_suffix: Option<Text>,
    /// Of all objects that live in one.
    pub namespace: Option<Text>,
    /// On all objects, selectors and templates.
    pub common_labels: Named<Text>,
    /// On all objects, and where it says.
    pub labels: Vec<Labels>,
    /// On all objects and templates.
    pub common_annotations: Named<Text>,
    /// Patches of either kind.
    pub patches: Vec<Patch>,
    /// Strategic merge patches: files, or the patches themselves.
    pub patches_strategic_merge: Vec<Node>,
    /// JSON patches.
    pub patches_json6902: Vec<Patch>,
    /// Other names, tags or digests of images.
    pub images: Vec<Image>,
    /// The old name of `images`.
    pub image_tags: Vec<Image>,
    /// Counts of replicas.
    pub replicas: Vec<Replica>,
    /// Values that are copied from one object into others.
    pub replacements: Vec<Replacement>,
    /// ConfigMaps from files and texts.
    pub config_map_generator: Vec<Generator>,
    /// Secrets from files and texts.
    pub secret_generator: Vec<Generator>,
    /// Of all generators.
    #[serde(deserialize_with = "maybe")]
    pub generator_options: Option<GeneratorOptions>,
    /// The order of what comes out.
    #[serde(deserialize_with = "maybe")]
    pub sort_options: Option<Spanned<SortOptions>>,
    /// What is noted on each object.
    pub build_metadata: Vec<Text>,
    /// Refused.
    pub vars: Option<Node>,
    /// Refused.
    pub generators: Option<Node>,
    /// Refused.
    pub transformers: Option<Node>,
    /// Refused.
    pub validators: Option<Node>,
    /// Refused.
    pub helm_charts: Option<Node>,
    /// Refused.
    pub helm_globals: Option<Node>,
    /// Refused.
    pub helm_chart_inflation_generator: Option<Node>,
    /// Refused.
    pub inventory: Option<Node>,
}

/// What a kustomization is called; nothing reads it.
#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "kustomize's words")]
pub struct Metadata {
    name: Option<Text>,
    namespace: Option<Text>,
    labels: Named<Text>,
    annotations: Named<Text>,
}

/// A schema.
#[derive(Debug, Deserialize)]
pub struct OpenApi {
    /// A file.
    pub path: Option<Text>,
    /// One of the schemas that kustomize carries.
    pub version: Option<Text>,
}

/// Labels and where they go.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Labels {
    /// The labels.
    pub pairs: Named<Text>,
    /// Into selectors and templates, too.
    pub include_selectors: Option<bool>,
    /// Into templates, too.
    pub include_templates: Option<bool>,
    /// Into the templates of claims, too.
    pub include_volume_claim_templates: Option<bool>,
    /// Into these fields, too.
    pub fields: Vec<FieldSpec>,
}

/// Where a field is.
#[derive(Debug, Deserialize)]
pub struct FieldSpec {
    /// API group.
    pub group: Option<Text>,
    /// API version.
    pub version: Option<Text>,
    /// Kind.
    pub kind: Option<Text>,
    /// Keys, parted by `/`.
    pub path: Text,
    /// Whether it is made where it is not.
    pub create: Option<bool>,
}

/// A patch of either kind.
#[derive(Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "kustomize's words")]
pub struct Patch {
    /// The file.
    pub path: Option<Text>,
    /// The patch itself.
    pub patch: Option<Node>,
    /// Which objects.
    #[serde(deserialize_with = "maybe")]
    pub target: Option<Selector>,
    /// What it may change.
    #[serde(deserialize_with = "maybe")]
    pub options: Option<PatchOptions>,
}

/// What a patch may change.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PatchOptions {
    /// The name.
    pub allow_name_change: Option<bool>,
    /// The kind.
    pub allow_kind_change: Option<bool>,
}

/// Which objects; texts are regular expressions that must fit as a whole.
#[derive(Clone, Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_field_names, reason = "kustomize's words")]
pub struct Selector {
    /// API group.
    pub group: Option<Text>,
    /// API version.
    pub version: Option<Text>,
    /// Kind.
    pub kind: Option<Text>,
    /// Name.
    pub name: Option<Text>,
    /// Namespace.
    pub namespace: Option<Text>,
    /// Labels, as kubectl selects them.
    pub label_selector: Option<Text>,
    /// The same for annotations.
    pub annotation_selector: Option<Text>,
}

/// A change of an image.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Image {
    /// The name as objects have it.
    pub name: Text,
    /// Another name.
    pub new_name: Option<Text>,
    /// Another tag.
    pub new_tag: Option<Text>,
    /// A digest, which takes the place of a tag.
    pub digest: Option<Text>,
    /// Behind the tag.
    pub tag_suffix: Option<Text>,
}

/// A count of replicas.
#[derive(Debug, Deserialize)]
pub struct Replica {
    /// The workload.
    pub name: Text,
    /// How many.
    pub count: Spanned<i64>,
}

/// A ConfigMap or Secret to be made.
#[derive(Debug, Deserialize)]
pub struct Generator {
    /// Its name, before a hash is added.
    pub name: Text,
    /// Its namespace.
    pub namespace: Option<Text>,
    /// `create`, `merge` or `replace`.
    pub behavior: Option<Text>,
    /// `KEY=TEXT`.
    pub literals: Vec<Text>,
    /// `KEY=PATH`, or `PATH`.
    pub files: Vec<Text>,
    /// Files with lines `KEY=TEXT`.
    pub envs: Vec<Text>,
    /// The same, one.
    pub env: Option<Text>,
    /// A Secret's type.
    #[serde(rename = "type")]
    pub kind: Option<Text>,
    /// Its labels and the like.
    #[serde(deserialize_with = "maybe")]
    pub options: Option<GeneratorOptions>,
}

/// Labels and the like of what is generated.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GeneratorOptions {
    /// Its labels.
    pub labels: Named<Text>,
    /// Its annotations.
    pub annotations: Named<Text>,
    /// The name stays as it is.
    pub disable_name_suffix_hash: Option<bool>,
    /// Kubernetes refuses changes.
    pub immutable: Option<bool>,
}

/// A value that is copied from one object into others; in a file of its own, or here.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Replacement {
    /// The file.
    pub path: Option<Text>,
    /// Where the value is.
    #[serde(deserialize_with = "maybe")]
    pub source: Option<Source>,
    /// The value itself.
    pub source_value: Option<Text>,
    /// Where it goes.
    pub targets: Vec<ReplacementTarget>,
}

/// Where a value is.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Source {
    /// API group.
    pub group: Option<Text>,
    /// API version.
    pub version: Option<Text>,
    /// Kind.
    pub kind: Option<Text>,
    /// Name.
    pub name: Option<Text>,
    /// Namespace.
    pub namespace: Option<Text>,
    /// Keys, parted by `.`.
    pub field_path: Option<Text>,
    /// Which part of the text.
    #[serde(deserialize_with = "maybe")]
    pub options: Option<FieldOptions>,
}

/// Where a value goes.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReplacementTarget {
    /// Into these objects.
    pub select: Selector,
    /// But not these.
    pub reject: Vec<Selector>,
    /// Into these fields.
    pub field_paths: Vec<Text>,
    /// Which part of the text.
    #[serde(deserialize_with = "maybe")]
    pub options: Option<FieldOptions>,
}

/// A part of a text.
#[derive(Debug, Deserialize)]
pub struct FieldOptions {
    /// What parts are parted by.
    pub delimiter: Option<Text>,
    /// Which part, from 0.
    pub index: Option<i64>,
    /// How the value is written.
    pub encoding: Option<Text>,
    /// Whether a field is made where it is not.
    pub create: Option<bool>,
}

/// The order of what comes out.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct SortOptions {
    /// `fifo` or `legacy`.
    pub order: Option<Text>,
    /// Kinds that come first and last.
    #[serde(deserialize_with = "maybe")]
    pub legacy_sort_options: Option<LegacySortOptions>,
}

/// Kinds that come first and last.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LegacySortOptions {
    /// First.
    pub order_first: Vec<Text>,
    /// Last.
    pub order_last: Vec<Text>,
}

impl Kustomization {
    /// Reads a kustomization; what is wrong is told.
    pub fn read(tree: &mut Node, found: &mut Findings) -> Option<Kustomization> {
        without_nulls(tree, "");
        let before = found.errors();
        forms::tell(tree, found);
        decode(tree, found).filter(|_| found.errors() == before)
    }

    /// Of one in which something was told, the paths that lead to others: these can be looked at all the same.
    pub fn paths(mut tree: Node) -> Option<Kustomization> {
        const PATHS: [&str; 5] = ["apiVersion", "kind", "resources", "bases", "components"];
        tree.as_map_mut()?.entries.retain(|entry| PATHS.contains(&entry.key.text.as_ref()));
        decode(&tree, &mut Findings::default())
    }
}

/// Maps of a user's own keys.
const PAIRS: [&str; 5] = ["commonLabels", "commonAnnotations", "pairs", "labels", "annotations"];

/// The place of an entry of a list, where no key is.
const ENTRY: &str = "-";

/// kustomize takes `patches:` with nothing behind it as not written, and a label with nothing behind it as empty; a key
/// that it does not know stays one.
fn without_nulls(node: &mut Node, of: &str) {
    match &mut node.value {
        Value::Map(map) if PAIRS.contains(&of) => {
            let nulls = map.entries.iter_mut().filter(|entry| matches!(entry.value.value, Value::Null));
            nulls.for_each(|entry| entry.value = Node::text(entry.value.span, ""));
        }
        Value::Map(map) => {
            let known = fields::<Kustomization>();
            let is_told = |key: &str| of.is_empty() && !known.contains(&key);
            map.entries.retain(|entry| !matches!(entry.value.value, Value::Null) || is_told(&entry.key.text));
            map.entries
                .iter_mut()
                .filter(|entry| entry.key.text != "patch")
                .for_each(|entry| without_nulls(&mut entry.value, &entry.key.text));
        }
        Value::List(items) => items.iter_mut().for_each(|item| without_nulls(item, ENTRY)),
        _ => {}
    }
}

/// Whether it asks for nothing at all, as kustomize sees it: an empty list asks for something.
pub(super) fn is_empty(tree: &Node) -> bool {
    let says = |node: &Node| !matches!(node.value, Value::Null) && node.as_text() != Some("");
    tree.entries()
        .iter()
        .all(|entry| ["apiVersion", "kind"].contains(&entry.key.text.as_ref()) || !says(&entry.value))
}
