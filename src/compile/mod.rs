//! The way of the data, on one screen. No `?`, no early return: each step takes what the one before could read, and a
//! run tells everything that it found. `build`, `check` and `nodes` all call [`compile`] and differ only in what they
//! do with [`Compiled`].

mod apps;
mod compiled;
mod manifests;
mod stack_yaml;

use std::collections::BTreeMap;

use crate::blame::{self, Told};
use crate::check::{self, Demands, Facts};
use crate::cluster::{self, Member};
use crate::emit;
use crate::finding::{Code, Findings, Severity};
use crate::finish;
use crate::kinds;
use crate::kube;
use crate::lock;
use crate::lower;
use crate::overrule;
use crate::reach::Traefik;
use crate::source::{FileId, Folder, Input, Part, Sources};
use crate::stack::changes::{self, Change};
use crate::stack::layers::{self, Gathered};
use crate::stack::{self, Pin};
use crate::template;
use crate::transform::{self, Ground};
use crate::yaml;
use apps::{Shared, addresses, apps, drafts, transformed};
pub use compiled::Compiled;
pub use manifests::FILE_IGNORED;
use manifests::{manifests, strays};
pub use stack_yaml::NOT_FILLED;
use stack_yaml::cluster;

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
    let (given, changes) = (sources.count(), changes::changes(&gathered));
    // Only what has layers over it is compiled once more.
    let kept = (!changes.is_empty()).then(|| (gathered.clone(), found.clone()));
    let named = (folder_name.as_str(), named.as_deref());
    let (mut compiled, mut found) = run((sources, gathered, found), named, demands);
    if let Some((gathered, before)) = kept {
        let without = |undone: &[Change]| {
            let left = changes::without(&gathered, undone);
            let (compiled, found) =
                run((compiled.sources.first(given), left, before.clone()), named, demands);
            Told::of(&found, &compiled.sources)
        };
        blame(&mut found, &compiled.sources, (&gathered, &changes), without);
    }
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
        let patches = apps(&mut compiled, drafts, &addresses, (&shared, &mut overrides), &mut found);
        transformed(&mut compiled, (&shared, &patches), &mut overrides, &mut found);
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
    (gathered, changes): (&Gathered, &[Change]),
    mut without: impl FnMut(&[Change]) -> Told,
) {
    if found.iter().all(|finding| finding.severity == Severity::Note) {
        return;
    }
    let apps: BTreeMap<FileId, String> = gathered.apps().collect();
    let runs = (SEARCHED / apps.len().max(1)).clamp(4, 64);
    let ground = blame::Ground { sources, changes, apps, runs };
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
