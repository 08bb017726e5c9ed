//! stack.yaml over what it includes and varies, from a tree to the typed stack.

use crate::finding::Findings;
use crate::lock::{self, Lock};
use crate::source::{Part, Sources};
use crate::stack::expand::{self, expand};
use crate::stack::layers::{self, Layers};
use crate::stack::{self, Network, Stack, StackFile};
use crate::template::Templates;
use crate::yaml::{self, Build, Map, Node, Value};

/// stack.yaml over what it includes: templates filled, decoded, understood. With it what it says of all apps, and what
/// templates know.
pub(super) fn cluster(
    layers: &Layers,
    folder: &str,
    sources: &Sources,
    found: &mut Findings,
) -> (Option<Stack>, Option<Node>, Templates) {
    let Some(mut tree) = layers.tree.clone() else {
        return (None, None, Templates::new(Map::default()));
    };
    stack::refuse_values(&mut tree, found);
    let defaults = tree.as_map_mut().and_then(|map| map.remove("defaults")).map(|entry| entry.value);
    if let Some(defaults) = &defaults {
        layers::check_defaults(defaults, found);
    }
    let vars = vars(&tree, found);
    stack::check_vars(&vars, found);
    let early = Templates::new(vars.clone());
    fill_cluster(&mut tree, &early, sources, found);
    let templates = Templates::new(names(vars, &tree, folder));
    stack::refuse_keys(&mut tree, found);
    let file: Option<StackFile> = yaml::decode(&tree, found);
    let span = layers.folders.last().map_or(tree.span, |folder| folder.file.start());
    let stack = file.and_then(|file| stack::resolve(file, span, folder, found));
    let stack = stack.map(|stack| stack.pinned(locked(layers, sources, found)));
    (stack, defaults, templates)
}

/// The stack's lock; of an overlay, its own over those of what it varies.
fn locked(layers: &Layers, sources: &Sources, found: &mut Findings) -> Lock {
    let varied = layers.folders.iter().filter(|folder| folder.part != Part::Include);
    let locks = varied.map(|folder| folder.lock);
    let locks = locks.map(|file| file.map(|file| lock::read(sources, file, found)).unwrap_or_default());
    locks.reduce(|base, own| own.over(base)).unwrap_or_default()
}

fn vars(tree: &Node, found: &mut Findings) -> Map {
    let vars = tree.get("vars");
    if let Some(vars) = vars.filter(|vars| vars.as_map().is_none()) {
        found.push(yaml::wrong_type(vars, "vars", "a map"));
    }
    vars.and_then(Node::as_map).cloned().unwrap_or_default()
}

/// Keys of stack.yaml that are read before any template can be.
pub const NOT_FILLED: [&str; 3] = ["stackc", "k3s", "vars"];

/// What is filled once apps' addresses are known: a middleware asks an app who may come in, Traefik sends an app its
/// traces.
const FILLED_LATE: [&[&str]; 2] = [&["middlewares"], &["ingress", "values"]];

fn fill_cluster(tree: &mut Node, templates: &Templates, sources: &Sources, found: &mut Findings) {
    let later: Vec<&[&str]> = NOT_FILLED.iter().map(std::slice::from_ref).chain(FILLED_LATE).collect();
    fill_but(tree, &later, templates, sources, found);
    // A template may have made one item where a list may stand.
    expand(tree, expand::STACK);
}

/// Fills all that is below none of the paths in `later`.
fn fill_but(
    node: &mut Node,
    later: &[&[&str]],
    templates: &Templates,
    sources: &Sources,
    found: &mut Findings,
) {
    let Some(map) = node.as_map_mut().filter(|_| !later.is_empty()) else {
        return templates.scope().fill(node, sources, found);
    };
    for entry in &mut map.entries {
        let key = entry.key.text.as_ref();
        let below: Vec<&[&str]> = later
            .iter()
            .filter_map(|path| path.split_first())
            .filter(|(first, _)| **first == key)
            .map(|(_, rest)| rest)
            .collect();
        if !below.iter().any(|path| path.is_empty()) {
            fill_but(&mut entry.value, &below, templates, sources, found);
        }
    }
}

/// What templates know beside the vars (schema.md S8).
fn names(mut names: Map, tree: &Node, folder: &str) -> Map {
    let span = tree.span;
    let name = tree.get("name").cloned().unwrap_or_else(|| Node::text(span, folder.to_owned()));
    let first = |node: &Node, key: &str| node.get(key).and_then(|list| list.items().first().cloned());
    let nodes =
        tree.get("nodes").map_or(&[][..], Node::entries).iter().fold(Build::at(span), |build, entry| {
            let node = Build::at(entry.value.span)
                .maybe("arch", entry.value.get("arch").cloned())
                .maybe("ip", first(&entry.value, "ip"))
                .maybe("publicIP", first(&entry.value, "publicIP"));
            build.with(entry.key.text.clone(), node.node())
        });
    let own = Build::at(span)
        .with("stack", Build::at(span).with("name", name).node())
        .with("nodes", nodes.node())
        .with("network", Network::known(tree.get("network"), span))
        .maybe("k3s", tree.at(&["k3s", "version"]).cloned())
        .node();
    if let Value::Map(own) = own.value {
        names.entries.extend(own.entries);
    }
    names
}
