//! What counts for security, as rows: what an object may do or is believed, taken from its body. Two states of an object
//! are compared by these alone, so a power is called out however it came or went.
//!
//! In: an object before and after. Out: [`Call`]s. To add a power: a row in the file of its kind of object; a kind of object:
//! a file that adds to [`Powers`], and its line in `powers`.

mod pod;
mod reach;
mod role;
mod trust;
mod whole;

use std::collections::{BTreeMap, BTreeSet};

use crate::kube::{Object, Pod, Reference, Target, named};
use crate::source::Span;

/// Whether a power came or went.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Turn {
    /// It was not there before.
    Gained,
    /// It is not there any more.
    Lost,
    /// It is another one.
    Changed,
}

/// Something that people who care for security want to look at.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Call {
    /// Whether it came or went.
    pub turn: Turn,
    /// What it is about: `privileged`, `host path`, `trusted ranges`.
    pub topic: &'static str,
    /// One sentence.
    pub text: String,
    /// What asked for it, in the new side's files.
    pub place: Option<Span>,
}

/// Of which states of an object a topic is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Told {
    /// Of new and changed ones: what leaves takes its powers along.
    Power,
    /// Of new, changed and removed ones.
    Both,
    /// Of changed ones: on a new object it goes without saying.
    Change,
}

/// One thing that an object may do. Those that differ in `item` alone are told in one sentence.
struct Power {
    topic: &'static str,
    told: Told,
    /// The sentence up to the item.
    sentence: String,
    item: String,
    span: Span,
}

const RBAC: &str = "rbac.authorization.k8s.io";

/// Items that one sentence tells; who wants all of them reads the fields.
const MOST: usize = 30;

/// What came, what went, and what decides about others.
pub(super) fn calls(old: Option<&Object>, new: Option<&Object>) -> Vec<Call> {
    let all = |object: Option<&Object>| object.map(powers).unwrap_or_default();
    let (olds, news) = (all(old), all(new));
    let known = |all: &[Power]| -> BTreeSet<(&'static str, String, String)> {
        all.iter().map(Power::itself).collect()
    };
    let (before, after) = (known(&olds), known(&news));
    let came = news.iter().filter(|power| !before.contains(&power.itself()));
    let went = olds.iter().filter(|power| !after.contains(&power.itself()));
    let came = came.map(|power| (Turn::Gained, power));
    let went = went.map(|power| (Turn::Lost, power));
    let both = old.is_some() && new.is_some();
    let told = came.chain(went).filter(|(turn, power)| both || power.told.without_the_other(*turn));
    let mut calls = sentences(told);
    calls.extend(whole::whole(old, new));
    calls
}

impl Power {
    /// What makes it another one; where it stands does not.
    fn itself(&self) -> (&'static str, String, String) {
        (self.topic, self.sentence.clone(), self.item.clone())
    }
}

impl Told {
    /// Whether it is told of an object that is new, or of one that is gone.
    fn without_the_other(self, turn: Turn) -> bool {
        match turn {
            Turn::Gained => matches!(self, Told::Power | Told::Both),
            Turn::Lost => self == Told::Both,
            Turn::Changed => false,
        }
    }
}

/// Powers that differ in their items alone as one sentence.
fn sentences<'a>(powers: impl Iterator<Item = (Turn, &'a Power)>) -> Vec<Call> {
    let mut grouped: BTreeMap<(Turn, &'static str, &str), (Vec<&str>, Span)> = BTreeMap::new();
    for (turn, power) in powers {
        let key = (turn, power.topic, power.sentence.as_str());
        grouped.entry(key).or_insert((Vec::new(), power.span)).0.push(&power.item);
    }
    let call = |((turn, topic, sentence), (items, span)): ((Turn, &'static str, &str), (Vec<&str>, Span))| {
        let items = listed(&items);
        let text = if items.is_empty() { sentence.to_owned() } else { format!("{sentence} {items}") };
        Call { turn, topic, text, place: (turn == Turn::Gained).then_some(span) }
    };
    grouped.into_iter().map(call).collect()
}

fn listed(items: &[&str]) -> String {
    let shown = items.get(..MOST).unwrap_or(items).join(", ");
    match items.len().checked_sub(MOST) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

fn powers(object: &Object) -> Vec<Power> {
    let mut all = Powers(Vec::new());
    if let Some(pod) = Pod::of(object) {
        all.all_of_pod(&pod);
    }
    // A binding names accounts as well, and tells what they may itself.
    let accounts = |reference: &Reference<'_>| reference.target == Target::ServiceAccount;
    for reference in named(object).iter().filter(|reference| !accounts(reference)) {
        all.reference(reference);
    }
    let body = &object.body;
    match object.id.kind.as_str() {
        _ if object.id.group() == RBAC => all.rbac(body),
        "IngressRoute" | "IngressRouteTCP" => all.middlewares(body),
        "Service" => all.service(body),
        "PersistentVolume" => all.volume(body),
        "HelmChartConfig" | "HelmChart" => all.chart(body),
        _ => {}
    }
    all.0
}

struct Powers(Vec<Power>);

impl Powers {
    fn add(
        &mut self,
        topic: &'static str,
        told: Told,
        sentence: impl Into<String>,
        item: impl Into<String>,
        span: Span,
    ) {
        self.0.push(Power { topic, told, sentence: sentence.into(), item: item.into(), span });
    }
}

#[cfg(test)]
mod trial {
    //! Objects of a test, and what is told of them as text.

    use serde_json::{Value as Json, json};

    use super::{Call, Turn};
    use crate::kube::Object;
    use crate::kube::tree::{object, tree};

    pub(super) fn made(api_version: &str, kind: &str, body: &Json) -> Object {
        Object { body: tree(body), ..object(api_version, kind, &json!({})) }
    }

    pub(super) fn told(calls: &[Call]) -> Vec<String> {
        let sign = |turn| match turn {
            Turn::Gained => "+",
            Turn::Lost => "-",
            Turn::Changed => "~",
        };
        calls.iter().map(|call| format!("{} {}: {}", sign(call.turn), call.topic, call.text)).collect()
    }
}
