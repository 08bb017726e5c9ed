//! Data that one pod at a time should have, and several pods of it.

use super::crowd::Run;
use super::data::{Claim, Held, Lies, names};
use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Unit;
use crate::yaml::Node;

/// Replicas that share what has one writer.
pub static CODE: Code = Code {
    name: "data-many-pods",
    severity: Severity::Warning,
    page: Page {
        about: "Several pods of a workload write to one folder of a node, or to one claim that is for one node\n\
                (ReadWriteOnce) or for one pod (ReadWriteOncePod). Most programs take such data for their own and spoil it\n\
                for each other; with a claim, all pods are bound to its node, or those elsewhere do not start. One pod, or\n\
                a StatefulSet, which has a claim for each of its pods.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nreplicas: 2\nvolumes: {/data: {pvc: 1Gi}}\n",
        good: "# apps/web.yaml\nkind: app\nworkload: StatefulSet\nimage: registry.example/web:1.0\nreplicas: 2\nvolumes: {/data: {pvc: 1Gi}}\n",
    },
};

/// Tells the first such data of each workload.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for (landing, held) in facts.held().filter(|(landing, _)| landing.readable) {
        let Some(count @ 2..) = pods(landing, facts) else { continue };
        let places = landing.places(held);
        let told = held.iter().filter(|held| held.writable).find_map(|held| shared(held, count, &places, landing, facts));
        if let Some(finding) = told {
            found.push(finding);
        }
    }
}

/// How many run at once. Those of a Job come and go, and write side by side all the same.
fn pods(landing: &Landing<'_>, facts: &Facts<'_>) -> Option<usize> {
    if let Run::Kept(count) = landing.run(facts) {
        return Some(count);
    }
    let path: &[&str] = match landing.object.id.kind.as_str() {
        "Job" => &["spec"],
        "CronJob" => &["spec", "jobTemplate", "spec"],
        _ => return None,
    };
    // Indexed ones have a part each.
    let spec = landing.object.body.at(path).filter(|spec| spec.text_at(&["completionMode"]) != Some("Indexed"))?;
    let number = |key: &str| spec.get(key).and_then(Node::as_int).and_then(|count| usize::try_from(count).ok());
    let parallel = number("parallelism")?;
    Some(number("completions").map_or(parallel, |completions| completions.min(parallel)))
}

fn shared(held: &Held<'_>, count: usize, places: &[usize], landing: &Landing<'_>, facts: &Facts<'_>) -> Option<Finding> {
    let id = &landing.object.id;
    let tell = |message: String, note: String| {
        let written = ["replicas", "parallelism"].iter().find_map(|key| landing.object.body.at(&["spec", key]));
        let finding = Finding::new(&CODE, held.what.span, format!("the {count} pods of {id} {message}")).note(note);
        let finding = written.iter().fold(finding, |finding, replicas| finding.also(replicas.span, "so many pods"));
        finding.help(match landing.object.id.kind.as_str() {
            "Job" | "CronJob" => "parallelism: 1, or a folder for each pod by its JOB_COMPLETION_INDEX",
            _ => "replicas: 1, or a StatefulSet with a claim for each pod",
        })
    };
    let only = "each of them writes as if the data were its own";
    match held.claim {
        // On several nodes it is several folders, which is a finding of its own.
        None => (held.lies == Lies::Everywhere && places.len() == 1)
            .then(|| tell("write to one folder of their node".to_owned(), only.to_owned())),
        Some(claim) if claim.own => None,
        Some(claim) if claim.only("ReadWriteOncePod") => {
            let message = "share a claim that one pod at a time may have".to_owned();
            let note = "ReadWriteOncePod: the first one runs, the others stay Pending".to_owned();
            Some(tell(message, note).weighs(Severity::Error))
        }
        Some(claim) if claim.only("ReadWriteOnce") && held.lies == Lies::FirstUse => {
            let note = match places {
                [_] => only.to_owned(),
                _ => format!("k3s' local-path makes it on the node of the first one, and binds all the others to that node: {only}"),
            };
            Some(tell("share one claim".to_owned(), note))
        }
        Some(claim) if claim.only("ReadWriteOnce") && places.len() > 1 => {
            let note = format!("ReadWriteOnce: one node at a time, and they may land on {}", names(facts, places.iter().copied()));
            let finding = tell("share a claim that one node at a time may have".to_owned(), note);
            let modes = claim.spec.and_then(|spec| spec.get("accessModes"));
            Some(match modes {
                Some(modes) if place(modes) != held.what.span => finding.also(place(modes), "for one node"),
                _ => finding,
            }.help(shareable(&claim, landing)))
        }
        Some(_) => None,
    }
}

/// k3s' own storage, which a claim without a class gets, is of one node.
fn shareable(claim: &Claim<'_>, landing: &Landing<'_>) -> String {
    let word = if matches!(landing.object.unit, Unit::App(_)) { "storageClass" } else { "storageClassName" };
    let chosen = claim.spec.is_some_and(|spec| spec.get("storageClassName").is_some());
    let class = if chosen { String::new() } else { format!("{word}: CLASS, ") };
    format!("or, on storage that several nodes can mount: {class}accessModes: [ReadWriteMany]")
}

fn place(modes: &Node) -> crate::source::Span {
    modes.items().first().map_or(modes.span, |mode| mode.span)
}

#[cfg(test)]
mod tests {
    use crate::check::trial::told;

    const ONE: &str = "nodes: {alpha: {arch: amd64}}";

    fn workload(kind: &str, replicas: usize, volume: &str, mount: &str) -> String {
        format!(
            "apiVersion: apps/v1\nkind: {kind}\nmetadata: {{name: web}}\nspec:\n  replicas: {replicas}\n  template:\n    spec:\n      \
             volumes: [{{name: data, {volume}}}]\n      containers: [{{name: web, image: 'registry.example/web:1.0', \
             volumeMounts: [{{name: data, mountPath: /data{mount}}}]}}]\n---\n"
        )
    }

    fn claim(spec: &str) -> String {
        let uses = workload("Deployment", 2, "persistentVolumeClaim: {claimName: data}", "");
        format!("{uses}apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: data}}\nspec: {{{spec}}}\n---\n")
    }

    #[test]
    fn a_folder_of_the_one_node() {
        let folder = |kind: &str, replicas: usize, mount: &str| workload(kind, replicas, "hostPath: {path: /srv}", mount);
        let shared = ["/srv: the 2 pods of Deployment default/web write to one folder of their node"];
        assert_eq!(told(super::run, ONE, &folder("Deployment", 2, "")), shared);
        assert_eq!(told(super::run, ONE, &folder("Deployment", 1, "")), [""; 0]);
        assert_eq!(told(super::run, ONE, &folder("Deployment", 2, ", readOnly: true")), [""; 0]);
        assert_eq!(told(super::run, ONE, &folder("DaemonSet", 2, "")), [""; 0]);
        assert_eq!(told(super::run, "", &folder("Deployment", 2, "")), [""; 0], "data-many-nodes tells it");
        let job = |lines: &str| workload("Job", 1, "hostPath: {path: /srv}", "").replace("apps/v1", "batch/v1").replace("replicas: 1", lines);
        assert_eq!(told(super::run, ONE, &job("parallelism: 3")), ["/srv: the 3 pods of Job default/web write to one folder of their node"]);
        for lines in ["completions: 3", "parallelism: 3\n  completions: 1", "parallelism: 3\n  completionMode: Indexed"] {
            assert_eq!(told(super::run, ONE, &job(lines)), [""; 0], "{lines}");
        }
    }

    #[test]
    fn a_claim_of_one_node_or_of_one_pod() {
        let of = |lines: &str, spec: &str| told(super::run, lines, &claim(spec));
        assert_eq!(
            of("", "accessModes: [ReadWriteOncePod]"),
            ["data: the 2 pods of Deployment default/web share a claim that one pod at a time may have"]
        );
        assert_eq!(of("", "accessModes: [ReadWriteOnce]"), ["data: the 2 pods of Deployment default/web share one claim"]);
        assert_eq!(of("", "accessModes: [ReadWriteMany]"), [""; 0]);
        let other = "storageClassName: longhorn, accessModes: [ReadWriteOnce]";
        assert_eq!(
            of("", other),
            ["data: the 2 pods of Deployment default/web share a claim that one node at a time may have"]
        );
        assert_eq!(of(ONE, other), [""; 0]);
        assert_eq!(of("", "storageClassName: longhorn, accessModes: [ReadWriteOnce, ReadWriteMany]"), [""; 0]);
        assert_eq!(of("external: [StorageClass/nfs]", "accessModes: [ReadWriteMany]"), [""; 0]);
        let uses = claim("accessModes: [ReadWriteOnce]").replace("claimName: data", "claimName: other");
        assert_eq!(told(super::run, "", &uses), [""; 0], "a claim that is not known");
    }
}
