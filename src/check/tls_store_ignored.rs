//! TLSStores and TLSOptions that Traefik passes over.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Object;

/// A TLSStore that does nothing.
pub static CODE: Code = Code {
    name: "tls-store-ignored",
    severity: Severity::Error,
    page: Page {
        about: "Traefik takes the TLSStore `default` alone, and TLSOptions of that name hold for all routes that name no\n\
                others. There may be one of each in the whole cluster: of two in different namespaces it takes neither,\n\
                and serves its own certificate.",
        bad: "# manifests/tls.yaml\napiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: default}\n\
              spec: {minVersion: VersionTLS12}\n---\napiVersion: traefik.io/v1alpha1\nkind: TLSOption\n\
              metadata: {name: default, namespace: kube-system}\nspec: {minVersion: VersionTLS13}\n",
        good: "# manifests/tls.yaml\napiVersion: traefik.io/v1alpha1\nkind: TLSOption\nmetadata: {name: default}\n\
               spec: {minVersion: VersionTLS12}\n",
    },
};

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let mut first: [Option<&Object>; 2] = [None, None];
    for object in facts.objects.iter().filter(|object| object.id.group().starts_with("traefik.")) {
        let seen = match (object.id.kind.as_str(), first.each_mut()) {
            ("TLSStore", [store, _]) => store,
            ("TLSOption", [_, options]) => options,
            _ => continue,
        };
        if object.id.name != "default" {
            if object.id.kind == "TLSStore" {
                found.push(other_name(object));
            }
            continue;
        }
        match seen {
            Some(before) if before.id.namespace != object.id.namespace => found.push(
                Finding::new(&CODE, object.place(), format!("two {}s are called `default`, and Traefik takes neither", object.id.kind))
                    .label(format!("of {}", object.id.namespace.as_deref().unwrap_or("default")))
                    .also(before.place(), format!("of {}", before.id.namespace.as_deref().unwrap_or("default")))
                    .help("keep one of them"),
            ),
            Some(_) => {}
            None => *seen = Some(object),
        }
    }
}

fn other_name(object: &Object) -> Finding {
    Finding::new(&CODE, object.place(), format!("Traefik takes the TLSStore `default` alone, not `{}`", object.id.name))
        .weighs(Severity::Warning)
        .help("name: default")
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    fn object(kind: &str, name: &str, namespace: &str) -> String {
        format!(
            "apiVersion: traefik.io/v1alpha1\nkind: {kind}\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{}}\n---\n"
        )
    }

    #[test]
    fn one_default_in_the_cluster() {
        for (first, second, told_of) in [
            (object("TLSStore", "default", "a"), object("TLSOption", "default", "b"), 0),
            (object("TLSStore", "default", "a"), object("TLSStore", "default", "b"), 1),
            (object("TLSOption", "default", "a"), object("TLSOption", "default", "b"), 1),
            (object("TLSOption", "strict", "a"), object("TLSOption", "strict", "b"), 0),
            (object("TLSStore", "web", "a"), object("TLSOption", "strict", "b"), 1),
        ] {
            assert_eq!(told(super::run, "", &format!("{first}{second}")).len(), told_of, "{first}{second}");
        }
    }
}
