//! The kinds of apps. A kind turns its own keys into keys of the general app; what the user says lies over that, by
//! name (schema.md 1.7 and S2).
//!
//! In: an app file's tree, filled. Out: [`App`]. To add a kind: a file here with its keys as a struct and its `KIND`,
//! a row in [`KINDS`], an app in a stack under `stacks` whose snapshot is read by a person.
//!
//! What kinds share stands in a file of its own: `engine` (several programs for one task), `route`, `secret`, `data`,
//! `upstream`, `duration`. A kind with several engines is a folder: its keys in `mod.rs`, a file a program.
//!
//! What must hold: a kind computes nodes whose places are the keys that asked for them; the image is always the user's.

/// stack.yaml of examples with a DNS server.
macro_rules! doh_stack {
    () => {
        "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\nplatforms: {coredns/coredns: [amd64], adguard/dnsproxy: [amd64], satishweb/doh-server: [amd64]}\n"
    };
}

/// stack.yaml of examples with a proxy of Go modules.
macro_rules! go_stack {
    () => {
        "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\nplatforms: {gomods/athens: [amd64], ghcr.io/goproxy/goproxy: [amd64]}\n"
    };
}

/// stack.yaml of examples with a proxy.
macro_rules! proxy_stack {
    () => {
        "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\nplatforms: {ghcr.io/xtls/xray-core: [amd64], v2fly/v2fly-core: [amd64]}\nsecrets: {proxy: [config.json, clients.json]}\n"
    };
}

mod address;
mod app;
mod cloudflare;
mod data;
mod doh;
mod duration;
mod engine;
mod goproxy;
mod minio;
mod proxy;
mod route;
mod secret;
#[cfg(test)]
mod trial;
mod upstream;

pub use address::{Address, addresses};

use crate::finding::{Code, Finding, Findings, list, nearest};
use crate::kube::names;
use crate::source::{Sources, Span};
use crate::stack::expand::{self, Short, expand};
use crate::stack::foreign;
use crate::stack::{
    App, Container, MadeFile, PodFile, Port, SecretRead, ServersTransport, Stack, name_invalid, refuse_empty,
    value_invalid,
};
use crate::template::{Scope, is_template};
use crate::yaml::{
    Build, KEY_MISSING, Map, Named, Node, Overrides, Shape, Spanned, VALUE_UNKNOWN, Value, decode, fields,
    key_unknown, merge, merge_noting, unknown_keys,
};

/// The kinds.
pub static KINDS: &[&Kind] = &[&app::KIND, &minio::KIND, &doh::KIND, &goproxy::KIND, &proxy::KIND];

/// What kinds can find beside their types.
pub static CODES: &[&Code] = &[
    &secret::SECRET_IN_TEXT,
    &engine::ENGINE_IMAGE_MISMATCH,
    &engine::ENGINE_LACKS_SETTING,
    &upstream::UPSTREAM_LOOP,
    &data::DATA_OWNER_ROOT,
    &minio::MINIO_REPLICAS_MANY,
    &minio::MINIO_URL_UNSERVED,
    &minio::MINIO_LOGIN_OUTSIDE,
    &minio::MINIO_FORMAT_GONE,
    &minio::MINIO_RELEASE_VULNERABLE,
    &goproxy::CACHE_UNBOUNDED,
    &goproxy::SUMDB_HEARS_PRIVATE,
    &proxy::PATH_IS_ROOT,
    &proxy::PATH_IS_COMMON,
    &proxy::CLIENT_IP_UNTRUSTED,
    &cloudflare::CLOUDFLARE_LIMITS,
    &route::ROUTE_UNFIT,
    &doh::ECS_WITHOUT_EFFECT,
    &doh::ECS_SENT_UNASKED,
    &doh::PROBE_ASKS_UPSTREAM,
];

/// Keys of the general app that every kind but the general one computes alone (schema.md 1.7).
const COMPUTED: &[&str] = &["command", "args", "ports", "workload", "schedule", "job", "sidecars"];

/// A kind of app.
pub struct Kind {
    /// As `kind:` says it.
    pub name: &'static str,
    /// Its own keys, and what they take.
    pub shape: fn() -> Shape,
    /// Its own keys alone.
    own: fn() -> &'static [&'static str],
    /// General keys that it does not take, since it computes them alone.
    pub computes: &'static [&'static str],
    /// Short forms of its own keys.
    pub shorts: &'static [Short],
    /// From its own keys to its ports, which other apps' templates may ask for before the rest can be computed.
    ports: fn(&Node, Span) -> Node,
    /// From its own keys to the other keys of the general app.
    general: fn(&Node, &Asked<'_>, &mut Findings) -> Option<General>,
    /// Whether its pods may land on one node only: what asks for it.
    one_node: fn(&Node, &Asked<'_>) -> Option<Span>,
}

impl Kind {
    fn grown(&self, mut tree: Node) -> Node {
        expand(&mut tree, expand::APP);
        expand(&mut tree, self.shorts);
        tree
    }
}

/// What a kind computes.
struct General {
    /// Keys of the general app; short forms may stand in them.
    app: Node,
    /// Files of configuration, for volumes that name them.
    made: Vec<MadeFile>,
    /// Keys of Secrets that the program reads by a path.
    reads: Vec<SecretRead>,
    /// Traefik's ways to reach a program that speaks TLS itself.
    transports: Vec<ServersTransport>,
}

impl General {
    /// Keys and no more.
    fn of(app: Node) -> Self {
        General { app, made: Vec::new(), reads: Vec::new(), transports: Vec::new() }
    }
}

/// What a kind may look at beside its own keys.
pub struct Asked<'a> {
    /// The place of `kind:`, the cause of what no key asks for.
    pub at: Span,
    /// What the user says in general keys, which will lie over what the kind computes.
    pub said: &'a Node,
    /// The cluster.
    pub stack: &'a Stack,
}

/// Who asks a draft for its address.
pub struct Asking<'a> {
    /// The app's name.
    pub name: &'a str,
    /// The stack.
    pub stack: &'a Stack,
    /// What it says of all apps.
    pub defaults: Option<&'a Node>,
}

/// Places in an app whose map chooses one of several forms, so that a layer replaces it whole.
pub const ALTERNATIVES: [&[&str]; 3] = [&["env", "*"], &["volumes", "*"], &["probes", "*"]];

/// An app file on its way: short forms grown, its kind known.
pub struct Draft {
    kind: &'static Kind,
    word: Spanned<String>,
    tree: Node,
}

/// Reads the kind, grows the short forms, and lays the changes of layers above over the file. `None` when the kind is
/// missing or unknown. `overrides` learns what lay under the changes.
pub fn draft(
    mut tree: Node,
    changes: &[Node],
    overrides: &mut Overrides,
    found: &mut Findings,
) -> Option<Draft> {
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
    let changes = changes.iter().cloned().map(|change| kind.grown(change));
    let tree =
        changes.fold(kind.grown(tree), |under, over| merge_noting(under, over, &ALTERNATIVES, overrides));
    Some(Draft { kind, word: Spanned { span: entry.value.span, value: word }, tree })
}

fn kind(word: &Node, found: &mut Findings) -> Option<&'static Kind> {
    let text = word.as_text().unwrap_or_default();
    let kind = KINDS.iter().find(|kind| kind.name == text).copied();
    if kind.is_none() {
        let names = || KINDS.iter().map(|kind| kind.name);
        let near = nearest(text, names()).map(|near| format!("did you mean `{near}`?"));
        let message = match word.written() {
            Some(text) => format!("there is no kind `{text}`"),
            None => format!("`kind` wants a word, this is {}", word.kind()),
        };
        found.push(Finding::new(&VALUE_UNKNOWN, word.span, message).help(
            foreign::kind(text).or(near).unwrap_or_else(|| format!("the kinds are {}", list(names()))),
        ));
    }
    kind
}

impl Draft {
    /// The tree, for templates.
    pub fn tree_mut(&mut self) -> &mut Node {
        &mut self.tree
    }

    /// Fills the keys by which others reach the app. They are asked before any app is known, so that no two apps can
    /// ask each other for ever: they may use vars only (schema.md S8).
    pub fn fill_address(&mut self, vars: &Scope<'_>, sources: &Sources, found: &mut Findings) {
        let own = (self.kind.own)();
        let keys = ["namespace", "ports"]
            .into_iter()
            .chain(["engine", "port"].into_iter().filter(|key| own.contains(key)));
        for key in keys {
            if let Some(value) = self.tree.as_map_mut().and_then(|map| map.get_mut(key)) {
                vars.fill(value, sources, found);
            }
        }
    }

    /// Where other apps reach it, by these keys. What is wrong with them is told when the app itself is finished.
    pub fn address(&self, asking: &Asking<'_>, vars: &Scope<'_>, sources: &Sources) -> Address {
        let mut quiet = Findings::default();
        let mut own = pick(&self.tree, (self.kind.own)());
        let mut told = pick(&self.tree, &["namespace", "ports", "services"]);
        let mut under = asking.defaults.map(|defaults| pick(defaults, &["namespace"]));
        for part in [&mut own, &mut told].into_iter().chain(&mut under) {
            vars.fill(part, sources, &mut quiet);
        }
        let computed = ports(self.kind, &own, self.word.span);
        let whole =
            merge(under.map_or(computed.clone(), |under| merge(under, computed, &[])), told, &ALTERNATIVES);
        let ports =
            whole.get("ports").and_then(|ports| decode::<Named<Port>>(ports, &mut quiet)).unwrap_or_default();
        let served = ports.iter().filter(|(_, port)| port.service != Some(false));
        let ports = served.map(|(name, port)| (name.value.clone(), port.port.value)).collect();
        let services = whole.get("services").map_or(&[][..], Node::entries);
        let ports = address::carried(services, asking.name, ports);
        let own_service = services.iter().any(|entry| entry.key.text == asking.name);
        Address {
            has_service: own_service || !ports.is_empty(),
            namespace: whole.text_at(&["namespace"]).unwrap_or(&asking.stack.namespace.value).to_owned(),
            ports,
        }
    }

    /// All that can be told without a cluster: unknown keys and wrong types. What templates would make is left alone.
    pub fn look(&self, found: &mut Findings) {
        leave_templates(&self.tree, found);
        self.unknown_keys(found);
        let (_, rest) = split(self.tree.clone(), (self.kind.own)());
        let (container, pod) = split(rest, fields::<Container>());
        let (pod, _) = split(pod, fields::<PodFile>());
        if decode::<Container>(&container, found).is_some_and(|container| container.image.is_none()) {
            found.push(no_image(self.first_key()));
        }
        let _: Option<PodFile> = decode(&pod, found);
    }

    fn first_key(&self) -> Span {
        self.tree.entries().first().map_or(self.word.span, |entry| entry.key.span)
    }

    /// Keys of other apps that this kind takes from nobody.
    fn computed_keys(&self, found: &mut Findings) {
        for entry in
            self.tree.entries().iter().filter(|entry| self.kind.computes.contains(&entry.key.text.as_ref()))
        {
            found.push(
                key_unknown(&entry.key, None)
                    .note(format!("a {} sets it by itself", self.word.value))
                    .help("leave it out; in another way it is an app of `kind: app`"),
            );
            found.give_up(entry.key.span);
        }
    }

    fn unknown_keys(&self, found: &mut Findings) {
        let general = fields::<Container>().iter().chain(fields::<PodFile>());
        let general = general.filter(|key| !self.kind.computes.contains(*key));
        let known: Vec<&str> = general.chain((self.kind.own)()).copied().collect();
        self.computed_keys(found);
        foreign::tell(&self.tree, None, &known, found);
        let more = ["init", "sidecars"].into_iter().filter_map(|key| self.tree.get(key));
        for entry in more.flat_map(Node::entries) {
            foreign::tell(&entry.value, Some(&entry.key.text), fields::<Container>(), found);
        }
        unknown_keys(&self.tree, &known, None, found);
    }

    /// The general app: what the stack says of all apps, the kind's part over it, the user's on top, decoded. `None` when
    /// something was wrong. `overrides` learns what the user's own values lie over, where somebody asks.
    pub fn finish(
        self,
        name: &str,
        stack: &Stack,
        defaults: Option<Node>,
        overrides: Option<&mut Overrides>,
        found: &mut Findings,
    ) -> Option<App> {
        let before = found.errors();
        self.unknown_keys(found);
        let span = self.tree.span;
        let first = self.first_key();
        // A template may have made one item where a list may stand.
        let (own, rest) = split(self.kind.grown(self.tree), (self.kind.own)());
        let defaults = defaults.map(|defaults| self.kind.grown(defaults));
        let asked = Asked { at: self.word.span, said: &rest, stack };
        let one_node = (self.kind.one_node)(&own, &asked);
        let General { app, made, reads, transports } = (self.kind.general)(&own, &asked, found)?;
        let mut computed = merge(ports(self.kind, &own, self.word.span), app, &[]);
        expand(&mut computed, expand::APP);
        let under = match defaults {
            Some(defaults) => merge(defaults, computed, &ALTERNATIVES),
            None => computed,
        };
        refuse_empty(&rest, &under, found);
        let whole = match overrides {
            Some(overrides) => merge_noting(under, rest, &ALTERNATIVES, overrides),
            None => merge(under, rest, &ALTERNATIVES),
        };
        let (container, pod) = split(whole, fields::<Container>());
        let (pod, _) = split(pod, fields::<PodFile>());
        let container: Option<Container> = decode(&container, found);
        let pod: Option<PodFile> = decode(&pod, found);
        let (container, pod) = (container?, pod?);
        if container.image.is_none() {
            found.push(no_image(first));
        }
        let namespace = pod.namespace.clone().unwrap_or_else(|| stack.namespace.clone());
        if let Err(reason) = names::dns_label(&namespace.value) {
            found.push(name_invalid("namespace", &namespace.value, namespace.span, &reason));
        }
        (found.errors() == before).then(|| App {
            name: name.to_owned(),
            span,
            one_node,
            made,
            reads,
            transports,
            kind: self.word,
            namespace,
            container,
            pod,
        })
    }
}

/// Only a sidecar may leave it out.
fn no_image(span: Span) -> Finding {
    Finding::new(&KEY_MISSING, span, "the key `image` is missing").label("`image` is wanted here")
}

fn leave_templates(node: &Node, found: &mut Findings) {
    match &node.value {
        Value::Text(text) if is_template(text) => found.give_up(node.span),
        Value::List(items) => items.iter().for_each(|item| leave_templates(item, found)),
        Value::Map(map) => map.entries.iter().for_each(|entry| leave_templates(&entry.value, found)),
        _ => {}
    }
}

/// `{ports: …}` as the kind computes them.
fn ports(kind: &Kind, own: &Node, at: Span) -> Node {
    let mut ports = Build::at(at).unless_empty("ports", (kind.ports)(own, at)).node();
    expand(&mut ports, expand::APP);
    ports
}

/// Copies of the entries whose keys are listed.
fn pick(tree: &Node, keys: &[&str]) -> Node {
    let entries = tree.entries().iter().filter(|entry| keys.contains(&entry.key.text.as_ref()));
    Node { span: tree.span, value: Value::Map(Map { entries: entries.cloned().collect() }) }
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
