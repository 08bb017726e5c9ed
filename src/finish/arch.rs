//! `arch: auto`: the architectures that all images of a pod run on, as required node affinity (schema.md S9). Made last,
//! for a patch may have changed an image.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::{Image, Object, Platform, Pod};
use crate::source::Span;
use crate::stack::{Declared, Stack};
use crate::yaml::{Build, Node, Value};

/// What `auto` came to.
pub static ARCH_CHOSEN: Code = Code {
    name: "arch-chosen",
    severity: Severity::Note,
    page: Page {
        about: "`arch: auto` keeps a pod to architectures that all its images run on. This tells which those are. It is\n\
                written into the manifest even where it shuts out no node, so that a node that joins later cannot\n\
                break the proof.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nplace: {arch: auto}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nplace: {arch: amd64}\n",
    },
};

/// No architecture runs all images.
pub static ARCH_NONE_COMMON: Code = Code {
    name: "arch-none-common",
    severity: Severity::Error,
    page: Page {
        about: "`arch: auto` finds no architecture that all images of the pod run on (or only such that labels cannot\n\
                tell from others: arm/v6 and arm/v7 bear the same label). Use other images, or name nodes.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64], registry.example/side: [arm64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nplace: {arch: auto}\n\
              sidecars: {side: {image: \"registry.example/side:1.0\"}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64], registry.example/side: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nplace: {arch: amd64}\n\
               sidecars: {side: {image: \"registry.example/side:1.0\"}}\n",
    },
};

/// Writes the affinity of every workload that asks for it.
pub(super) fn choose(objects: &mut [Object], stack: &Stack, found: &mut Findings) {
    // `defaults` asks for all apps at one place: one finding tells them all.
    let mut chosen: BTreeMap<Span, BTreeMap<String, Vec<String>>> = BTreeMap::new();
    for object in objects {
        let Some(span) = object.arch_auto else { continue };
        let Some(built) = images(object, stack) else { continue };
        let labels = labels(stack, &built);
        if labels.is_empty() {
            let message = format!("no architecture runs all images of {}", object.id);
            let notes = built
                .iter()
                .map(|declared| format!("{}: {}", declared.image.value, words(&declared.platforms)));
            let finding = Finding::new(&ARCH_NONE_COMMON, span, message);
            found.push(notes.fold(finding, Finding::note));
            // That some image runs nowhere of what is left would be an echo.
            let places = Pod::of(object).into_iter().flat_map(|pod| pod.containers().collect::<Vec<_>>());
            places.filter_map(|container| container.image).for_each(|image| found.give_up(image.span));
            continue;
        }
        let list = labels.iter().copied().collect::<Vec<_>>().join(", ");
        chosen.entry(span).or_default().entry(list).or_default().push(object.id.to_string());
        if let Some(spec) = Pod::spec_mut(object) {
            require(spec, span, &labels);
        }
    }
    for (span, by_list) in chosen {
        found.push(told(span, &by_list));
    }
}

/// Workloads by what they keep to.
fn told(span: Span, by_list: &BTreeMap<String, Vec<String>>) -> Finding {
    let count: usize = by_list.values().map(Vec::len).sum();
    if let (1, Some((list, names))) = (count, by_list.first_key_value()) {
        return Finding::new(&ARCH_CHOSEN, span, format!("{} keeps to {list}", names.join(", ")));
    }
    let message = format!("`auto` keeps {count} workloads to what their images run on");
    let notes = by_list.iter().map(|(list, names)| format!("{list}: {}", names.join(", ")));
    notes.fold(Finding::new(&ARCH_CHOSEN, span, message), Finding::note)
}

fn words(platforms: &[Platform]) -> String {
    platforms.iter().map(|platform| platform.word()).collect::<Vec<_>>().join(", ")
}

/// What is known of each image; none if one is unknown, which another finding tells.
fn images<'s>(object: &Object, stack: &'s Stack) -> Option<Vec<&'s Declared>> {
    let pod = Pod::of(object)?;
    let declared = pod.containers().map(|container| {
        let image = Image::parse(container.image?.as_text()?).ok()?;
        stack.platforms.of(&image)
    });
    declared.collect()
}

/// Labels of architectures of which every node runs all images, and of those that no node has yet.
fn labels(stack: &Stack, images: &[&Declared]) -> BTreeSet<&'static str> {
    let on_node = |label: &str| {
        stack.nodes.iter().filter(move |node| node.platform.label() == label).collect::<Vec<_>>()
    };
    let fits = |platform: Platform, also: &[Platform]| {
        images.iter().all(|image| platform.runs(also, &image.platforms))
    };
    Platform::all()
        .filter(|platform| {
            let nodes = on_node(platform.label());
            let known = nodes.iter().all(|node| fits(node.platform, &node.also_runs));
            if nodes.is_empty() { fits(*platform, &[]) && is_told_by_label(*platform) } else { known }
        })
        .map(Platform::label)
        .collect()
}

/// arm/v6 and arm/v7 bear one label, so that a node of the other may join.
fn is_told_by_label(platform: Platform) -> bool {
    platform.label() == platform.word()
}

/// Adds the requirement to every required term, or makes one.
fn require(spec: &mut Node, span: Span, labels: &BTreeSet<&'static str>) {
    let expression = || {
        let values = labels.iter().map(|label| Node::text(span, *label));
        Build::at(span)
            .text("key", "kubernetes.io/arch")
            .text("operator", "In")
            .with("values", Node::list(span, values))
            .node()
    };
    let Some(terms) = terms(spec, span) else { return };
    if terms.is_empty() {
        terms.push(Build::at(span).with("matchExpressions", Node::list(span, [expression()])).node());
        return;
    }
    for term in terms {
        let Some(map) = term.as_map_mut() else { continue };
        if let Value::List(items) = &mut map.or_insert("matchExpressions", Node::list(span, [])).value {
            items.push(expression());
        }
    }
}

/// The pod's required node selector terms, made if they are missing.
fn terms(spec: &mut Node, span: Span) -> Option<&mut Vec<Node>> {
    let path = ["affinity", "nodeAffinity", "requiredDuringSchedulingIgnoredDuringExecution"];
    let required = path
        .into_iter()
        .try_fold(spec, |node, key| Some(node.as_map_mut()?.or_insert(key, Build::at(span).node())))?;
    match &mut required.as_map_mut()?.or_insert("nodeSelectorTerms", Node::list(span, [])).value {
        Value::List(terms) => Some(terms),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is told of workloads that keep to architectures: the message and the notes.
    fn of(kept: &[(&str, &[&str])]) -> (String, Vec<String>) {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let by_list = kept.iter().map(|(list, workloads)| ((*list).to_owned(), names(workloads))).collect();
        let finding = told(Span::from_numbers([0, 0, 0]), &by_list);
        assert_eq!(finding.code, &ARCH_CHOSEN);
        (finding.message.into_owned(), finding.notes.into_iter().map(Into::into).collect())
    }

    #[test]
    fn one_workload_is_named_and_several_are_grouped() {
        assert_eq!(
            of(&[("amd64", &["Deployment a/b"])]),
            ("Deployment a/b keeps to amd64".to_owned(), vec![])
        );
        let (message, notes) =
            of(&[("amd64, arm64", &["Deployment a/b", "Deployment a/c"]), ("amd64", &["CronJob a/d"])]);
        assert_eq!(message, "`auto` keeps 3 workloads to what their images run on");
        assert_eq!(notes, ["amd64: CronJob a/d", "amd64, arm64: Deployment a/b, Deployment a/c"]);
    }
}
