//! The workload: one object of Kubernetes' kind around the pod template.

use super::claim;
use super::cron;
use super::meta::{app_object, own_name};
use super::pod;
use super::service::selector;
use super::volume::{Volumes, is_writable};
use crate::finding::Findings;
use crate::kube::Object;
use crate::source::Span;
use crate::stack::{
    App, Claim, ConcurrencyPolicy, Container, JobFile, Place, Stack, StrategyKind, Workload, value_invalid,
};
use crate::yaml::{Build, Node, Spanned, Value};

/// Enough to go back twice; Kubernetes' ten clutter a small cluster (schema.md S12).
const HISTORY: i64 = 3;

/// The workload of an app.
pub(super) fn workload(app: &App, stack: &Stack, volumes: &mut Volumes<'_>, found: &mut Findings) -> Object {
    let kind = app.pod.workload.unwrap_or(Workload::Deployment);
    told_twice(app, kind, found);
    let template = pod::template(app, stack, volumes, found);
    let span = app.kind.span;
    let build = match kind {
        Workload::Deployment => {
            replicated(app, found).maybe("strategy", strategy(app, kind, found)).with("template", template)
        }
        Workload::StatefulSet => replicated(app, found)
            // The Service that gives each pod its name; headless if the user says so.
            .with("serviceName", app.pod.service_name.as_ref().unwrap_or(&own_name(app)).into())
            .maybe("updateStrategy", strategy(app, kind, found))
            .with("template", template)
            .unless_empty("volumeClaimTemplates", claim_templates(app, stack, volumes)),
        Workload::DaemonSet => selected(app, Build::at(span).with("revisionHistoryLimit", history(app)))
            .maybe("updateStrategy", strategy(app, kind, found))
            .with("template", template),
        Workload::Job => job(app).with("template", template),
        Workload::CronJob => cron_job(app, template, found),
    };
    let api = if kind.ends() { "batch/v1" } else { "apps/v1" };
    let mut object = app_object(app, stack, (api, kind.word()), &own_name(app), vec![("spec", build.node())]);
    object.arch_auto = app.pod.place.as_ref().and_then(Place::auto);
    object
}

/// Keys that the kind of workload has no use for.
fn told_twice(app: &App, kind: Workload, found: &mut Findings) {
    let pod = &app.pod;
    let word = kind.word();
    let counted = matches!(kind, Workload::Deployment | Workload::StatefulSet);
    let keys = [
        ("replicas", pod.replicas.as_ref().map(|node| node.span), counted),
        ("strategy", pod.strategy.as_ref().map(|strategy| strategy.kind.span), !kind.ends()),
        ("revisionHistoryLimit", pod.revision_history_limit.as_ref().map(|limit| limit.span), !kind.ends()),
        ("serviceName", pod.service_name.as_ref().map(|name| name.span), kind == Workload::StatefulSet),
        ("schedule", pod.schedule.as_ref().map(|schedule| schedule.cron.span), kind == Workload::CronJob),
        ("job", pod.job.as_ref().map(|job| place(job).unwrap_or(app.kind.span)), kind.ends()),
    ];
    for (key, span, used) in keys {
        if let Some(span) = span.filter(|_| !used) {
            found.push(
                value_invalid(span, format!("a {word} has no use for `{key}`"))
                    .help("remove the key, or choose another `workload`"),
            );
        }
    }
}

fn replicated(app: &App, found: &mut Findings) -> Build {
    let span = app.kind.span;
    let build =
        Build::at(span).maybe("replicas", replicas(app, found)).with("revisionHistoryLimit", history(app));
    selected(app, build)
}

fn history(app: &App) -> Node {
    app.pod.revision_history_limit.as_ref().map_or_else(|| Node::int(app.kind.span, HISTORY), Node::from)
}

fn selected(app: &App, build: Build) -> Build {
    build.with("selector", Build::at(app.kind.span).with("matchLabels", selector(app)).node())
}

/// A count, or nothing where a HorizontalPodAutoscaler owns it.
fn replicas(app: &App, found: &mut Findings) -> Option<Node> {
    let Some(node) = &app.pod.replicas else { return Some(Node::int(app.kind.span, 1)) };
    match &node.value {
        Value::Int(0..=10_000, _) => Some(node.clone()),
        Value::Text(text) if text == "auto" => None,
        Value::Int(..) => {
            found.push(crate::yaml::out_of_range(node.span, "`replicas` is out of range", "0 to 10000"));
            None
        }
        _ => {
            found.push(crate::yaml::wrong_type(node, "replicas", "a whole number, or `auto`"));
            None
        }
    }
}

/// What the user says; else Recreate where two pods would share what only one can have (schema.md S7).
fn strategy(app: &App, kind: Workload, found: &mut Findings) -> Option<Node> {
    let Some(strategy) = &app.pod.strategy else {
        let cause = exclusive(app).filter(|_| kind == Workload::Deployment)?;
        return Some(Build::at(cause).text("type", "Recreate").node());
    };
    let word = match strategy.kind.value {
        StrategyKind::Recreate => "Recreate",
        StrategyKind::RollingUpdate => "RollingUpdate",
        StrategyKind::OnDelete => "OnDelete",
    };
    let deployment = kind == Workload::Deployment;
    let fits = match strategy.kind.value {
        StrategyKind::Recreate => deployment,
        StrategyKind::OnDelete => !deployment,
        StrategyKind::RollingUpdate => true,
    };
    if !fits {
        let message = format!("a {} has no strategy `{word}`", kind.word());
        let help = if deployment { "Recreate or RollingUpdate" } else { "RollingUpdate or OnDelete" };
        found.push(value_invalid(strategy.kind.span, message).help(help));
    }
    let build = Build::at(strategy.kind.span).text("type", word);
    Some(build.maybe("rollingUpdate", strategy.rolling_update.clone()).node())
}

/// What only one pod at a time can have: a folder of the node that it writes to, a claim of one writer, a device, a port
/// of the node.
fn exclusive(app: &App) -> Option<Span> {
    let containers = || [&app.container].into_iter().chain(app.pod.sidecars.iter().map(|(_, file)| file));
    let data = containers().flat_map(|file| file.volumes.iter()).find(|(_, volume)| {
        let one_writer = volume.pvc.as_ref().is_some_and(|claim| {
            claim.access_modes.is_empty()
                || claim.access_modes.iter().any(|mode| mode.value.starts_with("ReadWriteOnce"))
        });
        let held =
            volume.host_path.is_some() || volume.device.is_some() || volume.claim.is_some() || one_writer;
        held && is_writable(volume)
    });
    let port = || {
        containers().flat_map(|file: &Container| file.ports.iter()).find(|(_, port)| port.host_port.is_some())
    };
    let network = app.pod.host_network.unwrap_or(false).then_some(app.kind.span);
    data.map(|(path, _)| path.span).or_else(|| port().map(|(name, _)| name.span)).or(network)
}

fn claim_templates(app: &App, stack: &Stack, volumes: &mut Volumes<'_>) -> Node {
    let claims: Vec<(Spanned<String>, Claim)> = std::mem::take(&mut volumes.claims);
    Node::list(app.kind.span, claim::templates(app, stack, &claims))
}

fn numbers(job: &JobFile) -> [(&'static str, &Option<Spanned<u32>>); 5] {
    [
        ("backoffLimit", &job.backoff_limit),
        ("completions", &job.completions),
        ("parallelism", &job.parallelism),
        ("activeDeadlineSeconds", &job.active_deadline_seconds),
        ("ttlSecondsAfterFinished", &job.ttl_seconds_after_finished),
    ]
}

/// Where the first of its numbers stands.
fn place(job: &JobFile) -> Option<Span> {
    numbers(job).into_iter().find_map(|(_, number)| number.as_ref().map(|number| number.span))
}

fn job(app: &App) -> Build {
    let build = Build::at(app.kind.span);
    let Some(job) = &app.pod.job else { return build };
    numbers(job)
        .into_iter()
        .fold(build, |build, (key, number)| build.maybe(key, number.as_ref().map(Node::from)))
}

fn cron_job(app: &App, template: Node, found: &mut Findings) -> Build {
    let span = app.kind.span;
    let Some(schedule) = &app.pod.schedule else {
        found.push(crate::yaml::key_missing(span, "schedule", "a CronJob").help("schedule: \"0 3 * * *\""));
        return Build::at(span);
    };
    cron::check(schedule, found);
    let policy = match schedule.concurrency_policy {
        Some(ConcurrencyPolicy::Allow) => "Allow",
        Some(ConcurrencyPolicy::Replace) => "Replace",
        Some(ConcurrencyPolicy::Forbid) | None => "Forbid",
    };
    let spec = job(app).with("template", template).node();
    Build::at(span)
        .with("schedule", (&schedule.cron).into())
        .maybe("timeZone", schedule.time_zone.as_ref().map(Node::from))
        .text("concurrencyPolicy", policy)
        .maybe("suspend", schedule.suspend.map(|truth| Node::bool(span, truth)))
        .maybe("startingDeadlineSeconds", schedule.starting_deadline_seconds.as_ref().map(Node::from))
        .maybe("successfulJobsHistoryLimit", schedule.successful_jobs_history_limit.as_ref().map(Node::from))
        .maybe("failedJobsHistoryLimit", schedule.failed_jobs_history_limit.as_ref().map(Node::from))
        .with("jobTemplate", Build::at(span).with("spec", spec).node())
}
