//! HTTP routes as Traefik sees them, whether an Ingress or an IngressRoute makes them. No check itself.

use std::borrow::Cow;

use super::Facts;
use super::served::{Served, default_entry_points};
use crate::kube::Object;
use crate::source::Span;
use crate::traefik::{Cases, Dialect, Matcher, Rule, Wire, read};
use crate::yaml::{Node, Value};

/// A rule and what it leads to.
pub struct Route<'a> {
    /// The Ingress or IngressRoute.
    pub object: &'a Object,
    /// Its rule, or what makes it.
    pub at: Span,
    /// The rule as people may read it.
    pub text: Cow<'a, str>,
    /// The rule as it is read, or why it cannot be.
    pub rule: Result<Rule<'a>, String>,
    /// How.
    pub dialect: Dialect,
    /// The cases in which it holds, if they can be told.
    pub cases: Option<Cases<'a>>,
    /// Traefik asks the route with the highest first.
    pub priority: Priority<'a>,
    /// Entry points, and whether requests come by TLS: routes of another way never meet.
    pub ways: Vec<(&'a str, bool)>,
    /// The route of the IngressRoute, the path of the Ingress.
    pub node: &'a Node,
}

/// What an Ingress' rule is long depends on Traefik's version, so that its priority is known to be in a range.
#[derive(Clone, Copy)]
pub struct Priority<'a> {
    /// At least.
    pub least: i64,
    /// At most.
    pub most: i64,
    /// Where it is written, if it is.
    pub written: Option<&'a Node>,
}

/// All that the packaged Traefik serves; none where another Traefik does.
pub(super) fn routes<'a>(facts: &Facts<'a>) -> Vec<Route<'a>> {
    let traefik = &facts.served;
    let Some(dialect) = traefik.dialect else { return Vec::new() };
    let mut all = Vec::new();
    let reader = Reader { dialect, default: default_ways(facts, traefik), plain: !traefik.mentions("tls") };
    for object in facts.objects {
        match object.id.kind.as_str() {
            "IngressRoute" if object.id.group().starts_with("traefik.") => reader.own(object, &mut all),
            "Ingress" if object.id.group() == "networking.k8s.io" && is_traefiks(object) => {
                reader.ingress(object, &mut all);
            }
            _ => {}
        }
    }
    all
}

/// An Ingress that names no class is Traefik's, as k3s makes its class the default.
pub(super) fn is_traefiks(ingress: &Object) -> bool {
    let old = ingress.body.text_at(&["metadata", "annotations", "kubernetes.io/ingress.class"]);
    old.or_else(|| ingress.body.text_at(&["spec", "ingressClassName"])).is_none_or(|class| class == "traefik")
}

/// A word of the configuration may make other entry points the default ones.
fn default_ways<'a>(facts: &Facts<'a>, traefik: &Served) -> Vec<&'a str> {
    if traefik.mentions("asdefault") { vec![""] } else { default_entry_points(facts) }
}

/// An annotation of Traefik's router on an Ingress.
pub(super) fn annotation<'a>(ingress: &'a Object, name: &str) -> Option<&'a Node> {
    let all = ingress.body.at(&["metadata", "annotations"])?.entries();
    let own = |key: &str| key.strip_prefix("traefik.ingress.kubernetes.io/router.") == Some(name);
    all.iter().find(|entry| own(&entry.key.text)).map(|entry| &entry.value)
}

struct Reader<'a> {
    dialect: Dialect,
    default: Vec<&'a str>,
    /// Whether all entry points but `websecure` are as the chart makes them: without TLS.
    plain: bool,
}

impl<'a> Reader<'a> {
    fn ways(&self, names: Option<Vec<&'a str>>, tls: bool) -> Vec<(&'a str, bool)> {
        let names = names.filter(|names| !names.is_empty()).unwrap_or_else(|| self.default.clone());
        names.into_iter().map(|name| (name, tls || (self.plain && name == "websecure"))).collect()
    }

    fn own(&self, object: &'a Object, all: &mut Vec<Route<'a>>) {
        let Some(spec) = object.body.get("spec") else { return };
        let points =
            spec.get("entryPoints").map(|points| points.items().iter().filter_map(Node::as_text).collect());
        let tls = spec.get("tls").is_some_and(|tls| !matches!(tls.value, Value::Null));
        for node in spec.get("routes").map_or(&[][..], Node::items) {
            let Some(written) = node.get("match") else { continue };
            let Some(text) = written.as_text() else { continue };
            let old = node.text_at(&["syntax"]) == Some("v2");
            let dialect = if old { Dialect { traefik: 2, ..self.dialect } } else { self.dialect };
            let own = node.get("priority").filter(|own| own.as_int().is_some_and(|number| number != 0));
            let number = own.and_then(Node::as_int).unwrap_or_else(|| length(text));
            let rule = read(text, Wire::Http, dialect.traefik);
            all.push(Route {
                object,
                at: written.span,
                text: Cow::Borrowed(text),
                cases: rule.as_ref().ok().and_then(|rule| Cases::of(rule, dialect)),
                rule,
                dialect,
                priority: Priority { least: number, most: number, written: own },
                ways: self.ways(points.clone(), tls),
                node,
            });
        }
    }

    fn ingress(&self, object: &'a Object, all: &mut Vec<Route<'a>>) {
        let points = annotation(object, "entrypoints").and_then(Node::as_text);
        let points =
            points.map(|text| text.split(',').map(str::trim).filter(|name| !name.is_empty()).collect());
        let tls = annotation(object, "tls").and_then(Node::as_text) == Some("true");
        let ways = self.ways(points, tls);
        let own = annotation(object, "priority");
        let number =
            own.and_then(Node::as_text).and_then(|text| text.parse::<i64>().ok()).filter(|own| *own != 0);
        for rule in object.body.at(&["spec", "rules"]).map_or(&[][..], Node::items) {
            for node in rule.at(&["http", "paths"]).map_or(&[][..], Node::items) {
                let Some((made, length)) = self.made(object, rule.get("host"), node) else { continue };
                let priority = match number {
                    Some(number) => Priority { least: number, most: number, written: own },
                    None => Priority { least: length.0, most: length.1, written: None },
                };
                all.push(Route {
                    object,
                    at: node.get("path").or(rule.get("host")).unwrap_or(node).span,
                    text: words(rule.text_at(&["host"]), node.text_at(&["path"])).into(),
                    cases: Cases::of(&made, self.dialect),
                    rule: Ok(made),
                    dialect: self.dialect,
                    priority,
                    ways: ways.clone(),
                    node,
                });
            }
        }
    }

    /// The rule that Traefik makes of a host and a path, and how long it is at least and at most.
    fn made(
        &self,
        object: &Object,
        host: Option<&'a Node>,
        node: &'a Node,
    ) -> Option<(Rule<'a>, (i64, i64))> {
        let mut parts = Vec::new();
        let mut lengths = Vec::new();
        if let Some(host) = host.and_then(Node::as_text).filter(|host| !host.is_empty()) {
            let (rule, length) = self.host(host);
            parts.push(rule);
            lengths.push(length);
        }
        if let Some(path) = node.text_at(&["path"]).filter(|path| !path.is_empty()) {
            let name = match node.text_at(&["pathType"])? {
                "Exact" => "Path",
                "Prefix" => "PathPrefix",
                _ if annotation(object, "pathmatcher").is_some() => return None,
                _ => "PathPrefix",
            };
            let size = length(name).saturating_add(length(path)).saturating_add(4);
            parts.push(Rule::One(Matcher { name, values: vec![Cow::Borrowed(path)] }));
            lengths.push((size, size));
        }
        if parts
            .iter()
            .any(|part| part.matchers().iter().any(|one| one.values.iter().any(|own| own.contains('`'))))
        {
            return None;
        }
        let (least, most) = lengths
            .iter()
            .fold((0, 0), |sum: (i64, i64), own| (sum.0.saturating_add(own.0), sum.1.saturating_add(own.1)));
        let join = if lengths.len() > 1 { 4 } else { 0 };
        (!parts.is_empty())
            .then_some((Rule::All(parts), (least.saturating_add(join), most.saturating_add(join))))
    }

    /// A wildcard has been written as one of several patterns, none of them shorter than `*.example.org`.
    fn host(&self, host: &'a str) -> (Rule<'a>, (i64, i64)) {
        let plain = length(host).saturating_add(length("Host(``)"));
        let Some(rest) = host.strip_prefix("*.") else {
            return (Rule::One(Matcher { name: "Host", values: vec![Cow::Borrowed(host)] }), (plain, plain));
        };
        let old = self.dialect.traefik < 3;
        let pattern = if old {
            format!("{{subdomain:[a-zA-Z0-9-]+}}.{rest}")
        } else {
            format!("^[a-zA-Z0-9-]+\\.{}$", rest.replace('.', "\\."))
        };
        let most = length(&pattern).saturating_add(length("HostRegexp(``)"));
        (Rule::One(Matcher { name: "HostRegexp", values: vec![Cow::Owned(pattern)] }), (plain, most))
    }
}

/// TCP and UDP routes. A UDP route has no rule: it takes all.
pub(super) fn streams<'a>(facts: &Facts<'a>) -> Vec<Route<'a>> {
    let traefik = &facts.served;
    let Some(dialect) = traefik.dialect else { return Vec::new() };
    let mut all = Vec::new();
    for object in facts.objects.iter().filter(|object| object.id.group().starts_with("traefik.")) {
        let Some(spec) = object.body.get("spec") else { continue };
        let points: Vec<&str> =
            spec.get("entryPoints").map_or(&[][..], Node::items).iter().filter_map(Node::as_text).collect();
        let tls = spec.get("tls").is_some_and(|tls| !matches!(tls.value, Value::Null));
        let ways: Vec<_> = match object.id.kind.as_str() {
            "IngressRouteTCP" if points.is_empty() => default_entry_points(facts),
            "IngressRouteTCP" | "IngressRouteUDP" => points,
            _ => continue,
        }
        .into_iter()
        .map(|name| (name, tls))
        .collect();
        for node in spec.get("routes").map_or(&[][..], Node::items) {
            all.extend(stream(object, node, dialect, ways.clone()));
        }
    }
    all
}

fn stream<'a>(
    object: &'a Object,
    node: &'a Node,
    dialect: Dialect,
    ways: Vec<(&'a str, bool)>,
) -> Option<Route<'a>> {
    let written = node.get("match");
    let (text, rule) = match written.and_then(Node::as_text) {
        Some(text) => (text, read(text, Wire::Tcp, dialect.traefik)),
        None if object.id.kind == "IngressRouteUDP" => ("all of UDP", Ok(Rule::All(Vec::new()))),
        None => return None,
    };
    let own = node.get("priority").filter(|own| own.as_int().is_some_and(|number| number != 0));
    // What takes all is asked last.
    let by_length = if text == "HostSNI(`*`)" { -1 } else { length(text) };
    let number = own.and_then(Node::as_int).unwrap_or(by_length);
    Some(Route {
        object,
        at: written.map_or_else(|| object.place(), |written| written.span),
        text: Cow::Borrowed(text),
        cases: rule.as_ref().ok().and_then(|rule| Cases::of(rule, dialect)),
        rule,
        dialect,
        priority: Priority { least: number, most: number, written: own },
        ways,
        node,
    })
}

/// In bytes, as Go counts.
fn length(text: &str) -> i64 {
    i64::try_from(text.len()).unwrap_or(i64::MAX)
}

fn words(host: Option<&str>, path: Option<&str>) -> String {
    format!("{}{}", host.unwrap_or("*"), path.unwrap_or_default())
}

/// What a route leads to, however it is written: Services with their ports, then middlewares.
pub(super) fn answer(route: &Route<'_>) -> Option<(Vec<String>, Vec<String>)> {
    let namespace = route.object.id.namespace.as_deref().unwrap_or_default();
    let port = |node: Option<&Node>| node.and_then(Node::written).unwrap_or_default().into_owned();
    if let Some(service) = route.node.at(&["backend", "service"]) {
        let number = service.get("port").and_then(|port| port.get("number").or(port.get("name")));
        let service = format!("{namespace}/{}:{}", service.text_at(&["name"])?, port(number));
        let middlewares = annotation(route.object, "middlewares").and_then(Node::as_text).unwrap_or_default();
        let middlewares = middlewares.split(',').map(str::trim).filter(|name| !name.is_empty());
        return Some((vec![service], middlewares.map(str::to_owned).collect()));
    }
    let list = |key: &str| route.node.get(key).map_or(&[][..], Node::items).iter();
    let own = |node: &Node| node.text_at(&["namespace"]).unwrap_or(namespace).to_owned();
    let services = list("services").map(|service| {
        Some(format!("{}/{}:{}", own(service), service.text_at(&["name"])?, port(service.get("port"))))
    });
    let middlewares = list("middlewares")
        .map(|one| Some(format!("{}-{}@kubernetescrd", own(one), one.text_at(&["name"])?)));
    Some((services.collect::<Option<_>>()?, middlewares.collect::<Option<_>>()?))
}
