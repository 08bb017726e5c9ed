//! V2Ray 5. It lays several files of configuration over one another and joins inbounds of one tag (`infra/conf/merge`), so
//! that the Secret holds the clients and no more.

use serde_json::{Value, json};

use super::{Clients, Made, Own, Program, check_key};
use crate::finding::Findings;
use crate::kinds::engine::{self, Engine};
use crate::kinds::secret::SecretKey;

pub(super) const ENGINE: Engine<Program> = Engine {
    name: "v2ray",
    images: &["docker.io/v2fly/v2fly-core"],
    program: Program {
        commands: &[],
        transports: &["ws", "httpupgrade", "grpc"],
        folder: "/etc/v2ray",
        endings: &[".json", ".jsonc", ".yaml", ".yml", ".toml", ".pb"],
        args,
        logs: None,
        clients: Some(Clients { protocols: &["vless", "vmess", "trojan", "socks"], make }),
        untrusting: Some(([5, 49, 0], "in the inbound's wsSettings: \"parseXForwardedFor\": true")),
    },
};

const FILE: &str = "/etc/v2ray/config.json";
const CLIENTS: &str = "/etc/v2ray-clients";

fn args(own: &Own, file: &str) -> Vec<String> {
    let mut args = vec!["run".to_owned(), "-c".to_owned(), file.to_owned()];
    if own.transport.value == "httpupgrade" {
        // Its older format, which it takes JSON for unless told, has no such transport.
        args.extend(["-format".to_owned(), "jsonv5".to_owned()]);
    }
    args
}

fn make(own: &Own, protocol: &str, clients: &SecretKey, found: &mut Findings) -> Option<Made> {
    check_key("v2ray", &clients.key, &[".json"], found);
    let stream = stream(own, found)?;
    let inbound = json!({
        "tag": "in",
        "port": own.port(),
        "protocol": protocol,
        "settings": settings(protocol),
        "streamSettings": stream,
    });
    // Without `log` it would log no requests.
    let config = json!({
        "log": {"loglevel": "warning"},
        "inbounds": [inbound],
        "outbounds": [{"protocol": "freedom"}],
    });
    let file = format!("{CLIENTS}/{}", clients.key.value);
    Some(Made {
        args: ["run", "-c", FILE, "-c", &file].map(str::to_owned).to_vec(),
        path: FILE,
        text: format!("{config:#}\n"),
        clients: (CLIENTS.to_owned(), true),
    })
}

/// What the Secret does not say.
fn settings(protocol: &str) -> Value {
    match protocol {
        "vless" => json!({"decryption": "none"}),
        "socks" => json!({"auth": "password"}),
        _ => json!({}),
    }
}

fn stream(own: &Own, found: &mut Findings) -> Option<Value> {
    let client_ip = own.client_ip.as_ref().is_none_or(|client| client.value);
    let text = |text: &Option<crate::yaml::Spanned<String>>| text.as_ref().map(|text| text.value.clone());
    match own.transport.value.as_str() {
        "ws" => Some(json!({
            "network": "ws",
            "wsSettings": {"path": text(&own.path)?, "parseXForwardedFor": client_ip},
        })),
        "grpc" => Some(json!({
            "network": "grpc",
            "grpcSettings": {"serviceName": text(&own.service_name)?, "parseXForwardedFor": client_ip},
        })),
        "httpupgrade" => {
            let message =
                "v2ray reads `clients` beside a format of its configuration that has no httpupgrade";
            found.push(engine::lacks(own.transport.span, message).help("transport: ws"));
            None
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::kinds::trial::{app, codes, with};
    use serde_json::Value;

    const BASE: &str = "kind: proxy\nengine: v2ray\nimage: v2fly/v2fly-core:v5.52.0\ntransport: ws\n\
                        host: proxy.example.org\npath: /updates-7f3a\nclients: {secret: proxy, key: clients.json}\n";

    #[test]
    fn findings() {
        let rows: &[(&str, &[&str])] = &[
            ("", &[]),
            ("clients: {secret: proxy, key: clients}", &["value-invalid"]),
            ("clients: '[]'", &["secret-in-text"]),
            ("transport: httpupgrade", &["engine-lacks-setting"]),
            ("transport: xhttp", &["engine-lacks-setting"]),
            ("protocol: relay", &["engine-lacks-setting"]),
            ("protocol: trojan", &[]),
            ("transport: grpc\npath: OUT\nserviceName: /a/Tun", &["engine-lacks-setting"]),
        ];
        for (line, expected) in rows {
            assert_eq!(codes(BASE, line), *expected, "{line}");
        }
    }

    #[test]
    fn the_made_configuration() {
        let config = |lines: &str| {
            let app = app(&with(BASE, lines)).0.unwrap();
            serde_json::from_str::<Value>(app.made[0].text.as_text().unwrap()).unwrap()
        };
        let inbound = |lines: &str| config(lines)["inbounds"][0].clone();
        let plain = inbound("port: 9000");
        assert_eq!(
            (&plain["tag"], &plain["port"], &plain["protocol"]),
            (&"in".into(), &9000.into(), &"vless".into())
        );
        let ws = &plain["streamSettings"]["wsSettings"];
        assert_eq!((&ws["path"], &ws["parseXForwardedFor"]), (&"/updates-7f3a".into(), &true.into()));
        assert!(plain["streamSettings"].get("security").is_none());
        let grpc = inbound("transport: grpc\npath: OUT\nserviceName: tube\nprotocol: vmess\nclientIP: false");
        let settings = &grpc["streamSettings"]["grpcSettings"];
        assert_eq!(
            (&settings["serviceName"], &settings["parseXForwardedFor"]),
            (&"tube".into(), &false.into())
        );
        assert_eq!(inbound("protocol: socks")["settings"]["auth"], "password");
    }

    #[test]
    fn both_files_are_read() {
        let app = app(BASE).0.unwrap();
        let args: Vec<_> = app.container.args.iter().map(|arg| arg.value.as_str()).collect();
        assert_eq!(args, ["run", "-c", "/etc/v2ray/config.json", "-c", "/etc/v2ray-clients/clients.json"]);
        assert!(
            app.container.volumes.get("/etc/v2ray-clients").unwrap().secret.as_ref().unwrap().key.is_none()
        );
        assert_eq!(app.reads[0].key.as_text(), Some("clients.json"));
    }
}
