//! gost 3. It reads clients from a file of `NAME PASSWORD` lines; without such lines it asks nobody for a password, so
//! that the file is mounted by its key, without which no pod starts.

use serde_json::json;

use super::{Clients, Made, Own, Program};
use crate::finding::Findings;
use crate::kinds::engine::{self, Engine};
use crate::kinds::secret::SecretKey;

pub(super) const ENGINE: Engine<Program> = Engine {
    name: "gost",
    images: &["docker.io/gogost/gost"],
    program: Program {
        commands: &[],
        transports: &["gost-ws", "grpc"],
        folder: "/etc/gost",
        endings: &[".json", ".yaml", ".yml", ".toml"],
        args: |_, file| vec!["-C".to_owned(), file.to_owned()],
        logs: None,
        clients: Some(Clients { protocols: &["relay", "socks"], make }),
        untrusting: None,
    },
};

const FILE: &str = "/etc/gost/gost.json";
const CLIENTS: &str = "/etc/gost-clients";

fn make(own: &Own, protocol: &str, clients: &SecretKey, found: &mut Findings) -> Option<Made> {
    if let Some(client) = own.client_ip.as_ref().filter(|client| !client.value) {
        found.push(
            engine::lacks(client.span, "gost believes CF-Connecting-IP and X-Forwarded-For always")
                .help("leave `clientIP` out"),
        );
    }
    let handler = if protocol == "socks" { "socks5" } else { protocol };
    let file = format!("{CLIENTS}/{}", clients.key.value);
    let listener = match &own.service_name {
        // Traefik ends TLS; gost's own is on unless told.
        Some(name) => {
            json!({"type": "grpc", "metadata": {"path": format!("/{}/Tunnel", name.value), "grpcInsecure": true}})
        }
        None => json!({"type": "ws", "metadata": {"path": own.path.as_ref()?.value}}),
    };
    let config = json!({
        "services": [{
            "name": "proxy",
            "addr": format!(":{}", own.port()),
            "handler": {"type": handler, "auther": "clients"},
            "listener": listener,
        }],
        "authers": [{"name": "clients", "file": {"path": file}}],
    });
    Some(Made {
        args: ["-C", FILE].map(str::to_owned).to_vec(),
        path: FILE,
        text: format!("{config:#}\n"),
        clients: (file, false),
    })
}

#[cfg(test)]
mod tests {
    use crate::kinds::trial::{app, codes, with};
    use crate::stack::Scheme;
    use serde_json::Value;

    const BASE: &str = "kind: proxy\nengine: gost\nimage: gogost/gost:3.2.6\ntransport: gost-ws\n\
                        host: proxy.example.org\npath: /updates-7f3a\nclients: {secret: proxy, key: clients}\n";

    #[test]
    fn findings() {
        let rows: &[(&str, &[&str])] = &[
            ("", &[]),
            ("transport: ws", &["engine-lacks-setting"]),
            ("clientIP: false", &["engine-lacks-setting"]),
            ("protocol: vless", &["engine-lacks-setting"]),
            ("protocol: socks", &[]),
        ];
        for (line, expected) in rows {
            assert_eq!(codes(BASE, line), *expected, "{line}");
        }
    }

    #[test]
    fn the_made_configuration() {
        let made = |lines: &str| app(&with(BASE, lines)).0.unwrap();
        let config =
            |lines: &str| serde_json::from_str::<Value>(made(lines).made[0].text.as_text().unwrap()).unwrap();
        let service = config("protocol: socks")["services"][0].clone();
        assert_eq!(service["handler"], serde_json::json!({"type": "socks5", "auther": "clients"}));
        assert_eq!(service["listener"]["metadata"]["path"], "/updates-7f3a");
        let grpc = "transport: grpc\npath: OUT\nserviceName: tube";
        let listener = config(grpc)["services"][0]["listener"].clone();
        assert_eq!(listener["metadata"], serde_json::json!({"path": "/tube/Tunnel", "grpcInsecure": true}));
        let route = made(grpc).pod.routes.get("proxy").unwrap().clone();
        assert_eq!((route.path_prefix.unwrap().value.as_str(), route.scheme), ("/tube/", Some(Scheme::H2c)));
    }

    #[test]
    fn no_pod_starts_without_the_key() {
        let app = app(BASE).0.unwrap();
        let secret = app.container.volumes.get("/etc/gost-clients/clients").unwrap().secret.as_ref().unwrap();
        assert_eq!(secret.key.as_ref().unwrap().value, "clients");
    }
}
