//! Images whose index promises more than they hold.

use super::Facts;
use super::program::{GOPROXYIO, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// An entrypoint of another architecture.
pub static CODE: Code = Code {
    name: "image-entrypoint-arch",
    severity: Severity::Error,
    page: Page {
        about: "The image's index lists several architectures, but in each of them lies the same entrypoint of one:\n\
                elsewhere the container ends with `exec format error`, whatever the registry says. goproxy/goproxy of\n\
                Docker Hub begins with a tini of amd64. Start the program itself, or keep the pod to amd64.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: arm64}\n\
              platforms: {goproxy/goproxy: [amd64, arm64]}\n\
              # apps/go.yaml\nkind: app\nimage: goproxy/goproxy:v2.0.7\nargs: [\"-listen=0.0.0.0:8081\"]\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: arm64}\n\
               platforms: {goproxy/goproxy: [amd64, arm64]}\n\
               # apps/go.yaml\nkind: app\nimage: goproxy/goproxy:v2.0.7\ncommand: [/goproxy]\nargs: [\"-listen=0.0.0.0:8081\"]\n",
    },
};

/// A repository, its entrypoint, the architecture of that, the program behind it.
const ROWS: [(&str, &str, &str, &str); 1] = [(GOPROXYIO, "a tini", "amd64", "/goproxy")];

/// Tells each container that may land elsewhere.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts).filter(|program| !program.has_command()) {
        let Some((_, what, arch, behind)) = ROWS.iter().find(|(repository, ..)| *repository == program.repository) else {
            continue;
        };
        let mut open = program.landing.open().filter(|_| program.landing.readable);
        let Some(node) = open.find(|node| node.platform.word() != *arch) else { continue };
        let message = format!("its entrypoint is {what} of {arch}, and it may land on {}", node.name.value);
        found.push(
            Finding::new(&CODE, program.written.span, message)
                .also(node.name.span, format!("{} is {}", node.name.value, node.platform.word()))
                .note("whatever the image's index says, it would end with `exec format error` there")
                .help(format!("command: [{behind}]"))
                .help(format!("or keep it away: place: {{arch: {arch}}}")),
        );
    }
}
