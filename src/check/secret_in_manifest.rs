//! Values of Secrets in plain manifests.

use std::borrow::Cow;

use data_encoding::BASE64_MIME_PERMISSIVE;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::{Object, Unit};
use crate::kube::exposed::{exposed, is_meant};
use crate::yaml::{Entry, Node};

/// A Secret with its values in the repository.
pub static CODE: Code = Code {
    name: "secret-in-manifest",
    severity: Severity::Warning,
    page: Page {
        about: "A Secret in `manifests` holds its values as they are: base64 hides nothing from whoever reads the\n\
                repository, now or in its history. Make the Secret with kubectl, or keep it encrypted beside the stack\n\
                (`keysFrom`), and declare its keys. Values that are empty, encrypted or placeholders are none, nor are\n\
                certificates and what a key such as `username` or `host` holds.",
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
    let written = |object: &Object| matches!(object.unit, Unit::Manifest(_)) && object.id.group().is_empty();
    for object in facts.of("Secret").iter().filter(|object| written(object)) {
        for field in ["data", "stringData"] {
            for Entry { key, value } in object.body.get(field).map_or(&[][..], Node::entries) {
                let Some(text) = value.written().and_then(|text| plain(text, field)) else { continue };
                if !is_secret(&key.text, &text) {
                    continue;
                }
                let message = format!("the value of `{}` of {} lies in the repository", key.text, object.id);
                let name = &object.id.name;
                found.push(
                    Finding::new(&CODE, value.span, message)
                        .secret()
                        .help(format!("make it with kubectl, and declare it: secrets: {{{name}: [{}]}}", key.text))
                        .note("who can read the repository has it, from its history as well: change it"),
                );
            }
        }
    }
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
