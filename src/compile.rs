//! The way of the data, on one screen. No `?`, no early return: each step takes what the one before could read, and a
//! run tells everything that it found. `build`, `check` and `nodes` all call [`compile`] and differ only in what they
//! do with [`Compiled`].

use crate::check::{self, Facts, Images};
use crate::emit::{self, File};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::finish;
use crate::kinds::{self, Draft};
use crate::kube::{self, Object, Unit};
use crate::lower::{self, Files, Merged};
use crate::source::{FileId, Input, Sources};
use crate::stack::expand::{self, expand};
use crate::stack::{self, App, Stack, StackFile};
use crate::template::{self, Templates};
use crate::yaml::{self, Build, Dialect, Map, Node, Value};

/// All that a run made of its input.
pub struct Compiled {
    /// The files read.
    pub sources: Sources,
    /// The cluster, if stack.yaml could be understood.
    pub stack: Option<Stack>,
    /// The apps that could be compiled.
    pub apps: Vec<App>,
    /// The final objects, in the order of the files.
    pub objects: Vec<Object>,
    /// The files for k3s' folder. Not to be written when there are errors.
    pub files: Vec<File>,
    /// How many images rest on what.
    pub images: Images,
    /// What is wrong, by place.
    pub findings: Vec<Finding>,
    /// Findings beyond the most that a run keeps.
    pub dropped: usize,
    /// How many are errors.
    pub errors: usize,
}

/// A YAML file beside the apps that nothing reads.
pub static FILE_IGNORED: Code = Code {
    name: "file-ignored",
    severity: Severity::Error,
    page: Page {
        about: "A YAML file lies below `apps`, but nothing reads it: apps are files apps/NAME.yaml, with that ending\n\
                and directly in that folder.",
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
        stack::CODES,
        kinds::CODES,
        lower::CODES,
        check::CODES,
        emit::CODES,
        CODES,
    ];
    rooms.into_iter().flatten().copied()
}

/// Compiles the files of a stack.
pub fn compile(sources: Sources, input: &Input) -> Compiled {
    let mut found = Findings::default();
    strays(input, &sources, &mut found);
    let (cluster, templates) = cluster(input, &sources, &mut found);
    let manifests = manifests(input, &sources, cluster.as_ref(), &mut found);
    let mut compiled = Compiled {
        sources,
        stack: None,
        apps: Vec::new(),
        objects: manifests,
        files: Vec::new(),
        images: Images::default(),
        findings: Vec::new(),
        dropped: 0,
        errors: 0,
    };
    apps(&mut compiled, input, cluster.as_ref(), &templates, &mut found);
    if let Some(stack) = cluster {
        let namespaces = lower::namespaces(&compiled.objects, &stack);
        compiled.objects.extend(namespaces);
        emit::arrange(&mut compiled.objects, &stack);
        finish::all(&mut compiled.objects);
        let facts = Facts::new(&stack, &compiled.apps, &compiled.objects);
        check::all(&facts, &mut found);
        compiled.images = facts.images();
        compiled.files = emit::files(&compiled.objects, &stack, &mut found);
        compiled.stack = Some(stack);
    }
    compiled.dropped = found.dropped();
    let dropped_errors = found.dropped_errors();
    compiled.findings = found.sorted();
    let errors = compiled.findings.iter().filter(|finding| finding.code.severity == Severity::Error);
    compiled.errors = errors.count().saturating_add(dropped_errors);
    compiled
}

fn strays(input: &Input, sources: &Sources, found: &mut Findings) {
    for file in &input.strays {
        let path = &sources.file(*file).path;
        let name = path.rsplit('/').next().unwrap_or(path);
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        found.push(
            Finding::new(&FILE_IGNORED, file.start(), format!("nothing reads {path}"))
                .help(format!("an app is a file apps/NAME.yaml: rename it to apps/{stem}.yaml")),
        );
    }
}

/// stack.yaml: read, short forms grown, templates filled, decoded, understood.
fn cluster(input: &Input, sources: &Sources, found: &mut Findings) -> (Option<Stack>, Templates) {
    let Some(mut tree) = yaml::read_typed(sources, input.stack, found) else {
        return (None, Templates::new(Map::default()));
    };
    expand(&mut tree, expand::STACK);
    stack::refuse_values(&mut tree, found);
    let vars = match tree.get("vars").map(|vars| &vars.value) {
        Some(Value::Map(vars)) => vars.clone(),
        _ => Map::default(),
    };
    stack::check_vars(&vars, found);
    let early = Templates::new(vars.clone());
    fill_cluster(&mut tree, &early, sources, found);
    let templates = Templates::new(names(vars, &tree, input));
    let file: Option<StackFile> = yaml::decode(&tree, found);
    let stack = file.and_then(|file| stack::resolve(file, input.stack.start(), &input.folder_name, found));
    (stack, templates)
}

/// Keys of stack.yaml that are read before any template can be.
const NOT_FILLED: [&str; 3] = ["stackc", "k3s", "vars"];

fn fill_cluster(tree: &mut Node, templates: &Templates, sources: &Sources, found: &mut Findings) {
    let Some(map) = tree.as_map_mut() else { return };
    for entry in map.entries.iter_mut().filter(|entry| !NOT_FILLED.contains(&entry.key.text.as_ref())) {
        templates.scope().fill(&mut entry.value, sources, found);
    }
}

/// What templates know beside the vars (schema.md S8).
fn names(mut names: Map, tree: &Node, input: &Input) -> Map {
    let span = tree.span;
    let name = tree.get("name").cloned().unwrap_or_else(|| Node::text(span, input.folder_name.clone()));
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
        .maybe("network", tree.get("network").cloned())
        .maybe("k3s", tree.at(&["k3s", "version"]).cloned())
        .node();
    if let Value::Map(own) = own.value {
        names.entries.extend(own.entries);
    }
    names
}

/// Each app from its file to its objects. Without a cluster there is nothing to lower to, but the files are read, so
/// that their mistakes are told in the same run.
fn apps(
    compiled: &mut Compiled,
    input: &Input,
    stack: Option<&Stack>,
    templates: &Templates,
    found: &mut Findings,
) {
    let mut merged = Merged::default();
    for (name, file) in &input.apps {
        let before = found.errors();
        let Some(draft) = draft(name, *file, &compiled.sources, found) else { continue };
        let Some(stack) = stack else {
            draft.look(found);
            continue;
        };
        let sound = found.errors() == before;
        let own = app_names(name, *file, &draft, stack);
        let files =
            Files { sources: &compiled.sources, files: &input.files, scope: templates.scope_with(&own) };
        if let Some((app, objects)) = app((name, draft, sound), stack, &files, &mut merged, found) {
            compiled.objects.extend(objects);
            compiled.apps.push(app);
        }
    }
    if let Some(stack) = stack {
        compiled.objects.extend(lower::shared(stack, merged, found));
    }
}

/// An app's file: read, its kind known, short forms grown.
fn draft(name: &str, file: FileId, sources: &Sources, found: &mut Findings) -> Option<Draft> {
    if let Err(reason) = kinds::app_name(name) {
        found.push(kinds::bad_name(file.start(), name, &reason));
    }
    kinds::draft(yaml::read_typed(sources, file, found)?, found)
}

/// Of a file of which something was told (`sound` is false), objects would only raise echoes.
fn app(
    (name, mut draft, sound): (&str, Draft, bool),
    stack: &Stack,
    files: &Files<'_>,
    merged: &mut Merged,
    found: &mut Findings,
) -> Option<(App, Vec<Object>)> {
    files.scope.fill(draft.tree_mut(), files.sources, found);
    let app = draft.finish(name, stack, found).filter(|_| sound)?;
    let objects = lower::app(&app, stack, files, merged, found);
    Some((app, objects))
}

/// What templates in an app's file know beside what all know.
fn app_names(name: &str, file: FileId, draft: &Draft, stack: &Stack) -> Map {
    let span = file.start();
    let namespace = draft.namespace().cloned().unwrap_or_else(|| Node::from(&stack.namespace));
    let app = Build::at(span).text("name", name.to_owned()).with("namespace", namespace).node();
    template::names(span, [("app", app)])
}

/// Plain manifests join here.
fn manifests(input: &Input, sources: &Sources, stack: Option<&Stack>, found: &mut Findings) -> Vec<Object> {
    let namespace = stack.map_or("default", |stack| stack.namespace.value.as_str());
    let mut objects = Vec::new();
    for (path, file) in &input.manifests {
        let unit = Unit::Manifest(path.clone());
        for document in yaml::read(sources, *file, Dialect::Manifest, found) {
            objects.extend(kube::objects(document, &unit, namespace, found));
        }
    }
    objects
}
