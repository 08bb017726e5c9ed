//! Values of Secrets in plain manifests, and in generators and patches.

use std::borrow::Cow;
use std::collections::BTreeMap;

use data_encoding::BASE64_MIME_PERMISSIVE;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::{Object, Unit};
use crate::kube::exposed::{exposed, is_meant};
use crate::source::Span;
use crate::yaml::{Entry, Node};

/// A Secret with its values in the repository.
pub static CODE: Code = Code {
    name: "secret-in-manifest",
    severity: Severity::Warning,
    page: Page {
        about: "A Secret in `manifests`, or one that `secretGenerator` makes or a patch fills, has its values in the\n\
                repository: base64 hides nothing from whoever reads it, now or in its history. Make the Secret with\n\
                kubectl, or keep it encrypted beside the stack (`keysFrom`), and declare its keys. Values that are\n\
                empty, encrypted or placeholders are none, nor are certificates and what a key such as `username` or\n\
                `host` holds.",
        bad: "# manifests/login.yaml\napiVersion: v1\nkind: Secret\nmetadata: {name: login, namespace: default}\n\
              stringData: {password: hunter2}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\nsecrets: {login: [password]}\n",
    },
};

/// Tells each value, and shows none.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    if !facts.whole {
        return;
    }
    let written = |object: &Object| {
        matches!(object.unit, Unit::Manifest(_) | Unit::Generated) && object.id.group().is_empty()
    };
    for object in facts.of("Secret").iter().filter(|object| written(object)) {
        for (place, keys) in plain_keys(&object.body) {
            let (values, them) =
                if keys.len() == 1 { ("value", "it") } else { ("values", "them") };
            let quoted = format!("`{}`", keys.join("`, `"));
            let lies = if keys.len() == 1 { "lies" } else { "lie" };
            let message = format!("the {values} of {quoted} of {} {lies} in the repository", object.id);
            let (name, keys) = (&object.id.name, keys.join(", "));
            found.push(
                Finding::new(&CODE, place, message)
                    .secret()
                    .help(format!("make it with kubectl, and declare it: secrets: {{{name}: [{keys}]}}"))
                    .note(format!("who can read the repository has {them}, from its history as well: change {them}")),
            );
        }
    }
}

/// Keys whose values are as they are, by the place that they stand at: a generator's file may hold many.
fn plain_keys(secret: &Node) -> BTreeMap<Span, Vec<&str>> {
    let mut keys: BTreeMap<Span, Vec<&str>> = BTreeMap::new();
    for field in ["data", "stringData"] {
        for Entry { key, value } in secret.get(field).map_or(&[][..], Node::entries) {
            let text = value.written().and_then(|text| plain(text, field));
            if text.is_some_and(|text| is_secret(&key.text, &text)) {
                keys.entry(value.span).or_default().push(&key.text);
            }
        }
    }
    keys
}

/// Words at the end of keys whose values are no secrets by themselves, even in a Secret.
const OPEN: [&str; 18] = [
    "bucket", "crt", "database", "db", "domain", "email", "endpoint", "host", "hostname", "login", "name", "namespace",
    "port", "pub", "region", "type", "user", "username",
];
/// Texts that are there to be known.
const PUBLIC: [&str; 3] = ["-----BEGIN CERTIFICATE", "-----BEGIN PUBLIC KEY", "ssh-"];

/// Whether a key's value is there to be kept: nearly all that somebody puts into a Secret.
fn is_secret(key: &str, text: &str) -> bool {
    let last = key.rsplit(|c: char| !c.is_ascii_alphanumeric()).next().unwrap_or(key);
    let open = OPEN.iter().any(|word| word.eq_ignore_ascii_case(last))
        || PUBLIC.iter().any(|start| text.trim_start().starts_with(start));
    exposed(text).is_some() || (!open && is_meant(text) && !is_empty(text))
}

/// JSON that holds nothing: `{"auths": {}}`.
fn is_empty(text: &str) -> bool {
    fn has_none(value: &serde_json::Value) -> bool {
        match value {
            serde_json::Value::Array(items) => items.iter().all(has_none),
            serde_json::Value::Object(map) => map.values().all(has_none),
            serde_json::Value::String(text) => text.is_empty(),
            _ => true,
        }
    }
    text.trim_start().starts_with('{') && serde_json::from_str(text).is_ok_and(|value| has_none(&value))
}

/// A value as it is, where it is text.
fn plain<'a>(text: Cow<'a, str>, field: &str) -> Option<Cow<'a, str>> {
    if field == "stringData" {
        return Some(text);
    }
    let bytes = BASE64_MIME_PERMISSIVE.decode(text.as_bytes()).ok()?;
    String::from_utf8(bytes).ok().map(Cow::Owned)
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    fn of(data: &str) -> usize {
        told(super::run, "", &format!("apiVersion: v1\nkind: Secret\nmetadata: {{name: a}}\n{data}\n")).len()
    }

    #[test]
    fn plain_values() {
        assert_eq!(of("stringData: {password: hunter2, user: admin}"), 1);
        assert_eq!(of("data: {password: aHVudGVyMg==}"), 1);
        assert_eq!(of("stringData: {tls.key: \"-----BEGIN PRIVATE KEY-----\\nMIIE\"}"), 1);
        assert_eq!(of("stringData: {password: \"\", token: changeme, key: \"ENC[AES256_GCM,data:x]\"}"), 0);
        assert_eq!(of("data: {password: \"\"}"), 0);
        for key in "a config.json .dockerconfigjson credentials key secret rclone.conf app.env config.yaml kubeconfig \
                    id_rsa cookie url"
            .split_whitespace()
        {
            assert_eq!(of(&format!("stringData: {{{key}: Zq7hunter2}}")), 1, "{key}");
            assert_eq!(of(&format!("stringData: {{{key}: \"\"}}")), 0, "{key}");
        }
        assert_eq!(of("stringData: {app.conf: \"a = b\\n$x\\n\"}"), 1);
        assert_eq!(of("stringData: {.dockerconfigjson: '{\"auths\": {}}'}"), 0);
        assert_eq!(of("stringData: {.dockerconfigjson: '{\"auths\":{\"r\":{\"auth\":\"bWU6aHVudGVyMg==\"}}}'}"), 1);
        for open in ["username: admin", "DB_HOST: db.example.org", "ca.crt: \"-----BEGIN CERTIFICATE-----\\nMIIE\"", "usage: \"true\""] {
            assert_eq!(of(&format!("stringData: {{{open}}}")), 0, "{open}");
        }
    }
}
