//! Which line set each value of an object, and what it overrode: through includes, base, overlays, patches.
//!
//! In: a run that kept what objects were ([`Demands::past`](crate::check::Demands)), and one of its objects. Out: its
//! fields, each with the places that set it, the one that won first. Values are veiled as those of a diff are.

use std::collections::BTreeMap;

use crate::compile::Compiled;
use crate::diff::{self, HIDDEN, Path, Veil, inline, leaves};
use crate::kube::Object;
use crate::source::{Place, Sources, Span};
use crate::yaml::Node;

/// A value that holds no others.
#[derive(Debug)]
pub struct Field {
    /// The way to it: `spec.template.spec.containers[web].image`.
    pub path: String,
    /// The value on one line, unless it is secret.
    pub value: String,
    /// What set it, then what that overrode, and so on.
    pub causes: Vec<Cause>,
}

/// A line that set a value.
#[derive(Debug)]
pub struct Cause {
    /// Where.
    pub place: Place,
    /// Whether no line says so: it is what stackc does with that file.
    pub unasked: bool,
    /// The value that it set, where that can be shown.
    pub value: Option<String>,
}

/// The fields of an object.
pub fn fields(run: &Compiled, object: &Object) -> Vec<Field> {
    let marked = diff::marked(run);
    let veil = Veil::of(object, &marked);
    histories(object)
        .into_iter()
        .map(|(path, history)| {
            let shown = |node: &Node| first_line(&inline(&veil.over(&path, node)));
            let value = history.nodes.first().map(|node| shown(node)).unwrap_or_default();
            let hidden = value.contains(HIDDEN);
            let said = |span| written(&run.sources, span).filter(|_| !hidden);
            let causes = spans(run, &history).into_iter().map(|span| {
                let node = history.nodes.iter().find(|node| node.span == span);
                cause(run, span, node.map(|node| shown(node)).or_else(|| said(span)))
            });
            let causes = causes.collect();
            Field { path: path.to_string(), value, causes }
        })
        .collect()
}

/// Of each value of a run's objects, known by where it lies: `overlays/x/overlay.yaml:7 over stacks/y/apps/web.yaml:2`.
pub fn notes(run: &Compiled) -> BTreeMap<*const Node, String> {
    let mut notes = BTreeMap::new();
    for object in &run.objects {
        for (_, history) in histories(object) {
            let Some(value) = history.nodes.first() else { continue };
            let places: Vec<String> =
                spans(run, &history).into_iter().map(|span| line(&run.sources, span)).collect();
            notes.insert(std::ptr::from_ref(*value), places.join(" over "));
        }
    }
    notes
}

/// A value, and those that stood in its place before, the last one first.
struct History<'a> {
    nodes: Vec<&'a Node>,
}

fn histories<'a>(object: &'a Object) -> Vec<(Path<'a>, History<'a>)> {
    let past: Vec<BTreeMap<String, &Node>> = object
        .past
        .iter()
        .rev()
        .map(|body| leaves(body).into_iter().map(|(path, node)| (path.to_string(), node)).collect())
        .collect();
    let with_past = |(path, node): (Path<'a>, &'a Node)| {
        let mut nodes = vec![node];
        let name = if past.is_empty() { String::new() } else { path.to_string() };
        for older in past.iter().filter_map(|body| body.get(&name)) {
            if nodes.last().is_some_and(|last| last.span != older.span && !last.same(older)) {
                nodes.push(older);
            }
        }
        (path, History { nodes })
    };
    leaves(&object.body).into_iter().map(with_past).collect()
}

/// The places of a value and of all that it lies over, each once.
fn spans(run: &Compiled, history: &History<'_>) -> Vec<Span> {
    let mut spans = Vec::new();
    for span in
        history.nodes.iter().flat_map(|node| std::iter::once(node.span).chain(beneath(run, node.span)))
    {
        if !spans.contains(&span) {
            spans.push(span);
        }
    }
    spans
}

/// What typed layers beneath said. A chain is as long as there are layers; a bound for what refers to itself.
fn beneath(run: &Compiled, span: Span) -> impl Iterator<Item = Span> {
    std::iter::successors(run.overrides.under(span), |span| run.overrides.under(*span)).take(100)
}

fn cause(run: &Compiled, span: Span, value: Option<String>) -> Cause {
    Cause { place: run.sources.place(span), unasked: span.start == span.end, value }
}

fn line(sources: &Sources, span: Span) -> String {
    let file = sources.file(span.file);
    format!("{}:{}", file.path, file.line_of(span.start))
}

/// What stands at a place, where that is short and nothing secret is near.
fn written(sources: &Sources, span: Span) -> Option<String> {
    let touches =
        |secret: Span| secret.file == span.file && secret.start < span.end && span.start < secret.end;
    let text = sources.text(span).trim();
    let is_short = !text.is_empty() && text.len() <= SHORT && !text.contains('\n');
    (is_short && !sources.secrets().any(touches)).then(|| text.to_owned())
}

/// Bytes of a value that is worth a line.
const SHORT: usize = 80;

fn first_line(text: &str) -> String {
    let line = text.lines().next().unwrap_or_default();
    let end = line.char_indices().nth(SHORT).map_or(line.len(), |(at, _)| at);
    let cut = line.len() < text.len() || end < line.len();
    format!("{}{}", line.get(..end).unwrap_or_default(), if cut { " …" } else { "" })
}
