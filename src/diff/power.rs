//! What counts for security, as rows: what an object may do or is believed, taken from its body. Two states of an object
//! are compared by these alone, so a power is called out however it came or went.

use std::collections::{BTreeMap, BTreeSet};

use super::field::equal;
use crate::finding::Findings;
use crate::kube::{Container, Image, Object, Pod, Reference, Target, named};
use crate::source::{Sources, Span};
use crate::yaml::{Dialect, Node, read};

/// Whether a power came or went.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Turn {
    /// It was not there before.
    Gained,
    /// It is not there any more.
    Lost,
    /// It is another one.
    Changed,
}

/// Something that people who care for security want to look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// Whether it came or went.
    pub turn: Turn,
    /// What it is about: `privileged`, `host path`, `trusted ranges`.
    pub topic: &'static str,
    /// One sentence.
    pub text: String,
    /// What asked for it, in the new side's files.
    pub place: Option<Span>,
}

/// Of which states of an object a topic is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Told {
    /// Of new and changed ones: what leaves takes its powers along.
    Power,
    /// Of new, changed and removed ones.
    Both,
    /// Of changed ones: on a new object it goes without saying.
    Change,
}

/// One thing that an object may do. Those that differ in `item` alone are told in one sentence.
struct Power {
    topic: &'static str,
    told: Told,
    /// The sentence up to the item.
    sentence: String,
    item: String,
    span: Span,
}

/// Switches of a pod.
const POD: [(&str, &str, &str); 3] = [
    ("hostNetwork", "host network", "its pods use the node's own network, past all NetworkPolicies"),
    ("hostPID", "host processes", "its pods see and may signal the node's processes"),
    ("hostIPC", "host memory", "its pods share the node's memory segments"),
];

/// Switches of a container's `securityContext`, what they are when they are dangerous, and the words.
const CONTAINER: [(&[&str], &str, &str, &str); 5] = [
    (&["privileged"], "true", "privileged", "is privileged: root in it is root on the node"),
    (&["runAsUser"], "0", "root", "runs as root"),
    (&["procMount"], "Unmasked", "unmasked", "sees all of /proc"),
    (&["seccompProfile", "type"], "Unconfined", "unconfined", "may make every system call"),
    (&["appArmorProfile", "type"], "Unconfined", "unconfined", "is kept in by no AppArmor profile"),
];

/// Switches of a container that protect.
const GUARDS: [(&[&str], &str, &str, &str); 3] = [
    (&["readOnlyRootFilesystem"], "true", "read-only root", "cannot write to its root"),
    (&["runAsNonRoot"], "true", "no root", "may not run as root"),
    (&["allowPrivilegeEscalation"], "false", "no escalation", "cannot gain privileges"),
];

/// Kinds that decide who may do what: any change of them counts. The fields of `spec` that make it so, if it is not the
/// kind by itself.
const WHOLE: [(&str, &[&str], &str, &str); 8] = [
    ("NetworkPolicy", &[], "network policy", "decides which pods may be reached"),
    ("PodSecurityPolicy", &[], "admission", "decides which pods may start"),
    ("ValidatingWebhookConfiguration", &[], "admission", "decides which objects may be made"),
    ("MutatingWebhookConfiguration", &[], "admission", "changes objects when they are made"),
    ("ValidatingAdmissionPolicy", &[], "admission", "decides which objects may be made"),
    ("APIService", &[], "admission", "answers for a part of the API"),
    (
        "Middleware",
        &["basicAuth", "digestAuth", "forwardAuth", "ipAllowList", "ipWhiteList"],
        "middleware",
        "decides who may come in",
    ),
    ("MiddlewareTCP", &["ipAllowList", "ipWhiteList"], "middleware", "decides who may come in"),
];

const RBAC: &str = "rbac.authorization.k8s.io";

/// Types of Services that are reached from outside of the cluster.
const OPEN: [&str; 2] = ["LoadBalancer", "NodePort"];

/// Items that one sentence tells; who wants all of them reads the fields.
const MOST: usize = 30;

/// What came, what went, and what decides about others.
pub(super) fn calls(old: Option<&Object>, new: Option<&Object>) -> Vec<Call> {
    let all = |object: Option<&Object>| object.map(powers).unwrap_or_default();
    let (olds, news) = (all(old), all(new));
    let known = |all: &[Power]| -> BTreeSet<(&'static str, String, String)> {
        all.iter().map(Power::itself).collect()
    };
    let (before, after) = (known(&olds), known(&news));
    let came = news.iter().filter(|power| !before.contains(&power.itself()));
    let went = olds.iter().filter(|power| !after.contains(&power.itself()));
    let came = came.map(|power| (Turn::Gained, power));
    let went = went.map(|power| (Turn::Lost, power));
    let both = old.is_some() && new.is_some();
    let told = came.chain(went).filter(|(turn, power)| both || power.told.without_the_other(*turn));
    let mut calls = sentences(told);
    calls.extend(whole(old, new));
    calls
}

impl Power {
    /// What makes it another one; where it stands does not.
    fn itself(&self) -> (&'static str, String, String) {
        (self.topic, self.sentence.clone(), self.item.clone())
    }
}

impl Told {
    /// Whether it is told of an object that is new, or of one that is gone.
    fn without_the_other(self, turn: Turn) -> bool {
        match turn {
            Turn::Gained => matches!(self, Told::Power | Told::Both),
            Turn::Lost => self == Told::Both,
            Turn::Changed => false,
        }
    }
}

/// Powers that differ in their items alone as one sentence.
fn sentences<'a>(powers: impl Iterator<Item = (Turn, &'a Power)>) -> Vec<Call> {
    let mut grouped: BTreeMap<(Turn, &'static str, &str), (Vec<&str>, Span)> = BTreeMap::new();
    for (turn, power) in powers {
        let key = (turn, power.topic, power.sentence.as_str());
        grouped.entry(key).or_insert((Vec::new(), power.span)).0.push(&power.item);
    }
    let call = |((turn, topic, sentence), (items, span)): ((Turn, &'static str, &str), (Vec<&str>, Span))| {
        let items = listed(&items);
        let text = if items.is_empty() { sentence.to_owned() } else { format!("{sentence} {items}") };
        Call { turn, topic, text, place: (turn == Turn::Gained).then_some(span) }
    };
    grouped.into_iter().map(call).collect()
}

fn listed(items: &[&str]) -> String {
    let shown = items.get(..MOST).unwrap_or(items).join(", ");
    match items.len().checked_sub(MOST) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

fn whole(old: Option<&Object>, new: Option<&Object>) -> Option<Call> {
    let object = new.or(old)?;
    let decides = |object: &Object, fields: &[&str]| {
        fields.is_empty() || fields.iter().any(|field| object.body.at(&["spec", field]).is_some())
    };
    let (_, _, topic, words) = WHOLE.iter().find(|(kind, fields, ..)| {
        *kind == object.id.kind && [old, new].into_iter().flatten().any(|object| decides(object, fields))
    })?;
    let turn = match (old, new) {
        (None, _) => Turn::Gained,
        (_, None) => Turn::Lost,
        (Some(old), Some(new)) if alike(old, new) => return None,
        _ => Turn::Changed,
    };
    let place = new.map(|new| new.body.span);
    Some(Call { turn, topic, text: format!("it {words}"), place })
}

/// Whether nothing but metadata differs.
fn alike(old: &Object, new: &Object) -> bool {
    let rest = |object: &Object| {
        let mut body = object.body.clone();
        body.as_map_mut().and_then(|map| map.remove("metadata"));
        body
    };
    equal(&rest(old), &rest(new))
}

fn powers(object: &Object) -> Vec<Power> {
    let mut all = Powers(Vec::new());
    if let Some(pod) = Pod::of(object) {
        all.pod(&pod);
        for reference in pod.references() {
            all.reference(&reference);
        }
        pod.containers().for_each(|container| all.container(&container));
    }
    for reference in named(object) {
        all.reference(&reference);
    }
    if object.id.group() == RBAC {
        all.rbac(&object.body);
    }
    match object.id.kind.as_str() {
        "IngressRoute" | "IngressRouteTCP" => all.middlewares(&object.body),
        "Service" => all.service(&object.body),
        "HelmChartConfig" | "HelmChart" => all.values(&object.body),
        _ => {}
    }
    all.0
}

struct Powers(Vec<Power>);

impl Powers {
    fn add(
        &mut self,
        topic: &'static str,
        told: Told,
        sentence: impl Into<String>,
        item: impl Into<String>,
        span: Span,
    ) {
        self.0.push(Power { topic, told, sentence: sentence.into(), item: item.into(), span });
    }

    fn pod(&mut self, pod: &Pod<'_>) {
        for (field, topic, words) in POD {
            if let Some(value) = pod.spec.get(field).filter(|value| value.as_bool() == Some(true)) {
                self.add(topic, Told::Power, words, "", value.span);
            }
        }
        for volume in pod.spec.get("volumes").map_or(&[][..], Node::items) {
            if let Some(path) = volume.at(&["hostPath", "path"]).and_then(Node::written) {
                let span = volume.at(&["hostPath", "path"]).map_or(volume.span, |path| path.span);
                self.add("host path", Told::Power, "its pods reach into the node's", path, span);
            }
        }
        if let Some(context) = pod.spec.get("securityContext") {
            self.switches(&CONTAINER, context, Told::Power, "every container");
            self.switches(&GUARDS, context, Told::Change, "every container");
        }
    }

    fn container(&mut self, container: &Container<'_>) {
        let name = format!("{} `{}`", container.role.word(), container.name);
        if let Some(context) = container.node.get("securityContext") {
            self.switches(&CONTAINER, context, Told::Power, &name);
            self.switches(&GUARDS, context, Told::Change, &name);
        }
        let added = container.node.at(&["securityContext", "capabilities", "add"]);
        for capability in added.map_or(&[][..], Node::items) {
            let item = capability.written().unwrap_or_default();
            self.add("capability", Told::Power, format!("{name} may do"), item, capability.span);
        }
        for port in container.node.get("ports").map_or(&[][..], Node::items) {
            if let Some(number) = port.get("hostPort").filter(|number| number.as_int() != Some(0)) {
                let item = number.written().unwrap_or_default();
                self.add(
                    "host port",
                    Told::Power,
                    format!("{name} takes of the node the port"),
                    item,
                    number.span,
                );
            }
        }
        let image = container.image.and_then(|node| Some((node, Image::parse(node.as_text()?).ok()?)));
        if let Some((node, image)) = image {
            self.add("image", Told::Change, format!("{name} comes from"), image.repository(), node.span);
        }
        let text = |field| container.node.get(field).map_or(&[][..], Node::items);
        text("command")
            .iter()
            .chain(text("args"))
            .for_each(|argument| self.argument(argument, argument.span));
    }

    fn switches(
        &mut self,
        rows: &[(&[&str], &str, &'static str, &str)],
        context: &Node,
        told: Told,
        who: &str,
    ) {
        for (path, wanted, topic, words) in rows {
            if let Some(value) = context.at(path).filter(|value| value.written().as_deref() == Some(wanted)) {
                self.add(topic, told, format!("{who} {words}"), "", value.span);
            }
        }
    }

    fn reference(&mut self, reference: &Reference<'_>) {
        let name = reference.name.written().unwrap_or_default();
        let namespace = reference.namespace.and_then(Node::written);
        let name = namespace.map_or_else(|| name.to_string(), |namespace| format!("{namespace}/{name}"));
        let span = reference.name.span;
        match reference.target {
            Target::Secret => {
                let key = reference.key.and_then(Node::written).map(|key| format!(" ({key})"));
                self.add("secret", Told::Power, "it reads the Secret", name + &key.unwrap_or_default(), span);
            }
            Target::ServiceAccount => {
                self.add("service account", Told::Power, "its pods act as the ServiceAccount", name, span);
            }
            _ => {}
        }
    }

    fn rbac(&mut self, body: &Node) {
        let text = |node: &Node, field: &str| {
            let items = node.get(field).map_or(&[][..], Node::items).iter().filter_map(Node::written);
            items.collect::<Vec<_>>().join("|")
        };
        for rule in body.get("rules").map_or(&[][..], Node::items) {
            let what =
                ["resources", "nonResourceURLs", "resourceNames", "apiGroups"].map(|field| text(rule, field));
            let what = what.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(" of ");
            let verbs = text(rule, "verbs").replace('|', ", ");
            self.add("rbac", Told::Both, format!("it allows to {verbs}:"), what, rule.span);
        }
        let role = body.get("roleRef");
        let role_text = |field| role.and_then(|role| role.text_at(&[field])).unwrap_or_default();
        for subject in body.get("subjects").map_or(&[][..], Node::items) {
            let text = |field| subject.text_at(&[field]).unwrap_or_default();
            let namespace = text("namespace");
            let slash = if namespace.is_empty() { "" } else { "/" };
            let sentence = format!("it gives the {} {} to", role_text("kind"), role_text("name"));
            let item = format!("{} {namespace}{slash}{}", text("kind"), text("name"));
            self.add("rbac", Told::Both, sentence, item, subject.span);
        }
    }

    fn middlewares(&mut self, body: &Node) {
        for route in body.at(&["spec", "routes"]).map_or(&[][..], Node::items) {
            let rule = route.text_at(&["match"]).unwrap_or_default();
            for middleware in route.get("middlewares").map_or(&[][..], Node::items) {
                let name = middleware.text_at(&["name"]).unwrap_or_default();
                let sentence = format!("{rule} goes through the middleware");
                self.add("middleware", Told::Change, sentence, name, middleware.span);
            }
        }
    }

    fn service(&mut self, body: &Node) {
        let Some(spec) = body.get("spec") else { return };
        let kind = spec.get("type").filter(|kind| kind.as_text().is_some_and(|kind| OPEN.contains(&kind)));
        let outside = spec.get("externalIPs").or(kind);
        let Some(outside) = outside else { return };
        for port in spec.get("ports").map_or(&[][..], Node::items) {
            let item = port.get("port").and_then(Node::written).unwrap_or_default();
            let protocol = port.text_at(&["protocol"]).unwrap_or("TCP");
            let sentence = "it can be reached from outside of the cluster, on the port";
            self.add("open port", Told::Power, sentence, format!("{item}/{protocol}"), outside.span);
        }
    }

    /// A chart's values are YAML in a text; whom Traefik believes stands there.
    fn values(&mut self, body: &Node) {
        let Some(content) = body.at(&["spec", "valuesContent"]) else { return };
        let mut sources = Sources::default();
        let text = content.as_text().unwrap_or_default().as_bytes().to_vec();
        let file = sources.add(String::new(), Ok(text));
        for document in read(&sources, file, Dialect::Manifest, &mut Findings::default()) {
            self.trust(&document, &mut Vec::new(), content.span);
        }
    }

    /// `ports.web.forwardedHeaders.trustedIPs`, and arguments that say the same.
    fn trust<'a>(&mut self, node: &'a Node, path: &mut Vec<&'a str>, span: Span) {
        for entry in node.entries() {
            path.push(&entry.key.text);
            match entry.key.text.as_ref() {
                "trustedIPs" => {
                    let items = entry.value.items().iter().filter_map(Node::written);
                    let own = entry.value.written();
                    let ranges: Vec<String> = items
                        .chain(own)
                        .flat_map(|text| {
                            text.split(',').map(|range| range.trim().to_owned()).collect::<Vec<_>>()
                        })
                        .collect();
                    self.believed(&path.join("."), ranges, span);
                }
                "insecure" if entry.value.as_bool() == Some(true) => {
                    self.believed(&path.join("."), vec!["everybody".to_owned()], span);
                }
                _ => self.trust(&entry.value, path, span),
            }
            path.pop();
        }
        for item in node.items() {
            self.argument(item, span);
            self.trust(item, path, span);
        }
    }

    /// `--entryPoints.web.forwardedHeaders.trustedIPs=…`; Traefik takes either case.
    fn argument(&mut self, argument: &Node, span: Span) {
        let Some((name, value)) =
            argument.as_text().and_then(|text| text.strip_prefix("--")?.split_once('='))
        else {
            return;
        };
        let lower = name.to_ascii_lowercase();
        if lower.ends_with(".trustedips") {
            self.believed(name, value.split(',').map(|range| range.trim().to_owned()).collect(), span);
        } else if lower.ends_with("headers.insecure") || lower.ends_with("protocol.insecure") {
            self.believed(name, vec!["everybody".to_owned()], span);
        }
    }

    fn believed(&mut self, place: &str, ranges: Vec<String>, span: Span) {
        for range in ranges {
            let sentence = format!("{place} believes what they say of a visitor's address:");
            self.add("trusted ranges", Told::Both, sentence, range, span);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::kube::tree::{object, tree};

    fn made(api_version: &str, kind: &str, body: &Json) -> Object {
        Object { body: tree(body), ..object(api_version, kind, &json!({})) }
    }

    fn told(calls: &[Call]) -> Vec<String> {
        let sign = |turn| match turn {
            Turn::Gained => "+",
            Turn::Lost => "-",
            Turn::Changed => "~",
        };
        calls.iter().map(|call| format!("{} {}: {}", sign(call.turn), call.topic, call.text)).collect()
    }

    /// What is said of two pods: of the change, of the second as a new one, of the second as one that is gone.
    fn pods(old: &Json, new: &Json) -> [Vec<String>; 3] {
        let pod = |spec: &Json| object("v1", "Pod", spec);
        let (old, new) = (pod(old), pod(new));
        [told(&calls(Some(&old), Some(&new))), told(&calls(None, Some(&new))), told(&calls(Some(&new), None))]
    }

    #[test]
    fn powers_of_pods() {
        let web = |more: Json| {
            let mut container = json!({"name": "web", "image": "nginx:1"});
            container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({"containers": [container]})
        };
        let context = |more: Json| web(json!({"securityContext": more}));
        let rows = [
            (
                json!({"hostNetwork": true}),
                "host network: its pods use the node's own network, past all NetworkPolicies",
            ),
            (json!({"hostPID": true}), "host processes: its pods see and may signal the node's processes"),
            (json!({"hostIPC": true}), "host memory: its pods share the node's memory segments"),
            (
                json!({"volumes": [{"name": "v", "hostPath": {"path": "/"}}]}),
                "host path: its pods reach into the node's /",
            ),
            (json!({"securityContext": {"runAsUser": 0}}), "root: every container runs as root"),
            (
                json!({"serviceAccountName": "robot"}),
                "service account: its pods act as the ServiceAccount robot",
            ),
            (json!({"volumes": [{"secret": {"secretName": "s"}}]}), "secret: it reads the Secret s"),
            (
                context(json!({"privileged": true})),
                "privileged: container `web` is privileged: root in it is root on the node",
            ),
            (
                context(json!({"capabilities": {"add": ["NET_ADMIN", "SYS_TIME"]}})),
                "capability: container `web` may do NET_ADMIN, SYS_TIME",
            ),
            (context(json!({"procMount": "Unmasked"})), "unmasked: container `web` sees all of /proc"),
            (
                web(json!({"ports": [{"containerPort": 53, "hostPort": 53}]})),
                "host port: container `web` takes of the node the port 53",
            ),
        ];
        for (spec, expected) in rows {
            let plain = if spec.get("containers").is_some() { web(json!({})) } else { json!({}) };
            let [changed, added, removed] = pods(&plain, &spec);
            assert_eq!(changed, [format!("+ {expected}")]);
            assert_eq!(added, changed);
            assert!(removed.is_empty(), "{removed:?}");
            assert_eq!(pods(&spec, &plain)[0], [format!("- {expected}")]);
            assert!(pods(&spec, &spec)[0].is_empty());
        }
        let moved = web(json!({"image": "registry.example/nginx:1"}));
        let expected = [
            "+ image: container `web` comes from registry.example/nginx",
            "- image: container `web` comes from docker.io/library/nginx",
        ];
        assert_eq!(pods(&web(json!({})), &moved)[0], expected);
        assert!(pods(&web(json!({})), &moved)[1].is_empty(), "each new app has an image");
        assert!(pods(&web(json!({})), &web(json!({"image": "nginx:2"})))[0].is_empty());
        let guarded = context(json!({"readOnlyRootFilesystem": true}));
        assert_eq!(
            pods(&guarded, &web(json!({})))[0],
            ["- read-only root: container `web` cannot write to its root"]
        );
    }

    #[test]
    fn powers_of_other_objects() {
        let role = |verb: &str| {
            let rule = json!({"apiGroups": [""], "resources": ["secrets", "pods"], "verbs": [verb, "list"]});
            made("rbac.authorization.k8s.io/v1", "Role", &json!({"rules": [rule]}))
        };
        let expected =
            ["+ rbac: it allows to *, list: secrets|pods", "- rbac: it allows to get, list: secrets|pods"];
        assert_eq!(told(&calls(Some(&role("get")), Some(&role("*")))), expected);
        let binding = json!({
            "roleRef": {"kind": "ClusterRole", "name": "cluster-admin"},
            "subjects": [{"kind": "ServiceAccount", "name": "robot", "namespace": "a"}],
        });
        let binding = made("rbac.authorization.k8s.io/v1", "ClusterRoleBinding", &binding);
        let sentence = "rbac: it gives the ClusterRole cluster-admin to ServiceAccount a/robot";
        assert_eq!(told(&calls(None, Some(&binding))), [format!("+ {sentence}")]);
        assert_eq!(told(&calls(Some(&binding), None)), [format!("- {sentence}")]);
        let policy = |n: u8| made("networking.k8s.io/v1", "NetworkPolicy", &json!({"spec": {"x": n}}));
        assert_eq!(
            told(&calls(Some(&policy(1)), Some(&policy(2)))),
            ["~ network policy: it decides which pods may be reached"]
        );
        assert!(calls(Some(&policy(1)), Some(&policy(1))).is_empty());
        let service = |kind: &str| {
            made(
                "v1",
                "Service",
                &json!({"spec": {"type": kind, "ports": [{"port": 53, "protocol": "UDP"}]}}),
            )
        };
        assert_eq!(
            told(&calls(Some(&service("ClusterIP")), Some(&service("LoadBalancer")))),
            ["+ open port: it can be reached from outside of the cluster, on the port 53/UDP"]
        );
        let route = |middlewares: Json| {
            let routes = json!([{"match": "Host(`a`)", "middlewares": middlewares}]);
            made("traefik.io/v1alpha1", "IngressRoute", &json!({"spec": {"routes": routes}}))
        };
        assert_eq!(
            told(&calls(Some(&route(json!([{"name": "auth"}]))), Some(&route(json!([]))))),
            ["- middleware: Host(`a`) goes through the middleware auth"]
        );
    }

    #[test]
    fn whom_traefik_believes() {
        let values = |text: &str| {
            made("helm.cattle.io/v1", "HelmChartConfig", &json!({"spec": {"valuesContent": text}}))
        };
        let old = values(
            "additionalArguments:\n- --entryPoints.web.forwardedHeaders.trustedIPs=10.0.0.0/8,192.0.2.0/24\n\
             ports: {websecure: {forwardedHeaders: {trustedIPs: [10.0.0.0/8]}}}\n",
        );
        let new = values(
            "additionalArguments:\n- --entryPoints.web.forwardedHeaders.trustedIPs=192.0.2.0/24,0.0.0.0/0,::/0\n\
             ports: {websecure: {forwardedHeaders: {insecure: true}}}\n",
        );
        let words = "believes what they say of a visitor's address:";
        let web = format!("trusted ranges: entryPoints.web.forwardedHeaders.trustedIPs {words}");
        let secure = "trusted ranges: ports.websecure.forwardedHeaders";
        let expected = [
            format!("+ {web} 0.0.0.0/0, ::/0"),
            format!("+ {secure}.insecure {words} everybody"),
            format!("- {web} 10.0.0.0/8"),
            format!("- {secure}.trustedIPs {words} 10.0.0.0/8"),
        ];
        assert_eq!(told(&calls(Some(&old), Some(&new))), expected);
        assert!(calls(None, Some(&values("no: [yaml"))).is_empty());
    }
}
