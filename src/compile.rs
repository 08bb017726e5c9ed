//! The way of the data, on one screen. No `?`, no early return: each step takes what the one before could read, and a
//! run tells everything that it found. `build`, `check` and `nodes` all call [`compile`] and differ only in what they
//! do with [`Compiled`].

use std::collections::{BTreeMap, BTreeSet};

use crate::blame::{self, Told};
use crate::check::{self, Demands, Facts, Images};
use crate::cluster::{self, Member};
use crate::emit::{self, File};
use crate::finding::{Code, Finding, Findings, Label, Page, Rules, Severity};
use crate::finish;
use crate::k3s::Release;
use crate::kinds::{self, Address, Asking, Draft};
use crate::kube::{self, Object, Unit};
use crate::lock::{self, Lock};
use crate::lower::{self, Files, Merged};
use crate::overrule;
use crate::reach::Traefik;
use crate::source::{FileId, Folder, Input, Layer, OVERLAY_FILE, Part, STACK_FILE, Sources};
use crate::stack::changes::{self, Change};
use crate::stack::expand::{self, expand};
use crate::stack::layers::{self, Defined, Gathered, Layers};
use crate::stack::{self, App, Network, Outline, Pin, Stack, StackFile};
use crate::template::{self, Templates};
use crate::transform::{self, Ground};
use crate::yaml::{self, Build, Dialect, Map, Node, Overrides, Value};

/// All that a run made of its input.
pub struct Compiled {
    /// The files read.
    pub sources: Sources,
    /// The files that describe the cluster: stack.yaml and what it includes.
    pub cluster_files: Vec<FileId>,
    /// The stack's own file, after those of the bases that it varies.
    pub lineage: Vec<FileId>,
    /// The cluster, if stack.yaml could be understood.
    pub stack: Option<Stack>,
    /// The apps that could be compiled.
    pub apps: Vec<Outline>,
    /// The final objects, in the order of the files.
    pub objects: Vec<Object>,
    /// The files for k3s' folder. Not to be written when there are errors.
    pub files: Vec<File>,
    /// How many images rest on what.
    pub images: Images,
    /// What lay under the values of an overlay.
    pub overrides: Overrides,
    /// What templates know.
    pub names: Map,
    /// What is wrong, by place.
    pub findings: Vec<Finding>,
    /// Findings beyond the most that a run keeps.
    pub dropped: usize,
    /// How many are errors.
    pub errors: usize,
    /// Places where a comment allows what is wrong.
    pub allowed: usize,
    rules: Rules,
}

/// A YAML file beside the apps that nothing reads.
pub static FILE_IGNORED: Code = Code {
    name: "file-ignored",
    severity: Severity::Error,
    page: Page {
        about: "A YAML file lies below `apps`, but nothing reads it: apps are files apps/NAME.yaml, with that ending\n\
                and directly in that folder. Or an overlay.yaml beside a stack.yaml, which makes the folder a stack.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n# apps/more.yml\nkind: app\nimage: registry.example/web:1.0\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n# apps/more.yaml\nkind: app\nimage: registry.example/web:1.0\n",
    },
};

static CODES: &[&Code] = &[&FILE_IGNORED];

/// Every code that a run can raise, with its page.
pub fn codes() -> impl Iterator<Item = &'static Code> {
    let rooms = [
        yaml::CODES,
        template::CODES,
        kube::CODES,
        lock::CODES,
        stack::CODES,
        kinds::CODES,
        lower::CODES,
        transform::CODES,
        finish::CODES,
        check::CODES,
        emit::CODES,
        cluster::CODES,
        overrule::CODES,
        CODES,
    ];
    rooms.into_iter().flatten().copied()
}

/// Compiles the files of a stack.
pub fn compile(mut sources: Sources, input: Input, demands: Demands) -> Compiled {
    let mut found = Findings::default();
    let Input { folder_name, named, layer } = input;
    let gathered = layers::gather(layer, &mut sources, &mut found);
    let (given, before) = (sources.count(), found.clone());
    let named = (folder_name.as_str(), named.as_deref());
    let (mut compiled, mut found) = run((sources, gathered.clone(), found), named, demands);
    let without = |undone: &[Change]| {
        let left = changes::without(&gathered, undone);
        let (compiled, found) = run((compiled.sources.first(given), left, before.clone()), named, demands);
        Told::of(&found, &compiled.sources)
    };
    blame(&mut found, &compiled.sources, &gathered, without);
    compiled.tell(found);
    compiled
}

/// Compiles what was gathered, and tells nothing yet.
fn run(
    (mut sources, gathered, mut found): (Sources, Gathered, Findings),
    (folder_name, named): (&str, Option<&str>),
    demands: Demands,
) -> (Compiled, Findings) {
    let past = demands.past;
    let mut layers = layers::lay(gathered, &sources, &mut found);
    layers.rename(named.map(str::to_owned));
    let mut overrides = std::mem::take(&mut layers.overrides);
    let known: Vec<&'static Code> = codes().collect();
    for topmost in [true, false] {
        overrule::read((layers.documents(topmost), topmost), &sources, &known, &mut found);
    }
    layers.kustomize.iter().for_each(|tree| transform::hide(tree, &mut found));
    strays(&layers, &sources, &mut found);
    let (cluster, defaults, templates) = cluster(&layers, folder_name, &sources, &mut found);
    if let Some(stack) = &cluster {
        overrule::weigh(&stack.checks, &known, &mut found);
    }
    let objects = manifests(&layers, &mut sources, cluster.as_ref(), past, &mut found);
    let mut compiled = Compiled::of(sources, objects);
    compiled.cluster_files = layers.folders.iter().map(|folder| folder.file).collect();
    let varied = layers.folders.iter().filter(|folder| folder.part != Part::Include);
    compiled.lineage = varied.map(|folder| folder.file).collect();
    let mut drafts = drafts(&layers, &compiled.sources, &mut overrides, &mut found);
    if cluster.is_none() {
        for read in &drafts {
            read.draft.look(&mut found);
        }
    }
    if let Some(mut stack) = cluster {
        let mut shared = Shared { stack: &stack, layers: &layers, defaults, templates, past };
        let addresses = addresses(&mut drafts, &mut shared, &compiled.sources, &mut found);
        let Shared { defaults, templates, .. } = shared;
        let values = stack.ingress.as_mut().and_then(|ingress| ingress.values.as_mut());
        for late in stack.middlewares.0.iter_mut().map(|(_, middleware)| middleware).chain(values) {
            templates.scope().fill(late, &compiled.sources, &mut found);
        }
        let shared = Shared { stack: &stack, layers: &layers, defaults, templates, past };
        apps(&mut compiled, drafts, &addresses, (&shared, &mut overrides), &mut found);
        transformed(&mut compiled, &shared, &mut overrides, &mut found);
        compiled.names = shared.templates.into_names();
        emit::arrange(&mut compiled.objects, &stack);
        if demands.unpinned {
            stack.pin = Pin::None;
        }
        finish::all(&mut compiled.objects, &stack, &mut found);
        let traefik = Traefik::read(&stack, &compiled.objects, &compiled.sources, &mut found);
        let facts = Facts::new(&stack, &compiled.apps, &compiled.objects, demands)
            .with_sources(&compiled.sources)
            .with_traefik(traefik);
        check::all(&facts, &mut found);
        compiled.images = facts.images();
        compiled.files = emit::files(&compiled.objects, &stack, &mut found);
        compiled.stack = Some(stack);
    }
    compiled.overrides = overrides;
    (compiled, found)
}

/// The work that the search for an overlay's lines may take, in apps compiled.
const SEARCHED: usize = 16_000;

/// Points what an overlay makes wrong in its base at the overlay.
fn blame(
    found: &mut Findings,
    sources: &Sources,
    gathered: &Gathered,
    mut without: impl FnMut(&[Change]) -> Told,
) {
    let changes = changes::changes(gathered);
    if changes.is_empty() || found.iter().next().is_none() {
        return;
    }
    let apps: BTreeMap<FileId, String> = gathered.apps().collect();
    let runs = (SEARCHED / apps.len().max(1)).clamp(4, 64);
    let ground = blame::Ground { sources, changes: &changes, apps, runs };
    let told = Told::of(found, sources);
    found.retell(|all| blame::point(all, &told, &ground, &mut without));
}

/// Holds the stacks of one run against each other; what is wrong becomes a finding of the later one.
pub fn together(runs: &mut [Compiled]) {
    let members: Vec<Option<Member<'_>>> = runs.iter().map(Compiled::member).collect();
    for (index, finding) in cluster::check(&members) {
        if let Some(run) = runs.get_mut(index) {
            run.take(finding);
        }
    }
}

/// Builds a kustomization, which knows no cluster: what it makes is checked against a stack by `check --stack`.
/// `minor` is Kubernetes', for the merge keys; `past` keeps what objects were before each change.
pub fn kustomize(folder: &Folder, minor: u16, past: bool) -> Compiled {
    let (mut sources, mut found) = (Sources::default(), Findings::default());
    let layer = transform::load(folder, &mut sources, &mut found);
    let ground = Ground { sources: &sources, minor, past, fill: None };
    let objects = layer.map(|layer| transform::build(&layer, ground, &mut found));
    let mut compiled = Compiled::of(sources, objects.unwrap_or_default());
    compiled.tell(found);
    compiled
}

impl Compiled {
    /// Of nothing but objects.
    fn of(sources: Sources, objects: Vec<Object>) -> Compiled {
        Compiled {
            sources,
            cluster_files: Vec::new(),
            lineage: Vec::new(),
            stack: None,
            apps: Vec::new(),
            objects,
            files: Vec::new(),
            images: Images::default(),
            overrides: Overrides::default(),
            names: Map::default(),
            findings: Vec::new(),
            dropped: 0,
            errors: 0,
            allowed: 0,
            rules: Rules::default(),
        }
    }

    /// Takes in what was found, in its order, and counts it.
    pub fn tell(&mut self, mut found: Findings) {
        overrule::unused(&mut found);
        self.sources.hide(found.take_secrets());
        self.dropped = found.dropped();
        self.allowed = found.allowed();
        self.rules = found.take_rules();
        let dropped_errors = found.dropped_errors();
        self.findings = found.sorted();
        for finding in &mut self.findings {
            if let Some(nothing) = self.overrides.nothing(finding.primary.span) {
                nothing.explain(finding);
            } else if let Some(under) = self.overrides.under(finding.primary.span)
                && !finding.labels.iter().any(|label| label.span == under)
            {
                finding.labels.push(Label { span: under, text: "it lies over this".into() });
            }
        }
        let errors = self.findings.iter().filter(|finding| finding.severity == Severity::Error);
        self.errors = errors.count().saturating_add(dropped_errors);
    }

    fn member(&self) -> Option<Member<'_>> {
        let stack = self.stack.as_ref()?;
        Some(Member {
            stack,
            objects: &self.objects,
            files: &self.files,
            sources: &self.sources,
            lineage: &self.lineage,
        })
    }

    /// One more, under the same rules as those before.
    fn take(&mut self, finding: Finding) {
        let kept_errors = self.findings.iter().filter(|finding| finding.severity == Severity::Error).count();
        let (dropped, allowed) = (self.dropped, self.allowed);
        let dropped_errors = self.errors.saturating_sub(kept_errors);
        let mut found = Findings::under(std::mem::take(&mut self.rules));
        let before = self.findings.drain(..).filter(|finding| !overrule::is_unused(finding));
        before.chain([finding]).for_each(|finding| found.push(finding));
        self.tell(found);
        self.dropped = self.dropped.saturating_add(dropped);
        self.allowed = self.allowed.saturating_add(allowed);
        self.errors = self.errors.saturating_add(dropped_errors);
    }
}

fn strays(layers: &Layers, sources: &Sources, found: &mut Findings) {
    for file in layers.folders.iter().flat_map(|folder| &folder.strays) {
        let path = &sources.file(*file).path;
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let finding = if name == OVERLAY_FILE {
            let message =
                format!("nothing reads {path}: the folder is a stack, by the {STACK_FILE} beside it");
            Finding::new(&FILE_IGNORED, file.start(), message)
                .help("an overlay has a folder of its own, and names its base: overlays/NAME/overlay.yaml")
        } else {
            Finding::new(&FILE_IGNORED, file.start(), format!("nothing reads {path}"))
                .help(format!("an app is a file apps/NAME.yaml: rename it to apps/{stem}.yaml"))
        };
        found.push(finding);
    }
}

/// stack.yaml over what it includes: templates filled, decoded, understood. With it what it says of all apps, and what
/// templates know.
fn cluster(
    layers: &Layers,
    folder: &str,
    sources: &Sources,
    found: &mut Findings,
) -> (Option<Stack>, Option<Node>, Templates) {
    let Some(mut tree) = layers.tree.clone() else {
        return (None, None, Templates::new(Map::default()));
    };
    stack::refuse_values(&mut tree, found);
    let defaults = tree.as_map_mut().and_then(|map| map.remove("defaults")).map(|entry| entry.value);
    if let Some(defaults) = &defaults {
        layers::check_defaults(defaults, found);
    }
    let vars = vars(&tree, found);
    stack::check_vars(&vars, found);
    let early = Templates::new(vars.clone());
    fill_cluster(&mut tree, &early, sources, found);
    let templates = Templates::new(names(vars, &tree, folder));
    stack::refuse_keys(&mut tree, found);
    let file: Option<StackFile> = yaml::decode(&tree, found);
    let span = layers.folders.last().map_or(tree.span, |folder| folder.file.start());
    let stack = file.and_then(|file| stack::resolve(file, span, folder, found));
    let stack = stack.map(|stack| stack.pinned(locked(layers, sources, found)));
    (stack, defaults, templates)
}

/// The stack's lock; of an overlay, its own over those of what it varies.
fn locked(layers: &Layers, sources: &Sources, found: &mut Findings) -> Lock {
    let varied = layers.folders.iter().filter(|folder| folder.part != Part::Include);
    let locks = varied.map(|folder| folder.lock);
    let locks = locks.map(|file| file.map(|file| lock::read(sources, file, found)).unwrap_or_default());
    locks.reduce(|base, own| own.over(base)).unwrap_or_default()
}

fn vars(tree: &Node, found: &mut Findings) -> Map {
    let vars = tree.get("vars");
    if let Some(vars) = vars.filter(|vars| vars.as_map().is_none()) {
        found.push(yaml::wrong_type(vars, "vars", "a map"));
    }
    vars.and_then(Node::as_map).cloned().unwrap_or_default()
}

/// Keys of stack.yaml that are read before any template can be.
pub const NOT_FILLED: [&str; 3] = ["stackc", "k3s", "vars"];

/// What is filled once apps' addresses are known: a middleware asks an app who may come in, Traefik sends an app its
/// traces.
const FILLED_LATE: [&[&str]; 2] = [&["middlewares"], &["ingress", "values"]];

fn fill_cluster(tree: &mut Node, templates: &Templates, sources: &Sources, found: &mut Findings) {
    let later: Vec<&[&str]> = NOT_FILLED.iter().map(std::slice::from_ref).chain(FILLED_LATE).collect();
    fill_but(tree, &later, templates, sources, found);
    // A template may have made one item where a list may stand.
    expand(tree, expand::STACK);
}

/// Fills all that is below none of the paths in `later`.
fn fill_but(
    node: &mut Node,
    later: &[&[&str]],
    templates: &Templates,
    sources: &Sources,
    found: &mut Findings,
) {
    let Some(map) = node.as_map_mut().filter(|_| !later.is_empty()) else {
        return templates.scope().fill(node, sources, found);
    };
    for entry in &mut map.entries {
        let key = entry.key.text.as_ref();
        let below: Vec<&[&str]> = later
            .iter()
            .filter_map(|path| path.split_first())
            .filter(|(first, _)| **first == key)
            .map(|(_, rest)| rest)
            .collect();
        if !below.iter().any(|path| path.is_empty()) {
            fill_but(&mut entry.value, &below, templates, sources, found);
        }
    }
}

/// What templates know beside the vars (schema.md S8).
fn names(mut names: Map, tree: &Node, folder: &str) -> Map {
    let span = tree.span;
    let name = tree.get("name").cloned().unwrap_or_else(|| Node::text(span, folder.to_owned()));
    let first = |node: &Node, key: &str| node.get(key).and_then(|list| list.items().first().cloned());
    let nodes =
        tree.get("nodes").map_or(&[][..], Node::entries).iter().fold(Build::at(span), |build, entry| {
            let node = Build::at(entry.value.span)
                .maybe("arch", entry.value.get("arch").cloned())
                .maybe("ip", first(&entry.value, "ip"))
                .maybe("publicIP", first(&entry.value, "publicIP"));
            build.with(entry.key.text.clone(), node.node())
        });
    let own = Build::at(span)
        .with("stack", Build::at(span).with("name", name).node())
        .with("nodes", nodes.node())
        .with("network", Network::known(tree.get("network"), span))
        .maybe("k3s", tree.at(&["k3s", "version"]).cloned())
        .node();
    if let Value::Map(own) = own.value {
        names.entries.extend(own.entries);
    }
    names
}

/// What all apps of a stack have in common.
struct Shared<'a> {
    stack: &'a Stack,
    layers: &'a Layers,
    defaults: Option<Node>,
    templates: Templates,
    /// See [`Demands::past`].
    past: bool,
}

/// An app file as a draft: read, its kind known, short forms grown, changes of layers above laid over it.
struct Read<'a> {
    app: &'a Defined,
    draft: Draft,
    /// Nothing was told of its file.
    sound: bool,
}

fn drafts<'a>(
    layers: &'a Layers,
    sources: &Sources,
    overrides: &mut Overrides,
    found: &mut Findings,
) -> Vec<Read<'a>> {
    let mut drafts = Vec::new();
    for app in &layers.apps {
        let before = found.errors();
        if let Err(reason) = kinds::app_name(&app.name) {
            found.push(kinds::bad_name(app.file.start(), &app.name, &reason));
        }
        let draft = yaml::read_typed(sources, app.file, found)
            .and_then(|tree| kinds::draft(tree, &app.changes, overrides, found));
        let sound = found.errors() == before;
        drafts.extend(draft.map(|draft| Read { app, draft, sound }));
    }
    drafts
}

/// Where apps reach one another; templates learn it.
fn addresses(
    drafts: &mut [Read<'_>],
    shared: &mut Shared<'_>,
    sources: &Sources,
    found: &mut Findings,
) -> Vec<Address> {
    let vars = shared.templates.scope();
    for read in drafts.iter_mut() {
        read.draft.fill_address(&vars, sources, found);
    }
    let address = |read: &Read<'_>| {
        let asked = Asking { name: &read.app.name, stack: shared.stack, defaults: shared.defaults.as_ref() };
        read.draft.address(&asked, &vars, sources)
    };
    let addresses: Vec<Address> = drafts.iter().map(address).collect();
    let named = drafts.iter().map(|read| read.app.name.as_str()).zip(&addresses);
    shared.templates.learn("apps", kinds::addresses(shared.stack.span, named));
    addresses
}

/// Drafts to apps to objects; each draft is dropped as soon as it is lowered.
fn apps(
    compiled: &mut Compiled,
    drafts: Vec<Read<'_>>,
    addresses: &[Address],
    (shared, overrides): (&Shared<'_>, &mut Overrides),
    found: &mut Findings,
) {
    let mut merged = Merged::default();
    for (Read { app, draft, sound }, address) in drafts.into_iter().zip(addresses) {
        let own = app_names(app, address);
        let files = Files {
            sources: &compiled.sources,
            layers: shared.layers,
            scope: shared.templates.scope_with(&own),
        };
        let noted = (&mut merged, &mut *overrides);
        if let Some((app, objects)) = self::app((&app.name, draft, sound), shared, &files, noted, found) {
            compiled.objects.extend(objects);
            compiled.apps.push(app.into());
        }
    }
    let whole = compiled.apps.len() == shared.layers.apps.len();
    compiled.objects.extend(lower::shared(shared.stack, merged, whole, found));
}

/// Namespaces, and what the layers ask for under `kustomize`, the lowest first.
fn transformed(
    compiled: &mut Compiled,
    shared: &Shared<'_>,
    overrides: &mut Overrides,
    found: &mut Findings,
) {
    let Shared { stack, layers, templates, past, .. } = shared;
    let mut asked = Vec::new();
    for tree in &layers.kustomize {
        let Some(layer) = layers.layer(tree.span) else { continue };
        let mut tree = tree.clone();
        templates.scope().fill(&mut tree, &compiled.sources, found);
        asked.extend(transform::layer(tree, layer.file, &layer.folder(), &mut compiled.sources, found));
    }
    let namespace = asked.iter().rev().find_map(|layer| layer.kustomization.namespace.as_ref());
    let namespaces = lower::namespaces(&compiled.objects, namespace, stack, found);
    compiled.objects.extend(namespaces);
    if !asked.is_empty() {
        let objects = std::mem::take(&mut compiled.objects);
        let minor = stack.release.version().minor;
        let sources = &compiled.sources;
        let scope = templates.scope();
        let fill = |node: &mut Node, found: &mut Findings| scope.fill(node, sources, found);
        let ground = Ground { sources, minor, past: *past, fill: Some(&fill) };
        let (objects, over) = transform::apply(objects, &asked, &stack.namespace, ground, found);
        compiled.objects = objects;
        over.pairs().for_each(|(over, under)| overrides.note(over, under));
        // A patch may have put an object into another namespace.
        let namespaces = lower::missing_namespaces(&compiled.objects, stack);
        compiled.objects.extend(namespaces);
    }
}

/// Of a file of which something was told (`sound` is false), objects would only raise echoes.
fn app(
    (name, mut draft, sound): (&str, Draft, bool),
    shared: &Shared<'_>,
    files: &Files<'_>,
    (merged, overrides): (&mut Merged, &mut Overrides),
    found: &mut Findings,
) -> Option<(App, Vec<Object>)> {
    files.scope.fill(draft.tree_mut(), files.sources, found);
    let mut defaults = shared.defaults.clone();
    if let Some(defaults) = &mut defaults {
        files.scope.fill(defaults, files.sources, found);
    }
    let noted = shared.past.then_some(&mut *overrides);
    let app = draft.finish(name, shared.stack, defaults, noted, found).filter(|_| sound)?;
    let objects = lower::app(&app, shared.stack, files, merged, found);
    let minor = shared.stack.release.version().minor;
    let ground = Ground { sources: files.sources, minor, past: shared.past, fill: None };
    let (objects, over) = transform::app(objects, (app.span.file, &app.pod.patches), ground, found);
    over.pairs().for_each(|(over, under)| overrides.note(over, under));
    Some((app, objects))
}

/// What templates in an app's file know beside what all know.
fn app_names(app: &Defined, address: &Address) -> Map {
    let span = app.file.start();
    let own =
        Build::at(span).text("name", app.name.clone()).text("namespace", address.namespace.clone()).node();
    template::names(span, [("app", own)])
}

/// Manifests beside a kustomization that it does not name: whoever put a plain one there would miss its objects.
fn unlisted(folder: &Folder, layer: &transform::Layer, sources: &mut Sources, found: &mut Findings) {
    let read: BTreeSet<String> =
        layer.documents().into_iter().map(|file| sources.file(file).path.clone()).collect();
    for name in folder.manifests() {
        let path = folder.path(&name);
        if !read.contains(&path) {
            let file = sources.add(path.clone(), Ok(Vec::new()));
            let message = format!("nothing reads {path}: the kustomization beside it does not name it");
            found.push(
                Finding::new(&FILE_IGNORED, file.start(), message)
                    .weighs(Severity::Warning)
                    .help(format!("resources: [{name}], or move it out of the kustomization's folder")),
            );
        }
    }
}

/// Plain manifests join here.
fn manifests(
    layers: &Layers,
    sources: &mut Sources,
    stack: Option<&Stack>,
    past: bool,
    found: &mut Findings,
) -> Vec<Object> {
    let namespace = stack.map_or("default", |stack| stack.namespace.value.as_str());
    let minor = stack.map_or(Release::newest_known(), |stack| stack.release.version()).minor;
    let mut objects = Vec::new();
    let known: Vec<&'static Code> = codes().collect();
    let is_top = |folder: &Layer| layers.folders.last().is_some_and(|top| top.file == folder.file);
    for folder in &layers.folders {
        for (path, file) in &folder.manifests {
            let unit = Unit::Manifest(path.clone());
            for document in yaml::read(sources, *file, Dialect::Manifest, found) {
                objects.extend(kube::objects(document, &unit, namespace, found));
            }
        }
        for path in &folder.kustomizations {
            let inner = path.rsplit_once('/').map_or("", |(inner, _)| inner);
            let Ok(place) = folder.folder().enter(&format!("manifests/{inner}")) else { continue };
            let Some(layer) = transform::load(&place, sources, found) else { continue };
            overrule::read((layer.documents().into_iter(), is_top(folder)), sources, &known, found);
            unlisted(&place, &layer, sources, found);
            let before = found.errors();
            transform::templates(&layer, found);
            if found.errors() > before {
                continue;
            }
            let unit = Unit::Manifest(path.clone());
            let ground = Ground { sources, minor, past, fill: None };
            for object in transform::build(&layer, ground, found) {
                let past = object.past;
                let again = kube::objects(object.body, &unit, namespace, found).into_iter();
                objects.extend(again.map(|object| Object { past: past.clone(), ..object }));
            }
        }
    }
    objects
}
