//! `kind: minio`: MinIO, or a fork that takes the same arguments and environment, on one folder.

/// A small cluster and the head of an app, for the examples.
macro_rules! minio_example {
    ($image:literal, $rest:literal) => {
        concat!(
            "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n",
            "platforms: {pgsty/silo: [amd64], quay.io/minio/minio: [amd64]}\nsecrets: {minio: [user, password]}\n",
            "# apps/minio.yaml\nkind: minio\nimage: ",
            $image,
            "\nrootUser: {secret: minio, key: user}\nrootPassword: {secret: minio, key: password}\n",
            $rest
        )
    };
}

mod release;

use serde::Deserialize;

use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kinds::secret::{self, SecretKey};
use crate::kinds::{Asked, COMPUTED, General, Kind, cloudflare, data, upstream};
use crate::source::Span;
use crate::stack::Volume;
use crate::stack::expand::{self, Long, Short};
use crate::yaml::{Build, Node, Spanned, decode, fields, like, shape};

pub(super) use release::{MINIO_FORMAT_GONE, MINIO_RELEASE_VULNERABLE};

pub(super) static KIND: Kind = Kind {
    name: "minio",
    own: fields::<Own>,
    shape: shape::<Own>,
    computes: COMPUTED,
    shorts: &[Short { place: &["data"], long: Long::Inside(expand::VOLUME) }],
    ports,
    general,
    one_node: |_, _| None,
};

/// Two processes on one folder.
pub(super) static MINIO_REPLICAS_MANY: Code = Code {
    name: "minio-replicas-many",
    severity: Severity::Error,
    page: Page {
        about: "This kind runs one minio on one folder. Several replicas, or a rolling update, which starts the new\n\
                pod before the old one has stopped, are two processes that write to the same folder and know nothing\n\
                of each other. (A minio of several machines is another set-up: use `kind: app`.)",
        bad: minio_example!(
            "pgsty/silo:RELEASE.2026-09-01T00-00-00Z",
            "data: {emptyDir: 10Gi}\nhosts: {s3: s3.example.org}\nreplicas: 2\n"
        ),
        good: minio_example!(
            "pgsty/silo:RELEASE.2026-09-01T00-00-00Z",
            "data: {emptyDir: 10Gi}\nhosts: {s3: s3.example.org}\nreplicas: 1\n"
        ),
    },
};

/// A public address that leads elsewhere.
pub(super) static MINIO_URL_UNSERVED: Code = Code {
    name: "minio-url-unserved",
    severity: Severity::Error,
    page: Page {
        about: "The console logs in through `serverURL`, and presigned links begin with it. So it must be the address\n\
                that the route of `hosts.s3` serves: https, that host, no path. `auto` writes exactly that; `off`\n\
                (the default) lets the console log in inside of its pod, and suits whoever shares no links.\n\
                Set at all, a login leaves the cluster and must come back through Cloudflare and Traefik.",
        bad: minio_example!(
            "pgsty/silo:RELEASE.2026-09-01T00-00-00Z",
            "data: {emptyDir: 10Gi}\nhosts: {s3: s3.example.org}\nserverURL: https://example.org/s3\n"
        ),
        good: minio_example!(
            "pgsty/silo:RELEASE.2026-09-01T00-00-00Z",
            "data: {emptyDir: 10Gi}\nhosts: {s3: s3.example.org}\nserverURL: auto\n"
        ),
    },
};

/// A login by way of the internet.
pub(super) static MINIO_LOGIN_OUTSIDE: Code = Code {
    name: "minio-login-outside",
    severity: Severity::Note,
    page: Page {
        about: "With `serverURL` the console does not ask the server beside it but logs in through that address: its pod\n\
                must find the name, reach it, through Cloudflare and back through Traefik, and trust the certificate;\n\
                else `invalid login` or `network error`. It is of use only for links to share. The default is `off`.",
        bad: minio_example!(
            "pgsty/silo:RELEASE.2026-09-01T00-00-00Z",
            "data: {emptyDir: 10Gi}\nhosts: {s3: s3.example.org, console: console.example.org}\nserverURL: auto\n"
        ),
        good: minio_example!(
            "pgsty/silo:RELEASE.2026-09-01T00-00-00Z",
            "data: {emptyDir: 10Gi}\nhosts: {s3: s3.example.org, console: console.example.org}\n"
        ),
    },
};

/// Credentials by their names in the environment, the deprecated ones as well.
const CREDENTIALS: [&str; 4] =
    ["MINIO_ROOT_USER", "MINIO_ROOT_PASSWORD", "MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"];

#[derive(Deserialize)]
struct Own {
    /// The volume that holds the buckets.
    #[serde(deserialize_with = "like::<Volume, _, _>")]
    data: Node,
    /// The name of the user who may do all.
    #[serde(rename = "rootUser", deserialize_with = "like::<SecretKey, _, _>")]
    root_user: Node,
    /// His password.
    #[serde(rename = "rootPassword", deserialize_with = "like::<SecretKey, _, _>")]
    root_password: Node,
    /// Through what the console logs in, and what links begin with: `off` (itself, in its pod), `auto` (`hosts.s3`), or a
    /// URL, which must be the one that `hosts.s3` serves. Default: `off`.
    #[serde(rename = "serverURL")]
    server_url: Option<Spanned<String>>,
    /// The host below which each bucket has a host of its own: a route for `*.DOMAIN`.
    domain: Option<Spanned<String>>,
    /// The region that it says to be in.
    region: Option<Spanned<String>>,
    /// Its hosts.
    hosts: Hosts,
}

/// The hosts of minio.
#[derive(Deserialize)]
struct Hosts {
    /// The host of the S3 API.
    s3: Spanned<String>,
    /// The host of the console. Default: no console.
    console: Option<Spanned<String>>,
}

fn general(own: &Node, asked: &Asked<'_>, found: &mut Findings) -> Option<General> {
    secret::not_in_text(own, &["rootUser", "rootPassword"], asked, &CREDENTIALS, found);
    let own: Own = decode(own, found)?;
    one_process(asked, found);
    release::check(&own.data, asked, found);
    data::owner(&own.data, asked, found);
    cloudflare::s3(&own.hosts.s3, asked, found);
    let env = env(&own, asked.at, found);
    let at = || Build::at(asked.at);
    let live = at().text("path", "/minio/health/live").text("port", "s3").node();
    let ready = at().text("path", "/minio/health/ready").text("port", "s3").node();
    // On start it may heal for minutes; until then the liveness probe waits.
    let startup = at().with("httpGet", live.clone()).int("periodSeconds", 10).int("failureThreshold", 30);
    // One second, the default, is short for a disk that is busy.
    let probes = at()
        .with("startup", startup.node())
        .with("liveness", at().with("httpGet", live).int("timeoutSeconds", 5).node())
        .with("readiness", at().with("httpGet", ready).int("timeoutSeconds", 5).node());
    let memory = at().text("memory", "256Mi").node();
    let app = at()
        .with("args", args(&own, asked.at))
        .with("env", env?)
        .with("volumes", Build::at(own.data.span).with("/data", own.data.clone()).node())
        .with("probes", probes.node())
        .with("resources", at().text("cpu", "100m").text("memory", "1Gi").with("requests", memory).node())
        .with("securityContext", data::root(asked.at))
        // It waits up to 60 s for its heal queue before it closes the listener.
        .int("terminationGracePeriodSeconds", 90)
        .with("routes", routes(&own));
    Some(General::of(app.node()))
}

/// The console takes a random port unless told.
fn args(own: &Own, at: Span) -> Node {
    let mut args = vec!["server", "/data", "--address", ":9000"];
    if own.hosts.console.is_some() {
        args.extend(["--console-address", ":9001"]);
    }
    Node::list(at, args.into_iter().map(|arg| Node::text(at, arg)))
}

fn env(own: &Own, at: Span, found: &mut Findings) -> Option<Node> {
    let user = SecretKey::of(&own.root_user, found);
    let password = SecretKey::of(&own.root_password, found);
    let server_url = server_url(own, found);
    if let (Some(url), Some(console)) = (&server_url, &own.hosts.console) {
        let message = "a login at the console leaves the cluster and must come back";
        found.push(
            Finding::new(&MINIO_LOGIN_OUTSIDE, url.span, message)
                .also(console.span, "the console")
                .help("unless links are shared: serverURL: off"),
        );
    }
    let build = Build::at(at)
        .with("MINIO_ROOT_USER", user?.env())
        .with("MINIO_ROOT_PASSWORD", password?.env())
        .maybe("MINIO_SERVER_URL", server_url);
    let build = match &own.hosts.console {
        Some(host) => build.with("MINIO_BROWSER_REDIRECT_URL", https(host)),
        None => build.text("MINIO_BROWSER", "off"),
    };
    let build = build
        .maybe("MINIO_DOMAIN", own.domain.as_ref().map(Node::from))
        .maybe("MINIO_SITE_REGION", own.region.as_ref().map(Node::from));
    Some(build.node())
}

fn https(host: &Spanned<String>) -> Node {
    Node::text(host.span, format!("https://{}", host.value))
}

/// What the console logs in through, if it is not to stay in its pod.
fn server_url(own: &Own, found: &mut Findings) -> Option<Node> {
    let url = own.server_url.as_ref()?;
    let wanted = format!("https://{}", own.hosts.s3.value);
    match url.value.as_str() {
        "off" => None,
        "auto" => Some(Node::text(url.span, wanted)),
        text if text.trim_end_matches('/') == wanted => Some(Node::text(url.span, wanted)),
        text => {
            let message = match upstream::parts(text) {
                Some(_) => format!("no route serves `{text}`"),
                None => format!("`serverURL` is `off`, `auto` or a URL, not `{text}`"),
            };
            found.push(
                Finding::new(&MINIO_URL_UNSERVED, url.span, message)
                    .label("the console would log in there")
                    .also(own.hosts.s3.span, format!("served is {wanted}"))
                    .help("serverURL: auto"),
            );
            None
        }
    }
}

/// Named as in the seed's Service.
fn ports(own: &Node, at: Span) -> Node {
    let port = |host: &str, number: i64| own.at(&["hosts", host]).map(|host| Node::int(host.span, number));
    Build::at(at).maybe("s3", port("s3", 9000)).maybe("s3-console", port("console", 9001)).node()
}

fn routes(own: &Own) -> Node {
    let route = |host: Node, port: &'static str| {
        Build::at(host.span).with("host", Node::list(host.span, [host])).text("port", port).node()
    };
    let console = own.hosts.console.as_ref().map(|host| route(host.into(), "s3-console"));
    let below = |domain: &Spanned<String>| Node::text(domain.span, format!("*.{}", domain.value));
    Build::at(own.hosts.s3.span)
        .with("s3", route((&own.hosts.s3).into(), "s3"))
        .maybe("console", console)
        .maybe("domain", own.domain.as_ref().map(|domain| route(below(domain), "s3")))
        .node()
}

fn one_process(asked: &Asked<'_>, found: &mut Findings) {
    let many = asked.said.get("replicas").filter(|replicas| replicas.as_int().is_some_and(|count| count > 1));
    let rolling = asked.said.at(&["strategy", "type"]).filter(|word| word.as_text() == Some("RollingUpdate"));
    for node in many.into_iter().chain(rolling) {
        found.push(
            Finding::new(&MINIO_REPLICAS_MANY, node.span, "two minio processes would write to one folder")
                .help("leave it out: one replica, and the old pod stops before the new one starts"),
        );
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::trial::{app, codes, with};

    const BASE: &str = "kind: minio\nimage: pgsty/silo:RELEASE.2026-09-01T00-00-00Z\ndata: {emptyDir: 1Gi}\n\
                        rootUser: {secret: minio, key: user}\nrootPassword: {secret: minio, key: password}\n\
                        hosts: {s3: s3.example.org, console: console.example.org}\n";

    fn env(lines: &str) -> Vec<(String, String)> {
        let (app, found) = app(&with(BASE, lines));
        let app = app.unwrap_or_else(|| panic!("{found:?}"));
        let text = |value: &crate::stack::EnvValue| value.value.as_ref().map(|text| text.value.clone());
        app.container
            .env
            .iter()
            .map(|(name, value)| (name.value.clone(), text(value).unwrap_or_default()))
            .collect()
    }

    fn value(lines: &str, name: &str) -> Option<String> {
        env(lines).into_iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    #[test]
    fn findings() {
        let rows: &[(&str, &[&str])] = &[
            ("replicas: 1", &[]),
            ("replicas: 2", &["minio-replicas-many"]),
            ("strategy: Recreate", &[]),
            ("strategy: RollingUpdate", &["minio-replicas-many"]),
            ("serverURL: auto", &["minio-login-outside"]),
            ("serverURL: off", &[]),
            ("serverURL: https://s3.example.org", &["minio-login-outside"]),
            ("serverURL: https://s3.example.org/", &["minio-login-outside"]),
            ("serverURL: https://s3.example.org/x", &["minio-url-unserved"]),
            ("serverURL: http://s3.example.org", &["minio-url-unserved"]),
            ("serverURL: https://console.example.org", &["minio-url-unserved"]),
            ("serverURL: on", &["minio-url-unserved"]),
            ("rootPassword: hunter2hunter2", &["secret-in-text"]),
            ("rootPassword: 12345678", &["secret-in-text"]),
            ("rootUser: admin", &["secret-in-text"]),
            ("rootUser: {secret: minio}", &["key-missing"]),
            ("rootUser: OUT", &["key-missing"]),
            ("data: OUT", &["key-missing"]),
            ("hosts: OUT", &["key-missing"]),
            ("hosts: {console: a.example.org}", &["key-missing"]),
            ("env: {MINIO_ROOT_PASSWORD: hunter2hunter2}", &["secret-in-text"]),
            ("env: {MINIO_SECRET_KEY: hunter2hunter2}", &["secret-in-text"]),
            ("env: {MINIO_ROOT_PASSWORD: {secret: other, key: pass}}", &[]),
            ("args: [server]", &["key-unknown"]),
            ("ports: {s3: 1}", &["key-unknown"]),
            ("data: {hostPath: /data/minio}", &["minio-format-gone"]),
            ("image: quay.io/minio/minio:RELEASE.2022-10-29T00-00-00Z", &["minio-release-vulnerable"]),
            ("image: registry.example/minio:mine", &[]),
            (
                "image: quay.io/minio/minio:RELEASE.2022-10-24T18-35-07Z\ndata: {hostPath: /d}",
                &["minio-release-vulnerable"],
            ),
            (
                "image: registry.example/minio:mine\ndata: {hostPath: /d}\nsecurityContext: {runAsUser: 1000}",
                &["data-owner-root"],
            ),
            (
                "image: registry.example/minio:mine\ndata: {hostPath: /d}\nsecurityContext: {runAsUser: 0}",
                &[],
            ),
        ];
        for (line, expected) in rows {
            assert_eq!(codes(BASE, line), *expected, "{line}");
        }
    }

    #[test]
    fn a_credential_is_never_in_a_message() {
        let (_, found) = app(&with(BASE, "rootPassword: hunter2hunter2\nrootUser: [hunter2]"));
        assert!(
            !found.is_empty() && found.iter().all(|(_, message)| !message.contains("hunter2")),
            "{found:?}"
        );
    }

    #[test]
    fn addresses() {
        let off = ["serverURL: off", "serverURL: OUT"].map(|line| value(line, "MINIO_SERVER_URL"));
        assert_eq!(off, [None, None]);
        for line in ["serverURL: auto", "serverURL: https://s3.example.org/"] {
            assert_eq!(value(line, "MINIO_SERVER_URL").as_deref(), Some("https://s3.example.org"), "{line}");
        }
        let redirect = value("", "MINIO_BROWSER_REDIRECT_URL");
        assert_eq!(redirect.as_deref(), Some("https://console.example.org"));
    }

    #[test]
    fn without_a_console_there_is_no_trace_of_it() {
        let line = "hosts: {s3: s3.example.org}";
        assert_eq!(value(line, "MINIO_BROWSER").as_deref(), Some("off"));
        assert_eq!(value(line, "MINIO_BROWSER_REDIRECT_URL"), None);
        let app = app(&with(BASE, line)).0.unwrap();
        assert_eq!(app.container.ports.names().collect::<Vec<_>>(), ["s3"]);
        assert_eq!(app.pod.routes.names().collect::<Vec<_>>(), ["s3"]);
        assert!(app.container.args.iter().all(|arg| !arg.value.contains("console")));
    }

    #[test]
    fn what_the_user_says_lies_over_it_by_name() {
        let lines = "routes: {s3: {priority: 7}}\nenv: {MINIO_SERVER_URL: https://x, MORE: y}\ndomain: s3.example.org";
        let app = app(&with(BASE, lines)).0.unwrap();
        let route = app.pod.routes.get("s3").unwrap();
        assert_eq!(route.priority.as_ref().unwrap().value, 7);
        assert_eq!(route.host[0].value, "s3.example.org");
        assert_eq!(app.pod.routes.get("domain").unwrap().host[0].value, "*.s3.example.org");
        assert_eq!(env(lines).last().unwrap(), &("MORE".to_owned(), "y".to_owned()));
    }
}
