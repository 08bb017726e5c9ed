//! Values of Secrets never stand in a stack: a stack lies in a repository.

use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::template::is_template;
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
    let Some(secrets) = stack.as_map_mut().and_then(|map| map.get_mut("secrets")) else { return };
    let Value::Map(map) = &mut secrets.value else { return found.hide(secrets.span) };
    for Entry { key: name, value } in &mut map.entries {
        if let Some(grown) = grown(value) {
            found.push(refused(&name.text, grown, "KEY"));
            grown.value = Value::List(Vec::new());
        }
        let Some(secret) = value.as_map_mut() else { continue };
        // Whatever else is wrong with it.
        let is_names =
            |entry: &Entry| KEYS.contains(&entry.key.text.as_ref()) && entry.value.as_map().is_none();
        secret.entries.iter().filter(|entry| !is_names(entry)).for_each(|entry| found.hide(entry.value.span));
        let is_value =
            |entry: &Entry| entry.value.written().is_some() && nearest(&entry.key.text, KEYS).is_none();
        let told = secret.entries.iter().filter(|entry| is_value(entry));
        let names: Vec<&str> = told.clone().map(|entry| entry.key.text.as_ref()).collect();
        for entry in told {
            found.push(refused(&name.text, &entry.value, &names.join(", ")));
        }
        secret.entries.retain(|entry| !is_value(entry));
    }
}

/// A text where a list of keys may stand, which `expand` took for one: its key has no place of its own.
fn grown(secret: &mut Node) -> Option<&mut Node> {
    let keys = secret.as_map_mut()?.entries.iter_mut().find(|entry| entry.key.text == "keys")?;
    let is_text =
        keys.key.span == keys.value.span && keys.value.written().is_some_and(|text| !is_template(&text));
    is_text.then_some(&mut keys.value)
}

fn refused(name: &str, value: &Node, keys: &str) -> Finding {
    Finding::new(&SECRET_VALUE, value.span, format!("a value of the Secret `{name}` stands in the stack"))
        .secret()
        .help(format!("name its keys alone: {name}: [{keys}]"))
}
