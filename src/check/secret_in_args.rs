//! Secrets in commands and arguments.

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::exposed::{Command, What, exposed, exposes};
use crate::yaml::Node;

/// A password, a key or a token in a command line.
pub static CODE: Code = Code {
    name: "secret-in-args",
    severity: Severity::Error,
    page: Page {
        about: "A command or an argument holds a password, a key or a token: it lies in the manifest, in git, in the\n\
                cluster's store, and every process of the node sees it. Put it into a Secret, take it from there as a\n\
                variable, and write `$(NAME)` in the argument. What only its name tells is a warning.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nargs: [\"--admin-password=hunter2\"]\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\nsecrets: {web: [password]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\nargs: [\"--admin-password=$(PASSWORD)\"]\n\
               env: {PASSWORD: {secret: web, key: password}}\n",
    },
};

/// Tells each, and shows none of it.
pub(super) fn of_pod(_: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    for container in landing.pod.containers() {
        let command = |key| container.node.get(key).map_or(&[][..], Node::items);
        of_words(command("command").iter().chain(command("args")), found);
        for path in HANDLERS {
            let Some(handler) = container.node.at(path) else { continue };
            of_words(handler.at(&["exec", "command"]).map_or(&[][..], Node::items), found);
            for header in handler.at(&["httpGet", "httpHeaders"]).map_or(&[][..], Node::items) {
                of_header(header, found);
            }
        }
    }
}

/// Where a container has commands and requests beside its own.
const HANDLERS: [&[&str]; 5] = [
    &["livenessProbe"],
    &["readinessProbe"],
    &["startupProbe"],
    &["lifecycle", "postStart"],
    &["lifecycle", "preStop"],
];

fn of_words<'a>(words: impl IntoIterator<Item = &'a Node>, found: &mut Findings) {
    let mut command = Command::default();
    for word in words {
        if let Some(what) = word.as_text().and_then(|text| command.word(text)) {
            tell(what, word, "the command line", found);
        }
    }
}

fn of_header(header: &Node, found: &mut Findings) {
    let (Some(name), Some(value)) = (header.text_at(&["name"]), header.get("value")) else { return };
    let Some(text) = value.as_text() else { return };
    if let Some(what) = exposes(name, text).or_else(|| exposed(text).map(|found| found.what)) {
        tell(what, value, "a probe's header", found);
    }
}

fn tell(what: What<'_>, word: &Node, place: &str, found: &mut Findings) {
    if found.tells(word.span) {
        return;
    }
    found.push(
        Finding::new(&CODE, word.span, format!("{place} holds {what}"))
            .weighs(if what.is_certain() { Severity::Error } else { Severity::Warning })
            .label("belongs into a Secret")
            .help("env: {PASSWORD: {secret: NAME, key: KEY}}, and here: $(PASSWORD)")
            .secret(),
    );
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told_of_pods};

    fn of(args: &str) -> usize {
        let told = told_of_pods(super::of_pod, "", &pod("", &format!(", args: [{args}]")));
        assert!(told.iter().all(|line| !line.rsplit(": ").next().unwrap().contains("hunter2")), "{told:?}");
        told.len()
    }

    #[test]
    fn flags_scripts_and_addresses() {
        for bad in [
            "\"--password=hunter2\"",
            "\"--password\", hunter2",
            "\"--requirepass\", hunter2",
            "\"-c\", \"DB_PASSWORD=hunter2 exec run\"",
            "\"--db=postgres://me:hunter2@db/x\"",
        ] {
            assert_eq!(of(bad), 1, "{bad}");
        }
        let container = |keys: &str| told_of_pods(super::of_pod, "", &pod("", &format!(", {keys}"))).len();
        for bad in [
            "livenessProbe: {httpGet: {port: 80, httpHeaders: [{name: Authorization, value: Bearer hunter2}]}}",
            "livenessProbe: {exec: {command: [redis-cli, -a, hunter2, ping]}}",
            "lifecycle: {preStop: {exec: {command: [sh, -c, mysqladmin -phunter2 shutdown]}}}",
            "command: [mysql], args: [-phunter2]",
        ] {
            assert_eq!(container(bad), 1, "{bad}");
        }
        assert_eq!(container("livenessProbe: {httpGet: {port: 80, httpHeaders: [{name: X-A, value: b}]}}"), 0);
        for quiet in [
            "\"--password=$(PASSWORD)\"",
            "\"--password\", \"$(PASSWORD)\"",
            "\"--password-file\", /run/secrets/x",
            "\"--password\", \"--verbose\"",
            "\"--token-ttl=3600\"",
        ] {
            assert_eq!(of(quiet), 0, "{quiet}");
        }
    }
}
