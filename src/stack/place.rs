//! Where pods may run, in the user's words.

use serde::Deserialize;

use super::ClusterNode;
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::source::Span;
use crate::yaml::{Named, Spanned};

/// `place`: every key must hold; a list means any of them.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Place {
    /// A node's role: the label `node-role.kubernetes.io/ROLE: "true"`.
    pub role: Option<Vec<Spanned<String>>>,
    /// A node's name.
    pub node: Option<Vec<Spanned<String>>>,
    /// A processor architecture: the label `kubernetes.io/arch`.
    pub arch: Option<Vec<Spanned<String>>>,
    /// Any other label of nodes.
    pub labels: Named<Vec<Spanned<String>>>,
    /// Taints that the pod bears: `KEY[=VALUE][:EFFECT]`; without `=` any value, without `:` any effect.
    pub tolerations: Vec<Spanned<String>>,
}

/// A role, node, label or architecture that no machine has.
pub static PLACE_UNKNOWN: Code = Code {
    name: "place-unknown",
    severity: Severity::Error,
    page: Page {
        about: "`place` names a role, node, architecture or label that no node in stack.yaml has, so it says nothing\n\
                about where the pod may run. Most often it is a slip of the pen, or the node's role is not yet\n\
                written down: `kubectl get node` shows roles in its ROLES column.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nplace: {node: alhpa}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nplace: {node: alpha}\n",
    },
};

/// The label that a role stands for.
pub fn role_label(role: &str) -> String {
    format!("node-role.kubernetes.io/{role}")
}

impl Place {
    /// The place of the first thing that it asks for; none if it asks for nothing.
    pub fn first(&self) -> Option<Span> {
        let lists = [&self.role, &self.node, &self.arch];
        let words = lists.into_iter().flatten().flatten().chain(&self.tolerations).map(|word| word.span);
        words.chain(self.labels.iter().map(|(key, _)| key.span)).min()
    }

    /// Tells every name that no node bears.
    pub fn check(&self, nodes: &[ClusterNode], found: &mut Findings) {
        let label_values = |key: &str| -> Vec<&str> {
            nodes.iter().filter_map(|node| node.machine.labels.get(key)).map(String::as_str).collect()
        };
        let roles: Vec<&str> = nodes.iter().flat_map(|node| node.roles.iter().map(String::as_str)).collect();
        let has = |what: &'static str| move |name: &str| format!("no node has the {what} `{name}`");
        unknown(self.role.as_ref(), &roles, has("role"), found);
        let named = |name: &str| format!("no node is called `{name}`");
        unknown(self.node.as_ref(), &label_values("kubernetes.io/hostname"), named, found);
        unknown(self.arch.as_ref(), &label_values("kubernetes.io/arch"), has("architecture"), found);
        for (key, values) in self.labels.iter() {
            let known = label_values(&key.value);
            if known.is_empty() {
                let keys: Vec<&str> =
                    nodes.iter().flat_map(|node| node.machine.labels.keys().map(String::as_str)).collect();
                unknown(Some(&vec![key.clone()]), &keys, has("label"), found);
                for value in values {
                    found.give_up(value.span);
                }
            } else {
                let valued = |value: &str| format!("no node has the label `{}={value}`", key.value);
                unknown(Some(values), &known, valued, found);
            }
        }
    }
}

/// Tells each name that is not known, and gives it up: that no node takes the pod then would be an echo.
fn unknown(
    wanted: Option<&Vec<Spanned<String>>>,
    known: &[&str],
    message: impl Fn(&str) -> String,
    found: &mut Findings,
) {
    for word in wanted.into_iter().flatten().filter(|word| !known.contains(&word.value.as_str())) {
        let mut names = known.to_vec();
        names.sort_unstable();
        names.dedup();
        let help = nearest(&word.value, names.iter().copied())
            .map(|near| format!("did you mean `{near}`?"))
            .or_else(|| (!names.is_empty()).then(|| format!("known here: {}", list(names))));
        found.push(Finding::new(&PLACE_UNKNOWN, word.span, message(&word.value)).maybe_help(help));
        found.give_up(word.span);
    }
}
