//! Transports of `kind: proxy`, and the routes by which their requests come. The server's side has no TLS: Traefik
//! ends it.

use super::engine;
use super::proxy::Own;
use crate::finding::{Code, Finding, Findings, Page, Severity, list, nearest};
use crate::stack::value_invalid;
use crate::yaml::{Build, KEY_MISSING, Node, Spanned, VALUE_UNKNOWN};

/// A small cluster and the head of an app, for the examples.
macro_rules! example {
    ($rest:literal) => {
        concat!(
            "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n",
            "platforms: {ghcr.io/xtls/xray-core: [amd64]}\nsecrets: {proxy: [config.json]}\n",
            "# apps/proxy.yaml\nkind: proxy\nengine: xray\nimage: ghcr.io/xtls/xray-core:26.7.28\ntransport: ws\n",
            "host: proxy.example.org\nconfig: {secret: proxy, key: config.json}\n",
            $rest
        )
    };
}

/// The whole host for the proxy.
pub(super) static PATH_IS_ROOT: Code = Code {
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
pub(super) static PATH_IS_COMMON: Code = Code {
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
    /// Exactly this path: xray answers anything else with 404.
    Exact,
    /// The path and what clients put behind it.
    Below,
    /// `/SERVICE/METHOD`, over HTTP/2 without TLS.
    Grpc,
    /// Not xray's.
    Foreign,
}

const TRANSPORTS: [(&str, Shape); 5] = [
    ("ws", Shape::Exact),
    ("httpupgrade", Shape::Exact),
    ("xhttp", Shape::Below),
    ("grpc", Shape::Grpc),
    ("gost-ws", Shape::Foreign),
];

/// The route by which requests of this transport come.
pub(super) fn route(own: &Own, found: &mut Findings) -> Option<Node> {
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
    let host = Node::list(own.host.span, [(&own.host).into()]);
    let route = Build::at(own.host.span).with("host", host);
    let route = match shape {
        Shape::Exact => route.with("path", path(own, found)?.into()),
        // The server adds the `/`, clients put their session behind it.
        Shape::Below => {
            let path = path(own, found)?;
            route.with("pathPrefix", Node::text(path.span, format!("{}/", path.value.trim_end_matches('/'))))
        }
        Shape::Grpc => route.with("pathPrefix", service(own, found)?).text("scheme", "h2c"),
        Shape::Foreign => {
            let message = format!("xray has no transport `{}`", transport.value);
            found.push(engine::lacks(transport.span, message).help("transport: ws"));
            return None;
        }
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
        text if text.contains(['?', '#']) => {
            found.push(value_invalid(
                path.span,
                "a path holds neither `?` nor `#`: Traefik matches the path alone",
            ));
        }
        _ => {}
    }
    Some(path)
}

fn missing(key: &str, transport: &Spanned<String>) -> Finding {
    let message = format!("the key `{key}` is missing");
    Finding::new(&KEY_MISSING, transport.span, message).label(format!("`{}` needs it", transport.value))
}

/// `/NAME/`. A name that begins with `/` is a path of its own, whose last part names the methods: `/a/b/Tun|Multi`.
fn service(own: &Own, found: &mut Findings) -> Option<Node> {
    if let Some(path) = &own.path {
        found.push(
            value_invalid(path.span, "grpc has a `serviceName`, not a `path`").help("leave `path` out"),
        );
    }
    let Some(name) = &own.service_name else {
        found.push(missing("serviceName", &own.transport).help("serviceName: SOMETHING-NOBODY-GUESSES"));
        return None;
    };
    let folder = match name.value.strip_prefix('/') {
        Some(rest) => rest.rsplit_once('/').map(|(folder, _)| folder).unwrap_or_default(),
        None => name.value.as_str(),
    };
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
    let whole = folder.split('/').all(|part| !part.is_empty() && part.chars().all(plain));
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
