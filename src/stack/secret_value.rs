//! Values of Secrets never stand in a stack: a stack lies in a repository.

use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::yaml::{Entry, Node, Value};

/// A value where keys are wanted.
pub static SECRET_VALUE: Code = Code {
    name: "secret-value",
    severity: Severity::Error,
    page: Page {
        about: "`secrets` names Secrets that exist in the cluster and the keys in them, never their values: a stack\n\
                lies in a repository, where a value would stay readable for ever. Take it out, change it if it was\n\
                committed, make the Secret with kubectl, and name its keys.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {registry.example/web: [amd64]}\nsecrets: {web: {password: swordfish}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\nsecrets: {web: [password]}\n",
    },
};

/// What a Secret under `secrets` may say.
const KEYS: [&str; 4] = ["keys", "keysFrom", "namespaces", "type"];

/// Takes values out of `secrets` and tells where they stand, without showing them.
pub fn refuse_values(stack: &mut Node, found: &mut Findings) {
    let Some(Value::Map(secrets)) =
        stack.as_map_mut().and_then(|map| map.get_mut("secrets")).map(|node| &mut node.value)
    else {
        return;
    };
    for Entry { key: name, value } in &mut secrets.entries {
        let Some(secret) = value.as_map_mut() else { continue };
        let is_value =
            |entry: &Entry| entry.value.written().is_some() && nearest(&entry.key.text, KEYS).is_none();
        let told = secret.entries.iter().filter(|entry| is_value(entry));
        let names: Vec<&str> = told.clone().map(|entry| entry.key.text.as_ref()).collect();
        for entry in told {
            found.push(
                Finding::new(
                    &SECRET_VALUE,
                    entry.value.span,
                    format!("a value of the Secret `{}` stands in the stack", name.text),
                )
                .secret()
                .help(format!("name its keys alone: {}: [{}]", name.text, names.join(", "))),
            );
        }
        secret.entries.retain(|entry| !is_value(entry));
    }
}
