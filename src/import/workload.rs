//! What an app says of its workload: counts, how pods are replaced, when a job runs and how it ends.

use super::short::short;
use super::world::World;
use crate::kube::{Object, Pod};
use crate::source::Span;
use crate::yaml::{Build, Node};

/// Kubernetes keeps ten former states, an app three.
const HISTORY: i64 = 10;

/// What the kind of workload has: counts, a strategy, a schedule, an end.
pub(super) fn workload(build: Build, object: &Object, pod: Pod<'_>, world: &World<'_>) -> Build {
    let span = object.body.span;
    let kind = object.id.kind.as_str();
    let build = build.maybe("workload", (kind != "Deployment").then(|| Node::text(span, kind.to_owned())));
    let spec = |key: &str| object.body.at(&["spec", key]).cloned();
    match kind {
        "CronJob" => build
            .with("schedule", schedule(object))
            .unless_empty("job", job(object.body.at(&["spec", "jobTemplate", "spec"]), pod, span)),
        "Job" => build.unless_empty("job", job(object.body.get("spec"), pod, span)),
        _ => {
            let history = spec("revisionHistoryLimit").unwrap_or_else(|| Node::int(span, HISTORY));
            let scaled = || world.is_scaled(object).then(|| Node::text(span, "auto"));
            let replicas = spec("replicas").or_else(scaled).filter(|count| count.as_int() != Some(1));
            let service = spec("serviceName").filter(|name| name.as_text() != Some(&object.id.name));
            build
                .maybe("replicas", replicas)
                .maybe("revisionHistoryLimit", Some(history).filter(|count| count.as_int() != Some(3)))
                .maybe("strategy", strategy(object, pod))
                .maybe("serviceName", service)
        }
    }
}

/// Always said where an app would choose another way than Kubernetes.
fn strategy(object: &Object, pod: Pod<'_>) -> Option<Node> {
    let span = object.body.span;
    let deployment = object.id.kind == "Deployment";
    let own = object.body.at(&["spec", if deployment { "strategy" } else { "updateStrategy" }]);
    let kind = own.and_then(|own| own.text_at(&["type"])).unwrap_or("RollingUpdate");
    let rolling = own.and_then(|own| own.get("rollingUpdate")).filter(|map| !map.entries().is_empty());
    let rolling = rolling.filter(|map| !is_usual(map));
    let more = Build::at(span).maybe("rollingUpdate", rolling.cloned()).node();
    let said = own.is_some_and(|own| own.get("rollingUpdate").is_none()) || !more.entries().is_empty();
    (said || (deployment && is_exclusive(pod)))
        .then(|| short("type", Node::text(span, kind.to_owned()), more))
}

/// What the API server puts in beside `RollingUpdate`.
fn is_usual(rolling: &Node) -> bool {
    let usual = [("maxSurge", "25%"), ("maxUnavailable", "25%"), ("partition", "0")];
    let is =
        |key: &str, value: &Node| value.written().is_some_and(|value| usual.contains(&(key, value.as_ref())));
    rolling.entries().iter().all(|entry| is(&entry.key.text, &entry.value))
}

/// Whether an app might think that only one pod at a time can run; to say the strategy where it would not does no harm.
fn is_exclusive(pod: Pod<'_>) -> bool {
    let volumes = pod.spec.get("volumes").map_or(&[][..], Node::items);
    let held =
        |volume: &Node| ["hostPath", "persistentVolumeClaim"].iter().any(|kind| volume.get(kind).is_some());
    let mounts =
        || pod.containers().flat_map(|own| own.node.get("volumeMounts").map_or(&[][..], Node::items));
    let writable = |name: &str| {
        let mut mounts = mounts().filter(|mount| mount.text_at(&["name"]) == Some(name));
        mounts.any(|mount| mount.get("readOnly").and_then(Node::as_bool) != Some(true))
    };
    let ports = pod.containers().flat_map(|own| own.node.get("ports").map_or(&[][..], Node::items));
    pod.host_network()
        || volumes.iter().any(|volume| held(volume) && volume.text_at(&["name"]).is_some_and(writable))
        || ports.into_iter().any(|port| port.get("hostPort").is_some())
}

fn schedule(object: &Object) -> Node {
    let span = object.body.span;
    let spec = |key: &str| object.body.at(&["spec", key]).cloned();
    let policy = spec("concurrencyPolicy").unwrap_or_else(|| Node::text(span, "Allow"));
    let more = Build::at(span)
        .maybe("timeZone", spec("timeZone"))
        .maybe("concurrencyPolicy", Some(policy).filter(|word| word.as_text() != Some("Forbid")))
        .maybe("suspend", spec("suspend"))
        .maybe("startingDeadlineSeconds", spec("startingDeadlineSeconds"))
        .maybe("successfulJobsHistoryLimit", spec("successfulJobsHistoryLimit"))
        .maybe("failedJobsHistoryLimit", spec("failedJobsHistoryLimit"))
        .node();
    short("cron", spec("schedule").unwrap_or_else(|| Node::text(span, "")), more)
}

/// Numbers of a Job that an app has under Kubernetes' own names.
const JOB: [&str; 5] =
    ["backoffLimit", "completions", "parallelism", "activeDeadlineSeconds", "ttlSecondsAfterFinished"];

fn job(spec: Option<&Node>, pod: Pod<'_>, span: Span) -> Node {
    let own = |key: &str| spec.and_then(|spec| spec.get(key)).cloned();
    let build = JOB.iter().fold(Build::at(span), |build, key| build.maybe(key, own(key)));
    let policy = pod.spec.get("restartPolicy").filter(|policy| policy.as_text() != Some("OnFailure"));
    build.maybe("restartPolicy", policy.cloned()).node()
}
