//! Caches that live in memory.

use super::Facts;
use super::program::{ATHENS, programs};
use super::program_env_missing::storage;
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// Athens without a storage.
pub static CODE: Code = Code {
    name: "storage-in-memory",
    severity: Severity::Warning,
    page: Page {
        about: "Athens keeps modules in memory unless ATHENS_STORAGE_TYPE says otherwise: it grows with each module until\n\
                the kernel kills it, and after every start it has forgotten all.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {gomods/athens: [amd64]}\n# apps/go.yaml\nkind: app\nimage: gomods/athens:v0.18.0\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {gomods/athens: [amd64]}\n# apps/go.yaml\nkind: app\nimage: gomods/athens:v0.18.0\n\
               env: {ATHENS_STORAGE_TYPE: disk, ATHENS_DISK_STORAGE_ROOT: /data}\nvolumes: {/data: {pvc: 10Gi}}\n",
    },
};

/// Tells each container whose environment is known as a whole.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts).filter(|program| program.is(&[ATHENS]) && program.env_is_whole()) {
        let said = program.env("ATHENS_STORAGE_TYPE");
        if said.is_none() || storage(&program) == Some("memory") {
            let span = said.map_or(program.written.span, |entry| entry.span);
            found.push(
                Finding::new(&CODE, span, "athens keeps all modules in memory, and forgets them when it starts anew")
                    .help("env: {ATHENS_STORAGE_TYPE: disk, ATHENS_DISK_STORAGE_ROOT: /data}, and a volume for /data"),
            );
        }
    }
}

