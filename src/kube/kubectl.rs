//! Lines of kubectl for people to paste.

use crate::kube::ObjectId;

/// The line that deletes an object by hand.
pub fn delete(id: &ObjectId) -> String {
    let kind = id.kind.to_ascii_lowercase();
    // With its group: `Service` and `Ingress` are names of several kinds on some clusters.
    let kind = if id.group().is_empty() { kind } else { format!("{kind}.{}", id.group()) };
    let namespace = id
        .namespace
        .as_ref()
        .map_or_else(String::new, |namespace| format!(" --namespace {}", word(namespace)));
    format!("kubectl delete {} {}{namespace}", word(&kind), word(&id.name))
}

/// A word for a shell.
pub fn word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_' | ':' | '/');
    if !text.is_empty() && !text.starts_with('-') && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_deletes() {
        let line = |api_version, kind, name: &str, namespace: Option<&str>| {
            let id = ObjectId {
                api_version: String::from(api_version),
                kind: String::from(kind),
                namespace: namespace.map(String::from),
                name: name.into(),
            };
            delete(&id)
        };
        assert_eq!(line("v1", "Namespace", "shop", None), "kubectl delete namespace shop");
        assert_eq!(
            line("apps/v1", "Deployment", "web", Some("default")),
            "kubectl delete deployment.apps web --namespace default"
        );
        assert_eq!(
            line("traefik.io/v1alpha1", "IngressRoute", "web", Some("a")),
            "kubectl delete ingressroute.traefik.io web --namespace a"
        );
        assert_eq!(
            line("v1", "Secret", "a'; rm -rf /", Some("-x")),
            "kubectl delete secret 'a'\\''; rm -rf /' --namespace '-x'"
        );
    }
}
