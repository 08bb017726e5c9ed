//! Passwords of proxies in ConfigMaps.

use super::Facts;
use super::program::{GOST, SING_BOX, V2RAY, XRAY, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// A client's password or number in plain sight.
pub static CODE: Code = Code {
    name: "secret-in-config",
    severity: Severity::Error,
    page: Page {
        about: "A proxy's configuration in a ConfigMap or in `files` holds who may use it: a UUID or a password, for all\n\
                to read who see the repository or the cluster. Whoever has it uses the proxy. Put the configuration into\n\
                a Secret, and mount that.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {ghcr.io/xtls/xray-core: [amd64]}\n\
              # apps/tube.yaml\nkind: app\nimage: ghcr.io/xtls/xray-core:26.7.28\nargs: [run, \"-c\", /etc/xray/config.json]\n\
              volumes: {/etc/xray/config.json: {file: xray.json}}\n\
              # files/xray.json\n{\"inbounds\": [{\"settings\": {\"clients\": [{\"id\": \"b831381d-6324-4d53-ad4f-8cda48b30811\"}]}}]}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {ghcr.io/xtls/xray-core: [amd64]}\nsecrets: {tube: [config.json]}\n\
               # apps/tube.yaml\nkind: app\nimage: ghcr.io/xtls/xray-core:26.7.28\nargs: [run, \"-c\", /etc/xray/config.json]\n\
               volumes: {/etc/xray: {secret: tube}}\n",
    },
};

/// Names whose values are secret in themselves, in every engine's configuration.
const SECRET: [&str; 5] = ["password", "pass", "uuid", "privatekey", "psk"];

/// Tells each file once, and shows none of it.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts).filter(|program| program.is(&[V2RAY, GOST, SING_BOX]) || program.is(XRAY)) {
        for file in program.mounted(facts).iter().filter(|file| !file.secret) {
            if let Some(name) = secret_name(&file.text) {
                let finding =
                    Finding::new(&CODE, file.node.span, format!("`{}` holds a client's `{name}`, and lies in a ConfigMap", file.key))
                        .note("whoever reads the repository or the cluster may use the proxy")
                        .help("put the file into a Secret, and mount that: {secret: NAME}");
                found.push(if file.inline { finding.secret() } else { finding });
            }
        }
    }
}

/// The first name with a secret value. JSON, YAML and TOML all write a name, `:` or `=`, and a value.
fn secret_name(text: &str) -> Option<&str> {
    text.split(['{', '}', '[', ']', ',', '\n']).find_map(|pair| {
        let (name, value) = pair.split_once([':', '='])?;
        let trim = |text| str::trim_matches(text, |c: char| c.is_whitespace() || matches!(c, '"' | '\'' | '-'));
        let (name, value) = (trim(name), trim(value));
        let lower = name.to_ascii_lowercase();
        let secret = SECRET.contains(&lower.as_str()) && !value.is_empty();
        (secret || (lower == "id" && is_uuid(value))).then_some(name)
    })
}

fn is_uuid(text: &str) -> bool {
    let lengths: Vec<usize> = text.split('-').map(str::len).collect();
    lengths == [8, 4, 4, 4, 12] && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

#[cfg(test)]
mod tests {
    use super::secret_name;

    #[test]
    fn names() {
        let rows = [
            ("{\"clients\": [{\"id\": \"b831381d-6324-4d53-ad4f-8cda48b30811\"}]}", Some("id")),
            ("{\"users\":[{\"uuid\":\"x\"}]}", Some("uuid")),
            ("auths:\n- username: me\n  password: hunter2\n", Some("password")),
            ("password = \"x\"", Some("password")),
            ("{\"inbounds\": [{\"tag\": \"in\", \"id\": 7, \"password\": \"\"}]}", None),
            ("auth: password\nauther: clients", None),
            ("", None),
        ];
        for (text, expected) in rows {
            assert_eq!(secret_name(text), expected, "{text}");
        }
    }
}
