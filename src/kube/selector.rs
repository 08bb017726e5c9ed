//! One requirement of a node selector term: `{key, operator, values}`
//! (`component-helpers/scheduling/corev1/nodeaffinity`, `apimachinery/pkg/labels/selector.go`).

use crate::finding::{Label, list, nearest};
use crate::kube::field::{given, list as items, map, text, wrong};
use crate::kube::names;
use crate::source::Span;
use crate::yaml::Node;

/// How a node's value is held against the requirement's.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Operator {
    /// There, and one of the values.
    In,
    /// Absent, or none of the values.
    NotIn,
    /// There.
    Exists,
    /// Absent.
    DoesNotExist,
    /// There, a whole number, and greater.
    Gt,
    /// There, a whole number, and less.
    Lt,
}

/// Kubernetes' words.
const OPERATORS: [(&str, Operator); 6] = [
    ("In", Operator::In),
    ("NotIn", Operator::NotIn),
    ("Exists", Operator::Exists),
    ("DoesNotExist", Operator::DoesNotExist),
    ("Gt", Operator::Gt),
    ("Lt", Operator::Lt),
];

/// The one field that `matchFields` may name.
const NAME_FIELD: &str = "metadata.name";

/// What a requirement looks at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum On {
    Label,
    Field,
}

/// A requirement that could be read.
#[derive(Clone, Debug)]
pub struct Requirement<'a> {
    /// Where it is written.
    pub span: Span,
    /// A label's key, or `metadata.name`.
    pub key: &'a str,
    /// How values are compared.
    pub operator: Operator,
    /// What they are compared with.
    pub values: Vec<&'a str>,
    on: On,
}

impl<'a> Requirement<'a> {
    /// Reads an item of `matchExpressions`.
    ///
    /// # Errors
    /// What the API server refuses, or the scheduler cannot parse (there it would make the term false, silently), with
    /// its place.
    pub fn on_label(node: &'a Node) -> Result<Self, Label> {
        Self::read(node, On::Label)
    }

    /// Reads an item of `matchFields`: the node's name, `In` or `NotIn`, one value.
    ///
    /// # Errors
    /// As [`Requirement::on_label`].
    pub fn on_field(node: &'a Node) -> Result<Self, Label> {
        Self::read(node, On::Field)
    }

    fn read(node: &'a Node, on: On) -> Result<Self, Label> {
        map(node)?;
        let needed = |key| given(node, key).ok_or_else(|| wrong(node, format!("`{key}` is missing")));
        let key = needed("key")?;
        on.key(text(key)?).map_err(|reason| wrong(key, reason))?;
        let word = needed("operator")?;
        let operator = Operator::parse(text(word)?).map_err(|reason| wrong(word, reason))?;
        let given_values = given(node, "values");
        let value_nodes = given_values.map_or(Ok(&[][..]), items)?;
        on.count(operator, value_nodes.len())
            .map_err(|reason| wrong(given_values.unwrap_or(node), reason))?;
        let values = value_nodes.iter().map(|value| {
            let text = text(value)?;
            on.value(operator, text).map_err(|reason| wrong(value, reason))?;
            Ok(text)
        });
        Ok(Requirement {
            span: node.span,
            key: text(key)?,
            operator,
            values: values.collect::<Result<_, _>>()?,
            on,
        })
    }

    /// Whether a node meets it, by the node's value of the key (none where it has no such label).
    pub fn holds(&self, value: Option<&str>) -> bool {
        let listed = value.is_some_and(|value| self.values.contains(&value));
        match self.operator {
            Operator::In => listed,
            Operator::NotIn => !listed,
            Operator::Exists => value.is_some(),
            Operator::DoesNotExist => value.is_none(),
            Operator::Gt => self.numbers(value).is_some_and(|(node, own)| node > own),
            Operator::Lt => self.numbers(value).is_some_and(|(node, own)| node < own),
        }
    }

    /// Why a node with this value does not meet it; the node is the sentence's subject.
    pub fn why_not(&self, value: Option<&str>) -> String {
        let key = self.key;
        let Some(value) = value else {
            return format!("has no label {key}");
        };
        let is = match self.on {
            On::Label => format!("label {key} is `{value}`"),
            On::Field => format!("its name is `{value}`"),
        };
        let values = list(self.values.iter().copied());
        match self.operator {
            Operator::In => format!("{is}, not {values}"),
            Operator::NotIn => format!("{is}, which is ruled out"),
            // `Exists` holds for every value
            Operator::Exists | Operator::DoesNotExist => format!("has the label {key}"),
            Operator::Gt | Operator::Lt if self.numbers(Some(value)).is_none() => {
                format!("{is}, which is no whole number")
            }
            Operator::Gt => format!("{is}, not greater than {values}"),
            Operator::Lt => format!("{is}, not less than {values}"),
        }
    }

    fn numbers(&self, value: Option<&str>) -> Option<(i64, i64)> {
        Some((value?.parse().ok()?, self.values.first()?.parse().ok()?))
    }
}

impl Operator {
    fn parse(word: &str) -> Result<Operator, String> {
        if let Some((_, operator)) = OPERATORS.iter().find(|(name, _)| *name == word) {
            return Ok(*operator);
        }
        let words = OPERATORS.map(|(name, _)| name);
        match nearest(word, words) {
            Some(near) => Err(format!("`{word}` is no operator: write `{near}`")),
            None => Err(format!("`{word}` is no operator: {}", list(words))),
        }
    }
}

impl On {
    fn key(self, key: &str) -> Result<(), String> {
        match self {
            On::Label => names::label_key(key).map_err(|reason| format!("`{key}` is no label: {reason}")),
            On::Field if key == NAME_FIELD => Ok(()),
            On::Field => Err(format!("`matchFields` takes `{NAME_FIELD}` only, not `{key}`")),
        }
    }

    fn count(self, operator: Operator, count: usize) -> Result<(), String> {
        let (fits, wanted) = match (self, operator) {
            (On::Field, Operator::Exists | Operator::DoesNotExist | Operator::Gt | Operator::Lt) => {
                return Err("`matchFields` takes the operators `In` and `NotIn` only".into());
            }
            (On::Label, Operator::In | Operator::NotIn) => (count > 0, "at least one value"),
            (On::Label, Operator::Exists | Operator::DoesNotExist) => (count == 0, "no values"),
            (On::Field, Operator::In | Operator::NotIn) | (On::Label, Operator::Gt | Operator::Lt) => {
                (count == 1, "exactly one value")
            }
        };
        if fits { Ok(()) } else { Err(format!("`{operator:?}` takes {wanted}, here are {count}")) }
    }

    fn value(self, operator: Operator, value: &str) -> Result<(), String> {
        match self {
            On::Label => names::label_value(value),
            On::Field => names::dns_subdomain(value),
        }
        .map_err(|reason| format!("no node has the value `{value}`: {reason}"))?;
        if matches!(operator, Operator::Gt | Operator::Lt) && value.parse::<i64>().is_err() {
            return Err(format!("`{operator:?}` compares 64-bit whole numbers, `{value}` is none"));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::kube::tree::tree;

    /// Every operator, against no label and against several values.
    #[test]
    #[rustfmt::skip] // a table
    fn operators() {
        const MAX: &str = "9223372036854775807";
        const BEYOND: &str = "9223372036854775808";
        for (operator, values, value, holds) in [
            ("In", json!(["a", "b"]), None, false),
            ("In", json!(["a", "b"]), Some("a"), true),
            ("In", json!(["a", "b"]), Some("b"), true),
            ("In", json!(["a", "b"]), Some("c"), false),
            // k3s writes `true` for its roles, kubeadm the empty value
            ("In", json!([""]), None, false),
            ("In", json!([""]), Some(""), true),
            ("In", json!([""]), Some("true"), false),
            ("NotIn", json!(["a", "b"]), None, true),
            ("NotIn", json!(["a", "b"]), Some("b"), false),
            ("NotIn", json!(["a", "b"]), Some("c"), true),
            ("NotIn", json!([""]), None, true),
            ("NotIn", json!([""]), Some(""), false),
            ("Exists", json!(null), None, false),
            ("Exists", json!(null), Some(""), true),
            ("Exists", json!([]), Some("x"), true),
            ("DoesNotExist", json!(null), None, true),
            ("DoesNotExist", json!(null), Some(""), false),
            ("DoesNotExist", json!([]), Some("x"), false),
            ("Gt", json!(["5"]), None, false),
            ("Gt", json!(["5"]), Some("4"), false),
            ("Gt", json!(["5"]), Some("5"), false),
            ("Gt", json!(["5"]), Some("6"), true),
            ("Lt", json!(["5"]), None, false),
            ("Lt", json!(["5"]), Some("4"), true),
            ("Lt", json!(["5"]), Some("5"), false),
            ("Lt", json!(["5"]), Some("6"), false),
            // leading zeros pass on both sides
            ("Gt", json!(["005"]), Some("006"), true),
            ("Gt", json!(["005"]), Some("5"), false),
            // a label that is no int64 is false either way
            ("Gt", json!(["0"]), Some("1.5"), false),
            ("Lt", json!(["9"]), Some("1.5"), false),
            ("Gt", json!(["0"]), Some("1_000"), false),
            ("Lt", json!(["9999"]), Some("1_000"), false),
            ("Gt", json!(["0"]), Some(""), false),
            ("Lt", json!(["9"]), Some(""), false),
            ("Gt", json!(["0"]), Some("x"), false),
            ("Gt", json!(["0"]), Some(MAX), true),
            ("Gt", json!(["0"]), Some(BEYOND), false),
            ("Lt", json!([MAX]), Some("0"), true),
        ] {
            let node = tree(&json!({"key": "k", "operator": operator, "values": values}));
            let requirement = Requirement::on_label(&node).unwrap_or_else(|wrong| panic!("{}", wrong.text));
            assert_eq!(requirement.holds(value), holds, "{operator} {values} {value:?}");
        }
    }

    #[test]
    fn the_name_field() {
        for (operator, name, holds) in
            [("In", "a", true), ("In", "b", false), ("NotIn", "a", false), ("NotIn", "b", true)]
        {
            let node = tree(&json!({"key": "metadata.name", "operator": operator, "values": ["a"]}));
            assert_eq!(
                Requirement::on_field(&node).expect("legal").holds(Some(name)),
                holds,
                "{operator} {name}"
            );
        }
    }

    #[test]
    #[rustfmt::skip] // a table
    fn the_reason_names_what_the_node_has() {
        for (operator, values, value, reason) in [
            ("In", json!(["a", "b"]), None, "has no label k"),
            ("In", json!(["a", "b"]), Some("c"), "label k is `c`, not `a` or `b`"),
            ("In", json!([""]), Some("true"), "label k is `true`, not ``"),
            ("NotIn", json!(["a"]), Some("a"), "label k is `a`, which is ruled out"),
            ("Exists", json!([]), None, "has no label k"),
            ("DoesNotExist", json!([]), Some("x"), "has the label k"),
            ("Gt", json!(["5"]), None, "has no label k"),
            ("Gt", json!(["5"]), Some("5"), "label k is `5`, not greater than `5`"),
            ("Lt", json!(["5"]), Some("5"), "label k is `5`, not less than `5`"),
            ("Lt", json!(["5"]), Some("1.5"), "label k is `1.5`, which is no whole number"),
        ] {
            let node = tree(&json!({"key": "k", "operator": operator, "values": values}));
            let requirement = Requirement::on_label(&node).expect("legal");
            assert!(!requirement.holds(value));
            assert_eq!(requirement.why_not(value), reason);
        }
    }

    /// The reason, and the path of the node that it stands at.
    fn refusal(on: On, json: &Value) -> (String, String) {
        let node = tree(json);
        let error = Requirement::read(&node, on).map(|r| r.values.concat()).expect_err("not legal");
        let values = node.get("values").map_or(&[][..], Node::items);
        let place = match values.iter().position(|value| value.span == error.span) {
            Some(item) => format!("values {item}"),
            None => node.entries().iter().find(|entry| entry.value.span == error.span).map_or_else(
                || {
                    if node.span == error.span { "all".into() } else { "nowhere".into() }
                },
                |entry| entry.key.text.to_string(),
            ),
        };
        (place, error.text.into_owned())
    }

    #[test]
    #[rustfmt::skip] // a table
    fn broken_requirements() {
        for (json, place, reason) in [
            (json!("k"), "all", "a map is wanted here, this is text"),
            (json!({"operator": "Exists"}), "all", "`key` is missing"),
            (json!({"key": null, "operator": "Exists"}), "all", "`key` is missing"),
            (json!({"key": 1, "operator": "Exists"}), "key", "this is a whole number: write `\"1\"`"),
            (json!({"key": "a b", "operator": "Exists"}), "key", "`a b` is no label: only"),
            (json!({"key": "k"}), "all", "`operator` is missing"),
            (json!({"key": "k", "operator": "in"}), "operator", "`in` is no operator: write `In`"),
            (json!({"key": "k", "operator": "Equals"}), "operator", "is no operator: `In`, `NotIn`"),
            (json!({"key": "k", "operator": "In"}), "all", "`In` takes at least one value, here are 0"),
        ] {
            let (at, text) = refusal(On::Label, &json);
            assert_eq!(at, place, "{json}");
            assert!(text.contains(reason), "{json}: {text}");
        }
    }

    #[test]
    #[rustfmt::skip] // a table
    fn broken_values() {
        let (label, field) = (On::Label, On::Field);
        let (of_label, of_field) = ("k", "metadata.name");
        for (on, key, operator, values, place, reason) in [
            (label, of_label, "In", json!([]), "values", "`In` takes at least one"),
            (label, of_label, "NotIn", json!([]), "values", "`NotIn` takes at least one"),
            (label, of_label, "In", json!("a"), "values", "a list is wanted here, this is text"),
            (label, of_label, "In", json!([true]), "values 0", "true or false: write `\"true\"`"),
            (label, of_label, "In", json!(["a".repeat(64)]), "values 0", "it has 64 characters"),
            (label, of_label, "NotIn", json!(["a", "-b"]), "values 1", "begin and end"),
            (label, of_label, "Exists", json!(["a"]), "values", "`Exists` takes no values, here are 1"),
            (label, of_label, "DoesNotExist", json!([""]), "values", "`DoesNotExist` takes no values"),
            (label, of_label, "Gt", json!([]), "values", "`Gt` takes exactly one value"),
            (label, of_label, "Lt", json!(["1", "2"]), "values", "`Lt` takes exactly one value"),
            (label, of_label, "Gt", json!(["x"]), "values 0", "64-bit whole numbers, `x` is none"),
            (label, of_label, "Gt", json!(["1.5"]), "values 0", "`1.5` is none"),
            (label, of_label, "Gt", json!(["1_0"]), "values 0", "`1_0` is none"),
            (label, of_label, "Gt", json!([""]), "values 0", "`` is none"),
            (label, of_label, "Gt", json!([" 1"]), "values 0", "not ` `"),
            // a sign is no label value
            (label, of_label, "Lt", json!(["-1"]), "values 0", "begin and end"),
            (label, of_label, "Lt", json!(["+1"]), "values 0", "not `+`"),
            (label, of_label, "Lt", json!(["9223372036854775808"]), "values 0", "is none"),
            (label, of_label, "Lt", json!([5]), "values 0", "write `\"5\"`"),
            (field, of_label, "In", json!(["a"]), "key", "takes `metadata.name` only, not `k`"),
            (field, of_field, "Exists", json!([]), "values", "`In` and `NotIn` only"),
            (field, of_field, "Gt", json!(["1"]), "values", "`In` and `NotIn` only"),
            (field, of_field, "In", json!(["a", "b"]), "values", "exactly one value, here are 2"),
            (field, of_field, "NotIn", json!([]), "values", "exactly one value, here are 0"),
            (field, of_field, "In", json!(["A"]), "values 0", "not `A`"),
        ] {
            let (at, text) = refusal(on, &json!({"key": key, "operator": operator, "values": values}));
            assert_eq!(at, place, "{on:?} {operator} {values}");
            assert!(text.contains(reason), "{on:?} {operator} {values}: {text}");
        }
    }
}
