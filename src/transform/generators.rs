//! `configMapGenerator` and `secretGenerator`: objects made of texts and files.

use std::string::FromUtf8Error;

use data_encoding::BASE64;

use crate::finding::{Finding, Findings, Severity};
use crate::kube::{Before, Unit, names};
use crate::source::{SourceFile, Span};
use crate::transform::Wrong;
use crate::transform::build::Build;
use crate::transform::codes::GENERATOR_INVALID;
use crate::transform::kustomization::{Generator, GeneratorOptions};
use crate::transform::load::Layer;
use crate::transform::resource::{Id, Resource, Resources};
use crate::yaml::{Build as Making, Key, Map, Named, Node, Spanned, Value};

/// Which kind is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Made {
    /// A ConfigMap.
    ConfigMap,
    /// A Secret.
    Secret,
}

/// What becomes of an object that is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Behavior {
    Create,
    Merge,
    Replace,
}

/// A Secret's value in base64 is broken into lines of this length, as kustomize breaks it: the hash is over the lines.
const LINE: usize = 70;

/// Makes all that a layer asks for, and adds it.
pub fn apply(layer: &Layer, resources: &mut Resources, build: &mut Build<'_>) {
    let kustomization = &layer.kustomization;
    let maps = kustomization.config_map_generator.iter().map(|generator| (Made::ConfigMap, generator));
    let secrets = kustomization.secret_generator.iter().map(|generator| (Made::Secret, generator));
    for (made, generator) in maps.chain(secrets) {
        if build.in_stack {
            tell_templates(generator, build.found);
        }
        match make(made, generator, layer, build) {
            Ok(resource) => add(resource, generator, resources, build),
            Err(wrong) => tell(wrong, generator, build.found),
        }
    }
}

/// A stack fills `*.j2` elsewhere; what a generator reads is taken as it is.
fn tell_templates(generator: &Generator, found: &mut Findings) {
    for text in generator.files.iter().chain(&generator.envs).chain(&generator.env) {
        if text.value.strip_suffix(".j2").is_some() {
            let message = format!(
                "`{}` is taken as it is: no template is filled in what a generator reads",
                text.value
            );
            let finding = Finding::new(&GENERATOR_INVALID, text.span, message).weighs(Severity::Warning);
            found.push(
                finding.help("templates are filled in `literals` here, and in files/ that an app mounts"),
            );
        }
    }
}

fn tell(wrong: Wrong, generator: &Generator, found: &mut Findings) {
    let reason = format!("`{}` cannot be generated: {}", generator.name.value, wrong.reason);
    found.push(Wrong { reason, ..wrong }.finding(&GENERATOR_INVALID));
}

fn behavior(generator: &Generator) -> Result<Behavior, Wrong> {
    let Some(text) = &generator.behavior else { return Ok(Behavior::Create) };
    match text.value.as_str() {
        "create" | "" => Ok(Behavior::Create),
        "merge" => Ok(Behavior::Merge),
        "replace" => Ok(Behavior::Replace),
        other => {
            Err(Wrong::at(text.span, format!("`behavior: {other}` is none of `create`, `merge`, `replace`")))
        }
    }
}

fn make(made: Made, generator: &Generator, layer: &Layer, build: &Build<'_>) -> Result<Resource, Wrong> {
    behavior(generator)?;
    let span = generator.name.span;
    let global = layer.kustomization.generator_options.as_ref();
    let own = generator.options.as_ref();
    let (mut data, mut binary) = (Map::default(), Map::default());
    for (key, span, bytes) in pairs(made, generator, layer, build)? {
        names::config_key(&key)
            .map_err(|reason| Wrong::at(span, format!("{} cannot be a key: {reason}", quoted(made, &key))))?;
        if data.get(&key).or(binary.get(&key)).is_some() {
            return Err(Wrong::at(span, format!("the key `{key}` stands twice")));
        }
        let (map, text) = match (made, String::from_utf8(bytes)) {
            (Made::Secret, text) => {
                (&mut data, secret(&text.map_or_else(FromUtf8Error::into_bytes, String::into_bytes)))
            }
            (Made::ConfigMap, Ok(text)) => (&mut data, text),
            (Made::ConfigMap, Err(error)) => (&mut binary, lines(&BASE64.encode(&error.into_bytes()))),
        };
        map.push(Key { span, text: key.into() }, Node::text(span, text));
    }
    data.entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
    binary.entries.sort_by(|a, b| a.key.text.cmp(&b.key.text));
    let options =
        |pick: fn(&GeneratorOptions) -> &Named<Spanned<String>>| both(global.map(pick), own.map(pick));
    let namespace = generator.namespace.as_ref().map(Node::from);
    let metadata = Making::at(span)
        .with("name", Node::from(&generator.name))
        .maybe("namespace", namespace)
        .unless_empty("labels", texts(span, options(|options| &options.labels)))
        .unless_empty("annotations", texts(span, options(|options| &options.annotations)));
    let flag = |pick: fn(&GeneratorOptions) -> Option<bool>| {
        own.and_then(pick) == Some(true) || global.and_then(pick) == Some(true)
    };
    let map = |map: Map| Node { span, value: Value::Map(map) };
    let kind = if made == Made::Secret { "Secret" } else { "ConfigMap" };
    let mut body =
        Making::at(span).text("apiVersion", "v1").text("kind", kind).with("metadata", metadata.node());
    if made == Made::Secret {
        let given = generator.kind.as_ref().filter(|kind| !kind.value.is_empty()).map(Node::from);
        body = body.with("type", given.unwrap_or_else(|| Node::text(span, "Opaque")));
    }
    // An empty Secret says so, and its hash is of that (tried with 5.8.1).
    body = if made == Made::Secret {
        body.with("data", map(data))
    } else {
        body.unless_empty("data", map(data))
    };
    body = body.unless_empty("binaryData", map(binary));
    if flag(|options| options.immutable) {
        body = body.bool("immutable", true);
    }
    let own = || Unit::Manifest(build.ground.sources.file(layer.file).path.clone());
    let unit = build.home.map_or_else(own, |(unit, _)| unit.clone());
    let mut resource = Resource::new(body.node(), unit);
    resource.hashed = Some(span).filter(|_| !flag(|options| options.disable_name_suffix_hash));
    Ok(build.at_home(resource))
}

/// Pairs of both, the second one's winning.
fn both<'a>(
    under: Option<&'a Named<Spanned<String>>>,
    over: Option<&'a Named<Spanned<String>>>,
) -> Vec<(&'a Spanned<String>, &'a Spanned<String>)> {
    let beneath = under.into_iter().flat_map(Named::iter);
    let hidden = |key: &str| over.is_some_and(|over| over.get(key).is_some());
    beneath.filter(|(key, _)| !hidden(&key.value)).chain(over.into_iter().flat_map(Named::iter)).collect()
}

fn texts(span: Span, pairs: Vec<(&Spanned<String>, &Spanned<String>)>) -> Node {
    Node::map(span, pairs.into_iter().map(|(key, value)| (key.value.clone(), Node::from(value))))
}

type Pair = (String, Span, Vec<u8>);

/// A key as it is told: of a Secret it may be a piece of a value.
fn quoted(made: Made, key: &str) -> String {
    if made == Made::Secret { "what stands before a `=`".to_owned() } else { format!("`{key}`") }
}

fn pairs(made: Made, generator: &Generator, layer: &Layer, build: &Build<'_>) -> Result<Vec<Pair>, Wrong> {
    let mut pairs = Vec::new();
    for text in generator.envs.iter().chain(&generator.env) {
        if let Some(file) = layer.files.get(&text.value) {
            env(made, text, build.ground.sources.file(*file), &mut pairs)?;
        }
    }
    for text in &generator.literals {
        let (key, value) = text
            .value
            .split_once('=')
            .filter(|(key, _)| !key.is_empty())
            .ok_or_else(|| Wrong::at(text.span, "one of `literals` is not KEY=TEXT").secret())?;
        pairs.push((key.to_owned(), text.span, unquoted(value).as_bytes().to_vec()));
    }
    for text in &generator.files {
        let (key, path) = named_file(text)?;
        if let Some(file) = layer.files.get(path) {
            pairs.push((key.to_owned(), text.span, build.ground.sources.file(*file).raw()));
        }
    }
    Ok(pairs)
}

/// Lines `KEY=TEXT`; blank ones and those that begin with `#` are none.
fn env(made: Made, name: &Spanned<String>, file: &SourceFile, pairs: &mut Vec<Pair>) -> Result<(), Wrong> {
    for (at, line) in file.text.lines().enumerate() {
        let line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let number = at.saturating_add(1);
        let Some((key, value)) = line.split_once('=') else {
            let reason = format!(
                "line {number} of {} has no `=`: it would take the value from the environment",
                name.value
            );
            return Err(Wrong::at(name.span, reason).help("write the line as KEY=TEXT"));
        };
        names::config_key(key).map_err(|reason| {
            Wrong::at(
                name.span,
                format!("line {number} of {}: {} cannot be a key: {reason}", name.value, quoted(made, key)),
            )
        })?;
        pairs.push((key.to_owned(), name.span, value.as_bytes().to_vec()));
    }
    Ok(())
}

/// `KEY=PATH`, or `PATH`, whose last part is the key then.
fn named_file(text: &Spanned<String>) -> Result<(&str, &str), Wrong> {
    match text.value.split_once('=') {
        None => Ok((text.value.rsplit('/').next().unwrap_or(&text.value), &text.value)),
        Some((key, path)) if key.is_empty() || path.is_empty() || path.contains('=') => {
            Err(Wrong::at(text.span, "one of `files` is neither PATH nor KEY=PATH"))
        }
        Some((key, path)) => Ok((key, path)),
    }
}

/// One pair of quotes around the whole text goes.
fn unquoted(text: &str) -> &str {
    for quote in ['"', '\''] {
        if let Some(inner) = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote)) {
            return inner;
        }
    }
    text
}

fn secret(bytes: &[u8]) -> String {
    lines(&BASE64.encode(bytes))
}

/// Longer text in lines, each ended.
fn lines(text: &str) -> String {
    if text.len() <= LINE {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len().saturating_add(text.len() / LINE).saturating_add(1));
    for (at, c) in text.chars().enumerate() {
        if at > 0 && at.is_multiple_of(LINE) {
            out.push('\n');
        }
        out.push(c);
    }
    out.push('\n');
    out
}

/// Adds what was made, or lays it over what is there.
fn add(made: Resource, generator: &Generator, resources: &mut Resources, build: &mut Build<'_>) {
    let Ok(behavior) = behavior(generator) else { return };
    let told = |reason: String| {
        Wrong::at(generator.behavior.as_ref().map_or(generator.name.span, |text| text.span), reason)
    };
    match (resources.called(&made.id).as_slice(), behavior) {
        ([], Behavior::Create) => resources.extend([made]),
        ([], _) => {
            let help = super::target::near(&made.id, resources);
            let wrong = told(format!(
                "there is no {} to {} it with",
                made.id.shown(),
                if behavior == Behavior::Merge { "merge" } else { "replace" }
            ));
            tell(Wrong { help, ..wrong }, generator, build.found);
        }
        (_, Behavior::Create) => {
            let wrong = told(format!("{} is there already", made.id.shown()));
            tell(wrong.help("write `behavior: merge` or `behavior: replace`"), generator, build.found);
        }
        ([at], behavior) => {
            if let Some(old) = resources.get(*at) {
                let mut new = over(old, made, behavior);
                if build.ground.past {
                    new.keep_past(Before {
                        body: old.body.clone(),
                        by: Some(generator.name.span),
                        copies: false,
                    });
                }
                resources.put(*at, new);
            }
        }
        _ => {
            tell(
                told(format!("several objects are or were called {}", made.id.shown())),
                generator,
                build.found,
            );
        }
    }
}

/// The new one with the name and the past of the old one, and with its labels and annotations beneath.
fn over(old: &Resource, mut made: Resource, behavior: Behavior) -> Resource {
    for what in ["labels", "annotations"] {
        beneath(&mut made.body, &["metadata", what], old.body.at(&["metadata", what]));
    }
    if behavior == Behavior::Merge {
        for what in ["data", "binaryData"] {
            beneath(&mut made.body, &[what], old.body.get(what));
        }
    }
    let hashed = made.hashed.and(old.hashed);
    let name = old.id.clone();
    if let Some(metadata) =
        made.body.as_map_mut().and_then(|map| map.get_mut("metadata")).and_then(Node::as_map_mut)
    {
        metadata.remove("namespace");
    }
    made.rename(name.name, old.place());
    if !name.namespace.is_empty() {
        made.set_metadata("namespace", name.namespace, old.place());
    }
    Resource { body: made.body, id: Id::clone(&old.id), hashed, ..old.clone() }
}

/// Adds what the new map lacks.
fn beneath(body: &mut Node, path: &[&'static str], old: Option<&Node>) {
    let Some(old) = old.and_then(Node::as_map) else { return };
    let mut node = body;
    for step in path {
        let span = node.span;
        let Some(map) = node.as_map_mut() else { return };
        node = map.or_insert(step, Node { span, value: Value::Map(Map::default()) });
    }
    let Some(new) = node.as_map_mut() else { return };
    for entry in &old.entries {
        if new.get(&entry.key.text).is_none() {
            new.push(entry.key.clone(), entry.value.clone());
        }
    }
}
