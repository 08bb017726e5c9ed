//! Probes that ask where nothing answers.

use super::Facts;
use super::program::{GOPROXY, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// A path that moved.
pub static CODE: Code = Code {
    name: "probe-path-wrong",
    severity: Severity::Error,
    page: Page {
        about: "ghcr.io/goproxy/goproxy with `--path-prefix` answers below that prefix alone, its /healthz as well: the\n\
                probe gets 404, and the kubelet kills the pod again and again.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {ghcr.io/goproxy/goproxy: [amd64]}\n\
              # apps/go.yaml\nkind: app\nimage: ghcr.io/goproxy/goproxy:0.26.1\n\
              args: [server, \"--address=:8080\", \"--path-prefix=/go\"]\nports: {http: 8080}\n\
              probes: {liveness: {httpGet: /healthz}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {ghcr.io/goproxy/goproxy: [amd64]}\n\
               # apps/go.yaml\nkind: app\nimage: ghcr.io/goproxy/goproxy:0.26.1\n\
               args: [server, \"--address=:8080\", \"--path-prefix=/go\"]\nports: {http: 8080}\n\
               probes: {liveness: {httpGet: /go/healthz}}\n",
    },
};

const PROBES: [&str; 3] = ["livenessProbe", "readinessProbe", "startupProbe"];

/// Tells each probe.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts).filter(|program| program.is(&[GOPROXY])) {
        let Some((arg, prefix)) = program.option("--path-prefix") else { continue };
        for path in PROBES.iter().filter_map(|probe| program.container.node.at(&[probe, "httpGet", "path"])) {
            let text = path.as_text().unwrap_or_default();
            let prefix = prefix.trim_end_matches('/');
            if !prefix.is_empty() && !text.starts_with(prefix) {
                found.push(
                    Finding::new(&CODE, path.span, format!("`{text}` is answered with 404"))
                        .also(arg.span, "all paths have moved here")
                        .help(format!("httpGet: {prefix}{text}")),
                );
            }
        }
    }
}
