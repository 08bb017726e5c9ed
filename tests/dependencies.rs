//! What stackc is built from, held offline: licences, sources, advisories, and a reason for each dependency.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::tools::ROOT;

/// Licences that a part of stackc may have, as in deny.toml.
const LICENCES: &[&str] = &["Apache-2.0", "MIT", "Unicode-3.0", "ISC", "BSD-3-Clause", "CDLA-Permissive-2.0"];

/// The one registry.
const CRATES_IO: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// A crate that may not be in the tree, or only from a version on; as in deny.toml, and in the same order.
struct Ban {
    name: &'static str,
    /// The first sound version, if there is one.
    sound: Option<&'static str>,
    why: &'static str,
}

const fn ban(name: &'static str, why: &'static str) -> Ban {
    Ban { name, sound: None, why }
}

const fn below(name: &'static str, sound: &'static str, why: &'static str) -> Ban {
    Ban { name, sound: Some(sound), why }
}

/// From the project's facts page on reliability (1.4), numbers from RUSTSEC's database.
const BANS: &[Ban] = &[
    below("age", "0.11.1", "RUSTSEC-2024-0433"),
    ban("ansi_term", "RUSTSEC-2021-0139"),
    ban("atty", "RUSTSEC-2021-0145, RUSTSEC-2024-0375"),
    ban("backoff", "RUSTSEC-2025-0012"),
    ban("bincode", "RUSTSEC-2025-0141"),
    below("cap-primitives", "3.4.1", "RUSTSEC-2024-0445"),
    ban("dotenv", "RUSTSEC-2021-0141"),
    below("h2", "0.4.16", "RUSTSEC-2026-0258"),
    ban("humantime", "RUSTSEC-2025-0014"),
    below("idna", "1.0.0", "RUSTSEC-2024-0421"),
    ban("instant", "RUSTSEC-2024-0384"),
    ban("libyml", "RUSTSEC-2025-0067"),
    ban("number_prefix", "RUSTSEC-2025-0119"),
    ban("paste", "RUSTSEC-2024-0436"),
    ban("proc-macro-error", "RUSTSEC-2024-0370"),
    below("ring", "0.17.12", "RUSTSEC-2025-0009"),
    below("rustls", "0.23.45", "RUSTSEC-2024-0399, RUSTSEC-2026-0285"),
    ban("rustls-pemfile", "RUSTSEC-2025-0134"),
    below(
        "rustls-webpki",
        "0.103.13",
        "RUSTSEC-2026-0049, RUSTSEC-2026-0098, RUSTSEC-2026-0099, RUSTSEC-2026-0104",
    ),
    ban("serde_yaml", "archived; writes on, y, 1_000 so that Kubernetes misreads them"),
    ban("serde_yml", "RUSTSEC-2025-0068"),
    below("tar", "0.4.45", "RUSTSEC-2026-0067, RUSTSEC-2026-0068"),
    ban("term_size", "RUSTSEC-2020-0163"),
    below("time", "0.3.47", "RUSTSEC-2026-0009"),
    below("url", "2.5.4", "takes an idna of RUSTSEC-2024-0421"),
    ban("users", "RUSTSEC-2023-0040, RUSTSEC-2023-0059, RUSTSEC-2025-0040"),
    ban("yaml-rust", "RUSTSEC-2018-0006, RUSTSEC-2024-0320"),
];

impl Ban {
    /// Its line in deny.toml.
    fn line(&self) -> String {
        let below = self.sound.map_or(String::new(), |sound| format!(":<{sound}"));
        format!("{{ crate = \"{}{below}\", reason = \"{}\" }},", self.name, self.why)
    }

    fn hits(&self, name: &str, version: &str) -> bool {
        self.name == name && self.sound.is_none_or(|sound| order(version) < order(sound))
    }
}

/// A version as something to compare; a candidate comes before its release.
fn order(version: &str) -> (Vec<u64>, bool) {
    let version = version.split('+').next().unwrap();
    let (numbers, release) = version.split_once('-').map_or((version, true), |(numbers, _)| (numbers, false));
    (numbers.split('.').map(|number| number.parse().unwrap()).collect(), release)
}

/// Whether an SPDX expression can be met by [`LICENCES`] alone; one that cannot be read is not.
fn may_use(expression: &str) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    either(&mut words) == Some(true) && words.next().is_none()
}

type Words<'a, 'b> = &'a mut std::iter::Peekable<std::str::SplitWhitespace<'b>>;

fn either(words: Words) -> Option<bool> {
    let mut met = all(words)?;
    while words.next_if_eq(&"OR").is_some() {
        met |= all(words)?;
    }
    Some(met)
}

fn all(words: Words) -> Option<bool> {
    let mut met = one(words)?;
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words)?;
    }
    Some(met)
}

fn one(words: Words) -> Option<bool> {
    match words.next()? {
        "(" => {
            let met = either(words)?;
            (words.next()? == ")").then_some(met)
        }
        licence => {
            // with an exception it is another licence, whose words nobody has read
            if words.next_if_eq(&"WITH").is_some() {
                words.next()?;
                return Some(false);
            }
            Some(LICENCES.contains(&licence))
        }
    }
}

/// Dependencies of a Cargo.toml with no comment right above them.
fn unreasoned(manifest: &str) -> Vec<&str> {
    let (mut dependencies, mut reasoned, mut found) = (false, false, Vec::new());
    for line in manifest.lines() {
        let names_one = line.starts_with(|c: char| c.is_ascii_alphanumeric());
        if line.starts_with('[') {
            dependencies = line.ends_with("dependencies]");
            if line.contains("dependencies.") && !reasoned {
                found.push(line);
            }
        } else if dependencies && names_one && !reasoned {
            found.push(line);
        }
        reasoned = line.starts_with('#');
    }
    found
}

/// What cargo knows of the whole tree, on all platforms.
fn metadata() -> Value {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.current_dir(ROOT).args(["metadata", "--offline", "--locked", "--format-version", "1"]);
    let output = cargo.output().unwrap();
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "run tests/run, or `cargo fetch --locked` once with network\n{stderr}");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn list<'a>(value: &'a Value, key: &str) -> &'a Vec<Value> {
    value[key].as_array().unwrap_or_else(|| panic!("cargo metadata has no list {key:?}"))
}

fn text<'a>(value: &'a Value, key: &str) -> &'a str {
    value[key].as_str().unwrap_or_else(|| panic!("cargo metadata has no text {key:?} in {value}"))
}

/// Ids of the packages that stackc itself is built from: all but what only tests need.
fn built_from(metadata: &Value) -> BTreeSet<&str> {
    let nodes: BTreeMap<&str, &Value> =
        list(&metadata["resolve"], "nodes").iter().map(|node| (text(node, "id"), node)).collect();
    let mut reached = BTreeSet::new();
    let mut next = vec![text(&metadata["resolve"], "root")];
    while let Some(id) = next.pop() {
        if reached.insert(id) {
            let ships = |dep: &&Value| list(dep, "dep_kinds").iter().any(|kind| kind["kind"] != "dev");
            next.extend(list(nodes[id], "deps").iter().filter(ships).map(|dep| text(dep, "pkg")));
        }
    }
    reached
}

#[test]
fn licences_are_allowed() {
    let metadata = metadata();
    let shipped = built_from(&metadata);
    assert!(shipped.len() > 10, "the tree was not found");
    for package in list(&metadata, "packages").iter().filter(|package| shipped.contains(text(package, "id")))
    {
        let licence = package["license"].as_str().unwrap_or("no licence");
        assert!(may_use(licence), "{} {}: {licence}", package["name"], package["version"]);
    }
}

#[test]
fn sources_are_crates_io() {
    for package in list(&metadata(), "packages") {
        match package["source"].as_str() {
            Some(source) => assert_eq!(source, CRATES_IO, "{}", package["name"]),
            None => assert_eq!(package["name"], "stackc", "a path dependency"),
        }
    }
}

#[test]
fn no_banned_crate_is_in_the_tree() {
    for package in list(&metadata(), "packages") {
        let (name, version) = (text(package, "name"), text(package, "version"));
        if let Some(ban) = BANS.iter().find(|ban| ban.hits(name, version)) {
            panic!("{name} {version}: {}", ban.line());
        }
    }
}

#[test]
fn deny_toml_says_the_same() {
    let deny = std::fs::read_to_string(format!("{ROOT}/deny.toml")).unwrap();
    let lines: Vec<&str> = deny.lines().map(str::trim).filter(|line| line.starts_with("{ crate =")).collect();
    for (line, ban) in lines.iter().zip(BANS) {
        assert_eq!(*line, ban.line());
    }
    assert_eq!(lines.len(), BANS.len());
    for line in [
        format!("allow = {LICENCES:?}"),
        format!("allow-registry = [{:?}]", CRATES_IO.strip_prefix("registry+").unwrap()),
    ] {
        assert!(deny.lines().any(|l| l == line), "deny.toml has no line\n{line}");
    }
}

#[test]
fn each_dependency_has_its_reason() {
    let manifest = std::fs::read_to_string(format!("{ROOT}/Cargo.toml")).unwrap();
    assert_eq!(unreasoned(&manifest), [""; 0], "write the reason in a comment right above");
}

mod rules {
    use super::*;

    #[test]
    fn licence_expressions() {
        for good in [
            "MIT",
            "MIT OR Apache-2.0",
            "MIT/Apache-2.0",
            "Unlicense OR MIT",
            "(MIT OR Apache-2.0) AND Unicode-3.0",
            "GPL-3.0 OR (MIT AND Apache-2.0)",
            "Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT",
        ] {
            assert!(may_use(good), "{good}");
        }
        for bad in [
            "",
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR Apache-2.0) AND GPL-3.0",
            "MIT WITH some-exception",
            "MIT WITH",
            "MIT WITH some-exception OR GPL-3.0",
            "(MIT",
            "MIT)",
            "MIT OR",
            "no licence",
        ] {
            assert!(!may_use(bad), "{bad}");
        }
    }

    #[test]
    fn bans_hit_by_name_and_version() {
        let always = ban("paste", "x");
        assert!(always.hits("paste", "9.9.9") && !always.hits("pastey", "1.0.0"));
        let some = below("rustls", "0.23.45", "x");
        for version in ["0.23.44", "0.9.99", "0.23.45-rc.1"] {
            assert!(some.hits("rustls", version), "{version}");
        }
        for version in ["0.23.45", "0.23.100", "0.24.0", "1.0.0+build"] {
            assert!(!some.hits("rustls", version), "{version}");
        }
    }

    #[test]
    fn a_reason_stands_right_above() {
        let manifest = "[package]\nname = \"x\"\n[dependencies]\n# why\na = \"1\"\nb = \"1\"\n# why\n\nc = \"1\"\n\
                        # why\nd = { features = [\n    \"x\",\n] }\n[dev-dependencies]\ne = \"1\"\n\
                        [dependencies.f]\nversion = \"1\"\n# why\n[dependencies.g]\nversion = \"1\"\n";
        assert_eq!(unreasoned(manifest), ["b = \"1\"", "c = \"1\"", "e = \"1\"", "[dependencies.f]"]);
    }

    #[test]
    fn what_only_tests_need_is_not_shipped() {
        let dep = |pkg: &str, kind: Value| serde_json::json!({"pkg": pkg, "dep_kinds": [{"kind": kind}]});
        let node = |id: &str, deps: Vec<Value>| serde_json::json!({"id": id, "deps": deps});
        let metadata = serde_json::json!({"resolve": {"root": "us", "nodes": [
            node("us", vec![dep("a", Value::Null), dep("build", "build".into()), dep("test", "dev".into())]),
            node("a", vec![dep("b", Value::Null)]),
            node("b", vec![dep("a", Value::Null)]),
            node("build", vec![]),
            node("test", vec![dep("deep", Value::Null)]),
            node("deep", vec![]),
        ]}});
        assert_eq!(built_from(&metadata).into_iter().collect::<Vec<_>>(), ["a", "b", "build", "us"]);
    }
}
