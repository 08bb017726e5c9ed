//! `fetch` against a real registry: every shape of document, TLS, logins.

use std::collections::BTreeSet;
use std::time::Duration;

use serde_json::{Value, json};
use stackc::fetch::{Cause, Client, Credentials, Failure, Flaw, Limits, Options, Outcome, Resolved, Wish};
use stackc::kube::{Image, Platform};

use crate::docker_registry::{DOCKER, IMAGE, INDEX, LIST, Registry, entry, index};
use crate::stack::Folder;

fn client(options: Options) -> Client {
    Client::new(options).unwrap()
}

/// Asks for one image and all that stackc has a word for.
fn ask(client: &Client, image: &str) -> Result<Resolved, Failure> {
    let image = Image::parse(image).unwrap();
    let wish = Wish { image, platforms: Platform::all().collect(), known: None };
    match client.resolve(&[wish], &|_| ()).pop().unwrap()? {
        Outcome::Resolved(resolved) => Ok(resolved),
        Outcome::Unchanged => panic!("nothing was known"),
    }
}

/// The children as `linux/arm64=arm64 proved`.
fn children(resolved: &Resolved) -> Vec<String> {
    let told = |child: &stackc::fetch::Child| {
        let word = child.platform.map_or("-", Platform::word);
        format!("{}={word}{}", child.name, if child.config.is_some() { " proved" } else { "" })
    };
    resolved.children.iter().map(told).collect()
}

#[test]
fn every_shape_of_document() {
    let registry = Registry::plain();
    let app = |tag: &str| format!("{}/demo/app:{tag}", registry.host());
    let client = client(Options::default());

    let single = registry.image("demo/app", IMAGE, "linux/arm64/v8");
    let sum = registry.push("demo/app", Some("single"), IMAGE, &single);
    let resolved = ask(&client, &app("single")).unwrap();
    assert_eq!((&resolved.digest, resolved.media_type.as_str()), (&sum, IMAGE));
    assert_eq!(children(&resolved), ["linux/arm64/v8=arm64 proved"]);
    assert_eq!(resolved.children[0].digest, sum);
    assert_eq!(resolved.children[0].config.as_deref(), single["config"]["digest"].as_str());
    let by_digest = ask(&client, &format!("{}/demo/app:moved@{sum}", registry.host())).unwrap();
    assert_eq!(by_digest, resolved);

    let docker = registry.image("demo/app", DOCKER, "linux/amd64");
    registry.push("demo/app", Some("docker"), DOCKER, &docker);
    assert_eq!(children(&ask(&client, &app("docker")).unwrap()), ["linux/amd64=amd64 proved"]);

    let entries: Vec<Value> =
        ["linux/amd64", "linux/arm64/v8", "linux/arm/v7", "windows/amd64", "linux/amd64/v3"]
            .map(|platform| registry.entry("demo/app", IMAGE, platform))
            .into();
    let mut all = entries.clone();
    all.insert(1, attestation(&registry, &entries[0]));
    all.push(artifact(&registry));
    let multi = index(INDEX, &all);
    let sum = registry.push("demo/app", Some("multi"), INDEX, &multi);
    let resolved = ask(&client, &app("multi")).unwrap();
    let expected = [
        "linux/amd64=amd64 proved",
        "linux/arm64/v8=arm64 proved",
        "linux/arm/v7=arm/v7 proved",
        "windows/amd64=-",
        "linux/amd64/v3=-",
    ];
    assert_eq!((&resolved.digest, children(&resolved)), (&sum, expected.map(ToOwned::to_owned).to_vec()));
    assert_eq!(resolved.children[1].digest, entries[1]["digest"].as_str().unwrap());

    let list: Vec<Value> =
        ["linux/amd64", "linux/arm/v6"].map(|platform| registry.entry("demo/app", DOCKER, platform)).into();
    registry.push("demo/app", Some("list"), LIST, &index(LIST, &list));
    let resolved = ask(&client, &app("list")).unwrap();
    assert_eq!(resolved.media_type, LIST);
    assert_eq!(children(&resolved), ["linux/amd64=amd64 proved", "linux/arm/v6=arm/v6 proved"]);

    let nested = index(INDEX, &[list[1].clone(), entry(&multi, None)]);
    registry.push("demo/app", Some("nested"), INDEX, &nested);
    let resolved = ask(&client, &app("nested")).unwrap();
    assert_eq!(children(&resolved)[..2], ["linux/arm/v6=arm/v6 proved", "linux/amd64=amd64 proved"]);
    assert_eq!(resolved.children.len(), 6);

    let nameless: Vec<Value> = entries.iter().take(2).map(|entry| without(entry, "platform")).collect();
    registry.push("demo/app", Some("nameless"), INDEX, &index(INDEX, &nameless));
    // containerd takes the first of those, and no other
    assert_eq!(children(&ask(&client, &app("nameless")).unwrap()), ["linux/amd64=amd64 proved"]);

    let untyped = without(&multi, "mediaType");
    registry.push("demo/app", Some("untyped"), INDEX, &untyped);
    assert_eq!(children(&ask(&client, &app("untyped")).unwrap()).len(), 5);
}

fn without(value: &Value, key: &str) -> Value {
    let mut value = value.clone();
    value.as_object_mut().unwrap().remove(key);
    value
}

/// What BuildKit writes beside an image.
pub(crate) fn attestation(registry: &Registry, of: &Value) -> Value {
    let (config, layer) = ("{}", "{\"_type\":\"https://in-toto.io/Statement/v0.1\"}");
    let document = json!({"schemaVersion": 2, "mediaType": IMAGE,
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": config.len(),
            "digest": registry.blob("demo/app", config.as_bytes())},
        "layers": [{"mediaType": "application/vnd.in-toto+json", "size": layer.len(),
            "digest": registry.blob("demo/app", layer.as_bytes())}]});
    registry.push("demo/app", None, IMAGE, &document);
    let mut entry = entry(&document, Some("unknown/unknown"));
    entry["annotations"] = json!({"vnd.docker.reference.type": "attestation-manifest",
        "vnd.docker.reference.digest": of["digest"]});
    entry
}

/// An entry that is no image at all.
fn artifact(registry: &Registry) -> Value {
    let mut document = registry.image("demo/app", IMAGE, "linux/riscv64");
    document["artifactType"] = json!("application/vnd.example.sbom");
    registry.push("demo/app", None, IMAGE, &document);
    let mut entry = entry(&document, Some("linux/riscv64"));
    entry["artifactType"] = document["artifactType"].clone();
    entry
}

#[test]
fn what_an_index_says_is_compared_with_the_image() {
    let registry = Registry::plain();
    let client = client(Options::default());
    let amd64 = registry.entry("demo/app", IMAGE, "linux/amd64");
    let mut lie = amd64.clone();
    lie["platform"] = json!({"os": "linux", "architecture": "arm64"});
    registry.push("demo/app", Some("lie"), INDEX, &index(INDEX, &[amd64.clone(), lie]));
    let image = format!("{}/demo/app:lie", registry.host());
    let failure = ask(&client, &image).unwrap_err();
    let digest = amd64["digest"].as_str().unwrap().to_owned();
    let (entry, config) = ("linux/arm64".to_owned(), "linux/amd64".to_owned());
    assert_eq!(*failure.cause, Cause::Mislabelled { digest, entry, config });
    assert_eq!(failure.code().name, "image-mislabelled");

    // nobody wants arm64: it is listed and not asked for
    let platforms = vec![Platform::parse("amd64").unwrap()];
    let wish = Wish { image: Image::parse(&image).unwrap(), platforms, known: None };
    let Ok(Outcome::Resolved(resolved)) = client.resolve(&[wish], &|_| ()).pop().unwrap() else { panic!() };
    assert_eq!(children(&resolved), ["linux/amd64=amd64 proved", "linux/arm64=arm64"]);
}

#[test]
fn a_platform_that_vanished_and_names_that_never_were() {
    let registry = Registry::plain();
    let client = client(Options::default());
    let entries = ["linux/amd64", "linux/arm64"].map(|platform| registry.entry("demo/app", IMAGE, platform));
    registry.push("demo/app", Some("1.0"), INDEX, &index(INDEX, &entries));
    registry.delete("demo/app", entries[1]["digest"].as_str().unwrap());
    let failure = ask(&client, &format!("{}/demo/app:1.0", registry.host())).unwrap_err();
    let digest = entries[1]["digest"].as_str().unwrap().to_owned();
    assert_eq!(*failure.cause, Cause::ChildGone { platform: "linux/arm64".into(), digest });
    assert_eq!(failure.code().name, "image-platform-gone");

    for (name, reference) in [("demo/app", "2.0"), ("demo/none", "1.0")] {
        let failure = ask(&client, &format!("{}/{name}:{reference}", registry.host())).unwrap_err();
        assert_eq!(failure.code().name, "image-not-found");
        let Cause::NotFound { repository, reference: asked, said } = *failure.cause else { panic!() };
        assert_eq!((repository, asked.as_str()), (format!("{}/{name}", registry.host()), reference));
        assert_eq!(said, "MANIFEST_UNKNOWN: manifest unknown");
    }

    let tags = client.tags(&[Image::parse(&format!("{}/demo/app", registry.host())).unwrap()], &|_| ());
    assert_eq!(tags[0].as_ref().unwrap(), &["1.0"]);
}

#[test]
fn a_helm_chart_is_no_image() {
    let registry = Registry::plain();
    let mut chart = registry.image("demo/chart", IMAGE, "linux/amd64");
    chart["config"]["mediaType"] = json!("application/vnd.cncf.helm.config.v1+json");
    registry.push("demo/chart", Some("1.0"), IMAGE, &chart);
    let failure =
        ask(&client(Options::default()), &format!("{}/demo/chart:1.0", registry.host())).unwrap_err();
    let why = "its configuration is `application/vnd.cncf.helm.config.v1+json`".to_owned();
    assert_eq!(*failure.cause, Cause::NoImage { why });
}

#[test]
fn a_private_authority_and_a_password() {
    let registry = Registry::closed();
    let app = registry.image("demo/app", IMAGE, "linux/amd64");
    let sum = registry.push("demo/app", Some("1.0"), IMAGE, &app);
    let image = format!("{}/demo/app:1.0", registry.host());
    let with = |credentials| {
        client(Options { credentials, authorities: registry.authority(), ..Options::default() })
    };

    let unknown = ask(&client(Options::default()), &image).unwrap_err();
    assert_eq!(*unknown.cause, Cause::Certificate { host: registry.host(), flaw: Flaw::Unknown });
    assert_eq!(unknown.code().name, "registry-certificate");

    let stranger = ask(&with(Credentials::default()), &image).unwrap_err();
    assert!(matches!(*stranger.cause, Cause::NoAccess { logged_in: false, .. }), "{stranger:?}");

    // what `docker login` writes: alice:s3cret, alice:wrong
    let file = |auth: &str| format!("{{\"auths\": {{\"{}\": {{\"auth\": \"{auth}\"}}}}}}", registry.host());
    let alice = with(Credentials::parse(&file("YWxpY2U6czNjcmV0")).unwrap());
    assert_eq!(ask(&alice, &image).unwrap().digest, sum);
    let wrong = ask(&with(Credentials::parse(&file("YWxpY2U6d3Jvbmc=")).unwrap()), &image).unwrap_err();
    assert!(matches!(*wrong.cause, Cause::NoAccess { logged_in: true, .. }), "{wrong:?}");
}

#[test]
fn a_certificate_whose_time_is_over() {
    let registry = Registry::expired();
    let options = Options { authorities: registry.authority(), ..Options::default() };
    let failure = ask(&client(options), &format!("{}/demo/app:1.0", registry.host())).unwrap_err();
    assert_eq!(*failure.cause, Cause::Certificate { host: registry.host(), flaw: Flaw::Expired });
}

#[test]
fn plain_http_where_it_is_told_meets_tls() {
    let registry = Registry::closed();
    let plain = BTreeSet::from([registry.host()]);
    let failure =
        ask(&client(Options { plain, ..Options::default() }), &format!("{}/demo/app", registry.host()));
    let Cause::Status { status, .. } = *failure.unwrap_err().cause else { panic!() };
    assert_eq!(status, 400);
}

/// A helper that notes what it was asked, and answers.
fn helper(answer: &str) -> Folder {
    use std::os::unix::fs::PermissionsExt;
    let folder = Folder::new();
    let script = format!(
        "#!/bin/sh\necho \"$1\" >> '{0}/asked'\ncat >> '{0}/asked'\n{answer}\n",
        folder.at("").display()
    );
    folder.write("docker-credential-test", script);
    let executable = std::fs::Permissions::from_mode(0o755);
    std::fs::set_permissions(folder.at("docker-credential-test"), executable).unwrap();
    folder
}

/// The helper is found in its folder, its own programs in the system's.
fn helped(registry: &Registry, file: &str, helpers: &Folder) -> Client {
    let path = format!("{}:/usr/bin:/bin", helpers.at("").display());
    let credentials = Credentials::parse(file).unwrap().helpers_in(path);
    client(Options { credentials, authorities: registry.authority(), ..Options::default() })
}

#[test]
fn a_credential_helper() {
    let registry = Registry::closed();
    let app = registry.image("demo/app", IMAGE, "linux/amd64");
    registry.push("demo/app", Some("1.0"), IMAGE, &app);
    let image = format!("{}/demo/app:1.0", registry.host());
    let only = format!("{{\"credHelpers\": {{\"{}\": \"test\"}}}}", registry.host());
    let all = "{\"credsStore\": \"test\"}".to_owned();

    for file in [&only, &all] {
        let helpers = helper("echo '{\"ServerURL\":\"x\",\"Username\":\"alice\",\"Secret\":\"s3cret\"}'");
        let client = helped(&registry, file, &helpers);
        ask(&client, &image).unwrap();
        ask(&client, &image).unwrap();
        assert_eq!(helpers.read("asked"), format!("get\n{}", registry.host()), "asked once");
    }
    for (answer, note) in [
        ("echo 'credentials not found in native keychain'; exit 1", None),
        (
            "printf 'the keychain is \\033[2Jlocked'; exit 1",
            Some("docker-credential-test: the keychain is �[2Jlocked"),
        ),
        ("echo nonsense", Some("docker-credential-test: its answer is not JSON with Username and Secret")),
    ] {
        let failure = ask(&helped(&registry, &only, &helper(answer)), &image).unwrap_err();
        assert!(matches!(*failure.cause, Cause::NoAccess { logged_in: false, .. }), "{failure:?}");
        assert_eq!(failure.notes, note.into_iter().collect::<Vec<_>>());
    }
    // one that never ends, nor lets go of its pipe
    let (helpers, start) = (helper("sleep 5 & sleep 5"), std::time::Instant::now());
    let path = format!("{}:/usr/bin:/bin", helpers.at("").display());
    let credentials = Credentials::parse(&only).unwrap().helpers_in(path);
    let limits = Limits { errand: Duration::from_secs(2), ..Limits::default() };
    let hasty =
        client(Options { credentials, limits, authorities: registry.authority(), ..Options::default() });
    let failure = ask(&hasty, &image).unwrap_err();
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    assert_eq!(failure.notes, ["docker-credential-test: no answer in 1 seconds"]);

    let failure = ask(&helped(&registry, &only, &Folder::new()), &image).unwrap_err();
    assert!(failure.notes[0].starts_with("docker-credential-test: No such file"), "{failure:?}");
}
