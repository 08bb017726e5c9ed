//! Configurations of xray and v2ray that lie open, and do not fit behind Traefik.

use std::net::IpAddr;

use serde_json::Value;

use super::Facts;
use super::rule::{Rule, rules};
use super::program::{Mounted, Program, V2RAY, XRAY, is_loopback, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::yaml::Node;

/// An inbound that Traefik cannot reach, or a setting that does not survive it.
pub static CODE: Code = Code {
    name: "proxy-config-unfit",
    severity: Severity::Error,
    page: Page {
        about: "The configuration of a proxy, as far as it lies in the stack's own ConfigMaps and Secrets, does not fit\n\
                behind Traefik: an inbound with TLS or REALITY, which Traefik has ended; one on a loopback address, on\n\
                another port than the pod's, on another path than the route's; the flow `xtls-rprx-vision`, which passes\n\
                no CDN; `trustedXForwardedFor` with addresses, which takes names of headers; a log in a folder that\n\
                cannot be written to.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {ghcr.io/xtls/xray-core: [amd64]}\n\
              # apps/tube.yaml\nkind: app\nimage: ghcr.io/xtls/xray-core:26.7.28\nargs: [run, \"-confdir\", /etc/xray]\n\
              ports: {http: 8080}\nvolumes: {/etc/xray: {files: xray}}\n\
              # files/xray/in.json\n{\"inbounds\": [{\"port\": 8080, \"streamSettings\": {\"network\": \"ws\", \"security\": \"tls\"}}]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {ghcr.io/xtls/xray-core: [amd64]}\n\
               # apps/tube.yaml\nkind: app\nimage: ghcr.io/xtls/xray-core:26.7.28\nargs: [run, \"-confdir\", /etc/xray]\n\
               ports: {http: 8080}\nvolumes: {/etc/xray: {files: xray}}\n\
               # files/xray/in.json\n{\"inbounds\": [{\"port\": 8080, \"streamSettings\": {\"network\": \"ws\"}}]}\n",
    },
};

/// Tells each mistake of each file.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts).filter(|program| program.is(&[V2RAY]) || program.is(XRAY)) {
        for file in program.mounted(facts) {
            let Ok(config) = serde_json::from_str::<Value>(&file.text) else { continue };
            let inbounds = list(&config, "/inbounds");
            let mut wrong: Vec<String> = inbounds.iter().filter_map(inbound).collect();
            wrong.extend(port(inbounds, &program));
            wrong.extend(path(inbounds, &program, facts));
            let logs = ["/log/access", "/log/error"].into_iter().filter_map(|log| text(&config, log));
            wrong.extend(logs.filter_map(|log| unwritable(log, &program)));
            for message in wrong {
                tell(&file, message, found);
            }
        }
    }
}

fn tell(file: &Mounted<'_>, message: String, found: &mut Findings) {
    let finding = Finding::new(&CODE, file.node.span, message).note(format!("in the file `{}`", file.key));
    found.push(if file.inline { finding.secret() } else { finding });
}

/// What one inbound says wrongly; the first of it.
fn inbound(inbound: &Value) -> Option<String> {
    if let Some(security @ ("tls" | "reality" | "xtls")) = text(inbound, "/streamSettings/security") {
        return Some(format!("an inbound has `security: {security}`: Traefik has ended TLS, and speaks HTTP to it"));
    }
    // An inbound for the program's own use has this protocol.
    let internal = text(inbound, "/protocol") == Some("dokodemo-door");
    if let Some(address) = text(inbound, "/listen").filter(|address| is_loopback(address) && !internal) {
        return Some(format!("an inbound listens on {address}, where Traefik does not reach it"));
    }
    let mut flows = list(inbound, "/settings/clients").iter().filter_map(|client| text(client, "/flow"));
    if flows.any(|flow| flow.contains("vision")) {
        return Some("a client has the flow `xtls-rprx-vision`, which passes no CDN".to_owned());
    }
    let trusted = list(inbound, "/streamSettings/sockopt/trustedXForwardedFor").iter().filter_map(Value::as_str);
    let address = trusted.into_iter().find(|name| name.contains('/') || name.parse::<IpAddr>().is_ok())?;
    Some(format!("`trustedXForwardedFor` takes names of headers, such as CF-Connecting-IP, not the address {address}"))
}

/// Text at a place (RFC 6901).
fn text<'v>(value: &'v Value, place: &str) -> Option<&'v str> {
    value.pointer(place).and_then(Value::as_str)
}

/// A list at a place; empty where there is none.
fn list<'v>(value: &'v Value, place: &str) -> &'v [Value] {
    value.pointer(place).and_then(Value::as_array).map_or(&[][..], Vec::as_slice)
}

/// Whether any inbound has a port that the pod has. Ports of environment variables are not looked at.
fn port(inbounds: &[Value], program: &Program<'_>) -> Option<String> {
    let own: Vec<i64> =
        program.list("ports").iter().filter_map(|port| port.get("containerPort").and_then(Node::as_int)).collect();
    let ports: Option<Vec<i64>> = inbounds.iter().map(|inbound| inbound.get("port")?.as_i64()).collect();
    let ports = ports.filter(|ports| !ports.is_empty() && !own.is_empty())?;
    let first = ports.first()?;
    (!ports.iter().any(|port| own.contains(port)))
        .then(|| format!("no inbound listens on a port of the pod: it has {first}, the pod {}", own.first().unwrap_or(&0)))
}

/// Whether any inbound has the path of the route, where a kind says one.
fn path(inbounds: &[Value], program: &Program<'_>, facts: &Facts<'_>) -> Option<String> {
    program.landing.app.filter(|app| app.kind == "proxy")?;
    let own = |rule: &Rule<'_>| rule.landing(facts).is_some_and(|own| own.object.id == program.landing.object.id);
    let wanted = rules(facts).find(own)?.path()?;
    let places = ["/streamSettings/wsSettings/path", "/streamSettings/httpupgradeSettings/path"];
    let paths: Vec<&str> =
        inbounds.iter().flat_map(|inbound| places.into_iter().filter_map(|place| text(inbound, place))).collect();
    let first = paths.first()?;
    // What stands behind `?` is for clients.
    let fits = paths.iter().any(|path| path.split('?').next() == Some(wanted));
    (!fits).then(|| format!("no inbound has the route's path {wanted}: it has {first}"))
}

/// A log that cannot be written.
fn unwritable(log: &str, program: &Program<'_>) -> Option<String> {
    let read_only = program.security("readOnlyRootFilesystem").and_then(Node::as_bool) == Some(true);
    let mut mounts = program.list("volumeMounts").iter().filter_map(|mount| mount.text_at(&["mountPath"]));
    let below = mounts.any(|folder| log.starts_with(folder)) || log.starts_with("/dev/");
    (read_only && log.starts_with('/') && !below).then(|| format!("the log {log} lies on a root that cannot be written to"))
}

#[cfg(test)]
mod tests {
    use super::inbound;
    use serde_json::json;

    #[test]
    fn inbounds() {
        let wrong = [
            json!({"streamSettings": {"security": "reality"}}),
            json!({"listen": "127.0.0.1", "protocol": "vless"}),
            json!({"settings": {"clients": [{"flow": "xtls-rprx-vision"}]}}),
            json!({"streamSettings": {"sockopt": {"trustedXForwardedFor": ["173.245.48.0/20"]}}}),
        ];
        for value in wrong {
            assert!(inbound(&value).is_some(), "{value}");
        }
        let right = [
            json!({"streamSettings": {"security": "none", "sockopt": {"trustedXForwardedFor": ["CF-Connecting-IP"]}}}),
            json!({"listen": "127.0.0.1", "protocol": "dokodemo-door"}),
            json!({"port": "env:PORT"}),
            json!(7),
        ];
        for value in right {
            assert_eq!(inbound(&value), None, "{value}");
        }
    }
}
