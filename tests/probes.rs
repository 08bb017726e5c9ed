//! Corners of YAML's syntax, read by stackc and by kubectl: what both read, they read alike. stackc may refuse more, as
//! other readers take such a text for something else; each reason is a code.

use std::collections::BTreeMap;

use serde_json::{Deserializer, Value};
use stackc::yaml::Dialect;

use crate::random::{Random, long};
use crate::reader::{json, read, unescaped};
use crate::stack::Folder;
use crate::tools::kubectl;

const PROBES: &str = include_str!("data/probes.txt");

/// The lines that make an object.
fn head(number: usize) -> String {
    format!("apiVersion: example.com/v1\nmetadata:\n  name: p{number}\nkind: X")
}

/// The file that a probe makes; its objects bear the file's number.
fn file(number: usize, probe: &str) -> String {
    if !probe.contains("HEAD") && !probe.contains("JSON") {
        return format!("{}\nspec:\n  {probe}\n", head(number));
    }
    let line =
        format!(r#"{{"apiVersion": "example.com/v1", "metadata": {{"name": "p{number}"}}, "kind": "X"}}"#);
    probe.replace("HEAD", &head(number)).replace("JSON", &line) + "\n"
}

fn probes() -> Vec<String> {
    PROBES.lines().filter(|line| !line.starts_with("## ")).map(unescaped).collect()
}

/// What kubectl reads in each file, or nothing of a file that it refuses. One run reads them all.
pub(crate) fn kubectl_reads(files: &[String]) -> Vec<Option<Vec<Value>>> {
    let folder = Folder::new();
    for (number, text) in files.iter().enumerate() {
        folder.write(&format!("in/{number}.yaml"), text);
    }
    let output = kubectl()
        .args(["label", "--local", "--filename", "in", "x=y", "--output", "json"])
        .current_dir(folder.at(""))
        .output()
        .unwrap();
    let mut objects: BTreeMap<usize, Vec<Value>> = BTreeMap::new();
    for object in Deserializer::from_slice(&output.stdout).into_iter::<Value>() {
        let mut object = object.unwrap();
        let metadata = object["metadata"].as_object_mut().unwrap();
        metadata.remove("labels");
        let number =
            metadata["name"].as_str().unwrap().trim_start_matches(char::is_alphabetic).parse().unwrap();
        objects.entry(number).or_default().push(object);
    }
    let errors = String::from_utf8(output.stderr).unwrap();
    let refused = |number: usize| errors.contains(&format!("in/{number}.yaml"));
    (0..files.len())
        .map(|number| (!refused(number)).then(|| objects.remove(&number).unwrap_or_default()))
        .collect()
}

/// How the two readers stand to a file.
#[derive(Default, Debug)]
pub(crate) struct Ends {
    pub(crate) same: usize,
    pub(crate) both_refuse: usize,
    /// Only stackc refuses: the probe and the codes.
    pub(crate) stackc_refuses: Vec<String>,
    /// Only kubectl refuses.
    pub(crate) kubectl_refuses: Vec<String>,
    /// Both read, each something else. Must be empty.
    pub(crate) differ: Vec<String>,
}

fn compare(probes: &[String]) -> Ends {
    let texts: Vec<String> = probes.iter().enumerate().map(|(number, probe)| file(number, probe)).collect();
    let mut ends = Ends::default();
    for ((probe, text), theirs) in probes.iter().zip(&texts).zip(kubectl_reads(&texts)) {
        let ours = read(text.as_str(), Dialect::Manifest);
        match (ours, theirs) {
            (Err(_), None) => ends.both_refuse += 1,
            (Ok(_), None) => ends.kubectl_refuses.push(format!("{probe:?}")),
            (Err(codes), Some(_)) => ends.stackc_refuses.push(format!("{probe:?}: {}", codes.join(" "))),
            (Ok(ours), Some(theirs)) => {
                let ours: Vec<Value> = ours.iter().map(json).collect();
                if ours == theirs {
                    ends.same += 1;
                } else {
                    ends.differ.push(format!("{probe:?}\n    stackc: {ours:?}\n    kubectl: {theirs:?}"));
                }
            }
        }
    }
    ends
}

#[test]
fn what_both_read_they_read_alike() {
    let ends = compare(&probes());
    assert!(ends.differ.is_empty(), "\n{}", ends.differ.join("\n"));
    assert_eq!((ends.same, ends.both_refuse), (588, 236));
    assert_eq!(ends.stackc_refuses.len(), 56, "{:#?}", ends.stackc_refuses);
    assert_eq!(ends.kubectl_refuses.len(), 9, "{:#?}", ends.kubectl_refuses);
}

/// What a mutation puts in.
const PIECES: &[&str] = &[
    " ",
    "  ",
    "\n",
    "\n  ",
    "\n    ",
    "\t",
    "\r\n",
    "\r",
    ":",
    ": ",
    "- ",
    "-",
    "? ",
    "?",
    ",",
    ", ",
    "[",
    "]",
    "{",
    "}",
    "#",
    " #",
    "&a ",
    "*a",
    "*a ",
    "!",
    "!!str ",
    "!!int ",
    "! ",
    "|",
    "|-",
    "|+",
    ">",
    ">-",
    "|2",
    "'",
    "\"",
    "\\",
    "\\n",
    "%",
    "@",
    "`",
    "<<",
    "<<: ",
    "=",
    "~",
    "a",
    "b: ",
    "1",
    "0x1",
    "1_0",
    "1e3",
    ".5",
    "yes",
    "null",
    "2001-01-01",
    "---",
    "\n---\n",
    "...",
    "\u{feff}",
    "é",
    "\u{a0}",
    "\\x41",
    "\\u00e9",
];

/// A probe with one to four random changes.
fn mutated(probes: &[String], random: &mut Random) -> String {
    let mut text: Vec<char> = random.of(probes).chars().collect();
    for _ in 0..=random.below(3) {
        let at = random.below(text.len());
        match random.below(5) {
            0 => drop(text.drain(at..(at + 1 + random.below(2)).min(text.len()))),
            1 => {
                let other: Vec<char> = random.of(probes).chars().collect();
                let from = random.below(other.len());
                text.splice(at..at, other.into_iter().skip(from).take(8));
            }
            _ => drop(text.splice(at..at, random.of(PIECES).chars())),
        }
    }
    text.into_iter().collect()
}

#[test]
fn mutated_probes_are_read_alike() {
    let probes = probes();
    let mut random = Random::new(1);
    for _ in 0..long(1, 30) {
        let mutated: Vec<String> = (0..1500).map(|_| mutated(&probes, &mut random)).collect();
        let ends = compare(&mutated);
        assert!(ends.differ.is_empty(), "\n{}", ends.differ.join("\n"));
        assert!(ends.same > 300 && ends.both_refuse > 300, "{}, {}", ends.same, ends.both_refuse);
    }
}
