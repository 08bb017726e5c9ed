//! `$(NAME)` that stays as it is, since the name is defined too late or not at all.

use std::cell::OnceCell;
use std::collections::BTreeMap;

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::kube::{Container, Role};
use crate::yaml::Node;

/// A reference to a variable that has no value there.
pub static CODE: Code = Code {
    name: "variable-undefined",
    severity: Severity::Warning,
    page: Page {
        about: "`$(NAME)` in a command, an argument or a variable's value stands for a variable of the same container.\n\
                Kubernetes fills values in the order of the list, so a value sees only those before it. What it does\n\
                not find it leaves as it is, and the program gets the characters `$(NAME)`. `$$(NAME)` asks for them.\n\
                Names with small letters in a command are left alone: `$(date)` is the shell's.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              env: {URL: \"http://$(HOST)/\", HOST: example.org}\n",
        good: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               env: {HOST: example.org, URL: \"http://$(HOST)/\"}\n",
    },
};

/// Kubernetes sets variables for each Service: `WEB_SERVICE_HOST`, `WEB_PORT_80_TCP_ADDR`.
const OF_SERVICES: [&str; 4] = ["_SERVICE_HOST", "_SERVICE_PORT", "_PORT", "_PORT_"];

/// Tells the first of each text.
pub(super) fn of_pod(_: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    for container in landing.pod.containers().filter(|container| container.role != Role::Volume) {
        Scope::of(&container).check(&container, found);
    }
}

/// The variables of a container.
struct Scope<'a> {
    list: &'a [Node],
    /// Where each name stands first; made once something asks.
    first: OnceCell<BTreeMap<&'a str, usize>>,
    /// More come from elsewhere.
    open: bool,
}

impl<'a> Scope<'a> {
    fn of(container: &Container<'a>) -> Self {
        let list = |key: &str| container.node.get(key).map_or(&[][..], Node::items);
        Scope { list: list("env"), first: OnceCell::new(), open: !list("envFrom").is_empty() }
    }

    fn check(&self, container: &Container<'_>, found: &mut Findings) {
        for (at, variable) in self.list.iter().enumerate() {
            if let Some(value) = variable.get("value") {
                self.text(value, at, found);
            }
        }
        let list = |key: &str| container.node.get(key).map_or(&[][..], Node::items).iter();
        let paths = list("volumeMounts").filter_map(|mount| mount.get("subPathExpr"));
        for word in list("command").chain(list("args")).chain(paths) {
            self.text(word, self.list.len(), found);
        }
    }

    /// `seen` variables are known where the text stands.
    fn text(&self, node: &Node, seen: usize, found: &mut Findings) {
        let Some(text) = node.as_text().filter(|text| text.contains("$(")) else { return };
        let place = |name: &str| self.first().get(name).copied();
        let missing = |name: &&str| match place(name) {
            Some(at) => at >= seen && !self.open,
            None => is_meant(name) && !self.open,
        };
        let Some(name) = names(text).find(missing) else { return };
        let late = place(name).is_some();
        let what = if late { "defined later" } else { "not defined" };
        let finding = Finding::new(&CODE, node.span, format!("`$({name})` stays as it is: `{name}` is {what}"));
        found.push(if late {
            finding.help(format!("write `{name}` before it, or `$$({name})` for the characters themselves"))
        } else {
            finding.help(self.way_out(name))
        });
    }

    fn first(&self) -> &BTreeMap<&'a str, usize> {
        self.first.get_or_init(|| {
            let names = self.list.iter().enumerate();
            names.rev().filter_map(|(at, variable)| Some((variable.text_at(&["name"])?, at))).collect()
        })
    }

    fn way_out(&self, name: &str) -> String {
        match nearest(name, self.first().keys().copied()) {
            Some(near) => format!("did you mean `$({near})`?"),
            None => format!("define it under `env`, or write `$$({name})` for the characters themselves"),
        }
    }
}

/// Whether a variable of Kubernetes is meant, and neither a command of a shell nor one that Kubernetes sets.
fn is_meant(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    let variable = name.starts_with(|c: char| c.is_ascii_uppercase() || c == '_') && name.chars().all(plain);
    let of_service = OF_SERVICES.iter().any(|end| name.ends_with(end) || (*end == "_PORT_" && name.contains(end)));
    variable && !of_service
}

/// Names between `$(` and `)`; `$$` is a dollar sign (`third_party/forked/golang/expansion`).
fn names(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        loop {
            let (_, behind) = rest.split_once('$')?;
            if let Some(escaped) = behind.strip_prefix('$') {
                rest = escaped;
                continue;
            }
            rest = behind;
            let Some((name, after)) = behind.strip_prefix('(').and_then(|inside| inside.split_once(')')) else { continue };
            rest = after;
            return Some(name);
        }
    })
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told_of_pods};

    fn of(container: &str) -> Vec<String> {
        told_of_pods(super::of_pod, "", &pod("", &format!(", {container}")))
    }

    #[test]
    fn values_see_those_before_them() {
        assert_eq!(of("env: [{name: A, value: x}, {name: B, value: \"$(A)\"}]"), [""; 0]);
        assert_eq!(
            of("env: [{name: B, value: \"$(A)\"}, {name: A, value: x}]"),
            ["\"$(A)\": `$(A)` stays as it is: `A` is defined later"]
        );
        assert_eq!(
            of("env: [{name: B, value: \"-$(A)-\"}]"),
            ["\"-$(A)-\": `$(A)` stays as it is: `A` is not defined"]
        );
        assert_eq!(of("env: [{name: A, value: \"$(A)\"}]").len(), 1);
    }

    #[test]
    fn commands_see_all() {
        assert_eq!(of("command: [run, \"$(A)\"], env: [{name: A, value: x}]"), [""; 0]);
        assert_eq!(of("args: [\"--port=$(PORT)\"]"), ["\"--port=$(PORT)\": `$(PORT)` stays as it is: `PORT` is not defined"]);
        let mount = "volumeMounts: [{name: a, mountPath: /a, subPathExpr: $(NAME)}]";
        assert_eq!(of(mount), ["$(NAME): `$(NAME)` stays as it is: `NAME` is not defined"]);
    }

    #[test]
    fn what_others_may_mean() {
        for quiet in [
            "args: [\"$$(PORT)\"]",
            "args: [\"$(date +%s) $(hostname) $(nproc)\"]",
            "args: [\"${PORT} $PORT $(\"]",
            "args: [\"$(WEB_SERVICE_HOST) $(WEB_PORT_80_TCP_ADDR)\"]",
            "args: [\"$(PORT)\"], envFrom: [{configMapRef: {name: a}}]",
            "env: [{name: port, value: x}], args: [\"$(port)\"]",
        ] {
            assert_eq!(of(quiet), [""; 0], "{quiet}");
        }
        assert_eq!(of("args: [\"$$$(PORT)\"]").len(), 1);
    }
}
