//! Any sequence of edits and installs against a model of k3s: the cluster ends as the last stack says, and what holds data
//! never vanishes unasked.

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use stackc::install::{Does, Fate, Folder, Plan, Wish, apply, forgotten_addons, plan};
use stackc::k3s::{Release, Version};
use stackc::kube::ObjectId;

use crate::controller::Cluster;
use crate::random::long;
use crate::stack;

/// On both sides of each boundary of pruning.
const RELEASES: [&str; 6] =
    ["v1.22.7+k3s1", "v1.22.12+k3s1", "v1.23.4+k3s1", "v1.23.6+k3s1", "v1.24.0+k3s1", "v1.37.1+k3s1"];

/// Kind, namespace, name, and whether the stack writes it with the label that guards it.
const POOL: [(&str, &str, &str, bool); 13] = [
    ("ConfigMap", "one", "c", false),
    ("ConfigMap", "two", "c", false),
    ("ConfigMap", "default", "c", false),
    ("ConfigMap", "one", "k", true),
    ("Deployment", "one", "d", false),
    ("Deployment", "default", "d", false),
    ("ClusterRole", "", "r", false),
    ("PersistentVolumeClaim", "one", "p", true),
    ("PersistentVolumeClaim", "two", "p", true),
    ("PersistentVolumeClaim", "one", "q", false),
    ("Secret", "default", "s", false),
    ("Secret", "two", "s", false),
    ("Secret", "default", "t", true),
];

const APPS: [&str; 3] = ["a", "b", "c"];

/// The stack: where each object of the pool is, and its content.
type Stack = [Option<(usize, u8)>; POOL.len()];

#[derive(Clone, Debug)]
enum Act {
    /// An object comes, changes, moves or leaves.
    Edit(usize, Option<(usize, u8)>),
    /// All objects of an app leave.
    Drop(usize),
    /// An install; it names some of what was kept to be removed, chosen by these bits.
    Install(u8),
    /// The stack is again what was installed before the last install.
    Revert,
    /// Seconds pass.
    Pass(u64),
    /// k3s starts anew.
    Restart,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let home = prop::option::of((0..APPS.len(), 0..3_u8));
    let act = prop_oneof![
        6 => (0..POOL.len(), home).prop_map(|(object, home)| Act::Edit(object, home)),
        1 => (0..APPS.len()).prop_map(Act::Drop),
        1 => Just(Act::Revert),
        3 => prop_oneof![3 => Just(0), 2 => any::<u8>()].prop_map(Act::Install),
        3 => prop::sample::select(vec![1, 5, 20, 70]).prop_map(Act::Pass),
        1 => Just(Act::Restart),
    ];
    prop::collection::vec(act, 5..60)
}

fn document((kind, namespace, name, guarded): (&str, &str, &str, bool), version: u8) -> String {
    let api = match kind {
        "Deployment" => "apps/v1",
        "ClusterRole" => "rbac.authorization.k8s.io/v1",
        _ => "v1",
    };
    let place = if namespace.is_empty() { String::new() } else { format!("  namespace: {namespace}\n") };
    let label = if guarded { "  labels:\n    objectset.rio.cattle.io/prune: \"false\"\n" } else { "" };
    format!(
        "apiVersion: {api}\nkind: {kind}\nmetadata:\n  name: {name}\n{place}{label}data:\n  version: v{version}\n"
    )
}

/// As build would write it: a file an app, and the namespaces first.
fn files(stack: &Stack) -> Vec<(String, String)> {
    let mut documents: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut namespaces = BTreeSet::new();
    for (object, home) in POOL.iter().zip(stack) {
        let Some((app, version)) = home else { continue };
        documents.entry(format!("demo-{}.yaml", APPS[*app])).or_default().push(document(*object, *version));
        namespaces.insert(object.1);
    }
    for namespace in namespaces.into_iter().filter(|name| !matches!(*name, "" | "default")) {
        let namespace = document(("Namespace", "", namespace, true), 0);
        documents.entry("demo-00-namespaces.yaml".into()).or_default().push(namespace);
    }
    let text =
        |name: &str, documents: &[String]| format!("# stackc: {name} from x\n{}", documents.join("---\n"));
    documents.iter().map(|(name, documents)| (name.clone(), text(name, documents))).collect()
}

fn key(id: &ObjectId) -> String {
    let namespace = id.namespace.as_ref().map(|name| format!("{name}/")).unwrap_or_default();
    format!("{}/{namespace}{}", id.kind, id.name)
}

fn holds_data(id: &ObjectId) -> bool {
    matches!(id.kind.as_str(), "Namespace" | "PersistentVolumeClaim" | "Secret")
}

struct World {
    folder: stack::Folder,
    release: Release,
    cluster: Cluster,
    now: u64,
    scanned: u64,
    /// The stack that was last installed, and the one before.
    installed: Stack,
    earlier: Stack,
    /// Objects with data that may go.
    asked: BTreeSet<String>,
    /// Objects with data that the last install kept.
    kept: Vec<String>,
    /// What the user has to delete by hand, once k3s has read what the folder says.
    by_hand: Vec<(String, String)>,
}

impl World {
    fn new(release: &str) -> World {
        let release = Release::of(Version::parse(release).unwrap()).unwrap();
        let folder = stack::Folder::new().with("k3s/README", "");
        World {
            folder,
            release,
            cluster: Cluster::new(release),
            now: 1_800_000_000,
            scanned: 0,
            installed: [None; POOL.len()],
            earlier: [None; POOL.len()],
            asked: BTreeSet::new(),
            kept: Vec::new(),
            by_hand: Vec::new(),
        }
    }

    /// True if it was done; else nothing was changed.
    fn install(&mut self, stack: &Stack, remove: &[String]) -> Option<Plan> {
        // Where k3s leaves objects behind, stackc tells which: it can know only of those that k3s has seen.
        if !(self.release.prunes_emptied_file() && self.release.prunes_left_namespace()) {
            self.pass(20, false);
        }
        let files = files(stack);
        let folder = Folder::open(&self.folder.at("k3s")).unwrap();
        folder.lock().unwrap();
        let state = folder.state("demo", files.iter().map(|(name, _)| name.as_str())).unwrap();
        let wish = Wish {
            stack: "demo",
            folder: folder.real(),
            release: self.release,
            files: &files,
            remove,
            now: self.now,
            sure: false,
        };
        let plan = match plan(&wish, &state) {
            Ok(plan) => plan,
            Err(refusals) => {
                let known = |message: &str| {
                    [" moves from ", " cannot go: it would take ", " is in the stack "]
                        .iter()
                        .any(|says| message.contains(says))
                };
                assert!(refusals.iter().all(|refusal| known(&refusal.message)), "{refusals:?}");
                return None;
            }
        };
        assert_eq!(Plan::parse(&plan.text()).map(|saved| plan.differences(&saved)), Ok(vec![]));
        apply(&plan, &folder, &state, self.now).unwrap();
        if self.installed != *stack {
            self.earlier = std::mem::replace(&mut self.installed, *stack);
        }
        let leaving = || plan.steps.iter().flat_map(|step| &step.leaving);
        let of = |fate: Fate| leaving().filter(move |leaving| leaving.fate == fate);
        self.kept = of(Fate::Kept).map(|leaving| leaving.object.clone()).collect();
        self.asked.extend(remove.iter().cloned());
        self.by_hand.extend(
            of(Fate::Orphaned)
                .chain(of(Fate::Stays))
                .map(|leaving| (leaving.object.clone(), leaving.by_hand.clone())),
        );
        let removed =
            plan.steps.iter().filter(|step| step.does == Does::Remove).map(|step| step.name.clone());
        self.by_hand.extend(removed.zip(forgotten_addons(&plan)));
        // What is wanted again is not to go any more.
        let wanted: BTreeSet<String> = self.wanted().into_keys().map(|id| key(&id)).collect();
        self.asked.retain(|key| !wanted.contains(key));
        self.by_hand.retain(|(key, _)| !wanted.contains(key) && !files.iter().any(|(name, _)| name == key));
        Some(plan)
    }

    /// Objects of the installed stack, and their content.
    fn wanted(&self) -> BTreeMap<ObjectId, String> {
        let files = files(&self.installed);
        let objects = files.iter().flat_map(|(_, text)| crate::controller::decode(text).unwrap());
        objects
            .map(|(id, body)| (id, body.text_at(&["data", "version"]).unwrap_or_default().to_owned()))
            .collect()
    }

    fn pass(&mut self, seconds: u64, restarted: bool) {
        self.now += seconds;
        if restarted || self.now - self.scanned >= 15 {
            self.scanned = self.now;
            self.cluster.scan(&self.folder.at("k3s"), restarted);
            for (_, line) in std::mem::take(&mut self.by_hand) {
                self.cluster.obey(&line);
            }
            let deleted = std::mem::take(&mut self.cluster.deleted);
            let lost = deleted.iter().filter(|id| holds_data(id)).map(key);
            let lost: Vec<String> = lost.filter(|key| !self.asked.contains(key)).collect();
            assert!(lost.is_empty(), "vanished unasked: {lost:?}");
        }
    }

    /// Installs until nothing is left to do, then compares.
    fn settle(&mut self, stack: &Stack) {
        // The label goes, the object goes, the file goes, and then nothing is left to do.
        let mut plans = Vec::new();
        for _ in 0..5 {
            plans.push(self.install(stack, &[]).expect("what was installed once can be again"));
            self.pass(70, false);
        }
        let steps = &plans.last().unwrap().steps;
        assert!(steps.iter().all(|step| !step.does.changes()), "it never ends: {steps:?}");
        self.pass(20, false);
        let wanted = self.wanted();
        for (id, version) in &wanted {
            let live = self.cluster.objects.get(id).unwrap_or_else(|| panic!("{id} is missing"));
            assert_eq!(&live.version, version, "{id} is not as the stack says");
        }
        let extra = self.cluster.objects.keys().filter(|id| !wanted.contains_key(id));
        for id in extra {
            assert!(self.kept.contains(&key(id)), "{id} is in the cluster and should not");
        }
    }
}

fn run(release: &str, acts: &[Act]) {
    let mut world = World::new(release);
    let mut stack: Stack = [None; POOL.len()];
    for act in acts {
        match act {
            Act::Edit(object, home) => stack[*object] = *home,
            Act::Drop(app) => stack
                .iter_mut()
                .filter(|home| home.is_some_and(|(own, _)| own == *app))
                .for_each(|home| *home = None),
            Act::Install(bits) => {
                let chosen = (0..8).zip(world.kept.clone()).filter(|(bit, _)| bits >> bit & 1 == 1);
                let remove: Vec<String> = chosen.map(|(_, key)| key).collect();
                if world.install(&stack, &remove).is_none() && world.install(&stack, &[]).is_none() {
                    stack = world.installed;
                }
            }
            Act::Revert => stack = world.earlier,
            Act::Pass(seconds) => world.pass(*seconds, false),
            Act::Restart => world.pass(1, true),
        }
    }
    if world.install(&stack, &[]).is_none() {
        stack = world.installed;
    }
    world.settle(&stack);
}

#[test]
fn the_cluster_ends_as_the_last_stack_says() {
    let cases = u32::try_from(long(128, 5000)).unwrap();
    let config = ProptestConfig { cases, failure_persistence: None, ..ProptestConfig::default() };
    proptest!(config, |(release in prop::sample::select(RELEASES.to_vec()), acts in acts())| run(release, &acts));
}
