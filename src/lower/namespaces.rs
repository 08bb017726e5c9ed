//! The namespaces that the objects use, and those to which stack.yaml adds something.

use std::collections::BTreeMap;

use super::meta::{Head, object, overlay, stack_labels, texts};
use crate::finding::Findings;
use crate::k3s::KEEP;
use crate::kube::{Object, Unit};
use crate::source::Span;
use crate::stack::{Stack, value_invalid};
use crate::yaml::{Build, Key, Node, Spanned};

/// A Namespace for each one that an object lives in, except those that Kubernetes makes and those that are among the
/// objects already; and for each one that stack.yaml lists, unless another stack makes it. Where there is none, one for
/// what all objects will be put into (`later`).
pub fn namespaces(
    objects: &[Object],
    later: Option<&Spanned<String>>,
    stack: &Stack,
    found: &mut Findings,
) -> Vec<Object> {
    let mut wanted = used(objects);
    for (name, file) in stack.namespaces.iter() {
        if file.create == Some(false) {
            wanted.remove(name.value.as_str());
        } else {
            wanted.insert(&name.value, name.span);
        }
    }
    for own in objects.iter().filter(|object| object.id.kind == "Namespace") {
        wanted.remove(own.id.name.as_str());
        if let Some((name, _)) = stack.namespaces.iter().find(|(name, _)| name.value == own.id.name) {
            let message = format!("`{}` stands among the manifests, so nothing is added to it", name.value);
            found.push(
                value_invalid(name.span, message)
                    .also(own.body.span, "this one")
                    .help("say it there, or remove one of the two"),
            );
        }
    }
    if wanted.is_empty() {
        wanted
            .extend(later.map(|later| (later.value.as_str(), later.span)).filter(|(name, _)| is_made(name)));
    }
    made(wanted, stack)
}

/// The Namespaces that a change of the objects made necessary.
pub fn missing_namespaces(objects: &[Object], stack: &Stack) -> Vec<Object> {
    let mut wanted = used(objects);
    for own in objects.iter().filter(|object| object.id.kind == "Namespace") {
        wanted.remove(own.id.name.as_str());
    }
    wanted.retain(|name, _| stack.namespaces.get(name).and_then(|file| file.create) != Some(false));
    made(wanted, stack)
}

/// Kubernetes has the others.
fn is_made(namespace: &str) -> bool {
    namespace != "default" && !namespace.starts_with("kube-")
}

/// Namespaces that objects live in, and what first says so.
fn used(objects: &[Object]) -> BTreeMap<&str, Span> {
    let mut used = BTreeMap::new();
    for object in objects {
        let Some(namespace) = object.id.namespace.as_deref().filter(|name| is_made(name)) else { continue };
        let span = || object.body.at(&["metadata", "namespace"]).map_or(object.body.span, |node| node.span);
        used.entry(namespace).or_insert_with(span);
    }
    used
}

fn made(wanted: BTreeMap<&str, Span>, stack: &Stack) -> Vec<Object> {
    let named = |(name, span): (&str, Span)| Spanned { span, value: name.to_owned() };
    wanted.into_iter().map(|wanted| namespace(&named(wanted), stack)).collect()
}

fn namespace(name: &Spanned<String>, stack: &Stack) -> Object {
    let file = stack.namespaces.get(&name.value);
    let mut labels = stack_labels(stack, name.span);
    if let Some(map) = labels.as_map_mut() {
        map.push(Key { span: name.span, text: KEEP.0.into() }, Node::text(name.span, KEEP.1));
        if let Some(file) = file {
            overlay(map, &file.labels);
            map.entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
        }
    }
    let none = || Build::at(name.span).node();
    let head = Head {
        api_version: "v1",
        kind: "Namespace",
        name,
        namespace: None,
        labels,
        annotations: file.map_or_else(none, |file| texts(name.span, &file.annotations)),
    };
    object(Unit::Namespaces, head, Vec::new())
}

#[cfg(test)]
mod tests {
    use super::namespaces;
    use crate::finding::Findings;
    use crate::kube::{Unit, objects};
    use crate::source::Sources;
    use crate::stack;
    use crate::stack::expand::{self, expand};
    use crate::yaml::{Dialect, decode, read, read_typed};

    /// The namespaces' names and the labels of the team, and how much is wrong.
    fn made(listed: &str, used: &str) -> (Vec<String>, usize) {
        let (mut sources, mut found) = (Sources::default(), Findings::default());
        let text =
            format!("stackc: 1\nk3s: v1.37.1+k3s1\nnodes:\n  a: {{arch: amd64}}\nnamespaces: {listed}\n");
        let file = sources.add("stack.yaml".into(), Ok(text.into()));
        let mut tree = read_typed(&sources, file, &mut found).unwrap();
        expand(&mut tree, expand::STACK);
        let stack =
            stack::resolve(decode(&tree, &mut found).unwrap(), file.start(), "home", &mut found).unwrap();
        let text = format!("kind: List\nitems: {used}\n");
        let file = sources.add("manifests/a.yaml".into(), Ok(text.into()));
        let documents = read(&sources, file, Dialect::Manifest, &mut found);
        let unit = Unit::Manifest("a.yaml".into());
        let used: Vec<_> =
            documents.into_iter().flat_map(|one| objects(one, &unit, "default", &mut found)).collect();
        let told = |object: &crate::kube::Object| {
            let team = object.body.text_at(&["metadata", "labels", "team"]).unwrap_or("-");
            format!("{} {team}", object.id.name)
        };
        let made = namespaces(&used, None, &stack, &mut found).iter().map(told).collect();
        (made, found.errors())
    }

    fn object(namespace: &str) -> String {
        format!("{{apiVersion: v1, kind: ConfigMap, metadata: {{name: a, namespace: {namespace}}}}}")
    }

    #[test]
    fn used_ones_and_listed_ones_are_made() {
        let used = format!("[{}, {}, {}]", object("shop"), object("default"), object("kube-system"));
        assert_eq!(made("{}", &used), (vec!["shop -".to_owned()], 0));
        let listed = "{shop: {labels: {team: a}}, spare: {}, default: {labels: {team: b}}}";
        let all = ["default b", "shop a", "spare -"].map(str::to_owned).to_vec();
        assert_eq!(made(listed, &used), (all, 0));
    }

    #[test]
    fn one_that_another_makes_is_left_to_it() {
        assert_eq!(made("{shop: {create: false}}", &format!("[{}]", object("shop"))), (vec![], 0));
        let own = "[{apiVersion: v1, kind: Namespace, metadata: {name: shop}}]";
        assert_eq!(made("{}", own), (vec![], 0));
        assert_eq!(made("{shop: {labels: {team: a}}}", own), (vec![], 1));
    }
}
