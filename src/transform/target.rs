//! Which objects an instruction means.

use std::collections::BTreeSet;

use crate::finding::{list, list_all, nearest};
use crate::source::Span;
use crate::transform::Wrong;
use crate::transform::kustomization::Selector;
use crate::transform::pattern::Pattern;
use crate::transform::resource::{Id, Resource, Resources};
use crate::yaml::{Entry, Node, Spanned};

/// A selector that could be read.
#[derive(Clone, Debug)]
pub struct Target {
    group: Pattern,
    version: Pattern,
    kind: Pattern,
    name: Pattern,
    namespace: Pattern,
    labels: Labels,
    annotations: Labels,
}

impl Target {
    /// Reads a selector; each part that cannot be is told.
    pub fn read(selector: &Selector, wrong: &mut Vec<Wrong>) -> Target {
        let mut pattern = |text: &Option<Spanned<String>>| {
            let Some(text) = text else { return Pattern::Any };
            Pattern::read(&text.value).unwrap_or_else(|reason| {
                let told = format!("`{}` is no regular expression: {reason}", text.value);
                wrong.push(Wrong::at(text.span, told).help("a name is written as it is; `.*` fits anything"));
                Pattern::Any
            })
        };
        let [group, version, kind, name, namespace] =
            [&selector.group, &selector.version, &selector.kind, &selector.name, &selector.namespace]
                .map(&mut pattern);
        let mut labels = |text: &Option<Spanned<String>>| {
            let Some(text) = text else { return Labels::default() };
            Labels::read(&text.value).unwrap_or_else(|reason| {
                wrong.push(Wrong::at(text.span, format!("`{}` is no selector: {reason}", text.value)));
                Labels::default()
            })
        };
        let labels_read = labels(&selector.label_selector);
        let annotations = labels(&selector.annotation_selector);
        Target { group, version, kind, name, namespace, labels: labels_read, annotations }
    }

    /// Places of what it may select: by name or kind, where it is for one.
    pub fn reachable(&self, resources: &mut Resources) -> Vec<usize> {
        match (self.name.text(), self.kind.text()) {
            (Some(name), _) => resources.named(name),
            (None, Some(kind)) => resources.of_kind(kind),
            _ => (0..resources.len()).collect(),
        }
    }

    /// Places of what it selects, in order.
    pub fn select(&self, resources: &mut Resources) -> Vec<usize> {
        self.reachable(resources)
            .into_iter()
            .filter(|at| resources.get(*at).is_some_and(|resource| self.fits(resource)))
            .collect()
    }

    fn fits(&self, resource: &Resource) -> bool {
        let (now, first) = (&resource.id, resource.original());
        (self.namespace.fits(scope(now)) || self.namespace.fits(scope(first)))
            && (self.name.fits(&now.name) || self.name.fits(&first.name))
            && self.group.fits(now.group())
            && self.version.fits(now.version())
            && self.kind.fits(&now.kind)
            && self.labels.holds(resource, "labels")
            && self.annotations.holds(resource, "annotations")
    }

    /// Whether it selects one of the things that an object is or was called; labels count too.
    pub fn fits_any(&self, resource: &Resource) -> bool {
        let fits = |id: &Id| {
            self.group.fits(id.group())
                && self.version.fits(id.version())
                && self.kind.fits(&id.kind)
                && self.name.fits(&id.name)
                && self.namespace.fits(scope(id))
        };
        resource.ids().any(fits)
            && self.labels.holds(resource, "labels")
            && self.annotations.holds(resource, "annotations")
    }

    /// The part of a selector that selects nothing by which it does so, and for parts of which `nearest` knows nothing what
    /// the objects have there that fit so far.
    pub fn missed(&self, selector: &Selector, resources: &Resources) -> Option<(Span, Option<String>)> {
        let of_id = |fits: &dyn Fn(&Id) -> bool, resource: &Resource| resource.ids().any(fits);
        let asked: Vec<&str> =
            self.labels.0.iter().chain(&self.annotations.0).map(|asks| asks.key.as_str()).collect();
        let map = |resource: &Resource, what: &str| -> Vec<String> {
            let all = resource.body.at(&["metadata", what]).map_or(&[][..], Node::entries).iter();
            // An annotation may hold all of an object: values only where they are asked for.
            let shown = |entry: &Entry| match entry
                .value
                .written()
                .filter(|_| asked.contains(&entry.key.text.as_ref()))
            {
                Some(value) => format!("{}={value}", entry.key.text),
                None => entry.key.text.to_string(),
            };
            all.map(shown).collect()
        };
        let mut fits: Vec<&Resource> = resources.iter().collect();
        let parts: [Part<'_>; 7] = [
            (&selector.kind, &|own| self.kind.fits(&own.id.kind), None),
            (&selector.name, &|own| of_id(&|id| self.name.fits(&id.name), own), None),
            (&selector.namespace, &|own| of_id(&|id| self.namespace.fits(scope(id)), own), None),
            (
                &selector.group,
                &|own| self.group.fits(own.id.group()),
                Some(&|own| vec![own.id.group().to_owned()]),
            ),
            (
                &selector.version,
                &|own| self.version.fits(own.id.version()),
                Some(&|own| vec![own.id.version().to_owned()]),
            ),
            (
                &selector.label_selector,
                &|own| self.labels.holds(own, "labels"),
                Some(&|own| map(own, "labels")),
            ),
            (
                &selector.annotation_selector,
                &|own| self.annotations.holds(own, "annotations"),
                Some(&|own| map(own, "annotations")),
            ),
        ];
        for (text, is, has) in parts {
            let Some(text) = text else { continue };
            let left: Vec<&Resource> = fits.iter().copied().filter(|own| is(own)).collect();
            if left.is_empty() {
                return Some((text.span, has.map(|has| here(fits.iter().flat_map(|own| has(own))))));
            }
            fits = left;
        }
        None
    }

    /// What a selector that selects nothing may have meant.
    pub fn nearest(&self, resources: &mut Resources) -> Option<String> {
        let is_kind = |resource: &&Resource| self.kind.fits(&resource.id.kind);
        let name = self.name.text().unwrap_or_default();
        let named = resources
            .iter()
            .filter(is_kind)
            .filter(|resource| resource.ids().any(|id| self.name.fits(&id.name)));
        let elsewhere: BTreeSet<&str> = named
            .filter(|resource| !self.namespace.fits(scope(&resource.id)))
            .map(|resource| resource.id.scope())
            .collect();
        let is_free = matches!(self.name, Pattern::Any);
        if !elsewhere.is_empty() && (is_free || !name.is_empty()) {
            let elsewhere =
                elsewhere.into_iter().map(|scope| if scope.is_empty() { "no namespace" } else { scope });
            let what = if is_free { "such objects are" } else { "it is" };
            return Some(format!("{what} in {}", list(elsewhere)));
        }
        if resources.iter().any(|resource| is_kind(&resource)) {
            let of_kind = resources.iter().filter(is_kind);
            return near_object(name, of_kind);
        }
        let kinds: BTreeSet<&str> = resources.iter().map(|resource| resource.id.kind.as_str()).collect();
        Some(match nearest(self.kind.text().unwrap_or_default(), kinds.iter().copied()) {
            Some(near) => format!("did you mean kind `{near}`?"),
            None if kinds.is_empty() => return None,
            None => format!("kinds here: {}", list_all(kinds.into_iter().take(12))),
        })
    }
}

/// Whether an object fits a part of a selector.
type Fits<'a> = &'a dyn Fn(&Resource) -> bool;
/// What an object has where a part of a selector looks.
type Has<'a> = &'a dyn Fn(&Resource) -> Vec<String>;
/// A part of a selector: its text, and what is known of it.
type Part<'a> = (&'a Option<Spanned<String>>, Fits<'a>, Option<Has<'a>>);

/// What there is, each once.
fn here(all: impl Iterator<Item = String>) -> String {
    let all: BTreeSet<String> = all.collect();
    let named: Vec<&str> =
        all.iter().map(|text| if text.is_empty() { "none" } else { text }).take(12).collect();
    if named.is_empty() { "there are none here".to_owned() } else { format!("here: {}", named.join(", ")) }
}

/// The namespace as selectors see it.
fn scope(id: &Id) -> &str {
    match id.scope() {
        "" => "_non_namespaceable_",
        scope => scope,
    }
}

/// What an object that is not there may have meant.
pub fn near(id: &Id, resources: &Resources) -> Option<String> {
    let same_name = resources
        .iter()
        .find(|resource| resource.ids().any(|own| own.name == id.name && own.kind == id.kind));
    if let Some(other) = same_name {
        if other.ids().any(|own| own.is(id)) {
            return Some("an earlier patch deletes it".to_owned());
        }
        let own = &other.id;
        let (what, said, is) = if own.api_version == id.api_version {
            ("namespace", id.scope(), own.scope())
        } else {
            ("apiVersion", id.api_version.as_str(), own.api_version.as_str())
        };
        return Some(format!("there is one with {what} `{is}`, not `{said}`"));
    }
    let of_kind: Vec<&Resource> = resources.iter().filter(|resource| resource.id.kind == id.kind).collect();
    if of_kind.is_empty() {
        let kinds = resources.iter().map(|resource| resource.id.kind.as_str());
        return nearest(&id.kind, kinds).map(|near| format!("did you mean kind `{near}`?"));
    }
    near_object(&id.name, of_kind.into_iter())
}

fn near_object<'a>(name: &str, among: impl Iterator<Item = &'a Resource>) -> Option<String> {
    let mut names: Vec<&str> =
        among.flat_map(|resource| [resource.id.name.as_str(), resource.original().name.as_str()]).collect();
    names.sort_unstable();
    names.dedup();
    match nearest(name, names.iter().copied()) {
        Some(near) if near != name => Some(format!("did you mean `{near}`?")),
        _ if names.is_empty() => None,
        _ => Some(format!("names here: {}", list_all(names.into_iter().take(12)))),
    }
}

/// A selector of labels: `app=web,tier in (a, b),!old` (`apimachinery/pkg/labels`).
#[derive(Clone, Debug, Default)]
struct Labels(Vec<Requirement>);

#[derive(Clone, PartialEq, Debug)]
struct Requirement {
    key: String,
    asks: Asks,
    holds: bool,
}

/// What a requirement asks of a label.
#[derive(Clone, PartialEq, Debug)]
enum Asks {
    /// Whether it is there.
    There,
    Among(Vec<String>),
    /// A whole number that is greater.
    Above(i64),
    /// A whole number that is less.
    Below(i64),
}

impl Asks {
    fn fits(&self, own: Option<&str>) -> bool {
        let number = || own.and_then(|own| own.parse::<i64>().ok());
        match self {
            Asks::There => own.is_some(),
            Asks::Among(values) => own.is_some_and(|own| values.iter().any(|value| value == own)),
            Asks::Above(least) => number().is_some_and(|own| own > *least),
            Asks::Below(most) => number().is_some_and(|own| own < *most),
        }
    }
}

impl Labels {
    fn read(text: &str) -> Result<Labels, String> {
        let mut requirements = Vec::new();
        let mut rest = text.trim();
        while !rest.is_empty() {
            let end = end_of_requirement(rest);
            let (one, after) = rest.split_at_checked(end).unwrap_or((rest, ""));
            requirements.push(requirement(one.trim())?);
            rest = match after.strip_prefix(',').map(str::trim) {
                Some("") => return Err("a comma with nothing behind it".to_owned()),
                Some(more) => more,
                None => "",
            };
        }
        Ok(Labels(requirements))
    }

    fn holds(&self, resource: &Resource, what: &str) -> bool {
        self.0.iter().all(|requirement| {
            // kustomize reads numbers and truths here as text.
            let own = resource.body.at(&["metadata", what]).and_then(|map| map.get(&requirement.key));
            requirement.asks.fits(own.and_then(Node::written).as_deref()) == requirement.holds
        })
    }
}

/// A comma in brackets ends nothing.
fn end_of_requirement(text: &str) -> usize {
    let mut inside = false;
    let comma = text.char_indices().find(|(_, c)| {
        inside = (inside || *c == '(') && *c != ')';
        *c == ',' && !inside
    });
    comma.map_or(text.len(), |(at, _)| at)
}

fn requirement(text: &str) -> Result<Requirement, String> {
    let key = |text: &str| {
        let key = text.trim();
        crate::kube::names::label_key(key).map_err(|reason| format!("`{key}` cannot be a key: {reason}"))?;
        Ok::<_, String>(key.to_owned())
    };
    let value = |text: &str| {
        let value = text.trim();
        let told = |reason| format!("`{value}` cannot be a value: {reason}");
        crate::kube::names::label_value(value).map_err(told)?;
        Ok::<_, String>(value.to_owned())
    };
    let number =
        |text: &str| text.trim().parse::<i64>().map_err(|_| format!("`{}` is no whole number", text.trim()));
    let one = |name: &str, text: &str, holds| {
        Ok(Requirement { key: key(name)?, asks: Asks::Among(vec![value(text)?]), holds })
    };
    if let Some(name) = text.strip_prefix('!').filter(|name| !name.contains('=')) {
        return Ok(Requirement { key: key(name)?, asks: Asks::There, holds: false });
    }
    for (sign, holds) in [("!=", false), ("==", true), ("=", true)] {
        if let Some((name, value)) = text.split_once(sign) {
            return one(name, value, holds);
        }
    }
    for (word, holds) in [(" notin ", false), (" in ", true), (" notin(", false), (" in(", true)] {
        if let Some((name, values)) = text.split_once(word) {
            let values = values.trim().trim_start_matches('(').strip_suffix(')').ok_or("a `)` is missing")?;
            let values: Result<Vec<String>, String> = values.split(',').map(value).collect();
            return Ok(Requirement { key: key(name)?, asks: Asks::Among(values?), holds });
        }
    }
    if let Some((name, least)) = text.split_once('>') {
        return Ok(Requirement { key: key(name)?, asks: Asks::Above(number(least)?), holds: true });
    }
    if let Some((name, most)) = text.split_once('<') {
        return Ok(Requirement { key: key(name)?, asks: Asks::Below(number(most)?), holds: true });
    }
    Ok(Requirement { key: key(text)?, asks: Asks::There, holds: true })
}

/// How a selector reads in a message: `kind: Deployment, name: web`.
pub fn shown(selector: &Selector) -> String {
    let parts = [
        ("group", &selector.group),
        ("version", &selector.version),
        ("kind", &selector.kind),
        ("name", &selector.name),
        ("namespace", &selector.namespace),
        ("labelSelector", &selector.label_selector),
        ("annotationSelector", &selector.annotation_selector),
    ];
    let parts: Vec<String> = parts
        .iter()
        .filter_map(|(key, text)| text.as_ref().map(|text| format!("{key}: {}", text.value)))
        .collect();
    parts.join(", ")
}

/// The place of a selector's name, else of its kind: where to look first.
pub fn place(selector: &Selector) -> Option<Span> {
    [
        &selector.name,
        &selector.kind,
        &selector.label_selector,
        &selector.namespace,
        &selector.annotation_selector,
    ]
    .into_iter()
    .flatten()
    .next()
    .map(|text| text.span)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::kube::Unit;
    use crate::kube::tree::tree;

    #[test]
    fn labels_are_selected_as_kubectl_selects_them() {
        let labels = json!({"app": "web", "tier": "a", "example.com/x": "", "level": "5"});
        let body = json!({"metadata": {"name": "x", "labels": labels}});
        let resource = Resource::new(tree(&body), Unit::Manifest("a".into()));
        let rows = [
            ("app=web", true),
            ("app==web", true),
            ("app = web", true),
            ("app!=web", false),
            ("gone!=web", true),
            ("app", true),
            ("!app", false),
            ("!gone", true),
            ("tier in (a, b),app=web", true),
            ("tier in (b)", false),
            ("tier notin (b,c)", true),
            ("gone notin (b)", true),
            ("example.com/x=", true),
            ("level>4", true),
            ("level > 5", false),
            ("level<6", true),
            ("app>0", false),
            ("gone<1", false),
            ("", true),
        ];
        for (text, expected) in rows {
            assert_eq!(Labels::read(text).unwrap().holds(&resource, "labels"), expected, "{text}");
        }
        for wrong in ["a b=c", "x in (a", "a=b c", "a=b=c", "a=b,", "a>b"] {
            assert!(Labels::read(wrong).is_err(), "{wrong}");
        }
    }
}
