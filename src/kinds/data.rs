//! Folders that a kind's program writes to.

use super::Asked;
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::source::Span;
use crate::yaml::Node;

/// A folder of the node for a program that is not root.
pub static DATA_OWNER_ROOT: Code = Code {
    name: "data-owner-root",
    severity: Severity::Note,
    page: Page {
        about: "The program runs as a user of its own, and its data lies in a folder of the node. Kubernetes makes such\n\
                a folder as root's with mode 0755, and `fsGroup` does not reach it: unless the folder was given to\n\
                that user on the node beforehand, the program ends with `permission denied`.",
        bad: concat!(
            "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n",
            "platforms: {gomods/athens: [amd64]}\n",
            "# apps/goproxy.yaml\nkind: goproxy\nengine: athens\nimage: gomods/athens:v0.18.0\nhost: go.example.org\n",
            "cache: {hostPath: /data/goproxy}\nsecurityContext: {runAsUser: 65534}\n"
        ),
        good: concat!(
            "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n",
            "platforms: {gomods/athens: [amd64]}\n",
            "# apps/goproxy.yaml\nkind: goproxy\nengine: athens\nimage: gomods/athens:v0.18.0\nhost: go.example.org\n",
            "cache: {hostPath: /data/goproxy}\n"
        ),
    },
};

/// Tells a folder of the node under a program that the user made run as somebody.
pub(super) fn owner(data: &Node, asked: &Asked<'_>, found: &mut Findings) {
    let Some(path) = data.at(&["hostPath", "path"]) else { return };
    let user = asked.said.at(&["securityContext", "runAsUser"]);
    let Some((user, span)) = user.and_then(|user| Some((user.as_int().filter(|uid| *uid != 0)?, user.span)))
    else {
        return;
    };
    let folder = path.as_text().unwrap_or_default();
    found.push(
        Finding::new(
            &DATA_OWNER_ROOT,
            span,
            format!("the user {user} cannot write to {folder} unless it is his"),
        )
        .also(path.span, "made as root's if it is missing")
        .help(format!("on the node: chown -R {user} {folder}")),
    );
}

/// What root needs in a folder of the node that may hold others' files, and no more: to read and write them, and to
/// open them without a trace in their access times (O_NOATIME), which only an owner may.
pub(super) fn root(span: Span) -> Node {
    let words = |words: &[&'static str]| Node::list(span, words.iter().map(|word| Node::text(span, *word)));
    let capabilities =
        Node::map(span, [("drop", words(&["ALL"])), ("add", words(&["DAC_OVERRIDE", "FOWNER"]))]);
    let seccomp = Node::map(span, [("type", Node::text(span, "RuntimeDefault"))]);
    Node::map(
        span,
        [
            ("allowPrivilegeEscalation", Node::bool(span, false)),
            ("capabilities", capabilities),
            ("seccompProfile", seccomp),
        ],
    )
}

/// Kubernetes' restricted profile, as this user, with a root that cannot be written to.
pub(super) fn restricted(span: Span, user: u32) -> Node {
    Node::map(
        span,
        [
            ("profile", Node::text(span, "restricted")),
            ("runAsUser", Node::int(span, user)),
            ("runAsGroup", Node::int(span, user)),
            ("fsGroup", Node::int(span, user)),
            ("readOnlyRootFilesystem", Node::bool(span, true)),
        ],
    )
}
