//! For the tests of checks: one check on the objects of a manifest, on a small cluster.

use super::{Demands, Facts, Landing};
use crate::finding::{Finding, Findings};
use crate::kube::{self, Unit};
use crate::reach::Traefik;
use crate::source::Sources;
use crate::stack;
use crate::stack::expand::{self, expand};
use crate::yaml::{Dialect, decode, read, read_typed};

const STACK: &str = "stackc: 1\nk3s: v1.37.1+k3s1\nplatforms: {registry.example/web: [amd64]}\n";
const NODES: &str = "nodes: {alpha: {arch: amd64}, beta: {arch: amd64}}\n";

/// A check.
type Check = fn(&Facts<'_>, &mut Findings);

/// A check of a pod.
type PodCheck = fn(&Facts<'_>, &Landing<'_>, &mut Findings);

/// [`told`] of a check that looks at each pod by itself.
pub(super) fn told_of_pods(check: PodCheck, lines: &str, manifest: &str) -> Vec<String> {
    let each = |facts: &Facts<'_>, found: &mut Findings| {
        facts.landings.iter().for_each(|landing| check(facts, landing, found));
    };
    hear(&each, lines, manifest)
}

/// What a check says of a manifest: each message with the characters that it marks. `lines` come to stack.yaml; one for
/// `k3s` or `nodes` stands in the place of the usual one.
pub(super) fn told(check: Check, lines: &str, manifest: &str) -> Vec<String> {
    hear(&check, lines, manifest)
}

/// The help of each finding.
pub(super) fn helps(check: Check, lines: &str, manifest: &str) -> Vec<String> {
    let (findings, _) = run(&check, lines, manifest);
    findings.iter().flat_map(|finding| finding.helps.iter().map(ToString::to_string)).collect()
}

fn hear(check: &dyn Fn(&Facts<'_>, &mut Findings), lines: &str, manifest: &str) -> Vec<String> {
    let (findings, sources) = run(check, lines, manifest);
    let marked = |finding: &Finding| sources.text(finding.primary.span).to_owned();
    findings.iter().map(|finding| format!("{}: {}", marked(finding), finding.message)).collect()
}

fn run(check: &dyn Fn(&Facts<'_>, &mut Findings), lines: &str, manifest: &str) -> (Vec<Finding>, Sources) {
    let (mut sources, mut found) = (Sources::default(), Findings::default());
    let usual = format!("{STACK}{NODES}");
    let replaced = |line: &&str| !lines.lines().any(|own| own.split(':').next() == line.split(':').next());
    let text: String =
        usual.lines().filter(replaced).chain(lines.lines()).map(|line| format!("{line}\n")).collect();
    let file = sources.add("stack.yaml".into(), Ok(text.into()));
    let mut tree = read_typed(&sources, file, &mut found).unwrap();
    expand(&mut tree, expand::STACK);
    let stack = stack::resolve(decode(&tree, &mut found).unwrap(), file.start(), "demo", &mut found).unwrap();
    let file = sources.add("manifests/all.yaml".into(), Ok(manifest.into()));
    let unit = Unit::Manifest("all.yaml".into());
    let objects: Vec<_> = read(&sources, file, Dialect::Manifest, &mut found)
        .into_iter()
        .flat_map(|document| kube::objects(document, &unit, "default", &mut found))
        .collect();
    assert_eq!(found.errors(), 0, "{:?}", found.sorted());
    let traefik = Traefik::read(&stack, &objects, &sources, &mut found);
    let facts = Facts::new(&stack, &[], &objects, Demands::default()).with_sources(&sources);
    check(&facts.with_traefik(traefik), &mut found);
    (found.sorted(), sources)
}

/// A Pod's manifest: the keys of its spec beside a container `web`, and the container's.
pub(super) fn pod(spec: &str, container: &str) -> String {
    format!(
        "apiVersion: v1\nkind: Pod\nmetadata: {{name: web}}\nspec:\n  containers:\n  - {{name: web, image: \
         registry.example/web:1.0{container}}}\n{spec}---\n"
    )
}

/// The manifest that configures k3s' own Traefik.
pub(super) fn traefik(values: &str) -> String {
    let values: String = values.lines().map(|line| format!("    {line}\n")).collect();
    format!(
        "apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {{name: traefik, namespace: kube-system}}\n\
         spec:\n  valuesContent: |\n{values}"
    )
}
