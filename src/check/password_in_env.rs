//! Secrets in variables, in plain sight.

use super::{Facts, Landing};
use super::program::{ATHENS, MINIO, programs_of};
use crate::finding::{Code, Finding, Findings, Page, Severity};
use crate::kube::exposed::{What, exposed, exposes};
use crate::yaml::Node;

/// A password as the value of a variable.
pub static CODE: Code = Code {
    name: "password-in-env",
    severity: Severity::Warning,
    page: Page {
        about: "A variable that holds a password, a key or a token is written as text: it lies in the manifest, in git\n\
                and in the cluster's store for all to read. Put it into a Secret, and take it from there. What shows by\n\
                its form that it is a secret is an error; what its name tells is a warning, and a reference, a path or a\n\
                placeholder such as `changeme` is none. (A password of minio has 8 characters or more, or minio refuses\n\
                to start.)",
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
pub(super) fn of_pod(_: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    for program in programs_of(landing) {
        for (_, names) in ROWS.iter().filter(|(images, _)| program.is(images)) {
            for name in *names {
                let Some(value) = program.env(name).and_then(|entry| entry.get("value")) else { continue };
                let Some(text) = value.as_text() else { continue };
                let finding = in_env(name, What::Name(name), value);
                let short = program.is(MINIO) && text.chars().count() < SHORTEST;
                let note = format!("and minio refuses one of less than {SHORTEST} characters");
                found.push(if short { finding.note(note) } else { finding });
            }
        }
    }
    for variable in landing.pod.containers().flat_map(|container| container.node.get("env").map_or(&[][..], Node::items)) {
        let (Some(name), Some(value)) = (variable.text_at(&["name"]), variable.get("value")) else { continue };
        let Some(text) = value.written() else { continue };
        let what = exposes(name, &text).map(|_| What::Name(name));
        if let Some(what) = what.or_else(|| exposed(&text).map(|found| found.what))
            && !found.tells(value.span)
        {
            found.push(in_env(name, what, value));
        }
    }
}

fn in_env(name: &str, what: What<'_>, value: &Node) -> Finding {
    let message = match what {
        What::Name(same) if same == name => format!("`{name}` is written in clear text"),
        what => format!("`{name}` holds {what} in clear text"),
    };
    Finding::new(&CODE, value.span, message)
        .weighs(if what.is_certain() { Severity::Error } else { Severity::Warning })
        .label("belongs into a Secret")
        .help(format!("env: {{{name}: {{secret: NAME, key: KEY}}}}"))
        .secret()
}

#[cfg(test)]
mod tests {
    use crate::check::trial::{pod, told_of_pods};

    fn of(variable: &str) -> usize {
        let told = told_of_pods(super::of_pod, "", &pod("", &format!(", env: [{{{variable}}}]")));
        assert!(told.iter().all(|line| !line.rsplit(": ").next().unwrap().contains("hunter2")), "{told:?}");
        told.len()
    }

    #[test]
    fn names_and_forms() {
        assert_eq!(of("name: DB_PASSWORD, value: hunter2"), 1);
        assert_eq!(of("name: DB_PASSWORD, value: 12345678"), 1);
        assert_eq!(of("name: DATABASE_URL, value: \"postgres://me:hunter2@db/x\""), 1);
        assert_eq!(of("name: SETTINGS, value: \"a=b;password=hunter2\""), 1);
        assert_eq!(of("name: GIT, value: ghp_0123456789abcdefghijABCDEFGHIJ012345"), 1);
        for quiet in [
            "name: DB_PASSWORD, value: \"$(PASSWORD)\"",
            "name: DB_PASSWORD, value: \"\"",
            "name: DB_PASSWORD_FILE, value: /run/secrets/db",
            "name: DB_PASSWORD, valueFrom: {secretKeyRef: {name: a, key: b}}",
            "name: DB_USER, value: admin",
        ] {
            assert_eq!(of(quiet), 0, "{quiet}");
        }
    }
}
