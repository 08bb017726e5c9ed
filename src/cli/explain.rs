//! `stackc explain`: what a finding means and how to mend it; which line set each value of an object.

use std::path::PathBuf;

use clap::Args;

use super::{Color, Denial, Format, Status, Trouble, show, target};
use crate::check::Demands;
use crate::compile::{self, Compiled};
use crate::diff;
use crate::fetch;
use crate::finding::{Code, list, nearest};
use crate::kube::{Object, ObjectId};
use crate::overrule::guard;
use crate::provenance::{self, Removed};
use crate::report;

/// Tell what a finding means and how to mend it, or which line set a value of an object
///
/// stackc explain CODE, or stackc explain [PATH] OBJECT [FIELD]: PATH is a stack, an overlay or a kustomization, as for
/// build; OBJECT is KIND/NAME, with the namespace or group where that leaves a choice (apps/Deployment/web,
/// Deployment/shop/web); FIELD is a way such as spec.replicas or spec.template.spec.containers[web].image, and all
/// below it.
#[derive(Debug, Args)]
#[command(
    after_help = "stackc explain image-lacks-arch\nstackc explain overlays/staging Deployment/web spec.replicas"
)]
pub(super) struct Arguments {
    /// A finding's code; or an object, behind the path of its stack, and one of its fields
    #[arg(required_unless_present = "list", value_name = "CODE|OBJECT", num_args = 1..=3)]
    what: Vec<PathBuf>,
    /// List every code
    #[arg(long, conflicts_with = "what")]
    list: bool,
    /// All fields of the object, as without FIELD
    #[arg(long)]
    all: bool,
}

/// All that any command can raise.
fn codes() -> impl Iterator<Item = &'static Code> {
    compile::codes().chain(fetch::CODES.iter().copied())
}

pub(super) fn run(arguments: &Arguments, color: Color) -> Result<Status, Trouble> {
    if arguments.list {
        show::out(&report::list_codes(codes()))?;
        return Ok(Status::Fine);
    }
    let (path, names) = target::with_names(&arguments.what);
    match names.as_slice() {
        [] => Err(Trouble::Told("which object of it? stackc explain PATH KIND/NAME FIELD".to_owned())),
        [name] if path.is_none() && !name.contains('/') && !arguments.all => page(name),
        [object] => origin(path, (object, ""), color),
        [object, field] if arguments.all => {
            Err(Trouble::Told(format!("--all is all fields of {object}; leave {field} out, or leave --all")))
        }
        [first, second]
            if path.is_none() && first.contains('/') && second.contains('/') && is_object(second) =>
        {
            Err(Trouble::Told(format!("{first}: no such file or folder")))
        }
        [object, field] => origin(path, (object, field), color),
        [first, ..] => Err(Trouble::Told(format!("{first}: no such stack"))),
    }
}

/// `Deployment/web`: a kind begins with a capital, which fields do not.
fn is_object(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_uppercase())
}

fn page(name: &str) -> Result<Status, Trouble> {
    let Some(code) = codes().find(|code| code.name == name) else {
        let near = nearest(name, codes().map(|code| code.name));
        let help =
            near.map_or_else(|| "stackc explain --list".to_owned(), |near| format!("did you mean {near}?"));
        return Err(Trouble::Told(format!("there is no code {name}\n{help}")));
    };
    show::out(&report::explain(code, guard(code)))?;
    Ok(Status::Fine)
}

/// Where the values of an object come from.
fn origin(
    path: Option<&std::path::Path>,
    (name, field): (&str, &str),
    color: Color,
) -> Result<Status, Trouble> {
    let compiled = match target::kustomization(path) {
        Some(folder) => target::kustomized(&folder, None, true)?,
        None => target::compiled(&target::one(path)?, Demands { past: true, ..Demands::default() })?,
    };
    let runs = [compiled];
    let status = Denial::default().status(&runs);
    // What could not be compiled is missing here: the findings say why.
    if status != Status::Fine {
        let totals = format!("{}\n", show::totals(&runs));
        show::findings(&runs, (Format::Text, Denial::default()), color, show::Stream::Err, &totals)?;
    }
    let [run] = &runs;
    let object = named(run, name)?;
    let way = diff::find(&object.body, field)
        .map_err(|missing| lost(run, (object, field), &missing))?
        .0
        .to_string();
    let mut fields = provenance::fields(run, object);
    fields.retain(|field| is_below(&field.path, &way));
    show::out(&report::provenance_text(&object.id.to_string(), &fields))?;
    Ok(status)
}

fn is_below(path: &str, way: &str) -> bool {
    way.is_empty()
        || path.strip_prefix(way).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn lost(run: &Compiled, (object, field): (&Object, &str), missing: &diff::Missing) -> Trouble {
    let known = || missing.known.iter().map(String::as_str);
    let at = if missing.reached.is_empty() { String::new() } else { format!(" below {}", missing.reached) };
    if let Some(Removed { by, set }) = provenance::removed(run, object, field) {
        let by =
            by.map_or_else(String::new, |by| format!("{}:{}:{} took it out; ", by.path, by.line, by.column));
        let set = format!("it was set at {}:{}:{}", set.path, set.line, set.column);
        return Trouble::Told(format!("{} has no `{}`{at}\n{by}{set}", object.id, missing.part));
    }
    let help = match nearest(&missing.part, known()) {
        Some(near) => format!("did you mean {near}?"),
        None if missing.known.is_empty() => "there is nothing below it".to_owned(),
        None => format!("known there: {}", list(known())),
    };
    Trouble::Told(format!("{} has no `{}`{at}\n{help}", object.id, missing.part))
}

/// The one object that is called so; else the one that was, before prefixes, hashes and the like.
fn named<'a>(run: &'a Compiled, name: &str) -> Result<&'a Object, Trouble> {
    let of = |is: &dyn Fn(&Object) -> bool| {
        run.objects.iter().filter(|object| is(object)).collect::<Vec<&Object>>()
    };
    let mut called = of(&|object| is_called(&object.id, name));
    if called.is_empty() {
        called = of(&|object| earlier(object).any(|id| is_called(&id, name)));
    }
    match called.as_slice() {
        [object] => Ok(object),
        [] => {
            let ids = || {
                run.objects
                    .iter()
                    .flat_map(|object| std::iter::once(object.id.clone()).chain(earlier(object)))
            };
            let names: Vec<String> =
                ids().flat_map(|id| [id.path(), format!("{}/{}", id.kind, id.name)]).collect();
            let near = nearest(name, names.iter().map(String::as_str));
            let help = near.map_or_else(
                || {
                    let paths: Vec<String> = run.objects.iter().map(|object| object.id.path()).collect();
                    format!("objects here:\n  {}", paths.join("\n  "))
                },
                |near| format!("did you mean {near}?"),
            );
            Err(Trouble::Told(format!("no object is called {name}\n{help}")))
        }
        several => {
            let paths: Vec<String> = several.iter().map(|object| format!("  {}", object.id.path())).collect();
            Err(Trouble::Told(format!("{name} may be any of these:\n{}", paths.join("\n"))))
        }
    }
}

/// All that an object was called.
fn earlier(object: &Object) -> impl Iterator<Item = ObjectId> {
    object.past.names().map(|(namespace, name)| ObjectId {
        namespace: namespace.map(str::to_owned).or_else(|| object.id.namespace.clone()),
        name: name.to_owned(),
        ..object.id.clone()
    })
}

/// `KIND/NAME`, with the namespace between or the group before them.
fn is_called(id: &ObjectId, name: &str) -> bool {
    let is_kind = |kind: &str| kind.eq_ignore_ascii_case(&id.kind);
    let is_in = |namespace: &str| id.namespace.as_deref() == Some(namespace);
    match name.split('/').collect::<Vec<_>>().as_slice() {
        [kind, name] => is_kind(kind) && *name == id.name,
        [first, second, name] if *name == id.name => {
            (is_kind(first) && is_in(second)) || (*first == id.group() && is_kind(second))
        }
        [group, kind, namespace, name] => {
            *group == id.group() && is_kind(kind) && is_in(namespace) && *name == id.name
        }
        _ => false,
    }
}
