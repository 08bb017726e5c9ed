//! The kinds of apps. A kind turns its own keys into keys of the general app; what the user says lies over that, by
//! name (schema.md 1.7 and S2).
//!
//! In: an app file's tree, filled. Out: [`App`]. To add a kind: a file here with its keys as a struct and its `KIND`,
//! a row in [`KINDS`], an app in a stack under `tests/stacks` whose snapshot is read by a person.
//!
//! What must hold: a kind computes nodes whose places are the keys that asked for them.

mod address;
mod app;

pub use address::{Address, addresses};

use crate::finding::{Code, Finding, Findings, list, nearest};
use crate::kube::names;
use crate::source::{Sources, Span};
use crate::stack::expand::{self, Short, expand};
use crate::stack::{App, Container, PodFile, Port, Stack, name_invalid, value_invalid};
use crate::template::Scope;
use crate::yaml::{
    KEY_MISSING, Map, Named, Node, Spanned, VALUE_UNKNOWN, Value, decode, fields, merge, unknown_keys,
};

/// The kinds.
static KINDS: &[&Kind] = &[&app::KIND];

/// What kinds can find beside their types.
pub static CODES: &[&Code] = &[];

/// A kind of app.
pub struct Kind {
    /// As `kind:` says it.
    name: &'static str,
    /// Its own keys.
    own: fn() -> &'static [&'static str],
    /// General keys that it does not take, since it computes them alone.
    computes: &'static [&'static str],
    /// Short forms of its own keys.
    shorts: &'static [Short],
    /// From its own keys to keys of the general app.
    general: fn(&Node, &Asked<'_>, &mut Findings) -> Option<Node>,
    /// Whether its pods may land on one node only: what asks for it.
    one_node: fn(&Node, &Asked<'_>) -> Option<Span>,
}

/// What a kind may look at beside its own keys.
pub struct Asked<'a> {
    /// The app's name.
    pub name: &'a str,
    /// The place of `kind:`, the cause of what no key asks for.
    pub at: Span,
    /// The cluster.
    pub stack: &'a Stack,
}

/// Where a map chooses one of several forms.
const ALTERNATIVES: [&[&str]; 3] = [&["env", "*"], &["volumes", "*"], &["probes", "*"]];

/// An app file on its way: short forms grown, its kind known.
pub struct Draft {
    kind: &'static Kind,
    word: Spanned<String>,
    tree: Node,
}

/// Reads the kind, grows the short forms, and lays the changes of layers above over the file. `None` when the kind is
/// missing or unknown.
pub fn draft(mut tree: Node, changes: &[Node], found: &mut Findings) -> Option<Draft> {
    let Some(entry) = tree.as_map_mut().and_then(|map| map.remove("kind")) else {
        let span = tree.entries().first().map_or(tree.span, |entry| entry.key.span);
        let known = list(KINDS.iter().map(|kind| kind.name));
        found.push(
            Finding::new(&KEY_MISSING, span, "the app does not say its `kind`")
                .help(format!("kind: app   (the kinds are {known})")),
        );
        return None;
    };
    let kind = kind(&entry.value, found)?;
    let word = entry.value.as_text().unwrap_or_default().to_owned();
    let grown = |mut tree: Node| {
        expand(&mut tree, expand::APP);
        expand(&mut tree, kind.shorts);
        tree
    };
    let changes = changes.iter().cloned().map(grown);
    let tree = changes.fold(grown(tree), |under, over| merge(under, over, &ALTERNATIVES));
    Some(Draft { kind, word: Spanned { span: entry.value.span, value: word }, tree })
}

fn kind(word: &Node, found: &mut Findings) -> Option<&'static Kind> {
    let text = word.as_text().unwrap_or_default();
    let kind = KINDS.iter().find(|kind| kind.name == text).copied();
    if kind.is_none() {
        let names = || KINDS.iter().map(|kind| kind.name);
        let near = nearest(text, names()).map(|near| format!("did you mean `{near}`?"));
        found.push(
            Finding::new(&VALUE_UNKNOWN, word.span, format!("there is no kind `{text}`"))
                .help(near.unwrap_or_else(|| format!("the kinds are {}", list(names())))),
        );
    }
    kind
}

impl Draft {
    /// The tree, for templates.
    pub fn tree_mut(&mut self) -> &mut Node {
        &mut self.tree
    }

    /// Where other apps reach it, by the keys that may use vars only (schema.md S8). What is wrong with them is told
    /// when the app itself is finished.
    pub fn address(&self, name: &str, stack: &Stack, vars: &Scope<'_>, sources: &Sources) -> Address {
        let mut quiet = Findings::default();
        let (mut own, _) = split(self.tree.clone(), (self.kind.own)());
        let (mut told, _) = split(self.tree.clone(), &["namespace", "ports"]);
        vars.fill(&mut own, sources, &mut quiet);
        vars.fill(&mut told, sources, &mut quiet);
        let asked = Asked { name, at: self.word.span, stack };
        let computed = (self.kind.general)(&own, &asked, &mut quiet);
        let mut computed = computed.unwrap_or_else(|| Node::null(self.word.span));
        expand(&mut computed, expand::APP);
        let (ports, _) = split(computed, &["ports"]);
        let whole = merge(ports, told, &ALTERNATIVES);
        let ports =
            whole.get("ports").and_then(|ports| decode::<Named<Port>>(ports, &mut quiet)).unwrap_or_default();
        Address {
            namespace: whole.text_at(&["namespace"]).unwrap_or(&stack.namespace.value).to_owned(),
            ports: ports.iter().map(|(name, port)| (name.value.clone(), port.port.value)).collect(),
        }
    }

    /// The general app: what the stack says of all apps, the kind's part over it, the user's on top, decoded. `None` when
    /// something was wrong.
    pub fn finish(
        self,
        name: &str,
        stack: &Stack,
        defaults: Option<Node>,
        found: &mut Findings,
    ) -> Option<App> {
        let before = found.errors();
        let own_keys = (self.kind.own)();
        let (container_keys, pod_keys) = (fields::<Container>(), fields::<PodFile>());
        let general = container_keys.iter().chain(pod_keys).filter(|key| !self.kind.computes.contains(*key));
        let known: Vec<&str> = general.chain(own_keys).copied().collect();
        unknown_keys(&self.tree, &known, None, found);
        let span = self.tree.span;
        let (own, rest) = split(self.tree, own_keys);
        let asked = Asked { name, at: self.word.span, stack };
        let one_node = (self.kind.one_node)(&own, &asked);
        let mut computed = (self.kind.general)(&own, &asked, found)?;
        expand(&mut computed, expand::APP);
        let under = match defaults {
            Some(defaults) => merge(defaults, computed, &ALTERNATIVES),
            None => computed,
        };
        let (container, pod) = split(merge(under, rest, &ALTERNATIVES), container_keys);
        let (pod, _) = split(pod, pod_keys);
        let container: Option<Container> = decode(&container, found);
        let pod: Option<PodFile> = decode(&pod, found);
        let (container, pod) = (container?, pod?);
        let namespace = pod.namespace.clone().unwrap_or_else(|| stack.namespace.clone());
        if let Err(reason) = names::dns_label(&namespace.value) {
            found.push(name_invalid("namespace", &namespace.value, namespace.span, &reason));
        }
        (found.errors() == before).then(|| App {
            name: name.to_owned(),
            span,
            one_node,
            kind: self.word,
            namespace,
            container,
            pod,
        })
    }
}

/// The entries whose keys are listed, and the others.
fn split(tree: Node, keys: &[&str]) -> (Node, Node) {
    let span = tree.span;
    let entries = match tree.value {
        Value::Map(map) => map.entries,
        _ => Vec::new(),
    };
    let (listed, others) = entries.into_iter().partition(|entry| keys.contains(&entry.key.text.as_ref()));
    let map = |entries| Node { span, value: Value::Map(Map { entries }) };
    (map(listed), map(others))
}

/// An app's name: it names a Service, and the file's name has to hold the stack's as well (schema.md S3).
///
/// # Errors
/// The reason, in a user's words.
pub fn app_name(name: &str) -> Result<(), String> {
    names::service_name(name)?;
    if name.len() > 52 {
        return Err(format!("it has {} characters, 52 at most", name.len()));
    }
    Ok(())
}

/// A finding at the app file's start, for what its name or its whole says.
pub fn bad_name(span: Span, name: &str, reason: &str) -> Finding {
    value_invalid(span, format!("`{name}` cannot be an app's name: {reason}"))
        .help("rename the file: letters a-z, digits and dashes, starting with a letter, at most 52")
}
