//! For the tests of kinds: one app on a small cluster.

use super::draft;
use crate::finding::Findings;
use crate::source::Sources;
use crate::stack::expand::{self, expand};
use crate::stack::{self, App, StackFile};
use crate::yaml::{decode, read_typed};

const STACK: &str = "stackc: 1\nk3s: v1.37.1+k3s1\nnodes:\n  alpha: {arch: amd64}\n";

/// The app, if nothing was wrong, and what was found: codes and messages.
pub(super) fn app(text: &str) -> (Option<App>, Vec<(&'static str, String)>) {
    let (mut sources, mut found) = (Sources::default(), Findings::default());
    let cluster = sources.add("stack.yaml".into(), Ok(STACK.into()));
    let file = sources.add("apps/x.yaml".into(), Ok(text.into()));
    let mut tree = read_typed(&sources, cluster, &mut found).unwrap();
    expand(&mut tree, expand::STACK);
    let cluster_file: StackFile = decode(&tree, &mut found).unwrap();
    let stack = stack::resolve(cluster_file, cluster.start(), "oracle", &mut found).unwrap();
    let app = read_typed(&sources, file, &mut found)
        .and_then(|tree| draft(tree, &mut found))
        .and_then(|draft| draft.finish("x", &stack, &mut found));
    (app, found.sorted().into_iter().map(|finding| (finding.code.name, finding.message)).collect())
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
