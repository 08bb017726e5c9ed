//! Values that this release's Traefik chart does not read, as rows (the project's facts on k3s, 3.3). k3s packages the
//! chart without its schema, so nothing tells of them on the cluster.

use super::Facts;
use super::trust::stack_yaml;
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::kube::shape;
use crate::yaml::{Entry, Node, Value};

/// A key that an older or a newer chart reads, or none.
pub static CODE: Code = Code {
    name: "chart-key-ignored",
    severity: Severity::Error,
    page: Page {
        about: "The Traefik chart that this k3s release packages does not read a key of its values: it came with a later\n\
                chart, has moved, or never was one. k3s leaves the chart's schema out, so the key is ignored without a\n\
                word, or the chart fails and Traefik stays as it was. Chart majors change inside k3s' patch releases.\n\
                What stackc writes itself (`clientIP`, `httpsRedirect`, `entryPoints`, `place`) fits every chart.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              ingress: {values: {ports: {web: {redirections: {entryPoint: {to: websecure}}}}}}\nplatforms: {registry.example/web: [amd64]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               ingress: {httpsRedirect: true}\nplatforms: {registry.example/web: [amd64]}\n",
    },
};

/// What a value looks like.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Any,
    Text,
    Map,
    True,
    /// A map that says `default: false`.
    Closed,
}

use Shape::{Any, Closed, Map, Text, True};

/// A key: its path (`*` for every key), what its value looks like, the majors of the chart that do not read it (from the
/// first up to, without, the second), what they do instead, and what to write.
type Row = (&'static [&'static str], Shape, (u16, u16), &'static str, &'static str);

const NEWEST: u16 = u16::MAX;
const IGNORES: &str = "ignores";
const FAILS: &str = "fails on";
const REDIRECT: &str = "in stack.yaml: ingress: {httpsRedirect: true}";
const TRUST: &str = "in stack.yaml: ingress: {clientIP: cloudflare}; or additionalArguments: [\"--entryPoints.web.forwardedHeaders.trustedIPs=RANGES\"]";
const PROXY: &str = "additionalArguments: [\"--entryPoints.web.proxyProtocol.trustedIPs=RANGES\"]";

#[rustfmt::skip] // a table
const ROWS: &[Row] = &[
    (&["accessLog"], Any, (0, 41), IGNORES, "logs: {access: …}"),
    (&["additionalArguments"], Map, (0, NEWEST), FAILS, "additionalArguments: [\"--NAME=VALUE\"]"),
    (&["additionalArguments"], Text, (0, NEWEST), FAILS, "additionalArguments: [\"--NAME=VALUE\"]"),
    (&["image", "name"], Any, (21, NEWEST), IGNORES, "image: {repository: …}"),
    (&["image", "repository"], Any, (0, 21), IGNORES, "image: {name: …}"),
    (&["log"], Any, (0, 41), IGNORES, "logs: {general: …}"),
    (&["logs"], Any, (41, NEWEST), IGNORES, "log: {level: …} for logs.general, accessLog: {…} for logs.access"),
    (&["ports", "*", "expose"], Closed, (0, 27), "takes for true", "expose: false"),
    (&["ports", "*", "expose"], True, (27, NEWEST), FAILS, "expose: {default: true}"),
    (&["ports", "*", "forwardedHeaders"], Any, (0, 16), IGNORES, TRUST),
    (&["ports", "*", "forwardedHeaders", "notAppendXForwardedFor"], Any, (0, 40), IGNORES, "leave it out"),
    (&["ports", "*", "http"], Any, (0, 39), IGNORES, "its keys stand right in the port, without `http`"),
    (&["ports", "*", "middlewares"], Any, (39, NEWEST), IGNORES, "http: {middlewares: …}"),
    (&["ports", "*", "proxyProtocol"], Any, (0, 16), IGNORES, PROXY),
    (&["ports", "*", "redirectTo"], Any, (38, NEWEST), IGNORES, REDIRECT),
    (&["ports", "*", "redirectTo"], Any, (34, 38), FAILS, REDIRECT),
    (&["ports", "*", "redirectTo"], Text, (25, 34), FAILS, REDIRECT),
    (&["ports", "*", "redirectTo"], Map, (0, 25), "wants a name in", REDIRECT),
    (&["ports", "*", "redirections"], Any, (0, 34), IGNORES, REDIRECT),
    (&["ports", "*", "redirections"], Any, (39, NEWEST), IGNORES, REDIRECT),
    (&["ports", "*", "tls"], Any, (39, NEWEST), IGNORES, "http: {tls: …}"),
    (&["replicas"], Any, (0, NEWEST), IGNORES, "deployment: {replicas: …}"),
    (&["service", "externalIPs"], Any, (40, NEWEST), IGNORES, "service: {spec: {externalIPs: …}}"),
    (&["service", "externalTrafficPolicy"], Any, (0, NEWEST), IGNORES, "service: {spec: {externalTrafficPolicy: …}}"),
    (&["service", "ipFamilyPolicy"], Any, (0, 10), IGNORES, "leave it out"),
    (&["service", "ipFamilyPolicy"], Any, (40, NEWEST), IGNORES, "service: {spec: {ipFamilyPolicy: …}}"),
    (&["service", "loadBalancerSourceRanges"], Any, (40, NEWEST), IGNORES, "service: {spec: {loadBalancerSourceRanges: …}}"),
    (&["service", "type"], Any, (40, NEWEST), IGNORES, "service: {spec: {type: …}}"),
];

/// Keys of all charts from 9 to 41 together, by the map that holds them. Below the first, others may come, so that only a
/// near miss is told.
#[rustfmt::skip] // a table
const KNOWN: &[(&[&str], &[&str])] = &[
    (&[], &[
        "accessLog", "additionalArguments", "additionalVolumeMounts", "affinity", "api", "autoscaling", "certResolvers",
        "certificatesResolvers", "commonLabels", "core", "deployment", "env", "envFrom", "experimental", "extraObjects",
        "fullnameOverride", "gateway", "gatewayClass", "global", "globalArguments", "hostNetwork", "hub", "image", "ingressClass",
        "ingressRoute", "instanceLabelOverride", "livenessProbe", "log", "logs", "metrics", "nameOverride", "namespaceOverride",
        "nodeSelector", "ocsp", "oci_meta", "persistence", "pilot", "podDisruptionBudget", "podSecurityContext",
        "podSecurityPolicy", "ports", "priorityClassName", "providers", "rbac", "readinessProbe", "resources",
        "rollingUpdate", "securityContext", "service", "serviceAccount", "serviceAccountAnnotations", "startupProbe",
        "tlsOptions", "tlsStore", "tolerations", "topologySpreadConstraints", "tracing", "updateStrategy",
        "versionOverride", "volumes",
    ]),
    (&["deployment"], &[
        "additionalContainers", "additionalVolumes", "annotations", "dnsConfig", "dnsPolicy", "enabled",
        "goMemLimitPercentage", "healthchecksHost", "healthchecksPort", "healthchecksScheme", "hostAliases",
        "hostUsers", "imagePullSecrets", "initContainers", "kind", "labels", "lifecycle", "livenessPath",
        "minReadySeconds", "podAnnotations", "podLabels", "readinessPath", "replicas", "revisionHistoryLimit",
        "runtimeClassName", "shareProcessNamespace", "terminationGracePeriodSeconds",
    ]),
    (&["ports", "*"], &[
        "advertisedPort", "allowACMEByPass", "appProtocol", "asDefault", "containerPort", "expose", "exposedPort",
        "forwardedHeaders", "hostIP", "hostPort", "http", "http2", "http3", "middlewares", "nodePort", "observability",
        "port", "protocol", "proxyProtocol", "redirectTo", "redirections", "reusePort", "single", "targetPort", "tls",
        "transport", "udp",
    ]),
    (&["ports", "*", "forwardedHeaders"], &["insecure", "notAppendXForwardedFor", "trustedIPs"]),
    (&["ports", "*", "proxyProtocol"], &["insecure", "trustedIPs"]),
    (&["service"], &[
        "additionalServices", "annotations", "annotationsTCP", "annotationsUDP", "enabled", "externalIPs",
        "externalTrafficPolicy", "internal", "ipFamilies", "ipFamilyPolicy", "labels", "loadBalancerClass",
        "loadBalancerSourceRanges", "nameOverride", "single", "spec", "type",
    ]),
];

/// Tells each. A chart that a stack brings itself is not k3s'.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    let own = facts.find("HelmChart", Some("kube-system"), "traefik").is_some();
    let Some((_, traefik)) = facts.configured().filter(|_| !own) else { return };
    let release = &facts.stack.release;
    let chart = release.traefik_charts();
    for (path, shape, charts, does, instead) in ROWS.iter().filter(|row| chart.within(row.2)) {
        let all: Vec<_> =
            reach(&traefik.values, path).into_iter().filter(|(_, entry)| shape.is(&entry.value)).collect();
        let Some(((name, entry), others)) = all.split_first() else { continue };
        let message = format!("Traefik's chart {chart} {does} the value `{name}`");
        let finding = Finding::new(&CODE, entry.key.span, message);
        let finding = others.iter().fold(finding, |finding, (name, entry)| finding.also(entry.key.span, format!("`{name}` as well")));
        let finding = finding
            .also(facts.stack.release_span, format!("{} packages chart {chart}", release.version()))
            .note(since(path, *shape, *charts));
        let finding = if *does == FAILS { finding.note("helm gives up, and Traefik stays as it was") } else { finding };
        found.push(finding.help(instead.replacen("in stack.yaml", stack_yaml(facts), 1)));
    }
    for (path, known) in KNOWN {
        for (_, map) in maps(&traefik.values, path) {
            near_misses(map, known, path.is_empty(), found);
        }
    }
    // What stands there goes into the Service as it is.
    if let (Some(map), Some(service)) = (traefik.values.at(&["service", "spec"]), service_fields()) {
        near_misses(map, &service, false, found);
    }
}

fn service_fields() -> Option<Vec<&'static str>> {
    let spec = shape::of("v1", "Service")?.field("spec")?.shape.inner()?;
    Some(spec.fields().iter().map(|field| field.name).collect())
}

fn since(path: &[&str], shape: Shape, charts: (u16, u16)) -> String {
    // What is ignored may have been a failure before.
    let rows = ROWS.iter().filter(|row| row.0 == path && row.1 == shape && row.2.0 > 0);
    match charts {
        (0, NEWEST) if matches!(path, ["additionalArguments"]) => "it is a list, in every chart".to_owned(),
        (0, NEWEST) => "no chart has ever read it".to_owned(),
        (0, to) => format!("charts from {to} on read it"),
        (from, _) => {
            let first = rows.map(|row| row.2.0).min().unwrap_or(from);
            format!("charts up to {} read it", first.saturating_sub(1))
        }
    }
}

impl Shape {
    fn is(self, value: &Node) -> bool {
        match self {
            Any => !matches!(value.value, Value::Null),
            Text => value.as_text().is_some(),
            Map => value.as_map().is_some(),
            True => value.as_bool() == Some(true),
            Closed => value.get("default").and_then(Node::as_bool) == Some(false),
        }
    }
}

/// Keys that no chart has; where not all are known, only those that are nearly one. Some keep text for anchors beside them.
fn near_misses(map: &Node, known: &[&str], all: bool, found: &mut Findings) {
    for Entry { key, value } in map.entries().iter().filter(|entry| !known.contains(&&*entry.key.text)) {
        let near = nearest(&key.text, known.iter().copied()).filter(|near| map.get(near).is_none());
        let own = key.text.starts_with(['_', '.']) || key.text.starts_with("x-") || matches!(value.value, Value::Null);
        let row = ROWS.iter().any(|row| row.0 == [&*key.text]);
        if near.is_none() && (!all || own || row) {
            continue;
        }
        let message = format!("Traefik's chart has no value `{}`, and ignores it", key.text);
        let finding = Finding::new(&CODE, key.span, message).weighs(Severity::Warning);
        found.push(match near {
            Some(near) => finding.help(format!("did you mean `{near}`?")),
            None => finding.help("leave it out; a flag of Traefik's own goes into additionalArguments: [\"--NAME=VALUE\"]"),
        });
    }
}

/// All values at a path, each with its own path in words.
fn maps<'a>(node: &'a Node, path: &[&str]) -> Vec<(String, &'a Node)> {
    path.iter().fold(vec![(String::new(), node)], |nodes, key| {
        let below = nodes.into_iter().flat_map(|(name, node)| {
            let own = node.entries().iter().filter(|entry| *key == "*" || *key == entry.key.text);
            own.map(move |entry| (format!("{name}{}.", entry.key.text), &entry.value))
        });
        below.collect()
    })
}

/// All keys at a path, each with its own path in words.
fn reach<'a>(node: &'a Node, path: &[&str]) -> Vec<(String, &'a Entry)> {
    let Some((last, outer)) = path.split_last() else { return Vec::new() };
    let holders = maps(node, outer).into_iter();
    holders.filter_map(|(name, map)| Some((format!("{name}{last}"), map.as_map()?.entry(last)?))).collect()
}

#[cfg(test)]
mod tests {
    use super::ROWS;
    use crate::check::trial::{told, traefik};

    fn ignored(release: &str, values: &str) -> usize {
        told(super::run, &format!("k3s: {release}"), &traefik(values)).len()
    }

    /// One release of each chart major.
    const RELEASES: [(u16, &str); 13] = [
        (9, "v1.21.0+k3s1"),
        (10, "v1.22.7+k3s1"),
        (12, "v1.24.7+k3s1"),
        (20, "v1.24.8+k3s1"),
        (21, "v1.24.14+k3s1"),
        (25, "v1.28.9+k3s1"),
        (27, "v1.32.1+k3s1"),
        (34, "v1.32.2+k3s1"),
        (37, "v1.34.2+k3s1"),
        (38, "v1.34.4+k3s1"),
        (39, "v1.35.2+k3s1"),
        (40, "v1.35.6+k3s1"),
        (41, "v1.37.1+k3s1"),
    ];

    #[test]
    fn each_key_by_the_charts_that_read_it() {
        for (values, read) in [
            ("ports: {web: {forwardedHeaders: {trustedIPs: [192.0.2.1]}}}", 16..=99),
            ("ports: {web: {proxyProtocol: {trustedIPs: [192.0.2.1]}}}", 16..=99),
            ("ports: {web: {redirectTo: websecure}}", 0..=24),
            ("ports: {web: {redirectTo: {port: websecure}}}", 25..=33),
            ("ports: {web: {redirections: {entryPoint: {to: websecure}}}}", 34..=38),
            ("ports: {web: {http: {redirections: {entryPoint: {to: websecure}}}}}", 39..=99),
            ("ports: {websecure: {tls: {enabled: true}}}", 0..=38),
            ("ports: {ssh: {port: 2222, expose: true}}", 0..=26),
            ("ports: {ssh: {port: 2222, expose: {default: false}}}", 27..=99),
            ("ports: {ssh: {port: 2222, expose: {default: true}}}", 0..=99),
            ("service: {type: NodePort}", 0..=39),
            ("service: {ipFamilyPolicy: SingleStack}", 10..=39),
            ("service: {spec: {externalTrafficPolicy: Local}}", 0..=99),
            ("service: {externalTrafficPolicy: Local}", 0..=0),
            ("logs: {general: {level: INFO}}", 0..=40),
            ("log: {level: INFO}", 41..=99),
            ("image: {name: traefik}", 0..=20),
            ("image: {repository: traefik}", 21..=99),
            ("additionalArguments: [--api]", 0..=99),
        ] {
            for (chart, release) in RELEASES {
                let told = usize::from(!read.contains(&chart));
                assert_eq!(ignored(release, values), told, "{values} in {release}, chart {chart}");
            }
        }
    }

    #[test]
    fn a_key_of_several_ports_is_told_once() {
        let values = "ports: {web: {forwardedHeaders: {trustedIPs: [192.0.2.1]}}, websecure: {forwardedHeaders: {trustedIPs: [192.0.2.1]}}}";
        assert_eq!(ignored("v1.22.7+k3s1", values), 1);
    }

    /// Chart 38 or 39: told is only what both of them ignore.
    #[test]
    fn charts_by_date_are_given_the_benefit_of_the_doubt() {
        for (values, told) in [
            ("ports: {web: {redirections: {entryPoint: {to: websecure}}}}", 0),
            ("ports: {web: {http: {redirections: {entryPoint: {to: websecure}}}}}", 0),
            ("ports: {web: {redirectTo: {port: websecure}}}", 1),
            ("service: {externalTrafficPolicy: Local}", 1),
        ] {
            assert_eq!(ignored("v1.33.9+k3s1", values), told, "{values}");
        }
    }

    #[test]
    fn near_misses_alone() {
        for (values, told) in [
            ("additionalArgument: [--api]", 1),
            ("deployment: {replica: 2}", 1),
            ("ports: {web: {exposePort: 81}}", 1),
            ("ports: {web: {forwardedHeaders: {trustedIps: []}}}", 1),
            ("something: {else: true}", 1),
            ("x-something: {else: true}", 0),
            ("service: {spec: {externalTrafficPolcy: Local}}", 1),
            ("service: {spec: {sessionAffinity: ClientIP}}", 0),
            ("replicas: 2", 1),
            ("additionalArguments: --api", 1),
            ("port: {web: {port: 1}}\nports: {web: {port: 1}}", 1),
        ] {
            assert_eq!(ignored("v1.37.1+k3s1", values), told, "{values}");
        }
    }

    #[test]
    fn rows_are_sorted() {
        assert!(ROWS.is_sorted_by(|a, b| a.0 <= b.0));
    }
}
