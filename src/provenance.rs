//! Which line set each value of an object, and what it overrode: through includes, base, overlays, patches.
//!
//! In: a run that kept what objects were ([`Demands::past`](crate::check::Demands)), and one of its objects. Out: its
//! fields, each with the places that set it, the one that won first. Values are veiled as those of a diff are.

use std::collections::{BTreeMap, BTreeSet};

use crate::compile::Compiled;
use crate::diff::{self, HIDDEN, Path, Veil, inline, leaves};
use crate::kube::{Before, Object, ObjectId};
use crate::source::{Place, Sources, Span};
use crate::template;
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
    /// What it has to do with the value.
    pub role: Role,
    /// The value that it set, where that can be shown.
    pub value: Option<String>,
}

/// What a line has to do with a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Role {
    /// It set the value, or asked for it.
    Set,
    /// It changed the name of the object that the value names.
    Named(String),
    /// The value was copied from there.
    From,
    /// The value is made with a name that has its own there.
    With(String),
    /// It set the value before.
    Over,
    /// It set the name before.
    OverName(String),
}

/// The fields of an object.
pub fn fields(run: &Compiled, object: &Object) -> Vec<Field> {
    let marked = diff::marked(run);
    let veil = Veil::of(object, &marked);
    let origins = Origins::of(run);
    histories(object)
        .into_iter()
        .map(|(path, history)| {
            let shown = |node: &Node| first_line(&inline(&veil.over(&path, node)));
            let value = history.first().map(|past| shown(past.node)).unwrap_or_default();
            let hidden = value.contains(HIDDEN);
            let said = |span| written(&run.sources, span).filter(|_| !hidden);
            let causes = origins.lines(object, &history).into_iter().map(|line| Cause {
                place: run.sources.place(line.span),
                unasked: line.span.start == line.span.end,
                role: line.role,
                value: line
                    .node
                    .map_or_else(|| said(line.span), |node| Some(shown(node)).filter(|_| !hidden)),
            });
            Field { path: path.to_string(), causes: causes.collect(), value }
        })
        .collect()
}

/// Of each value of a run's objects, known by where it lies: `overlays/x/overlay.yaml:7 over stacks/y/apps/web.yaml:2`.
pub fn notes(run: &Compiled) -> BTreeMap<*const Node, String> {
    let origins = Origins::of(run);
    let mut notes = BTreeMap::new();
    for object in &run.objects {
        for (_, history) in histories(object) {
            let Some(value) = history.first() else { continue };
            let lines = origins.lines(object, &history);
            notes.insert(std::ptr::from_ref(value.node), note(&run.sources, &lines));
        }
    }
    notes
}

/// A field that an object had before it was changed.
pub struct Removed {
    /// What took it out, where one line did.
    pub by: Option<Place>,
    /// Where it was set.
    pub set: Place,
}

/// What became of a field that an object has no more.
pub fn removed(run: &Compiled, object: &Object, way: &str) -> Option<Removed> {
    object.past.before.iter().rev().find_map(|before| {
        let (_, node) = diff::find(&before.body, way).ok()?;
        Some(Removed { by: before.by.map(|by| run.sources.place(by)), set: run.sources.place(node.span) })
    })
}

/// The places, each with what it has to do with the value.
fn note(sources: &Sources, lines: &[Line<'_>]) -> String {
    let mut note = String::new();
    for line in lines {
        let word = match line.role {
            Role::From => " from ",
            Role::With(_) => " with ",
            _ if note.is_empty() => "",
            _ => " over ",
        };
        note.push_str(word);
        note.push_str(&place(sources, line.span));
    }
    note
}

/// A value that stands or stood in a place, the last one first.
struct Stood<'a> {
    node: &'a Node,
    /// What brought it there, where it stands elsewhere itself.
    by: Option<Span>,
}

fn histories<'a>(object: &'a Object) -> Vec<(Path<'a>, Vec<Stood<'a>>)> {
    let past: Vec<(&Before, BTreeMap<String, &Node>)> = object
        .past
        .before
        .iter()
        .rev()
        .map(|before| {
            let fields = leaves(&before.body).into_iter();
            (before, fields.map(|(path, node)| (path.to_string(), node)).collect())
        })
        .collect();
    let with_past = |(path, node): (Path<'a>, &'a Node)| {
        let mut history = vec![Stood { node, by: None }];
        let name = if past.is_empty() { String::new() } else { path.to_string() };
        let mut there = true;
        for (before, body) in &past {
            let Some(last) = history.last_mut().filter(|_| there) else { break };
            let older = body.get(&name);
            let is_other = older.is_none_or(|older| !last.node.same(older));
            if is_other && before.copies {
                last.by = before.by;
            }
            there = older.is_some();
            history.extend(older.filter(|_| is_other).map(|node| Stood { node, by: None }));
        }
        (path, history)
    };
    leaves(&object.body).into_iter().map(with_past).collect()
}

/// A place and what it has to do with a value.
struct Line<'a> {
    span: Span,
    role: Role,
    /// The value, where it is not what stands there.
    node: Option<&'a Node>,
}

/// What is asked of a run.
struct Origins<'a> {
    run: &'a Compiled,
    objects: BTreeMap<&'a ObjectId, &'a Object>,
}

impl<'a> Origins<'a> {
    fn of(run: &'a Compiled) -> Origins<'a> {
        Origins { run, objects: run.objects.iter().map(|object| (&object.id, object)).collect() }
    }

    /// The places of a value and of all that it lies over, each once.
    fn lines(&self, object: &'a Object, history: &[Stood<'a>]) -> Vec<Line<'a>> {
        let mut lines: Vec<Line<'a>> = Vec::new();
        let mut put = |line: Line<'a>| {
            let alike = |known: &&mut Line<'a>| known.span == line.span && is_alike(&known.role, &line.role);
            match lines.iter_mut().find(alike) {
                // What stood there tells more than the line, where stackc chose the value.
                Some(known) => known.node = known.node.or(line.node),
                None => lines.push(line),
            }
        };
        for (at, stood) in history.iter().enumerate() {
            let role = if at == 0 { Role::Set } else { Role::Over };
            let (span, node) = (stood.node.span, Some(stood.node));
            if at == 0 && self.followed(object, history, &mut put) {
                continue;
            }
            match stood.by.filter(|by| *by != span) {
                Some(by) => {
                    put(Line { span: by, role, node });
                    put(Line { span, role: Role::From, node: None });
                }
                None => put(Line { span, role, node }),
            }
            self.used(stood.node).into_iter().for_each(&mut put);
            self.beneath(span).for_each(|span| put(Line { span, role: Role::Over, node: None }));
        }
        lines
    }

    /// What typed layers beneath said. A chain is as long as there are layers; a bound for what refers to itself.
    fn beneath(&self, span: Span) -> impl Iterator<Item = Span> + use<'a> {
        let run = self.run;
        std::iter::successors(run.overrides.under(span), |span| run.overrides.under(*span)).take(100)
    }

    /// The names that a template made a value with, and what lay under those.
    fn used(&self, made: &Node) -> Vec<Line<'a>> {
        let sources = &self.run.sources;
        let (template, mut used) = (sources.text(made.span), Vec::new());
        if self.run.names.entries.is_empty()
            || !made.written().is_some_and(|text| template::may_make(template, &text))
        {
            return used;
        }
        for path in template::paths(template) {
            let Some(node) = template::named(&self.run.names, path) else { continue };
            // What stackc chose beside it stands at its place, too.
            let is_other = |text: &str| made.written().is_some_and(|made| !made.contains(text));
            if template::is_name(template, path) && node.written().is_some_and(|text| is_other(&text)) {
                continue;
            }
            // What no line says has the place of another value, or of all of a file.
            let said = sources.text(node.span).trim_matches(['"', '\'']);
            if node.written().map_or(node.span.start == 0, |text| text != said) {
                continue;
            }
            used.push(Line { span: node.span, role: Role::With(path.to_owned()), node: None });
            let over = self.beneath(node.span);
            used.extend(over.map(|span| Line { span, role: Role::OverName(path.to_owned()), node: None }));
        }
        used
    }

    /// The lines that made the names of objects what a value says that follows them; whether that tells all of its place.
    fn followed(&self, object: &Object, history: &[Stood<'a>], put: &mut impl FnMut(Line<'a>)) -> bool {
        let Some(node) = history.first().map(|stood| stood.node) else { return false };
        let ids: BTreeSet<&ObjectId> =
            object.past.follows.iter().filter(|(span, _)| *span == node.span).map(|(_, id)| id).collect();
        let mut any = false;
        for target in ids.into_iter().filter_map(|id| self.objects.get(id)) {
            let Some((key, changes, first)) = renamed(target, node) else { continue };
            for (at, change) in changes.iter().enumerate() {
                let role = if at == 0 { Role::Named(target.id.to_string()) } else { Role::Over };
                put(Line { span: change.span, role, node: Some(change) });
            }
            // What stood there before says so itself, unless its way has changed with it.
            if history.get(1).is_none_or(|older| older.node.span != node.span) && key == "name" {
                put(Line { span: node.span, role: Role::Over, node: Some(first) });
            }
            any = true;
        }
        any
    }
}

/// Of an object that a value names: the part of its name, what it was changed to, the last first, and what it was first.
fn renamed<'a>(target: &'a Object, node: &Node) -> Option<(&'static str, Vec<&'a Node>, &'a Node)> {
    let key = ["name", "namespace"].into_iter().find(|key| {
        let own = target.body.text_at(&["metadata", key]);
        // Traefik's annotations say both: NAMESPACE-NAME@PROVIDER.
        own.zip(node.as_text()).is_some_and(|(own, text)| own == text || text.contains(&format!("-{own}@")))
    })?;
    let path = format!("metadata.{key}");
    let (_, history) = histories(target).into_iter().find(|(own, _)| own.to_string() == path)?;
    let first = history.last()?.node;
    // The first name is the one that the user wrote in both places.
    let changes = history.len().saturating_sub(usize::from(key == "name"));
    let changes: Vec<&Node> = history.iter().take(changes).map(|stood| stood.node).collect();
    (!changes.is_empty()).then_some((key, changes, first))
}

/// Whether two lines of one place say the same of it.
fn is_alike(a: &Role, b: &Role) -> bool {
    let is_over = |role: &Role| matches!(role, Role::Over | Role::OverName(_));
    is_over(a) == is_over(b)
}

fn place(sources: &Sources, span: Span) -> String {
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
