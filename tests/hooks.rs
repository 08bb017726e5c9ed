//! `.pre-commit-hooks.yaml`: a commit that changes what a stack compiles to runs the hook.

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
        assert_eq!(hook["entry"], "stackc check");
        assert_eq!(hook["pass_filenames"], false, "a stack is checked whole, not file by file");
        assert_eq!(hook["require_serial"], true);
    }
}
