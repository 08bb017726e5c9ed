//! A workload and what stands beside it as one app's file.
//!
//! What has no form is left out here: the proof finds that the object would not come out the same, and names the field.
//! So no list of all that Kubernetes has is needed.

use super::plan::{Misfit, Plan};
use super::settled::usual_pull;
use super::volume::{Leaf, Volumes};
use super::world::World;
use super::{container, place, port, route, security, service};
use crate::kube::{Object, Pod};
use crate::source::Span;
use crate::yaml::{Build, Node};

/// An app's file, and the files of `files/` that it mounts.
pub(super) struct Lifted {
    pub(super) name: String,
    pub(super) tree: Node,
    pub(super) files: Vec<Leaf>,
}

/// The keys of an app in the order in which people write them.
const ORDER: [&str; 47] = [
    "kind",
    "workload",
    "namespace",
    "containerName",
    "image",
    "imagePullPolicy",
    "replicas",
    "revisionHistoryLimit",
    "strategy",
    "schedule",
    "job",
    "hostNetwork",
    "hostPID",
    "place",
    "serviceAccount",
    "enableServiceLinks",
    "ports",
    "services",
    "serviceName",
    "command",
    "args",
    "workingDir",
    "env",
    "envFrom",
    "volumes",
    "securityContext",
    "resources",
    "probes",
    "init",
    "sidecars",
    "hostname",
    "dnsPolicy",
    "dnsConfig",
    "hostAliases",
    "priorityClassName",
    "runtimeClassName",
    "terminationGracePeriodSeconds",
    "imagePullSecrets",
    "selector",
    "labels",
    "podLabels",
    "annotations",
    "podAnnotations",
    "routes",
    "tcpRoutes",
    "udpRoutes",
    "middlewares",
];

/// Fields of the pod that an app has under Kubernetes' own names.
const POD: [&str; 7] = [
    "hostname",
    "dnsConfig",
    "hostNetwork",
    "hostPID",
    "priorityClassName",
    "runtimeClassName",
    "terminationGracePeriodSeconds",
];

/// What is said of a stack beside its objects.
pub(super) struct Setting<'a> {
    pub(super) stack: &'a str,
    pub(super) namespace: &'a str,
}

/// The app.
///
/// # Errors
/// What has no form.
pub(super) fn app(plan: &Plan, world: &World<'_>, setting: &Setting<'_>) -> Result<Lifted, Misfit> {
    let object = world.object(plan.workload);
    let span = object.body.span;
    let pod = Pod::of(object).ok_or_else(|| Misfit::whole("it has no pod template"))?;
    let list = |key: &str| pod.spec.get(key).map_or(&[][..], Node::items);
    let [main, sides @ ..] = list("containers") else {
        return Err(Misfit::whole("it has no containers"));
    };
    let ports = container::main_ports(main, &plan.of("Service", world))?;
    let mut volumes = Volumes::new(world, plan);
    let mounts = volumes.of(main, "")?;
    let image = main.get("image").cloned();
    let labels = Labels::of(object, pod, world, setting);
    let build = Build::at(span).text("kind", "app").maybe("image", image.clone());
    let build = workload(build, object, pod, world);
    let build = build
        .maybe("namespace", namespace(object, setting))
        .maybe(
            "containerName",
            main.get("name").filter(|name| name.as_text() != Some(&object.id.name)).cloned(),
        )
        .unless_empty("ports", port::node(&ports, true, span))
        .unless_empty("services", service::services(plan, world, &ports, &labels.known, span));
    let build = container::common(build, main, &ports, mounts, span)?;
    let mut beside = |containers: &[Node]| -> Result<Node, Misfit> {
        let mut build = Build::at(span);
        for container in containers {
            let (name, node) = container::side(container, image.as_ref(), &mut volumes, span)?;
            build = build.with(name, node);
        }
        Ok(build.node())
    };
    let build =
        build.unless_empty("sidecars", beside(sides)?).unless_empty("init", beside(list("initContainers"))?);
    volumes.all_mounted()?;
    let selector = object.body.at(&["spec", "selector", "matchLabels"]);
    let security = security::of_app(pod.spec.get("securityContext"), main.get("securityContext"), span);
    let build = whole_pod(build, pod, object, span)
        .unless_empty("securityContext", security)
        .unless_empty("place", place::place(pod, selector, span))
        .unless_empty("routes", route::routes(plan, world, &ports, span)?)
        .unless_empty("middlewares", route::middlewares(plan, world, span));
    Ok(Lifted { name: object.id.name.clone(), tree: ordered(labels.put(build).node()), files: volumes.files })
}

fn ordered(mut tree: Node) -> Node {
    if let Some(map) = tree.as_map_mut() {
        map.entries.sort_by_key(|entry| ORDER.iter().position(|key| *key == entry.key.text));
    }
    tree
}

fn namespace(object: &Object, setting: &Setting<'_>) -> Option<Node> {
    let own = object.id.namespace.as_deref()?;
    (own != setting.namespace).then(|| Node::text(object.body.span, own.to_owned()))
}

/// What only the pod as a whole has.
fn whole_pod(build: Build, pod: Pod<'_>, object: &Object, span: Span) -> Build {
    let own = |key: &str| pod.spec.get(key);
    let text = |text: &str| Node::text(span, text.to_owned());
    let off = |node: &&Node| node.as_bool() != Some(false);
    let build = POD.iter().fold(build, |build, key| build.maybe(key, own(key).filter(off).cloned()));
    let names = own("imagePullSecrets").map_or(&[][..], Node::items).iter();
    let names = names.filter_map(|secret| secret.get("name").cloned());
    let links = own("enableServiceLinks").and_then(Node::as_bool) != Some(false);
    build
        .maybe("serviceAccount", service_account(pod).map(text))
        .maybe("enableServiceLinks", links.then(|| Node::bool(span, true)))
        .maybe("dnsPolicy", dns_policy(pod).map(text))
        .unless_empty("hostAliases", host_aliases(pod, span))
        .unless_empty("imagePullSecrets", Node::list(span, names))
        .maybe("imagePullPolicy", pull_policy(object).map(text))
}

/// Without a word of it, a pod has the namespace's `default` account and its token; in an app that is said.
fn service_account(pod: Pod<'_>) -> Option<&str> {
    let account = pod.spec.text_at(&["serviceAccountName"]).filter(|name| !name.is_empty());
    let token = pod.spec.get("automountServiceAccountToken").and_then(Node::as_bool);
    match (account, token) {
        (None | Some("default"), Some(false)) => None,
        (account, _) => Some(account.unwrap_or("default")),
    }
}

/// On the node's network an app asks the cluster first; Kubernetes does not.
fn dns_policy(pod: Pod<'_>) -> Option<&str> {
    let usual = if pod.host_network() { "ClusterFirstWithHostNet" } else { "ClusterFirst" };
    pod.spec.text_at(&["dnsPolicy"]).or(Some("ClusterFirst").filter(|policy| *policy != usual))
}

/// One word for all containers; where they differ, the proof tells.
fn pull_policy(object: &Object) -> Option<&str> {
    let first = Pod::of(object)?.containers().next()?.node;
    let usual = || first.text_at(&["image"]).map(usual_pull);
    first.text_at(&["imagePullPolicy"]).or_else(usual).filter(|policy| *policy != "IfNotPresent")
}

fn host_aliases(pod: Pod<'_>, span: Span) -> Node {
    let all = pod.spec.get("hostAliases").map_or(&[][..], Node::items).iter();
    let pairs =
        all.filter_map(|alias| Some((alias.text_at(&["ip"])?.to_owned(), alias.get("hostnames")?.clone())));
    pairs.fold(Build::at(span), |build, (ip, names)| build.with(ip, names)).node()
}

/// Kubernetes keeps ten former states, an app three.
const HISTORY: i64 = 10;

fn workload(build: Build, object: &Object, pod: Pod<'_>, world: &World<'_>) -> Build {
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
        .then(|| super::short::short("type", Node::text(span, kind.to_owned()), more))
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
    super::short::short("cron", spec("schedule").unwrap_or_else(|| Node::text(span, "")), more)
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

/// Labels and annotations: an app has them for all its objects, or for its pods alone.
struct Labels {
    /// What each object bears in any case.
    known: Node,
    selector: Node,
    labels: Node,
    pod_labels: Node,
    annotations: Node,
    pod_annotations: Node,
}

impl Labels {
    fn of(object: &Object, pod: Pod<'_>, world: &World<'_>, setting: &Setting<'_>) -> Labels {
        let span = object.body.span;
        let name = &object.id.name;
        let map = |node: Option<&Node>| node.cloned().unwrap_or_else(|| Build::at(span).node());
        let own = map(object.body.at(&["metadata", "labels"]));
        let on_pods = map(pod.template.at(&["metadata", "labels"]));
        let usual = Build::at(span)
            .text("app", name.clone())
            .text("app.kubernetes.io/name", name.clone())
            .text("app.kubernetes.io/managed-by", "stackc")
            .text("app.kubernetes.io/part-of", setting.stack.to_owned())
            .node();
        let mut selector = map(object.body.at(&["spec", "selector", "matchLabels"]));
        if matches!(selector.entries(), [only] if only.key.text == "app" && only.value.as_text() == Some(name))
        {
            selector = Build::at(span).node();
        }
        // What the workload bears comes onto its pods as well.
        let labels = but(&own, |key, value| !on_pods.has(key) || usual.is(key, value));
        let known = over(&usual, &labels);
        let given = over(&known, &selector);
        let pod_labels = but(&on_pods, |key, value| given.is(key, value));
        let noted = map(object.body.at(&["metadata", "annotations"]));
        let on_pods = map(pod.template.at(&["metadata", "annotations"]));
        let annotations = but(&noted, |key, _| !on_pods.has(key));
        let stamps = world.uses_config(object);
        let stamped = |key: &str, value: &Node| annotations.is(key, value) || (stamps && key == CHECKSUM);
        let pod_annotations = but(&on_pods, stamped);
        Labels { known, selector, labels, pod_labels, annotations, pod_annotations }
    }

    fn put(self, build: Build) -> Build {
        build
            .unless_empty("selector", self.selector)
            .unless_empty("labels", self.labels)
            .unless_empty("podLabels", self.pod_labels)
            .unless_empty("annotations", self.annotations)
            .unless_empty("podAnnotations", self.pod_annotations)
    }
}

/// Written by stackc from what the pod uses.
const CHECKSUM: &str = "checksum/config";

/// Questions to a map of labels.
trait Has {
    fn has(&self, key: &str) -> bool;
    fn is(&self, key: &str, value: &Node) -> bool;
}

impl Has for Node {
    fn has(&self, key: &str) -> bool {
        self.get(key).is_some()
    }

    fn is(&self, key: &str, value: &Node) -> bool {
        self.get(key).is_some_and(|own| own.same(value))
    }
}

/// A map without some entries.
fn but(map: &Node, leave: impl Fn(&str, &Node) -> bool) -> Node {
    let kept = map.entries().iter().filter(|entry| !leave(&entry.key.text, &entry.value));
    kept.fold(Build::at(map.span), |build, e| build.with(e.key.text.clone(), e.value.clone())).node()
}

/// A map over another.
fn over(under: &Node, map: &Node) -> Node {
    let mut node = under.clone();
    if let Some(under) = node.as_map_mut() {
        map.entries().iter().for_each(|entry| under.set(entry.key.clone(), entry.value.clone()));
    }
    node
}
