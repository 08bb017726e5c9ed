//! What someone wrote, held against Kubernetes' own types (`kube::shape`): fields that no type has, which the API server
//! drops without a word, and maps, lists and scalars where another form belongs, which it refuses (`field-refused`).
//!
//! Only objects of manifests and what patches touched are walked. A kind or version that the table does not carry is left
//! alone, and so is a field that is null: it says nothing. Lines to paste are rows (`forms.rs`).

mod forms;
mod place;

use self::place::At;
use super::field_refused::{self, Refused};
use super::{Facts, field_newer};
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::kube::field::given;
use crate::kube::shape::{self, Shape, Type};
use crate::kube::{Verdict, served};
use crate::yaml::{Entry, Key, Node, Value};

/// A field that Kubernetes does not have.
pub static CODE: Code = Code {
    name: "field-unknown",
    severity: Severity::Error,
    page: Page {
        about: "Kubernetes has no such field in this place: a slip of the pen, or a field of another place. k3s applies the\n\
                object all the same, since the API server drops what it does not know without a word: the object is made,\n\
                and does not do what was written.",
        bad: "# manifests/extra.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: extra}\nspec:\n  \
              containers: [{name: extra, image: \"registry.example/web:1.0\", imagePullPolcy: Always}]\n",
        good: "# manifests/extra.yaml\napiVersion: v1\nkind: Pod\nmetadata: {name: extra}\nspec:\n  \
               containers: [{name: extra, image: \"registry.example/web:1.0\", imagePullPolicy: Always}]\n",
    },
};

/// More fields than this are not listed.
const FEW: usize = 12;

/// Types of objects that are nothing without it.
const NEED_SPEC: [&str; 17] = [
    "CronJob.batch.v1",
    "CronJob.batch.v1beta1",
    "DaemonSet",
    "Deployment",
    "HorizontalPodAutoscaler.autoscaling.v1",
    "HorizontalPodAutoscaler.autoscaling.v2",
    "Ingress.networking.v1",
    "IngressRoute",
    "IngressRouteTCP",
    "IngressRouteUDP",
    "Job",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Pod",
    "ReplicaSet",
    "Service",
    "StatefulSet",
];

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let minor = facts.stack.release.version().minor;
    for object in facts.objects.iter().filter(|object| object.written) {
        let (version, kind) = (&object.id.api_version, &object.id.kind);
        // Of a version that the release does not serve, that alone is told.
        if let Some(root) = shape::of(version, kind).filter(|_| matches!(served(version, kind, minor), Verdict::Served)) {
            let mut walk = Walk { facts, kind, minor, found };
            walk.fields(&object.body, root, &At::root(root));
            walk.spec(&object.body, root);
        }
    }
}

struct Walk<'a, 'f> {
    facts: &'a Facts<'f>,
    kind: &'a str,
    minor: u16,
    found: &'a mut Findings,
}

impl Walk<'_, '_> {
    /// A key that no object of the kind has may be the one that is missing.
    fn spec(&mut self, object: &Node, root: &Type) {
        let told = || object.entries().iter().any(|entry| self.found.tells(entry.key.span));
        if NEED_SPEC.contains(&root.name) && given(object, "spec").is_none() && !told() {
            let place = object.entries().first().map_or(object.span, |entry| entry.key.span);
            let message = format!("this {} has no `spec`", self.kind);
            let finding = Finding::new(&field_refused::CODE, place, message);
            self.found.push(finding.note("the API server refuses the object without it"));
        }
    }

    fn fields(&mut self, node: &Node, of: &'static Type, at: &At<'_>) {
        let mut hinted = None;
        for Entry { key, value } in node.entries() {
            if matches!(value.value, Value::Null) {
                continue;
            }
            let name = key.text.as_ref();
            match of.field(name) {
                Some(field) if field.until <= self.minor => self.gone(key, field.until),
                Some(field) if field.since > self.minor => self.newer(value, name, field.since),
                // `image-invalid` tells of these.
                Some(_) if name == "image" && of.name.ends_with("Container") => {}
                Some(field) => self.value(value, &field.shape, &at.key(name, field.shape.inner())),
                // Extensions of OpenAPI are nobody's fields.
                None if of.name == "JSONSchemaProps" && name.starts_with("x-") => {}
                None => {
                    let hint = forms::hint(of.name, name, node);
                    // Two fields of an older form are one mistake.
                    if hint.is_none() || hint != hinted {
                        let help = hint.clone().unwrap_or_else(|| self.way_out(name, node, of, at));
                        self.unknown(key, help, at);
                    }
                    hinted = hint;
                }
            }
        }
    }

    fn value(&mut self, node: &Node, shape: &Shape, at: &At<'_>) {
        match (shape, &node.value) {
            (Shape::Any, _) | (_, Value::Null) => {}
            (Shape::Type(_), Value::Map(_)) => {
                if let Some(of) = shape.fields() {
                    self.fields(node, of, at);
                }
            }
            (Shape::List(item), Value::List(items)) => {
                for (index, node) in items.iter().enumerate() {
                    self.value(node, item, &at.item(index));
                }
            }
            (Shape::Map(value), Value::Map(map)) => {
                for Entry { key, value: node } in &map.entries {
                    self.value(node, value, &at.key(&key.text, value.inner()));
                }
            }
            _ => self.shape(node, shape, at),
        }
    }

    /// A value of another form than its place takes.
    fn shape(&mut self, node: &Node, shape: &Shape, at: &At<'_>) {
        let Some(wanted) = wanted(shape, node) else { return };
        let Refused { message, help } = field_refused::wrong(node, &at.field(), wanted);
        if self.found.tells(node.span) {
            return;
        }
        let help = forms::form(at, shape, node).or(help);
        let finding = Finding::new(&field_refused::CODE, node.span, message).maybe_help(help);
        let secret = at.holds_secrets(self.kind, node);
        self.found.push(if secret { finding.secret() } else { finding });
        self.found.give_up(node.span);
    }

    fn unknown(&mut self, key: &Key, help: String, at: &At<'_>) {
        let place = at.path().map_or_else(|| format!("kind {}", self.kind), |path| format!("`{path}`"));
        self.found.push(
            Finding::new(&CODE, key.span, format!("`{}` is no field of {place}", key.text))
                .note("the API server drops it without a word")
                .help(help),
        );
    }

    fn gone(&mut self, key: &Key, until: u16) {
        let release = self.facts.stack.release.version();
        self.found.push(
            Finding::new(&CODE, key.span, format!("{release} does not know `{}` any more, and drops it", key.text))
                .weighs(Severity::Warning)
                .note(format!("it went with v1.{until}"))
                .help("leave it out"),
        );
    }

    /// What a row of `field_newer` tells, it tells with the release in which it works.
    fn newer(&mut self, value: &Node, name: &str, since: u16) {
        if !field_newer::knows(name) {
            self.found.push(field_newer::newer(self.facts, value, name).note(format!("it came with v1.{since}")));
        }
    }

    /// The right name, the right place, or where all names stand.
    fn way_out(&self, name: &str, node: &Node, of: &'static Type, at: &At<'_>) -> String {
        let names = || of.fields().iter().map(|field| field.name).filter(|name| !place::is_general(name));
        let near = nearest(name, names().filter(|own| node.get(own).is_none()));
        let meant = near.map(|near| format!("did you mean `{near}`?"));
        let is_plural = |near: &str| near.strip_suffix('s') == Some(name) || name.strip_suffix('s') == Some(near);
        if near.is_some_and(|near| near.eq_ignore_ascii_case(name) || is_plural(near)) {
            return meant.unwrap_or_default();
        }
        // What has a value here already may still be what was meant, as in a patch.
        let beside = || nearest(name, names()).map(|near| format!("did you mean `{near}`?"));
        let place = at.elsewhere(name).or(meant).or_else(beside);
        place.unwrap_or_else(|| match names().count() {
            1..=FEW => format!("known here: {}", list(names())),
            _ => at.explain(self.kind),
        })
    }
}

/// What the place wants, if the value is not that.
fn wanted(shape: &Shape, node: &Node) -> Option<&'static str> {
    let fits = match (shape, &node.value) {
        (Shape::Text | Shape::Amount | Shape::Port, Value::Text(_))
        | (Shape::Whole | Shape::Number | Shape::Amount | Shape::Port, Value::Int(..))
        | (Shape::Number | Shape::Amount, Value::Float(..))
        | (Shape::Truth, Value::Bool(..)) => true,
        // 2e0 is 2 by the time that the API server sees it.
        (Shape::Whole | Shape::Port, Value::Float(number, _)) => number.fract() == 0.0,
        _ => false,
    };
    let wanted = match shape {
        Shape::Text => "text",
        Shape::Whole => "a whole number",
        Shape::Number => "a number",
        Shape::Truth => "true or false",
        Shape::Amount => "an amount",
        Shape::Port => "a number or a name",
        Shape::List(_) => "a list",
        Shape::Map(_) | Shape::Type(_) => "a map",
        Shape::Any => return None,
    };
    Some(wanted).filter(|_| !fits)
}

#[cfg(test)]
mod tests {
    use super::run;
    use crate::check::trial::{pod, told};

    fn of_container(container: &str) -> Vec<String> {
        told(run, "", &pod("", &format!(", {container}")))
    }

    fn of_pod(spec: &str) -> Vec<String> {
        told(run, "", &pod(&format!("  {spec}\n"), ""))
    }

    #[test]
    fn a_field_that_no_type_has() {
        assert_eq!(
            of_container("imagePullPolcy: Always"),
            ["imagePullPolcy: `imagePullPolcy` is no field of `spec.containers[0]`"]
        );
        assert_eq!(of_container("imagePullPolicy: Always"), [""; 0]);
        assert_eq!(of_container("imagePullPolcy: null"), [""; 0]);
        let map = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\nspec: {}\n";
        assert_eq!(told(run, "", map), ["spec: `spec` is no field of kind ConfigMap"]);
        assert_eq!(told(run, "", &map.replace("v1", "example.org/v1")), [""; 0]);
    }

    #[test]
    fn another_form() {
        for (bad, said) in [
            ("command: sh", "sh: `command` wants a list, this is text"),
            ("env: {A: b}", "{A: b}: `env` wants a list, this is a map"),
            ("env: [A]", "A: an item of `env` wants a map, this is text"),
            ("ports: 80", "80: `ports` wants a list, this is a whole number"),
            ("resources: 1Gi", "1Gi: `resources` wants a map, this is text"),
            ("resources: {limits: {cpu: [1]}}", "[1]: `cpu` of `limits` wants an amount, this is a list"),
            ("tty: \"true\"", "\"true\": `tty` wants true or false, this is text"),
            ("livenessProbe: {exec: {command: [1]}}", "1: an item of `command` wants text, this is a whole number"),
        ] {
            assert_eq!(of_container(bad), [said]);
        }
    }

    #[test]
    fn what_the_api_server_takes() {
        for good in [
            "resources: {limits: {cpu: 1, memory: 1e9, ephemeral-storage: 1.5}}",
            "livenessProbe: {httpGet: {port: web}}",
            "livenessProbe: {httpGet: {port: 80}, periodSeconds: 1e1}",
            "args: [], env: null",
        ] {
            assert_eq!(of_container(good), [""; 0], "{good}");
        }
    }

    #[test]
    fn fields_of_other_releases() {
        let old = told(run, "k3s: v1.24.17+k3s1\n", &pod("  hostUsers: true\n  schedulingGates: []\n", ""));
        assert_eq!(old, ["[]: v1.24.17+k3s1 does not know `schedulingGates` yet, and drops it"]);
        let service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {topologyKeys: [a]}\n";
        assert_eq!(told(run, "", service).len(), 1);
        assert_eq!(told(run, "k3s: v1.21.14+k3s1\n", service), [""; 0]);
    }

    #[test]
    fn schemas_of_others() {
        let schema = |schema: &str| {
            format!(
                "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {{name: a.example.org}}\n\
                 spec:\n  versions:\n  - schema: {{openAPIV3Schema: {{{schema}}}}}\n"
            )
        };
        let good = "type: object, x-descriptors: [a], additionalProperties: false, default: {a: [1]}, enum: [1, a], \
                    items: {type: string, whatever: 1}, maximum: 1.5, properties: {a: {x-kubernetes-int-or-string: true}}";
        assert_eq!(told(run, "", &schema(good)), [""; 0]);
        assert_eq!(told(run, "", &schema("properties: {a: {tpye: object}}")).len(), 1);
    }

    #[test]
    fn an_object_without_its_spec() {
        let told = |more: &str| told(run, "", &format!("apiVersion: v1\nkind: Pod\nmetadata: {{name: a}}\n{more}"));
        assert_eq!(told(""), ["apiVersion: this Pod has no `spec`"]);
        assert_eq!(told("sepc: {containers: []}\n"), ["sepc: `sepc` is no field of kind Pod"]);
    }

    #[test]
    fn one_mistake_is_one_finding() {
        let ingress = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: a}\n\
                       spec: {defaultBackend: {serviceName: a, servicePort: 80}}\n";
        assert_eq!(told(run, "", ingress).len(), 1);
        assert_eq!(of_pod("volumes: [{name: a, hostPath: /x}]").len(), 1);
    }
}
