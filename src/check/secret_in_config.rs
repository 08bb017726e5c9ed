//! Secrets in ConfigMaps, in charts' values and in middlewares.

use std::collections::BTreeSet;
use std::fmt::Display;

use super::Facts;
use super::program::{GOST, SING_BOX, V2RAY, XRAY, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::Unit;
use crate::kube::exposed::{
    Command, Exposed, What, all_exposed, exposed, exposes, exposes_in_config, is_meant, is_secret_file,
};
use crate::source::Span;
use crate::yaml::{Entry, Node, Value, within};

/// A password, a key, a token or a client's number in plain sight.
pub static CODE: Code = Code {
    name: "secret-in-config",
    severity: Severity::Error,
    page: Page {
        about: "A ConfigMap, a file of the stack, a chart's values or a middleware holds a secret: a key or token that\n\
                shows by its form what it is, who may use a proxy, or a password by its name (a warning, since a name\n\
                may mislead). It is there for all to read who see the repository or the cluster. Put it into a Secret,\n\
                and mount that. A reference (`${PASSWORD}`), a path or a placeholder (`changeme`) is none.",
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
    let mut told = BTreeSet::new();
    for program in programs(facts).filter(|program| program.is(&[V2RAY, GOST, SING_BOX]) || program.is(XRAY)) {
        for file in program.mounted(facts).iter().filter(|file| !file.secret) {
            if let Some(name) = secret_name(&file.text) {
                told.insert(file.node.span);
                let message = format!("`{}` holds a client's `{name}`, and lies in a ConfigMap", file.key);
                let finding = Finding::new(&CODE, file.node.span, message)
                    .note("whoever reads the repository or the cluster may use the proxy")
                    .help("put the file into a Secret, and mount that: {secret: NAME}");
                found.push(if file.inline { finding.secret() } else { finding });
            }
        }
    }
    for object in facts.of("ConfigMap") {
        for Entry { key, value } in object.body.get("data").map_or(&[][..], Node::entries) {
            if !told.contains(&value.span) {
                entry(&Holder { facts, name: &object.id }, &key.text, value, found);
            }
        }
    }
    for kind in ["HelmChart", "HelmChartConfig", "Middleware"] {
        for object in facts.of(kind).iter().filter(|object| !matches!(object.unit, Unit::Traefik)) {
            if let Some(spec) = object.body.get("spec") {
                below(&Holder { facts, name: &object.id }, spec, found);
            }
        }
    }
    // The object that holds them is one text, and made of more than them.
    if let Some(values) = facts.stack.ingress.as_ref().and_then(|ingress| ingress.values.as_ref())
        && facts.whole
    {
        below(&Holder { facts, name: &"`ingress.values`" }, values, found);
    }
}

/// What a value stands in.
struct Holder<'a> {
    facts: &'a Facts<'a>,
    name: &'a dyn Display,
}

/// Of one text more than this helps nobody.
const MOST: usize = 20;

fn entry(holder: &Holder<'_>, key: &str, value: &Node, found: &mut Findings) {
    let Some(text) = value.as_text() else { return };
    let name = holder.name;
    // A name of a Secret.
    if key != "secret"
        && let Some(what) = exposes_in_config(key, text)
    {
        return tell(what, format!("{name} holds the value of `{key}`"), value, value.span, found);
    }
    if is_secret_file(key) && text.lines().any(|line| line.contains(':') && is_meant(line)) && exposed(text).is_none() {
        let what = What::Likely("passwords");
        return tell(what, format!("`{key}` of {name} is a file of passwords"), value, value.span, found);
    }
    let mut before = (0, 1_usize);
    for Exposed { what, place } in all_exposed(text).take(MOST) {
        let newlines = text.get(before.0..place.start).map_or(0, |text| text.matches('\n').count());
        before = (place.start, before.1.saturating_add(newlines));
        let lines = text.contains('\n');
        let line = if lines { format!(" in its line {}", before.1) } else { String::new() };
        let message = format!("`{key}` of {name} holds {what}{line}");
        let span = holder.facts.sources.filter(|_| stands_at(value)).map(|sources| within(sources, value.span, text, place));
        tell(what, message, value, span.unwrap_or(value.span), found);
    }
}

fn below(holder: &Holder<'_>, node: &Node, found: &mut Findings) {
    if let (Some(name), Some(value)) = (node.text_at(&["name"]), node.get("value"))
        && let Some(what) = value.as_text().and_then(|text| exposes(name, text))
    {
        return tell(what, format!("{} holds the value of `{name}`", holder.name), value, value.span, found);
    }
    for Entry { key, value } in node.entries() {
        match value.value {
            Value::Text(_) => entry(holder, &key.text, value, found),
            _ => below(holder, value, found),
        }
    }
    let mut command = Command::default();
    for item in node.items() {
        match item.as_text() {
            Some(text) => {
                if let Some(what) = command.word(text) {
                    tell(what, format!("{} holds {what}", holder.name), item, item.span, found);
                }
            }
            None => below(holder, item, found),
        }
    }
}

fn tell(what: What<'_>, message: String, value: &Node, span: Span, found: &mut Findings) {
    let weight = if what.is_certain() { Severity::Error } else { Severity::Warning };
    let finding = Finding::new(&CODE, span, message)
        .weighs(weight)
        .label("belongs into a Secret")
        .help("put it into a Secret, and mount that; a secret that was committed is to be changed");
    found.push(if stands_at(value) { finding.secret() } else { finding });
}

/// Whether the text is written at its place, and not in a file that is named there.
pub(super) fn stands_at(value: &Node) -> bool {
    let length = value.written().map_or(0, |text| text.len());
    let marked = usize::try_from(value.span.end.saturating_sub(value.span.start)).unwrap_or(usize::MAX);
    marked >= length / 2
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
    use super::{run, secret_name};
    use crate::check::trial::told;

    fn shown(manifest: &str) -> Vec<String> {
        let told = told(run, "", manifest);
        assert!(told.iter().all(|line| !line.rsplit(": ").next().unwrap().contains("hunter2")), "{told:?}");
        told.iter().map(|line| line.rsplit_once(": ").map_or(line.clone(), |(_, message)| message.to_owned())).collect()
    }

    #[test]
    fn config_maps_charts_and_middlewares() {
        let map = |data: &str| shown(&format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a}}\ndata:\n  {data}\n"));
        assert_eq!(map("DB_PASSWORD: hunter2"), ["ConfigMap default/a holds the value of `DB_PASSWORD`"]);
        assert_eq!(
            map("app.conf: |\n    user = a\n    password = hunter2"),
            ["`app.conf` of ConfigMap default/a holds the value of `password` in its line 2"]
        );
        assert_eq!(map("app.conf: password=${PASSWORD}"), [""; 0]);
        assert_eq!(
            map("app.conf: |\n    password = hunter2\n    a = b\n    token = hunter2"),
            [
                "`app.conf` of ConfigMap default/a holds the value of `password` in its line 1",
                "`app.conf` of ConfigMap default/a holds the value of `token` in its line 3",
            ]
        );
        assert_eq!(map(".pgpass: \"h:5432:d:u:hunter2\""), ["`.pgpass` of ConfigMap default/a is a file of passwords"]);
        assert_eq!(map("de.yaml: \"password: Passwort\""), [""; 0]);
        let variable = "apiVersion: helm.cattle.io/v1\nkind: HelmChartConfig\nmetadata: {name: traefik, namespace: kube-system}\n\
                        spec:\n  valuesContent: |\n    env:\n    - name: CF_DNS_API_TOKEN\n      value: hunter2\n";
        assert_eq!(
            shown(variable),
            ["`valuesContent` of HelmChartConfig kube-system/traefik holds the value of `CF_DNS_API_TOKEN` in its line 3"]
        );
        let chart = "apiVersion: helm.cattle.io/v1\nkind: HelmChart\nmetadata: {name: a}\nspec:\n  valuesContent: |\n    adminPassword: hunter2\n";
        assert_eq!(shown(chart), ["`valuesContent` of HelmChart default/a holds the value of `adminPassword` in its line 1"]);
        let middleware = "apiVersion: traefik.io/v1alpha1\nkind: Middleware\nmetadata: {name: a}\n\
                          spec: {headers: {customRequestHeaders: {X-Api-Key: hunter2hunter2}}}\n";
        assert_eq!(shown(middleware), ["Middleware default/a holds the value of `X-Api-Key`"]);
    }

    #[test]
    fn values_of_the_stack() {
        let of = |values: &str| told(run, &format!("ingress: {{values: {values}}}"), "");
        for (values, marked) in [
            ("{env: [{name: CF_DNS_API_TOKEN, value: hunter2}]}", "hunter2"),
            ("{additionalArguments: [\"--pilot.token=hunter2\"]}", "\"--pilot.token=hunter2\""),
            ("{a: {adminPassword: hunter2}}", "hunter2"),
        ] {
            let told = of(values);
            assert_eq!(told.len(), 1, "{values}");
            assert!(told.iter().all(|line| line.starts_with(&format!("{marked}: "))), "{told:?}");
        }
        assert_eq!(of("{env: [{name: A, value: b}], secret: hunter2x9Xx7}"), [""; 0]);
    }

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
