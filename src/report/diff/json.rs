//! For machines: versioned as findings are; all values whole.

use serde::Serialize;

use super::Compared;
use crate::diff::{Call, Change, Edit, Fate, Kind, Line, Seen, Sign, Turn};
use crate::kube::ObjectId;
use crate::report::SCHEMA_VERSION;
use crate::report::json::document;
use crate::source::Span;

#[derive(Serialize)]
struct Report<'a> {
    version: u32,
    stack: &'a str,
    against: &'a str,
    remarks: &'a [String],
    differs: bool,
    unchanged: usize,
    objects: Vec<Item<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Identity<'a> {
    api_version: &'a str,
    kind: &'a str,
    namespace: Option<&'a str>,
    name: &'a str,
}

#[derive(Serialize)]
struct Item<'a> {
    change: &'static str,
    object: Identity<'a>,
    file: &'a str,
    moved_from: Option<&'a str>,
    place: Option<Place<'a>>,
    fields: Vec<Field<'a>>,
    fates: Vec<Told<'a>>,
    security: Vec<Called<'a>>,
}

#[derive(Serialize)]
struct Place<'a> {
    path: &'a str,
    line: usize,
}

/// `old` and `new` are values as YAML; what is not there is null.
#[derive(Serialize)]
struct Field<'a> {
    path: &'a str,
    #[serde(flatten)]
    seen: Shown<'a>,
    place: Option<Place<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Shown<'a> {
    Value { old: Option<&'a str>, new: Option<&'a str> },
    Lines { lines: Vec<String> },
    Order { order: &'a [String] },
    Hidden { hidden: bool },
}

#[derive(Serialize)]
struct Told<'a> {
    verdict: &'static str,
    field: Option<&'a str>,
    why: &'a str,
    help: Option<&'a str>,
    source: &'static str,
}

#[derive(Serialize)]
struct Called<'a> {
    change: &'static str,
    topic: &'static str,
    text: &'a str,
    place: Option<Place<'a>>,
}

/// One document with all changes.
pub fn diff(compared: &Compared<'_>) -> String {
    let report = Report {
        version: SCHEMA_VERSION,
        stack: compared.stack,
        against: compared.against,
        remarks: compared.remarks,
        differs: !compared.diff.changes.is_empty(),
        unchanged: compared.diff.unchanged,
        objects: compared.diff.changes.iter().map(|change| item(change, compared)).collect(),
    };
    document(&report)
}

fn item<'a>(change: &'a Change, compared: &'a Compared<'_>) -> Item<'a> {
    Item {
        change: match change.kind {
            Kind::Added => "added",
            Kind::Removed => "removed",
            Kind::Changed => "changed",
            Kind::Moved => "moved",
        },
        object: name(&change.id),
        file: &change.file,
        moved_from: change.moved_from.as_deref(),
        place: place(change.place, compared),
        fields: change.edits.iter().map(|edit| field(edit, compared)).collect(),
        fates: change.fates.iter().map(told).collect(),
        security: change.calls.iter().map(|call| called(call, compared)).collect(),
    }
}

fn name(id: &ObjectId) -> Identity<'_> {
    Identity {
        api_version: &id.api_version,
        kind: &id.kind,
        namespace: id.namespace.as_deref(),
        name: &id.name,
    }
}

fn place<'a>(span: Option<Span>, compared: &'a Compared<'_>) -> Option<Place<'a>> {
    let (path, line) = compared.line(span?);
    Some(Place { path, line })
}

fn field<'a>(edit: &'a Edit, compared: &'a Compared<'_>) -> Field<'a> {
    let seen = match &edit.seen {
        Seen::Value(old, new) => Shown::Value { old: old.as_deref(), new: new.as_deref() },
        Seen::Lines(lines) => Shown::Lines { lines: lines.iter().map(line).collect() },
        Seen::Order(order) => Shown::Order { order },
        Seen::Hidden => Shown::Hidden { hidden: true },
    };
    Field { path: &edit.path, seen, place: place(edit.place, compared) }
}

/// As a unified diff has it; `…` stands for lines that are alike.
fn line(line: &Line) -> String {
    match line.sign {
        Sign::Same => format!(" {}", line.text),
        Sign::Old => format!("-{}", line.text),
        Sign::New => format!("+{}", line.text),
        Sign::Gap => "…".to_owned(),
    }
}

fn told(fate: &Fate) -> Told<'_> {
    Told {
        verdict: fate.verdict.word(),
        field: fate.path.as_deref(),
        why: &fate.why,
        help: fate.way_out.as_deref(),
        source: fate.source,
    }
}

fn called<'a>(call: &'a Call, compared: &'a Compared<'_>) -> Called<'a> {
    let change = match call.turn {
        Turn::Gained => "gained",
        Turn::Lost => "lost",
        Turn::Changed => "changed",
    };
    Called { change, topic: call.topic, text: &call.text, place: place(call.place, compared) }
}
