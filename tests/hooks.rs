//! `.pre-commit-hooks.yaml`: a commit that changes what a stack compiles to runs the hook, and a bad one is refused by the
//! real pre-commit.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::stack::{APP, Folder, STACK};
use crate::tools::{ROOT, python, stdout};

/// Prints each hook as JSON, with the paths of argv that it runs for: pre-commit searches `files` in each path.
const ASK: &str = r"
import json, re, sys, yaml
for hook in yaml.safe_load(open('.pre-commit-hooks.yaml')):
    hook['runs'] = [path for path in sys.argv[1:] if re.search(hook['files'], path)]
    print(json.dumps(hook))
";

const INPUTS: &[&str] = &[
    "stack.yaml",
    "stackc.lock",
    "apps/minio.yaml",
    "files/doh/Caddyfile.j2",
    "manifests/a/b.yaml",
    "stacks/oracle/stack.yaml",
    "stacks/oracle/stackc.lock",
    "stacks/oracle/apps/minio.yaml",
    "stacks/oracle/secrets/x.sops.yaml",
    "stacks/oracle/anything.env",
    "shared/home/include.yaml",
    "shared/home/files/motd",
    "overlays/staging/overlay.yaml",
    "overlays/staging/replicas.json",
    "deploy/kustomization.yml",
    "deploy/Kustomization",
    "deploy/components/debug/patch.yaml",
];

const OTHERS: &[&str] = &[
    "README.md",
    "src/apps.rs",
    "docs/haystack.yaml",
    "stack.yaml.md",
    "Cargo.lock",
    "myfiles/x",
    "stack.json",
];

#[test]
fn both_hooks_run_for_every_input() {
    let paths = INPUTS.iter().chain(OTHERS);
    let hooks = stdout(python().current_dir(ROOT).args(["-c", ASK]).args(paths));
    let hooks: Vec<serde_json::Value> =
        hooks.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let ids: Vec<_> = hooks.iter().map(|hook| (&hook["id"], &hook["language"])).collect();
    assert_eq!(
        format!("{ids:?}"),
        r#"[(String("stackc-check"), String("rust")), (String("stackc-check-system"), String("system"))]"#
    );
    for hook in hooks {
        assert_eq!(hook["runs"], serde_json::json!(INPUTS));
        assert_eq!(hook["entry"], "stackc check --allow-none");
        assert_eq!(hook["pass_filenames"], false, "a stack is checked whole, not file by file");
        assert_eq!(hook["require_serial"], true);
    }
}

/// Many repositories have a folder `apps`, and some no stack yet.
#[test]
fn where_no_stack_is_the_hook_has_nothing_to_say() {
    let folder = Folder::new().with("apps/web/main.rs", "");
    let ran = folder.stackc("check --allow-none");
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, "", ""));
    assert_eq!(folder.stackc("check").status, 2);
    assert_eq!(folder.stackc("check --allow-none nowhere").status, 2);
    let bad = folder.with("home/stack.yaml", "stackc: 1\n");
    assert_eq!(bad.stackc("check --allow-none").status, 1);
}

/// A repository with the hooks of this one, and one with a stack that asks for a hook of it.
struct Repositories {
    folder: Folder,
    path: OsString,
}

impl Repositories {
    /// `with` copies into the repository of the hooks what the hook needs.
    fn new(id: &str, with: impl Fn(&Path)) -> Repositories {
        let folder = Folder::new();
        let hooks = folder.at("hooks");
        let own = std::fs::read(format!("{ROOT}/.pre-commit-hooks.yaml")).unwrap();
        folder.write("hooks/.pre-commit-hooks.yaml", own);
        folder.write("stacks/stacks/home/stack.yaml", STACK);
        folder.write("stacks/stacks/home/apps/web.yaml", APP);
        std::fs::create_dir(folder.at("bin")).unwrap();
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_stackc"), folder.at("bin/stackc")).unwrap();
        let rest = std::env::var_os("PATH").unwrap();
        let path =
            std::env::join_paths([folder.at("bin")].into_iter().chain(std::env::split_paths(&rest))).unwrap();
        let made = Repositories { folder, path };
        with(&hooks);
        for repository in ["hooks", "stacks"] {
            made.git(repository, "init --quiet --initial-branch main");
        }
        made.git("hooks", "add --all");
        made.git("hooks", "commit --quiet --message hooks");
        let revision = made.git("hooks", "rev-parse HEAD");
        let config = format!(
            "repos:\n- repo: {}\n  rev: {}\n  hooks: [{{id: {id}}}]\n",
            hooks.display(),
            revision.trim()
        );
        made.folder.write("stacks/.pre-commit-config.yaml", config);
        made
    }

    /// A program in one of them, with git and pre-commit that know nothing of whoever runs the tests.
    fn program(&self, repository: &str, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.at(repository)).env("PATH", &self.path);
        for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("GIT_")) {
            command.env_remove(name);
        }
        for (name, value) in [("AUTHOR", "a"), ("COMMITTER", "c")] {
            command.env(format!("GIT_{name}_NAME"), value).env(format!("GIT_{name}_EMAIL"), "a@example.org");
        }
        command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
        command.env("PRE_COMMIT_HOME", self.folder.at("cache")).env_remove("SKIP");
        command
    }

    fn git(&self, repository: &str, arguments: &str) -> String {
        stdout(self.program(repository, "git").args(arguments.split(' ')))
    }

    fn pre_commit(&self, arguments: &str) -> Command {
        let mut command = self.program("stacks", python().get_program());
        command.args(["-m", "pre_commit"]).args(arguments.split(' '));
        command
    }

    /// Commits all that lies there, in a network of its own, which is none. Whether it was done, and what was said.
    fn commit(&self) -> (bool, String) {
        self.git("stacks", "add --all");
        let mut command = self.program("stacks", "unshare");
        let output = command.args(["-rn", "git", "commit", "--message", "x"]).output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }

    fn commits(&self) -> usize {
        self.git("stacks", "rev-list --all --count").trim().parse().unwrap()
    }
}

#[test]
fn a_bad_stack_is_not_committed_without_any_network() {
    let made = Repositories::new("stackc-check-system", |_| ());
    stdout(&mut made.pre_commit("install"));
    let (done, said) = made.commit();
    assert!(done && said.contains("stackc check (installed)") && said.contains("Passed"), "{said}");
    assert_eq!(made.commits(), 1);

    made.folder.write("stacks/stacks/home/apps/web.yaml", format!("{APP}replica: 2\n"));
    let (done, said) = made.commit();
    assert!(!done && said.contains("Failed"), "{said}");
    assert!(said.contains("error[key-unknown]: unknown key `replica`"), "{said}");
    assert!(said.contains("--> stacks/home/apps/web.yaml:3:1"), "{said}");
    assert!(said.contains("did you mean `replicas`?"), "{said}");
    assert_eq!(made.commits(), 1);

    // The lock alone decides as well: what stands in it is an input.
    made.folder.write("stacks/stacks/home/apps/web.yaml", APP);
    made.folder.write("stacks/stacks/home/stackc.lock", "nonsense\n");
    assert!(!made.commit().0);
    made.git("stacks", "rm --quiet --force stacks/home/stackc.lock");
    made.folder.write("stacks/README.md", "no stack\n");
    let (done, said) = made.commit();
    assert!(done && said.contains("Skipped"), "{said}");
    assert_eq!(made.commits(), 2);
}

#[expect(clippy::print_stdout, reason = "for whoever asked for the long run: cargo test -- --nocapture")]
fn took(first: Duration, second: Duration) {
    println!("the first run took {first:?}, the second {second:?}");
}

/// Builds stackc from source with the crates' registry, as a user's first commit does: minutes, so only if asked for.
#[test]
fn the_hook_that_builds_stackc_runs() {
    if std::env::var_os("STACKC_LONG").is_none_or(|value| value != "1") {
        return;
    }
    let made = Repositories::new("stackc-check", |hooks| {
        let files =
            "git ls-files -z --cached --others --exclude-standard | tar --null --files-from - --create";
        let copy = format!("{files} | tar --extract --directory \"$1\"");
        stdout(Command::new("sh").current_dir(ROOT).args(["-c", &copy, "sh"]).arg(hooks));
    });
    made.git("stacks", "add --all");
    let start = Instant::now();
    // Not the stackc on the path.
    std::fs::remove_file(made.folder.at("bin/stackc")).unwrap();
    let said = stdout(&mut made.pre_commit("run --all-files --verbose"));
    let first = start.elapsed();
    assert!(said.contains("home: 1 app, 1 object on 1 node"), "{said}");
    let start = Instant::now();
    stdout(&mut made.pre_commit("run --all-files"));
    took(first, start.elapsed());
    made.folder.write("stacks/stacks/home/apps/web.yaml", format!("{APP}replica: 2\n"));
    let output = made.pre_commit("run --all-files").output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(!output.status.success() && said.contains("error[key-unknown]"), "{said}");
}
