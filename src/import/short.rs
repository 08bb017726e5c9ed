//! Short forms, the way back from `stack::expand`: `x` for `{KEY: x}` where nothing else is said.

use crate::yaml::{Build, Node, Value};

/// The value alone, or under its key with what more there is.
pub(super) fn short(key: &'static str, value: Node, more: Node) -> Node {
    if more.entries().is_empty() {
        return value;
    }
    let build = Build::at(value.span).with(key, value);
    let Value::Map(more) = more.value else { return build.node() };
    more.entries.into_iter().fold(build, |build, entry| build.with(entry.key.text, entry.value)).node()
}

/// A map that may be the value itself: a list of names where one alone needs no list.
pub(super) fn one_or_all(list: &Node) -> Node {
    match list.items() {
        [one] => one.clone(),
        _ => list.clone(),
    }
}
