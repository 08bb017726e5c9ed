//! Whom Traefik believes when it is told a visitor's address: entry points' `trustedIPs` and `insecure`, in all the places
//! where k3s' Helm takes a chart's values (facts on k3s, 2), as arguments and as variables.

use super::{Powers, Told};
use crate::finding::Findings;
use crate::source::{Sources, Span};
use crate::yaml::{Dialect, Node, read};

/// What Traefik's variables begin with.
const VARIABLE: &str = "TRAEFIK_";

impl Powers {
    /// Of a HelmChart or what configures one.
    pub(super) fn chart(&mut self, body: &Node) {
        let Some(spec) = body.get("spec") else { return };
        if let Some(content) = spec.get("valuesContent") {
            self.content(content);
        }
        if let Some(values) = spec.get("values") {
            self.tree(values, &mut Vec::new(), None);
        }
        for entry in spec.get("set").map_or(&[][..], Node::entries) {
            let text = entry.value.written().unwrap_or_default();
            self.set(&entry.key.text, &text, entry.value.span);
        }
        for secret in spec.get("valuesSecrets").map_or(&[][..], Node::items) {
            let name = secret.text_at(&["name"]).unwrap_or_default();
            self.add("secret", Told::Power, "its values come from the Secret", name, secret.span);
        }
    }

    /// Values as YAML in a text.
    fn content(&mut self, content: &Node) {
        let mut sources = Sources::default();
        let text = content.as_text().unwrap_or_default().as_bytes().to_vec();
        let file = sources.add(String::new(), Ok(text));
        for document in read(&sources, file, Dialect::Manifest, &mut Findings::default()) {
            self.tree(&document, &mut Vec::new(), Some(content.span));
        }
    }

    /// Values as a tree; `at` is the place of all of it, if its own are none.
    fn tree<'a>(&mut self, node: &'a Node, path: &mut Vec<&'a str>, at: Option<Span>) {
        for entry in node.entries() {
            path.push(&entry.key.text);
            if !self.setting(&path.join("."), &texts(&entry.value), at.unwrap_or(entry.value.span)) {
                self.tree(&entry.value, path, at);
            }
            path.pop();
        }
        for item in node.items() {
            self.argument(item, at);
            self.variable(item, at);
            self.tree(item, path, at);
        }
    }

    /// What `helm --set` takes: `a.b=c`, `a={b,c}`, `a=b,c=d`.
    fn set(&mut self, name: &str, text: &str, span: Span) {
        let inner = text.strip_prefix('{').and_then(|text| text.strip_suffix('}'));
        let mut name = name.to_owned();
        for piece in pieces(inner.unwrap_or(text)) {
            let next = piece.split_once('=').filter(|_| inner.is_none() && !piece.starts_with("--"));
            let value = match next {
                Some((next, value)) => {
                    next.clone_into(&mut name);
                    value
                }
                None => &piece,
            };
            self.flag(value, span);
            self.setting(&name, &[value.to_owned()], span);
        }
    }

    /// An argument of a container, or of a chart's list of them.
    pub(super) fn argument(&mut self, argument: &Node, at: Option<Span>) {
        self.flag(argument.as_text().unwrap_or_default(), at.unwrap_or(argument.span));
    }

    /// `--entryPoints.web.forwardedHeaders.trustedIPs=…`; Traefik takes either case.
    fn flag(&mut self, text: &str, span: Span) {
        if let Some((name, value)) = text.strip_prefix("--").and_then(|flag| flag.split_once('=')) {
            self.setting(name, &[value.to_owned()], span);
        }
    }

    /// `TRAEFIK_ENTRYPOINTS_WEB_FORWARDEDHEADERS_TRUSTEDIPS` with its value.
    pub(super) fn variable(&mut self, variable: &Node, at: Option<Span>) {
        let name = variable.text_at(&["name"]).and_then(|name| name.strip_prefix(VARIABLE));
        if let (Some(name), Some(value)) = (name, variable.get("value")) {
            self.setting(&name.replace('_', "."), &texts(value), at.unwrap_or(value.span));
        }
    }

    /// Whether a setting is one of trust, which is taken in.
    fn setting(&mut self, name: &str, values: &[String], span: Span) -> bool {
        let lower = name.to_ascii_lowercase();
        let (before, last) = lower.rsplit_once('.').unwrap_or(("", &lower));
        let of_entry_point = before.ends_with("forwardedheaders") || before.ends_with("proxyprotocol");
        let believed: Vec<&str> = match last.split('[').next() {
            Some("trustedips") => values.iter().flat_map(|text| text.split(',')).map(str::trim).collect(),
            Some("insecure") if of_entry_point && values.iter().any(|value| value == "true") => {
                vec!["everybody"]
            }
            _ => return false,
        };
        for range in believed.into_iter().filter(|range| !range.is_empty()) {
            let sentence = format!("{name} believes what they say of a visitor's address:");
            self.add("trusted ranges", Told::Both, sentence, range, span);
        }
        true
    }
}

/// A value, or those of a list.
fn texts(node: &Node) -> Vec<String> {
    let own = node.written();
    node.items().iter().filter_map(Node::written).chain(own).map(String::from).collect()
}

/// Parted at commas, those behind a backslash left alone.
fn pieces(text: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            ',' => pieces.push(String::new()),
            '\\' => pieces.iter_mut().next_back().into_iter().for_each(|last| last.extend(characters.next())),
            other => pieces.iter_mut().next_back().into_iter().for_each(|last| last.push(other)),
        }
    }
    pieces
}

#[cfg(test)]
mod tests {
    use serde_json::{Value as Json, json};

    use crate::diff::power::calls;
    use crate::diff::power::trial::{made, told};
    use crate::kube::Object;

    fn chart(spec: &Json) -> Object {
        made("helm.cattle.io/v1", "HelmChartConfig", &json!({"spec": spec}))
    }

    fn values(text: &str) -> Object {
        chart(&json!({"valuesContent": text}))
    }

    const WORDS: &str = "believes what they say of a visitor's address:";

    #[test]
    fn what_came_and_what_went() {
        let old = values(
            "additionalArguments:\n- --entryPoints.web.forwardedHeaders.trustedIPs=10.0.0.0/8,192.0.2.0/24\n\
             ports: {websecure: {forwardedHeaders: {trustedIPs: [10.0.0.0/8]}}}\n",
        );
        let new = values(
            "additionalArguments:\n- --entryPoints.web.forwardedHeaders.trustedIPs=192.0.2.0/24,0.0.0.0/0,::/0\n\
             ports: {websecure: {forwardedHeaders: {insecure: true}}}\n",
        );
        let web = format!("trusted ranges: entryPoints.web.forwardedHeaders.trustedIPs {WORDS}");
        let secure = "trusted ranges: ports.websecure.forwardedHeaders";
        let expected = [
            format!("+ {web} 0.0.0.0/0, ::/0"),
            format!("+ {secure}.insecure {WORDS} everybody"),
            format!("- {web} 10.0.0.0/8"),
            format!("- {secure}.trustedIPs {WORDS} 10.0.0.0/8"),
        ];
        assert_eq!(told(&calls(Some(&old), Some(&new))), expected);
        assert!(calls(None, Some(&values("no: [yaml"))).is_empty());
        assert!(calls(None, Some(&values("api: {insecure: true}"))).is_empty());
    }

    #[test]
    fn wherever_a_chart_takes_values() {
        let trusted = |ranges: Json| json!({"ports": {"web": {"forwardedHeaders": ranges}}});
        let rows = [
            (
                json!({"values": trusted(json!({"trustedIPs": ["0.0.0.0/0"]}))}),
                "web.forwardedHeaders.trustedIPs",
                "0.0.0.0/0",
            ),
            (
                json!({"values": trusted(json!({"insecure": true}))}),
                "web.forwardedHeaders.insecure",
                "everybody",
            ),
            (
                json!({"valuesContent": trusted(json!({"insecure": "true"})).to_string()}),
                "web.forwardedHeaders.insecure",
                "everybody",
            ),
            (
                json!({"set": {"ports.web.forwardedHeaders.trustedIPs": "{0.0.0.0/0,::/0}"}}),
                "web.forwardedHeaders.trustedIPs",
                "0.0.0.0/0, ::/0",
            ),
            (
                json!({"set": {"ports.web.forwardedHeaders.trustedIPs[0]": "::/0"}}),
                "web.forwardedHeaders.trustedIPs[0]",
                "::/0",
            ),
            (
                json!({"set": {"ports.web.forwardedHeaders.insecure": "true"}}),
                "web.forwardedHeaders.insecure",
                "everybody",
            ),
            (
                json!({"set": {"ports.web.proxyProtocol.insecure": true}}),
                "web.proxyProtocol.insecure",
                "everybody",
            ),
            (
                json!({"set": {"a": "b,ports.web.forwardedHeaders.insecure=true"}}),
                "web.forwardedHeaders.insecure",
                "everybody",
            ),
        ];
        for (spec, place, ranges) in rows {
            let gained = told(&calls(Some(&chart(&json!({}))), Some(&chart(&spec))));
            assert_eq!(gained, [format!("+ trusted ranges: ports.{place} {WORDS} {ranges}")], "{spec}");
            let lost = told(&calls(Some(&chart(&spec)), Some(&chart(&json!({})))));
            assert_eq!(lost, [format!("- trusted ranges: ports.{place} {WORDS} {ranges}")], "{spec}");
        }
        let flag = "--entryPoints.web.forwardedHeaders.trustedIPs=0.0.0.0/0";
        let variable =
            json!({"name": "TRAEFIK_ENTRYPOINTS_WEB_FORWARDEDHEADERS_TRUSTEDIPS", "value": "0.0.0.0/0"});
        for spec in [
            json!({"values": {"additionalArguments": [flag]}}),
            json!({"set": {"additionalArguments": format!("{{{flag}}}")}}),
            json!({"set": {"additionalArguments[0]": flag}}),
            json!({"values": {"env": [variable]}}),
        ] {
            let gained = told(&calls(Some(&chart(&json!({}))), Some(&chart(&spec))));
            let [call] = gained.as_slice() else { panic!("{spec}: {gained:?}") };
            let says = "+ trusted ranges: entrypoints.web.forwardedheaders.trustedips";
            assert!(call.to_ascii_lowercase().starts_with(says) && call.ends_with(" 0.0.0.0/0"), "{call}");
        }
        let secret = chart(&json!({"valuesSecrets": [{"name": "more"}]}));
        assert_eq!(told(&calls(None, Some(&secret))), ["+ secret: its values come from the Secret more"]);
    }

    #[test]
    fn pods_of_traefik() {
        let pod = |more: Json| {
            let mut container = json!({"name": "traefik", "image": "traefik:3"});
            container.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            crate::kube::tree::object("v1", "Pod", &json!({"containers": [container]}))
        };
        let flag = "--entrypoints.web.proxyprotocol.insecure=true";
        let variable = json!({"name": "TRAEFIK_ENTRYPOINTS_WEB_PROXYPROTOCOL_INSECURE", "value": "true"});
        for more in [json!({"args": [flag]}), json!({"command": [flag]}), json!({"env": [variable]})] {
            let told = told(&calls(Some(&pod(json!({}))), Some(&pod(more))));
            assert!(told.len() == 1 && told[0].contains("everybody"), "{told:?}");
        }
    }
}
