//! Where pods may run, in the user's words.

use serde::Deserialize;

use super::ClusterNode;
use super::invalid::value_invalid;
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::source::Span;
use crate::yaml::{Either, Named, Node, Spanned, Value, like, maybe};

/// Where pods may run: every key must hold, a list means any of them.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Place {
    /// Nodes of this role: the label `node-role.kubernetes.io/ROLE: "true"`.
    pub role: Option<Vec<Spanned<String>>>,
    /// The node of this name: the label `kubernetes.io/hostname`.
    pub node: Option<Vec<Spanned<String>>>,
    /// Nodes of this architecture: the label `kubernetes.io/arch`. `auto`: those that all images of the pod run on.
    pub arch: Option<Vec<Spanned<String>>>,
    /// Nodes with these labels.
    pub labels: Named<Vec<Spanned<String>>>,
    /// Nodes that are left out: none of these may hold.
    #[serde(deserialize_with = "maybe")]
    pub not: Option<Terms>,
    /// Nodes that are better; others if need be.
    #[serde(deserialize_with = "maybe")]
    pub prefer: Option<Terms>,
    /// How the app's pods are kept apart: on different nodes (`node`), or by another label of nodes.
    #[serde(deserialize_with = "maybe")]
    pub spread: Option<Spread>,
    /// Taints that the pods bear: `KEY[=VALUE][:EFFECT]`, without `=` any value, without `:` any effect; or Kubernetes'
    /// own map.
    #[serde(deserialize_with = "like::<Vec<Either<String, Named<Node>>>, _, _>")]
    pub tolerations: Vec<Node>,
}

/// Nodes, described.
#[derive(Clone, Debug, Default, Deserialize)]
pub struct Terms {
    /// Nodes of this role.
    pub role: Option<Vec<Spanned<String>>>,
    /// The node of this name.
    pub node: Option<Vec<Spanned<String>>>,
    /// Nodes of this architecture.
    pub arch: Option<Vec<Spanned<String>>>,
    /// Nodes with these labels.
    pub labels: Named<Vec<Spanned<String>>>,
}

/// How pods of an app are kept apart.
#[derive(Clone, Debug, Deserialize)]
pub struct Spread {
    /// The label of nodes by which they are kept apart.
    #[serde(rename = "topologyKey")]
    pub topology_key: Spanned<String>,
    /// By how many pods two sides may differ. Default: `1`.
    #[serde(rename = "maxSkew")]
    pub max_skew: Option<Spanned<u32>>,
    /// What happens when they cannot be kept apart. Default: `ScheduleAnyway`.
    #[serde(rename = "whenUnsatisfiable", deserialize_with = "maybe")]
    pub when_unsatisfiable: Option<WhenUnsatisfiable>,
}

/// What happens when pods cannot be kept apart.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Deserialize)]
#[expect(missing_docs, reason = "Kubernetes' own words")]
pub enum WhenUnsatisfiable {
    ScheduleAnyway,
    DoNotSchedule,
}

/// Tells lists in an app's `place` that name nothing and so ask for nothing. Over a list of the stack's defaults, an empty
/// one takes it away, and has its use.
pub fn refuse_empty(own: &Node, under: &Node, found: &mut Findings) {
    let groups: [&[&str]; 3] = [&["place"], &["place", "not"], &["place", "prefer"]];
    for (group, key) in groups.iter().flat_map(|group| ["role", "node", "arch"].map(|key| (*group, key))) {
        let is_empty = |node: &&Node| matches!(&node.value, Value::List(items) if items.is_empty());
        let below = under.at(group).and_then(|group| group.get(key));
        let Some(node) = own.at(group).and_then(|group| group.get(key)).filter(is_empty) else { continue };
        if below.is_some_and(|below| !below.items().is_empty()) {
            continue;
        }
        let path = group.join(".");
        let finding =
            value_invalid(node.span, format!("`{key}` in `{path}` names nothing, and so asks for nothing"));
        found.push(finding.help(format!("name one, or leave `{key}` out")));
    }
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
    /// What must hold, without `auto`, which is known only when the pod is whole.
    pub fn terms(&self) -> Terms {
        let arch = self.arch.clone().filter(|_| self.auto().is_none());
        Terms { role: self.role.clone(), node: self.node.clone(), arch, labels: self.labels.clone() }
    }

    /// `arch: auto`: its place.
    pub fn auto(&self) -> Option<Span> {
        match self.arch.as_deref() {
            Some([word]) if word.value == "auto" => Some(word.span),
            _ => None,
        }
    }

    /// Tells every name that no node bears.
    pub fn check(&self, nodes: &[ClusterNode], found: &mut Findings) {
        let terms = [Some(self.terms()), self.not.clone(), self.prefer.clone()];
        for terms in terms.into_iter().flatten() {
            terms.check(nodes, found);
        }
        let keys = nodes.iter().flat_map(|node| node.machine.labels.keys().map(String::as_str));
        if let Some(spread) = &self.spread {
            let label =
                |key: &str| format!("no node has the label `{key}`, by which pods would be kept apart");
            // `node` is the short form that people mean by what is nearly it
            let known: Vec<&str> = keys.chain(["node"]).collect();
            unknown(Some(&vec![spread.topology_key.clone()]), &known, label, found);
        }
    }
}

impl Terms {
    /// The place of the first of them; none if there is none.
    pub fn first(&self) -> Option<Span> {
        let lists = [&self.role, &self.node, &self.arch];
        let words = lists.into_iter().flatten().flatten().map(|word| word.span);
        words.chain(self.labels.iter().map(|(key, _)| key.span)).min()
    }

    fn check(&self, nodes: &[ClusterNode], found: &mut Findings) {
        let label_values = |key: &str| -> Vec<&str> {
            nodes.iter().filter_map(|node| node.machine.labels.get(key)).map(String::as_str).collect()
        };
        let roles: Vec<&str> = nodes.iter().flat_map(|node| node.roles.iter().map(String::as_str)).collect();
        let has = |what: &'static str| move |name: &str| format!("no node has the {what} `{name}`");
        unknown(self.role.as_ref(), &roles, has("role"), found);
        let named = |name: &str| format!("no node is called `{name}`");
        unknown(self.node.as_ref(), &label_values("kubernetes.io/hostname"), named, found);
        let arch = |name: &str| match name {
            "auto" => "`arch: auto` stands alone: in no list, and not in `not` or `prefer`".to_owned(),
            name => has("architecture")(name),
        };
        unknown(self.arch.as_ref(), &label_values("kubernetes.io/arch"), arch, found);
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
