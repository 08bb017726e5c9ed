//! Traefik's middlewares: an app's own as `APP-NAME`, a stack's once in each namespace that uses it. TCP routes take a kind
//! of object of their own.

use std::collections::{BTreeMap, BTreeSet};

use super::meta::{self, Head, object, stack_labels};
use super::middleware_kind::{self, Wire};
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::kube::{Object, Unit};
use crate::stack::{App, Stack};
use crate::yaml::{Build, Node, Spanned, Value};

/// A middleware that the app and the stack do not have.
pub static MIDDLEWARE_UNKNOWN: Code = Code {
    name: "middleware-unknown",
    severity: Severity::Error,
    page: Page {
        about: "A route names a middleware that neither the app nor stack.yaml defines. An app's own hides a stack's of\n\
                the same name.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
              routes: {web: {host: www.example.org, middlewares: [slow]}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
               routes: {web: {host: www.example.org, middlewares: [slow]}}\nmiddlewares: {slow: {rateLimit: {average: 50}}}\n",
    },
};

/// A middleware that no route uses.
pub static MIDDLEWARE_UNUSED: Code = Code {
    name: "middleware-unused",
    severity: Severity::Warning,
    page: Page {
        about: "A middleware is defined and no route uses it, so it does nothing: perhaps a route lost it, and with it a\n\
                password or a limit.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
              routes: {web: www.example.org}\nmiddlewares: {slow: {rateLimit: {average: 50}}}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nports: {http: 8080}\n\
               routes: {web: {host: www.example.org, middlewares: [slow]}}\nmiddlewares: {slow: {rateLimit: {average: 50}}}\n",
    },
};

/// Which of the stack's middlewares are used, by what kind of route, and in which namespaces.
#[derive(Default)]
pub(super) struct Used {
    by_name: BTreeMap<(String, Wire), BTreeMap<String, Spanned<String>>>,
}

impl Used {
    /// Notes a use, and so one of all that it chains.
    fn take(&mut self, name: &str, wire: Wire, namespace: &Spanned<String>, stack: &Stack) {
        let mut names = vec![name.to_owned()];
        while let Some(name) = names.pop() {
            let Some(body) = stack.middlewares.get(&name) else { continue };
            let namespaces = self.by_name.entry((name, wire)).or_default();
            // A chain may come back to itself.
            if namespaces.insert(namespace.value.clone(), namespace.clone()).is_none() {
                names.extend(chained(body).map(str::to_owned));
            }
        }
    }
}

/// The app's own middlewares, one object for each kind of route that uses it.
pub(super) fn own(app: &App, stack: &Stack, used: &mut Used, found: &mut Findings) -> Vec<Object> {
    fn names<'a>(lists: impl Iterator<Item = &'a Vec<Spanned<String>>>) -> BTreeSet<&'a str> {
        lists.flatten().map(|name| name.value.as_str()).collect()
    }
    let http = names(app.pod.routes.iter().map(|(_, route)| &route.middlewares));
    let tcp = names(app.pod.tcp_routes.iter().map(|(_, route)| &route.middlewares));
    let links: BTreeSet<&str> = app.pod.middlewares.iter().flat_map(|(_, body)| chained(body)).collect();
    let mut objects = Vec::new();
    for (name, body) in app.pod.middlewares.iter() {
        middleware_kind::check(name, body, stack, found);
        let word = name.value.as_str();
        let in_tcp = tcp.contains(word);
        let in_http = http.contains(word) || links.contains(word);
        if !in_http && !in_tcp {
            found.push(unused(name));
        }
        let full = Spanned { span: name.span, value: own_name(app, word) };
        let wires = [(Wire::Http, in_http || !in_tcp), (Wire::Tcp, in_tcp)];
        for (wire, _) in wires.into_iter().filter(|(_, made)| *made) {
            let api = (stack.release.ingress_route_api(), wire.kind());
            let spec = with_chain(app, body.clone(), stack, used);
            objects.push(meta::app_object(app, stack, api, &full, vec![("spec", spec)]));
        }
    }
    objects
}

fn own_name(app: &App, name: &str) -> String {
    format!("{}-{name}", app.name)
}

/// A chain's names mean what a route's do: the app's own before the stack's. Others are left as they are.
fn with_chain(app: &App, mut body: Node, stack: &Stack, used: &mut Used) -> Node {
    let chain = body.as_map_mut().and_then(|body| body.get_mut("chain")).and_then(Node::as_map_mut);
    let Some(Node { value: Value::List(links), .. }) = chain.and_then(|chain| chain.get_mut("middlewares"))
    else {
        return body;
    };
    for name in links.iter_mut().filter_map(|link| link.as_map_mut()?.get_mut("name")) {
        let Some(word) = name.as_text().map(str::to_owned) else { continue };
        if app.pod.middlewares.get(&word).is_some() {
            *name = Node::text(name.span, own_name(app, &word));
        } else {
            used.take(&word, Wire::Http, &app.namespace, stack);
        }
    }
    body
}

/// Names in a `chain`, which uses others.
fn chained(body: &Node) -> impl Iterator<Item = &str> {
    let chain = body.at(&["chain", "middlewares"]).map_or(&[][..], Node::items);
    chain.iter().filter_map(|item| item.text_at(&["name"]))
}

fn unused(name: &Spanned<String>) -> Finding {
    Finding::new(&MIDDLEWARE_UNUSED, name.span, format!("no route uses the middleware `{}`", name.value))
        .help("name it under `middlewares` of a route, or remove it")
}

/// A route's middlewares as Traefik's references; the stack's are noted as used.
pub(super) fn references(
    app: &App,
    (names, wire): (&[Spanned<String>], Wire),
    stack: &Stack,
    used: &mut Used,
    found: &mut Findings,
) -> Option<Node> {
    let first = names.first()?;
    let items = names.iter().filter_map(|name| {
        let full = if let Some(body) = app.pod.middlewares.get(&name.value) {
            middleware_kind::check_wire(name, body, wire, stack, found);
            own_name(app, &name.value)
        } else if let Some(body) = stack.middlewares.get(&name.value) {
            middleware_kind::check_wire(name, body, wire, stack, found);
            used.take(&name.value, wire, &app.namespace, stack);
            name.value.clone()
        } else if let Some(external) = stack.external_name(wire.kind(), &app.namespace.value, &name.value) {
            external
        } else {
            found.push(unknown(app, name, stack));
            return None;
        };
        Some(Build::at(name.span).text("name", full).node())
    });
    Some(Node::list(first.span, items.collect::<Vec<_>>()))
}

fn unknown(app: &App, name: &Spanned<String>, stack: &Stack) -> Finding {
    let known = || app.pod.middlewares.names().chain(stack.middlewares.names());
    let near = nearest(&name.value, known()).map(|near| format!("did you mean `{near}`?"));
    let help = near.or_else(|| known().next().is_some().then(|| format!("known here: {}", list(known()))));
    Finding::new(&MIDDLEWARE_UNKNOWN, name.span, format!("there is no middleware `{}`", name.value))
        .maybe_help(help)
}

/// The stack's middlewares, one in each namespace that uses it.
pub(super) fn shared(stack: &Stack, used: &Used, whole: bool, found: &mut Findings) -> Vec<Object> {
    let links: BTreeSet<&str> = stack.middlewares.iter().flat_map(|(_, body)| chained(body)).collect();
    let mut objects = Vec::new();
    for (name, body) in stack.middlewares.iter() {
        middleware_kind::check(name, body, stack, found);
        let by_wire =
            [Wire::Http, Wire::Tcp].map(|wire| (wire, used.by_name.get(&(name.value.clone(), wire))));
        let idle = by_wire.iter().all(|(_, namespaces)| namespaces.is_none());
        if whole && idle && !links.contains(name.value.as_str()) {
            found.push(unused(name));
        }
        for (wire, namespaces) in by_wire {
            let namespaces = namespaces.into_iter().flat_map(BTreeMap::values);
            objects.extend(namespaces.map(|namespace| copy(name, body, wire, namespace, stack)));
        }
    }
    objects
}

/// A stack's middleware in one namespace.
fn copy(
    name: &Spanned<String>,
    body: &Node,
    wire: Wire,
    namespace: &Spanned<String>,
    stack: &Stack,
) -> Object {
    let head = Head {
        api_version: stack.release.ingress_route_api(),
        kind: wire.kind(),
        name,
        namespace: Some(namespace),
        labels: stack_labels(stack, name.span),
        annotations: Build::at(name.span).node(),
    };
    object(Unit::Ingress, head, vec![("spec", body.clone())])
}
