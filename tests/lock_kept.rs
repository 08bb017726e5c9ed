//! Whatever goes wrong, `stackc lock` leaves the old stackc.lock byte for byte, and tells what and how to go on.

use std::os::unix::fs::symlink;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use stackc::kube::digest::digest;

use crate::docker_registry::{IMAGE, platform_of};
use crate::server::{Heard, Reply, Server};
use crate::stack::{Folder, Ran};
use crate::tools::stdout;

/// A lock of an image that no registry has.
fn lock(image: &str) -> String {
    let (index, child) = ("1".repeat(64), "2".repeat(64));
    format!(
        "# Written by `stackc lock`: commit it, and change it with that command.\nstackc: 1\nimages:\n  \
         {image}: {{digest: sha256:{index}, platforms: {{amd64: sha256:{child}}}}}\n# end of stackc.lock\n"
    )
}

/// A stack whose one image is on a server, with an old lock.
pub(crate) fn home(server: &Server) -> Folder {
    let image = format!("{}/demo/app:1.0", server.host());
    Folder::new()
        .with("home/stack.yaml", "stackc: 1\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {arch: amd64}\n")
        .with("home/apps/web.yaml", format!("kind: app\nimage: {image}\n"))
        .with("home/stackc.lock", lock(&image))
}

pub(crate) fn run(folder: &Folder, arguments: &str) -> Ran {
    Ran::of(folder.command(arguments).env("DOCKER_CONFIG", folder.at("docker")))
}

/// A registry that has one image of amd64 under every name.
pub(crate) fn honest(heard: &Heard) -> Reply {
    let config = platform_of("linux/amd64").to_string();
    if heard.path.contains("/blobs/") {
        return Reply::document("application/octet-stream", config);
    }
    let manifest = json!({"schemaVersion": 2, "mediaType": IMAGE, "layers": [],
        "config": {"mediaType": "application/vnd.oci.image.config.v1+json", "size": config.len(),
            "digest": digest(config.as_bytes())}});
    let body = manifest.to_string();
    let sum = digest(body.as_bytes());
    Reply::document(IMAGE, body).with("Docker-Content-Digest", sum)
}

#[test]
fn answers_that_are_none() {
    let realm = "Bearer realm=\"http://169.254.169.254/token\"";
    let both = json!({"schemaVersion": 2, "manifests": [], "layers": [], "config": {}}).to_string();
    let lying = || Reply::document(IMAGE, "{\"schemaVersion\": 2}");
    for (name, reply, code) in [
        ("404", Reply::new(404, "{}"), "image-not-found"),
        ("401", Reply::new(401, "{}").with("WWW-Authenticate", "Basic realm=x"), "image-not-found"),
        ("403", Reply::new(403, "{}"), "image-not-found"),
        ("500", Reply::new(500, "{}").with("Retry-After", "0"), "registry-refuses"),
        ("429", Reply::new(429, "{}").with("Retry-After", "86400"), "registry-rate-limit"),
        ("web page", Reply::document("text/html", "<html>log in</html>"), "registry-unknown"),
        ("realm", Reply::new(401, "{}").with("WWW-Authenticate", realm), "registry-untrusted"),
        ("both", Reply::document(IMAGE, both), "image-unreadable"),
        (
            "digest",
            lying().with("Docker-Content-Digest", format!("sha256:{}", "3".repeat(64))),
            "registry-untrusted",
        ),
        ("endless", Reply::document(IMAGE, "").endless(), "registry-untrusted"),
        (
            "control",
            Reply::new(404, "{\"errors\":[{\"code\":\"X\",\"message\":\"\\u001b[2Jgone\"}]}"),
            "image-not-found",
        ),
    ] {
        let server = Server::always(reply);
        let folder = home(&server);
        let before = folder.read("home/stackc.lock");
        let ran = run(&folder, "lock");
        assert_eq!(ran.status, 1, "{name}: {}", ran.out);
        assert!(ran.out.starts_with(&format!("error[{code}]: ")), "{name}: {}", ran.out);
        assert!(ran.out.ends_with("1 error\nhome/stackc.lock is as it was\n"), "{name}: {}", ran.out);
        let printable = |c: char| c == '\n' || !c.is_control();
        assert!(ran.out.chars().all(printable) && ran.err.chars().all(printable), "{name}: {ran:?}");
        assert_eq!(folder.read("home/stackc.lock"), before, "{name}");
        assert_eq!(folder.list("home"), ["apps", "stack.yaml", "stackc.lock"], "{name}");
    }
}

#[test]
fn no_network_is_the_machine_s() {
    let server = Server::start(honest);
    let folder = home(&server);
    let before = folder.read("home/stackc.lock");
    // nobody listens there
    folder.write("home/apps/other.yaml", "kind: app\nimage: 127.0.0.1:1/demo/app:1.0\n");
    let ran = run(&folder, "lock");
    assert_eq!(ran.status, 2, "{}", ran.out);
    assert!(ran.out.contains("127.0.0.1:1 refuses connections"), "{}", ran.out);
    assert!(ran.out.contains("`build` and `check` need no network"), "{}", ran.out);
    let moved = format!("moved   {}/demo/app:1.0: sha256:111111111111 -> ", server.host());
    assert!(ran.out.contains(&moved) && ran.out.ends_with("home/stackc.lock is as it was\n"), "{}", ran.out);
    assert_eq!(folder.read("home/stackc.lock"), before);
    // each by itself goes on working
    let ran = run(&folder, &format!("lock {}/demo/app", server.host()));
    assert_eq!(ran.status, 0, "{}", ran.out);
}

#[test]
fn no_interface_at_all() {
    let server = Server::start(honest);
    let folder = home(&server);
    folder.write("home/stack.yaml", "stackc: 1\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {arch: amd64}\ningress: {clientIP: cloudflare, place: {node: alpha}}\n");
    folder.write("home/apps/hub.yaml", "kind: app\nimage: docker.io/demo/app:1.0\n");
    let before = folder.read("home/stackc.lock");
    let mut command = crate::offline::alone(&folder, "lock");
    let ran = Ran::of(command.env("DOCKER_CONFIG", folder.at("docker")));
    assert_eq!(ran.status, 2, "{}{}", ran.out, ran.err);
    assert_eq!(ran.out.matches("error[registry-unreachable]: ").count(), 3, "{}", ran.out);
    assert!(ran.out.contains("stackc lock --cloudflare-from FILE"), "{}", ran.out);
    assert!(ran.out.ends_with("3 errors\nhome/stackc.lock is as it was\n"), "{}", ran.out);
    assert_eq!(folder.read("home/stackc.lock"), before);
}

#[test]
fn a_try_again_is_seen() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = asked.clone();
    let server = Server::start(move |heard| {
        if count.fetch_add(1, Ordering::Relaxed) == 0 {
            return Reply::new(503, "").with("Retry-After", "1");
        }
        honest(heard)
    });
    let folder = home(&server);
    let ran = run(&folder, "lock");
    assert_eq!(ran.status, 0, "{}", ran.out);
    let image = format!("{}/demo/app:1.0", server.host());
    let lines: Vec<&str> = ran.err.lines().collect();
    assert_eq!(lines.len(), 2, "{}", ran.err);
    assert!(lines[0].starts_with(&format!("{image}: ")) && lines[0].contains("; try 2 of "), "{}", ran.err);
    assert_eq!(lines[1], format!("asked {image}"));
    // what did not change costs one small question
    let before = server.lines().len();
    assert_eq!(run(&folder, "lock").out, "home/stackc.lock is up to date\n");
    assert_eq!(server.lines()[before..], ["HEAD /v2/demo/app/manifests/1.0"]);
}

#[test]
fn a_stack_with_other_errors_is_told_and_nobody_asked() {
    let server = Server::start(honest);
    let folder = home(&server);
    let before = folder.read("home/stackc.lock");
    let image = format!("{}/demo/app:1.0", server.host());
    folder.write("home/apps/more.yaml", format!("kind: app\nimage: {image}\nreplica: 1\n"));
    let ran = run(&folder, "lock");
    assert_eq!((ran.status, ran.err.as_str()), (1, ""));
    assert!(ran.out.contains("error[key-unknown]"), "{}", ran.out);
    assert!(
        ran.out.ends_with("1 error\nmend the stack first: home/stackc.lock is as it was\n"),
        "{}",
        ran.out
    );
    assert_eq!((server.lines(), folder.read("home/stackc.lock")), (vec![], before));
}

#[test]
fn a_broken_lock_is_found_and_mended() {
    let server = Server::start(honest);
    let folder = home(&server);
    let whole = run(&folder, "lock");
    assert_eq!(whole.status, 0, "{}", whole.out);
    let whole = folder.read("home/stackc.lock");
    let image = format!("{}/demo/app:1.0", server.host());
    let conflict = |text: &str| format!("<<<<<<< HEAD\n{text}=======\n{text}>>>>>>> theirs\n");
    for (name, text, message, line) in [
        ("merge", whole.replace("images:\n", &conflict("images:\n")), "git could not merge stackc.lock", 3),
        ("cut", whole.replace("# end of stackc.lock\n", ""), "stackc.lock was cut off", 4),
        ("cut in a line", whole.get(..whole.len() - 60).unwrap().to_owned(), "stackc.lock was cut off", 4),
        ("empty", String::new(), "stackc.lock was cut off", 1),
        (
            "old",
            whole.replace("stackc: 1", "stackc: 0"),
            "stackc.lock is of version 0, this stackc knows 1",
            2,
        ),
        (
            "key",
            whole.replace(&image, "docker.io/nginx:1"),
            "`docker.io/nginx:1` is not spelled out: docker.io/library/nginx:1",
            4,
        ),
        ("digest", whole.replace("digest: sha256:", "digest: sha256:0"), "is no digest", 4),
        ("arch", whole.replace("amd64:", "x86_64:"), "`x86_64` is no architecture", 4),
        (
            "two",
            whole.replace(
                "{amd64: ",
                "{arm64: sha256:4444444444444444444444444444444444444444444444444444444444444444, amd64: ",
            ),
            "one image cannot be of several platforms",
            4,
        ),
    ] {
        folder.write("home/stackc.lock", &text);
        let ran = run(&folder, "check");
        assert_eq!(ran.status, 1, "{name}: {}", ran.out);
        assert!(
            ran.out.contains("error[lock-invalid]: ") && ran.out.contains(message),
            "{name}: {}",
            ran.out
        );
        assert!(ran.out.contains(&format!("home/stackc.lock:{line}:")), "{name}: {}", ran.out);
        assert!(!ran.out.contains("image-platforms-unknown"), "no echo, {name}: {}", ran.out);
        assert_eq!(run(&folder, "build").status, 1, "{name}");
        // what would lose what the lock knows is refused
        for part in ["lock --offline".to_owned(), format!("lock {image}")] {
            let ran = run(&folder, &part);
            assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{name}: {part}");
            assert_eq!(
                ran.err,
                "stackc: stackc.lock cannot be read, so all of it is asked for: stackc lock\n"
            );
            assert_eq!(folder.read("home/stackc.lock"), text, "{name}: {part}");
        }
        let ran = run(&folder, "lock --check");
        assert_eq!((ran.status, folder.read("home/stackc.lock")), (1, text), "{name}: {}", ran.out);
        let ran = run(&folder, "lock");
        assert_eq!((ran.status, folder.read("home/stackc.lock")), (0, whole.clone()), "{name}: {}", ran.out);
    }
    let newer = whole.replace("stackc: 1", "stackc: 2");
    folder.write("home/stackc.lock", &newer);
    let asked = server.lines().len();
    for command in ["check", "lock", "lock --check", "lock --offline"] {
        let ran = run(&folder, command);
        assert_eq!(ran.status, 1, "{command}: {}", ran.out);
        assert!(
            ran.out.contains("error[lock-invalid]: stackc.lock is of version 2, this stackc knows 1\n"),
            "{}",
            ran.out
        );
        assert_eq!(folder.read("home/stackc.lock"), newer, "{command}");
    }
    assert_eq!(server.lines().len(), asked, "nobody was asked");
}

#[test]
fn a_lock_that_is_no_plain_file() {
    let server = Server::start(honest);
    let folder = home(&server);
    let path = folder.at("home/stackc.lock");
    folder.write("outside", "precious");
    folder.write("home/inside", lock(&format!("{}/demo/app:1.0", server.host())));
    let inside = folder.read("home/inside");
    for (name, status, told) in [
        ("dangling link", 1, "home/stackc.lock is a link to nothing"),
        ("link out", 1, "error[file-unreadable]"),
        ("link", 2, "home/stackc.lock is a link, and is not written through"),
        ("folder", 1, "error[file-unreadable]"),
        ("fifo", 1, "error[file-unreadable]"),
    ] {
        let _ = std::fs::remove_file(&path);
        match name {
            "dangling link" => symlink("nowhere", &path).unwrap(),
            "link out" => symlink("../outside", &path).unwrap(),
            "link" => symlink("inside", &path).unwrap(),
            "folder" => std::fs::create_dir(&path).unwrap(),
            _ => drop(stdout(Command::new("mkfifo").arg(&path))),
        }
        let kind = path.symlink_metadata().unwrap().file_type();
        let ran = run(&folder, "lock");
        assert_eq!(ran.status, status, "{name}: {}{}", ran.out, ran.err);
        assert!(format!("{}{}", ran.out, ran.err).contains(told), "{name}: {}{}", ran.out, ran.err);
        assert_eq!(path.symlink_metadata().unwrap().file_type(), kind, "{name}");
        assert_eq!(
            (folder.read("outside").as_str(), folder.read("home/inside")),
            ("precious", inside.clone())
        );
        assert!(!folder.at("home/nowhere").exists() && !folder.at("nowhere").exists());
        let leftovers = folder.list("home").into_iter().filter(|name| name.starts_with('.')).count();
        assert_eq!(leftovers, 0, "{name}");
        if name == "folder" {
            std::fs::remove_dir(&path).unwrap();
        }
    }
}
