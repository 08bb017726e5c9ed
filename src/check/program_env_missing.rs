//! Variables without which a program does not start, or does not do what its route wants.

use super::Facts;
use super::program::{ATHENS, MINIO, Program, SATISHWEB, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::yaml::Node;

/// A variable that is needed.
pub static CODE: Code = Code {
    name: "program-env-missing",
    severity: Severity::Error,
    page: Page {
        about: "A program that stackc knows needs a variable beside those that it is given: minio refuses to start with\n\
                one of MINIO_ROOT_USER and MINIO_ROOT_PASSWORD alone; athens with storage on disk wants to know the\n\
                folder; satishweb/doh-server answers on /getnsrecord unless DOH_HTTP_PREFIX says otherwise.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {pgsty/silo: [amd64]}\nsecrets: {minio: [password]}\n\
              # apps/s3.yaml\nkind: app\nimage: pgsty/silo:RELEASE.2026-09-01T00-00-00Z\nargs: [server, /data]\n\
              env: {MINIO_ROOT_PASSWORD: {secret: minio, key: password}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {pgsty/silo: [amd64]}\nsecrets: {minio: [user, password]}\n\
               # apps/s3.yaml\nkind: app\nimage: pgsty/silo:RELEASE.2026-09-01T00-00-00Z\nargs: [server, /data]\n\
               env: {MINIO_ROOT_USER: {secret: minio, key: user}, MINIO_ROOT_PASSWORD: {secret: minio, key: password}}\n",
    },
};

/// A program's images, what tells that the variable is needed, the variable, what happens without it, an example.
type Row = (&'static [&'static str], fn(&Program<'_>) -> bool, &'static str, &'static str, &'static str);

const ROWS: &[Row] = &[
    (MINIO, |program| program.env("MINIO_ROOT_USER").is_some(), "MINIO_ROOT_PASSWORD", "minio refuses to start", "{secret: NAME, key: KEY}"),
    (MINIO, |program| program.env("MINIO_ROOT_PASSWORD").is_some(), "MINIO_ROOT_USER", "minio refuses to start", "{secret: NAME, key: KEY}"),
    (&[ATHENS], |program| storage(program) == Some("disk"), "ATHENS_DISK_STORAGE_ROOT", "athens does not start", "/var/lib/athens"),
    (
        &[SATISHWEB],
        |program| !program.has_command(),
        "DOH_HTTP_PREFIX",
        "it answers on /getnsrecord, and clients ask for /dns-query",
        "/dns-query",
    ),
];

/// Where athens keeps modules, as far as its environment tells.
pub(super) fn storage<'a>(program: &Program<'a>) -> Option<&'a str> {
    program.env("ATHENS_STORAGE_TYPE")?.get("value").and_then(Node::as_text)
}

/// Tells each container whose environment is known as a whole.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts).filter(Program::env_is_whole) {
        for (_, needed, name, why, example) in ROWS.iter().filter(|(images, ..)| program.is(images)) {
            if needed(&program) && program.env(name).is_none() {
                found.push(
                    Finding::new(&CODE, program.written.span, format!("without `{name}` {why}"))
                        .help(format!("env: {{{name}: {example}}}")),
                );
            }
        }
    }
}
