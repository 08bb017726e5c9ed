//! Passwords of known programs in plain sight.

use super::Facts;
use super::program::{ATHENS, MINIO, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// A password as the value of a variable.
pub static CODE: Code = Code {
    name: "password-in-env",
    severity: Severity::Warning,
    page: Page {
        about: "A variable that holds a password is written as text: it lies in the manifest, in git and in the\n\
                cluster's store for all to read. Put it into a Secret, and take it from there. (A password of minio has\n\
                8 characters or more, the name before it 3, or minio refuses to start.)",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {pgsty/silo: [amd64]}\n\
              # apps/s3.yaml\nkind: app\nimage: pgsty/silo:RELEASE.2026-09-01T00-00-00Z\nargs: [server, /data]\n\
              env: {MINIO_ROOT_USER: admin, MINIO_ROOT_PASSWORD: hunter2hunter2}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {pgsty/silo: [amd64]}\nsecrets: {minio: [password]}\n\
               # apps/s3.yaml\nkind: app\nimage: pgsty/silo:RELEASE.2026-09-01T00-00-00Z\nargs: [server, /data]\n\
               env: {MINIO_ROOT_USER: admin, MINIO_ROOT_PASSWORD: {secret: minio, key: password}}\n",
    },
};

/// A program's images, variables that hold passwords.
const ROWS: &[(&[&str], &[&str])] = &[
    (MINIO, &["MINIO_ROOT_PASSWORD", "MINIO_SECRET_KEY"]),
    (&[ATHENS], &["BASIC_AUTH_PASS", "ATHENS_GITHUB_TOKEN", "AWS_SECRET_ACCESS_KEY"]),
];
/// minio's shortest.
const SHORTEST: usize = 8;

/// Tells each, and shows none of it.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts) {
        for (_, names) in ROWS.iter().filter(|(images, _)| program.is(images)) {
            for name in *names {
                let Some(value) = program.env(name).and_then(|entry| entry.get("value")) else { continue };
                let Some(text) = value.as_text() else { continue };
                let finding = Finding::new(&CODE, value.span, format!("`{name}` is written in clear text"))
                    .label("belongs into a Secret")
                    .help(format!("env: {{{name}: {{secret: NAME, key: KEY}}}}"))
                    .secret();
                let short = program.is(MINIO) && text.chars().count() < SHORTEST;
                found.push(if short { finding.note(format!("and minio refuses one of less than {SHORTEST} characters")) } else { finding });
            }
        }
    }
}
