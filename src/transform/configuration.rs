//! `configurations`, `crds`, `openapi`: where names, labels and the like stand in custom kinds, and by which keys the
//! items of their lists are told apart. stackc's own rows hold as well; these add to them.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::finding::{Finding, Findings};
use crate::source::{FileId, Sources};
use crate::transform::codes::KUSTOMIZATION_INVALID;
use crate::transform::field::Field;
use crate::transform::kustomization::{FieldSpec, Kustomization};
use crate::transform::labels::field;
use crate::transform::merge_key::{Own, OwnField};
use crate::transform::references::{Form, Reference};
use crate::yaml::{Dialect, Node, Spanned, Value, decode};

type Text = Spanned<String>;

/// What is known of custom kinds.
#[derive(Clone, Debug, Default)]
pub struct Configuration {
    /// Where objects are named.
    pub references: Vec<Reference>,
    /// Where a prefix goes, beside the name.
    pub prefix: Vec<Field>,
    /// Where a suffix goes, beside the name.
    pub suffix: Vec<Field>,
    /// Where the namespace is named.
    pub namespace: Vec<Field>,
    /// Where `commonLabels` go, and `labels` with selectors.
    pub common_labels: Vec<Field>,
    /// Where all `labels` go.
    pub labels: Vec<Field>,
    /// Where `labels` with templates go.
    pub templates: Vec<Field>,
    /// Where `commonAnnotations` go.
    pub annotations: Vec<Field>,
    /// Where images are named.
    pub images: Vec<Field>,
    /// Where replicas are counted.
    pub replicas: Vec<Field>,
    /// Merge keys by group and kind.
    pub types: BTreeMap<(String, String), Own>,
}

/// A file of `configurations`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    name_reference: Vec<NameReference>,
    name_prefix: Vec<FieldSpec>,
    name_suffix: Vec<FieldSpec>,
    namespace: Vec<FieldSpec>,
    common_labels: Vec<FieldSpec>,
    labels: Vec<FieldSpec>,
    template_labels: Vec<FieldSpec>,
    common_annotations: Vec<FieldSpec>,
    images: Vec<FieldSpec>,
    replicas: Vec<FieldSpec>,
    #[expect(dead_code, reason = "for `vars`, which are refused")]
    var_reference: Option<Node>,
}

/// A kind, and the fields that name objects of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NameReference {
    group: Option<Text>,
    #[expect(dead_code, reason = "a name is followed in every version")]
    version: Option<Text>,
    kind: Text,
    field_specs: Vec<FieldSpec>,
}

impl Configuration {
    /// Reads what a kustomization itself says.
    pub fn read(
        kustomization: &Kustomization,
        files: &BTreeMap<String, FileId>,
        sources: &Sources,
        found: &mut Findings,
    ) -> Configuration {
        let mut all = Configuration::default();
        let mut documents = |path: &Text| {
            let file = files.get(&path.value).copied();
            file.map_or_else(Vec::new, |file| crate::yaml::read(sources, file, Dialect::Manifest, found))
        };
        let configurations: Vec<Node> =
            kustomization.configurations.iter().flat_map(&mut documents).collect();
        let crds: Vec<Node> = kustomization.crds.iter().flat_map(&mut documents).collect();
        let openapi = kustomization.openapi.as_ref().and_then(|openapi| openapi.path.as_ref());
        let schemas: Vec<Node> = openapi.into_iter().flat_map(&mut documents).collect();
        for document in &configurations {
            if let Some(file) = decode::<File>(document, found) {
                all.add(&file);
            }
        }
        for document in &crds {
            all.definition(document);
            all.references_of(document);
        }
        for (path, document) in openapi.into_iter().zip(&schemas) {
            let Some(definitions) = document.get("definitions") else {
                let message = format!("{} has no `definitions`: it is no OpenAPI schema", path.value);
                found.push(Finding::new(&KUSTOMIZATION_INVALID, path.span, message));
                continue;
            };
            all.schema(definitions);
        }
        all
    }

    /// Takes in what another one says.
    pub fn merge(&mut self, other: &Configuration) {
        let lists = [
            (&mut self.prefix, &other.prefix),
            (&mut self.suffix, &other.suffix),
            (&mut self.namespace, &other.namespace),
            (&mut self.common_labels, &other.common_labels),
            (&mut self.labels, &other.labels),
            (&mut self.templates, &other.templates),
            (&mut self.annotations, &other.annotations),
            (&mut self.images, &other.images),
            (&mut self.replicas, &other.replicas),
        ];
        for (own, more) in lists {
            own.extend_from_slice(more);
            own.sort();
            own.dedup();
        }
        for reference in &other.references {
            let known = |own: &Reference| own.kind == reference.kind && own.field == reference.field;
            if !self.references.iter().any(known) {
                self.references.push(reference.clone());
            }
        }
        self.types.extend(other.types.clone());
    }

    fn add(&mut self, file: &File) {
        for reference in &file.name_reference {
            let group = reference.group.as_ref().map_or(String::new(), |group| group.value.clone());
            self.references.extend(reference.field_specs.iter().map(|spec| Reference {
                group: group.clone(),
                kind: reference.kind.value.clone(),
                field: field(spec),
                form: Form::Name,
            }));
        }
        let lists = [
            (&mut self.prefix, &file.name_prefix),
            (&mut self.suffix, &file.name_suffix),
            (&mut self.namespace, &file.namespace),
            (&mut self.common_labels, &file.common_labels),
            (&mut self.labels, &file.labels),
            (&mut self.templates, &file.template_labels),
            (&mut self.annotations, &file.common_annotations),
            (&mut self.images, &file.images),
            (&mut self.replicas, &file.replicas),
        ];
        for (own, more) in lists {
            own.extend(more.iter().map(field));
        }
    }

    /// Merge keys of a schema's types.
    fn schema(&mut self, definitions: &Node) {
        for definition in definitions.entries() {
            for kind in definition.value.get("x-kubernetes-group-version-kind").map_or(&[][..], Node::items) {
                let text = |key| kind.text_at(&[key]).unwrap_or_default().to_owned();
                let own = own(&definition.value, Some(definitions), 0);
                self.types.insert((text("group"), text("kind")), own);
            }
        }
    }

    /// Merge keys of a CustomResourceDefinition.
    fn definition(&mut self, document: &Node) {
        let (Some(group), Some(kind)) =
            (document.text_at(&["spec", "group"]), document.text_at(&["spec", "names", "kind"]))
        else {
            return;
        };
        for version in document.at(&["spec", "versions"]).map_or(&[][..], Node::items) {
            if let Some(schema) = version.at(&["schema", "openAPIV3Schema"]) {
                let own = own(schema, None, 0);
                if !own.is_empty() {
                    self.types.insert((group.to_owned(), kind.to_owned()), own);
                }
            }
        }
    }

    /// kustomize's own form of `crds`: definitions by name, whose fields say what they refer to.
    fn references_of(&mut self, document: &Node) {
        for definition in document.entries() {
            let properties = schema_of(&definition.value).get("properties");
            let is_kind = ["apiVersion", "kind", "metadata"]
                .iter()
                .all(|key| properties.is_some_and(|properties| properties.get(key).is_some()));
            let kind = definition.key.text.rsplit('.').next().unwrap_or_default();
            if is_kind {
                self.fields_of(document, schema_of(&definition.value), kind, &mut Vec::new());
            }
        }
    }

    fn fields_of(&mut self, all: &Node, schema: &Node, kind: &str, path: &mut Vec<String>) {
        if path.len() > DEEPEST {
            return;
        }
        for property in schema.get("properties").map_or(&[][..], Node::entries) {
            path.push(property.key.text.to_string());
            let field = |more: &str| Field {
                group: String::new(),
                version: String::new(),
                kind: kind.to_owned(),
                path: path.iter().cloned().chain((!more.is_empty()).then(|| more.to_owned())).collect(),
                create: false,
            };
            let says = |key: &str| property.value.get(key).is_some();
            if let Some(named) = property.value.text_at(&["x-kubernetes-object-ref-kind"]) {
                let name = property.value.text_at(&["x-kubernetes-object-ref-name-key"]).unwrap_or("name");
                let version =
                    property.value.text_at(&["x-kubernetes-object-ref-api-version"]).unwrap_or_default();
                let group = version.split_once('/').map_or("", |(group, _)| group).to_owned();
                let (field, form) = (field(name), Form::Name);
                self.references.push(Reference { group, kind: named.to_owned(), field, form });
            }
            if says("x-kubernetes-annotation") {
                self.annotations.push(field(""));
            }
            if says("x-kubernetes-label-selector") {
                self.common_labels.push(field(""));
            }
            if says("x-kubernetes-identity") {
                self.prefix.push(field(""));
            }
            let inner = property.value.text_at(&["$ref"]).and_then(|name| all.get(name)).map(schema_of);
            self.fields_of(all, inner.unwrap_or(&property.value), kind, path);
            path.pop();
        }
    }
}

/// A schema that refers to itself ends here.
const DEEPEST: usize = 24;

/// Of a definition in kustomize's form of `crds`.
fn schema_of(definition: &Node) -> &Node {
    definition.get("Schema").or_else(|| definition.get("schema")).unwrap_or(definition)
}

/// The merge keys of a type and of all that is in it.
fn own(schema: &Node, definitions: Option<&Node>, depth: usize) -> Own {
    let mut own_type = Own::default();
    if depth > DEEPEST {
        return own_type;
    }
    let resolved = |node: &Node| {
        let name = node.text_at(&["$ref"]).and_then(|path| path.strip_prefix("#/definitions/"));
        name.and_then(|name| definitions?.get(name)).cloned()
    };
    for property in schema.get("properties").map_or(&[][..], Node::entries) {
        let value = &property.value;
        let target = resolved(value);
        let is_list = value.text_at(&["type"]) == Some("array");
        let inner = match value.get("items").filter(|_| is_list) {
            Some(items) => {
                own(resolved(items).as_ref().unwrap_or(items), definitions, depth.saturating_add(1))
            }
            None => own(target.as_ref().unwrap_or(value), definitions, depth.saturating_add(1)),
        };
        let strategy = value.text_at(&["x-kubernetes-patch-strategy"]).unwrap_or_default();
        let merges = strategy.split(',').any(|word| word == "merge");
        let map_keys: Vec<String> = value
            .get("x-kubernetes-list-map-keys")
            .map_or(&[][..], Node::items)
            .iter()
            .filter_map(|key| key.as_text().map(str::to_owned))
            .collect();
        let merge_key = value.text_at(&["x-kubernetes-patch-merge-key"]).filter(|_| merges);
        let is_scalars = !matches!(
            value.get("items").and_then(|items| items.get("properties")).map(|node| &node.value),
            Some(Value::Map(_))
        );
        let field = match (is_list, merge_key) {
            (true, _) if !map_keys.is_empty() => OwnField::Keyed(map_keys),
            (true, Some(key)) => OwnField::Keyed(vec![key.to_owned()]),
            (true, None) if merges && is_scalars => OwnField::Set,
            (false, _) if strategy == "replace" => OwnField::Replace,
            _ => OwnField::Plain,
        };
        if !matches!(field, OwnField::Plain) || !inner.is_empty() {
            own_type.insert(property.key.text.to_string(), field, inner);
        }
    }
    own_type
}
