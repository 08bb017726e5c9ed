//! Entrypoints that write to the image's own files.

use super::Facts;
use super::program::{SATISHWEB, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::yaml::Node;

/// A root that cannot be written to, under a script that must.
pub static CODE: Code = Code {
    name: "entrypoint-writes-root",
    severity: Severity::Error,
    page: Page {
        about: "The image starts with a script that writes the program's configuration from the environment, which a\n\
                read-only root does not let it do: the container ends at once. `kind: doh` starts the program without\n\
                the script.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {satishweb/doh-server: [amd64]}\n\
              # apps/dns.yaml\nkind: app\nimage: satishweb/doh-server:v2.3.10-alpine\nenv: {DOH_HTTP_PREFIX: /dns-query}\n\
              securityContext: {readOnlyRootFilesystem: true}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {satishweb/doh-server: [amd64]}\n\
               # apps/dns.yaml\nkind: app\nimage: satishweb/doh-server:v2.3.10-alpine\nenv: {DOH_HTTP_PREFIX: /dns-query}\n",
    },
};

/// A repository, and what its entrypoint writes.
const ROWS: [(&str, &str); 1] = [(SATISHWEB, "/server/doh-server.conf")];

/// Tells each container.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts).filter(|program| !program.has_command()) {
        let Some((_, file)) = ROWS.iter().find(|(repository, _)| *repository == program.repository) else { continue };
        let read_only = program.security("readOnlyRootFilesystem").filter(|only| Node::as_bool(only) == Some(true));
        let mounted = program.list("volumeMounts").iter().any(|mount| mount.text_at(&["mountPath"]) == Some(file));
        let at = read_only.map(|only| (only.span, format!("its entrypoint writes {file}, which this forbids")));
        let over = mounted.then(|| (program.written.span, format!("its entrypoint writes {file}, over which a file is mounted")));
        if let Some((span, message)) = at.or(over) {
            found.push(Finding::new(&CODE, span, message).help("kind: doh, which starts the program alone"));
        }
    }
}
