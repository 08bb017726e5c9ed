//! A field that changed, as it may be shown.

use super::field::{Field, Path, What};
use super::lines::{Sign, lines, near};
use super::veil::{self, Veil};
use crate::kube::Object;
use crate::source::Span;
use crate::yaml::scalar;
use crate::yaml::{Node, Value, write};

/// A field that changed; nothing secret is in it.
#[derive(Clone, Debug)]
pub struct Edit {
    /// Such as `spec.replicas`; empty for the whole object.
    pub path: String,
    /// What became of it.
    pub seen: Seen,
    /// What made the new value, in the new side's files.
    pub place: Option<Span>,
}

/// How a change is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Seen {
    /// Values of one line as YAML; none = the field is not there.
    Value(Option<String>, Option<String>),
    /// Texts, lists and maps: lines, those alike left out.
    Lines(Vec<Line>),
    /// The same items in another order: the new one.
    Order(Vec<String>),
    /// It changed, and is secret.
    Hidden,
}

/// A line of a long value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// What became of it.
    pub sign: Sign,
    /// Without its end.
    pub text: String,
}

/// All of an object that is new.
pub(super) fn whole(object: &Object, veil: &Veil<'_>) -> Edit {
    let body = veil.over(&Path::default(), &object.body);
    Edit { path: String::new(), seen: Seen::Lines(block(&body, Sign::New)), place: Some(object.body.span) }
}

/// A field as it may be shown.
pub(super) fn edit(field: &Field<'_>, old_veil: &Veil<'_>, new_veil: &Veil<'_>) -> Edit {
    let path = field.path.to_string();
    match &field.what {
        What::Order(new, labels) => Edit { path, seen: Seen::Order(labels.clone()), place: Some(new.span) },
        What::Value(old, new) => {
            let old = old.map(|node| (node, old_veil.over(&field.path, node)));
            let new = new.map(|node| (node, new_veil.over(&field.path, node)));
            let place = new.as_ref().map(|(node, _)| written(node));
            let hidden = |side: &Option<(&Node, Node)>| {
                side.as_ref().is_some_and(|(_, shown)| shown.as_text() == Some(veil::HIDDEN))
            };
            // What one side knows to be secret is secret in the other one too.
            let seen = match (&old, &new) {
                (Some(_), Some(_)) if hidden(&old) || hidden(&new) => Seen::Hidden,
                _ => seen(old, new),
            };
            Edit { path, seen, place }
        }
    }
}

/// Where a value is written. A map or a list that lowering made has the place of what made it, such as the container;
/// its first value has the user's line.
fn written(node: &Node) -> Span {
    match &node.value {
        Value::Map(map) => map.entries.first().map_or(node.span, |entry| written(&entry.value)),
        Value::List(items) => items.first().map_or(node.span, written),
        _ => node.span,
    }
}

/// Of a value as it is and as it may be shown.
fn seen(old: Option<(&Node, Node)>, new: Option<(&Node, Node)>) -> Seen {
    match (old, new) {
        (Some((old, old_shown)), Some((new, new_shown))) => {
            if is_short(&old_shown) && is_short(&new_shown) {
                let (old, new) = (inline(&old_shown), inline(&new_shown));
                return if old == new { Seen::Hidden } else { Seen::Value(Some(old), Some(new)) };
            }
            match (&old.value, &new.value) {
                (Value::Text(old), Value::Text(new)) => texts(old, new),
                _ => trees(&old_shown, &new_shown),
            }
        }
        (Some((_, shown)), None) if is_short(&shown) => Seen::Value(Some(inline(&shown)), None),
        (None, Some((_, shown))) if is_short(&shown) => Seen::Value(None, Some(inline(&shown))),
        (old, new) => {
            let lines = |side: Option<(&Node, Node)>, sign| side.map(|(_, shown)| block(&shown, sign));
            Seen::Lines(
                [lines(old, Sign::Old), lines(new, Sign::New)].into_iter().flatten().flatten().collect(),
            )
        }
    }
}

/// Compared as they are, shown as they may be: two secrets on one line differ although neither is shown.
fn texts(old: &str, new: &str) -> Seen {
    // An end that both have is no line.
    let (old, new) = match (old.strip_suffix('\n'), new.strip_suffix('\n')) {
        (Some(old), Some(new)) => (old, new),
        _ => (old, new),
    };
    let signs = lines(&old.split('\n').collect::<Vec<_>>(), &new.split('\n').collect::<Vec<_>>());
    let (old, new) = (veil::texts(old), veil::texts(new));
    let (old, new): (Vec<_>, Vec<_>) = (old.split('\n').collect(), new.split('\n').collect());
    Seen::Lines(told(signs, &old, &new))
}

fn trees(old: &Node, new: &Node) -> Seen {
    let text = |node| {
        let mut text = String::new();
        write::document(node, &mut text);
        text
    };
    let (old, new) = (text(old), text(new));
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    if old == new {
        return Seen::Hidden;
    }
    Seen::Lines(told(lines(&old, &new), &old, &new))
}

fn told<T: AsRef<str>>(signs: Vec<(Sign, usize)>, old: &[T], new: &[T]) -> Vec<Line> {
    let line = |(sign, at): (Sign, usize)| {
        let text: Option<&T> = match sign {
            Sign::Old => old.get(at),
            Sign::New | Sign::Same => new.get(at),
            Sign::Gap => None,
        };
        Line { sign, text: text.map_or_else(String::new, |text: &T| text.as_ref().to_owned()) }
    };
    near(signs).into_iter().map(line).collect()
}

fn block(node: &Node, sign: Sign) -> Vec<Line> {
    let mut text = String::new();
    write::document(node, &mut text);
    text.lines().map(|line| Line { sign, text: line.to_owned() }).collect()
}

/// Whether a value is one line.
fn is_short(node: &Node) -> bool {
    match &node.value {
        Value::Text(text) => !text.contains('\n'),
        Value::List(items) => items.is_empty(),
        Value::Map(map) => map.entries.is_empty(),
        _ => true,
    }
}

/// As people write it; text that would be read as something else in quotes.
pub fn inline(node: &Node) -> String {
    if let Some(text) = node.as_text().filter(|text| is_plain(text)) {
        return text.to_owned();
    }
    let mut text = String::new();
    write::document(node, &mut text);
    text.truncate(text.trim_end_matches('\n').len());
    text
}

/// Whether nobody takes the text for anything but itself.
fn is_plain(text: &str) -> bool {
    matches!(scalar::plain(text), scalar::Scalar::Text)
        && !text.is_empty()
        && text.trim() == text
        && !text.starts_with(['"', '\'', '{', '['])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::{Value as Json, json};

    use super::*;
    use crate::diff::field::fields;
    use crate::kube::tree::tree;

    fn told(secret: bool, old: &Json, new: &Json) -> Vec<String> {
        let (old, new) = (tree(old), tree(new));
        let marked = BTreeSet::new();
        let veil = Veil { secret, marked: &marked };
        let line = |line: &Line| match line.sign {
            Sign::Same => format!(" {}", line.text),
            Sign::Old => format!("-{}", line.text),
            Sign::New => format!("+{}", line.text),
            Sign::Gap => "..".to_owned(),
        };
        let show = |edit: Edit| match &edit.seen {
            Seen::Value(old, new) => {
                format!(
                    "{}: {} -> {}",
                    edit.path,
                    old.as_deref().unwrap_or("no"),
                    new.as_deref().unwrap_or("no")
                )
            }
            Seen::Lines(lines) => {
                format!("{}: {}", edit.path, lines.iter().map(line).collect::<Vec<_>>().join("|"))
            }
            Seen::Order(labels) => format!("{}: order {}", edit.path, labels.join(" ")),
            Seen::Hidden => format!("{}: hidden", edit.path),
        };
        fields(&old, &new).iter().map(|field| show(edit(field, &veil, &veil))).collect()
    }

    #[test]
    fn values_are_told_as_yaml() {
        for (old, new, expected) in [
            (json!({"a": 1}), json!({"a": "1"}), "a: 1 -> \"1\""),
            (json!({"a": ""}), json!({"a": null}), "a: \"\" -> null"),
            (json!({"a": "1Gi"}), json!({"a": "{}"}), "a: 1Gi -> \"{}\""),
            (json!({"a": "x\n"}), json!({"a": "x"}), "a:  x|-"),
            (json!({}), json!({"a": []}), "a: no -> []"),
            (json!({"a": "x"}), json!({}), "a: x -> no"),
            (json!({}), json!({"a": {"b": 1, "c": [2]}}), "a: +b: 1|+c:|+- 2"),
            (json!({"a": ["v", "w"]}), json!({"a": ["w", "x"]}), "a: -- v| - w|+- x"),
            (json!({"a": "x\ny\n"}), json!({"a": "x\nz\n"}), "a:  x|-y|+z"),
            (json!({"a": "x"}), json!({"a": "x\ny"}), "a:  x|+y"),
            (json!({"a": "x"}), json!({"a": {"b": 1}}), "a: -x|+b: 1"),
        ] {
            assert_eq!(told(false, &old, &new), [expected], "{old} {new}");
        }
    }

    #[test]
    fn what_is_secret_is_told_by_its_name_alone() {
        let hunter = ["hunter2", "hunter3", "hunter2\nhunter3", "aHVudGVyMg=="];
        let rows = [
            (true, json!({"data": {"a": hunter[0]}}), json!({"data": {"a": hunter[1]}}), "data.a: hidden"),
            (true, json!({"data": {"a": hunter[0]}}), json!({"data": {"a": hunter[2]}}), "data.a: hidden"),
            (true, json!({"data": {"a": hunter[2]}}), json!({"data": {}}), "data.a: (not shown) -> no"),
            (true, json!({}), json!({"stringData": {"a": hunter[3]}}), "stringData: +a: \"(not shown)\""),
            (
                true,
                json!({"metadata": {"annotations": {"objectset.rio.cattle.io/applied": hunter[0]}}}),
                json!({"metadata": {"annotations": {"objectset.rio.cattle.io/applied": hunter[1]}}}),
                "metadata.annotations[\"objectset.rio.cattle.io/applied\"]: hidden",
            ),
            (
                true,
                json!({"metadata": {}}),
                json!({"metadata": {"annotations": {"objectset.rio.cattle.io/applied": hunter[1]}}}),
                "metadata.annotations: +objectset.rio.cattle.io/applied: \"(not shown)\"",
            ),
            (
                false,
                json!({"env": [{"name": "A_TOKEN", "value": hunter[0]}]}),
                json!({"env": [{"name": "A_TOKEN", "value": hunter[1]}]}),
                "env[A_TOKEN].value: hidden",
            ),
            (
                false,
                json!({"args": ["--token=hunter2"]}),
                json!({"args": ["--token=hunter3"]}),
                "args: hidden",
            ),
            (
                false,
                json!({"data": {"a.ini": "x=1\npassword=hunter2\n"}}),
                json!({"data": {"a.ini": "x=1\npassword=hunter3\n"}}),
                "data[\"a.ini\"]:  x=1|-password=(not shown)|+password=(not shown)",
            ),
        ];
        for (secret, old, new, expected) in rows {
            assert_eq!(told(secret, &old, &new), [expected], "{old} {new}");
        }
    }
}
