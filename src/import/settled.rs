//! Objects as the cluster has them: what says the same as leaving it out is left out, so that two texts of one object are
//! equal here.
//!
//! The rows are the defaults that the API server puts in (Kubernetes' `SetDefaults_…` functions of core/v1, apps/v1 and
//! batch/v1), and Traefik's for a route. A row says nothing of what depends on something else; that is a function below.

use super::allowed::{FINALIZERS, SERVERS};
use super::world::World;
use crate::kube::{Image, Object, Pod};
use crate::yaml::{Build, Map, Node, Value};

/// A value that is the same as none.
enum Same {
    Text(&'static str),
    Int(i64),
    Bool(bool),
    /// A map or list with nothing in it.
    Empty,
}

use Same::{Bool, Empty, Int, Text};

/// A way to a field, `*` for each item of a list, and the value that says nothing there. Inner fields come first: what
/// they leave behind may be empty then.
type Row = (&'static [&'static str], Same);

/// A pod template's spec.
const POD: &[Row] = &[
    (&["dnsPolicy"], Text("ClusterFirst")),
    (&["enableServiceLinks"], Bool(true)),
    (&["hostIPC"], Bool(false)),
    (&["hostNetwork"], Bool(false)),
    (&["hostPID"], Bool(false)),
    (&["imagePullSecrets"], Empty),
    (&["initContainers"], Empty),
    (&["nodeSelector"], Empty),
    (&["restartPolicy"], Text("Always")),
    (&["schedulerName"], Text("default-scheduler")),
    (&["securityContext"], Empty),
    (&["serviceAccountName"], Text("default")),
    (&["serviceAccountName"], Text("")),
    (&["serviceAccount"], Text("default")),
    (&["serviceAccount"], Text("")),
    (&["shareProcessNamespace"], Bool(false)),
    (&["terminationGracePeriodSeconds"], Int(30)),
    (&["tolerations", "*", "operator"], Text("Equal")),
    (&["tolerations"], Empty),
    (&["topologySpreadConstraints"], Empty),
    (&["volumes", "*", "configMap", "defaultMode"], Int(0o644)),
    (&["volumes", "*", "configMap", "optional"], Bool(false)),
    (&["volumes", "*", "emptyDir", "medium"], Text("")),
    (&["volumes", "*", "emptyDir"], Empty),
    (&["volumes", "*", "hostPath", "type"], Text("")),
    (&["volumes", "*", "nfs", "readOnly"], Bool(false)),
    (&["volumes", "*", "persistentVolumeClaim", "readOnly"], Bool(false)),
    (&["volumes", "*", "secret", "defaultMode"], Int(0o644)),
    (&["volumes", "*", "secret", "optional"], Bool(false)),
    (&["volumes"], Empty),
    (&["affinity", "nodeAffinity"], Empty),
    (&["affinity"], Empty),
];

/// A container.
const CONTAINER: &[Row] = &[
    (&["args"], Empty),
    (&["command"], Empty),
    (&["env", "*", "value"], Text("")),
    (&["env", "*", "valueFrom", "configMapKeyRef", "optional"], Bool(false)),
    (&["env", "*", "valueFrom", "fieldRef", "apiVersion"], Text("v1")),
    (&["env", "*", "valueFrom", "secretKeyRef", "optional"], Bool(false)),
    (&["env"], Empty),
    (&["envFrom"], Empty),
    (&["ports", "*", "protocol"], Text("TCP")),
    (&["ports"], Empty),
    (&["resources", "limits"], Empty),
    (&["resources", "requests"], Empty),
    (&["resources"], Empty),
    (&["securityContext"], Empty),
    (&["stdin"], Bool(false)),
    (&["terminationMessagePath"], Text("/dev/termination-log")),
    (&["terminationMessagePolicy"], Text("File")),
    (&["tty"], Bool(false)),
    (&["volumeMounts", "*", "mountPropagation"], Text("None")),
    (&["volumeMounts", "*", "readOnly"], Bool(false)),
    (&["volumeMounts", "*", "subPath"], Text("")),
    (&["volumeMounts"], Empty),
];

/// A probe.
const PROBE: &[Row] = &[
    (&["failureThreshold"], Int(3)),
    (&["grpc", "service"], Text("")),
    (&["httpGet", "httpHeaders"], Empty),
    (&["httpGet", "path"], Text("/")),
    (&["httpGet", "scheme"], Text("HTTP")),
    (&["initialDelaySeconds"], Int(0)),
    (&["periodSeconds"], Int(10)),
    (&["successThreshold"], Int(1)),
    (&["timeoutSeconds"], Int(1)),
];

/// How Jobs end; in a CronJob below its `jobTemplate`.
const JOB: &[Row] = &[
    (&["backoffLimit"], Int(6)),
    (&["completionMode"], Text("NonIndexed")),
    (&["completions"], Int(1)),
    (&["parallelism"], Int(1)),
    (&["podReplacementPolicy"], Text("TerminatingOrFailed")),
    (&["suspend"], Bool(false)),
];

/// A claim's spec, also in a StatefulSet's templates.
const CLAIM: &[Row] = &[(&["volumeMode"], Text("Filesystem"))];

/// Rows by kind, from the object's root.
const KINDS: &[(&str, &[Row])] = &[
    (
        "Deployment",
        &[
            (&["spec", "paused"], Bool(false)),
            (&["spec", "progressDeadlineSeconds"], Int(600)),
            (&["spec", "minReadySeconds"], Int(0)),
            (&["spec", "replicas"], Int(1)),
            (&["spec", "revisionHistoryLimit"], Int(10)),
            (&["spec", "strategy", "rollingUpdate", "maxSurge"], Text("25%")),
            (&["spec", "strategy", "rollingUpdate", "maxUnavailable"], Text("25%")),
            (&["spec", "strategy", "rollingUpdate"], Empty),
            (&["spec", "strategy", "type"], Text("RollingUpdate")),
            (&["spec", "strategy"], Empty),
        ],
    ),
    (
        "StatefulSet",
        &[
            (&["spec", "minReadySeconds"], Int(0)),
            (&["spec", "persistentVolumeClaimRetentionPolicy", "whenDeleted"], Text("Retain")),
            (&["spec", "persistentVolumeClaimRetentionPolicy", "whenScaled"], Text("Retain")),
            (&["spec", "persistentVolumeClaimRetentionPolicy"], Empty),
            (&["spec", "podManagementPolicy"], Text("OrderedReady")),
            (&["spec", "replicas"], Int(1)),
            (&["spec", "revisionHistoryLimit"], Int(10)),
            (&["spec", "updateStrategy", "rollingUpdate", "partition"], Int(0)),
            (&["spec", "updateStrategy", "rollingUpdate"], Empty),
            (&["spec", "updateStrategy", "type"], Text("RollingUpdate")),
            (&["spec", "updateStrategy"], Empty),
            (&["spec", "volumeClaimTemplates", "*", "apiVersion"], Text("v1")),
            (&["spec", "volumeClaimTemplates", "*", "kind"], Text("PersistentVolumeClaim")),
            (&["spec", "volumeClaimTemplates", "*", "metadata", "labels"], Empty),
            (&["spec", "volumeClaimTemplates"], Empty),
        ],
    ),
    (
        "DaemonSet",
        &[
            (&["spec", "minReadySeconds"], Int(0)),
            (&["spec", "revisionHistoryLimit"], Int(10)),
            (&["spec", "updateStrategy", "rollingUpdate", "maxSurge"], Int(0)),
            (&["spec", "updateStrategy", "rollingUpdate", "maxUnavailable"], Int(1)),
            (&["spec", "updateStrategy", "rollingUpdate"], Empty),
            (&["spec", "updateStrategy", "type"], Text("RollingUpdate")),
            (&["spec", "updateStrategy"], Empty),
        ],
    ),
    (
        "CronJob",
        &[
            (&["spec", "concurrencyPolicy"], Text("Allow")),
            (&["spec", "failedJobsHistoryLimit"], Int(1)),
            (&["spec", "successfulJobsHistoryLimit"], Int(3)),
            (&["spec", "suspend"], Bool(false)),
        ],
    ),
    (
        "Service",
        &[
            (&["spec", "allocateLoadBalancerNodePorts"], Bool(true)),
            (&["spec", "externalTrafficPolicy"], Text("Cluster")),
            (&["spec", "internalTrafficPolicy"], Text("Cluster")),
            (&["spec", "ipFamilyPolicy"], Text("SingleStack")),
            (&["spec", "ports", "*", "protocol"], Text("TCP")),
            (&["spec", "publishNotReadyAddresses"], Bool(false)),
            (&["spec", "sessionAffinity"], Text("None")),
            (&["spec", "type"], Text("ClusterIP")),
        ],
    ),
    (
        "IngressRoute",
        &[
            (&["spec", "routes", "*", "kind"], Text("Rule")),
            (&["spec", "routes", "*", "middlewares"], Empty),
            (&["spec", "routes", "*", "services", "*", "kind"], Text("Service")),
        ],
    ),
];

/// The object without what says nothing.
pub(super) fn settled(object: &Object, world: &World<'_>) -> Node {
    let mut body = object.body.clone();
    no_nulls(&mut body);
    if let Some(spec) = body.as_map_mut().and_then(|map| map.get_mut("spec")) {
        match object.id.kind.as_str() {
            "Service" => targets(spec),
            "PersistentVolumeClaim" => claim(spec),
            "StatefulSet" => each(spec, &["volumeClaimTemplates", "*", "spec"], &mut claim),
            "Job" => strip(spec, JOB),
            "CronJob" => each(spec, &["jobTemplate", "spec"], &mut |job| strip(job, JOB)),
            _ => {}
        }
    }
    if let Some(path) = Pod::path(&object.id) {
        each(&mut body, path, &mut with_metadata);
        let spec: Vec<&str> = path.iter().copied().chain(["spec"]).collect();
        each(&mut body, &spec, &mut |spec| pod(spec, object.id.namespace.as_deref(), world));
    }
    for (_, rows) in KINDS.iter().filter(|(kind, _)| *kind == object.id.kind) {
        strip(&mut body, rows);
    }
    with_metadata(&mut body);
    body
}

/// Takes away what the API server wrote. True where there was anything; null is nothing.
pub(super) fn without_servers(object: &mut Object) -> bool {
    let mut any = provisioned(object);
    for path in SERVERS {
        any |= take(&mut object.body, path);
    }
    if any && object.body.at(&["metadata", "annotations"]).is_some_and(|all| all.entries().is_empty()) {
        take(&mut object.body, &["metadata", "annotations"]);
    }
    any
}

/// Takes away what lies at a path. True where there was anything but null.
fn take(body: &mut Node, path: &[&str]) -> bool {
    let (mut any, Some((key, outer))) = (false, path.split_last()) else { return false };
    each(body, outer, &mut |node| {
        let wrote = node.get(key).is_some_and(|value| !matches!(value.value, Value::Null));
        any |= wrote && node.as_map_mut().is_some_and(|map| map.remove(key).is_some());
    });
    any
}

/// The volume that was made for a claim is called after its uid (the provisioners' own rule); finalizers go by themselves.
fn provisioned(object: &mut Object) -> bool {
    let uid = object.body.text_at(&["metadata", "uid"]).map(|uid| format!("pvc-{uid}"));
    let made = uid.is_some() && object.body.text_at(&["spec", "volumeName"]) == uid.as_deref();
    let all = object.body.at(&["metadata", "finalizers"]).map_or(&[][..], Node::items);
    let own = |item: &Node| item.as_text().is_some_and(|word| FINALIZERS.contains(&word));
    let kept = !all.is_empty() && all.iter().all(own);
    let volume = made && take(&mut object.body, &["spec", "volumeName"]);
    let finalizers = kept && take(&mut object.body, &["metadata", "finalizers"]);
    volume || finalizers
}

/// Null is absent to the API server, wherever it stands.
fn no_nulls(node: &mut Node) {
    match &mut node.value {
        Value::Map(map) => {
            map.entries.retain(|entry| !matches!(entry.value.value, Value::Null));
            map.entries.iter_mut().for_each(|entry| no_nulls(&mut entry.value));
        }
        Value::List(items) => items.iter_mut().for_each(no_nulls),
        _ => {}
    }
}

/// No labels are the same as an empty map of them; so that each label can be told by itself, the map is there.
fn with_metadata(node: &mut Node) {
    let empty = Build::at(node.span).node();
    let Some(map) = node.as_map_mut() else { return };
    let metadata = map.or_insert("metadata", empty.clone());
    for key in ["labels", "annotations"] {
        if let Some(map) = metadata.as_map_mut() {
            map.or_insert(key, empty.clone());
        }
    }
}

fn strip(node: &mut Node, rows: &[Row]) {
    for (path, same) in rows {
        let Some((key, outer)) = path.split_last() else { continue };
        each(node, outer, &mut |node| {
            if let Some(map) = node.as_map_mut()
                && map.get(key).is_some_and(|value| same.holds(value))
            {
                map.remove(key);
            }
        });
    }
}

impl Same {
    fn holds(&self, node: &Node) -> bool {
        match (self, &node.value) {
            (Text(word), Value::Text(text)) => text == word,
            (Int(number), Value::Int(own, _)) => own == number,
            (Bool(truth), Value::Bool(own, _)) => own == truth,
            (Empty, Value::Map(map)) => map.entries.is_empty(),
            (Empty, Value::List(items)) => items.is_empty(),
            _ => false,
        }
    }
}

/// Each node at the end of a path.
fn each(node: &mut Node, path: &[&str], change: &mut dyn FnMut(&mut Node)) {
    let Some((step, rest)) = path.split_first() else { return change(node) };
    match &mut node.value {
        Value::List(items) if *step == "*" => items.iter_mut().for_each(|item| each(item, rest, change)),
        Value::Map(map) => {
            if let Some(next) = map.get_mut(step) {
                each(next, rest, change);
            }
        }
        _ => {}
    }
}

fn pod(spec: &mut Node, namespace: Option<&str>, world: &World<'_>) {
    let on_node = spec.get("hostNetwork").and_then(Node::as_bool) == Some(true);
    for list in ["containers", "initContainers"] {
        each(spec, &[list, "*"], &mut |container| self::container(container, on_node));
    }
    let account = spec.text_at(&["serviceAccountName"]).filter(|name| !name.is_empty()).unwrap_or("default");
    if world.gives_token(namespace.unwrap_or_default(), account)
        && spec.get("automountServiceAccountToken").and_then(Node::as_bool) == Some(true)
        && let Some(map) = spec.as_map_mut()
    {
        map.remove("automountServiceAccountToken");
    }
    each(spec, &["volumes", "*", "emptyDir", "sizeLimit"], &mut as_text);
    // All expressions of a term must hold, in whatever order; volumes are found by their names, mounts by their paths.
    let terms = ["affinity", "nodeAffinity"];
    let required = ["requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms", "*"];
    let preferred = ["preferredDuringSchedulingIgnoredDuringExecution", "*", "preference"];
    for rest in [required, preferred] {
        let path: Vec<&str> = terms.into_iter().chain(rest).chain(["matchExpressions"]).collect();
        each(spec, &path, &mut |list| sort(list, &["key", "operator"]));
    }
    each(spec, &["volumes"], &mut |list| sort(list, &["name"]));
    strip(spec, POD);
}

fn container(node: &mut Node, on_node: bool) {
    for side in ["limits", "requests"] {
        each(node, &["resources", side], &mut quantities);
    }
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        each(node, &[probe], &mut |probe| strip(probe, PROBE));
    }
    each(node, &["volumeMounts"], &mut |list| sort(list, &["mountPath"]));
    if on_node {
        each(node, &["ports", "*"], &mut host_port);
    }
    let usual = node.text_at(&["image"]).map(usual_pull);
    if let Some(map) = node.as_map_mut()
        && map.get("imagePullPolicy").and_then(Node::as_text) == usual
    {
        map.remove("imagePullPolicy");
    }
    strip(node, CONTAINER);
}

/// When an image is pulled if nothing is said: `latest` at each start.
pub(super) fn usual_pull(image: &str) -> &'static str {
    let latest = |image: &Image| match (&image.tag, &image.digest) {
        (Some(tag), _) => tag == "latest",
        (None, digest) => digest.is_none(),
    };
    if Image::parse(image).is_ok_and(|image| latest(&image)) { "Always" } else { "IfNotPresent" }
}

/// On the node's network a port is the node's own.
fn host_port(port: &mut Node) {
    let own = port.get("containerPort").and_then(Node::as_int);
    if let Some(map) = port.as_map_mut()
        && map.get("hostPort").and_then(Node::as_int) == own
    {
        map.remove("hostPort");
    }
}

/// A Service's port goes to the same number unless it says another.
fn targets(spec: &mut Node) {
    // What the API server makes of one address.
    let first = spec.get("clusterIP").cloned();
    if let (Some(map), Some(first)) = (spec.as_map_mut(), first)
        && map.get("clusterIPs").is_some_and(|all| matches!(all.items(), [only] if only.same(&first)))
    {
        map.remove("clusterIPs");
    }
    each(spec, &["ports", "*"], &mut |port| {
        let number = port.get("port").and_then(Node::as_int);
        if let Some(map) = port.as_map_mut()
            && map.get("targetPort").and_then(Node::as_int) == number
        {
            map.remove("targetPort");
        }
    });
}

fn claim(spec: &mut Node) {
    each(spec, &["resources", "requests"], &mut quantities);
    strip(spec, CLAIM);
}

/// A quantity is the same as a number and as text.
fn quantities(map: &mut Node) {
    if let Value::Map(Map { entries }) = &mut map.value {
        for entry in entries {
            as_text(&mut entry.value);
        }
    }
}

fn as_text(node: &mut Node) {
    if let Some(text) = node.written().map(std::borrow::Cow::into_owned) {
        node.value = Value::Text(text.into());
    }
}

fn sort(list: &mut Node, keys: &[&str]) {
    if let Value::List(items) = &mut list.value {
        let key = |item: &Node| -> Vec<String> {
            keys.iter().map(|key| item.text_at(&[key]).unwrap_or_default().to_owned()).collect()
        };
        items.sort_by_cached_key(key);
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::diff::differences;
    use crate::finding::Findings;
    use crate::kube::tree::object;

    fn settled_alike(kind: (&str, &str), one: &serde_json::Value, other: &serde_json::Value) -> Vec<String> {
        let world = World::new(&[], &mut Findings::default());
        let side = |spec| settled(&object(kind.0, kind.1, spec), &world);
        let (one, other) = (side(one), side(other));
        differences(&one, &other).into_iter().map(|difference| difference.shown).collect()
    }

    fn pod(spec: &serde_json::Value) -> serde_json::Value {
        json!({"template": {"spec": spec}})
    }

    #[test]
    fn defaults_say_nothing() {
        let bare = json!({"containers": [{"name": "a", "image": "a:1", "resources": {"limits": {"cpu": 1}},
            "ports": [{"containerPort": 80}], "readinessProbe": {"httpGet": {"port": 80}}}],
            "volumes": [{"name": "b"}, {"name": "a", "secret": {"secretName": "s"}}]});
        let full = json!({"containers": [{"name": "a", "image": "a:1", "imagePullPolicy": "IfNotPresent",
            "resources": {"limits": {"cpu": "1"}, "requests": {}}, "terminationMessagePolicy": "File",
            "ports": [{"containerPort": 80, "protocol": "TCP"}],
            "readinessProbe": {"httpGet": {"port": 80, "path": "/", "scheme": "HTTP"}, "periodSeconds": 10}}],
            "volumes": [{"name": "a", "secret": {"secretName": "s", "defaultMode": 420}}, {"name": "b", "emptyDir": {}}],
            "restartPolicy": "Always", "dnsPolicy": "ClusterFirst", "enableServiceLinks": true,
            "serviceAccountName": "default", "automountServiceAccountToken": true, "affinity": null});
        assert_eq!(settled_alike(("apps/v1", "Deployment"), &pod(&bare), &pod(&full)), [""; 0]);
        let strategy = json!({"strategy": {"type": "RollingUpdate", "rollingUpdate": {"maxSurge": "25%"}}, "replicas": 1});
        assert_eq!(settled_alike(("apps/v1", "Deployment"), &json!({}), &strategy), [""; 0]);
        let service =
            json!({"type": "ClusterIP", "ports": [{"port": 80, "targetPort": 80, "protocol": "TCP"}]});
        assert_eq!(settled_alike(("v1", "Service"), &json!({"ports": [{"port": 80}]}), &service), [""; 0]);
    }

    #[test]
    fn what_is_no_default_stays() {
        for (one, other, path) in [
            (json!({"dnsPolicy": "Default"}), json!({}), "dnsPolicy"),
            (json!({"automountServiceAccountToken": false}), json!({}), "automountServiceAccountToken"),
            (
                json!({"containers": [{"name": "a", "image": "a", "imagePullPolicy": "IfNotPresent"}]}),
                json!({"containers": [{"name": "a", "image": "a"}]}),
                "containers[a].imagePullPolicy",
            ),
            (
                json!({"containers": [{"name": "a", "env": [{"name": "A"}, {"name": "B"}]}]}),
                json!({"containers": [{"name": "a", "env": [{"name": "B"}, {"name": "A"}]}]}),
                "containers[a].env",
            ),
        ] {
            let found = settled_alike(("apps/v1", "DaemonSet"), &pod(&one), &pod(&other));
            assert_eq!(found, [format!("spec.template.spec.{path}")]);
        }
        let jobs = ("batch/v1", "CronJob");
        assert_eq!(
            settled_alike(jobs, &json!({}), &json!({"concurrencyPolicy": "Forbid"})),
            ["spec.concurrencyPolicy"]
        );
    }
}
