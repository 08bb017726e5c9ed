//! Addresses in texts (`http://web.default.svc:80`): no reference that could be followed, so a Service that gets another
//! name or namespace leaves them behind.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::Span;
use crate::transform::resource::{Id, Resources};
use crate::yaml::{Node, Value};

/// An address of a Service that is called otherwise now.
pub static ADDRESS_RENAMED: Code = Code {
    name: "address-renamed",
    severity: Severity::Error,
    page: Page {
        about: "A text holds the address of a Service (NAME.NAMESPACE.svc), and `kustomize` gives that Service another\n\
                name or namespace: nothing answers there any more. Names in references are followed, names inside texts\n\
                are not, since any text may hold any word. A stack or overlay changes `namespace` itself, and templates\n\
                such as {{ apps.web.host }} follow.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\nkustomize: {namePrefix: new-}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
              env: {SELF: \"http://{{ apps.web.host }}/\"}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\nkustomize: {namePrefix: new-}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
               env: {SELF: \"http://new-web.default.svc/\"}\n",
    },
};

/// A Service's new name, and what asked for it.
type Renamed = BTreeMap<String, (String, Span)>;

/// Tells every text with an address that leads nowhere now.
pub fn tell(resources: &Resources, found: &mut Findings) {
    let renamed = renamed(resources);
    if renamed.is_empty() {
        return;
    }
    for resource in resources.iter() {
        texts(&resource.body, &mut |node, text| {
            let Some((old, (new, asked))) = addresses(text).find_map(|host| renamed.get_key_value(host))
            else {
                return;
            };
            let message = format!("nothing answers at {old}: the Service is {new} now");
            found.push(
                Finding::new(&ADDRESS_RENAMED, node.span, message)
                    .also(*asked, "renamed here")
                    .help(format!("write {new}, or leave the Service its name")),
            );
        });
    }
}

fn address(id: &Id) -> String {
    format!("{}.{}.svc", id.name, id.scope())
}

fn renamed(resources: &Resources) -> Renamed {
    let services = || resources.iter().filter(|resource| resource.id.kind == "Service");
    let now: BTreeSet<String> = services().map(|service| address(&service.id)).collect();
    let mut renamed = Renamed::new();
    for service in services() {
        for id in service.before.iter().filter(|id| !now.contains(&address(id))) {
            let key = if id.name == service.id.name { "namespace" } else { "name" };
            let asked = service.body.at(&["metadata", key]).map_or(service.body.span, |node| node.span);
            renamed.insert(address(id), (address(&service.id), asked));
        }
    }
    renamed
}

/// Every `NAME.NAMESPACE.svc` in a text.
fn addresses(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices(".svc").filter_map(|(at, end)| {
        let after = text.get(at.saturating_add(end.len())..)?;
        let before = text.get(..at)?;
        let name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '.';
        let ends = !after.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        let start = before.trim_end_matches(name).len();
        text.get(start..at.saturating_add(end.len())).filter(|_| ends)
    })
}

fn texts<'n>(node: &'n Node, visit: &mut impl FnMut(&'n Node, &'n str)) {
    match &node.value {
        Value::Text(text) if text.contains(".svc") => visit(node, text),
        Value::List(items) => items.iter().for_each(|item| texts(item, visit)),
        Value::Map(map) => map.entries.iter().for_each(|entry| texts(&entry.value, visit)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::addresses;

    #[test]
    fn addresses_are_found_in_texts() {
        for (text, expected) in [
            ("http://web.default.svc:80/", &["web.default.svc"][..]),
            ("a.b.svc.cluster.local, c.d.svc", &["a.b.svc", "c.d.svc"]),
            ("web.default.svcs x.svc-y", &[]),
            ("", &[]),
        ] {
            assert_eq!(addresses(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }
}
