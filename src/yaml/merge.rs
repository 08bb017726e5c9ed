//! One tree laid over another, places kept (schema.md S2).

use super::{Entry, Map, Node, Value};

/// Maps merge by key; scalars, lists and alternatives replace; null removes what lies beneath. Where nothing lies
/// beneath, the null stays, for the decoder to tell.
///
/// `alternatives` are places (`*` for any key) whose maps choose one of several forms, so that a mixture of two has
/// no meaning: an env value, a volume, a probe.
pub fn merge(under: Node, over: Node, alternatives: &[&[&str]]) -> Node {
    lay(under, over, alternatives, &mut Vec::new())
}

fn lay(under: Node, over: Node, alternatives: &[&[&str]], path: &mut Vec<String>) -> Node {
    match (under.value, over.value) {
        (Value::Map(under), Value::Map(over_map)) if !is_alternative(path, alternatives) => {
            Node { span: over.span, value: Value::Map(maps(under, over_map, alternatives, path)) }
        }
        (_, value) => Node { span: over.span, value },
    }
}

fn maps(mut under: Map, over: Map, alternatives: &[&[&str]], path: &mut Vec<String>) -> Map {
    // The keys of `over` differ from each other, so only those beneath need to be searched.
    let mut beneath = under.entries.len();
    for Entry { key, value } in over.entries {
        let Some(at) = under.entries.iter().take(beneath).position(|entry| entry.key.text == key.text) else {
            under.push(key, value);
            continue;
        };
        if matches!(value.value, Value::Null) {
            under.entries.remove(at);
            beneath = beneath.saturating_sub(1);
            continue;
        }
        if let Some(entry) = under.entries.get_mut(at) {
            path.push(key.text.to_string());
            let old = std::mem::replace(&mut entry.value, Node::null(key.span));
            entry.value = lay(old, value, alternatives, path);
            entry.key = key;
            path.pop();
        }
    }
    under
}

fn is_alternative(path: &[String], alternatives: &[&[&str]]) -> bool {
    alternatives.iter().any(|place| {
        place.len() == path.len() && place.iter().zip(path).all(|(key, part)| *key == "*" || key == part)
    })
}
