//! Where pods land, stated a second time and naively from Kubernetes' documentation ("Assigning Pods to Nodes", "Taints and
//! Tolerations", "DaemonSet") and its API's own validation; small random clusters and pods are asked of both.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use stackc::finding::Findings;
use stackc::kube::{self, Machine, Pod, Taint, Unit};
use stackc::schedule::{may, problems};

use stackc::yaml::Dialect;

use crate::random::{Random, long};
use crate::reader::read;

/// A node as `kubectl get node` tells of it; taints are key, value, effect.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) name: String,
    pub(crate) labels: BTreeMap<String, String>,
    pub(crate) taints: Vec<[String; 3]>,
    pub(crate) unschedulable: bool,
}

impl Node {
    fn machine(&self) -> Machine {
        let taint = |[key, value, effect]: &[String; 3]| Taint::parse(&format!("{key}={value}:{effect}"));
        Machine {
            name: self.name.clone(),
            labels: self.labels.clone(),
            taints: self.taints.iter().map(|parts| taint(parts).unwrap()).collect(),
            schedulable: !self.unschedulable,
        }
    }

    /// Taints that the declared state of the node makes; a cordon is one of them.
    fn lasting_taints(&self) -> Vec<[String; 3]> {
        let comes_and_goes = |key: &str| key.starts_with("node.kubernetes.io/");
        let cordon = ["node.kubernetes.io/unschedulable", "", "NoSchedule"].map(str::to_owned);
        let declared = self.taints.iter().filter(|[key, ..]| !comes_and_goes(key)).cloned();
        declared.chain(self.unschedulable.then_some(cordon)).collect()
    }
}

// The rules.

/// A text, where null and what is left out are the empty text.
fn text<'a>(of: &'a Value, key: &str) -> &'a str {
    of[key].as_str().unwrap_or("")
}

fn items(of: &Value) -> &[Value] {
    of.as_array().map_or(&[], Vec::as_slice)
}

fn required(pod: &Value) -> &Value {
    &pod["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
}

pub(crate) fn lands(pod: &Value, daemon: bool, node: &Node) -> bool {
    let name = text(pod, "nodeName");
    if !name.is_empty() && name != node.name {
        return false;
    }
    let selected = pod["nodeSelector"].as_object().into_iter().flatten();
    let selected =
        selected.into_iter().all(|(key, value)| node.labels.get(key).map(String::as_str) == value.as_str());
    let affine = required(pod).is_null()
        || items(&required(pod)["nodeSelectorTerms"]).iter().any(|term| term_matches(term, node));
    selected && affine && all_tolerated(pod, daemon, node)
}

fn term_matches(term: &Value, node: &Node) -> bool {
    let (labels, fields) = (items(&term["matchExpressions"]), items(&term["matchFields"]));
    let label = |wanted: &Value| {
        let value = node.labels.get(text(wanted, "key")).map(String::as_str);
        !bad_expression(wanted) && holds(wanted, value)
    };
    let field = |wanted: &Value| !bad_field(wanted) && holds(wanted, Some(&node.name));
    !(labels.is_empty() && fields.is_empty()) && labels.iter().all(label) && fields.iter().all(field)
}

fn holds(wanted: &Value, value: Option<&str>) -> bool {
    let listed = |value| items(&wanted["values"]).iter().any(|one| one.as_str() == Some(value));
    let number = |text: &str| text.parse::<i64>().ok();
    let bound = items(&wanted["values"]).first().and_then(Value::as_str).and_then(number);
    let compared = value.and_then(number).zip(bound);
    match text(wanted, "operator") {
        "In" => value.is_some_and(listed),
        "NotIn" => !value.is_some_and(listed),
        "Exists" => value.is_some(),
        "DoesNotExist" => value.is_none(),
        "Gt" => compared.is_some_and(|(value, bound)| value > bound),
        "Lt" => compared.is_some_and(|(value, bound)| value < bound),
        other => panic!("{other} was not refused"),
    }
}

fn all_tolerated(pod: &Value, daemon: bool, node: &Node) -> bool {
    // Whoever names the node goes past the scheduler; the kubelet evicts, and a DaemonSet's controller asks for itself.
    let bypass = !text(pod, "nodeName").is_empty() && !daemon;
    let effects: &[&str] = if bypass { &["NoExecute"] } else { &["NoSchedule", "NoExecute"] };
    let mut tolerations = items(&pod["tolerations"]).to_vec();
    if daemon {
        let own = |key: &str| json!({"key": format!("node.kubernetes.io/{key}"), "operator": "Exists"});
        tolerations.extend(["unschedulable", "not-ready", "unreachable"].map(own));
    }
    let matters = |taint: &&[String; 3]| effects.contains(&taint[2].as_str());
    node.lasting_taints()
        .iter()
        .filter(matters)
        .all(|taint| tolerations.iter().any(|one| tolerates(one, taint)))
}

fn tolerates(toleration: &Value, [key, value, effect]: &[String; 3]) -> bool {
    let empty_or = |field, wanted: &str| ["", wanted].contains(&text(toleration, field));
    let valued = match text(toleration, "operator") {
        "Exists" => true,
        "" | "Equal" => text(toleration, "value") == value,
        _ => false,
    };
    empty_or("effect", effect) && empty_or("key", key) && valued
}

// What the API server refuses, or the scheduler can never find true.

fn is_label_value(text: &str) -> bool {
    let ends = text.bytes().next().into_iter().chain(text.bytes().next_back());
    text.len() <= 63
        && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
        && ends.into_iter().all(|b| b.is_ascii_alphanumeric())
}

fn bad_pod(pod: &Value) -> bool {
    let bad_value = |value: &Value| value.as_str().is_none_or(|value| !is_label_value(value));
    let terms = items(&required(pod)["nodeSelectorTerms"]);
    pod["nodeSelector"].as_object().is_some_and(|map| map.values().any(bad_value))
        || !required(pod).is_null() && terms.is_empty()
        || terms.iter().any(bad_term)
        || items(&pod["tolerations"]).iter().any(bad_toleration)
}

fn bad_term(term: &Value) -> bool {
    let (labels, fields) = (items(&term["matchExpressions"]), items(&term["matchFields"]));
    labels.len() + fields.len() == 0 || labels.iter().any(bad_expression) || fields.iter().any(bad_field)
}

fn bad_expression(wanted: &Value) -> bool {
    let values = items(&wanted["values"]);
    let whole = |value: &Value| value.as_str().is_some_and(|value| value.parse::<i64>().is_ok());
    let counted = match text(wanted, "operator") {
        "In" | "NotIn" => !values.is_empty(),
        "Exists" | "DoesNotExist" => values.is_empty(),
        "Gt" | "Lt" => values.len() == 1 && values.iter().all(whole),
        _ => false,
    };
    !counted || values.iter().any(|value| value.as_str().is_none_or(|value| !is_label_value(value)))
}

fn bad_field(wanted: &Value) -> bool {
    text(wanted, "key") != "metadata.name"
        || !["In", "NotIn"].contains(&text(wanted, "operator"))
        || items(&wanted["values"]).len() != 1
}

fn bad_toleration(toleration: &Value) -> bool {
    let of = |key| text(toleration, key);
    !["", "Equal", "Exists"].contains(&of("operator"))
        || of("key").is_empty() && of("operator") != "Exists"
        || of("operator") == "Exists" && !of("value").is_empty()
        || !["", "NoSchedule", "PreferNoSchedule", "NoExecute"].contains(&of("effect"))
        || !toleration["tolerationSeconds"].is_null() && of("effect") != "NoExecute"
        || !is_label_value(of("value"))
}

// Clusters and pods by chance.

const NAMES: [&str; 4] = ["oracle", "pi", "nuc", "pi.lan"];
const KEYS: [&str; 4] = ["arch", "example.com/gpu", "cores", "zone"];
const VALUES: [&str; 9] =
    ["", "a", "A", "2", "10", "007", "9223372036854775807", "9223372036854775808", "1.5"];
const BAD_VALUES: [&str; 4] = ["-5", "a b", "_", "x,y"];
const TAINTED: [&str; 4] = ["dedicated", "gpu", "CriticalAddonsOnly", "node.kubernetes.io/not-ready"];
const TAINT_VALUES: [&str; 3] = ["", "true", "batch"];
const EFFECTS: [&str; 3] = ["NoSchedule", "NoExecute", "PreferNoSchedule"];
const OPERATORS: [&str; 6] = ["In", "NotIn", "Exists", "DoesNotExist", "Gt", "Lt"];

/// Chance, and whether it makes mistakes that the API server refuses.
pub(crate) struct Dice {
    pub(crate) random: Random,
    pub(crate) careless: bool,
}

impl Dice {
    pub(crate) fn one_in(&mut self, count: usize) -> bool {
        self.random.below(count) == 0
    }

    pub(crate) fn of(&mut self, all: &[&str]) -> String {
        (*self.random.of(all)).to_owned()
    }

    fn slips(&mut self) -> bool {
        self.careless && self.one_in(6)
    }

    /// One of the first, or by mistake one of the second.
    fn or(&mut self, all: &[&str], mistakes: &[&str]) -> String {
        if self.slips() { self.of(mistakes) } else { self.of(all) }
    }

    pub(crate) fn several<T>(&mut self, least: usize, most: usize, make: impl Fn(&mut Dice) -> T) -> Vec<T> {
        let count = least + self.random.below(most + 1 - least);
        (0..count).map(|_| make(self)).collect()
    }
}

fn cluster(dice: &mut Dice) -> Vec<Node> {
    let count = 1 + dice.random.below(NAMES.len());
    let mut node = |name: &&str| Node {
        name: (*name).to_owned(),
        labels: dice.several(0, 4, |dice| (dice.of(&KEYS), dice.of(&VALUES))).into_iter().collect(),
        taints: if dice.one_in(2) {
            dice.several(0, 2, |dice| [dice.of(&TAINTED), dice.of(&TAINT_VALUES), dice.of(&EFFECTS)])
        } else {
            Vec::new()
        },
        unschedulable: dice.one_in(8),
    };
    NAMES[..count].iter().map(&mut node).collect()
}

/// A pod's spec.
fn pod(dice: &mut Dice) -> Value {
    let mut pod = json!({"containers": [{"name": "web", "image": "web:1.0"}]});
    if dice.one_in(8) {
        pod["nodeName"] = dice.of(&["", "oracle", "pi", "elsewhere"]).into();
    }
    if dice.one_in(4) {
        let pairs = dice.several(0, 2, |dice| (dice.of(&KEYS), Value::from(dice.or(&VALUES, &BAD_VALUES))));
        pod["nodeSelector"] = pairs.into_iter().collect();
    }
    if dice.one_in(2) {
        pod["affinity"] = json!({"nodeAffinity": affinity(dice)});
    }
    if dice.one_in(2) {
        pod["tolerations"] = dice.several(0, 3, toleration).into();
    }
    pod
}

fn affinity(dice: &mut Dice) -> Value {
    let least = usize::from(!dice.slips());
    let terms = dice.several(least, 3, term);
    let mut affinity =
        json!({"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": terms}});
    if dice.one_in(4) {
        let never =
            json!({"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["nobody"]}]});
        affinity["preferredDuringSchedulingIgnoredDuringExecution"] =
            json!([{"weight": 1, "preference": never}]);
    }
    affinity
}

fn term(dice: &mut Dice) -> Value {
    let fields = if dice.one_in(4) { dice.several(1, 1, field) } else { Vec::new() };
    let least = usize::from(fields.is_empty() && !dice.slips());
    json!({"matchExpressions": dice.several(least, 2, expression), "matchFields": fields})
}

fn expression(dice: &mut Dice) -> Value {
    let operator = dice.or(&OPERATORS, &["", "in", "Equals", "Exist"]);
    let (least, most, usual) = match operator.as_str() {
        _ if dice.slips() => (0, 2, &VALUES[..]),
        "Exists" | "DoesNotExist" => (0, 0, &[][..]),
        "Gt" | "Lt" => (1, 1, &["1", "2", "007", "50"][..]),
        _ => (1, 3, &VALUES[..]),
    };
    let values = dice.several(least, most, |dice| dice.or(usual, &BAD_VALUES));
    json!({"key": dice.of(&KEYS), "operator": operator, "values": values})
}

fn field(dice: &mut Dice) -> Value {
    let (least, most) = if dice.slips() { (0, 2) } else { (1, 1) };
    let values = dice.several(least, most, |dice| dice.of(&NAMES));
    json!({
        "key": dice.or(&["metadata.name"], &KEYS),
        "operator": dice.or(&["In", "NotIn"], &OPERATORS),
        "values": values,
    })
}

fn toleration(dice: &mut Dice) -> Value {
    let operator = dice.or(&["", "Equal", "Exists"], &["Gt", "equal", "In"]);
    let exists = operator == "Exists";
    let keys = if exists && dice.one_in(4) { &[""][..] } else { &TAINTED };
    let effect = dice.or(&["", "NoSchedule", "NoExecute", "PreferNoSchedule"], &["Never", "noSchedule"]);
    let mut toleration = json!({});
    if effect == "NoExecute" && dice.one_in(2) || dice.slips() {
        toleration["tolerationSeconds"] = json!(60);
    }
    let key = dice.or(keys, &[""]);
    let value = dice.or(if exists { &[""] } else { &TAINT_VALUES }, &["true", "a b"]);
    for (field, text) in [("key", key), ("operator", operator), ("value", value), ("effect", effect)] {
        // what is left out and what is empty are the same
        if !text.is_empty() || dice.one_in(2) {
            toleration[field] = text.into();
        }
    }
    toleration
}

/// The object that makes such pods, as a manifest would have it.
fn workload(kind: &str, pod: &Value) -> kube::Object {
    let template = json!({"template": {"spec": pod}});
    let (version, spec) = match kind {
        "Pod" => ("v1", pod.clone()),
        "CronJob" => ("batch/v1", json!({"jobTemplate": {"spec": template}})),
        _ => ("apps/v1", template),
    };
    let manifest = json!({"apiVersion": version, "kind": kind, "metadata": {"name": "web"}, "spec": spec});
    let document = read(manifest.to_string(), Dialect::Manifest).unwrap().remove(0);
    let unit = Unit::Manifest("web.yaml".into());
    kube::objects(document, &unit, "default", &mut Findings::default()).remove(0)
}

/// How often each thing came, so that a test cannot come to ask nothing.
#[derive(Default)]
pub(crate) struct Tally(BTreeMap<String, usize>);

impl Tally {
    pub(crate) fn count(&mut self, what: impl Into<String>) {
        *self.0.entry(what.into()).or_default() += 1;
    }

    #[track_caller]
    pub(crate) fn at_least(&self, what: &str, least: usize) {
        let got = self.0.get(what).copied().unwrap_or(0);
        assert!(got >= least, "{what}: {got} of {least}; {:?}", self.0);
    }
}

/// Asks both; a pod that is in order must get the same answer, a faulty one must be told and may be let in only too often.
fn same_verdict(seed: u64, tally: &mut Tally) {
    let mut random = Random::new(seed);
    let careless = random.below(4) == 0;
    let dice = &mut Dice { random, careless };
    let (nodes, pod) = (cluster(dice), pod(dice));
    let kind = dice.of(&["Deployment", "DaemonSet", "Pod", "CronJob"]);
    let object = workload(&kind, &pod);
    let view = Pod::of(&object).unwrap();
    let told: Vec<String> = problems(&view).into_iter().map(|label| label.text.into_owned()).collect();
    let bad = bad_pod(&pod);
    assert_eq!(bad, !told.is_empty(), "seed {seed}: {told:?}\n{pod:#}");
    tally.count(if bad { "faulty" } else { "sound" });
    for node in nodes {
        let (got, expected) = (may(&view, &node.machine()), lands(&pod, kind == "DaemonSet", &node));
        let agreed = if bad { got.is_ok() || !expected } else { got.is_ok() == expected };
        assert!(agreed, "seed {seed}: {kind} lands: {expected}, got {got:?}\n{node:?}\n{pod:#}");
        if !bad {
            tally.count(got.map_or_else(|reason| reason.rule.word(), |()| "lands"));
        }
    }
}

#[test]
fn schedule_agrees_with_kubernetes_stated_naively() {
    let cases = long(6_000, 300_000);
    let mut tally = Tally::default();
    for seed in 0..u64::try_from(cases).unwrap() {
        same_verdict(seed, &mut tally);
    }
    tally.at_least("sound", cases / 2);
    tally.at_least("faulty", cases / 20);
    tally.at_least("lands", cases / 2);
    for rule in ["nodeName", "nodeSelector", "affinity", "taint", "cordoned"] {
        tally.at_least(rule, cases / 40);
    }
}
