//! Objects that need a part of k3s which the servers do not run.

use super::Facts;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::{Object, Pod, Unit};
use crate::source::Span;
use crate::yaml::Node;

/// A packaged part of k3s that is disabled and needed.
pub static CODE: Code = Code {
    name: "component-disabled",
    severity: Severity::Error,
    page: Page {
        about: "`k3s.disable` says that the servers do not run a packaged part of k3s, and objects of the stack need\n\
                it: routes need Traefik, a LoadBalancer needs servicelb, a claim needs local-storage. k3s says nothing\n\
                of it: they wait for ever. Another program may do the part's work; if it is not among the stack's\n\
                objects, `external` in stack.yaml tells of it.",
        bad: "# stack.yaml\nstackc: 1\nk3s: {version: v1.37.1+k3s1, disable: [traefik]}\nvars: {domain: example.org}\n\
              nodes:\n  alpha: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n\
              # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 80}\nroutes: {web: web.example.org}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\n\
               nodes:\n  alpha: {arch: amd64}\nplatforms: {registry.example/web: [amd64]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 80}\nroutes: {web: web.example.org}\n",
    },
};

/// A need for a part of k3s.
struct Need {
    /// As `--disable` names it.
    part: &'static str,
    severity: Severity,
    /// Whether an object needs it.
    of: fn(&Facts<'_>, &Object) -> bool,
    /// What happens on the cluster.
    without: &'static str,
    /// Programs that do the part's work, by a word of their image's path or their chart's name.
    programs: &'static [&'static str],
    /// Objects that come with such a program: kind, and name if only one will do.
    signs: &'static [(&'static str, Option<&'static str>)],
    /// What to do instead of enabling it.
    way_out: &'static str,
}

static NEEDS: [Need; 7] = [
    Need {
        part: "traefik",
        severity: Severity::Error,
        of: routed,
        without: "neither Traefik nor its CustomResourceDefinitions are there: the API server refuses its objects, and no route answers",
        programs: &["traefik"],
        signs: &[
            ("CustomResourceDefinition", Some("ingressroutes.traefik.io")),
            ("CustomResourceDefinition", Some("ingressroutes.traefik.containo.us")),
        ],
        way_out: "if another Traefik serves them, say so in stack.yaml:\nexternal: [CustomResourceDefinition/ingressroutes.traefik.io]",
    },
    Need {
        part: "traefik",
        severity: Severity::Error,
        of: |_, object| is_traefik_config(object),
        without: "no HelmChart `traefik` is there to be configured: nothing reads what `ingress` asks of Traefik",
        programs: &[],
        signs: &[("HelmChart", Some("traefik"))],
        way_out: "if another HelmChart installs it under that name, say so in stack.yaml:\nexternal: [HelmChart/kube-system/traefik]",
    },
    Need {
        part: "servicelb",
        severity: Severity::Error,
        of: balanced,
        without: "no LoadBalancer gets an address: their Services stay <pending>, and nobody outside of the cluster reaches them at their ports",
        programs: &["metallb", "kube-vip", "cilium", "purelb", "openelb"],
        signs: &[("IPAddressPool", None), ("CiliumLoadBalancerIPPool", None), ("ServiceGroup", None)],
        way_out: "if another program gives addresses, say so in stack.yaml, such as:\nexternal: [IPAddressPool/metallb-system/first]",
    },
    Need {
        part: "local-storage",
        severity: Severity::Error,
        of: claims_default,
        without: "there is no default StorageClass: the claim stays Pending, and so does its pod",
        programs: &["local-path-provisioner"],
        signs: &[("StorageClass", None)],
        way_out: "if the cluster has another default StorageClass, say so in stack.yaml, such as:\nexternal: [StorageClass/longhorn]",
    },
    Need {
        part: "local-storage",
        severity: Severity::Error,
        of: claims_local_path,
        without: "there is no StorageClass `local-path`: the claim stays Pending, and so does its pod",
        programs: &["local-path-provisioner"],
        signs: &[("StorageClass", Some("local-path"))],
        way_out: "if another program provides it, say so in stack.yaml:\nexternal: [StorageClass/local-path]",
    },
    Need {
        part: "coredns",
        severity: Severity::Error,
        of: asks_names,
        without: "nothing answers at the cluster's DNS address: these pods resolve no name, inside of the cluster or outside",
        programs: &[],
        signs: &[("Service", Some("kube-dns"))],
        way_out: "if another DNS serves the cluster, say so in stack.yaml:\nexternal: [Service/kube-system/kube-dns]",
    },
    Need {
        part: "metrics-server",
        severity: Severity::Warning,
        of: scaled,
        without: "the HorizontalPodAutoscaler sees no metrics: the number of pods never changes",
        programs: &["metrics-server", "prometheus-adapter"],
        signs: &[("APIService", Some("v1beta1.metrics.k8s.io"))],
        way_out: "if another program serves metrics, say so in stack.yaml:\nexternal: [APIService/v1beta1.metrics.k8s.io]",
    },
];

/// Tells each need once, where the part is disabled.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for need in &NEEDS {
        let Some(disabled) = facts.stack.disables(need.part) else { continue };
        let users: Vec<&Object> = facts.objects.iter().filter(|object| (need.of)(facts, object)).collect();
        if !users.is_empty() && !need.is_met(facts) {
            found.push(need.told(disabled, &users));
        }
    }
}

impl Need {
    fn told(&self, disabled: Span, users: &[&Object]) -> Finding {
        let who = match users {
            [only] => format!("{} needs it", only.id),
            users => format!("{} objects need it", users.len()),
        };
        let finding = Finding::new(&CODE, disabled, format!("`{}` is disabled, and {who}", self.part))
            .weighs(self.severity)
            .label("disabled here");
        // What stackc makes unasked would point at nothing that the user wrote for it.
        let written = |user: &&&Object| matches!(user.unit, Unit::App(_) | Unit::Manifest(_));
        let finding = match users.iter().find(written).or(users.first()) {
            Some(first) => finding.also(first.place(), format!("{} needs it", first.id)),
            None => finding,
        };
        finding.note(self.without).help(self.way_out)
    }

    /// Whether another program does the part's work.
    fn is_met(&self, facts: &Facts<'_>) -> bool {
        let sign = |kind: &str, name: &str| {
            self.signs.iter().any(|(of, only)| *of == kind && only.is_none_or(|only| only == name))
        };
        let program = |word: &str| word.split('/').any(|word| self.programs.contains(&word));
        facts.existing().any(|object| {
            let chart = object.body.text_at(&["spec", "chart"]).filter(|_| object.id.kind == "HelmChart");
            sign(&object.id.kind, &object.id.name) || chart.is_some_and(program)
        }) || facts.stack.external.iter().any(|external| sign(&external.kind, &external.name))
            || facts.used().any(|used| program(&used.image.path))
    }
}

fn is_ingress(object: &Object) -> bool {
    object.id.kind == "Ingress" && object.id.api_version.starts_with("networking.k8s.io/")
}

/// Traefik's own objects, and every Ingress that names Traefik or no class.
fn routed(_: &Facts<'_>, object: &Object) -> bool {
    let class = || {
        let old = object.body.text_at(&["metadata", "annotations", "kubernetes.io/ingress.class"]);
        old.or_else(|| object.body.text_at(&["spec", "ingressClassName"]))
    };
    object.id.api_version.starts_with("traefik.")
        || (is_ingress(object) && class().is_none_or(|class| class == "traefik"))
}

fn is_traefik_config(object: &Object) -> bool {
    object.id.kind == "HelmChartConfig" && object.id.name == "traefik"
}

/// A LoadBalancer that is left to the default implementation. Traefik's own Service is one, too.
fn balanced(facts: &Facts<'_>, object: &Object) -> bool {
    let spec = object.body.get("spec");
    let wished = object.id.kind == "Service"
        && spec.is_some_and(|spec| {
            spec.text_at(&["type"]) == Some("LoadBalancer") && spec.get("loadBalancerClass").is_none()
        });
    wished || (is_route(object) && traefik_is_balanced(facts))
}

fn is_route(object: &Object) -> bool {
    is_ingress(object) || object.id.kind.starts_with("IngressRoute")
}

/// Whether k3s' own Traefik runs, and nothing in the configuration of its chart gives it another door.
fn traefik_is_balanced(facts: &Facts<'_>) -> bool {
    let configured = facts.existing().filter(|object| is_traefik_config(object));
    let mut values = configured.filter_map(|object| object.body.text_at(&["spec", "valuesContent"]));
    let door = ["hostNetwork", "hostPort", "NodePort", "ClusterIP", "loadBalancerClass"];
    facts.stack.disables("traefik").is_none() && !values.any(|text| door.iter().any(|word| text.contains(word)))
}

/// The specs of the claims that an object makes.
fn claims(object: &Object) -> Vec<&Node> {
    let templates = object.body.at(&["spec", "volumeClaimTemplates"]).map_or(&[][..], Node::items);
    let own = Some(&object.body).filter(|_| object.id.kind == "PersistentVolumeClaim");
    own.into_iter().chain(templates).filter_map(|claim| claim.get("spec")).collect()
}

/// Whether an object makes a claim of this class that no PersistentVolume of the stack is made for.
fn claims_class(facts: &Facts<'_>, object: &Object, class: Option<&str>) -> bool {
    let of = |spec: &Node| spec.text_at(&["storageClassName"]) == class;
    let mut volumes = facts.existing().filter(|object| object.id.kind == "PersistentVolume");
    claims(object).into_iter().any(|spec| of(spec) && spec.get("volumeName").is_none())
        && !volumes.any(|volume| volume.body.get("spec").is_some_and(of))
}

fn claims_default(facts: &Facts<'_>, object: &Object) -> bool {
    claims_class(facts, object, None)
}

fn claims_local_path(facts: &Facts<'_>, object: &Object) -> bool {
    claims_class(facts, object, Some("local-path"))
}

/// A pod that asks the cluster's DNS. On the node's network it asks the node's unless it says otherwise.
fn asks_names(_: &Facts<'_>, object: &Object) -> bool {
    Pod::of(object).is_some_and(|pod| match pod.spec.text_at(&["dnsPolicy"]) {
        Some("None" | "Default") => false,
        Some("ClusterFirstWithHostNet") => true,
        _ => !pod.host_network(),
    })
}

fn scaled(_: &Facts<'_>, object: &Object) -> bool {
    let metrics = object.body.at(&["spec", "metrics"]).map_or(&[][..], Node::items);
    let own = |metric: &Node| metric.text_at(&["type"]).is_some_and(|kind| kind.ends_with("Resource"));
    object.id.kind == "HorizontalPodAutoscaler" && (metrics.is_empty() || metrics.iter().any(own))
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told};

    fn messages(part: &str, lines: &str, manifest: &str) -> Vec<String> {
        let lines = format!("k3s: {{version: v1.37.1+k3s1, disable: [{part}]}}\n{lines}");
        told(super::run, &lines, manifest)
    }

    fn object(api: &str, kind: &str, rest: &str) -> String {
        format!("apiVersion: {api}\nkind: {kind}\nmetadata: {{name: x}}\n{rest}\n---\n")
    }

    fn route() -> String {
        object("traefik.io/v1alpha1", "IngressRoute", "spec: {}")
    }

    fn balancer(more: &str) -> String {
        object("v1", "Service", &format!("spec: {{type: LoadBalancer{more}}}"))
    }

    fn claim(spec: &str) -> String {
        object("v1", "PersistentVolumeClaim", &format!("spec: {{{spec}}}"))
    }

    #[test]
    fn each_part_is_needed_by_its_own_objects() {
        let stateful = object(
            "apps/v1",
            "StatefulSet",
            "spec: {template: {spec: {dnsPolicy: Default}}, volumeClaimTemplates: [{spec: {}}]}",
        );
        let config = object("helm.cattle.io/v1", "HelmChartConfig", "spec: {}").replace("name: x", "name: traefik");
        let ingress = |spec: &str| object("networking.k8s.io/v1", "Ingress", spec);
        let scaler = |spec: &str| object("autoscaling/v2", "HorizontalPodAutoscaler", spec);
        for (part, manifest, needed) in [
            ("traefik", route(), true),
            ("traefik", config, true),
            ("traefik", ingress("spec: {}"), true),
            ("traefik", ingress("spec: {ingressClassName: traefik}"), true),
            ("traefik", ingress("spec: {ingressClassName: nginx}"), false),
            ("traefik", balancer(""), false),
            ("servicelb", balancer(""), true),
            ("servicelb", balancer(", loadBalancerClass: example.org/own"), false),
            ("servicelb", object("v1", "Service", "spec: {type: NodePort}"), false),
            ("servicelb", route(), true),
            ("'servicelb,traefik'", balancer(""), true),
            ("local-storage", claim(""), true),
            ("local-storage", claim("storageClassName: local-path"), true),
            ("local-storage", claim("storageClassName: longhorn"), false),
            ("local-storage", claim("storageClassName: ''"), false),
            ("local-storage", claim("volumeName: mine"), false),
            ("local-storage", stateful, true),
            ("coredns", pod("", ""), true),
            ("coredns", pod("  dnsPolicy: None\n", ""), false),
            ("coredns", pod("  hostNetwork: true\n", ""), false),
            ("coredns", pod("  hostNetwork: true\n  dnsPolicy: ClusterFirstWithHostNet\n", ""), true),
            ("coredns", route(), false),
            ("metrics-server", scaler("spec: {}"), true),
            ("metrics-server", scaler("spec: {metrics: [{type: External}]}"), false),
            ("metrics-server", scaler("spec: {metrics: [{type: External}, {type: ContainerResource}]}"), true),
            ("runtimes", route(), false),
        ] {
            assert_eq!(messages(part, "", &manifest).len(), usize::from(needed), "{part} {manifest}");
        }
    }

    #[test]
    fn a_need_is_told_once_where_the_part_is_disabled() {
        let two = format!("{}{}", claim(""), claim("").replace("name: x", "name: z"));
        assert_eq!(
            messages("local-storage", "", &two),
            ["local-storage: `local-storage` is disabled, and 2 objects need it"]
        );
        assert_eq!(
            messages("servicelb", "", &balancer("")),
            ["servicelb: `servicelb` is disabled, and Service default/x needs it"]
        );
    }

    #[test]
    fn another_program_does_the_work() {
        let chart = |name: &str| object("helm.cattle.io/v1", "HelmChart", &format!("spec: {{chart: {name}}}"));
        let volume = object("v1", "PersistentVolume", "spec: {storageClassName: local-path}");
        let own = pod("", "").replace("registry.example/web:1.0", "quay.io/metallb/speaker:v0.15");
        let local = claim("storageClassName: local-path");
        let door = object("helm.cattle.io/v1", "HelmChartConfig", "spec: {valuesContent: 'hostNetwork: true'}");
        for (part, lines, manifest) in [
            ("traefik", "external: [CustomResourceDefinition/ingressroutes.traefik.io]", route()),
            ("traefik", "", route() + &chart("traefik/traefik")),
            ("servicelb", "external: [IPAddressPool/metallb-system/first]", balancer("")),
            ("servicelb", "", balancer("") + &object("metallb.io/v1beta1", "IPAddressPool", "")),
            ("servicelb", "", balancer("") + &own),
            ("servicelb", "", route() + &door.replace("name: x", "name: traefik")),
            ("'servicelb,traefik'", "external: [CustomResourceDefinition/ingressroutes.traefik.io]", route()),
            ("local-storage", "external: [StorageClass/longhorn]", claim("")),
            ("local-storage", "external: [StorageClass/local-path]", local.clone()),
            ("local-storage", "", local.clone() + &volume),
            ("coredns", "external: [Service/kube-system/kube-dns]", pod("", "")),
        ] {
            assert_eq!(messages(part, lines, &manifest), [""; 0], "{part} {lines} {manifest}");
        }
        let other = "external: [StorageClass/longhorn]";
        assert_eq!(messages("local-storage", other, &local).len(), 1, "another class is not local-path");
    }
}
