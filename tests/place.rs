//! `place` through the whole: what its words say, what the built manifest says to Kubernetes, and what `stackc nodes` says are
//! the same nodes.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use stackc::check::{Demands, Facts};
use stackc::compile::{Compiled, compile};
use stackc::source::{Sources, read_input};

use crate::placement::{Dice, Node, Tally, lands};
use crate::random::{Random, long};
use crate::reader;
use crate::stack::Folder;

const ROLES: [&str; 3] = ["s3", "web", "dns"];
const LABELS: [&str; 2] = ["example.com/gpu", "zone"];
const VALUES: [&str; 3] = ["a", "b", "true"];
const ARCHES: [&str; 3] = ["amd64", "arm64", "arm/v7"];
const APPS: usize = 6;

/// A node as stack.yaml declares it.
fn declared(dice: &mut Dice) -> Value {
    let labels: BTreeMap<_, _> =
        dice.several(0, 2, |dice| (dice.of(&LABELS), dice.of(&VALUES))).into_iter().collect();
    let taint = |dice: &mut Dice| {
        dice.of(&["dedicated=batch:NoSchedule", "dedicated:NoExecute", "gpu:PreferNoSchedule"])
    };
    json!({
        "arch": dice.of(&ARCHES),
        "roles": dice.several(0, 2, |dice| dice.of(&ROLES)),
        "labels": labels,
        "taints": if dice.one_in(4) { vec![taint(dice)] } else { vec![] },
        "schedulable": !dice.one_in(8),
    })
}

/// The same as Kubernetes sees it.
fn seen(name: &str, declared: &Value) -> Node {
    let words = |key: &str| strings(&declared[key]);
    let arch = declared["arch"].as_str().unwrap().split('/').next().unwrap();
    let own = [("kubernetes.io/hostname", name), ("kubernetes.io/arch", arch)];
    let own = own.map(|(key, value)| (key.to_owned(), value.to_owned()));
    let roles =
        words("roles").into_iter().map(|role| (format!("node-role.kubernetes.io/{role}"), "true".to_owned()));
    let labels = declared["labels"]
        .as_object()
        .unwrap()
        .iter()
        .map(|(key, value)| (key.clone(), value.as_str().unwrap().to_owned()));
    let taint = |text: String| {
        let (label, effect) = text.split_once(':').unwrap();
        let (key, value) = label.split_once('=').unwrap_or((label, ""));
        [key, value, effect].map(str::to_owned)
    };
    Node {
        name: name.to_owned(),
        labels: own.into_iter().chain(roles).chain(labels).collect(),
        taints: words("taints").into_iter().map(taint).collect(),
        unschedulable: declared["schedulable"] == false,
    }
}

/// A text or a list of texts.
fn strings(value: &Value) -> Vec<String> {
    let one = |value: &Value| value.as_str().unwrap().to_owned();
    value.as_array().map_or_else(|| vec![one(value)], |all| all.iter().map(one).collect())
}

/// Some of what nodes of the cluster bear: nodes described by keys of `place`.
fn terms(dice: &mut Dice, nodes: &[Node]) -> Map<String, Value> {
    let mut terms = Map::new();
    for (word, key) in [("node", "kubernetes.io/hostname"), ("arch", "kubernetes.io/arch")] {
        if dice.one_in(4) {
            terms.insert(word.into(), known(dice, nodes, key));
        }
    }
    let roles: Vec<&str> = ROLES
        .into_iter()
        .filter(|role| nodes.iter().any(|node| is(node, &format!("node-role.kubernetes.io/{role}"), "true")))
        .collect();
    if !roles.is_empty() && dice.one_in(3) {
        terms.insert("role".into(), dice.several(1, 2, |dice| dice.of(&roles)).into());
    }
    let labels: Vec<&str> =
        LABELS.into_iter().filter(|key| nodes.iter().any(|node| node.labels.contains_key(*key))).collect();
    if !labels.is_empty() && dice.one_in(3) {
        let key = dice.of(&labels);
        let values = known(dice, nodes, &key);
        terms.insert("labels".into(), json!({key: values}));
    }
    terms
}

/// One or some of the values that a label has in the cluster.
fn known(dice: &mut Dice, nodes: &[Node], key: &str) -> Value {
    let values: Vec<&str> =
        nodes.iter().filter_map(|node| node.labels.get(key)).map(String::as_str).collect();
    if dice.one_in(2) { dice.of(&values).into() } else { dice.several(1, 3, |dice| dice.of(&values)).into() }
}

fn is(node: &Node, key: &str, value: &str) -> bool {
    node.labels.get(key).is_some_and(|own| own == value)
}

fn place(dice: &mut Dice, nodes: &[Node]) -> Value {
    let mut place = terms(dice, nodes);
    if dice.one_in(6) {
        place.insert("arch".into(), "auto".into());
    }
    for word in ["not", "prefer"] {
        let terms = terms(dice, nodes);
        if !terms.is_empty() && dice.one_in(2) {
            place.insert(word.into(), terms.into());
        }
    }
    if dice.one_in(4) {
        place.insert("spread".into(), "node".into());
    }
    if dice.one_in(3) {
        let toleration = |dice: &mut Dice| {
            dice.of(&[
                "dedicated",
                "dedicated=batch",
                "dedicated:NoSchedule",
                "dedicated=batch:NoExecute",
                "gpu",
            ])
        };
        place.insert("tolerations".into(), dice.several(1, 2, toleration).into());
    }
    place.into()
}

// What `place` says, by its documentation.

/// Whether the node has what a key of `place` asks for, or any of it where that is a list.
fn bears(node: &Node, word: &str, wanted: &Value) -> bool {
    let key = |value: &str| match word {
        "node" => ("kubernetes.io/hostname".to_owned(), value.to_owned()),
        "arch" => ("kubernetes.io/arch".to_owned(), value.to_owned()),
        _ => (format!("node-role.kubernetes.io/{value}"), "true".to_owned()),
    };
    strings(wanted).iter().map(|value| key(value)).any(|(key, value)| is(node, &key, &value))
}

/// For each thing that is said of nodes, whether it holds.
fn said<'a>(terms: &'a Value, node: &'a Node) -> impl Iterator<Item = bool> + 'a {
    let words =
        ["node", "arch", "role"].into_iter().filter(|word| !terms[*word].is_null() && terms[*word] != "auto");
    let labels = terms["labels"].as_object().into_iter().flatten();
    words
        .map(|word| bears(node, word, &terms[word]))
        .chain(labels.map(|(key, values)| strings(values).iter().any(|value| is(node, key, value))))
}

fn bears_taints(place: &Value, node: &Node) -> bool {
    let tolerations =
        if place["tolerations"].is_null() { Vec::new() } else { strings(&place["tolerations"]) };
    let tolerates = |[key, value, effect]: &[String; 3], toleration: &String| {
        let (label, only) = toleration.split_once(':').unwrap_or((toleration, effect));
        only == effect && (label == key || *label == format!("{key}={value}"))
    };
    let hard = node.taints.iter().filter(|[_, _, effect]| effect != "PreferNoSchedule");
    hard.into_iter().all(|taint| tolerations.iter().any(|toleration| tolerates(taint, toleration)))
}

fn chosen(place: &Value, daemon: bool, platforms: &[String], declared: &Value, node: &Node) -> bool {
    let auto = place["arch"] != "auto" || platforms.contains(&declared["arch"].as_str().unwrap().to_owned());
    auto && said(place, node).all(|holds| holds)
        && !said(&place["not"], node).any(|holds| holds)
        && bears_taints(place, node)
        && (daemon || !node.unschedulable)
}

fn compiled(folder: &Folder) -> Compiled {
    let mut sources = Sources::default();
    let input = read_input(&folder.at("demo"), &mut sources).unwrap();
    compile(sources, input, Demands::default())
}

/// What `stackc nodes` prints: the nodes that take each app's pods.
fn table(folder: &Folder) -> BTreeMap<String, Vec<String>> {
    let table: Value = serde_json::from_str(&folder.stackc("nodes demo --format json").out).unwrap();
    let name = |value: &Value| value.as_str().unwrap().to_owned();
    let open = |row: &Value| {
        let nodes = row["nodes"].as_array().unwrap().iter().filter(|cell| cell["may_land"] == true);
        nodes.map(|cell| name(&cell["node"])).collect()
    };
    let rows = table["workloads"].as_array().unwrap().iter();
    rows.map(|row| (name(&row["workload"]), open(row))).collect()
}

/// One cluster and some apps.
fn same_nodes(seed: u64, tally: &mut Tally) {
    let dice = &mut Dice { random: Random::new(seed), careless: false };
    let names = ["nuc", "oracle", "pi", "pi.lan"];
    let cluster: Vec<(&str, Value)> =
        names[..=dice.random.below(4)].iter().map(|name| (*name, declared(dice))).collect();
    let nodes: Vec<Node> = cluster.iter().map(|(name, node)| seen(name, node)).collect();
    // one that labels tell: with arm/v7 alone, `arch: auto` may have nothing to write
    let mut platforms = dice.several(0, 2, |dice| dice.of(&ARCHES));
    platforms.push("amd64".into());
    let stack = json!({
        "stackc": 1, "k3s": "v1.37.1+k3s1", "platforms": {"web": platforms},
        "nodes": cluster.iter().cloned().collect::<BTreeMap<_, _>>(),
    });
    let apps: Vec<(String, Value)> =
        (0..APPS).map(|number| (format!("web{number}"), app(dice, &nodes))).collect();
    let mut folder = Folder::new().with("demo/stack.yaml", stack.to_string());
    for (name, app) in &apps {
        folder = folder.with(&format!("demo/apps/{name}.yaml"), app.to_string());
    }
    let compiled = compiled(&folder);
    let facts =
        Facts::new(compiled.stack.as_ref().unwrap(), &compiled.apps, &compiled.objects, Demands::default());
    let asked = format!("seed {seed}\n{stack:#}");
    let table = seed.is_multiple_of(50).then(|| table(&folder));
    for (name, app) in &apps {
        let landing = facts
            .landings
            .iter()
            .find(|landing| landing.object.id.name == *name)
            .unwrap_or_else(|| panic!("{asked}\n{app:#}"));
        let daemon = app["workload"] == "DaemonSet";
        let spec = reader::json(landing.pod.spec);
        let told: Vec<&str> = landing.open().map(|node| node.name.value.as_str()).collect();
        let built: Vec<&str> =
            nodes.iter().filter(|node| lands(&spec, daemon, node)).map(|node| node.name.as_str()).collect();
        if let Some(table) = &table {
            assert_eq!(table[&landing.object.id.to_string()], told, "{asked}");
        }
        assert_eq!(told, built, "told and built: {asked}\n{app:#}\n{spec:#}");
        let wanted = nodes
            .iter()
            .zip(&cluster)
            .filter(|(node, (_, declared))| chosen(&app["place"], daemon, &platforms, declared, node));
        let wanted: Vec<&str> = wanted.map(|(node, _)| node.name.as_str()).collect();
        assert_eq!(told, wanted, "told and wanted: {asked}\n{app:#}\n{spec:#}");
        tally.count(if wanted.is_empty() {
            "nowhere"
        } else if wanted.len() == nodes.len() {
            "everywhere"
        } else {
            "somewhere"
        });
    }
}

fn app(dice: &mut Dice, nodes: &[Node]) -> Value {
    let mut app = json!({"kind": "app", "image": "web:1.0", "place": place(dice, nodes)});
    if dice.one_in(4) {
        app["workload"] = "DaemonSet".into();
    }
    app
}

#[test]
fn words_manifest_and_table_name_the_same_nodes() {
    let cases = long(300, 15_000);
    let mut tally = Tally::default();
    for seed in 0..u64::try_from(cases).unwrap() {
        same_nodes(seed, &mut tally);
    }
    for verdict in ["nowhere", "somewhere", "everywhere"] {
        tally.at_least(verdict, cases * APPS / 10);
    }
}
