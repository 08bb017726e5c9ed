//! The proof: every image runs on every node where its pod may land.

use super::{Facts, Landing, Used};
use crate::finding::{Code, Finding, Findings, Page, Severity, list_all};
use crate::kube::{Container, Platform};
use crate::stack::{ClusterNode, Declared};
use crate::yaml::Node;

/// A node that the pod may land on and the image does not run on.
pub static CODE: Code = Code {
    name: "image-lacks-arch",
    severity: Severity::Error,
    page: Page {
        about: "A pod may land on a node whose processor its image was not built for. Kubernetes does not look at\n\
                the architectures of images: the pod ends in `exec format error` or ImagePullBackOff, perhaps only\n\
                months later, when it moves. Keep it to nodes that run it (`place`), or use an image that is built\n\
                for all of them.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n\
              \x20 alpha: {arch: amd64}\n  beta: {arch: arm64}\nplatforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n\
               \x20 alpha: {arch: amd64}\n  beta: {arch: arm64}\nplatforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nplace: {arch: amd64}\n",
    },
};

/// Tells each image of each workload that some node does not run, at the first container that has it.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for landing in facts.landings.iter().filter(|landing| landing.readable) {
        for Used { container, written: node, image, .. } in &landing.images {
            let Some(declared) = facts.declared(image) else { continue };
            let lacking: Vec<&ClusterNode> = landing
                .open()
                .filter(|node| !node.platform.runs(&node.also_runs, &declared.platforms))
                .collect();
            if !lacking.is_empty() {
                let thing = format!("{} {}", landing.object.id, image.key());
                found.push_once(thing, finding(facts, landing, container, node, declared, &lacking));
            }
        }
    }
}

fn finding(
    facts: &Facts<'_>,
    landing: &Landing<'_>,
    container: &Container<'_>,
    node: &Node,
    declared: &Declared,
    lacking: &[&ClusterNode],
) -> Finding {
    let listed = listed(facts, declared);
    let (seen, unseen): (Vec<&ClusterNode>, Vec<&ClusterNode>) =
        lacking.iter().partition(|node| !node.platform.runs(&node.also_runs, &listed));
    let platforms = if declared.platforms.is_empty() { &listed } else { &declared.platforms };
    let built = platforms.iter().map(|platform| platform.word()).collect::<Vec<_>>().join(", ");
    let built = if built.is_empty() { "nothing".to_owned() } else { built };
    let names = lacking.iter().map(|node| format!("{} ({})", node.name.value, node.platform));
    let names = names.collect::<Vec<_>>().join(", ");
    let message = format!("the image of {} `{}` does not run on {names}", container.role.word(), container.name);
    let mut finding = Finding::new(&CODE, node.span, message)
        .label(format!("built for {built}"))
        .also(declared.image.span, if declared.locked() { "what the registry said" } else { "declared here" });
    if let Some(first) = lacking.first() {
        let what = format!("{} may land here", landing.object.id);
        finding = finding.also(first.arch_span, what);
    }
    let ask = (!unseen.is_empty()).then(|| {
        let words = missing(&unseen);
        format!("its index lists {words}, which nobody has looked at: stackc lock {}", declared.image.value)
    });
    let keep = keep(facts, landing, declared);
    let or = if ask.is_some() || keep.is_some() { "or " } else { "" };
    let another = format!("{or}use an image that is built for {} too", missing(&seen));
    finding
        .note("Kubernetes does not look at an image's architectures: the pod would end in `exec format error`")
        .maybe_help(ask)
        .maybe_help(keep)
        .maybe_help((!seen.is_empty()).then_some(another))
}

/// What the image's index lists, and `stackc lock` had no node for.
fn listed(facts: &Facts<'_>, declared: &Declared) -> Vec<Platform> {
    let pin = facts.stack.lock.pins.images.get(&declared.image.value).filter(|_| declared.locked());
    pin.map(|pin| pin.listed.iter().copied().collect()).unwrap_or_default()
}

/// How to keep the pod to nodes that run the image, if there are any among those where it may land.
fn keep(facts: &Facts<'_>, landing: &Landing<'_>, declared: &Declared) -> Option<String> {
    let runs = |node: &ClusterNode| node.platform.runs(&node.also_runs, &declared.platforms);
    let good: Vec<&ClusterNode> = landing.open().filter(|node| runs(node)).collect();
    let first = good.first()?;
    let mut labels: Vec<&str> = good.iter().map(|node| node.platform.label()).collect();
    labels.sort_unstable();
    labels.dedup();
    // Labels do not tell arm/v6 from arm/v7, nor what a node also runs: then only names are sure.
    let sure = facts.stack.nodes.iter().all(|node| !labels.contains(&node.platform.label()) || runs(node));
    let (what, line) = if sure {
        ("nodes that run it", words(landing, "arch", &labels))
    } else {
        ("a node that runs it", words(landing, "node", &[first.name.value.as_str()]))
    };
    Some(format!("keep it to {what}{line}"))
}

/// The line to paste: into an app's `place` or as one, in a manifest into the pod's spec.
fn words(landing: &Landing<'_>, key: &str, values: &[&str]) -> String {
    let value = if let [value] = values { (*value).to_owned() } else { format!("[{}]", values.join(", ")) };
    let label = if key == "arch" { "kubernetes.io/arch" } else { "kubernetes.io/hostname" };
    match landing.app.map(|app| app.placed) {
        Some(false) => format!(": place: {{{key}: {value}}}"),
        Some(true) => format!(", in its `place`: {key}: {value}"),
        None if values.len() == 1 => format!(", in its pod's spec: nodeSelector: {{{label}: {value}}}"),
        None => format!(
            ", in its pod's spec: affinity: {{nodeAffinity: {{requiredDuringSchedulingIgnoredDuringExecution: \
             {{nodeSelectorTerms: [{{matchExpressions: [{{key: {label}, operator: In, values: {value}}}]}}]}}}}}}"
        ),
    }
}

fn missing(lacking: &[&ClusterNode]) -> String {
    let mut words: Vec<&str> = lacking.iter().map(|node| node.platform.word()).collect();
    words.sort_unstable();
    words.dedup();
    list_all(words)
}
