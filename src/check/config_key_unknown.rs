//! Keys that a ConfigMap of the stack does not have.

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::kube::{Object, Pod, Target};
use crate::yaml::Node;

/// A key that is not in the ConfigMap.
pub static CODE: Code = Code {
    name: "config-key-unknown",
    severity: Severity::Error,
    page: Page {
        about: "A pod takes a key of a ConfigMap that the ConfigMap does not have: as a variable, the pod waits in\n\
                CreateContainerConfigError; as a file of a volume, in ContainerCreating; as a `subPath`, the program finds\n\
                an empty folder where its file should be.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nenv: {LEVEL: {configMap: settings, key: levle}}\n\
              # manifests/settings.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\n\
              data: {level: info}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nenv: {LEVEL: {configMap: settings, key: level}}\n\
               # manifests/settings.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings, namespace: default}\n\
               data: {level: info}\n",
    },
};

/// Tells each.
pub(super) fn of_pod(facts: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    let namespace = landing.object.id.namespace.as_deref();
    let map = |name: &str| facts.find("ConfigMap", namespace, name);
    let keyed = landing.references.iter().filter(|used| used.target == Target::ConfigMap && !used.optional);
    for used in keyed {
        let (Some(key), Some(name)) = (used.key, used.name.as_text()) else { continue };
        if let Some((object, key)) = map(name).zip(Some(key)) {
            tell(object, key, key.as_text(), found);
        }
    }
    sub_paths(&landing.pod, &map, found);
}

fn sub_paths<'a>(pod: &Pod<'a>, map: &dyn Fn(&str) -> Option<&'a Object>, found: &mut Findings) {
    for (volume, path) in pod.sub_paths() {
        let source = volume.get("configMap").filter(|source| source.get("items").is_none());
        let source = source.filter(|source| source.get("optional").and_then(Node::as_bool) != Some(true));
        if let Some(object) = source.and_then(|source| map(source.text_at(&["name"])?)) {
            tell(object, path, path.as_text().filter(|text| !text.is_empty()), found);
        }
    }
}

fn tell(object: &Object, place: &Node, key: Option<&str>, found: &mut Findings) {
    let entries = || ["data", "binaryData"].into_iter().filter_map(|field| object.body.get(field)).flat_map(Node::entries);
    let Some(key) = key.filter(|key| !entries().any(|entry| entry.key.text == *key)) else { return };
    let keys = || entries().map(|entry| entry.key.text.as_ref());
    let help = match nearest(key, keys()) {
        Some(near) => format!("did you mean `{near}`?"),
        None if entries().next().is_none() => "it has no keys".to_owned(),
        None => format!("its keys: {}", list(keys().take(20))),
    };
    found.push(
        Finding::new(&CODE, place.span, format!("the {} has no key `{key}`", object.id))
            .also(object.place(), "this ConfigMap")
            .help(help),
    );
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told_of_pods};

    const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\ndata: {level: info}\nbinaryData: {logo: AAAA}\n";

    fn of(spec: &str, container: &str) -> Vec<String> {
        told_of_pods(super::of_pod, "", &format!("{}{MAP}", pod(spec, container)))
    }

    #[test]
    fn variables() {
        let variable = |key: &str| {
            of("", &format!(", env: [{{name: A, valueFrom: {{configMapKeyRef: {{name: settings, {key}}}}}}}]"))
        };
        assert_eq!(variable("key: level"), [""; 0]);
        assert_eq!(variable("key: logo"), [""; 0]);
        assert_eq!(variable("key: levle"), ["levle: the ConfigMap default/settings has no key `levle`"]);
        assert_eq!(variable("key: levle, optional: true"), [""; 0]);
    }

    #[test]
    fn files() {
        let volume = |source: &str, path: &str| {
            let spec = format!("  volumes: [{{name: v, configMap: {{name: settings{source}}}}}]\n");
            of(&spec, &format!(", volumeMounts: [{{name: v, mountPath: /a, subPath: {path}}}]"))
        };
        assert_eq!(volume("", "level"), [""; 0]);
        assert_eq!(volume("", "levle"), ["levle: the ConfigMap default/settings has no key `levle`"]);
        assert_eq!(volume(", items: [{key: level, path: levle}]", "levle"), [""; 0]);
        assert_eq!(volume(", items: [{key: levle, path: a}]", "a").len(), 1);
        assert_eq!(volume(", optional: true", "levle"), [""; 0]);
    }
}
