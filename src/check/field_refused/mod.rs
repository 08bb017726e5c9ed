//! Values that the API server refuses, as rows (`rows.rs`): which field of which object, and what it takes
//! (`pkg/apis/{core,apps,batch,networking}/validation`). What goes beyond one field has a check of its own.

mod rows;
mod text;
mod tree;
mod whole;

use std::borrow::Cow;
use std::fmt;

use self::rows::name_of;
use self::tree::{TREES, Tree};
use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::kube::{Object, names};
use crate::yaml::{Entry, Node, Value};

/// A value that Kubernetes does not take.
pub static CODE: Code = Code {
    name: "field-refused",
    severity: Severity::Error,
    page: Page {
        about: "The API server would refuse the object for this value, or for want of one: a word that the field does\n\
                not know, a name that is none, a number where text belongs, an amount that is not above zero. k3s then\n\
                applies nothing of that kind from the file.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/data: {pvc: {size: 1Gi, accessModes: [RWO]}}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               volumes: {/data: {pvc: {size: 1Gi, accessModes: [ReadWriteOnce]}}}\n",
    },
};

/// A rule for text: its reason has no subject.
type Rule = fn(&str) -> Result<(), String>;

/// What a field takes.
enum Takes {
    /// One of these words.
    Words(&'static [&'static str]),
    /// Text that this reads.
    Text(Rule),
    /// Text that no report shows.
    Hidden(Rule),
    /// An amount, as text or as a number.
    Amount(Rule),
    /// A port: its number or its name.
    Port,
    /// A whole number, this or more.
    AtLeast(i64),
    /// A whole number from this to that.
    Between(i64, i64),
    /// This number and no other.
    Only(i64),
    /// True or false.
    Truth,
    /// A map.
    Map,
    /// A map with such keys, and values that this takes.
    Entries(Rule, &'static Takes),
    /// A map that has these keys.
    Needs(&'static [&'static str]),
    /// A list that has an item.
    Items,
    /// What this finds nothing wrong with.
    Whole(fn(&Node) -> Result<(), whole::Reason>),
    /// A map with these fields.
    Fields(&'static [Row]),
}

/// A field by its path, `*` for every item of a list and every value of a map.
type Row = (&'static [&'static str], Takes);

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    traefik(facts, found);
    for (kind, objects) in facts.kinds() {
        let mut known: Option<(&str, Option<Rule>, Option<&Tree>)> = None;
        for object in objects {
            // Most objects of a kind are of one group.
            let group = object.id.group();
            let (_, rule, tree) = match known {
                Some(known @ (same, ..)) if same == group => known,
                _ => (group, name_of(kind, group), TREES.of_kind(kind, group)),
            };
            known = Some((group, rule, tree));
            let at = Place { name: kind, owner: "", listed: false };
            name(object, rule, found);
            walk(&object.body, at, &TREES.metadata, found);
            if let Some(tree) = tree {
                walk(&object.body, at, tree, found);
            }
        }
    }
}

/// What a user puts into the Service of k3s' own Traefik.
fn traefik(facts: &Facts<'_>, found: &mut Findings) {
    let spec = facts.configured().and_then(|(_, traefik)| traefik.values.at(&["service", "spec"]));
    let tree = TREES.of_kind("Service", "").and_then(|tree| tree.at("spec"));
    let (Some(spec), Some(tree)) = (spec, tree) else { return };
    for Entry { key, value } in spec.entries() {
        if let Some(below) = tree.at(&key.text) {
            walk(value, Place { name: &key.text, owner: "spec", listed: false }, below, found);
        }
    }
}

/// The same of a pod.
pub(super) fn of_pod(facts: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    // Kubernetes 1.32 takes nearly all characters (feature gate RelaxedEnvironmentVariableValidation).
    let [new, old] = &TREES.env_names;
    let names = if facts.stack.release.version().minor < 32 { old } else { new };
    let at = |name| Place { name, owner: "", listed: false };
    walk(landing.pod.template, at("template"), &TREES.template, found);
    walk(landing.pod.spec, at("spec"), &TREES.pod, found);
    for container in landing.pod.containers() {
        let at = Place { name: "containers", owner: "", listed: true };
        walk(container.node, at, &TREES.container, found);
        walk(container.node, at, names, found);
    }
}

/// Where a value stands: the last key that is a name, the one before it, and whether it is one of many there.
#[derive(Clone, Copy)]
struct Place<'a> {
    name: &'a str,
    owner: &'a str,
    listed: bool,
}

fn name(object: &Object, rule: Option<Rule>, found: &mut Findings) {
    if let (Some(rule), Some(node)) = (rule, object.body.at(&["metadata", "name"])) {
        tell(node, &Field::NameOf(&object.id.kind), &Takes::Text(rule), found);
    }
}

/// A value and all that is known of what it holds; null is absent.
fn walk(node: &Node, at: Place<'_>, tree: &Tree, found: &mut Findings) {
    if matches!(node.value, Value::Null) || found.gave_up(node.span) {
        return;
    }
    for takes in &tree.takes {
        take(node, at, takes, found);
    }
    let entries = node.entries();
    if tree.has_keys() {
        for Entry { key, value } in entries {
            if let Some(below) = tree.at(&key.text) {
                let at = Place { name: &key.text, owner: at.name, listed: false };
                walk(value, at, below, found);
            }
        }
    }
    if let Some(each) = &tree.each {
        for value in node.items().iter().chain(entries.iter().map(|entry| &entry.value)) {
            walk(value, Place { listed: true, ..at }, each, found);
        }
    }
}

fn take(node: &Node, at: Place<'_>, takes: &Takes, found: &mut Findings) {
    match takes {
        Takes::Entries(rule, values) => entries(node, at.name, *rule, values, found),
        Takes::Needs(keys) => needs(node, at, keys, found),
        Takes::Whole(rule) => {
            if let Err((reason, place)) = rule(node)
                && !found.tells_within(node.span)
            {
                let first = node.entries().first().map_or(node.span, |entry| entry.key.span);
                let finding = Finding::new(&CODE, place.unwrap_or(first), reason);
                found.push(finding.note("the API server refuses the object"));
            }
        }
        takes => {
            let field = match at.name {
                name if at.listed && matches!(takes, Takes::Text(_)) => Field::Among(name),
                // Many things have these.
                name @ ("name" | "value") => Field::In(at.owner, name),
                name => Field::Named(name),
            };
            tell(node, &field, takes, found);
        }
    }
}

fn entries(node: &Node, name: &str, rule: Rule, values: &Takes, found: &mut Findings) {
    for Entry { key, value } in node.entries() {
        // What stackc itself has written needs no look.
        if let Cow::Owned(text) = &key.text
            && let Err(reason) = rule(text)
            && !found.tells(key.span)
        {
            let Refused { message, help } = refused(text, &Field::Among(name), reason);
            found.push(Finding::new(&CODE, key.span, message).maybe_help(help));
        }
        if !matches!(value.value, Value::Null | Value::Text(Cow::Borrowed(_))) {
            tell(value, &Field::In(name, &key.text), values, found);
        }
    }
}

fn needs(node: &Node, at: Place<'_>, keys: &[&str], found: &mut Findings) {
    if node.as_map().is_none() {
        return;
    }
    let missing = |key: &&&str| node.get(key).is_none_or(|value| matches!(value.value, Value::Null));
    let Some(key) = keys.iter().find(missing).filter(|_| !is_told(node, found)) else { return };
    let which = if at.listed { "an item of " } else { "" };
    let message = format!("{which}`{}` has no `{key}`", at.name);
    let place = node.entries().first().map_or(node.span, |entry| entry.key.span);
    let line = own_selector(node).filter(|_| *key == "selector");
    found.push(
        Finding::new(&CODE, place, message).note("the API server refuses the object without it").maybe_help(line),
    );
}

/// The selector that means a workload's own pods.
fn own_selector(spec: &Node) -> Option<String> {
    let labels = spec.at(&["template", "metadata", "labels"])?.entries();
    // Labels that differ from release to release are no good for what can never be changed.
    let steady = |entry: &&Entry| ["app", "app.kubernetes.io/name", "k8s-app"].contains(&&*entry.key.text);
    let entry = labels.iter().find(steady).or(labels.first())?;
    Some(format!("selector: {{matchLabels: {{{}: {}}}}}", entry.key.text, entry.value.as_text()?))
}

/// Whether a key of the map is told to be wrong, or one value: what seems to be missing is that one.
fn is_told(node: &Node, found: &Findings) -> bool {
    let told = |entry: &Entry| found.tells(entry.key.span) || found.tells(entry.value.span);
    found.tells(node.span) || node.entries().iter().any(told)
}

/// What a value stands in, in words; only what is told is worth making them.
pub(super) enum Field<'a> {
    NameOf(&'a str),
    Named(&'a str),
    Among(&'a str),
    In(&'a str, &'a str),
}

impl fmt::Display for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Field::NameOf(kind) => write!(f, "the name of this {kind}"),
            Field::Named(name) => write!(f, "`{name}`"),
            Field::Among(name) => write!(f, "among `{name}`"),
            Field::In(name, key) => write!(f, "`{key}` of `{name}`"),
        }
    }
}

/// A value that something else has told already is left alone.
fn tell(node: &Node, field: &Field<'_>, takes: &Takes, found: &mut Findings) {
    let Err(Refused { message, help }) = takes.check(node, field) else { return };
    if found.tells(node.span) {
        return;
    }
    let finding = Finding::new(&CODE, node.span, message).maybe_help(help);
    // A later check may find a secret in what is merely of the wrong type; it must not be an echo.
    match takes {
        Takes::Hidden(_) => found.push(finding.secret()),
        _ if node.as_text().is_none() => found.push(finding),
        _ => {
            found.push(finding);
            found.give_up(node.span);
        }
    }
}

pub(super) struct Refused {
    pub(super) message: String,
    pub(super) help: Option<String>,
}

impl Refused {
    fn bare(message: String) -> Refused {
        Refused { message, help: None }
    }
}

impl Takes {
    fn check(&self, node: &Node, field: &Field<'_>) -> Result<(), Refused> {
        match self {
            Takes::Words(words) => known(text(node, field)?, words, field),
            Takes::Text(rule) => {
                let text = text(node, field)?;
                rule(text).map_err(|reason| refused(text, field, reason))
            }
            Takes::Hidden(rule) => {
                let Some(text) = node.as_text() else { return Err(wrong(node, field, "text")) };
                rule(text).map_err(|reason| Refused { message: format!("{field} is refused"), help: Some(reason) })
            }
            Takes::Amount(rule) => {
                let Some(text) = node.written() else { return Err(wrong(node, field, "an amount")) };
                rule(&text).map_err(|reason| refused(&text, field, reason))
            }
            Takes::Port => port(node, field),
            Takes::AtLeast(least) if whole(node, field)? >= *least => Ok(()),
            Takes::AtLeast(least) => Err(outside(node, field, &format!("at least {least}"))),
            Takes::Between(from, to) if (*from..=*to).contains(&whole(node, field)?) => Ok(()),
            Takes::Between(from, to) => Err(outside(node, field, &format!("a number from {from} to {to}"))),
            Takes::Only(number) if whole(node, field)? == *number => Ok(()),
            Takes::Only(number) => {
                let said = node.written().unwrap_or_default();
                Err(Refused::bare(format!("{field} is {said}, here it can only be {number}")))
            }
            Takes::Truth if node.as_bool().is_none() => Err(wrong(node, field, "true or false")),
            Takes::Map if node.as_map().is_none() => {
                let help = node.as_text().filter(|_| matches!(field, Field::Named("middlewares" | "service")));
                let message = format!("a map is wanted here, this is {}", node.kind());
                Err(Refused { message, help: help.map(|name| format!("{{name: {name}}}")) })
            }
            Takes::Items if node.items().is_empty() => Err(Refused::bare(format!("{field} has no item"))),
            // What they hold is looked at one by one.
            Takes::Truth
            | Takes::Map
            | Takes::Items
            | Takes::Entries(..)
            | Takes::Needs(_)
            | Takes::Whole(_)
            | Takes::Fields(_) => Ok(()),
        }
    }
}

fn text<'a>(node: &'a Node, field: &Field<'_>) -> Result<&'a str, Refused> {
    node.as_text().ok_or_else(|| wrong(node, field, "text"))
}

fn whole(node: &Node, field: &Field<'_>) -> Result<i64, Refused> {
    node.as_int().ok_or_else(|| wrong(node, field, "a whole number"))
}

/// The value itself is not repeated: it may be a secret, and it stands right there.
pub(super) fn wrong(node: &Node, field: &Field<'_>, wanted: &str) -> Refused {
    let unquoted = |text: &str| text.parse::<f64>().is_ok() || ["true", "false"].contains(&text);
    let help = match node.as_text() {
        None if wanted == "text" && node.written().is_some() => Some("put it into quotes".to_owned()),
        Some(text) if unquoted(text) => Some("write it without quotes".to_owned()),
        _ => None,
    };
    let kind = if node.as_text() == Some("") { "empty" } else { node.kind() };
    let message = match field {
        Field::Among(name) => format!("an item of `{name}` wants {wanted}, this is {kind}"),
        field => format!("{field} wants {wanted}, this is {kind}"),
    };
    Refused { message, help }
}

fn outside(node: &Node, field: &Field<'_>, wanted: &str) -> Refused {
    let said = node.written().unwrap_or_default();
    Refused::bare(format!("{field} is {said}, {wanted} is wanted"))
}

fn port(node: &Node, field: &Field<'_>) -> Result<(), Refused> {
    if let Some(name) = node.as_text() {
        return names::port_name(name).map_err(|reason| {
            let Refused { message, help } = refused(name, field, reason);
            let number = name.parse::<u16>().is_ok().then(|| format!("write the number without quotes: {name}"));
            Refused { message, help: number.or(help) }
        });
    }
    match whole(node, field)? {
        1..=65535 => Ok(()),
        _ => Err(outside(node, field, "a number from 1 to 65535")),
    }
}

fn known(text: &str, words: &[&str], field: &Field<'_>) -> Result<(), Refused> {
    if words.contains(&text) {
        return Ok(());
    }
    let said = || words.iter().copied().filter(|word| !word.is_empty());
    let help = nearest(text, said())
        .map_or_else(|| format!("it takes {}", list(said())), |near| format!("did you mean `{near}`?"));
    Err(Refused { message: format!("`{text}` is no word for {field}"), help: Some(help) })
}

/// A way out stands below, where people look for it.
fn refused(text: &str, field: &Field<'_>, reason: String) -> Refused {
    let message = format!("`{text}` cannot be {field}");
    if reason.starts_with('`') {
        return Refused::bare(format!("{field}: {reason}"));
    }
    let is_help = ["did you mean", "it is one of"].iter().any(|start| reason.starts_with(start));
    if is_help {
        Refused { message, help: Some(reason) }
    } else {
        Refused { message: format!("{message}: {reason}"), help: None }
    }
}
