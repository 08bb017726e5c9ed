//! `labels`, `commonLabels`, `commonAnnotations`: pairs put into maps of many objects.

use std::collections::BTreeSet;

use crate::finding::{Finding, Findings, Severity, list_all, nearest};
use crate::source::Span;
use crate::transform::codes::INSTRUCTION_NO_MATCH;
use crate::transform::field::{Field, Row, steps};
use crate::transform::kustomization::{FieldSpec, Labels};
use crate::transform::resource::Resources;
use crate::yaml::{Key, Map, Named, Node, Spanned, Value};

/// The labels of every object.
const METADATA: Row = ("", "", "", "metadata/labels", true);

/// The labels of claims that a StatefulSet makes.
const CLAIMS: Row = ("apps", "", "StatefulSet", "spec/volumeClaimTemplates[]/metadata/labels", true);

/// The labels of pods, and of what makes them or is made for them.
pub const TEMPLATES: &[Row] = &[
    ("", "v1", "ReplicationController", "spec/template/metadata/labels", true),
    ("", "", "Deployment", "spec/template/metadata/labels", true),
    ("", "", "ReplicaSet", "spec/template/metadata/labels", true),
    ("", "", "DaemonSet", "spec/template/metadata/labels", true),
    ("apps", "", "StatefulSet", "spec/template/metadata/labels", true),
    CLAIMS,
    ("batch", "", "Job", "spec/template/metadata/labels", true),
    ("batch", "", "CronJob", "spec/jobTemplate/metadata/labels", true),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/labels", true),
];

/// Selectors, and the terms in pods that select other pods.
pub const SELECTORS: &[Row] = &[
    ("", "v1", "Service", "spec/selector", true),
    ("", "v1", "ReplicationController", "spec/selector", true),
    ("", "", "Deployment", "spec/selector/matchLabels", true),
    ("", "", "ReplicaSet", "spec/selector/matchLabels", true),
    ("", "", "DaemonSet", "spec/selector/matchLabels", true),
    ("apps", "", "StatefulSet", "spec/selector/matchLabels", true),
    ("batch", "", "Job", "spec/selector/matchLabels", false),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/selector/matchLabels", false),
    ("policy", "", "PodDisruptionBudget", "spec/selector/matchLabels", false),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/podSelector/matchLabels", false),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/ingress/from/podSelector/matchLabels", false),
    ("networking.k8s.io", "", "NetworkPolicy", "spec/egress/to/podSelector/matchLabels", false),
];

/// Kinds whose pods select others, and the terms that do.
const AFFINE: [&str; 2] = ["Deployment", "StatefulSet"];
const TERMS: [&str; 5] = [
    "affinity/podAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector",
    "affinity/podAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector",
    "affinity/podAntiAffinity/preferredDuringSchedulingIgnoredDuringExecution/podAffinityTerm/labelSelector",
    "affinity/podAntiAffinity/requiredDuringSchedulingIgnoredDuringExecution/labelSelector",
    "topologySpreadConstraints/labelSelector",
];

/// The annotations of every object, and of pods.
pub const ANNOTATIONS: &[Row] = &[
    ("", "", "", "metadata/annotations", true),
    ("", "v1", "ReplicationController", "spec/template/metadata/annotations", true),
    ("", "", "Deployment", "spec/template/metadata/annotations", true),
    ("", "", "ReplicaSet", "spec/template/metadata/annotations", true),
    ("", "", "DaemonSet", "spec/template/metadata/annotations", true),
    ("apps", "", "StatefulSet", "spec/template/metadata/annotations", true),
    ("batch", "", "Job", "spec/template/metadata/annotations", true),
    ("batch", "", "CronJob", "spec/jobTemplate/metadata/annotations", true),
    ("batch", "", "CronJob", "spec/jobTemplate/spec/template/metadata/annotations", true),
];

/// The fields of labels that go everywhere.
pub fn everywhere() -> Vec<Field> {
    let terms = AFFINE.iter().flat_map(|kind| {
        TERMS.iter().map(|term| Field {
            group: "apps".to_owned(),
            version: String::new(),
            kind: (*kind).to_owned(),
            path: steps(&format!("spec/template/spec/{term}/matchLabels")),
            create: false,
        })
    });
    let rows = SELECTORS.iter().chain(TEMPLATES).chain([&METADATA]).map(Field::from);
    rows.chain(terms).collect()
}

/// The fields of one entry of `labels`.
pub fn fields(entry: &Labels, common: &[Field], templates: &[Field], every: &[Field]) -> Vec<Field> {
    let mut fields: Vec<Field> = entry.fields.iter().map(field).collect();
    fields.extend_from_slice(every);
    if entry.include_selectors == Some(true) {
        fields.extend_from_slice(common);
        return fields;
    }
    if entry.include_templates == Some(true) {
        fields.extend_from_slice(templates);
    }
    if entry.include_volume_claim_templates == Some(true) {
        fields.push(Field::from(&CLAIMS));
    }
    fields.push(Field::from(&METADATA));
    fields
}

/// Tells a field that is in no object: nobody has its kind, or nothing lies there.
pub fn tell(entry: &Labels, resources: &mut Resources, severity: Severity, found: &mut Findings) {
    let Some((first, _)) = entry.pairs.iter().next() else { return };
    for spec in &entry.fields {
        let (own, mut is_of, mut reached) = (field(spec), false, false);
        for resource in resources.bodies_mut().filter(|resource| own.is_of(&resource.id)) {
            is_of = true;
            own.visit(&mut resource.body, &Value::Null, first.span, &mut |_| reached = true);
            if reached {
                break;
            }
        }
        if !reached {
            let finding = if is_of { nowhere(spec) } else { of_nobody(spec, resources) };
            found.push(finding.weighs(severity));
        }
    }
}

fn nowhere(spec: &FieldSpec) -> Finding {
    let path = &spec.path;
    let message = format!("no object here has the field `{}`", path.value);
    let finding = Finding::new(&INSTRUCTION_NO_MATCH, path.span, message);
    if spec.create == Some(true) { finding } else { finding.help("to make it: create: true") }
}

fn of_nobody(spec: &FieldSpec, resources: &Resources) -> Finding {
    let kinds: BTreeSet<&str> = resources.iter().map(|resource| resource.id.kind.as_str()).collect();
    let wanted = spec.kind.as_ref().filter(|kind| !kinds.contains(kind.value.as_str()));
    let said = [&spec.kind, &spec.group, &spec.version].map(|text| text.as_ref());
    let place = wanted.or_else(|| said.into_iter().flatten().next()).unwrap_or(&spec.path);
    let all: Vec<&str> = said.into_iter().flatten().map(|text| text.value.as_str()).collect();
    let message = format!("no object here is a {}", all.join(", "));
    let near = wanted.and_then(|kind| nearest(&kind.value, kinds.iter().copied()));
    let help = match near {
        Some(near) => Some(format!("did you mean `{near}`?")),
        None if kinds.is_empty() => None,
        None => Some(format!("kinds here: {}", list_all(kinds.into_iter().take(12)))),
    };
    Finding::new(&INSTRUCTION_NO_MATCH, place.span, message).maybe_help(help)
}

/// A field as a user says it.
pub fn field(spec: &FieldSpec) -> Field {
    let text =
        |text: &Option<Spanned<String>>| text.as_ref().map_or(String::new(), |text| text.value.clone());
    Field {
        group: text(&spec.group),
        version: text(&spec.version),
        kind: text(&spec.kind),
        path: steps(&spec.path.value),
        create: spec.create == Some(true),
    }
}

/// Puts pairs into fields.
pub fn apply(pairs: &Named<Spanned<String>>, fields: &[Field], resources: &mut Resources) {
    let Some((first, _)) = pairs.iter().next() else { return };
    for resource in resources.bodies_mut() {
        for field in fields.iter().filter(|field| field.is_of(&resource.id)) {
            let blank = Value::Map(Map::default());
            field.visit(&mut resource.body, &blank, first.span, &mut |node| put(node, pairs));
        }
    }
}

fn put(node: &mut Node, pairs: &Named<Spanned<String>>) {
    if matches!(node.value, Value::Null) {
        node.value = Value::Map(Map::default());
    }
    let Some(map) = node.as_map_mut() else { return };
    for (key, value) in pairs.iter() {
        let span: Span = value.span;
        if map.get(&key.value).and_then(Node::as_text) != Some(&value.value) {
            map.set(
                Key { span: key.span, text: key.value.clone().into() },
                Node::text(span, value.value.clone()),
            );
        }
    }
}
