//! Variables that a program does not heed.

use super::Facts;
use super::program::{GOPROXYIO, MINIO, programs};
use crate::finding::{Code, Finding, Findings, Page, Severity};

/// A variable without effect.
pub static CODE: Code = Code {
    name: "program-env-ignored",
    severity: Severity::Warning,
    page: Page {
        about: "A program that stackc knows does not heed a variable that it is given: goproxyio sets Go's own variables\n\
                itself at its start; minio takes MINIO_ACCESS_KEY and MINIO_SECRET_KEY only where neither MINIO_ROOT_USER\n\
                nor MINIO_ROOT_PASSWORD is there, and warns.",
        bad: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
              platforms: {goproxy/goproxy: [amd64]}\n\
              # apps/go.yaml\nkind: app\nimage: goproxy/goproxy:v2.0.7\nargs: [\"-listen=0.0.0.0:8081\"]\n\
              env: {GOPROXY: \"https://goproxy.cn\"}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {goproxy/goproxy: [amd64]}\n\
               # apps/go.yaml\nkind: app\nimage: goproxy/goproxy:v2.0.7\n\
               args: [\"-listen=0.0.0.0:8081\", \"-proxy=https://goproxy.cn\"]\n",
    },
};

/// A program's images, variables, why they do nothing, the way out.
const ROWS: &[(&[&str], &[&str], &str, &str)] = &[
    (
        &[GOPROXYIO],
        &["GOPROXY", "GOSUMDB", "GO111MODULE"],
        "goproxyio overwrites it at its start",
        "an argument: \"-proxy=https://…\"",
    ),
    (
        MINIO,
        &["MINIO_ACCESS_KEY", "MINIO_SECRET_KEY"],
        "minio gave this name up, and takes it only where the new ones are not there",
        "MINIO_ROOT_USER and MINIO_ROOT_PASSWORD",
    ),
];

/// Tells each.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for program in programs(facts) {
        for (_, names, why, help) in ROWS.iter().filter(|(images, ..)| program.is(images)) {
            for (name, entry) in names.iter().filter_map(|name| Some((name, program.env(name)?))) {
                let message = format!("`{name}` has no effect: {why}");
                found.push(Finding::new(&CODE, entry.span, message).help(*help));
            }
        }
    }
}
