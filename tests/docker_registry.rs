//! A real registry: Debian's `docker-registry`, started on a free port of this machine with what a test pushes.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::blocking::{Client, RequestBuilder};
use serde_json::{Value, json};
use stackc::kube::digest::digest;

use crate::stack::Folder;

pub(crate) const INDEX: &str = "application/vnd.oci.image.index.v1+json";
pub(crate) const LIST: &str = "application/vnd.docker.distribution.manifest.list.v2+json";
pub(crate) const IMAGE: &str = "application/vnd.oci.image.manifest.v1+json";
pub(crate) const DOCKER: &str = "application/vnd.docker.distribution.manifest.v2+json";

/// `alice:s3cret`, as `htpasswd -B` writes it: the registry takes bcrypt alone.
const HTPASSWD: &str = "alice:$2y$05$SU4pM4HZbF8DMycDaBkGkenkvptpmcVgsqHmhprHdu0QO3IZHCzzu\n";

/// Runs until it is dropped.
pub(crate) struct Registry {
    folder: Folder,
    child: Child,
    port: u16,
    tls: bool,
    client: Client,
}

impl Drop for Registry {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Registry {
    /// Plain HTTP, open to everybody.
    pub(crate) fn plain() -> Registry {
        Registry::start(Folder::new(), false)
    }

    /// TLS by an authority of its own, `ca.pem`; lets in alice alone, with `s3cret`.
    pub(crate) fn closed() -> Registry {
        let folder = Folder::new();
        certificates(&folder, "2");
        Registry::start(folder, true)
    }

    /// The same, with a certificate whose time is over.
    pub(crate) fn expired() -> Registry {
        let folder = Folder::new();
        certificates(&folder, "0");
        // its time is this one second
        std::thread::sleep(Duration::from_millis(1_500));
        Registry::start(folder, true)
    }

    fn start(folder: Folder, tls: bool) -> Registry {
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = Client::builder().no_proxy().timeout(Duration::from_secs(10));
        let client =
            if tls { client.tls_danger_accept_invalid_certs(true) } else { client.tls_certs_only([]) };
        let client = client.build().unwrap();
        folder.write("htpasswd", HTPASSWD);
        for _ in 0..5 {
            // it cannot tell a port of its own choice: a free one, which another program may take in between
            let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
            folder.write("registry.json", configuration(&folder, port, tls).to_string());
            let mut command = Command::new("docker-registry");
            command.arg("serve").arg(folder.at("registry.json")).env_clear();
            command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
            let mut child = command.spawn().unwrap_or_else(|error| {
                panic!("docker-registry: {error}: run tests/run, which installs what the tests need")
            });
            if listens(&mut child, port) {
                return Registry { folder, child, port, tls, client };
            }
            let _ = child.kill();
            let _ = child.wait();
        }
        panic!("docker-registry does not start");
    }

    /// `localhost:PORT`: the certificate is for that name.
    pub(crate) fn host(&self) -> String {
        format!("localhost:{}", self.port)
    }

    /// The authority's certificate.
    pub(crate) fn authority(&self) -> Vec<u8> {
        self.folder.read("ca.pem").into_bytes()
    }

    fn request(&self, method: Method, url: &str) -> RequestBuilder {
        let request = self.client.request(method, url);
        if self.tls { request.basic_auth("alice", Some("s3cret")) } else { request }
    }

    fn at(&self, path: &str) -> String {
        format!("{}://{}/v2/{path}", if self.tls { "https" } else { "http" }, self.host())
    }

    /// Pushes content; its digest.
    pub(crate) fn blob(&self, repository: &str, content: &[u8]) -> String {
        let begun =
            self.request(Method::POST, &self.at(&format!("{repository}/blobs/uploads/"))).send().unwrap();
        let location = begun.headers()["location"].to_str().unwrap();
        let sum = digest(content);
        let url = format!("{location}{}digest={sum}", if location.contains('?') { '&' } else { '?' });
        let request = self.request(Method::PUT, &url).header("Content-Type", "application/octet-stream");
        let ended = request.body(content.to_vec()).send().unwrap();
        assert_eq!(ended.status().as_u16(), 201, "{}", ended.text().unwrap());
        sum
    }

    /// Pushes a manifest or index under a tag, or under its digest; its digest.
    pub(crate) fn push(
        &self,
        repository: &str,
        tag: Option<&str>,
        media_type: &str,
        document: &Value,
    ) -> String {
        let body = document.to_string();
        let sum = digest(body.as_bytes());
        let url = self.at(&format!("{repository}/manifests/{}", tag.unwrap_or(&sum)));
        let ended =
            self.request(Method::PUT, &url).header("Content-Type", media_type).body(body).send().unwrap();
        assert_eq!(ended.status().as_u16(), 201, "{}", ended.text().unwrap());
        sum
    }

    /// Deletes a manifest by its digest.
    pub(crate) fn delete(&self, repository: &str, sum: &str) {
        let url = self.at(&format!("{repository}/manifests/{sum}"));
        assert_eq!(self.request(Method::DELETE, &url).send().unwrap().status().as_u16(), 202);
    }

    /// Pushes an image for a platform such as `linux/arm/v7`; its manifest, which is not pushed.
    pub(crate) fn image(&self, repository: &str, media_type: &str, platform: &str) -> Value {
        let (config_type, layer_type) = match media_type {
            DOCKER => (
                "application/vnd.docker.container.image.v1+json",
                "application/vnd.docker.image.rootfs.diff.tar.gzip",
            ),
            _ => ("application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip"),
        };
        let mut config = platform_of(platform);
        config["rootfs"] = json!({"type": "layers", "diff_ids": []});
        let (config, layer) = (config.to_string(), format!("layer of {platform}"));
        json!({"schemaVersion": 2, "mediaType": media_type,
            "config": {"mediaType": config_type, "size": config.len(), "digest": self.blob(repository, config.as_bytes())},
            "layers": [{"mediaType": layer_type, "size": layer.len(), "digest": self.blob(repository, layer.as_bytes())}]})
    }

    /// Pushes an image by its digest; its entry for an index.
    pub(crate) fn entry(&self, repository: &str, media_type: &str, platform: &str) -> Value {
        let image = self.image(repository, media_type, platform);
        self.push(repository, None, media_type, &image);
        entry(&image, Some(platform))
    }
}

/// An entry of an index for a document.
pub(crate) fn entry(document: &Value, platform: Option<&str>) -> Value {
    let body = document.to_string();
    let mut entry =
        json!({"mediaType": document["mediaType"], "digest": digest(body.as_bytes()), "size": body.len()});
    if let Some(platform) = platform {
        entry["platform"] = platform_of(platform);
    }
    entry
}

/// An index of either type.
pub(crate) fn index(media_type: &str, entries: &[Value]) -> Value {
    json!({"schemaVersion": 2, "mediaType": media_type, "manifests": entries})
}

/// `linux/arm/v7` as documents write it.
pub(crate) fn platform_of(text: &str) -> Value {
    let parts: Vec<&str> = text.split('/').collect();
    let mut platform = json!({"os": parts[0], "architecture": parts[1]});
    if let Some(variant) = parts.get(2) {
        platform["variant"] = json!(variant);
    }
    platform
}

fn configuration(folder: &Folder, port: u16, tls: bool) -> Value {
    let mut configuration = json!({
        "version": "0.1",
        "log": {"level": "error", "accesslog": {"disabled": true}},
        "storage": {"filesystem": {"rootdirectory": folder.at("store")}, "delete": {"enabled": true}},
        "http": {"addr": format!("127.0.0.1:{port}")},
    });
    if tls {
        let tls = json!({"certificate": folder.at("server.pem"), "key": folder.at("server.key")});
        configuration["http"]["tls"] = tls;
        configuration["auth"] = json!({"htpasswd": {"realm": "test", "path": folder.at("htpasswd")}});
    }
    configuration
}

/// Waits until the port is taken by the child; false if it ended.
fn listens(child: &mut Child, port: u16) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(20) {
        if child.try_wait().unwrap().is_some() {
            return false;
        }
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    false
}

/// An authority, `ca.pem`, and a certificate of it for localhost, `server.pem` and `server.key`, good for some days.
fn certificates(folder: &Folder, days: &str) {
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes";
    folder.write("extensions", "subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\n");
    for line in [
        format!(
            "req -x509 {key} -days 2 -subj /CN=test -keyout ca.key -out ca.pem -addext basicConstraints=critical,CA:TRUE"
        ),
        format!("req {key} -subj /CN=localhost -keyout server.key -out server.csr"),
        format!(
            "x509 -req -in server.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days {days} -out server.pem -extfile extensions"
        ),
    ] {
        let mut openssl = Command::new("openssl");
        openssl.current_dir(folder.at("")).args(line.split_whitespace());
        crate::tools::stdout(&mut openssl);
    }
}
