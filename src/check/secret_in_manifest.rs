//! Values of Secrets in plain manifests.

use std::borrow::Cow;

use data_encoding::BASE64_MIME_PERMISSIVE;

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::{Object, Unit};
use crate::kube::exposed::{exposed, exposes};
use crate::yaml::{Entry, Node};

/// A Secret with its values in the repository.
pub static CODE: Code = Code {
    name: "secret-in-manifest",
    severity: Severity::Warning,
    page: Page {
        about: "A Secret in `manifests` holds its values as they are: base64 hides nothing from whoever reads the\n\
                repository, now or in its history. Make the Secret with kubectl, or keep it encrypted beside the stack\n\
                (`keysFrom`), and declare its keys. Values that are empty, encrypted or placeholders are none.",
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
                if exposes(&key.text, &text).is_none() && exposed(&text).is_none() {
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
    }
}
