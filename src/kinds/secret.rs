//! Keys of Secrets where a kind wants a credential. The credential itself never stands in a stack (schema.md S14).

use serde::Deserialize;

use super::Asked;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::Span;
use crate::yaml::{Build, Node, Spanned, Value, decode};

/// A credential in plain text.
pub static SECRET_IN_TEXT: Code = Code {
    name: "secret-in-text",
    severity: Severity::Error,
    page: Page {
        about: "A password, a key or a configuration with such in it stands in the stack as text. It would lie in the\n\
                manifest, in git and in the cluster's store for all to read. Put it into a Secret with kubectl, say\n\
                under `secrets` in stack.yaml that it exists, and name the Secret and the key here.",
        bad: concat!(
            "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n",
            "platforms: {pgsty/silo: [amd64]}\nsecrets: {minio: [user]}\n",
            "# apps/minio.yaml\nkind: minio\nimage: pgsty/silo:RELEASE.2026-09-01T00-00-00Z\n",
            "data: {emptyDir: 10Gi}\nrootUser: {secret: minio, key: user}\nrootPassword: hunter2hunter2\n",
            "hosts: {s3: s3.example.org}\n"
        ),
        good: concat!(
            "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n",
            "platforms: {pgsty/silo: [amd64]}\nsecrets: {minio: [user, password]}\n",
            "# apps/minio.yaml\nkind: minio\nimage: pgsty/silo:RELEASE.2026-09-01T00-00-00Z\n",
            "data: {emptyDir: 10Gi}\nrootUser: {secret: minio, key: user}\nrootPassword: {secret: minio, key: password}\n",
            "hosts: {s3: s3.example.org}\n"
        ),
    },
};

/// A key of a Secret.
#[derive(Deserialize)]
pub(super) struct SecretKey {
    /// The Secret.
    pub(super) secret: Spanned<String>,
    /// Its key.
    pub(super) key: Spanned<String>,
}

impl SecretKey {
    /// What stands there; text was told by [`not_in_text`].
    pub(super) fn of(value: &Node, found: &mut Findings) -> Option<SecretKey> {
        if is_text(value) { None } else { decode(value, found) }
    }

    /// As a value of the environment.
    pub(super) fn env(&self) -> Node {
        Build::at(self.secret.span)
            .with("secret", (&self.secret).into())
            .with("key", (&self.key).into())
            .node()
    }
}

/// Tells credentials in plain text, under a kind's own keys (each by its path, parted by dots) or as values of the
/// program's environment. Called before anything else can fail, so that no finding in the same line shows one.
pub(super) fn not_in_text(
    own: &Node,
    keys: &[&str],
    asked: &Asked<'_>,
    variables: &[&str],
    found: &mut Findings,
) {
    for key in keys {
        let path: Vec<&str> = key.split('.').collect();
        if let Some(value) = own.at(&path).filter(|value| is_text(value)) {
            let name = path.last().copied().unwrap_or(key);
            found.push(in_text(key, value.span).help(format!("{name}: {{secret: NAME, key: KEY}}")));
        }
    }
    for name in variables {
        if let Some(value) = asked.said.at(&["env", name, "value"]) {
            found
                .push(in_text(name, value.span).help(format!("env: {{{name}: {{secret: NAME, key: KEY}}}}")));
        }
    }
}

/// Anything but the map that is wanted.
fn is_text(value: &Node) -> bool {
    !matches!(value.value, Value::Map(_) | Value::Null)
}

/// The finding, which shows no character of what it marks.
pub(super) fn in_text(name: &str, span: Span) -> Finding {
    Finding::new(&SECRET_IN_TEXT, span, format!("`{name}` is written in clear text"))
        .label("belongs into a Secret")
        .note("it would lie in the manifest, in git and in the cluster's store")
        .secret()
}
