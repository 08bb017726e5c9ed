//! Transports of `kind: proxy`, and the routes by which their requests come. The server's side has no TLS: Traefik
//! ends it.

use super::{Own, Program};
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::kinds::engine::{self, Engine};
use crate::stack::value_invalid;
use crate::yaml::{Build, KEY_MISSING, Node, Spanned, VALUE_UNKNOWN};

/// A small cluster and the head of an app, for the examples.
macro_rules! example {
    ($rest:literal) => {
        concat!(
            proxy_stack!(),
            "# apps/proxy.yaml\nkind: proxy\nengine: xray\nimage: ghcr.io/xtls/xray-core:26.7.28\ntransport: ws\n",
            "host: proxy.example.org\nconfig: {secret: proxy, key: config.json}\n",
            $rest
        )
    };
}

/// The whole host for the proxy.
pub(in crate::kinds) static PATH_IS_ROOT: Code = Code {
    name: "path-is-root",
    severity: Severity::Error,
    page: Page {
        about: "A proxy at `/` answers whoever opens the host, and every scanner does. Give it a path that nobody\n\
                guesses; the rest of the host is then free for an ordinary site.",
        bad: example!("path: /\n"),
        good: example!("path: /updates-7f3a\n"),
    },
};

/// A path out of every guide.
pub(in crate::kinds) static PATH_IS_COMMON: Code = Code {
    name: "path-is-common",
    severity: Severity::Warning,
    page: Page {
        about: "`/ws` and `/ray` stand in every guide, so they are what scanners for proxies try first. Any other path\n\
                does as well; the clients need the same.",
        bad: example!("path: /ray\n"),
        good: example!("path: /updates-7f3a\n"),
    },
};

/// How a transport shows in a request's path.
#[derive(Clone, Copy)]
enum Shape {
    /// Exactly this path: every engine answers anything else with 404.
    Exact,
    /// The path and what clients put behind it.
    Below,
    /// `/SERVICE/METHOD`, over HTTP/2 without TLS.
    Grpc,
}

const TRANSPORTS: [(&str, Shape); 5] = [
    ("ws", Shape::Exact),
    ("httpupgrade", Shape::Exact),
    ("xhttp", Shape::Below),
    ("grpc", Shape::Grpc),
    ("gost-ws", Shape::Exact),
];

/// The route by which requests of this transport come.
pub(super) fn route(own: &Own, engine: &Engine<Program>, found: &mut Findings) -> Option<Node> {
    let transport = &own.transport;
    let Some((_, shape)) = TRANSPORTS.into_iter().find(|(name, _)| *name == transport.value) else {
        let names = || TRANSPORTS.into_iter().map(|(name, _)| name);
        let near = nearest(&transport.value, names()).map(|near| format!("did you mean `{near}`?"));
        found.push(
            Finding::new(
                &VALUE_UNKNOWN,
                transport.span,
                format!("there is no transport `{}`", transport.value),
            )
            .help(near.unwrap_or_else(|| format!("the transports are {}", list(names())))),
        );
        return None;
    };
    let has = engine.program.transports;
    if !has.contains(&transport.value.as_str()) {
        let message = format!("{} has no transport `{}`", engine.name, transport.value);
        let own = list(has.iter().copied());
        found.push(engine::lacks(transport.span, message).help(format!("its transports are {own}")));
        return None;
    }
    let host = Node::list(own.host.span, [(&own.host).into()]);
    let route = Build::at(own.host.span).with("host", host);
    let route = match shape {
        Shape::Exact => route.with("path", path(own, found)?.into()),
        // The server adds the `/`, clients put their session behind it.
        Shape::Below => {
            let path = path(own, found)?;
            route.with("pathPrefix", Node::text(path.span, format!("{}/", path.value.trim_end_matches('/'))))
        }
        Shape::Grpc => route.with("pathPrefix", service(own, engine.name, found)?).text("scheme", "h2c"),
    };
    Some(route.text("port", "proxy").node())
}

fn path<'a>(own: &'a Own, found: &mut Findings) -> Option<&'a Spanned<String>> {
    let transport = &own.transport;
    if let Some(name) = &own.service_name {
        let message = format!("`serviceName` belongs to grpc, `{}` has a `path`", transport.value);
        found.push(value_invalid(name.span, message));
    }
    let Some(path) = &own.path else {
        found.push(missing("path", transport).help("path: /SOMETHING-NOBODY-GUESSES"));
        return None;
    };
    match path.value.as_str() {
        "/" | "" => found.push(
            Finding::new(&PATH_IS_ROOT, path.span, "the proxy would answer whoever opens the host")
                .help("path: /SOMETHING-NOBODY-GUESSES"),
        ),
        "/ws" | "/ray" => found.push(
            Finding::new(&PATH_IS_COMMON, path.span, format!("`{}` is what scanners try first", path.value))
                .help("path: /SOMETHING-NOBODY-GUESSES"),
        ),
        text if !is_plain(text) => {
            let message = "a path begins with `/` and holds letters, digits, `-`, `_`, `.`, `~` and `/`";
            found.push(
                value_invalid(path.span, message).note("Traefik matches the path alone, without `?` and `#`"),
            );
        }
        _ => {}
    }
    Some(path)
}

fn is_plain(path: &str) -> bool {
    path.starts_with('/') && path.chars().all(|c| is_letter(c) || c == '/')
}

fn is_letter(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~')
}

fn missing(key: &str, transport: &Spanned<String>) -> Finding {
    let message = format!("the key `{key}` is missing");
    Finding::new(&KEY_MISSING, transport.span, message).label(format!("`{}` needs it", transport.value))
}

/// `/NAME/`. To xray a name that begins with `/` is a path of its own, whose last part names the methods:
/// `/a/b/Tun|Multi`.
fn service(own: &Own, engine: &str, found: &mut Findings) -> Option<Node> {
    if let Some(path) = &own.path {
        found.push(
            value_invalid(path.span, "grpc has a `serviceName`, not a `path`").help("leave `path` out"),
        );
    }
    let Some(name) = &own.service_name else {
        found.push(missing("serviceName", &own.transport).help("serviceName: SOMETHING-NOBODY-GUESSES"));
        return None;
    };
    if name.value.starts_with('/') && engine != "xray" {
        found.push(engine::lacks(
            name.span,
            format!("{engine} takes `serviceName` for a name, not for a path"),
        ));
        return None;
    }
    let folder = match name.value.strip_prefix('/') {
        Some(rest) => rest.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default(),
        None => name.value.as_str(),
    };
    let whole = folder.split('/').all(|part| !part.is_empty() && part.chars().all(is_letter));
    if !whole || (folder.contains('/') && !name.value.starts_with('/')) {
        let message = format!("`{}` makes no path of its own", name.value);
        found.push(
            value_invalid(name.span, message).help("letters, digits, `-`, `_`, `.`; or a path as /a/b/Tun"),
        );
        return None;
    }
    Some(Node::text(name.span, format!("/{folder}/")))
}

#[cfg(test)]
mod tests {
    use crate::kinds::trial::{app, with};
    use crate::stack::{Route, Scheme};

    const BASE: &str = "kind: proxy\nengine: xray\nimage: ghcr.io/xtls/xray-core:26.7.28\ntransport: ws\n\
                        host: proxy.example.org\npath: /updates-7f3a\nconfig: {secret: proxy, key: config.json}\n";

    fn route(lines: &str) -> Route {
        let (app, found) = app(&with(BASE, lines));
        let app = app.unwrap_or_else(|| panic!("{lines}: {found:?}"));
        app.pod.routes.get("proxy").unwrap().clone()
    }

    #[test]
    fn each_transport_has_its_route() {
        let exact = route("transport: httpupgrade");
        assert_eq!((exact.path.unwrap().value.as_str(), exact.scheme), ("/updates-7f3a", None));
        let below = route("transport: xhttp");
        assert_eq!(below.path_prefix.unwrap().value, "/updates-7f3a/");
        for (name, prefix) in [("tube", "/tube/"), ("/a/b/Tun|Multi", "/a/b/")] {
            let grpc = route(&format!("transport: grpc\npath: OUT\nserviceName: {name}"));
            assert_eq!((grpc.path_prefix.unwrap().value.as_str(), grpc.scheme), (prefix, Some(Scheme::H2c)));
        }
    }
}
