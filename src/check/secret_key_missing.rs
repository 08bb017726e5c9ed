//! Secrets that lack what their type asks for (`pkg/apis/core/validation`, `ValidateSecret`).

use data_encoding::BASE64_MIME_PERMISSIVE;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity, list};
use crate::kube::Object;
use crate::yaml::Node;

/// A key that a type must have.
pub static CODE: Code = Code {
    name: "secret-key-missing",
    severity: Severity::Error,
    page: Page {
        about: "A Secret of a type that Kubernetes knows lacks a key of that type, or a login for registries is no JSON:\n\
                the API server refuses the Secret. A certificate has `tls.crt` and `tls.key`, a login for registries\n\
                `.dockerconfigjson`.",
        bad: "# manifests/cert.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: cert, namespace: default}\n\
              type: kubernetes.io/tls\nstringData: {tls.crt: \"\"}\n",
        good: "# manifests/cert.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: cert, namespace: default}\n\
               type: kubernetes.io/tls\nstringData: {tls.crt: \"\", tls.key: \"\"}\n",
    },
};

/// What a type asks for.
enum Needs {
    All(&'static [&'static str]),
    Any(&'static [&'static str]),
    /// One key, whose value is JSON.
    Json(&'static str),
}

const TYPES: [(&str, Needs); 5] = [
    ("kubernetes.io/basic-auth", Needs::Any(&["username", "password"])),
    ("kubernetes.io/dockercfg", Needs::Json(".dockercfg")),
    ("kubernetes.io/dockerconfigjson", Needs::Json(".dockerconfigjson")),
    ("kubernetes.io/ssh-auth", Needs::All(&["ssh-privatekey"])),
    ("kubernetes.io/tls", Needs::All(&["tls.crt", "tls.key"])),
];

/// Tells each. Values are read, and never shown.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for object in facts.of("Secret").iter().filter(|object| object.id.api_version == "v1") {
        let Some(kind) = object.body.get("type") else { continue };
        let Some((name, needs)) = TYPES.iter().find(|row| Some(row.0) == kind.as_text()) else { continue };
        let missing = match needs {
            Needs::All(keys) => keys.iter().filter(|key| value(object, key).is_none()).copied().collect(),
            Needs::Any(keys) if keys.iter().all(|key| value(object, key).is_none()) => vec![*keys.first().unwrap_or(&"")],
            Needs::Json(key) if value(object, key).is_none() => vec![*key],
            Needs::Json(key) => {
                json(object, key, name, found);
                Vec::new()
            }
            Needs::Any(_) => Vec::new(),
        };
        if !missing.is_empty() {
            let message = format!("{} is of type {name} and has no {}", object.id, list(missing));
            found.push(Finding::new(&CODE, kind.span, message).note("the API server refuses it"));
        }
    }
}

fn json(object: &Object, key: &str, kind: &str, found: &mut Findings) {
    let Some((node, text)) = value(object, key) else { return };
    let is_json = text.is_none_or(|text| serde_json::from_slice::<serde::de::IgnoredAny>(&text).is_ok());
    if !is_json {
        let message = format!("`{key}` of {} is no JSON, its type {kind} wants that", object.id);
        found.push(Finding::new(&CODE, node.span, message).secret().note("the API server refuses it"));
    }
}

/// A key's value, as bytes where it can be read.
fn value<'a>(object: &'a Object, key: &str) -> Option<(&'a Node, Option<Vec<u8>>)> {
    if let Some(plain) = object.body.get("stringData").and_then(|map| map.get(key)) {
        return Some((plain, plain.as_text().map(|text| text.as_bytes().to_vec())));
    }
    let coded = object.body.get("data").and_then(|map| map.get(key))?;
    let bytes = coded.as_text().and_then(|text| BASE64_MIME_PERMISSIVE.decode(text.as_bytes()).ok());
    Some((coded, bytes))
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    fn of(kind: &str, data: &str) -> Vec<String> {
        let text = format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\ntype: kubernetes.io/{kind}\n{data}\n");
        told(super::run, "", &text)
    }

    #[test]
    fn each_type() {
        let tls = "kubernetes.io/tls: Secret default/a is of type kubernetes.io/tls and has no `tls.key`";
        assert_eq!(of("tls", "data: {tls.crt: AAAA}"), [tls]);
        assert_eq!(of("tls", "data: {tls.crt: AAAA}\nstringData: {tls.key: x}"), [""; 0]);
        assert_eq!(of("basic-auth", "stringData: {password: x}"), [""; 0]);
        assert_eq!(of("basic-auth", "stringData: {pass: x}").len(), 1);
        assert_eq!(of("ssh-auth", "stringData: {key: x}").len(), 1);
        assert_eq!(of("dockerconfigjson", "data: {a: AAAA}").len(), 1);
        assert_eq!(of("dockerconfigjson", "stringData: {.dockerconfigjson: \"{}\"}"), [""; 0]);
        assert_eq!(of("dockerconfigjson", "data: {.dockerconfigjson: e30=}"), [""; 0]);
        assert_eq!(of("dockerconfigjson", "stringData: {.dockerconfigjson: hunter2}").len(), 1);
        assert_eq!(of("service-account-token", ""), [""; 0]);
    }
}
