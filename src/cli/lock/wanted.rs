//! Which images a stack needs, and for which machines.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::check::{Demands, Facts, Used};
use crate::compile::Compiled;
use crate::finding::nearest;
use crate::kube::{Image, Platform};
use crate::lock::Pins;
use crate::source::Span;
use crate::stack::Stack;

/// An image that is used.
pub(in crate::cli) struct Wanted {
    /// Its key in the lock.
    pub key: String,
    /// As the stack writes it.
    pub written: String,
    /// What is asked for.
    pub image: Image,
    /// Where it is first used.
    pub span: Span,
    /// What the cluster's machines run.
    pub platforms: Vec<Platform>,
}

impl Wanted {
    /// Whether pins have looked at it for every machine.
    pub(in crate::cli) fn proved_by(&self, pins: &Pins) -> bool {
        let known = pins.images.get(&self.key);
        known.is_some_and(|pin| !self.platforms.iter().any(|platform| pin.listed.contains(platform)))
    }
}

/// All, by key.
pub(in crate::cli) fn all(run: &Compiled) -> BTreeMap<String, Wanted> {
    let Some(stack) = &run.stack else { return BTreeMap::new() };
    let facts = Facts::new(stack, &run.apps, &run.objects, Demands::default());
    let platforms = machines(stack);
    let mut wanted = BTreeMap::new();
    for Used { written: node, image, .. } in facts.used() {
        let written = node.as_text().unwrap_or_default().to_owned();
        let key = image.key();
        wanted.entry(key.clone()).or_insert_with(|| Wanted {
            key,
            written,
            image: image.clone(),
            span: node.span,
            platforms: platforms.clone(),
        });
    }
    wanted
}

/// Every machine's own platform, and what it says that it also runs: an app may move without a new lock.
fn machines(stack: &Stack) -> Vec<Platform> {
    let mut platforms: Vec<Platform> = stack
        .nodes
        .iter()
        .flat_map(|node| [node.platform].into_iter().chain(node.also_runs.iter().copied()))
        .collect();
    platforms.sort_unstable();
    platforms.dedup();
    platforms
}

/// Those that names mean (all, if there are none): a reference as written or spelled out, or a repository.
pub(in crate::cli) fn chosen<'a>(
    wanted: &'a BTreeMap<String, Wanted>,
    names: &[Cow<'_, str>],
) -> Result<Vec<&'a Wanted>, String> {
    let meant = |name: &str, wanted: &Wanted| {
        let image = Image::parse(name).ok();
        let repository = image.as_ref().filter(|image| image.tag.is_none() && image.digest.is_none());
        wanted.written == name
            || image.as_ref().is_some_and(|image| image.key() == wanted.key)
            || repository.is_some_and(|image| image.repository() == wanted.image.repository())
    };
    for name in names {
        if !wanted.values().any(|wanted| meant(name, wanted)) {
            let near = nearest(name, wanted.values().map(|wanted| wanted.written.as_str()));
            let help = near.map_or_else(
                || "the stack's images: stackc lock --check".into(),
                |near| format!("did you mean {near}?"),
            );
            return Err(format!("no pod of the stack uses {name}\n{help}"));
        }
    }
    let all = wanted.values();
    Ok(all.filter(|wanted| names.is_empty() || names.iter().any(|name| meant(name, wanted))).collect())
}
