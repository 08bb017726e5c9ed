//! For the tests of kinds: one app on a small cluster.

use super::{Address, Asking, draft};
use crate::finding::Findings;
use crate::source::Sources;
use crate::stack::expand::{self, expand};
use crate::stack::{self, App, Stack};
use crate::template::Templates;
use crate::yaml::{Map, Overrides, decode, read_typed};

const STACK: &str = "stackc: 1\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {arch: amd64}\n";

/// Where other apps reach it, of its ports the number of one.
pub(super) fn port(text: &str, name: &str) -> Option<u16> {
    let ports = address(text, "{}\n").ports;
    ports.iter().find(|(port, _)| port == name).map(|(_, number)| *number)
}

/// Where other apps reach it.
pub(super) fn address(text: &str, defaults: &str) -> Address {
    let (mut sources, mut found) = (Sources::default(), Findings::default());
    let stack = stack(&mut sources, &mut found);
    let file = sources.add("apps/x.yaml".into(), Ok(text.into()));
    let draft =
        draft(read_typed(&sources, file, &mut found).unwrap(), &[], &mut Overrides::default(), &mut found)
            .unwrap();
    let file = sources.add("defaults.yaml".into(), Ok(defaults.into()));
    let defaults = read_typed(&sources, file, &mut found);
    let vars = Templates::new(Map::default());
    let asking = Asking { name: "x", stack: &stack, defaults: defaults.as_ref() };
    draft.address(&asking, &vars.scope(), &sources)
}

fn stack(sources: &mut Sources, found: &mut Findings) -> Stack {
    let file = sources.add("stack.yaml".into(), Ok(STACK.into()));
    let mut tree = read_typed(sources, file, found).unwrap();
    expand(&mut tree, expand::STACK);
    stack::resolve(decode(&tree, found).unwrap(), file.start(), "oracle", found).unwrap()
}

/// The app, if nothing was wrong, and what was found: codes and messages.
pub(super) fn app(text: &str) -> (Option<App>, Vec<(&'static str, String)>) {
    let (mut sources, mut found) = (Sources::default(), Findings::default());
    let stack = stack(&mut sources, &mut found);
    let file = sources.add("apps/x.yaml".into(), Ok(text.into()));
    let app = read_typed(&sources, file, &mut found)
        .and_then(|tree| draft(tree, &[], &mut Overrides::default(), &mut found))
        .and_then(|draft| draft.finish("x", &stack, None, None, &mut found));
    (
        app,
        found.sorted().into_iter().map(|finding| (finding.code.name, finding.message.into_owned())).collect(),
    )
}

/// The codes that an app raises: a base with one line more, which replaces the base's line of that key.
pub(super) fn codes(base: &str, line: &str) -> Vec<&'static str> {
    app(&with(base, line)).1.into_iter().map(|(code, _)| code).collect()
}

/// A base with lines in place of its own of the same keys.
pub(super) fn with(base: &str, lines: &str) -> String {
    let key = |line: &str| line.split(':').next().unwrap_or_default().to_owned();
    let replaced: Vec<String> = lines.lines().map(key).collect();
    let kept = base.lines().filter(|line| !replaced.contains(&key(line)));
    kept.chain(lines.lines().filter(|line| !line.ends_with("OUT"))).map(|line| format!("{line}\n")).collect()
}
