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
    let map = match &mut secrets.value {
        Value::Map(map) => map,
        Value::Null => return,
        _ => return found.hide(secrets.span),
    };
    for Entry { key: name, value } in &mut map.entries {
        if let Some(grown) = grown(value) {
            found.push(refused(&name.text, grown, "KEY"));
            grown.value = Value::List(Vec::new());
        }
        pairs(&name.text, value, found);
        let Some(secret) = value.as_map_mut() else { continue };
        if let Some(keys) = secret.get_mut("keys") {
            pairs(&name.text, keys, found);
        }
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

/// Takes keys with a value behind them out of a list: `password=hunter2`.
fn pairs(name: &str, keys: &mut Node, found: &mut Findings) {
    let Value::List(items) = &mut keys.value else { return };
    items.retain(|item| {
        let pair = item.as_text().and_then(|text| text.split_once(['=', ':']));
        if let Some((key, _)) = pair.filter(|(_, value)| !value.trim().is_empty()) {
            found.push(refused(name, item, key.trim()));
        }
        pair.is_none()
    });
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

#[cfg(test)]
mod tests {
    use super::refuse_values;
    use crate::finding::Findings;
    use crate::kube::tree::tree;
    use crate::yaml::Node;

    #[test]
    fn values_behind_keys_are_taken_out() {
        let json = serde_json::json!({"secrets": {"a": ["b", "c=hunter2", "d: hunter2"], "e": {"keys": ["f=hunter2"]}}});
        let (mut stack, mut found) = (tree(&json), Findings::default());
        refuse_values(&mut stack, &mut found);
        assert_eq!(stack.at(&["secrets", "a"]).map_or(0, |keys| keys.items().len()), 1);
        assert_eq!(stack.at(&["secrets", "e", "keys"]).map_or(&[][..], Node::items).len(), 0);
        let told = found.sorted();
        assert_eq!(told.len(), 3);
        assert!(told.iter().all(|finding| finding.secret && !finding.words().contains("hunter2")));
    }
}
