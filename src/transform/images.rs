//! `images`: other names, tags and digests, wherever a list `containers` or `initContainers` has an `image`, and in image
//! volumes.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use regex_lite::Regex;

use crate::finding::{Finding, Findings, nearest};
use crate::source::Span;
use crate::transform::build::Build;
use crate::transform::codes::{
    INSTRUCTION_NO_CHANGE, INSTRUCTION_NO_MATCH, KUSTOMIZATION_INVALID, overridden,
};
use crate::transform::field::Field;
use crate::transform::kustomization::Image;
use crate::transform::pattern;
use crate::transform::resource::Resources;
use crate::yaml::{Node, Value};

/// Lists whose items have images, at any depth.
const LISTS: [&str; 2] = ["containers", "initContainers"];

/// Applies all entries, in order, to every image.
pub fn apply(entries: &[&Image], own: &[Field], resources: &mut Resources, build: &mut Build<'_>) {
    let Some(first) = entries.first() else { return };
    let mut changes = Changes::new(entries, build.found);
    for resource in resources.bodies_mut().filter(|resource| resource.id.kind != "CustomResourceDefinition") {
        changes.walk(&mut resource.body);
        for field in own.iter().filter(|field| field.is_of(&resource.id)) {
            field.visit(&mut resource.body, &Value::Null, first.name.span, &mut |node| changes.image(node));
        }
    }
    changes.tell(build.found);
    changes.over.into_iter().for_each(|(over, under)| build.over.note(over, under));
}

struct Changes<'a> {
    entries: &'a [&'a Image],
    /// Entries by the name that they mean; those that are regular expressions stand apart.
    named: BTreeMap<&'a str, Vec<usize>>,
    patterns: Vec<(usize, Regex)>,
    used: Vec<bool>,
    changed: Vec<bool>,
    /// Entries of one name of which the later undoes what the earlier set: both, and the places of what they set.
    undone: BTreeMap<(usize, usize), (Span, Span)>,
    /// Names that were seen, for a near miss.
    seen: BTreeSet<String>,
    /// Places that took another's.
    over: Vec<(Span, Span)>,
}

impl<'a> Changes<'a> {
    fn new(entries: &'a [&'a Image], found: &mut Findings) -> Self {
        let mut changes = Changes {
            entries,
            named: BTreeMap::new(),
            patterns: Vec::new(),
            used: vec![false; entries.len()],
            changed: vec![false; entries.len()],
            undone: BTreeMap::new(),
            seen: BTreeSet::new(),
            over: Vec::new(),
        };
        for (at, entry) in entries.iter().enumerate() {
            let name = entry.name.value.as_str();
            changes.named.entry(name).or_default().push(at);
            // A name may hold dots and is meant as it is; only what cannot be a name is a regular expression.
            if name.contains(['*', '+', '?', '(', '[', '|', '\\', '^', '$']) {
                match pattern::whole(name) {
                    Ok(regex) => changes.patterns.push((at, regex)),
                    Err(reason) => found.push(Finding::new(
                        &KUSTOMIZATION_INVALID,
                        entry.name.span,
                        format!("`{name}` is neither an image nor a regular expression: {reason}"),
                    )),
                }
            }
        }
        changes
    }

    fn walk(&mut self, node: &mut Node) {
        match &mut node.value {
            Value::List(items) => items.iter_mut().for_each(|item| self.walk(item)),
            Value::Map(map) => {
                for entry in &mut map.entries {
                    self.walk(&mut entry.value);
                    let path: &[&str] = match entry.key.text.as_ref() {
                        key if LISTS.contains(&key) => &["image"],
                        "volumes" => &["image", "reference"],
                        _ => continue,
                    };
                    if matches!(entry.value.value, Value::Null) && path.len() == 1 {
                        entry.value.value = Value::List(Vec::new());
                    }
                    let Value::List(items) = &mut entry.value.value else { continue };
                    for item in items {
                        let image = path.iter().try_fold(item, |node, key| node.as_map_mut()?.get_mut(key));
                        if let Some(image) = image {
                            self.image(image);
                        }
                    }
                }
            }
            _ => {}
        }
    }

    /// Each entry once, the earlier first, each on what the one before made.
    fn image(&mut self, node: &mut Node) {
        let Some(text) = node.as_text() else { return };
        let mut image = Parts::of(text);
        if !self.seen.contains(&image.name) {
            self.seen.insert(image.name.clone());
        }
        let mut from = 0;
        let mut changed = None;
        let mut set: Option<(usize, Span)> = None;
        while let Some(at) = self.next(&image, from) {
            let Some(entry) = self.entries.get(at) else { break };
            if let Some(used) = self.used.get_mut(at) {
                *used = true;
            }
            let before = image.text();
            let own = image.change(entry);
            if let Some(own) = own.filter(|_| image.text() != before) {
                if let Some(flag) = self.changed.get_mut(at) {
                    *flag = true;
                }
                if let Some((earlier, span)) = set.filter(|(earlier, _)| self.are_twins(*earlier, at)) {
                    self.undone.insert((earlier, at), (span, own));
                }
                set = Some((at, own));
            }
            changed = own.or(changed);
            from = at.saturating_add(1);
        }
        if let Some(span) = changed {
            let text = image.text();
            if node.as_text() != Some(&text) {
                self.over.push((span, node.span));
                *node = Node::text(span, text);
            }
        }
    }

    /// The next entry for an image. kustomize compares the whole reference, so an entry may name tag and digest as well, and
    /// one with a strange tag is none.
    fn next(&self, image: &Parts, from: usize) -> Option<usize> {
        if !image.is_plain() {
            return None;
        }
        let name = image.name.as_str();
        let tagged = image.tag.as_ref().map(|tag| format!("{name}:{tag}"));
        let named = |name: &str| self.named.get(name)?.iter().copied().find(|at| *at >= from);
        let more = [tagged, image.digest.as_ref().map(|_| image.text())].into_iter().flatten();
        let named = named(name).into_iter().chain(more.filter_map(|name| named(&name))).min();
        let fits = |(at, regex): &(usize, Regex)| (*at >= from && regex.is_match(name)).then_some(*at);
        let pattern = self.patterns.iter().find_map(fits);
        named.into_iter().chain(pattern).min()
    }

    /// Whether two entries are for one name, and the later sets all that the earlier does.
    fn are_twins(&self, earlier: usize, later: usize) -> bool {
        let (Some(earlier), Some(later)) = (self.entries.get(earlier), self.entries.get(later)) else {
            return false;
        };
        earlier.name.value == later.name.value && earlier.new_name.is_none() && later.tag_suffix.is_none()
    }

    fn tell(&self, found: &mut Findings) {
        self.tell_idle(found);
        for ((_, later), (old, new)) in &self.undone {
            let Some(entry) = self.entries.get(*later) else { continue };
            let message = format!("two entries of `images` set `{}` to different values", entry.name.value);
            found.push(overridden(message, *new, *old));
        }
        for (entry, _) in self.entries.iter().zip(&self.used).filter(|(_, used)| !**used) {
            let name = &entry.name.value;
            let near = nearest(name, self.seen.iter().map(String::as_str));
            if name.is_empty() {
                let finding =
                    Finding::new(&INSTRUCTION_NO_MATCH, entry.name.span, "the `name` of an image is empty");
                found.push(
                    finding.help("write the image's name as the containers have it, without tag and digest"),
                );
                continue;
            }
            let renamed = self.entries.iter().take_while(|other| !std::ptr::eq(**other, *entry));
            let renamed =
                renamed.filter(|other| other.name.value == *name).find_map(|other| other.new_name.as_ref());
            let help = match near {
                _ if renamed.is_some() => renamed
                    .map(|new| format!("an entry before this one has made it `{}`: join the two", new.value)),
                Some(near) => Some(format!("did you mean `{near}`?")),
                None if name.contains([':', '@']) && !name.contains('/') => {
                    Some("`name` is without tag and digest".to_owned())
                }
                None if self.seen.is_empty() => None,
                None => {
                    let names: Vec<&str> = self.seen.iter().map(String::as_str).take(8).collect();
                    Some(format!("images here: {}", names.join(", ")))
                }
            };
            let message = format!("no container here has the image `{name}`");
            found.push(Finding::new(&INSTRUCTION_NO_MATCH, entry.name.span, message).maybe_help(help));
        }
    }
}

impl Changes<'_> {
    /// Entries that found their image and left it as it was.
    fn tell_idle(&self, found: &mut Findings) {
        let idle = self.entries.iter().zip(&self.used).zip(&self.changed);
        for ((entry, _), _) in idle.filter(|((_, used), changed)| **used && !**changed) {
            let name = &entry.name.value;
            let asks = [&entry.new_name, &entry.new_tag, &entry.digest, &entry.tag_suffix];
            let said = asks.into_iter().flatten().find(|text| !text.value.is_empty());
            let finding = if let Some(said) = said {
                let message =
                    format!("the entry changes nothing: `{name}` is so already, wherever it is used");
                Finding::new(&INSTRUCTION_NO_CHANGE, said.span, message).help("remove the entry")
            } else {
                let message = format!("the entry for `{name}` says nothing that should change");
                Finding::new(&INSTRUCTION_NO_CHANGE, entry.name.span, message)
                    .help(format!("images: [{{name: {name}, newTag: \"TAG\"}}], or newName, or digest"))
            };
            found.push(finding);
        }
    }
}

/// An image's name, tag and digest, as they are written.
struct Parts {
    name: String,
    tag: Option<String>,
    digest: Option<String>,
}

impl Parts {
    fn of(text: &str) -> Parts {
        let (rest, digest) = match text.split_once('@') {
            Some((rest, digest)) => (rest, Some(digest.to_owned())),
            None => (text, None),
        };
        // A colon before the last slash is a port's.
        let (name, tag) = match rest.rsplit_once(':') {
            Some((name, tag)) if !tag.contains('/') => (name, Some(tag.to_owned())),
            _ => (rest, None),
        };
        Parts { name: name.to_owned(), tag, digest }
    }

    /// Whether tag and digest are of characters that such have.
    fn is_plain(&self) -> bool {
        let plain = |text: &String| text.chars().all(|c| c.is_ascii_alphanumeric() || "_.{}-".contains(c));
        let is_digest =
            |digest: &String| digest.strip_prefix("sha256:").is_some_and(|digits| plain(&digits.to_owned()));
        self.tag.as_ref().is_none_or(plain) && self.digest.as_ref().is_none_or(is_digest)
    }

    /// Does what an entry says; the place of what it set.
    fn change(&mut self, entry: &Image) -> Option<Span> {
        let mut span = None;
        if let Some(name) = entry.new_name.as_ref().filter(|name| !name.value.is_empty()) {
            self.name.clone_from(&name.value);
            span = Some(name.span);
        }
        let given = |text: &Option<crate::yaml::Spanned<String>>| {
            text.as_ref().filter(|text| !text.value.is_empty()).map(|text| (text.value.clone(), text.span))
        };
        let (tag, digest) = (given(&entry.new_tag), given(&entry.digest));
        if tag.is_some() || digest.is_some() {
            span = tag.as_ref().or(digest.as_ref()).map(|(_, span)| *span);
            self.tag = tag.map(|(text, _)| text);
            self.digest = digest.map(|(text, _)| text);
        }
        // Another tag has another digest; and whoever gives tag or digest has said all of it.
        else if let Some((suffix, at)) = given(&entry.tag_suffix) {
            span = Some(at);
            self.tag = Some(self.tag.take().unwrap_or_default() + &suffix);
            self.digest = None;
        }
        span
    }

    fn text(&self) -> String {
        let tag = self.tag.as_ref().filter(|tag| !tag.is_empty());
        let tag = tag.map(|tag| format!(":{tag}")).unwrap_or_default();
        let digest = self.digest.as_ref().map(|digest| format!("@{digest}")).unwrap_or_default();
        format!("{}{tag}{digest}", self.name)
    }
}
