//! Images whose user the kubelet refuses under `runAsNonRoot`.

use super::Facts;
use super::program::{ATHENS, COREDNS, DNSPROXY, DOH_SERVER, GOPROXY, GOPROXYIO, GOST, MINIO, SATISHWEB, SING_BOX, V2RAY, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::yaml::Node;

/// A user whom nothing proves not to be root.
pub static CODE: Code = Code {
    name: "image-user-refused",
    severity: Severity::Error,
    page: Page {
        about: "With `runAsNonRoot` the kubelet starts no container whose user may be root. The image of a program that\n\
                stackc knows runs as root, or names its user by a word, of which the kubelet cannot tell: `container has\n\
                runAsNonRoot and image has non-numeric user`. Say a number.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {ghcr.io/goproxy/goproxy: [amd64]}\n\
              # apps/go.yaml\nkind: app\nimage: ghcr.io/goproxy/goproxy:0.26.1\nsecurityContext: restricted\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {ghcr.io/goproxy/goproxy: [amd64]}\n\
               # apps/go.yaml\nkind: app\nimage: ghcr.io/goproxy/goproxy:0.26.1\n\
               securityContext: {profile: restricted, runAsUser: 65534}\n",
    },
};

/// Images, their user, a number for him.
const ROWS: &[(&[&str], &str, u32)] = &[
    (&[COREDNS], "the name `nonroot`", 65_532),
    (&[GOPROXY, SATISHWEB], "the name `nobody`", 65_534),
    (MINIO, "root", 1_000),
    (&[DOH_SERVER, DNSPROXY, GOPROXYIO, ATHENS, V2RAY, GOST, SING_BOX], "root", 65_534),
];

/// Tells each container.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts) {
        let Some((_, user, number)) = ROWS.iter().find(|(images, ..)| program.is(images)) else { continue };
        let refused = program.security("runAsNonRoot").filter(|asked| asked.as_bool() == Some(true));
        let said = program.security("runAsUser").and_then(Node::as_int);
        if let (Some(asked), None) = (refused, said) {
            found.push(
                Finding::new(&CODE, asked.span, format!("the kubelet refuses the user of {}", program.repository))
                    .label("not root, it says")
                    .also(program.written.span, format!("its user is {user}"))
                    .help(format!("securityContext: {{runAsUser: {number}}}")),
            );
        }
    }
}
