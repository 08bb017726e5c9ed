//! `stackc lock` against a real registry, and what `check` and `build` make of what it writes.

use std::os::unix::fs::MetadataExt;
use std::process::Command;

use serde_json::Value;
use stackc::kube::digest::digest;

use crate::docker_registry::{DOCKER, IMAGE, INDEX, LIST, Registry, entry, index};
use crate::registry::attestation;
use crate::stack::{Folder, Ran};

const HEAD: &str = "# Written by `stackc lock`: commit it, and change it with that command.\nstackc: 1\n";
const END: &str = "# end of stackc.lock\n";

/// A cluster of both architectures; `more` are lines of its own.
fn stack(more: &str) -> String {
    format!("stackc: 1\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {{arch: amd64}}\n  beta: {{arch: arm64}}\n{more}")
}

/// A stack whose images lie in a registry of this machine.
struct Home {
    folder: Folder,
    registry: Registry,
}

impl Home {
    fn new(registry: Registry) -> Home {
        Home { folder: Folder::new().with("home/stack.yaml", stack("")), registry }
    }

    /// With an app, whose image is the registry's; `rest` are lines of its own.
    fn app(&self, name: &str, image: &str, rest: &str) {
        let image = self.image(image);
        self.folder.write(&format!("home/apps/{name}.yaml"), format!("kind: app\nimage: {image}\n{rest}"));
    }

    /// As the stack writes it.
    fn image(&self, image: &str) -> String {
        format!("{}/{image}", self.registry.host())
    }

    /// An index of images for these platforms: its digest, and each entry's.
    fn index(&self, repository: &str, tag: &str, platforms: &[&str]) -> (String, Vec<String>) {
        let entries: Vec<Value> =
            platforms.iter().map(|platform| self.registry.entry(repository, IMAGE, platform)).collect();
        let sum = self.registry.push(repository, Some(tag), INDEX, &index(INDEX, &entries));
        (sum, entries.iter().map(|entry| entry["digest"].as_str().unwrap().to_owned()).collect())
    }

    /// Without the user's own logins.
    fn command(&self, arguments: &str) -> Command {
        let mut command = self.folder.command(arguments);
        command.env("DOCKER_CONFIG", self.folder.at("docker"));
        command
    }

    fn run(&self, arguments: &str) -> Ran {
        Ran::of(&mut self.command(arguments))
    }

    /// A run with this status, and what it says on stdout.
    fn says(&self, arguments: &str, status: i32) -> String {
        let ran = self.run(arguments);
        assert_eq!(ran.status, status, "{arguments}\n{}{}", ran.out, ran.err);
        ran.out
    }

    fn lock(&self) -> String {
        self.folder.read("home/stackc.lock")
    }

    /// Which file it is, and when it was last written.
    fn identity(&self) -> (u64, i64, i64) {
        let metadata = self.folder.at("home/stackc.lock").metadata().unwrap();
        (metadata.ino(), metadata.mtime(), metadata.mtime_nsec())
    }
}

/// The first digits, as changes are told.
fn short(digest: &str) -> &str {
    digest.get(..19).unwrap()
}

#[test]
fn every_shape_of_image_in_one_lock() {
    let home = Home::new(Registry::plain());
    let registry = &home.registry;
    let amd64 = registry.entry("demo/app", IMAGE, "linux/amd64");
    let arm64 = registry.entry("demo/app", IMAGE, "linux/arm64/v8");
    let others = ["linux/arm/v7", "windows/amd64", "linux/s390x"];
    let others = others.map(|platform| registry.entry("demo/app", IMAGE, platform));
    let mut all = vec![amd64.clone(), attestation(registry, &amd64), arm64.clone()];
    all.extend(others);
    let multi = index(INDEX, &all);
    let multi_sum = registry.push("demo/app", Some("multi"), INDEX, &multi);

    let single = registry.image("demo/app", DOCKER, "linux/arm64");
    let single_sum = registry.push("demo/app", Some("single"), DOCKER, &single);
    let docker = registry.entry("demo/app", DOCKER, "linux/amd64");
    let nested = index(LIST, &[docker.clone(), entry(&multi, None)]);
    let nested_sum = registry.push("demo/app", Some("nested"), LIST, &nested);

    home.app("multi", "demo/app:multi", "");
    home.app("nested", "demo/app:nested", "");
    home.app("single", "demo/app:single", "place: {arch: arm64}\n");
    let ran = home.run("lock");
    assert_eq!(ran.status, 0, "{}{}", ran.out, ran.err);

    let sum = |entry: &Value| entry["digest"].as_str().unwrap().to_owned();
    let (multi, single, nested) =
        (home.image("demo/app:multi"), home.image("demo/app:single"), home.image("demo/app:nested"));
    let (amd64, arm64, docker) = (sum(&amd64), sum(&arm64), sum(&docker));
    let expected = format!(
        "{HEAD}images:\n  \
         {multi}: {{digest: {multi_sum}, platforms: {{amd64: {amd64}, arm64: {arm64}}}, listed: [arm/v7, s390x]}}\n  \
         {nested}: {{digest: {nested_sum}, platforms: {{amd64: {docker}, arm64: {arm64}}}, listed: [arm/v7, s390x]}}\n  \
         {single}: {{digest: {single_sum}, platforms: {{arm64: {single_sum}}}}}\n{END}"
    );
    assert_eq!(home.lock(), expected);
    let told = format!(
        "added   {multi}: {}: amd64, arm64\nadded   {nested}: {}: amd64, arm64\nadded   {single}: {}: arm64\n\
         wrote home/stackc.lock (3 images)\n",
        short(&multi_sum),
        short(&nested_sum),
        short(&single_sum)
    );
    assert_eq!(ran.out, told);
    // one line an image where nobody looks, in the order in which answers came
    let mut lines: Vec<&str> = ran.err.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, [format!("asked {multi}"), format!("asked {nested}"), format!("asked {single}")]);

    let before = home.identity();
    assert_eq!(home.says("lock", 0), "home/stackc.lock is up to date\n");
    assert_eq!(home.identity(), before, "what did not change is not written");
    assert_eq!(
        home.says("check --locked", 0),
        "home: 3 apps, 3 objects on 2 nodes; 3 images, all with platforms from stackc.lock\n"
    );
    assert_eq!(home.folder.list("home"), ["apps", "stack.yaml", "stackc.lock"]);
}

#[test]
fn a_tag_that_moves_and_a_platform_that_vanishes() {
    let home = Home::new(Registry::plain());
    let (old, _) = home.index("demo/app", "1.0", &["linux/amd64", "linux/arm64"]);
    home.app("web", "demo/app:1.0", "");
    home.says("lock", 0);
    let (lock, identity) = (home.lock(), home.identity());

    let (new, sums) = home.index("demo/app", "1.0", &["linux/amd64"]);
    let image = home.image("demo/app:1.0");
    let moved = format!("moved   {image}: {} -> {}: amd64; gone: arm64\n", short(&old), short(&new));
    assert_eq!(
        home.says("lock --check", 1),
        format!("{moved}home/stackc.lock is not up to date: stackc lock\n")
    );
    assert_eq!((home.lock(), home.identity()), (lock, identity));
    assert_eq!(home.folder.list("home"), ["apps", "stack.yaml", "stackc.lock"]);

    assert_eq!(home.says("lock", 0), format!("{moved}wrote home/stackc.lock (1 image)\n"));
    let entry = format!("  {image}: {{digest: {new}, platforms: {{amd64: {}}}}}\n", sums[0]);
    assert_eq!(home.lock(), format!("{HEAD}images:\n{entry}{END}"));
    let told = home.says("check", 1);
    assert!(
        told.contains("does not run on beta (arm64)") && told.contains("what the registry said"),
        "{told}"
    );
    assert_eq!(home.says("lock --check", 0), "home/stackc.lock is up to date\n");
}

#[test]
fn a_platform_that_nobody_looked_at() {
    let home = Home::new(Registry::plain());
    home.index("demo/app", "1.0", &["linux/amd64", "linux/arm64", "linux/arm/v7"]);
    home.app("web", "demo/app:1.0", "");
    let one = stack("").replace("  beta: {arch: arm64}\n", "");
    home.folder.write("home/stack.yaml", &one);
    home.says("lock", 0);
    assert!(home.lock().contains(", listed: [arm/v7, arm64]}"), "{}", home.lock());

    // a machine joins the cluster
    home.folder.write("home/stack.yaml", stack(""));
    let told = home.says("check", 1);
    assert!(
        told.contains("error[image-lacks-arch]: the image of container `web` does not run on beta (arm64)")
    );
    let image = home.image("demo/app:1.0");
    let help = format!("= help: its index lists `arm64`, which nobody has looked at: stackc lock {image}\n");
    assert!(told.contains(&help), "{told}");
    let told = home.says("lock", 0);
    assert!(told.starts_with(&format!("proved  {image}: amd64, arm64\n")), "{told}");
    home.says("check", 0);

    // and leaves it, while the tag moves: what is only listed is not gone
    home.folder.write("home/stack.yaml", &one);
    home.index("demo/app", "1.0", &["linux/arm64", "linux/amd64"]);
    let told = home.says("lock", 0);
    assert!(told.starts_with("moved ") && !told.contains("gone"), "{told}");
}

#[test]
fn an_image_for_none_of_the_machines() {
    let home = Home::new(Registry::plain());
    let (sum, _) = home.index("demo/app", "1.0", &["linux/s390x", "linux/riscv64"]);
    home.app("web", "demo/app:1.0", "");
    let told = home.says("lock", 0);
    let image = home.image("demo/app:1.0");
    assert!(
        told.starts_with(&format!("added   {image}: {}: none of this cluster's machines\n", short(&sum)))
    );
    let told = home.says("check", 1);
    assert!(told.contains("error[image-lacks-arch]") && told.contains("built for riscv64, s390x"), "{told}");
    assert_eq!(home.says("lock", 0), "home/stackc.lock is up to date\n");
}

#[test]
fn only_what_is_named_is_asked_for() {
    let home = Home::new(Registry::plain());
    for name in ["one", "two", "three"] {
        home.index(&format!("demo/{name}"), "1.0", &["linux/amd64", "linux/arm64"]);
        home.app(name, &format!("demo/{name}:1.0"), "");
    }
    let asked = |ran: &Ran| {
        let mut lines: Vec<String> = ran.err.lines().map(ToOwned::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    let (one, three) = (home.image("demo/one:1.0"), home.image("demo/three:1.0"));
    let repository = home.image("demo/three");
    let ran = home.run(&format!("lock home {one} {repository}"));
    assert_eq!((ran.status, asked(&ran)), (0, vec![format!("asked {one}"), format!("asked {three}")]));
    assert_eq!(home.lock().lines().filter(|line| line.contains("digest")).count(), 2);

    home.index("demo/one", "1.0", &["linux/arm64", "linux/amd64"]);
    let ran = home.run(&format!("lock {three}"));
    assert_eq!(ran.out, "home/stackc.lock is up to date\n", "the other one's move is not seen");
    let ran = home.run("lock demo/thre:1.0");
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.starts_with("stackc: no pod of the stack uses demo/thre:1.0\n"), "{}", ran.err);
    let ran = home.run("lock --offline");
    assert_eq!((ran.out.as_str(), ran.err.as_str()), ("home/stackc.lock is up to date\n", ""));

    // what is used no longer goes, without asking
    std::fs::remove_file(home.folder.at("home/apps/three.yaml")).unwrap();
    assert!(home.says("check", 1).contains("error[image-platforms-unknown]"), "two was never asked for");
    let ran = home.run("lock --offline");
    let told = format!("dropped {three}\nwrote home/stackc.lock (1 image)\n");
    assert_eq!((ran.status, ran.out, ran.err), (0, told, String::new()));
}

#[test]
fn what_is_unused_is_told_until_it_is_dropped() {
    let home = Home::new(Registry::plain());
    for name in ["one", "two"] {
        home.index(&format!("demo/{name}"), "1.0", &["linux/amd64", "linux/arm64"]);
        home.app(name, &format!("demo/{name}:1.0"), "");
    }
    home.says("lock", 0);
    std::fs::remove_file(home.folder.at("home/apps/two.yaml")).unwrap();
    let told = home.says("check", 0);
    let two = home.image("demo/two:1.0");
    assert!(told.contains(&format!("warning[lock-unused]: no pod uses {two}\n")), "{told}");
    assert_eq!(
        home.says("lock --check --offline", 1),
        format!("dropped {two}\nhome/stackc.lock is not up to date: stackc lock\n")
    );
    home.says("lock --offline", 0);
    assert!(!home.says("check", 0).contains("lock-unused"));
    std::fs::remove_file(home.folder.at("home/apps/one.yaml")).unwrap();
    home.says("lock", 0);
    assert_eq!(home.lock(), format!("{HEAD}{END}"));
}

#[test]
fn a_registry_with_a_login_and_an_authority_of_its_own() {
    let home = Home::new(Registry::closed());
    home.index("demo/app", "1.0", &["linux/amd64", "linux/arm64"]);
    home.app("web", "demo/app:1.0", "");
    home.folder.write("ca.pem", home.registry.authority());
    let host = home.registry.host();

    let stranger = home.says("lock", 1);
    assert!(stranger.contains("error[registry-certificate]"), "{stranger}");
    assert!(stranger.contains("stackc lock --ca FILE"), "{stranger}");
    let stranger = home.says("lock --ca ca.pem", 1);
    assert!(stranger.contains(&format!("docker login {host}")), "{stranger}");
    assert!(!home.folder.at("home/stackc.lock").exists());

    home.folder.write("docker/config.json", login(&host, "YWxpY2U6d3Jvbmc="));
    let wrong = home.says("lock --ca ca.pem", 1);
    assert!(wrong.contains("not for this account"), "{wrong}");
    home.folder.write("docker/config.json", login(&host, "YWxpY2U6czNjcmV0"));
    home.says("lock --ca ca.pem", 0);
    assert_eq!(home.says("lock --ca ca.pem --check", 0), "home/stackc.lock is up to date\n");
    home.says("check --locked", 0);

    // the same from the environment, which beats the folder
    home.folder.write("docker/config.json", "no JSON");
    let mut command = home.command("lock --ca ca.pem --check");
    assert_eq!(Ran::of(command.env("DOCKER_AUTH_CONFIG", login(&host, "YWxpY2U6czNjcmV0"))).status, 0);
    let ran = home.run("lock --ca ca.pem");
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("docker/config.json: "), "{}", ran.err);
    let ran = home.run("lock --ca nowhere.pem");
    assert_eq!((ran.status, ran.err.contains("nowhere.pem: No such file")), (2, true), "{}", ran.err);
}

/// What `docker login` writes.
fn login(host: &str, auth: &str) -> String {
    format!("{{\"auths\": {{\"{host}\": {{\"auth\": \"{auth}\"}}}}}}")
}

#[test]
fn a_credential_helper_is_found_on_the_path() {
    use std::os::unix::fs::PermissionsExt;
    let home = Home::new(Registry::closed());
    home.index("demo/app", "1.0", &["linux/amd64", "linux/arm64"]);
    home.app("web", "demo/app:1.0", "");
    home.folder.write("ca.pem", home.registry.authority());
    home.folder.write("docker/config.json", "{\"credsStore\": \"test\"}");
    let helper = "bin/docker-credential-test";
    home.folder.write(helper, "#!/bin/sh\necho '{\"Username\": \"alice\", \"Secret\": \"s3cret\"}'\n");
    std::fs::set_permissions(home.folder.at(helper), std::fs::Permissions::from_mode(0o755)).unwrap();
    let mut command = home.command("lock --ca ca.pem");
    let ran = Ran::of(command.env("PATH", format!("{}:/usr/bin:/bin", home.folder.at("bin").display())));
    assert_eq!(ran.status, 0, "{}{}", ran.out, ran.err);
    // without it, the reason is told, and no secret
    home.index("demo/app", "1.0", &["linux/arm64", "linux/amd64"]);
    let told = home.says("lock --ca ca.pem", 1);
    assert!(told.contains("docker-credential-test: ") && !told.contains("s3cret"), "{told}");
}

#[test]
fn pin_digest_writes_the_index_and_check_finds_its_entry() {
    let home = Home::new(Registry::plain());
    let (sum, _) = home.index("demo/app", "1.0", &["linux/amd64", "linux/arm64"]);
    home.app("web", "demo/app:1.0", "");
    home.folder.write("home/stack.yaml", stack("pin: digest\n"));
    let told = home.says("check", 1);
    assert!(told.contains("error[pin-unlocked]") && told.contains("= help: stackc lock\n"), "{told}");
    home.says("lock", 0);
    let image = home.image("demo/app:1.0");
    assert!(home.says("build", 0).contains(&format!("image: {image}@{sum}\n")));
    let told = home.says("check --locked --deny warnings", 0);
    assert!(told.contains("1 image, all with platforms from stackc.lock"), "{told}");

    // a tag that moves is seen through its pin
    let (new, _) = home.index("demo/app", "1.0", &["linux/arm64", "linux/amd64"]);
    assert!(home.says("lock", 0).starts_with(&format!(
        "moved   {image}: {} -> {}",
        short(&sum),
        short(&new)
    )));
    assert!(home.says("build", 0).contains(&format!("image: {image}@{new}\n")));
    assert_eq!(home.says("lock", 0), "home/stackc.lock is up to date\n");
    assert_eq!(home.says("lock --offline", 0), "home/stackc.lock is up to date\n");
    assert_eq!(home.says(&format!("lock {image}"), 0), "home/stackc.lock is up to date\n");
}

#[test]
fn references_with_digests_and_two_spellings_of_one_image() {
    let home = Home::new(Registry::plain());
    let (old, _) = home.index("demo/app", "1.0", &["linux/amd64", "linux/arm64"]);
    let (new, _) = home.index("demo/app", "1.0", &["linux/arm64", "linux/amd64"]);
    home.app("a", "demo/app:1.0", "");
    home.app("b", &format!("demo/app@{old}"), "");
    home.app("c", &format!("demo/app:1.0@{old}"), "");
    home.app("d", &format!("demo/app:1.0@{new}"), "");
    home.app("e", "demo/app", "place: {node: alpha}\n");
    home.registry.push(
        "demo/app",
        Some("latest"),
        IMAGE,
        &home.registry.image("demo/app", IMAGE, "linux/amd64"),
    );
    home.says("lock", 0);
    let keys = |home: &Home| -> Vec<String> {
        let lock = home.lock();
        let lines = lock.lines().filter_map(|line| line.trim().split_once(": {digest"));
        lines.map(|(key, _)| key.rsplit_once("demo/").unwrap().1.to_owned()).collect()
    };
    let expected = |sums: &[&String]| {
        let digests = sums.iter().map(|sum| format!("app@{sum}"));
        let mut keys: Vec<String> =
            ["app:1.0".into(), "app:latest".into()].into_iter().chain(digests).collect();
        keys.sort_unstable();
        keys
    };
    assert_eq!(keys(&home), expected(&[&old, &new]));
    assert_eq!(
        home.says("check --locked", 0).lines().nth_back(1).unwrap(),
        "home: 5 apps, 5 objects on 2 nodes; 4 images, all with platforms from stackc.lock"
    );
    assert_eq!(home.says("lock", 0), "home/stackc.lock is up to date\n");

    // the tag moves; what is named by its digest does not
    home.index("demo/app", "1.0", &["linux/arm64", "linux/amd64", "linux/s390x"]);
    for pin in ["", "pin: digest\n"] {
        home.folder.write("home/stack.yaml", stack(pin));
        home.says("lock", 0);
        assert_eq!(keys(&home), expected(&[&old, &new]), "{pin}");
        let told = home.says("check --locked", 0);
        assert!(!told.contains("lock-unused"), "{told}");
        assert_eq!(home.says("lock", 0), "home/stackc.lock is up to date\n");
    }
    // tag and digest in two apps, then in one: an entry is no other's
    home.index("demo/app", "1.0", &["linux/arm64", "linux/amd64"]);
    std::fs::remove_file(home.folder.at("home/apps/a.yaml")).unwrap();
    home.folder.write("home/stack.yaml", stack(""));
    home.says("lock", 0);
    let mut expected = expected(&[&old, &new]);
    expected.retain(|key| key != "app:1.0");
    assert_eq!(keys(&home), expected);
    home.says("check --locked", 0);
}

#[test]
fn images_beside_the_main_one() {
    let home = Home::new(Registry::plain());
    for name in ["app", "init", "side", "data"] {
        home.index(&format!("demo/{name}"), "1.0", &["linux/amd64", "linux/arm64"]);
    }
    let image = |name: &str| home.image(&format!("demo/{name}:1.0"));
    let manifest = format!(
        "apiVersion: apps/v1\nkind: Deployment\nmetadata: {{name: web}}\nspec:\n  selector: {{matchLabels: {{a: b}}}}\n  \
         template:\n    metadata: {{labels: {{a: b}}}}\n    spec:\n      \
         initContainers:\n      - {{name: init, image: '{}'}}\n      - {{name: side, image: '{}', restartPolicy: Always}}\n      \
         containers:\n      - {{name: app, image: '{}'}}\n      \
         volumes:\n      - {{name: data, image: {{reference: '{}', pullPolicy: IfNotPresent}}}}\n",
        image("init"),
        image("side"),
        image("app"),
        image("data")
    );
    home.folder.write("home/manifests/web.yaml", manifest);
    home.says("lock", 0);
    let lock = home.lock();
    for name in ["app", "init", "side", "data"] {
        assert!(lock.contains(&image(name)), "{lock}");
    }
    let told = home.says("check --locked", 0);
    assert!(told.contains("4 images, all with platforms from stackc.lock"), "{told}");
}

#[test]
fn a_stack_without_images() {
    let folder = Folder::new().with("home/stack.yaml", stack(""));
    let ran = folder.stackc("lock");
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    assert_eq!(ran.out, "wrote home/stackc.lock (0 images)\n");
    assert_eq!(folder.read("home/stackc.lock"), format!("{HEAD}{END}"));
    assert_eq!(folder.stackc("lock").out, "home/stackc.lock is up to date\n");
    assert_eq!(folder.stackc("check --locked --deny warnings").status, 0);
}

#[test]
fn a_declaration_that_the_registry_denies() {
    let home = Home::new(Registry::plain());
    home.index("demo/app", "1.0", &["linux/amd64"]);
    home.app("web", "demo/app:1.0", "");
    let declared = format!("platforms: {{\"{}\": [amd64, arm64]}}\n", home.image("demo/app"));
    home.folder.write("home/stack.yaml", stack(&declared));
    assert_eq!(home.says("check --deny warnings", 0).lines().count(), 1, "a declaration proves");
    let locked = home.says("check --locked", 1);
    assert!(locked.contains("error[lock-lacks]") && locked.contains("= help: stackc lock\n"), "{locked}");
    home.says("lock", 0);
    let told = home.says("check", 1);
    let message =
        format!("error[platforms-contradicted]: {} was not built for arm64\n", home.image("demo/app:1.0"));
    assert!(told.contains(&message), "{told}");
    assert!(told.contains("error[image-lacks-arch]"), "{told}");
}

#[test]
fn an_old_lock_is_kept_and_what_did_resolve_is_told() {
    let home = Home::new(Registry::plain());
    home.index("demo/app", "1.0", &["linux/amd64", "linux/arm64"]);
    home.app("web", "demo/app:1.0", "");
    home.says("lock", 0);
    let (lock, identity) = (home.lock(), home.identity());
    let (old, new) = (digest(b"").len(), home.index("demo/app", "1.0", &["linux/arm64", "linux/amd64"]).0);
    assert_eq!(old, new.len());
    home.app("gone", "demo/gone:1.0", "");
    let ran = home.run("lock");
    assert_eq!(ran.status, 1);
    assert!(ran.out.contains("error[image-not-found]"), "{}", ran.out);
    assert!(ran.out.contains(&format!("moved   {}: ", home.image("demo/app:1.0"))), "{}", ran.out);
    assert!(ran.out.ends_with("1 error\nhome/stackc.lock is as it was\n"), "{}", ran.out);
    assert!(ran.err.contains(&format!("failed {}\n", home.image("demo/gone:1.0"))), "{}", ran.err);
    assert_eq!((home.lock(), home.identity()), (lock, identity));
}
