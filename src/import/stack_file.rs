//! stack.yaml: what the objects say of the cluster, and what people have to fill in.

use std::collections::{BTreeMap, BTreeSet};

use super::machine::machine;
use super::world::{World, is_machine};
use super::{Wish, house};
use crate::check::{is_given, joined_names};
use crate::k3s::{Release, Version};
use crate::kube::{Object, Target};
use crate::source::Span;
use crate::yaml::{Build, Node};

/// What typed apps need of stack.yaml.
#[derive(Default)]
pub(super) struct Needs {
    /// Middlewares that routes of apps name, by their names: one a namespace, all the same.
    pub(super) middlewares: BTreeMap<String, Vec<usize>>,
    /// Objects of `manifests/` that apps may only name when they are declared: `KIND/NAMESPACE/NAME`.
    pub(super) external: BTreeSet<String>,
}

/// What stands where nobody knows the machines.
const NO_NODES: &str = "\
# TODO: the machines, which manifests do not name; pods are placed on them, and their images proved to run there.\n\
# Write what `kubectl get nodes -o wide` shows, or import once more with the nodes beside the manifests:\n\
#   kubectl get nodes -o yaml > nodes.yaml\n\
# nodes:\n\
#   NAME: {arch: amd64, ip: 192.168.1.10, roles: [control-plane]}\n";

/// The namespace that apps need not say: the one of most objects, where each says its own; else the one that an object has
/// which says none.
pub(super) fn namespace(world: &World<'_>) -> String {
    let said = |object: &Object| object.id.namespace.is_none() || says_namespace(object);
    if !world.kept().all(|(_, object)| said(object)) {
        return "default".to_owned();
    }
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for namespace in world.kept().filter_map(|(_, object)| object.id.namespace.as_deref()) {
        let count = counts.entry(namespace).or_default();
        *count = count.saturating_add(1);
    }
    let most = counts.into_iter().min_by_key(|(_, count)| std::cmp::Reverse(*count));
    most.map_or("default", |(namespace, _)| namespace).to_owned()
}

/// Whether the user wrote its namespace: then it has a place of its own.
fn says_namespace(object: &Object) -> bool {
    let place = |path: &[&str]| object.body.at(path).map(|node| node.span);
    place(&["metadata", "namespace"]) != place(&["metadata", "name"])
}

/// The k3s release: the one that was told, else that of all machines.
pub(super) fn release<'a>(world: &'a World<'_>, wish: &'a Wish) -> Option<&'a str> {
    let machines = world.objects.iter().filter(|object| is_machine(object));
    let runs = |node: &'a Object| node.body.text_at(&["status", "nodeInfo", "kubeletVersion"]);
    let all: BTreeSet<Option<&str>> = machines.map(runs).collect();
    let only = all.first().copied().flatten().filter(|_| all.len() == 1);
    wish.k3s.as_deref().or(only.filter(|text| Version::parse(text).is_ok()))
}

/// The text of stack.yaml.
pub(super) fn text(world: &World<'_>, wish: &Wish, namespace: &str, needs: &Needs) -> String {
    let mut text = String::new();
    if let Some(schema) = &wish.schema {
        text.push_str(&format!("# yaml-language-server: $schema={schema}/stack.json\n"));
    }
    text.push_str("stackc: 1\n");
    if let Some(name) = &wish.own_name {
        text.push_str(&format!("name: {name}\n"));
    }
    match release(world, wish) {
        Some(release) => text.push_str(&format!("k3s: {release}\n")),
        None => text.push_str(&format!(
            "# TODO: your release, as `k3s --version` prints it; this is the newest that stackc knows\nk3s: {}\n",
            Release::newest_known()
        )),
    }
    let Some(span) = world.objects.first().map(|object| object.body.span) else { return text };
    let nodes = world.objects.iter().filter(|object| is_machine(object));
    let nodes =
        nodes.fold(Build::at(span), |build, node| build.with(node.id.name.clone(), machine(node))).node();
    if nodes.entries().is_empty() {
        text.push_str(NO_NODES);
    }
    let own = (namespace != "default").then(|| Node::text(span, namespace.to_owned()));
    let mut tree = Build::at(span)
        .maybe("namespace", own)
        .unless_empty("nodes", nodes)
        .unless_empty("namespaces", namespaces(world, span))
        .unless_empty("middlewares", middlewares(world, needs, span))
        .unless_empty("secrets", secrets(world, namespace, span))
        .unless_empty("external", external(world, namespace, needs, span))
        .node();
    house::escape(&mut tree);
    house::map(&tree, &mut text);
    text
}

/// Namespaces that the input takes for granted: the stack makes none of them.
fn namespaces(world: &World<'_>, span: Span) -> Node {
    let used: BTreeSet<&str> =
        world.kept().filter_map(|(_, object)| object.id.namespace.as_deref()).collect();
    let made = |name: &&str| {
        *name == "default" || name.starts_with("kube-") || world.find("Namespace", "", name).is_some()
    };
    let elsewhere = used.into_iter().filter(|name| !made(name));
    let node = || Build::at(span).bool("create", false).node();
    elsewhere.fold(Build::at(span), |build, name| build.with(name.to_owned(), node())).node()
}

fn middlewares(world: &World<'_>, needs: &Needs, span: Span) -> Node {
    let specs = needs.middlewares.iter().filter_map(|(name, all)| {
        let first = all.first().map(|at| world.object(*at))?;
        Some((name, first.body.get("spec")?))
    });
    specs.fold(Build::at(span), |build, (name, spec)| build.with(name.clone(), spec.clone())).node()
}

/// What is known of a Secret that something uses.
#[derive(Default)]
struct Used<'a> {
    keys: BTreeSet<&'a str>,
    /// Something uses all its keys, whatever they are.
    whole: bool,
    kind: Option<&'static str>,
    namespaces: BTreeSet<&'a str>,
}

/// Objects that serve a certificate.
const SERVING: [&str; 4] = ["IngressRoute", "IngressRouteTCP", "Ingress", "TLSStore"];

/// Secrets that are used and not among the objects, with the keys that are asked for. Never a value.
fn secrets(world: &World<'_>, namespace: &str, span: Span) -> Node {
    let mut all: BTreeMap<&str, Used<'_>> = BTreeMap::new();
    for (_, object) in world.kept() {
        let own = object.id.namespace.as_deref().unwrap_or_default();
        for reference in World::references(object) {
            let Some(name) = reference.name.as_text().filter(|_| reference.target == Target::Secret) else {
                continue;
            };
            if name.is_empty() || reference.optional || world.find("Secret", own, name).is_some() {
                continue;
            }
            let used = all.entry(name).or_default();
            used.namespaces.insert(own);
            match reference.key.and_then(Node::as_text) {
                Some(key) => drop(used.keys.insert(key)),
                None if SERVING.contains(&object.id.kind.as_str()) => used.kind = Some("kubernetes.io/tls"),
                None if is_pull_secret(object, reference.name) => {
                    used.kind = Some("kubernetes.io/dockerconfigjson");
                }
                None => used.whole = true,
            }
        }
    }
    let text = |text: &str| Node::text(span, text.to_owned());
    let list = |words: &BTreeSet<&str>| Node::list(span, words.iter().map(|word| text(word)));
    let secret = |used: &Used<'_>| {
        let keys = if used.whole { Node::list(span, []) } else { list(&used.keys) };
        let elsewhere = used.namespaces.iter().any(|own| *own != namespace);
        let more = Build::at(span)
            .maybe("type", used.kind.map(text))
            .maybe("namespaces", elsewhere.then(|| list(&used.namespaces)))
            .node();
        if used.kind.is_some() && used.keys.is_empty() {
            more
        } else {
            super::short::short("keys", keys, more)
        }
    };
    all.iter()
        .fold(Build::at(span), |build, (name, used)| build.with((*name).to_owned(), secret(used)))
        .node()
}

fn is_pull_secret(object: &Object, name: &Node) -> bool {
    let list = crate::kube::Pod::of(object).and_then(|pod| pod.spec.get("imagePullSecrets"));
    list.map_or(&[][..], Node::items)
        .iter()
        .filter_map(|item| item.get("name"))
        .any(|own| own.span == name.span)
}

/// What is used, is no Secret, and is not among the objects.
fn external(world: &World<'_>, namespace: &str, needs: &Needs, span: Span) -> Node {
    let mut all = needs.external.clone();
    for (_, object) in world.kept() {
        let own = object.id.namespace.as_deref().unwrap_or_default();
        for reference in World::references(object) {
            let space = reference.namespace.and_then(Node::as_text).unwrap_or(own);
            let space = if reference.target.is_cluster_wide() { "" } else { space };
            let (kind, Some(name)) = (reference.target.kind(), reference.name.as_text()) else { continue };
            let known = name.is_empty()
                || world.find(kind, space, name).is_some()
                || is_given(kind, space, name, |_| false);
            if known || reference.optional || reference.target == Target::Secret {
                continue;
            }
            all.insert(if space == namespace || space.is_empty() {
                format!("{kind}/{name}")
            } else {
                format!("{kind}/{space}/{name}")
            });
        }
        for (kind, joined) in joined_names(object) {
            all.extend(elsewhere(world, kind, joined, own));
        }
    }
    Node::list(span, all.into_iter().map(|word| Node::text(span, word)))
}

/// What an annotation of Traefik names, if it is not among the objects. A namespace of the input that the name begins with
/// is taken for its own.
fn elsewhere(world: &World<'_>, kind: &str, joined: &str, own: &str) -> Option<String> {
    let join = |object: &Object| {
        let namespace = object.id.namespace.as_deref().unwrap_or_default();
        object.id.kind == kind && joined == format!("{namespace}-{}", object.id.name)
    };
    if world.objects.iter().any(join) {
        return None;
    }
    let spaces = world.objects.iter().filter_map(|object| object.id.namespace.as_deref());
    let mut all: Vec<(&str, &str)> = [own]
        .into_iter()
        .chain(spaces)
        .filter_map(|space| Some((space, joined.strip_prefix(space)?.strip_prefix('-')?)))
        .collect();
    all.sort_by_key(|(space, _)| space.len());
    let (space, name) = all.pop().or_else(|| joined.split_once('-'))?;
    Some(format!("{kind}/{space}/{name}"))
}
