//! What Docker Compose and Kubernetes' own manifests write another way: most apps come from one of these, so that their
//! words get an answer of their own. Whatever is told here is given up, and raises nothing more.

use super::invalid::value_invalid;
use crate::finding::Findings;
use crate::yaml::{Node, Value, key_unknown, wrong_type};

/// Unknown keys, and what to write in their place.
const WORDS: &[(&[&str], &str)] = &[
    (&["environment"], "env: {NAME: value}"),
    (&["env_file"], "envFrom: [{file: NAME}], with the file in files/"),
    (&["entrypoint"], "command: [PROGRAM], and its arguments in `args`"),
    (&["working_dir"], "workingDir: /path"),
    (&["expose", "containerPort"], "ports: {http: 8080}"),
    (
        &["healthcheck", "livenessProbe", "readinessProbe"],
        "probes: {readiness: {httpGet: /path}}, or {exec: [PROGRAM]}",
    ),
    (&["startupProbe"], "probes: {startup: {httpGet: /path}}"),
    (&["volumeMounts"], "volumes: {/data: {hostPath: /srv/data}}: a volume stands at its mount path"),
    (&["tmpfs"], "volumes: {/tmp: {emptyDir: {medium: Memory, sizeLimit: 64Mi}}}"),
    (&["shm_size"], "volumes: {/dev/shm: {emptyDir: {medium: Memory, sizeLimit: 128Mi}}}"),
    (&["devices"], "volumes: {/dev/NAME: {device: /dev/NAME}}, with securityContext: {privileged: true}"),
    (&["configs"], "volumes: {/etc/web.conf: {file: web.conf}}, with the file in files/"),
    (
        &["secrets"],
        "volumes: {/run/secrets/NAME: {secret: {name: SECRET, key: KEY}}}, or env: {NAME: {secret: SECRET, key: KEY}}",
    ),
    (
        &["user", "runAsUser", "group_add", "fsGroup"],
        "securityContext: {runAsUser: 1000, runAsGroup: 1000, fsGroup: 1000}",
    ),
    (&["privileged"], "securityContext: {privileged: true}"),
    (
        &["cap_add", "cap_drop", "capabilities"],
        "securityContext: {capabilities: {add: [NET_ADMIN], drop: [ALL]}}",
    ),
    (&["read_only"], "securityContext: {readOnlyRootFilesystem: true}"),
    (
        &["security_opt"],
        "securityContext: {allowPrivilegeEscalation: false}, or {seccompProfile: {type: Unconfined}}",
    ),
    (&["sysctls"], "securityContext: {sysctls: {net.ipv4.ip_forward: 1}}"),
    (&["mem_limit", "mem_reservation", "cpus", "deploy"], "resources: {cpu: 100m, memory: 256Mi}"),
    (&["stop_grace_period"], "terminationGracePeriodSeconds: 60"),
    (&["network_mode"], "hostNetwork: true"),
    (&["pid"], "hostPID: true"),
    (&["extra_hosts"], "hostAliases: {192.168.1.2: [nas.example]}"),
    (&["dns", "dns_search"], "dnsPolicy: None, and dnsConfig: {nameservers: [9.9.9.9]}"),
    (
        &["restart", "restartPolicy"],
        "leave it out: pods are restarted whenever they end (of a job: job: {restartPolicy: Never})",
    ),
    (&["container_name", "name", "metadata"], "leave it out: the file's name is the app's"),
    (
        &["depends_on", "links"],
        "leave it out: a pod that fails is started again until what it needs is there; `init` can wait for it",
    ),
    (&["networks"], "leave it out: apps reach one another by \"{{ apps.NAME.address }}\""),
    (&["build"], "image: an image in a registry"),
    (&["logging", "stdin_open", "tty", "profiles", "platform"], "leave it out"),
    (&["containers"], "the first container's keys at the top, the others in `sidecars`"),
    (&["initContainers"], "init: {NAME: {command: [PROGRAM]}}"),
    (&["nodeSelector", "affinity", "nodeName"], "place: {node: NAME}, {role: ROLE} or {arch: amd64}"),
    (&["tolerations"], "place: {tolerations: [KEY=VALUE:NoSchedule]}"),
    (&["topologySpreadConstraints"], "place: {spread: node}"),
    (&["serviceAccountName"], "serviceAccount: NAME"),
    (&["ingress"], "routes: {web: HOST}"),
    (&["apiVersion", "spec"], "a whole Kubernetes object goes to manifests/"),
];

/// kustomize's words at the top of stack.yaml or overlay.yaml: they stand one level deeper.
const KUSTOMIZE: [&str; 21] = [
    "buildMetadata",
    "commonAnnotations",
    "commonLabels",
    "components",
    "configMapGenerator",
    "configurations",
    "crds",
    "generatorOptions",
    "imageTags",
    "images",
    "labels",
    "namePrefix",
    "nameSuffix",
    "openapi",
    "patches",
    "patchesJson6902",
    "patchesStrategicMerge",
    "replacements",
    "replicas",
    "secretGenerator",
    "sortOptions",
];

/// Tells what stack.yaml or overlay.yaml says in kustomize's words, and takes it out.
pub fn kustomize(tree: &mut Node, found: &mut Findings) {
    let Some(map) = tree.as_map_mut() else { return };
    map.entries.retain(|entry| {
        let key = entry.key.text.as_ref();
        let help = match key {
            "resources" | "bases" => {
                "the stack that an overlay varies is its `base`; plain manifests go into manifests/"
                    .to_owned()
            }
            _ if KUSTOMIZE.contains(&key) => format!("one level deeper: kustomize: {{{key}: …}}"),
            _ => return true,
        };
        found.push(key_unknown(&entry.key, None).help(help));
        false
    });
}

/// What stands at a place in another form than here: the place (`*` for any key), what is wanted, what to write.
struct Form {
    place: &'static [&'static str],
    wanted: &'static str,
    help: fn(&Node) -> String,
}

const FORMS: &[Form] = &[
    Form { place: &["env"], wanted: "a map", help: |_| "env: {NAME: value}".to_owned() },
    Form { place: &["ports"], wanted: "a map", help: |_| "each has a name: ports: {http: 8080}".to_owned() },
    Form {
        place: &["volumes"],
        wanted: "a map",
        help: |_| "each stands at its mount path: volumes: {/data: {hostPath: /srv/data}}".to_owned(),
    },
    Form { place: &["labels"], wanted: "a map", help: |_| "labels: {NAME: value}".to_owned() },
    Form { place: &["annotations"], wanted: "a map", help: |_| "annotations: {NAME: value}".to_owned() },
    Form { place: &["routes"], wanted: "a map", help: |_| "each has a name: routes: {web: HOST}".to_owned() },
    Form { place: &["services"], wanted: "a map", help: |_| "services: {NAME: NodePort}".to_owned() },
    Form { place: &["init"], wanted: "a map", help: |_| "init: {NAME: {command: [PROGRAM]}}".to_owned() },
    Form { place: &["sidecars"], wanted: "a map", help: |_| "sidecars: {NAME: {image: IMAGE}}".to_owned() },
    Form { place: &["volumes", "*"], wanted: "a map", help: volume },
    Form { place: &["ports", "*", "port"], wanted: "a whole number", help: port },
    Form {
        place: &["probes", "*"],
        wanted: "a map",
        help: |_| "{httpGet: /path}, {tcpSocket: PORT} or {exec: [PROGRAM]}".to_owned(),
    },
];

/// Tells what an app, a sidecar or an init container writes in words or forms of others. `known` are its own keys.
pub fn tell(container: &Node, inside: Option<&str>, known: &[&str], found: &mut Findings) {
    for entry in container.entries().iter().filter(|entry| !known.contains(&entry.key.text.as_ref())) {
        let row = WORDS.iter().find(|(words, _)| words.contains(&entry.key.text.as_ref()));
        if let Some((_, help)) = row {
            found.push(key_unknown(&entry.key, inside).help(*help));
            found.give_up(entry.key.span);
        }
    }
    if known.contains(&"patches") {
        for item in container.get("patches").map_or(&[][..], Node::items) {
            patch(item, found);
        }
    }
    for form in FORMS.iter().filter(|form| form.place.first().is_some_and(|key| known.contains(key))) {
        visit(container, form.place, "", &mut |node, key| form.tell(node, key, found));
    }
}

/// One of an app's `patches`, where it is written as in a kustomization.
fn patch(item: &Node, found: &mut Findings) {
    let place = item.entries().first().map_or(item.span, |entry| entry.key.span);
    if let Some(target) = item.get("target") {
        let said = |key: &str| target.text_at(&[key]).unwrap_or_default().to_owned();
        let meant = match target.as_text() {
            None if target.as_map().is_some() => {
                let (kind, name) = (said("kind"), said("name"));
                let kind = if kind.is_empty() { "KIND".to_owned() } else { kind };
                Some(if name.is_empty() { kind } else { format!("{kind}/{name}") })
            }
            Some(text) if text.matches('/').count() > 1 => {
                let mut parts = text.rsplit('/');
                let name = parts.next().unwrap_or_default();
                Some(format!("{}/{name}", parts.next().unwrap_or_default()))
            }
            _ => None,
        };
        if let Some(meant) = meant {
            let message = "the `target` of an app's patch is KIND or KIND/NAME, of an object of this app";
            found.push(value_invalid(target.span, message).help(format!("target: {meant}")));
            found.give_up(target.span);
        }
    }
    let entry = |key: &str| item.as_map().and_then(|map| map.entry(key));
    if let Some(path) = entry("path").filter(|_| entry("patch").is_none()) {
        found.push(key_unknown(&path.key, Some("patches")).help(
            "write the change here, under `patch`; one in a file goes under `kustomize: {patches: [{path: …}]}` of stack.yaml",
        ));
        found.give_up(path.key.span);
        found.give_up(place);
    }
    if let Some(nothing) = entry("patch").filter(|entry| matches!(entry.value.value, Value::Null)) {
        found.push(value_invalid(nothing.key.span, "the `patch` holds nothing").help("patch: {spec: {…}}"));
        item.get("target").into_iter().for_each(|target| found.give_up(target.span));
    }
}

/// What to write in place of a kind of Kubernetes' own.
pub fn kind(word: &str) -> Option<String> {
    let is_workload = ["Deployment", "StatefulSet", "DaemonSet", "CronJob", "Job"].contains(&word);
    let is_kubernetes = word.starts_with(|first: char| first.is_ascii_uppercase());
    match (is_workload, is_kubernetes) {
        (true, _) => {
            Some(format!("kind: app, and workload: {word}; a whole Kubernetes object goes to manifests/"))
        }
        (false, true) => Some("a Kubernetes object goes to manifests/".to_owned()),
        _ => None,
    }
}

/// Calls with every value at a place, and with the last key on the way that is the user's own.
fn visit(node: &Node, place: &[&str], key: &str, call: &mut impl FnMut(&Node, &str)) {
    match place.split_first() {
        None => call(node, key),
        Some((&"*", rest)) => {
            node.entries().iter().for_each(|entry| visit(&entry.value, rest, &entry.key.text, call));
        }
        Some((&first, rest)) => {
            let named = if key.is_empty() { first } else { key };
            node.get(first).into_iter().for_each(|next| visit(next, rest, named, call));
        }
    }
}

impl Form {
    fn tell(&self, node: &Node, key: &str, found: &mut Findings) {
        let fits = match self.wanted {
            "a map" => matches!(node.value, Value::Map(_) | Value::Null),
            _ => node
                .as_text()
                .is_none_or(|text| text.contains("{{") || text.bytes().all(|b| b.is_ascii_digit())),
        };
        if !fits {
            found.push(wrong_type(node, key, self.wanted).help((self.help)(node)));
            found.give_up(node.span);
        }
    }
}

fn volume(node: &Node) -> String {
    let path = node.as_text().filter(|text| text.starts_with('/'));
    format!("{{hostPath: {}}}, {{pvc: 10Gi}} or {{emptyDir: {{}}}}", path.unwrap_or("/srv/data"))
}

/// `8080:80`, `5000-5150`, `53/udp`.
fn port(node: &Node) -> String {
    let text = node.as_text().unwrap_or_default();
    if text.contains('-') {
        return "a range is no port: write an entry for each that is used".to_owned();
    }
    if let Some((outer, inner)) = text.rsplit_once(':') {
        let outer = outer.rsplit(':').next().unwrap_or(outer);
        return format!(
            "{inner}; with hostPort it takes a port of the node too: {{port: {inner}, hostPort: {outer}}}"
        );
    }
    match text.rsplit_once('/') {
        Some((number, protocol)) => format!("{number}/{}", protocol.to_uppercase()),
        None => "8080, or 53/UDP".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::{Container, PodFile};
    use crate::yaml::fields;

    #[test]
    fn no_word_is_a_key_and_each_stands_once() {
        let words: Vec<&str> = WORDS.iter().flat_map(|row| row.0).copied().collect();
        for (at, word) in words.iter().enumerate() {
            assert!(!fields::<Container>().contains(word) && !fields::<PodFile>().contains(word), "{word}");
            assert!(!words[..at].contains(word), "{word} twice");
        }
    }

    #[test]
    fn forms_are_of_keys() {
        let keys = fields::<Container>().iter().chain(fields::<PodFile>());
        let keys: Vec<&str> = keys.copied().collect();
        assert!(FORMS.iter().all(|form| keys.contains(&form.place[0])));
    }
}
