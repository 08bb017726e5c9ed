//! What exists in the cluster without stackc, and may be named.

use super::invalid::value_invalid;
use crate::finding::Findings;
use crate::yaml::Spanned;

/// An object that exists without stackc.
#[derive(Debug)]
pub struct External {
    /// Its kind.
    pub kind: String,
    /// Its namespace; none: in any.
    pub namespace: Option<String>,
    /// Its name.
    pub name: String,
}

/// `KIND/NAME` or `KIND/NAMESPACE/NAME`.
pub(super) fn external(text: &Spanned<String>, found: &mut Findings) -> Option<External> {
    let parts: Vec<&str> = text.value.split('/').collect();
    let (kind, namespace, name) = match parts.as_slice() {
        [kind, name] if parts.iter().all(|part| !part.is_empty()) => (kind, None, name),
        [kind, namespace, name] if parts.iter().all(|part| !part.is_empty()) => {
            (kind, Some((*namespace).to_owned()), name)
        }
        _ => {
            found.push(
                value_invalid(text.span, format!("`{}` names no object", text.value))
                    .help("external: [ConfigMap/settings, ServiceAccount/monitoring/prometheus]"),
            );
            return None;
        }
    };
    Some(External { kind: (*kind).to_owned(), namespace, name: (*name).to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::Span;

    fn spanned(text: &str) -> Spanned<String> {
        Spanned { span: Span::from_numbers([0, 0, 0]), value: text.to_owned() }
    }

    #[test]
    fn external_things_are_named_by_kind_and_name() {
        let read = |text: &str| {
            let mut found = Findings::default();
            let external = external(&spanned(text), &mut found);
            assert_eq!(external.is_none(), found.errors() == 1, "{text}");
            external.map(|External { kind, namespace, name }| (kind, namespace, name))
        };
        let row = |kind: &str, namespace: Option<&str>, name: &str| {
            Some((kind.to_owned(), namespace.map(str::to_owned), name.to_owned()))
        };
        assert_eq!(read("ConfigMap/settings"), row("ConfigMap", None, "settings"));
        assert_eq!(read("ConfigMap/home/settings"), row("ConfigMap", Some("home"), "settings"));
        for text in ["", "settings", "ConfigMap/", "/settings", "ConfigMap//settings", "a/b/c/d"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
