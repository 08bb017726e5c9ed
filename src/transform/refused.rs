//! What kustomize does and stackc does not, each with what does the same.

use std::collections::BTreeSet;

use crate::finding::{Finding, Findings, Severity};
use crate::transform::codes::{KUSTOMIZATION_INVALID, KUSTOMIZATION_REFUSED};
use crate::transform::kustomization::Kustomization;
use crate::transform::load::{Input, Layer};
use crate::yaml::{Entry, Node, Spanned, Value, fields};

/// The field, why not, the way out.
const FIELDS: [(&str, &str, &str); 7] = [
    ("generators", "it starts programs", "render once and add the objects to `resources`"),
    (
        "transformers",
        "it starts programs, or configures kustomize's own",
        "use the field of the same name: `patches`, `labels`, `images` …",
    ),
    ("validators", "it starts programs", "check the output: stackc build . | stackc check --stack STACK -"),
    (
        "helmCharts",
        "it fetches and inflates charts",
        "render once: helm template NAME CHART > chart.yaml, and add it to `resources`",
    ),
    (
        "helmGlobals",
        "it fetches and inflates charts",
        "render once: helm template NAME CHART > chart.yaml, and add it to `resources`",
    ),
    (
        "helmChartInflationGenerator",
        "it fetches and inflates charts",
        "render once: helm template NAME CHART > chart.yaml, and add it to `resources`",
    ),
    ("inventory", "it is an old way to prune", "k3s prunes by its AddOns: stackc install"),
];

/// What a stack says elsewhere, and so does not say under `kustomize`.
const BESIDE: [(&str, &str, &str); 3] = [
    ("resources", RESOURCES, RESOURCES_HELP),
    ("bases", RESOURCES, RESOURCES_HELP),
    ("sortOptions", "k3s' folder has an order of its own: by file, and in a file by kind", "remove it"),
];

/// The way out of [`FIELDS`] in a stack, where nothing goes among `resources`.
const IN_STACK: [(&str, &str); 7] = [
    ("generators", "render once, and put the objects into manifests/"),
    ("transformers", "the field of the same name: `patches`, `labels`, `images` …"),
    ("validators", "leave it out: stackc check has checks of its own"),
    ("helmCharts", CHART_HELP),
    ("helmGlobals", CHART_HELP),
    ("helmChartInflationGenerator", CHART_HELP),
    ("inventory", "leave it out: k3s prunes by its AddOns, see stackc install"),
];
const CHART_HELP: &str = "helm template NAME CHART > manifests/NAME.yaml, or a HelmChart object in manifests/, which k3s installs by itself";
const RESOURCES: &str = "the objects are those of the stack";
const RESOURCES_HELP: &str =
    "plain manifests go into manifests/, a kustomization into manifests/NAME/kustomization.yaml";

/// Tells what says nothing under a stack's `kustomize`, and takes it out.
pub fn beside(tree: &mut Node, found: &mut Findings) {
    for (field, why, help) in BESIDE {
        if let Some(entry) = tree.as_map_mut().and_then(|map| map.remove(field)) {
            let severity = if field == "sortOptions" { Severity::Warning } else { Severity::Error };
            found.push(refusal(&entry, why).weighs(severity).help(help));
        }
    }
    for ((field, why, _), (_, help)) in FIELDS.into_iter().zip(IN_STACK) {
        let used = tree.get(field).is_some_and(is_used);
        if let Some(entry) = tree.as_map_mut().filter(|_| used).and_then(|map| map.remove(field)) {
            found.push(refusal(&entry, why).help(help));
        }
    }
    for entry in tree.entries().iter().filter(|entry| matches!(entry.value.value, Value::Null)) {
        let known = fields::<Kustomization>().contains(&entry.key.text.as_ref());
        if known {
            found.push(nothing(entry));
        }
    }
}

/// Layers add up, so that nothing is removed key by key.
fn nothing(entry: &Entry) -> Finding {
    let message =
        format!("`{}` holds nothing, and removes nothing of what layers beneath ask for", entry.key.text);
    Finding::new(&KUSTOMIZATION_INVALID, entry.key.span, message)
        .weighs(Severity::Warning)
        .help("leave it out; `kustomize: null` drops all that layers beneath ask for")
}

/// The keys that a stack's `kustomize` takes.
pub fn keys() -> impl Iterator<Item = &'static str> {
    let unread = ["apiVersion", "kind", "metadata", "vars"].into_iter();
    let refused = FIELDS.into_iter().chain(BESIDE).map(|(field, _, _)| field);
    let left_out: BTreeSet<&str> = unread.chain(refused).collect();
    fields::<Kustomization>().iter().copied().filter(move |key| !left_out.contains(key))
}

/// Tells each field that is not followed.
pub fn tell(tree: &Node, found: &mut Findings) {
    for (field, why, help) in FIELDS {
        if let Some(entry) =
            tree.as_map().and_then(|map| map.entry(field)).filter(|entry| is_used(&entry.value))
        {
            found.push(refusal(entry, why).help(help));
        }
    }
    if let Some(entry) = tree.as_map().and_then(|map| map.entry("vars")).filter(|entry| is_used(&entry.value))
    {
        vars(entry, found);
    }
    metadata(tree, found);
    if let Some(url) = tree.at(&["openapi"]).and_then(Node::as_map).and_then(|map| map.entry("url")) {
        found.push(
            refusal(url, "it fetches from the network")
                .help("keep a copy of the schema: openapi: {path: schema.json}"),
        );
    }
}

fn refusal(entry: &Entry, why: &str) -> Finding {
    Finding::new(
        &KUSTOMIZATION_REFUSED,
        entry.key.span,
        format!("`{}` is not followed: {why}", entry.key.text),
    )
}

/// An empty list asks for nothing.
fn is_used(node: &Node) -> bool {
    !matches!(node.value, Value::Null) && !matches!(&node.value, Value::List(items) if items.is_empty())
}

/// Each variable as the replacement that does the same; where `$(NAME)` stands is only known to the user.
fn vars(entry: &Entry, found: &mut Findings) {
    let mut finding = refusal(entry, "any text `$(NAME)` in any object would change");
    for variable in entry.value.items() {
        let text = |path: &[&str], or: &'static str| variable.text_at(path).unwrap_or(or).to_owned();
        let (name, kind, object) =
            (text(&["name"], "NAME"), text(&["objref", "kind"], "KIND"), text(&["objref", "name"], "NAME"));
        let field = text(&["fieldref", "fieldpath"], "metadata.name");
        let field = variable.text_at(&["fieldref", "fieldPath"]).map_or(field, str::to_owned);
        // An index of a variable is a step of a replacement.
        let field = field.replace('[', ".").replace(']', "");
        finding = finding.help(format!(
            "replacements: [{{source: {{kind: {kind}, name: {object}, fieldPath: {field}}}, \
             targets: [{{select: {{kind: KIND, name: NAME}}, fieldPaths: [PATH OF $({name})]}}]}}]"
        ));
    }
    found.push(finding);
}

/// `buildMetadata` that would write where things came from into the objects.
fn metadata(tree: &Node, found: &mut Findings) {
    for word in tree.get("buildMetadata").map_or(&[][..], Node::items) {
        let text = word.as_text().unwrap_or_default();
        if ["originAnnotations", "transformerAnnotations"].contains(&text) {
            let message =
                format!("`{text}` is not followed: every later change of a file would change the objects");
            found.push(
                Finding::new(&KUSTOMIZATION_REFUSED, word.span, message)
                    .help("leave it out; findings name file and line"),
            );
        }
    }
}

/// Tells a template in a kustomization among a stack's manifests, once a file: nothing fills it there.
pub fn templates(layer: &Layer, found: &mut Findings) {
    let (bad, odd) = braces(&layer.kustomization);
    if let Some((text, severity)) =
        bad.map(|text| (text, Severity::Error)).or(odd.map(|text| (text, Severity::Warning)))
    {
        let message = format!("`{}` stays as it is: a kustomization is no template", text.value);
        let finding = Finding::new(&KUSTOMIZATION_INVALID, text.span, message).weighs(severity);
        found.push(finding.help(
            "write the value itself, or say it under `kustomize:` of stack.yaml, where templates are filled",
        ));
    }
    for (_, input) in &layer.inputs {
        if let Input::Layer(inner) = input {
            templates(inner, found);
        }
    }
    layer.components.iter().for_each(|component| templates(component, found));
}

/// The first text with a template where Kubernetes takes none, and the first where it takes any text. Patches and literals
/// may well hold templates of other programs.
fn braces(own: &Kustomization) -> (Option<&Spanned<String>>, Option<&Spanned<String>>) {
    let is_template = |text: &&Spanned<String>| text.value.contains("{{");
    let names = [&own.name_prefix, &own.name_suffix, &own.namespace].into_iter().flatten();
    let images = own.images.iter().flat_map(|image| {
        [Some(&image.name), image.new_name.as_ref(), image.new_tag.as_ref(), image.digest.as_ref()]
            .into_iter()
            .flatten()
    });
    let pairs = own.labels.iter().map(|entry| &entry.pairs).chain([&own.common_labels]);
    let labels = pairs.flat_map(|pairs| pairs.iter().map(|(_, value)| value));
    let bad = names.chain(images).chain(labels).find(is_template);
    (bad, own.common_annotations.iter().map(|(_, value)| value).find(is_template))
}

/// Tells a path that leads to the network.
pub fn remote(text: &Spanned<String>, found: &mut Findings) -> bool {
    let path = text.value.as_str();
    let hosts = ["github.com", "gitlab.com", "bitbucket.org", "git@", "git::", "gh:", "s3::"];
    let is_remote =
        path.contains("://") || path.contains("?ref=") || hosts.iter().any(|host| path.starts_with(host));
    if is_remote {
        found.push(
            Finding::new(&KUSTOMIZATION_REFUSED, text.span, format!("`{path}` is not fetched: build never uses the network"))
                .help("keep a copy in the repository, as a git submodule or by git subtree add, and name its folder"),
        );
    }
    is_remote
}

#[cfg(test)]
mod tests {
    use super::keys;
    use crate::finding::Findings;
    use crate::kube::tree::tree;
    use crate::stack::foreign;

    #[test]
    fn each_key_is_known_where_it_stands_one_level_too_high() {
        let top = ["namespace"];
        let all: serde_json::Map<_, _> = keys()
            .chain(["sortOptions"])
            .filter(|key| !top.contains(key))
            .map(|key| (key.to_owned(), 1.into()))
            .collect();
        let (mut tree, mut found) = (tree(&all.clone().into()), Findings::default());
        foreign::kustomize(&mut tree, &mut found);
        let left: Vec<_> = tree.entries().iter().map(|entry| entry.key.text.to_string()).collect();
        assert_eq!(left, [""; 0]);
        assert_eq!(found.errors(), all.len());
    }
}
