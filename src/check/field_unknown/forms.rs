//! Lines to paste: what people write by the names of other tools, and how values of a type look. To add one: a row.

use super::place::At;
use crate::kube::shape::Shape;
use crate::yaml::{Entry, Node, Value};

/// A type, names that it does not have, and what to write.
const HINTS: &[(&str, &[&str], &str)] = &[
    ("Container", &["cpu", "memory"], "resources: {limits: {memory: 256Mi}}"),
    ("Container", &["entrypoint"], "command: [PROGRAM]"),
    ("Container", &["environment"], "env: [{name: NAME, value: TEXT}]"),
    ("ContainerPort", &["port", "targetPort"], "containerPort: 80"),
    ("EnvFromSource", &["configMap", "configmap"], "configMapRef: {name: NAME}"),
    ("EnvFromSource", &["secret"], "secretRef: {name: NAME}"),
    ("EnvVarSource", &["configMap", "configMapRef"], "configMapKeyRef: {name: NAME, key: KEY}"),
    ("EnvVarSource", &["secret", "secretRef"], "secretKeyRef: {name: NAME, key: KEY}"),
    (
        "IngressBackend.networking.v1",
        &["serviceName", "servicePort"],
        "networking.k8s.io/v1 writes `service: {name: NAME, port: {number: 80}}`",
    ),
    ("PersistentVolumeClaimSpec", &["capacity", "size", "storage"], "resources: {requests: {storage: 1Gi}}"),
    ("PodSpec", &["restart"], "restartPolicy: Always"),
    ("Probe", &["cmd", "command"], "exec: {command: [PROGRAM]}"),
    ("Probe", &["http", "path"], "httpGet: {path: /, port: 80}"),
    ("Probe", &["tcp"], "tcpSocket: {port: 80}"),
    ("ResourceRequirements", &["cpu", "memory"], "limits: {memory: 256Mi}"),
    ("ServicePort", &["containerPort"], "targetPort: 80"),
    ("Volume", &["pvc"], "persistentVolumeClaim: {claimName: NAME}"),
    ("VolumeMount", &["path"], "mountPath: /PATH"),
];

/// How a value of a type looks; `$` stands for what was written, if that was a word, or else for the last column.
const FORMS: &[(&str, &str, &str)] = &[
    ("Affinity", "{nodeAffinity: …}", ""),
    ("Capabilities", "{add: [$]}", "NET_ADMIN"),
    ("ConfigMapVolumeSource", "{name: $}", "NAME"),
    ("Container", "{name: NAME, image: IMAGE}", ""),
    ("ContainerPort", "{containerPort: $}", "80"),
    ("EmptyDirVolumeSource", "{}", ""),
    ("EnvFromSource", "{secretRef: {name: $}}", "NAME"),
    ("EnvVar", "{name: NAME, value: TEXT}", ""),
    ("ExecAction", "{command: [PROGRAM]}", ""),
    ("HTTPGetAction", "{path: /, port: 80}", ""),
    ("HTTPIngressPath.networking.v1", "{path: /, pathType: Prefix, backend: {service: {name: NAME, port: {number: 80}}}}", ""),
    ("HostAlias", "{ip: 10.0.0.1, hostnames: [NAME]}", ""),
    ("HostPathVolumeSource", "{path: $}", "/PATH"),
    ("IngressBackend.networking.v1", "{service: {name: $, port: {number: 80}}}", "NAME"),
    ("IngressRule.networking.v1", "{host: $, http: {paths: […]}}", "HOST"),
    ("IngressTLS.networking.v1", "{hosts: [$]}", "HOST"),
    ("LabelSelector", "{matchLabels: {app: $}}", "NAME"),
    ("LocalObjectReference", "{name: $}", "NAME"),
    ("NFSVolumeSource", "{server: HOST, path: /PATH}", ""),
    ("ObjectMeta", "{name: $}", "NAME"),
    ("PersistentVolumeClaimVolumeSource", "{claimName: $}", "NAME"),
    ("PodDNSConfig", "{nameservers: [$]}", "1.1.1.1"),
    ("Probe", "{httpGet: {path: /, port: 80}}", ""),
    ("ResourceRequirements", "{limits: {memory: $}}", "256Mi"),
    ("SecretVolumeSource", "{secretName: $}", "NAME"),
    ("ServicePort", "{port: $}", "80"),
    ("Toleration", "{key: $, operator: Exists}", "KEY"),
    ("Volume", "{name: NAME, emptyDir: {}}", ""),
    ("VolumeMount", "{name: $, mountPath: /PATH}", "NAME"),
];

/// What to write in the place of a field of that name.
pub(super) fn hint(of: &str, name: &str, map: &Node) -> Option<String> {
    if of == "LabelSelector" {
        return labels(map);
    }
    let fits = |row: &&(&str, &[&str], &str)| row.0 == of && row.1.contains(&name);
    let hint = HINTS.iter().find(fits)?.2;
    let service = map.text_at(&["serviceName"]).filter(|name| is_word(name));
    let port = map.get("servicePort").and_then(Node::as_int);
    Some(match (service, port) {
        (Some(service), Some(port)) => hint.replace("NAME", service).replace("80", &port.to_string()),
        _ => hint.to_owned(),
    })
}

/// Labels that stand where `matchLabels` belongs.
fn labels(map: &Node) -> Option<String> {
    let label = |entry: &Entry| Some(format!("{}: {}", entry.key.text, entry.value.as_text()?));
    let labels: Option<Vec<String>> = map.entries().iter().map(label).collect();
    Some(format!("matchLabels: {{{}}}", labels?.join(", ")))
}

/// How the value of a field looks, for one that has another form.
pub(super) fn form(at: &At<'_>, shape: &Shape, node: &Node) -> Option<String> {
    let name = at.name();
    match (shape, &node.value) {
        (Shape::Type(_), Value::List(items)) if matches!(items.as_slice(), [Node { value: Value::Map(_), .. }]) => {
            return Some("leave out the `-`: it is one map, no list".to_owned());
        }
        (Shape::List(item), Value::Map(map)) if fits(item, &map.entries) => {
            return Some("put `- ` in front of its first key: each item of a list has one".to_owned());
        }
        _ => {}
    }
    if name == "valuesContent" {
        return Some("write `valuesContent: |` and the values below, two spaces further in: it is one text".to_owned());
    }
    let own = value(name, shape, node)?;
    Some(if at.is_item() { format!("{name}: [{own}]") } else { format!("{name}: {own}") })
}

/// Whether the keys are fields of the shape.
fn fits(shape: &Shape, entries: &[Entry]) -> bool {
    let known = |of: &'static crate::kube::shape::Type| entries.iter().all(|entry| of.field(&entry.key.text).is_some());
    !entries.is_empty() && shape.fields().is_some_and(known)
}

fn value(name: &str, shape: &Shape, node: &Node) -> Option<String> {
    Some(match shape {
        Shape::Type(_) => {
            let (_, form, usual) = FORMS.iter().find(|row| Some(row.0) == shape.fields().map(|of| of.name))?;
            let written = node.written().filter(|word| is_word(word));
            form.replace('$', written.as_deref().unwrap_or(usual))
        }
        Shape::List(item) => match item.as_ref() {
            Shape::Text if ["args", "command"].contains(&name) => "[WORD, WORD]".to_owned(),
            Shape::Text => {
                let written = node.written().filter(|word| is_word(word));
                format!("[{}]", written.as_deref().unwrap_or("…"))
            }
            item => format!("[{}]", value(name, item, node)?),
        },
        Shape::Map(value) if **value == Shape::Text => "{KEY: TEXT}".to_owned(),
        Shape::Map(value) if **value == Shape::Amount => "{memory: 256Mi}".to_owned(),
        _ => return None,
    })
}

/// Whether the text is a name, a path or a number, which may be shown and pasted.
pub(super) fn is_word(text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "._/-".contains(c);
    (1..=60).contains(&text.len()) && text.chars().all(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kube::shape;

    /// Every type that is reached from the kinds, by name.
    fn names(of: &'static shape::Type, seen: &mut std::collections::BTreeSet<&'static str>) {
        if seen.insert(of.name) {
            of.fields().iter().filter_map(|field| field.shape.inner()).for_each(|inner| names(inner, seen));
        }
    }

    #[test]
    fn rows_name_types() {
        let mut seen = std::collections::BTreeSet::new();
        for (version, kind) in [("apps/v1", "StatefulSet"), ("v1", "Service"), ("networking.k8s.io/v1", "Ingress")] {
            names(shape::of(version, kind).unwrap(), &mut seen);
        }
        for name in HINTS.iter().map(|row| row.0).chain(FORMS.iter().map(|row| row.0)) {
            assert!(seen.contains(name), "{name}");
        }
    }
}
