//! Traefik's middlewares: an app's own as `APP-NAME`, a stack's once in each namespace that uses it.
//!
//! Names and fields are Traefik's own of the release, so only what is known to differ between releases is held here.

use std::collections::{BTreeMap, BTreeSet};

use super::meta::{self, Head, object, stack_labels};
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::kube::{Object, Unit};
use crate::stack::{App, Stack, value_invalid};
use crate::yaml::{Build, Node, Spanned};

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

/// Traefik's middlewares for HTTP: the name, the first and the last major that has it.
const KNOWN: [(&str, u16, u16); 26] = [
    ("addPrefix", 2, 3),
    ("basicAuth", 2, 3),
    ("buffering", 2, 3),
    ("chain", 2, 3),
    ("circuitBreaker", 2, 3),
    ("compress", 2, 3),
    ("contentType", 2, 3),
    ("digestAuth", 2, 3),
    ("encodedCharacters", 3, 3),
    ("errors", 2, 3),
    ("forwardAuth", 2, 3),
    ("grpcWeb", 3, 3),
    ("headers", 2, 3),
    ("inFlightReq", 2, 3),
    ("ipAllowList", 3, 3),
    ("ipWhiteList", 2, 2),
    ("passTLSClientCert", 2, 3),
    ("plugin", 2, 3),
    ("rateLimit", 2, 3),
    ("redirectRegex", 2, 3),
    ("redirectScheme", 2, 3),
    ("replacePath", 2, 3),
    ("replacePathRegex", 2, 3),
    ("retry", 2, 3),
    ("stripPrefix", 2, 3),
    ("stripPrefixRegex", 2, 3),
];

/// One name in place of another, by major.
const RENAMED: [(&str, &str); 2] = [("ipWhiteList", "ipAllowList"), ("ipAllowList", "ipWhiteList")];

/// Which of the stack's middlewares are used, and in which namespaces.
#[derive(Default)]
pub(super) struct Used {
    by_name: BTreeMap<String, BTreeMap<String, Spanned<String>>>,
}

/// The app's own middlewares.
pub(super) fn own(app: &App, stack: &Stack, found: &mut Findings) -> Vec<Object> {
    let used: BTreeSet<&str> = app
        .pod
        .routes
        .iter()
        .flat_map(|(_, route)| &route.middlewares)
        .chain(app.pod.tcp_routes.iter().flat_map(|(_, route)| &route.middlewares))
        .map(|name| name.value.as_str())
        .collect();
    let chained: BTreeSet<String> = app.pod.middlewares.iter().flat_map(|(_, body)| chained(body)).collect();
    let mut objects = Vec::new();
    for (name, body) in app.pod.middlewares.iter() {
        check(name, body, stack, found);
        if !used.contains(name.value.as_str()) && !chained.contains(&name.value) {
            found.push(unused(name));
        }
        let full = Spanned { span: name.span, value: format!("{}-{}", app.name, name.value) };
        let api = (stack.release.ingress_route_api(), "Middleware");
        objects.push(meta::app_object(app, stack, api, &full, vec![("spec", body.clone())]));
    }
    objects
}

/// Names in a `chain`, which uses others.
fn chained(body: &Node) -> Vec<String> {
    let chain = body.at(&["chain", "middlewares"]).map_or(&[][..], Node::items);
    chain.iter().filter_map(|item| item.text_at(&["name"])).map(str::to_owned).collect()
}

fn unused(name: &Spanned<String>) -> Finding {
    Finding::new(&MIDDLEWARE_UNUSED, name.span, format!("no route uses the middleware `{}`", name.value))
        .help("name it under `middlewares` of a route, or remove it")
}

/// A route's middlewares as Traefik's references; the stack's are noted as used.
pub(super) fn references(
    app: &App,
    names: &[Spanned<String>],
    stack: &Stack,
    used: &mut Used,
    found: &mut Findings,
) -> Option<Node> {
    let first = names.first()?;
    let items = names.iter().filter_map(|name| {
        let full = if app.pod.middlewares.get(&name.value).is_some() {
            format!("{}-{}", app.name, name.value)
        } else if stack.middlewares.get(&name.value).is_some() {
            let namespaces = used.by_name.entry(name.value.clone()).or_default();
            namespaces.entry(app.namespace.value.clone()).or_insert_with(|| app.namespace.clone());
            name.value.clone()
        } else if let Some(external) = stack.external_name("Middleware", &app.namespace.value, &name.value) {
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
pub(super) fn shared(stack: &Stack, used: &Used, found: &mut Findings) -> Vec<Object> {
    let chained: BTreeSet<String> = stack.middlewares.iter().flat_map(|(_, body)| chained(body)).collect();
    let mut objects = Vec::new();
    for (name, body) in stack.middlewares.iter() {
        check(name, body, stack, found);
        let namespaces = used.by_name.get(&name.value);
        if namespaces.is_none() && !chained.contains(&name.value) {
            found.push(unused(name));
        }
        for namespace in namespaces.into_iter().flat_map(BTreeMap::values) {
            let head = Head {
                api_version: stack.release.ingress_route_api(),
                kind: "Middleware",
                name,
                namespace: Some(namespace),
                labels: stack_labels(stack, name.span),
                annotations: Build::at(name.span).node(),
            };
            objects.push(object(Unit::Ingress, head, vec![("spec", body.clone())]));
        }
    }
    objects
}

/// Exactly one of Traefik's names, and one that this release's Traefik has.
fn check(name: &Spanned<String>, body: &Node, stack: &Stack, found: &mut Findings) {
    let major = stack.release.traefik();
    let [entry] = body.entries() else {
        let message =
            format!("the middleware `{}` is exactly one of Traefik's, such as `rateLimit`", name.value);
        found.push(
            value_invalid(body.span, message).help(format!("{}: {{rateLimit: {{average: 50}}}}", name.value)),
        );
        return;
    };
    let word = entry.key.text.as_ref();
    if KNOWN.iter().any(|(known, from, to)| *known == word && (*from..=*to).contains(&major)) {
        return;
    }
    let renamed = RENAMED.iter().find(|(old, _)| *old == word && KNOWN.iter().any(|row| row.0 == word));
    let known = || KNOWN.iter().filter(|row| (row.1..=row.2).contains(&major)).map(|row| row.0);
    let help = match renamed {
        Some((_, new)) => format!("Traefik {major} calls it `{new}`"),
        None => nearest(word, known()).map_or_else(
            || format!("Traefik {major} has {}", list(known())),
            |near| format!("did you mean `{near}`?"),
        ),
    };
    found.push(
        value_invalid(entry.key.span, format!("Traefik {major} has no middleware `{word}`")).help(help),
    );
}
