//! What an overlay varies: its `base`, and the name that it has from it (schema.md 1.6).

use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::{Layer, Part, Span};
use crate::yaml::{Entry, KEY_MISSING, Key, Node};

/// A base that cannot be one.
pub static BASE_INVALID: Code = Code {
    name: "base-invalid",
    severity: Severity::Error,
    page: Page {
        about: "`base` names the folder of one stack or overlay by its path from this one. It lies inside the repository,\n\
                and does not vary this overlay itself.",
        bad: "# overlay.yaml\nstackc: 1\nbase: ../nowhere\n",
        good: "# overlay.yaml\nstackc: 1\nbase: ../home\n\
               # ../home/stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\n\
               # ../home/apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

/// The base that an overlay names, taken out of its tree.
pub(super) fn take(layer: &Layer, tree: &mut Node, found: &mut Findings) -> Option<Node> {
    if layer.part != Part::Overlay {
        return None;
    }
    if tree.as_map().is_some() && tree.get("stackc").is_none() {
        let finding = Finding::new(&KEY_MISSING, tree.span, "the key `stackc` is missing").help("stackc: 1");
        if tree.text_at(&["kind"]) == Some("Kustomization") {
            found.push(finding.help("a kustomization is called kustomization.yaml"));
            return None;
        }
        found.push(finding);
    }
    let base = tree.as_map_mut().and_then(|map| map.remove("base")).map(|entry| entry.value);
    match &base {
        None => found.push(
            Finding::new(
                &KEY_MISSING,
                tree.span,
                "an overlay says what it varies: the key `base` is missing",
            )
            .help(bases(tree).unwrap_or_else(|| "base: ../../stacks/NAME".to_owned())),
        ),
        Some(base) if base.as_text().is_none() => found.push(
            Finding::new(&BASE_INVALID, base.span, format!("`base` wants a folder, this is {}", base.kind()))
                .help("base: ../../stacks/NAME"),
        ),
        Some(_) => {}
    }
    base.filter(|base| base.as_text().is_some())
}

/// The base, where it is written as in a kustomization.
fn bases(tree: &Node) -> Option<String> {
    let list = tree.get("bases").or(tree.get("resources"))?;
    let first = list.items().first().unwrap_or(list);
    first.as_text().map(|text| format!("base: {text}"))
}

/// The name of a stack or overlay: what it says, else its folder's.
fn name(layer: &Layer, tree: Option<Node>) -> String {
    let folder = || layer.root.file_name().unwrap_or_default().to_string_lossy().into_owned();
    tree.and_then(|name| name.as_text().map(str::to_owned)).unwrap_or_else(folder)
}

/// Takes the name out of a base's tree, for it is the base's own. An overlay that has none is named after both.
pub(super) fn rename(
    (base, base_tree): (&Layer, &mut Node),
    (overlay, tree): (&Layer, &mut Node),
    asked: Span,
) {
    let taken = base_tree.as_map_mut().and_then(|map| map.remove("name")).map(|entry| entry.value);
    if let Some(map) = tree.as_map_mut()
        && map.get("name").is_none()
    {
        let text = format!("{}-{}", name(base, taken), name(overlay, None));
        let key = Key { span: asked, text: "name".into() };
        map.entries.push(Entry { key, value: Node::text(asked, text) });
    }
}
