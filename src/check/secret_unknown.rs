//! References to Secrets that nobody said exist.

use super::{Facts, Landing};
use crate::finding::{Code, Finding, Findings, Page, Severity, nearest};
use crate::kube::{Object, Target, named};
use crate::stack::Secret;
use crate::yaml::Node;

/// A Secret that is neither declared nor among the objects.
pub static CODE: Code = Code {
    name: "secret-unknown",
    severity: Severity::Error,
    page: Page {
        about: "Something uses a Secret that is neither under `secrets` in stack.yaml nor among the stack's objects.\n\
                A pod would wait in CreateContainerConfigError or ContainerCreating; a route would serve Traefik's\n\
                own certificate. stackc never writes Secrets: make it with kubectl, and declare its name and keys.",
        bad: "# apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
              env: {PASSWORD: {secret: web, key: password}}\n",
        good: "# stack.yaml\nstackc: 1\nk3s: v1.37.1+k3s1\nvars: {domain: example.org}\nnodes:\n  alpha: {arch: amd64}\n\
               platforms: {registry.example/web: [amd64]}\nsecrets: {web: [password]}\n\
               # apps/web.yaml\nkind: app\nimage: registry.example/web:1.0\n\
               env: {PASSWORD: {secret: web, key: password}}\n",
    },
};

/// A use of a Secret: who, its name, the key if one is named.
pub(super) struct Use<'a> {
    pub(super) object: &'a Object,
    pub(super) name: &'a Node,
    pub(super) key: Option<&'a Node>,
}

/// Every use of a pod that must be met: its own, and what its program reads by a path.
pub(super) fn uses<'a, 'l: 'a>(landing: &'l Landing<'a>) -> impl Iterator<Item = Use<'a>> {
    let object = landing.object;
    let needed = landing.references.iter();
    let needed = needed.filter(|reference| reference.target == Target::Secret && !reference.optional);
    let reads = landing.app.iter().flat_map(|app| &app.reads);
    needed
        .map(move |reference| Use { object, name: reference.name, key: reference.key })
        .chain(reads.map(move |read| Use { object, name: &read.secret, key: Some(&read.key) }))
}

/// The declared Secret, where the use lives in one of its namespaces.
pub(super) fn declared<'a>(facts: &Facts<'a>, used: &Use<'_>) -> Option<&'a Secret> {
    let namespace = used.object.id.namespace.as_deref()?;
    let name = used.name.as_text()?;
    let here = |secret: &&Secret| secret.namespaces.iter().any(|own| own == namespace);
    facts.stack.secrets.iter().filter(here).find(|secret| secret.name.value == name)
}

/// The Secret among the objects.
pub(super) fn made<'a>(facts: &Facts<'a>, used: &Use<'_>) -> Option<&'a Object> {
    let name = used.name.as_text()?;
    facts.find("Secret", used.object.id.namespace.as_deref(), name)
}

/// Tells what routes, middlewares and their like name.
pub(super) fn run(facts: &Facts<'_>, found: &mut Findings) {
    for object in facts.naming() {
        let secrets = named(object).into_iter().filter(|reference| reference.target == Target::Secret);
        for reference in secrets {
            tell(facts, &Use { object, name: reference.name, key: None }, found);
        }
    }
}

/// Tells what pods need.
pub(super) fn of_pod(facts: &Facts<'_>, landing: &Landing<'_>, found: &mut Findings) {
    uses(landing).for_each(|used| tell(facts, &used, found));
}

fn tell(facts: &Facts<'_>, used: &Use<'_>, found: &mut Findings) {
    if declared(facts, used).is_some() || made(facts, used).is_some() {
        return;
    }
    let Some(name) = used.name.as_text() else { return };
    let namespace = used.object.id.namespace.as_deref().unwrap_or("default");
    if facts.stack.external_name("Secret", namespace, name).is_some() {
        return;
    }
    let elsewhere = facts.stack.secrets.iter().find(|secret| secret.name.value == name);
    let mut finding = Finding::new(&CODE, used.name.span, format!("nothing says that the Secret {namespace}/{name} exists"))
        .label(format!("{} uses it", used.object.id));
    if let Some(secret) = elsewhere {
        let all: Vec<&str> = secret.namespaces.iter().map(String::as_str).chain([namespace]).collect();
        let (keys, all) = (secret.keys.join(", "), all.join(", "));
        finding = finding
            .also(secret.name.span, format!("declared for {}", secret.namespaces.join(", ")))
            .help(format!("if it exists there too: {name}: {{keys: [{keys}], namespaces: [{all}]}}"));
    }
    let names = facts.stack.secrets.iter().map(|secret| secret.name.value.as_str());
    let near = nearest(name, names).filter(|_| elsewhere.is_none());
    let key = used.key.and_then(Node::as_text).unwrap_or_default();
    found.push(match near {
        Some(near) => finding.help(format!("did you mean `{near}`?")),
        None if elsewhere.is_some() => finding,
        None => finding.help(format!("if it exists, declare it in stack.yaml:\nsecrets:\n  {name}: [{key}]")),
    });
}
