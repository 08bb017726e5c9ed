//! References to ConfigMaps, claims, Services … that nobody said exist. (Secrets have keys, and a check of their own.)

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::kube::{LabelSelector, Object, Pod, Reference, Target, Unit, named};
use crate::yaml::Node;

/// An object that is neither declared nor among the objects.
pub static CODE: Code = Code {
    name: "reference-unknown",
    severity: Severity::Error,
    page: Page {
        about: "Something names a ConfigMap, a claim, a ServiceAccount, a Service or one of Traefik's objects that is\n\
                neither among the stack's objects nor under `external` in stack.yaml. Without its claim a pod stays\n\
                Pending, without its ConfigMap it waits in CreateContainerConfigError or ContainerCreating, without its\n\
                ServiceAccount it is not even made; a route without its Service or Middleware answers 404.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/data: {claim: web-data}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\nexternal: [PersistentVolumeClaim/web-data]\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nvolumes: {/data: {claim: web-data}}\n",
    },
};

/// What Kubernetes and k3s make: kind, namespace (none: in every one), name, the packaged part that makes it.
const GIVEN: [(&str, Option<&str>, &str, &str); 19] = [
    ("ClusterRole", None, "admin", ""),
    ("ClusterRole", None, "cluster-admin", ""),
    ("ClusterRole", None, "edit", ""),
    ("ClusterRole", None, "view", ""),
    ("ConfigMap", None, "kube-root-ca.crt", ""),
    ("ConfigMap", Some("kube-system"), "coredns", "coredns"),
    ("ConfigMap", Some("kube-system"), "extension-apiserver-authentication", ""),
    ("PriorityClass", None, "system-cluster-critical", ""),
    ("PriorityClass", None, "system-node-critical", ""),
    ("Role", Some("kube-system"), "extension-apiserver-authentication-reader", ""),
    ("ServiceAccount", None, "default", ""),
    ("Service", Some("default"), "kubernetes", ""),
    ("Service", Some("kube-system"), "kube-dns", "coredns"),
    ("Service", Some("kube-system"), "metrics-server", "metrics-server"),
    ("Service", Some("kube-system"), "traefik", "traefik"),
    // Where Traefik is disabled, that is told once for all its routes.
    ("IngressClass", Some(""), "traefik", ""),
    ("TLSOption", None, "default", ""),
    ("StorageClass", None, "local-path", "local-storage"),
    ("Deployment", Some("kube-system"), "traefik", "traefik"),
];

/// Classes of the container runtimes that k3s finds on a node (its packaged part `runtimes`).
const RUNTIMES: [&str; 10] = [
    "crun",
    "lunatic",
    "nvidia",
    "nvidia-experimental",
    "slight",
    "spin",
    "wasmedge",
    "wasmer",
    "wasmtime",
    "wws",
];

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for object in facts.naming() {
        for reference in named(object) {
            tell(object, &reference, facts, found);
        }
        let old = object.body.at(&["metadata", "annotations", "kubernetes.io/ingress.class"]);
        if let Some(name) = old.filter(|_| object.id.kind == "Ingress") {
            let class = Reference { target: Target::IngressClass, name, namespace: None, key: None, optional: false };
            tell(object, &class, facts, found);
        }
        for (annotation, kind) in ANNOTATIONS {
            annotated(object, annotation, kind, facts, found);
        }
    }
}

/// Annotations with names of Traefik's objects.
const ANNOTATIONS: [(&str, &str); 3] = [
    ("traefik.ingress.kubernetes.io/router.middlewares", "Middleware"),
    ("traefik.ingress.kubernetes.io/router.tls.options", "TLSOption"),
    ("traefik.ingress.kubernetes.io/service.serverstransport", "ServersTransport"),
];

/// What they name of Kubernetes' objects: the kind, and `NAMESPACE-NAME`.
pub fn joined_names(object: &Object) -> impl Iterator<Item = (&'static str, &str)> {
    ANNOTATIONS.into_iter().flat_map(move |(annotation, kind)| {
        let node = object.body.at(&["metadata", "annotations", annotation]);
        let names = node.and_then(Node::as_text).unwrap_or_default().split(',');
        names.filter_map(move |name| Some((kind, name.trim().strip_suffix("@kubernetescrd")?)))
    })
}

/// They take names of all providers, `NAMESPACE-NAME@kubernetescrd` for objects of Kubernetes; a name alone would be
/// that of an Ingress' own middleware, and an Ingress makes none.
fn annotated(object: &Object, annotation: &str, kind: &str, facts: &Facts<'_>, found: &mut Findings) {
    if !["Ingress", "Service"].contains(&object.id.kind.as_str()) {
        return;
    }
    let Some(node) = object.body.at(&["metadata", "annotations", annotation]) else { return };
    let names = node.as_text().unwrap_or_default().split(',').map(str::trim).filter(|name| !name.is_empty());
    for name in names {
        let namespace = object.id.namespace.as_deref().unwrap_or("default");
        let (message, help) = match name.split_once('@') {
            None if kind == "TLSOption" && name == "default" => continue,
            None => (
                format!("`{name}` does not say that it is an object of Kubernetes, so that Traefik finds no {kind}"),
                format!("{namespace}-{name}@kubernetescrd"),
            ),
            Some((joined, "kubernetescrd")) => match known_joined(kind, joined, facts) {
                Ok(()) => continue,
                Err(near) => {
                    let near = near.map(|near| format!("did you mean `{near}@kubernetescrd`?"));
                    let message = format!("nothing says that the {kind} `{joined}` exists");
                    let outside = || format!("if it exists, say so in stack.yaml:\nexternal: [{kind}/NAMESPACE/NAME]");
                    (message, near.unwrap_or_else(outside))
                }
            },
            Some(_) => continue,
        };
        let finding = Finding::new(&CODE, node.span, message).label(format!("{} uses it", object.id));
        found.push(finding.note("the form is NAMESPACE-NAME@kubernetescrd, several joined by commas").help(help));
    }
}

/// Whether one of them has this name behind its namespace; else one that is nearly it.
fn known_joined(kind: &str, joined: &str, facts: &Facts<'_>) -> Result<(), Option<String>> {
    let outside = facts.stack.external.iter().filter(|other| other.kind == kind).any(|other| match &other.namespace {
        Some(own) => format!("{own}-{}", other.name) == joined,
        None => joined.strip_suffix(other.name.as_str()).is_some_and(|own| own.ends_with('-')),
    });
    let join = |object: &Object| format!("{}-{}", object.id.namespace.as_deref().unwrap_or_default(), object.id.name);
    let all: Vec<String> = facts.existing().filter(|object| object.id.kind == kind).map(join).collect();
    if outside || all.iter().any(|own| own == joined) {
        return Ok(());
    }
    // The namespace is easily forgotten.
    let mut alone = facts.existing().filter(|object| object.id.kind == kind && object.id.name == joined);
    let near = alone.next().map(join).filter(|_| alone.next().is_none());
    Err(near.or_else(|| nearest(joined, all.iter().map(String::as_str)).map(str::to_owned)))
}

/// The same of what a pod needs.
pub(super) fn of_pod(facts: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    for reference in &landing.references {
        tell(landing.object, reference, facts, found);
    }
}

fn tell(user: &Object, reference: &Reference<'_>, facts: &Facts<'_>, found: &mut Findings) {
    let (kind, Some(name)) = (reference.target.kind(), reference.name.as_text()) else { return };
    if reference.optional || reference.target == Target::Secret {
        return;
    }
    if reference.target == Target::IngressClass && has_controller(name, facts) {
        return;
    }
    let own = user.id.namespace.as_deref().unwrap_or_default();
    let namespace = if reference.target.is_cluster_wide() {
        ""
    } else {
        reference.namespace.and_then(Node::as_text).unwrap_or(own)
    };
    let known = facts.find(kind, Some(namespace), name).is_some()
        || is_given(kind, namespace, name, |part| facts.stack.disables(part).is_some())
        || facts.stack.external_name(kind, namespace, name).is_some()
        || (reference.target == Target::StorageClass && is_bound_by_hand(user, name, facts));
    let weight = weight(user, reference.target);
    let scaled = user.id.kind == "HorizontalPodAutoscaler";
    if known || ((scaled || weight == Severity::Warning) && is_foreign(reference.target, namespace, facts)) {
        return;
    }
    let governing = reference.target == Target::Service && user.id.kind == "StatefulSet";
    let headless = governing.then(|| headless(user, facts)).flatten();
    // An app without ports has no Service, and says so by having none.
    if governing && headless.is_none() && matches!(user.unit, Unit::App(_)) {
        return;
    }
    let elsewhere = || facts.of(kind).iter().find(|object| object.id.name == name && !namespace.is_empty());
    let near = headless.or_else(|| nearest(name, facts.names(kind, namespace)));
    let help = match (near, elsewhere()) {
        (None, Some(other)) if reference.namespace.is_none() => {
            format!("{} is of another namespace, and {} reaches its own alone: put both into one", other.id, user.id)
        }
        (None, _) => format!("if it exists, say so in stack.yaml:\nexternal: [{kind}/{name}]"),
        (Some(near), _) => format!("did you mean `{near}`?"),
    };
    let slash = if namespace.is_empty() { "" } else { "/" };
    let message = format!("nothing says that the {kind} {namespace}{slash}{name} exists");
    let finding = Finding::new(&CODE, reference.name.span, message).weighs(weight);
    let finding = finding.label(format!("{} uses it", user.id)).help(help);
    found.push(match without(user, reference.target) {
        Some(without) => finding.note(without),
        None => finding,
    });
}

/// A class is only a word where volumes are made by hand: a claim that names its volume, or whose class one has, is bound
/// without a StorageClass (the tutorial on PersistentVolumes).
fn is_bound_by_hand(user: &Object, class: &str, facts: &Facts<'_>) -> bool {
    let has = |volume: &Object| volume.body.text_at(&["spec", "storageClassName"]) == Some(class);
    user.id.kind == "PersistentVolume"
        || user.body.text_at(&["spec", "volumeName"]).is_some_and(|name| !name.is_empty())
        || facts.of_kind("PersistentVolume").any(has)
}

/// The headless Service that has the pods of a StatefulSet.
fn headless<'a>(set: &Object, facts: &Facts<'a>) -> Option<&'a str> {
    let pods = Pod::of(set)?;
    let labels = pods.template.at(&["metadata", "labels"]);
    let fits = |service: &&&'a Object| {
        let selector = service.body.at(&["spec", "selector"]).map(LabelSelector::of_labels);
        service.id.namespace == set.id.namespace
            && service.body.text_at(&["spec", "clusterIP"]) == Some("None")
            && selector.is_some_and(|selector| !selector.is_empty() && selector.matches(labels))
    };
    facts.of("Service").iter().find(fits).map(|service| service.id.name.as_str())
}

/// Whether Kubernetes or k3s makes it, unless the part that does is disabled.
pub fn is_given(kind: &str, namespace: &str, name: &str, disabled: impl Fn(&str) -> bool) -> bool {
    let given = |(of, only, called, part): &(&str, Option<&str>, &str, &str)| {
        *of == kind
            && *called == name
            && only.is_none_or(|only| only == namespace)
            && !disabled(part)
    };
    // `system:` is Kubernetes' own prefix.
    let system = ["ClusterRole", "Role"].contains(&kind) && name.starts_with("system:");
    let runtime = kind == "RuntimeClass" && RUNTIMES.contains(&name) && !disabled("runtimes");
    system || runtime || GIVEN.iter().any(given)
}

/// Without these, something is missing and yet things run; and charts bring them.
fn weight(user: &Object, target: Target) -> Severity {
    let binding = user.id.kind.ends_with("RoleBinding");
    match target {
        Target::Service if user.id.kind == "StatefulSet" => Severity::Warning,
        Target::StorageClass => Severity::Warning,
        _ if binding => Severity::Warning,
        _ => Severity::Error,
    }
}

/// Whether a chart may bring it: anything that is in no namespace, or what is in its own.
fn is_foreign(target: Target, namespace: &str, facts: &Facts<'_>) -> bool {
    let charts = facts.of("HelmChart");
    let into = |chart: &&Object| {
        let own = chart.body.text_at(&["spec", "targetNamespace"]).or(chart.id.namespace.as_deref());
        own == Some(namespace)
    };
    namespace.starts_with("kube-")
        || (target.is_cluster_wide() && !charts.is_empty())
        || charts.iter().copied().any(|chart| into(&chart))
}

fn without(user: &Object, target: Target) -> Option<&'static str> {
    match target {
        Target::Service if user.id.kind == "StatefulSet" => Some("without it its pods have no names in DNS"),
        Target::StorageClass => Some("without it the claim stays Pending"),
        Target::PriorityClass | Target::RuntimeClass => Some("without it the API server refuses the pods"),
        Target::Role | Target::ClusterRole => Some("a binding to nothing grants nothing"),
        Target::Deployment | Target::StatefulSet | Target::ReplicaSet => Some("there is nothing to scale"),
        _ => None,
    }
}

/// Whether a chart or a program of the stack may well bring the class.
fn has_controller(class: &str, facts: &Facts<'_>) -> bool {
    let speaks = |text: &str| text.contains("ingress") || text.contains(class);
    facts.existing().filter(|object| object.id.kind == "HelmChart").any(|object| {
        let chart = object.body.text_at(&["spec", "chart"]);
        speaks(&object.id.name) || chart.is_some_and(speaks)
    }) || facts.used().any(|used| speaks(&used.image.path))
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{helps, pod, told, told_of_pods};

    #[test]
    fn a_service_of_another_namespace_is_named() {
        let manifest = "apiVersion: v1\nkind: Service\nmetadata: {name: x, namespace: web}\nspec: {ports: [{port: 80}]}\n---\n\
                        apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: i}\nspec: {defaultBackend: {service: {name: x, port: {number: 80}}}}\n";
        assert_eq!(
            helps(super::run, "", manifest),
            ["Service web/x is of another namespace, and Ingress default/i reaches its own alone: put both into one"]
        );
    }

    fn codes(lines: &str, manifest: &str) -> Vec<String> {
        let (named, needed) = (told(super::run, lines, manifest), told_of_pods(super::of_pod, lines, manifest));
        named.into_iter().chain(needed).collect()
    }

    #[test]
    fn what_is_made_given_external_or_optional_is_known() {
        let uses = pod("  volumes: [{name: v, configMap: {name: settings}}, {name: w, persistentVolumeClaim: {claimName: data}}]\n", "");
        let made = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n---\n";
        assert_eq!(
            codes("", &uses),
            [
                "settings: nothing says that the ConfigMap default/settings exists",
                "data: nothing says that the PersistentVolumeClaim default/data exists",
            ]
        );
        let claim = "data: nothing says that the PersistentVolumeClaim default/data exists";
        assert_eq!(codes("", &format!("{uses}{made}")), [claim]);
        assert_eq!(codes("external: [ConfigMap/settings]", &uses), [claim]);
        assert_eq!(codes("external: [ConfigMap/default/settings, PersistentVolumeClaim/data]", &uses), [""; 0]);
        assert_eq!(codes("external: [ConfigMap/other/settings, Secret/data]", &uses).len(), 2);
        let given = pod("  serviceAccountName: default\n  volumes: [{name: v, configMap: {name: kube-root-ca.crt}}]\n", "");
        assert_eq!(codes("", &given), [""; 0]);
        let optional = pod("  volumes: [{name: v, configMap: {name: settings, optional: true}}]\n", "");
        assert_eq!(codes("", &optional), [""; 0]);
    }

    #[test]
    fn an_object_of_another_namespace_is_another_object() {
        let uses = pod("  serviceAccountName: robot\n", "");
        let made = "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: robot, namespace: other}\n";
        assert_eq!(
            codes("", &format!("{uses}{made}")),
            ["robot: nothing says that the ServiceAccount default/robot exists"]
        );
    }

    #[test]
    fn an_ingress_names_its_class_and_its_middlewares() {
        let ingress = |class: &str, annotations: &str| {
            format!(
                "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {{name: web, annotations: {{{annotations}}}}}\n\
                 spec: {{ingressClassName: {class}}}\n---\n"
            )
        };
        assert_eq!(codes("", &ingress("traefik", "")), [""; 0]);
        assert_eq!(codes("", &ingress("nginx", "")), ["nginx: nothing says that the IngressClass nginx exists"]);
        let old = ingress("traefik", "kubernetes.io/ingress.class: nginx").replace("ingressClassName: traefik", "");
        assert_eq!(codes("", &old), ["nginx: nothing says that the IngressClass nginx exists"]);
        assert_eq!(codes("external: [IngressClass/nginx]", &ingress("nginx", "")), [""; 0]);
        let chart = "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: ingress-nginx}\nspec: {chart: ingress-nginx}\n";
        assert_eq!(codes("", &(ingress("nginx", "") + chart)), [""; 0]);
        let slow = "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: slow, namespace: edge}\n";
        let with = |names: &str| {
            let annotation = format!("traefik.ingress.kubernetes.io/router.middlewares: '{names}'");
            codes("external: [Middleware/auth]", &(ingress("traefik", &annotation) + slow)).len()
        };
        for (names, told) in [
            ("edge-slow@kubernetescrd", 0),
            ("edge-slow@kubernetescrd, x@file,default-auth@kubernetescrd", 0),
            ("edge-slwo@kubernetescrd", 1),
            ("slow@kubernetescrd", 1),
            ("default-slow@kubernetescrd", 1),
            ("slow", 1),
        ] {
            assert_eq!(with(names), told, "{names}");
        }
    }

    #[test]
    fn the_service_of_a_disabled_part_is_not_given() {
        let route = "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: top, namespace: kube-system}\n\
                     spec: {defaultBackend: {service: {name: metrics-server, port: {number: 443}}}}\n";
        assert_eq!(codes("", route), [""; 0]);
        let disabled = "k3s: {version: v1.37.1+k3s1, disable: [metrics-server]}";
        assert_eq!(
            codes(disabled, route),
            ["metrics-server: nothing says that the Service kube-system/metrics-server exists"]
        );
    }

    #[test]
    fn a_headless_service_of_another_name() {
        let set = "apiVersion: apps/v1\nkind: StatefulSet\nmetadata: {name: db}\nspec: {serviceName: db, template: {metadata: {labels: {app: db}}, \
                   spec: {containers: [{name: db, image: \"registry.example/web:1.0\"}]}}}\n---\n";
        let service = |name: &str| {
            format!("apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{clusterIP: None, selector: {{app: db}}}}\n")
        };
        let none = "db: nothing says that the Service default/db exists";
        assert_eq!(codes("", set), [none]);
        assert_eq!(codes("", &format!("{set}{}", service("database-names"))), [none]);
        assert_eq!(codes("", &format!("{set}{}", service("db"))), [""; 0]);
    }

    #[test]
    fn classes_roles_and_governing_services() {
        let bind = |role: &str, subject: &str| {
            format!(
                "apiVersion: rbac.authorization.k8s.io/v1\nkind: RoleBinding\nmetadata: {{name: a}}\nroleRef: {{kind: {role}}}\n\
                 subjects: [{{kind: ServiceAccount, name: {subject}, namespace: default}}]\n---\n"
            )
        };
        for role in ["ClusterRole, name: view", "ClusterRole, name: \"system:node\""] {
            assert_eq!(codes("", &bind(role, "default")), [""; 0], "{role}");
        }
        assert_eq!(
            codes("", &bind("Role, name: reader", "robot")),
            [
                "reader: nothing says that the Role default/reader exists",
                "robot: nothing says that the ServiceAccount default/robot exists",
            ]
        );
        let claim = |class: &str| {
            format!("apiVersion: v1\nkind: PersistentVolumeClaim\nmetadata: {{name: a}}\nspec: {{storageClassName: {class}}}\n---\n")
        };
        assert_eq!(codes("", &claim("local-path")), [""; 0]);
        assert_eq!(codes("", &claim("fast")), ["fast: nothing says that the StorageClass fast exists"]);
        assert_eq!(codes("external: [StorageClass/fast]", &claim("fast")), [""; 0]);
        let volume = "apiVersion: v1\nkind: PersistentVolume\nmetadata: {name: a}\nspec: {storageClassName: fast}\n---\n";
        assert_eq!(codes("", &format!("{volume}{}", claim("fast"))), [""; 0], "bound by hand");
        let chart = "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: x, namespace: kube-system}\n";
        assert_eq!(codes("", &format!("{}{chart}", claim("fast"))), [""; 0]);
        let classes = |priority: &str, runtime: &str| {
            codes("", &pod(&format!("  priorityClassName: {priority}\n  runtimeClassName: {runtime}\n"), ""))
        };
        assert_eq!(classes("system-node-critical", "nvidia"), [""; 0]);
        assert_eq!(classes("high", "gvisor").len(), 2);
    }
}
