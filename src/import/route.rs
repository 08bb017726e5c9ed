//! Routes: IngressRoutes as an app's `routes`, with the middlewares that they name.

use super::plan::{Misfit, Plan};
use super::port::{self, Port};
use super::short::{one_or_all, short};
use super::world::World;
use crate::kube::Object;
use crate::source::Span;
use crate::yaml::{Build, Node};

/// `routes` of an app: all rules of its IngressRoutes. The one with the app's name comes first, as an app makes it first;
/// the first rule of each other one gives the object its name.
///
/// # Errors
/// A rule that leads to no port of the app's Services.
pub(super) fn routes(plan: &Plan, world: &World<'_>, ports: &[Port<'_>], span: Span) -> Result<Node, Misfit> {
    let app = &world.object(plan.workload).id.name;
    let mut objects = plan.of("IngressRoute", world);
    objects.sort_by_key(|(_, object)| object.id.name != *app);
    if let Some((at, first)) = objects.first().filter(|(_, first)| first.id.name != *app) {
        let reason = format!("its name is not the app's, and it is the first: an app makes `{app}` first");
        return Err(Misfit::part(*at, format!("{reason}, then `{app}-ROUTE` ({})", first.id.name)));
    }
    let mut build = Build::at(span);
    for (at, object) in objects {
        let suffix = object.id.name.strip_prefix(&format!("{app}-")).unwrap_or("web");
        let rules = object.body.at(&["spec", "routes"]).map_or(&[][..], Node::items);
        for (number, rule) in rules.iter().enumerate() {
            let name = if number == 0 {
                suffix.to_owned()
            } else {
                format!("{suffix}-{}", number.saturating_add(1))
            };
            let route =
                route(rule, object, ports, app, plan, world).map_err(|reason| Misfit::part(at, reason))?;
            build = build.with(name, route);
        }
    }
    Ok(build.node())
}

fn route(
    rule: &Node,
    object: &Object,
    ports: &[Port<'_>],
    app: &str,
    plan: &Plan,
    world: &World<'_>,
) -> Result<Node, String> {
    let span = rule.span;
    let [service] = rule.get("services").map_or(&[][..], Node::items) else {
        return Err("a rule goes to several Services, or to none".to_owned());
    };
    let wanted = service.get("port");
    let Some(port) = wanted.and_then(|wanted| port::by_service(wanted, ports)) else {
        let port = wanted.and_then(Node::written).unwrap_or_default();
        return Err(format!(
            "a rule goes to port {port}, which is no number of a port of the app's Services"
        ));
    };
    let own = plan.of("Middleware", world);
    let names =
        rule.get("middlewares").map_or(&[][..], Node::items).iter().filter_map(|m| m.text_at(&["name"]));
    let names = names.map(|name| {
        let is_own = own.iter().any(|(_, object)| object.id.name == name);
        let short = name.strip_prefix(app).and_then(|rest| rest.strip_prefix('-')).filter(|_| is_own);
        Node::text(span, short.unwrap_or(name).to_owned())
    });
    let text = |text: &str| Node::text(span, text.to_owned());
    let more = matched_path(rule)
        .maybe("port", (!port::is_meant(port, ports)).then(|| text(&port.handle)))
        .unless_empty("middlewares", Node::list(span, names))
        .maybe("scheme", service.get("scheme").cloned())
        .maybe("priority", rule.get("priority").cloned())
        .maybe("entryPoints", entry_points(object))
        .maybe("serversTransport", service.get("serversTransport").cloned())
        .maybe("sticky", service.get("sticky").map(|_| Node::bool(span, true)))
        .maybe("tls", tls(object, span))
        .node();
    Ok(match hosts(rule) {
        Some((hosts, _)) => short("host", one_or_all(&Node::list(span, hosts.into_iter().map(text))), more),
        None => more,
    })
}

/// Traefik's words, where host and path do not say it.
fn matched_path(rule: &Node) -> Build {
    let build = Build::at(rule.span);
    match hosts(rule) {
        None => build.maybe("match", rule.get("match").cloned()),
        Some((_, None)) => build,
        Some((_, Some((word, path)))) => build.with(word, Node::text(rule.span, path.to_owned())),
    }
}

type Matched<'a> = (Vec<&'a str>, Option<(&'static str, &'a str)>);

/// ``Host(`a`) || Host(`b`)``, and a path behind it, as an app writes such a rule itself.
fn hosts(rule: &Node) -> Option<Matched<'_>> {
    let text = rule.text_at(&["match"])?;
    let (hosts, path) = match text.rsplit_once(" && ") {
        Some((hosts, path)) => {
            let matchers = [("Path(`", "path"), ("PathPrefix(`", "pathPrefix")];
            let path = matchers.iter().find_map(|(start, word)| Some((*word, quoted(path, start)?)))?;
            (hosts, Some(path))
        }
        None => (text, None),
    };
    let grouped = hosts.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let hosts = grouped.filter(|rest| rest.contains(" || ") && path.is_some()).unwrap_or(hosts);
    let hosts: Option<Vec<&str>> = hosts.split(" || ").map(|host| quoted(host, "Host(`")).collect();
    hosts.filter(|hosts| path.is_none() || hosts.len() == 1 || grouped.is_some()).map(|hosts| (hosts, path))
}

fn quoted<'a>(text: &'a str, start: &str) -> Option<&'a str> {
    text.strip_prefix(start)?.strip_suffix("`)").filter(|inside| !inside.contains('`'))
}

fn points(object: &Object) -> &[Node] {
    object.body.at(&["spec", "entryPoints"]).map_or(&[][..], Node::items)
}

fn is_only(object: &Object, name: &str) -> bool {
    matches!(points(object), [point] if point.as_text() == Some(name))
}

fn entry_points(object: &Object) -> Option<Node> {
    let list = object.body.at(&["spec", "entryPoints"])?;
    (!is_only(object, "websecure")).then(|| list.clone())
}

/// A Secret's name; false for plain HTTP, but on `web`, which has none anyway.
fn tls(object: &Object, span: Span) -> Option<Node> {
    match object.body.at(&["spec", "tls"]) {
        None => (!is_only(object, "web")).then(|| Node::bool(span, false)),
        Some(tls) => tls.get("secretName").cloned(),
    }
}

/// `middlewares` of an app, by the rest of their names.
pub(super) fn middlewares(plan: &Plan, world: &World<'_>, span: Span) -> Node {
    let app = &world.object(plan.workload).id.name;
    let all = plan.of("Middleware", world).into_iter().filter_map(|(_, object)| {
        let name = object.id.name.strip_prefix(app.as_str())?.strip_prefix('-')?;
        Some((name.to_owned(), object.body.get("spec")?.clone()))
    });
    all.fold(Build::at(span), |build, (name, spec)| build.with(name, spec)).node()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::hosts;
    use crate::kube::tree::tree;

    #[test]
    fn rules_that_hosts_and_paths_say() {
        for (rule, expected) in [
            ("Host(`a`)", Some("a")),
            ("Host(`a`) || Host(`b`)", Some("a b")),
            ("Host(`a`) && PathPrefix(`/x`)", Some("a pathPrefix /x")),
            ("(Host(`a`) || Host(`b`)) && Path(`/x`)", Some("a b path /x")),
            // `&&` binds tighter
            ("Host(`a`) || Host(`b`) && Path(`/x`)", None),
            ("Host(`a`, `b`)", None),
            ("Host(`a`) && Method(`GET`)", None),
            ("HostRegexp(`^[^.]+\\.a$`)", None),
            ("(Host(`a`))", None),
        ] {
            let node = tree(&json!({"match": rule}));
            let found = hosts(&node).map(|(hosts, path)| {
                let path = path.map(|(word, path)| format!(" {word} {path}")).unwrap_or_default();
                format!("{}{path}", hosts.join(" "))
            });
            assert_eq!(found.as_deref(), expected, "{rule}");
        }
    }
}
