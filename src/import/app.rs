//! A workload and what stands beside it as one app's file.
//!
//! What has no form is left out here: the proof finds that the object would not come out the same, and names the field.
//! So no list of all that Kubernetes has is needed.

use super::labels::Labels;
use super::plan::{Misfit, Plan};
use super::settled::usual_pull;
use super::volume::{Leaf, Volumes};
use super::workload::workload;
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
