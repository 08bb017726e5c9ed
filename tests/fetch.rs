//! `fetch` against servers that lie, stall, lead astray and never end. Each gets its own finding, none gets more than it
//! should: the tests look at what the servers heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use stackc::fetch::{
    Cause, Client, Credentials, Failure, Limits, Options, Outcome, Progress, Published, Registries, Resolved,
    Wish,
};
use stackc::finding::Findings;
use stackc::kube::digest::digest;
use stackc::kube::{Image, Platform};
use stackc::source::Sources;

use crate::docker_registry::{IMAGE, INDEX, entry, index, platform_of};
use crate::server::{Heard, Reply, Server};

/// alice:s3cret
const ALICE: &str = "YWxpY2U6czNjcmV0";

fn options() -> Options {
    let limits = Limits {
        connect: Duration::from_secs(2),
        silence: Duration::from_millis(500),
        request: Duration::from_secs(1),
        errand: Duration::from_secs(10),
        tries: 2,
        longest_wait: Duration::from_secs(2),
        parallel: 3,
    };
    Options { limits, ..Options::default() }
}

/// With alice's login for one host.
fn logged_in(host: &str) -> Options {
    let file = format!("{{\"auths\": {{\"{host}\": {{\"auth\": \"{ALICE}\"}}}}}}");
    Options { credentials: Credentials::parse(&file).unwrap(), ..options() }
}

fn wish(image: &str) -> Wish {
    Wish { image: Image::parse(image).unwrap(), platforms: Platform::all().collect(), known: None }
}

fn ask_with(options: Options, image: &str) -> Result<Resolved, Failure> {
    let client = Client::new(options).unwrap();
    match client.resolve(&[wish(image)], &|_| ()).pop().unwrap()? {
        Outcome::Resolved(resolved) => Ok(resolved),
        Outcome::Unchanged => panic!("nothing was known"),
    }
}

/// What is told of an image on a server.
fn failure(server: &Server) -> Failure {
    ask_with(options(), &format!("{}/demo/app:1.0", server.host())).unwrap_err()
}

/// Code and message.
fn told(failure: &Failure) -> String {
    let mut sources = Sources::default();
    let place = sources.add("apps/web.yaml".into(), Ok(Vec::new())).start();
    let finding = failure.finding(place);
    let whole = format!("{finding:?}");
    assert!(!whole.contains(char::is_control) && !whole.contains("\\u{1b}"), "{whole}");
    assert!(!whole.contains(ALICE) && !whole.contains("s3cret"), "{whole}");
    format!("{}: {}", finding.code.name, finding.message)
}

/// An honest image: what to answer for its manifest and its configuration.
fn image() -> (Value, String) {
    let config = platform_of("linux/amd64").to_string();
    let manifest = json!({"schemaVersion": 2, "mediaType": IMAGE, "layers": [],
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": config.len(),
            "digest": digest(config.as_bytes())}});
    (manifest, config)
}

/// Answers as a registry that has one image under every name.
fn honest(heard: &Heard) -> Reply {
    let (manifest, config) = image();
    if heard.path.contains("/blobs/") {
        return Reply::document("application/octet-stream", config);
    }
    let body = manifest.to_string();
    let sum = digest(body.as_bytes());
    Reply::document(IMAGE, body).with("Docker-Content-Digest", sum)
}

/// A registry that wants to see `login` first, and else sends this challenge.
fn guarded(login: &'static str, challenge: impl Fn(&Heard) -> String + Send + Sync + 'static) -> Server {
    Server::start(move |heard| match heard.header("authorization") {
        Some(header) if header == login => honest(heard),
        _ => Reply::new(401, "{}").with("WWW-Authenticate", challenge(heard)),
    })
}

fn here(heard: &Heard) -> String {
    heard.header("host").unwrap().to_owned()
}

#[test]
fn a_token_for_strangers_is_kept() {
    let server = Server::start(|heard| match heard.header("authorization") {
        _ if heard.path.starts_with("/token") => {
            Reply::new(200, "{\"access_token\": \"T\", \"expires_in\": 60}")
        }
        Some("Bearer T") => honest(heard),
        _ => {
            let realm = format!("http://{}/token?a=b", here(heard));
            let challenge = format!(
                "Bearer realm=\"{realm}\",service=\"a, \\\"b\\\"\",scope=\"repository:demo/app:pull\""
            );
            Reply::new(401, "").with("WWW-Authenticate", "Negotiate").with("WWW-Authenticate", challenge)
        }
    });
    let resolved = ask_with(options(), &format!("{}/demo/app:1.0", server.host())).unwrap();
    assert_eq!(resolved.children[0].platform.unwrap().word(), "amd64");
    let blob = image().0["config"]["digest"].as_str().unwrap().to_owned();
    let expected = [
        "GET /v2/demo/app/manifests/1.0",
        "GET /token?a=b&service=a%2C+%22b%22&scope=repository%3Ademo%2Fapp%3Apull",
        "GET /v2/demo/app/manifests/1.0",
        &format!("GET /v2/demo/app/blobs/{blob}"),
    ];
    assert_eq!(server.lines(), expected);
    let heard = server.heard();
    assert_eq!(heard[1].header("authorization"), None);
    assert_eq!(heard[0].header("accept-encoding"), Some("identity"));
    for media_type in [INDEX, IMAGE, crate::docker_registry::LIST, crate::docker_registry::DOCKER] {
        assert!(heard[0].header("accept").unwrap().contains(media_type));
    }
}

#[test]
fn a_login_goes_to_the_registrys_own_place_for_tokens() {
    let realm = |heard: &Heard| format!("Bearer realm=\"http://{}/token\"", here(heard));
    let server = Server::start(move |heard| match heard.header("authorization") {
        Some(header) if heard.path.starts_with("/token") && header == format!("Basic {ALICE}") => {
            Reply::new(200, "{\"token\": \"T\"}")
        }
        Some("Bearer T") => honest(heard),
        _ => Reply::new(401, "{}").with("WWW-Authenticate", realm(heard)),
    });
    ask_with(logged_in(&server.host()), &format!("{}/demo/app:1.0", server.host())).unwrap();
    assert_eq!(server.lines()[1], "GET /token?scope=repository%3Ademo%2Fapp%3Apull");
    let first = &server.heard()[0];
    assert_eq!(first.header("authorization"), None, "not before it was asked for");

    // stored for another port: it is a stranger's
    let failure = ask_with(logged_in("127.0.0.1:1"), &format!("{}/demo/app:1.0", server.host())).unwrap_err();
    assert!(matches!(*failure.cause, Cause::NoAccess { logged_in: false, .. }), "{failure:?}");
    assert!(told(&failure).starts_with("image-not-found: "));
}

#[test]
fn an_identity_token_goes_in_a_form() {
    let realm = |heard: &Heard| format!("Bearer realm=\"http://{}/token\",service=s", here(heard));
    let server = Server::start(move |heard| match heard.header("authorization") {
        _ if heard.method == "POST" => Reply::new(200, "{\"token\": \"T\"}"),
        Some("Bearer T") => honest(heard),
        _ => Reply::new(401, "").with("WWW-Authenticate", realm(heard)),
    });
    let file = format!("{{\"auths\": {{\"{}\": {{\"identitytoken\": \"I&D\"}}}}}}", server.host());
    let options = Options { credentials: Credentials::parse(&file).unwrap(), ..options() };
    ask_with(options, &format!("{}/demo/app:1.0", server.host())).unwrap();
    let expected = "service=s&scope=repository%3Ademo%2Fapp%3Apull&grant_type=refresh_token&client_id=stackc&refresh_token=I%26D";
    assert_eq!((server.lines()[1].as_str(), server.heard()[1].body.as_str()), ("POST /token", expected));
}

#[test]
fn another_host_for_tokens_is_asked_as_by_a_stranger() {
    let other = Server::always(Reply::new(200, "{\"token\": \"T\"}"));
    let realm = other.url("/token");
    let server = guarded("Bearer S", move |_| format!("Bearer realm=\"{realm}\",service=\"x\""));
    let failure =
        ask_with(logged_in(&server.host()), &format!("{}/demo/app:1.0", server.host())).unwrap_err();
    let heard = other.heard();
    assert_eq!((heard.len(), heard[0].header("authorization")), (1, None));
    let note = format!(
        "the login for {} was not sent to {}, which it names for tokens",
        server.host(),
        other.host()
    );
    assert_eq!(failure.notes, [note]);
}

#[test]
fn a_redirect_takes_no_login_along() {
    let other = Server::start(honest);
    let to = other.url("");
    let server = Server::start(move |heard| match heard.header("authorization") {
        Some(_) => Reply::redirect(format!("{to}{}?signature=x", heard.path)),
        None => Reply::new(401, "").with("WWW-Authenticate", "Basic realm=x"),
    });
    ask_with(logged_in(&server.host()), &format!("{}/demo/app:1.0", server.host())).unwrap();
    let heard = other.heard();
    assert_eq!(heard.len(), 2, "manifest and configuration");
    assert!(heard.iter().all(|heard| heard.header("authorization").is_none()), "{heard:?}");
    assert!(heard.iter().all(|heard| heard.header("referer").is_none()), "{heard:?}");

    // nor does the other host get it by asking for it
    let greedy = Server::always(Reply::new(401, "").with("WWW-Authenticate", "Basic realm=x"));
    let to = greedy.url("/");
    let server = Server::start(move |_| Reply::redirect(to.clone()));
    let both = format!(
        "{{\"auths\": {{\"{}\": {{\"auth\": \"{ALICE}\"}}, \"{}\": {{\"auth\": \"{ALICE}\"}}}}}}",
        server.host(),
        greedy.host()
    );
    let options = Options { credentials: Credentials::parse(&both).unwrap(), ..options() };
    let failure = ask_with(options, &format!("{}/demo/app:1.0", server.host())).unwrap_err();
    assert!(matches!(*failure.cause, Cause::NoAccess { logged_in: false, .. }), "{failure:?}");
    assert!(greedy.heard().iter().all(|heard| heard.header("authorization").is_none()));
}

#[test]
fn redirects_that_are_not_followed() {
    for (to, why) in [
        (
            "http://registry.example/v2/",
            "sends to http://registry.example: that is plain HTTP, where anybody can answer",
        ),
        ("http://169.254.169.254/latest/meta-data", "that is an address inside of this machine"),
        ("http://u:p@127.0.0.1/", "it carries a login of its own"),
        ("file:///etc/passwd", "that is not HTTP"),
        ("http://[", "sends to http://[: that is no URL"),
    ] {
        let told = told(&failure(&Server::always(Reply::redirect(to))));
        assert!(told.starts_with("registry-untrusted: ") && told.contains(why), "{told}");
    }
    let server = Server::start(|heard| Reply::redirect(heard.path.clone()));
    assert!(told(&failure(&server)).ends_with("sends to 5 other places in turn: that never ends"));
    assert_eq!(server.heard().len(), 6);
}

#[test]
fn content_is_what_its_digest_says() {
    let other = digest(b"other");
    let server = Server::start(honest);
    let told_of = |image: String| told(&ask_with(options(), &image).unwrap_err());
    let message = told_of(format!("{}/demo/app@{other}", server.host()));
    assert!(
        message.starts_with("registry-untrusted: ") && message.ends_with(&format!("instead of {other}")),
        "{message}"
    );

    // by tag the header names it
    let sum = other.clone();
    let server = Server::start(move |_| {
        Reply::document(IMAGE, image().0.to_string()).with("Docker-Content-Digest", sum.clone())
    });
    assert!(told(&failure(&server)).ends_with(&format!("instead of {other}")));

    // a configuration
    let server = Server::start(|heard| {
        if heard.path.contains("/blobs/") {
            Reply::new(200, image().1.replace("amd64", "arm64"))
        } else {
            honest(heard)
        }
    });
    assert!(told(&failure(&server)).contains("sends other content than asked for"));

    // a child
    let server = Server::start(|heard| {
        if !heard.path.ends_with("/1.0") {
            return honest(heard);
        }
        let mut child = entry(&image().0, Some("linux/amd64"));
        child["digest"] = json!(digest(b"other"));
        Reply::document(INDEX, index(INDEX, &[child]).to_string())
    });
    assert!(told(&failure(&server)).contains("sends other content than asked for"));
}

#[test]
#[rustfmt::skip] // a table
fn documents_that_are_refused() {
    let (manifest, _) = image();
    let child = entry(&manifest, Some("linux/amd64"));
    let both = |media_type: &str| json!({"schemaVersion": 2, "mediaType": media_type, "manifests": [child],
        "config": manifest["config"], "layers": []}).to_string();
    let many: Vec<Value> = (0..65).map(|_| child.clone()).collect();
    let typed = |text: &str| manifest.to_string().replace("\"layers\"", text);
    for (media_type, body, expected) in [
        (INDEX, both(INDEX), "image-unreadable: it is an index and an image at once"),
        (IMAGE, both(IMAGE), "image-unreadable: it is an image and an index at once"),
        (INDEX, both(IMAGE), "image-unreadable: but calls itself `application/vnd.oci.image.manifest.v1+json`"),
        (IMAGE, typed("\"Manifests\""), "image-unreadable: `Manifests` is read by some programs and not by others"),
        (IMAGE, typed("\"layers\":[],\"layers\""), "image-unreadable: duplicate field `layers`"),
        (IMAGE, "[".repeat(100_000), "image-unreadable: it is no JSON map"),
        (IMAGE, "{}".into(), "image-unreadable: it is an image without `config`"),
        (INDEX, "{}".into(), "image-unreadable: it is an index without `manifests`"),
        (INDEX, index(INDEX, &[]).to_string(), "image-unreadable: it lists no image"),
        (INDEX, index(INDEX, &many).to_string(), "image-unreadable: it lists 65 images, no index needs more than 64"),
        (IMAGE, json!({"schemaVersion": 1, "fsLayers": []}).to_string(), "image-unreadable: it is in Docker's first format"),
        ("application/vnd.docker.distribution.manifest.v1+prettyjws", "{}".into(), "image-unreadable: it is in Docker's first format"),
        ("application/json", manifest.to_string(), "registry-unknown: calls what it sends `application/json`"),
        ("text/html", "<html>Welcome to our hotel".into(), "registry-unknown: a web page came back"),
        ("application/octet-stream", " <!DOCTYPE html>".into(), "registry-unknown: a web page came back"),
    ] {
        let server = Server::always(Reply::document(media_type, body));
        let told = told(&failure(&server));
        let (code, message) = expected.split_once(": ").unwrap();
        assert!(told.starts_with(code) && told.contains(message), "{expected}\n{told}");
    }
}

#[test]
fn indexes_without_end() {
    // honest digests all the way down: a chain that was built from its end
    let mut chain = vec![image().0];
    for _ in 0..40 {
        let inner = chain.last().unwrap();
        let outer = index(INDEX, &[entry(inner, None)]);
        chain.push(outer);
    }
    let top = chain.pop().unwrap().to_string();
    let server = Server::start(move |heard| {
        let inner =
            chain.iter().find(|document| heard.path.ends_with(&digest(document.to_string().as_bytes())));
        Reply::document(INDEX, inner.map_or_else(|| top.clone(), ToString::to_string))
    });
    let told = told(&failure(&server));
    assert!(told.starts_with("image-unreadable: ") && told.contains("indexes in indexes"), "{told}");
    assert_eq!(server.heard().len(), 3);

    // and one as wide as it may be at each level
    let leaf = image().0;
    let level = |inner: &Value| {
        let entries: Vec<Value> = (0..64)
            .map(|number| {
                let mut one = inner.clone();
                one["annotations"] = json!({"n": number.to_string()});
                one
            })
            .collect();
        entries
    };
    let inner: Vec<Value> = level(&index(INDEX, &[entry(&leaf, None)]));
    let top =
        index(INDEX, &inner.iter().map(|document| entry(document, None)).collect::<Vec<_>>()).to_string();
    let server = Server::start(move |heard| {
        let found =
            inner.iter().find(|document| heard.path.ends_with(&digest(document.to_string().as_bytes())));
        Reply::document(INDEX, found.map_or_else(|| top.clone(), ToString::to_string))
    });
    assert!(matches!(*failure(&server).cause, Cause::Unreadable { .. }));
    assert!(server.heard().len() < 20, "{}", server.heard().len());
}

#[test]
fn other_places_for_content_are_not_asked() {
    let other = Server::start(honest);
    let url = other.url("/manifest");
    let server = Server::start(move |heard| {
        if !heard.path.ends_with("/1.0") {
            return Reply::new(404, "{\"errors\": []}");
        }
        let mut child = entry(&image().0, Some("linux/amd64"));
        child["urls"] = json!([url]);
        Reply::document(INDEX, index(INDEX, &[child]).to_string())
    });
    assert!(told(&failure(&server)).starts_with("image-platform-gone: "));
    assert_eq!(other.lines(), [""; 0]);
}

#[test]
fn nothing_takes_forever() {
    let ok = || Reply::document(IMAGE, "");
    for (reply, expected) in [
        (ok().endless(), "registry-untrusted: sends a manifest of more than 4393216 bytes"),
        (Reply::new(404, "").endless(), "image-not-found: has no `1.0`"),
        (ok().slow(), "registry-unreachable: does not answer: out of time while it was sending"),
        (Reply::silent(), "registry-unreachable: does not answer: out of time waiting for it"),
        (ok().endless_headers(), "registry-unreachable: the connection to"),
    ] {
        let start = Instant::now();
        let told = told(&failure(&Server::always(reply)));
        let (code, message) = expected.split_once(": ").unwrap();
        assert!(told.starts_with(code) && told.contains(message), "{expected}\n{told}");
        assert!(start.elapsed() < Duration::from_secs(5), "{expected}: {:?}", start.elapsed());
    }
}

#[test]
fn a_server_may_ask_to_wait_but_not_for_long() {
    let server = Server::always(Reply::new(429, "slow down").with("Retry-After", "86400"));
    let start = Instant::now();
    let limited = failure(&server);
    assert!(told(&limited).ends_with("wants no more questions: try again in 24 hours"), "{}", told(&limited));
    assert_eq!(limited.code().name, "registry-rate-limit");
    assert!(start.elapsed() < Duration::from_secs(1) && server.heard().len() == 1);

    let dated = Reply::new(429, "")
        .with("Date", "Mon, 23 Nov 2026 10:00:00 GMT")
        .with("Retry-After", "Mon, 23 Nov 2026 10:30:00 GMT");
    assert!(told(&failure(&Server::always(dated))).ends_with("try again in 30 minutes"));

    // once is forgiven, and the user sees it
    let times = AtomicUsize::new(0);
    let server = Server::start(move |heard| match times.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::new(429, "").with("Retry-After", "1"),
        _ => honest(heard),
    });
    let seen = std::sync::Mutex::new(Vec::new());
    let client = Client::new(options()).unwrap();
    let results = client.resolve(&[wish(&format!("{}/demo/app:1.0", server.host()))], &|progress| {
        seen.lock().unwrap().push(match progress {
            Progress::Begins(_) => "begins".to_owned(),
            Progress::Waits { pause, why, next, of, .. } => {
                format!("waits {}s, {} ({next}/{of})", pause.as_secs(), why.split_once(' ').unwrap().1)
            }
            Progress::Ends(_, result) => format!("ends {}", result.is_ok()),
        });
    });
    assert!(results[0].is_ok());
    assert_eq!(
        seen.into_inner().unwrap(),
        ["begins", "waits 1s, answers with status 429 (2/2)", "ends true"]
    );

    let server = Server::always(Reply::new(
        503,
        "{\"errors\": [{\"code\": \"UNAVAILABLE\", \"message\": \"later\"}]}",
    ));
    assert!(told(&failure(&server)).ends_with("answers with status 503"));
    assert_eq!(server.heard().len(), 2, "as often as the limit says");
}

#[test]
fn a_servers_words_do_not_steer_the_terminal() {
    let body = "{\"errors\": [{\"code\": \"DENIED\\u001b[2J\", \"message\": \"a\\r\\nb\\u202e\"}]}";
    for status in [403, 404, 418, 429, 500] {
        let reply = Reply::new(status, body).with("Retry-After", "999999");
        let failure = failure(&Server::always(reply));
        told(&failure);
        assert!(format!("{:?}", failure.cause).contains("DENIED�[2J: a��b�"), "{failure:?}");
    }
    let reply = Reply::document("text/\u{9b}31m", "{}");
    told(&failure(&Server::always(reply)));
    let reply = Reply::new(401, "").with("WWW-Authenticate", "Bearer realm=\"http://x/\u{1b}\"");
    told(&failure(&Server::always(reply)));
    let child = json!({"mediaType": IMAGE, "size": 2, "digest": "sha256:\u{1b}[2J", "platform": platform_of("linux/amd64")});
    told(&failure(&Server::always(Reply::document(INDEX, index(INDEX, &[child]).to_string()))));
}

#[test]
fn nobody_there() {
    // a port that was free a moment ago
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let refused = ask_with(options(), &format!("127.0.0.1:{port}/demo/app:1.0")).unwrap_err();
    assert_eq!(*refused.cause, Cause::Refused { host: format!("127.0.0.1:{port}") });
    let nowhere = ask_with(options(), "registry.invalid/demo/app:1.0").unwrap_err();
    for failure in [refused, nowhere] {
        assert!(failure.is_machine(), "{failure:?}");
        assert!(told(&failure).starts_with("registry-unreachable: "));
    }
    let page = Server::always(Reply::document("text/html", "<html>").with("X", "y"));
    assert!(!failure(&page).is_machine());
}

#[test]
fn an_unchanged_digest_costs_one_head() {
    let server = Server::start(honest);
    let sum = digest(image().0.to_string().as_bytes());
    let client = Client::new(options()).unwrap();
    let known = |known: &str| Wish {
        known: Some(known.to_owned()),
        ..wish(&format!("{}/demo/app:1.0", server.host()))
    };
    assert_eq!(client.resolve(&[known(&sum)], &|_| ()), [Ok(Outcome::Unchanged)]);
    assert_eq!(server.lines(), ["HEAD /v2/demo/app/manifests/1.0"]);
    let moved = client.resolve(&[known(&digest(b"old"))], &|_| ());
    assert!(matches!(moved[0], Ok(Outcome::Resolved(_))));
    assert_eq!(server.lines()[1..3], ["HEAD /v2/demo/app/manifests/1.0", "GET /v2/demo/app/manifests/1.0"]);
}

#[test]
fn a_registry_without_head_is_asked_again() {
    let server =
        Server::start(|heard| if heard.method == "HEAD" { Reply::new(405, "") } else { honest(heard) });
    let wish = Wish { known: Some(digest(b"old")), ..wish(&format!("{}/demo/app:1.0", server.host())) };
    let results = Client::new(options()).unwrap().resolve(&[wish], &|_| ());
    assert!(matches!(results[0], Ok(Outcome::Resolved(_))), "{results:?}");
}

#[test]
fn so_many_at_a_time_and_each_by_itself() {
    let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let (counted, highest) = (now.clone(), most.clone());
    let server = Server::start(move |heard| {
        highest.fetch_max(counted.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        std::thread::sleep(Duration::from_millis(20));
        counted.fetch_sub(1, Ordering::SeqCst);
        if heard.path.contains("/bad") { Reply::new(404, "{\"errors\": []}") } else { honest(heard) }
    });
    let wishes: Vec<Wish> = (0..12)
        .map(|number| {
            wish(&format!("{}/{}{number}:1.0", server.host(), if number == 5 { "bad" } else { "good" }))
        })
        .collect();
    let results = Client::new(options()).unwrap().resolve(&wishes, &|_| ());
    let failed: Vec<usize> = (0..12).filter(|&number| results[number].is_err()).collect();
    assert_eq!((results.len(), failed), (12, vec![5]));
    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[test]
fn mirrors_first_and_the_registry_last() {
    let empty = Server::always(Reply::new(404, "{\"errors\": []}"));
    let mirror = Server::start(honest);
    let registry = Server::start(honest);
    let text = format!(
        "mirrors:\n  \"{}\":\n    endpoint: [\"{}\", \"{}\"]\n    rewrite: {{\"^demo/(.*)\": \"cache/$1\"}}\n\
         configs:\n  \"{}\": {{auth: {{username: alice, password: s3cret}}}}\n",
        registry.host(),
        empty.url(""),
        mirror.url("/v2"),
        registry.host(),
    );
    let (mut sources, mut found) = (Sources::default(), Findings::default());
    let file = sources.add("registries.yaml".into(), Ok(text.into_bytes()));
    let node = stackc::yaml::read_typed(&sources, file, &mut found).unwrap();
    let registries = Registries::read(&node, &mut found).unwrap();
    ask_with(Options { registries, ..options() }, &format!("{}/demo/app:1.0", registry.host())).unwrap();
    let ns = registry.host().replace(':', "%3A");
    assert_eq!(empty.lines(), [format!("GET /v2/cache/app/manifests/1.0?ns={ns}")]);
    assert_eq!(mirror.lines()[0], format!("GET /v2/cache/app/manifests/1.0?ns={ns}"));
    assert_eq!(registry.lines(), [""; 0]);
}

#[test]
fn tags_come_in_pages() {
    let server = Server::start(|heard| match heard.path.as_str() {
        "/v2/demo/app/tags/list?n=1000" => {
            Reply::new(200, "{\"name\": \"demo/app\", \"tags\": [\"1.0\", \"1.1\"]}")
                .with("Link", "<http://other.example/v2/x/tags/list?last=1.1&n=2>; rel=\"next\"")
        }
        "/v2/demo/app/tags/list?last=1.1&n=2" => Reply::new(200, "{\"tags\": [\"2.0\"]}"),
        _ => Reply::new(404, ""),
    });
    let image = Image::parse(&format!("{}/demo/app", server.host())).unwrap();
    let tags = Client::new(options()).unwrap().tags(&[image], &|_| ());
    assert_eq!(tags, [Ok(["1.0", "1.1", "2.0"].map(ToOwned::to_owned).to_vec())]);

    // a page that is always followed by another
    let endless = Server::always(
        Reply::new(200, json!({"tags": vec!["x"; 10_000]}).to_string())
            .with("Link", "</v2/a?last=x>; rel=\"next\""),
    );
    let image = Image::parse(&format!("{}/demo/app", endless.host())).unwrap();
    let tags = Client::new(options()).unwrap().tags(&[image], &|_| ()).pop().unwrap().unwrap();
    assert_eq!((tags.len(), endless.heard().len()), (50_000, 5));
}

const V4: &str = "173.245.48.0/20\n103.21.244.0/22\n103.22.200.0/22\n103.31.4.0/22\n141.101.64.0/18\n108.162.192.0/18\n\
    190.93.240.0/20\n188.114.96.0/20\n197.234.240.0/22\n198.41.128.0/17";
const V6: &str = "2400:cb00::/32\n2606:4700::/32\n2803:f800::/32\n2405:b500::/32\n2405:8100::/32\n";

/// Cloudflare on a server: the API's answer, and both lists behind a redirect, as they are.
fn cloudflare(api: Reply, v4: &'static str) -> (Server, Published) {
    let server = Server::start(move |heard| match heard.path.as_str() {
        "/api" => api.clone(),
        "/ips-v4" => Reply::redirect("/ips-v4/"),
        "/ips-v4/" => Reply::document("text/plain", v4),
        _ => Reply::document("text/plain", V6),
    });
    let published =
        Published { api: server.url("/api"), v4: server.url("/ips-v4"), v6: server.url("/ips-v6") };
    (server, published)
}

#[test]
fn cloudflares_ranges_from_the_api_or_the_lists() {
    let list = |text: &str| text.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>();
    let etag = "38f79d050aa027e3be3865e495dcc9bc";
    let api = json!({"success": true, "errors": [], "messages": [],
        "result": {"ipv4_cidrs": list(V4), "ipv6_cidrs": list(V6), "etag": etag}});
    let client = Client::new(options()).unwrap();
    let (server, published) = cloudflare(Reply::document("application/json", api.to_string()), V4);
    let ranges = client.cloudflare(&published, &|_| ()).unwrap();
    assert_eq!((ranges.v4.len(), ranges.v6.len(), ranges.etag.as_deref()), (10, 5, Some(etag)));
    assert_eq!(server.lines(), ["GET /api"]);

    let (server, published) = cloudflare(Reply::new(403, "<html>"), V4);
    let same = client.cloudflare(&published, &|_| ()).unwrap();
    assert_eq!((same.v4, same.v6, same.etag), (ranges.v4, ranges.v6, None));
    assert_eq!(server.lines(), ["GET /api", "GET /ips-v4", "GET /ips-v4/", "GET /ips-v6"]);

    for (v4, why) in [
        ("<html>", "it is a web page"),
        ("10.0.0.0/8", "is not a public network"),
        (V6, "`2400:cb00::/32` has no place in"),
        ("", "0 IPv4 and 5 IPv6 ranges"),
    ] {
        let (_server, published) = cloudflare(Reply::new(500, ""), v4);
        let failure = client.cloudflare(&published, &|_| ()).unwrap_err();
        let told = told(&failure);
        assert!(
            told.starts_with("cloudflare-list-invalid: Cloudflare's ranges: ") && told.contains(why),
            "{told}"
        );
        assert!(failure.notes[0].contains("status 500"), "{failure:?}");
    }
    let published =
        Published { api: "http://192.0.2.1/".into(), v4: "http://192.0.2.1/".into(), ..published };
    let failure = client.cloudflare(&published, &|_| ()).unwrap_err();
    assert_eq!(*failure.cause, Cause::Plain { host: "192.0.2.1".into() });
}
