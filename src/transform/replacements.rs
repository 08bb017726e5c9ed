//! `replacements`: a value of one object, copied into fields of others.

use crate::finding::{Finding, Findings, nearest};
use crate::kube::{Before, secret};
use crate::source::Span;
use crate::transform::Wrong;
use crate::transform::build::Build;
use crate::transform::codes::{INSTRUCTION_NO_MATCH, KUSTOMIZATION_INVALID, REPLACEMENT_INVALID};
use crate::transform::kustomization::{FieldOptions, Replacement, ReplacementTarget, Selector, Source};
use crate::transform::load::Layer;
use crate::transform::resource::{Id, Resource, Resources};
use crate::transform::target::{self, Target};
use crate::yaml::scalar::{self, Scalar};
use crate::yaml::{Dialect, Key, Node, Spanned, Value, decode};

/// What a source or target is when no path is said.
const NAME: &str = "metadata.name";

/// Copies all values, in order.
pub fn apply(layer: &Layer, resources: &mut Resources, build: &mut Build<'_>) {
    for replacement in &layer.kustomization.replacements {
        let Some(path) = &replacement.path else {
            one(replacement, layer.file.start(), resources, build);
            continue;
        };
        if replacement.source.is_some() {
            let message = "a replacement is in a file (`path`) or here (`source`), not both";
            build.found.push(Finding::new(&KUSTOMIZATION_INVALID, path.span, message));
            continue;
        }
        let Some(file) = layer.files.get(&path.value) else { continue };
        let mut documents =
            super::load::documents(*file, Dialect::Manifest, build.ground.sources, build.found);
        if let Some(second) = documents.get(1) {
            let reason = "a second document of a replacement file, which kustomize drops without a word";
            tell(Wrong::at(second.span, reason).help("write a list of replacements"), build.found);
            documents.truncate(1);
        }
        for document in documents {
            let list = match document.value {
                Value::List(items) => items,
                _ => vec![document],
            };
            for item in &list {
                if let Some(replacement) = decode::<Replacement>(item, build.found) {
                    one(&replacement, item.span, resources, build);
                }
            }
        }
    }
}

fn tell(wrong: Wrong, found: &mut Findings) {
    found.push(wrong.finding(&REPLACEMENT_INVALID));
}

/// `here` is where it is written.
fn one(replacement: &Replacement, here: Span, resources: &mut Resources, build: &mut Build<'_>) {
    let found = &mut *build.found;
    if replacement.targets.is_empty() {
        let place = replacement.source.as_ref().and_then(|source| target::place(&selector(source)));
        let place = place.or(replacement.source_value.as_ref().map(|text| text.span)).unwrap_or(here);
        let help = "targets: [{select: {kind: KIND, name: NAME}, fieldPaths: [PATH]}]";
        return tell(Wrong::at(place, "a replacement needs at least one target").help(help), found);
    }
    let value = match value(replacement, here, resources, found) {
        Ok(value) => value,
        Err(wrong) => return tell(wrong, found),
    };
    for target in &replacement.targets {
        into(target, &value, resources, build);
    }
}

/// The value that is copied.
fn value(
    replacement: &Replacement,
    here: Span,
    resources: &mut Resources,
    found: &mut Findings,
) -> Result<Node, Wrong> {
    let source = match (&replacement.source, &replacement.source_value) {
        (None, Some(text)) => return Ok(Node::text(text.span, text.value.clone())),
        (Some(source), None) => source,
        (Some(_), Some(text)) => {
            return Err(Wrong::at(text.span, "a replacement has `source` or `sourceValue`, not both"));
        }
        (None, None) => {
            let span = replacement.targets.first().and_then(|target| target::place(&target.select));
            return Err(Wrong::at(span.unwrap_or(here), "a replacement needs a `source`")
                .help("source: {kind: KIND, name: NAME, fieldPath: PATH}"));
        }
    };
    let selector = selector(source);
    let place = target::place(&selector).or(source.field_path.as_ref().map(|path| path.span));
    let place = place.unwrap_or(here);
    let fits = |id: &Id| {
        let is =
            |text: &Option<Spanned<String>>, own: &str| text.as_ref().is_none_or(|text| text.value == own);
        let namespace = source
            .namespace
            .as_ref()
            .is_none_or(|text| text.value == id.scope() || text.value == id.namespace);
        is(&source.group, id.group())
            && is(&source.version, id.version())
            && is(&source.kind, &id.kind)
            && is(&source.name, &id.name)
            && namespace
    };
    let candidates = match &source.name {
        Some(name) => resources.named(&name.value),
        None => (0..resources.len()).collect(),
    };
    let matches: Vec<usize> = candidates
        .into_iter()
        .filter(|at| resources.get(*at).is_some_and(|resource| resource.ids().any(fits)))
        .collect();
    let said = target::shown(&selector);
    match matches.as_slice() {
        [] => {
            let mut wrong = Vec::new();
            let target = Target::read(&selector, &mut wrong);
            let place = target.missed(&selector, resources).map_or(place, |(place, _)| place);
            let help = if wrong.is_empty() && !said.contains('*') {
                target.nearest(resources)
            } else {
                Some(
                    "a source is one object, by its kind and name as they are: no pattern is followed"
                        .to_owned(),
                )
            };
            Err(Wrong { help, ..Wrong::at(place, format!("no object here is the source ({said})")) })
        }
        [at] => {
            let resource = resources.get(*at).ok_or_else(|| Wrong::at(place, said))?;
            let value = part(source, resource, place)?;
            let path = source.field_path.as_ref().map_or(NAME, |path| path.value.as_str());
            hide(resource, path, &value, found);
            Ok(value)
        }
        [first, second, ..] => {
            let names =
                [first, second].map(|at| resources.get(*at).map_or_else(String::new, |own| own.id.shown()));
            let reason = format!("several objects are the source ({said}): {}", names.join(", "));
            Err(Wrong::at(place, reason).help("say `kind`, `name` and `namespace` of the one that is meant"))
        }
    }
}

fn selector(source: &Source) -> Selector {
    Selector {
        group: source.group.clone(),
        version: source.version.clone(),
        kind: source.kind.clone(),
        name: source.name.clone(),
        namespace: source.namespace.clone(),
        label_selector: None,
        annotation_selector: None,
    }
}

/// The source's field, or the part of its text that is asked for.
fn part(source: &Source, resource: &Resource, place: Span) -> Result<Node, Wrong> {
    let (path, span) =
        source.field_path.as_ref().map_or((NAME, place), |path| (path.value.as_str(), path.span));
    let mut node = &resource.body;
    for step in steps(path) {
        if step == Step::Each {
            let reason = format!("`{path}` of a source picks one value: `*` would pick several");
            return Err(
                Wrong::at(span, reason).help("name the item, by a key or its place: [name=NAME], or 0")
            );
        }
        let next = match (&node.value, &step) {
            (Value::Map(map), Step::Key(key)) => map.get(key),
            (Value::List(items), Step::Key(key)) => key.parse::<usize>().ok().and_then(|at| items.get(at)),
            (Value::List(items), Step::Item(field, value)) => {
                items.iter().find(|item| is_item(item, field, value))
            }
            _ => None,
        };
        node = next.ok_or_else(|| {
            let help = near(node, &step);
            Wrong { help, ..Wrong::at(span, format!("{} has no field `{path}`", resource.id.shown())) }
        })?;
    }
    if matches!(node.value, Value::Null) {
        return Err(Wrong::at(span, format!("`{path}` of {} holds nothing", resource.id.shown())));
    }
    let Some(delimiter) = delimiter(source.options.as_ref()) else { return Ok(node.clone()) };
    let text = node.written().ok_or_else(|| {
        Wrong::at(
            span,
            format!("`{path}` of {} is {}: only a text has parts", resource.id.shown(), node.kind()),
        )
    })?;
    let index = source.options.as_ref().and_then(|options| options.index).unwrap_or(0);
    let part = usize::try_from(index).ok().and_then(|at| text.split(&delimiter.value).nth(at));
    let part = part.ok_or_else(|| {
        let reason =
            format!("`{path}` of {} has no part {index} between `{}`", resource.id.shown(), delimiter.value);
        Wrong::at(delimiter.span, reason).beside(node.span, "the text")
    })?;
    Ok(Node::text(node.span, part.to_owned()))
}

/// What comes from a Secret, or goes into one, is shown nowhere.
fn hide(resource: &Resource, path: &str, value: &Node, found: &mut Findings) {
    if secret::is_secret(&resource.body) {
        let key = |step: &Step| match step {
            Step::Key(key) => key.clone(),
            Step::Item(..) | Step::Each | Step::Behind => String::new(),
        };
        secret::hide(value, &mut steps(path).iter().map(key).collect(), found);
    }
}

fn delimiter(options: Option<&FieldOptions>) -> Option<&Spanned<String>> {
    options.and_then(|options| options.delimiter.as_ref()).filter(|text| !text.value.is_empty())
}

/// Levels of an object.
const DEEPEST: usize = 128;
/// Parts of a value: one that is copied into its own object doubles that.
const MOST: usize = 10_000;

/// Copies the value into all fields of a target.
fn into(entry: &ReplacementTarget, value: &Node, resources: &mut Resources, build: &mut Build<'_>) {
    let found = &mut *build.found;
    let mut wrong = Vec::new();
    let select = Target::read(&entry.select, &mut wrong);
    let reject: Vec<Target> =
        entry.reject.iter().map(|selector| Target::read(selector, &mut wrong)).collect();
    for wrong in wrong {
        tell(wrong, found);
    }
    let here = target::place(&entry.select).unwrap_or(value.span);
    let default = [Spanned { span: here, value: NAME.to_owned() }];
    let paths = if entry.field_paths.is_empty() { &default[..] } else { &entry.field_paths };
    let (mut used, mut renamed) = (false, false);
    for at in select.reachable(resources) {
        let Some(resource) = resources.get_mut(at) else { continue };
        if !select.fits_any(resource) || reject.iter().any(|reject| reject.fits_any(resource)) {
            continue;
        }
        used = true;
        for path in paths {
            hide(resource, &path.value, value, found);
            let before = build.ground.past.then(|| resource.body.clone());
            if let Err(wrong) = field(resource, path, value, entry.options.as_ref()) {
                tell(wrong, found);
            }
            if let Some(body) = before {
                resource.keep_past(Before { body, by: Some(path.span), copies: true });
            }
        }
        let id = Id::of(&resource.body);
        renamed |= id != resource.id;
        resource.id = id;
    }
    if renamed {
        resources.renamed();
    }
    if !used {
        let shown = target::shown(&entry.select);
        let missed = select.missed(&entry.select, resources);
        let (place, message, help) = match missed {
            None if !entry.reject.is_empty() => {
                (here, format!("`reject` leaves nothing of the replacement's target ({shown})"), None)
            }
            missed => {
                let (place, help) = missed.unzip();
                let help = help.flatten().or_else(|| select.nearest(resources));
                (place.unwrap_or(here), format!("the replacement's target ({shown}) is no object here"), help)
            }
        };
        found.push(Finding::new(&INSTRUCTION_NO_MATCH, place, message).maybe_help(help));
    }
}

fn field(
    resource: &mut Resource,
    path: &Spanned<String>,
    value: &Node,
    options: Option<&FieldOptions>,
) -> Result<(), Wrong> {
    let create = options.is_some_and(|options| options.create == Some(true));
    let shown = resource.id.shown();
    let (nodes, depth) = value.extent();
    if steps(&path.value).len().saturating_add(depth) > DEEPEST {
        return Err(Wrong::at(path.span, format!("nothing lies deeper than {DEEPEST} levels")));
    }
    if nodes > MOST {
        return Err(Wrong::at(path.span, format!("the value that is copied has over {MOST} parts")));
    }
    let mut places = 0_usize;
    let mut wrong = None;
    let walk = Walk { create: create.then_some(value), span: path.span };
    walk.visit(&mut resource.body, &steps(&path.value), &mut |node, made| {
        places = places.saturating_add(1);
        if let Err(reason) = set(node, made, value, options) {
            wrong = Some(Wrong::at(path.span, format!("`{}` of {shown}: {reason}", path.value)));
        }
    });
    match (wrong, places) {
        (Some(wrong), _) => Err(wrong),
        (None, 0) => {
            let wrong = Wrong::at(path.span, format!("{shown} has no field `{}`", path.value));
            let near = if create { None } else { near_field(&resource.body, &steps(&path.value)) };
            let make = (!create && !steps(&path.value).contains(&Step::Each))
                .then(|| "to make it: options: {create: true}".to_owned());
            Err(Wrong { help: near.or(make), ..wrong })
        }
        _ => Ok(()),
    }
}

/// The key that a step which leads nowhere may have meant.
fn near(node: &Node, step: &Step) -> Option<String> {
    let names: Vec<&str> = match (&node.value, step) {
        (Value::Map(map), Step::Key(_)) => map.entries.iter().map(|entry| entry.key.text.as_ref()).collect(),
        (Value::List(items), Step::Item(field, _)) => {
            items.iter().filter_map(|item| item.text_at(&[field])).collect()
        }
        _ => Vec::new(),
    };
    let said = match step {
        Step::Key(key) => key,
        Step::Item(_, value) => value,
        Step::Each | Step::Behind => return None,
    };
    nearest(said, names).map(|near| format!("did you mean `{near}`?"))
}

/// The same at the first step of a path that leads nowhere.
fn near_field(body: &Node, steps: &[Step]) -> Option<String> {
    let mut node = body;
    for step in steps {
        let next = match (&node.value, step) {
            (Value::Map(map), Step::Key(key)) => map.get(key),
            (Value::List(items), Step::Key(key)) => key.parse::<usize>().ok().and_then(|at| items.get(at)),
            (Value::List(items), Step::Item(field, value)) => {
                items.iter().find(|item| is_item(item, field, value))
            }
            (Value::List(items), Step::Each) => items.first(),
            _ => return None,
        };
        let Some(next) = next else { return near(node, step) };
        node = next;
    }
    None
}

/// Puts the value into a place; a scalar keeps the kind that it has, one that was made takes the kind of the text.
fn set(node: &mut Node, made: bool, value: &Node, options: Option<&FieldOptions>) -> Result<(), String> {
    let is_scalar = |node: &Node| !matches!(node.value, Value::List(_) | Value::Map(_));
    let mut text = value.written().map(std::borrow::Cow::into_owned);
    if let Some(delimiter) = delimiter(options) {
        let (Some(old), Some(new)) = (node.written().filter(|_| is_scalar(node)), text.as_ref()) else {
            return Err(format!("a delimiter parts texts, this is {}", node.kind()));
        };
        let index = options.and_then(|options| options.index).unwrap_or(0);
        text = Some(joined(&old, new, &delimiter.value, index));
    }
    let new = match (text, &node.value) {
        (Some(text), Value::Text(_)) if !made => Value::Text(text.into()),
        (Some(text), Value::Int(_, Some(_)) | Value::Float(_, Some(_)) | Value::Bool(_, Some(_)))
            if !made =>
        {
            alike(&node.value, &text)
                .ok_or_else(|| format!("it holds {}, which `{text}` is not", node.kind()))?
        }
        (None, Value::Text(_) | Value::Int(..) | Value::Float(..) | Value::Bool(..)) if !made => {
            return Err(format!("it holds {}, and {} cannot take its place", node.kind(), value.kind()));
        }
        (Some(text), Value::List(_) | Value::Map(_)) => Value::Text(text.into()),
        (Some(text), _) => match scalar::plain(&text).into_value(std::borrow::Cow::Borrowed(&text)) {
            // What nobody wrote has no kind to keep: another replacement may put another one here.
            Ok(Value::Int(number, _)) => Value::Int(number, None),
            Ok(Value::Float(number, _)) => Value::Float(number, None),
            Ok(Value::Bool(truth, _)) => Value::Bool(truth, None),
            Ok(other) => other,
            Err(_) => Value::Text(text.into()),
        },
        (None, _) => value.value.clone(),
    };
    *node = Node { span: value.span, value: new };
    Ok(())
}

/// A text as a value of the kind that a scalar has: kustomize writes no other, and Kubernetes reads no other.
fn alike(old: &Value, text: &str) -> Option<Value> {
    let new = scalar::plain(text);
    let is_alike = match (old, new) {
        (Value::Int(..) | Value::Float(..), Scalar::Int(_) | Scalar::Large(_))
        | (Value::Float(..), Scalar::Float(_)) => true,
        // `yes` and its like are text to kustomize.
        (Value::Bool(..), Scalar::Bool(_)) => text.len() >= "true".len(),
        _ => false,
    };
    is_alike.then(|| new.into_value(std::borrow::Cow::Borrowed(text)).ok()).flatten()
}

/// The text with one part replaced, or with one more at an end.
fn joined(old: &str, new: &str, delimiter: &str, index: i64) -> String {
    let mut parts: Vec<&str> = old.split(delimiter).collect();
    match usize::try_from(index) {
        Err(_) => parts.insert(0, new),
        Ok(at) => match parts.get_mut(at) {
            Some(part) => *part = new,
            None => parts.push(new),
        },
    }
    parts.join(delimiter)
}

/// A step of a path.
#[derive(Clone, PartialEq, Debug)]
enum Step {
    /// A key, or an index.
    Key(String),
    /// `[name=web]`.
    Item(String, String),
    /// `*`.
    Each,
    /// `-`.
    Behind,
}

/// Keys parted by dots; a dot in brackets, quotes or behind a backslash parts nothing.
fn steps(path: &str) -> Vec<Step> {
    let mut parts = vec![String::new()];
    let (mut inside, mut escaped) = (false, false);
    for c in path.chars() {
        match c {
            _ if escaped => {
                escaped = false;
                if c != '.' {
                    push(&mut parts, '\\');
                }
                push(&mut parts, c);
            }
            '\\' => escaped = true,
            '[' => {
                inside = true;
                push(&mut parts, c);
            }
            ']' => {
                inside = false;
                push(&mut parts, c);
            }
            '.' if !inside => parts.push(String::new()),
            _ => push(&mut parts, c),
        }
    }
    parts.iter().filter(|part| !part.is_empty()).map(|part| step(part)).collect()
}

fn push(parts: &mut [String], c: char) {
    if let Some(last) = parts.last_mut() {
        last.push(c);
    }
}

fn step(part: &str) -> Step {
    match part {
        "*" => return Step::Each,
        "-" => return Step::Behind,
        _ => {}
    }
    let Some(inner) = part.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return Step::Key(part.to_owned());
    };
    match inner.split_once('=') {
        Some((field, value)) => Step::Item(field.to_owned(), value.to_owned()),
        None => Step::Key(inner.to_owned()),
    }
}

fn is_item(item: &Node, field: &str, value: &str) -> bool {
    let own = if field.is_empty() { Some(item) } else { item.get(field) };
    own.and_then(Node::written).is_some_and(|own| own == value)
}

/// The way to fields, making what is missing if asked for.
struct Walk<'a> {
    create: Option<&'a Node>,
    span: Span,
}

impl Walk<'_> {
    fn visit(&self, node: &mut Node, steps: &[Step], visit: &mut dyn FnMut(&mut Node, bool)) {
        self.at(node, steps, false, visit);
    }

    fn at(&self, node: &mut Node, steps: &[Step], made: bool, visit: &mut dyn FnMut(&mut Node, bool)) {
        let Some((step, rest)) = steps.split_first() else { return visit(node, made) };
        if matches!(node.value, Value::Null) && self.create.is_some() {
            node.value = self.blank(steps).value;
        }
        match (&mut node.value, step) {
            (Value::Map(map), Step::Key(key)) => {
                let fresh = map.get(key).is_none();
                if fresh && self.create.is_some() {
                    map.push(Key { span: self.span, text: key.clone().into() }, self.blank(rest));
                }
                if let Some(next) = map.get_mut(key) {
                    self.at(next, rest, made || fresh, visit);
                }
            }
            (Value::List(items), Step::Each) => {
                for item in items {
                    self.at(item, rest, made, visit);
                }
            }
            (Value::List(items), Step::Key(key)) => {
                let Ok(at) = key.parse::<usize>() else { return };
                let fresh = at == items.len() && self.create.is_some();
                if fresh {
                    items.push(self.blank(rest));
                }
                if let Some(item) = items.get_mut(at) {
                    self.at(item, rest, made || fresh, visit);
                }
            }
            (Value::List(items), Step::Behind) if self.create.is_some() => {
                let mut item = self.blank(rest);
                self.at(&mut item, rest, true, visit);
                items.push(item);
            }
            (Value::List(items), Step::Item(field, value)) => {
                let known = items.iter().any(|item| is_item(item, field, value));
                if !known && self.create.is_some() {
                    let text = Node::text(self.span, value.clone());
                    let item =
                        if field.is_empty() { text } else { Node::map(self.span, [(field.clone(), text)]) };
                    items.push(item);
                }
                for item in items.iter_mut().filter(|item| is_item(item, field, value)) {
                    self.at(item, rest, made || !known, visit);
                }
            }
            _ => {}
        }
    }

    /// What is made for the steps that follow.
    fn blank(&self, rest: &[Step]) -> Node {
        let value = match rest.first() {
            None => match self.create.map(|value| &value.value) {
                Some(Value::Map(_)) => Value::Map(crate::yaml::Map::default()),
                Some(Value::List(_)) => Value::List(Vec::new()),
                _ => Value::Null,
            },
            Some(Step::Item(..) | Step::Behind) => Value::List(Vec::new()),
            Some(Step::Key(key)) if key.parse::<usize>().is_ok() => Value::List(Vec::new()),
            Some(_) => Value::Map(crate::yaml::Map::default()),
        };
        Node { span: self.span, value }
    }
}
